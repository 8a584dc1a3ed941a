import { show, wrongType, wrongValue } from "../check.js";
import type { NamedRange } from "../linalg/symmetric.js";
import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import type { Layout } from "./layout.js";

/**
 * A choice of a network's parameters: the number of a layer, counted from 0, or several; or true
 * (1) or false (0) for each parameter. An array with as many entries as parameters has one mark for
 * each parameter.
 */
export type ParameterMask = number | ArrayLike<number> | ArrayLike<boolean>;

/** The places of the parameters that a mask chooses, ascending. */
export function chosenParameters(where: string, name: string, mask: unknown, layout: Layout): Uint32Array {
  if (typeof mask !== "number" && !Array.isArray(mask) && !ArrayBuffer.isView(mask)) {
    wrongType(where, name, "layer numbers, or a mark for each parameter", mask);
  }
  const given = (typeof mask === "number" ? [mask] : mask) as ArrayLike<unknown>;
  const places = Uint32Array.from({ length: layout.parameterCount }, (_, i) => i);
  const chosen =
    given.length === layout.parameterCount
      ? places.filter((i) => isChosen(where, name, given[i]))
      : ofLayers(where, name, given, layout);
  if (chosen.length === 0) wrongValue(where, name, "at least one parameter", "none");
  return chosen;
}

function isChosen(where: string, name: string, value: unknown): boolean {
  if (![0, 1, true, false].includes(value as number)) wrongValue(where, name, "true, false, 0 or 1", show(value));
  return Boolean(value);
}

function ofLayers(where: string, name: string, given: ArrayLike<unknown>, { layers, parameterCount }: Layout) {
  const wanted = new Set<number>();
  for (let i = 0; i < given.length; ++i) {
    const l = given[i];
    const isMark = typeof l === "boolean" || wanted.has(l as number);
    if (typeof l !== "number" || layers[l] === undefined || isMark) {
      const expected = `layers from 0 to ${layers.length - 1}, or ${parameterCount} marks, one for each parameter`;
      wrongValue(where, name, expected, isMark ? `${given.length} marks` : show(l));
    }
    wanted.add(l);
  }
  const places = layers.flatMap(({ weight, end }, l) =>
    wanted.has(l) ? Array.from({ length: end - weight }, (_, i) => weight + i) : [],
  );
  return Uint32Array.from(places);
}

/** The first layer that has one of these parameters. */
export function lowestLayer({ layers }: Layout, places: Uint32Array): number {
  return layers.findIndex(({ end }) => places[0] < end);
}

/** What a vector over all parameters has at some places. */
export function picked(values: FloatArray, places: Uint32Array): FloatArray {
  const some = values.slice(0, places.length) as FloatArray;
  places.forEach((place, i) => {
    some[i] = values[place];
  });
  return some;
}

/** A vector of so many numbers that has the given ones at some places, and else zeros. */
export function spread(values: ArrayLike<number>, places: Uint32Array, count: number): Float64Array {
  const all = new Float64Array(count);
  places.forEach((place, i) => {
    all[place] = values[i];
  });
  return all;
}

/** Where the layers' parameters are among those chosen, by the layers' numbers. */
export function rangesOf({ layers }: Layout, places: Uint32Array | null): NamedRange[] {
  return layers.flatMap(({ weight, end }, l) => {
    const [from, to] = places ? [weight, end].map((place) => places.filter((at) => at < place).length) : [weight, end];
    return to > from ? [{ name: String(l), from, to }] : [];
  });
}

/** Runs [from, to) of ascending places. */
export function runsOf(places: ArrayLike<number>): [number, number][] {
  const runs: [number, number][] = [];
  for (let i = 0; i < places.length; ++i) {
    const last = runs[runs.length - 1];
    if (last && last[1] === places[i]) ++last[1];
    else runs.push([places[i], places[i] + 1]);
  }
  return runs;
}

/** Vectors over all parameters and over some of them, in the memory of a workspace. */
export class Selection {
  constructor(
    readonly workspace: Workspace,
    readonly dtype: "f32" | "f64",
    readonly places: Uint32Array,
  ) {}

  /** Numbers at `some`, one for each place, to their places at `all`; what is elsewhere stays. */
  scatter(some: number, all: number): void {
    const { view, from, to } = this.#at(some, all);
    this.places.forEach((place, i) => {
      view[to + place] = view[from + i];
    });
  }

  /** Numbers at their places at `all`, one after another, to `some`. */
  gather(all: number, some: number): void {
    const { view, from, to } = this.#at(some, all);
    this.places.forEach((place, i) => {
      view[from + i] = view[to + place];
    });
  }

  #at(some: number, all: number): { view: FloatArray; from: number; to: number } {
    const bytes = bytesPer(this.dtype);
    return { view: this.workspace.view(this.dtype), from: some / bytes, to: all / bytes };
  }
}
