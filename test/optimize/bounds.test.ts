// Oracles: SciPy's least_squares and L-BFGS-B (test/fixtures/curve-fitting.json); closed forms;
// other units.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  checkGradient,
  gaussNewton,
  init,
  type LeastSquares,
  lbfgs,
  levenbergMarquardt,
  type MinimizeOptions,
  minimize,
  newton,
  type Optimizer,
  type Result,
  type SmoothFunction,
  trustRegion,
} from "../../src/index.js";
import { studentQuantile } from "../../src/optimize/covariance.js";

beforeAll(() => init({ simd: "strict" }));

interface Fit {
  x: number[];
  cost: number;
}

const fixture = JSON.parse(readFileSync(new URL("../fixtures/curve-fitting.json", import.meta.url), "utf8")) as {
  x: number[];
  y: number[];
  outliers: number[];
  plain: Fit;
  bounded: Fit;
  bounds: { lower: number[]; upper: number[] };
  robust: Record<"huber" | "soft-l1" | "cauchy", Record<string, Fit>>;
  rosenbrock: Record<string, { bounds: [number | null, number | null][]; x: number[]; value: number }>;
  student: Record<string, number>;
};

const model = ([a, b, c]: readonly number[]): number[] => fixture.x.map((x) => a * Math.exp(-b * x) + c);

function curve(y: readonly number[], unit = 1, scales = [1, 1, 1], jacobian = false): LeastSquares {
  const back = (b: ArrayLike<number>): number[] => scales.map((scale, i) => b[i] * scale);
  return {
    residuals: (b) => model(back(b)).map((value, i) => unit * (value - y[i])),
    ...(jacobian
      ? {
          jacobian: (z: Float64Array) => {
            const [a, b] = back(z);
            return fixture.x.map((x) =>
              [Math.exp(-b * x) * scales[0], -a * x * Math.exp(-b * x) * scales[1], scales[2]].map((v) => unit * v),
            );
          },
        }
      : {}),
  };
}

