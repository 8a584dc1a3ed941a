// Oracles: the closed form of (−1, 2, −1), matrices built from their eigenvalues, T·z = λ·z and
// zᵢ·zⱼ = δᵢⱼ by plain loops.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { smallEigen, tridiagonalEigen } from "../../src/linalg/tridiagonal.js";
import { length, orthogonality, type Rows, times, withSpectrum } from "../oracle/spectra.js";

const EPSILON = 2 ** -52;

function rowsOf(diagonal: ArrayLike<number>, off: ArrayLike<number>): Rows {
  return Array.from(diagonal, (d, i) =>
    Array.from(diagonal, (_, j) => (i === j ? d : j === i + 1 ? off[i] : j === i - 1 ? off[j] : 0)),
  );
}

function vectorsOf({ vectors }: { vectors: Float64Array }, m: number): Float64Array[] {
  return Array.from({ length: m }, (_, i) => vectors.subarray(i * m, (i + 1) * m));
}

/** The worst of ‖A·z − λ·z‖ and of the vectors' orthogonality, in units of m·ε·‖A‖ and m·ε. */
function errors(A: Rows, eigen: { values: Float64Array; vectors: Float64Array }): number {
  const m = A.length;
  const vectors = vectorsOf(eigen, m);
  const norm = Math.max(...A.map((row) => row.reduce((sum, x) => sum + Math.abs(x), 0)), 1e-300);
  const residuals = vectors.map((z, i) => length(times(A, z).map((x, k) => (x - eigen.values[i] * z[k]) / norm)));
  return Math.max(...residuals, orthogonality(vectors)) / (m * EPSILON);
}

describe("tridiagonal matrices", () => {
  it.each([1, 2, 3, 10, 100, 300])("(−1, 2, −1) of order %i has 2 − 2·cos(iπ/(m + 1))", (m) => {
    const diagonal = new Array(m).fill(2);
    const off = new Array(m - 1).fill(-1);
    const eigen = tridiagonalEigen(diagonal, off);
    const expected = Array.from({ length: m }, (_, i) => 2 - 2 * Math.cos(((i + 1) * Math.PI) / (m + 1)));
    expected.forEach((value, i) => expect(Math.abs(eigen.values[i] - value)).toBeLessThan(4 * m * EPSILON));
    expect(errors(rowsOf(diagonal, off), eigen)).toBeLessThan(4);
  });

  it("gives the first components alone as it gives them among all", () => {
    const diagonal = [3, -1, 4, 1, -5, 9];
    const off = [2, 6, 0, -5, 3];
    const all = tridiagonalEigen(diagonal, off);
    const first = tridiagonalEigen(diagonal, off, 1);
    expect(first.values).toEqual(all.values);
    expect(Array.from(first.vectors)).toEqual(vectorsOf(all, 6).map((z) => z[0]));
  });

  it.each<[string, number[], number[]]>([
    ["nothing", [], []],
    ["zero", [0, 0, 0], [0, 0]],
    ["zeros on the diagonal", [0, 0, 0, 0], [1, 1, 1]],
    ["graded down", [1, 1e-5, 1e-10, 1e-15, 1e-20], [1e-3, 1e-8, 1e-13, 1e-18]],
    ["graded up", [1e-20, 1e-15, 1e-10, 1e-5, 1], [1e-18, 1e-13, 1e-8, 1e-3]],
    ["huge", [1e307, -1e307, 1e307], [1e307, 1e306]],
    ["tiny", [1e-307, -1e-307, 1e-306], [1e-307, 1e-308]],
    [
      "glued Wilkinson",
      [...Array(42).keys()].map((i) => Math.abs((i % 21) - 10)),
      [...Array(41).keys()].map((i) => (i === 20 ? 1e-8 : 1)),
    ],
  ])("%s", (_, diagonal, off) => {
    const eigen = tridiagonalEigen(diagonal, off);
    expect(Array.from(eigen.values)).toEqual(Array.from(eigen.values).sort((a, b) => a - b));
    if (diagonal.length > 0) {
      const unit = Math.max(...diagonal.map(Math.abs), ...off.map(Math.abs)) || 1;
      const scaled = { values: eigen.values.map((x) => x / unit), vectors: eigen.vectors };
      expect(
        errors(
          rowsOf(
            diagonal.map((x) => x / unit),
            off.map((x) => x / unit),
          ),
          scaled,
        ),
      ).toBeLessThan(4);
    }
  });

  it("any of them: T·z = λ·z, vectors orthonormal, trace kept", () => {
    const entry = fc.oneof(fc.double({ min: -10, max: 10, noNaN: true }), fc.constantFrom(0, 1, -1, 1e-9, 1e9));
    fc.assert(
      fc.property(fc.array(fc.tuple(entry, entry), { minLength: 1, maxLength: 24 }), (pairs) => {
        const diagonal = pairs.map(([d]) => d);
        const off = pairs.slice(1).map(([, e]) => e);
        expect(errors(rowsOf(diagonal, off), tridiagonalEigen(diagonal, off))).toBeLessThan(8);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});

describe("small dense matrices", () => {
  it.each<[string, number[]]>([
    ["distinct", Array.from({ length: 40 }, (_, i) => i - 13)],
    ["repeated", Array.from({ length: 30 }, (_, i) => Math.floor(i / 5))],
    ["rank 3", Array.from({ length: 30 }, (_, i) => (i < 3 ? i - 1.5 : 0))],
    ["graded", Array.from({ length: 30 }, (_, i) => 10 ** -i)],
    ["one", [-7]],
    ["two", [-7, 1e-3]],
  ])("%s eigenvalues come back", (_, spectrum) => {
    const n = spectrum.length;
    const A = withSpectrum(spectrum, 5);
    const eigen = smallEigen(Float64Array.from(A.flat()), n);
    const sorted = [...spectrum].sort((a, b) => a - b);
    const largest = Math.max(...spectrum.map(Math.abs));
    sorted.forEach((value, i) => expect(Math.abs(eigen.values[i] - value) / largest).toBeLessThan(8 * n * EPSILON));
    expect(errors(A, eigen)).toBeLessThan(4);
  });

  it("zero, diagonal and arrowhead matrices", () => {
    const shapes: Rows[] = [
      [
        [0, 0],
        [0, 0],
      ],
      [
        [3, 0, 0],
        [0, 1, 0],
        [0, 0, 2],
      ],
      [
        [1, 0, 0, 5],
        [0, 2, 0, 6],
        [0, 0, 3, 7],
        [5, 6, 7, 4],
      ],
      [
        [1, 5, 6, 7],
        [5, 2, 0, 0],
        [6, 0, 3, 0],
        [7, 0, 0, 4],
      ],
    ];
    for (const A of shapes) expect(errors(A, smallEigen(Float64Array.from(A.flat()), A.length))).toBeLessThan(4);
  });
});
