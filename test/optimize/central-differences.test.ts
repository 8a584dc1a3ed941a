// Oracles: exact Jacobians of the problems of Moré, Garbow and Hillstrom; searches with exact
// Jacobians; invariance under units.

import { beforeAll, describe, expect, it } from "vitest";
import { init, type LeastSquares, levenbergMarquardt, minimize } from "../../src/index.js";
import { CentralDifferences } from "../../src/optimize/central-differences.js";
import { problems } from "../oracle/more-garbow-hillstrom.mjs";

beforeAll(() => init());

const of = (r: (x: Float64Array) => ArrayLike<number>, x: number[]) => {
  const residuals = (point: Float64Array) => Float64Array.from(r(point));
  const point = Float64Array.from(x);
  return new CentralDifferences(residuals, x.length).at(point, residuals(point)).data;
};

describe("a Jacobian by central differences", () => {
  it.each(problems.map((problem) => [problem.name, problem] as const))(
    "is exact to nine digits of its column's size: %s",
    (_, problem) => {
      const { n, m, residuals, jacobian, x0 } = problem;
      const J = jacobian(Float64Array.from(x0));
      const got = of(residuals, Array.from(x0));
      const size = Math.hypot(...Array.from(residuals(Float64Array.from(x0))));
      for (let j = 0; j < n; ++j) {
        // What rounding makes of the residuals counts as well: ε·‖r‖/h.
        const column = Math.hypot(...J.map((row) => row[j]));
        const noise = (1e-10 * size) / (Math.abs(x0[j]) || 1);
        for (let i = 0; i < m; ++i) expect(Math.abs(got[i * n + j] - J[i][j])).toBeLessThan(1e-8 * column + noise);
      }
    },
  );

  it.each([1e-150, 1e-9, 1, 1e9, 1e150])("finds a step for a parameter of 0 in any unit: %s", (unit) => {
    for (const size of [1e-9, 1, 1e9]) {
      const [slope] = of(([x]) => [size * (Math.exp(x / unit) + 1)], [0]);
      expect(Math.abs((slope * unit) / size - 1)).toBeLessThan(1e-8);
    }
  });

  it("is 0 where a parameter does nothing", () => {
    expect(Array.from(of(([x]) => [x - 3], [1, 0]))).toEqual([expect.closeTo(1, 9), 0]);
  });

  it("takes one side where the other has no value", () => {
    expect(of(([x]) => [Math.sqrt(x - 1) + 1, x * x], [1])[1]).toBeCloseTo(2, 8);
    const [wall] = of(([x]) => [x < 2 ? Number.NaN : x * x], [2]);
    expect(Math.abs(wall - 4)).toBeLessThan(1e-4);
  });

  it("serves minimize, which counts its residuals", () => {
    let calls = 0;
    const f: LeastSquares = {
      residuals: ([x, y]) => {
        ++calls;
        return [10 * (y - x * x), 1 - x];
      },
    };
    const { x, status, evaluations } = minimize(f, [-1.2, 1], { optimizer: levenbergMarquardt() });
    expect(status).toBe("converged");
    expect(Math.abs(x[0] - 1) + Math.abs(x[1] - 1)).toBeLessThan(1e-7);
    expect(evaluations.value).toBeGreaterThan(4);
    expect(calls).toBeGreaterThan(4);
  });

  it("is not needed where there is one: a jacobian that is no function is refused", () => {
    const f = { residuals: ([x]: Float64Array) => [x], jacobian: 3 } as unknown as LeastSquares;
    expect(() => minimize(f, [1], { optimizer: levenbergMarquardt() })).toThrow(/f\.jacobian/);
  });
});
