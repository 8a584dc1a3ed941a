// Oracle: functions whose infimum is known in closed form; the right verdict on each, in any unit
// of the objective.

import { describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  lbfgs,
  type MinimizeOptions,
  minimize,
  newton,
  type Optimizer,
  type Result,
  rmsprop,
  type SmoothFunction,
  saddleFreeNewton,
  sgd,
  trustRegion,
} from "../../src/index.js";
import { forFunctions } from "./methods.js";

const times = (by: number, f: SmoothFunction): SmoothFunction => ({
  value: (x) => by * f.value(x),
  gradient: (x) => Array.from(f.gradient(x), (g) => by * g),
  hessian: (x) => (f.hessian as (x: Float64Array) => number[][])(x).map((row) => row.map((h) => by * h)),
});

const run = (f: SmoothFunction, x0: number[], optimizer: Optimizer, options: Partial<MinimizeOptions> = {}): Result =>
  minimize(f, x0, { optimizer, ...options });

const secondOrder: [string, () => Optimizer][] = [
  ["newton", () => newton()],
  ["newton, wolfe", () => newton({ search: "wolfe" })],
  ["saddleFreeNewton", () => saddleFreeNewton()],
  ["trustRegion", () => trustRegion()],
  ["trustRegion, products", () => trustRegion({ products: true })],
];
const quasi: [string, () => Optimizer][] = [
  ["lbfgs", () => lbfgs()],
  ["lbfgs, history 2", () => lbfgs({ history: 2 })],
];
const firstOrder: [string, () => Optimizer][] = [
  ["sgd", () => sgd({ learningRate: 0.05 })],
  ["sgd, momentum", () => sgd({ learningRate: 0.02, momentum: 0.9 })],
  ["adam", () => adam({ learningRate: 0.05 })],
  ["rmsprop", () => rmsprop()],
  ["adagrad", () => adagrad()],
  ["adadelta", () => adadelta()],
];
const units = [1e-200, 1e-9, 1e-6, 1, 1e9];

