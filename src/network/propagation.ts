import type { Kernels } from "../wasm/kernels.js";
import { bytesPer, type Workspace } from "../wasm/workspace.js";
import type { LayerLayout, Layout } from "./layout.js";
import type { ResolvedSpec } from "./spec.js";

/** Which statistics batch norm uses: those of the batch at hand, or the running ones. */
export type BatchNormMode = "batch" | "running";

/** A tile of the matrix product is 32 bytes wide; leading dimensions are whole tiles, so that no product has ragged columns. */
const TILE_BYTES = 32;

/** What a layer leaves in memory between the forward and the backward pass; units × leading dimension each. */
interface LayerBuffers {
  /** Pre-activation, after batch norm. */
  readonly a: number;
  /** φ(a); shares memory with `a` where the activation is the identity. */
  readonly h: number;
  /** Normalised input, batch mean, variance and 1/√(variance + ε); 0 without batch norm. */
  readonly xhat: number;
  readonly mean: number;
  readonly variance: number;
  readonly invStd: number;
}

/**
 * Forward and backward passes of one chunk of samples, in the memory of one workspace. Activations lie feature by feature
 * (a row a unit, a column a sample), so that narrow layers fill the lanes too; the inputs lie sample by sample, as given.
 * Columns past the last sample are padding: zero in the inputs, and zero in every derivative.
 */
export class Propagation {
  readonly kernels: Kernels;
  readonly x: number;
  readonly y: number;
  readonly layers: readonly LayerBuffers[];
  /** Leading dimension: the capacity, rounded up to whole tiles. */
  readonly stride: number;
  /** Two buffers for ∂loss/∂h that the layers use in turn. */
  readonly #deltas: readonly [number, number];
  /** Samples loaded now. */
  size = 0;
  #columns = 0;

  constructor(
    readonly workspace: Workspace,
    readonly spec: ResolvedSpec,
    readonly layout: Layout,
    readonly capacity: number,
    targetWidth: number,
    gradients: boolean,
  ) {
    const { dtype } = spec;
    const tile = TILE_BYTES / bytesPer(dtype);
    this.kernels = workspace.kernels(dtype);
    this.stride = Math.ceil(capacity / tile) * tile;
    const allocate = (rows: number): number => workspace.allocate(dtype, rows * this.stride);
    this.x = allocate(layout.inputs);
    this.y = allocate(targetWidth);
    this.layers = layout.layers.map(({ units, kind, batchNorm }) => {
      const a = allocate(units);
      const vector = (): number => (batchNorm ? workspace.allocate(dtype, units) : 0);
      return {
        a,
        h: kind === 0 ? a : allocate(units),
        xhat: batchNorm ? allocate(units) : 0,
        mean: vector(),
        variance: vector(),
        invStd: vector(),
      };
    });
    const widest = gradients ? Math.max(...layout.layers.map(({ units }) => units)) : 0;
    this.#deltas = [allocate(widest), allocate(widest)];
  }

  /** Columns that passes work on: the samples, rounded up to whole tiles. */
  get columns(): number {
    return this.#columns;
  }

  /** Output of the last activation: outputs × stride. */
  get output(): number {
    return this.layers[this.layers.length - 1].h;
  }

  /** Says how many samples are loaded, and clears the padding of the inputs. */
  resize(size: number): void {
    const tile = TILE_BYTES / bytesPer(this.spec.dtype);
    this.size = size;
    this.#columns = Math.ceil(size / tile) * tile;
    const from = this.x / bytesPer(this.spec.dtype);
    const { inputs } = this.layout;
    this.workspace.view(this.spec.dtype).fill(0, from + size * inputs, from + this.#columns * inputs);
  }

  /** h₀ = x, then a = W·h + b, batch norm and h = φ(a), layer by layer. `statistics` is read in "running" mode only. */
  forward(theta: number, mode: BatchNormMode, statistics: number): void {
    const { layers } = this.layout;
    for (let l = 0; l < layers.length; ++l) {
      const layer = layers[l];
      const { a, h } = this.layers[l];
      this.#affine(theta, l, layer.batchNorm ? -1 : layer.kind);
      if (layer.batchNorm) {
        this.#normalise(theta, l, mode, statistics);
        this.kernels.activate(layer.kind, a, h, layer.units * this.stride, layer.parameter);
      }
    }
  }

  /** a = W·h + b; and φ(a) at once, while a row is in the cache, unless `kind` is −1. */
  #affine(theta: number, l: number, kind: number): void {
    const { dtype } = this.spec;
    const size = bytesPer(dtype);
    const { inputs, units, weight, bias, parameter } = this.layout.layers[l];
    const { a, h } = this.layers[l];
    const first = l === 0;
    const below = first ? this.x : this.layers[l - 1].h;
    // biome-ignore format: an operand a line
    this.kernels.product(
      units, this.#columns, inputs, 1,
      theta + weight * size, inputs, 1,
      below, first ? 1 : this.stride, first ? inputs : 1,
      0, a, this.stride, theta + bias * size, kind > 0 ? kind : -1, parameter, h, this.workspace.scratch,
    );
  }

