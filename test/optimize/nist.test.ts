// Oracle: the certified values of NIST's Statistical Reference Datasets for nonlinear regression,
// from both published starts.

import { beforeAll, describe, expect, it } from "vitest";
import { init, type LeastSquares, levenbergMarquardt, minimize, type Result } from "../../src/index.js";
import { type Regression, regressions } from "../oracle/nist.mjs";

beforeAll(() => init());

/** −log10 of the worst relative error, between 0 and 11. */
function digits(got: ArrayLike<number>, expected: readonly number[]): number {
  const worst = Math.max(...expected.map((value, i) => Math.abs(got[i] / value - 1)));
  return Math.min(11, Math.max(0, -Math.log10(worst)));
}

const runs = regressions.flatMap((one) =>
  one.starts.map((start, k) => ({ ...one, start, name: `${one.name}, start ${k + 1}` })),
);

interface Units {
  readonly response: number;
  readonly parameter: (index: number) => number;
}

/**
 * The regression with its response and its parameters in other units, and the result back in
 * NIST's.
 */
function solved(run: Regression & { start: readonly number[] }, { response, parameter }: Units): Result {
  const back = (b: ArrayLike<number>): number[] => run.certified.map((_, i) => b[i] * parameter(i));
  const f: LeastSquares = { residuals: (b) => run.residuals(back(b)).map((r) => response * r) };
  const result = minimize(
    f,
    run.start.map((b, i) => b / parameter(i)),
    { optimizer: levenbergMarquardt() },
  );
  return {
    ...result,
    x: Float64Array.from(back(result.x)),
    standardErrors: () => Float64Array.from(back(result.standardErrors())),
  };
}

const units: Record<string, Units> = {
  "as published": { response: 1, parameter: () => 1 },
  "the response in nano-units": { response: 1e-9, parameter: () => 1 },
  "the response in giga-units": { response: 1e9, parameter: () => 1 },
  "parameters in units of 10⁶ and 10⁻⁶ in turn": { response: 1, parameter: (i) => (i % 2 ? 1e6 : 1e-6) },
};

describe("levenbergMarquardt() by default options, Jacobians by central differences, on NIST's 27 regressions from both starts", () => {
  it.each(Object.entries(units))("%s: all converge to four digits, and to more than 9 on average", (_, given) => {
    const results = runs.map((run) => ({ run, result: solved(run, given) }));
    const wrong = results.filter(
      ({ run, result }) => result.status !== "converged" || digits(result.x, run.certified) < 4,
    );
    expect(wrong.map(({ run, result }) => `${run.name}: ${result.status}`)).toEqual([]);
    const mean = results.reduce((sum, { run, result }) => sum + digits(result.x, run.certified), 0) / runs.length;
    // In other units than powers of two the residuals round in another way.
    expect(mean).toBeGreaterThan(given.response === 1 && given.parameter(0) === 1 ? 9.4 : 9.2);
    // Lanczos1's residuals are the rounding of its data.
    const errors = results.filter(({ run, result }) => digits(result.standardErrors(), run.deviations) >= 4);
    expect(errors.length).toBeGreaterThanOrEqual(52);
  });
});
