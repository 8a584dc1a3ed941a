import { learningRates } from "./defaults.js";
import { FirstOrder } from "./first-order.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import type { Problem } from "./problem.js";

/** What `adadelta` takes; PyTorch's defaults but for the rate. */
export interface AdadeltaOptions {
  /** Factor η of each step. Default: 2 (measured; PyTorch: 1; the paper has no such factor). */
  learningRate?: number;
  /** Share of the averages that is kept. Default: 0.9; the paper tries 0.95. */
  rho?: number;
  /** Added inside of both roots. Default: 1e-6. */
  epsilon?: number;
  /** Adds weightDecay·θ to the gradient. Default: 0. */
  weightDecay?: number;
}

class Adadelta extends FirstOrder {
  readonly name = "adadelta";
  protected readonly memory = { squareAverage: 0, accumulated: 0 };
  readonly #options;

  constructor(options: AdadeltaOptions) {
    const resolved = resolveOptions(
      "adadelta",
      {
        learningRate: [learningRates.adadelta, "positive"],
        rho: [0.9, "closed share"],
        epsilon: [1e-6, "non-negative"],
        weightDecay: [0, "non-negative"],
      },
      options,
    );
    super("adadelta", resolved.learningRate);
    this.#options = resolved;
    this.settings = JSON.stringify(resolved);
  }

  override get weightDecay(): number {
    return this.#options.weightDecay;
  }

  protected override update({ workspace, dtype, theta, next, size }: Problem, learningRate: number): number {
    const { rho, epsilon, weightDecay } = this.#options;
    return workspace
      .kernels(dtype)
      .adadelta(
        theta,
        next,
        this.gradient,
        this.address("squareAverage"),
        this.address("accumulated"),
        size,
        learningRate,
        rho,
        epsilon,
        weightDecay,
      );
  }
}

/**
 * Adadelta (Zeiler 2012) as in PyTorch: s ← ρs + (1 − ρ)g²; Δ = g·√(u + ε) / √(s + ε); u ← ρu + (1
 * − ρ)Δ²; θ ← θ − η·Δ.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * @example
 * adadelta({ rho: 0.95 }).name; // "adadelta"
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  return new Adadelta(options);
}
