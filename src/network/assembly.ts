import type { Dtype, Kernels } from "../wasm/kernels.js";
import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import type { Dataset } from "./dataset.js";
import { behindWeights, type LayerLayout, type Layout } from "./layout.js";
import { NormRows } from "./norm-rows.js";
import { Objective } from "./objective.js";
import { Panel } from "./panel.js";
import type { ResolvedSpec } from "./spec.js";
import type { CurvatureKind } from "./tangent.js";

/** Bytes that the activations and derivatives of one chunk of samples may take. */
const CHUNK_BYTES = 24 << 20;
const CHUNK_MOST = 4096;
/** Numbers behind a buffer that kernels which take whole vectors may touch. */
const SLACK = 64;

/** A layer's quantities sample by sample, one row a sample, and those of the listed samples. 0 stands for what is one or zero throughout. */
interface LayerRows {
  /** Inputs with a 1 behind them, or three under batch norm. */
  readonly features: number;
  readonly featureStride: number;
  readonly slope: number;
  readonly curve: number;
  /** ∂ℓ/∂u, u being W·h + b, before batch norm. */
  readonly delta: number;
  /** R{a}, R{h}, R{∂ℓ/∂a} and R{δ}; the first two share memory where the activation is the identity, the last two without batch norm. */
  readonly ra: number;
  readonly rh: number;
  readonly rda: number;
  readonly rdelta: number;
  readonly norm: NormRows | null;
  readonly stride: number;
  /** Wᵀ: inputs × units. */
  readonly transposed: number;
}

/**
 * The dense Hessian or Gauss-Newton matrix of a network whose samples are independent (without batch norm, or with running statistics),
 * row block by row block: one R{·} pass along each unit's pre-activation gives all rows of the unit's parameters (see assembly/network/hessian.ts).
 */
export class Assembly {
  readonly #dtype: Dtype;
  readonly #bytes: number;
  readonly #kernels: Kernels;
  readonly #objective: Objective;
  readonly #rows: readonly LayerRows[];
  readonly #curvature: number;
  readonly #probability: number;
  /** The two before they are turned round. */
  readonly #lossRows: readonly [number, number];
  readonly #gathered: number;
  readonly #unit: number;
  readonly #list: number;
  readonly #panel: Panel;
  readonly #scratch: number;
  readonly #chunk: number;

