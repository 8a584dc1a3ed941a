import { NewtonDirection } from "./directions/newton.js";
import { type LineSearchOptions, resolveLineSearch } from "./newton.js";
import type { Optimizer } from "./optimizer.js";
import { SecondOrder } from "./second-order.js";

/**
 * Saddle-free Newton: p = −(|H| + damping·I)⁻¹·g. |H| has the absolute values of H's eigenvalues,
 * so a step runs downhill both where H curves up and where it curves down. At a saddle itself it
 * steps along the eigenvector of the smallest eigenvalue.
 *
 * Dauphin et al. take |H| in a Krylov subspace and choose the damping by trial; here it is |H|
 * itself and a search along the step.
 *
 * Units of the objective change no step. Units of single parameters do: |H| depends on them.
 *
 * For full batches. Cost per step: a dense Hessian (N·P² flops) and P³/3 flops where it is positive
 * definite (|H| is then H itself), or 5·P³ flops for eigenvectors where it is not; 3·P² numbers of
 * memory.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Dauphin et al. 2014, algorithm 1.
 * @example
 * const saddle = { value: ([x, y]) => 5 * x * x - y * y + y ** 4, gradient: ([x, y]) => [10 * x, -2 * y + 4 * y ** 3], hessian: ([, y]) => [[10, 0], [0, 12 * y * y - 2]] };
 * minimize(saddle, [0, 0], { optimizer: saddleFreeNewton() }).value; // -0.25, to rounding
 */
export function saddleFreeNewton(options: LineSearchOptions = {}): Optimizer {
  const parts = resolveLineSearch("saddleFreeNewton", options);
  const direction = new NewtonDirection("abs");
  return new SecondOrder({ name: "saddleFreeNewton", direction, fullBatch: true, ...parts });
}
