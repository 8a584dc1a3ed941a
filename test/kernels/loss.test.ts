// Oracles: test/oracle/losses.ts, written per sample and in double precision;
// test/oracle/precise.ts, of 1,400 bits, for what cancels; for huber's δ ≠ 1 the formula in the
// test.
import { describe, expect, it } from "vitest";
import { dataLoss } from "../oracle/losses.js";
import { binaryCrossEntropy, crossEntropy } from "../oracle/precise.js";
import type { LossName } from "../oracle/spec.js";
import { Core, ragged, random, targets } from "./harness.js";

interface Case {
  kind: number;
  name: LossName;
  labels: boolean;
  /** Of the quantile, its level; of the others, 1. */
  param: number;
}
const kinds: Case[] = [
  { kind: 0, name: "mse", labels: false, param: 1 },
  { kind: 1, name: "huber", labels: false, param: 1 },
  { kind: 2, name: "binary-cross-entropy", labels: false, param: 1 },
  { kind: 3, name: "cross-entropy", labels: true, param: 1 },
  { kind: 4, name: "cross-entropy", labels: false, param: 1 },
  { kind: 5, name: "poisson", labels: false, param: 1 },
  { kind: 6, name: "log-cosh", labels: false, param: 1 },
  { kind: 7, name: "quantile", labels: false, param: 0.5 },
];
const cases = targets.flatMap((target) => kinds.map((kind) => ({ ...target, ...kind })));

/** Feature-major, with a value in the padding that must have no effect. */
function featureMajor(rows: number[][], n: number, ld: number, C: number, padding: number): number[] {
  return Array.from({ length: C * ld }, (_, k) => {
    const [c, s] = [Math.floor(k / ld), k % ld];
    return s < n ? (rows[s]?.[c] as number) : padding;
  });
}

function expectClose(actual: ArrayLike<number>, expected: number[], tolerance: number): void {
  const scale = Math.max(1e-30, ...expected.map(Math.abs));
  expected.forEach((value, i) => {
    expect(Math.abs((actual[i] as number) - value), `element ${i}: ${actual[i]} for ${value}`).toBeLessThanOrEqual(
      tolerance * scale,
    );
  });
}

function setUp(
  { build, dtype, labels }: Case & (typeof targets)[number],
  n: number,
  C: number,
  ld: number,
  spread = 3,
) {
  const core = new Core(build, dtype);
  const next = random(31 * n + C);
  const outputs = Array.from({ length: n }, () => Array.from({ length: C }, () => core.round(spread * next())));
  const classes = outputs.map((_, s) => (s * 7 + 1) % C);
  const rows = outputs.map((row) => row.map(() => core.round(Math.abs(next()))));
  return {
    core,
    outputs,
    targets: labels ? classes : rows,
    z: core.alloc(featureMajor(outputs, n, ld, C, Number.NaN)),
    y: core.alloc(labels ? classes : featureMajor(rows, n, ld, C, Number.NaN)),
  };
}

