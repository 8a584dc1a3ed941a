import { wrongValue } from "../check.js";
import { learningRates } from "./defaults.js";
import { FirstOrder } from "./first-order.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import type { Problem } from "./problem.js";

/** What `sgd` takes; PyTorch's defaults but for the rate. */
export interface SgdOptions {
  /**
   * Step length η. Default: 0.05 (measured, as for the other first-order methods; PyTorch: 0.001).
   */
  learningRate?: number;
  /** Share of the last step that is repeated. Default: 0. */
  momentum?: number;
  /** Share of the gradient that does not enter the momentum. Default: 0. */
  dampening?: number;
  /** Look ahead along the momentum. Default: false. */
  nesterov?: boolean;
  /** Adds weightDecay·θ to the gradient. Default: 0. */
  weightDecay?: number;
}

class Sgd extends FirstOrder {
  readonly name = "sgd";
  protected readonly memory: Readonly<Record<string, number>>;
  readonly #options;

  constructor(options: SgdOptions) {
    const resolved = resolveOptions(
      "sgd",
      {
        learningRate: [learningRates.sgd, "positive"],
        momentum: [0, "non-negative"],
        dampening: [0, "closed share"],
        nesterov: [false, "boolean"],
        weightDecay: [0, "non-negative"],
      },
      options,
    );
    if (resolved.nesterov && (resolved.momentum === 0 || resolved.dampening !== 0)) {
      wrongValue("sgd", "nesterov", "a momentum and no dampening with it", "true");
    }
    super("sgd", resolved.learningRate);
    this.#options = resolved;
    this.settings = JSON.stringify(resolved);
    this.memory = resolved.momentum > 0 ? { velocity: 0 } : {};
  }

  override get weightDecay(): number {
    return this.#options.weightDecay;
  }

  override get momentum(): number {
    return this.#options.momentum;
  }

  protected override update({ workspace, dtype, theta, next, size }: Problem, learningRate: number): number {
    const { momentum, dampening, nesterov, weightDecay } = this.#options;
    const velocity = momentum > 0 ? this.address("velocity") : 0;
    return workspace
      .kernels(dtype)
      .sgd(
        theta,
        next,
        this.gradient,
        velocity,
        size,
        learningRate,
        momentum,
        dampening,
        weightDecay,
        nesterov ? 1 : 0,
        this.steps === 0 ? 1 : 0,
      );
  }
}

/**
 * Stochastic gradient descent, with momentum, Nesterov's look-ahead and weight decay as PyTorch has
 * them: g ← g + λθ; v ← μv + (1 − τ)g, starting from v = g; θ ← θ − η·v, or θ − η·(g + μv) with
 * `nesterov`.
 *
 * PyTorch's momentum is not scaled by the learning rate, so a schedule acts on the whole step at
 * once (Sutskever et al. 2013 put η inside v).
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * @example
 * sgd({ learningRate: 0.1, momentum: 0.9 }).learningRate; // 0.1
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  return new Sgd(options);
}