  constructor(
    readonly workspace: Workspace,
    readonly spec: ResolvedSpec,
    readonly layout: Layout,
    readonly data: Dataset,
    readonly kind: CurvatureKind,
    matrix: FloatArray,
    /** Whether the matrix holds anything but zeros yet. */
    readonly used: boolean,
  ) {
    const { dtype } = spec;
    const { layers, outputs, parameterCount } = layout;
    this.#dtype = dtype;
    this.#bytes = bytesPer(dtype);
    this.#kernels = workspace.kernels(dtype);
    this.#chunk = Math.min(data.size, chunkOf(layout, this.#bytes));
    const needs = { capacity: this.#chunk, gradients: "kept", chunk: this.#chunk } as const;
    this.#objective = new Objective(workspace, spec, layout, data, "running", needs);
    this.#rows = layers.map((layer, l) => this.#openLayer(layer, l));
    this.#curvature = this.#matrix(this.#padded(outputs));
    this.#probability = spec.loss === "cross-entropy" ? this.#matrix(this.#padded(outputs)) : 0;
    const turned = outputs * this.#objective.propagation.stride;
    this.#lossRows = [workspace.allocate(dtype, turned), workspace.allocate(dtype, turned)];
    const widest = Math.max(...layers.map((layer) => rowsOf(layer)));
    this.#gathered = this.#matrix(this.#padded(widest));
    this.#unit = workspace.allocate(dtype, outputs + SLACK);
    this.#list = workspace.allocateBytes(4 * (this.#chunk + 1));
    this.#panel = new Panel(workspace, dtype, parameterCount, widest, matrix);
    this.#scratch = workspace.allocateBytes(workspace.hessianScratchBytes(widest, widest, this.#bytes));
  }

  #openLayer(layer: LayerLayout, l: number): LayerRows {
    const { inputs, units } = layer;
    const { slope, curve } = this.#objective.propagation.layers[l];
    const width = this.#padded(units);
    const featureStride = this.#padded(rowsOf(layer));
    const matrix = (columns: number): number => this.#matrix(columns);
    const ra = this.#matrix(width);
    const rdelta = this.#matrix(width);
    return {
      features: this.#matrix(featureStride),
      featureStride,
      slope: slope ? this.#matrix(width) : 0,
      curve: curve ? this.#matrix(width) : 0,
      delta: this.#matrix(width),
      ra,
      rh: slope ? this.#matrix(width) : ra,
      rda: layer.batchNorm ? this.#matrix(width) : rdelta,
      rdelta,
      norm: layer.batchNorm ? new NormRows(this.workspace, this.#dtype, layer, width, featureStride, matrix) : null,
      stride: width,
      transposed: this.workspace.allocate(this.#dtype, l > 0 ? inputs * units + SLACK : 0),
    };
  }

  /** Rows for all samples of a chunk, with room behind the last for a vector that runs over. */
  #matrix(width: number): number {
    return this.workspace.allocate(this.#dtype, this.#chunk * width + SLACK);
  }

  /** Widths are whole tiles of the matrix product, 32 bytes. */
  #padded(width: number): number {
    const tile = 32 / this.#bytes;
    return Math.ceil(width / tile) * tile;
  }

  run(theta: number, statistics: number): void {
    const { layers } = this.layout;
    for (let l = 1; l < layers.length; ++l) {
      const { units, inputs, weight } = layers[l];
      this.#kernels.transpose(this.#at(theta, weight), units, inputs, inputs, this.#rows[l].transposed, units);
    }
    for (let from = 0; from < this.data.size; from += this.#chunk) {
      const count = Math.min(this.#chunk, this.data.size - from);
      this.#objective.linearize(theta, statistics, { order: null, from, count }, this.#objective.terms(this.data.size));
      this.#spread(theta, count);
      layers.forEach(({ units }, l) => {
        for (let i = 0; i < units; ++i) this.#unitRows(theta, l, i, count, from > 0);
      });
    }
  }

  /** Turns everything about the chunk round: from feature by feature to sample by sample. */
  #spread(theta: number, count: number): void {
    const { propagation } = this.#objective;
    const { layers, stride } = propagation;
    const turn = (x: number, width: number, out: number, ld: number): void => {
      if (x && out) this.#kernels.transpose(x, width, count, stride, out, ld);
    };
    this.layout.layers.forEach((layer, l) => {
      const { inputs, units } = layer;
      const rows = this.#rows[l];
      if (l > 0) turn(layers[l - 1].h, inputs, rows.features, rows.featureStride);
      else this.#copyInputs(count);
      this.#fillOnes(rows, inputs, rowsOf(layer), count);
      turn(layers[l].slope, units, rows.slope, rows.stride);
      turn(layers[l].curve, units, rows.curve, rows.stride);
      turn(layers[l].delta, units, rows.delta, rows.stride);
      rows.norm?.spread(theta, propagation, l, count);
    });
    this.#spreadLoss(count);
  }

  #spreadLoss(count: number): void {
    const { propagation, loss } = this.#objective;
    const { outputs } = this.layout;
    const { stride: width } = this.#rows[this.#rows.length - 1];
    const scale = 1 / this.#objective.terms(this.data.size);
    const { stride } = propagation;
    const [d, p] = this.#lossRows;
    loss.curvature(d, p, scale);
    this.#kernels.transpose(d, outputs, count, stride, this.#curvature, width);
    if (this.#probability) this.#kernels.transpose(p, outputs, count, stride, this.#probability, width);
  }

  #copyInputs(count: number): void {
    const view = this.workspace.view(this.#dtype);
    const { inputs } = this.layout;
    const { features, featureStride } = this.#rows[0];
    const from = this.#objective.propagation.x / this.#bytes;
    const to = features / this.#bytes;
    for (let s = 0; s < count; ++s) {
      view.copyWithin(to + s * featureStride, from + s * inputs, from + (s + 1) * inputs);
    }
  }

  #fillOnes({ features, featureStride }: LayerRows, start: number, end: number, count: number): void {
    const view = this.workspace.view(this.#dtype);
    const at = features / this.#bytes;
    for (let s = 0; s < count; ++s) {
      for (let j = start; j < end; ++j) view[at + s * featureStride + j] = 1;
    }
  }

  #at(base: number, offset: number): number {
    return base + offset * this.#bytes;
  }

