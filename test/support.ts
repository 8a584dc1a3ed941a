/**
 * What the suites of the library share: the builds to run on, how far apart two vectors are,
 * targets as a data set takes them.
 */

import { expect } from "vitest";
import { type Build, type Dataset, dataset, type Network, type StepRecord } from "../src/index.js";
import { supportsRelaxed } from "../src/wasm/load.js";
import { batchNormOf, type NetworkSpec, type RunningStatistics, type Targets } from "./oracle/spec.js";

/** What this engine runs; for `describe.each`, with `init({ simd: build })` before all. */
export const builds: Build[] = supportsRelaxed() ? ["strict", "relaxed"] : ["strict"];

export type Dtype = "f64" | "f32";
export const dtypes: Dtype[] = ["f64", "f32"];

/** Relative errors that gradients and losses keep to. */
export const tolerance: Record<Dtype, number> = { f64: 1e-12, f32: 2e-5 };

/** The largest difference over the largest size of what is expected, at least `floor`. */
export function distance(got: ArrayLike<number>, expected: ArrayLike<number>, floor = 1e-3): number {
  expect(got.length).toBe(expected.length);
  let difference = 0;
  let size = floor;
  for (let k = 0; k < expected.length; k++) {
    difference = Math.max(difference, Number.isNaN(got[k] - expected[k]) ? Infinity : Math.abs(got[k] - expected[k]));
    size = Math.max(size, Math.abs(expected[k]));
  }
  return difference / size;
}

/** Whether two vectors hold the same bits, signs of zeros and all. */
export function sameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, k) => Object.is(value, b[k]));
}

/** The numbers as single precision holds them, or as they are. */
export function rounded<T extends number | number[] | number[][]>(values: T, dtype: Dtype): T {
  if (dtype === "f64") return values;
  if (typeof values === "number") return Math.fround(values) as T;
  return values.map((value) => rounded(value as number | number[], dtype)) as T;
}

export function toDataset(inputs: number[][], targets: Targets): Dataset {
  return dataset(inputs, targets as number[]);
}

/** Mean, then variance, layer by layer. */
export function flatStatistics(statistics: RunningStatistics): number[] {
  return statistics.flatMap((layer) => (layer ? [...layer.mean, ...layer.variance] : []));
}

export function hasBatchNorm(spec: NetworkSpec): boolean {
  return spec.layers.some((layer) => batchNormOf(layer) !== null);
}

/** Takes so many steps of a generator, and gives the records. */
export function take(run: Generator<StepRecord, unknown>, count: number): StepRecord[] {
  return Array.from({ length: count }, () => {
    const { value, done } = run.next();
    expect(done).toBe(false);
    return value as StepRecord;
  });
}

/** Runs a generator to its end and gives what it returns. */
export function finish<T>(run: Generator<unknown, T>): T {
  for (;;) {
    const { value, done } = run.next();
    if (done) return value as T;
  }
}

/** Parameters and running statistics, to compare before and after. */
export function snapshot(net: Network): number[] {
  return [...net.getParameters(), ...net.getRunningStatistics()];
}
