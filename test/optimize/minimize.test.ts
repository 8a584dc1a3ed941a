// Oracles: published minima of Moré, Garbow and Hillstrom's problems with exact derivatives; the
// caller's functions, which count their calls.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  gaussNewton,
  hessianFree,
  init,
  kfac,
  type LeastSquares,
  lbfgs,
  levenbergMarquardt,
  type MinimizeRecord,
  matrix,
  minimize,
  newton,
  type Optimizer,
  type Result,
  type SmoothFunction,
  saddleFreeNewton,
  sgd,
  symmetric,
  trustRegion,
} from "../../src/index.js";
import { type Problem, problemNamed, problems } from "../oracle/more-garbow-hillstrom.mjs";
import { builds } from "../support.js";
import { forFunctions } from "./methods.js";

const smooth = ({ value, gradient, hessian, hvp }: Problem): SmoothFunction => ({ value, gradient, hessian, hvp });

/** Half the sum of squares is f then. */
const squares = ({ residuals, jacobian }: Problem): LeastSquares => ({
  residuals: (x) => residuals(x).map((r) => Math.SQRT2 * r),
  jacobian: (x) => jacobian(x).map((row) => row.map((d) => Math.SQRT2 * d)),
});

function isMinimum({ value, minima }: Problem, x: ArrayLike<number>): boolean {
  return minima.some((minimum) => Math.abs(value(x) - minimum.value) <= 1e-8 * (1 + minimum.value));
}

/** Those whose exact Hessians take no more than a moment. */
const quick = problems.filter(({ n, m }) => n * n * m <= 1000);

describe.each(builds)("the problems of Moré, Garbow and Hillstrom, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("trustRegion ends at a known minimum of each", () => {
    const missed = problems.filter((problem) => {
      const { x, status } = minimize(smooth(problem), problem.x0, { optimizer: trustRegion() });
      return status !== "converged" || !isMinimum(problem, x);
    });
    expect(missed.map(({ name }) => name)).toEqual([]);
  }, 60_000);

  // Meyer's is the worst scaled of all.
  it.each<[string, () => Optimizer, (problem: Problem) => SmoothFunction | LeastSquares, string[]]>([
    ["trustRegion, products", () => trustRegion({ products: true }), smooth, ["Meyer"]],
    ["newton", () => newton(), smooth, []],
    ["saddleFreeNewton", () => saddleFreeNewton(), smooth, []],
    ["lbfgs", () => lbfgs(), smooth, ["Meyer"]],
    ["levenbergMarquardt", () => levenbergMarquardt(), squares, []],
  ])("%s does within 300 steps", (_, make, objective, hard) => {
    const missed = quick.filter((problem) => {
      const { x } = minimize(objective(problem), problem.x0, { optimizer: make(), maxSteps: 300 });
      return !isMinimum(problem, x);
    });
    expect(missed.map(({ name }) => name).filter((name) => !hard.includes(name))).toEqual([]);
  });

  it.each(forFunctions)("$name ends nowhere above its start", ({ make, squares: stands }) => {
    for (const problem of quick) {
      const f = stands ? squares(problem) : smooth(problem);
      const { x, status, reason, value } = minimize(f, problem.x0, { optimizer: make(), maxSteps: 25 });
      expect(x.every(Number.isFinite)).toBe(true);
      expect(["converged", "max-steps", "stalled"]).toContain(status);
      expect(reason).not.toBe("");
      expect(problem.value(x)).toBeLessThanOrEqual(problem.value(problem.x0));
      expect(Math.abs(value - problem.value(x))).toBeLessThanOrEqual(1e-12 * value);
    }
  });
});

/** Counts the calls of each function. */
function counted<F extends SmoothFunction | LeastSquares>(f: F): { f: F; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const entries = Object.entries(f).map(([name, call]) => {
    calls[name] = 0;
    return [
      name,
      (...args: unknown[]) => {
        calls[name]++;
        return (call as (...given: unknown[]) => unknown)(...args);
      },
    ];
  });
  return { f: Object.fromEntries(entries) as F, calls };
}

const rosenbrock = problemNamed("Rosenbrock");

