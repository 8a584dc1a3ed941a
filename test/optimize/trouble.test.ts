// Oracle: the contract: every end has a status and a reason, the point is finite and none that was
// seen is better.

import { describe, expect, it } from "vitest";
import {
  gaussNewton,
  hessianFree,
  type LeastSquares,
  lbfgs,
  levenbergMarquardt,
  minimize,
  newton,
  type Result,
  type SmoothFunction,
  trustRegion,
} from "../../src/index.js";
import { Random } from "../cases.js";
import { forFunctions } from "./methods.js";

const STATUSES = ["converged", "max-steps", "stalled", "unbounded", "non-finite", "not-positive-definite"];

type Point = ArrayLike<number>;

/** The function with a record of all finite values that were asked for. */
function watched(f: SmoothFunction): { f: SmoothFunction; least: () => number; bad: () => number } {
  let least = Infinity;
  let bad = 0;
  const value = (x: Float64Array): number => {
    const y = f.value(x);
    if (!x.every(Number.isFinite)) bad++;
    if (Number.isFinite(y)) least = Math.min(least, y);
    return y;
  };
  return { f: { ...f, value }, least: () => least, bad: () => bad };
}

function expectSound(result: Result, f: { value(x: Float64Array): number }, start: Point): void {
  expect(STATUSES).toContain(result.status);
  expect(result.reason.length).toBeGreaterThan(5);
  expect(result.x.every(Number.isFinite)).toBe(true);
  const value = f.value(result.x);
  expect(Math.abs(result.value - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value));
  expect(result.value).toBeLessThanOrEqual(f.value(Float64Array.from(start)));
}

const quadratic = (a: number, b: number): SmoothFunction => ({
  value: ([x, y]) => a * x * x + b * y * y,
  gradient: ([x, y]) => [2 * a * x, 2 * b * y],
  hessian: () => [
    [2 * a, 0],
    [0, 2 * b],
  ],
});

/** (x − 3)² − log(2.5 − x)/10, which is nothing beyond 2.5. */
const wall = (beyond: number): SmoothFunction => ({
  value: ([x]) => (x >= 2.5 ? beyond : (x - 3) ** 2 - 0.1 * Math.log(2.5 - x)),
  gradient: ([x]) => [x >= 2.5 ? Number.NaN : 2 * (x - 3) + 0.1 / (2.5 - x)],
  hessian: ([x]) => [[x >= 2.5 ? Number.NaN : 2 + 0.1 / (2.5 - x) ** 2]],
});

const troubles: [string, SmoothFunction, number[]][] = [
  ["NaN beyond a wall", wall(Number.NaN), [-5]],
  ["infinity beyond a wall", wall(Infinity), [-5]],
  ["minus infinity beyond a wall", wall(-Infinity), [-5]],
  ["a gradient of the wrong sign", { ...quadratic(1, 3), gradient: ([x, y]) => [-2 * x, -6 * y] }, [1, 1]],
  ["a gradient that has nothing to do with it", { ...quadratic(1, 3), gradient: () => [1, -2] }, [1, 1]],
  ["a Hessian of the wrong sign", { ...quadratic(1, 3), hessian: quadratic(-1, -3).hessian! }, [1, 1]],
  ["a Hessian of 0", { ...quadratic(1, 3), hessian: quadratic(0, 0).hessian! }, [1, 1]],
  ["a Hessian of NaN", { ...quadratic(1, 3), hessian: quadratic(Number.NaN, 3).hessian! }, [1, 1]],
  ["a Hessian of infinity", { ...quadratic(1, 3), hessian: quadratic(Infinity, 3).hessian! }, [1, 1]],
  [
    "a gradient of NaN elsewhere",
    { ...quadratic(1, 3), gradient: ([x, y]) => [x === 1 ? 2 : Number.NaN, 6 * y] },
    [1, 1],
  ],
  ["nothing but a constant", { ...quadratic(0, 0), value: () => 3 }, [1, 2]],
  ["no minimum, linear", { value: ([x]) => x, gradient: () => [1], hessian: () => [[0]] }, [0]],
  ["no minimum, quadratic", quadratic(-1, 1), [1, 1]],
  [
    "no minimum, cubic",
    { value: ([x]) => x ** 3, gradient: ([x]) => [3 * x * x], hessian: ([x]) => [[6 * x]] },
    [1e-3],
  ],
  ["an inflection", { value: ([x]) => x ** 3, gradient: ([x]) => [3 * x * x], hessian: ([x]) => [[6 * x]] }, [0]],
  ["a maximum", quadratic(-1, -2), [0, 0]],
  [
    "steps that overflow",
    { value: ([x]) => Math.exp(x) - x, gradient: ([x]) => [Math.exp(x) - 1], hessian: ([x]) => [[Math.exp(x)]] },
    [-600],
  ],
  ["values near the end of the range", quadratic(1e300, 1e290), [100, 100]],
  ["values that vanish", quadratic(1e-300, 1e-290), [1e-3, 1e-3]],
  ["a kink", { value: ([x]) => Math.abs(x), gradient: ([x]) => [Math.sign(x)], hessian: () => [[0]] }, [0.3]],
  [
    "steps of rounding",
    { value: ([x]) => Math.floor(x * 1e3) / 1e3, gradient: ([x]) => [x === 0 ? 0 : 1], hessian: () => [[1]] },
    [5],
  ],
];

