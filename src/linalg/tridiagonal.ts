import { hypotenuse, maxAbs, powerOfTwoBelow } from "./vector.js";

/**
 * Far more than Wilkinson's shift ever needs for one eigenvalue; against going round in circles on
 * rounding errors.
 */
const SWEEPS = 100;

export interface SmallEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /**
   * Row i: the unit eigenvector of value i, or as many of its first components as were asked for.
   */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues of a symmetric tridiagonal matrix with the first `components` numbers of each
 * eigenvector, by implicit QL with Wilkinson's shift (Bowdler, Martin, Reinsch and Wilkinson 1968).
 * Errors are a few m·ε·‖T‖. About 30·m² flops and 6·m²·components.
 *
 * @param diagonal m numbers, finite.
 * @param off the m − 1 beside them.
 */
export function tridiagonalEigen(
  diagonal: ArrayLike<number>,
  off: ArrayLike<number>,
  components = diagonal.length,
): SmallEigen {
  const m = diagonal.length;
  const d = Float64Array.from(diagonal);
  const e = new Float64Array(m);
  for (let i = 0; i + 1 < m; ++i) e[i] = off[i];
  const rows = new Float64Array(m * components);
  for (let i = 0; i < components; ++i) rows[i * components + i] = 1;
  return iterate(d, e, rows, components);
}

/**
 * Eigenvalues and eigenvectors of a small dense symmetric matrix: Householder's reduction to a
 * tridiagonal one, then QL.
 *
 * @param matrix m × m, row-major; overwritten.
 */
export function smallEigen(matrix: Float64Array, m: number): SmallEigen {
  const largest = maxAbs(matrix);
  const unit = largest > 0 ? powerOfTwoBelow(largest) : 1;
  for (let i = 0; i < matrix.length; ++i) matrix[i] /= unit;
  const rows = new Float64Array(m * m);
  for (let i = 0; i < m; ++i) rows[i * m + i] = 1;
  const off = new Float64Array(m);
  const u = new Float64Array(m);
  const p = new Float64Array(m);
  const sums = new Float64Array(m);
  for (let i = m - 1; i > 0; --i) {
    if (reflect(matrix, m, i, u, p)) applyReflection(rows, m, i, u, sums);
    off[i - 1] = matrix[i * m + i - 1];
  }
  const d = Float64Array.from({ length: m }, (_, i) => matrix[i * m + i]);
  const { values, vectors } = iterate(d, off, rows, m);
  for (let i = 0; i < m; ++i) values[i] *= unit;
  return { values, vectors };
}

/**
 * A ← (I − uuᵀ)·A·(I − uuᵀ) with |u|² = 2 and u ending before place i, so that all of row i left of
 * the diagonal is 0 but its last number. False where it is so already.
 */
function reflect(a: Float64Array, m: number, i: number, u: Float64Array, p: Float64Array): boolean {
  const row = i * m;
  let largest = 0;
  for (let k = 0; k < i - 1; ++k) largest = Math.max(largest, Math.abs(a[row + k]));
  if (largest === 0) return false;
  largest = Math.max(largest, Math.abs(a[row + i - 1]));
  let sum = 0;
  for (let k = 0; k < i; ++k) {
    u[k] = a[row + k] / largest;
    sum += u[k] * u[k];
  }
  const norm = u[i - 1] > 0 ? -Math.sqrt(sum) : Math.sqrt(sum);
  u[i - 1] -= norm;
  const factor = 1 / Math.sqrt(sum - norm * (u[i - 1] + norm));
  for (let k = 0; k < i; ++k) u[k] *= factor;
  let inner = 0;
  for (let k = 0; k < i; ++k) {
    let product = 0;
    for (let j = 0; j < i; ++j) product += a[k * m + j] * u[j];
    p[k] = product;
    inner += u[k] * product;
  }
  for (let k = 0; k < i; ++k) p[k] -= (inner / 2) * u[k];
  for (let k = 0; k < i; ++k) {
    for (let j = 0; j <= k; ++j) {
      a[k * m + j] -= u[k] * p[j] + p[k] * u[j];
      a[j * m + k] = a[k * m + j];
    }
  }
  a[row + i - 1] = norm * largest;
  return true;
}

/** rows ← (I − uuᵀ)·rows. */
function applyReflection(rows: Float64Array, m: number, i: number, u: Float64Array, sums: Float64Array): void {
  sums.fill(0);
  for (let k = 0; k < i; ++k) {
    for (let j = 0; j < m; ++j) sums[j] += u[k] * rows[k * m + j];
  }
  for (let k = 0; k < i; ++k) {
    for (let j = 0; j < m; ++j) rows[k * m + j] -= u[k] * sums[j];
  }
}

/**
 * QL on diagonal d and off-diagonal e (its last place is spare), both overwritten; the rotations
 * act on the rows.
 */
function iterate(d: Float64Array, e: Float64Array, rows: Float64Array, components: number): SmallEigen {
  const m = d.length;
  const largest = Math.max(maxAbs(d), maxAbs(e));
  const unit = largest > 0 ? powerOfTwoBelow(largest) : 1;
  for (let i = 0; i < m; ++i) {
    d[i] /= unit;
    e[i] /= unit;
  }
  for (let l = 0; l < m; ++l) {
    for (let sweep = 0; sweep < SWEEPS; ++sweep) {
      const end = blockEnd(d, e, l);
      if (end === l) break;
      sweepUp(d, e, l, end, rows, components);
    }
    e[l] = 0;
  }
  const order = Array.from(d.keys()).sort((i, j) => d[i] - d[j]);
  const vectors = new Float64Array(rows.length);
  order.forEach((from, to) => {
    vectors.set(rows.subarray(from * components, (from + 1) * components), to * components);
  });
  return { values: Float64Array.from(order, (i) => d[i] * unit), vectors };
}

/** The first place from l on whose off-diagonal number is negligible. */
function blockEnd(d: Float64Array, e: Float64Array, l: number): number {
  let end = l;
  while (end + 1 < d.length && Math.abs(e[end]) > Number.EPSILON * (Math.abs(d[end]) + Math.abs(d[end + 1]))) {
    if (Math.abs(e[end]) < 1e-300) break;
    ++end;
  }
  return end;
}

function sweepUp(
  d: Float64Array,
  e: Float64Array,
  l: number,
  end: number,
  rows: Float64Array,
  components: number,
): void {
  const half = (d[l + 1] - d[l]) / (2 * e[l]);
  const root = hypotenuse(half, 1);
  let g = d[end] - d[l] + e[l] / (half + (half < 0 ? -root : root));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = end - 1; i >= l; --i) {
    const f = s * e[i];
    const b = c * e[i];
    const r = hypotenuse(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] -= p;
      e[end] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const t = (d[i] - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    const low = i * components;
    const high = low + components;
    for (let k = 0; k < components; ++k) {
      const x = rows[low + k];
      const y = rows[high + k];
      rows[high + k] = s * x + c * y;
      rows[low + k] = c * x - s * y;
    }
  }
  d[l] -= p;
  e[l] = g;
  e[end] = 0;
}
