/** A = UᵀU by halves, and systems with it. */
import { axpy, scale } from "../vector/elementwise";
import { at, half, SMALL, solveTransposed, solveUpper, updateUpper } from "./triangular";

const INFINITY_BITS: i64 = 0x7ff0000000000000;

/**
 * Overwrites the upper triangle of the symmetric A (n × n) with U, A = UᵀU; reads nothing below the
 * diagonal and spoils it. Returns 0, or the number, from 1, of the first pivot that is not positive
 * and finite; U is complete above that row.
 */
export function cholesky<T>(n: i32, a: usize, ld: i32, scratch: usize): i32 {
  if (n <= SMALL) return small<T>(n, a, ld);
  const top = half(n), right = <usize>top * sizeof<T>(), rest = at<T>(a, ld, top, top);
  let info = cholesky<T>(top, a, ld, scratch);
  if (info) return info;
  solveTransposed<T>(top, n - top, false, a, ld, 1, a + right, ld, scratch);
  updateUpper<T>(n - top, top, a + right, ld, a + right, ld, rest, ld, scratch);
  info = cholesky<T>(n - top, rest, ld, scratch);
  return info ? top + info : 0;
}

function small<T>(n: i32, a: usize, ld: i32): i32 {
  for (let k = 0; k < n; ++k) {
    const row = at<T>(a, ld, k, k);
    const pivot = <f64>load<T>(row);
    // On the bits, because optimised builds assume that there is no NaN.
    const bits = reinterpret<i64>(pivot);
    if (bits <= 0 || bits >= INFINITY_BITS) return k + 1;
    scale<T>(n - k, 1 / sqrt(pivot), row);
    for (let i = k + 1; i < n; ++i) {
      const factor = row + <usize>(i - k) * sizeof<T>();
      axpy<T>(n - i, -<f64>load<T>(factor), factor, at<T>(a, ld, i, i));
    }
  }
  return 0;
}

/**
 * X = (UᵀU)⁻¹X for X (n × m) and U[i,j] at uRow·i + uCol·j: the lower triangle L of A = LLᵀ is a
 * matter of strides.
 */
export function choleskySolve<T>(
  n: i32, m: i32, u: usize, uRow: i32, uCol: i32, x: usize, ldx: i32, scratch: usize,
): void {
  solveTransposed<T>(n, m, false, u, uRow, uCol, x, ldx, scratch);
  solveUpper<T>(n, m, false, u, uRow, uCol, x, ldx, scratch);
}
