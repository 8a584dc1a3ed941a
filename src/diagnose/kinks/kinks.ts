import { checkPositive } from "../../check.js";
import { hasKink, isPiecewiseLinear } from "../../network/activation-kinds.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { lossKinks } from "../../network/spec.js";
import { checkDirection, euclidean } from "../signals/arithmetic.js";
import { withProbe } from "../signals/probe.js";
import { KinkPath, type OnChange } from "./kink-path.js";
import { searchKinks } from "./kink-search.js";

/** What `kinks` takes beside network and data. */
export interface KinksOptions extends PassOptions {
  /**
   * d, `parameterCount` numbers. Default: the negative gradient, so that a step is a learning rate
   * of gradient descent.
   */
  direction?: ArrayLike<number>;
  /** The largest t. Default: the one that moves the parameters by a hundredth of their norm. */
  length?: number;
}

/**
 * A unit that comes to another side of its kink for a sample; or an output's residual, at which the
 * loss turns: ±δ under huber, 0 under mae and quantile.
 */
export interface KinkCrossing {
  /** t. */
  readonly step: number;
  /** A unit's, or the loss's own. */
  readonly kind: "unit" | "loss";
  /** Index of the layer. */
  readonly layer: number;
  /** Index of the unit in its layer. */
  readonly unit: number;
  /** In the data. */
  readonly sample: number;
  /**
   * Sign of the pre-activation (of |f − y| − 1) before; 0 where it is exactly 0 for a while, as
   * behind units that are.
   */
  readonly from: -1 | 0 | 1;
  /** Sign after it. */
  readonly to: -1 | 0 | 1;
}

/** What `kinks` returns. */
export interface Kinks {
  /** The largest t. */
  readonly length: number;
  /** ‖d‖. */
  readonly norm: number;
  /** Which statistics batch norm used. */
  readonly batchNorm: BatchNormMode;
  /** By step. */
  readonly crossings: readonly KinkCrossing[];
  /** Crossings by units of each layer. */
  readonly layers: readonly number[];
  /** Crossings of the loss's own kinks. */
  readonly loss: number;
  /**
   * Pairs of unit (or residual) and sample that are exactly at their kink at t = 0. They are not
   * crossed by leaving it.
   */
  readonly startsOnKink: number;
  /** Whether all crossings are known to be there, each to rounding; otherwise see `uncertainty`. */
  readonly exact: boolean;
  /** How far a step may be off, where it was searched for; 0 where `exact`. */
  readonly uncertainty: number;
}

const WHERE = "kinks";
/** Of ‖θ‖. */
const MOVE = 1e-2;
/**
 * Changes of side of one pair that are closer than this share of the length are one, seen twice
 * because of rounding.
 */
const SAME = 1e-12;

/**
 * Every kink that the objective meets on the way from θ to θ + length·d. A kink is where the
 * pre-activation of a unit of relu, leaky-relu, elu or step changes its sign for a sample. It is
 * also where an output's residual passes a kink of the loss: ±δ under huber, 0 under mae and
 * quantile. Between two kinks the objective is smooth; at each its gradient jumps.
 *
 * Piecewise-linear networks (with batch norm, under running statistics) are treated exactly. While
 * nothing below it switches, a pre-activation is a polynomial of t whose degree is the layer's
 * depth, and all of its sign changes are found, to rounding. With smooth activations below a kink,
 * or batch statistics, signs are compared at 65 points and changes are located between. Two
 * crossings of one pair between neighbouring points are then missed.
 *
 * @param options batchNorm: "batch" (default) or "running"; direction and length: see
 * `KinksOptions`.
 * @returns plain data, owned by the caller. Cost where exact: about 2·depth forward passes in plain
 * JavaScript, and one of the layers above for each crossing; else 65 passes and a few for each
 * crossing, up to 2,000.
 * @throws TypeError or RangeError as `net.gradient`, for a direction of the wrong kind or 0, and a
 * length that is not positive.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, -1, 1, 0]);
 * const { crossings } = kinks(net, dataset([[0.5], [3]], [0, 0]), { direction: [1, 0, 0, 0], length: 4 });
 * crossings; // [{ step: 1, kind: "unit", layer: 0, unit: 0, sample: 0, from: -1, to: 1 }]
 */
