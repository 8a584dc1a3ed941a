import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import type { Layout } from "./layout.js";
import type { Batch, Objective } from "./objective.js";
import { lossName, type ResolvedSpec } from "./spec.js";

/**
 * Parameters × outputs up to which rows of the Jacobian beat an R{·} pass a unit, whose calls weigh
 * on small networks.
 */
const MOST = 512;

/** Numbers of the Jacobian held at a time. */
const ROOM = 1 << 20;

/**
 * The Gauss-Newton matrix of a small network as (D^½·J)ᵀ·(D^½·J), output by output, J being the
 * Jacobian over a chunk of samples.
 */
export class JacobianProducts {
  /**
   * Whether the Gauss-Newton matrix is best made of the Jacobian's rows: few outputs, each with a
   * curvature of its own.
   */
  static suits({ loss }: ResolvedSpec, { batchNorm, outputs, parameterCount }: Layout, samples: number): boolean {
    const small = outputs * parameterCount <= MOST && samples * parameterCount <= ROOM;
    return small && !batchNorm && loss !== "cross-entropy" && lossName(loss) !== "custom";
  }

  readonly #workspace: Workspace;
  /** Jᵀ: parameters × stride. */
  readonly #rows: number;
  readonly #inputs: number;
  readonly #curvature: number;
  readonly #matrix: number;
  readonly #vector: number;
  readonly #bend: number;

  /** `objective`: the one to work with, or one like it. */
  constructor(private objective: Objective) {
    const { workspace, spec, layout, propagation } = objective;
    const { stride } = propagation;
    const allocate = (count: number): number => workspace.allocate(spec.dtype, count);
    this.#workspace = workspace;
    this.#rows = allocate(layout.parameterCount * stride);
    this.#inputs = allocate(layout.inputs * stride);
    this.#curvature = allocate(layout.outputs * stride);
    this.#matrix = allocate(layout.parameterCount ** 2);
    this.#vector = allocate(layout.parameterCount);
    this.#bend = allocate(stride);
  }

  /**
   * The matrix with the penalty, exactly symmetric. `held`: the objective's activations are those
   * of the whole batch at θ already.
   */
  gaussNewton(objective: Objective, theta: number, statistics: number, batch: Batch, held = false): FloatArray {
    this.objective = objective;
    const { spec, layout } = objective;
    let added = false;
    const add = (): void => {
      this.#addChunk(theta, batch.count, added);
      added = true;
    };
    if (held) add();
    else objective.dataLoss(theta, statistics, batch, add);
    const matrix = this.#workspace.read(spec.dtype, this.#matrix, layout.parameterCount ** 2);
    this.#addPenalty(matrix);
    return matrix;
  }

  /**
   * Jᵀ·∇²ℓ·f̈ along a step for a single output, from the rows as the last matrix left them: f̈ ≈
   * 2/h·((f(θ + h·step) − f(θ))/h − J·step). `ahead`: address of f(θ + h·step). One forward pass
   * instead of two passes forward and one back.
   */
  acceleration(step: Float64Array, ahead: number, length: number): Float64Array {
    const { spec, layout, propagation } = this.objective;
    const { kernels, columns, size, stride, output } = propagation;
    const { parameterCount: n } = layout;
    const { dtype } = spec;
    this.#workspace.write(dtype, this.#vector, step);
    // biome-ignore format: an operand a line
    kernels.product(
      1, columns, n, 1,
      this.#vector, n, 1,
      this.#rows, stride, 1,
      0, this.#bend, stride, 0, -1, 0, this.#bend, this.#workspace.scratch,
    );
    const view = this.#workspace.view(dtype);
    const [to, from, far, d] = [this.#bend, output, ahead, this.#curvature].map((at) => at / bytesPer(dtype));
    for (let s = 0; s < size; ++s) {
      const secant = ((view[far + s] - view[from + s]) / length) * Math.sqrt(view[d + s]);
      view[to + s] = (2 / length) * (secant - view[to + s]);
    }
    view.fill(0, to + size, to + columns);
    // biome-ignore format: an operand a line
    kernels.product(
      n, 1, size, 1,
      this.#rows, stride, 1,
      this.#bend, 1, 1,
      0, this.#vector, 1, 0, -1, 0, this.#vector, this.#workspace.scratch,
    );
    return Float64Array.from(this.#workspace.read(dtype, this.#vector, n));
  }

  #addChunk(theta: number, samples: number, added: boolean): void {
    const { objective } = this;
    const { layout, propagation, loss, mode } = objective;
    const { kernels, size, columns, stride, x } = propagation;
    const { parameterCount, outputs, inputs } = layout;
    const scale = 1 / objective.terms(samples);
    loss.curvature(this.#curvature, 0, scale);
    kernels.transpose(x, columns, inputs, inputs, this.#inputs, stride);
    for (let c = 0; c < outputs; ++c) {
      this.#seed(c);
      propagation.pullBack(theta, 0, false, mode, (l) => this.#layerRows(l));
      // biome-ignore format: an operand a line
      kernels.product(
        parameterCount, parameterCount, size, 1,
        this.#rows, stride, 1,
        this.#rows, 1, stride,
        added || c > 0 ? 1 : 0, this.#matrix, parameterCount, 0, -1, 0, this.#matrix, this.#workspace.scratch,
      );
    }
  }

  /** The cotangent √d of one output, 0 of the others and in the padding. */
  #seed(output: number): void {
    const { spec, layout, propagation } = this.objective;
    const { size, stride, cotangent } = propagation;
    const view = this.#workspace.view(spec.dtype);
    const to = cotangent / bytesPer(spec.dtype);
    const from = this.#curvature / bytesPer(spec.dtype) + output * stride;
    view.fill(0, to, to + layout.outputs * stride);
    for (let s = 0; s < size; ++s) view[to + output * stride + s] = Math.sqrt(view[from + s]);
  }

  /** δ_u ⊙ h_i for every weight of a layer, and δ_u for its biases. */
  #layerRows(l: number): void {
    const { spec, layout, propagation } = this.objective;
    const { layers, kernels, columns, stride } = propagation;
    const { inputs, units, weight, bias } = layout.layers[l];
    const bytes = stride * bytesPer(spec.dtype);
    const features = l > 0 ? layers[l - 1].h : this.#inputs;
    const view = this.#workspace.view(spec.dtype);
    for (let u = 0; u < units; ++u) {
      const delta = layers[l].delta + u * bytes;
      let row = this.#rows + (weight + u * inputs) * bytes;
      for (let i = 0; i < inputs; ++i, row += bytes)
        kernels.multiplyElements(columns, delta, features + i * bytes, row);
      const from = delta / bytesPer(spec.dtype);
      view.copyWithin((this.#rows + (bias + u) * bytes) / bytesPer(spec.dtype), from, from + columns);
    }
  }

  #addPenalty(matrix: FloatArray): void {
    const { layout } = this.objective;
    const { parameterCount: n } = layout;
    for (let i = 0; i < n; ++i) for (let j = 0; j < i; ++j) matrix[i * n + j] = matrix[j * n + i];
    for (const { offset, count, l2 } of layout.penalised) {
      if (l2 === 0) continue;
      for (let i = offset; i < offset + count; ++i) matrix[i * (n + 1)] += l2;
    }
  }
}
