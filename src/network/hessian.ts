import type { Dtype, Kernels } from "../wasm/kernels.js";
import { bytesPer, type FloatArray, floatArray, type Workspace } from "../wasm/workspace.js";
import { CurvatureProducts } from "./curvature.js";
import type { Dataset } from "./dataset.js";
import type { LayerLayout, Layout } from "./layout.js";
import { Objective, wholeBatch } from "./objective.js";
import { Panel } from "./panel.js";
import type { BatchNormMode } from "./propagation.js";
import type { ResolvedSpec } from "./spec.js";
import type { CurvatureKind } from "./tangent.js";

/** Bytes that the activations and derivatives of one chunk of samples may take. */
const CHUNK_BYTES = 24 << 20;
const CHUNK_MOST = 4096;
/** Numbers behind a buffer that kernels which take whole vectors may touch. */
const SLACK = 64;

/** A layer's quantities sample by sample, one row a sample, and those of the listed samples. 0 stands for what is one or zero throughout. */
interface LayerRows {
  /** Inputs with a 1 behind them. */
  readonly features: number;
  readonly featureStride: number;
  readonly slope: number;
  readonly curve: number;
  readonly delta: number;
  /** R{a}, R{h} and R{δ}; R{a} and R{h} share memory where the activation is the identity. */
  readonly ra: number;
  readonly rh: number;
  readonly rdelta: number;
  readonly stride: number;
  /** Wᵀ: inputs × units. */
  readonly transposed: number;
}

/**
 * The dense Hessian or Gauss-Newton matrix of a network without batch norm, row block by row block: one R{·} pass for each unit
 * gives all rows of the weights into it (see assembly/network/hessian.ts).
 */
