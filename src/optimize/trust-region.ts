import { checkBoolean, checkInteger, checkPositive } from "../check.js";
import { TruncatedDirection } from "./directions/truncated.js";
import { TrustDirection } from "./directions/trust.js";
import type { Optimizer } from "./optimizer.js";
import { resolveOptions } from "./options.js";
import { TrustRegionSearch } from "./searches/trust-region.js";
import { SecondOrder } from "./second-order.js";

/** What `trustRegion` takes. */
export interface TrustRegionOptions {
  /** Take products with the Hessian instead of the matrix; false. */
  products?: boolean;
  /** Radius to start from; max(1, ‖θ‖) by default. */
  initialRadius?: number;
  /** The largest radius; 1e10. */
  maxRadius?: number;
  /** Products a step takes at most, with `products`; 250. */
  maxProducts?: number;
  /** L2: ½·weightDecay·‖θ‖² is part of what is minimised; 0. */
  weightDecay?: number;
}

/**
 * A trust-region method with the exact Hessian: p minimises gᵀp + ½pᵀHp within ‖p‖ ≤ radius, whatever H is. The radius is halved (or
 * quartered) where the objective fell by less than a quarter of what the model foretold, and doubled where p met it and the fall was above three quarters.
 *
 * Dense, p is the model's exact minimiser: the solution of (H + μI)p = −g with H + μI ⪰ 0, in the hard case with a part along the lowest eigenvector
 * (Moré and Sorensen 1983). With `products` it is Steihaug's and Toint's truncated conjugate gradients, for networks whose Hessian does not
 * fit. At a saddle itself it steps along the eigenvector of the smallest eigenvalue.
 *
 * For full batches. Cost a step: dense, N·P² + P³/3 flops, up to 5·P³ more where p is on the sphere; with products, 4 to 250 of about two gradients each.
 * Statuses of its own: "converged" (with the verdict on the point); "stalled" (degenerate, or no fall however small the radius).
 *
 * @throws TypeError or RangeError for unknown options and values outside their range.
 * Source: Conn, Gould and Toint, Trust-Region Methods, 2000; Nocedal and Wright, Numerical Optimization, chapter 4.
 * @example
 * trustRegion({ products: true }).name; // "trustRegion"
 */
export function trustRegion(options: TrustRegionOptions = {}): Optimizer {
  const where = "trustRegion";
  const { maxRadius, weightDecay } = resolveOptions(
    where,
    { maxRadius: [1e10, "positive"], weightDecay: [0, "non-negative"] },
    options,
    ["products", "initialRadius", "maxProducts"],
  );
  const { products = false, initialRadius = null, maxProducts = 250 } = options;
  checkBoolean(where, "products", products);
  if (initialRadius !== null) checkPositive(where, "initialRadius", initialRadius);
  checkInteger(where, "maxProducts", maxProducts, 1);
  const direction = products ? new TruncatedDirection(maxProducts) : new TrustDirection();
  const search = new TrustRegionSearch({ initialRadius, maxRadius });
  return new SecondOrder({ name: where, direction, search, weightDecay, fullBatch: true });
}