  /** All rows of H of unit i's parameters in layer l, from their own columns on. */
  #unitRows(theta: number, l: number, i: number, samples: number, add: boolean): void {
    const { slope, curve, stride, norm, features, featureStride } = this.#rows[l];
    const layer = this.layout.layers[l];
    // Where the activation curves, a zero slope does not make everything vanish.
    const column = slope && !curve ? this.#at(slope, i) : 0;
    const count = this.#kernels.activeSamples(column, stride, samples, this.#list);
    if (count === 0) {
      if (this.used && !add) this.#zeroRows(layer, i);
      return;
    }
    this.#changes(theta, l, i, count);
    norm?.open(i, this.#list, features, samples);
    const moves = norm ? norm.moves : features;
    const height = rowsOf(layer);
    this.#kernels.gatherRows(this.#list, count, moves, featureStride, height, this.#gathered, featureStride);
    for (let from = 0; from < height; from += this.#panel.rows) {
      const rows = Math.min(this.#panel.rows, height - from);
      for (let m = l; m < this.#rows.length; ++m) this.#panelBlock(l, i, m, from, rows, count);
      if (norm && this.kind === "exact") this.#addBilinear(norm, l, i, from, rows, samples);
      this.#panel.write(layer, i, from, rows, add);
    }
  }

  #zeroRows(layer: LayerLayout, i: number): void {
    const height = rowsOf(layer);
    const { rows, at, size } = this.#panel;
    this.workspace.slice(this.#dtype, at, Math.min(rows, height) * size).fill(0);
    for (let from = 0; from < height; from += rows) {
      this.#panel.write(layer, i, from, Math.min(rows, height - from), false);
    }
  }

  /** R{a}, R{h} and R{δ} of the listed samples along the pre-activation of unit i of layer l. */
  #changes(theta: number, l: number, i: number, count: number): void {
    const last = this.#rows.length - 1;
    if (l === last) this.#seedOutput(i, count);
    for (let m = l + 1; m <= last; ++m) this.#forward(l, i, m, count);
    const top = this.#rows[last];
    const { outputs } = this.layout;
    const { loss } = this.#objective;
    if (loss.multiplyRows) loss.multiplyRows(this.#list, count, top.rh, top.rda, top.stride);
    else {
      // biome-ignore format: grouped by operand
      this.#kernels.lossCurvatureRows(
        this.#list, count, this.#curvature, this.#probability, top.stride, outputs, top.rh, top.rda, top.stride,
      );
    }
    for (let m = last; m >= l; --m) {
      if (m < last) this.#passDown(theta, m, count);
      this.#throughActivation(l, i, m, count);
    }
  }

  #seedOutput(i: number, count: number): void {
    const { outputs } = this.layout;
    const { slope, rh, stride } = this.#rows[this.#rows.length - 1];
    const unit = this.workspace.slice(this.#dtype, this.#unit, outputs);
    unit.fill(0);
    unit[i] = 1;
    const column = slope ? this.#at(slope, i) : 0;
    this.#kernels.seedRows(this.#list, count, column, stride, this.#unit, outputs, rh, stride);
  }

  #forward(l: number, i: number, m: number, count: number): void {
    const { inputs, units } = this.layout.layers[m];
    const { ra, rh, slope, norm, stride, transposed } = this.#rows[m];
    const below = this.#rows[m - 1];
    if (m === l + 1) {
      const column = below.slope ? this.#at(below.slope, i) : 0;
      const weights = this.#at(transposed, i * units);
      this.#kernels.seedRows(this.#list, count, column, below.stride, weights, units, ra, stride);
    } else {
      this.#product(count, units, inputs, below.rh, below.stride, transposed, units, ra, stride);
    }
    norm?.forward(this.#list, count, ra);
    if (slope) this.#kernels.multiplyRows(this.#list, count, slope, stride, units, ra, rh, stride, 0);
  }

  /** R{∂ℓ/∂h} of layer m from R{δ} of the one above. */
  #passDown(theta: number, m: number, count: number): void {
    const { inputs, units, weight } = this.layout.layers[m + 1];
    const above = this.#rows[m + 1];
    const { rda, stride } = this.#rows[m];
    this.#product(count, inputs, units, above.rdelta, above.stride, this.#at(theta, weight), inputs, rda, stride);
  }

  /** R{∂ℓ/∂a} = φ′ ⊙ R{∂ℓ/∂h} + φ″ ⊙ ∂ℓ/∂h ⊙ R{a}, the second term for the Hessian itself only; and R{δ}. */
  #throughActivation(l: number, i: number, m: number, count: number): void {
    const { slope, curve, ra, rda, rdelta, norm, stride } = this.#rows[m];
    const { units } = this.layout.layers[m];
    const exact = this.kind === "exact";
    if (slope) this.#kernels.multiplyRows(this.#list, count, slope, stride, units, rda, rda, stride, 0);
    if (curve && exact) {
      if (m > l) this.#kernels.multiplyRows(this.#list, count, curve, stride, units, ra, rda, stride, 1);
      else this.#kernels.addColumn(this.#list, count, this.#at(curve, i), stride, this.#at(rda, i), stride);
    }
    norm?.backward(this.#list, count, rda, rdelta, exact && m > l);
  }

