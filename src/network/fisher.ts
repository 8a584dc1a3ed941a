import { Random } from "../random.js";
import { bytesPer, type Workspace } from "../wasm/workspace.js";
import type { Dataset } from "./dataset.js";
import type { LayerLayout, Layout } from "./layout.js";
import { type Batch, chunkSize, Objective } from "./objective.js";
import type { Features } from "./products.js";
import type { ResolvedSpec } from "./spec.js";

/**
 * The two factors of a layer's block of the Fisher matrix, and the diagonal of its batch norm's.
 */
export interface LayerFactors {
  /** E[h̃·h̃ᵀ] of the layer's inputs with a 1 behind them: (inputs + 1)². */
  readonly inputs: Float64Array;
  /** E[δ·δᵀ] of the derivatives by its pre-activations: units². */
  readonly outputs: Float64Array;
  /** E[g²] by batch norm's scale, then shift: 2 · units, or empty. */
  readonly norm: Float64Array;
}

/** Draws of ±1 a sample and output. */
const STREAM = 7;

/**
 * Second moments of a network's derivatives over a batch, in the memory of one workspace: what
 * Kronecker-factored and diagonal approximations of the Gauss-Newton matrix are made of.
 */
export class SecondMoments {
  readonly #objective: Objective;
  /** Room for squares and for products of two layers' widths. */
  readonly #left: number;
  readonly #right: number;
  readonly #product: number;
  readonly #noise: number;
  readonly #curvature: number;

  constructor(
    readonly workspace: Workspace,
    readonly spec: ResolvedSpec,
    readonly layout: Layout,
    data: Dataset,
    capacity: number,
  ) {
    const chunk = layout.batchNorm ? capacity : Math.min(capacity, chunkSize(spec, layout));
    this.#objective = new Objective(workspace, spec, layout, data, "batch", { capacity, chunk, gradients: "kept" });
    const { stride } = this.#objective.propagation;
    const widest = Math.max(layout.inputs, ...layout.layers.map(({ units }) => units));
    const allocate = (count: number): number => workspace.allocate(spec.dtype, count);
    this.#left = allocate(widest * stride);
    this.#right = allocate(widest * stride);
    this.#product = allocate(widest * widest + 2 * widest);
    this.#noise = allocate(layout.outputs * stride);
    this.#curvature = allocate(2 * layout.outputs * stride);
  }

