import { bytesPer } from "../wasm/workspace.js";
import type { Dataset } from "./dataset.js";
import type { Layout } from "./layout.js";
import type { Propagation } from "./propagation.js";
import { decidesClasses, lossTraits, type ResolvedSpec } from "./spec.js";

/** Scores of a network on data, as in inference: running statistics, no penalty. */
export interface Evaluation {
  /** Mean loss, without penalty. */
  loss: number;
  /** Share of correct decisions; only under the cross-entropies. */
  accuracy?: number;
  /**
   * √(mean squared error); only under losses of values in the targets' unit: mse, huber, log-cosh
   * and mae.
   */
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
  readonly #weights: ArrayLike<number> | null;
  readonly #labels: boolean;
  /** Whether outputs are decisions or values that can be held against targets. */
  readonly #scored: boolean;
  readonly #loss: ResolvedSpec["loss"];
  readonly #dtype: ResolvedSpec["dtype"];

  constructor({ loss, dtype }: ResolvedSpec, { outputs }: Layout, { targets, weights }: Dataset) {
    this.#loss = loss;
    const { outputs: kind } = lossTraits(loss);
    this.#scored = kind === "logits" || kind === "values";
    this.#dtype = dtype;
    this.#outputs = outputs;
    this.#weights = weights;
    this.#labels = loss === "cross-entropy" && !("data" in targets);
    this.#targetWidth = this.#labels ? 1 : outputs;
    this.#targets = "data" in targets ? targets.data : targets;
  }

  /** The chunk just passed forward, whose first sample is at `from` in the order. */
  add({ workspace, output, stride, size }: Propagation, order: Uint32Array | null, from: number): void {
    const view = workspace.view(this.#dtype);
    const at = output / bytesPer(this.#dtype);
    for (let i = 0; i < size; ++i) {
      const sample = order ? order[from + i] : from + i;
      const target = sample * this.#targetWidth;
      const weight = this.#weights ? this.#weights[sample] : 1;
      if (this.#loss === "cross-entropy") this.#addClass(decide(view, at + i, stride, this.#outputs), target, weight);
      else if (this.#scored)
        for (let j = 0; j < this.#outputs; ++j)
          this.#addSingle(view[at + j * stride + i], this.#targets[target + j], weight);
    }
  }

  /** Decisions that were right so far, by their samples' weight. */
  get right(): number {
    return this.#right;
  }

  /** Starts anew. */
  reset(): void {
    this.resume(0, 0);
  }

  /** Resumes from right decisions on samples of this weight. */
  resume(right: number, weight: number): void {
    this.#right = 0;
    this.#count = 0;
    this.#squares = 0;
    this.addRight(right, weight);
  }

  /** Right decisions on more samples, of this weight. */
  addRight(right: number, weight: number): void {
    this.#right += right;
    this.#count += this.#loss === "cross-entropy" ? weight : weight * this.#outputs;
  }

  get accuracy(): number | undefined {
    return decidesClasses(this.#loss) && this.#count > 0 ? this.#right / this.#count : undefined;
  }

  evaluation(loss: number): Evaluation {
    const { accuracy } = this;
    if (accuracy !== undefined) return { loss, accuracy };
    return this.#scored ? { loss, rmse: Math.sqrt(this.#squares / this.#count) } : { loss };
  }

  #addClass(given: number, target: number, weight: number): void {
    const wanted = this.#labels ? this.#targets[target] : decide(this.#targets, target, 1, this.#outputs);
    if (given === wanted) this.#right += weight;
    this.#count += weight;
  }

  #addSingle(given: number, wanted: number, weight: number): void {
    if (given > 0 === wanted > 0.5) this.#right += weight;
    this.#squares += weight * (given - wanted) ** 2;
    this.#count += weight;
  }
}

/**
 * Index of the largest of `count` values, the first of equals; of a single logit, whether it is
 * positive.
 */
export function decide(values: ArrayLike<number>, from: number, step: number, count: number): number {
  if (count === 1) return values[from] > 0 ? 1 : 0;
  let best = 0;
  for (let j = 1; j < count; ++j) {
    if (values[from + j * step] > values[from + best * step]) best = j;
  }
  return best;
}
