import type { Matrix } from "../linalg/matrix.js";
import { norm2 } from "../linalg/vector.js";

/** ε^⅓: as a share of a parameter, the step where rounding and curvature weigh the same. */
const SHARE = Math.cbrt(Number.EPSILON);
/**
 * Factor within which the change of the residuals has to be what was wanted, where a parameter of 0
 * has no scale of its own.
 */
const WITHIN = 8;
/** ε^⅕: the same for the formula of four points. */
const FINE = Number.EPSILON ** 0.2;
/**
 * Parameters that have moved by less than this share of their sizes since the last Jacobian are
 * near the minimum.
 */
const NEAR = 1e-3;
/**
 * Share by which differences over h and over 2h may differ: what the four points leave is about its
 * square.
 */
const SMOOTH = 1e-6;
const MOST_TRIALS = 40;
/** Factors of a step that changed nothing, and of one that led where there is no value. */
const FARTHER = 1e8;
const NEARER = 1e-4;
/** Steps shorter than this, and longer than its inverse, leave the range of doubles. */
const LEAST = 1e-300;

/**
 * Jacobians by central differences, (r(x + h·eⱼ) − r(x − h·eⱼ)) / 2h. The step h is ε^⅓ of the
 * largest |xⱼ| seen so far. A parameter that has only been 0 has no unit yet: its h is the step
 * that changes the residuals by ε^⅓ of their largest norm seen. No step depends on units.
 *
 * Relative error about ε^⅔ = 4e-11. Cost: 2·n residuals a Jacobian, and a few more for parameters
 * of 0. Where one side has no finite value, the other side's one-sided difference stands in.
 *
 * Where the parameters have hardly moved since the last Jacobian, four points a column take the
 * error down to about ε^⅘ = 3e-13: (8·(r(x + h·eⱼ) − r(x − h·eⱼ)) − (r(x + 2h·eⱼ) − r(x − 2h·eⱼ)))
 * / 12h with h = ε^⅕·|xⱼ|, for 4·n residuals.
 */
export class CentralDifferences {
  /** Largest |xⱼ| seen, and steps found for parameters that were 0. */
  readonly #sizes: Float64Array;
  readonly #found: Float64Array;
  #last: Float64Array | null = null;
  #reference = 0;

  constructor(
    readonly residuals: (x: Float64Array) => Float64Array,
    size: number,
  ) {
    this.#sizes = new Float64Array(size);
    this.#found = new Float64Array(size);
  }

  /** `r`: the residuals at x. */
  at(x: Float64Array, r: Float64Array): Matrix {
    const [rows, columns] = [r.length, x.length];
    const data = new Float64Array(rows * columns);
    const norm = norm2(r);
    if (norm < Infinity) this.#reference = Math.max(this.#reference, norm);
    for (let j = 0; j < columns; ++j) {
      this.#sizes[j] = Math.max(this.#sizes[j], Math.abs(x[j]));
    }
    const near = this.#near(x);
    for (let j = 0; j < columns; ++j) {
      const column = (near && this.#fineColumn(x, j)) || this.#column(x, r, j, this.#step(x, r, j));
      for (let i = 0; i < rows; ++i) data[i * columns + j] = column[i];
    }
    this.#last = x.slice();
    return { rows, columns, data };
  }

  #near(x: Float64Array): boolean {
    const last = this.#last;
    return last?.every((before, j) => Math.abs(x[j] - before) <= NEAR * this.#sizes[j]) ?? false;
  }

  /**
   * By four points; null where the parameter is 0, or the residuals change too much on the way, or
   * have no finite value.
   */
  #fineColumn(x: Float64Array, j: number): Float64Array | null {
    const h = x[j] + FINE * x[j] - x[j];
    if (h === 0) return null;
    const [near, far] = [h, 2 * h].map((by) => {
      const [ahead, behind] = [this.#shifted(x, j, by), this.#shifted(x, j, -by)];
      return ahead.map((value, i) => (value - behind[i]) / (2 * by));
    });
    const rest = near.map((slope, i) => slope - far[i]);
    return norm2(rest) <= SMOOTH * norm2(near) ? near.map((slope, i) => slope + rest[i] / 3) : null;
  }

  #step(x: Float64Array, r: Float64Array, j: number): number {
    if (this.#sizes[j] > 0) return SHARE * this.#sizes[j];
    if (this.#found[j] === 0) this.#found[j] = this.#search(x, r, j);
    return this.#found[j];
  }

  /** By secants from a step of ε^⅓: the change of a smooth function is proportional to it. */
  #search(x: Float64Array, r: Float64Array, j: number): number {
    const wanted = SHARE * (this.#reference || 1);
    let h = SHARE;
    // The longest step that changed nothing: a parameter may do nothing at all.
    let idle = 0;
    for (let trial = 0; trial < MOST_TRIALS; ++trial) {
      const change = norm2(this.#shifted(x, j, h).map((value, i) => value - r[i]));
      const factor = wanted / change;
      if (factor <= WITHIN && factor >= 1 / WITHIN) return h;
      if (change === 0) idle = h;
      let next = h * FARTHER;
      if (change > 0) next = h * (change < Infinity ? Math.min(FARTHER, Math.max(1 / FARTHER, factor)) : NEARER);
      else if (change !== 0) next = idle > 0 ? Math.sqrt(idle) * Math.sqrt(h) : h * NEARER;
      if (!(next > LEAST && next < 1 / LEAST)) break;
      h = next;
    }
    return idle > 0 ? idle : h;
  }

  #column(x: Float64Array, r: Float64Array, j: number, h: number): Float64Array {
    // The differences of the points as they are in floating point, not as they were meant to be.
    const [right, left] = [x[j] + h - x[j], x[j] - (x[j] - h)];
    const ahead = this.#shifted(x, j, h);
    const behind = this.#shifted(x, j, -h);
    return r.map((here, i) => {
      const whole = (ahead[i] - behind[i]) / (right + left);
      if (Number.isFinite(whole)) return whole;
      return Number.isFinite(ahead[i]) ? (ahead[i] - here) / right : (here - behind[i]) / left;
    });
  }

  #shifted(x: Float64Array, j: number, h: number): Float64Array {
    const point = x.slice();
    point[j] += h;
    return this.residuals(point);
  }
}
