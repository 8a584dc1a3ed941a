import type { Dtype, Kernels, SharedCore } from "../wasm/kernels.js";
import { bytesPer, type FloatArray, type Workspace } from "../wasm/workspace.js";
import type { Dataset } from "./dataset.js";
import type { LayerLayout, Layout } from "./layout.js";
import { Objective } from "./objective.js";
import { Panel } from "./panel.js";
import type { ResolvedSpec } from "./spec.js";
import type { CurvatureKind } from "./tangent.js";
import { rowsOf, UnitPlan } from "./unit-plan.js";

/** Bytes that the activations and derivatives of one chunk of samples may take. */
const CHUNK_BYTES = 24 << 20;
const CHUNK_MOST = 4096;
/**
 * What is left behind the last whole chunk joins it up to this share of a chunk: each chunk is a
 * pass over the matrix.
 */
const JOINS = 0.25;
/** N·P² from which on threads share the units: below, they would wake up for too little. */
const SHARE_FROM = 1 << 22;
/**
 * The most panels that each thread beside this one fills in turn, and bytes of theirs beyond which
 * there are two.
 */
const PANELS = 4;
const PANELS_BYTES = 32 << 20;

/**
 * The dense Hessian or Gauss-Newton matrix of a network whose samples are independent (without
 * batch norm, or with running statistics), row block by row block. One R{·} pass along each unit's
 * pre-activation gives all rows of the unit's parameters (see assembly/network/unit.ts). Where
 * there are threads, each takes units of its own; this one alone writes to the matrix, from the
 * others' panels, and makes rows of its own in between.
 */
export class Assembly {
  readonly #dtype: Dtype;
  readonly #bytes: number;
  readonly #kernels: Kernels;
  readonly #objective: Objective;
  readonly #plan: UnitPlan;
  /** Curvature and probabilities before they are turned round. */
  readonly #lossRows: readonly [number, number];
  /** Of the caller's loss, as doubles; 0 without. */
  readonly #hessians: number;
  readonly #panel: Panel;
  /** Samples of a chunk, and of one that takes the rest along. */
  readonly #chunk: number;
  readonly #most: number;
  readonly #shared: SharedCore | null;
  /** How many panels each of the other threads has; where they, and their states, begin. */
  readonly #each: number;
  readonly #panels: number;
  readonly #states: number;

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
    const { outputs, parameterCount } = layout;
    this.#dtype = dtype;
    this.#bytes = bytesPer(dtype);
    this.#kernels = workspace.kernels(dtype);
    this.#chunk = chunkOf(layout, this.#bytes);
    const rest = data.size % this.#chunk;
    this.#most = Math.min(data.size, rest <= JOINS * this.#chunk ? this.#chunk + rest : this.#chunk);
    const most = this.#most;
    this.#shared = data.size * parameterCount ** 2 >= SHARE_FROM ? workspace.shared : null;
    const threads = this.#shared?.threadCount() ?? 1;
    const needs = { capacity: most, gradients: "kept", chunk: most } as const;
    this.#objective = new Objective(workspace, spec, layout, data, "running", needs);
    const { propagation, loss } = this.#objective;
    this.#plan = new UnitPlan(workspace, spec, layout, kind, propagation, most, threads);
    const turned = outputs * propagation.stride;
    this.#lossRows = [workspace.allocate(dtype, turned), workspace.allocate(dtype, turned)];
    this.#hessians = loss.hessians ? workspace.allocate("f64", most * outputs ** 2) : 0;
    this.#panel = new Panel(workspace, dtype, parameterCount, this.#plan.widest, matrix);
    this.#each = Math.max(2, Math.min(PANELS, Math.floor(PANELS_BYTES / this.#panel.bytes)));
    [this.#panels, this.#states] = this.#openPanels(this.#each * (threads - 1));
  }

