import { checkInteger, checkPositive, checkVector } from "../../check.js";
import { lanczos } from "../../linalg/lanczos.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import { hessianOperator } from "../../network/operator.js";
import type { PassOptions } from "../../network/pass.js";
import { inDouble } from "../remedies/copy.js";

const WHERE = "sharpness";

/** What `sharpness` takes beside network and data. */
export interface SharpnessOptions extends PassOptions {
  /**
   * Where to start: the `direction` of an earlier result, for a network that has moved since.
   * Default: a random vector.
   */
  start?: ArrayLike<number>;
  /** Relative accuracy of the eigenvalue. Default: 1e-6. */
  tolerance?: number;
  /** Of the random vector. Default: 0. */
  seed?: number;
}

/** The largest curvature of a network's objective. */
export interface Sharpness {
  /** λmax of the Hessian of the training objective. */
  readonly largest: number;
  /**
   * 2/λmax: with longer steps plain gradient descent moves away along the direction. Infinity where
   * no curvature is positive.
   */
  readonly edge: number;
  /** The unit eigenvector of λmax; pass it as `start` next time. */
  readonly direction: Float64Array;
  /** Products with the Hessian that it took. */
  readonly products: number;
  /** As `lanczos`. */
  readonly status: "converged" | "max-steps" | "stalled" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
}

/**
 * The sharpness λmax of the training objective's Hessian and the edge of stability 2/λmax, the
 * learning rate from which on plain gradient descent stops converging. Computed in double
 * precision, penalty included, by Lanczos's method.
 *
 * With momentum μ the edge is 2·(1 + μ)/λmax. Adam and its kin rescale the parameters, and have
 * another edge.
 *
 * @param options start: the direction of an earlier result saves products. batchNorm: as in
 * `net.loss`.
 * @returns a plain object, the caller's. Cost: `products` Hessian products, usually 10 to 40, each
 * about two gradients.
 * @throws TypeError or RangeError as `net.loss`, for unknown options and for a start of another
 * length.
 * Source: LeCun, Simard and Pearlmutter 1993; Cohen et al. 2021.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], initializer: "zeros" });
 * const { largest, edge } = sharpness(net, dataset([[-1], [1]], [-1, 1]));
 * [largest, edge]; // [2, 1]
 */
export function sharpness(net: Network, data: Dataset, options: SharpnessOptions = {}): Sharpness {
  checkNetwork(WHERE, net);
  const mode = net.mode(WHERE, data, options, ["start", "tolerance", "seed"]);
  const { start, tolerance = 1e-6, seed = 0 } = options;
  checkPositive(WHERE, "tolerance", tolerance);
  checkInteger(WHERE, "seed", seed, 0);
  if (start !== undefined) checkVector(WHERE, "start", start, net.parameterCount, "f64");
  const op = hessianOperator(inDouble(net), data, { batchNorm: mode });
  const found = lanczos(op, {
    k: 1,
    which: "largest",
    verify: false,
    tolerance,
    seed,
    // A start of zeros has no direction.
    ...(start && Array.prototype.some.call(start, (x: number) => x !== 0) ? { start } : {}),
  });
  const largest = found.values.length > 0 ? found.values[found.values.length - 1] : Number.NaN;
  return {
    largest,
    edge: largest > 0 ? 2 / largest : Infinity,
    direction: found.vectors[found.vectors.length - 1] ?? new Float64Array(net.parameterCount),
    products: found.steps,
    status: found.status,
    reason: found.reason,
  };
}
