import { hasKink, slopeAbove, slopeBelow } from "../../network/activation-kinds.js";
import type { Dataset } from "../../network/dataset.js";
import type { LayerLayout } from "../../network/layout.js";
import type { Network } from "../../network/network.js";
import { lossKinks, lossParameters, type ResolvedLayer } from "../../network/spec.js";
import { evaluate, shift, signChanges } from "./polynomial.js";

/** A side of a kink. */
export type Side = -1 | 0 | 1;

/** Called at every change of side: at t a unit of a layer, or a residual, went to a side. */
export type OnChange = (t: number, layer: number, unit: number, residual: number | null, from: Side, to: Side) => void;

interface PathLayer {
  readonly layout: LayerLayout;
  readonly kinked: boolean;
  readonly step: boolean;
  readonly below: number;
  readonly above: number;
  /** Coefficients of a pre-activation, and of an activation, of which there are as many. */
  readonly count: number;
  /** Room for one piece: units × count. */
  readonly a: Float64Array;
  readonly h: Float64Array;
  /** The sides that the units are on so far; 2 before the first. */
  readonly sides: Int8Array;
  /** Running mean and 1/√(variance + ε). */
  readonly mean: Float64Array;
  readonly inverse: Float64Array;
}

/**
 * One sample's way through a piecewise-linear network whose parameters move along θ + t·d. While no
 * unit below changes its side, a pre-activation is a polynomial of t. It is kept as a polynomial
 * about the start of the piece. Its sign changes cut the piece for the layers above.
 */
export class KinkPath {
  readonly #layers: readonly PathLayer[];
  readonly #residualSides: Int8Array;
  /** Residuals at which the loss turns. */
  readonly #kinks: readonly number[];
  /** Outputs that share a target. */
  readonly #levels: number;

