// Oracle: a unit is no property of a point. The same network, data and predictions in other units
// get the same verdict.

import { describe, expect, it } from "vitest";
import {
  classifyCriticalPoint,
  dataset,
  fit,
  levenbergMarquardt,
  type Network,
  network,
  sgd,
} from "../../../src/index.js";
import { Random } from "../../../src/random.js";

const random = new Random(11);
const rows = Array.from({ length: 60 }, () => [random.uniform() * 2 - 1, random.uniform() * 2 - 1]);
const noisy = rows.map(([a, b]) => [a * Math.abs(a) - b + 0.3 * (random.uniform() - 0.5)]);

/** The same predictions with inputs times `columns` and targets times `target`. */
function inUnits(net: Network, columns: readonly number[], target: number): Network {
  const { inputs, layers } = net.spec;
  const made = network(net.spec);
  const values = net.getParameters();
  const first = layers[0].units * inputs;
  const last = values.length - layers[layers.length - 1].units * ((layers[layers.length - 2]?.units ?? inputs) + 1);
  for (let i = 0; i < first; ++i) values[i] /= columns[i % inputs];
  for (let i = last; i < values.length; ++i) values[i] *= target;
  made.setParameters(values);
  return made;
}

const units: readonly (readonly [columns: readonly number[], target: number])[] = [
  [[1, 1], 1e-9],
  [[1, 1], 1e9],
  [[1e6, 1e-6], 1],
  [[1e-6, 1e3], 1e-150],
];

async function points(): Promise<Record<string, Network>> {
  const plain = network({ inputs: 2, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], seed: 3 });
  const zeros = network({ inputs: 2, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], initializer: "zeros" });
  const fitted = network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], seed: 5 });
  await fit(fitted, dataset(rows, noisy), { optimizer: levenbergMarquardt(), epochs: 400 });
  return { plain, zeros, fitted };
}

describe("classifyCriticalPoint", () => {
  it("says the same in every unit, dense and by Lanczos", async () => {
    for (const [name, net] of Object.entries(await points())) {
      const data = dataset(rows, name === "zeros" ? noisy.map(([y], i) => [y + rows[i][0]]) : noisy);
      const targets = "data" in data.targets ? data.targets.data : data.targets;
      for (const curvature of ["dense", "lanczos"] as const) {
        const own = classifyCriticalPoint(net, data, { curvature });
        for (const [columns, target] of units) {
          const there = dataset(
            rows.map((row) => row.map((x, j) => x * columns[j])),
            Array.from(targets, (y) => [y * target]),
          );
          const point = classifyCriticalPoint(inUnits(net, columns, target), there, { curvature });
          expect([name, curvature, columns, target, point.kind]).toEqual([name, curvature, columns, target, own.kind]);
          expect(point.index).toBe(own.index);
        }
      }
    }
  });

  it("gives its numbers in the units of the objective", () => {
    const net = network({ inputs: 2, layers: [{ units: 1 }], seed: 1 });
    const far = dataset(
      rows.map(([a, b]) => [1e4 * a, b]),
      noisy.map(([y]) => [1e-3 * y]),
    );
    const { loss, gradient } = net.gradient(far);
    const eigenvalues = net.hessian(far).eigenvalues();
    const point = classifyCriticalPoint(net, far);
    expect(point.loss / loss).toBeCloseTo(1, 12);
    expect(point.gradientNorm / Math.hypot(...gradient)).toBeCloseTo(1, 12);
    expect(point.smallest / eigenvalues[0]).toBeCloseTo(1, 6);
    expect(point.largest / eigenvalues[2]).toBeCloseTo(1, 12);
    expect(point.kind).toBe("not-critical");
  });

  it("a linear regression on the way, with a column of 10⁴, is not critical in any unit of its targets", async () => {
    const wide = rows.map(([a, b]) => [a, 1e4 * b]);
    for (const target of [1e-9, 1, 1e9]) {
      const net = network({ inputs: 2, layers: [{ units: 1 }], initializer: "zeros" });
      const data = dataset(
        wide,
        rows.map(([a, b]) => [target * (a + 2 * b)]),
      );
      await fit(net, data, { optimizer: sgd({ learningRate: 1e-9 }), epochs: 200, batchSize: 60 });
      expect(classifyCriticalPoint(net, data).kind).toBe("not-critical");
    }
  });
});
