/** Small tables whose fits take some milliseconds. */
import { type Dataset, dataset } from "../../src/index.js";
import type { Setting } from "../../src/jobs/index.js";
import { Random } from "../../src/random.js";

/** Rows of two inputs and a curved target with noise. */
export function curve(rows: number, seed = 5, weights = false): Dataset {
  const random = new Random(seed);
  const xs = Array.from({ length: rows }, () => [random.uniform() * 2 - 1, random.uniform() * 2 - 1]);
  const ys = xs.map(([a, b]) => [a * b + a + 0.1 * (random.uniform() - 0.5)]);
  return dataset(xs, ys, weights ? { weights: xs.map((_, i) => i % 3) } : {});
}

/** The rows of a data set, in so many parts of different sizes. */
export function shardsOf(data: Dataset, parts: number): Dataset[] {
  const ends = Array.from({ length: parts }, (_, i) => Math.round(data.size * ((i + 1) / parts) ** 2));
  return ends.map((to, i) => {
    const from = i === 0 ? 0 : ends[i - 1];
    const { inputs, targets, weights } = data;
    const y = "data" in targets ? targets.data : targets;
    return dataset(
      { rows: to - from, columns: inputs.columns, data: inputs.data.slice(from * inputs.columns, to * inputs.columns) },
      { rows: to - from, columns: 1, data: y.slice(from, to) },
      { weights: weights?.slice(from, to) ?? null },
    );
  });
}

/** Settings that differ in all that a worker could get wrong. */
export const space: Setting[] = [
  { hidden: [], optimizer: "newton", epochs: 2 },
  { hidden: [5], activation: "tanh", optimizer: "lbfgs", epochs: 25, l2: 0.01 },
  { hidden: [5], activation: "tanh", optimizer: { type: "adam", learningRate: 0.02 }, epochs: 8, dtype: "f32" },
  { hidden: [6, 3], optimizer: "adam", epochs: 6, batchNorm: true, schedule: "cosine" },
  { hidden: [4], activation: "silu", optimizer: "levenberg-marquardt", epochs: 6, patience: 2 },
  { hidden: [3], optimizer: "sgd", learningRate: 1e12, epochs: 3 },
];