describe.each(troubles)("%s", (trouble, f, start) => {
  it.each(forFunctions)("$name", ({ make, name }) => {
    const spy = watched(f);
    const result = minimize(spy.f, start, { optimizer: make(), maxSteps: 60 });
    expectSound(result, f, start);
    // What the searches looked at is no better than what is returned, unless there is no gradient.
    if (trouble.startsWith("a gradient of NaN")) return;
    if (!name.includes("fixed") && !name.includes("wolfe") && !name.includes("lbfgs")) {
      expect(result.value).toBeLessThanOrEqual(spy.least() + 1e-9 * Math.abs(spy.least()));
    }
  });
});

describe("says what is wrong", () => {
  const searching = forFunctions.filter(({ name }) => !name.includes("fixed"));

  it.each(searching)("$name: a gradient of the wrong sign stalls where it is", ({ make }) => {
    const wrong = { ...quadratic(1, 3), gradient: ([x, y]: Float64Array) => [-2 * x, -6 * y] };
    const { status, steps, x, evaluations } = minimize(wrong, [1, 1], { optimizer: make() });
    expect([status, steps, Array.from(x)]).toEqual(["stalled", 0, [1, 1]]);
    expect(evaluations.value).toBeLessThan(2000);
  });

  it.each(forFunctions.filter(({ name }) => name !== "lbfgs" && name !== "lbfgs, history 2"))(
    "$name: a Hessian of NaN is not finite",
    ({ make }) => {
      const result = minimize({ ...quadratic(1, 3), hessian: quadratic(Number.NaN, 3).hessian! }, [1, 1], {
        optimizer: make(),
      });
      expect([result.status, result.steps]).toEqual(["non-finite", 0]);
    },
  );

  it.each(forFunctions)("$name: a start where there is no value", ({ make }) => {
    for (const beyond of [Number.NaN, Infinity, -Infinity]) {
      const { status, steps, x, reason } = minimize(wall(beyond), [4], { optimizer: make() });
      expect([status, steps, Array.from(x)]).toEqual(["non-finite", 0, [4]]);
      expect(reason).toContain("value");
    }
  });

  it.each(forFunctions)("$name: the minimum before a wall is found", ({ make, name }) => {
    if (name.includes("fixed") || name.includes("half")) return;
    const { status, x } = minimize(wall(Number.NaN), [-5], { optimizer: make() });
    expect(status).toBe("converged");
    // The root of 2(x − 3)(2.5 − x) + 0.1 below 2.5.
    expect(x[0]).toBeCloseTo(2.75 - Math.sqrt(0.45) / 2, 6);
  });

  it.each(forFunctions)(
    "$name: a maximum is no minimum, where second derivatives are looked at",
    ({ make, squares, name }) => {
      const { status, value } = minimize(quadratic(-1, -2), [0, 0], { optimizer: make(), maxSteps: 3 });
      if (squares || name.includes("lbfgs")) expect(status).toBe("converged");
      else if (name === "newton, gradient") expect(status).toBe("stalled");
      else expect(value).toBeLessThan(-1);
    },
  );

  it("a Hessian that stands for a Gauss-Newton matrix has to be one", () => {
    const bent = quadratic(-1, 1);
    const plain = minimize(bent, [1, 1], { optimizer: gaussNewton() });
    expect([plain.status, plain.steps]).toEqual(["not-positive-definite", 0]);
    const damped = minimize(bent, [1, 1], { optimizer: levenbergMarquardt({ muMax: 1 }) });
    expect(damped.status).toBe("not-positive-definite");
    expect(damped.reason).toContain("greatest damping");
  });

  it("a gradient along which the matrix is 0 is no convergence: what falls for ever is unbounded", () => {
    const slope: SmoothFunction = { value: ([x]) => x, gradient: () => [1], hessian: () => [[0]] };
    const { status } = minimize(slope, [0], { optimizer: gaussNewton() });
    expect(status).toBe("unbounded");
  });

  it("where there is nothing to see at a kink under much damping, it has stalled", () => {
    const kink: LeastSquares = { residuals: ([x]) => [Math.abs(x - 1) + 1], jacobian: ([x]) => [[x > 1 ? 1 : -1]] };
    const { status, x } = minimize(kink, [0.2], { optimizer: levenbergMarquardt() });
    expect(status).toBe("stalled");
    expect(x[0]).toBeCloseTo(1, 4);
  });
});

