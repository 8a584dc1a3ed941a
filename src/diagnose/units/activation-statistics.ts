import { checkNumber } from "../../check.js";
import { canDie, hasKink, steepest } from "../../network/activation-kinds.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import { Objective, wholeBatch } from "../../network/objective.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode, Propagation } from "../../network/propagation.js";
import type { ActivationName, ResolvedLayer } from "../../network/spec.js";
import { bytesPer, type FloatArray } from "../../wasm/workspace.js";

/** What `activationStatistics` takes beside network and data. */
export interface ActivationStatisticsOptions extends PassOptions {
  /**
   * A sample saturates a unit where |φ′| is at most this share of the activation's largest slope.
   * At 0.01 a step of gradient descent moves the unit's weights a hundredth as far as it could, and
   * two such layers in a row leave a ten-thousandth. Default: 0.01.
   */
  saturation?: number;
}

/** Mean, standard deviation (of the population) and range; over the finite values. */
export interface Moments {
  /** The mean. */
  readonly mean: number;
  /** The standard deviation, of the population. */
  readonly deviation: number;
  /** The least. */
  readonly minimum: number;
  /** The largest. */
  readonly maximum: number;
}

/** A unit over all samples. Shares are in [0, 1]. */
export interface UnitStatistics {
  /** Share of samples with a positive pre-activation. */
  readonly active: number;
  /** Share of samples for which the unit gives exactly 0. */
  readonly sparsity: number;
  /** Share of samples that saturate it; null for activations that cannot saturate. */
  readonly saturated: number | null;
  /** Samples whose pre-activation is exactly 0. */
  readonly exactZeros: number;
  /** Samples for which pre-activation or activation is NaN or infinite; they count nowhere else. */
  readonly nonFinite: number;
  /** What the activation sees: after batch norm. */
  readonly preActivation: Moments;
  /** What it gives. */
  readonly activation: Moments;
}

/** A layer over all samples and units: means of its units' shares, sums of their counts. */
export interface LayerStatistics extends UnitStatistics {
  /** Index of the layer. */
  readonly layer: number;
  /** Its activation. */
  readonly type: ActivationName;
  /** One by one. */
  readonly units: readonly UnitStatistics[];
  /**
   * Units with a positive pre-activation for no sample: of activations that do something at 0
   * (relu, leaky-relu, elu, step), as the next two.
   */
  readonly neverActive: readonly number[];
  /** For some samples, but less than 1 % of them. */
  readonly rarelyActive: readonly number[];
  /** For all samples: straight on the data. */
  readonly alwaysActive: readonly number[];
  /** Units that never pass anything on: never active, of relu (or leaky-relu with slope 0). */
  readonly dead: readonly number[];
}

/** A layer through which no gradient passes for any sample. */
export interface BlockedLayer {
  /** Index of the layer. */
  readonly layer: number;
  /** All units dead, or an activation whose derivative is 0 everywhere. */
  readonly cause: "dead" | "step";
  /** Layers whose gradient is exactly 0 for it: this one and all before it. */
  readonly frozen: readonly number[];
  /**
   * The layer after a dead one: its inputs are all 0, so that its weights' gradients are 0 too; its
   * bias (or batch norm's shift) learns.
   */
  readonly biasOnly: readonly number[];
  /**
   * Layers after it that gradients reach, `biasOnly` among them: they learn a function of nothing,
   * a constant, where the cause is "dead".
   */
  readonly learning: readonly number[];
  /** The same in words; layers are counted from 1 here. */
  readonly message: string;
}

/** What `activationStatistics` returns. */
export interface ActivationStatistics {
  /** N. */
  readonly samples: number;
  /** Which statistics batch norm used. */
  readonly batchNorm: BatchNormMode;
  /** The share of the largest slope up to which a sample counts as saturating. */
  readonly saturation: number;
  /** The first one first. */
  readonly layers: readonly LayerStatistics[];
  /** Layers that let no gradient through. */
  readonly blocked: readonly BlockedLayer[];
}

/** Active for less than this share of the samples is rare. */
const RARE = 0.01;

/**
 * What every unit does over the whole data set: how often it is active, silent, saturated or
 * exactly at its kink, with mean, deviation and range before and after the activation. Also the
 * dead units, and the layers that stop all gradients ("born dead" if they do so from the start; Lu
 * et al. 2019).
 *
 * An activation of relu is 0 for about half of the samples at a symmetric start; a pre-activation
 * is exactly 0 hardly ever, unless inputs are 0 where biases are.
 *
 * @param options batchNorm: "batch" (default, as in training) or "running"; saturation: see
 * `ActivationStatisticsOptions`.
 * @returns plain data, owned by the caller. Cost: a forward pass and a few operations per unit and
 * sample.
 * @throws TypeError or RangeError as `net.loss`, and for a threshold outside of (0, 1].
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, 1, 0, -5, 1, 1, 0]);
 * const { layers } = activationStatistics(net, dataset([[-1], [0], [1], [2]], [0, 0, 1, 2]));
 * layers[0].dead; // [1]
 * layers[0].units[0].active; // 0.5
 * layers[0].units[0].exactZeros; // 1
 */
