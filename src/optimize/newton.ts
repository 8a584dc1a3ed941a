import { checkChoice } from "../check.js";
import { type Indefinite, NewtonDirection } from "./directions/newton.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { ArmijoSearch } from "./searches/armijo.js";
import { FixedSearch } from "./searches/fixed.js";
import type { Search } from "./searches/search.js";
import { WolfeSearch } from "./searches/wolfe.js";
import { SecondOrder } from "./second-order.js";

export type { Indefinite } from "./directions/newton.js";

/** How far to go along a direction: the whole step, or until the objective has fallen enough. */
export type LineSearch = "fixed" | "armijo" | "wolfe";

/** What methods with a line search have in common. */
export interface LineSearchOptions {
  /** How the length of a step is found. Default: "armijo". */
  search?: LineSearch;
  /** Added to the curvature's diagonal. Default: 0. */
  damping?: number;
  /** Length of the step, or of the search's first trial. Default: 1. */
  learningRate?: number;
  /** Adds ½·weightDecay·‖θ‖² to the objective. Default: 0. */
  weightDecay?: number;
}

/** What `newton` takes. */
export interface NewtonOptions extends LineSearchOptions {
  /** What to do where the Hessian is indefinite or singular. Default: "abs". */
  indefinite?: Indefinite;
}

const TABLE = {
  damping: [0, "non-negative"],
  learningRate: [1, "positive"],
  weightDecay: [0, "non-negative"],
} as const;

/** The options that methods with a line search have in common. */
export function resolveLineSearch(
  where: string,
  options: LineSearchOptions,
  others: readonly string[] = [],
): { search: Search; learningRate: number; weightDecay: number } {
  const { damping, ...rest } = resolveOptions(where, TABLE, options, ["search", ...others]);
  const { search = "armijo" } = options;
  checkChoice(where, "search", search, ["fixed", "armijo", "wolfe"]);
  const searches = { fixed: FixedSearch, armijo: ArmijoSearch, wolfe: WolfeSearch };
  return { search: new searches[search](damping), ...rest };
}

/**
 * Newton's method: p = −(H + damping·I)⁻¹·g with the exact Hessian, and a search along p.
 *
 * `indefinite` chooses what happens where H is not positive definite. "shift" adds τI until the
 * smallest eigenvalue is 1e-8 of the largest. "abs" takes |λ| for λ (Gill, Murray and Wright 1981),
 * which turns saddles into slopes. "clip" raises small and negative λ to 1e-8 of the largest.
 * "gradient" steps along −g instead. "error" ends with status "not-positive-definite" and says what
 * the point is. At a saddle itself, where the gradient is 0, the first three step along the
 * eigenvector of the smallest eigenvalue.
 *
 * Without damping the changed eigenvalues are those of D^(−½)·H·D^(−½), whose entries are at most
 * 1: neither units of the objective nor of single parameters change a step. Damping is in the
 * Hessian's own unit; with it, so are the changed eigenvalues.
 *
 * For full batches. Cost per step: a dense Hessian (N·P² flops) and P³/3 flops where H is positive
 * definite, up to 5·P³ where it is not; P² numbers of memory.
 * Statuses of its own: "converged" (with the verdict on the point), "stalled" (the search finds
 * nothing; at a saddle with "gradient"; degenerate).
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Nocedal and Wright, Numerical Optimization, sections 3.3 and 3.4.
 * @example
 * const f = { value: ([x]) => x ** 4 + x, gradient: ([x]) => [4 * x ** 3 + 1], hessian: ([x]) => [[12 * x * x]] };
 * minimize(f, [-1], { optimizer: newton() }).status; // "converged"
 */
export function newton(options: NewtonOptions = {}): Optimizer {
  const parts = resolveLineSearch("newton", options, ["indefinite"]);
  const { indefinite = "abs" } = options;
  checkChoice("newton", "indefinite", indefinite, ["shift", "abs", "clip", "gradient", "error"]);
  // Damping is in the unit of the Hessian itself; with it, so is all that is added.
  const scaled = !options.damping;
  return new SecondOrder({
    name: "newton",
    direction: new NewtonDirection(indefinite, scaled),
    fullBatch: true,
    ...parts,
  });
}
