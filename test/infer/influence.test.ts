// Oracles: networks trained again without a row (exact for least squares); planted wrong labels.

import { beforeAll, describe, expect, it } from "vitest";
import { type Dataset, dataset, fit, influence, init, lbfgs, type Network, network, newton } from "../../src/index.js";
import { distance } from "../support.js";

beforeAll(() => init({ simd: "strict" }));

const wave = (i: number): number => Math.cos(12.9898 * i + 78.233 * i * i);
const inputs = Array.from({ length: 24 }, (_, i) => [wave(i), wave(i + 100)]);
const values = inputs.map(([a, b], i) => [1.5 * a - 0.5 * b + 0.4 * wave(i + 500), a + b + 0.3 * wave(i + 700)]);

function without<T>(rows: readonly T[], row: number): T[] {
  return rows.filter((_, i) => i !== row);
}

describe.each([0, 0.1])("least squares with a penalty of %s", (l2) => {
  const line = async (skip = -1): Promise<Network> => {
    const net = network({ inputs: 2, layers: [{ units: 2 }], penalty: { l2 } });
    await fit(net, dataset(without(inputs, skip), without(values, skip)), { optimizer: newton(), epochs: 3 });
    return net;
  };

  it("is as if trained without the row", async () => {
    const found = influence(await line(), dataset(inputs, values), { damping: 0 });
    expect(found.status).toBe("converged");
    for (const row of [0, 7, 23]) {
      const other = await line(row);
      const parameters = found.parametersWithout(row);
      other.getParameters().forEach((value, i) => expect(parameters[i]).toBeCloseTo(value, 10));
      expect(found.leaveOneOutLoss[row]).toBeCloseTo(other.evaluate(dataset([inputs[row]], [values[row]])).loss, 10);
    }
  });

  it("foretells what a row does to other rows, to first order", async () => {
    const on = dataset(
      [
        [0.3, 0.1],
        [-0.4, 0.8],
      ],
      [
        [3, 0],
        [0, 3],
      ],
    );
    const net = await line();
    const { scores } = influence(net, dataset(inputs, values), { on, damping: 0 });
    for (const row of [3, 11]) {
      const change = (await line(row)).evaluate(on).loss - net.evaluate(on).loss;
      expect(Math.abs(scores[row] - change)).toBeLessThan(0.1 * Math.abs(change) + 1e-3);
    }
  });
});

it("a logistic regression nearly is", async () => {
  const labels = inputs.map(([a, b], i) => Number(a + b + wave(i + 40) > 0));
  const train = async (skip = -1): Promise<Network> => {
    const net = network({ inputs: 2, layers: [{ units: 2 }], loss: "cross-entropy", penalty: { l2: 0.05, on: "all" } });
    await fit(net, dataset(without(inputs, skip), without(labels, skip)), { optimizer: newton(), epochs: 40 });
    return net;
  };
  const found = influence(await train(), dataset(inputs, labels));
  for (const row of [2, 9, 17]) {
    const loss = (await train(row)).evaluate(dataset([inputs[row]], [labels[row]])).loss;
    expect(Math.abs(found.leaveOneOutLoss[row] - loss)).toBeLessThan(0.03 * loss);
  }
});

it("wrong labels come first, and few others", async () => {
  const many = Array.from({ length: 150 }, (_, i) => [2 * wave(i), 2 * wave(i + 1000)]);
  const right = many.map(([a, b]) => (a > 0.2 ? 0 : b > 0 ? 1 : 2));
  const flipped = [4, 33, 71, 99, 120, 143];
  const labels = right.map((label, i) => (flipped.includes(i) ? (label + 1) % 3 : label));
  const net = network({
    inputs: 2,
    layers: [{ units: 8, activation: "tanh" }, { units: 3 }],
    loss: "cross-entropy",
    penalty: { l2: 0.01 },
    seed: 1,
  });
  const data = dataset(many, labels);
  await fit(net, data, { optimizer: lbfgs(), epochs: 500 });
  const { mislabelled } = influence(net, data);
  const first = mislabelled.slice(0, 8).map(({ row }) => row);
  expect(flipped.filter((row) => first.includes(row)).length).toBeGreaterThanOrEqual(5);
  for (const { row, given, likely } of mislabelled.slice(0, 4)) {
    expect(given).toBe(labels[row]);
    if (flipped.includes(row)) expect(likely).toBe(right[row]);
  }
});