export function activationStatistics(
  net: Network,
  data: Dataset,
  options: ActivationStatisticsOptions = {},
): ActivationStatistics {
  const where = "activationStatistics";
  checkNetwork(where, net);
  const mode = net.mode(where, data, options, ["saturation"]);
  const { saturation = 0.01 } = options;
  checkNumber(where, "saturation", saturation, "a number in (0, 1]", (x) => x > 0 && x <= 1);
  const { spec, layout } = net;
  const tallies = spec.layers.map(({ units }) => Array.from({ length: units }, () => new Tally()));
  net.resident((workspace, theta, statistics) => {
    const objective = new Objective(workspace, spec, layout, data, mode, { capacity: data.size, gradients: "none" });
    const { propagation } = objective;
    const slopes = workspace.allocate(spec.dtype, propagation.stride);
    objective.dataLoss(theta, statistics, wholeBatch(data), () => {
      tallies.forEach((row, layer) => tallyLayer(row, propagation, layer, slopes, saturation));
    });
  });
  const layers = spec.layers.map((layer, l) => layerStatistics(layer, l, tallies[l], data.size));
  return { samples: data.size, batchNorm: mode, saturation, layers, blocked: blockedLayers(net, layers) };
}

/** Adds the loaded samples to the tallies of a layer. `slopes`: room for a row. */
function tallyLayer(
  tallies: readonly Tally[],
  { workspace, spec, layout, layers, stride, size, kernels }: Propagation,
  layer: number,
  slopes: number,
  saturation: number,
): void {
  const bytes = bytesPer(spec.dtype);
  const view = workspace.view(spec.dtype);
  const { a, h } = layers[layer];
  const { kind, parameter } = layout.layers[layer];
  const most = steepest(spec.layers[layer].activation);
  tallies.forEach((tally, unit) => {
    const offset = unit * stride;
    tally.add(view, a / bytes + offset, h / bytes + offset, size);
    if (most === null) return;
    kernels.activationDerivative(kind, a + offset * bytes, h + offset * bytes, slopes, size, parameter);
    tally.addSlopes(view, slopes / bytes, size, saturation * most);
  });
}

/**
 * Sums over a row, chunk after chunk; chunks' deviations are combined by the rule of Chan, Golub
 * and LeVeque (1979).
 */
class Row {
  count = 0;
  mean = 0;
  squares = 0;
  minimum = Infinity;
  maximum = -Infinity;
  zeros = 0;
  positive = 0;

  add(values: FloatArray, from: number, count: number): void {
    let sum = 0;
    let finite = 0;
    let { minimum, maximum } = this;
    let zeros = 0;
    let positive = 0;
    const end = from + count;
    for (let i = from; i < end; ++i) {
      const x = values[i];
      if (x - x !== 0) continue;
      sum += x;
      ++finite;
      if (x < minimum) minimum = x;
      if (x > maximum) maximum = x;
      if (x === 0) ++zeros;
      // Without a branch: signs are hard to predict.
      positive += +(x > 0);
    }
    this.minimum = minimum;
    this.maximum = maximum;
    this.zeros += zeros;
    this.positive += positive;
    if (finite > 0) this.#merge(sum / finite, squaredDeviations(values, from, end, sum / finite), finite);
  }

  #merge(mean: number, squares: number, count: number): void {
    const total = this.count + count;
    const apart = mean - this.mean;
    this.squares += squares + apart * apart * ((this.count * count) / total);
    this.mean += apart * (count / total);
    this.count = total;
  }

  /** Takes in another row. */
  join(other: Row): void {
    if (other.count > 0) this.#merge(other.mean, other.squares, other.count);
    this.minimum = Math.min(this.minimum, other.minimum);
    this.maximum = Math.max(this.maximum, other.maximum);
    this.zeros += other.zeros;
    this.positive += other.positive;
  }

  moments(): Moments {
    if (this.count === 0) return { mean: 0, deviation: 0, minimum: 0, maximum: 0 };
    const { mean, minimum, maximum } = this;
    // Rounding must not take the mean out of the range, nor give a constant a deviation.
    const deviation = minimum === maximum ? 0 : Math.sqrt(this.squares / this.count);
    return { mean: Math.min(maximum, Math.max(minimum, mean)), deviation, minimum, maximum };
  }
}

