// Oracles: the library's losses at points computed by hand, its exact Hessian entry by entry, and
// kinks counted by signs at both ends.

import { afterAll, describe, expect, it } from "vitest";
import { Surroundings } from "../../src/cli/study/along.js";
import { matrixPicture } from "../../src/cli/study/picture.js";
import { affordableRows, rowsText, tooLong } from "../../src/cli/study/rows.js";
import { type Dataset, dataset, init, lanczos, type NetworkSpec, network } from "../../src/index.js";
import { Random } from "../cases.js";

await init({ simd: "strict" });
afterAll(() => init({ simd: "strict" }));

function rows(count: number, inputs: number): Dataset {
  const random = new Random(5);
  const table = Array.from({ length: count }, () => Array.from({ length: inputs }, () => random.uniform() - 0.5));
  return dataset(
    table,
    table.map(([a, b]) => (a! > b! ? 1 : 0)),
  );
}

const spec: NetworkSpec = {
  inputs: 4,
  layers: [{ units: 7, activation: "relu" }, { units: 2 }],
  loss: "cross-entropy",
  seed: 3,
};

describe("the loss along a line", () => {
  const net = network(spec);
  const data = rows(60, 4);
  const around = new Surroundings(net, data);
  const theta = net.getParameters();
  const gradient = Float64Array.from(net.gradient(data).gradient);

  it("is the loss at the points, and so is its model to second order", () => {
    const down = around.downhill()!;
    const copy = network(spec);
    for (const { t, loss } of down.points) {
      copy.setParameters(theta.map((x, k) => x - t * gradient[k]!));
      expect(loss).toBeCloseTo(copy.loss(data), 12);
    }
    const Hg = Float64Array.from(net.hvp(data, gradient));
    expect(down.slope).toBeCloseTo(-gradient.reduce((sum, g) => sum + g * g, 0), 12);
    expect(down.curvature).toBeCloseTo(
      Hg.reduce((sum, x, k) => sum + x * gradient[k]!, 0),
      12,
    );
    const first = down.points[0]!;
    const model = net.loss(data) + first.t * down.slope + 0.5 * first.t ** 2 * down.curvature;
    expect(first.model).toBeCloseTo(model, 12);
  });

  it("marks as many kinks of a unit and row as turn its sign from one end to the other", () => {
    const down = around.downhill()!;
    const signs = (t: number): boolean[] => {
      const w = theta.map((x, k) => x - t * gradient[k]!);
      return Array.from({ length: 60 * 7 }, (_, i) => {
        const [row, unit] = [Math.floor(i / 7), i % 7];
        let a = w[28 + unit]!;
        for (let j = 0; j < 4; ++j) a += w[4 * unit + j]! * data.inputs.data[4 * row + j]!;
        return a > 0;
      });
    };
    const [from, to] = [signs(down.points[0]!.t), signs(down.points.at(-1)!.t)];
    const turned = from.filter((sign, i) => sign !== to[i]).length;
    // The pre-activations of a first layer are linear in t.
    expect(down.crossings).toHaveLength(turned);
    expect(turned).toBeGreaterThan(3);
    expect(down).toMatchObject({ exact: true, rows: 60 });
    expect(down.crossings.slice()).toEqual(down.crossings.toSorted((a, b) => a - b));
  });

  it("finds the lowest direction", () => {
    const { along, eigenvalue } = around.lowest(0)!;
    expect(eigenvalue).toBeCloseTo(net.hessian(data).eigenvalues()[0]!, 4);
    expect(along.curvature).toBeCloseTo(eigenvalue, 4);
    expect(along.norm).toBeCloseTo(1, 12);
    expect(along.slope).toBeLessThanOrEqual(0);
    expect(lanczos(net.hessian(data), { k: 1, which: "smallest" }).values[0]).toBeCloseTo(eigenvalue, 4);
  });

  it("leaves the network as it was", () => {
    expect(net.getParameters()).toEqual(theta);
  });

  it("is not there where the gradient is 0", () => {
    const flat = network({ inputs: 1, layers: [{ units: 1 }], initializer: "zeros" });
    expect(new Surroundings(flat, dataset([[1], [2]], [0, 0])).downhill()).toBeNull();
  });
});

describe("a picture of the Hessian", () => {
  it("is the matrix itself where that is small", () => {
    const net = network(spec);
    const data = rows(30, 4);
    const picture = matrixPicture(net, data, "exact");
    expect(picture.size).toBe(net.parameterCount);
    expect(Array.from(picture.values)).toEqual(Array.from(net.hessian(data).data));
  });

  it("is of evenly spread entries where products cost less, as with batch norm", () => {
    const net = network({
      inputs: 30,
      layers: [{ units: 40, activation: "tanh", batchNorm: true }, { units: 2 }],
      loss: "cross-entropy",
      seed: 1,
    });
    const data = rows(20, 30);
    const picture = matrixPicture(net, data, "ggn");
    expect(picture).toMatchObject({ pixels: 600, size: net.parameterCount });
    expect(picture.method).toContain("600 evenly spread rows and columns, from 600 products");
    const G = net.hessian(data, { kind: "ggn" });
    for (const [row, column] of [
      [0, 0],
      [17, 400],
      [599, 599],
      [300, 2],
    ] as const) {
      const at = (pixel: number): number => Math.floor(((pixel + 0.5) * G.size) / 600);
      expect(picture.values[row * 600 + column]).toBeCloseTo(G.get(at(row), at(column)), 12);
    }
  });
});

describe("rows for a report's curvature", () => {
  it("are all of them where that can be afforded, and else fewer, the same for the same seed", () => {
    const small = affordableRows(network(spec), rows(50, 4), 0);
    expect(rowsText(small)).toBe("all 50 rows");
    const wide = network({
      inputs: 4,
      layers: [{ units: 400, activation: "relu" }, { units: 400 }, { units: 2 }],
      loss: "cross-entropy",
    });
    const data = rows(400, 4);
    const some = affordableRows(wide, data, 7);
    // 1.2e11 / (900 · 12 · P) rows, P = 163,202.
    expect(rowsText(some)).toBe("68 of 400 rows, drawn at random");
    expect(affordableRows(wide, data, 7).data.inputs).toEqual(some.data.inputs);
    expect(tooLong(wide, some)).toBeNull();
  });

  it("are not looked at where even a few take too long", () => {
    const huge = network({
      inputs: 4,
      layers: [{ units: 1000 }, { units: 1000 }, { units: 2 }],
      loss: "cross-entropy",
      dtype: "f32",
    });
    expect(tooLong(huge, affordableRows(huge, rows(100, 4), 0))).toBeGreaterThan(0);
  });
});