describe("evaluations", () => {
  it.each(forFunctions)("$name: as often as the functions were called", ({ make }) => {
    const { value, gradient, hessian, hvp } = rosenbrock;
    for (const given of [
      { value, gradient, hessian, hvp },
      { value, gradient, hessian },
      { value, gradient, hvp },
    ]) {
      const { f, calls } = counted<SmoothFunction>(given);
      const { evaluations, steps } = minimize(f, [-1.2, 1], { optimizer: make(), maxSteps: 12 });
      expect(steps).toBe(12);
      // Result.value is looked up once more at the end.
      expect(evaluations.value).toBe(calls.value - 1);
      expect(evaluations.gradient).toBe(calls.gradient);
      if (calls.hvp === undefined) expect(evaluations.hessian + evaluations.hvp > 0).toBe(calls.hessian > 0);
      else if (calls.hessian === undefined) expect(evaluations.hvp + 2 * evaluations.hessian).toBe(calls.hvp);
      else expect([evaluations.hessian, evaluations.hvp]).toEqual([calls.hessian, calls.hvp]);
    }
  });

  it.each(forFunctions.filter(({ squares: stands }) => stands))("$name: of residuals and Jacobian", ({ make }) => {
    const { f, calls } = counted(squares(rosenbrock));
    const { evaluations } = minimize(f, [-1.2, 1], { optimizer: make(), maxSteps: 5 });
    // What was computed at a point is not asked for there again.
    expect(calls.residuals).toBeLessThanOrEqual(evaluations.value + 1);
    expect(calls.residuals).toBeGreaterThan(5);
    expect(calls.jacobian).toBe(evaluations.gradient);
  });

  it("what a method does not need is not called", () => {
    const fail = (): never => {
      throw new Error("not asked for");
    };
    const { value, gradient, hessian, hvp, residuals, jacobian } = rosenbrock;
    const all = { maxSteps: 3 };
    minimize({ value, gradient, hessian: fail, hvp: fail }, [-1.2, 1], { ...all, optimizer: lbfgs() });
    minimize({ value, gradient, hessian: fail, hvp: fail }, [-1.2, 1], { ...all, optimizer: adam() });
    minimize({ value, gradient, hessian, hvp: fail }, [-1.2, 1], { ...all, optimizer: newton() });
    minimize({ value, gradient, hessian: fail, hvp }, [-1.2, 1], {
      ...all,
      optimizer: trustRegion({ products: true }),
    });
    for (const optimizer of [
      gaussNewton(),
      levenbergMarquardt(),
      hessianFree(),
      lbfgs(),
      sgd({ learningRate: 1e-4 }),
    ]) {
      minimize({ residuals, jacobian, hessian: fail, hvp: fail }, [-1.2, 1], { ...all, optimizer });
    }
  });

  it("a gradient taken to look ahead serves the step that starts there", () => {
    const { f, calls } = counted(smooth(rosenbrock));
    const { steps, evaluations } = minimize(f, [-1.2, 1], { optimizer: lbfgs(), maxSteps: 10 });
    let trials = 0;
    minimize(smooth(rosenbrock), [-1.2, 1], {
      optimizer: lbfgs(),
      maxSteps: 10,
      onStep: (record) => {
        trials = record.evaluations.gradient;
        return false;
      },
    });
    expect(steps).toBe(10);
    expect(evaluations.gradient).toBe(trials);
    expect(calls.gradient).toBe(trials);
  });
});

