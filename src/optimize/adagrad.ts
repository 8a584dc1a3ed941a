import { learningRates } from "./defaults.js";
import { FirstOrder } from "./first-order.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import type { Problem } from "./problem.js";

/** What `adagrad` takes; PyTorch's defaults but for the rate. */
export interface AdagradOptions {
  /** Step length η. Default: 0.1 (measured; PyTorch: 0.01). */
  learningRate?: number;
  /** ηₜ = η / (1 + t·learningRateDecay), t = 0, 1, …; PyTorch's lr_decay. Default: 0. */
  learningRateDecay?: number;
  /** Adds weightDecay·θ to the gradient. Default: 0. */
  weightDecay?: number;
  /** Start of the sum of squares. Default: 0. */
  initialAccumulator?: number;
  /** Added to the root. Default: 1e-10. */
  epsilon?: number;
}

class Adagrad extends FirstOrder {
  readonly name = "adagrad";
  protected readonly memory: Readonly<Record<string, number>>;
  readonly #options;

  constructor(options: AdagradOptions) {
    const resolved = resolveOptions(
      "adagrad",
      {
        learningRate: [learningRates.adagrad, "positive"],
        learningRateDecay: [0, "non-negative"],
        weightDecay: [0, "non-negative"],
        initialAccumulator: [0, "non-negative"],
        epsilon: [1e-10, "non-negative"],
      },
      options,
    );
    super("adagrad", resolved.learningRate);
    this.#options = resolved;
    this.settings = JSON.stringify(resolved);
    this.memory = { sum: resolved.initialAccumulator };
  }

  override get weightDecay(): number {
    return this.#options.weightDecay;
  }

  protected override update({ workspace, dtype, theta, next, size }: Problem, learningRate: number): number {
    const { learningRateDecay, weightDecay, epsilon } = this.#options;
    const decayed = learningRate / (1 + this.steps * learningRateDecay);
    return workspace
      .kernels(dtype)
      .adagrad(theta, next, this.gradient, this.address("sum"), size, decayed, weightDecay, epsilon);
  }
}

/**
 * Adagrad (Duchi, Hazan and Singer 2011) as in PyTorch: s ← s + g²; θ ← θ − ηₜ·g / (√s + ε).
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * @example
 * adagrad({ learningRate: 0.05 }).learningRate; // 0.05
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  return new Adagrad(options);
}