describe.each([...secondOrder, ...quasi])("%s", (name, make) => {
  it("5x² − y² + y⁴ from its saddle, and from near it", () => {
    const f: SmoothFunction = {
      value: ([x, y]) => 5 * x * x - y * y + y ** 4,
      gradient: ([x, y]) => [10 * x, -2 * y + 4 * y ** 3],
      hessian: ([, y]) => [
        [10, 0],
        [0, 12 * y * y - 2],
      ],
    };
    // Conjugate gradients square what the products give.
    for (const unit of name.includes("products") ? units.slice(1) : units) {
      for (const start of name.startsWith("lbfgs")
        ? [[0.5, 1e-3]]
        : [
            [0, 0],
            [1e-11, 1e-10],
            [0.5, 1e-3],
          ]) {
        const { status, value, reason } = run(times(unit, f), start, make());
        expect([unit, start, status, reason]).toEqual([unit, start, "converged", expect.any(String)]);
        expect(value / unit).toBeCloseTo(-0.25, 12);
      }
    }
  });

  it.each<[string, SmoothFunction, number[]]>([
    ["x", { value: ([x]) => x, gradient: () => [1], hessian: () => [[0]] }, [0]],
    ["x from 3", { value: ([x]) => x, gradient: () => [1], hessian: () => [[0]] }, [3]],
    ["−x²", { value: ([x]) => -x * x, gradient: ([x]) => [-2 * x], hessian: () => [[-2]] }, [1e-3]],
    ["x³", { value: ([x]) => x ** 3, gradient: ([x]) => [3 * x * x], hessian: ([x]) => [[6 * x]] }, [-1e-3]],
  ])("%s is unbounded", (_, f, start) => {
    for (const unit of units.slice(1)) {
      const { status, reason } = run(times(unit, f), start, make());
      expect([unit, status, reason]).toEqual([unit, "unbounded", expect.stringContaining("without bound")]);
    }
  });

  it("−exp(x) is unbounded in any unit, also where a step goes beyond what doubles hold", () => {
    for (const unit of [1e-9, 1, 1e9]) {
      for (const length of [1e-6, 1e-3, 1, 1e6]) {
        const f: SmoothFunction = {
          value: ([x]) => -Math.exp(x / length),
          gradient: ([x]) => [-Math.exp(x / length) / length],
          hessian: ([x]) => [[-Math.exp(x / length) / length ** 2]],
        };
        const { status, reason, x, value } = run(times(unit, f), [0], make());
        expect([unit, length, status, reason]).toEqual([
          unit,
          length,
          "unbounded",
          expect.stringContaining("without bound"),
        ]);
        expect(Number.isFinite(value) && x.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it.each<[string, SmoothFunction, number[], number]>([
    ["x⁴", { value: ([x]) => x ** 4, gradient: ([x]) => [4 * x ** 3], hessian: ([x]) => [[12 * x * x]] }, [1], 0],
    ["cosh x − 1 from far out", coshLess(), [60], 0],
    [
      "a small bowl on 10⁶",
      {
        value: ([x, y]) => 1e6 + x * x + 3 * y * y + x * y,
        gradient: ([x, y]) => [2 * x + y, 6 * y + x],
        hessian: () => [
          [2, 1],
          [1, 6],
        ],
      },
      [3, -2],
      1e6,
    ],
    [
      "a barrier with nothing beyond",
      {
        value: ([x]) => (x <= 0 ? Number.NaN : x - Math.log(x)),
        gradient: ([x]) => [1 - 1 / x],
        hessian: ([x]) => [[1 / (x * x)]],
      },
      [5],
      1,
    ],
  ])("%s has a minimum", (_, f, start, least) => {
    for (const unit of [1e-9, 1, 1e9]) {
      const { status, value, x, reason } = run(times(unit, f), start, make());
      expect([unit, status, reason]).toEqual([unit, "converged", expect.any(String)]);
      expect(value / unit - least).toBeLessThanOrEqual(1e-12 * Math.max(1, least));
      expect(x.every(Number.isFinite)).toBe(true);
    }
  });

  it("exp(−x) falls for ever, and so does its gradient: that is not unbounded", () => {
    const f: SmoothFunction = {
      value: ([x]) => Math.exp(-x),
      gradient: ([x]) => [-Math.exp(-x)],
      hessian: ([x]) => [[Math.exp(-x)]],
    };
    const { status, value } = run(f, [1], make());
    expect(["converged", "max-steps", "stalled"]).toContain(status);
    expect(value).toBeLessThan(1e-30);
  });

  it("a gradient that belongs to another function is found out", () => {
    const bowl = (x: ArrayLike<number>): number => x[0] ** 2 + 3 * x[1] ** 2;
    const hessian = () => [
      [2, 0],
      [0, 6],
    ];
    for (const unit of [1e-9, 1, 1e9]) {
      const wrong = times(unit, { value: bowl, gradient: ([x, y]) => [-2 * x, -6 * y], hessian });
      const { status, steps, reason } = run(wrong, [1, 1], make());
      expect([status, steps]).toEqual(["stalled", 0]);
      expect(reason).toContain("checkGradient");
      expect(reason).toContain("the gradient's norm is");
    }
  });

  it("where only the search has found nothing, nothing has converged: a kink", () => {
    const kink: SmoothFunction = {
      value: ([x]) => Math.abs(x - 1) + 1,
      gradient: ([x]) => [Math.sign(x - 1) || 1],
      hessian: () => [[0]],
    };
    const { status, reason } = run(kink, [0.2], make());
    expect(status).not.toBe("converged");
    expect(reason).not.toContain("checkGradient");
  });

  it("nor where the gradient turns faster than a step", () => {
    const f: SmoothFunction = {
      value: ([x, y]) => Math.hypot(x, y) + Math.sin(4 * Math.atan2(y, x)),
      gradient: ([x, y]) => {
        const r = Math.hypot(x, y);
        const turn = (4 * Math.cos(4 * Math.atan2(y, x))) / (r * r);
        return [x / r - turn * y, y / r + turn * x];
      },
      hessian: ([x, y]) => {
        const r = Math.hypot(x, y);
        const [c, s] = [x / r, y / r];
        const angle = 4 * Math.atan2(y, x);
        // ∂²f/∂θ² / r² + ∂f/∂r / r, and the mixed derivative, in the basis (r, θ).
        const tt = (-16 * Math.sin(angle)) / (r * r) + 1 / r;
        const rt = (-4 * Math.cos(angle)) / (r * r);
        return [
          [tt * s * s - 2 * rt * s * c, -tt * s * c + rt * (c * c - s * s)],
          [-tt * s * c + rt * (c * c - s * s), tt * c * c + 2 * rt * s * c],
        ];
      },
    };
    const { status, gradientNorm, reason, value } = run(f, [20, 20], make());
    // The infimum −1 is the limit along a valley into the kink at 0.
    if (status === "converged") {
      expect([reason, gradientNorm < 1e3]).toEqual([reason, true]);
      expect(value + 1).toBeLessThan(1e-6);
    }
  });
});

function coshLess(): SmoothFunction {
  const value = (x: number): number => 2 * Math.sinh(x / 2) ** 2;
  return { value: ([x]) => value(x), gradient: ([x]) => [Math.sinh(x)], hessian: ([x]) => [[Math.cosh(x)]] };
}

describe.each(firstOrder)("%s", (name, make) => {
  const bowl: SmoothFunction = {
    value: ([x, y]) => 2 + x * x + 3 * y * y,
    gradient: ([x, y]) => [2 * x, 6 * y],
  };

  it("f = x is unbounded, whether or not the steps came far", () => {
    expect(run({ value: ([x]) => x, gradient: () => [1] }, [0], make()).status).toBe("unbounded");
  });

  it("a value of −∞ is unbounded, and the point before it is kept", () => {
    const { status, reason, x } = run(
      { value: ([x]) => (x > 1e-12 ? -Infinity : -x), gradient: () => [-1] },
      [0],
      make(),
    );
    expect([status, reason]).toEqual(["unbounded", expect.stringContaining("without bound")]);
    expect(x.every(Number.isFinite)).toBe(true);
  });

  it("never says converged where the value could still fall visibly", () => {
    const { status, value } = run(bowl, [1, 1], make(), { maxSteps: 3000 });
    if (status === "converged") expect(value - 2).toBeLessThan(1e-14);
    if (name.startsWith("sgd")) expect(status).toBe("converged");
    const flat: SmoothFunction = {
      value: ([x, y]) => 1 + x * x + 1e-6 * y * y,
      gradient: ([x, y]) => [2 * x, 2e-6 * y],
    };
    const slow = run(flat, [1, 1], make(), { maxSteps: 2000 });
    if (slow.status === "converged") expect(slow.value - 1).toBeLessThan(1e-12);
  });

  it("a constant has converged at once", () => {
    const { status, steps, reason } = run({ value: () => 3, gradient: () => [0] }, [1], make());
    expect([status, steps, reason]).toEqual(["converged", 0, "the gradient is exactly 0"]);
  });
});

describe("sgd in units of the objective", () => {
  it("ends after the same steps where the learning rate is in the inverse unit", () => {
    const bowl: SmoothFunction = { value: ([x, y]) => 2 + x * x + 3 * y * y, gradient: ([x, y]) => [2 * x, 6 * y] };
    const runs = [1e-9, 1, 1e9].map((unit) => {
      const f = {
        value: (x: Float64Array) => unit * bowl.value(x),
        gradient: (x: Float64Array) => Array.from(bowl.gradient(x), (g) => unit * g),
      };
      return run(f, [1, 1], sgd({ learningRate: 0.05 / unit }));
    });
    for (const { status, steps } of runs) {
      expect(status).toBe("converged");
      expect(Math.abs(steps - runs[1].steps)).toBeLessThanOrEqual(1);
    }
  });
});

describe("signal and memory", () => {
  const f: SmoothFunction = {
    value: ([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    gradient: ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
    hessian: ([x, y]) => [
      [2 - 400 * (y - 3 * x * x), -400 * x],
      [-400 * x, 200],
    ],
  };

  it("an aborted signal ends the search before its next step", () => {
    const controller = new AbortController();
    const onStep = ({ step }: { step: number }): undefined => {
      if (step === 4) controller.abort();
    };
    const { status, steps, reason, value } = minimize(f, [-1.2, 1], {
      optimizer: lbfgs(),
      signal: controller.signal,
      onStep,
    });
    expect([status, steps]).toEqual(["aborted", 4]);
    expect(reason).toContain("its signal after 4 steps");
    expect(value).toBeLessThan(24);
    expect(minimize(f, [-1.2, 1], { optimizer: lbfgs(), signal: controller.signal }).steps).toBe(0);
    expect(() => minimize(f, [1, 1], { optimizer: lbfgs(), signal: true as never })).toThrow(
      /"signal" expected an AbortSignal/,
    );
  });

  it.each([...forFunctions.map(({ name, make }): [string, () => Optimizer] => [name, () => make()]), ...firstOrder])(
    "%s: a second search with one optimizer is the same as the first, whatever the size of another between them",
    (_, make) => {
      const optimizer = make();
      const first = minimize(f, [-1.2, 1], { optimizer, maxSteps: 7 });
      minimize({ value: ([x]) => x * x, gradient: ([x]) => [2 * x], hessian: () => [[2]] }, [3], {
        optimizer,
        maxSteps: 3,
      });
      expect(minimize(f, [-1.2, 1], { optimizer, maxSteps: 7 })).toEqual(first);
    },
  );
});
