// Symmetric matrices that factorizations go wrong on, and residuals by plain loops in double
// precision.

type Draw = () => number;

/** Row-major n × n. */
export type Dense = Float64Array;

function fill(n: number, value: (i: number, j: number) => number): Dense {
  const A = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) for (let j = i; j < n; ++j) A[i * n + j] = A[j * n + i] = value(i, j);
  return A;
}

export function diagonal(values: ArrayLike<number>): Dense {
  return fill(values.length, (i, j) => (i === j ? values[i]! : 0));
}

/** Q·diag(values)·Qᵀ, Q a product of three random reflections. */
export function withSpectrum(values: ArrayLike<number>, draw: Draw): Dense {
  const n = values.length;
  const A = diagonal(values);
  for (let round = 0; round < Math.min(3, n); ++round) {
    const v = Float64Array.from({ length: n }, draw);
    const square = v.reduce((sum, x) => sum + x * x, 0);
    for (const along of [true, false]) {
      for (let i = 0; i < n; ++i) {
        const at = (j: number) => (along ? i * n + j : j * n + i);
        let sum = 0;
        for (let j = 0; j < n; ++j) sum += v[j]! * A[at(j)]!;
        for (let j = 0; j < n; ++j) A[at(j)]! -= (2 * sum * v[j]!) / square;
      }
    }
  }
  return fill(n, (i, j) => (A[i * n + j]! + A[j * n + i]!) / 2);
}

const range = (n: number, value: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => value(i));

/** Wilkinson's tridiagonal matrix: pairs of eigenvalues that agree to many digits. */
function wilkinson(n: number): Dense {
  return fill(n, (i, j) => (i === j ? Math.abs(i - (n - 1) / 2) : j === i + 1 ? 1 : 0));
}

/**
 * Copies of it that hardly know of each other: many values that agree, and vectors that must be
 * told apart.
 */
function gluedWilkinson(n: number): Dense {
  const size = 21;
  return fill(n, (i, j) => {
    if (i === j) return Math.abs((i % size) - 10);
    return j === i + 1 ? (j % size === 0 ? 1e-7 : 1) : 0;
  });
}

export const families: Record<string, (n: number, draw: Draw) => Dense> = {
  random: (n, draw) => fill(n, draw),
  positive: (n, draw) =>
    withSpectrum(
      range(n, () => 1.5 + draw()),
      draw,
    ),
  "graded spectrum": (n, draw) =>
    withSpectrum(
      range(n, (i) => 10 ** ((-16 * i) / n)),
      draw,
    ),
  "graded rows": (n, draw) => {
    const A = fill(n, (i, j) => (i === j ? 2 : draw() / n));
    return fill(n, (i, j) => A[i * n + j]! * 10 ** ((-8 * (i + j)) / n));
  },
  "graded rows, smallest first": (n, draw) =>
    fill(n, (i, j) => (draw() + (i === j ? 1 : 0)) * 10 ** ((4 * (i + j)) / n - 8)),
  "rank n / 3": (n, draw) =>
    withSpectrum(
      range(n, (i) => (i % 3 ? 0 : draw())),
      draw,
    ),
  "rank 1": (n, draw) => {
    const v = range(n, draw);
    return fill(n, (i, j) => v[i]! * v[j]!);
  },
  "three values": (n, draw) =>
    withSpectrum(
      range(n, (i) => (i % 3) - 1),
      draw,
    ),
  "near the identity": (n, draw) => fill(n, (i, j) => (i === j ? 1 : 0) + 1e-14 * draw()),
  diagonal: (n, draw) => diagonal(range(n, draw)),
  identity: (n) => diagonal(range(n, () => 1)),
  zero: (n) => diagonal(range(n, () => 0)),
  "zero diagonal": (n, draw) => fill(n, (i, j) => (i === j ? 0 : draw())),
  exchange: (n) => fill(n, (i, j) => (i + j === n - 1 ? 1 : 0)),
  ones: (n) => fill(n, () => 1),
  "second difference": (n) => fill(n, (i, j) => (i === j ? 2 : j === i + 1 ? -1 : 0)),
  wilkinson,
  "glued wilkinson": gluedWilkinson,
  sparse: (n, draw) => fill(n, (i, j) => (i === j || Math.abs(draw()) < 0.1 ? draw() : 0)),
  hilbert: (n) => fill(n, (i, j) => 1 / (i + j + 1)),
};

export function frobenius(A: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < A.length; ++i) sum += A[i]! ** 2;
  return Math.sqrt(sum);
}

/** A·B, or A·Bᵀ, for A (m × k). */
export function times(A: ArrayLike<number>, B: ArrayLike<number>, m: number, k: number, transposeB = false): Dense {
  const n = k === 0 ? 0 : B.length / k;
  const C = new Float64Array(m * n);
  for (let i = 0; i < m; ++i) {
    for (let p = 0; p < k; ++p) {
      const a = A[i * k + p]!;
      if (a === 0) continue;
      for (let j = 0; j < n; ++j) C[i * n + j]! += a * B[transposeB ? j * k + p : p * n + j]!;
    }
  }
  return C;
}

export function difference(A: ArrayLike<number>, B: ArrayLike<number>): Dense {
  return Float64Array.from(A, (x, i) => x - B[i]!);
}

/** ‖AV − VΛ‖ and ‖VᵀV − I‖, Frobenius, for vectors in the columns of V. */
export function eigenResiduals(A: Dense, values: ArrayLike<number>, V: ArrayLike<number>): [number, number] {
  const n = values.length;
  const T = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) for (let j = 0; j < n; ++j) T[j * n + i] = V[i * n + j]!;
  const scaled = Float64Array.from(V, (x, p) => x * values[p % n]!);
  const gram = times(T, V, n, n);
  for (let i = 0; i < n; ++i) gram[i * n + i]! -= 1;
  return [frobenius(difference(times(A, V, n, n), scaled)), frobenius(gram)];
}
