import { bytesPer, type Workspace } from "../wasm/workspace.js";
import type { Dataset } from "./dataset.js";
import type { Layout } from "./layout.js";
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
 * Products of a network's Hessian or generalised Gauss-Newton matrix over a batch with vectors, in
 * the memory of one workspace. What does not depend on the vector is computed once a point, if it
 * fits, and else again for each product, chunk by chunk.
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
      tangent.product(theta, v, out, kind, objective.loss, scale, from > 0, this.mode);
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
    for (const { offset, count, l2 } of this.layout.penalised) {
      if (l2 === 0) continue;
      const shift = offset * bytesPer(this.spec.dtype);
      this.workspace.kernels(this.spec.dtype).axpy(count, l2, v + shift, out + shift);
    }
  }
}
