import { checkChoice, wrongValue } from "../check.js";
import { GaussNewtonDirection } from "./directions/gauss-newton.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { LevenbergSearch } from "./searches/levenberg.js";
import { SecondOrder } from "./second-order.js";

/** What `levenbergMarquardt` takes; named as in MATLAB's trainlm. */
export interface LevenbergMarquardtOptions {
  /**
   * Damping of the first step. Default: 1e-3, or as much more
   * as keeps that step within three lengths of the parameters.
   */
  mu?: number;
  /**
   * Factor of the damping after a trial that did not fall. It is squared after each further such
   * trial. Default: 3.
   */
  muInc?: number;
  /**
   * The least factor of the damping after a step, for a step that fell as predicted. Default: 0.1.
   */
  muDec?: number;
  /** Damping beyond which the search has failed. Default: 1e20. */
  muMax?: number;
  /**
   * "columns": damping counts in units of G's diagonal; "identity": in its own unit, as
   * in trainlm.
   * Default: "columns".
   */
  scaling?: "columns" | "identity";
  /**
   * Add half of the geodesic acceleration to each step (Transtrum and Sethna 2012). Default: true.
   */
  acceleration?: boolean;
  /** Adds ½·weightDecay·‖θ‖² to the objective. Default: 0. */
  weightDecay?: number;
}

/**
 * Levenberg's and Marquardt's method: p = −(G + μD)⁻¹·g with the generalised Gauss-Newton matrix G
 * and its diagonal D.
 *
 * A trial that does not fall multiplies μ by `muInc`, then by its square, and so on. A step
 * multiplies μ by max(muDec, 1 − (2ρ − 1)³), where ρ is its fall over the predicted one (Nielsen
 * 1999). D keeps larger diagonals of the steps before (Moré 1978), a network's half of them, until
 * μ is below 1e-6. In a network the weights of one input share the largest of theirs, as do those
 * of one output and the others of a layer. So no unit of the objective or of the parameters
 * matters. With `scaling: "identity"` D is the identity and μ has the unit of G, as in MATLAB's
 * trainlm; results then depend on units.
 *
 * Residuals of up to 100 parameters are solved by QR of [J; √(μD)], which keeps twice the digits of
 * JᵀJ. For networks G is the matrix of the mean loss: 2/(N·C)·JᵀJ for `mse`.
 *
 * Geodesic acceleration follows the bend of the path: the step is p + ½a, where (G + μD)·a =
 * −Jᵀ∇²ℓ·f̈ and f̈ is the outputs' second derivative along p. It is left out where 2‖a‖ > 0.75·‖p‖
 * in the norm of D.
 *
 * For full batches. Cost per step: a dense G (N·P² flops), then P³/3 flops and six passes per
 * trial.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Levenberg 1944; Marquardt 1963; Moré 1978; Hagan and Menhaj 1994; Nielsen 1999; Transtrum
 * and Sethna 2012.
 * @example
 * const circle = { residuals: ([x, y]) => [x * x + y * y - 2, x - y], jacobian: ([x, y]) => [[2 * x, 2 * y], [1, -1]] };
 * minimize(circle, [3, 1], { optimizer: levenbergMarquardt() }).x; // Float64Array [1, 1], to rounding
 */
export function levenbergMarquardt(options: LevenbergMarquardtOptions = {}): Optimizer {
  const { muInc, muDec, muMax, acceleration, weightDecay, mu } = resolveOptions(
    "levenbergMarquardt",
    {
      mu: [1e-3, "positive"],
      muInc: [3, "positive"],
      muDec: [0.1, "positive"],
      muMax: [1e20, "positive"],
      acceleration: [true, "boolean"],
      weightDecay: [0, "non-negative"],
    },
    options,
    ["scaling"],
  );
  const { scaling = "columns" } = options;
  checkChoice("levenbergMarquardt", "scaling", scaling, ["columns", "identity"]);
  if (muInc <= 1) wrongValue("levenbergMarquardt", "muInc", "more than 1", String(muInc));
  if (muDec > 1) wrongValue("levenbergMarquardt", "muDec", "at most 1", String(muDec));
  if (muMax < mu) wrongValue("levenbergMarquardt", "muMax", `at least mu, ${mu}`, String(muMax));
  const start = options.mu ?? (scaling === "identity" ? mu : null);
  const search = new LevenbergSearch({ start, increase: muInc, decrease: muDec, most: muMax });
  const direction = new GaussNewtonDirection(scaling, acceleration);
  return new SecondOrder({ name: "levenbergMarquardt", direction, search, weightDecay, fullBatch: true });
}
