// Oracle: the same run with the batch size named.

import { expect, it } from "vitest";
import { adam, hessianFree, kfac, lbfgs, network, type Optimizer, sgd, training } from "../../src/index.js";
import { finish, snapshot, toDataset } from "../support.js";

const rows = Array.from({ length: 70 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const data = toDataset(
  rows,
  rows.map(([a, b]) => [a * b]),
);

it.each<[string, () => Optimizer, number]>([
  ["sgd", () => sgd(), 32],
  ["adam", () => adam(), 32],
  ["hessianFree", () => hessianFree(), 70],
  ["kfac", () => kfac(), 70],
  ["lbfgs", () => lbfgs(), 70],
])("%s takes its default batch", (_, make, batchSize) => {
  const ends = [{}, { batchSize }].map((more) => {
    const net = network({ inputs: 2, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], seed: 1 });
    const { steps } = finish(training(net, data, { optimizer: make(), epochs: 3, ...more }));
    return [steps, snapshot(net)];
  });
  expect(ends[0]).toEqual(ends[1]);
  expect(ends[0][0]).toBe(batchSize === 32 ? 9 : 3);
});
