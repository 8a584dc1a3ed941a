import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import { maxAbs } from "../../linalg/vector.js";
import { epsilonOf } from "../../wasm/workspace.js";
import type { Local } from "../local.js";
import type { End } from "../optimizer.js";
import type { Escape } from "./direction.js";
import { frozenOf } from "./frozen.js";

/** Eigenvalues of a local curvature, with the gradient in the basis of the eigenvectors. */
export class Spectrum implements Ends {
  readonly values: Float64Array;
  /** gᵀvᵢ. */
  readonly slopes: Float64Array;
  /** |λ| up to here is 0 to rounding. */
  readonly noise: number;
  readonly #vectors: ArrayLike<number>;

  constructor(
    readonly local: Local,
    values: Float64Array,
    vectors: ArrayLike<number>,
    /** Parameters that nothing moves: in exact arithmetic no step has anything there. */
    readonly frozen: readonly number[],
  ) {
    const { gradient, size } = local;
    this.values = values;
    this.#vectors = vectors;
    // n·ε·‖A‖, the error of the eigenvalues, with room.
    this.noise = 8 * size * epsilon(local) * maxAbs(values);
    this.slopes = new Float64Array(size);
    for (let i = 0, at = 0; i < size; ++i) {
      for (let j = 0; j < size; ++j) this.slopes[j] += vectors[at++] * gradient[i];
    }
    // Where both are rounding, their quotient would be a step of any length.
    const least = 8 * size * epsilon(local) * local.gradientNorm;
    for (let i = 0; i < size; ++i) {
      if (Math.abs(values[i]) <= this.noise && Math.abs(this.slopes[i]) <= least) this.slopes[i] = 0;
    }
  }

  get smallest(): number {
    return this.values[0];
  }

  get largest(): number {
    return this.values[this.values.length - 1];
  }

  flat(tolerance: number): number {
    return this.values.filter((value) => Math.abs(value) <= tolerance).length;
  }

  /** Σ cᵢ·vᵢ. */
  combine(coefficients: Float64Array): Float64Array {
    const { size } = this.local;
    const sum = new Float64Array(size);
    for (let i = 0, at = 0; i < size; ++i) {
      let value = 0;
      for (let j = 0; j < size; ++j) value += this.#vectors[at++] * coefficients[j];
      sum[i] = value;
    }
    for (const i of this.frozen) sum[i] = 0;
    return sum;
  }

  /** vᵢ. */
  vector(index: number): Float64Array {
    const unit = new Float64Array(this.local.size);
    unit[index] = 1;
    return this.combine(unit);
  }
}

/** The matrix came from parameters in single precision, whatever it is held in. */
export function epsilon({ problem }: Local): number {
  return epsilonOf(problem.dtype);
}

export function spectrumOf(local: Local, matrix: SymmetricMatrix): Spectrum | End {
  const { status, reason, values, vectors } = matrix.eigen();
  if (status !== "converged") return { status: "non-finite", reason: `the curvature's eigenvalues: ${reason}` };
  return new Spectrum(local, values, vectors.data, frozenOf(local, matrix));
}

/** The ends of a spectrum. */
export interface Ends {
  readonly smallest: number;
  readonly largest: number;
  /** |λ| up to here is 0 to rounding. */
  readonly noise: number;
  /** Eigenvalues within ± the tolerance, where they were counted. */
  flat?(tolerance: number): number;
}

/** Where no tolerance is given, |λ| up to this share of the largest is flat: near a minimum, what is left of the gradient bends it as much. */
const FLAT_SHARE = 1e-8;

/** What a point with a gradient of 0, as far as can be told, is by its second derivatives. */
export function judge({ problem, gradientNorm }: Local, ends: Ends): End | "saddle" {
  const { smallest, largest } = ends;
  const size = Math.max(Math.abs(smallest), Math.abs(largest));
  const tolerance = Math.max(ends.noise, problem.tolerance < 0 ? FLAT_SHARE * size : problem.tolerance);
  if (smallest < -tolerance) return "saddle";
  if (size <= tolerance) {
    return {
      status: "stalled",
      reason: "degenerate: gradient and Hessian are 0 here, and second derivatives cannot tell what this point is",
    };
  }
  const norm = `the gradient's norm is ${gradientNorm.toExponential(1)}`;
  if (smallest > tolerance) {
    return { status: "converged", reason: `a minimum: ${norm} and the smallest eigenvalue ${short(smallest)}` };
  }
  const count = ends.flat?.(tolerance);
  const which =
    count === undefined ? "some directions are" : count === 1 ? "one direction is" : `${count} directions are`;
  return { status: "converged", reason: `${norm} and no eigenvalue is negative; ${which} flat to second order` };
}

export function short(value: number): string {
  return value.toPrecision(3);
}

/** The way out of a saddle along the eigenvector of the smallest eigenvalue, downhill where the gradient says which way that is. */
export function wayOut(spectrum: Spectrum): Escape {
  const direction = spectrum.vector(0);
  if (spectrum.slopes[0] > 0) for (let i = 0; i < direction.length; ++i) direction[i] = -direction[i];
  return { direction, curvature: spectrum.smallest };
}
