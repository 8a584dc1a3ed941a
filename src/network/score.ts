import { bytesPer } from "../wasm/workspace.js";
import type { Dataset } from "./dataset.js";
import type { Layout } from "./layout.js";
import type { Propagation } from "./propagation.js";
import type { ResolvedSpec } from "./spec.js";

/** How a network does on data, as it would be used: running statistics, no penalty. */
export interface Evaluation {
  /** Mean, without penalty. */
  loss: number;
  /** Share classified correctly; with the cross-entropies. */
  accuracy?: number;
  /** √(mean squared error); with mse and huber. */
  rmse?: number;
}

/** Counts right decisions and squared errors, chunk by chunk. */
export class Score {
  #right = 0;
  #squares = 0;
  #count = 0;
  readonly #outputs: number;
  readonly #targetWidth: number;
  readonly #targets: ArrayLike<number>;
  readonly #labels: boolean;
  readonly #loss: ResolvedSpec["loss"];
  readonly #dtype: ResolvedSpec["dtype"];

  constructor({ loss, dtype }: ResolvedSpec, { outputs }: Layout, { targets }: Dataset) {
    this.#loss = loss;
    this.#dtype = dtype;
    this.#outputs = outputs;
    this.#labels = loss === "cross-entropy" && !("data" in targets);
    this.#targetWidth = this.#labels ? 1 : outputs;
    this.#targets = "data" in targets ? targets.data : targets;
  }

  /** The chunk just passed forward, whose first sample is at `from` in the order. */
  add({ workspace, output, stride, size }: Propagation, order: Uint32Array | null, from: number): void {
    const view = workspace.view(this.#dtype);
    const at = output / bytesPer(this.#dtype);
    for (let i = 0; i < size; ++i) {
      const target = (order ? order[from + i] : from + i) * this.#targetWidth;
      if (this.#loss === "cross-entropy") this.#addClass(decide(view, at + i, stride, this.#outputs), target);
      else
        for (let j = 0; j < this.#outputs; ++j) this.#addSingle(view[at + j * stride + i], this.#targets[target + j]);
    }
  }

  /** Decisions that were right so far. */
  get right(): number {
    return this.#right;
  }

  /** Starts anew. */
  reset(): void {
    this.resume(0, 0);
  }

  /** Goes on from right decisions on so many samples. */
  resume(right: number, samples: number): void {
    this.#right = right;
    this.#count = this.#loss === "cross-entropy" ? samples : samples * this.#outputs;
    this.#squares = 0;
  }

  get accuracy(): number | undefined {
    return this.#loss.endsWith("cross-entropy") && this.#count > 0 ? this.#right / this.#count : undefined;
  }

  evaluation(loss: number): Evaluation {
    const { accuracy } = this;
    return accuracy === undefined ? { loss, rmse: Math.sqrt(this.#squares / this.#count) } : { loss, accuracy };
  }

  #addClass(given: number, target: number): void {
    const wanted = this.#labels ? this.#targets[target] : decide(this.#targets, target, 1, this.#outputs);
    if (given === wanted) ++this.#right;
    ++this.#count;
  }

  #addSingle(given: number, wanted: number): void {
    if (given > 0 === wanted > 0.5) ++this.#right;
    this.#squares += (given - wanted) ** 2;
    ++this.#count;
  }
}

/** Index of the largest of `count` values, the first of equals; of a single logit, whether it is positive. */
export function decide(values: ArrayLike<number>, from: number, step: number, count: number): number {
  if (count === 1) return values[from] > 0 ? 1 : 0;
  let best = 0;
  for (let j = 1; j < count; ++j) {
    if (values[from + j * step] > values[from + best * step]) best = j;
  }
  return best;
}
