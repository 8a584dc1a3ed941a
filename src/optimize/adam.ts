import { checkShare, wrongType } from "../check.js";
import { learningRates } from "./defaults.js";
import { FirstOrder } from "./first-order.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import type { Problem } from "./problem.js";

/** What `adam` and `adamw` take; PyTorch's defaults but for the rate. */
export interface AdamOptions {
  /** Step length η. Default: 0.01 (measured; PyTorch and the paper: 0.001). */
  learningRate?: number;
  /** Shares of the averages of g and g² that are kept. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root. Default: 1e-8. */
  epsilon?: number;
  /**
   * `adam` adds weightDecay·θ to the gradient. Default: 0. `adamw` shrinks the parameters apart
   * from the gradient. Default: 0.01.
   */
  weightDecay?: number;
  /** Divide by the largest average so far (Reddi, Kale and Kumar 2018). Default: false. */
  amsgrad?: boolean;
}

class Adam extends FirstOrder {
  protected readonly memory: Readonly<Record<string, number>>;
  readonly #options;
  readonly #betas: readonly [number, number];

  constructor(
    readonly name: "adam" | "adamw",
    options: AdamOptions,
  ) {
    const resolved = resolveOptions(
      name,
      {
        learningRate: [learningRates[name], "positive"],
        epsilon: [1e-8, "non-negative"],
        weightDecay: [name === "adamw" ? 1e-2 : 0, "non-negative"],
        amsgrad: [false, "boolean"],
      },
      options,
      ["betas"],
    );
    super(name, resolved.learningRate);
    this.#options = resolved;
    this.#betas = checkBetas(name, options.betas === undefined ? [0.9, 0.999] : options.betas);
    this.settings = JSON.stringify({ ...resolved, betas: this.#betas });
    this.memory = { m: 0, v: 0, ...(resolved.amsgrad ? { largest: 0 } : {}) };
  }

  override get weightDecay(): number {
    return this.#options.weightDecay;
  }

  protected override update({ workspace, dtype, theta, next, size }: Problem, learningRate: number): number {
    const { epsilon, weightDecay, amsgrad } = this.#options;
    const [beta1, beta2] = this.#betas;
    const { pow } = workspace.math;
    const t = this.steps + 1;
    const largest = amsgrad ? this.address("largest") : 0;
    return workspace
      .kernels(dtype)
      .adam(
        theta,
        next,
        this.gradient,
        this.address("m"),
        this.address("v"),
        largest,
        size,
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        this.name === "adamw" ? 1 : 0,
        correction(beta1, t, pow),
        correction(beta2, t, pow),
      );
  }
}

/** 1 − βᵗ, what an average that started from 0 is short of. */
function correction(beta: number, t: number, pow: (x: number, y: number) => number): number {
  return beta === 0 ? 1 : 1 - pow(beta, t);
}

function checkBetas(where: string, betas: unknown): readonly [number, number] {
  if (!Array.isArray(betas) || betas.length !== 2) wrongType(where, "betas", "two numbers in [0, 1)", betas);
  checkShare(where, "betas[0]", betas[0]);
  checkShare(where, "betas[1]", betas[1]);
  return [betas[0], betas[1]];
}

/**
 * Adam (Kingma and Ba 2015) as in PyTorch: m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
 * θ ← θ − η·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε). Weight decay is L2: part of g.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * @example
 * adam({ learningRate: 1e-3 }).name; // "adam"
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return new Adam("adam", options);
}

/**
 * AdamW (Loshchilov and Hutter 2019) as in PyTorch: Adam with weight decay beside the gradient, θ ←
 * (1 − ηλ)θ first.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * @example
 * adamw({ weightDecay: 0.1 }).name; // "adamw"
 */
export function adamw(options: AdamOptions = {}): Optimizer {
  return new Adam("adamw", options);
}
