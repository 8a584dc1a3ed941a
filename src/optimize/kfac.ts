import { checkInteger, checkShare } from "../check.js";
import { KfacDirection } from "./directions/kfac.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { DampingSearch, MARTENS } from "./searches/damping.js";
import { SecondOrder } from "./second-order.js";

/** What `kfac` takes. */
export interface KfacOptions {
  /**
   * Damping to start from, as a multiple of the mean of the Fisher matrix's diagonal, so that no
   * unit matters. Default: 0.1.
   */
  damping?: number;
  /** Share of the factors' running averages that is kept. Default: 0.95, as in the paper. */
  decay?: number;
  /** Steps between decompositions of the factors. Default: 5; the paper inverts every 20. */
  refresh?: number;
  /**
   * Combine each step with the last one, with the factors that minimise the exact quadratic model.
   * Default: true.
   */
  momentum?: boolean;
  /** Seed of the random signs in the factors. Default: 0. */
  seed?: number;
  /** Adds ½·weightDecay·‖θ‖² to the objective. Default: 0. */
  weightDecay?: number;
}

/**
 * K-FAC: natural gradient with the Fisher matrix approximated layer by layer as E[h̃h̃ᵀ] ⊗ E[δδᵀ],
 * averaged over the steps. The step is scaled and combined with the last one so as to minimise the
 * quadratic model with the exact Gauss-Newton matrix. The gain ratio sets the damping, which is
 * split between the factors as in the paper. With batches, the ratio is measured on the next batch.
 *
 * δ is drawn with random signs under the outputs' curvature, not from the model's distribution: the
 * mean is the same, and this works for every loss. Batch norm's scale and shift use a diagonal. For
 * networks only. By default a step uses all samples. Large batches work too; small batches mislead
 * the damping.
 * Cost per step: about four gradients and the factors' Σ (inputs³ + units³) flops every `refresh`
 * steps.
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