it("conjugate gradients come to what a factorization gives, also without a penalty on biases", async () => {
  const labels = inputs.map(([a, b], i) => (a + wave(i + 40) > 0.2 ? 0 : b > 0 ? 1 : 2));
  for (const [loss, targets] of [
    ["cross-entropy", labels],
    ["mse", values],
  ] as const) {
    const net = network({
      inputs: 2,
      layers: [{ units: 4, activation: "tanh" }, { units: loss === "mse" ? 2 : 3 }],
      loss,
      penalty: { l2: 0.01 },
      seed: 3,
    });
    const data = dataset(inputs, targets as never);
    await fit(net, data, { optimizer: lbfgs(), epochs: 300 });
    const [dense, products] = [influence(net, data), influence(net, data, { maxBytes: 1 })];
    expect(dense.reason).toBe("from one factorization");
    expect([products.status, products.reason]).toEqual(["converged", "from products, by conjugate gradients"]);
    // Solves end at 1e-8 of their right-hand side, which the curvature's condition enlarges.
    for (const key of ["scores", "leaveOneOutLoss"] as const)
      products[key].forEach((value, i) => expect(value).toBeCloseTo(dense[key][i], 5));
    // Biases of a softmax may all move alike, at no cost and by any amount.
    if (loss === "cross-entropy") continue;
    expect(distance(products.parametersWithout(3), dense.parametersWithout(3))).toBeLessThan(1e-5);
  }
});

it("a weight of 2 is the row twice, and goes as a whole", async () => {
  const weights = inputs.map((_, i) => (i % 5 ? 1 : 2));
  const twice = inputs.flatMap((row, i) => new Array(weights[i]).fill(row));
  const line = async (rows: number[][], targets: number[][], w?: number[]): Promise<[Network, Dataset]> => {
    const net = network({ inputs: 2, layers: [{ units: 2 }] });
    const data = dataset(rows, targets, w ? { weights: w } : {});
    await fit(net, data, { optimizer: newton(), epochs: 3 });
    return [net, data];
  };
  const [net, data] = await line(inputs, values, weights);
  const [same] = await line(
    twice,
    values.flatMap((row, i) => new Array(weights[i]).fill(row)),
  );
  net.getParameters().forEach((value, i) => expect(value).toBeCloseTo(same.getParameters()[i], 10));
  const found = influence(net, data, { damping: 0 });
  for (const row of [0, 4, 5]) {
    const left = weights.map((weight, i) => (i === row ? 0 : weight));
    const [other] = await line(inputs, values, left);
    other.getParameters().forEach((value, i) => expect(found.parametersWithout(row)[i]).toBeCloseTo(value, 9));
  }
});

it.each([1e-9, 1e9])("neither scores nor suspects know a unit: targets × %s, inputs × its root", async (unit) => {
  const single = values.map(([y], i) => (i === 5 ? y + 3 : y));
  const found = async (input: number, target: number) => {
    const net = network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], seed: 1 });
    await fit(net, dataset(inputs, single), { optimizer: lbfgs(), epochs: 200 });
    const theta = net.getParameters();
    theta.forEach((value, i) => {
      theta[i] = i < 6 ? value / input : i < 9 ? value : value * target;
    });
    net.setParameters(theta);
    const rows = inputs.map((row) => row.map((x) => x * input));
    const data = dataset(
      rows,
      single.map((y) => y * target),
    );
    return influence(net, data, { damping: "evidence" });
  };
  const [one, other] = [await found(1, 1), await found(Math.sqrt(unit), unit)];
  expect(other.status).toBe(one.status);
  expect(other.mislabelled.map(({ row }) => row)).toEqual(one.mislabelled.map(({ row }) => row));
  other.leaveOneOutLoss.forEach((value, i) => expect(value / unit ** 2 / one.leaveOneOutLoss[i]).toBeCloseTo(1, 5));
});

it("a value far off is a suspect", async () => {
  const single = values.map(([y], i) => (i === 5 ? y + 8 : y));
  const net = network({ inputs: 2, layers: [{ units: 1 }] });
  const data = dataset(inputs, single);
  await fit(net, data, { optimizer: newton(), epochs: 3 });
  const { mislabelled } = influence(net, data);
  expect(mislabelled[0]).toMatchObject({ row: 5, given: single[5] });
  expect(mislabelled.length).toBeLessThan(4);
});

it("says where there is nothing to say", () => {
  const net = network({ inputs: 2, layers: [{ units: 2 }] });
  net.setParameters([1e300, 1e300, 0, 0, 0, 0]);
  const far = dataset(
    inputs.map(([a, b]) => [a * 1e200, b]),
    values,
  );
  expect(influence(net, far)).toMatchObject({ status: "non-finite", mislabelled: [] });
  expect(() => influence(net, dataset(inputs, values), { damping: -1 })).toThrow('influence: "damping" expected');
  expect(() => influence(net, dataset(inputs, values), { maxBytes: 0 })).toThrow('influence: "maxBytes" expected');
});
