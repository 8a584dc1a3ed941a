// Oracles: the moments of a mixture by loops over its parts; a part alone; networks far from their
// rows, where they disagree.

import { beforeAll, describe, expect, it } from "vitest";
import { dataset, fit, init, laplace, lbfgs, levenbergMarquardt, mixture, network } from "../../src/index.js";

beforeAll(() => init({ simd: "strict" }));

const wave = (i: number): number => Math.cos(12.9898 * i + 78.233 * i * i);
const inputs = Array.from({ length: 40 }, (_, i) => [wave(i), wave(i + 100)]);
const values = inputs.map(([a, b], i) => Math.sin(2 * a) + 0.5 * b + 0.1 * wave(i + 500));
const elsewhere = [
  [0.1, -0.3],
  [3, -2],
];

async function posteriorsOf(unit = 1) {
  const data = dataset(
    inputs.map((row) => row.map((x) => x / unit)),
    values.map((y) => y * unit),
  );
  const trained = async (seed: number) => {
    const layers = [{ units: 3, activation: "tanh" as const }, { units: 1 }];
    const net = network({ inputs: 2, layers, seed });
    // The same start in any unit.
    const theta = net.getParameters();
    net.setParameters(theta.map((value, i) => (i < 6 || i >= 9 ? value * unit : value)));
    await fit(net, data, { optimizer: levenbergMarquardt(), epochs: 100, penalty: "evidence" });
    return laplace(net, data);
  };
  return Promise.all([1, 2, 3].map(trained));
}

describe("mixture", () => {
  it("has the mean and the variance of its parts together", async () => {
    const posteriors = await posteriorsOf();
    const parts = posteriors.map((posterior) => posterior.predict(elsewhere));
    const { mean, deviation, noise } = mixture(posteriors).predict(elsewhere);
    elsewhere.forEach((_, s) => {
      // E[y] and E[y²] − E[y]² of new targets.
      const first = parts.reduce((sum, part) => sum + part.mean.data[s] / 3, 0);
      const second = parts.reduce(
        (sum, part) => sum + (part.mean.data[s] ** 2 + part.deviation.data[s] ** 2 + part.noise ** 2) / 3,
        0,
      );
      expect(mean.data[s]).toBeCloseTo(first, 12);
      expect(deviation.data[s] ** 2 + noise ** 2).toBeCloseTo(second - first ** 2, 10);
    });
    expect(deviation.data[1]).toBeGreaterThan(5 * deviation.data[0]);
  });

  it("of one is that one", async () => {
    const [posterior] = await posteriorsOf();
    const [own, alone] = [mixture([posterior, posterior]).predict(elsewhere), posterior.predict(elsewhere)];
    expect(own.mean.data).toEqual(alone.mean.data);
    own.deviation.data.forEach((value, i) => expect(value / alone.deviation.data[i]).toBeCloseTo(1, 12));
    expect(own.noise / alone.noise).toBeCloseTo(1, 12);
  });

  it("has no unit", async () => {
    const one = mixture(await posteriorsOf()).predict(elsewhere);
    const unit = 2 ** 20;
    const other = mixture(await posteriorsOf(unit)).predict(elsewhere.map((row) => row.map((x) => x / unit)));
    elsewhere.forEach((_, s) => {
      expect(other.mean.data[s] / unit / one.mean.data[s]).toBeCloseTo(1, 6);
      expect(other.deviation.data[s] / unit / one.deviation.data[s]).toBeCloseTo(1, 5);
    });
    expect(other.noise / unit / one.noise).toBeCloseTo(1, 6);
  });

  it("averages probabilities, and refuses what does not go together", async () => {
    const labels = values.map((y) => Number(y > 0));
    const data = dataset(inputs, labels);
    const trained = async (seed: number) => {
      const net = network({ inputs: 2, layers: [{ units: 2 }], loss: "cross-entropy", seed, penalty: { l2: 0.01 } });
      await fit(net, data, { optimizer: lbfgs(), epochs: 3 + seed });
      return laplace(net, data);
    };
    const posteriors = [await trained(0), await trained(9)];
    const p = mixture(posteriors).probabilities(elsewhere).data;
    const [a, b] = posteriors.map((posterior) => posterior.probabilities(elsewhere).data);
    p.forEach((value, i) => expect(value).toBeCloseTo((a[i] + b[i]) / 2, 14));
    expect(() => mixture([])).toThrow('mixture: "posteriors" expected at least one posterior, got none');
    expect(() => mixture([{} as never])).toThrow(TypeError);
    expect(() => mixture({} as never)).toThrow(TypeError);
    const [regression] = await posteriorsOf();
    expect(() => mixture([regression, ...posteriors])).toThrow("networks of the same kind of loss");
  });
});
