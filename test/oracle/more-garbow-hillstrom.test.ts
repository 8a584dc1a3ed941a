// Oracles: MINPACK's test output (norms of the residuals at the published starts and at minima),
// the same residuals in 100-digit arithmetic (fixtures), published minima, central differences.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { differences, jacobianDifferences } from "./differences.js";
import { type Problem, problemNamed, problems } from "./more-garbow-hillstrom.mjs";

const fixture: { items: { name: string; start: number }[] } = JSON.parse(
  readFileSync(new URL("../fixtures/more-garbow-hillstrom.json", import.meta.url), "utf8"),
);

/** √f, at the start and at the minimum that MINPACK's lmder reaches from there, in seven digits. */
const minpack: [name: string, start: number, least: number][] = [
  ["Rosenbrock", 4.91935, 0],
  ["helical valley", 50, 0],
  ["Powell singular", 14.66288, 0],
  ["Freudenstein and Roth", 20.0125, 6.998875],
  ["Bard", 6.456136, 0.09063596],
  ["Kowalik and Osborne", 0.07289151, 0.01753584],
  ["Meyer", 41153.47, 9.377945],
  ["Watson, n = 6", 5.477226, 0.04782959],
  ["Watson, n = 9", 5.477226, 0.001183115],
  ["Watson, n = 12", 5.477226, 2.173104e-5],
  ["Box three-dimensional", 32.11158, 0],
  ["Jennrich and Sampson", 64.58565, 11.15178],
  ["Brown and Dennis", 2815.438, 292.9543],
  ["Chebyquad, n = 8", 0.1965139, 0.05930324],
  ["Chebyquad, n = 9", 0.1699499, 0],
  ["Chebyquad, n = 10", 0.1837478, 0.0806471],
  ["Brown almost-linear", 16.53022, 0],
  ["Osborne 1", 0.937564, 0.007392493],
  ["Osborne 2", 1.446865, 0.200344],
];

const largest = (values: Iterable<number>) => Math.max(...Array.from(values, Math.abs));
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => largest(Array.from(a, (x, k) => x - b[k]));

/** In units of the start's coordinates, so that differences in equal steps suit each variable. */
function scaled({ x0, residuals, value, gradient, jacobian, hessian }: Problem) {
  const unit = x0.map((x) => Math.abs(x) || 1);
  const at = (y: ArrayLike<number>) => unit.map((u, k) => u * y[k]);
  return {
    start: x0.map((x, k) => x / unit[k]),
    residuals: (y: number[]) => Array.from(residuals(at(y))),
    value: (y: number[]) => value(at(y)),
    gradient: (y: number[]) => Array.from(gradient(at(y)), (g, k) => g * unit[k]),
    jacobian: (y: number[]) => jacobian(at(y)).map((row) => row.map((d, k) => d * unit[k])),
    hessian: (y: number[]) => hessian(at(y)).map((row, i) => row.map((d, k) => d * unit[i] * unit[k])),
  };
}

describe("the problems of Moré, Garbow and Hillstrom", () => {
  it("all 35 are there, each once by name", () => {
    expect([...new Set(problems.map(({ number }) => number))]).toEqual(Array.from({ length: 35 }, (_, k) => k + 1));
    expect(new Set(problems.map(({ name }) => name)).size).toBe(problems.length);
  });

  it.each(minpack)("%s, against MINPACK's output", (name, start, least) => {
    const { x0, value, minima } = problemNamed(name);
    expect(Math.abs(Math.sqrt(value(x0)) / start - 1)).toBeLessThan(5e-7);
    expect(minima.some((minimum) => Math.abs(Math.sqrt(minimum.value) - least) <= 5e-7 * least)).toBe(true);
  });

  it.each(problems)("$name: the start's value, in 100 digits", ({ name, x0, value }) => {
    const expected = fixture.items.find((item) => item.name === name)!.start;
    expect(Math.abs(value(x0) / expected - 1)).toBeLessThan(1e-11);
  });

  it.each(problems)("$name: derivatives, by differences", (problem) => {
    const { start, ...f } = scaled(problem);
    const x = start.map((s, k) => s + 0.01 * (1 + (k % 3))); // away from zeros and equal coordinates
    const J = f.jacobian(x);
    const rows = jacobianDifferences(f.residuals, x, 1e-3);
    const size = 1 + largest(J.flat());
    expect(distance(J.flat(), rows.flat())).toBeLessThan(1e-7 * size);

    const r = f.residuals(x);
    const g = x.map((_, k) => 2 * r.reduce((total, value, i) => total + value * J[i][k], 0));
    const total = largest(r) * size * r.length;
    expect(distance(f.gradient(x), g)).toBeLessThan(1e-14 * total);
    expect(distance(f.gradient(x), differences(f.value, x, 1e-3))).toBeLessThan(1e-7 * total);

    const H = f.hessian(x);
    const columns = jacobianDifferences(f.gradient, x, 1e-3);
    expect(distance(H.flat(), columns.flat())).toBeLessThan(1e-7 * (1 + largest(H.flat())));
  });

  it.each(problems)("$name: products with the Hessian", ({ x0, hessian, hvp }) => {
    const v = x0.map((_, k) => Math.cos(k));
    const expected = hessian(x0).map((row) => row.reduce((total, h, j) => total + h * v[j], 0));
    expect(Array.from(hvp(x0, v))).toEqual(expected);
  });

  const located = problems.flatMap(({ name, minima, value, jacobian, residuals, gradient }) =>
    minima.flatMap((minimum) =>
      minimum.x ? [{ name, least: minimum.value, x: minimum.x, value, jacobian, residuals, gradient }] : [],
    ),
  );
  it.each(located)("$name: $least is the value where the gradient is 0", (problem) => {
    const { least, x, value, jacobian, residuals, gradient } = problem;
    // What the rounding of x alone does to residuals, and through them to the value and the
    // gradient.
    const J = jacobian(x);
    const rounding = 1e-15 * largest(J.flatMap((row) => row.map((d, k) => d * Math.max(1, Math.abs(x[k])))));
    const size = Math.max(largest(residuals(x)), rounding);
    expect(Math.abs(value(x) - least)).toBeLessThanOrEqual(
      J.length * (2 * size * rounding + rounding ** 2) + 1e-15 * least,
    );
    const slopes = x.map((_, k) => largest(J.map((row) => row[k])));
    gradient(x).forEach((g, k) => {
      expect(Math.abs(g)).toBeLessThanOrEqual(
        1e-300 + 4 * J.length * (slopes[k] + 1) * Math.max(rounding, 1e-16 * size),
      );
    });
  });

  it("published values are the refined ones in six digits", () => {
    for (const { minima } of problems)
      for (const { value, published } of minima)
        if (published !== null) expect(Math.abs(value - published)).toBeLessThanOrEqual(6e-6 * published);
  });
});