const rosenbrock: SmoothFunction = {
  value: ([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  gradient: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
  hessian: (x) => valley(x),
};

function valley([x, y]: Float64Array): number[][] {
  return [
    [2 - 400 * (y - 3 * x * x), -400 * x],
    [-400 * x, 200],
  ];
}

function expectClose(x: ArrayLike<number>, expected: readonly number[], digits = 6): void {
  expected.forEach((value, i) => expect(x[i] / value).toBeCloseTo(1, digits));
}

describe("bounds", () => {
  const { lower, upper } = fixture.bounds;

  it.each<[string, () => Optimizer, boolean]>([
    ["levenbergMarquardt", () => levenbergMarquardt(), true],
    ["levenbergMarquardt, differences", () => levenbergMarquardt(), false],
    ["gaussNewton", () => gaussNewton(), true],
    ["lbfgs", () => lbfgs(), true],
    ["trustRegion", () => trustRegion(), true],
  ])("of a curve: %s", (_, make, jacobian) => {
    const found = minimize(curve(fixture.y, 1, undefined, jacobian), [1, 1, 0.1], { optimizer: make(), lower, upper });
    expect(found.status).toBe("converged");
    expectClose(found.x, fixture.bounded.x);
    expect(found.x[0]).toBeLessThanOrEqual(upper[0]);
    expect(found.x[2]).toBeGreaterThanOrEqual(lower[2]);
    expect(found.reason).toMatch(/held at a bound: parameter 3|held at a bound: parameter 1, 3/);
    const errors = found.standardErrors();
    expect(errors[2]).toBe(Number.NaN);
    expect(errors[1]).toBeGreaterThan(0);
  });

  it.each(Object.entries(fixture.rosenbrock))("of Rosenbrock's valley: %s", (_, { bounds, x, value }) => {
    const options = {
      lower: bounds.map(([low]) => low ?? -Infinity),
      upper: bounds.map(([, high]) => high ?? Infinity),
    };
    for (const make of [lbfgs, newton, trustRegion]) {
      const found = minimize(rosenbrock, [-1.2, 1], { optimizer: make(), ...options });
      expect([make.name, found.status]).toEqual([make.name, "converged"]);
      // Within some boxes there are two minima: the other one is lower.
      expect(found.value).toBeLessThanOrEqual(value + 1e-9);
      if (found.value > value - 1e-3) found.x.forEach((own, i) => expect(own).toBeCloseTo(x[i], 5));
    }
  });

  it("that do not matter change nothing that counts", () => {
    const found = minimize(curve(fixture.y), [1, 1, 0.1], { optimizer: levenbergMarquardt(), lower: -100, upper: 100 });
    expect(found.status).toBe("converged");
    expectClose(found.x, fixture.plain.x);
  });

  it.each([
    [1e-9, [1, 1, 1]],
    [1e9, [1e6, 1e-6, 1]],
    [1, [1e-6, 1, 1e6]],
  ])("in other units: residuals × %s, parameters × %j", (unit, scales) => {
    const inUnits = (values: readonly number[]): number[] => values.map((value, i) => value / scales[i]);
    const found = minimize(curve(fixture.y, unit, scales), inUnits([1, 1, 0.1]), {
      ...{ optimizer: levenbergMarquardt(), lower: inUnits(lower), upper: inUnits(upper) },
    });
    expect(found.status).toBe("converged");
    expectClose(
      found.x.map((value, i) => value * scales[i]),
      fixture.bounded.x,
      5,
    );
  });

  it("hold at the start, where all are equal, and where nothing is free", () => {
    const parabola: SmoothFunction = {
      value: ([x, y]) => x * x + (y - 3) ** 2,
      gradient: ([x, y]) => [2 * x, 2 * (y - 3)],
    };
    const all = minimize(parabola, [5, 5], { optimizer: lbfgs(), lower: [1, 4], upper: [9, 9] });
    expect([all.status, Array.from(all.x), all.gradientNorm]).toEqual(["converged", [1, 4], 0]);
    const fixed = minimize(parabola, [5, 5], { optimizer: lbfgs(), lower: [2, -9], upper: [2, 9] });
    expect([fixed.status, fixed.x[0]]).toEqual(["converged", 2]);
    expect(fixed.x[1]).toBeCloseTo(3, 6);
    const outside = minimize(parabola, [-50, 50], { optimizer: lbfgs(), lower: [1, -9], upper: 9 });
    expect(outside.x[0]).toBe(1);
    expect(outside.x[1]).toBeCloseTo(3, 6);
  });

  it("are never left by what the function is asked for", () => {
    const seen: number[] = [];
    const root: LeastSquares = {
      residuals: ([a, b]) => {
        seen.push(Math.min(a, b));
        return [Math.sqrt(a) - 0.1 + b, Math.sqrt(b) * 2 - a - 1e-3, a + b];
      },
    };
    minimize(root, [1, 1], { optimizer: levenbergMarquardt(), lower: 0 });
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(0);
  });

  it("that contradict each other are refused", () => {
    const refused =
      (options: Partial<MinimizeOptions>): (() => Result) =>
      () =>
        minimize(rosenbrock, [0, 0], { optimizer: lbfgs(), ...options });
    expect(refused({ lower: 2, upper: 1 })).toThrow(
      'minimize: "lower" expected at most the upper bound 1 of parameter 0, got 2',
    );
    expect(refused({ lower: [0] })).toThrow("2 numbers, one a parameter");
    expect(refused({ upper: Number.NaN })).toThrow('minimize: "upper" expected a number');
  });
});

describe("robust losses", () => {
  it.each(["huber", "soft-l1", "cauchy"] as const)("%s is SciPy's at the same scale", (type) => {
    for (const [scale, { x, cost }] of Object.entries(fixture.robust[type])) {
      for (const jacobian of [true, false]) {
        const found = minimize(curve(fixture.outliers, 1, undefined, jacobian), [1, 1, 0.1], {
          ...{ optimizer: levenbergMarquardt(), loss: { type, scale: Number(scale) } },
        });
        expect(found.value).toBeLessThanOrEqual(cost * (1 + 1e-6));
        expectClose(found.x, x, 3);
      }
    }
  });

  it.each(["huber", "soft-l1", "cauchy"] as const)(
    "%s finds its scale itself, in any unit, and passes by the outliers",
    (loss) => {
      const plain = minimize(curve(fixture.outliers), [1, 1, 0.1], { optimizer: levenbergMarquardt() });
      const one = minimize(curve(fixture.outliers), [1, 1, 0.1], { optimizer: levenbergMarquardt(), loss });
      const off = (x: ArrayLike<number>): number =>
        Math.max(...fixture.plain.x.map((value, i) => Math.abs(x[i] - value)));
      expect(off(one.x)).toBeLessThan(0.2 * off(plain.x));
      for (const unit of [1e-9, 1e9]) {
        const other = minimize(curve(fixture.outliers, unit), [1, 1, 0.1], { optimizer: levenbergMarquardt(), loss });
        expectClose(other.x, Array.from(one.x), 4);
      }
      expect(one.standardErrors().every((error) => error > 0)).toBe(true);
    },
  );

  it("goes with bounds, and is refused without residuals", () => {
    const { lower, upper } = fixture.bounds;
    const found = minimize(curve(fixture.outliers), [1, 1, 0.1], {
      optimizer: levenbergMarquardt(),
      loss: { type: "huber", scale: 0.05 },
      lower,
      upper,
    });
    expect(found.x[2]).toBeGreaterThanOrEqual(lower[2]);
    expect(() => minimize(rosenbrock, [0, 0], { optimizer: lbfgs(), loss: "huber" })).toThrow(
      "residuals, which a loss is of",
    );
    expect(() => minimize(curve(fixture.y), [1, 1, 1], { optimizer: lbfgs(), loss: "hubber" as never })).toThrow(
      'did you mean "huber"?',
    );
  });
});

describe("what a result says of its parameters", () => {
  it("quantiles of Student's t are SciPy's", () => {
    for (const [key, value] of Object.entries(fixture.student)) {
      const [p, nu] = key.split(" ").map(Number);
      expect(studentQuantile(p, nu) / value).toBeCloseTo(1, 6);
    }
  });

  it("intervals are x ± t times the standard errors", () => {
    const found = minimize(curve(fixture.y), [1, 1, 0.1], { optimizer: levenbergMarquardt() });
    const errors = found.standardErrors();
    found.intervals(0.95).forEach(([low, high], i) => {
      expect((low + high) / 2).toBeCloseTo(found.x[i], 12);
      expect((high - low) / 2 / errors[i] / fixture.student["0.975 27"]).toBeCloseTo(1, 6);
    });
  });

  it("with a Hessian the covariance is its inverse", () => {
    const bowl: SmoothFunction = {
      value: ([x, y]) => 2 * x * x + x * y + y * y,
      gradient: ([x, y]) => [4 * x + y, x + 2 * y],
      hessian: () => [
        [4, 1],
        [1, 2],
      ],
    };
    const found = minimize(bowl, [1, 1], { optimizer: newton() });
    Array.from(found.covariance().data).forEach((value, i) =>
      expect(value).toBeCloseTo([2 / 7, -1 / 7, -1 / 7, 4 / 7][i], 12),
    );
    const { hessian: _, ...bare } = bowl;
    expect(() => minimize(bare, [1, 1], { optimizer: lbfgs() }).covariance()).toThrow("add hessian");
  });
});

describe("checkGradient of a function", () => {
  it("passes what is right, in any unit", () => {
    for (const unit of [1, 1e-9, 1e9]) {
      const f: SmoothFunction = {
        value: (x) => unit * rosenbrock.value(x),
        gradient: (x) => Array.from(rosenbrock.gradient(x), (g) => unit * g),
        hessian: (x) => valley(x).map((row) => row.map((h) => unit * h)),
        hvp: (x, v) => valley(x).map((row) => unit * (row[0] * v[0] + row[1] * v[1])),
      };
      for (const x of [
        [-1.2, 1],
        [3, -4],
        [1e3, 2e3],
      ])
        expect(checkGradient(f, x)).toMatchObject({ passed: true, checked: 10, wrong: [] });
    }
    expect(checkGradient(curve(fixture.y, 1, [1e6, 1e-6, 1], true), [2e-6, 1.5e6, 0.5]).passed).toBe(true);
  });

  it("finds what is wrong, and where", () => {
    const wrong: SmoothFunction = {
      ...rosenbrock,
      gradient: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 201 * (y - x * x)],
    };
    const { passed, wrong: found } = checkGradient(wrong, [-1.2, 1]);
    expect(passed).toBe(false);
    expect(found.find(({ of }) => of === "gradient")).toMatchObject({ of: "gradient", row: 0, column: 1 });
    const sign: LeastSquares = {
      residuals: ([a]) => [a * a, Math.sin(a)],
      jacobian: ([a]) => [[2 * a], [-Math.cos(a)]],
    };
    expect(checkGradient(sign, [0.4]).wrong).toHaveLength(1);
    expect(checkGradient(sign, [0.4]).wrong[0]).toMatchObject({ of: "jacobian", row: 1, column: 0 });
    const curved: SmoothFunction = {
      ...rosenbrock,
      hessian: () => [
        [1, 0],
        [0, 200],
      ],
    };
    expect(checkGradient(curved, [-1.2, 1]).wrong.every(({ of }) => of === "hessian")).toBe(true);
  });
});

describe("upper bounds are lower bounds of the mirrored problem", () => {
  const mirrored = ({ value, gradient }: SmoothFunction): SmoothFunction => {
    const turned = (z: ArrayLike<number>): Float64Array => Float64Array.from(z, (x) => -x);
    return { value: (z) => value(turned(z)), gradient: (z) => turned(gradient(turned(z))) };
  };
  const half = ({ value, gradient }: SmoothFunction): LeastSquares => ({
    residuals: (z) => [Math.sqrt(value(z)) + 1],
    jacobian: (z) => [Array.from(gradient(z), (g) => g / (2 * Math.sqrt(value(z))))],
  });

  it.each([
    [
      [-3, -3],
      [0.5, 4],
      [-1.2, 1],
    ],
    [
      [-3, -3],
      [0.5, 0.2],
      [-2, -2],
    ],
    [
      [-3, -3],
      [1e3, 0.1],
      [-1.2, -1],
    ],
    [
      [-0.5, -3],
      [0.3, 0.05],
      [-0.4, -2],
    ],
  ])("from %j to %j", (lower, upper, x0) => {
    const turn = (x: ArrayLike<number>): number[] => Array.from(x, (value) => -value + 0);
    for (const [make, form] of [
      [lbfgs, (f: SmoothFunction) => f],
      [levenbergMarquardt, half],
      [trustRegion, half],
    ] as const) {
      const options = { optimizer: make(), maxSteps: 60 };
      const here = minimize(form(rosenbrock), x0, { ...options, lower, upper });
      const there = minimize(form(mirrored(rosenbrock)), turn(x0), {
        ...options,
        optimizer: make(),
        lower: turn(upper),
        upper: turn(lower),
      });
      const { x, status, steps, value, evaluations } = here;
      expect({ ...there, x: turn(there.x) }).toMatchObject({ x: turn(turn(x)), status, steps, value, evaluations });
    }
  });
});
