import { checkInteger } from "../check.js";
import { LbfgsDirection } from "./directions/lbfgs.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { WolfeSearch } from "./searches/wolfe.js";
import { SecondOrder } from "./second-order.js";

/** What `lbfgs` takes. */
export interface LbfgsOptions {
  /**
   * Pairs of steps and gradient changes that are kept. Default: 10; PyTorch keeps 100, SciPy 10.
   */
  history?: number;
  /** Length of the search's first trial. Default: 1. */
  learningRate?: number;
  /** Adds ½·weightDecay·‖θ‖² to the objective. Default: 0. */
  weightDecay?: number;
}

/**
 * Limited-memory BFGS with a line search for the strong Wolfe conditions. It estimates the
 * curvature along the last steps from gradients alone.
 *
 * Neither the objective's unit nor a common unit of all parameters changes a step; units of single
 * parameters change the path. Pairs are kept where yᵀs > 1e-10·‖y‖·‖s‖ (PyTorch asks for yᵀs >
 * 1e-10, and stops learning where the loss is small). For full batches. Cost per step: about one
 * gradient, 4·history·P flops, (2·history + 2)·P numbers of memory.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Liu and Nocedal 1989; Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.5.
 * @example
 * lbfgs({ history: 20 }).name; // "lbfgs"
 */
export function lbfgs(options: LbfgsOptions = {}): Optimizer {
  const table = { learningRate: [1, "positive"], weightDecay: [0, "non-negative"] } as const;
  const { learningRate, weightDecay } = resolveOptions("lbfgs", table, options, ["history"]);
  const { history = 10 } = options;
  checkInteger("lbfgs", "history", history, 1);
  const direction = new LbfgsDirection(history);
  return new SecondOrder({
    name: "lbfgs",
    direction,
    search: new WolfeSearch(0),
    learningRate,
    weightDecay,
    fullBatch: true,
  });
}