describe.each(cases)("$build $dtype $name $kind", (target) => {
  const { kind, name, param } = target;
  const tolerance = 40 * new Core(target.build, target.dtype).epsilon;

  it("gives value, gradient, Hessian and its product at every size, with zeros in the padding", () => {
    for (const n of ragged(new Core(target.build, target.dtype).lanes)) {
      for (const C of [1, 2, 5]) {
        const ld = n + (C % 3);
        const { core, outputs, targets: given, z, y } = setUp(target, n, C, ld);
        const truth = n > 0 ? dataLoss(name, outputs, given) : { value: 0, gradient: [], hessian: [] };
        const count = name === "cross-entropy" ? n : n * C;
        const [delta, product] = [core.alloc(C * ld), core.alloc(C * ld)];
        const next = random(5);
        const direction = outputs.map((row) => row.map(() => core.round(next())));
        const u = core.alloc(featureMajor(direction, n, ld, C, Number.NaN));
        const scale = 1 / (count || 1);
        const sum = core.call("loss", kind, z, y, delta, n, ld, C, scale, param);
        expectClose([sum], [truth.value * count], tolerance);
        expect(core.call("loss", kind, z, y, 0, n, ld, C, scale, param)).toBe(sum);
        expectClose(delta.values, featureMajor(truth.gradient, n, ld, C, 0), tolerance);
        for (let p = 0; p < C; ++p) {
          const unit = core.alloc(Array.from({ length: C * ld }, (_, k) => Number(Math.floor(k / ld) === p)));
          core.call("lossHessianProduct", kind, z, y, unit, product, n, ld, C, scale, param);
          const column = truth.hessian.map((h) => h.map((row) => row[p]));
          const largest = Math.max(1e-30, ...truth.hessian.flat(2).map(Math.abs));
          featureMajor(column, n, ld, C, 0).forEach((value, i) => {
            expect(Math.abs(product.values[i] - value), `column ${p}`).toBeLessThanOrEqual(tolerance * largest);
          });
        }
        core.call("lossHessianProduct", kind, z, y, u, product, n, ld, C, scale, param);
        const expected = truth.hessian.map((h, s) =>
          h.map((row) => row.reduce((total, v, p) => total + v * (direction[s]?.[p] as number), 0)),
        );
        expectClose(product.values, featureMajor(expected, n, ld, C, 0), tolerance);
      }
    }
  });

  // Of rates e^±10⁴ nothing is left.
  it.skipIf(name === "poisson")("stays exact for outputs of ±10⁴", () => {
    const { core, outputs, targets: given, z, y } = setUp(target, 6, 3, 6, 1e4);
    const truth = dataLoss(name, outputs, given);
    const count = name === "cross-entropy" ? 6 : 18;
    const delta = core.alloc(18);
    expectClose([core.call("loss", kind, z, y, delta, 6, 6, 3, 1 / count, param)], [truth.value * count], tolerance);
    expectClose(delta.values, featureMajor(truth.gradient, 6, 6, 3, 0), tolerance);
  });

  it.each([Number.NaN, Infinity, -Infinity])("%d in any valid column reaches the sum", (value) => {
    const n = 7;
    for (let at = 0; at < 3 * n; at++) {
      const { core, z, y } = setUp(target, n, 3, n);
      z.values[at] = value;
      expect(Number.isFinite(core.call("loss", kind, z, y, 0, n, n, 3, 1, param))).toBe(false);
    }
  });
});

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  it("takes huber's δ", () => {
    const core = new Core(build, dtype);
    const z = core.alloc([0.25, -0.25, 0.5, 3, -3]);
    const y = core.alloc([0, 0, 0, 0, 0]);
    const delta = core.alloc(5);
    const sum = core.call("loss", 1, z, y, delta, 5, 5, 1, 2, 0.5);
    expect(sum).toBe(2 * 0.03125 + 0.125 + 2 * (0.5 * (3 - 0.25)));
    expect([...delta.values]).toEqual([0.5, -0.5, 1, 1, -1]);
    const hessian = core.alloc(5);
    core.call("lossCurvature", 1, z, y, hessian, 0, 5, 5, 1, 2, 0.5);
    expect([...hessian.values]).toEqual([2, 2, 0, 0, 0]);
  });

  it("takes the quantile's level, and 0 for the slope at its kink", () => {
    const core = new Core(build, dtype);
    const z = core.alloc([-2, 0, 4]);
    const y = core.alloc([0, 0, 0]);
    const delta = core.alloc(3);
    expect(core.call("loss", 7, z, y, delta, 3, 3, 1, 2, 0.25)).toBe(2 * 0.25 + 4 * 0.75);
    expect([...delta.values]).toEqual([-0.5, 0, 1.5]);
    const curvature = core.alloc(3);
    core.call("lossCurvature", 7, z, y, curvature, 0, 3, 3, 1, 2, 0.25);
    expect([...curvature.values]).toEqual([0, 0, 0]);
  });

  it("keeps the digits of log-cosh for small residuals and large ones", () => {
    const core = new Core(build, dtype);
    for (const size of [1e-12, 1e-6, 1e-3, 0.1, 0.3, 0.54, 0.56, 1, 3, 10, 40]) {
      const r = core.round(size);
      const sum = core.call("loss", 6, core.alloc([r]), core.alloc([0]), 0, 1, 1, 1, 1, 1);
      const truth = r < 1 ? Math.log1p(Math.sinh(r) ** 2) / 2 : r + Math.log1p(Math.exp(-2 * r)) - Math.LN2;
      expect(Math.abs(sum / truth - 1), `${r}`).toBeLessThan(12 * core.epsilon);
    }
  });

  it("sums single-precision losses in double precision", () => {
    const core = new Core(build, dtype);
    const n = 100_000;
    const z = core.alloc(new Float64Array(n).fill(1 + 2 ** -10));
    const y = core.alloc(new Float64Array(n).fill(1));
    expect(core.call("loss", 0, z, y, 0, n, n, 1, 1, 0)).toBe(n * 2 ** -20);
  });

  it("has the curvature of a saturated prediction, where 1 − p would round to 0", () => {
    const core = new Core(build, dtype);
    const z = core.alloc([40, 40]);
    const y = core.alloc([1, 1]);
    const out = core.alloc(2);
    core.call("lossCurvature", 2, z, y, out, 0, 2, 2, 1, 1, 0);
    for (const value of out.values) expect(Math.abs(value / Math.exp(-40) - 1)).toBeLessThan(4 * core.epsilon);
    const logits = core.alloc([40, 0]);
    const product = core.alloc(2);
    for (const [unit, signs] of [
      [
        [1, 0],
        [1, -1],
      ],
      [
        [0, 1],
        [-1, 1],
      ],
    ]) {
      core.call("lossHessianProduct", 3, logits, core.alloc([0]), core.alloc(unit), product, 1, 1, 2, 1, 0);
      signs.forEach((sign, i) => {
        expect(Math.abs((product.values[i] * sign) / Math.exp(-40) - 1)).toBeLessThan(8 * core.epsilon);
      });
    }
  });
});

