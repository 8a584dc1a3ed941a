import type { Dtype } from "../wasm/kernels.js";
import { bytesPer, type Workspace } from "../wasm/workspace.js";
import { behindWeights, type LayerLayout, type Layout } from "./layout.js";
import type { Propagation } from "./propagation.js";
import type { ResolvedSpec } from "./spec.js";
import type { CurvatureKind } from "./tangent.js";

/** Numbers behind a buffer that kernels which take whole vectors may touch. */
const SLACK = 64;
/** 32-bit numbers of the header and of a layer's record. */
const HEADER = 32;
const RECORD = 32;

/**
 * A layer's quantities that all threads read, sample by sample, one row a sample. 0 stands for what
 * is one or zero throughout.
 */
interface LayerRows {
  /** Inputs with a 1 behind them, or three under batch norm. */
  readonly features: number;
  readonly featureStride: number;
  readonly slope: number;
  readonly curve: number;
  /** ∂ℓ/∂u, u being W·h + b, before batch norm. */
  readonly delta: number;
  readonly stride: number;
  /** Wᵀ: inputs × units. */
  readonly transposed: number;
  /** Under batch norm: γ ⊙ s, x̂ and ∂ℓ/∂a. */
  readonly factor: number;
  readonly xhat: number;
  readonly da: number;
}

/**
 * Where everything lies that the rows of a unit are made of, as the core reads it
 * (assembly/network/unit.ts): what is shared, and a part of memory for each thread, with R{·} of
 * the listed samples.
 */
export class UnitPlan {
  /** Address. */
  readonly at: number;
  readonly rows: readonly LayerRows[];
  readonly curvature: number;
  readonly probability: number;
  /** Rows that the unit with the most parameters has. */
  readonly widest: number;
  readonly #dtype: Dtype;
  readonly #bytes: number;
  #private = 0;

  /** `chunk`: samples at a time; `threads`: how many have a part. */
  constructor(
    readonly workspace: Workspace,
    spec: ResolvedSpec,
    readonly layout: Layout,
    kind: CurvatureKind,
    readonly propagation: Propagation,
    readonly chunk: number,
    threads: number,
  ) {
    this.#dtype = spec.dtype;
    this.#bytes = bytesPer(spec.dtype);
    const { layers, outputs, parameterCount } = layout;
    this.at = workspace.allocateBytes(4 * (HEADER + RECORD * layers.length));
    this.rows = layers.map((layer, l) => this.#openLayer(layer, l));
    this.curvature = this.#matrix(this.#padded(outputs));
    this.probability = spec.loss === "cross-entropy" ? this.#matrix(this.#padded(outputs)) : 0;
    this.widest = Math.max(...layers.map(rowsOf));
    const own = {
      gathered: this.#own(this.chunk * this.#padded(this.widest) + SLACK),
      list: this.#reserve(4 * (chunk + 1)),
      unit: this.#own(outputs + SLACK),
      scratch: this.#reserve(workspace.hessianScratchBytes(this.widest, this.widest, this.#bytes)),
    };
    const records = layers.map((layer, l) => this.#record(layer, l));
    const parts = workspace.allocateBytes(this.#private * threads);
    const exact = kind === "exact" ? 1 : 0;
    this.set(0, layers.length, parameterCount, exact, this.curvature, this.probability, 0, 0, parts, this.#private);
    this.set(9, own.gathered, own.list, own.unit, own.scratch);
    records.forEach((record, l) => {
      this.set(HEADER + RECORD * l, ...record);
    });
  }

  /** Numbers of the header from one on. */
  set(from: number, ...values: number[]): void {
    const { buffer } = this.workspace.view("f64");
    new Uint32Array(buffer, this.at + 4 * from, values.length).set(values);
  }

  /**
   * The chunk at hand: its samples, and the address of the loss's own matrices where the caller
   * gave the loss.
   */
  open(theta: number, samples: number, hessians: number): void {
    this.set(5, hessians, samples);
    this.layout.layers.forEach(({ weight, scale, batchNorm }, l) => {
      const gamma = batchNorm ? this.#at(theta, scale) : 0;
      this.set(HEADER + RECORD * l + 15, this.#at(theta, weight), gamma, this.propagation.layers[l].invStd);
    });
  }

  #openLayer(layer: LayerLayout, l: number): LayerRows {
    const { inputs, units, batchNorm } = layer;
    const { slope, curve } = this.propagation.layers[l];
    const stride = this.#padded(units);
    const featureStride = this.#padded(rowsOf(layer));
    const matrix = (columns: number, wanted: unknown): number => (wanted ? this.#matrix(columns) : 0);
    return {
      features: this.#matrix(featureStride),
      featureStride,
      slope: matrix(stride, slope),
      curve: matrix(stride, curve),
      delta: this.#matrix(stride),
      stride,
      transposed: this.workspace.allocate(this.#dtype, l > 0 ? inputs * units + SLACK : 0),
      factor: this.workspace.allocate(this.#dtype, batchNorm ? stride : 0),
      xhat: matrix(stride, batchNorm),
      da: matrix(stride, batchNorm),
    };
  }

  /**
   * A layer's numbers, with places in each thread's part: R{a} and R{h} are one where the
   * activation is the identity, R{∂ℓ/∂a} and R{δ} without batch norm.
   */
  #record(layer: LayerLayout, l: number): number[] {
    const { inputs, units, weight, bias, scale, shift, batchNorm } = layer;
    const rows = this.rows[l];
    const { features, featureStride, slope, curve, delta, stride, transposed, factor, xhat, da } = rows;
    const own = (width: number): number => this.#own(this.chunk * width + SLACK);
    const ra = own(stride);
    const rdelta = own(stride);
    const rh = slope ? own(stride) : ra;
    const normed = batchNorm ? [own(stride), own(stride), own(featureStride), this.#own(featureStride + SLACK)] : [];
    const rda = batchNorm ? own(stride) : rdelta;
    const places = [inputs, units, weight, bias, scale, shift, batchNorm ? 1 : 0, rowsOf(layer)];
    const shared = [features, featureStride, slope, curve, delta, stride, transposed, 0, 0, 0, factor, xhat, da];
    return [...places, ...shared, ra, rh, rda, rdelta, ...normed];
  }

  /** Room for so many numbers in each thread's part: how far from its beginning. */
  #own(count: number): number {
    return this.#reserve(count * this.#bytes);
  }

  #reserve(bytes: number): number {
    const at = this.#private;
    this.#private = Math.ceil((at + bytes) / 64) * 64;
    return at;
  }

  /** Rows for all samples of a chunk, with room behind the last for a vector that runs over. */
  #matrix(width: number): number {
    return this.workspace.allocate(this.#dtype, this.chunk * width + SLACK);
  }

  /** Widths are whole tiles of the matrix product, 32 bytes. */
  #padded(width: number): number {
    const tile = 32 / this.#bytes;
    return Math.ceil(width / tile) * tile;
  }

  #at(base: number, offset: number): number {
    return base + offset * this.#bytes;
  }
}

/** Rows of H that a unit has: its weights, bias and, with batch norm, scale and shift. */
export function rowsOf(layer: LayerLayout): number {
  return layer.inputs + behindWeights(layer, 0).length;
}
