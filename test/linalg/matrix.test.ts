// Oracle: naive loops over rows, columns and inner products.

import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { init, type Matrix, matrix, multiply } from "../../src/index.js";
import { Random } from "../cases.js";
import { builds, type Dtype, distance } from "../support.js";

function naive(A: Matrix, B: Matrix, transposeA: boolean, transposeB: boolean): number[] {
  const [m, inner] = transposeA ? [A.columns, A.rows] : [A.rows, A.columns];
  const n = transposeB ? B.rows : B.columns;
  const a = (i: number, k: number) => A.data[transposeA ? k * A.columns + i : i * A.columns + k];
  const b = (k: number, j: number) => B.data[transposeB ? j * B.columns + k : k * B.columns + j];
  return Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a(i, k) * b(k, j);
    return sum;
  });
}

function draw(rows: number, columns: number, dtype: Dtype, seed: number): Matrix {
  const values = new Random(seed).normals(rows * columns);
  return matrix(rows, columns, dtype === "f32" ? new Float32Array(values) : new Float64Array(values));
}

const size = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) }, fc.integer({ min: 41, max: 90 }));
const anyDtype = fc.constantFrom<Dtype>("f64", "f32");

describe.each(builds)("multiply, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("equals the naive product at any size, transposed or not, in either precision", () => {
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        anyDtype,
        anyDtype,
        fc.nat(),
        (m, k, n, transposeA, transposeB, left, right, seed) => {
          const A = transposeA ? draw(k, m, left, seed) : draw(m, k, left, seed);
          const B = transposeB ? draw(n, k, right, seed + 1) : draw(k, n, right, seed + 1);
          const C = multiply(A, B, { transposeA, transposeB });
          const single = left === "f32" && right === "f32";
          expect([C.rows, C.columns]).toEqual([m, n]);
          expect(C.data).toBeInstanceOf(single ? Float32Array : Float64Array);
          expect(distance(C.data, naive(A, B, transposeA, transposeB), 1)).toBeLessThan(single ? 1e-5 : 1e-14);
        },
      ),
      { numRuns: 150, seed: 1 },
    );
  });

  it("large, where operands are packed", () => {
    for (const dtype of ["f64", "f32"] as const) {
      for (const [m, k, n] of [
        [130, 300, 71],
        [1, 700, 3],
        [257, 2, 129],
      ]) {
        for (const [transposeA, transposeB] of [
          [false, false],
          [true, false],
          [false, true],
          [true, true],
        ]) {
          const A = transposeA ? draw(k, m, dtype, 1) : draw(m, k, dtype, 1);
          const B = transposeB ? draw(n, k, dtype, 2) : draw(k, n, dtype, 2);
          const { data } = multiply(A, B, { transposeA, transposeB });
          expect(distance(data, naive(A, B, transposeA, transposeB))).toBeLessThan(dtype === "f32" ? 1e-5 : 1e-14);
        }
      }
    }
  });

  it("NaN and infinity go where they belong", () => {
    const A = matrix([
      [1, Number.NaN],
      [Infinity, 1],
    ]);
    expect(
      Array.from(
        multiply(
          A,
          matrix([
            [1, 2],
            [3, 4],
          ]),
        ).data,
      ),
    ).toEqual([Number.NaN, Number.NaN, Infinity, Infinity]);
    expect(Array.from(multiply(A, matrix([[0], [1]])).data)).toEqual([Number.NaN, Number.NaN]);
  });

  it("the result is the caller's and the operands are left alone", () => {
    const A = draw(5, 7, "f64", 3);
    const kept = A.data.slice();
    const C = multiply(A, A, { transposeB: true });
    const before = C.data.slice();
    multiply(draw(9, 9, "f64", 4), draw(9, 9, "f64", 5));
    expect(C.data).toEqual(before);
    expect(C.data.buffer.byteLength).toBe(C.data.byteLength);
    expect(A.data).toEqual(kept);
  });

  it("an empty inner dimension gives zeros, even where memory was used before", () => {
    multiply(draw(50, 50, "f64", 1), draw(50, 50, "f64", 2));
    expect(multiply(matrix(3, 0, []), matrix(0, 4, [])).data).toEqual(new Float64Array(12));
  });

  it("the same product twice is the same bits, whatever ran between", () => {
    const [A, B] = [draw(37, 53, "f64", 6), draw(53, 29, "f64", 7)];
    const first = multiply(A, B).data;
    const nothing = matrix(200, 200, new Float64Array(40_000).fill(Number.NaN));
    multiply(nothing, nothing);
    expect(multiply(A, B).data).toEqual(first);
  });
});

