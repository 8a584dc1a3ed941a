// Oracle: the same problem in other units. Statuses and points agree, but where rounding decides
// between two ends: in powers of two, which change no rounding of the caller's, for at most one
// problem, in powers of ten for at most two. Methods without scales of their own take the same
// steps to the bit.

import { beforeAll, describe, expect, it } from "vitest";
import {
  gaussNewton,
  hessianFree,
  init,
  type LeastSquares,
  lbfgs,
  levenbergMarquardt,
  matrix,
  minimize,
  newton,
  type Optimizer,
  type SmoothFunction,
  saddleFreeNewton,
  trustRegion,
} from "../../src/index.js";
import { problems } from "../oracle/more-garbow-hillstrom.mjs";

beforeAll(() => init({ simd: "strict" }));

type Problem = (typeof problems)[number];
const chosen = problems.filter(({ x0 }) => x0.length <= 12).slice(0, 16);

/** z of the caller, x = D·z of the problem; values times a unit. */
type Form = (problem: Problem, unit: number, d: readonly number[]) => SmoothFunction | LeastSquares;

const smooth: Form = (p, unit, d) => {
  const to = (z: ArrayLike<number>) => Array.from(z, (value, i) => value * d[i]);
  return {
    value: (z) => unit * p.value(to(z)),
    gradient: (z) => Array.from(p.gradient(to(z)), (g, i) => unit * g * d[i]),
    hessian: (z) => matrix(p.hessian(to(z)).map((row, i) => Array.from(row, (h, j) => unit * h * d[i] * d[j]))),
    hvp: (z, v) => Array.from(p.hvp(to(z), to(v)), (h, i) => unit * h * d[i]),
  };
};

/** `unit` is that of the residuals here. */
const squares: Form = (p, unit, d) => {
  const to = (z: ArrayLike<number>) => Array.from(z, (value, i) => value * d[i]);
  return {
    residuals: (z) => Array.from(p.residuals(to(z)), (r) => unit * r),
    jacobian: (z) => matrix(p.jacobian(to(z)).map((row) => Array.from(row, (x, j) => unit * x * d[j]))),
  };
};

interface Row {
  readonly name: string;
  readonly make: () => Optimizer;
  readonly form: Form;
  /** Whether each parameter may have a unit of its own; else all have one in common. */
  readonly each: boolean;
}

const rows: Row[] = [
  { name: "newton", make: newton, form: smooth, each: true },
  { name: "saddleFreeNewton", make: saddleFreeNewton, form: smooth, each: true },
  { name: "trustRegion", make: trustRegion, form: smooth, each: true },
  { name: "gaussNewton", make: gaussNewton, form: squares, each: true },
  { name: "levenbergMarquardt", make: levenbergMarquardt, form: squares, each: true },
  { name: "lbfgs", make: lbfgs, form: smooth, each: false },
  { name: "trustRegion, products", make: () => trustRegion({ products: true }), form: smooth, each: false },
  { name: "hessianFree", make: hessianFree, form: squares, each: false },
];

function solved({ make, form }: Row, problem: Problem, unit: number, d: readonly number[]) {
  const start = problem.x0.map((value, i) => value / d[i]);
  const { status, steps, x } = minimize(form(problem, unit, d), start, { optimizer: make(), maxSteps: 300 });
  return { name: problem.name, status, steps, x: Array.from(x, (value, i) => value * d[i]) };
}

/** D: a unit for each parameter, or one for all. */
const diagonal = (problem: Problem, each: boolean, base: number): number[] =>
  problem.x0.map((_, i) => (each ? [base, 1 / base, 1][i % 3] : base));

describe.each(rows)("$name", (row) => {
  const own = () => chosen.map((problem) => solved(row, problem, 1, diagonal(problem, false, 1)));

  it.each([
    ["objective × 2^−30", 2 ** -30, 1, 1],
    ["objective × 2^30", 2 ** 30, 1, 1],
    ["parameters in units of 2^±20", 1, 2 ** 20, 1],
    ["both", 2 ** -30, 2 ** -20, 1],
    ["objective × 1e-9", 1e-9, 1, 2],
    ["objective × 1e9", 1e9, 1, 2],
    ["parameters in units of 1e±6", 1, 1e6, 2],
    ["both", 1e-9, 1e-6, 2],
  ])("%s", (_, unit, base, most) => {
    const found = chosen.map((problem) => solved(row, problem, unit, diagonal(problem, row.each, base)));
    const before = own();
    if (!row.each && most === 1) expect(found).toEqual(before);
    const others = found.filter(({ status }, i) => status !== before[i].status);
    expect(others.length, others.map(({ name, status }) => `${name}: ${status}`).join()).toBeLessThanOrEqual(most);
    found.forEach(({ name, status, x }, i) => {
      if (status !== "converged" || before[i].status !== status) return;
      // A flat minimum lets a point lie anywhere on it: values agree.
      const [a, b] = [x, before[i].x].map((point) => chosen[i].value(point));
      expect(Math.abs(a - b), name).toBeLessThanOrEqual(1e-8 * (chosen[i].value(chosen[i].x0) + Math.abs(b)));
    });
  });
});
