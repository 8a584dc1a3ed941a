// Oracle: counting for folds and spaces; a closed form (Newton's step on a linear model) for
// scores; loops by hand for fits.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataset, fit, lbfgs, levenbergMarquardt, network } from "../../src/index.js";
import { foldOf } from "../../src/jobs/folds.js";
import { crossValidate, type Setting, tune } from "../../src/jobs/index.js";
import { settingsOf } from "../../src/jobs/space.js";
import { samplesOf } from "../../src/network/dataset.js";
import { Random } from "../../src/random.js";

function line(rows: number, noise = 0): ReturnType<typeof dataset> {
  const random = new Random(5);
  const xs = Array.from({ length: rows }, () => [random.uniform() * 2 - 1, random.uniform() * 2 - 1]);
  return dataset(
    xs,
    xs.map(([a, b]) => [3 * a - b + noise * (random.uniform() - 0.5)]),
  );
}

function rings(rows: number): ReturnType<typeof dataset> {
  const random = new Random(6);
  const xs = Array.from({ length: rows }, () => [random.uniform() * 2 - 1, random.uniform() * 2 - 1]);
  return dataset(
    xs,
    xs.map(([a, b]) => Number(a * a + b * b > 0.5)),
  );
}

describe("folds", () => {
  it("score every row once, in folds of the same size to within one, each class over all of them", () => {
    const cases = fc.record({
      labels: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 60 }),
      folds: fc.integer({ min: 2, max: 6 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ labels, folds, seed }) => {
        const parts = Array.from({ length: folds }, (_, i) => foldOf(labels.length, labels, folds, i, [seed, 0]));
        expect(parts.flatMap(({ test }) => Array.from(test)).sort((a, b) => a - b)).toEqual([...labels.keys()]);
        const sizes = parts.map(({ test }) => test.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        for (const { training, test } of parts) expect(training.length + test.length).toBe(labels.length);
        for (const label of new Set(labels)) {
          const counts = parts.map(({ test }) => Array.from(test).filter((row) => labels[row] === label).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe("crossValidate", () => {
  it("scores a linear model on exact data perfectly, and the mean at about R² 0", async () => {
    const setting: Setting = { hidden: [], optimizer: "newton", epochs: 2 };
    const { mean, baseline, folds } = await crossValidate(line(40), { setting, folds: 4, repeats: 2 });
    expect(folds).toHaveLength(8);
    expect(mean.rmse).toBeLessThan(1e-12);
    expect(mean.r2).toBeCloseTo(1, 12);
    expect(Math.abs(baseline.r2 as number)).toBeLessThan(0.5);
  });

  it("is what a loop by hand gives, to the bit", async () => {
    const data = rings(60);
    const setting: Setting = { hidden: [4], activation: "tanh", optimizer: "lbfgs", epochs: 20, l2: 0.01 };
    const { folds } = await crossValidate(data, { setting, folds: 3, seed: 9 });
    for (const { fold, test } of folds) {
      const rows = foldOf(60, data.targets as Float64Array, 3, fold, [9, 0]);
      const layers = [{ units: 4, activation: "tanh" as const }, { units: 2 }];
      const net = network({ inputs: 2, layers, loss: "cross-entropy", penalty: { l2: 0.01 }, seed: 9 });
      await fit(net, samplesOf(data, rows.training), { optimizer: lbfgs(), epochs: 20, seed: 9 });
      expect(test.loss).toBe(net.evaluate(samplesOf(data, rows.test)).loss);
    }
  });

  it("is the same twice, and another with another seed", async () => {
    const options = { setting: { hidden: [3], epochs: 3 }, folds: 2 };
    const [a, b, c] = await Promise.all([0, 0, 1].map((seed) => crossValidate(rings(30), { ...options, seed })));
    expect(b).toEqual(a);
    expect(c.mean).not.toEqual(a.mean);
  });

  it("refuses more folds than rows and unknown settings", async () => {
    await expect(crossValidate(line(3), { folds: 4 })).rejects.toThrow('"folds" expected at most the 3 rows');
    await expect(crossValidate(line(9), { setting: { unit: 3 } as Setting })).rejects.toThrow("unknown option");
  });
});

describe("spaces", () => {
  const math = { exp: Math.exp, log: Math.log } as never;

  it("are tried whole where they are small", () => {
    const settings = settingsOf({ l2: [0, 1], epochs: [1, 2, 3] }, 6, 0, math);
    expect(new Set(settings.map((setting) => JSON.stringify(setting))).size).toBe(6);
  });

  it("are covered evenly where they are not: one value in each of n parts of a range", () => {
    const space = { l2: { from: 1e-4, to: 1, scale: "log" as const }, epochs: { from: 1, to: 8, whole: true } };
    const settings = settingsOf(space, 8, 3, math);
    const parts = settings.map(({ l2 }) => Math.floor((Math.log10(l2 as number) + 4) * 2));
    expect(parts.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const { epochs } of settings) expect(Number.isInteger(epochs)).toBe(true);
  });
});

describe("tune", () => {
  it("finds that a curve needs hidden units and a line does not", async () => {
    const space = { hidden: [[], [6]], optimizer: ["lbfgs" as const], epochs: [60], l2: [0.003] };
    const curved = await tune(rings(150), { space });
    expect(curved.best.setting.hidden).toEqual([6]);
    expect(curved.network.evaluate(rings(150)).accuracy).toBeGreaterThan(0.95);
    const straight = await tune(line(40, 0.5), { space: { ...space, hidden: [[], [30]] } });
    expect(straight.best.setting.hidden).toEqual([]);
  });

  it("halves the settings after each fold, and counts its fits", async () => {
    const seen: number[] = [];
    const space = Array.from({ length: 8 }, (_, i) => ({ hidden: [2], epochs: 1, l2: i / 10 }));
    const { trials } = await tune(line(40), { space, folds: 4, onProgress: ({ done }) => void seen.push(done) });
    expect(seen).toEqual([8, 12, 14, 16]);
    expect(trials.map(({ folds }) => folds.length)).toEqual([4, 4, 2, 2, 1, 1, 1, 1]);
  });

  it("trains the network of the best setting on all rows", async () => {
    const data = line(30, 0.1);
    const setting: Setting = { hidden: [3], activation: "tanh", optimizer: "levenberg-marquardt", epochs: 5 };
    const { network: net } = await tune(data, { space: [setting], folds: 2, seed: 4 });
    const same = network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], seed: 4 });
    await fit(same, data, { optimizer: levenbergMarquardt(), epochs: 5, seed: 4 });
    expect(net.getParameters()).toEqual(same.getParameters());
  });

  it("puts a setting that ends in NaN behind the others", async () => {
    const space: Setting[] = [
      { hidden: [3], optimizer: "sgd", learningRate: 1e12, epochs: 4 },
      { hidden: [3], optimizer: "adam", epochs: 4 },
    ];
    expect((await tune(line(30), { space })).best.index).toBe(1);
  });

  it("ends when asked to, with the best so far", async () => {
    const space = Array.from({ length: 4 }, (_, i) => ({ hidden: [2], epochs: 1, l2: i }));
    const { trials } = await tune(line(40), { space, onProgress: () => true });
    expect(trials.every(({ folds }) => folds.length === 1)).toBe(true);
  });
});
