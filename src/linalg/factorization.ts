/** Symmetric matrices into the core's memory, factored there, and what comes out of it. */
import { finish } from "../parts.js";
import { Random } from "../random.js";
import type { Dtype } from "../wasm/kernels.js";
import { type Build, epoch } from "../wasm/load.js";
import {
  acquire,
  borrow,
  bytesPer,
  epsilonOf,
  type FloatArray,
  floatArray,
  release,
  type Workspace,
} from "../wasm/workspace.js";
import { eigenvalueNoise } from "./noise.js";

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
/** No scale is larger, or it would itself be infinite for the smallest numbers there are. */
const MOST = 2 ** 1000;

export function allFinite(values: FloatArray): boolean {
  for (let i = 0; i < values.length; ++i) if (values[i] - values[i] !== 0) return false;
  return true;
}

/**
 * Runs `use` with a copy of the matrix on an instance of its own; undefined where the matrix is not
 * finite.
 */
function load<T>(H: Symmetric, use: (workspace: Workspace, loaded: Loaded) => T): T | undefined {
  return borrow(H.build, (workspace) => {
    const loaded = copied(workspace, H);
    return loaded && use(workspace, loaded);
  });
}

/** A copy of the matrix in the workspace; undefined where the matrix is not finite. */
function copied(workspace: Workspace, { size, dtype, data }: Symmetric): Loaded | undefined {
  const at = workspace.allocate(dtype, size * size);
  workspace.write(dtype, at, data);
  const kernels = workspace.kernels(dtype);
  if (kernels.firstNonFinite(at, size * size) >= 0) return undefined;
  const largest = kernels.maxAbs(at, size * size);
  let scale = 1;
  while (largest * scale > NEAR) scale /= 4;
  while (largest > 0 && largest * scale < 1 / NEAR && scale < MOST) scale *= 4;
  if (scale !== 1) kernels.scale(size * size, scale, at);
  return { at, scale };
}

export interface Eigenvalues {
  readonly info: number;
  readonly values: Float64Array;
}

export function eigenvalues(H: Symmetric): Eigenvalues | undefined {
  return finish(decompose(H, false));
}

/** Eigenvalues with their vectors. */
export type Eigenpairs = Eigenvalues & { readonly vectors: FloatArray };

/** In parts, panel by panel, between which the work may be left. */
export function eigen(H: Symmetric): Generator<void, Eigenpairs | undefined> {
  return decompose(H, true);
}

function* decompose(H: Symmetric, vectors: boolean): Generator<void, Eigenpairs | undefined> {
  const { size, dtype } = H;
  const workspace = acquire(H.build);
  try {
    const loaded = copied(workspace, H);
    if (!loaded) return undefined;
    const { at, scale } = loaded;
    const kernels = workspace.kernels(dtype);
    const values = workspace.allocate("f64", size);
    const q = vectors ? workspace.allocate(dtype, size * size) : 0;
    const work = workspace.allocateBytes(kernels.eigenWorkBytes(size, Number(vectors)));
    let info = -1;
    for (let part = 0; info < 0; ++part) {
      info = kernels.eigen(size, at, size, values, q, work, workspace.scratch, part);
      yield;
    }
    const result = workspace.read("f64", values, size) as Float64Array;
    for (let i = 0; i < size; ++i) result[i] /= scale;
    return { info, values: result, vectors: workspace.read(dtype, at, vectors ? size * size : 0) };
  } finally {
    release(workspace);
  }
}

export interface CholeskyFactor {
  /** 0, or the number, from 1, of the first pivot that is not positive. */
  readonly info: number;
  /** L, row-major, zeros above its diagonal; empty where there is none. */
  readonly lower: FloatArray;
}

export function choleskyFactor(H: Symmetric): CholeskyFactor | undefined {
  const { size, dtype } = H;
  return load(H, (workspace, { at, scale }) => {
    const info = workspace.kernels(dtype).cholesky(size, at, size, workspace.scratch);
    return { info, lower: lowerOf(workspace, dtype, info ? 0 : size, at, 1 / Math.sqrt(scale)) };
  });
}

/** Rows of L that are turned round together. */
const STRIP = 64;

/**
 * L from the U at an address, times a factor, row by row: what is right of its diagonal is 0 and
 * never touched.
 */
