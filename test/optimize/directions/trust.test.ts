// Oracles: a search over the ball (fine grids in two and three dimensions, random points in more),
// and the conditions that characterise the minimiser: (H + μI)p = −g, μ ≥ max(0, −λ), ‖p‖ = radius
// or μ = 0. For the truncated step the exact solution and Cauchy's point.

import { describe, expect, it } from "vitest";
import { isEnd, type Proposal } from "../../../src/optimize/directions/direction.js";
import { TruncatedDirection } from "../../../src/optimize/directions/truncated.js";
import { TrustDirection } from "../../../src/optimize/directions/trust.js";
import { Memory } from "../../../src/optimize/memory.js";
import { Random } from "../../cases.js";
import { jacobi } from "../../oracle/jacobi.js";
import { inner, length, type Rows, solve, times, withSpectrum } from "../../oracle/spectra.js";
import { distance } from "../../support.js";
import { localAt, quadratic } from "../local.js";

const q = (H: Rows, g: number[], p: ArrayLike<number>): number => inner(g, p) + 0.5 * inner(p, times(H, p));

function within(direction: TrustDirection | TruncatedDirection, H: Rows, g: number[], radius: number): Proposal {
  const model = direction.model(localAt(quadratic(H, g), new Float64Array(g.length)), new Memory());
  if (isEnd(model)) throw new Error(model.reason);
  return model.within!(radius);
}

/** The least value of the model on a fine grid of the sphere, or at the minimiser inside. */
function bruteForce(H: Rows, g: number[], radius: number): number {
  let least = 0;
  const n = g.length;
  const { values } = jacobi(H);
  if (values[0] > 0) {
    const inside = solve(H, g).map((x) => -x);
    if (length(inside) <= radius) return q(H, g, inside);
  }
  const steps = n === 2 ? 20000 : 400;
  for (let i = 0; i < steps; ++i) {
    const a = (2 * Math.PI * i) / steps;
    for (let j = 0; j <= (n === 2 ? 0 : steps / 2); ++j) {
      const b = n === 2 ? Math.PI / 2 : (2 * Math.PI * j) / steps;
      const p = [Math.cos(a) * Math.sin(b), Math.sin(a) * Math.sin(b), Math.cos(b)].slice(0, n).map((x) => radius * x);
      least = Math.min(least, q(H, g, p));
    }
  }
  return least;
}

const spectra: number[][] = [
  [1, 4],
  [-1, 3],
  [-2, -1],
  [0, 2],
  [-1, -1],
  [1, 2, 5],
  [-3, 1, 2],
  [-3, -3, 2],
  [0, 0, 1],
];

describe("the exact minimiser in a ball", () => {
  it.each(spectra.map((values) => ({ values })))("spectrum $values, against a grid", ({ values }) => {
    const H = withSpectrum(values, 12);
    for (let seed = 0; seed < 6; ++seed) {
      const g = new Random(seed).normals(values.length);
      for (const radius of [0.05, 0.7, 3, 40]) {
        const { step, decrease, slope } = within(new TrustDirection(), H, g, radius);
        const least = bruteForce(H, g, radius);
        expect(length(step)).toBeLessThanOrEqual(radius * (1 + 1e-8));
        expect(Math.abs(decrease + q(H, g, step))).toBeLessThan(1e-9 * Math.max(decrease, 1));
        expect(Math.abs(slope - inner(g, step))).toBeLessThan(1e-9 * Math.max(1, Math.abs(slope)));
        // A grid misses the least value by a little, and never goes below it.
        expect(decrease).toBeGreaterThanOrEqual(-least * (1 - 1e-9));
        expect(decrease).toBeLessThanOrEqual(-least * 1.002 + 1e-9);
      }
    }
  });

  it("the hard case: a gradient with nothing along the lowest eigenvector", () => {
    for (const values of [
      [-2, 1, 3],
      [-2, -2, 3],
      [-2, -1, 0, 4],
    ]) {
      const H = withSpectrum(values, 4);
      const { vectors } = jacobi(H);
      const multiple = values.filter((value) => value === values[0]).length;
      const g = vectors[0].map((_, i) => vectors.slice(multiple).reduce((sum, v, k) => sum + 0.1 * (k + 1) * v[i], 0));
      for (const radius of [0.5, 2, 100]) {
        const { step, decrease } = within(new TrustDirection(), H, g, radius);
        expect(Math.abs(length(step) / radius - 1)).toBeLessThan(1e-7);
        // −2 is the multiplier's bound: in the others' directions p_i = −g_i / (λ_i + 2), what is
        // left goes along the lowest.
        const others = values.map((value, k) => (k < multiple ? 0 : -inner(g, vectors[k]) / (value - values[0])));
        const rest = radius ** 2 - inner(others, others);
        const expected =
          others.reduce((sum, p, k) => sum + inner(g, vectors[k]) * p + 0.5 * values[k] * p * p, 0) +
          0.5 * values[0] * rest;
        expect(Math.abs(decrease / -expected - 1)).toBeLessThan(1e-7);
      }
    }
  });

  it("nearly hard: with next to nothing along it the conditions hold all the same", () => {
    const H = withSpectrum([-2, 1, 3, 3, 10], 4);
    const { vectors } = jacobi(H);
    for (const share of [1e-2, 1e-5, 1e-8, 1e-11]) {
      const g = vectors[0].map((x, i) => share * x + vectors[2][i] - vectors[4][i]);
      const { step } = within(new TrustDirection(), H, g, 5);
      expect(Math.abs(length(step) / 5 - 1)).toBeLessThan(1e-6);
      const force = times(H, step).map((value, i) => -value - g[i]);
      const mu = inner(force, step) / inner(step, step);
      expect(mu).toBeGreaterThan(2 - 1e-6);
      expect(length(force.map((value, i) => value - mu * step[i]))).toBeLessThan(1e-5);
    }
  });

  it("flat directions are not walked along: what rounding makes of 0 is no negative curvature", () => {
    for (let seed = 0; seed < 40; ++seed) {
      const random = new Random(seed);
      const rows = random.rows(6, 3).map((row) => [...row, ...row]);
      const H = rows[0].map((_, i) => rows[0].map((__, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)));
      const g = times(H, random.normals(6));
      const { step } = within(new TrustDirection(), H, g, 50);
      const half = rows[0].slice(0, 3).map((_, i) => H[i].slice(0, 3));
      const shortest = length(solve(half, g.slice(0, 3))) / Math.SQRT2;
      expect(length(step)).toBeLessThan(10 * shortest);
      expect(length(times(H, step).map((value, i) => value + g[i]))).toBeLessThan(1e-9 * length(g));
    }
  });

  it("values of any size", () => {
    for (const scale of [1e-150, 1e-20, 1e20, 1e150]) {
      const H = withSpectrum([-1, 2, 6], 7).map((row) => row.map((value) => value * scale));
      const g = new Random(1).normals(3).map((value) => value * scale);
      const plain = within(new TrustDirection(), withSpectrum([-1, 2, 6], 7), new Random(1).normals(3), 0.8);
      expect(distance(within(new TrustDirection(), H, g, 0.8).step, plain.step)).toBeLessThan(1e-7);
    }
  });
});

