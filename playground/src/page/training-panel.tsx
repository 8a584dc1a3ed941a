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
        <RateField label="L1 penalty" name="l1" zero value={now.l1} onChange={(l1) => set({ l1 })} />
        <RateField label="L2 penalty" name="l2" zero value={now.l2} onChange={(l2) => set({ l2 })} />
        <Select
          label="Penalty on"
          name="penaltyOn"
          value={now.penaltyOn}
          choices={[
            { value: "weights", label: "weights" },
            { value: "all", label: "all" },
          ]}
          onChange={(penaltyOn) => set({ penaltyOn })}
        />
        <Select
          label="Clip gradients"
          name="clip"
          value={now.clip}
          choices={[
            { value: "none", label: "no" },
            { value: "norm", label: "by norm" },
            { value: "value", label: "entry by entry" },
          ]}
          onChange={(clip) => set({ clip })}
        />
        {now.clip !== "none" && (
          <RateField label="Clip at" name="clipAt" value={now.clipAt} onChange={(clipAt) => set({ clipAt })} />
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
          { value: "cross-entropy", label: "cross-entropy" },
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
      <Select label="Loss" name="loss" value={value} choices={choices} onChange={choose} />
      {value === "quantile" && (
        <NumberField
          label="Share of targets below"
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
  { value: "constant", label: "constant" },
  { value: "step", label: "a tenth every …" },
  { value: "cosine", label: "cosine" },
  { value: "one-cycle", label: "one cycle" },
  { value: "warm-up", label: "warm-up" },
];

function ScheduleFields() {
  const now = settings.value;
  return (
    <>
      <Select
        label="Schedule"
        name="schedule"
        value={now.schedule}
        choices={schedules}
        onChange={(schedule) => set({ schedule })}
      />
      {now.schedule !== "constant" && (
        <NumberField
          label="… epochs"
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
      <legend>Stop when (0: never)</legend>
      <NumberField
        label="Epochs reach"
        name="stopEpochs"
        value={now.stopEpochs}
        min={0}
        step={1}
        onChange={(value) => set({ stopEpochs: Math.round(value) })}
      />
      <NumberField
        label="Training loss ≤"
        name="stopLoss"
        value={now.stopLoss}
        min={0}
        onChange={(stopLoss) => set({ stopLoss })}
      />
      <NumberField
        label="Test loss ≤"
        name="stopTestLoss"
        value={now.stopTestLoss}
        min={0}
        onChange={(stopTestLoss) => set({ stopTestLoss })}
      />
      <NumberField
        label="Gradient norm ≤"
        name="stopGradient"
        value={now.stopGradient}
        min={0}
        onChange={(stopGradient) => set({ stopGradient })}
      />
      <NumberField
        label="No better test loss for … epochs"
        name="patience"
        value={now.patience}
        min={0}
        step={1}
        onChange={(patience) => set({ patience: Math.round(patience) })}
        hint="Early stopping: goes back to the best epoch."
      />
    </fieldset>
  );
}
