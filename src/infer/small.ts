/** x with A·x = b for a small matrix, by Gauss's elimination with pivots, in the memory of both. */
export function solveSmall(A: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  for (let k = 0; k < n; ++k) {
    let best = k;
    for (let i = k + 1; i < n; ++i) if (Math.abs(A[i * n + k]) > Math.abs(A[best * n + k])) best = i;
    for (let j = 0; j < n; ++j) [A[k * n + j], A[best * n + j]] = [A[best * n + j], A[k * n + j]];
    [b[k], b[best]] = [b[best], b[k]];
    for (let i = k + 1; i < n; ++i) {
      const factor = A[i * n + k] / A[k * n + k];
      for (let j = k; j < n; ++j) A[i * n + j] -= factor * A[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (let k = n - 1; k >= 0; --k) {
    for (let j = k + 1; j < n; ++j) b[k] -= A[k * n + j] * b[j];
    b[k] /= A[k * (n + 1)];
  }
  return b;
}
