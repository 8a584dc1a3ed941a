import { learningRates } from "./defaults.js";
import { FirstOrder } from "./first-order.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import type { Problem } from "./problem.js";

/** What `rmsprop` takes; PyTorch's defaults but for the rate. */
export interface RmspropOptions {
  /** Step length. Default: 0.01; Hinton's slides suggest 0.001. */
  learningRate?: number;
  /**
   * Share α of the averages that is kept, PyTorch's alpha. Default: 0.99; Hinton's slides have
   * 0.9.
   */
  decay?: number;
  /** Added to the root. Default: 1e-8. */
  epsilon?: number;
  /** Adds weightDecay·θ to the gradient. Default: 0. */
  weightDecay?: number;
  /** Share of the last step that is repeated. Default: 0. */
  momentum?: number;
  /** Divide by the estimated deviation instead of the root mean square. Default: false. */
  centered?: boolean;
}

class Rmsprop extends FirstOrder {
  readonly name = "rmsprop";
  protected readonly memory: Readonly<Record<string, number>>;
  readonly #options;

  constructor(options: RmspropOptions) {
    const resolved = resolveOptions(
      "rmsprop",
      {
        learningRate: [learningRates.rmsprop, "positive"],
        decay: [0.99, "closed share"],
        epsilon: [1e-8, "non-negative"],
        weightDecay: [0, "non-negative"],
        momentum: [0, "non-negative"],
        centered: [false, "boolean"],
      },
      options,
    );
    super("rmsprop", resolved.learningRate);
    this.#options = resolved;
    this.settings = JSON.stringify(resolved);
    this.memory = {
      squareAverage: 0,
      ...(resolved.centered ? { gradientAverage: 0 } : {}),
      ...(resolved.momentum > 0 ? { velocity: 0 } : {}),
    };
  }

  override get weightDecay(): number {
    return this.#options.weightDecay;
  }

  protected override update({ workspace, dtype, theta, next, size }: Problem, learningRate: number): number {
    const { decay, epsilon, weightDecay, momentum, centered } = this.#options;
    const average = centered ? this.address("gradientAverage") : 0;
    const velocity = momentum > 0 ? this.address("velocity") : 0;
    return workspace
      .kernels(dtype)
      .rmsprop(
        theta,
        next,
        this.gradient,
        this.address("squareAverage"),
        average,
        velocity,
        size,
        learningRate,
        decay,
        epsilon,
        weightDecay,
        momentum,
      );
  }
}

/**
 * RMSprop (Hinton, Srivastava and Swersky 2012; centered: Graves 2013) as in PyTorch: s ← αs + (1 −
 * α)g²; d = √s, or √(s − m²) with m the average gradient if `centered`; v ← μv + g / (d + ε); θ ← θ
 * − η·v.
 *
 * TensorFlow puts ε inside the root; this is PyTorch's variant.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * @example
 * rmsprop({ learningRate: 1e-3, centered: true }).learningRate; // 0.001
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  return new Rmsprop(options);
}
