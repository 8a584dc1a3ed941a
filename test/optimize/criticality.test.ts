// Oracle: closed forms, both sides of each threshold; and the invariance of each test under changes
// of units.

import { describe, expect, it } from "vitest";
import {
  arrived,
  bottomless,
  drowned,
  endless,
  equilibrate,
  exhausted,
  frobenius,
  isSeen,
  measureOf,
  nearer,
  noiseOf,
  orthogonal,
  perfect,
  scaledNoise,
  settled,
  shapeOf,
  vanished,
} from "../../src/optimize/criticality.js";
import { Random } from "../cases.js";

const EPSILON = 2 ** -52;
const units = [1, 1e-9, 1e9, 1e-100];
const [below, above] = [1 - 1e-12, 1 + 1e-12];

describe("tests of convergence", () => {
  it.each(units)("predicted decrease against the value, in units of %d", (unit) => {
    for (const value of [3, -3]) {
      expect(exhausted(below * 3e-8 * unit, value * unit, 1e-4)).toContain("1.0e-8 of the objective");
      expect(exhausted(above * 3e-8 * unit, value * unit, 1e-4)).toBeNull();
    }
    expect(exhausted(0, 0, 1e-4)).toContain("further fall of 0");
    expect(exhausted(Number.NaN, unit, 1)).toBeNull();
    expect(exhausted(-1e-9 * unit, unit, 1e-4)).toBeNull();
  });

  it.each(units)("a perfect fit needs a small decrease and a short step, in units of %d", (unit) => {
    const [decrease, step] = [1e4 * EPSILON ** 2 * 5 * unit, 2 ** -26 * 7];
    expect(perfect(below * decrease, 5 * unit, below * step, 7, "f64")).toContain("perfect fit");
    expect(perfect(below * decrease, -5 * unit, below * step, 7, "f64")).toContain("perfect fit");
    expect(perfect(above * decrease, 5 * unit, below * step, 7, "f64")).toBeNull();
    expect(perfect(below * decrease, 5 * unit, above * step, 7, "f64")).toBeNull();
    expect(perfect(0.99e4 * 2 ** -46 * unit, unit, 0, 7, "f32")).toContain("perfect fit");
    expect(perfect(1.01e4 * 2 ** -46 * unit, unit, 0, 7, "f32")).toBeNull();
  });

  it("what is equal to its bound is within it", () => {
    expect(exhausted(2 ** -10, 1, 2 ** -5)).not.toBeNull();
    expect(perfect((100 * EPSILON) ** 2, 1, 2 ** -26, 1, "f64")).not.toBeNull();
    expect(perfect(0, 0, 0, 0, "f64")).not.toBeNull();
    expect(settled(2 ** -10, 2 ** -11, 1, 2 ** -5)).not.toBeNull();
    expect(settled(2 ** -11, 2 ** -10, 1, 2 ** -5)).not.toBeNull();
    expect(settled(0, 0, 0, 2 ** -5)).not.toBeNull();
    expect(arrived(2 ** -5, 1, 2 ** -5)).not.toBeNull();
  });

  it("MINPACK's three", () => {
    expect(orthogonal(1e-8, 1e-8)).toContain("1.0e-8");
    expect(orthogonal(1.0000001e-8, 1e-8)).toBeNull();
    expect(orthogonal(Number.NaN, 1e-8)).toBeNull();
    expect(arrived(7e-8, 7, 1.0000001e-8)).toContain("1.0e-8 of the parameters");
    expect(arrived(7.1e-8, 7, 1e-8)).toBeNull();
    expect(arrived(0, 0, 1e-8)).toContain("step is 0 of");
    for (const unit of units) {
      expect(settled(0.9e-6 * unit, 0.8e-6 * unit, unit, 1e-3)).toContain("8.0e-7");
      expect(settled(1.1e-6 * unit, 0.8e-6 * unit, unit, 1e-3)).toBeNull();
      expect(settled(-1.1e-6 * unit, 0.8e-6 * unit, unit, 1e-3)).toBeNull();
      expect(settled(0.9e-6 * unit, 1.1e-6 * unit, unit, 1e-3)).toBeNull();
      // Twice as much as the model predicted is where it does not hold.
      expect(settled(0.9e-6 * unit, 0.46e-6 * unit, unit, 1e-3)).not.toBeNull();
      expect(settled(0.9e-6 * unit, 0.44e-6 * unit, unit, 1e-3)).toBeNull();
    }
  });

  it("a gradient of 0 is the least that there is", () => {
    expect(vanished(0)).toContain("exactly 0");
    expect(vanished(5e-324)).toBeNull();
    expect(vanished(Number.NaN)).toBeNull();
  });

  it("what has only fallen far is compared with where it began", () => {
    const first = { value: 2, steepest: 4 };
    expect(measureOf(-9, 3, null)).toBe(9);
    expect(measureOf(-9, 2.01, first)).toBe(2);
    expect(measureOf(-9, 1.99, first)).toBe(9);
    expect(measureOf(-1, 3, first)).toBe(1);
    expect(measureOf(9, 3, first)).toBe(9);
    expect(measureOf(-9, 2, first)).toBe(2);
    expect(measureOf(-9, 0, { value: 2, steepest: 0 })).toBe(9);
    // A value that has not fallen, also where it is negative.
    expect(measureOf(-9, 3, { value: -9, steepest: 4 })).toBe(9);
    expect(measureOf(-1, 3, { value: -2, steepest: 4 })).toBe(1);
  });

  it("what rounding drowns", () => {
    expect(noiseOf("f64", -3)).toBe(12 * EPSILON);
    expect(noiseOf("f32", 3)).toBe(12 * 2 ** -23);
    expect([drowned(1, 1), drowned(1.01, 1), drowned(Number.NaN, 1)]).toEqual([true, false, true]);
    expect([isSeen(1.01e4, 1), isSeen(1e4, 1), isSeen(0.99e4, 1)]).toEqual([true, false, false]);
    expect([isSeen(1.01e-5, 1e-9), isSeen(0.99e-5, 1e-9), isSeen(0, 0)]).toEqual([true, false, false]);
    expect([nearer(4, 0.99), nearer(4, 1.01), nearer(4, Number.NaN), nearer(0, 0)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("tests of unboundedness", () => {
  it("a value beyond the range of squares, a way that long", () => {
    expect(bottomless(-1.1e150)).toContain("-1.1e+150");
    expect(bottomless(-0.9e150)).toBeNull();
    expect(bottomless(1.1e150)).toBeNull();
    expect(bottomless(-Infinity)).toContain("without bound");
    expect(bottomless(Number.NaN)).toBeNull();
    expect(endless(1.1e150, 2, 1.01)).toContain("1.1e+150");
    expect(endless(0.9e150, 2, 1.01)).toBeNull();
    expect(endless(1.1e150, 2, 0.99)).toBeNull();
    expect(endless(1.1e150, 2, 1)).not.toBeNull();
    expect([bottomless(-1e150), endless(1e150, 2, 2)]).toEqual([null, null]);
  });
});

describe("kinds of points", () => {
  it.each<[number, number, string]>([
    [0.11, 2, "minimum"],
    [0.09, 2, "valley"],
    [-0.09, 2, "valley"],
    [-0.11, 2, "saddle"],
    [-0.11, 0.11, "saddle"],
    [-0.11, 0.09, "ridge"],
    [-2, -0.09, "ridge"],
    [-2, -0.11, "maximum"],
    [-0.09, 0.09, "plain"],
    [0, 0, "plain"],
    [0.1, 2, "valley"],
    [-0.1, 2, "valley"],
    [-0.1, 0.1, "plain"],
    [-2, 0.1, "ridge"],
    [-2, -0.1, "ridge"],
  ])("eigenvalues from %d to %d", (smallest, largest, shape) => {
    expect(shapeOf({ smallest, largest }, 0.1)).toBe(shape);
  });

  it("noise has no unit", () => {
    expect(scaledNoise(10, 3, "f64")).toBe(10 * EPSILON * 3);
    expect(scaledNoise(10, 3, "f32")).toBe(10 * 2 ** -23 * 3);
    expect(scaledNoise(10, 3, "f64", 1e-6, 2)).toBeCloseTo(5e-7, 12);
    expect(scaledNoise(10, 3, "f64", 1e-6, 0)).toBe(10 * EPSILON * 3);
  });

  it("Frobenius' norm, also where squares would overflow", () => {
    expect(frobenius(Float64Array.of(3, -4))).toBeCloseTo(5, 12);
    expect(frobenius(Float64Array.of(3e200, -4e200)) / 5e200).toBeCloseTo(1, 12);
    expect(frobenius(Float64Array.of(0, 0))).toBe(0);
    expect(frobenius(Float64Array.of(1, -Infinity))).toBe(Infinity);
  });
});

describe("equilibrate", () => {
  const scaled = (data: ArrayLike<number>, d: Float64Array): number[] =>
    Array.from(data, (value, at) => value * d[Math.floor(at / d.length)] * d[at % d.length]);

  it("gives a positive definite matrix the diagonal of ones, whatever its units", () => {
    const random = new Random(3);
    const n = 7;
    const rows = random.rows(9, n);
    const gram = Float64Array.from({ length: n * n }, (_, at) =>
      rows.reduce((sum, row) => sum + row[Math.floor(at / n)] * row[at % n], 0),
    );
    const unit = Float64Array.from({ length: n }, (_, i) => 10 ** (6 * Math.sin(i)));
    const other = gram.map((value, at) => 1e-9 * value * unit[Math.floor(at / n)] * unit[at % n]);
    const [a, b] = [gram, other].map((data) => scaled(data, equilibrate(data, n)));
    for (let i = 0; i < n; ++i) expect(a[i * (n + 1)]).toBeCloseTo(1, 12);
    a.forEach((value, at) => expect(b[at]).toBeCloseTo(value, 10));
  });

  it("also where a row is almost another, in another unit", () => {
    const data = [1, 0.99e6, 0.99e6, 1e12];
    const entries = scaled(data, equilibrate(data, 2));
    [1, 0.99, 0.99, 1].forEach((value, at) => expect(entries[at]).toBeCloseTo(value, 12));
  });

  it("leaves the scale of a row that overflows", () => {
    const d = equilibrate([0, Infinity, Infinity, 0], 2);
    expect(Array.from(d)).toEqual([1, 1]);
  });

  it("also serves rows whose diagonal is 0, and leaves rows of zeros", () => {
    const data = [0, 1e-9, 0, 1e-9, 0, 0, 0, 0, 0];
    const d = equilibrate(data, 3);
    expect(d[0] * d[1] * 1e-9).toBeCloseTo(1, 1);
    expect(d[2]).toBe(1);
    const arrow = [1e-12, 1, 0, 1, 1e12, 5, 0, 5, 0];
    const entries = scaled(arrow, equilibrate(arrow, 3)).map(Math.abs);
    for (let i = 0; i < 3; ++i) {
      const most = Math.max(...entries.slice(3 * i, 3 * i + 3));
      expect(most).toBeGreaterThan(0.9);
      expect(most).toBeLessThan(1.12);
    }
  });
});