describe("options and records", () => {
  const f = smooth(rosenbrock);

  it.each(forFunctions)("$name: onStep sees each step once, and may end the search", ({ make }) => {
    const records: MinimizeRecord[] = [];
    const result = minimize(f, [-1.2, 1], {
      optimizer: make(),
      maxSteps: 6,
      onStep: (record) => {
        records.push(record);
        return false;
      },
    });
    expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(records[0].value).toBe(rosenbrock.value([-1.2, 1]));
    expect(records[0].gradientNorm).toBeCloseTo(Math.hypot(...rosenbrock.gradient([-1.2, 1])), 8);
    expect(records.at(-1)?.evaluations.gradient).toBeLessThanOrEqual(result.evaluations.gradient);
    for (const { accepted, stepNorm } of records) {
      expect(accepted).toBe(true);
      expect(stepNorm).toBeGreaterThan(0);
    }
    let calls = 0;
    const aborted = minimize(f, [-1.2, 1], { optimizer: make(), onStep: () => ++calls === 3 });
    expect([aborted.status, aborted.steps, calls]).toEqual(["aborted", 3, 3]);
    expect(aborted.value).toBeLessThanOrEqual(records[2].value);
    expect(aborted.reason).toContain("3 steps");
  });

  it.each(forFunctions)("$name: no steps at all", ({ make }) => {
    const { x, steps, status, value, gradientNorm } = minimize(f, [-1.2, 1], { optimizer: make(), maxSteps: 0 });
    expect([Array.from(x), steps, status]).toEqual([[-1.2, 1], 0, "max-steps"]);
    expect(value).toBe(rosenbrock.value([-1.2, 1]));
    expect(gradientNorm).toBeCloseTo(Math.hypot(...rosenbrock.gradient([-1.2, 1])), 8);
  });

  it.each(forFunctions.filter(({ name }) => !name.includes("half") && !name.includes("gradient")))(
    "$name: the tolerance is an accuracy relative to the value",
    ({ make, squares: stands, name }) => {
      // A minimum of 0.00821: the model's decrease is at most tolerance² of that, and so is what is
      // left, but for higher derivatives.
      const bard = problemNamed("Bard");
      const g = stands ? squares(bard) : smooth(bard);
      const left = [1e-1, 1e-3, 1e-5].map((tolerance) => {
        const { status, x, reason } = minimize(g, bard.x0, { optimizer: make(), tolerance, maxSteps: 3000 });
        expect([status, reason]).toEqual(["converged", expect.any(String)]);
        const share = bard.value(x) / bard.minima[0].value - 1;
        // Far from the minimum an estimate of the curvature has little to say.
        const estimated = name.includes("lbfgs") || name.includes("Free");
        if (!estimated || tolerance < 0.1) expect(share).toBeLessThan(4 * tolerance ** 2 + 1e-13);
        return share;
      });
      expect(left[2]).toBeLessThanOrEqual(left[0] + 1e-13);
    },
  );

  it("the tolerance is 1e-8 where none is given", () => {
    const bard = problemNamed("Bard");
    const run = (options: { tolerance?: number }) => {
      const { reason, steps, x } = minimize(squares(bard), bard.x0, { optimizer: levenbergMarquardt(), ...options });
      return { reason, steps, x };
    };
    expect(run({})).toEqual(run({ tolerance: 1e-8 }));
    expect(run({}).reason).toContain("tolerance 1e-8");
  });

  it("step, trial and record agree: gain ratio, radius, damping", () => {
    const seen: MinimizeRecord[] = [];
    minimize(f, [-1.2, 1], {
      optimizer: trustRegion({ initialRadius: 0.1 }),
      maxSteps: 5,
      onStep: (record) => void seen.push(record),
    });
    expect(seen[0].stepNorm).toBeCloseTo(0.1, 8);
    expect(seen.every(({ gainRatio, radius }) => Number(gainRatio) > 0 && Number(radius) > 0)).toBe(true);
    const damped: MinimizeRecord[] = [];
    minimize(squares(rosenbrock), [-1.2, 1], {
      optimizer: levenbergMarquardt({ mu: 0.5 }),
      maxSteps: 5,
      onStep: (record) => void damped.push(record),
    });
    expect(damped.every(({ damping, gainRatio }) => Number(damping) > 0 && Number(gainRatio) > 0)).toBe(true);
    expect(damped[0]).not.toHaveProperty("radius");
  });

  it("a Hessian comes as rows, as a matrix or as a symmetric one", () => {
    const { value, gradient, hessian } = rosenbrock;
    const ends = [hessian, (x: Float64Array) => matrix(hessian(x)), (x: Float64Array) => symmetric(hessian(x))].map(
      (given) => Array.from(minimize({ value, gradient, hessian: given }, [-1.2, 1], { optimizer: newton() }).x),
    );
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
  });

  it("arrays that the functions are given are theirs to keep, and to spoil", () => {
    const { value, gradient, hessian, hvp } = rosenbrock;
    const spoil =
      <T>(call: (x: Float64Array) => T) =>
      (x: Float64Array): T => {
        const result = call(x);
        x.fill(Number.NaN);
        return result;
      };
    for (const { make } of forFunctions) {
      const clean = minimize({ value, gradient, hessian, hvp }, [-1.2, 1], { optimizer: make(), maxSteps: 8 });
      const spoiled = minimize(
        {
          value: spoil(value),
          gradient: spoil(gradient),
          hessian: spoil(hessian),
          hvp: (x, v) => spoil((y) => hvp(y, v))(x),
        },
        [-1.2, 1],
        { optimizer: make(), maxSteps: 8 },
      );
      expect(Array.from(spoiled.x)).toEqual(Array.from(clean.x));
    }
  });

  it("the start is not changed, and x is the caller's", () => {
    const start = Float64Array.of(-1.2, 1);
    const { x } = minimize(f, start, { optimizer: newton(), maxSteps: 2 });
    expect(Array.from(start)).toEqual([-1.2, 1]);
    x.fill(0);
    expect(Array.from(minimize(f, start, { optimizer: newton(), maxSteps: 0 }).x)).toEqual([-1.2, 1]);
  });

  it("the same bits each time", () => {
    const ends = [1, 2].map(() =>
      forFunctions.map(({ make }): Result => minimize(f, [-1.2, 1], { optimizer: make(), maxSteps: 9 })),
    );
    expect(ends[1]).toEqual(ends[0]);
  });

  it("weight decay is part of what is minimised, and not of the value", () => {
    for (const { make, name } of forFunctions) {
      if (name.includes("half")) continue;
      const bowl: LeastSquares = {
        residuals: ([a, b]) => [a - 1, 2 * b - 4],
        jacobian: () => [
          [1, 0],
          [0, 2],
        ],
        hessian: () => [
          [1, 0],
          [0, 4],
        ],
      };
      const { x, value } = minimize(bowl, [5, 5], { optimizer: make({ weightDecay: 0.5 }), maxSteps: 500 });
      // (1 + ½)·a = 1, (4 + ½)·b = 8.
      expect(x[0]).toBeCloseTo(2 / 3, 5);
      expect(x[1]).toBeCloseTo(16 / 9, 5);
      expect(value).toBeCloseTo(0.5 * ((2 / 3 - 1) ** 2 + (32 / 9 - 4) ** 2), 5);
    }
  });
});

