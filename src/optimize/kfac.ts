import { checkInteger, checkShare } from "../check.js";
import { KfacDirection } from "./directions/kfac.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { DampingSearch, MARTENS } from "./searches/damping.js";
import { SecondOrder } from "./second-order.js";

/** What `kfac` takes. */
export interface KfacOptions {
  /** Damping to start from, as a multiple of the mean of the Fisher matrix's diagonal, so that no unit matters; 0.1. */
  damping?: number;
  /** Share of the factors' running averages that is kept; 0.95 (the paper). */
  decay?: number;
  /** Steps between decompositions of the factors; 5 (the paper inverts every 20). */
  refresh?: number;
  /** Combine each step with the last one as the exact quadratic model has it best; true (the paper). */
  momentum?: boolean;
  /** Of the random signs in the factors; 0. */
  seed?: number;
  /** L2: ½·weightDecay·‖θ‖² is part of what is minimised; 0. */
  weightDecay?: number;
}

/**
 * K-FAC: natural gradient with the Fisher matrix approximated layer by layer as E[h̃h̃ᵀ] ⊗ E[δδᵀ], averaged over the steps; the step is scaled, and
 * combined with the last one, so that the quadratic model with the exact Gauss-Newton matrix is least. Damping by gain ratio, split between the factors
 * as the paper has it; on a batch among others the ratio is taken on the next one.
 *
 * δ is drawn with random signs under the outputs' curvature instead of from the model's distribution, which has the same mean and serves
 * every loss. Batch norm's scale and shift take a diagonal of their own. For networks; by default a step takes all samples; large batches do, small ones mislead its damping.
 * Cost a step: about four gradients and the factors' Σ (inputs³ + units³) flops every `refresh` steps.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Martens and Grosse 2015, algorithm 2 without its block-tridiagonal variant.
 * @example
 * kfac({ damping: 1 }).name; // "kfac"
 */
export function kfac(options: KfacOptions = {}): Optimizer {
  const where = "kfac";
  const { damping, momentum, weightDecay } = resolveOptions(
    where,
    { damping: [0.1, "positive"], momentum: [true, "boolean"], weightDecay: [0, "non-negative"] },
    options,
    ["decay", "refresh", "seed"],
  );
  const { decay = 0.95, refresh = 5, seed = 0 } = options;
  checkShare(where, "decay", decay);
  checkInteger(where, "refresh", refresh, 1);
  checkInteger(where, "seed", seed, 0);
  const direction = new KfacDirection({ decay, refresh, momentum, seed });
  const search = new DampingSearch({ start: damping, ...MARTENS });
  return new SecondOrder({ name: where, direction, search, weightDecay, fullBatch: false });
}
