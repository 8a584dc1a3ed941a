// Oracle: the same network in other units of its columns and targets says the same: principle, not
// figures.

import { beforeAll, describe, expect, it } from "vitest";
import {
  type Dataset,
  dataset,
  fit,
  influence,
  init,
  laplace,
  lbfgs,
  levenbergMarquardt,
  type Network,
  network,
  prune,
} from "../../src/index.js";

beforeAll(() => init({ simd: "strict" }));

const wave = (i: number): number => Math.cos(12.9898 * i + 78.233 * i * i);
const rows = Array.from({ length: 60 }, (_, i) => [wave(i), wave(i + 100), wave(i + 200)]);
const targets = rows.map(([a, b], i) => [Math.sin(2 * a) + 0.1 * wave(i + 500), b - 0.5 * a + 0.2 * wave(i + 900)]);
const labels = rows.map(([a, b], i) => Number(a + 0.3 * wave(i + 700) > 0) + Number(b + 0.3 * wave(i + 800) > 0.4));
const weights = rows.map((_, i) => 1 + (i % 3));
const elsewhere = [
  [0.1, -0.3, 0.2],
  [1.5, 2, -1],
];

interface Units {
  readonly columns: readonly number[];
  readonly target: number;
}

const kinds: readonly Units[] = [
  { columns: [1e6, 1, 1e-6], target: 1 },
  { columns: [1, 1, 1], target: 1e6 },
  { columns: [1e-6, 1e6, 1e-6], target: 1e-6 },
];

const times = (given: readonly (readonly number[])[], columns: readonly number[]): number[][] =>
  given.map((row) => row.map((x, j) => x * columns[j]));

/**
 * Three hidden units and as many outputs as targets or classes, trained to a minimum; without a
 * penalty, whose meaning would change with the columns' units.
 */
async function trained(classes: boolean): Promise<Network> {
  const net = network({
    inputs: 3,
    layers: [{ units: 3, activation: "tanh" }, { units: classes ? 3 : 2 }],
    loss: classes ? "cross-entropy" : "mse",
    seed: 3,
  });
  await fit(net, dataOf(classes), { optimizer: classes ? lbfgs() : levenbergMarquardt(), epochs: classes ? 8 : 300 });
  return net;
}

function dataOf(classes: boolean, { columns, target }: Units = { columns: [1, 1, 1], target: 1 }): Dataset {
  const y = classes ? labels : targets.map((row) => row.map((value) => value * target));
  return dataset(times(rows, columns), y as number[][], { weights });
}

/** The same function of the same rows. */
function inUnits(net: Network, { columns, target }: Units): Network {
  const [first, last] = net.layout.layers;
  const made = network(net.spec as never);
  made.setParameters(
    net.getParameters().map((value, i) => {
      if (i < first.bias) return value / columns[(i - first.weight) % 3];
      return i >= last.weight ? value * target : value;
    }),
  );
  return made;
}

const near = (a: ArrayLike<number>, b: ArrayLike<number>, share = 1e-6): void => {
  const size = Math.max(...Array.from(b, Math.abs));
  Array.from(a).forEach((value, i) => expect(Math.abs(value - b[i])).toBeLessThan(share * size));
};

describe.each(kinds)("in units $columns of columns and $target of targets", (units) => {
  it("values have the same posterior, influence and order of removals", async () => {
    const net = await trained(false);
    const other = inUnits(net, units);
    const [data, its] = [dataOf(false), dataOf(false, units)];
    const [a, b] = [laplace(net, data, { groups: "inputs" }), laplace(other, its, { groups: "inputs" })];
    expect(b.status).toBe(a.status);
    // A density of 120 targets, each row as often as its weight says.
    const count = 2 * weights.reduce((sum, weight) => sum + weight, 0);
    expect(b.logEvidence + count * Math.log(units.target)).toBeCloseTo(a.logEvidence, 5);
    expect(b.effectiveParameters).toBeCloseTo(a.effectiveParameters, 5);
    const [p, q] = [a.predict(elsewhere), b.predict(times(elsewhere, units.columns))];
    near(
      q.deviation.data.map((value) => value / units.target),
      p.deviation.data,
    );
    expect(q.noise / units.target / p.noise).toBeCloseTo(1, 6);
    const [i, j] = [influence(net, data), influence(other, its)];
    near(
      j.leaveOneOutLoss.map((value) => value / units.target ** 2),
      i.leaveOneOutLoss,
    );
    near(
      j.scores.map((value) => value / units.target ** 2),
      i.scores,
      1e-5,
    );
    expect(j.mislabelled.map(({ row }) => row)).toEqual(i.mislabelled.map(({ row }) => row));
    for (const method of ["obs", "obd"] as const) {
      const masks = [
        prune(net, data, { method, until: { parameters: 12 } }),
        prune(other, its, { method, until: { parameters: 12 } }),
      ];
      expect(masks[1].mask).toEqual(masks[0].mask);
    }
  });

  it("classes have the same posterior and influence", async () => {
    const own = { ...units, target: 1 };
    const net = await trained(true);
    const other = inUnits(net, own);
    const [data, its] = [dataOf(true), dataOf(true, own)];
    const [a, b] = [laplace(net, data, { groups: "inputs" }), laplace(other, its, { groups: "inputs" })];
    expect(b.status).toBe(a.status);
    expect(b.logEvidence).toBeCloseTo(a.logEvidence, 5);
    near(b.probabilities(times(elsewhere, own.columns)).data, a.probabilities(elsewhere).data);
    const [i, j] = [influence(net, data, { damping: "evidence" }), influence(other, its, { damping: "evidence" })];
    expect(j.mislabelled.map(({ row }) => row)).toEqual(i.mislabelled.map(({ row }) => row));
  });
});
