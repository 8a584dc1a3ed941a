import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { palette } from "../draw/palette.ts";
import { prepared, Raster } from "../draw/raster.ts";
import type { LayerPlaces } from "../model/layout.ts";
import { UNIT_MAP } from "../model/protocol.ts";
import { texts } from "../texts/index.ts";
import { NumberField } from "./parts.tsx";
import { change, frame, playing } from "./store.ts";
import { outputName, selected } from "./unit-places.ts";

const SIZE = 132;
const raster = new Raster(UNIT_MAP);

/** One unit: its map, and its weights to read and to change. */
export function Inspector({
  places,
  inputs,
  classes,
}: {
  places: readonly LayerPlaces[];
  inputs: readonly string[];
  classes: readonly string[];
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const place = selected.value;
  useSignalEffect(() => {
    const unit = selected.value;
    const colours = palette.value;
    const map = unit && frame.value?.unitMaps?.[unit.layer]?.[unit.unit];
    if (!canvas.current || !map) return;
    const context = prepared(canvas.current, SIZE, SIZE);
    context.drawImage(raster.diverging(map, colours).canvas, 0, 0, SIZE, SIZE);
  });
  const here = place && places[place.layer];
  if (!place || !here || place.unit >= here.units) return null;
  const output = place.layer === places.length - 1;
  const title = output
    ? outputName(place.unit, here.units, classes)
    : `Layer ${place.layer + 1}, unit ${place.unit + 1}`;
  // While training runs the numbers would change under the typing hand: they are read when it
  // pauses.
  const parameters = playing.value ? frame.peek()?.parameters : frame.value?.parameters;
  const value = (index: number): number => Number((parameters?.[index] ?? 0).toPrecision(5));
  const field = (index: number, label: string) => (
    <NumberField
      key={index}
      label={label}
      value={value(index)}
      onChange={(next) => change({ kind: "edit", values: [[index, next]] })}
    />
  );
  const from = (input: number): string =>
    place.layer === 0 ? (inputs[input] ?? `input ${input + 1}`) : `unit ${input + 1}`;
  return (
    <section class="inspector" aria-label={title}>
      <header>
        <h3>{title}</h3>
        {playing.value && <span class="faint">{texts.panels.inspector.pauseToSeeCurrent}</span>}
        <button
          type="button"
          aria-label={texts.panels.inspector.close}
          onClick={() => {
            selected.value = null;
          }}
        >
          ×
        </button>
      </header>
      <div class="inspected">
        {!output && (
          <canvas
            ref={canvas}
            role="img"
            aria-label={`Map of ${title} over the plane`}
            style={{ width: SIZE, height: SIZE }}
          />
        )}
        <div class="fields">
          {field(here.bias + place.unit, "bias")}
          {Array.from({ length: here.inputs }, (_, input) =>
            field(here.weight + place.unit * here.inputs + input, `from ${from(input)}`),
          )}
          {here.scale >= 0 && field(here.scale + place.unit, "norm scale")}
          {here.shift >= 0 && field(here.shift + place.unit, "norm shift")}
        </div>
      </div>
    </section>
  );
}
