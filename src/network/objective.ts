import type { Matrix } from "../linalg/matrix.js";
import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import { CallerLoss } from "./caller-loss.js";
import { type Dataset, samplesWorth } from "./dataset.js";
import type { Layout } from "./layout.js";
import { KernelLoss, type OutputLoss } from "./output-loss.js";
import { type BatchNormMode, type Gradients, Propagation } from "./propagation.js";
import { lossTraits, type ResolvedSpec } from "./spec.js";

/**
 * Bytes that one chunk's activations may take: about a second-level cache, whatever the machine, so
 * that bits do not depend on it.
 */
const CHUNK_BYTES = 1 << 20;
const CHUNK_LEAST = 64;
const CHUNK_MOST = 1024;

/** Which samples: the first `count` from `from` on of an order, or of the data set itself. */
export interface Batch {
  readonly order: Uint32Array | null;
  readonly from: number;
  readonly count: number;
}

export function wholeBatch(data: Dataset): Batch {
  return { order: null, from: 0, count: data.size };
}

/**
 * Called between the passes of a chunk and the next, with the position of its first sample in the
 * order.
 */
export type Visit = (from: number) => void;

/** What is asked of an objective beside its value. */
export interface ObjectiveNeeds {
  /** Most samples in a batch. */
  capacity: number;
  /** Most samples that pass at once; a function of the network by default. */
  chunk?: number;
  gradients: Gradients;
  /** Whether outputs of layers with dropout are dropped. */
  dropping?: boolean;
}

/**
 * The training objective of a network on a data set, in the memory of one workspace: mean loss over
 * a batch plus penalty. Batches larger than a chunk are summed chunk by chunk, so that memory does
 * not grow with them; under batch statistics, which couple the samples, a batch is one chunk.
 */
export class Objective {
  /** The passes, with what the last one left in memory. */
  readonly propagation: Propagation;
  /** Of the outputs that the last pass left. */
  readonly loss: OutputLoss;
  /**
   * Set where every pass is over the same samples in the same order: what is loaded already then
   * stays.
   */
  pinned = false;
  #loaded = -1;
  readonly #data: Dataset;
  readonly #targetWidth: number;

  constructor(
    readonly workspace: Workspace,
    readonly spec: ResolvedSpec,
    readonly layout: Layout,
    data: Dataset,
    readonly mode: BatchNormMode,
    { capacity, gradients, chunk = chunkSize(spec, layout), dropping = false }: ObjectiveNeeds,
  ) {
    const { targets } = data;
    this.#data = data;
    this.#targetWidth = "data" in targets ? targets.columns : 1;
    const coupled = layout.batchNorm && mode === "batch";
    const samples = coupled ? capacity : Math.min(capacity, chunk);
    const weighted = data.weights !== null;
    this.propagation = new Propagation(
      workspace,
      spec,
      layout,
      samples,
      this.#targetWidth,
      gradients,
      weighted,
      dropping,
    );
    this.loss = lossOf(this.propagation, data, this.#targetWidth);
  }

  /** Mean loss of the batch, penalty included. */
  value(theta: number, statistics: number, batch: Batch): number {
    return this.dataLoss(theta, statistics, batch) + this.penalty(theta);
  }

  /**
   * Mean loss of the batch without the penalty; `visit` is called after each chunk's forward pass.
   */
  dataLoss(theta: number, statistics: number, { order, from, count }: Batch, visit?: Visit): number {
    const { capacity } = this.propagation;
    let sum = 0;
    for (let done = 0; done < count; done += capacity) {
      this.#load(order, from + done, Math.min(capacity, count - done));
      this.propagation.forward(theta, this.mode, statistics);
      sum += this.loss.sum(0, 1);
      visit?.(from + done);
    }
    return sum / this.terms(count);
  }

  /**
   * Mean loss of the batch, penalty included, and its gradient, which is written to `gradient`.
   * `held`: the activations here are those of the whole batch at θ already.
   */
  valueAndGradient(
    theta: number,
    statistics: number,
    batch: Batch,
    gradient: number,
    visit?: Visit,
    held = false,
  ): number {
    const { order, from, count } = batch;
    const { capacity } = this.propagation;
    const terms = this.terms(count);
    let sum = 0;
    for (let done = 0; done < count; done += capacity) {
      if (!held) this.forward(theta, statistics, order, from + done, Math.min(capacity, count - done));
      sum += this.propagation.backward(theta, gradient, this.loss, 1 / terms, done > 0, this.mode);
      visit?.(from + done);
    }
    this.#addPenaltyGradient(theta, gradient);
    return sum / terms + this.penalty(theta);
  }

  /** Loads samples (at most a chunk of them) and passes forward through them. */
  forward(theta: number, statistics: number, order: Uint32Array | null, from: number, count: number): void {
    this.#load(order, from, count);
    this.propagation.forward(theta, this.mode, statistics);
  }

  /**
   * The first layer whose pre-activations, or their batch variance, hold a NaN or infinity for a
   * sample of the batch, or −1.
   */
  firstNonFiniteLayer(theta: number, statistics: number, batch: Batch): number {
    let first = -1;
    const note = (layer: number): void => {
      if (layer >= 0 && (first < 0 || layer < first)) first = layer;
    };
    this.dataLoss(theta, statistics, batch, () => {
      note(this.propagation.firstNonFiniteLayer());
      if (this.mode === "batch") note(this.propagation.firstOverflownVariance());
    });
    return first;
  }

  /**
   * Loads samples (at most a chunk of them) and passes forward and backward through them, for what
   * the propagation keeps. `terms` is what the mean is over.
   */
  linearize(theta: number, statistics: number, { order, from, count }: Batch, terms: number): void {
    this.#load(order, from, count);
    this.propagation.forward(theta, this.mode, statistics);
    this.propagation.backward(theta, 0, this.loss, 1 / terms, false, this.mode);
  }

  /** l1·Σ|θ| + ½·l2·Σθ² over the penalised parameters. */
  penalty(theta: number): number {
    const { l1 } = this.spec.penalty;
    const { kernels } = this.propagation;
    const { penalised } = this.layout;
    let [absolute, squares, value] = [0, 0, 0];
    penalised.forEach(({ offset, count, l2 }, run) => {
      const at = theta + offset * bytesPer(this.spec.dtype);
      if (l1 > 0) absolute += kernels.sumAbs(at, count);
      if (l2 > 0) squares += kernels.sumSquares(at, count);
      // Runs that share an l2 are summed first.
      if (penalised[run + 1]?.l2 === l2) return;
      value += 0.5 * l2 * squares;
      squares = 0;
    });
    return l1 * absolute + value;
  }

  #addPenaltyGradient(theta: number, gradient: number): void {
    const { l1 } = this.spec.penalty;
    for (const { offset, count, l2 } of this.layout.penalised) {
      if (l1 === 0 && l2 === 0) continue;
      const shift = offset * bytesPer(this.spec.dtype);
      this.propagation.kernels.penaltyGradient(theta + shift, gradient + shift, count, l1, l2);
    }
  }

