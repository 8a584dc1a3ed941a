/**
 * Solves with a lower triangular factor for many right-hand sides, by blocks whose products the
 * core computes.
 */

import { type Matrix, multiply } from "./matrix.js";

/** Rows solved in plain loops between products. */
const BLOCK = 64;

/** X with L·X = B; n × m. Cost: n²·m flops, nearly all of them in products. */
export function forwardSolve(L: Matrix, B: Matrix): Matrix {
  const { rows: n, columns: m } = B;
  const x = Float64Array.from(B.data);
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK);
    if (from > 0) {
      const done = { rows: from, columns: m, data: x.subarray(0, from * m) };
      subtract(x, multiply(blockOf(L, from, to, 0, from), done), from);
    }
    for (let i = from; i < to; ++i) solveRow(L.data, n, x, m, i, from);
  }
  return { rows: n, columns: m, data: x };
}

/** X with Lᵀ·X = B; n × m. */
export function backwardSolve(L: Matrix, B: Matrix): Matrix {
  const { rows: n, columns: m } = B;
  const x = Float64Array.from(B.data);
  for (let to = n; to > 0; to -= BLOCK) {
    const from = Math.max(0, to - BLOCK);
    if (to < n) {
      const done = { rows: n - to, columns: m, data: x.subarray(to * m) };
      subtract(x, multiply(blockOf(L, to, n, from, to), done, { transposeA: true }), from);
    }
    for (let i = to - 1; i >= from; --i) {
      for (let k = i + 1; k < to; ++k) addRow(x, m, i, k, -L.data[k * n + i]);
      scaleRow(x, m, i, 1 / L.data[i * n + i]);
    }
  }
  return { rows: n, columns: m, data: x };
}

function solveRow(l: ArrayLike<number>, n: number, x: Float64Array, m: number, i: number, from: number): void {
  for (let k = from; k < i; ++k) addRow(x, m, i, k, -l[i * n + k]);
  scaleRow(x, m, i, 1 / l[i * n + i]);
}

function addRow(x: Float64Array, m: number, to: number, from: number, factor: number): void {
  if (factor === 0) return;
  for (let j = 0, a = to * m, b = from * m; j < m; ++j) x[a++] += factor * x[b++];
}

function scaleRow(x: Float64Array, m: number, row: number, factor: number): void {
  for (let j = row * m; j < (row + 1) * m; ++j) x[j] *= factor;
}

function subtract(x: Float64Array, { columns: m, data }: Matrix, row: number): void {
  for (let i = 0, at = row * m; i < data.length; ++i, ++at) x[at] -= data[i];
}

function blockOf({ columns: n, data }: Matrix, top: number, bottom: number, left: number, right: number): Matrix {
  const block = new Float64Array((bottom - top) * (right - left));
  for (let i = top, at = 0; i < bottom; ++i) for (let j = left; j < right; ++j) block[at++] = data[i * n + j];
  return { rows: bottom - top, columns: right - left, data: block };
}
