import { type Matrix, toMatrix } from "../linalg/matrix.js";
import { SymmetricMatrix, symmetric } from "../linalg/symmetric.js";
import { norm2 } from "../linalg/vector.js";
import { currentBuild } from "../wasm/load.js";
import type { Bounds } from "./bounds.js";
import { CentralDifferences } from "./central-differences.js";
import type { LeastSquares, SmoothFunction } from "./function-problem.js";

/** Residuals r and their Jacobian at a point. */
export interface Linearization {
  readonly residuals: Float64Array;
  /** m × n. */
  readonly jacobian: Matrix;
}

/**
 * s²·(JᵀJ)⁻¹ with s² = Σr²/(m − rank J), n × n and row-major, from the triangle R of J's columns
 * scaled to length 1: that keeps twice the digits of JᵀJ.
 *
 * A parameter that the residuals do not determine (a column of zeros, columns that depend on each
 * other) has the variance Infinity and covariances of NaN. So has each parameter where there are no
 * more residuals than the rank: nothing is left to estimate s² from.
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

/**
 * Householder's reflections with column pivoting (Businger and Golub 1965), in place: column j
 * holds R's in its first j + 1 numbers.
 */
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

/**
 * Which of the first parameters no dependent column can stand in for: their row of R₁₁⁻¹·R₁₂ is 0
 * but for rounding, which grows with their row of R₁₁⁻¹.
 */
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

/**
 * The covariance of the parameters at a point: by residuals, or by the Hessian of a negative
 * log-likelihood. Those at a bound have NaN.
 */
export function covarianceAt(
  f: SmoothFunction | LeastSquares,
  x: Float64Array,
  bounds: Bounds | null,
): SymmetricMatrix {
  const n = x.length;
  const free = Array.from(x.keys()).filter((i) => !bounds || (x[i] > bounds.lower[i] && x[i] < bounds.upper[i]));
  const block = f.residuals ? fromResiduals(f, x, free) : fromHessian(f, x, free);
  const data = new Float64Array(n * n).fill(Number.NaN);
  free.forEach((i, a) => {
    free.forEach((j, b) => {
      data[i * n + j] = block[a * free.length + b];
    });
  });
  return new SymmetricMatrix(n, data, currentBuild());
}

function fromResiduals(f: LeastSquares, x: Float64Array, free: readonly number[]): Float64Array {
  const residuals = Float64Array.from(f.residuals(x.slice()));
  const J = f.jacobian ? toMatrix("covariance", "f.jacobian", f.jacobian(x.slice())) : differences(f, x, residuals);
  const data = Float64Array.from({ length: J.rows * free.length }, (_, at) => {
    return J.data[Math.floor(at / free.length) * J.columns + free[at % free.length]];
  });
  return leastSquaresCovariance({ residuals, jacobian: { rows: J.rows, columns: free.length, data } });
}

/** Twice at the same point: the second time by the formula of four points. */
function differences(f: LeastSquares, x: Float64Array, r: Float64Array): Matrix {
  const central = new CentralDifferences((point) => Float64Array.from(f.residuals(point)), x.length);
  central.at(x, r);
  return central.at(x, r);
}

function fromHessian(f: SmoothFunction, x: Float64Array, free: readonly number[]): Float64Array {
  if (!f.hessian) {
    throw new Error(
      "covariance: f has neither residuals nor a hessian to estimate it from; pass { residuals } or add hessian",
    );
  }
  const given = f.hessian(x.slice());
  const H = given instanceof SymmetricMatrix ? given : symmetric(given as Matrix);
  const n = free.length;
  const block = new SymmetricMatrix(
    n,
    Float64Array.from({ length: n * n }, (_, at) => H.get(free[Math.floor(at / n)], free[at % n])),
  );
  const found = block.cholesky();
  if (!found.factor) return new Float64Array(n * n).fill(Number.NaN);
  const unit = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) unit[i * (n + 1)] = 1;
  return Float64Array.from(found.solve({ rows: n, columns: n, data: unit }).data);
}

/**
 * The value below which Student's t with `freedom` degrees lies with probability p > ½: by halving,
 * on the integral of its density.
 */
export function studentQuantile(p: number, freedom: number): number {
  if (!(freedom > 0)) return Number.NaN;
  let [low, high] = [0, 1];
  while (upperTail(high, freedom) > 1 - p && high < 1e12) high *= 2;
  for (let step = 0; step < 100; ++step) {
    const middle = (low + high) / 2;
    if (upperTail(middle, freedom) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(T > t), by a substitution that makes the range finite: t = √ν·tan(θ), the density being ∝
 * cosθ^(ν − 1) (normal: a large ν).
 */
function upperTail(t: number, freedom: number): number {
  const nu = Math.min(freedom, 1e7);
  const from = Math.atan(t / Math.sqrt(nu));
  const density = (angle: number): number => Math.exp((nu - 1) * Math.log(Math.max(Math.cos(angle), 1e-300)));
  // The density is nearly all within a few 1/√ν of 0.
  const reach = Math.min(Math.PI / 2, 40 / Math.sqrt(nu));
  return integral(density, Math.min(from, reach), reach) / (2 * integral(density, 0, reach));
}

/** Simpson's rule on many pieces. */
function integral(f: (x: number) => number, from: number, to: number): number {
  const pieces = 2000;
  const h = (to - from) / pieces;
  let sum = f(from) + f(to);
  for (let i = 1; i < pieces; ++i) sum += (i % 2 ? 4 : 2) * f(from + i * h);
  return (sum * h) / 3;
}
