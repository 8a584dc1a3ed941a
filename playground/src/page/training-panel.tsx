import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { short } from "../model/format.ts";
import { optimizerEntry, optionValues } from "../model/optimizers.ts";
import { type LossName, type ScheduleName, trainsUnder, valueLosses } from "../model/settings.ts";
import { texts } from "../texts/index.ts";
import { Check, NumberField, RateField, Select } from "./parts.tsx";
import { rememberedOf } from "./remembered.ts";
import { frame, scenery, set, settings } from "./store.ts";

/** Everything about the way to train that has no place in the toolbar. */
export function TrainingPanel() {
  const now = settings.value;
  const entry = optimizerEntry(now.optimizer);
  const values = optionValues(now);
  const option = (key: string, value: number | string | boolean): void =>
    set({ options: { ...now.options, [key]: value } });
  return (
    <details class="panel more fold">
      <summary>
        <h2>{texts.story.training}</h2>
      </summary>
      <div class="fields">
        {entry.options.map(({ key, label, value, choices, min, max, whole }) =>
          typeof value === "boolean" ? (
            <Check
              key={key}
              name={`option-${key}`}
              label={label}
              value={Boolean(values[key])}
              onChange={(next) => option(key, next)}
            />
          ) : choices ? (
            <Select
              key={key}
              name={`option-${key}`}
              label={label}
              value={String(values[key])}
              choices={choices.map((choice) => ({ value: String(choice), label: String(choice) }))}
              onChange={(next) => option(key, typeof value === "number" ? Number(next) : next)}
            />
          ) : (
            <NumberField
              key={key}
              name={`option-${key}`}
              label={label}
              value={Number(values[key])}
              min={min}
              max={max}
              onChange={(next) => option(key, whole ? Math.round(next) : next)}
            />
          ),
        )}
        <LossSelect />
        <RateField
          label={texts.panels.trainingPanel.l1Penalty}
          name="l1"
          zero
          value={now.l1}
          onChange={(l1) => set({ l1 })}
        />
        <RateField
          label={texts.panels.trainingPanel.l2Penalty}
          name="l2"
          zero
          value={now.l2}
          onChange={(l2) => set({ l2 })}
        />
        <Select
          label={texts.panels.trainingPanel.penaltyOn}
          name="penaltyOn"
          value={now.penaltyOn}
          choices={[
            { value: "weights", label: texts.panels.trainingPanel.weights },
            { value: "all", label: texts.panels.trainingPanel.all },
          ]}
          onChange={(penaltyOn) => set({ penaltyOn })}
        />
        <Select
          label={texts.panels.trainingPanel.clipGradients}
          name="clip"
          value={now.clip}
          choices={[
            { value: "none", label: texts.panels.trainingPanel.no },
            { value: "norm", label: texts.panels.trainingPanel.byNorm },
            { value: "value", label: texts.panels.trainingPanel.entryByEntry },
          ]}
          onChange={(clip) => set({ clip })}
        />
        {now.clip !== "none" && (
          <RateField
            label={texts.panels.trainingPanel.clipAt}
            name="clipAt"
            value={now.clipAt}
            onChange={(clipAt) => set({ clipAt })}
          />
        )}
        <ScheduleFields />
        <StopFields />
      </div>
      <StepNotes />
    </details>
  );
}

const notes: Record<string, string> = {
  stepNorm: "step length",
  gainRatio: "gain ratio",
  damping: "damping",
  radius: "radius",
  smallestEigenvalue: "smallest eigenvalue",
  kinksCrossed: "kinks crossed",
};

/** What a second-order method tells of its last step. */
function StepNotes() {
  const text = useRef<HTMLParagraphElement>(null);
  useSignalEffect(() => {
    const told = Object.entries(frame.value?.notes ?? {}).map(([key, value]) => `${notes[key]} ${short(value)}`);
    if (text.current) text.current.textContent = told.length > 0 ? `Last step: ${told.join(", ")}.` : "";
  });
  return <p class="faint" id="step-notes" ref={text} />;
}

