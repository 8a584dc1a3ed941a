import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { EXTENT, generate, generators } from "../data/generators.ts";
import { css, palette } from "../draw/palette.ts";
import { prepared } from "../draw/raster.ts";
import { type DataName, problemOf } from "../model/settings.ts";
import { texts } from "../texts/index.ts";
import { Choice, Fold, NumberField, Slider } from "./parts.tsx";
import { SeedField } from "./seed-field.tsx";
import { own, set, settings, show, view } from "./store.ts";

const named = Object.entries(generators) as [Exclude<DataName, "own">, (typeof generators)["circle"]][];

export function DataPanel() {
  const now = settings.value;
  return (
    <section class="panel data" aria-labelledby="data-title">
      <h2 id="data-title">{texts.panels.dataPanel.data}</h2>
      <Sets problem="classification" title={texts.panels.dataPanel.classification} />
      <Sets problem="regression" title={texts.panels.dataPanel.regression} />
      <button
        type="button"
        class={`wide ${now.data === "own" ? "on" : ""}`}
        aria-pressed={now.data === "own"}
        onClick={() => {
          if (own.value) set({ data: "own", loss: own.value.problem === "regression" ? "mse" : "cross-entropy" });
          if (!view.value.open.includes("own")) show({ open: [...view.value.open, "own"] });
          document.getElementById("card-own")?.scrollIntoView({ block: "start" });
        }}
      >
        {own.value ? `Your data: ${own.value.targetName}` : texts.panels.dataPanel.yourOwnData}
      </button>
      {now.data !== "own" && (
        <Slider
          label={texts.panels.dataPanel.noise}
          name="noise"
          unit=" %"
          value={now.noise}
          min={0}
          max={50}
          step={5}
          onChange={(noise) => set({ noise })}
        />
      )}
      <Fold title={texts.story.data}>
        {now.data !== "own" && (
          <Slider
            label={texts.panels.dataPanel.samples}
            name="samples"
            value={now.samples}
            min={100}
            max={2000}
            step={100}
            onChange={(samples) => set({ samples })}
          />
        )}
        <Slider
          label={texts.panels.dataPanel.shareToTrainOn}
          name="train"
          unit=" %"
          value={now.train}
          min={10}
          max={90}
          step={10}
          onChange={(train) => set({ train })}
        />
        <NumberField
          label={texts.panels.dataPanel.labelsFlipped}
          name="flipped"
          value={now.flipped}
          min={0}
          max={50}
          step={1}
          onChange={(flipped) => set({ flipped: Math.round(flipped) })}
          hint={texts.panels.dataPanel.trainingSamplesWhoseLabel}
        />
        <SeedField name="dataSeed" label={texts.panels.dataPanel.dataSeed} next={texts.panels.dataPanel.regenerate} />
      </Fold>
    </section>
  );
}

function Sets({ problem, title }: { problem: "classification" | "regression"; title: string }) {
  const now = settings.value;
  return (
    <Choice
      label={title}
      value={now.data}
      choices={named
        .filter(([name]) => problemOf(name) === problem)
        .map(([name, { label }]) => ({
          value: name as DataName,
          label: (<Thumbnail name={name} label={label} />) as unknown as string,
        }))}
      onChange={(data) => {
        const changes = problemOf(data) !== problemOf(now.data, own.value?.problem);
        set({ data, ...(changes ? { loss: problemOf(data) === "regression" ? "mse" : "cross-entropy" } : {}) });
      }}
    />
  );
}

const SIZE = 46;

function Thumbnail({ name, label }: { name: Exclude<DataName, "own">; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const colours = palette.value;
    if (!canvas.current) return;
    const context = prepared(canvas.current, SIZE, SIZE);
    context.fillStyle = css(colours.middle);
    context.fillRect(0, 0, SIZE, SIZE);
    for (const { x, y, label: value } of generate(name, 260, 0, 1)) {
      const signed = problemOf(name) === "regression" ? value : 2 * value - 1;
      context.fillStyle = css(signed < 0 ? colours.negative : colours.positive, 0.15 + 0.85 * Math.abs(signed));
      context.fillRect(((x / EXTENT + 1) / 2) * SIZE - 1, ((1 - y / EXTENT) / 2) * SIZE - 1, 2, 2);
    }
  });
  return (
    <span class="thumbnail">
      <canvas ref={canvas} style={{ width: `${SIZE}px`, height: `${SIZE}px` }} />
      <span class="caption">{label}</span>
    </span>
  );
}
