import type { Random } from "../random.js";
import type { Kernels } from "../wasm/kernels.js";
import { bytesPer, type Workspace } from "../wasm/workspace.js";
import { isPiecewiseLinear } from "./activation-kinds.js";
import type { LayerLayout, Layout } from "./layout.js";
import type { OutputLoss } from "./output-loss.js";
import { type Features, LayerProducts } from "./products.js";
import type { ResolvedSpec } from "./spec.js";

/** Which statistics batch norm uses: those of the batch at hand, or the running ones. */
export type BatchNormMode = "batch" | "running";

/**
 * Whether a layer's batch norm goes by the batch, which couples its samples; a frozen layer's never
 * does.
 */
export function isCoupled({ batchNorm, frozen }: LayerLayout, mode: BatchNormMode): boolean {
  return batchNorm !== false && mode === "batch" && !frozen;
}

/**
 * A tile of the matrix product is 32 bytes wide; leading dimensions are whole tiles, so that no
 * product has ragged columns.
 */
const TILE_BYTES = 32;

/** What a layer leaves in memory; units × stride each, but for the vectors of batch norm. */
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
  /** ∂loss/∂h and then, in place, ∂loss/∂a. 0 where no gradients are taken. */
  readonly dy: number;
  /** ∂loss/∂a before batch norm; the same memory as `dy` unless both are kept. */
  readonly delta: number;
  /** φ′(a), and φ″(a) ⊙ ∂loss/∂h; 0 where not kept, or where they are one and zero throughout. */
  readonly slope: number;
  readonly curve: number;
  /** What the next layer gets where outputs are dropped, h ⊙ mask, and the mask; else 0. */
  readonly dropped: number;
  readonly mask: number;
}

/**
 * Whether a backward pass is to come, and what it leaves: nothing but the gradient ("transient"),
 * or all that derivatives of the gradient need ("kept").
 */
export type Gradients = "none" | "transient" | "kept";

/**
 * Forward and backward passes of one chunk of samples, in the memory of one workspace. Activations
 * lie feature by feature (a row a unit, a column a sample), so that narrow layers fill the lanes
 * too; the inputs lie sample by sample, as given. Columns past the last sample are padding: zero in
 * the inputs, and zero in every derivative.
 */
export class Propagation {
  readonly kernels: Kernels;
  readonly products: LayerProducts;
  readonly x: number;
  readonly y: number;
  /** Of the samples, as multiples of their mean; 0 where all count alike. Zero in the padding. */
  readonly weights: number;
  readonly layers: readonly LayerBuffers[];
  /** What each layer works on: the inputs, or the layer below. */
  readonly below: readonly Features[];
  /** Leading dimension: the capacity, rounded up to whole tiles. */
  readonly stride: number;
  /** Room for gradients that nobody asked for. */
  readonly #unused: number;
  readonly #kept: boolean;
  /** What masks are drawn from; without it nothing is dropped. */
  random: Random | null = null;
  /** The layer below which backward passes stop. */
  lowest = 0;
  /** Samples loaded now. */
  size = 0;
  /** How many samples their weights are worth. */
  worth = 0;
  #columns = 0;