export function kinks(net: Network, data: Dataset, options: KinksOptions = {}): Kinks {
  checkNetwork(WHERE, net);
  const mode = net.mode(WHERE, data, options, ["direction", "length"]);
  if (options.length !== undefined) checkPositive(WHERE, "length", options.length);
  if (options.direction !== undefined) checkDirection(WHERE, options.direction, net.parameterCount);
  const theta = Float64Array.from(net.current().parameters);
  const direction = options.direction ? Float64Array.from(options.direction) : descent(net, data, mode, theta);
  const norm = euclidean(0, direction.length, (k) => direction[k]);
  const size = euclidean(0, theta.length, (k) => theta[k]) || 1;
  const length = options.length ?? (norm === 0 ? 0 : (MOVE * size) / norm);
  const crossings: KinkCrossing[] = [];
  const onChange =
    (sample: number): OnChange =>
    (step, layer, unit, residual, from, to) =>
      crossings.push({ step, kind: residual === null ? "unit" : "loss", layer, unit, sample, from, to });
  const exact = isExact(net, mode);
  let [startsOnKink, uncertainty] = [0, 0];
  if (exact) {
    const path = new KinkPath(net, data, theta, direction, lastKinked(net));
    for (let sample = 0; sample < data.size; ++sample) startsOnKink += path.walk(sample, length, onChange(sample));
  } else {
    ({ startsOnKink, uncertainty } = searchKinks(net, data, mode, theta, direction, length, onChange));
  }
  const sorted = joined(crossings, SAME * length);
  const count = (accept: (crossing: KinkCrossing) => boolean): number => sorted.filter(accept).length;
  return {
    length,
    norm,
    batchNorm: mode,
    crossings: sorted,
    layers: net.spec.layers.map((_, l) => count(({ kind, layer }) => kind === "unit" && layer === l)),
    loss: count(({ kind }) => kind === "loss"),
    startsOnKink,
    exact,
    uncertainty,
  };
}

function descent(net: Network, data: Dataset, mode: BatchNormMode, theta: Float64Array): Float64Array {
  const { gradient } = withProbe(net, data, mode, { gradients: "transient" }, (probe) => probe.gradient(theta));
  return Float64Array.from(gradient, (g) => -g);
}

/** The last layer in which something has a kink, or −1. */
function lastKinked({ spec }: Network): number {
  if (lossKinks(spec.loss).length > 0) return spec.layers.length - 1;
  return spec.layers.findLastIndex(({ activation }) => hasKink(activation));
}

/** Whether everything below a kink is a polynomial of t. */
function isExact(net: Network, mode: BatchNormMode): boolean {
  const { layers, loss } = net.spec;
  const last = lastKinked(net);
  const below = layers.slice(0, lossKinks(loss).length > 0 ? last + 1 : Math.max(0, last));
  const coupled = mode === "batch" && layers.slice(0, last + 1).some(({ batchNorm }) => batchNorm);
  return !coupled && below.every(({ activation }) => isPiecewiseLinear(activation));
}

/**
 * By step; several changes of a pair at one place become one, or none where it ends on the side it
 * came from.
 */
function joined(crossings: readonly KinkCrossing[], apart: number): KinkCrossing[] {
  const key = ({ kind, layer, unit, sample }: KinkCrossing): string => `${kind} ${layer} ${unit} ${sample}`;
  const pairs = new Map<string, KinkCrossing[]>();
  for (const crossing of crossings) {
    const pair = pairs.get(key(crossing));
    if (pair) pair.push(crossing);
    else pairs.set(key(crossing), [crossing]);
  }
  const kept: KinkCrossing[] = [];
  for (const pair of pairs.values()) {
    pair.sort((a, b) => a.step - b.step);
    let open = pair[0];
    for (const crossing of pair.slice(1)) {
      if (crossing.step - open.step <= apart && crossing.from === open.to) open = { ...open, to: crossing.to };
      else {
        if (open.from !== open.to) kept.push(open);
        open = crossing;
      }
    }
    if (open.from !== open.to) kept.push(open);
  }
  return kept.sort((a, b) => a.step - b.step || a.layer - b.layer || a.unit - b.unit || a.sample - b.sample);
}