class Assembly {
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
    const widest = Math.max(...layers.map(({ inputs }) => inputs)) + 1;
    this.#gathered = this.#matrix(this.#padded(widest));
    this.#unit = workspace.allocate(dtype, outputs + SLACK);
    this.#list = workspace.allocateBytes(4 * (this.#chunk + 1));
    this.#panel = new Panel(workspace, dtype, parameterCount, widest, matrix);
    this.#scratch = workspace.allocateBytes(workspace.hessianScratchBytes(widest, widest, this.#bytes));
  }

  #openLayer({ inputs, units }: LayerLayout, l: number): LayerRows {
    const { slope, curve } = this.#objective.propagation.layers[l];
    const width = this.#padded(units);
    const ra = this.#matrix(width);
    return {
      features: this.#matrix(this.#padded(inputs + 1)),
      featureStride: this.#padded(inputs + 1),
      slope: slope ? this.#matrix(width) : 0,
      curve: curve ? this.#matrix(width) : 0,
      delta: this.#matrix(width),
      ra,
      rh: slope ? this.#matrix(width) : ra,
      rdelta: this.#matrix(width),
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
      this.#spread(count);
      layers.forEach(({ units }, l) => {
        for (let i = 0; i < units; ++i) this.#unitRows(theta, l, i, count, from > 0);
      });
    }
  }

  /** Turns everything about the chunk round: from feature by feature to sample by sample. */
  #spread(count: number): void {
    const { propagation } = this.#objective;
    const { layers, stride } = propagation;
    const turn = (x: number, width: number, out: number, ld: number): void => {
      if (x && out) this.#kernels.transpose(x, width, count, stride, out, ld);
    };
    this.layout.layers.forEach(({ inputs, units }, l) => {
      const rows = this.#rows[l];
      if (l > 0) turn(layers[l - 1].h, inputs, rows.features, rows.featureStride);
      else this.#copyInputs(count);
      this.#fillOnes(rows, inputs, count);
      turn(layers[l].slope, units, rows.slope, rows.stride);
      turn(layers[l].curve, units, rows.curve, rows.stride);
      turn(layers[l].delta, units, rows.delta, rows.stride);
    });
    this.#spreadLoss(count);
  }

  #spreadLoss(count: number): void {
    const { propagation, kind } = this.#objective;
    const { outputs } = this.layout;
    const { stride: width } = this.#rows[this.#rows.length - 1];
    const scale = 1 / this.#objective.terms(this.data.size);
    const { stride } = propagation;
    const [d, p] = this.#lossRows;
    this.#kernels.lossCurvature(kind, propagation.output, propagation.y, d, p, count, stride, outputs, scale, 1);
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

  #fillOnes({ features, featureStride }: LayerRows, inputs: number, count: number): void {
    const view = this.workspace.view(this.#dtype);
    const at = features / this.#bytes + inputs;
    for (let s = 0; s < count; ++s) view[at + s * featureStride] = 1;
  }

  #at(base: number, offset: number): number {
    return base + offset * this.#bytes;
  }

  /** All rows of H of the weights into unit i of layer l, from their own columns on. */
  #unitRows(theta: number, l: number, i: number, samples: number, add: boolean): void {
    const { slope, curve, stride, features, featureStride } = this.#rows[l];
    const { inputs } = this.layout.layers[l];
    // Where the activation curves, a zero slope does not make everything vanish.
    const column = slope && !curve ? this.#at(slope, i) : 0;
    const count = this.#kernels.activeSamples(column, stride, samples, this.#list);
    if (count === 0) return;
    this.#changes(theta, l, i, count);
    this.#kernels.gatherRows(this.#list, count, features, featureStride, inputs + 1, this.#gathered, featureStride);
    for (let from = 0; from <= inputs; from += this.#panel.rows) {
      const rows = Math.min(this.#panel.rows, inputs + 1 - from);
      for (let m = l; m < this.#rows.length; ++m) this.#panelBlock(l, i, m, from, rows, count);
      this.#panel.write(this.layout.layers[l], i, from, rows, add);
    }
  }

  /** R{a}, R{h} and R{δ} of the listed samples along the pre-activation of unit i of layer l. */
  #changes(theta: number, l: number, i: number, count: number): void {
    const last = this.#rows.length - 1;
    if (l === last) this.#seedOutput(i, count);
    for (let m = l + 1; m <= last; ++m) this.#forward(l, i, m, count);
    const top = this.#rows[last];
    const { outputs } = this.layout;
    this.#kernels.lossCurvatureRows(
      this.#list,
      count,
      this.#curvature,
      this.#probability,
      top.stride,
      outputs,
      top.rh,
      top.rdelta,
      top.stride,
    );
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
    const { ra, rh, slope, stride, transposed } = this.#rows[m];
    const below = this.#rows[m - 1];
    if (m === l + 1) {
      const column = below.slope ? this.#at(below.slope, i) : 0;
      const weights = this.#at(transposed, i * units);
      this.#kernels.seedRows(this.#list, count, column, below.stride, weights, units, ra, stride);
    } else {
      this.#product(count, units, inputs, below.rh, below.stride, transposed, units, ra, stride);
    }
    if (slope) this.#kernels.multiplyRows(this.#list, count, slope, stride, units, ra, rh, stride, 0);
  }

  /** R{∂ℓ/∂h} of layer m from R{δ} of the one above. */
  #passDown(theta: number, m: number, count: number): void {
    const { inputs, units, weight } = this.layout.layers[m + 1];
    const above = this.#rows[m + 1];
    const { rdelta, stride } = this.#rows[m];
    this.#product(count, inputs, units, above.rdelta, above.stride, this.#at(theta, weight), inputs, rdelta, stride);
  }

  /** R{δ} = φ′ ⊙ R{∂ℓ/∂h} + φ″ ⊙ ∂ℓ/∂h ⊙ R{a}, the second term for the Hessian itself only. */
  #throughActivation(l: number, i: number, m: number, count: number): void {
    const { slope, curve, ra, rdelta, stride } = this.#rows[m];
    const { units } = this.layout.layers[m];
    if (slope) this.#kernels.multiplyRows(this.#list, count, slope, stride, units, rdelta, rdelta, stride, 0);
    if (!curve || this.kind === "ggn") return;
    if (m > l) this.#kernels.multiplyRows(this.#list, count, curve, stride, units, ra, rdelta, stride, 1);
    else this.#kernels.addColumn(this.#list, count, this.#at(curve, i), stride, this.#at(rdelta, i), stride);
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

  /** Rows `from` … of the weights into unit i of layer l, against all parameters of layer m. */
  #panelBlock(l: number, i: number, m: number, from: number, rows: number, count: number): void {
    const { inputs: left } = this.layout.layers[l];
    const { inputs, units, weight, bias } = this.layout.layers[m];
    const { parameterCount } = this.layout;
    const [own, other] = [this.#rows[l], this.#rows[m]];
    const symmetric = l === m && rows === left + 1;
    const first = l === m ? i : 0;
    const exact = this.kind === "exact";
    // biome-ignore format: grouped by operand
    this.#kernels.hessianRows(
      this.#list, count, this.#at(own.features, from), own.featureStride, symmetric ? left : rows,
      other.features, other.featureStride, inputs,
      m > l + 1 ? this.#rows[m - 1].rh : 0, m > l ? this.#rows[m - 1].stride : 0,
      m === l + 1 && own.slope ? this.#at(own.slope, i) : 0, own.stride, m === l + 1 ? i : -1,
      other.rdelta, other.stride, exact && m > l ? other.delta : 0, other.stride,
      other.curve ? 0 : other.slope, other.stride, first, units,
      this.#at(this.#panel.at, weight + first * inputs), parameterCount, 0, symmetric ? 1 : 0, this.#scratch,
    );
    // biome-ignore format: grouped by operand
    this.#kernels.product(
      rows, units, count, 1,
      this.#at(this.#gathered, from), 1, own.featureStride,
      other.rdelta, other.stride, 1,
      0, this.#at(this.#panel.at, bias), parameterCount, 0, -1, 0, 0, this.workspace.scratch,
    );
    if (symmetric) this.#mirrorBias(left, weight + i * inputs, bias + i, units - i);
  }

  /** Within a layer, bias against weights is weights against bias. */
  #mirrorBias(inputs: number, weights: number, biases: number, units: number): void {
    const { parameterCount } = this.layout;
    const row = this.#at(this.#panel.at, inputs * parameterCount + weights);
    this.#kernels.transpose(this.#at(this.#panel.at, biases), inputs, units, parameterCount, row, inputs);
  }
}

