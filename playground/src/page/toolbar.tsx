import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { count } from "../model/format.ts";
import { optimizerEntry, optimizers } from "../model/optimizers.ts";
import { trainsUnder } from "../model/settings.ts";
import { paces } from "../model/view.ts";
import { texts } from "../texts/index.ts";
import { shows } from "./embed.ts";
import { RateField, Select } from "./parts.tsx";
import { rememberedOf } from "./remembered.ts";
import {
  advance,
  frame,
  pause,
  play,
  playing,
  replaying,
  reset,
  set,
  settings,
  show,
  undo,
  undoable,
  view,
} from "./store.ts";
import { Term } from "./term.tsx";

export function Toolbar() {
  return (
    <section class="toolbar" aria-label={texts.panels.toolbar.trainingControls}>
      {shows("controls") && (
        <>
          <PlayButtons />
          <Counter />
          <Select
            label={texts.panels.toolbar.speed}
            name="pace"
            value={view.value.pace}
            choices={paces.map(({ pace, label }) => ({ value: pace, label }))}
            onChange={(pace) => show({ pace })}
          />
        </>
      )}
      <OptimizerSelect />
      <LearningRate />
      <BatchSelect />
    </section>
  );
}

function PlayButtons() {
  const busy = replaying.value;
  return (
    <div class="transport" role="group" aria-label={texts.panels.toolbar.play}>
      <button
        type="button"
        class="round"
        onClick={reset}
        title={texts.panels.toolbar.backToTheSame}
        aria-keyshortcuts="r"
      >
        <Icon path="M12 5a7 7 0 1 0 7 7h-2.2A4.8 4.8 0 1 1 12 7.2V11l5-4.9L12 1z" />
        <span class="hidden">{texts.panels.toolbar.reset}</span>
      </button>
      <button
        type="button"
        class="round big"
        disabled={busy}
        onClick={() => (playing.value ? pause() : play())}
        title={texts.panels.toolbar.playOrPauseP}
        aria-keyshortcuts="p"
      >
        <Icon path={playing.value ? "M6 4h4.5v16H6zM13.5 4H18v16h-4.5z" : "M7 3.5 20.5 12 7 20.5z"} />
        <span class="hidden">{playing.value ? texts.panels.toolbar.pause : texts.panels.toolbar.play}</span>
      </button>
      <button
        type="button"
        class="round"
        disabled={busy}
        onClick={() => advance("step")}
        title={texts.panels.toolbar.oneStepS}
        aria-keyshortcuts="s"
      >
        <Icon path="M5 4l9 8-9 8zM16 4h3v16h-3z" />
        <span class="hidden">{texts.panels.toolbar.oneStep}</span>
      </button>
      <button
        type="button"
        class="round"
        disabled={busy}
        onClick={() => advance("epoch")}
        title={texts.panels.toolbar.oneEpochE}
        aria-keyshortcuts="e"
      >
        <Icon path="M3 5l7 7-7 7zM10 5l7 7-7 7zM18 5h3v14h-3z" />
        <span class="hidden">{texts.panels.toolbar.oneEpoch}</span>
      </button>
      <button
        type="button"
        class="round"
        disabled={undoable.value === 0}
        onClick={undo}
        title={texts.panels.toolbar.undoTheLastChange}
        aria-keyshortcuts="u"
      >
        <Icon path="M9 5 3 10.5 9 16v-3.6h5a3.3 3.3 0 0 1 0 6.6H8v2.4h6a5.7 5.7 0 0 0 0-11.4H9z" />
        <span class="hidden">{texts.panels.toolbar.undo}</span>
      </button>
    </div>
  );
}

export function Icon({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false">
      <path d={path} fill="currentColor" />
    </svg>
  );
}

/** Written past the virtual DOM, since it changes with every picture. */
function Counter() {
  const epoch = useRef<HTMLElement>(null);
  const steps = useRef<HTMLElement>(null);
  useSignalEffect(() => {
    const now = frame.value;
    if (!epoch.current || !steps.current) return;
    epoch.current.textContent = count(now?.epoch ?? 0);
    const replaying = now && now.replayed < 1;
    const speed = now?.playing && now.speed > 0 ? ` · ${count(Math.round(now.speed))} epochs/s` : "";
    steps.current.textContent = replaying
      ? `replaying, ${Math.round(100 * now.replayed)} %`
      : `${count(now?.step ?? 0)} steps${speed}`;
  });
  return (
    <dl class="counter" id="counter">
      <dt>
        {texts.panels.toolbar.epoch}
        <Term name="epoch" />
      </dt>
      <dd ref={epoch} id="epoch">
        0
      </dd>
      <dd ref={steps} id="steps" class="faint">
        {texts.panels.toolbar.noSteps}
      </dd>
    </dl>
  );
}

function OptimizerSelect() {
  const { optimizer, loss } = settings.value;
  return (
    <Select
      label={texts.panels.toolbar.optimizer}
      term="optimizer"
      name="optimizer"
      value={optimizer}
      hint={optimizerEntry(optimizer).says}
      choices={optimizers.map(({ key, label, order }) => ({
        value: key,
        label,
        group: order === 1 ? "First order" : "Second order",
        disabled: !trainsUnder(loss, key),
      }))}
      onChange={(key) => {
        const { fullBatch } = optimizerEntry(key);
        const { batchSize } = settings.value;
        set({ ...rememberedOf(settings.value, key), batchSize: fullBatch ? 0 : batchSize || 10 });
      }}
    />
  );
}

function LearningRate() {
  const { optimizer, learningRate } = settings.value;
  if (optimizerEntry(optimizer).learningRate === null) {
    return (
      <p class="field faint">
        {optimizerEntry(optimizer).label} {texts.panels.toolbar.findsItsOwnStep}
      </p>
    );
  }
  return (
    <RateField
      label={texts.panels.toolbar.learningRate}
      term="learningRate"
      name="learningRate"
      value={learningRate}
      onChange={(next) => set({ learningRate: next })}
      hint={texts.panels.toolbar.mayBeChangedWhile}
    />
  );
}

const batchSizes = [1, 2, 5, 10, 20, 30, 50, 100, 0];

function BatchSelect() {
  const { batchSize } = settings.value;
  if (optimizerEntry(settings.value.optimizer).fullBatch)
    return <p class="field faint">{texts.panels.toolbar.everyStepTakesAll}</p>;
  const sizes = batchSizes.includes(batchSize) ? batchSizes : [batchSize, ...batchSizes];
  return (
    <Select
      label={texts.panels.toolbar.batchSize}
      term="batch"
      name="batchSize"
      value={batchSize}
      choices={sizes.map((size) => ({ value: size, label: size === 0 ? "all" : String(size) }))}
      onChange={(size) => set({ batchSize: size })}
    />
  );
}
