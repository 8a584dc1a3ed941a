// Oracle: naive loops below, in double precision; the coupled gradient also against central
// differences.
import { describe, expect, it } from "vitest";
import { type Block, Core, ragged, random, targets } from "./harness.js";

const EPSILON = 1e-5;

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs((actual[i] as number) - (expected[i] as number)), `element ${i}`).toBeLessThanOrEqual(
      tolerance * scale,
    );
  }
}

/** One row's forward pass. */
function normalise(x: number[], gamma: number, beta: number, given?: { mean: number; variance: number }) {
  const mean = given?.mean ?? x.reduce((a, b) => a + b, 0) / x.length;
  const variance = given?.variance ?? x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  const invStd = 1 / Math.sqrt(variance + EPSILON);
  const xhat = x.map((v) => (v - mean) * invStd);
  return { mean, variance, invStd, xhat, y: xhat.map((v) => gamma * v + beta) };
}

const row = (block: Block, r: number, n: number, ld: number) => [...block.values.subarray(r * ld, r * ld + n)];

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  const probe = new Core(build, dtype);
  const tolerance = 64 * probe.epsilon;
  const sizes = ragged(probe.lanes).filter((n) => n > 1);

  function setUp(n: number, rows: number) {
    const core = new Core(build, dtype);
    const ld = n + (n % 3);
    const next = random(n);
    const matrix = () => core.alloc(Array.from({ length: rows * ld }, (_, k) => (k % ld < n ? next() : Number.NaN)));
    const vector = (fill: () => number) => core.alloc(Array.from({ length: rows }, fill));
    const x = matrix();
    const dy = matrix();
    const [gamma, beta] = [vector(() => 1 + next() / 2), vector(next)];
    const [xhat, y, mean, invStd, variance] = [
      core.alloc(rows * ld),
      core.alloc(rows * ld),
      ...[0, 0, 0].map(() => core.alloc(rows)),
    ] as [Block, Block, Block, Block, Block];
    return { core, n, rows, ld, x, dy, gamma, beta, xhat, y, mean, invStd, variance, next };
  }

  it("normalises by the batch", () => {
    for (const n of sizes) {
      const { core, rows, ld, x, gamma, beta, xhat, y, mean, invStd, variance } = setUp(n, 3);
      core.call("batchNormForward", x, xhat, y, mean, invStd, variance, gamma, beta, rows, n, ld, EPSILON);
      for (let r = 0; r < rows; r++) {
        const truth = normalise(row(x, r, n, ld), gamma.values[r] as number, beta.values[r] as number);
        expectClose(
          [mean.values[r], invStd.values[r], variance.values[r]] as number[],
          [truth.mean, truth.invStd, truth.variance],
          tolerance,
        );
        expectClose(row(xhat, r, n, ld), truth.xhat, tolerance);
        expectClose(row(y, r, n, ld), truth.y, tolerance);
      }
      const once = [...y.values];
      core.call("batchNormForward", x, xhat, x, mean, invStd, variance, gamma, beta, rows, n, ld, EPSILON);
      for (let r = 0; r < rows; r++) expect(row(x, r, n, ld)).toEqual(once.slice(r * ld, r * ld + n));
    }
  });

  it("keeps the digits of a variance that is small beside the mean", () => {
    const core = new Core(build, dtype);
    const offset = dtype === "f32" ? 2 ** 14 : 2 ** 40;
    const x = core.alloc([offset, offset + 1, offset, offset + 1]);
    const [xhat, y, mean, invStd, variance, one] = Array.from({ length: 6 }, () => core.alloc([1, 1, 1, 1])) as [
      Block,
      Block,
      Block,
      Block,
      Block,
      Block,
    ];
    core.call("batchNormForward", x, xhat, y, mean, invStd, variance, one, one, 1, 4, 4, 0);
    expect(variance.values[0]).toBe(0.25);
  });

  it("normalises by given statistics", () => {
    for (const n of [1, ...sizes]) {
      const { core, rows, ld, x, gamma, beta, xhat, y, mean, invStd, variance, next } = setUp(n, 3);
      mean.values.forEach((_, i, all) => (all[i] = next()));
      variance.values.forEach((_, i, all) => (all[i] = 1 + next() / 2));
      core.call("batchNormRunning", x, xhat, y, mean, variance, invStd, gamma, beta, rows, n, ld, EPSILON);
      for (let r = 0; r < rows; r++) {
        const given = { mean: mean.values[r] as number, variance: variance.values[r] as number };
        const truth = normalise(row(x, r, n, ld), gamma.values[r] as number, beta.values[r] as number, given);
        expectClose([invStd.values[r] as number], [truth.invStd], tolerance);
        expectClose(row(y, r, n, ld), truth.y, tolerance);
      }
    }
  });

  it.each(["batchNormBackward", "batchNormBackwardRunning"])("%s is the gradient of the forward pass", (name) => {
    for (const n of sizes) {
      const { core, rows, ld, x, dy, gamma, beta, xhat, y, mean, invStd, variance } = setUp(n, 3);
      core.call("batchNormForward", x, xhat, y, mean, invStd, variance, gamma, beta, rows, n, ld, EPSILON);
      const [dgamma, dbeta, dx] = [core.alloc(rows), core.alloc(rows), core.alloc(rows * ld)];
      core.call(name, xhat, invStd, gamma, dy, dx, dgamma, dbeta, rows, n, ld, 0);
      for (let r = 0; r < rows; r++) {
        const [g, b] = [gamma.values[r] as number, beta.values[r] as number];
        const weights = row(dy, r, n, ld);
        const values = row(x, r, n, ld);
        const constant = name === "batchNormBackwardRunning" ? normalise(values, g, b) : undefined;
        const objective = (v: number[], gg: number, bb: number) =>
          normalise(v, gg, bb, constant).y.reduce((sum, yy, s) => sum + yy * (weights[s] as number), 0);
        const difference = (f: (h: number) => number) => (f(1e-5) - f(-1e-5)) / 2e-5;
        const expected = values.map((_, s) =>
          difference((h) =>
            objective(
              values.map((v, k) => (k === s ? v + h : v)),
              g,
              b,
            ),
          ),
        );
        // Two samples differ by little: xhat is ±1 whatever they are, and the gradient a difference
        // of large terms.
        const accuracy = Math.max(1e-7, 100 * tolerance);
        expectClose(row(dx, r, n, ld), expected, accuracy);
        expectClose([dgamma.values[r] as number], [difference((h) => objective(values, g + h, b))], accuracy);
        expectClose([dbeta.values[r] as number], [difference((h) => objective(values, g, b + h))], accuracy);
        for (let s = n; s < ld; s++) expect(dx.values[r * ld + s]).toBe(0);
      }
      const [once, first, second] = [[...dx.values], [...dgamma.values], [...dbeta.values]];
      core.call(name, xhat, invStd, gamma, dy, dy, dgamma, dbeta, rows, n, ld, 1);
      expect([...dy.values]).toEqual(once);
      expectClose(
        dgamma.values,
        first.map((v) => 2 * v),
        tolerance,
      );
      expectClose(
        dbeta.values,
        second.map((v) => 2 * v),
        tolerance,
      );
    }
  });

  it("moves running statistics", () => {
    const core = new Core(build, dtype);
    const running = core.alloc([1, 2, 3, 4, 5]);
    core.call("updateRunning", running, core.alloc([5, 4, 3, 2, 1]), 5, 0.1, 1.25);
    expectClose(
      running.values,
      [1, 2, 3, 4, 5].map((v, i) => 0.9 * v + 0.125 * (5 - i)),
      core.epsilon,
    );
  });
});