describe("refuses", () => {
  const { value, gradient, hessian, residuals, jacobian } = rosenbrock;
  const plain = { value, gradient };

  it.each<[string, () => unknown, typeof TypeError, string]>([
    [
      "no function",
      () => minimize(null as never, [1], { optimizer: newton() }),
      TypeError,
      'minimize: "f" expected an object',
    ],
    [
      "no value",
      () => minimize({ gradient } as never, [1, 1], { optimizer: lbfgs() }),
      TypeError,
      '"f.value" expected a function',
    ],
    [
      "no Jacobian",
      () => minimize({ residuals, jacobian: [] } as never, [1, 1], { optimizer: lbfgs() }),
      TypeError,
      '"f.jacobian"',
    ],
    [
      "both forms",
      () => minimize({ ...plain, residuals, jacobian } as never, [1, 1], { optimizer: lbfgs() }),
      RangeError,
      "either value and gradient or residuals and jacobian",
    ],
    [
      "a function of another name",
      () => minimize({ ...plain, hessain: hessian } as never, [1, 1], { optimizer: lbfgs() }),
      TypeError,
      'did you mean "hessian"?',
    ],
    ["a start of nothing", () => minimize(plain, [], { optimizer: lbfgs() }), RangeError, "at least one number"],
    [
      "a start of NaN",
      () => minimize(plain, [1, Number.NaN], { optimizer: lbfgs() }),
      RangeError,
      "finite numbers, got NaN at index 1",
    ],
    ["a start of words", () => minimize(plain, "ab" as never, { optimizer: lbfgs() }), TypeError, '"x0"'],
    ["no optimizer", () => minimize(plain, [1, 1], {} as never), TypeError, "an optimizer, as in adam()"],
    [
      "an unknown option",
      () => minimize(plain, [1, 1], { optimizer: lbfgs(), steps: 3 } as never),
      TypeError,
      'unknown option "steps"',
    ],
    ["half a step", () => minimize(plain, [1, 1], { optimizer: lbfgs(), maxSteps: 0.5 }), RangeError, '"maxSteps"'],
    [
      "a negative tolerance",
      () => minimize(plain, [1, 1], { optimizer: lbfgs(), tolerance: -1 }),
      RangeError,
      '"tolerance"',
    ],
    [
      "newton without a Hessian",
      () => minimize(plain, [1, 1], { optimizer: newton() }),
      RangeError,
      "add hessian or hvp, or use lbfgs()",
    ],
    [
      "trustRegion without products",
      () => minimize(plain, [1, 1], { optimizer: trustRegion({ products: true }) }),
      RangeError,
      "hessian or hvp",
    ],
    [
      "gaussNewton without residuals",
      () => minimize(plain, [1, 1], { optimizer: gaussNewton() }),
      RangeError,
      "residuals and jacobian",
    ],
    [
      "hessianFree without residuals",
      () => minimize(plain, [1, 1], { optimizer: hessianFree() }),
      RangeError,
      "residuals and jacobian",
    ],
    [
      "kfac",
      () => minimize({ ...plain, hessian }, [1, 1], { optimizer: kfac() }),
      RangeError,
      "kfac, which needs a network's layers",
    ],
    [
      "a value that is none",
      () => minimize({ value: () => "1" as never, gradient }, [1, 1], { optimizer: lbfgs() }),
      TypeError,
      "a number in return",
    ],
    [
      "a gradient too short",
      () => minimize({ value, gradient: () => [1] }, [1, 1], { optimizer: lbfgs() }),
      RangeError,
      "2 numbers in return",
    ],
    [
      "a Hessian too large",
      () => minimize({ ...plain, hessian: () => [[1]] }, [1, 1], { optimizer: newton() }),
      RangeError,
      "2 rows",
    ],
    [
      "a Jacobian too narrow",
      () => minimize({ residuals, jacobian: () => [[1], [1]] }, [1, 1], { optimizer: lbfgs() }),
      RangeError,
      "2 columns",
    ],
    [
      "a Jacobian with a row too many",
      () =>
        minimize(
          {
            residuals,
            jacobian: () => [
              [1, 0],
              [0, 1],
              [1, 1],
            ],
          },
          [1, 1],
          { optimizer: levenbergMarquardt() },
        ),
      RangeError,
      '"f.jacobian" expected 2 rows, one a residual, got 3',
    ],
    [
      "residuals that change their number",
      () => {
        let calls = 0;
        const growing = () => new Array(++calls).fill(1);
        return minimize({ residuals: growing, jacobian: () => [[1, 1]] }, [1, 1], { optimizer: gaussNewton() });
      },
      RangeError,
      '"f.residuals" expected 1 numbers in return, as before, got 2',
    ],
    [
      "no Hessian in return",
      () => minimize({ ...plain, hessian: () => undefined as never }, [1, 1], { optimizer: newton() }),
      TypeError,
      "an array of rows or a matrix, got undefined",
    ],
    [
      "a Hessian that is not symmetric",
      () =>
        minimize(
          {
            ...plain,
            hessian: () => [
              [1, 2],
              [0, 1],
            ],
          },
          [1, 1],
          { optimizer: newton() },
        ),
      RangeError,
      "a symmetric matrix",
    ],
    [
      "onStep that is no function",
      () => minimize(plain, [1, 1], { optimizer: lbfgs(), onStep: "log" as never }),
      TypeError,
      'minimize: "onStep" expected a function',
    ],
    ["progress no solve can make", () => hessianFree({ progress: 1 }), RangeError, "a number in [0, 1)"],
  ])("%s", (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  it("and an optimizer that was refused, or whose function threw, is free again", () => {
    const optimizer = newton();
    expect(() => minimize(plain, [1, 1], { optimizer })).toThrow(RangeError);
    const broken = {
      value,
      gradient,
      hessian: () => {
        throw new Error("out of order");
      },
    };
    expect(() => minimize(broken, [-1.2, 1], { optimizer })).toThrow("out of order");
    expect(minimize({ ...plain, hessian }, [-1.2, 1], { optimizer }).status).toBe("converged");
  });

  it("a search within a search needs an optimizer of its own", () => {
    const optimizer = lbfgs();
    const nested = {
      value: (x: Float64Array) => minimize(plain, x, { optimizer, maxSteps: 1 }).value,
      gradient,
    };
    expect(() => minimize(nested, [-1.2, 1], { optimizer })).toThrow(/serves no other run/);
    const own = { value: (x: Float64Array) => minimize(plain, x, { optimizer: lbfgs(), maxSteps: 1 }).value, gradient };
    expect(minimize(own, [-1.2, 1], { optimizer: lbfgs(), maxSteps: 2 }).steps).toBeLessThanOrEqual(2);
  });
});