  /** Layers after `last` are not looked at. */
  constructor(
    net: Network,
    readonly data: Dataset,
    readonly theta: Float64Array,
    readonly direction: Float64Array,
    last: number,
  ) {
    const { statistics } = net.current();
    let count = 1;
    this.#layers = net.spec.layers.slice(0, last + 1).map((spec, l) => {
      count += net.layout.layers[l].batchNorm ? 2 : 1;
      return pathLayer(spec, net.layout.layers[l], count, statistics);
    });
    this.#kinks = lossKinks(net.spec.loss);
    this.#levels = lossParameters(net.spec.loss).length;
    this.#residualSides = new Int8Array(this.#kinks.length * net.layout.outputs);
  }

  /**
   * Walks one sample from t = 0 to `length`; how many of its quantities are exactly 0 at the start.
   */
  walk(sample: number, length: number, onChange: OnChange): number {
    for (const { sides } of this.#layers) sides.fill(2);
    this.#residualSides.fill(2);
    const { columns, data } = this.data.inputs;
    const x = Float64Array.from(data.subarray(sample * columns, (sample + 1) * columns));
    return this.#descend(0, x, 1, 0, length, sample, onChange);
  }

  /**
   * A piece from t = `start` on of the given width, with the layer's inputs as polynomials about
   * the start.
   */
  #descend(
    l: number,
    below: Float64Array,
    belowCount: number,
    start: number,
    width: number,
    sample: number,
    onChange: OnChange,
  ): number {
    if (l === this.#layers.length)
      return this.#kinks.length > 0 ? this.#residuals(below, belowCount, start, width, sample, onChange) : 0;
    const layer = this.#layers[l];
    const { units } = layer.layout;
    const { a, h, count } = layer;
    this.#affine(layer, below, belowCount, start);
    let zeros = 0;
    const cuts: Cut[] = [];
    for (let unit = 0; layer.kinked && unit < units; ++unit) {
      if (start === 0 && a[unit * count] === 0) ++zeros;
      const change = (t: number, from: Side, to: Side): void => onChange(t, l, unit, null, from, to);
      follow(a, unit * count, count, start, width, layer.sides, unit, change, cuts);
    }
    cuts.sort((p, q) => p.at - q.at);
    let from = 0;
    for (let next = 0; next <= cuts.length; ++next) {
      const to = next < cuts.length ? cuts[next].at : width;
      if (to > from || cuts.length === 0) {
        this.#activate(layer, from);
        zeros += this.#descend(l + 1, h, count, start + from, to - from, sample, onChange);
        from = to;
      }
      if (next < cuts.length) layer.sides[cuts[next].unit] = cuts[next].side;
    }
    return zeros;
  }

  /** a(s) = (W + (start + s)·D)·h(s) + b + …, and batch norm with its running statistics. */
  #affine(layer: PathLayer, below: Float64Array, belowCount: number, start: number): void {
    const { theta, direction } = this;
    const { inputs, units, weight, bias, scale, shift: beta } = layer.layout;
    const { a, count } = layer;
    a.fill(0);
    for (let unit = 0; unit < units; ++unit) {
      const at = unit * count;
      const row = weight + unit * inputs;
      for (let j = 0; j < inputs; ++j) {
        const d = direction[row + j];
        const w = theta[row + j] + start * d;
        for (let k = 0; k < belowCount; ++k) {
          const coefficient = below[j * belowCount + k];
          if (coefficient === 0) continue;
          a[at + k] += w * coefficient;
          a[at + k + 1] += d * coefficient;
        }
      }
      a[at] += theta[bias + unit] + start * direction[bias + unit];
      a[at + 1] += direction[bias + unit];
      if (scale < 0) continue;
      a[at] -= layer.mean[unit];
      const slope = direction[scale + unit] * layer.inverse[unit];
      const factor = theta[scale + unit] * layer.inverse[unit] + start * slope;
      for (let k = count - 1; k >= 0; --k) a[at + k] = factor * a[at + k] + (k > 0 ? slope * a[at + k - 1] : 0);
      a[at] += theta[beta + unit] + start * direction[beta + unit];
      a[at + 1] += direction[beta + unit];
    }
  }

  /** h = φ(a) with the sides as they are, about a later point of the piece. */
  #activate({ layout: { units }, a, h, count, kinked, step, below, above, sides }: PathLayer, from: number): void {
    for (let unit = 0; unit < units; ++unit) {
      const at = unit * count;
      const positive = sides[unit] === 1;
      if (step) {
        h.fill(0, at, at + count);
        h[at] = positive ? 1 : 0;
        continue;
      }
      const slope = !kinked || positive ? above : below;
      if (slope === 0) {
        h.fill(0, at, at + count);
        continue;
      }
      for (let k = 0; k < count; ++k) h[at + k] = slope * a[at + k];
      if (from > 0) shift(h, at, count, from);
    }
  }

  /** f − y = ρ, where the loss turns: of huber's ±δ −1 is inside, 1 outside. */
  #residuals(
    output: Float64Array,
    count: number,
    start: number,
    width: number,
    sample: number,
    onChange: OnChange,
  ): number {
    const { targets } = this.data;
    const values = "data" in targets ? targets.data : targets;
    const outputs = output.length / count;
    const polynomial = new Float64Array(count);
    let zeros = 0;
    for (let unit = 0; unit < outputs; ++unit) {
      const target = values[(sample * outputs + unit - (unit % this.#levels)) / this.#levels];
      this.#kinks.forEach((residual, kink) => {
        const sign = residual < 0 ? -1 : 1;
        for (let k = 0; k < count; ++k) polynomial[k] = sign * output[unit * count + k];
        polynomial[0] -= sign * (target + residual);
        if (start === 0 && polynomial[0] === 0) ++zeros;
        const change = (t: number, from: Side, to: Side): void =>
          onChange(t, this.#layers.length - 1, unit, residual, from, to);
        const cuts: Cut[] = [];
        const row = this.#kinks.length * unit + kink;
        follow(polynomial, 0, count, start, width, this.#residualSides, row, change, cuts);
        for (const { side } of cuts) this.#residualSides[row] = side;
      });
    }
    return zeros;
  }
}

/** A unit's coming to a side, so far from the start of a piece. */
interface Cut {
  readonly at: number;
  readonly unit: number;
  readonly side: Side;
}

/**
 * Brings a unit's side to that at the start of a piece, reports all its changes in the piece, and
 * adds those after the start to `cuts`.
 */
function follow(
  c: Float64Array,
  from: number,
  count: number,
  start: number,
  width: number,
  sides: Int8Array,
  unit: number,
  change: (t: number, from: Side, to: Side) => void,
  cuts: Cut[],
): void {
  const roots = signChanges(c, from, count, width);
  let side = sideAt(c, from, count, 0, roots[0] ?? width);
  if (sides[unit] !== 2 && sides[unit] !== side) change(start, sides[unit] as Side, side);
  sides[unit] = side;
  roots.forEach((root, i) => {
    const next = sideAt(c, from, count, root, roots[i + 1] ?? width);
    if (next === side) return;
    change(start + root, side, next);
    cuts.push({ at: root, unit, side: next });
    side = next;
  });
}

/**
 * Of an interval without sign changes. A polynomial that is not 0 has fewer zeros than
 * coefficients, where it may touch 0.
 */
function sideAt(c: Float64Array, from: number, count: number, low: number, high: number): Side {
  for (let k = 1; k <= count; ++k) {
    const side = Math.sign(evaluate(c, from, count, low + ((high - low) * k) / (count + 1)));
    if (side !== 0) return side as Side;
  }
  return 0;
}

function pathLayer(
  { activation }: ResolvedLayer,
  layout: LayerLayout,
  count: number,
  statistics: ArrayLike<number>,
): PathLayer {
  const { units, batchNorm, statistics: at } = layout;
  const running = (offset: number, unit: number): number => (batchNorm ? statistics[at + offset + unit] : 0);
  const epsilon = batchNorm ? batchNorm.epsilon : 1;
  return {
    layout,
    kinked: hasKink(activation),
    step: activation.type === "step",
    below: slopeBelow(activation),
    above: slopeAbove(activation),
    count,
    a: new Float64Array(units * count),
    h: new Float64Array(units * count),
    sides: new Int8Array(units),
    mean: Float64Array.from({ length: units }, (_, unit) => running(0, unit)),
    inverse: Float64Array.from({ length: units }, (_, unit) => 1 / Math.sqrt(running(units, unit) + epsilon)),
  };
}