describe("matrix", () => {
  it("takes rows, or wraps floats without a copy, or copies other numbers", () => {
    expect(
      matrix([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ).toEqual({ rows: 3, columns: 2, data: new Float64Array([1, 2, 3, 4, 5, 6]) });
    for (const data of [new Float64Array([1, 2]), new Float32Array([1, 2])]) expect(matrix(1, 2, data).data).toBe(data);
    expect(matrix(2, 1, new Int8Array([1, -2])).data).toEqual(new Float64Array([1, -2]));
    expect(matrix(2, 1, [1, -2]).data).toEqual(new Float64Array([1, -2]));
    expect(matrix([])).toEqual({ rows: 0, columns: 0, data: new Float64Array(0) });
    expect(matrix([[], []])).toEqual({ rows: 2, columns: 0, data: new Float64Array(0) });
    expect(matrix(0, 3, [])).toEqual({ rows: 0, columns: 3, data: new Float64Array(0) });
    expect(matrix([new Float32Array([1, 2]) as never])).toEqual({
      rows: 1,
      columns: 2,
      data: new Float64Array([1, 2]),
    });
  });

  it("refuses what is no matrix, and says where", () => {
    const refused: [() => unknown, typeof TypeError, string][] = [
      [
        () => matrix([[1, 2], [3]]),
        RangeError,
        'matrix: "rows" expected rows of equal length (2, as in row 0), got 1 in row 1',
      ],
      [() => matrix([[1], [3, 4]]), RangeError, "got 2 in row 1"],
      [() => matrix([[1], ["2"]] as never), TypeError, 'matrix: "rows" expected a number in row 1, column 0, got "2"'],
      [() => matrix([[1], null] as never), TypeError, 'matrix: "rows" expected an array of numbers in row 1, got null'],
      [() => matrix([1, 2] as never), TypeError, 'matrix: "rows" expected an array of numbers in row 0, got 1'],
      [() => matrix("ab" as never), TypeError, 'matrix: "rows" expected an array of rows or a matrix, got "ab"'],
      [() => matrix(undefined as never), TypeError, "got undefined"],
      [() => matrix(2, 2, [1, 2, 3]), RangeError, 'matrix: "data" expected 2 × 2 = 4 numbers, got 3'],
      [() => matrix(1.5, 2, [1, 2, 3]), RangeError, 'matrix: "rows" expected an integer of at least 0, got 1.5'],
      [() => matrix(2, -1, []), RangeError, 'matrix: "columns" expected an integer of at least 0, got -1'],
      [() => matrix(1, 1, undefined as never), TypeError, 'matrix: "data" expected an array of numbers, got undefined'],
      [() => matrix(1, 2, [1, null] as never), TypeError, 'matrix: "data" expected a number at index 1, got null'],
      [() => matrix(1, 1, ["1"] as never), TypeError, 'matrix: "data" expected a number at index 0, got "1"'],
      [() => matrix(1, 1, new BigInt64Array(1) as never), TypeError, 'matrix: "data" expected a number at index 0'],
      [
        () => multiply(matrix([[1, 2]]), matrix([[1, 2]])),
        RangeError,
        'multiply: "B" expected 2 rows, as A asks for, got 1',
      ],
      [
        () => multiply(matrix([[1, 2]]), matrix([[1]]), { transposeB: true }),
        RangeError,
        "expected 2 columns, as A asks for, got 1",
      ],
      [
        () => multiply({ rows: 1, columns: 2, data: [1, 2] } as never, matrix([[1]])),
        TypeError,
        'multiply: "A.data" expected a Float64Array or Float32Array',
      ],
      [
        () => multiply({ rows: 2, columns: 2, data: new Float64Array(3) }, matrix([[1]])),
        RangeError,
        'multiply: "A.data" expected 2 × 2 numbers, got 3',
      ],
      [() => multiply(matrix([[1]]), null as never), TypeError, 'multiply: "B" expected'],
      [
        () => multiply(matrix([[1]]), matrix([[1]]), { transposed: true } as never),
        TypeError,
        'multiply: unknown option "transposed"; did you mean "transposeA"?',
      ],
      [
        () => multiply(matrix([[1]]), matrix([[1]]), { transposeA: 1 } as never),
        TypeError,
        'multiply: "transposeA" expected true or false, got 1',
      ],
    ];
    for (const [call, kind, message] of refused) {
      let thrown: unknown;
      try {
        call();
      } catch (error) {
        thrown = error;
      }
      expect(thrown, message).toBeInstanceOf(kind);
      expect((thrown as Error).message).toContain(message);
    }
  });
});
