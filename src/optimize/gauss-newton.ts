import { GaussNewtonDirection } from "./directions/gauss-newton.js";
import { type LineSearchOptions, resolveLineSearch } from "./newton.js";
import type { Optimizer } from "./optimizer.js";
import { FallbackSearch } from "./searches/fallback.js";
import { SecondOrder } from "./second-order.js";

/**
 * The Gauss-Newton method: p = −(G + damping·I)⁻¹·g with the generalised Gauss-Newton matrix G =
 * Jᵀ∇²ℓJ, and a search along p. Without damping and with a singular G (dead units, more parameters
 * than data), p is the shortest solution, −G⁺·g. Where the search finds no fall along p, or G says
 * nothing of the gradient's direction, the step is one of Levenberg and Marquardt's.
 *
 * G has no negative eigenvalues, so p always runs down; saddles look like any other flat place to
 * it. For full batches.
 * Cost per step: a dense G (N·P² flops) and P³/3 flops, 5·P³ where singular.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Schraudolph 2002; Nocedal and Wright, Numerical Optimization, section 10.3.
 * @example
 * const line = { residuals: ([a, b]) => [a - 1, a + b - 3, a + 2 * b - 5], jacobian: () => [[1, 0], [1, 1], [1, 2]] };
 * minimize(line, [0, 0], { optimizer: gaussNewton() }).x; // Float64Array [1, 2], to rounding
 */
export function gaussNewton(options: LineSearchOptions = {}): Optimizer {
  const { search, ...parts } = resolveLineSearch("gaussNewton", options);
  const direction = new GaussNewtonDirection();
  return new SecondOrder({
    name: "gaussNewton",
    direction,
    search: new FallbackSearch(search),
    fullBatch: true,
    ...parts,
  });
}
