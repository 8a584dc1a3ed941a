import type { Activation } from "../../network/spec.js";

/**
 * A function of one number, as its values at fixed places. Exporters write activations as formulas,
 * each in its way. The activation is recognised by the formula's values.
 */
export interface Curve {
  readonly values: Float64Array;
  /** [a, b] where it is a·x + b and nothing but that was computed. */
  readonly affine: readonly [number, number] | null;
  /** Where an operator of the file named it. */
  readonly named: Activation | null;
  /** Straight lines that went into it, the last one first. */
  readonly inner: readonly (readonly [number, number])[];
}

/** An activation in a curve: c·φ(a·x + b) + d. */
export interface Recognised {
  readonly inner: readonly [number, number];
  readonly activation: Activation;
  readonly outer: readonly [number, number];
}

/** Both signs, 0, no multiples of one another, far enough for tails and near enough for kinks. */
const probes = Float64Array.from([
  ...[-9.3, -7.1, -6, -5.03, -4, -3.37, -2.71, -2, -1.61, -1.19, -1, -0.83, -0.57, -0.31, -0.1, -0.013, -1e-3],
  ...[0, 1e-3, 0.017, 0.11, 0.29, 0.53, 0.79, 1, 1.23, 1.57, 2, 2.9, 3.41, 4, 4.97, 6, 7.3, 9.1],
]);

/** Constants of formulas are often in single precision. */
const TOLERANCE = 2e-6;
/** Lines that are remembered; formulas have one or two. */
const REMEMBERED = 4;

export const identity: Curve = { values: probes, affine: [1, 0], named: null, inner: [] };

/** A number for every x. */
export function constantCurve(value: number): Curve {
  return { values: new Float64Array(probes.length).fill(value), affine: [0, value], named: null, inner: [] };
}

export function line(a: number, b: number, { inner }: Curve): Curve {
  return { values: probes.map((x) => a * x + b), affine: [a, b], named: null, inner };
}

/** f(curves…), place by place. */
export function combine(f: (...values: number[]) => number, ...curves: readonly Curve[]): Curve {
  const values = probes.map((_, i) => f(...curves.map((curve) => curve.values[i])));
  const lines = curves.flatMap(({ affine, inner }) => (affine && affine[0] !== 0 ? [affine, ...inner] : inner));
  const inner = lines.filter(([a, b], i) => lines.findIndex(([c, d]) => a === c && b === d) === i);
  return { values, affine: null, named: null, inner: inner.slice(0, REMEMBERED) };
}

/** The activation that an operator names, of a straight line. */
export function named(activation: Activation, curve: Curve): Curve {
  const result = combine((x) => phiOf(activation, x), curve);
  return { ...result, named: curve.affine?.[0] === 1 && curve.affine[1] === 0 ? activation : null };
}

/** What a curve is, or null. */
export function recognise({ values, inner }: Curve): Recognised | null {
  if (!values.every(Number.isFinite)) return null;
  for (const line of [[1, 0] as const, ...inner]) {
    const at = probes.map((x) => line[0] * x + line[1]);
    for (const activation of candidates(at, values)) {
      const outer = fitted(at, values, activation);
      if (outer) return { inner: line, activation, outer };
    }
  }
  return null;
}

const PLAIN = ["identity", "relu", "sigmoid", "tanh", "softplus", "gelu", "silu", "step"] as const;

/** Those without a parameter, and those whose parameter the values would have. */
function candidates(at: Float64Array, values: Float64Array): Activation[] {
  const plain = PLAIN.map((type): Activation => ({ type }));
  const slopes = [slopeOf(at, values, (x) => x > 0.5), slopeOf(at, values, (x) => x < -0.5)];
  const [above, below] = slopes;
  const [low, middle] = [nearest(at, -1), nearest(at, 0)];
  const elu = (values[middle] - values[low]) / (above * (Math.expm1(at[middle]) - Math.expm1(at[low])));
  const more: Activation[] = [];
  if (Number.isFinite(below / above)) more.push({ type: "leaky-relu", slope: below / above });
  if (Number.isFinite(elu)) more.push({ type: "elu", alpha: elu });
  return [...plain, ...more];
}

function nearest(at: Float64Array, place: number): number {
  return at.reduce((best, x, i) => (Math.abs(x - place) < Math.abs(at[best] - place) ? i : best), 0);
}

/** Between the ends of what is chosen. */
function slopeOf(at: Float64Array, values: Float64Array, chosen: (x: number) => boolean): number {
  const [first, last] = [at.findIndex(chosen), at.findLastIndex(chosen)];
  return (values[last] - values[first]) / (at[last] - at[first]);
}

/** [c, d] with values = c·φ(at) + d, or null. */
function fitted(at: Float64Array, values: Float64Array, activation: Activation): [number, number] | null {
  const phi = at.map((x) => phiOf(activation, x));
  const [low, high] = [phi.indexOf(Math.min(...phi)), phi.indexOf(Math.max(...phi))];
  const factor = clean((values[high] - values[low]) / (phi[high] - phi[low]));
  const shift = clean(values[low] - factor * phi[low], Math.abs(factor));
  const size = Math.abs(factor) * Math.max(...phi.map(Math.abs));
  if (!(factor !== 0 && Number.isFinite(size))) return null;
  const near = (x: number, i: number): boolean =>
    Math.abs(factor * phi[i] + shift - x) <= TOLERANCE * (size + Math.abs(x));
  return values.every(near) ? [factor, shift] : null;
}

/** 1 and 0 where rounding is all that parts them. */
function clean(value: number, size = 1): number {
  if (Math.abs(value) <= TOLERANCE * size) return 0;
  return Math.abs(value - 1) <= TOLERANCE ? 1 : value;
}

/** φ(a). */
export function phiOf(activation: Activation, a: number): number {
  switch (activation.type) {
    case "identity":
      return a;
    case "relu":
      return Math.max(a, 0);
    case "leaky-relu":
      return a > 0 ? a : (activation.slope ?? 0.01) * a;
    case "elu":
      return a > 0 ? a : (activation.alpha ?? 1) * Math.expm1(a);
    case "softplus":
      return Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
    case "gelu":
      return (a / 2) * (1 + erf(a * Math.SQRT1_2));
    case "silu":
      return a / (1 + Math.exp(-a));
    case "tanh":
      return Math.tanh(a);
    case "sigmoid":
      return 1 / (1 + Math.exp(-a));
    case "step":
      return a > 0 ? 1 : 0;
  }
}

/** By its series, whose terms are all of one sign. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  let [term, sum] = [z, z];
  for (let k = 1; term > sum * 1e-17; ++k) {
    term *= (2 * z * z) / (2 * k + 1);
    sum += term;
  }
  return (Math.sign(x) * 2 * sum * Math.exp(-z * z)) / Math.sqrt(Math.PI);
}
