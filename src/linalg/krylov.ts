import { finish } from "../parts.js";
import type { Random } from "../random.js";
import type { ScalarMath } from "../wasm/kernels.js";
import { currentBuild } from "../wasm/load.js";
import { eigen } from "./factorization.js";
import type { Products } from "./operator.js";
import { type SmallEigen, smallEigen } from "./tridiagonal.js";
import { divide, fillNormal, hypotenuse, newVector, norm2, normalize, projectOut, subtractAll } from "./vector.js";

/** Coordinates of the basis that are combined at a time: all of its vectors' share fits a cache. */
const SLAB = 512;
/** What is left of a product after orthogonalisation counts as rounding up to so many ε·‖A‖. */
const CLOSED = 8;

/** Rows from which on the core finds eigenvectors sooner. */
const CORE_FROM = 64;

/** Ritz pairs of the basis: ascending values, with what is known of their residuals. */
export interface Ritz {
  readonly values: Float64Array;
  /** Row i: coefficients of Ritz vector i over the basis. */
  readonly coefficients: Float64Array;
  /** Residuals' part along the basis' next vector, with its sign: what further steps take away. */
  readonly open: Float64Array;
  /**
   * Norm of the part of residual i that steps do not take away: products that are not quite
   * symmetric, what restarts left out. m² flops.
   */
  readonly fixed: (i: number) => number;
}

/**
 * An orthonormal basis V that grows by products: A·V = V·H + r·eᵀ. Each new vector is
 * orthogonalised against all before it, and again until that takes nothing away; H keeps every
 * coefficient. The Ritz values are those of T, the symmetric matrix with H's lower triangle:
 * tridiagonal, but for the vectors kept at a restart (Wu and Simon 2000, "thick restart").
 */
export class Krylov {
  /**
   * Vectors whose product is known; vector `steps` is next, unless the last step ended in an
   * invariant subspace.
   */
  steps = 0;
  /** Whether the basis spans an invariant subspace. */
  closed = false;
  /** The largest ‖A·v‖ over unit vectors v seen: a lower bound of ‖A‖. */
  norm = 0;
  readonly #basis: Float64Array[] = [];
  /** Column by column, capacity + 1 numbers each. */
  readonly #h: Float64Array;
  /** Fixed residuals of the vectors kept at a restart. */
  #kept: Float64Array = new Float64Array(0);
  /** Whether what coupled them to the next vector was cut off. */
  #severed = false;
  readonly #sums: Float64Array;

  constructor(
    readonly products: Products,
    readonly capacity: number,
    readonly remedy: string,
  ) {
    this.#h = new Float64Array(capacity * (capacity + 1));
    this.#sums = new Float64Array(capacity + 1);
  }