  constructor(
    readonly workspace: Workspace,
    readonly spec: ResolvedSpec,
    readonly layout: Layout,
    readonly capacity: number,
    targetWidth: number,
    gradients: Gradients,
    weighted = false,
    dropping = false,
  ) {
    const { dtype } = spec;
    const tile = TILE_BYTES / bytesPer(dtype);
    this.kernels = workspace.kernels(dtype);
    this.stride = Math.ceil(capacity / tile) * tile;
    this.products = new LayerProducts(workspace, dtype, this.stride);
    this.#kept = gradients === "kept";
    const allocate = (rows: number): number => workspace.allocate(dtype, rows * this.stride);
    this.x = allocate(layout.inputs);
    this.y = allocate(targetWidth);
    this.weights = weighted ? allocate(1) : 0;
    const widest = Math.max(...layout.layers.map(({ units }) => units));
    const shared = gradients === "transient" ? [allocate(widest), allocate(widest)] : [0, 0];
    this.#unused = this.#kept ? workspace.allocate(dtype, 2 * widest) : 0;
    this.layers = layout.layers.map(({ units, kind, batchNorm, dropout }, l) => {
      const drops = dropping && dropout > 0;
      const a = allocate(units);
      const vector = (): number => (batchNorm ? workspace.allocate(dtype, units) : 0);
      const dy = this.#kept ? allocate(units) : shared[l % 2];
      return {
        a,
        h: kind === 0 ? a : allocate(units),
        xhat: batchNorm ? allocate(units) : 0,
        mean: vector(),
        variance: vector(),
        invStd: vector(),
        dy,
        delta: this.#kept && batchNorm ? allocate(units) : dy,
        slope: this.#kept && kind !== 0 ? allocate(units) : 0,
        curve: this.#kept && !isPiecewiseLinear(spec.layers[l].activation) ? allocate(units) : 0,
        dropped: drops ? allocate(units) : 0,
        mask: drops ? allocate(units) : 0,
      };
    });
    this.below = this.layers.map((_, l) =>
      l === 0
        ? { at: this.x, row: 1, column: layout.inputs }
        : { at: this.layers[l - 1].dropped || this.layers[l - 1].h, row: this.stride, column: 1 },
    );
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
    this.worth = size;
    this.#columns = Math.ceil(size / tile) * tile;
    const from = this.x / bytesPer(this.spec.dtype);
    const { inputs } = this.layout;
    this.workspace.view(this.spec.dtype).fill(0, from + size * inputs, from + this.#columns * inputs);
  }

  /**
   * h₀ = x, then a = W·h + b, batch norm and h = φ(a), layer by layer. `statistics` is read in
   * "running" mode only.
   */
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
      if (this.layers[l].dropped) this.#drop(l);
    }
  }

  /** Draws sample by sample, so that what is dropped does not depend on the memory's layout. */
  #drop(l: number): void {
    const { units, dropout } = this.layout.layers[l];
    const { h, mask, dropped } = this.layers[l];
    const { random, stride } = this;
    const view = this.workspace.view(this.spec.dtype);
    const at = mask / bytesPer(this.spec.dtype);
    view.fill(random ? 0 : 1, at, at + units * stride);
    for (let s = 0; random && s < this.size; ++s) {
      for (let unit = 0; unit < units; ++unit) {
        if (random.next() >= dropout * 2 ** 32) view[at + unit * stride + s] = 1 / (1 - dropout);
      }
    }
    this.kernels.multiplyElements(units * stride, h, mask, dropped);
  }

  /** a = W·h + b; and φ(a) at once, while a row is in the cache, unless `kind` is −1. */
  #affine(theta: number, l: number, kind: number): void {
    const layer = this.layout.layers[l];
    const { a, h } = this.layers[l];
    const weight = this.products.at(theta, layer.weight);
    const bias = this.products.at(theta, layer.bias);
    this.products.affine(layer, this.#columns, weight, bias, this.below[l], a, false, kind > 0 ? kind : -1, h);
  }

  #normalise(theta: number, l: number, mode: BatchNormMode, statistics: number): void {
    const layer = this.layout.layers[l];
    if (!layer.batchNorm) return;
    const size = bytesPer(this.spec.dtype);
    const { a, xhat, mean, variance, invStd } = this.layers[l];
    const gamma = theta + layer.scale * size;
    const beta = theta + layer.shift * size;
    const { epsilon } = layer.batchNorm;
    if (isCoupled(layer, mode)) {
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
        this.weights,
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

  /** Multiplies each sample's column of a matrix of units × stride by a number of its own. */
  scaleSamples(values: number, rows: number, factors: number): void {
    const bytes = this.stride * bytesPer(this.spec.dtype);
    for (let row = 0; row < rows; ++row, values += bytes) {
      this.kernels.multiplyElements(this.size, values, factors, values);
    }
  }

  /**
   * Σ of the loss over the samples, and its gradient times `scale` with respect to the parameters,
   * written to `gradient` or added to it; 0 for derivatives with respect to activations alone.
   * Needs a forward pass before.
   */
  backward(
    theta: number,
    gradient: number,
    loss: OutputLoss,
    scale: number,
    accumulate: boolean,
    mode: BatchNormMode,
  ): number {
    const sum = loss.sum(this.cotangent, scale);
    this.pullBack(theta, gradient, accumulate, mode);
    return sum;
  }

  /** Address of what `pullBack` starts from: outputs × stride. */
  get cotangent(): number {
    return this.layers[this.layers.length - 1].dy;
  }

  /**
   * Pulls back through the network what is at `cotangent`: its product with the outputs' Jacobian,
   * as `backward` leaves it. `visit` is called when a layer's δ is ready, the last layer first.
   */
  pullBack(
    theta: number,
    gradient: number,
    accumulate: boolean,
    mode: BatchNormMode,
    visit?: (layer: number) => void,
  ): void {
    const { layers } = this.layout;
    for (let l = layers.length - 1; l >= this.lowest; --l) {
      this.#backpropActivation(l);
      if (layers[l].batchNorm) this.#normaliseBackward(theta, gradient, l, accumulate, mode);
      if (gradient) this.#layerGradient(gradient, l, accumulate);
      visit?.(l);
      if (l > this.lowest) {
        const weight = this.products.at(theta, layers[l].weight);
        this.products.pull(layers[l], this.#columns, weight, this.layers[l].delta, this.layers[l - 1].dy, false);
      }
    }
  }

  /** Turns ∂loss/∂h into ∂loss/∂a, in place. */
  #backpropActivation(l: number): void {
    const { kind, units, parameter } = this.layout.layers[l];
    const { a, h, dy, slope, curve, mask } = this.layers[l];
    const count = units * this.stride;
    if (mask) this.kernels.multiplyElements(count, dy, mask, dy);
    if (kind === 0) return;
    if (!this.#kept) {
      this.kernels.backpropActivation(kind, a, h, dy, count, parameter);
      return;
    }
    this.kernels.activationDerivative(kind, a, h, slope, count, parameter);
    if (curve) {
      this.kernels.activationSecondDerivative(kind, a, h, curve, count, parameter);
      this.kernels.multiplyElements(count, curve, dy, curve);
    }
    this.kernels.multiplyElements(count, dy, slope, dy);
  }

  #layerGradient(gradient: number, l: number, accumulate: boolean): void {
    const layer = this.layout.layers[l];
    const { delta } = this.layers[l];
    const { products } = this;
    products.outer(layer, this.size, delta, this.below[l], products.at(gradient, layer.weight), accumulate);
    const bias = products.at(gradient, layer.bias);
    this.kernels.rowSums(delta, layer.units, this.size, this.stride, bias, accumulate ? 1 : 0);
  }

  #normaliseBackward(theta: number, gradient: number, l: number, accumulate: boolean, mode: BatchNormMode): void {
    const layer = this.layout.layers[l];
    const { units, scale, shift } = layer;
    const { xhat, invStd, dy, delta } = this.layers[l];
    const gamma = this.products.at(theta, scale);
    const dgamma = gradient ? this.products.at(gradient, scale) : this.#unused;
    const dbeta = gradient ? this.products.at(gradient, shift) : this.products.at(this.#unused, units);
    const call = isCoupled(layer, mode) ? this.kernels.batchNormBackward : this.kernels.batchNormBackwardRunning;
    const add = accumulate ? 1 : 0;
    call(xhat, invStd, gamma, dy, delta, dgamma, dbeta, units, this.size, this.stride, add, this.weights);
  }

  /**
   * Moves the running statistics towards the batch's; PyTorch's unbiased variance. Needs a "batch"
   * forward pass before, or those that were kept of one at an address.
   */
  updateRunning(statistics: number, kept = 0): void {
    const size = bytesPer(this.spec.dtype);
    this.layout.layers.forEach((layer: LayerLayout, l) => {
      if (!layer.batchNorm || layer.frozen) return;
      const { units } = layer;
      const own = kept + layer.statistics * size;
      const { mean, variance } = kept ? { mean: own, variance: own + units * size } : this.layers[l];
      const running = statistics + layer.statistics * size;
      const { momentum } = layer.batchNorm;
      this.kernels.updateRunning(running, mean, units, momentum, 1);
      this.kernels.updateRunning(running + units * size, variance, units, momentum, this.worth / (this.worth - 1));
    });
  }

  /**
   * The first layer whose batch variance has overflowed, or −1. Outputs stay finite then: 1/√∞
   * is 0. Needs a "batch" forward pass before.
   */
  firstOverflownVariance(): number {
    return this.layout.layers.findIndex(
      ({ batchNorm, frozen, units }, l) =>
        batchNorm && !frozen && this.kernels.firstNonFinite(this.layers[l].variance, units) >= 0,
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