function lowerOf(workspace: Workspace, dtype: Dtype, n: number, at: number, factor: number): FloatArray {
  const kernels = workspace.kernels(dtype);
  const bytes = bytesPer(dtype);
  const lower = floatArray(dtype, n * n);
  const strip = workspace.allocate(dtype, Math.min(STRIP, n) * n);
  for (let from = 0; from < n; from += STRIP) {
    const end = Math.min(from + STRIP, n);
    kernels.transpose(at + from * bytes, end, end - from, n, strip, n);
    kernels.scale((end - from) * n, factor, strip);
    const view = workspace.view(dtype);
    for (let i = from, row = strip / bytes; i < end; ++i, row += n) lower.set(view.subarray(row, row + i + 1), i * n);
  }
  return lower;
}

/** Bytes of a factor from which on a copy takes longer than an instance of its own is worth. */
const LARGE = 1 << 20;
/** Instances that hold a large factor, for as long as the factor lives. */
const holders = new WeakMap<FloatArray, Workspace>();

/** X with L·Lᵀ·X = B; `B` is n × columns, row-major. */
export function choleskySolve(H: Symmetric, lower: FloatArray, B: ArrayLike<number>, columns: number): FloatArray {
  const { size, dtype } = H;
  const holder = holders.get(lower);
  const held = holder?.epoch === epoch;
  const workspace = held ? holder : acquire(H.build);
  workspace.reset();
  const at = workspace.allocate(dtype, size * size);
  const x = workspace.allocate(dtype, size * columns);
  if (!held) workspace.write(dtype, at, lower);
  workspace.write(dtype, x, B);
  workspace.kernels(dtype).choleskySolve(size, columns, at, 1, size, x, columns, workspace.scratch);
  const solution = workspace.read(dtype, x, size * columns);
  if (lower.byteLength < LARGE) release(workspace);
  else holders.set(lower, workspace);
  return solution;
}

/** D of P·A·Pᵀ = L·D·Lᵀ, in the core's memory. */
interface Blocks {
  readonly info: number;
  readonly d: number;
  readonly e: number;
  readonly swaps: number;
}

function factorIndefinite(workspace: Workspace, dtype: Dtype, n: number, at: number): Blocks {
  const kernels = workspace.kernels(dtype);
  const d = workspace.allocate(dtype, n);
  const e = workspace.allocate(dtype, n);
  const swaps = workspace.allocateBytes(4 * n);
  const work = workspace.allocate(dtype, kernels.ldlWork(n));
  return { info: kernels.ldl(n, at, n, d, e, swaps, work, workspace.scratch), d, e, swaps };
}

/**
 * The same matrix in double precision: factors in single precision would add n times the rounding
 * that its entries have.
 */
function inDouble(H: Symmetric): Symmetric {
  return H.dtype === "f64" ? H : { ...H, size: H.size, build: H.build, dtype: "f64", data: Float64Array.from(H.data) };
}

/**
 * Of the eigenvalues of the matrix at an address, in double precision: what its factors round, or
 * what its entries did where they are of single precision, which moves no eigenvalue by more than
 * ½·ε·‖A‖.
 */
function noise(workspace: Workspace, dtype: Dtype, n: number, at: number): number {
  const norm = Math.sqrt(workspace.kernels("f64").sumSquares(at, n * n));
  return Math.max(eigenvalueNoise(n, norm), dtype === "f32" ? 0.5 * epsilonOf(dtype) * norm : 0);
}

export interface IndefiniteSolution {
  /** Whether an eigenvalue seems to be within rounding noise of 0. */
  readonly singular: boolean;
  /** None where a pivot is exactly 0. */
  readonly x?: FloatArray;
}

/** Steps of inverse iteration that look for a small eigenvalue. */
const PROBES = 3;

/** Factors A = P·L·D·Lᵀ·Pᵀ and solves for B (n × columns, row-major). */
export function solveIndefinite(H: Symmetric, B: ArrayLike<number>, columns: number): IndefiniteSolution | undefined {
  const n = H.size;
  const dtype = "f64";
  return load(inDouble(H), (workspace, { at, scale }) => {
    const kernels = workspace.kernels(dtype);
    const x = workspace.allocate(dtype, n * columns);
    const probe = workspace.allocate(dtype, n);
    const tolerance = noise(workspace, H.dtype, n, at);
    const { info, d, e, swaps } = factorIndefinite(workspace, dtype, n, at);
    if (info) return { singular: true };
    const solve = (m: number, target: number) =>
      kernels.ldlSolve(n, m, at, n, d, e, swaps, target, m, workspace.scratch);
    workspace.write(dtype, x, B);
    kernels.scale(n * columns, scale, x);
    solve(columns, x);
    const random = new Random(n);
    const start = workspace.slice(dtype, probe, n);
    for (let i = 0; i < n; ++i) start[i] = random.uniform() - 0.5;
    let growth = 0;
    for (let step = 0; step < PROBES && n > 0; ++step) {
      kernels.scale(n, 1 / Math.sqrt(kernels.sumSquares(probe, n)), probe);
      solve(1, probe);
      growth = Math.sqrt(kernels.sumSquares(probe, n));
    }
    const solution = workspace.read(dtype, x, n * columns);
    return { singular: !(growth * tolerance < 1), x: H.dtype === dtype ? solution : Float32Array.from(solution) };
  });
}

