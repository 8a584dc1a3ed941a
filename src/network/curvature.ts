import { checkChoice, checkVector } from "../check.js";
import type { LinearOperator } from "../linalg/operator.js";
import { acquire, bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import type { Dataset } from "./dataset.js";
import type { Layout } from "./layout.js";
import type { Network, PassOptions } from "./network.js";
import { type Batch, chunkSize, Objective, wholeBatch } from "./objective.js";
import type { BatchNormMode } from "./propagation.js";
import type { ResolvedSpec } from "./spec.js";
import { type CurvatureKind, Tangent, tangentBytesPerSample } from "./tangent.js";

/** Up to this much, what products at one point have in common is kept for all of the data. */
const KEPT_BYTES = 256 << 20;

interface Chunk {
  readonly objective: Objective;
  readonly tangent: Tangent;
  /** Its first sample, counted from the batch's. */
  readonly from: number;
}

/**
 * Products of a network's Hessian or generalised Gauss-Newton matrix over a batch with vectors, in the memory of one workspace.
 * What does not depend on the vector is computed once a point, if it fits, and else again for each product, chunk by chunk.
 */
export class CurvatureProducts {
  readonly #chunks: readonly Chunk[];
  readonly #size: number;
  readonly #recompute: boolean;
  #batch: Batch;

  /** `capacity`: most samples in a batch. */
  constructor(
    readonly workspace: Workspace,
    readonly spec: ResolvedSpec,
    readonly layout: Layout,
    data: Dataset,
    readonly mode: BatchNormMode,
    capacity = data.size,
  ) {
    const coupled = layout.batchNorm && mode === "batch";
    const size = coupled ? capacity : Math.min(capacity, chunkSize(spec, layout));
    this.#size = size;
    this.#batch = wholeBatch(data);
    this.#recompute = !coupled && capacity * tangentBytesPerSample({ spec, layout }) > KEPT_BYTES;
    const open = (from: number): Chunk => {
      const needs = { capacity: size, gradients: "kept" } as const;
      const objective = new Objective(workspace, spec, layout, data, mode, needs);
      return { objective, tangent: new Tangent(objective.propagation), from };
    };
    const starts = Array.from({ length: Math.ceil(capacity / size) }, (_, i) => i * size);
    if (this.#recompute) {
      const { objective, tangent } = open(0);
      this.#chunks = starts.map((from) => ({ objective, tangent, from }));
    } else {
      this.#chunks = starts.map(open);
    }
  }

  /** Moves to a point and a batch. */
  linearize(theta: number, statistics: number, { order, from, count }: Batch): void {
    this.#batch = { order, from, count };
    if (!this.#recompute) for (const chunk of this.#used()) this.#pass(chunk, theta, statistics);
  }

  /** out = H·v, penalty included. */
  multiply(theta: number, statistics: number, v: number, out: number, kind: CurvatureKind): void {
    for (const chunk of this.#used()) {
      if (this.#recompute) this.#pass(chunk, theta, statistics);
      const { objective, tangent, from } = chunk;
      const scale = 1 / objective.terms(this.#batch.count);
      tangent.product(theta, v, out, kind, objective.kind, scale, from > 0, this.mode);
    }
    this.#addPenalty(v, out);
  }

  /** The chunks that the batch fills. */
  #used(): readonly Chunk[] {
    return this.#chunks.slice(0, Math.ceil(this.#batch.count / this.#size));
  }

  #pass({ objective, from }: Chunk, theta: number, statistics: number): void {
    const { order, from: first, count } = this.#batch;
    const part = { order, from: first + from, count: Math.min(this.#size, count - from) };
    objective.linearize(theta, statistics, part, objective.terms(count));
  }

  /** ½·l2·Σθ² has the curvature l2; l1 has none. */
  #addPenalty(v: number, out: number): void {
    const { l2 } = this.spec.penalty;
    if (l2 === 0) return;
    for (const { offset, count } of this.layout.penalised) {
      const shift = offset * bytesPer(this.spec.dtype);
      this.workspace.kernels(this.spec.dtype).axpy(count, l2, v + shift, out + shift);
    }
  }
}

/**
 * A network's curvature as an operator. It follows the network: after the parameters have changed, the next product is at the new
 * point.
 */
export class CurvatureOperator implements LinearOperator {
  readonly size: number;
  readonly #workspace: Workspace;
  readonly #products: CurvatureProducts;
  readonly #theta: number;
  readonly #statistics: number;
  readonly #v: number;
  readonly #out: number;
  #version = -1;

  readonly #data: Dataset;

  constructor(
    readonly net: Network,
    data: Dataset,
    readonly kind: CurvatureKind,
    mode: BatchNormMode,
    readonly where: string,
    workspace = acquire(net.build),
  ) {
    const { spec, layout } = net;
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

  /** The product with a vector of `size` numbers; the result belongs to the caller and is of the network's dtype. */
  matvec(v: ArrayLike<number>): FloatArray {
    const { dtype } = this.net.spec;
    checkVector(this.where, "v", v, this.size, dtype);
    this.#follow();
    this.#workspace.write(dtype, this.#v, v);
    this.#products.multiply(this.#theta, this.#statistics, this.#v, this.#out, this.kind);
    return this.#workspace.read(dtype, this.#out, this.size);
  }

  #follow(): void {
    if (this.#version === this.net.version) return;
    const { dtype } = this.net.spec;
    const { parameters, statistics } = this.net.current();
    this.#workspace.write(dtype, this.#theta, parameters);
    this.#workspace.write(dtype, this.#statistics, statistics);
    this.#products.linearize(this.#theta, this.#statistics, wholeBatch(this.#data));
    this.#version = this.net.version;
  }
}

/** What `hessianOperator` returns. */
export interface HessianOperator extends LinearOperator {
  /** The product with a vector of `size` finite numbers; the result belongs to the caller and is of the network's dtype. */
  matvec(v: ArrayLike<number>): FloatArray;
}

/** What `hessianOperator` takes beside the data. */
export interface CurvatureOptions extends PassOptions {
  /** The Hessian ("exact", the default) or the generalised Gauss-Newton matrix ("ggn"). */
  kind?: CurvatureKind;
}

/**
 * The Hessian or generalised Gauss-Newton matrix of a network's objective as an operator, for `lanczos`, `trace` and whatever takes one.
 *
 * Activations and derivatives are kept between products at the same point (up to 256 MiB of them), so that a product with the
 * Hessian costs about two gradients; after the parameters have changed, the next product is at the new point.
 *
 * @param net a network; products are always at its parameters as they are then.
 * @param data what the objective is a mean over.
 * @param options kind: "exact" (default) or "ggn"; batchNorm: as in `net.loss`.
 * @returns size = parameterCount; matvec gives arrays that belong to the caller. The operator holds an instance of the core, which is garbage
 * collected with it.
 * @throws TypeError or RangeError for data that does not fit the network, a single row under batch statistics and unknown options.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const op = hessianOperator(net, dataset([[1], [2]], [1, 2]));
 * op.matvec([1, 0]); // Float64Array [5, 3]: the mean of 2x² and of 2x
 */
export function hessianOperator(net: Network, data: Dataset, options: CurvatureOptions = {}): HessianOperator {
  const mode = net.mode("hessianOperator", data, options, ["kind"]);
  const { kind = "exact" } = options;
  checkChoice("hessianOperator", "kind", kind, ["exact", "ggn"]);
  return new CurvatureOperator(net, data, kind, mode, "hessianOperator");
}