describe("singular", () => {
  const random = new Random(5);
  const rows = Array.from({ length: 6 }, () => random.normals(3)).map((row) => [...row, ...row]);
  const b = random.normals(6);
  const residuals = (x: Point) => rows.map((row, k) => row.reduce((sum, a, i) => sum + a * x[i], -b[k]));
  const gram = rows[0].map((_, i) => rows[0].map((__, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)));
  const doubled: LeastSquares = { residuals, jacobian: () => rows, hessian: () => gram };
  const least = minimize(doubled, new Float64Array(6), { optimizer: gaussNewton() }).value;

  it.each(forFunctions)("$name: columns that are there twice share the step", ({ make, name }) => {
    const start = [1, 2, 3, 1, 2, 3];
    const result = minimize(doubled, start, { optimizer: make(), maxSteps: 300, tolerance: 1e-7 });
    expectSound(result, { value: (x) => 0.5 * residuals(x).reduce((sum, r) => sum + r * r, 0) }, start);
    expect(result.value).toBeLessThan(least + (name === "newton, gradient" ? 1e-3 : 1e-8));
    // Along x_i − x_{i+3} nothing changes, and nothing must move.
    for (let i = 0; i < 3; ++i) expect(Math.abs(result.x[i] - result.x[i + 3])).toBeLessThan(1e-5);
  });

  it("a variable that is nowhere stays, and is said to be frozen", () => {
    const f: LeastSquares = {
      residuals: ([x, , z]) => [x - 1, x * z - 2],
      jacobian: ([x, , z]) => [
        [1, 0, 0],
        [z, 0, x],
      ],
      hessian: ([x, , z]) => [
        [1 + z * z, 0, 2 * x * z - 2],
        [0, 0, 0],
        [2 * x * z - 2, 0, x * x],
      ],
    };
    for (const { make, dense, name } of forFunctions) {
      const frozen: (readonly number[] | undefined)[] = [];
      const result = minimize(f, [3, 7, -1], {
        optimizer: make(),
        maxSteps: 500,
        onStep: (record) => {
          frozen.push(record.frozen);
          return false;
        },
      });
      expect(result.x[1]).toBe(7);
      if (dense) expect(frozen[0]).toEqual([1]);
      if (name !== "newton, gradient" && !name.includes("half")) expect(result.value).toBeLessThan(1e-8);
    }
  });
});

describe("truncated solves", () => {
  const rosenbrock: LeastSquares = {
    residuals: ([x, y]) => [1 - x, 10 * (y - x * x)],
    jacobian: ([x]) => [
      [-1, 0],
      [-20 * x, 10],
    ],
  };

  it("however short, do not take the end of a warm start for a minimum", () => {
    for (const maxProducts of [1, 2, 3, 5]) {
      for (const warmStart of [0, 0.5, 0.95, 1]) {
        const { status, gradientNorm } = minimize(rosenbrock, [-1.2, 1], {
          optimizer: hessianFree({ maxProducts, warmStart }),
          maxSteps: 200,
        });
        expect(["converged", "max-steps"]).toContain(status);
        if (status === "converged") expect(gradientNorm).toBeLessThan(1e-5);
      }
    }
  });

  it("products that are not finite half-way leave a step", () => {
    let products = 0;
    const f: SmoothFunction = {
      value: ([x, y, z]) => x * x + 10 * y * y + 100 * z * z,
      gradient: ([x, y, z]) => [2 * x, 20 * y, 200 * z],
      hvp: (_, v) => (++products % 3 === 0 ? [Number.NaN, 0, 0] : [2 * v[0], 20 * v[1], 200 * v[2]]),
    };
    for (const optimizer of [trustRegion({ products: true }), hessianFree({ warmStart: 0 })]) {
      products = 0;
      const result = minimize(f, [1, 1, 1], { optimizer, maxSteps: 3 });
      expect(result.value).toBeLessThan(111);
      expect(result.x.every(Number.isFinite)).toBe(true);
    }
  });
});

describe("first-order methods and line searches on the same ground", () => {
  it("the best point is returned where a method without a search climbs", () => {
    const steep = quadratic(1, 100);
    const optimizer = newton({ search: "fixed", learningRate: 2.5 });
    const result = minimize(steep, [1, 1], { optimizer, maxSteps: 10 });
    expect(result.status).toBe("max-steps");
    expect(Array.from(result.x)).toEqual([1, 1]);
    expect(result.gradientNorm).toBeCloseTo(Math.hypot(2, 200), 10);
  });

  it("a search that finds nothing leaves the optimizer free for another", () => {
    const wrong = { ...quadratic(1, 3), gradient: ([x, y]: Float64Array) => [-2 * x, -6 * y] };
    const optimizer = lbfgs();
    expect(minimize(wrong, [1, 1], { optimizer }).status).toBe("stalled");
    expect(minimize(quadratic(1, 3), [1, 1], { optimizer }).status).toBe("converged");
  });
});