  /**
   * The factors with derivatives of random signs under the outputs' curvature: δ_L = ∇²ℓ·(ε / √d),
   * d being the curvature's diagonal as `lossCurvature` has it, whose covariance is ∇²ℓ. So their
   * mean over draws is the Gauss-Newton matrix's, for any loss.
   */
  factors(theta: number, statistics: number, batch: Batch, seed: number): LayerFactors[] {
    const random = new Random(seed, STREAM);
    const sums = this.layout.layers.map(({ inputs, units, batchNorm }) => ({
      inputs: new Float64Array((inputs + 1) ** 2),
      outputs: new Float64Array(units ** 2),
      norm: new Float64Array(batchNorm ? 2 * units : 0),
    }));
    this.#chunks(theta, statistics, batch, (terms) => {
      this.#draw(random, terms / batch.count);
      this.#objective.propagation.pullBack(theta, 0, false, "batch");
      this.layout.layers.forEach((layer, l) => {
        this.#addInputs(layer, l, sums[l].inputs, batch.count);
        this.#addOutputs(layer, l, sums[l].outputs, batch.count);
        this.#addNorm(layer, l, sums[l].norm, batch.count);
      });
    });
    return sums;
  }

  /**
   * An estimate of the Gauss-Newton matrix's diagonal: the mean of the squares of the derivatives
   * that `factors` draws, one draw a sample (Chapelle and Erhan 2011).
   */
  curvatureDiagonal(theta: number, statistics: number, batch: Batch, seed: number): Float64Array {
    const { layers, parameterCount } = this.layout;
    const random = new Random(seed, STREAM);
    const sums = new Float64Array(parameterCount);
    this.#chunks(theta, statistics, batch, (terms) => {
      this.#draw(random, terms / batch.count);
      this.#objective.propagation.pullBack(theta, 0, false, "batch");
      layers.forEach((layer, l) => this.#addSquares(layer, l, sums, batch.count));
    });
    return sums;
  }

  /** Passes forward chunk by chunk; `terms` is what the mean over the batch divides by. */
  #chunks(theta: number, statistics: number, { order, from, count }: Batch, use: (terms: number) => void): void {
    const objective = this.#objective;
    const { capacity } = objective.propagation;
    for (let done = 0; done < count; done += capacity) {
      const part = { order, from: from + done, count: Math.min(capacity, count - done) };
      objective.dataLoss(theta, statistics, part);
      use(objective.terms(count));
    }
  }

  /**
   * Puts ∇²ℓ·(ε/√d) of each sample's own loss where the backward pass starts; with weights √w times
   * it, since they are in ∇²ℓ and in d.
   */
  #draw(random: Random, scale: number): void {
    const { propagation, loss } = this.#objective;
    const { size, stride, cotangent } = propagation;
    const { outputs } = this.layout;
    const { dtype } = this.spec;
    const probability = this.#curvature + outputs * stride * bytesPer(dtype);
    if (!loss.hessians) loss.curvature(this.#curvature, probability, 1 / scale);
    const view = this.workspace.view(dtype);
    const d = this.#curvature / bytesPer(dtype);
    const noise = this.#noise / bytesPer(dtype);
    for (let c = 0; c < outputs; ++c) {
      let bits = 0;
      for (let i = 0; i < stride; ++i) {
        if (i % 32 === 0) bits = random.next();
        const curvature = i >= size ? 0 : loss.hessians ? 1 : view[d + c * stride + i];
        view[noise + c * stride + i] = curvature > 0 ? (bits & 1 ? 1 : -1) / Math.sqrt(curvature) : 0;
        bits >>>= 1;
      }
    }
    if (loss.hessians) this.#multiplyRoots(loss.hessians(1 / scale));
    else loss.hessianProduct(this.#noise, cotangent, 1 / scale);
  }

  /** cotangent = √∇²ℓ·noise, the root being Cholesky's. */
  #multiplyRoots(hessians: Float64Array): void {
    const { size, stride, cotangent } = this.#objective.propagation;
    const { outputs } = this.layout;
    const bytes = bytesPer(this.spec.dtype);
    const view = this.workspace.view(this.spec.dtype);
    const [from, to] = [this.#noise / bytes, cotangent / bytes];
    view.fill(0, to, to + outputs * stride);
    for (let s = 0; s < size; ++s) {
      const root = rootOf(hessians.subarray(s * outputs ** 2, (s + 1) * outputs ** 2), outputs);
      for (let i = 0; i < outputs; ++i) {
        for (let j = 0; j <= i; ++j) {
          view[to + i * stride + s] += root[i * outputs + j] * view[from + j * stride + s];
        }
      }
    }
  }

  #addInputs({ inputs }: LayerLayout, l: number, sum: Float64Array, count: number): void {
    const { below, kernels, size, weights } = this.#objective.propagation;
    const { at, row, column } = below[l];
    const { workspace, spec } = this;
    const weighed = weights ? this.#weighed(below[l], inputs) : below[l];
    // biome-ignore format: an operand a line
    kernels.product(
      inputs, inputs, size, 1,
      at, row, column,
      weighed.at, weighed.column, weighed.row,
      0, this.#product, inputs, 0, -1, 0, this.#product, workspace.scratch,
    );
    const width = inputs + 1;
    const view = workspace.view(spec.dtype);
    const from = this.#product / bytesPer(spec.dtype);
    const features = weighed.at / bytesPer(spec.dtype);
    for (let i = 0; i < inputs; ++i) {
      let mean = 0;
      for (let s = 0; s < size; ++s) mean += view[features + i * weighed.row + s * weighed.column];
      for (let j = 0; j < inputs; ++j) sum[i * width + j] += view[from + i * inputs + j] / count;
      sum[i * width + inputs] += mean / count;
      sum[inputs * width + i] = sum[i * width + inputs];
    }
    sum[width * width - 1] += this.#total(size) / count;
  }

  /** Features times the samples' weights, in the memory for squares. */
  #weighed({ at, row, column }: Features, inputs: number): Features {
    const { size, stride, weights } = this.#objective.propagation;
    const bytes = bytesPer(this.spec.dtype);
    const view = this.workspace.view(this.spec.dtype);
    const [from, to, w] = [at / bytes, this.#left / bytes, weights / bytes];
    for (let i = 0; i < inputs; ++i) {
      for (let s = 0; s < size; ++s) view[to + i * stride + s] = view[from + i * row + s * column] * view[w + s];
    }
    return { at: this.#left, row: stride, column: 1 };
  }

  /** Σ w of the loaded samples. */
  #total(size: number): number {
    const { weights } = this.#objective.propagation;
    if (!weights) return size;
    let sum = 0;
    for (const weight of this.workspace.slice(this.spec.dtype, weights, size)) sum += weight;
    return sum;
  }

  #addOutputs({ units }: LayerLayout, l: number, sum: Float64Array, count: number): void {
    const { layers, kernels, size, stride } = this.#objective.propagation;
    const { delta } = layers[l];
    // biome-ignore format: an operand a line
    kernels.product(
      units, units, size, 1,
      delta, stride, 1,
      delta, 1, stride,
      0, this.#product, units, 0, -1, 0, this.#product, this.workspace.scratch,
    );
    this.#add(this.#product, sum, 0, units * units, count);
  }

  #addNorm(layer: LayerLayout, l: number, sum: Float64Array, count: number): void {
    if (!layer.batchNorm) return;
    this.#normSquares(layer, l);
    this.#add(this.#product, sum, 0, 2 * layer.units, count);
  }

  /** Σ (dy·x̂)² and Σ dy² of each unit, to `#product`. */
  #normSquares({ units }: LayerLayout, l: number): void {
    const { layers, kernels, size, stride } = this.#objective.propagation;
    const { dy, xhat } = layers[l];
    const shift = this.#product + units * bytesPer(this.spec.dtype);
    kernels.multiplyElements(units * stride, dy, xhat, this.#left);
    kernels.multiplyElements(units * stride, this.#left, this.#left, this.#left);
    kernels.rowSums(this.#left, units, size, stride, this.#product, 0);
    kernels.multiplyElements(units * stride, dy, dy, this.#left);
    kernels.rowSums(this.#left, units, size, stride, shift, 0);
  }

  /** Σ δ²·h² over the samples for every weight is a product of squares. */
  #addSquares(layer: LayerLayout, l: number, sums: Float64Array, count: number): void {
    const { inputs, units, weight, bias, scale } = layer;
    const { layers, below, kernels, size, stride } = this.#objective.propagation;
    const { at, row, column } = below[l];
    kernels.multiplyElements(units * stride, layers[l].delta, layers[l].delta, this.#left);
    kernels.multiplyElements(inputs * stride, at, at, this.#right);
    // biome-ignore format: an operand a line
    kernels.product(
      units, inputs, size, 1,
      this.#left, stride, 1,
      this.#right, column, row,
      0, this.#product, inputs, 0, -1, 0, this.#product, this.workspace.scratch,
    );
    this.#add(this.#product, sums, weight, units * inputs, count);
    kernels.rowSums(this.#left, units, size, stride, this.#product, 0);
    this.#add(this.#product, sums, bias, units, count);
    if (!layer.batchNorm) return;
    this.#normSquares(layer, l);
    this.#add(this.#product, sums, scale, 2 * units, count);
  }

  #add(from: number, to: Float64Array, at: number, length: number, count: number): void {
    const values = this.workspace.slice(this.spec.dtype, from, length);
    for (let i = 0; i < length; ++i) to[at + i] += values[i] / count;
  }
}

/** L with L·Lᵀ = A, where A is positive semidefinite; what is negative in it is left out. */
function rootOf(a: Float64Array, n: number): Float64Array {
  const root = new Float64Array(n * n);
  for (let j = 0; j < n; ++j) {
    let pivot = a[j * n + j];
    for (let k = 0; k < j; ++k) pivot -= root[j * n + k] ** 2;
    if (!(pivot > 1e-12 * Math.abs(a[j * n + j]))) continue;
    root[j * n + j] = Math.sqrt(pivot);
    for (let i = j + 1; i < n; ++i) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; ++k) sum -= root[i * n + k] * root[j * n + k];
      root[i * n + j] = sum / root[j * n + j];
    }
  }
  return root;
}
