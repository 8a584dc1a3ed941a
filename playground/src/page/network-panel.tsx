import { batch, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { featureNames, features } from "../data/features.ts";
import { drawNetwork, type Part, type Plan, partAt, planOf } from "../draw/network.ts";
import { palette } from "../draw/palette.ts";
import { plural, short } from "../model/format.ts";
import { placesOf } from "../model/layout.ts";
import type { Scenery } from "../model/protocol.ts";
import {
  type ActivationName,
  type FeatureName,
  type HiddenLayer,
  type InitializerName,
  MOST_LAYERS,
  MOST_UNITS,
} from "../model/settings.ts";
import { DeadNotes } from "./dead-notes.tsx";
import { useWidth } from "./hooks.ts";
import { Inspector } from "./inspector.tsx";
import { NumberField, RateField, Select } from "./parts.tsx";
import { change, frame, own, playing, scenery, set, settings } from "./store.ts";
import { outputName, pointed, selected } from "./unit-places.ts";

export const activations: readonly { readonly value: ActivationName; readonly label: string }[] = [
  { value: "relu", label: "ReLU" },
  { value: "leaky-relu", label: "Leaky ReLU" },
  { value: "elu", label: "ELU" },
  { value: "gelu", label: "GELU" },
  { value: "silu", label: "SiLU" },
  { value: "softplus", label: "Softplus" },
  { value: "tanh", label: "tanh" },
  { value: "sigmoid", label: "Sigmoid" },
  { value: "identity", label: "Linear" },
];

export function NetworkPanel() {
  const { layers } = settings.value;
  const scene = scenery.value;
  return (
    <section class="panel network" aria-labelledby="network-title">
      <header>
        <h2 id="network-title">Network</h2>
        <div class="pair" role="group" aria-label="Hidden layers">
          <button
            type="button"
            aria-label="Remove the last hidden layer"
            disabled={layers.length === 0}
            onClick={() => set({ layers: layers.slice(0, -1) })}
          >
            −
          </button>
          <span id="layer-count">{plural(layers.length, "hidden layer")}</span>
          <button
            type="button"
            aria-label="Add a hidden layer"
            disabled={layers.length >= MOST_LAYERS}
            onClick={() =>
              set({ layers: [...layers, layers.at(-1) ?? { units: 4, activation: "relu", batchNorm: false }] })
            }
          >
            +
          </button>
        </div>
        <AllActivations />
      </header>
      <Features />
      {scene && <Drawing scene={scene} />}
      <DeadNotes />
      <StartFields />
    </section>
  );
}

function AllActivations() {
  const { layers } = settings.value;
  const kinds = [...new Set(layers.map(({ activation }) => activation))];
  const choices = kinds.length > 1 ? [{ value: "mixed" as const, label: "mixed" }, ...activations] : activations;
  return (
    <Select
      label="Activation"
      name="activation"
      value={kinds.length === 1 ? kinds[0] : kinds.length > 1 ? "mixed" : "relu"}
      choices={choices}
      onChange={(activation) => {
        if (activation !== "mixed") set({ layers: layers.map((layer) => ({ ...layer, activation })) });
      }}
    />
  );
}

function Features() {
  const now = settings.value;
  const wide = now.data === "own" && (own.value?.inputNames.length ?? 0) > 2;
  if (wide)
    return (
      <p class="faint">
        All {own.value?.inputNames.length} columns are inputs; the plane shows the first two, with the others at their
        means.
      </p>
    );
  const toggle = (name: FeatureName, on: boolean): void => {
    const next = featureNames.filter((other) => (other === name ? on : now.features.includes(other)));
    if (next.length > 0) set({ features: next });
  };
  return (
    <fieldset class="features">
      <legend>Inputs</legend>
      {featureNames.map((name) => {
        const on = now.features.includes(name);
        return (
          <label key={name} class="chip">
            <input
              type="checkbox"
              name={`feature-${name}`}
              aria-label={features[name].spoken}
              checked={on}
              disabled={on && now.features.length === 1}
              onChange={(event) => toggle(name, event.currentTarget.checked)}
            />
            <span aria-hidden="true">{features[name].label}</span>
          </label>
        );
      })}
    </fieldset>
  );
}

function Drawing({ scene }: { scene: Scenery }) {
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
    if (!canvas.current || !shown || !current || width.value === 0) return;
    // Thousands of links take longer to draw than a frame has: while they train, a few drawings a second are enough.
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
      frame: shown,
      scenery: current,
      palette: colours,
      hovered: part,
      selected: unit,
    });
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
        Inputs
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
          <label class="mini" title="Batch norm between the affine map and the activation">
            <input
              type="checkbox"
              aria-label={`Layer ${index + 1}: batch norm`}
              checked={batchNorm}
              onChange={(event) => put(index, { batchNorm: event.currentTarget.checked })}
            />
            norm
          </label>
        </div>
      ))}
      <span class="column-title" style={{ left: `${plan.columns[plan.columns.length - 1].x}px` }}>
        Output
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

