import type { Kernels } from "../wasm/kernels.js";
import type { Propagation } from "./propagation.js";
import type { ResolvedSpec } from "./spec.js";

/** The core's numbering of losses; targets decide between the two cross-entropies. */
const LOSS_KINDS = { mse: 0, huber: 1, "binary-cross-entropy": 2, labels: 3, probabilities: 4 } as const;

/**
 * The loss of the outputs that a propagation holds, and its derivatives in them: the one place where kinds of losses and the samples' weights
 * enter. Everything is of the loaded samples, each times its weight; derivatives are outputs × stride.
 */
export class OutputLoss {
  readonly #kind: number;
  readonly #kernels: Kernels;

  constructor(
    readonly propagation: Propagation,
    { loss }: ResolvedSpec,
    labels: boolean,
  ) {
    this.#kind = LOSS_KINDS[loss === "cross-entropy" ? (labels ? "labels" : "probabilities") : loss];
    this.#kernels = propagation.kernels;
  }

  /** Σ w·ℓ over the samples (and outputs); where `to` is not 0, scale·w·∂ℓ/∂z goes there. */
  sum(to: number, scale: number): number {
    const { output, y, size, stride, weights, layout } = this.propagation;
    const sum = this.#kernels.loss(this.#kind, output, y, to, size, stride, layout.outputs, scale, 1, weights);
    if (to) this.#weigh(to);
    return sum;
  }

  /** out = scale·w·∇²ℓ·u, which may not be the outputs or u. */
  hessianProduct(u: number, out: number, scale: number): void {
    const { output, y, size, stride, layout } = this.propagation;
    this.#kernels.lossHessianProduct(this.#kind, output, y, u, out, size, stride, layout.outputs, scale, 1);
    this.#weigh(out);
  }

  /**
   * ∇²ℓ as two vectors a sample: scale·w·∇²ℓ·u = curvature ⊙ (u − probability·u) under softmax, where all outputs are coupled, and
   * curvature ⊙ u otherwise, where `probability` is left alone.
   */
  curvature(curvature: number, probability: number, scale: number): void {
    const { output, y, size, stride, layout } = this.propagation;
    this.#kernels.lossCurvature(this.#kind, output, y, curvature, probability, size, stride, layout.outputs, scale, 1);
    this.#weigh(curvature);
  }

  #weigh(values: number): void {
    const { weights, layout } = this.propagation;
    if (weights) this.propagation.scaleSamples(values, layout.outputs, weights);
  }
}
