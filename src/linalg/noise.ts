/** Rounding noise: one formula for a value, one for the eigenvalues of a matrix. */

/** By how much rounding may change a value that thousands of sums led to: 4·ε·|value|. */
export function valueNoise(value: number, epsilon: number): number {
  return 4 * epsilon * Math.abs(value);
}

/**
 * By how much rounding may move an eigenvalue: n·ε·‖A‖, ‖A‖ being Frobenius' norm or a bound of it.
 */
export function eigenvalueNoise(size: number, norm: number, epsilon: number = Number.EPSILON): number {
  return size * epsilon * norm;
}
