import { checkChoice, checkVector } from "../check.js";
import type { LinearOperator } from "../linalg/operator.js";
import { acquire, type FloatArray, type Workspace } from "../wasm/workspace.js";
import { checksum } from "./checksum.js";
import { CurvatureProducts } from "./curvature.js";
import type { Dataset } from "./dataset.js";
import type { Network } from "./network.js";
import { wholeBatch } from "./objective.js";
import type { CurvatureOptions } from "./pass.js";
import type { BatchNormMode } from "./propagation.js";
import type { CurvatureKind } from "./tangent.js";

/**
 * A network's curvature as an operator. It follows the network and the data: after parameters or
 * rows have changed, the next product is at the new point, of the new rows.
 */
class CurvatureOperator implements LinearOperator {
  readonly size: number;
  readonly #workspace: Workspace;
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
  ) {
    const { spec, layout } = net;
    const workspace = acquire(net.build);
    this.size = net.parameterCount;
    this.#data = data;
    this.#workspace = workspace;
    const vector = (): number => workspace.allocate(spec.dtype, this.size);
    this.#theta = vector();
    this.#v = vector();
    this.#out = vector();
    this.#statistics = workspace.allocate(spec.dtype, layout.statisticsCount);
    this.#products = new CurvatureProducts(workspace, spec, layout, data, mode);
  }

  /**
   * The product with a vector of `size` numbers; the result belongs to the caller and is of the
   * network's dtype.
   */
  matvec(v: ArrayLike<number>): FloatArray {
    const { dtype } = this.net.spec;
    checkVector("matvec", "v", v, this.size, dtype);
    this.#follow();
    this.#workspace.write(dtype, this.#v, v);
    this.#products.multiply(this.#theta, this.#statistics, this.#v, this.#out, this.kind);
    return this.#workspace.read(dtype, this.#out, this.size);
  }

  #follow(): void {
    const seen = checksum(this.#data);
    if (this.#version === this.net.version && this.#seen === seen) return;
    const { dtype } = this.net.spec;
    const { parameters, statistics } = this.net.current();
    this.#workspace.write(dtype, this.#theta, parameters);
    this.#workspace.write(dtype, this.#statistics, statistics);
    this.#products.linearize(this.#theta, this.#statistics, wholeBatch(this.#data));
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
 * the next product is at the new point.
 *
 * @param net a network; each product is at its current parameters. @param data the samples of the
 * objective.
 * @param options kind: "exact" (default) or "ggn"; batchNorm: as in `net.loss`.
 * @returns size = parameterCount; matvec gives arrays that belong to the caller. The operator holds
 * an instance of the core, which is garbage collected with it.
 * @throws TypeError or RangeError for data that does not fit the network, a single row under batch
 * statistics and unknown options.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const op = hessianOperator(net, dataset([[1], [2]], [1, 2]));
 * op.matvec([1, 0]); // Float64Array [5, 3]: the mean of 2x² and of 2x
 */
export function hessianOperator(net: Network, data: Dataset, options: CurvatureOptions = {}): HessianOperator {
  const mode = net.mode("hessianOperator", data, options, ["kind"]);
  const { kind = "exact" } = options;
  checkChoice("hessianOperator", "kind", kind, ["exact", "ggn"]);
  return new CurvatureOperator(net, data, kind, mode);
}