function chunkOf({ layers, inputs, outputs }: Layout, bytes: number): number {
  const units = layers.reduce((sum, layer) => sum + layer.units, 0);
  const numbers = 3 * inputs + 4 * outputs + 14 * units + 16 * layers.length;
  return Math.max(16, Math.min(CHUNK_MOST, Math.floor(CHUNK_BYTES / (numbers * bytes) / 16) * 16));
}

/** Makes the matrix symmetric from what is right of the diagonal, in squares that stay in the cache. */
function mirror(matrix: FloatArray, size: number): void {
  const square = 32;
  for (let top = 0; top < size; top += square) {
    const bottom = Math.min(top + square, size);
    for (let left = top; left < size; left += square) {
      const right = Math.min(left + square, size);
      for (let row = top; row < bottom; ++row) {
        for (let column = Math.max(left, row + 1); column < right; ++column) {
          matrix[column * size + row] = matrix[row * size + column];
        }
      }
    }
  }
}

/** ½·l2·Σθ² curves by l2 along each of its parameters; l1 not at all. */
function addPenalty(matrix: FloatArray, { penalty }: ResolvedSpec, { penalised, parameterCount }: Layout): void {
  if (penalty.l2 === 0) return;
  for (const { offset, count } of penalised) {
    for (let i = offset; i < offset + count; ++i) matrix[i * (parameterCount + 1)] += penalty.l2;
  }
}

/** Column by column, for networks whose samples are coupled by batch norm. */
function columns(
  workspace: Workspace,
  spec: ResolvedSpec,
  layout: Layout,
  data: Dataset,
  mode: BatchNormMode,
  kind: CurvatureKind,
  theta: number,
  statistics: number,
  matrix: FloatArray,
): void {
  const { parameterCount: size } = layout;
  const v = workspace.allocate(spec.dtype, size);
  const out = workspace.allocate(spec.dtype, size);
  const products = new CurvatureProducts(workspace, spec, layout, data, mode);
  products.linearize(theta, statistics, wholeBatch(data));
  workspace.slice(spec.dtype, v, size).fill(0);
  for (let i = 0; i < size; ++i) {
    workspace.slice(spec.dtype, v, size)[i] = 1;
    products.multiply(theta, statistics, v, out, kind);
    matrix.set(workspace.slice(spec.dtype, out, size), i * size);
    workspace.slice(spec.dtype, v, size)[i] = 0;
  }
  mirror(matrix, size);
}

/** The matrix, row-major and exactly symmetric, of the network's dtype. `theta` and `statistics` are in the workspace. */
export function assembleHessian(
  workspace: Workspace,
  spec: ResolvedSpec,
  layout: Layout,
  data: Dataset,
  mode: BatchNormMode,
  kind: CurvatureKind,
  theta: number,
  statistics: number,
): FloatArray {
  const matrix = floatArray(spec.dtype, layout.parameterCount ** 2);
  if (layout.batchNorm) columns(workspace, spec, layout, data, mode, kind, theta, statistics, matrix);
  else new Assembly(workspace, spec, layout, data, kind, matrix).run(theta, statistics);
  if (!layout.batchNorm) addPenalty(matrix, spec, layout);
  return matrix;
}
