// Oracles: MacKay's fixed point for a line, in loops; held-out rows, against the same training
// without a penalty.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  cosine,
  dataset,
  fit,
  init,
  laplace,
  lbfgs,
  levenbergMarquardt,
  network,
  newton,
  withParameters,
} from "../../src/index.js";
import { inverse } from "../oracle/dense.js";
import { sameBits } from "../support.js";

beforeAll(() => init({ simd: "strict" }));

const wave = (i: number): number => Math.cos(12.9898 * i + 78.233 * i * i);
const inputs = Array.from({ length: 40 }, (_, i) => [wave(i), wave(i + 100)]);
const values = inputs.map(([a, b], i) => 1.5 * a - 0.5 * b + 0.3 * wave(i + 500));

describe('fit with penalty: "evidence"', () => {
  it("ends a line at the fixed point of prior and noise", async () => {
    const net = network({ inputs: 2, layers: [{ units: 1 }], penalty: { on: "all" } });
    const history = await fit(net, dataset(inputs, values), { optimizer: newton(), epochs: 60, penalty: "evidence" });
    expect(history.status).toBe("completed");
    expect(history.epochs.map(({ epoch }) => epoch)).toEqual(history.epochs.map((_, i) => i + 1));
    const X = inputs.map((row) => [...row, 1]);
    const theta = Array.from(net.getParameters());
    const rss = X.reduce((sum, x, i) => sum + (x.reduce((f, v, j) => f + v * theta[j], 0) - values[i]) ** 2, 0);
    const l2 = net.spec.penalty.l2 as number;
    // l2 = 2·σ²·α/N, so that JᵀJ + (N·l2/2)·I is the precision times σ².
    const A = [0, 1, 2].map((j) =>
      [0, 1, 2].map((k) => X.reduce((sum, x) => sum + x[j] * x[k], j === k ? 20 * l2 : 0)),
    );
    const gamma = 3 - 20 * l2 * inverse(A).reduce((sum, row, i) => sum + row[i], 0);
    const alpha = gamma / theta.reduce((sum, t) => sum + t * t, 0);
    const noise = rss / (40 - gamma);
    expect(l2 / ((2 * noise * alpha) / 40)).toBeCloseTo(1, 6);
    expect(history.notes.at(-1)).toMatch(/^the evidence leaves 3\.0 of 3 parameters to the data; the penalty is l2 = /);
  });

  it.each(["mse", "cross-entropy"] as const)(
    "is better on other rows than no penalty, where the network is too large: %s",
    async (loss) => {
      const layers = [{ units: 12, activation: "tanh" as const }, { units: loss === "mse" ? 1 : 2 }];
      const target = (row: number[], i: number): number => {
        const y = row[0] * row[1] + 0.5 * wave(i + 4000);
        return loss === "mse" ? y : Number(y > 0);
      };
      const other = Array.from({ length: 200 }, (_, i) => [wave(i + 7000), wave(i + 9000)]);
      const held = dataset(
        other,
        other.map((row, i) => target(row, i + 300)),
      );
      const data = dataset(inputs, inputs.map(target));
      const trained = async (penalty: boolean): Promise<number> => {
        const net = network({ inputs: 2, layers, loss, seed: 1 });
        const optimizer = loss === "mse" ? levenbergMarquardt() : lbfgs();
        await fit(net, data, { optimizer, epochs: 200, ...(penalty ? { penalty: "evidence" as const } : {}) });
        return net.evaluate(held).loss;
      };
      expect(await trained(true)).toBeLessThan(0.8 * (await trained(false)));
    },
  );

  it("is in no unit of the targets", async () => {
    const trained = async (unit: number): Promise<number> => {
      const net = network({ inputs: 2, layers: [{ units: 1 }], penalty: { on: "all" } });
      const data = dataset(
        inputs,
        values.map((y) => y * unit),
      );
      await fit(net, data, { optimizer: newton(), epochs: 60, penalty: "evidence" });
      return net.spec.penalty.l2 as number;
    };
    const one = await trained(1);
    for (const unit of [1e-9, 1e9]) expect((await trained(unit)) / one).toBeCloseTo(1, 6);
  });

  it("has a penalty for each layer, which keeps its meaning in other units of columns and targets", async () => {
    const trained = async (column: number, target: number): Promise<{ l2: number[]; loss: number }> => {
      const layers = [{ units: 3, activation: "tanh" as const }, { units: 1 }];
      const net = network({ inputs: 2, layers, seed: 1 });
      net.setParameters(
        net.getParameters().map((value, i) => (i < 6 ? value / column : i < 9 ? value : value * target)),
      );
      const data = dataset(
        inputs.map((row) => row.map((x) => x * column)),
        inputs.map(([a, b], i) => target * (Math.sin(2 * a) * b + 0.1 * wave(i + 500))),
      );
      await fit(net, data, { optimizer: levenbergMarquardt(), epochs: 100, penalty: "evidence" });
      return { l2: Array.from(net.spec.penalty.l2 as number[]), loss: net.evaluate(data).loss };
    };
    const one = await trained(1, 1);
    expect(one.l2).toHaveLength(2);
    // Powers of two, so that long runs don't part by rounding.
    for (const [column, target] of [
      [2 ** 20, 1],
      [1, 2 ** 20],
      [2 ** -20, 2 ** -20],
    ]) {
      const other = await trained(column, target);
      // Both stand in units of the loss per square of their weights.
      expect(other.l2[0] / (target * column) ** 2 / one.l2[0]).toBeCloseTo(1, 3);
      expect(other.l2[1] / one.l2[1]).toBeCloseTo(1, 3);
      expect(other.loss / target ** 2 / one.loss).toBeCloseTo(1, 4);
    }
  });

  it("does not stay where the first penalty has made the network constant", async () => {
    const data = dataset(
      inputs,
      inputs.map(([a, b], i) => Math.sin(2 * a) * b + 0.1 * wave(i + 500)),
    );
    const layers = [{ units: 3, activation: "tanh" as const }, { units: 1 }];
    for (const seed of [1, 2, 3]) {
      const net = network({ inputs: 2, layers, seed });
      const constant = network({ inputs: 2, layers, seed });
      constant.setParameters(constant.getParameters().fill(0));
      await fit(net, data, { optimizer: levenbergMarquardt(), epochs: 100, penalty: "evidence" });
      expect(net.evaluate(data).loss).toBeLessThan(0.2 * constant.evaluate(data).loss);
    }
  });

  it("restarts from other seeds, and keeps the network with the greatest evidence", async () => {
    const data = dataset(
      inputs,
      inputs.map(([a, b], i) => Math.sin(3 * a) * b + 0.1 * wave(i + 70)),
    );
    const layers = [{ units: 3, activation: "tanh" as const }, { units: 1 }];
    const options = { epochs: 100, penalty: "evidence" as const };
    const net = network({ inputs: 2, layers, seed: 4, penalty: { l2: 0.01 } });
    const history = await fit(net, data, { ...options, optimizer: levenbergMarquardt(), restarts: 3 });
    const alone = [];
    // Restarts begin with other penalties too.
    for (const [seed, l2] of [
      [4, 0.01],
      [5, 10 * 0.01],
      [6, 0.1 * 0.01],
      [7, 0.01],
    ]) {
      const other = network({ inputs: 2, layers, seed, penalty: { l2 } });
      await fit(other, data, { ...options, optimizer: levenbergMarquardt() });
      alone.push(other);
    }
    const note = history.notes.at(-1) ?? "";
    const evidences = [...note.matchAll(/-?\d+\.\d/g)].map(([value]) => Number(value));
    expect(note).toMatch(/^the best of 4 networks by their evidence, /);
    expect(evidences).toHaveLength(4);
    const kept = alone.findIndex((other) => sameBits(other.getParameters(), net.getParameters()));
    expect(evidences[kept]).toBe(Math.max(...evidences));
    expect(net.spec.penalty).toEqual(alone[kept].spec.penalty);
    // Not all seeds end at the same minimum.
    expect(Math.max(...evidences) - Math.min(...evidences)).toBeGreaterThan(0.1);
  });

  it("has the evidence of the posterior, but for a constant that all networks of a shape share", async () => {
    const data = dataset(inputs, values);
    const found = [];
    for (const seed of [1, 2]) {
      const net = network({
        inputs: 2,
        layers: [{ units: 2, activation: "tanh" }, { units: 1 }],
        penalty: { on: "all" },
        seed,
      });
      const optimizer = levenbergMarquardt();
      const { notes } = await fit(net, data, { optimizer, epochs: 200, penalty: "evidence", restarts: 1 });
      const own = Number(/evidence, (-?\d+\.\d)/.exec(notes.at(-1) ?? "")?.[1]);
      const alone = network({ ...net.spec, seed } as never);
      await fit(alone, data, { optimizer: levenbergMarquardt(), epochs: 200, penalty: "evidence" });
      found.push(own - laplace(alone, data, { groups: "all" }).logEvidence);
    }
    // Printed to a decimal.
    expect(Math.abs(found[0] - found[1])).toBeLessThan(0.2);
    expect(Math.abs(found[0])).toBeLessThan(0.2);
  });

  it("leaves fixed parameters alone, and out of the count", async () => {
    const net = withParameters(
      network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], seed: 1 }),
      1,
    );
    const before = net.getParameters().slice(0, 9);
    const { notes } = await fit(net, dataset(inputs, values), { optimizer: newton(), epochs: 40, penalty: "evidence" });
    expect(net.getParameters().slice(0, 9)).toEqual(before);
    expect(notes.at(-1)).toMatch(/of 4 parameters to the data/);
  });

  it("hears an abort, calls back with its own count of epochs, and refuses what does not go with it", async () => {
    const net = network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 1 }] });
    const data = dataset(inputs, values);
    const seen: number[] = [];
    const controller = new AbortController();
    const options = {
      ...{ optimizer: adam(), epochs: 40, penalty: "evidence" as const, signal: controller.signal },
      onEpoch: ({ epoch }: { epoch: number }) => {
        seen.push(epoch);
        if (epoch === 7) controller.abort();
      },
    };
    expect((await fit(net, data, options)).status).toBe("aborted");
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const plain = { optimizer: adam(), epochs: 4, penalty: "evidence" as const };
    await expect(fit(net, data, { ...plain, schedule: cosine() })).rejects.toThrow(
      'fit: "schedule" expected nothing beside penalty',
    );
    await expect(fit(net, data, { ...plain, restarts: 1.5 })).rejects.toThrow('fit: "restarts" expected an integer');
    await expect(fit(net, data, { ...plain, penalty: "evidnce" as never })).rejects.toThrow('did you mean "evidence"?');
  });
});