  /**
   * What the mean is over: samples, whose weights are multiples of their mean, and for all but
   * cross-entropy outputs too.
   */
  terms(samples: number): number {
    return lossTraits(this.spec.loss).perSample ? samples : samples * this.layout.outputs;
  }

  #load(order: Uint32Array | null, from: number, count: number): void {
    const { workspace, spec, layout } = this;
    const { propagation } = this;
    const { targets, inputs } = this.#data;
    if (this.pinned && this.#loaded === from && propagation.size === count) return;
    this.#loaded = from;
    propagation.resize(count);
    const view = workspace.view(spec.dtype);
    const size = bytesPer(spec.dtype);
    copyRows(inputs.data, layout.inputs, order, from, count, view, propagation.x / size);
    const values = "data" in targets ? targets.data : targets;
    copyTransposed(values, this.#targetWidth, order, from, count, view, propagation.y / size, propagation.stride);
    if (propagation.weights) this.#loadWeights(order, from, count);
  }

  #loadWeights(order: Uint32Array | null, from: number, count: number): void {
    const { propagation, workspace, spec } = this;
    const { meanWeight } = this.#data;
    const weights = this.#data.weights as Float64Array;
    const loaded = Float64Array.from({ length: count }, (_, i) => weights[order ? order[from + i] : from + i]);
    propagation.worth = samplesWorth(loaded);
    const values = workspace.slice(spec.dtype, propagation.weights, propagation.stride).fill(0);
    for (let i = 0; i < count; ++i) values[i] = loaded[i] / meanWeight;
  }
}

function lossOf(propagation: Propagation, { targets }: Dataset, targetWidth: number): OutputLoss {
  const { loss } = propagation.spec;
  if (typeof loss === "object" && "value" in loss) return new CallerLoss(propagation, loss, targetWidth);
  return new KernelLoss(propagation, loss, loss === "cross-entropy" && "data" in targets);
}

/**
 * Passes over inputs alone, chunk by chunk, under running statistics; `visit` sees each chunk's
 * outputs.
 */
export function forwardChunks(
  workspace: Workspace,
  spec: ResolvedSpec,
  layout: Layout,
  inputs: Matrix,
  theta: number,
  statistics: number,
  visit: (propagation: Propagation, from: number) => void,
  gradients: Gradients = "none",
): void {
  const capacity = Math.min(inputs.rows, chunkSize(spec, layout));
  const propagation = new Propagation(workspace, spec, layout, capacity, 0, gradients);
  const at = propagation.x / bytesPer(spec.dtype);
  for (let from = 0; from < inputs.rows; from += capacity) {
    const count = Math.min(capacity, inputs.rows - from);
    propagation.resize(count);
    copyRows(inputs.data, layout.inputs, null, from, count, workspace.view(spec.dtype), at);
    propagation.forward(theta, "running", statistics);
    visit(propagation, from);
  }
}

/** Samples that pass through the network at once: a function of the network alone. */
export function chunkSize({ dtype }: ResolvedSpec, { layers, inputs }: Layout): number {
  const widths = layers.reduce((sum, { units }) => sum + 2 * units, inputs);
  const fitting = Math.floor(CHUNK_BYTES / (widths * bytesPer(dtype)) / CHUNK_LEAST) * CHUNK_LEAST;
  return Math.max(CHUNK_LEAST, Math.min(CHUNK_MOST, fitting));
}

/** Rows of an order by plain loops: `set` with a subarray a row would allocate a view for each. */
function copyRows(
  source: FloatArray,
  width: number,
  order: Uint32Array | null,
  from: number,
  count: number,
  target: FloatArray,
  at: number,
): void {
  if (!order) {
    target.set(source.subarray(from * width, (from + count) * width), at);
    return;
  }
  for (let i = 0; i < count; ++i) {
    const start = order[from + i] * width;
    for (let j = 0; j < width; ++j) target[at++] = source[start + j];
  }
}

function copyTransposed(
  source: FloatArray,
  width: number,
  order: Uint32Array | null,
  from: number,
  count: number,
  target: FloatArray,
  at: number,
  stride: number,
): void {
  for (let i = 0; i < count; ++i) {
    const start = (order ? order[from + i] : from + i) * width;
    for (let j = 0; j < width; ++j) target[at + j * stride + i] = source[start + j];
  }
}
