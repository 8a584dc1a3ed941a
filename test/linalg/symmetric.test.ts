// Oracle: ml-matrix, closed forms, and the definitions, in units of n·ε·‖A‖.
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix as PeerMatrix, solve as peerSolve } from "ml-matrix";
import { beforeAll, describe, expect, it, test } from "vitest";
import { type Dtype, init, type Matrix, matrix, type SymmetricMatrix, symmetric } from "../../src/index.js";
import { SymmetricMatrix as Implementation } from "../../src/linalg/symmetric.js";
import { supportsRelaxed } from "../../src/wasm/load.js";
import { random } from "../kernels/harness.js";
import {
  type Dense,
  difference,
  eigenResiduals,
  families,
  frobenius,
  times,
  withSpectrum,
} from "../oracle/symmetric.js";

const BOUND = 10;
const dtypes = ["f64", "f32"] as const;
const builds = supportsRelaxed() ? (["strict", "relaxed"] as const) : (["strict"] as const);
const targets = builds.flatMap((build) => dtypes.map((dtype) => ({ build, dtype })));
const epsilon = { f64: 2 ** -52, f32: 2 ** -23 };

function make(A: Dense, n: number, dtype: Dtype): SymmetricMatrix {
  return symmetric(matrix(n, n, dtype === "f32" ? Float32Array.from(A) : A));
}

function unit(H: SymmetricMatrix): number {
  return Math.max(1, H.size) * epsilon[H.dtype] * frobenius(H.data) + Number.MIN_VALUE;
}

