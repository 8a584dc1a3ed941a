// Oracle: targets that a method has to reach, from every seed; SciPy's runs from the same starts
// (test/fixtures/levenberg-marquardt.json).

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  hessianFree,
  kfac,
  lbfgs,
  levenbergMarquardt,
  type Network,
  network,
  type Optimizer,
  training,
} from "../../src/index.js";
import { toDataset } from "../support.js";

interface Start {
  curve: string;
  units: number;
  seed: number;
  target: number;
  start: number[];
  startError: number;
}

const { items }: { items: Start[] } = JSON.parse(
  readFileSync(new URL("../fixtures/levenberg-marquardt.json", import.meta.url), "utf8"),
);
const X = Array.from({ length: 200 }, (_, i) => -1 + (2 * i) / 199);
const curves: Record<string, (x: number) => number> = {
  "sin 3x": (x) => Math.sin(3 * x),
  "sinc 10x": (x) => Math.sin(10 * x) / (10 * x),
};

/** Steps until the loss is at the target, or Infinity. */
function stepsTo({ curve, units, seed, target, start, startError }: Start, optimizer: Optimizer, most: number): number {
  const net = network({ inputs: 1, layers: [{ units, activation: "tanh" }, { units: 1 }], seed });
  expect(Array.from(net.getParameters())).toEqual(start);
  const data = toDataset(
    X.map((x) => [x]),
    X.map(curves[curve]),
  );
  expect(Math.abs(net.loss(data) / startError - 1)).toBeLessThan(1e-12);
  for (const { loss, step } of training(net, data, { optimizer, epochs: most + 1 }))
    if (loss <= target) return step - 1;
  return Infinity;
}

const of = (curve: string): Start[] => items.filter((item) => item.curve === curve);

describe("levenbergMarquardt", () => {
  it("1-10-1 tanh on sin 3x: to an rmse of 1e-3 from each of ten seeds", () => {
    const starts = of("sin 3x");
    expect(starts.length).toBe(10);
    for (const start of starts) expect(stepsTo(start, levenbergMarquardt(), 150)).toBeLessThanOrEqual(150);
  });

  it("1-20-1 tanh on sin(10x)/(10x): to an mse of 1e-7 within 100 iterations from at least nine of ten seeds", () => {
    const reached = of("sinc 10x").filter((start) => stepsTo(start, levenbergMarquardt(), 100) <= 100);
    expect(reached.length).toBeGreaterThanOrEqual(9);
  });

  it("in single precision it comes as far as the precision lets it", () => {
    for (const { units, seed, curve } of of("sin 3x").slice(0, 4)) {
      const net = network({ inputs: 1, layers: [{ units, activation: "tanh" }, { units: 1 }], seed, dtype: "f32" });
      const data = toDataset(
        X.map((x) => [x]),
        X.map(curves[curve]),
      );
      for (const _ of training(net, data, { optimizer: levenbergMarquardt(), epochs: 150 }));
      expect(net.evaluate(data).loss).toBeLessThan(1e-5);
    }
  });

  it("a small mean loss is no reason to stop: the steps are the same in other units of the targets", () => {
    const run = (scale: number): number[] => {
      const net = network({ inputs: 1, layers: [{ units: 5, activation: "tanh" }, { units: 1 }], seed: 3 });
      const values = net.getParameters();
      for (let i = 10; i < 16; ++i) values[i] *= scale; // the output layer
      net.setParameters(values);
      const data = toDataset(
        X.map((x) => [x]),
        X.map((x) => scale * Math.sin(3 * x)),
      );
      const losses: number[] = [];
      for (const { loss } of training(net, data, { optimizer: lbfgs(), epochs: 40 })) losses.push(loss / scale ** 2);
      return losses;
    };
    const [small, plain] = [run(2 ** -20), run(1)];
    expect(small.length).toBe(plain.length);
    expect(small[0]).toBeCloseTo(plain[0], 12);
    expect(small[39]).toBeLessThan(0.5 * small[0]);
  });
});

describe("the digits, 64-64-32-10", () => {
  const [, ...lines] = readFileSync(new URL("../../data/digits.csv", import.meta.url), "utf8")
    .trim()
    .split("\n");
  const rows = lines.map((line) => line.split(",").map(Number));
  const data = toDataset(
    rows.map((row) => row.slice(0, 64).map((pixel) => pixel / 16)),
    rows.map((row) => row[64]),
  );

  const untrained = (): Network =>
    network({
      inputs: 64,
      layers: [{ units: 64, activation: "relu" }, { units: 32, activation: "relu" }, { units: 10 }],
      loss: "cross-entropy",
      seed: 1,
    });

  it("hessianFree: solves stop the later the less progress is enough", () => {
    const products = [0.1, 0.01, 0.001].map((progress) => {
      const optimizer = hessianFree({ progress, damping: 1e-3 });
      for (const { evaluations } of training(untrained(), data, { optimizer, epochs: 1, batchSize: rows.length }))
        return evaluations.hvp;
      return 0;
    });
    expect(products[0]).toBeGreaterThan(0);
    expect(products[1]).toBeGreaterThan(products[0]);
    expect(products[2]).toBeGreaterThan(products[1]);
  });

  it.each<[string, () => Optimizer]>([
    ["hessianFree", () => hessianFree()],
    ["kfac", () => kfac()],
  ])("%s leaves no training error within 25 steps", (_, optimizer) => {
    const net = untrained();
    const run = training(net, data, { optimizer: optimizer(), epochs: 25, batchSize: rows.length });
    let best = 0;
    for (const { epochRecord } of run) {
      best = epochRecord?.accuracy ?? 0;
      if (best === 1) break;
    }
    expect(best).toBe(1);
  });
});
