/**
 * Symmetric matrices whose eigenvalues are known because they were built from them, and plain loops
 * to work with them.
 */

import { Random } from "../cases.js";

export type Rows = number[][];

export function transposed(A: Rows): Rows {
  return A.length === 0 ? [] : A[0].map((_, j) => A.map((row) => row[j]));
}

export function inner(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

export function length(x: ArrayLike<number>): number {
  return Math.sqrt(inner(x, x));
}

export function times(A: Rows, v: ArrayLike<number>): number[] {
  return A.map((row) => inner(row, v));
}

/** n orthonormal rows: Gram and Schmidt, twice, on normal numbers. */
export function randomOrthogonal(n: number, seed: number): Rows {
  const random = new Random(seed);
  const Q: Rows = [];
  while (Q.length < n) {
    let v = random.normals(n);
    for (let pass = 0; pass < 2; pass++) {
      for (const q of Q) {
        const along = inner(q, v);
        v = v.map((x, i) => x - along * q[i]);
      }
      const size = length(v);
      v = v.map((x) => x / size);
    }
    Q.push(v);
  }
  return Q;
}

/** Σ λ_k·q_k·q_kᵀ, symmetric to the last bit. */
export function withSpectrum(values: ArrayLike<number>, seed: number): Rows {
  const n = values.length;
  const Q = randomOrthogonal(n, seed);
  const A: Rows = Array.from({ length: n }, () => new Array(n).fill(0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      for (let k = 0; k < n; k++) A[i][j] += Q[k][i] * values[k] * Q[k][j];
      A[j][i] = A[i][j];
    }
  }
  return A;
}

/** x with A·x = b, by Gaussian elimination with pivots. */
export function solve(A: Rows, b: ArrayLike<number>): number[] {
  const n = A.length;
  const M = A.map((row, i) => [...row, b[i]]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(M[i][k]) > Math.abs(M[pivot][k])) pivot = i;
    [M[k], M[pivot]] = [M[pivot], M[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = M[i][k] / M[k][k];
      for (let j = k; j <= n; j++) M[i][j] -= factor * M[k][j];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = M[i][n];
    for (let j = i + 1; j < n; j++) sum -= M[i][j] * x[j];
    x[i] = sum / M[i][i];
  }
  return x;
}

/** A matrix as an operator that counts its products. */
export function operatorOf(A: Rows): { size: number; matvec(v: ArrayLike<number>): Float64Array; products: number } {
  return {
    size: A.length,
    products: 0,
    matvec(v) {
      this.products += 1;
      return Float64Array.from(times(A, v));
    },
  };
}

export function diagonalOperator(values: ArrayLike<number>): {
  size: number;
  matvec(v: ArrayLike<number>): Float64Array;
} {
  return { size: values.length, matvec: (v) => Float64Array.from(v, (x, i) => values[i] * x) };
}

/** The largest distance of the rows' inner products from those of orthonormal ones. */
export function orthogonality(rows: ArrayLike<ArrayLike<number>>): number {
  let worst = 0;
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j <= i; j++) worst = Math.max(worst, Math.abs(inner(rows[i], rows[j]) - (i === j ? 1 : 0)));
  }
  return worst;
}
