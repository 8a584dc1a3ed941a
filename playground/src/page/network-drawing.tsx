import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { featureNames } from "../data/features.ts";
import { drawNetwork, type Plan, partAt, planOf } from "../draw/network.ts";
import { palette } from "../draw/palette.ts";
import { placesOf } from "../model/layout.ts";
import type { Scenery } from "../model/protocol.ts";
import { type ActivationName, type HiddenLayer, MOST_UNITS } from "../model/settings.ts";
import { texts } from "../texts/index.ts";
import { activations } from "./activation-choices.ts";
import { drawn } from "./drawn.ts";
import { useWidth } from "./hooks.ts";
import { Inspector } from "./inspector.tsx";
import { Editor, type PlacedPart, Tip } from "./part-editor.tsx";
import { failure, frame, playing, scenery, set, settings } from "./store.ts";
import { outputName, pointed, selected } from "./unit-places.ts";

/** Whether whoever looks has asked for as little motion as possible. */
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

/** The network drawn, with the controls of its layers above and what the selected unit is below. */
export function Drawing({ scene }: { scene: Scenery }) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<{ at: number; look: readonly unknown[] }>({ at: 0, look: [] });
  const hovered = useSignal<PlacedPart | null>(null);
  const edited = useSignal<PlacedPart | null>(null);
  const now = settings.value;
  const inputs = scene.wide ? scene.inputs.length : now.features.length;
  const counts = [inputs, ...now.layers.map(({ units }) => units), scene.outputs];
  const plan = planOf(width.value, counts);
  const places = placesOf(inputs, now.layers, scene.outputs);

  useSignalEffect(() => {
    const shown = frame.value;
    const current = scenery.value;
    const part = hovered.value;
    const unit = selected.value;
    const colours = palette.value;
    if (!shown) drawn(canvas.current, null, failure.value === "");
    if (!canvas.current || !shown || !current || width.value === 0) return;
    // Thousands of links take longer to draw than a frame has: while they train, a few drawings a
    // second are enough.
    const look = [part, unit, colours, width.value];
    const same = look.every((value, i) => value === last.current.look[i]);
    const pause = Math.min(250, shown.parameters.length / 8);
    if (playing.value && same && performance.now() - last.current.at < pause) return;
    last.current = { at: performance.now(), look };
    // A picture of the start before has other layers.
    const { layers, features: names } = shown.settings;
    const { wide } = current;
    const all = [wide ? current.inputs.length : names.length, ...layers.map(({ units }) => units), current.outputs];
    const here = placesOf(all[0], layers, current.outputs);
    if (here[here.length - 1].end !== shown.parameters.length) return;
    const inputMaps = wide ? current.inputMaps : names.map((name) => current.inputMaps[featureNames.indexOf(name)]);
    drawNetwork(canvas.current, {
      plan: planOf(width.value, all),
      places: here,
      inputMaps,
      inputNames: current.inputs,
      frame: shown,
      scenery: current,
      palette: colours,
      hovered: part,
      selected: unit,
      flow: playing.value && !still.matches ? performance.now() / 30 : null,
    });
    drawn(canvas.current, shown.place);
  });

  const locate = (event: PointerEvent | MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const part = partAt({ plan, places }, x, y);
    return part && { ...part, x, y };
  };
  return (
    <>
      <div class="scroller" ref={ref}>
        <div class="drawing" style={{ width: `${plan.width}px` }}>
          <Columns plan={plan} layers={now.layers} />
          <div class="wires" style={{ width: `${plan.width}px`, height: `${plan.height}px` }}>
            <canvas
              ref={canvas}
              id="network-canvas"
              role="img"
              aria-label={`Network drawn: ${counts.join(", ")} units from inputs to outputs. Select a unit to read and change its weights.`}
              style={{
                width: `${plan.width}px`,
                height: `${plan.height}px`,
                cursor: hovered.value ? "pointer" : "default",
              }}
              onPointerMove={(event) => {
                hovered.value = locate(event);
              }}
              onPointerLeave={() => {
                hovered.value = null;
              }}
              onClick={(event) => {
                edited.value = locate(event);
              }}
            />
            <Nodes plan={plan} inputs={scene.inputs} classes={scene.classes} />
            {hovered.value && !edited.value && <Tip part={hovered.value} width={plan.width} />}
            {edited.value && (
              <Editor
                part={edited.value}
                width={plan.width}
                done={() => {
                  edited.value = null;
                }}
              />
            )}
          </div>
        </div>
      </div>
      <Inspector places={places} inputs={scene.inputs} classes={scene.classes} />
    </>
  );
}

