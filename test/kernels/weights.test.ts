// Oracle: the same kernels without weights, on columns that stand as often as their weights say.
import { describe, expect, it } from "vitest";
import { type Block, Core, random, targets } from "./harness.js";

const C = 3;

/** Numbers of a matrix of C rows, weighted and repeated. */
function twins(core: Core, weights: number[], seed: number) {
  const next = random(seed);
  const rows = Array.from({ length: C }, () => weights.map(() => core.round(next())));
  const repeated = rows.map((row) => row.flatMap((value, s) => new Array<number>(weights[s]).fill(value)));
  return { rows, weighted: core.alloc(rows.flat()), repeated: core.alloc(repeated.flat()) };
}

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  const scale = Math.max(1e-30, ...Array.from(wanted, Math.abs));
  for (let i = 0; i < wanted.length; ++i) {
    expect(Math.abs(got[i] - wanted[i]), `element ${i}: ${got[i]} for ${wanted[i]}`).toBeLessThanOrEqual(
      tolerance * scale,
    );
  }
}

/**
 * Each column of repeated values once, times its weight where values are derivatives that have it
 * in them.
 */
function gathered(block: Block, weights: number[], times: boolean): number[] {
  const n = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: C }, (_, c) => c).flatMap((c) => {
    let at = c * n;
    return weights.map((weight) => {
      const value = weight > 0 ? block.values[at] * (times ? weight : 1) : 0;
      at += weight;
      return value;
    });
  });
}

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  const tolerance = 200 * new Core(build, dtype).epsilon;

  it.each([0, 1, 2, 3, 4])(
    "loss %i sums each column so often, and passes over columns of weight 0 that are not finite",
    (kind) => {
      const weights = [2, 0, 1, 3, 1, 0, 1];
      const n = weights.length;
      const core = new Core(build, dtype);
      const z = twins(core, weights, 1);
      const y = twins(core, weights, 2);
      y.weighted.values.forEach((value, i) => {
        y.weighted.values[i] = Math.abs(value);
      });
      y.repeated.values.forEach((value, i) => {
        y.repeated.values[i] = Math.abs(value);
      });
      const w = core.alloc(weights);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      if (kind === 3) {
        for (const block of [y.weighted, y.repeated]) block.values.fill(1);
      }
      z.weighted.values[1] = Number.NaN;
      const got = core.call("loss", kind, z.weighted, y.weighted, 0, n, n, C, 1, 1, w);
      expectClose([got], [core.call("loss", kind, z.repeated, y.repeated, 0, total, total, C, 1, 1, 0)], tolerance);
    },
  );

  it("batch norm's passes and their derivatives count each column so often", () => {
    for (const weights of [
      [2, 1],
      [1, 3, 0, 2, 1],
      [2, 0, 1, 3, 1, 0, 1, 1, 2],
    ]) {
      const core = new Core(build, dtype);
      const n = weights.length;
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const [x, dy, rx, ru] = [1, 2, 3, 4].map((seed) => twins(core, weights, seed));
      const w = core.alloc(weights);
      // Derivatives of a weighted loss have the weights in them.
      for (const { weighted } of [dy, ru]) {
        weighted.values.forEach((value, i) => {
          weighted.values[i] = value * weights[i % n];
        });
      }
      const [gamma, beta, rgamma, rbeta] = [5, 6, 7, 8].map((seed) =>
        core.alloc(Array.from({ length: C }, random(seed))),
      );
      const run = (count: number, at: "weighted" | "repeated", pointer: Block | 0) => {
        const matrix = () => core.alloc(C * count);
        const vector = () => core.alloc(C);
        const [xhat, y, dx, rxhat, ry, rdx] = [0, 0, 0, 0, 0, 0].map(matrix);
        const [mean, invStd, variance, dgamma, dbeta, ratio, rdgamma, rdbeta] = [0, 0, 0, 0, 0, 0, 0, 0].map(vector);
        core.call(
          "batchNormForward",
          x[at],
          xhat,
          y,
          mean,
          invStd,
          variance,
          gamma,
          beta,
          C,
          count,
          count,
          0.1,
          pointer,
        );
        core.call("batchNormBackward", xhat, invStd, gamma, dy[at], dx, dgamma, dbeta, C, count, count, 0, pointer);
        core.call(
          ...(["batchNormTangent", rx[at], xhat, invStd, gamma, rgamma, rbeta, rxhat, ry, ratio] as const),
          ...[C, count, count, 1, pointer],
        );
        core.call(
          ...(["batchNormBackwardTangent", dy[at], ru[at], xhat, rxhat, invStd, ratio, gamma, rgamma] as const),
          ...[rdx, rdgamma, rdbeta, C, count, count, 1, 0, pointer],
        );
        const vectors = [mean, invStd, variance, dgamma, dbeta, ratio, rdgamma, rdbeta];
        return { vectors: vectors.flatMap((v) => [...v.values]), values: [y, ry], derivatives: [dx, rdx] };
      };
      const got = run(n, "weighted", w);
      const wanted = run(total, "repeated", 0);
      expectClose(got.vectors, wanted.vectors, tolerance);
      const there = (values: ArrayLike<number>) => Array.from(values, (value, i) => (weights[i % n] > 0 ? value : 0));
      got.values.forEach((block, k) => {
        expectClose(there(block.values), gathered(wanted.values[k], weights, false), tolerance);
      });
      got.derivatives.forEach((block, k) => {
        expectClose(block.values, gathered(wanted.derivatives[k], weights, true), tolerance);
      });
    }
  });
});