  #product(
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    b: number,
    ldb: number,
    c: number,
    ldc: number,
  ): void {
    this.#kernels.product(m, n, k, 1, a, lda, 1, b, ldb, 1, 0, c, ldc, 0, -1, 0, c, this.workspace.scratch);
  }

  /** Rows `from` … of unit i's parameters in layer l, against all parameters of layer m. */
  #panelBlock(l: number, i: number, m: number, from: number, rows: number, count: number): void {
    const { inputs: left } = this.layout.layers[l];
    const { units, inputs, weight, bias, scale, shift } = this.layout.layers[m];
    const { rdelta, rda, norm } = this.#rows[m];
    if (l === m && rows === rowsOf(this.layout.layers[l])) {
      this.#weightColumns(l, i, m, 0, 0, left, count, true);
      if (norm) this.#weightColumns(l, i, m, left, left, rows - left, count, false);
    } else this.#weightColumns(l, i, m, from, 0, rows, count, false);
    this.#unitColumns(l, m, from, rows, count, rdelta, bias);
    if (norm) this.#unitColumns(l, m, from, rows, count, norm.rscale, scale);
    if (norm) this.#unitColumns(l, m, from, rows, count, rda, shift);
    if (l === m && rows === left + 1 && !norm) this.#mirrorBias(left, weight + i * inputs, bias + i, units - i);
  }

  /** Against the weights of layer m, to rows `to` … of the panel; within a layer only those of unit i and the units behind it. */
  #weightColumns(
    l: number,
    i: number,
    m: number,
    from: number,
    to: number,
    rows: number,
    count: number,
    symmetric: boolean,
  ): void {
    const { inputs, units, weight } = this.layout.layers[m];
    const { parameterCount } = this.layout;
    const [own, other] = [this.#rows[l], this.#rows[m]];
    const first = l === m ? i : 0;
    const exact = this.kind === "exact";
    // biome-ignore format: grouped by operand
    this.#kernels.hessianRows(
      this.#list, count, this.#at(own.norm ? own.norm.moves : own.features, from), own.featureStride, rows,
      other.features, other.featureStride, inputs,
      m > l + 1 ? this.#rows[m - 1].rh : 0, m > l ? this.#rows[m - 1].stride : 0,
      m === l + 1 && own.slope ? this.#at(own.slope, i) : 0, own.stride, m === l + 1 ? i : -1,
      other.rdelta, other.stride, exact && m > l ? other.delta : 0, other.stride,
      other.curve ? 0 : other.slope, other.stride, first, units,
      this.#at(this.#panel.at, to * parameterCount + weight + first * inputs), parameterCount, 0, symmetric ? 1 : 0, this.#scratch,
    );
  }

  /** Against parameters of which each unit of layer m has one, from column `column` on; `changes` is R{·} of the loss's derivative in them. */
  #unitColumns(l: number, m: number, from: number, rows: number, count: number, changes: number, column: number): void {
    const { units } = this.layout.layers[m];
    // biome-ignore format: grouped by operand
    this.#kernels.product(
      rows, units, count, 1,
      this.#at(this.#gathered, from), 1, this.#rows[l].featureStride,
      changes, this.#rows[m].stride, 1,
      0, this.#at(this.#panel.at, column), this.layout.parameterCount, 0, -1, 0, 0, this.workspace.scratch,
    );
  }

  #addBilinear(norm: NormRows, l: number, i: number, from: number, rows: number, samples: number): void {
    const { scale } = this.layout.layers[l];
    const { features } = this.#rows[l];
    const { parameterCount } = this.layout;
    norm.addBilinear(i, features, from, rows, samples, this.#at(this.#panel.at, scale + i), parameterCount);
  }

  /** Within a layer, bias against weights is weights against bias. */
  #mirrorBias(inputs: number, weights: number, biases: number, units: number): void {
    const { parameterCount } = this.layout;
    const row = this.#at(this.#panel.at, inputs * parameterCount + weights);
    this.#kernels.transpose(this.#at(this.#panel.at, biases), inputs, units, parameterCount, row, inputs);
  }
}

/** Rows of H that a unit has: its weights, bias and, with batch norm, scale and shift. */
function rowsOf(layer: LayerLayout): number {
  return layer.inputs + behindWeights(layer, 0).length;
}

function chunkOf({ layers, inputs, outputs }: Layout, bytes: number): number {
  const units = layers.reduce((sum, layer) => sum + layer.units, 0);
  const normed = layers.reduce((sum, layer) => sum + (layer.batchNorm ? layer.inputs + 7 * layer.units + 16 : 0), 0);
  const numbers = 3 * inputs + 4 * outputs + 14 * units + 16 * layers.length + normed;
  return Math.max(16, Math.min(CHUNK_MOST, Math.floor(CHUNK_BYTES / (numbers * bytes) / 16) * 16));
}
