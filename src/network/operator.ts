import { checkChoice, checkVector } from "../check.js";
import type { LinearOperator } from "../linalg/operator.js";
import { acquire, type FloatArray, type Workspace } from "../wasm/workspace.js";
import { type Above, above } from "./above.js";
import { checksum } from "./checksum.js";
import { CurvatureProducts } from "./curvature.js";
import type { Dataset } from "./dataset.js";
import type { Network } from "./network.js";
import { wholeBatch } from "./objective.js";
import type { CurvatureOptions } from "./pass.js";
import type { BatchNormMode } from "./propagation.js";
import { chosenParameters, picked, spread } from "./selection.js";
import type { CurvatureKind } from "./tangent.js";

/**
 * A network's curvature as an operator. It follows the network and the data: after parameters or
 * rows have changed, the next product is at the new point, of the new rows.
 */
class CurvatureOperator implements LinearOperator {
  readonly size: number;
  readonly #workspace: Workspace;
  /** The layers from the lowest on that has one of the chosen parameters. */
  readonly #part: Above;
  readonly #products: CurvatureProducts;
  readonly #theta: number;
  readonly #statistics: number;
  readonly #v: number;
  readonly #out: number;
  #version = -1;
  /** Of the data at the last look: callers may change it in place. */
  #seen = "";

  readonly #data: Dataset;

  constructor(
    readonly net: Network,
    data: Dataset,
    readonly kind: CurvatureKind,
    mode: BatchNormMode,
    chosen: Uint32Array | null,
  ) {
    const { spec, layout } = net;
    const workspace = acquire(net.build);
    this.size = chosen?.length ?? net.parameterCount;
    this.#data = data;
    this.#workspace = workspace;
    this.#theta = workspace.allocate(spec.dtype, net.parameterCount);
    this.#statistics = workspace.allocate(spec.dtype, layout.statisticsCount);
    const whole = { spec, layout, data, theta: this.#theta, statistics: this.#statistics };
    const part = above(workspace, whole, mode, chosen);
    const { parameterCount } = part.layout;
    this.#part = part;
    this.#v = workspace.allocate(spec.dtype, parameterCount);
    this.#out = workspace.allocate(spec.dtype, parameterCount);
    this.#products = new CurvatureProducts(workspace, part.spec, part.layout, part.data, mode);
  }

  /**
   * The product with a vector of `size` numbers; the result belongs to the caller and is of the
   * network's dtype.
   */
  matvec(v: ArrayLike<number>): FloatArray {
    const { dtype } = this.net.spec;
    const { theta, statistics, layout, places } = this.#part;
    checkVector("matvec", "v", v, this.size, dtype);
    this.#follow();
    this.#workspace.write(dtype, this.#v, places ? spread(v, places, layout.parameterCount) : v);
    this.#products.multiply(theta, statistics, this.#v, this.#out, this.kind);
    const product = this.#workspace.read(dtype, this.#out, layout.parameterCount);
    return places ? picked(product, places) : product;
  }

  #follow(): void {
    const seen = checksum(this.#data);
    if (this.#version === this.net.version && this.#seen === seen) return;
    const { dtype } = this.net.spec;
    const { parameters, statistics } = this.net.current();
    this.#workspace.write(dtype, this.#theta, parameters);
    this.#workspace.write(dtype, this.#statistics, statistics);
    this.#part.refresh();
    this.#products.linearize(this.#part.theta, this.#part.statistics, wholeBatch(this.#data));
    this.#version = this.net.version;
    this.#seen = seen;
  }
}

/** What `hessianOperator` returns. */
export interface HessianOperator extends LinearOperator {
  /**
   * The product with a vector of `size` finite numbers; the result belongs to the caller and is of
   * the network's dtype.
   */
  matvec(v: ArrayLike<number>): FloatArray;
}

/**
 * The Hessian or generalised Gauss-Newton matrix of a network's objective as an operator, for
 * `lanczos`, `trace` and other functions that take operators.
 *
 * Activations and derivatives are kept between products at the same point (up to 256 MiB of them),
 * so that a product with the Hessian costs about two gradients. After the parameters have changed,
 * the next product is at the new point. With `of`, layers below those of the chosen parameters are
 * passed through once a point, and take no part in the products.
 *
 * @param net a network; products are always at its parameters as they are then.
 * @param data what the objective is a mean over.
 * @param options kind: "exact" (default) or "ggn"; batchNorm: as in `net.loss`; of: the parameters
 * whose block it is, all by default.
 * @returns size = parameterCount, or as many as `of` chooses; matvec gives arrays that belong to
 * the caller. The operator holds an instance of the core, which is garbage collected with it.
 * @throws TypeError or RangeError for data that does not fit the network, a single row under batch
 * statistics and unknown options, and for an `of` that is no mask of this network.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const op = hessianOperator(net, dataset([[1], [2]], [1, 2]));
 * op.matvec([1, 0]); // Float64Array [5, 3]: the mean of 2x² and of 2x
 */
export function hessianOperator(net: Network, data: Dataset, options: CurvatureOptions = {}): HessianOperator {
  const mode = net.mode("hessianOperator", data, options, ["kind", "of"]);
  const { kind = "exact", of } = options;
  checkChoice("hessianOperator", "kind", kind, ["exact", "ggn"]);
  const chosen = of === undefined ? null : chosenParameters("hessianOperator", "of", of, net.layout);
  return new CurvatureOperator(net, data, kind, mode, chosen);
}
