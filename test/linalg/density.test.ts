// Oracles: moments, counts and the smoothed density of spectra that are known; the quadrature's own
// degree of exactness.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type LinearOperator,
  type SpectralDensity,
  type SpectralDensityOptions,
  spectralDensity,
} from "../../src/index.js";
import { diagonalOperator, inner, operatorOf, withSpectrum } from "../oracle/spectra.js";
import { sameBits } from "../support.js";

const sequence = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));
const mean = (xs: number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;

function integral({ grid, density }: SpectralDensity): number {
  let sum = 0;
  for (let i = 0; i + 1 < grid.length; i++) sum += ((density[i] + density[i + 1]) / 2) * (grid[i + 1] - grid[i]);
  return sum;
}

function expectSound(result: SpectralDensity): void {
  const { nodes, weights, grid, density, status } = result;
  expect(status).toBe("converged");
  expect(weights.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
  expect(weights.every((x) => x >= 0)).toBe(true);
  expect(Array.from(nodes)).toEqual(Array.from(nodes).sort((a, b) => a - b));
  expect(integral(result)).toBeCloseTo(1, 10);
  expect(density.every((x) => x >= 0 && Number.isFinite(x))).toBe(true);
  for (let i = 0; i + 1 < grid.length; i++) expect(grid[i + 1]).toBeGreaterThan(grid[i]);
}

const spectrum = sequence(300, (i) => (i < 4 ? 5 + i : Math.sin(i)));
const op = operatorOf(withSpectrum(spectrum, 2));

describe("moments", () => {
  it("are those of the spectrum within their standard errors, over many seeds", () => {
    const results = sequence(40, (seed) => seed).map((seed) => spectralDensity(op, { probes: 8, steps: 12, seed }));
    results.forEach(expectSound);
    for (const [name, power] of [
      ["mean", 1],
      ["meanSquare", 2],
    ] as const) {
      const exact = mean(spectrum.map((x) => x ** power));
      const errors = results.map((result) => result[name].value - exact);
      const spread = Math.sqrt(mean(errors.map((x) => x * x)));
      expect(Math.abs(mean(errors))).toBeLessThan((4 * spread) / Math.sqrt(errors.length));
      const claimed = Math.sqrt(mean(results.map((result) => result[name].standardError ** 2)));
      expect(claimed / spread).toBeGreaterThan(0.75);
      expect(claimed / spread).toBeLessThan(1.33);
    }
  });

  it("agree with nodes and weights", () => {
    const { nodes, weights, mean: first, meanSquare } = spectralDensity(op, { probes: 3, steps: 20 });
    expect(inner(nodes, weights)).toBeCloseTo(first.value, 12);
    expect(
      inner(
        nodes.map((x) => x * x),
        weights,
      ),
    ).toBeCloseTo(meanSquare.value, 12);
  });

  it("m steps are exact up to degree 2m − 1: fewer steps, the same low moments", () => {
    const [few, many] = [5, 60].map((steps) => spectralDensity(op, { probes: 1, steps, seed: 3 }));
    for (let power = 0; power < 10; power++) {
      const moment = ({ nodes, weights }: SpectralDensity) =>
        inner(
          nodes.map((x) => x ** power),
          weights,
        );
      expect(Math.abs(moment(few) / moment(many) - 1)).toBeLessThan(1e-10);
    }
    const moment = ({ nodes, weights }: SpectralDensity) =>
      inner(
        nodes.map((x) => x ** 10),
        weights,
      );
    expect(Math.abs(moment(few) / moment(many) - 1)).toBeGreaterThan(1e-10);
  });
});

describe("the curve", () => {
  it("is the smoothed spectrum, within the noise", () => {
    const sigma = 0.25;
    const result = spectralDensity(op, { probes: 60, steps: 60, sigma });
    expectSound(result);
    expect(result.sigma).toBe(sigma);
    const exact = Array.from(result.grid, (t) =>
      mean(spectrum.map((x) => Math.exp(-0.5 * ((t - x) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI)))),
    );
    const spacing = result.grid[1] - result.grid[0];
    const difference = exact.reduce((sum, x, i) => sum + Math.abs(x - result.density[i]) * spacing, 0);
    expect(difference).toBeLessThan(0.03);
  });

  it("counts eigenvalues to either side of 0", () => {
    const { nodes, weights } = spectralDensity(op, { probes: 60 });
    const negative = weights.reduce((sum, weight, i) => sum + (nodes[i] < 0 ? weight : 0), 0);
    expect(Math.abs(negative - spectrum.filter((x) => x < 0).length / 300)).toBeLessThan(0.03);
  });

  it.each<[SpectralDensityOptions, number | null]>([
    [{ points: 16 }, 16],
    [{ points: 1000, sigma: 1e-9 }, 1000],
    [{ sigma: 1e-3 }, null],
    [{ sigma: 1e-12 }, 100_001],
    [{ sigma: 100 }, 401],
  ])("%o: integral 1, and no σ below the spacing", (options, points) => {
    const result = spectralDensity(op, { probes: 2, steps: 10, ...options });
    expectSound(result);
    if (points !== null) expect(result.grid.length).toBe(points);
    expect(result.sigma * (1 + 1e-9)).toBeGreaterThanOrEqual(result.grid[1] - result.grid[0]);
  });
});

describe("few distinct eigenvalues end each probe early", () => {
  it.each<[string, number[], number]>([
    ["the identity", sequence(50, () => 1), 1],
    ["zero", sequence(50, () => 0), 1],
    ["three values", sequence(50, (i) => (i % 3) * 1e3), 3],
    ["rank 1", sequence(50, (i) => (i === 0 ? 2 : 0)), 2],
    ["size 1", [-4], 1],
    ["size 2", [-4, 4], 2],
  ])("%s", (_, values, distinct) => {
    const result = spectralDensity(diagonalOperator(values), { probes: 200 });
    expectSound(result);
    expect(result.products).toBe(200 * distinct);
    const largest = Math.max(...values.map(Math.abs), 1);
    for (const value of new Set(values)) {
      const share = values.filter((x) => x === value).length / values.length;
      const weight = result.weights.reduce(
        (sum, w, i) => sum + (Math.abs(result.nodes[i] - value) < 1e-12 * largest ? w : 0),
        0,
      );
      expect(Math.abs(weight - share)).toBeLessThan(0.1);
    }
  });

  it("size 0", () => {
    const { status, nodes, grid } = spectralDensity({ size: 0, matvec: (v) => v });
    expect([status, nodes.length, grid.length]).toEqual(["converged", 0, 0]);
  });
});

it("any spectrum: sound, and nodes within it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: -2, max: 2 }), fc.double({ min: -9, max: 9, noNaN: true })), {
        minLength: 1,
        maxLength: 30,
      }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 2 ** 33 }),
      (values, steps, seed) => {
        const result = spectralDensity(operatorOf(withSpectrum(values, seed)), { probes: 2, steps, seed });
        expectSound(result);
        const slack = 1e-12 * Math.max(...values.map(Math.abs));
        expect(result.nodes[0]).toBeGreaterThanOrEqual(Math.min(...values) - slack);
        expect(result.nodes[result.nodes.length - 1]).toBeLessThanOrEqual(Math.max(...values) + slack);
      },
    ),
    { numRuns: 60, seed: 4 },
  );
});

