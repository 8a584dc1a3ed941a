// Oracle: the definitions, A = LLᵀ, PAPᵀ = LDLᵀ and AV = VΛ, by plain loops in double precision, in
// units of n·ε·‖A‖.
import { describe, expect, it, test } from "vitest";
import { type Dense, diagonal, difference, eigenResiduals, families, frobenius, times } from "../oracle/symmetric.js";
import { type Block, Core, random, targets } from "./harness.js";

/** Sizes around vectors, small cases, panels, leaves and squares. */
const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 24, 25, 31, 32, 33, 47, 48, 49, 50, 63, 64, 65, 96, 97, 131];
/** In units of n·ε·‖A‖. */
const BOUND = 10;

function scratch(core: Core): Block {
  return core.alloc(core.scalar("productScratchBytes") / (core.dtype === "f32" ? 4 : 8));
}

/** A buffer of that many bytes. */
function bytes(core: Core, count: number): Block {
  return core.alloc(Math.ceil(count / (core.dtype === "f32" ? 4 : 8)));
}

/** What a buffer holds, read as another type. */
function read<T>(
  block: Block,
  array: { new (buffer: ArrayBufferLike, offset: number, length: number): T },
  n: number,
): T {
  const { values } = block;
  const copy = values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength);
  return new array(copy, 0, n);
}

/** Room between rows, which nothing may touch but what lies below the diagonal. */
function spread(A: Dense, n: number, ld: number, filler: number): Float64Array {
  const out = new Float64Array(n * ld).fill(filler);
  for (let i = 0; i < n; ++i) out.set(A.subarray(i * n, (i + 1) * n), i * ld);
  return out;
}

function rounded(core: Core, A: Dense): Dense {
  return A.map((x) => core.round(x));
}

function unit(core: Core, A: Dense, n: number): number {
  return Math.max(1, n) * 2 * core.epsilon * frobenius(A) + Number.MIN_VALUE;
}

/**
 * U of the rows of a buffer, with zeros below the diagonal; with `one` on it where that is given.
 */
function upperOf(block: Block, n: number, ld: number, one?: number): Dense {
  const U = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) for (let j = i; j < n; ++j) U[i * n + j] = block.values[i * ld + j]!;
  if (one !== undefined) for (let i = 0; i < n; ++i) U[i * n + i] = one;
  return U;
}

function transposed(A: Dense, n: number): Dense {
  return A.map((_, p) => A[(p % n) * n + Math.floor(p / n)]!);
}

function cholesky(core: Core, A: Dense, n: number, slack = 0) {
  const ld = n + slack;
  const a = core.alloc(spread(A, n, ld, -7));
  const info = core.call("cholesky", n, a, ld, scratch(core));
  for (let i = 0; i < n; ++i) for (let j = n; j < ld; ++j) expect(a.values[i * ld + j]).toBe(-7);
  return { a, info, ld };
}

function ldl(core: Core, A: Dense, n: number, slack = 0) {
  const ld = n + slack;
  const a = core.alloc(spread(A, n, ld, -7));
  const [d, e, swaps] = [core.alloc(n), core.alloc(n), bytes(core, 4 * n)];
  const work = core.alloc(core.call("ldlWork", n));
  const info = core.call("ldl", n, a, ld, d, e, swaps, work, scratch(core));
  for (let i = 0; i < n; ++i) for (let j = n; j < ld; ++j) expect(a.values[i * ld + j]).toBe(-7);
  return { a, d, e, swaps, info, ld };
}

/** ‖PAPᵀ − LDLᵀ‖ in units of n·ε·‖A‖. */
function ldlResidual(core: Core, A: Dense, n: number, { a, d, e, swaps, ld }: ReturnType<typeof ldl>): number {
  const order = Array.from({ length: n }, (_, i) => i);
  read(swaps, Int32Array, n).forEach((other, k) => {
    [order[k], order[other]] = [order[other]!, order[k]!];
  });
  const U = upperOf(a, n, ld, 1);
  const D = diagonal(d.values);
  for (let k = 0; k < n; ++k) if (e.values[k]) D[k * n + k + 1] = D[(k + 1) * n + k] = e.values[k]!;
  const product = times(times(transposed(U, n), D, n, n), U, n, n);
  const permuted = A.map((_, p) => A[order[Math.floor(p / n)]! * n + order[p % n]!]!);
  return frobenius(difference(product, permuted)) / unit(core, A, n);
}

function eigen(core: Core, A: Dense, n: number, vectors: boolean, slack = 0) {
  const ld = n + slack;
  const a = core.alloc(spread(A, n, ld, -7));
  const values = bytes(core, 8 * n);
  const q = vectors ? core.alloc(n * n) : 0;
  const work = bytes(core, core.call("eigenWorkBytes", n, vectors));
  let info = -1;
  for (let part = 0; info < 0; ++part) info = core.call("eigen", n, a, ld, values, q, work, scratch(core), part);
  const V = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) V.set(a.values.subarray(i * ld, i * ld + n), i * n);
  return { info, values: read(values, Float64Array, n), V };
}

