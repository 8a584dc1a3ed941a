/**
 * Triangles by halves: everything that is large becomes a matrix product. All factors are upper
 * triangles in row-major matrices, so that the loops of the small cases run along rows. Strides and
 * leading dimensions are elements.
 */
import { product } from "../matmul/product";
import { kindOf, SOLVE, UPDATE } from "../threads/pieces";
import { get, lineOf, mayShare, put, share, startOf, threadCount } from "../threads/share";
import { axpy, scale } from "../vector/elementwise";

/** Rows of a triangle that are eliminated one by one. */
export const SMALL: i32 = 8;
/** Rows of a square on the diagonal that is updated whole, its lower triangle for nothing. */
const SQUARE: i32 = 48;
/** Multiplications from which on solving for many columns is shared among threads. */
const SHARE_FROM: f64 = 131072;

/** Rows that fill whole tiles in every build, and parts of a triangle's update for each thread. */
const STRIP: i32 = 24;
const JOBS_EACH: i32 = 4;

/** Address of element (i, j). */
// @ts-ignore: decorator
@inline
export function at<T>(a: usize, ld: i32, i: i32, j: i32): usize {
  return a + (<usize>i * ld + j) * sizeof<T>();
}

/** Exchanges n elements. */
export function swap<T>(n: i32, p: usize, q: usize): void {
  for (; n > 0; --n) {
    const value = load<T>(p);
    store<T>(p, load<T>(q));
    store<T>(q, value);
    p += sizeof<T>();
    q += sizeof<T>();
  }
}

/** About half of n, a multiple of SMALL. */
// @ts-ignore: decorator
@inline
export function half(n: i32): i32 {
  return ((n >> 1) + SMALL - 1) & -SMALL;
}

/** C += α·A·B, a plain product with the operands' strides. */
// @ts-ignore: decorator
@inline
export function addProduct<T>(
  m: i32, n: i32, k: i32, alpha: f64, a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32,
  c: usize, ldc: i32, scratch: usize,
): void {
  product<T>(m, n, k, alpha, a, aRow, aCol, b, bRow, bCol, 1, c, ldc, 0, -1, 0, c, scratch);
}

/**
 * The upper triangle of C −= AᵀB, for A and B (k × n) whose product is symmetric. Below the
 * diagonal C is spoiled.
 */
export function updateUpper<T>(
  n: i32, k: i32, a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, scratch: usize,
): void {
  if (ASC_FEATURE_THREADS) {
    if (shareUpper<T>(n, k, a, lda, b, ldb, c, ldc, scratch)) return;
  }
  if (n <= SQUARE) {
    addProduct<T>(n, n, k, -1, a, 1, lda, b, ldb, 1, c, ldc, scratch);
    return;
  }
  const m = half(n), right = <usize>m * sizeof<T>();
  updateUpper<T>(m, k, a, lda, b, ldb, c, ldc, scratch);
  addProduct<T>(m, n - m, k, -1, a, 1, lda, b + right, ldb, 1, c + right, ldc, scratch);
  updateUpper<T>(n - m, k, a + right, lda, b + right, ldb, at<T>(c, ldc, m, m), ldc, scratch);
}

/** Shares the products that `updateUpper` is made of. False where there is too little to share. */
function shareUpper<T>(
  n: i32, k: i32, a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, scratch: usize,
): bool {
  if (n <= SQUARE || !mayShare() || <f64>n * <f64>n * <f64>k < 2 * SHARE_FROM) return false;
  const area = n / 2 * n / (JOBS_EACH * threadCount());
  put<i32>(0, n), put<i32>(1, k), put<usize>(2, a), put<i32>(3, lda), put<usize>(4, b), put<i32>(5, ldb), put<usize>(6, c), put<i32>(7, ldc);
  put<i32>(8, area);
  share(kindOf<T>(UPDATE), jobs<T>(0, -1, area, n, k, a, lda, b, ldb, c, ldc, scratch), scratch);
  return true;
}

export function updatePiece<T>(piece: i32, scratch: usize): void {
  jobs<T>(
    0, piece, get<i32>(8), get<i32>(0), get<i32>(1), get<usize>(2), get<i32>(3), get<usize>(4), get<i32>(5), get<usize>(6), get<i32>(7), scratch,
  );
}

/**
 * Numbers the products of an update from `job` on, the largest last, and does the one that is
 * `wanted`. Those of more elements than `area` are cut between whole tiles. Returns the number
 * behind the last.
 */
function jobs<T>(
  job: i32, wanted: i32, area: i32,
  n: i32, k: i32, a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, scratch: usize,
): i32 {
  if (n <= SQUARE) {
    if (job == wanted) addProduct<T>(n, n, k, -1, a, 1, lda, b, ldb, 1, c, ldc, scratch);
    return job + 1;
  }
  const m = half(n), right = <usize>m * sizeof<T>(), rows = max(STRIP, area / (n - m) / STRIP * STRIP);
  job = jobs<T>(job, wanted, area, m, k, a, lda, b, ldb, c, ldc, scratch);
  job = jobs<T>(job, wanted, area, n - m, k, a + right, lda, b + right, ldb, at<T>(c, ldc, m, m), ldc, scratch);
  for (let i = 0; i < m; i += rows, ++job) {
    if (job != wanted) continue;
    const from = a + <usize>i * sizeof<T>(), to = at<T>(c, ldc, i, m);
    addProduct<T>(min(rows, m - i), n - m, k, -1, from, 1, lda, b + right, ldb, 1, to, ldc, scratch);
  }
  return job;
}

