import { wrongValue } from "../check.js";
import { GaussNewtonDirection } from "./directions/gauss-newton.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { DampingSearch } from "./searches/damping.js";
import { SecondOrder } from "./second-order.js";

/** What `levenbergMarquardt` takes; named as in MATLAB's trainlm. */
export interface LevenbergMarquardtOptions {
  /** Damping to start from; 1e-5, which for 200 residuals is 1e-3 of their sum of squares (trainlm's, whose μ is beside JᵀJ). */
  mu?: number;
  /** Factor of the damping after a trial that did not fall, its square after a second one, and so on; 3 (trainlm: 10 each time). */
  muInc?: number;
  /** The least factor of the damping after a step, for one that fell as the model foretold; 0.2 (trainlm: 0.1 after every step). */
  muDec?: number;
  /** Damping beyond which the search has failed; 1e10 (trainlm). */
  muMax?: number;
  /** Add half of the geodesic acceleration to each step (Transtrum and Sethna 2012); true. */
  acceleration?: boolean;
  /** L2: ½·weightDecay·‖θ‖² is part of what is minimised; 0. */
  weightDecay?: number;
}

/** Damping below which it makes no difference in double precision. */
const LEAST = 1e-20;

/**
 * Levenberg's and Marquardt's method: p = −(G + μI)⁻¹·g with the generalised Gauss-Newton matrix G, μ multiplied by `muInc`, its square and so
 * on until the objective falls, and by max(muDec, 1 − (2ρ − 1)³) after a step, ρ being its fall over the one that the model foretold (Nielsen 1999). Names as in
 * MATLAB's trainlm, which decreases μ by `muDec` after every step; G is here the matrix of the mean, so for `mse` it is 2/(N·C)·JᵀJ.
 *
 * The step follows the bend of the path too: p + ½a, where (G + μI)·a = −Jᵀ∇²ℓ·f̈ and f̈ is the outputs' second derivative along p (geodesic
 * acceleration), unless 2‖a‖ > 0.75·‖p‖. On curves such as sinc that leaves a third to two thirds of the steps (docs/choosing-an-optimizer.md).
 *
 * For full batches. Cost a step: a dense G (N·P² flops), then P³/3 flops and six passes a trial.
 * Statuses of its own: "converged"; "stalled" where μ passes `muMax`.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Levenberg 1944; Marquardt 1963; Hagan and Menhaj 1994; Nielsen 1999; Transtrum and Sethna 2012.
 * @example
 * const circle = { residuals: ([x, y]) => [x * x + y * y - 2, x - y], jacobian: ([x, y]) => [[2 * x, 2 * y], [1, -1]] };
 * minimize(circle, [3, 1], { optimizer: levenbergMarquardt() }).x; // Float64Array [1, 1], to rounding
 */
export function levenbergMarquardt(options: LevenbergMarquardtOptions = {}): Optimizer {
  const { mu, muInc, muDec, muMax, acceleration, weightDecay } = resolveOptions(
    "levenbergMarquardt",
    {
      mu: [1e-5, "positive"],
      muInc: [3, "positive"],
      muDec: [0.2, "positive"],
      muMax: [1e10, "positive"],
      acceleration: [true, "boolean"],
      weightDecay: [0, "non-negative"],
    },
    options,
  );
  if (muInc <= 1) wrongValue("levenbergMarquardt", "muInc", "more than 1", String(muInc));
  if (muDec > 1) wrongValue("levenbergMarquardt", "muDec", "at most 1", String(muDec));
  if (muMax < mu) wrongValue("levenbergMarquardt", "muMax", `at least mu, ${mu}`, String(muMax));
  // A product, because engines round powers each in its own way.
  const after = (gainRatio: number): number => {
    const t = 2 * gainRatio - 1;
    return Math.max(muDec, 1 - t * t * t);
  };
  const damping = { start: mu, increase: muInc, compounding: true, after, least: LEAST, most: muMax };
  const search = new DampingSearch(damping);
  const direction = new GaussNewtonDirection(acceleration);
  return new SecondOrder({ name: "levenbergMarquardt", direction, search, weightDecay, fullBatch: true });
}