/** Controls above each hidden layer. */
function Columns({ plan, layers }: { plan: Plan; layers: readonly HiddenLayer[] }) {
  const put = (index: number, to: Partial<HiddenLayer>): void =>
    set({ layers: layers.map((layer, i) => (i === index ? { ...layer, ...to } : layer)) });
  return (
    <div class="columns" style={{ height: layers.length > 0 ? "84px" : "24px" }}>
      <span class="column-title" style={{ left: `${plan.columns[0].x}px` }}>
        {texts.panels.networkDrawing.inputs}
      </span>
      {layers.map(({ units, activation, batchNorm }, index) => (
        <div
          key={index}
          class="column"
          role="group"
          aria-label={`Layer ${index + 1}`}
          style={{ left: `${plan.columns[index + 1].x}px` }}
        >
          <div class="pair">
            <button
              type="button"
              aria-label={`Layer ${index + 1}: one unit less`}
              disabled={units <= 1}
              onClick={() => put(index, { units: units - 1 })}
            >
              −
            </button>
            <span>{units}</span>
            <button
              type="button"
              aria-label={`Layer ${index + 1}: one unit more`}
              disabled={units >= MOST_UNITS}
              onClick={() => put(index, { units: units + 1 })}
            >
              +
            </button>
          </div>
          <select
            aria-label={`Layer ${index + 1}: activation`}
            value={activation}
            onChange={(event) => put(index, { activation: event.currentTarget.value as ActivationName })}
          >
            {activations.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          <label class="mini" title={texts.panels.networkDrawing.batchNormBetweenThe}>
            <input
              type="checkbox"
              aria-label={`Layer ${index + 1}: batch norm`}
              checked={batchNorm}
              onChange={(event) => put(index, { batchNorm: event.currentTarget.checked })}
            />
            {texts.panels.networkDrawing.norm}
          </label>
        </div>
      ))}
      <span class="column-title" style={{ left: `${plan.columns[plan.columns.length - 1].x}px` }}>
        {texts.panels.networkDrawing.output}
      </span>
    </div>
  );
}

/** A button on each drawn unit, for pointer and keyboard. */
function Nodes({ plan, inputs, classes }: { plan: Plan; inputs: readonly string[]; classes: readonly string[] }) {
  const dead = useSignal("[]");
  useSignalEffect(() => {
    dead.value = JSON.stringify(frame.value?.dead ?? []);
  });
  const deadUnits = JSON.parse(dead.value) as number[][];
  const last = plan.columns.length - 1;
  const name = (column: number, unit: number): string => {
    if (column === 0) return `Input ${inputs[unit] ?? unit + 1}`;
    if (column === last) return outputName(unit, plan.columns[last].ys.length, classes);
    return `Layer ${column}, unit ${unit + 1}${deadUnits[column - 1]?.includes(unit) ? ", dead" : ""}`;
  };
  return (
    <>
      {plan.columns.map(({ x, ys }, column) =>
        ys.map((y, unit) => {
          const place = { layer: column - 1, unit };
          const on = selected.value?.layer === place.layer && selected.value.unit === unit;
          return (
            <button
              key={`${column}.${unit}`}
              type="button"
              class="node"
              data-unit={`${column}.${unit}`}
              aria-label={name(column, unit)}
              aria-pressed={on}
              style={{
                left: `${x - plan.node / 2}px`,
                top: `${y - plan.node / 2}px`,
                width: `${plan.node}px`,
                height: `${plan.node}px`,
              }}
              onClick={() => {
                selected.value = on || column === 0 ? null : place;
              }}
              onPointerEnter={() => {
                pointed.value = place;
              }}
              onPointerLeave={() => {
                pointed.value = null;
              }}
              onFocus={() => {
                pointed.value = place;
              }}
              onBlur={() => {
                pointed.value = null;
              }}
            />
          );
        }),
      )}
    </>
  );
}
