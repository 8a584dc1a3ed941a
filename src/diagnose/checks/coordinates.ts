import { checkInteger, wrongType, wrongValue } from "../../check.js";
import type { LayerLayout, Layout } from "../../network/layout.js";
import { Random } from "../../random.js";

/** What a parameter is. */
export interface ParameterPlace {
  /** Its index among all. */
  readonly parameter: number;
  /** Index of the layer. */
  readonly layer: number;
  /** Scale and shift are batch norm's. */
  readonly kind: "weight" | "bias" | "scale" | "shift";
  /** Index of the unit in its layer. */
  readonly unit: number;
  /** Index of a weight's input, from 0; −1 for the others. */
  readonly input: number;
}

export function placeOf({ layers }: Layout, parameter: number): ParameterPlace {
  const layer = layers.findIndex(({ end }) => parameter < end);
  const { weight, bias, scale, shift, inputs, units }: LayerLayout = layers[layer];
  if (parameter < bias) {
    const at = parameter - weight;
    return { parameter, layer, kind: "weight", unit: Math.floor(at / inputs), input: at % inputs };
  }
  const kind = parameter < bias + units ? "bias" : parameter < shift ? "scale" : "shift";
  const from = kind === "bias" ? bias : kind === "scale" ? scale : shift;
  return { parameter, layer, kind, unit: parameter - from, input: -1 };
}

/** Which coordinates to check: those asked for, or a seeded sample of so many; ascending. */
export function chooseCoordinates(where: string, asked: unknown, seed: unknown, size: number, usual: number): number[] {
  checkInteger(where, "seed", seed, 0);
  if (Array.isArray(asked) || ArrayBuffer.isView(asked)) {
    const chosen = Array.from(asked as ArrayLike<unknown>);
    if (chosen.length === 0) wrongValue(where, "coordinates", "at least one", "none");
    chosen.forEach((k, i) => {
      if (typeof k !== "number") wrongType(where, `coordinates[${i}]`, "the index of a parameter", k);
      if (!(Number.isInteger(k) && k >= 0 && k < size)) {
        wrongValue(where, `coordinates[${i}]`, `an index from 0 to ${size - 1}`, String(k));
      }
    });
    return [...new Set(chosen as number[])].sort((a, b) => a - b);
  }
  const count = asked ?? usual;
  checkInteger(where, "coordinates", count, 1);
  const all = Array.from({ length: size }, (_, k) => k);
  if (count >= size) return all;
  return new Random(seed as number)
    .shuffle(all)
    .slice(0, count)
    .sort((a, b) => a - b);
}
