import { checkInteger, checkShare } from "../check.js";
import { HessianFreeDirection } from "./directions/hessian-free.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { MARTENS } from "./searches/damping.js";
import { IteratesSearch } from "./searches/iterates.js";
import { SecondOrder } from "./second-order.js";

/** What `hessianFree` takes. */
export interface HessianFreeOptions {
  /**
   * Damping to start from, as a multiple of the mean of G's diagonal, so that no unit matters.
   * Default: 0.1.
   */
  damping?: number;
  /** The most products per solve (Martens 2010). Default: 250. */
  maxProducts?: number;
  /**
   * A solve stops where the model falls by less than this share of itself per product. Default:
   * 0.01 (Martens 2010: 5e-4, at up to twice the cost to the same error;
   * docs/choosing-an-optimizer.md).
   */
  progress?: number;
  /**
   * Share of the last step that conjugate gradients start from. Default: 0.95; the ζ of Martens and
   * Sutskever (2012) grows from 0.5 to 0.95.
   */
  warmStart?: number;
  /** Share of the batch that products use; the gradient uses all of it. Default: 1. */
  curvatureShare?: number;
  /**
   * Precondition by an estimate of G's diagonal (Chapelle and Erhan 2011). Default: true. (Martens
   * 2010 takes the samples' squared gradients. These vanish with the residuals; G does not.)
   */
  preconditioner?: boolean;
  /** Adds ½·weightDecay·‖θ‖² to the objective. Default: 0. */
  weightDecay?: number;
}

/**
 * Hessian-free optimisation: minimises gᵀp + ½pᵀ(G + λI)p by conjugate gradients, from products
 * with the generalised Gauss-Newton matrix G alone. λ is in units of the mean of G's diagonal. A
 * solve ends early when the model hardly falls any more. λ is multiplied by 3/2 where the objective
 * fell by less than a quarter of the predicted decrease, and by 2/3 above three quarters. With
 * batches, the fall is measured on the next batch, which the step was not computed from.
 *
 * Products are exact; the solve is approximate, and G takes the place of H. By default a step uses
 * all samples. Large batches work too; small batches mislead the damping.
 * Cost per step: a gradient, up to `maxProducts` products of about 1.5 gradients each, some forward
 * passes; about 10 vectors of P numbers, and iterates.
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Martens 2010; Martens and Sutskever 2012; Chapelle and Erhan 2011 (the preconditioner).
 * @example
 * hessianFree({ curvatureShare: 0.25 }).name; // "hessianFree"
 */
export function hessianFree(options: HessianFreeOptions = {}): Optimizer {
  const where = "hessianFree";
  const { damping, preconditioner, weightDecay } = resolveOptions(
    where,
    { damping: [0.1, "positive"], preconditioner: [true, "boolean"], weightDecay: [0, "non-negative"] },
    options,
    ["maxProducts", "progress", "warmStart", "curvatureShare"],
  );
  const { maxProducts = 250, progress = 0.01, warmStart = 0.95, curvatureShare = 1 } = options;
  checkInteger(where, "maxProducts", maxProducts, 1);
  checkShare(where, "progress", progress);
  checkShare(where, "warmStart", warmStart, true);
  checkShare(where, "curvatureShare", curvatureShare, true);
  const direction = new HessianFreeDirection({ maxProducts, progress, warmStart, curvatureShare, preconditioner });
  const search = new IteratesSearch({ start: damping, ...MARTENS, solvesBatch: true });
  return new SecondOrder({ name: where, direction, search, weightDecay, fullBatch: false });
}