/**
 * Against fixed-point arithmetic of 1,400 bits: relative errors of every element, not of the
 * largest.
 */
describe.each(targets)("$build $dtype where a class takes nearly all", ({ build, dtype }) => {
  const logits = (core: Core): number[] => {
    const range = dtype === "f32" ? 80 : 700;
    const sizes = [0, 1e-3, 0.5, 1, 5, 12, 16.5, 18, 21, 36, 38, 40, 60, 80, 100, 400, 700];
    return sizes.filter((z) => z <= range).flatMap((z) => [core.round(z), -core.round(z)]);
  };
  /** The exponentials' own error is one of the difference of two logits. */
  const expectNear = (got: number, expected: number, tolerance: number, label: string): void => {
    expect(Math.abs(got - expected), `${label}: ${got} for ${expected}`).toBeLessThanOrEqual(
      tolerance * Math.abs(expected) + (dtype === "f32" ? 1e-37 : 1e-300),
    );
  };

  it("keeps the digits of binary cross-entropy: value, gradient, curvature", () => {
    const core = new Core(build, dtype);
    const tolerance = 8 * core.epsilon;
    for (const target of [1, 0, 0.25, 0.75, 1 - 2 ** -20, 2 ** -20]) {
      const values = logits(core);
      const n = values.length;
      const [z, y] = [core.alloc(values), core.alloc(values.map(() => target))];
      const [delta, curvature, single] = [core.alloc(n), core.alloc(n), core.alloc(1)];
      core.call("loss", 2, z, y, delta, n, n, 1, 1, 1);
      core.call("lossCurvature", 2, z, y, curvature, 0, n, n, 1, 1, 1);
      values.forEach((logit, s) => {
        const truth = binaryCrossEntropy(logit, target);
        const label = `z = ${logit}, t = ${target}`;
        // Between two soft probabilities the difference has the error of the larger.
        const soft = target === 0 || target === 1 ? 0 : Math.min(target, 1 - target);
        const error = tolerance * Math.abs(truth.slope) + 4 * core.epsilon * soft;
        expect(Math.abs((delta.values[s] as number) - truth.slope), label).toBeLessThanOrEqual(error + 1e-37);
        expectNear(curvature.values[s] as number, truth.curvature, tolerance, label);
        single.values[0] = logit;
        expectNear(core.call("loss", 2, single, y, 0, 1, 1, 1, 1, 1), truth.value, tolerance, label);
      });
    }
  });

  it("keeps the digits of softmax: value, gradient, product", () => {
    for (const margin of logits(new Core(build, dtype))) {
      for (const C of [2, 3, 5]) {
        const core = new Core(build, dtype);
        const next = random(C + 7);
        const z = Array.from({ length: C }, (_, c) => core.round(c === 1 ? margin : next()));
        const u = Array.from({ length: C }, () => core.round(next()));
        const [logit, direction] = [core.alloc(z), core.alloc(u)];
        const [delta, product] = [core.alloc(C), core.alloc(C)];
        const tolerance = (16 + 2 * Math.abs(margin)) * core.epsilon;
        for (const label of [0, 1]) {
          const truth = crossEntropy(
            z,
            z.map((_, c) => Number(c === label)),
          );
          const y = core.alloc([label]);
          const value = core.call("loss", 3, logit, y, delta, 1, 1, C, 1, 1);
          expectNear(value, truth.value, tolerance, `value, margin ${margin}`);
          truth.gradient.forEach((g, c) => {
            expectNear(delta.values[c] as number, g, tolerance, `gradient, margin ${margin}`);
          });
          core.call("lossHessianProduct", 3, logit, y, direction, product, 1, 1, C, 1, 1);
          // What adds up to an element has either sign, so the error is one of the sum of sizes.
          const sizes = truth.product(u.map((x, c) => (c === 1 ? x : -x)));
          truth.product(u).forEach((expected, c) => {
            const error = tolerance * (Math.abs(expected) + 4 * Math.abs(sizes[c] as number));
            const got = product.values[c] as number;
            expect(Math.abs(got - expected), `product, margin ${margin}: ${got} for ${expected}`).toBeLessThanOrEqual(
              error + 1e-37,
            );
          });
        }
      }
    }
  });
});