  /** Empties the basis and starts it from the vector that `fill` makes, unit length not needed. */
  begin(fill: (v: Float64Array) => void): void {
    this.steps = 0;
    this.#kept = new Float64Array(0);
    this.#severed = false;
    this.#h.fill(0);
    this.closed = false;
    fill(this.#vector(0));
    normalize(this.#vector(0));
  }

  /** One product; false where it, or its norm, is not finite. */
  step(): boolean {
    const { steps, capacity, products } = this;
    const w = this.#vector(steps + 1);
    if (!products.into(this.#basis[steps], w)) return false;
    const size = norm2(w);
    if (!(size < Infinity)) {
      products.trouble = `the norm of product ${products.count} of ${products.name}.matvec overflows; scale the operator down`;
      return false;
    }
    if (size > this.norm) this.norm = size;
    this.#sums.fill(0);
    const least = CLOSED * Number.EPSILON * this.norm;
    const left = this.#orthogonalize(w, steps + 1, size, least);
    this.closed = steps + 1 === products.size || left <= least;
    if (!this.closed) divide(w, left);
    const column = steps * (capacity + 1);
    for (let i = 0; i <= steps; ++i) this.#h[column + i] = this.#sums[i];
    this.#mirror(column);
    this.#h[column + steps + 1] = this.closed ? 0 : left;
    this.steps = steps + 1;
    return true;
  }

  /**
   * Puts a random vector that is orthogonal to the basis in place of the next one. Where the basis
   * spans no invariant subspace it must come straight from `compress`: what is cut off then counts
   * as residual of the vectors kept.
   */
  inject(random: Random, math: ScalarMath): void {
    const { steps, capacity } = this;
    const v = this.#vector(steps);
    for (let left = 0; left < 1e-8; normalize(v)) {
      fillNormal(v, random, math);
      normalize(v);
      left = this.#orthogonalize(v, steps, 1, 0);
    }
    this.#orthogonalize(v, steps, 1, 0);
    normalize(v);
    if (steps === this.#kept.length) {
      this.#severed = true;
      for (let i = 0; i < steps; ++i) {
        const place = i * (capacity + 1) + steps;
        this.#kept[i] = hypotenuse(this.#kept[i], this.#h[place]);
        this.#h[place] = 0;
      }
    }
    this.closed = false;
  }

  ritz(): Ritz {
    const { steps: m, capacity } = this;
    const t = new Float64Array(m * m);
    for (let i = 0; i < m; ++i) {
      for (let j = 0; j <= i; ++j) {
        t[i * m + j] = this.#entry(i, j);
        t[j * m + i] = this.#entry(i, j);
      }
    }
    const { values, vectors } = eigenOf(t, m);
    const open = new Float64Array(m);
    const row = (i: number): Float64Array => vectors.subarray(i * m, (i + 1) * m);
    for (let i = 0; i < m; ++i) {
      const s = row(i);
      for (let j = 0; j < m; ++j) open[i] += s[j] * this.#h[j * (capacity + 1) + m];
    }
    return { values, coefficients: vectors, open, fixed: (i) => this.#asymmetry(row(i)) + this.#leftOut(row(i)) };
  }

  /** H's diagonal and what is below it: T, where there was no restart. */
  tridiagonal(): { diagonal: Float64Array; off: Float64Array } {
    const { steps } = this;
    return {
      diagonal: Float64Array.from({ length: steps }, (_, i) => this.#entry(i, i)),
      off: Float64Array.from({ length: Math.max(steps - 1, 0) }, (_, i) => this.#entry(i + 1, i)),
    };
  }

  /** Basis vectors, to be read only. */
  get basis(): readonly Float64Array[] {
    return this.#basis.slice(0, this.steps);
  }

  /** Puts the chosen Ritz vectors in the basis' place, and the next vector behind them. */
  compress({ values, coefficients, open, fixed }: Ritz, chosen: readonly number[]): void {
    const { steps: m, capacity } = this;
    const rows = chosen.map((i) => coefficients.subarray(i * m, (i + 1) * m));
    this.#combine(rows);
    const p = chosen.length;
    const kept = Float64Array.from(chosen, fixed);
    const next = this.#basis[m];
    this.#basis[m] = this.#basis[p];
    this.#basis[p] = next;
    this.#h.fill(0);
    chosen.forEach((i, k) => {
      this.#h[k * (capacity + 1) + k] = values[i];
      this.#h[k * (capacity + 1) + p] = open[i];
    });
    this.#kept = kept;
    this.#severed = false;
    this.steps = p;
  }

  /** Ritz vectors of unit length, the caller's. */
  vectors({ coefficients }: Ritz, chosen: readonly number[]): Float64Array[] {
    const { steps: m, products } = this;
    return chosen.map((i) => {
      const x = newVector(products.where, products.size, this.remedy);
      subtractAll(this.#basis, m, coefficients.subarray(i * m, (i + 1) * m), x);
      divide(x, -norm2(x));
      return x;
    });
  }

  /** H(i, j). */
  #entry(i: number, j: number): number {
    return this.#h[j * (this.capacity + 1) + i];
  }

  #vector(index: number): Float64Array {
    this.#basis[index] ??= newVector(this.products.where, this.products.size, this.remedy);
    return this.#basis[index];
  }

  /**
   * What the products with the kept vectors, long taken, have along the new one: by symmetry what
   * the new one has along them. Where that is known already, as what coupled them to the next
   * vector, a larger difference than their residuals is asymmetry.
   */
  #mirror(column: number): void {
    const { steps, capacity } = this;
    const coupled = steps === this.#kept.length && !this.#severed;
    for (let i = 0; i < this.#kept.length; ++i) {
      const place = i * (capacity + 1) + steps;
      const difference = coupled ? Math.abs(this.#h[column + i] - this.#h[place]) : 0;
      if (difference > this.#kept[i]) this.#kept[i] += difference;
      this.#h[place] = this.#h[column + i];
    }
  }

  /**
   * Takes the basis' first `count` vectors out of w until nothing is left of them, or at most
   * `least` of w; gives w's norm.
   */
  #orthogonalize(w: Float64Array, count: number, size: number, least: number): number {
    for (let pass = 0; pass < 4; ++pass) {
      projectOut(this.#basis, count, w, this.#sums);
      const left = norm2(w);
      if (left <= least || left > Math.SQRT1_2 * size) return left;
      size = left;
    }
    return 0;
  }

  /** ‖(H − T)·s‖. */
  #asymmetry(s: Float64Array): number {
    const difference = new Float64Array(s.length);
    for (let i = 0; i < s.length; ++i) {
      for (let j = i + 1; j < s.length; ++j) difference[i] += (this.#entry(i, j) - this.#entry(j, i)) * s[j];
    }
    return norm2(difference);
  }

  #leftOut(s: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < this.#kept.length; ++i) sum += Math.abs(s[i]) * this.#kept[i];
    return sum;
  }

  /** The basis' first vectors ← the combinations of all `steps` of them by the rows, in place. */
  #combine(rows: readonly Float64Array[]): void {
    const { steps: m } = this;
    const slab = Array.from({ length: m }, () => new Float64Array(SLAB));
    const sum = new Float64Array(SLAB);
    for (let from = 0; from < this.products.size; from += SLAB) {
      const to = Math.min(from + SLAB, this.products.size);
      for (let j = 0; j < m; ++j) slab[j].set(this.#basis[j].subarray(from, to));
      for (let k = 0; k < rows.length; ++k) {
        sum.fill(0);
        subtractAll(slab, m, rows[k], sum);
        for (let i = from; i < to; ++i) this.#basis[k][i] = -sum[i - from];
      }
    }
  }
}

/** Eigenvalues of T, m × m, and eigenvectors as rows; T is overwritten. */
function eigenOf(t: Float64Array, m: number): SmallEigen {
  const found = m < CORE_FROM ? undefined : finish(eigen({ size: m, dtype: "f64", data: t, build: currentBuild() }));
  if (found?.info !== 0) return smallEigen(t, m);
  const { values, vectors: columns } = found;
  const vectors = new Float64Array(m * m);
  for (let i = 0; i < m; ++i) for (let j = 0; j < m; ++j) vectors[j * m + i] = columns[i * m + j];
  return { values, vectors };
}