/** How many eigenvalues of each sign a symmetric matrix has. */
export interface Inertia {
  /**
   * Eigenvalues above the rounding noise: n·ε·‖A‖ in f64, ‖A‖ being Frobenius' norm; ½·ε·‖A‖ in
   * f32, factored in f64.
   */
  readonly positive: number;
  /** Eigenvalues below minus the rounding noise. */
  readonly negative: number;
  /** Eigenvalues that rounding does not tell from 0. */
  readonly zero: number;
}

/**
 * Eigenvalues beyond the rounding noise, from the factors of A − tI and A + tI: those of A itself
 * would leave open on which side of the tolerance an eigenvalue lies.
 */
export function countEigenvalues(H: Symmetric): Inertia | undefined {
  const double = inDouble(H);
  const { size: n, dtype, data } = double;
  return load(double, (workspace, { at, scale }) => {
    const tolerance = noise(workspace, H.dtype, n, at);
    const count = (shift: number, sign: number): number => {
      workspace.write(dtype, at, data);
      workspace.kernels(dtype).scale(n * n, scale, at);
      const view = workspace.slice(dtype, at, n * n);
      for (let i = 0; i < n; ++i) view[i * n + i] += shift;
      const { d, e } = factorIndefinite(workspace, dtype, n, at);
      return countSigns(workspace.read(dtype, d, n), workspace.read(dtype, e, n), sign);
    };
    const positive = count(-tolerance, 1);
    const negative = count(tolerance, -1);
    return { positive, negative, zero: n - positive - negative };
  });
}

/**
 * How many eigenvalues of D have the sign: as many as those of A, by Sylvester's law of inertia.
 */
function countSigns(d: FloatArray, e: FloatArray, sign: number): number {
  let count = 0;
  for (let k = 0; k < d.length; ++k) {
    if (e[k] === 0) {
      if (d[k] * sign > 0) ++count;
      continue;
    }
    const mean = (d[k] + d[k + 1]) / 2;
    const spread = Math.sqrt(((d[k] - d[k + 1]) / 2) ** 2 + e[k] ** 2);
    if ((mean + spread) * sign > 0) ++count;
    if ((mean - spread) * sign > 0) ++count;
    ++k;
  }
  return count;
}

/** Solves (A + shift·I)·x = b for one b after another; undefined where x is not finite. */
export type Solve = (b: ArrayLike<number>) => FloatArray | undefined;

/**
 * Factors A + shift·I by Cholesky and lets `use` solve with it, without taking the factor out of
 * the core's memory; undefined where the matrix is not positive definite or not finite.
 */
export function withDefinite<T>(
  H: Symmetric,
  shift: number | ArrayLike<number>,
  use: (solve: Solve) => T,
): T | undefined {
  const { size: n, dtype } = H;
  return load(H, (workspace, { at, scale }) => {
    const kernels = workspace.kernels(dtype);
    const x = workspace.allocate(dtype, n);
    const matrix = workspace.slice(dtype, at, n * n);
    for (let i = 0; shift !== 0 && i < n; ++i) {
      matrix[i * (n + 1)] += (typeof shift === "number" ? shift : shift[i]) * scale;
    }
    if (kernels.cholesky(n, at, n, workspace.scratch)) return undefined;
    return use((b) => {
      const view = workspace.slice(dtype, x, n);
      for (let i = 0; i < n; ++i) view[i] = b[i] * scale;
      kernels.choleskySolve(n, 1, at, n, 1, x, 1, workspace.scratch);
      return kernels.firstNonFinite(x, n) >= 0 ? undefined : workspace.read(dtype, x, n);
    });
  });
}

/**
 * x with (A + shift·I)·x = b by Cholesky's factorization, or undefined as `withDefinite` has it.
 */
export function solveDefinite(
  H: Symmetric,
  b: ArrayLike<number>,
  shift: number | ArrayLike<number> = 0,
): FloatArray | undefined {
  return withDefinite(H, shift, (solve) => solve(b));
}
