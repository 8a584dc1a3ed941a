// Oracles: NIST's certified standard deviations, at its certified parameters; the closed form of a
// regression line; invariance under units.

import { beforeAll, describe, expect, it } from "vitest";
import { gaussNewton, init, type LeastSquares, lbfgs, levenbergMarquardt, minimize } from "../../src/index.js";
import { regressions } from "../oracle/nist.mjs";

beforeAll(() => init());

/** The result at the start itself. */
const at = (f: LeastSquares, x: ArrayLike<number>) => minimize(f, x, { optimizer: levenbergMarquardt(), maxSteps: 0 });

const worst = (got: ArrayLike<number>, expected: readonly number[], units = 1): number =>
  Math.max(...expected.map((value, i) => Math.abs(got[i] / (value * units) - 1)));

const xs = [1, 2, 3, 4, 6];
const ys = [1.1, 1.9, 3.2, 3.9, 6.3];

/** A line through five points; rows of J are [1, x] and more. */
const line = (more: (x: number) => number[] = () => []): LeastSquares => {
  const rows = xs.map((x) => [1, x, ...more(x)]);
  return {
    residuals: (b) => rows.map((row, i) => row.reduce((sum, value, j) => sum + value * b[j], 0) - ys[i]),
    jacobian: () => rows,
  };
};

describe("standardErrors on NIST's regressions, Jacobians by central differences", () => {
  // Residuals of Lanczos1 are the rounding of its data: its certified deviations hold at parameters
  // of more digits than are published.
  it.each(regressions.filter(({ name }) => name !== "Lanczos1").map((one) => [one.name, one] as const))(
    "%s",
    (_, { certified, deviations, residuals }) => {
      for (const units of [1, 1e-9, 1e9]) {
        const scaled = { residuals: (b: ArrayLike<number>) => residuals(b).map((r) => units * r) };
        expect(worst(at(scaled, certified).standardErrors(), deviations)).toBeLessThan(1e-4);
      }
      const lengths = certified.map((_, i) => 10 ** (i % 2 ? 6 : -6));
      const stretched = { residuals: (b: ArrayLike<number>) => residuals(lengths.map((length, i) => b[i] * length)) };
      const errors = at(
        stretched,
        certified.map((value, i) => value / lengths[i]),
      ).standardErrors();
      expect(
        worst(
          errors,
          deviations.map((value, i) => value / lengths[i]),
        ),
      ).toBeLessThan(1e-4);
    },
  );
});

describe("covariance", () => {
  it("is s²·(JᵀJ)⁻¹: a regression line's in closed form", () => {
    const found = minimize(line(), [0, 0], { optimizer: gaussNewton() });
    const mean = xs.reduce((sum, x) => sum + x, 0) / xs.length;
    const spread = xs.reduce((sum, x) => sum + (x - mean) ** 2, 0);
    const s2 = (2 * found.value) / (xs.length - 2);
    const { data } = found.covariance();
    const expected = [
      s2 * (1 / xs.length + mean ** 2 / spread),
      (-s2 * mean) / spread,
      (-s2 * mean) / spread,
      s2 / spread,
    ];
    expect(worst(data, expected)).toBeLessThan(1e-12);
    expect(worst(found.standardErrors(), [Math.sqrt(expected[0]), Math.sqrt(expected[3])])).toBeLessThan(1e-12);
  });

  it("keeps the digits that JᵀJ loses: columns that differ by 1e-9", () => {
    // b₂·(x + 1e-9·x²) beside b₁·x: with c = b₁ + b₂ and d = 1e-9·b₂ it is a regression on x and
    // x².
    const rows = xs.map((x) => [x, x + 1e-9 * x * x]);
    const plain = xs.map((x) => [x, x * x]);
    const of = (J: number[][]): LeastSquares => ({
      residuals: (b) => J.map((row, i) => row[0] * b[0] + row[1] * b[1] - ys[i]),
      jacobian: () => J,
    });
    const errors = at(of(plain), [1, 0]).standardErrors();
    expect(worst(at(of(rows), [1, 0]).standardErrors(), [errors[1] * 1e9, errors[1] * 1e9])).toBeLessThan(1e-6);
  });

  it.each([1e-150, 1e-6, 1, 1e6, 1e150])("says which parameters are not determined, column × %s", (unit) => {
    const alone = at(line(), [0.1, 1]).standardErrors();
    const zero = at(
      line(() => [0]),
      [0.1, 1, 5],
    );
    expect(worst(zero.standardErrors(), [alone[0], alone[1]])).toBeLessThan(1e-12);
    expect(zero.standardErrors()[2]).toBe(Infinity);
    expect(zero.covariance().data[2]).toBeNaN();
    const twice = at(
      line((x) => [unit * x]),
      [0.1, 1, 0],
    ).standardErrors();
    expect(worst(twice, [alone[0]])).toBeLessThan(1e-12);
    expect(Array.from(twice.subarray(1))).toEqual([Infinity, Infinity]);
  });

  it("has nothing to estimate from where there are no more residuals than parameters", () => {
    for (const m of [1, 2]) {
      const few = { residuals: (b: ArrayLike<number>) => [b[0] - 1, b[0] + b[1] - 3].slice(0, m) };
      expect(Array.from(at(few, [0, 0]).standardErrors())).toEqual([Infinity, Infinity]);
    }
  });

  it("needs residuals, and is no listed property of the result", () => {
    const square = { value: ([x]: Float64Array) => x * x, gradient: ([x]: Float64Array) => [2 * x] };
    const found = minimize(square, [0], { optimizer: lbfgs(), maxSteps: 0 });
    expect(() => found.covariance()).toThrow(/covariance: f has neither residuals nor a hessian/);
    expect(() => structuredClone(found)).not.toThrow();
  });
});