  #normalise(theta: number, l: number, mode: BatchNormMode, statistics: number): void {
    const layer = this.layout.layers[l];
    if (!layer.batchNorm) return;
    const size = bytesPer(this.spec.dtype);
    const { a, xhat, mean, variance, invStd } = this.layers[l];
    const gamma = theta + layer.scale * size;
    const beta = theta + layer.shift * size;
    const { epsilon } = layer.batchNorm;
    if (mode === "batch") {
      this.kernels.batchNormForward(
        a,
        xhat,
        a,
        mean,
        invStd,
        variance,
        gamma,
        beta,
        layer.units,
        this.size,
        this.stride,
        epsilon,
      );
    } else {
      const running = statistics + layer.statistics * size;
      this.kernels.batchNormRunning(
        a,
        xhat,
        a,
        running,
        running + layer.units * size,
        invStd,
        gamma,
        beta,
        layer.units,
        this.size,
        this.stride,
        epsilon,
      );
    }
  }

  /** Sum of the data loss over the samples (and outputs), unscaled. */
  loss(kind: number): number {
    return this.kernels.loss(kind, this.output, this.y, 0, this.size, this.stride, this.layout.outputs, 1, 1);
  }

  /**
   * The loss as above, and its gradient times `scale` with respect to the parameters, written to `gradient` or added to it.
   * Needs a forward pass before.
   */
  backward(
    theta: number,
    gradient: number,
    kind: number,
    scale: number,
    accumulate: boolean,
    mode: BatchNormMode,
  ): number {
    const { layers, outputs } = this.layout;
    let [delta, next] = this.#deltas;
    const sum = this.kernels.loss(kind, this.output, this.y, delta, this.size, this.stride, outputs, scale, 1);
    for (let l = layers.length - 1; l >= 0; --l) {
      this.#layerBackward(theta, gradient, l, delta, accumulate, mode);
      if (l > 0) {
        this.#passDown(theta, l, delta, next);
        [delta, next] = [next, delta];
      }
    }
    return sum;
  }

  /** Turns ∂loss/∂h of layer l into ∂loss/∂a (before batch norm), in place, and that into the layer's gradient. */
  #layerBackward(
    theta: number,
    gradient: number,
    l: number,
    delta: number,
    accumulate: boolean,
    mode: BatchNormMode,
  ): void {
    const size = bytesPer(this.spec.dtype);
    const layer = this.layout.layers[l];
    const { inputs, units } = layer;
    const { a, h } = this.layers[l];
    if (layer.kind > 0) this.kernels.backpropActivation(layer.kind, a, h, delta, units * this.stride, layer.parameter);
    if (layer.batchNorm) this.#normaliseBackward(theta, gradient, l, delta, accumulate, mode);
    const first = l === 0;
    const below = first ? this.x : this.layers[l - 1].h;
    const target = gradient + layer.weight * size;
    // biome-ignore format: an operand a line
    this.kernels.product(
      units, inputs, this.#columns, 1,
      delta, this.stride, 1,
      below, first ? inputs : 1, first ? 1 : this.stride,
      accumulate ? 1 : 0, target, inputs, 0, -1, 0, target, this.workspace.scratch,
    );
    this.kernels.rowSums(delta, units, this.size, this.stride, gradient + layer.bias * size, accumulate ? 1 : 0);
  }

  #normaliseBackward(
    theta: number,
    gradient: number,
    l: number,
    delta: number,
    accumulate: boolean,
    mode: BatchNormMode,
  ): void {
    const size = bytesPer(this.spec.dtype);
    const { units, scale, shift } = this.layout.layers[l];
    const { xhat, invStd } = this.layers[l];
    const call = mode === "batch" ? this.kernels.batchNormBackward : this.kernels.batchNormBackwardRunning;
    call(
      xhat,
      invStd,
      theta + scale * size,
      delta,
      delta,
      gradient + scale * size,
      gradient + shift * size,
      units,
      this.size,
      this.stride,
      accumulate ? 1 : 0,
    );
  }

  /** ∂loss/∂h of the layer below: Wᵀ·∂loss/∂a. */
  #passDown(theta: number, l: number, delta: number, below: number): void {
    const { inputs, units, weight } = this.layout.layers[l];
    // biome-ignore format: an operand a line
    this.kernels.product(
      inputs, this.#columns, units, 1,
      theta + weight * bytesPer(this.spec.dtype), 1, inputs,
      delta, this.stride, 1,
      0, below, this.stride, 0, -1, 0, below, this.workspace.scratch,
    );
  }

  /** Moves the running statistics towards the batch's; PyTorch's unbiased variance. Needs a "batch" forward pass before. */
  updateRunning(statistics: number): void {
    const size = bytesPer(this.spec.dtype);
    this.layout.layers.forEach((layer: LayerLayout, l) => {
      if (!layer.batchNorm) return;
      const { mean, variance } = this.layers[l];
      const running = statistics + layer.statistics * size;
      const { momentum } = layer.batchNorm;
      this.kernels.updateRunning(running, mean, layer.units, momentum, 1);
      this.kernels.updateRunning(
        running + layer.units * size,
        variance,
        layer.units,
        momentum,
        this.size / (this.size - 1),
      );
    });
  }

  /** The first layer whose batch variance has overflowed, or −1. Outputs stay finite then: 1/√∞ is 0. Needs a "batch" forward pass before. */
  firstOverflownVariance(): number {
    return this.layout.layers.findIndex(
      ({ batchNorm, units }, l) => batchNorm && this.kernels.firstNonFinite(this.layers[l].variance, units) >= 0,
    );
  }

  /** The first layer whose pre-activations hold a NaN or infinity for a loaded sample, or −1. */
  firstNonFiniteLayer(): number {
    for (let l = 0; l < this.layers.length; ++l) {
      const { units } = this.layout.layers[l];
      for (let unit = 0; unit < units; ++unit) {
        const row = this.layers[l].a + unit * this.stride * bytesPer(this.spec.dtype);
        if (this.kernels.firstNonFinite(row, this.size) >= 0) return l;
      }
    }
    return -1;
  }
}