/**
 * X = U⁻ᵀX for U (n × n, U[i,j] at uRow·i + uCol·j) and X (n × m); U's diagonal counts as 1 where
 * `unit`.
 */
export function solveTransposed<T>(
  n: i32, m: i32, unit: bool, u: usize, uRow: i32, uCol: i32, x: usize, ldx: i32, scratch: usize,
): void {
  if (ASC_FEATURE_THREADS) {
    if (shareColumns<T>(false, n, m, unit, u, uRow, uCol, x, ldx, scratch)) return;
  }
  solveTransposedAlone<T>(n, m, unit, u, uRow, uCol, x, ldx, scratch);
}

function solveTransposedAlone<T>(
  n: i32, m: i32, unit: bool, u: usize, uRow: i32, uCol: i32, x: usize, ldx: i32, scratch: usize,
): void {
  if (n > SMALL) {
    const top = half(n), below = at<T>(x, ldx, top, 0);
    solveTransposedAlone<T>(top, m, unit, u, uRow, uCol, x, ldx, scratch);
    addProduct<T>(n - top, m, top, -1, at<T>(u, uCol, top, 0), uCol, uRow, x, ldx, 1, below, ldx, scratch);
    solveTransposedAlone<T>(n - top, m, unit, at<T>(u, uRow + uCol, top, 0), uRow, uCol, below, ldx, scratch);
    return;
  }
  for (let i = 0; i < n; ++i) {
    let factor = at<T>(u, uCol, i, 0);
    const row = at<T>(x, ldx, i, 0);
    for (let above = x; above < row; above += <usize>ldx * sizeof<T>()) {
      axpy<T>(m, -<f64>load<T>(factor), above, row);
      factor += <usize>uRow * sizeof<T>();
    }
    if (!unit) scale<T>(m, 1 / <f64>load<T>(factor), row);
  }
}

/** X = U⁻¹X, likewise. */
export function solveUpper<T>(
  n: i32, m: i32, unit: bool, u: usize, uRow: i32, uCol: i32, x: usize, ldx: i32, scratch: usize,
): void {
  if (ASC_FEATURE_THREADS) {
    if (shareColumns<T>(true, n, m, unit, u, uRow, uCol, x, ldx, scratch)) return;
  }
  solveUpperAlone<T>(n, m, unit, u, uRow, uCol, x, ldx, scratch);
}

function solveUpperAlone<T>(
  n: i32, m: i32, unit: bool, u: usize, uRow: i32, uCol: i32, x: usize, ldx: i32, scratch: usize,
): void {
  if (n > SMALL) {
    const top = half(n), below = at<T>(x, ldx, top, 0);
    solveUpperAlone<T>(n - top, m, unit, at<T>(u, uRow + uCol, top, 0), uRow, uCol, below, ldx, scratch);
    addProduct<T>(top, m, n - top, -1, at<T>(u, uCol, top, 0), uRow, uCol, below, ldx, 1, x, ldx, scratch);
    solveUpperAlone<T>(top, m, unit, u, uRow, uCol, x, ldx, scratch);
    return;
  }
  for (let i = n - 1; i >= 0; --i) {
    const row = at<T>(x, ldx, i, 0);
    let factor = at<T>(u, uRow + uCol, i, 0);
    const diagonal = <f64>load<T>(factor);
    for (let p = i + 1; p < n; ++p) {
      factor += <usize>uCol * sizeof<T>();
      axpy<T>(m, -<f64>load<T>(factor), at<T>(x, ldx, p, 0), row);
    }
    if (!unit) scale<T>(m, 1 / diagonal, row);
  }
}

/**
 * Cuts X into columns, each of which is solved for by itself, between cache lines. False where
 * there is too little to cut.
 */
function shareColumns<T>(
  upper: bool, n: i32, m: i32, unit: bool, u: usize, uRow: i32, uCol: i32, x: usize, ldx: i32, scratch: usize,
): bool {
  if (!mayShare() || <f64>n * <f64>n * <f64>m < SHARE_FROM) return false;
  const parts = min(threadCount(), m / (2 * lineOf<T>()));
  if (parts < 2) return false;
  put<i32>(0, upper), put<i32>(1, n), put<i32>(2, m), put<i32>(3, unit), put<usize>(4, u), put<i32>(5, uRow), put<i32>(6, uCol);
  put<usize>(7, x), put<i32>(8, ldx), put<i32>(9, parts);
  share(kindOf<T>(SOLVE), parts, scratch);
  return true;
}

export function solvePiece<T>(piece: i32, scratch: usize): void {
  const n = get<i32>(1), m = get<i32>(2), unit = get<i32>(3) != 0, u = get<usize>(4), uRow = get<i32>(5), uCol = get<i32>(6);
  const from = startOf(piece, get<i32>(9), m, lineOf<T>()), end = startOf(piece + 1, get<i32>(9), m, lineOf<T>());
  const x = get<usize>(7) + <usize>from * sizeof<T>();
  if (get<i32>(0)) solveUpperAlone<T>(n, end - from, unit, u, uRow, uCol, x, get<i32>(8), scratch);
  else solveTransposedAlone<T>(n, end - from, unit, u, uRow, uCol, x, get<i32>(8), scratch);
}