const exact = (H: SymmetricMatrix): Dense => Float64Array.from(H.data);
const peer = (H: SymmetricMatrix) => PeerMatrix.from1DArray(H.size, H.size, Array.from(H.data));

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  beforeAll(() => init({ simd: build }));

  it.each(Object.keys(families))("agrees with ml-matrix: %s", (name) => {
    for (const n of [1, 2, 3, 12, 33, 70]) {
      const H = make(families[name]!(n, random(n)), n, dtype);
      const A = exact(H);
      const expected = new EigenvalueDecomposition(peer(H), { assumeSymmetric: true }).realEigenvalues;
      expected.sort((a, b) => a - b);
      const { status, values, vectors } = H.eigen();
      expect(status).toBe("converged");
      for (const found of [values, H.eigenvalues()]) {
        expect(frobenius(difference(found, expected)), `n ${n}`).toBeLessThanOrEqual(BOUND * unit(H));
      }
      const [residual, orthogonality] = eigenResiduals(A, values, vectors.data);
      expect(residual, `n ${n}`).toBeLessThanOrEqual(BOUND * unit(H));
      expect(orthogonality, `n ${n}`).toBeLessThanOrEqual(BOUND * n * epsilon[dtype]);
      // What is within a rounding error of the tolerance may count either way.
      const tolerance = Math.max(n * epsilon.f64, dtype === "f32" ? 0.5 * epsilon.f32 : 0) * frobenius(A);
      const least = (factor: number) => expected.filter((x) => Math.abs(x) <= factor * tolerance).length;
      const { positive, negative, zero } = H.inertia();
      expect(positive + negative + zero).toBe(n);
      expect(zero, `n ${n}`).toBeGreaterThanOrEqual(least(0.5));
      expect(zero, `n ${n}`).toBeLessThanOrEqual(least(2));
      expect(positive).toBeGreaterThanOrEqual(expected.filter((x) => x > 2 * tolerance).length);
      expect(negative).toBeGreaterThanOrEqual(expected.filter((x) => x < -2 * tolerance).length);
    }
  });

  test("cholesky agrees with ml-matrix, and its solve with the definition", () => {
    for (const n of [0, 1, 2, 3, 8, 9, 40, 65]) {
      const draw = random(n + 9);
      const H = make(families.positive!(n, draw), n, dtype);
      const { status, pivot, factor, logDeterminant, solve } = H.cholesky();
      expect([status, pivot]).toEqual(["converged", -1]);
      const L = factor!.data;
      expect(frobenius(difference(times(L, L, n, n, true), exact(H)))).toBeLessThanOrEqual(BOUND * unit(H));
      if (n === 0) {
        expect(logDeterminant).toBe(0);
        expect(solve([])).toHaveLength(0);
        continue;
      }
      const expected = new CholeskyDecomposition(peer(H)).lowerTriangularMatrix.to1DArray();
      expect(frobenius(difference(L, expected))).toBeLessThanOrEqual(1e3 * n * epsilon[dtype]);
      const logs = H.eigenvalues().reduce((sum, x) => sum + Math.log(x), 0);
      expect(Math.abs(logDeterminant - logs)).toBeLessThan(100 * n * epsilon[dtype]);
      const b = Float64Array.from({ length: n }, () => Math.fround(draw()));
      const x = solve(b);
      expect(x.constructor).toBe(H.data.constructor);
      expect(frobenius(difference(H.multiply(x), b))).toBeLessThanOrEqual(BOUND * unit(H) * frobenius(x) * 2);
      const two = solve(
        matrix(
          n,
          2,
          Float64Array.from({ length: 2 * n }, (_, i) => b[i >> 1]! * (1 + (i & 1))),
        ),
      );
      expect([two.rows, two.columns]).toEqual([n, 2]);
      expect(two.data[2 * n - 1]!).toBeCloseTo(2 * x[n - 1]!, 4);
    }
  });

  test("a factor that stays in the core solves to the same bits, whatever runs in between", async () => {
    const n = 600;
    const H = make(families.positive!(n, random(3)), n, dtype);
    const other = make(families.positive!(n, random(4)), n, dtype);
    const { solve } = H.cholesky();
    const b = Float64Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i)));
    const first = solve(b);
    expect(frobenius(difference(H.multiply(first), b))).toBeLessThanOrEqual(BOUND * unit(H) * frobenius(first) * 2);
    const between = other.cholesky().solve(b);
    expect(between).not.toEqual(first);
    expect(solve(b)).toEqual(first);
    // Many columns make the memory grow.
    const many = matrix(
      n,
      300,
      Float64Array.from({ length: 300 * n }, (_, i) => b[Math.floor(i / 300)]!),
    );
    const columns = solve(many).data;
    expect(Math.abs(columns[0]! / first[0]! - 1)).toBeLessThan(1e3 * n * epsilon[dtype]);
    other.inertia();
    expect(solve(b)).toEqual(first);
    await init({ simd: build === "strict" && supportsRelaxed() ? "relaxed" : "strict" });
    expect(solve(b)).toEqual(first);
    await init({ simd: build });
    expect(solve(b)).toEqual(first);
  });

  test("solve agrees with ml-matrix on indefinite matrices", () => {
    for (const n of [1, 2, 3, 8, 20, 50, 97]) {
      const draw = random(n + 5);
      const values = Float64Array.from({ length: n }, (_, i) => (i % 3 ? 1 : -1) * (1 + Math.abs(draw())));
      const H = make(withSpectrum(values, draw), n, dtype);
      const b = Float64Array.from({ length: 3 * n }, () => Math.fround(draw()));
      const { status, x } = H.solve(matrix(n, 3, b));
      expect(status).toBe("converged");
      const expected = peerSolve(peer(H), PeerMatrix.from1DArray(n, 3, Array.from(b))).to1DArray();
      expect(frobenius(difference(x.data, expected))).toBeLessThanOrEqual(20 * n * epsilon[dtype] * frobenius(b));
      const negative = values.filter((value) => value < 0).length;
      expect(H.inertia()).toEqual({ positive: n - negative, negative, zero: 0 });
    }
  });

  test("a small eigenvalue among many large ones is none of the rounding's", () => {
    const n = 500;
    const A = new Float64Array(n * n);
    for (let i = 0; i < n; ++i) A[i * (n + 1)] = i === 0 ? 0.001 : 1;
    const H = make(A, n, dtype);
    expect(H.inertia()).toEqual({ positive: n, negative: 0, zero: 0 });
    expect(H.solve(new Float64Array(n).fill(1)).status).toBe("converged");
  });

  test("inertia of a matrix of known rank", () => {
    for (let seed = 0; seed < 60; ++seed) {
      const draw = random(seed);
      const n = 5 + seed;
      const rank = 1 + ((seed * 7) % n);
      const values = Float64Array.from({ length: n }, (_, i) => (i >= rank ? 0 : (i % 2 ? -1 : 1) * (2 + draw())));
      const H = make(withSpectrum(values, draw), n, dtype);
      expect(H.inertia()).toEqual({ positive: (rank + 1) >> 1, negative: rank >> 1, zero: n - rank });
      expect(H.solve(new Float64Array(n).fill(1)).status).toBe(rank < n ? "stalled" : "converged");
    }
  });

  test("scale does not matter, within the type's range", () => {
    const n = 30;
    const draw = random(3);
    const A = withSpectrum(
      Float64Array.from({ length: n }, (_, i) => i + 1),
      draw,
    );
    for (const exponent of dtype === "f32" ? [-120, -60, 60, 120] : [-1000, -600, -300, 300, 600, 1000]) {
      const factor = 2 ** exponent;
      const H = make(
        A.map((x) => x * factor),
        n,
        dtype,
      );
      const bound = 100 * n * epsilon[dtype] * n;
      expect(H.eigenvalues()[n - 1]! / factor).toBeGreaterThan(n - bound);
      expect(H.eigen().values[0]! / factor).toBeLessThan(1 + bound);
      expect(H.cholesky().status).toBe("converged");
      expect(H.cholesky().factor!.data[0]! / 2 ** (exponent / 2)).toBeCloseTo(Math.sqrt(A[0]!), 5);
      expect(H.inertia()).toEqual({ positive: n, negative: 0, zero: 0 });
      const { status, x } = H.solve(A.subarray(0, n).map((value) => value * factor));
      expect(status).toBe("converged");
      x.forEach((value, i) => expect(value).toBeCloseTo(i === 0 ? 1 : 0, 3));
    }
    expect(make(new Float64Array(1).fill(5e-324), 1, "f64").eigenvalues()[0]).toBe(5e-324);
  });

  test("NaN and infinity are a status", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const n = 9;
      const A = families.positive!(n, random(1));
      A[2 * n + 5] = A[5 * n + 2] = value;
      const H = make(A, n, dtype);
      const reason = `the matrix holds ${value} in row 2, column 5`;
      const { status, reason: found, values, vectors } = H.eigen();
      expect([status, found]).toEqual(["non-finite", reason]);
      expect([values.every(Number.isNaN), vectors.data.every(Number.isNaN)]).toEqual([true, true]);
      expect(H.eigenvalues().every(Number.isNaN)).toBe(true);
      expect(H.inertia()).toEqual({ positive: Number.NaN, negative: Number.NaN, zero: Number.NaN });
      expect(H.cholesky()).toMatchObject({ status: "non-finite", reason, factor: undefined });
      expect(H.solve(new Float64Array(n))).toMatchObject({ status: "non-finite", reason });
    }
    const H = make(families.positive!(3, random(1)), 3, dtype);
    expect(H.solve([1, Number.NaN, 1]).status).toBe("non-finite");
  });

  test("the same bits every time", () => {
    const H = make(families.random!(60, random(4)), 60, dtype);
    expect(H.eigen().vectors.data).toEqual(H.eigen().vectors.data);
    expect(H.solve(H.data.subarray(0, 60)).x).toEqual(H.solve(H.data.subarray(0, 60)).x);
  });
});

