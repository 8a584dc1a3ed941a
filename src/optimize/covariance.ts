import type { Matrix } from "../linalg/matrix.js";
import { norm2 } from "../linalg/vector.js";

/** Residuals r and their Jacobian at a point. */
export interface Linearization {
  readonly residuals: Float64Array;
  /** m × n. */
  readonly jacobian: Matrix;
}

/**
 * s²·(JᵀJ)⁻¹ with s² = Σr²/(m − rank J), n × n and row-major, from the triangle R of J's columns scaled to length 1: that keeps twice the digits of JᵀJ.
 *
 * A parameter that the residuals do not determine (a column of zeros, columns that depend on each other) has the variance Infinity and
 * covariances of NaN. So has each parameter where there are no more residuals than the rank: nothing is left to estimate s² from.
 *
 * Cost: 2·m·n² flops.
 */
export function leastSquaresCovariance({ residuals, jacobian }: Linearization): Float64Array {
  const { rows: m, columns: n } = jacobian;
  const columns = Array.from({ length: n }, (_, j) =>
    Float64Array.from({ length: m }, (_, i) => jacobian.data[i * n + j]),
  );
  const lengths = columns.map(norm2);
  columns.forEach((column, j) => {
    for (let i = 0; lengths[j] > 0 && i < m; ++i) column[i] /= lengths[j];
  });
  const { rank, pivots } = triangle(columns, m);
  const inverse = inverseOf(columns, rank);
  const free = m - rank;
  const estimable = determined(columns, inverse, rank, m);
  const s = free > 0 ? norm2(residuals) / Math.sqrt(free) : Number.NaN;
  const covariance = new Float64Array(n * n).fill(Number.NaN);
  for (let j = 0; j < n; ++j) covariance[j * (n + 1)] = Infinity;
  for (let a = 0; free > 0 && a < rank; ++a) {
    for (let b = 0; b <= a; ++b) {
      if (!estimable[a] || !estimable[b]) continue;
      let sum = 0;
      for (let k = a; k < rank; ++k) sum += inverse[a][k] * inverse[b][k];
      const [i, j] = [pivots[a], pivots[b]];
      // Scaled factor by factor: the square of a small number may underflow.
      const value = (s / lengths[i]) * (s / lengths[j]) * sum;
      covariance[i * n + j] = value;
      covariance[j * n + i] = value;
    }
  }
  return covariance;
}

/** Householder's reflections with column pivoting (Businger and Golub 1965), in place: column j holds R's in its first j + 1 numbers. */
function triangle(columns: Float64Array[], m: number): { rank: number; pivots: number[] } {
  const n = columns.length;
  const pivots = columns.map((_, j) => j);
  const least = Math.max(m, n) * Number.EPSILON;
  for (let j = 0; j < Math.min(m, n); ++j) {
    const rests = columns.map((column, c) => (c < j ? -1 : norm2(column.subarray(j))));
    const best = rests.indexOf(Math.max(...rests));
    if (!(rests[best] > least)) return { rank: j, pivots };
    [columns[j], columns[best]] = [columns[best], columns[j]];
    [pivots[j], pivots[best]] = [pivots[best], pivots[j]];
    const v = columns[j].slice(j);
    const length = v[0] > 0 ? -rests[best] : rests[best];
    v[0] -= length;
    const square = norm2(v) ** 2;
    for (let c = j; c < n; ++c) {
      const column = columns[c];
      let sum = 0;
      for (let i = j; i < m; ++i) sum += v[i - j] * column[i];
      for (let i = j; i < m; ++i) column[i] -= ((2 * sum) / square) * v[i - j];
    }
  }
  return { rank: Math.min(m, n), pivots };
}

/** Rows of the inverse of R's leading block. */
function inverseOf(columns: readonly Float64Array[], rank: number): Float64Array[] {
  const inverse = Array.from({ length: rank }, () => new Float64Array(rank));
  for (let k = 0; k < rank; ++k) {
    inverse[k][k] = 1 / columns[k][k];
    for (let i = k - 1; i >= 0; --i) {
      let sum = 0;
      for (let l = i + 1; l <= k; ++l) sum += columns[l][i] * inverse[l][k];
      inverse[i][k] = -sum / columns[i][i];
    }
  }
  return inverse;
}

/** Which of the first parameters no dependent column can stand in for: their row of R₁₁⁻¹·R₁₂ is 0 but for rounding, which grows with their row of R₁₁⁻¹. */
function determined(
  columns: readonly Float64Array[],
  inverse: readonly Float64Array[],
  rank: number,
  m: number,
): boolean[] {
  const noise = Math.max(m, columns.length) * Number.EPSILON;
  return inverse.map((row) => {
    const most = 10 * noise * norm2(row);
    return columns.slice(rank).every((column) => {
      let sum = 0;
      for (let k = 0; k < rank; ++k) sum += row[k] * column[k];
      return Math.abs(sum) <= most;
    });
  });
}
