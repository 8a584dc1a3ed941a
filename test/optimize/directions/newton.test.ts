// Oracle: the changed matrices put together from Jacobi's eigenvectors and solved by elimination.

import { describe, expect, it } from "vitest";
import { isEnd, type Model } from "../../../src/optimize/directions/direction.js";
import { type Indefinite, NewtonDirection } from "../../../src/optimize/directions/newton.js";
import { Random } from "../../cases.js";
import { jacobi } from "../../oracle/jacobi.js";
import { inner, type Rows, solve, times, withSpectrum } from "../../oracle/spectra.js";
import { distance } from "../../support.js";
import { localAt, quadratic } from "../local.js";

const spectra: [string, number[]][] = [
  ["definite", [0.5, 1, 2, 7]],
  ["one number", [3]],
  ["one negative number", [-3]],
  ["indefinite", [-2, -0.5, 1, 4, 9]],
  ["negative definite", [-5, -3, -1]],
  ["two alike, indefinite", [-1, -1, 2, 2]],
  ["badly scaled, indefinite", [-1e-3, 1e-2, 1, 1e4]],
];

function modelOf(indefinite: Indefinite, H: Rows, g: number[]): Model {
  const model = new NewtonDirection(indefinite).model(localAt(quadratic(H, g), new Float64Array(g.length)));
  if (isEnd(model)) throw new Error(model.reason);
  return model;
}

/** H with its eigenvalues changed, and damping added. */
function changed(H: Rows, change: (value: number, values: number[]) => number, damping: number): Rows {
  const { values, vectors } = jacobi(H);
  return H.map((row, i) =>
    row.map((_, j) =>
      vectors.reduce((sum, v, k) => sum + change(values[k], values) * v[i] * v[j], i === j ? damping : 0),
    ),
  );
}

const largest = (values: number[]): number => Math.max(...values.map(Math.abs));
const changes: Record<"shift" | "abs" | "clip", (value: number, values: number[]) => number> = {
  shift: (value, values) => value + Math.max(0, 1e-8 * largest(values) - values[0]),
  abs: (value) => Math.abs(value),
  clip: (value, values) => Math.max(value, 1e-8 * largest(values)),
};

describe.each(spectra)("%s", (_, spectrum) => {
  const H = withSpectrum(spectrum, 3);
  const g = new Random(8).normals(spectrum.length);
  const definite = spectrum[0] > 0;

  it.each(["shift", "abs", "clip"] as const)("%s", (indefinite) => {
    for (const damping of [0, 0.3]) {
      const proposal = modelOf(indefinite, H, g).damped(damping)!;
      const B = changed(H, definite ? (value) => value : changes[indefinite], 0);
      const damped = B.map((row, i) => row.map((value, j) => value + (i === j ? damping : 0)));
      const expected = solve(damped, g).map((x) => -x);
      // What is clipped or shifted to 1e-8 of the largest is known to eight digits less.
      const tolerance = definite || indefinite === "abs" || damping > 0 ? 1e-9 : 1e-6;
      expect(distance(proposal.step, expected)).toBeLessThan(tolerance);
      expect(Math.abs(proposal.slope / inner(g, expected) - 1)).toBeLessThan(tolerance);
      const fall = -inner(g, expected) - 0.5 * inner(expected, times(B, expected));
      expect(Math.abs(proposal.decrease / fall - 1)).toBeLessThan(10 * tolerance);
    }
  });

  it("gradient", () => {
    const { step, slope, decrease } = modelOf("gradient", H, g).damped(0)!;
    const expected = definite ? solve(H, g).map((x) => -x) : g.map((x) => -x / largest(spectrum));
    expect(distance(step, expected)).toBeLessThan(1e-10);
    expect(slope).toBeCloseTo(inner(g, expected), 10);
    expect(decrease).toBeCloseTo(-0.5 * slope, 10);
  });

  it("error", () => {
    const make = () => modelOf("error", H, g);
    if (definite)
      expect(
        distance(
          make().damped(0)!.step,
          solve(H, g).map((x) => -x),
        ),
      ).toBeLessThan(1e-10);
    else expect(make).toThrow(/smallest eigenvalue is -/);
  });

  it("tells the smallest eigenvalue where it has been looked for", () => {
    const { smallestEigenvalue } = modelOf("abs", H, g);
    if (definite) expect(smallestEigenvalue).toBeUndefined();
    else expect(smallestEigenvalue).toBeCloseTo(spectrum[0], 10);
  });
});

it("a flat direction along which the gradient has nothing is left alone", () => {
  const H = withSpectrum([0, 1, 3], 5);
  const { vectors } = jacobi(H);
  const g = vectors[1].map((x, i) => x + 2 * vectors[2][i]);
  for (const indefinite of ["shift", "abs", "clip"] as const) {
    const { step } = modelOf(indefinite, H, g).damped(0)!;
    expect(Math.abs(inner(step, vectors[0]))).toBeLessThan(1e-6);
    expect(inner(step, vectors[1])).toBeCloseTo(-1, 5);
    expect(inner(step, vectors[2])).toBeCloseTo(-2 / 3, 5);
  }
});

it("rows and gradients of 0 are frozen, and steps have exactly 0 there", () => {
  const inside = withSpectrum([-1, 2, 5], 6);
  const H: Rows = Array.from({ length: 5 }, () => new Array(5).fill(0));
  const places = [0, 2, 4];
  places.forEach((i, a) =>
    places.forEach((j, b) => {
      H[i][j] = inside[a][b];
    }),
  );
  const g = [1, 0, -2, 0, 0.5];
  for (const indefinite of ["shift", "abs", "clip"] as const) {
    const model = modelOf(indefinite, H, g);
    expect(model.frozen).toEqual([1, 3]);
    const { step } = model.damped(0.1)!;
    expect([step[1], step[3]]).toEqual([0, 0]);
    expect(step[0]).not.toBe(0);
  }
});