const lossLabels: Readonly<Record<(typeof valueLosses)[number], string>> = {
  mse: "squared error",
  huber: "Huber",
  "log-cosh": "log-cosh",
  mae: "absolute error",
  quantile: "quantile",
};

function LossSelect() {
  const scene = scenery.value;
  const now = settings.value;
  if (!scene || scene.outputs > 1) return null;
  const choices: { value: LossName; label: string }[] =
    scene.problem === "regression"
      ? valueLosses.map((value) => ({ value, label: lossLabels[value] }))
      : [
          { value: "cross-entropy", label: texts.panels.trainingPanel.crossEntropy },
          ...valueLosses
            .filter((value) => value !== "quantile")
            .map((value) => ({ value, label: `${lossLabels[value]}, tanh` })),
        ];
  const value = choices.some((choice) => choice.value === now.loss) ? now.loss : choices[0].value;
  // Without curvature a method of second order has nothing to go by.
  const choose = (loss: LossName): void =>
    set({ loss, ...(trainsUnder(loss, now.optimizer) ? {} : rememberedOf(now, "adam")) });
  return (
    <>
      <Select label={texts.panels.trainingPanel.loss} name="loss" value={value} choices={choices} onChange={choose} />
      {value === "quantile" && (
        <NumberField
          label={texts.panels.trainingPanel.shareOfTargetsBelow}
          name="quantile"
          value={now.quantile}
          min={0.01}
          max={0.99}
          onChange={(quantile) => set({ quantile })}
        />
      )}
    </>
  );
}

const schedules: readonly { readonly value: ScheduleName; readonly label: string }[] = [
  { value: "constant", label: texts.panels.trainingPanel.constant },
  { value: "step", label: texts.panels.trainingPanel.aTenthEvery },
  { value: "cosine", label: texts.panels.trainingPanel.cosine },
  { value: "one-cycle", label: texts.panels.trainingPanel.oneCycle },
  { value: "warm-up", label: texts.panels.trainingPanel.warmUp },
];

function ScheduleFields() {
  const now = settings.value;
  return (
    <>
      <Select
        label={texts.panels.trainingPanel.schedule}
        name="schedule"
        value={now.schedule}
        choices={schedules}
        onChange={(schedule) => set({ schedule })}
      />
      {now.schedule !== "constant" && (
        <NumberField
          label={texts.panels.trainingPanel.epochs}
          name="scheduleEpochs"
          value={now.scheduleEpochs}
          min={1}
          step={1}
          onChange={(epochs) => set({ scheduleEpochs: Math.round(epochs) })}
        />
      )}
    </>
  );
}

function StopFields() {
  const now = settings.value;
  return (
    <fieldset class="group">
      <legend>{texts.panels.trainingPanel.stopWhen0Never}</legend>
      <NumberField
        label={texts.panels.trainingPanel.epochsReach}
        name="stopEpochs"
        value={now.stopEpochs}
        min={0}
        step={1}
        onChange={(value) => set({ stopEpochs: Math.round(value) })}
      />
      <NumberField
        label={texts.panels.trainingPanel.trainingLoss}
        name="stopLoss"
        value={now.stopLoss}
        min={0}
        onChange={(stopLoss) => set({ stopLoss })}
      />
      <NumberField
        label={texts.panels.trainingPanel.testLoss}
        name="stopTestLoss"
        value={now.stopTestLoss}
        min={0}
        onChange={(stopTestLoss) => set({ stopTestLoss })}
      />
      <NumberField
        label={texts.panels.trainingPanel.gradientNorm}
        name="stopGradient"
        value={now.stopGradient}
        min={0}
        onChange={(stopGradient) => set({ stopGradient })}
      />
      <NumberField
        label={texts.panels.trainingPanel.noBetterTestLoss}
        name="patience"
        value={now.patience}
        min={0}
        step={1}
        onChange={(patience) => set({ patience: Math.round(patience) })}
        hint={texts.panels.trainingPanel.earlyStoppingGoesBack}
      />
    </fieldset>
  );
}
