import { eigenvalueNoise } from "../../linalg/noise.js";
import { SymmetricMatrix } from "../../linalg/symmetric.js";
import { norm2, scale } from "../../linalg/vector.js";
import { unitGroups } from "../../network/unit-groups.js";
import { epsilonOf } from "../../wasm/workspace.js";
import { type Extremes, equilibrate, frobenius, shapeOf } from "../criticality.js";
import type { Local } from "../local.js";
import type { End } from "../optimizer.js";
import { type Escape, isEnd } from "./direction.js";
import { frozenOf } from "./frozen.js";
import { ROUNDINGS } from "./scale.js";

/**
 * Eigenvalues of a local curvature D^(−½)·H·D^(−½), with the gradient in the basis of the
 * eigenvectors.
 */
export class Eigenbasis implements MeasuredExtremes {
  readonly values: Float64Array;
  /** Of the scaled gradient D^(−½)·g along the eigenvectors. */
  readonly slopes: Float64Array;
  /** |λ| up to here is 0 to rounding. */
  readonly noise: number;
  readonly #vectors: ArrayLike<number>;
  /** Slopes up to here are 0 to rounding. */
  readonly #least: number;

  constructor(
    readonly local: Local,
    values: Float64Array,
    vectors: ArrayLike<number>,
    /** Parameters that nothing moves: in exact arithmetic no step has anything there. */
    readonly frozen: readonly number[],
    /** The diagonal of D^(−½); null for the identity. */
    readonly scaling: Float64Array | null,
  ) {
    const { gradient, size } = local;
    this.values = values;
    this.#vectors = vectors;
    this.noise = eigenvalueNoise(size, frobenius(values), epsilon(local));
    const scaled = scaling ? gradient.map((value, i) => value * scaling[i]) : gradient;
    this.slopes = new Float64Array(size);
    for (let i = 0, at = 0; i < size; ++i) {
      for (let j = 0; j < size; ++j) this.slopes[j] += vectors[at++] * scaled[i];
    }
    // Where both are rounding, their quotient would be a step of any length.
    this.#least = 8 * eigenvalueNoise(size, norm2(scaled), epsilon(local));
    for (let i = 0; i < size; ++i) {
      if (Math.abs(values[i]) <= this.noise && Math.abs(this.slopes[i]) <= this.#least) this.slopes[i] = 0;
    }
  }

  /**
   * Whether the gradient has more than rounding along a flat direction; what rounding leaves of it
   * is as large as it was at first.
   */
  get open(): boolean {
    const { problem, gradientNorm } = this.local;
    const least = this.#least * Math.max(1, (problem.first?.gradientNorm ?? 0) / gradientNorm);
    return this.slopes.some((slope, i) => Math.abs(this.values[i]) <= this.noise && Math.abs(slope) > least);
  }

  get smallest(): number {
    return this.values[0];
  }

  get largest(): number {
    return this.values[this.values.length - 1];
  }

  get size(): number {
    return Math.max(Math.abs(this.smallest), Math.abs(this.largest));
  }

  flat(tolerance: number): number {
    return this.values.filter((value) => Math.abs(value) <= tolerance).length;
  }

  /** D^(−½)·Σ cᵢ·vᵢ. */
  combine(coefficients: Float64Array): Float64Array {
    const { size } = this.local;
    const sum = new Float64Array(size);
    for (let i = 0, at = 0; i < size; ++i) {
      let value = 0;
      for (let j = 0; j < size; ++j) value += this.#vectors[at++] * coefficients[j];
      sum[i] = this.scaling ? value * this.scaling[i] : value;
    }
    for (const i of this.frozen) sum[i] = 0;
    return sum;
  }

  /** D^(−½)·vᵢ. */
  vector(index: number): Float64Array {
    const unit = new Float64Array(this.local.size);
    unit[index] = 1;
    return this.combine(unit);
  }

  /**
   * Curvature of H along the first eigenvector, for a step of length 1: without scaling the
   * smallest eigenvalue.
   */
  get lowestCurvature(): number {
    return this.scaling ? this.smallest / norm2(this.vector(0)) ** 2 : this.smallest;
  }

  /**
   * Σ sᵢ²/|λᵢ|, twice the fall that |B| predicts; directions that are 0 to rounding are left out.
   */
  gauge(slopes: Float64Array = this.slopes): number {
    return slopes.reduce((sum, slope, i) => {
      const value = Math.abs(this.values[i]);
      return value > this.noise ? sum + (slope * slope) / value : sum;
    }, 0);
  }

  /** The slopes of another gradient. */
  slopesOf(gradient: Float64Array): Float64Array {
    const { size } = this.local;
    const slopes = new Float64Array(size);
    for (let i = 0, at = 0; i < size; ++i) {
      const value = this.scaling ? gradient[i] * this.scaling[i] : gradient[i];
      for (let j = 0; j < size; ++j) slopes[j] += this.#vectors[at++] * value;
    }
    return slopes;
  }
}

/** The matrix came from parameters in single precision, whatever it is held in. */
export function epsilon({ problem }: Local): number {
  return epsilonOf(problem.dtype);
}

/**
 * The spectrum of a matrix, or of D^(−½)·H·D^(−½), which does not depend on the parameters' units.
 */
export function spectrumOf(
  local: Local,
  matrix: SymmetricMatrix,
  scaling: Float64Array | null = null,
): Eigenbasis | End {
  const used = scaling ? scaledBy(matrix, scaling) : matrix;
  const { status, reason, values, vectors } = local.inParts(() => used.eigenInParts());
  if (status !== "converged") return { status: "non-finite", reason: `the curvature's eigenvalues: ${reason}` };
  return new Eigenbasis(local, values, vectors.data, frozenOf(local, matrix), scaling);
}

/** D^(−½) for which the matrix has entries of at most 1. */
export function scalingOf({ data, size }: SymmetricMatrix): Float64Array {
  return equilibrate(data, size);
}

/**
 * D^(−½) of the norm that steps are measured in. Each parameter has its own scale; a network's
 * parameters that share a unit share one. Otherwise a unit that hardly takes part would get a small
 * scale and huge steps.
 */
export function stepScaling({ problem }: Local, matrix: SymmetricMatrix): Float64Array {
  const own = scalingOf(matrix);
  if (!problem.layout) return own;
  const groups = unitGroups(problem.layout);
  const shared = new Float64Array(own.length).fill(Infinity);
  own.forEach((d, i) => {
    if (matrix.data[i * (matrix.size + 1)] !== 0) shared[groups[i]] = Math.min(shared[groups[i]], d);
  });
  // What is left of a column by cancellation is rounding and no scale.
  const least = shared.reduce((a, b) => Math.min(a, b), Infinity);
  const most = least / (ROUNDINGS * epsilonOf(problem.dtype));
  return own.map((_, i) => (shared[groups[i]] < most ? shared[groups[i]] : least < Infinity ? least : 1));
}

function scaledBy({ data, size, build }: SymmetricMatrix, d: Float64Array): SymmetricMatrix {
  const scaled = new Float64Array(size * size);
  for (let i = 0, at = 0; i < size; ++i) {
    for (let j = 0; j < size; ++j, ++at) scaled[at] = data[at] * d[i] * d[j];
  }
  return new SymmetricMatrix(size, scaled, build);
}

/** The ends of a spectrum, and how far its numbers can be trusted. */
interface MeasuredExtremes extends Extremes {
  /** |λ| up to here is 0 to rounding. */
  readonly noise: number;
  /** Eigenvalues within ± the tolerance, where they were counted. */
  flat?(tolerance: number): number;
}

/**
 * |λ| up to this share of the largest is flat: near a minimum, what is left of the gradient bends it as much.
 */
const FLAT_SHARE = 2 ** -26;

/** The kind of a point whose gradient is 0 to rounding, by its second derivatives. */
export function judge({ gradientNorm }: Local, ends: MeasuredExtremes): End | "saddle" {
  const { smallest, largest } = ends;
  const size = Math.max(Math.abs(smallest), Math.abs(largest));
  const tolerance = Math.max(ends.noise, FLAT_SHARE * size);
  const shape = shapeOf(ends, tolerance);
  const norm = `the gradient's norm is ${gradientNorm.toExponential(1)}`;
  if (shape === "plain") {
    return {
      status: "stalled",
      reason: "degenerate: gradient and Hessian are 0 here, and second derivatives cannot settle what this point is",
    };
  }
  if (shape === "minimum") {
    return {
      status: "converged",
      reason: `a minimum: ${norm} and the smallest eigenvalue ${short(smallest / size)} of the largest`,
    };
  }
  return shape === "valley" ? valley({ gradientNorm }, ends) : "saddle";
}

function valley({ gradientNorm }: Pick<Local, "gradientNorm">, ends: MeasuredExtremes): End {
  const size = Math.max(Math.abs(ends.smallest), Math.abs(ends.largest));
  const tolerance = Math.max(ends.noise, FLAT_SHARE * size);
  const count = ends.flat?.(tolerance);
  const which =
    count === undefined ? "some directions are" : count === 1 ? "one direction is" : `${count} directions are`;
  const norm = `the gradient's norm is ${gradientNorm.toExponential(1)}`;
  return { status: "converged", reason: `${norm} and no eigenvalue is negative; ${which} flat to second order` };
}

/**
 * By how much the objective falls along the lowest eigenvector of the scaled matrix over a length
 * that its own parameters have: rows of nothing but rounding, scaled up, would else be taken for
 * curvature. Infinite where these parameters are all 0 and give no length.
 */
function fallAlong({ theta }: Local, scaled: Eigenbasis): number {
  const step = scaled.vector(0);
  const squares = step.reduce((sum, x, i) => sum + (x * theta[i]) ** 2 / (scaled.scaling?.[i] ?? 1) ** 4, 0);
  return squares > 0 ? -0.5 * scaled.smallest * squares : Infinity;
}

export function short(value: number): string {
  return value.toPrecision(3);
}

/**
 * The verdict on a critical point by a dense Hessian: the scaled spectrum judges, and shows the way
 * out of a saddle.
 */
export function judgeDense(local: Local, matrix: SymmetricMatrix): Escape | End {
  const scaled = spectrumOf(local, matrix, scalingOf(matrix));
  if (isEnd(scaled)) return scaled;
  const verdict = judge(local, scaled);
  return verdict === "saddle" ? wayOut(local, matrix, scaled) : verdict;
}

/**
 * Out of a saddle along the eigenvector of the smallest eigenvalue; where rounding of larger ones
 * drowns that, along the scaled matrix's.
 */
function wayOut(local: Local, matrix: SymmetricMatrix, scaled: Eigenbasis): Escape | End {
  const plain = spectrumOf(local, matrix);
  if (isEnd(plain)) return plain;
  const clear = plain.smallest < -Math.max(plain.noise, FLAT_SHARE * plain.size);
  // A network's matrix comes from sums over samples: its rounding is that of its largest entries.
  const rounding = local.problem.tolerance < 0 || !local.sees(fallAlong(local, scaled));
  if (!clear && rounding) return valley(local, scaled);
  const spectrum = clear ? plain : scaled;
  const curvature = spectrum.lowestCurvature;
  const direction = spectrum.vector(0);
  scale((spectrum.slopes[0] > 0 ? -1 : 1) / norm2(direction), direction);
  return { direction, curvature };
}
