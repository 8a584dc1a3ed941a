import { checkInteger, checkShare } from "../check.js";
import { HessianFreeDirection } from "./directions/hessian-free.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { MARTENS } from "./searches/damping.js";
import { IteratesSearch } from "./searches/iterates.js";
import { SecondOrder } from "./second-order.js";

/** What `hessianFree` takes. */
export interface HessianFreeOptions {
  /** Damping to start from, as a multiple of the mean of G's diagonal, so that no unit matters; 0.1. */
  damping?: number;
  /** Products a solve takes at most; 250 (Martens 2010). */
  maxProducts?: number;
  /**
   * A solve stops where the model falls by less than this share of itself a product; 0.01 (Martens 2010: 5e-4, at up to twice the cost to the same
   * error; docs/choosing-an-optimizer.md).
   */
  progress?: number;
  /** Share of the last step that conjugate gradients start from; 0.95 (Martens and Sutskever 2012, whose ζ grows from 0.5 to 0.95). */
  warmStart?: number;
  /** Share of the batch that products are taken over, while the gradient is taken over all of it; 1. */
  curvatureShare?: number;
  /**
   * Precondition by an estimate of G's diagonal (Chapelle and Erhan 2011); true. (Martens 2010 takes the samples' squared gradients, which vanish with the
   * residuals, as G does not.)
   */
  preconditioner?: boolean;
  /** L2: ½·weightDecay·‖θ‖² is part of what is minimised; 0. */
  weightDecay?: number;
}

/**
 * Hessian-free optimisation: minimises gᵀp + ½pᵀ(G + λI)p by conjugate gradients from products with the generalised Gauss-Newton matrix G
 * alone, λ in units of the mean of G's diagonal, cut short when the model hardly falls any more. λ is multiplied by 3/2 where the objective fell by less than a quarter of what the model foretold, and
 * by 2/3 above three quarters; on a batch among others that is judged on the next one, which the step was not made for.
 *
 * Its products are exact; what is approximated is the solve, and G stands for H. By default a step takes all samples; large batches do, small ones mislead its damping.
 * Cost a step: a gradient, up to `maxProducts` products of about 1.5 gradients each, some forward passes; about 10 vectors of P numbers, and iterates.
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
