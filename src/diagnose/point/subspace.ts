import { axpy, normalize, projectOut } from "../../linalg/vector.js";

/**
 * A vector that shrinks to so little of its length when the rest is projected out adds no
 * dimension.
 */
const DEPENDENT = 1e-7;

/**
 * Numbers that the vectors of a subspace may take, 256 MiB, and flops that making them orthonormal
 * may, some ten seconds.
 */
const MOST_NUMBERS = 32 << 20;
const MOST_FLOPS = 3e10;

/** Where in a vector something is, and what it is worth there. */
export interface SparseVector {
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/**
 * A subspace of ℝⁿ, grown vector by vector: unit vectors as flags, all others orthonormalised (Gram
 * and Schmidt, twice).
 */
export class Subspace {
  readonly #axes: Uint8Array;
  readonly #vectors: Float64Array[] = [];
  #axisCount = 0;
  /** Whether everything that was to be added found room. */
  complete = true;

  constructor(readonly size: number) {
    this.#axes = new Uint8Array(size);
  }

  get dimension(): number {
    return this.#axisCount + this.#vectors.length;
  }

  /** Adds the unit vector of a coordinate; must come before vectors that are not. */
  addAxis(index: number): boolean {
    if (this.#axes[index]) return false;
    this.#axes[index] = 1;
    this.#axisCount += 1;
    return true;
  }

  /** Adds what of a vector is new; whether anything is. */
  add({ indices, values }: SparseVector): boolean {
    const numbers = (this.#vectors.length + 1) * this.size;
    if (numbers > MOST_NUMBERS || 4 * numbers * this.#vectors.length > MOST_FLOPS) {
      this.complete = false;
      return false;
    }
    const vector = new Float64Array(this.size);
    for (let k = 0; k < indices.length; ++k) vector[indices[k]] += values[k];
    if (!(normalize(vector) > 0)) return false;
    this.#subtract(vector);
    if (!(normalize(vector) > DEPENDENT)) return false;
    // What is left may be far from orthogonal where much was taken away.
    this.#subtract(vector);
    normalize(vector);
    this.#vectors.push(vector);
    return true;
  }

  /** v ← v minus its part in the subspace. */
  subtractFrom(v: Float64Array): void {
    this.#subtract(v);
  }

  /**
   * A random vector of the part that the chosen axes and the vectors `from` … `to` − 1 span; `draw`
   * gives coefficients.
   */
  combine(draw: () => number, axes: (index: number) => boolean, from: number, to: number): Float64Array {
    const result = new Float64Array(this.size);
    for (let i = 0; i < this.size; ++i) if (this.#axes[i] && axes(i)) result[i] = draw();
    for (let k = from; k < to; ++k) axpy(draw(), this.#vectors[k], result);
    return result;
  }

  /** Orthonormal vectors, beside the axes. */
  get vectors(): readonly Float64Array[] {
    return this.#vectors;
  }

  #subtract(v: Float64Array): void {
    for (let i = 0; i < this.size; ++i) if (this.#axes[i]) v[i] = 0;
    const sums = new Float64Array(this.#vectors.length);
    projectOut(this.#vectors, this.#vectors.length, v, sums);
  }
}
