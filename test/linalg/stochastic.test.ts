// Oracles: traces and diagonals of dense matrices by plain loops; standard errors against the
// spread over many seeds.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diagonal, type LinearOperator, type ProbeOptions, type TraceOptions, trace } from "../../src/index.js";
import { diagonalOperator, operatorOf, type Rows, withSpectrum } from "../oracle/spectra.js";
import { sameBits } from "../support.js";

const traceOf = (A: Rows): number => A.reduce((sum, row, i) => sum + row[i], 0);
const mean = (xs: number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
const deviation = (xs: number[]): number => Math.sqrt(mean(xs.map((x) => (x - mean(xs)) ** 2)));

const spectrum = Array.from({ length: 60 }, (_, i) => (i < 3 ? 20 * (i + 1) : Math.sin(i)));
const A = withSpectrum(spectrum, 7);
const op = operatorOf(A);
const seeds = Array.from({ length: 400 }, (_, seed) => seed);

describe("trace", () => {
  it.each(["hutchinson", "hutch++"] as const)("%s is unbiased, and its standard error is right", (method) => {
    const estimates = seeds.map((seed) => trace(op, { probes: 30, seed, method }));
    const errors = estimates.map(({ value }) => value - traceOf(A));
    const spread = deviation(errors);
    expect(Math.abs(mean(errors))).toBeLessThan((4 * spread) / Math.sqrt(seeds.length));
    const claimed = Math.sqrt(mean(estimates.map(({ standardError }) => standardError ** 2)));
    expect(claimed / spread).toBeGreaterThan(0.85);
    expect(claimed / spread).toBeLessThan(1.15);
    const within = errors.filter((error, i) => Math.abs(error) <= 2 * estimates[i].standardError).length;
    expect(within / seeds.length).toBeGreaterThan(0.9);
    for (const { probes, status } of estimates) expect([probes, status]).toEqual([30, "converged"]);
  });

  it("Hutchinson's variance is 2·Σ A_ij² off the diagonal", () => {
    const squares = A.flatMap((row, i) => row.map((x, j) => (i === j ? 0 : 2 * x * x)));
    const variance = squares.reduce((sum, x) => sum + x, 0) / 10;
    const spread = deviation(seeds.map((seed) => trace(op, { probes: 10, seed }).value));
    expect(spread / Math.sqrt(variance)).toBeGreaterThan(0.85);
    expect(spread / Math.sqrt(variance)).toBeLessThan(1.15);
  });

  it("Hutch++ is far nearer where few eigenvalues dominate", () => {
    const typical = (method: "hutchinson" | "hutch++") =>
      deviation(seeds.slice(0, 50).map((seed) => trace(op, { probes: 30, seed, method }).value));
    expect(typical("hutch++")).toBeLessThan(typical("hutchinson") / 5);
  });

  it("Hutch++ meets a low rank exactly, and goes on where the range is less than a third", () => {
    const low = withSpectrum(
      spectrum.map((x, i) => (i < 3 ? x : 0)),
      7,
    );
    const { value, standardError, probes } = trace(operatorOf(low), { probes: 30, method: "hutch++" });
    expect(value).toBeCloseTo(120, 9);
    expect(standardError).toBeLessThan(1e-10);
    expect(probes).toBe(30);
    expect(trace(diagonalOperator(new Array(200).fill(0)), { method: "hutch++" }).value).toBe(0);
  });

  it("is exact for diagonal operators, whatever the probes", () => {
    const { value, standardError } = trace(diagonalOperator([1, 2, 3, 4]), { probes: 2 });
    expect([value, standardError]).toEqual([10, 0]);
  });

  it("is exact from `size` probes on, at `size` products", () => {
    for (const probes of [60, 61, 1000]) {
      op.products = 0;
      const result = trace(op, { probes });
      expect(result.value).toBeCloseTo(traceOf(A), 10);
      expect([result.standardError, result.probes, op.products]).toEqual([0, 60, 60]);
    }
  });

  it("one probe tells nothing of its error", () => {
    expect(trace(op, { probes: 1 }).standardError).toBe(Infinity);
    expect(trace(op, { probes: 2, method: "hutch++" }).standardError).toBeGreaterThan(0);
  });
});

describe("diagonal", () => {
  it("is unbiased, and its standard errors are right", () => {
    const estimates = seeds.map((seed) => diagonal(op, { probes: 20, seed }));
    A.forEach((row, i) => {
      const errors = estimates.map(({ values }) => values[i] - row[i]);
      const spread = deviation(errors);
      expect(Math.abs(mean(errors))).toBeLessThan((4.5 * spread) / Math.sqrt(seeds.length));
      const claimed = Math.sqrt(mean(estimates.map(({ standardErrors }) => standardErrors[i] ** 2)));
      expect(claimed / spread).toBeGreaterThan(0.8);
      expect(claimed / spread).toBeLessThan(1.25);
      const variance = row.reduce((sum, x, j) => sum + (i === j ? 0 : x * x), 0) / 20;
      expect(spread / Math.sqrt(variance)).toBeGreaterThan(0.8);
      expect(spread / Math.sqrt(variance)).toBeLessThan(1.25);
    });
  });

  it("is exact for diagonal operators and from `size` probes on", () => {
    const few = diagonal(diagonalOperator([1, -2, 3, 4]), { probes: 2 });
    expect([Array.from(few.values), Array.from(few.standardErrors)]).toEqual([
      [1, -2, 3, 4],
      [0, 0, 0, 0],
    ]);
    op.products = 0;
    const all = diagonal(op, { probes: 100 });
    expect(Array.from(all.values)).toEqual(A.map((row, i) => row[i]));
    expect([all.probes, op.products]).toEqual([60, 60]);
    expect(all.standardErrors.every((x) => x === 0)).toBe(true);
    expect(diagonal(op, { probes: 1 }).standardErrors.every((x) => x === Infinity)).toBe(true);
  });
});

describe("both", () => {
  it("sizes 0, 1 and 2", () => {
    expect(trace({ size: 0, matvec: (v) => v })).toMatchObject({ value: 0, standardError: 0, probes: 0 });
    expect(diagonal({ size: 0, matvec: (v) => v }).values.length).toBe(0);
    expect(trace(diagonalOperator([5])).value).toBe(5);
    expect(Array.from(diagonal(diagonalOperator([5, 7])).values)).toEqual([5, 7]);
  });

  it("any symmetric matrix: within six standard errors", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 20, maxLength: 30 }),
        fc.integer({ min: 0, max: 2 ** 40 }),
        (values, seed) => {
          const B = withSpectrum(values, seed);
          const { value, standardError } = trace(operatorOf(B), { probes: 19, seed });
          expect(Math.abs(value - traceOf(B))).toBeLessThan(6 * standardError + 1e-9);
        },
      ),
      { numRuns: 50, seed: 3 },
    );
  });

  it("same seed, same bits", () => {
    expect(trace(op, { probes: 9, seed: 4 })).toEqual(trace(op, { probes: 9, seed: 4 }));
    expect(trace(op, { probes: 9, seed: 4 }).value).not.toBe(trace(op, { probes: 9, seed: 5 }).value);
    expect(sameBits(diagonal(op, { seed: 4 }).values, diagonal(op, { seed: 4 }).values)).toBe(true);
  });

  it("a product that is not finite is a status", () => {
    const bad = diagonalOperator([1, 2, NaN, 4]);
    const reason = "op.matvec gave NaN at index 2 of product 1";
    expect(trace(bad)).toMatchObject({ value: NaN, standardError: NaN, status: "non-finite", reason });
    for (const method of ["hutchinson", "hutch++"] as const) {
      expect(trace(bad, { probes: 3, method })).toMatchObject({ value: NaN, status: "non-finite", reason });
    }
    for (const probes of [3, 4]) {
      const { status, values, standardErrors } = diagonal(bad, { probes });
      expect(status).toBe("non-finite");
      expect([...values, ...standardErrors].every(Number.isNaN)).toBe(true);
    }
  });

  it("as in the documentation", () => {
    const example: LinearOperator = { size: 3, matvec: (v) => v.map((x, i) => (i + 1) * x) };
    expect(trace(example).value).toBe(6);
    expect(diagonal(example).values).toEqual(new Float64Array([1, 2, 3]));
  });

  it("bad input is refused", () => {
    expect(() => trace(op, { probes: 0 })).toThrow(
      new RangeError('trace: "probes" expected a positive integer, got 0'),
    );
    expect(() => trace(op, { method: "exact" as "hutchinson" })).toThrow(RangeError);
    expect(() => diagonal(op, { method: "hutch++" } as ProbeOptions)).toThrow('diagonal: unknown option "method"');
    expect(() => diagonal(op, { seed: 0.5 })).toThrow(
      new RangeError('diagonal: "seed" expected an integer of at least 0, got 0.5'),
    );
    expect(() => trace(3 as unknown as LinearOperator)).toThrow(TypeError);
    expect(() => trace(op, null as unknown as TraceOptions)).toThrow(TypeError);
  });
});