describe.each(targets)("factorizations, $build $dtype", ({ build, dtype }) => {
  test("cholesky and its solve, at every size, from the upper triangle alone", () => {
    for (const n of SIZES) {
      const core = new Core(build, dtype);
      const draw = random(n + 1);
      const A = rounded(core, families.positive!(n, draw));
      const half = A.map((x, p) => (p % n >= Math.floor(p / n) ? x : Number.NaN));
      const { a, info, ld } = cholesky(core, half, n, n % 3);
      expect(info).toBe(0);
      const U = upperOf(a, n, ld);
      expect(frobenius(difference(times(transposed(U, n), U, n, n), A)), `n ${n}`).toBeLessThanOrEqual(
        BOUND * unit(core, A, n),
      );
      for (const m of [1, 3, 10]) {
        const B = rounded(core, Float64Array.from({ length: n * m }, draw));
        const lead = m + 2;
        const b = new Float64Array(n * lead).fill(-5);
        for (let i = 0; i < n; ++i) b.set(B.subarray(i * m, (i + 1) * m), i * lead);
        const lower = core.alloc(transposed(U, n));
        for (const [u, uRow, uColumn] of [
          [a, ld, 1],
          [lower, 1, n],
        ] as const) {
          const x = core.alloc(b);
          core.call("choleskySolve", n, m, u, uRow, uColumn, x, lead, scratch(core));
          const X = new Float64Array(n * m);
          for (let i = 0; i < n; ++i) {
            X.set(x.values.subarray(i * lead, i * lead + m), i * m);
            expect(Array.from(x.values.subarray(i * lead + m, (i + 1) * lead))).toEqual([-5, -5]);
          }
          const residual = frobenius(difference(times(A, X, n, n), B));
          expect(residual, `n ${n}, m ${m}`).toBeLessThanOrEqual(BOUND * unit(core, A, n) * frobenius(X));
        }
      }
    }
  });

  test("cholesky stops at the first pivot that is not positive, or not a number", () => {
    for (const n of [1, 5, 8, 9, 40, 70]) {
      for (const bad of new Set([0, n >> 1, n - 1])) {
        for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
          const core = new Core(build, dtype);
          const A = diagonal(new Float64Array(n).fill(2));
          A[bad * n + bad] = value;
          expect(cholesky(core, A, n).info, `n ${n}, ${value} at ${bad}`).toBe(bad + 1);
        }
      }
    }
  });

  test("ldl and its solve, at every size", () => {
    for (const n of SIZES) {
      for (const family of ["random", "zero diagonal"]) {
        if (n === 1 && family === "zero diagonal") continue;
        const core = new Core(build, dtype);
        const draw = random(n + 2);
        const A = rounded(core, families[family]!(n, draw));
        const result = ldl(core, A, n, n % 2);
        expect(result.info).toBe(0);
        expect(ldlResidual(core, A, n, result), `n ${n}`).toBeLessThanOrEqual(BOUND);
        for (const m of [1, 5]) {
          const B = rounded(core, Float64Array.from({ length: n * m }, draw));
          const x = core.alloc(B);
          const { a, ld, d, e, swaps } = result;
          core.call("ldlSolve", n, m, a, ld, d, e, swaps, x, m, scratch(core));
          const X = Float64Array.from(x.values);
          const residual = frobenius(difference(times(A, X, n, n), B));
          expect(residual, `n ${n}, m ${m}`).toBeLessThanOrEqual(BOUND * unit(core, A, n) * frobenius(X));
        }
      }
    }
  });

  test("ldl counts from 1 the first pivot that is 0", () => {
    const pivots = [3, -2, 0, 1, 0];
    expect(ldl(new Core(build, dtype), diagonal(pivots), 5).info).toBe(3);
    expect(ldl(new Core(build, dtype), diagonal(new Float64Array(60)), 60).info).toBe(1);
  });

  test("eigenvalues and vectors, at every size", () => {
    for (const n of SIZES) {
      const core = new Core(build, dtype);
      const A = rounded(core, families.random!(n, random(n + 3)));
      const half = A.map((x, p) => (p % n >= Math.floor(p / n) ? x : Number.NaN));
      const { info, values, V } = eigen(core, half, n, true, n % 3);
      expect(info).toBe(0);
      const [residual, orthogonality] = eigenResiduals(A, values, V);
      expect(residual, `n ${n}`).toBeLessThanOrEqual(BOUND * unit(core, A, n));
      expect(orthogonality, `n ${n}`).toBeLessThanOrEqual(BOUND * n * 2 * core.epsilon);
      const alone = eigen(core, half, n, false, n % 2);
      expect(alone.info).toBe(0);
      expect(frobenius(difference(values, alone.values)), `n ${n}`).toBeLessThanOrEqual(BOUND * unit(core, A, n));
    }
  });

  it.each(Object.keys(families))("%s", (name) => {
    for (const n of [2, 3, 8, 26, 63, 110]) {
      const core = new Core(build, dtype);
      const A = rounded(core, families[name]!(n, random(n + 4)));
      const one = unit(core, A, n);
      expect(ldlResidual(core, A, n, ldl(core, A, n)), `ldl, n ${n}`).toBeLessThanOrEqual(BOUND);
      const { info, values, V } = eigen(core, A, n, true);
      expect(info).toBe(0);
      const [residual, orthogonality] = eigenResiduals(A, values, V);
      expect(residual, `n ${n}`).toBeLessThanOrEqual(BOUND * one);
      expect(orthogonality, `n ${n}`).toBeLessThanOrEqual(BOUND * n * 2 * core.epsilon);
      expect(Array.from(values)).toEqual(Array.from(values).sort((a, b) => a - b));
      const alone = eigen(core, A, n, false);
      expect(alone.info).toBe(0);
      expect(frobenius(difference(values, alone.values)), `n ${n}`).toBeLessThanOrEqual(BOUND * one);
    }
  });

  test("NaN and infinity end", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const n = 60;
      const A = families.random!(n, random(5));
      A[17 * n + 40] = A[40 * n + 17] = value;
      ldl(new Core(build, dtype), A, n);
      eigen(new Core(build, dtype), A, n, true);
      eigen(new Core(build, dtype), A, n, false);
    }
  });
});
