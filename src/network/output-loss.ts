import type { Kernels } from "../wasm/kernels.js";
import { bytesPer } from "../wasm/workspace.js";
import type { Propagation } from "./propagation.js";
import { lossParameters, lossTraits, type ResolvedLoss } from "./spec.js";

/**
 * The loss of the outputs that a propagation holds, and its derivatives in them: with its
 * implementations the one place where kinds of losses and the samples' weights enter. Everything is
 * of the loaded samples, each times its weight; derivatives are outputs × stride, zero in the
 * padding.
 */
export interface OutputLoss {
  /** Σ w·ℓ over the samples (and outputs); where `to` is not 0, scale·w·∂ℓ/∂z goes there. */
  sum(to: number, scale: number): number;
  /** out = scale·w·∇²ℓ·u, which may not be the outputs or u. */
  hessianProduct(u: number, out: number, scale: number): void;
  /**
   * ∇²ℓ as two vectors a sample: scale·w·∇²ℓ·u = curvature ⊙ (u − probability·u) under softmax,
   * where all outputs are coupled, and curvature ⊙ u otherwise, where `probability` is left alone.
   */
  curvature(curvature: number, probability: number, scale: number): void;
  /** Where `curvature` cannot say it: scale·w·∇²ℓ of the loaded samples, one after another. */
  readonly hessians?: (scale: number) => Float64Array;
}

/** A loss that the core knows. */
export class KernelLoss implements OutputLoss {
  readonly #kind: number;
  readonly #factor: number;
  /** One for all outputs, or one for each output of a target. */
  readonly #parameters: readonly number[];
  /**
   * Calls of a kernel: one for all outputs, or one for each where they have parameters of their
   * own.
   */
  readonly #calls: number;
  readonly #outputs: number;
  /** Bytes from an output to the next. */
  readonly #row: number;
  readonly #kernels: Kernels;

  /** `probabilities`: whether targets are these and not labels. */
  constructor(
    readonly propagation: Propagation,
    loss: ResolvedLoss,
    probabilities: boolean,
  ) {
    const { kernels, layout, stride, spec } = propagation;
    const { kernel, factor } = lossTraits(loss);
    this.#kind = kernel + (probabilities ? 1 : 0);
    this.#factor = factor;
    this.#parameters = lossParameters(loss);
    this.#calls = this.#parameters.length > 1 ? layout.outputs : 1;
    this.#outputs = layout.outputs / this.#calls;
    this.#row = stride * bytesPer(spec.dtype);
    this.#kernels = kernels;
  }

  sum(to: number, scale: number): number {
    const { output, size, stride, weights } = this.propagation;
    let sum = 0;
    for (let j = 0; j < this.#calls; ++j) {
      const at = j * this.#row;
      // biome-ignore format: an operand a line
      sum += this.#kernels.loss(
        this.#kind, output + at, this.#target(j), to && to + at,
        size, stride, this.#outputs, scale * this.#factor, this.#parameter(j), weights,
      );
    }
    if (to) this.#weigh(to);
    return sum * this.#factor;
  }

  hessianProduct(u: number, out: number, scale: number): void {
    const { output, size, stride } = this.propagation;
    for (let j = 0; j < this.#calls; ++j) {
      const at = j * this.#row;
      // biome-ignore format: an operand a line
      this.#kernels.lossHessianProduct(
        this.#kind, output + at, this.#target(j), u + at, out + at,
        size, stride, this.#outputs, scale * this.#factor, this.#parameter(j),
      );
    }
    this.#weigh(out);
  }

  curvature(curvature: number, probability: number, scale: number): void {
    const { output, size, stride } = this.propagation;
    for (let j = 0; j < this.#calls; ++j) {
      const at = j * this.#row;
      // biome-ignore format: an operand a line
      this.#kernels.lossCurvature(
        this.#kind, output + at, this.#target(j), curvature + at, probability,
        size, stride, this.#outputs, scale * this.#factor, this.#parameter(j),
      );
    }
    this.#weigh(curvature);
  }

  /** Outputs of one target follow each other. */
  #target(j: number): number {
    return this.propagation.y + Math.floor(j / this.#parameters.length) * this.#row;
  }

  #parameter(j: number): number {
    return this.#parameters[j % this.#parameters.length];
  }

  #weigh(values: number): void {
    const { weights, layout } = this.propagation;
    if (weights) this.propagation.scaleSamples(values, layout.outputs, weights);
  }
}
