/**
 * Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's rotations: slow, and as simple as
 * can be.
 */

import type { Rows } from "./spectra.js";

/** Ascending, with the vectors in rows. */
export function jacobi(matrix: Rows): { values: number[]; vectors: Rows } {
  const n = matrix.length;
  const A = matrix.map((row) => row.slice());
  const V: Rows = A.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 100; ++sweep) {
    let off = 0;
    let all = 0;
    A.forEach((row, i) => {
      row.forEach((value, j) => {
        all += value * value;
        if (i !== j) off += value * value;
      });
    });
    if (off <= 1e-32 * all) break;
    for (let p = 0; p < n; ++p) {
      for (let q = p + 1; q < n; ++q) rotate(A, V, p, q);
    }
  }
  const order = A.map((_, i) => i).sort((i, j) => A[i][i] - A[j][j]);
  return { values: order.map((i) => A[i][i]), vectors: order.map((i) => V[i]) };
}

/** Makes A[p][q] zero. */
function rotate(A: Rows, V: Rows, p: number, q: number): void {
  if (A[p][q] === 0) return;
  const angle = 0.5 * Math.atan2(2 * A[p][q], A[q][q] - A[p][p]);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (const row of A) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  for (const M of [A, V]) {
    const [a, b] = [M[p], M[q]];
    M[p] = a.map((value, j) => c * value - s * b[j]);
    M[q] = a.map((value, j) => s * value + c * b[j]);
  }
}
