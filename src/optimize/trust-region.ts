import { checkBoolean, checkInteger, checkPositive } from "../check.js";
import { TruncatedDirection } from "./directions/truncated.js";
import { TrustDirection } from "./directions/trust.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { TrustRegionSearch } from "./searches/trust-region.js";
import { SecondOrder } from "./second-order.js";

/** What `trustRegion` takes. */
export interface TrustRegionOptions {
  /** Use products with the Hessian instead of the matrix. Default: false. */
  products?: boolean;
  /**
   * Radius to start from, in the unit of the parameters; the region is then a ball. Default: the
   * parameters' length in the scaled norm.
   */
  initialRadius?: number;
  /** The largest radius, in the same unit. Default: none. */
  maxRadius?: number;
  /** With `products`: the most products per step. Default: 250. */
  maxProducts?: number;
  /** Adds ½·weightDecay·‖θ‖² to the objective. Default: 0. */
  weightDecay?: number;
}

/**
 * A trust-region method with the exact Hessian: p minimises gᵀp + ½pᵀHp within ‖D^½p‖ ≤ radius,
 * whatever H is. The radius is halved (or quartered) where the objective fell by less than a
 * quarter of what the model predicted, and doubled where p met it and the fall was above three
 * quarters.
 *
 * D is the diagonal for which D^(−½)·H·D^(−½) has entries of at most 1: neither units of the
 * objective nor of single parameters change a step. With a radius of the caller's, and with
 * `products`, D is the identity, and steps are invariant under units of the objective alone.
 *
 * Dense, p is the model's exact minimiser: the solution of (H + μI)p = −g with H + μI ⪰ 0, in the
 * hard case with a part along the lowest eigenvector (Moré and Sorensen 1983). With `products` it
 * is Steihaug's and Toint's truncated conjugate gradients, for networks whose Hessian does not fit.
 * At a saddle itself it steps along the eigenvector of the smallest eigenvalue.
 *
 * For full batches. Cost per step: dense, N·P² + P³/3 flops, up to 5·P³ more where p is on the
 * sphere; with products, 4 to 250 of about two gradients each.
 * Statuses of its own: "converged" (with the verdict on the point); "stalled" (degenerate, or no
 * fall however small the radius).
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Conn, Gould and Toint, Trust-Region Methods, 2000; Nocedal and Wright, Numerical
 * Optimization, chapter 4.
 * @example
 * trustRegion({ products: true }).name; // "trustRegion"
 */
export function trustRegion(options: TrustRegionOptions = {}): Optimizer {
  const where = "trustRegion";
  const { weightDecay } = resolveOptions(where, { weightDecay: [0, "non-negative"] }, options, [
    "products",
    "initialRadius",
    "maxRadius",
    "maxProducts",
  ]);
  const { products = false, initialRadius = null, maxRadius = null, maxProducts = 250 } = options;
  checkBoolean(where, "products", products);
  if (initialRadius !== null) checkPositive(where, "initialRadius", initialRadius);
  if (maxRadius !== null) checkPositive(where, "maxRadius", maxRadius);
  checkInteger(where, "maxProducts", maxProducts, 1);
  const scaled = initialRadius === null && maxRadius === null;
  const direction = products ? new TruncatedDirection(maxProducts) : new TrustDirection(scaled);
  const search = new TrustRegionSearch({ initialRadius, maxRadius: maxRadius ?? Infinity });
  return new SecondOrder({ name: where, direction, search, weightDecay, fullBatch: true });
}