describe("what users see", () => {
  const H = symmetric([
    [2, 1, 0],
    [1, 2, 1],
    [0, 1, 2],
  ]);

  test("elements, products and copies", () => {
    expect([H.size, H.dtype, H.get(0, 1), H.get(2, 0)]).toEqual([3, "f64", 1, 0]);
    expect(Array.from(H.multiply([1, 2, 3]))).toEqual([4, 8, 8]);
    const copy = H.toDense();
    copy.data[0] = 9;
    expect(H.get(0, 0)).toBe(2);
    for (const n of [0, 1, 2, 5, 8]) {
      const G = symmetric(matrix(n, n, families.random!(n, random(n))));
      const v = Float64Array.from({ length: n }, random(8));
      expect(frobenius(difference(G.multiply(v), times(exact(G), v, n, n)))).toBeLessThan(1e-14);
    }
  });

  test("blocks by name and by index", () => {
    const ranges = [
      { name: "first", from: 0, to: 1 },
      { name: "second", from: 1, to: 3 },
    ];
    const named = new Implementation(3, H.data, "strict", ranges);
    const expected: Matrix = { rows: 1, columns: 2, data: Float64Array.of(1, 0) };
    expect(named.block("first", "second")).toEqual(expected);
    expect(named.block(0, 1)).toEqual(expected);
    expect(() => named.block("third", 0)).toThrow(
      'block: "a" expected the name or index of a range, got third; known: "first", "second"',
    );
    expect(() => named.block(0, 2)).toThrow(RangeError);
  });

  test("closed forms", () => {
    const { values, vectors } = H.eigen();
    [2 - Math.SQRT2, 2, 2 + Math.SQRT2].forEach((x, i) => expect(values[i]).toBeCloseTo(x, 14));
    expect(Math.abs(vectors.data[1]!)).toBeCloseTo(Math.SQRT1_2, 14);
    expect(
      symmetric([
        [0, 1],
        [1, 0],
      ]).solve([3, 4]).x,
    ).toEqual(Float64Array.of(4, 3));
    expect(
      symmetric([
        [4, 2],
        [2, 5],
      ]).cholesky().factor!.data,
    ).toEqual(Float64Array.of(2, 0, 1, 2));
    expect(
      symmetric([
        [1, 0],
        [0, -1],
      ]).inertia(),
    ).toEqual({ positive: 1, negative: 1, zero: 0 });
    expect(symmetric([[0]]).inertia()).toEqual({ positive: 0, negative: 0, zero: 1 });
    expect(symmetric([[0]]).solve([1])).toMatchObject({ status: "stalled", x: Float64Array.of(Number.NaN) });
    expect(symmetric([]).eigen()).toMatchObject({ status: "converged", values: new Float64Array(0) });
    expect(symmetric([]).inertia()).toEqual({ positive: 0, negative: 0, zero: 0 });
    expect(symmetric([]).solve([]).status).toBe("converged");
  });

  test("eigenvalues beyond the range of doubles are a status", () => {
    const huge = symmetric([
      [1e308, 1e308],
      [1e308, 1e308],
    ]);
    const { status, reason, values, vectors } = huge.eigen();
    expect([status, values[1], values[0]! < 1e300]).toEqual(["non-finite", Number.POSITIVE_INFINITY, true]);
    expect(reason).toContain("beyond the range of doubles");
    expect(vectors.data.every((x) => Math.abs(Math.abs(x) - Math.SQRT1_2) < 1e-15)).toBe(true);
    expect(huge.eigenvalues()[1]).toBe(Number.POSITIVE_INFINITY);
  });

  test("a matrix that is not positive definite says where", () => {
    const { status, reason, pivot, factor, logDeterminant, solve } = symmetric([
      [1, 2],
      [2, 1],
    ]).cholesky();
    expect([status, pivot, factor, logDeterminant]).toEqual(["not-positive-definite", 1, undefined, Number.NaN]);
    expect(reason).toContain("pivot 1 is not positive");
    expect(() => solve([1, 2])).toThrow("cholesky.solve: there is no factor (not-positive-definite");
  });

  test("rounding errors of symmetry become their mean; more is refused", () => {
    const G = symmetric([
      [1, 0.1 + 0.2],
      [0.3, 1],
    ]);
    expect(G.get(0, 1)).toBe(G.get(1, 0));
    expect(() =>
      symmetric([
        [1, 2],
        [3, 4],
      ]),
    ).toThrow('symmetric: "rows" expected a symmetric matrix, got 3 in row 1, column 0 but 2 in row 0, column 1');
    expect(() => symmetric([[1, 2]])).toThrow('symmetric: "rows" expected as many rows as columns, got 1 × 2');
    expect(() => symmetric(3 as never)).toThrow(TypeError);
  });

  test("the factory copies", () => {
    const data = Float64Array.of(1, 0, 0, 1);
    const G = symmetric(matrix(2, 2, data));
    data[0] = 5;
    expect(G.get(0, 0)).toBe(1);
  });

  test("arguments are checked", () => {
    expect(() => H.get(3, 0)).toThrow('get: "i" expected an index below 3, got 3');
    expect(() => H.get(0, -1)).toThrow(RangeError);
    expect(() => H.multiply([1, 2])).toThrow('multiply: "v" expected 3 numbers, got 2');
    expect(() => H.multiply(["1", 2, 3] as never)).toThrow('multiply: "v" expected a number at index 0, got "1"');
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused.
    const hole = [1, , 3] as never;
    const refused: [unknown, string][] = [
      [hole, "expected a number at index 1, got undefined"],
      ["123", 'expected an array of 3 numbers, got "123"'],
      [["1", "2", "3"], 'expected a number at index 0, got "1"'],
      [BigInt64Array.of(1n, 2n, 3n), "expected a number at index 0, got 1"],
      [{ length: 3 }, "expected a number at index 0, got undefined"],
      [null, "expected an array of 3 numbers, got null"],
    ];
    for (const [given, message] of refused) {
      for (const [name, use] of [
        ['multiply: "v"', () => H.multiply(given as never)],
        ['multiply: "v"', () => H.matvec(given as never)],
        ['solve: "b"', () => H.solve(given as never)],
        ['cholesky.solve: "b"', () => H.cholesky().solve(given as never)],
      ] as const) {
        expect(use).toThrow(TypeError);
        expect(use).toThrow(`${name} ${message}`);
      }
    }
    expect(Array.from(H.multiply(Int8Array.of(1, 2, 3)))).toEqual([4, 8, 8]);
    expect(Array.from(H.multiply([Number.NaN, 0, 0]))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(H.cholesky().solve([Number.NaN, 0, 0])[0]).toBeNaN();
    expect(() => H.solve(3 as never)).toThrow('solve: "b" expected an array of 3 numbers, got 3');
    expect(() => H.solve(matrix(2, 1, [1, 2]))).toThrow('solve: "b" expected 3 rows, got 2');
  });
});
