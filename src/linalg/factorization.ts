/** Symmetric matrices into the core's memory, factored there, and what comes out of it. */
import type { Dtype } from "../wasm/kernels.js";
import type { Build } from "../wasm/load.js";
import { borrow, bytesPer, type FloatArray, floatArray, type Workspace } from "../wasm/workspace.js";

/** A square row-major matrix, symmetric. */
export interface Symmetric {
  readonly size: number;
  readonly dtype: Dtype;
  readonly data: FloatArray;
  readonly build: Build;
}

/** A matrix in the core's memory, scaled by a power of 4 so that its largest element is near 1. */
interface Loaded {
  at: number;
  scale: number;
}

/** Largest elements up to here, and down to its inverse, are near enough to 1. */
const NEAR = 256;

/** The distance from 1 to the next number of the type. */
export function epsilonOf(dtype: Dtype): number {
  return dtype === "f32" ? 2 ** -23 : 2 ** -52;
}

/** Runs `use` with a copy of the matrix on an instance of its own; undefined where the matrix is not finite. */
function load<T>(H: Symmetric, use: (workspace: Workspace, loaded: Loaded) => T): T | undefined {
  return borrow(H.build, (workspace) => {
    const { size, dtype, data } = H;
    const at = workspace.allocate(dtype, size * size);
    workspace.write(dtype, at, data);
    const kernels = workspace.kernels(dtype);
    if (kernels.firstNonFinite(at, size * size) >= 0) return undefined;
    const largest = kernels.maxAbs(at, size * size);
    const near = largest === 0 || (largest < NEAR && largest > 1 / NEAR);
    const scale = near ? 1 : 4 ** -Math.round(Math.log2(largest) / 2);
    if (scale !== 1) {
      const view = workspace.slice(dtype, at, size * size);
      for (let i = 0; i < view.length; ++i) view[i] = data[i] * scale;
    }
    return use(workspace, { at, scale });
  });
}

export interface Eigenvalues {
  readonly info: number;
  readonly values: Float64Array;
}

export function eigenvalues(H: Symmetric): Eigenvalues | undefined {
  return decompose(H, false);
}

export function eigen(H: Symmetric): (Eigenvalues & { readonly vectors: FloatArray }) | undefined {
  return decompose(H, true);
}

function decompose(H: Symmetric, vectors: boolean): (Eigenvalues & { readonly vectors: FloatArray }) | undefined {
  const { size, dtype } = H;
  return load(H, (workspace, { at, scale }) => {
    const kernels = workspace.kernels(dtype);
    const values = workspace.allocate("f64", size);
    const q = vectors ? workspace.allocate(dtype, size * size) : 0;
    const work = workspace.allocateBytes(kernels.eigenWorkBytes(size, Number(vectors)));
    const info = kernels.eigen(size, at, size, values, q, work, workspace.scratch);
    const result = workspace.read("f64", values, size) as Float64Array;
    for (let i = 0; i < size; ++i) result[i] /= scale;
    return { info, values: result, vectors: vectors ? workspace.read(dtype, at, size * size) : floatArray(dtype, 0) };
  });
}

export interface CholeskyFactor {
  /** 0, or the number, from 1, of the first pivot that is not positive. */
  readonly info: number;
  /** L, row-major, zeros above its diagonal. */
  readonly lower: FloatArray;
}

export function choleskyFactor(H: Symmetric): CholeskyFactor | undefined {
  const { size, dtype } = H;
  return load(H, (workspace, { at, scale }) => {
    const info = workspace.kernels(dtype).cholesky(size, at, size, workspace.scratch);
    if (info) return { info, lower: floatArray(dtype, 0) };
    const lower = floatArray(dtype, size * size);
    transposeUpper(size, workspace.slice(dtype, at, size * size), lower, 1 / Math.sqrt(scale));
    return { info, lower };
  });
}

/** Columns that are read together, so that the rows they come from stay in the cache. */
const TILE = 32;

function transposeUpper(n: number, upper: FloatArray, lower: FloatArray, factor: number): void {
  for (let from = 0; from < n; from += TILE) {
    for (let i = from; i < n; ++i) {
      const end = Math.min(from + TILE, i + 1);
      for (let j = from; j < end; ++j) lower[i * n + j] = upper[j * n + i] * factor;
    }
  }
}

/** X with L·Lᵀ·X = B; `B` is n × columns, row-major. */
export function choleskySolve(H: Symmetric, lower: FloatArray, B: ArrayLike<number>, columns: number): FloatArray {
  const { size, dtype } = H;
  return borrow(H.build, (workspace) => {
    const at = workspace.allocate(dtype, size * size);
    const x = workspace.allocate(dtype, size * columns);
    workspace.write(dtype, at, lower);
    workspace.write(dtype, x, B);
    workspace.kernels(dtype).choleskySolve(size, columns, at, 1, size, x, columns, workspace.scratch);
    return workspace.read(dtype, x, size * columns);
  });
}

export interface Inertia {
  /** Eigenvalues above n·ε·‖A‖, ‖A‖ being Frobenius' norm. */
  readonly positive: number;
  /** Eigenvalues below −n·ε·‖A‖. */
  readonly negative: number;
  /** Eigenvalues that rounding does not tell from 0. */
  readonly zero: number;
}

export interface IndefiniteSolution {
  readonly inertia: Inertia;
  /** Whether no pivot is exactly 0, so that x exists. */
  readonly solved: boolean;
  readonly x: FloatArray;
}

/** Factors H = P·L·D·Lᵀ·Pᵀ, counts the signs in D and solves for B (n × columns, row-major). */
export function solveIndefinite(H: Symmetric, B: ArrayLike<number>, columns: number): IndefiniteSolution | undefined {
  const { size: n, dtype } = H;
  return load(H, (workspace, { at, scale }) => {
    const kernels = workspace.kernels(dtype);
    const { scratch } = workspace;
    const tolerance = n * epsilonOf(dtype) * Math.sqrt(kernels.sumSquares(at, n * n));
    const d = workspace.allocate(dtype, n);
    const e = workspace.allocate(dtype, n);
    const swaps = workspace.allocateBytes(4 * n);
    const x = workspace.allocate(dtype, n * columns);
    const work = workspace.allocate(dtype, kernels.ldlWork(n));
    const info = kernels.ldl(n, at, n, d, e, swaps, work, scratch);
    const inertia = countSigns(workspace.read(dtype, d, n), workspace.read(dtype, e, n), tolerance);
    const solved = info === 0;
    if (solved && columns > 0) {
      const view = workspace.view(dtype);
      const from = x / bytesPer(dtype);
      for (let i = 0; i < n * columns; ++i) view[from + i] = B[i] * scale;
      kernels.ldlSolve(n, columns, at, n, d, e, swaps, x, columns, scratch);
    }
    return { inertia, solved, x: solved ? workspace.read(dtype, x, n * columns) : floatArray(dtype, 0) };
  });
}

/** Sylvester's law: A and D have as many eigenvalues of each sign. */
function countSigns(d: FloatArray, e: FloatArray, tolerance: number): Inertia {
  let positive = 0;
  let negative = 0;
  const count = (value: number) => {
    if (value > tolerance) ++positive;
    else if (value < -tolerance) ++negative;
  };
  for (let k = 0; k < d.length; ++k) {
    if (e[k] === 0) {
      count(d[k]);
      continue;
    }
    const mean = (d[k] + d[k + 1]) / 2;
    const spread = Math.hypot((d[k] - d[k + 1]) / 2, e[k]);
    count(mean + spread);
    count(mean - spread);
    ++k;
  }
  return { positive, negative, zero: d.length - positive - negative };
}