it("same seed, same bits", () => {
  const [a, b, c] = [1, 1, 2].map((seed) => spectralDensity(op, { probes: 2, steps: 9, seed }));
  expect(sameBits(a.density, b.density) && sameBits(a.nodes, b.nodes) && sameBits(a.weights, b.weights)).toBe(true);
  expect(sameBits(a.nodes, c.nodes)).toBe(false);
});

it("a product that is not finite is a status", () => {
  const result = spectralDensity(diagonalOperator([1, Infinity, 2]));
  expect(result).toMatchObject({ status: "non-finite", products: 1, sigma: NaN });
  expect(result.reason).toMatch(/^op\.matvec gave -?Infinity at index 1 of product 1$/);
  expect(result.nodes.length).toBe(0);
});

it("as in the documentation", () => {
  const example: LinearOperator = { size: 2, matvec: (v) => v.map((x) => 3 * x) };
  expect(spectralDensity(example).mean.value).toBeCloseTo(3, 12);
});

it("bad input is refused", () => {
  const refused = (options: unknown) => expect(() => spectralDensity(op, options as SpectralDensityOptions));
  refused({ probes: 0 }).toThrow(RangeError);
  refused({ steps: 1.5 }).toThrow(RangeError);
  refused({ points: 15 }).toThrow(
    new RangeError('spectralDensity: "points" expected an integer of at least 16, got 15'),
  );
  refused({ sigma: 0 }).toThrow(new RangeError('spectralDensity: "sigma" expected a positive finite number, got 0'));
  refused({ seed: "a" }).toThrow(TypeError);
  refused({ sigmas: 1 }).toThrow('spectralDensity: unknown option "sigmas"; did you mean "sigma"?');
  expect(() => spectralDensity({ size: 3 } as LinearOperator)).toThrow(TypeError);
});
