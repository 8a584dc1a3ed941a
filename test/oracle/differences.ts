/**
 * Derivatives by central differences at two steps, combined so that the error of order h² cancels
 * (Richardson).
 */

import { loss } from "./network.js";
import type { NetworkSpec, Options, Targets } from "./spec.js";

/** f′(x) with an error of order h⁴ plus rounding of about 1e-16·|f|/h. */
export function derivative(f: (x: number) => number, x: number, h = 1e-4): number {
  const central = (step: number) => {
    const above = x + step;
    const below = x - step;
    return (f(above) - f(below)) / (above - below);
  };
  return (4 * central(h / 2) - central(h)) / 3;
}

/** The gradient of any function of several variables. */
export function differences(f: (x: number[]) => number, x: ArrayLike<number>, h = 1e-4): number[] {
  const at = Array.from(x);
  return at.map((value, k) =>
    derivative(
      (moved) => {
        const point = at.slice();
        point[k] = moved;
        return f(point);
      },
      value,
      h,
    ),
  );
}

/** The Jacobian of any vector function, rows = components of f. */
export function jacobianDifferences(f: (x: number[]) => number[], x: ArrayLike<number>, h = 1e-4): number[][] {
  const at = Array.from(x);
  const shifted = (k: number, amount: number) => {
    const point = at.slice();
    point[k] += amount;
    return f(point);
  };
  const columns = at.map((_, k) => {
    const [a, b, c, d] = [h, -h, h / 2, -h / 2].map((amount) => shifted(k, amount));
    return a.map((_, i) => (4 * ((c[i] - d[i]) / h) - (a[i] - b[i]) / (2 * h)) / 3);
  });
  return columns.length === 0 ? [] : columns[0].map((_, i) => columns.map((column) => column[i]));
}

/** The gradient of the network's objective, from values of the objective alone. */
export function numericalGradient(
  spec: NetworkSpec,
  θ: ArrayLike<number>,
  X: number[][],
  Y: Targets,
  options: Options = {},
  h = 1e-4,
): number[] {
  return differences((point) => loss(spec, point, X, Y, options), θ, h);
}