  #openPanels(count: number): [number, number] {
    const { bytes, turned, rows } = this.#panel;
    const panels = this.workspace.allocateBytes(count * bytes);
    const states = this.workspace.allocateBytes(64 * count);
    this.workspace.slice("f64", states, 8 * count).fill(0);
    const units = this.layout.layers.reduce((sum, layer) => sum + layer.units, 0);
    this.#plan.set(13, panels, bytes, rows, turned, states, units, this.#each);
    return [panels, states];
  }

  /** Fills the matrix; may be left and taken up again between the rows of two units. */
  *parts(theta: number, statistics: number): Generator<void, void> {
    const { layers } = this.layout;
    for (let l = 1; l < layers.length; ++l) {
      const { units, inputs, weight } = layers[l];
      this.#kernels.transpose(this.#at(theta, weight), units, inputs, inputs, this.#plan.rows[l].transposed, units);
    }
    for (let from = 0, count = 0; from < this.data.size; from += count) {
      const left = this.data.size - from;
      count = left <= this.#most ? left : this.#chunk;
      this.#objective.linearize(theta, statistics, { order: null, from, count }, this.#objective.terms(this.data.size));
      this.#spread(theta, count);
      this.#plan.open(theta, count, this.#hessians);
      if (this.#shared) {
        this.#shareUnits(this.#shared, from > 0);
        yield;
      } else {
        for (const [l, { units }] of layers.entries()) {
          for (let i = 0; i < units; ++i) {
            this.#unitRows(l, i, from > 0);
            yield;
          }
        }
      }
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
      const { inputs, units, scale, batchNorm } = layer;
      const rows = this.#plan.rows[l];
      if (l > 0) turn(layers[l - 1].h, inputs, rows.features, rows.featureStride);
      else this.#copyInputs(count);
      this.#fillOnes(rows, inputs, rowsOf(layer), count);
      turn(layers[l].slope, units, rows.slope, rows.stride);
      turn(layers[l].curve, units, rows.curve, rows.stride);
      turn(layers[l].delta, units, rows.delta, rows.stride);
      if (!batchNorm) return;
      this.#kernels.multiplyElements(units, this.#at(theta, scale), layers[l].invStd, rows.factor);
      turn(layers[l].xhat, units, rows.xhat, rows.stride);
      turn(layers[l].dy, units, rows.da, rows.stride);
    });
    this.#spreadLoss(count);
  }

  #spreadLoss(count: number): void {
    const { propagation, loss } = this.#objective;
    const { outputs } = this.layout;
    const { stride: width } = this.#plan.rows[this.#plan.rows.length - 1];
    const scale = 1 / this.#objective.terms(this.data.size);
    if (loss.hessians) {
      this.workspace.write("f64", this.#hessians, loss.hessians(scale));
      return;
    }
    const { stride } = propagation;
    const [d, p] = this.#lossRows;
    loss.curvature(d, p, scale);
    this.#kernels.transpose(d, outputs, count, stride, this.#plan.curvature, width);
    if (this.#plan.probability) this.#kernels.transpose(p, outputs, count, stride, this.#plan.probability, width);
  }

  #copyInputs(count: number): void {
    const view = this.workspace.view(this.#dtype);
    const { inputs } = this.layout;
    const { features, featureStride } = this.#plan.rows[0];
    const from = this.#objective.propagation.x / this.#bytes;
    const to = features / this.#bytes;
    for (let s = 0; s < count; ++s) {
      view.copyWithin(to + s * featureStride, from + s * inputs, from + (s + 1) * inputs);
    }
  }

  #fillOnes(
    { features, featureStride }: { features: number; featureStride: number },
    start: number,
    end: number,
    count: number,
  ): void {
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
  #unitRows(l: number, i: number, add: boolean): void {
    const layer = this.layout.layers[l];
    const { scratch } = this.workspace;
    const count = this.#kernels.openUnit(this.#plan.at, l, i, scratch);
    if (count === 0) {
      this.#zeroRows(layer, i, add);
      return;
    }
    const height = rowsOf(layer);
    for (let from = 0; from < height; from += this.#panel.rows) {
      const rows = Math.min(this.#panel.rows, height - from);
      this.#kernels.unitRows(this.#plan.at, l, i, from, rows, count, this.#panel.at, scratch);
      this.#panel.write(layer, i, from, rows, add);
    }
  }

  #zeroRows(layer: LayerLayout, i: number, add: boolean): void {
    if (!this.used || add) return;
    const height = rowsOf(layer);
    const { rows, at, size } = this.#panel;
    this.workspace.slice(this.#dtype, at, Math.min(rows, height) * size).fill(0);
    for (let from = 0; from < height; from += rows) {
      this.#panel.write(layer, i, from, Math.min(rows, height - from), false);
    }
  }

  /**
   * The same by all threads: what the others have finished is written first, since they wait for
   * their panels.
   */
  #shareUnits(core: SharedCore, add: boolean): void {
    const units = this.layout.layers.flatMap((layer, l) => Array.from({ length: layer.units }, (_, i) => [l, i]));
    const begin = this.#dtype === "f32" ? core.beginUnits_f32 : core.beginUnits_f64;
    begin(this.#plan.at, units.length);
    let own = 0;
    for (let piece = core.take(); piece >= 0; piece = core.take()) {
      const [l, i] = units[units.length - 1 - piece];
      this.#unitRows(l, i, add);
      ++own;
      while (this.#writeFull(core, add));
    }
    // What was full when all had ended is written after that.
    while (!core.ended(units.length, own)) this.#writeFull(core, add);
    while (this.#writeFull(core, add));
  }

  /** Writes a panel of another thread, if one is full, and gives it back. */
  #writeFull(core: SharedCore, add: boolean): boolean {
    const state = core.fullPanel(this.#plan.at, this.#each * (core.threadCount() - 1));
    if (state === 0) return false;
    const words = this.#words(state, 5);
    const [, l, i, from, count] = words;
    const layer = this.layout.layers[l];
    if (count === 0) this.#zeroRows(layer, i, add);
    else {
      const at = this.#panels + ((state - this.#states) / 64) * this.#panel.bytes;
      const rows = Math.min(this.#panel.rows, rowsOf(layer) - from);
      this.#panel.write(layer, i, from, rows, add, at);
    }
    Atomics.store(words, 0, 0);
    return true;
  }

  #words(at: number, count: number): Int32Array {
    return new Int32Array(this.workspace.view("f64").buffer, at, count);
  }
}

function chunkOf({ layers, inputs, outputs }: Layout, bytes: number): number {
  const units = layers.reduce((sum, layer) => sum + layer.units, 0);
  const normed = layers.reduce((sum, layer) => sum + (layer.batchNorm ? layer.inputs + 7 * layer.units + 16 : 0), 0);
  const numbers = 3 * inputs + 4 * outputs + 14 * units + 16 * layers.length + normed;
  return Math.max(16, Math.min(CHUNK_MOST, Math.floor(CHUNK_BYTES / (numbers * bytes) / 16) * 16));
}