function squaredDeviations(values: FloatArray, from: number, end: number, mean: number): number {
  let sum = 0;
  for (let i = from; i < end; ++i) {
    const d = values[i] - mean;
    if (d - d === 0) sum += d * d;
  }
  return sum;
}

/** What a unit has done so far. */
class Tally {
  readonly a = new Row();
  readonly h = new Row();
  /** −1 while no slopes have been looked at. */
  saturated = -1;

  add(view: FloatArray, a: number, h: number, count: number): void {
    this.a.add(view, a, count);
    if (h === a) return;
    this.h.add(view, h, count);
  }

  addSlopes(view: FloatArray, from: number, count: number, limit: number): void {
    let below = 0;
    for (let i = from; i < from + count; ++i) if (Math.abs(view[i]) <= limit) ++below;
    this.saturated = Math.max(0, this.saturated) + below;
  }

  join(other: Tally): void {
    this.a.join(other.a);
    this.h.join(other.h);
    if (other.saturated >= 0) this.saturated = Math.max(0, this.saturated) + other.saturated;
  }

  statistics(samples: number): UnitStatistics {
    const { a, saturated } = this;
    const h = this.h.count > 0 ? this.h : a;
    return {
      active: a.positive / samples,
      sparsity: h.zeros / samples,
      saturated: saturated < 0 ? null : saturated / samples,
      exactZeros: a.zeros,
      nonFinite: samples - Math.min(a.count, h.count),
      preActivation: a.moments(),
      activation: h.moments(),
    };
  }
}

function layerStatistics(
  { activation }: ResolvedLayer,
  layer: number,
  tallies: readonly Tally[],
  samples: number,
): LayerStatistics {
  const all = new Tally();
  for (const tally of tallies) all.join(tally);
  const units = tallies.map((tally) => tally.statistics(samples));
  const where = (accept: (unit: UnitStatistics) => boolean): number[] =>
    hasKink(activation) ? units.flatMap((unit, i) => (accept(unit) ? [i] : [])) : [];
  const neverActive = where(({ active, nonFinite }) => active === 0 && nonFinite === 0);
  return {
    layer,
    type: activation.type,
    ...all.statistics(samples * units.length),
    neverActive,
    rarelyActive: where(({ active }) => active > 0 && active < RARE),
    alwaysActive: where(({ active }) => active === 1),
    dead: canDie(activation) ? neverActive : [],
    units,
  };
}

function blockedLayers({ spec }: Network, layers: readonly LayerStatistics[]): BlockedLayer[] {
  const blocking = layers.filter(({ layer, type, dead, units }) => {
    if (type === "step") return true;
    const { activation } = spec.layers[layer];
    // relu's `atZero` lets gradients through exactly at 0.
    const passes = activation.type === "relu" && activation.atZero !== 0 && units.some((unit) => unit.exactZeros > 0);
    return dead.length === units.length && !passes;
  });
  const top = blocking.length > 0 ? blocking[blocking.length - 1].layer : -1;
  return blocking.map(({ layer, type }) => {
    const cause = type === "step" ? "step" : "dead";
    const learning = layers.slice(top + 1).map((above) => above.layer);
    const silent = layers[layer].sparsity === 1;
    const biasOnly = cause === "dead" && silent && layer === top && learning.length > 0 ? [layer + 1] : [];
    const frozen = layers.slice(0, layer + 1).map((below) => below.layer);
    return { layer, cause, frozen, biasOnly, learning, message: describe(layer, cause, biasOnly, learning) };
  });
}

function describe(
  layer: number,
  cause: "dead" | "step",
  biasOnly: readonly number[],
  learning: readonly number[],
): string {
  const why = cause === "dead" ? "gives 0 for every sample" : "has a derivative of 0 everywhere";
  const frozen = layer === 0 ? "its parameters get" : `it and layer${layer > 1 ? "s" : ""} ${list(0, layer - 1)} get`;
  const first = `layer ${layer + 1} ${why}, so ${frozen} no gradient`;
  if (learning.length === 0) return `${first}, and nothing learns`;
  const above = `layer${learning.length > 1 ? "s" : ""} ${list(learning[0], learning[learning.length - 1])} still learn${learning.length > 1 ? "" : "s"}`;
  if (cause === "step") return `${first}; ${above}`;
  return `${first}; ${above}, but only a constant${biasOnly.length > 0 ? ` (of layer ${biasOnly[0] + 1}, the bias alone)` : ""}`;
}

/** Layers as a person counts them. */
function list(first: number, last: number): string {
  return first === last ? String(first + 1) : `${first + 1} to ${last + 1}`;
}