/** A part of the drawing, and where the pointer was on it. */
type PlacedPart = Part & { readonly x: number; readonly y: number };

/** Above the pointer, but never out of the drawing. */
function above({ x, y }: PlacedPart, width: number, size: number): { left: string; top: string } {
  return { left: `${Math.max(size / 2, Math.min(width - size / 2, x))}px`, top: `${y}px` };
}

function Tip({ part, width }: { part: PlacedPart; width: number }) {
  const value = frame.value?.parameters[part.index] ?? 0;
  return (
    <div class="tip" style={above(part, width, 190)}>
      {part.kind === "bias" ? "Bias" : "Weight"} {short(value)} <span class="faint">click to edit</span>
    </div>
  );
}

function Editor({ part, width, done }: { part: PlacedPart; width: number; done: () => void }) {
  const start = useRef(frame.value?.parameters[part.index] ?? 0);
  const input = useRef<HTMLInputElement>(null);
  const what = part.kind === "bias" ? "Bias" : "Weight";
  useEffect(() => input.current?.select(), []);
  return (
    <form
      class="tip editor"
      style={above(part, width, 280)}
      onSubmit={(event) => {
        event.preventDefault();
        const value = Number(new FormData(event.currentTarget).get("value"));
        batch(() => {
          if (Number.isFinite(value)) change({ kind: "edit", values: [[part.index, value]] });
          done();
        });
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") done();
      }}
    >
      <label>
        {what}{" "}
        <input
          name="value"
          type="number"
          step="any"
          defaultValue={String(Number(start.current.toPrecision(6)))}
          ref={input}
        />
      </label>
      <button type="submit">Set</button>
      <button type="button" aria-label="Close" onClick={done}>
        ×
      </button>
    </form>
  );
}

const initializers: readonly InitializerName[] = [
  "he-normal",
  "he-uniform",
  "glorot-normal",
  "glorot-uniform",
  "zeros",
];

function StartFields() {
  const now = settings.value;
  const relu = now.layers.some(({ activation }) => activation === "relu");
  const leaky = now.layers.some(({ activation }) => activation === "leaky-relu");
  return (
    <div class="fields start">
      <Select
        label="Weights start"
        name="initializer"
        value={now.initializer}
        choices={initializers.map((value) => ({
          value,
          label: value.replace("-", " ").replace("he", "He").replace("glorot", "Glorot"),
        }))}
        onChange={(initializer) => set({ initializer })}
      />
      <NumberField label="Hidden biases start" name="bias" value={now.bias} onChange={(bias) => set({ bias })} />
      <div class="row joined">
        <NumberField
          label="Seed"
          name="seed"
          value={now.seed}
          min={0}
          step={1}
          onChange={(seed) => set({ seed: Math.round(seed) })}
        />
        <button type="button" onClick={() => set({ seed: now.seed + 1 })}>
          New start
        </button>
      </div>
      {relu && (
        <Select
          label="ReLU′(0)"
          name="atZero"
          value={now.atZero}
          choices={[0, 0.5, 1].map((value) => ({ value, label: String(value) }))}
          onChange={(atZero) => set({ atZero })}
          hint="The value taken for the derivative at the kink."
        />
      )}
      {leaky && <RateField label="Leaky slope" name="slope" value={now.slope} onChange={(slope) => set({ slope })} />}
    </div>
  );
}
