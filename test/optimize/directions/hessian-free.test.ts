// Oracle: the objective in another unit, a power of two, whose steps are the same to the bit.

import { expect, it } from "vitest";
import { hessianFree, minimize } from "../../../src/index.js";

const residuals = (unit: number) => ({
  residuals: ([a, b, c]: Float64Array) => [1, 2, 3, 4, 5].map((t) => unit * (a * Math.exp(-b * t) + c * t - 1 / t)),
  jacobian: ([a, b]: Float64Array) =>
    [1, 2, 3, 4, 5].map((t) => {
      const e = Math.exp(-b * t);
      return [unit * e, -unit * a * t * e, unit * t];
    }),
});

it.each([2 ** -30, 2 ** -10, 2 ** 10, 2 ** 30])("damping does not depend on the unit %s of the residuals", (unit) => {
  const end = (of: number) => minimize(residuals(of), [1, 0.5, 0.1], { optimizer: hessianFree(), maxSteps: 12 });
  const [one, other] = [end(1), end(unit)];
  expect(other.status).toBe(one.status);
  expect(other.steps).toBe(one.steps);
  for (let i = 0; i < 3; ++i) expect(other.x[i]).toBeCloseTo(one.x[i], 8);
});