describe("the truncated minimiser", () => {
  it("inside, it is the exact one to the forcing term", () => {
    for (let seed = 0; seed < 8; ++seed) {
      const H = withSpectrum([1, 2, 3, 5, 9, 20], seed);
      for (const size of [1e-10, 1e-4, 1]) {
        const g = new Random(seed).normals(6).map((x) => size * x);
        const { step, decrease } = within(new TruncatedDirection(250), H, g, 1e3);
        const residual = times(H, step).map((value, i) => value + g[i]);
        expect(length(residual)).toBeLessThanOrEqual(Math.min(0.1, Math.sqrt(length(g))) * length(g) * (1 + 1e-9));
        expect(Math.abs(decrease / -q(H, g, step) - 1)).toBeLessThan(1e-9);
        if (size === 1e-10)
          expect(
            distance(
              step,
              solve(H, g).map((x) => -x),
              0,
            ),
          ).toBeLessThan(1e-4);
      }
    }
  });

  it("as soon as it would leave, or finds negative curvature, it is on the sphere, and no worse than Cauchy's point", () => {
    for (const values of [
      [1, 2, 3, 30],
      [-2, 1, 3, 9],
      [-3, -2, -1, 0],
    ]) {
      const H = withSpectrum(values, 2);
      for (let seed = 0; seed < 8; ++seed) {
        const g = new Random(seed).normals(4);
        for (const radius of [0.01, 0.3, 50]) {
          const { step, decrease } = within(new TruncatedDirection(250), H, g, radius);
          const along = g.map((x) => (-x * radius) / length(g));
          const curvature = inner(along, times(H, along));
          const share = curvature > 0 ? Math.min(1, -inner(g, along) / curvature) : 1;
          const cauchy = -q(
            H,
            g,
            along.map((x) => share * x),
          );
          expect(decrease).toBeGreaterThanOrEqual(cauchy * (1 - 1e-12));
          expect(length(step)).toBeLessThanOrEqual(radius * (1 + 1e-12));
          if (values[0] < 0 && values[1] < 0) expect(Math.abs(length(step) / radius - 1)).toBeLessThan(1e-12);
          const exact = within(new TrustDirection(), H, g, radius).decrease;
          expect(decrease).toBeLessThanOrEqual(exact * (1 + 1e-9));
        }
      }
    }
  });

  it("takes no more products than it may", () => {
    const H = withSpectrum([1, 10, 100, 1000, 1e4, 1e5], 2);
    let products = 0;
    const counting = (_: Float64Array, v: Float64Array): number[] => {
      ++products;
      return times(H, v);
    };
    const g = new Random(3).normals(6);
    const f = { ...quadratic(H, g), hvp: counting };
    const model = new TruncatedDirection(3).model(localAt(f, new Float64Array(6)));
    model.within!(1e9);
    expect(products).toBe(3);
  });
});
