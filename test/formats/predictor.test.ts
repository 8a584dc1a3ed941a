// Oracles: `predict` and `probabilities` of the network, and `encode` and `decode` of the columns,
// which the predictor joins.

import { beforeAll, describe, expect, it } from "vitest";
import { fromJson, predictor, toJson } from "../../src/formats/index.js";
import { type Activation, init, type NetworkSpec, network } from "../../src/index.js";
import { describe as describeTable } from "../../src/tables/index.js";
import { Random } from "../cases.js";
import { distance } from "../support.js";

beforeAll(() => init({ simd: "strict" }));

const activations: (Activation | string)[] = [
  ...["identity", "relu", "step", "tanh", "sigmoid", "gelu", "silu", "softplus"],
  { type: "leaky-relu", slope: 0.1 },
  { type: "elu", alpha: 0.7 },
];

describe("a row", () => {
  it.each(activations)("%j: the network's outputs, in small and in large networks", (activation) => {
    const random = new Random(3);
    for (const dtype of ["f64", "f32"] as const) {
      for (const batchNorm of [false, true]) {
        for (const units of [[3], [5, 64], [63, 65], [130]]) {
          const layers = [
            ...units.map((n) => ({ units: n, activation, batchNorm }) as NetworkSpec["layers"][number]),
            { units: 2 },
          ];
          const net = network({ inputs: 7, layers, dtype, seed: 2 });
          const statistics = net.getRunningStatistics();
          net.setRunningStatistics(statistics.map((_, i) => 0.5 + 0.1 * (i % 7)));
          const made = predictor(net);
          const rows = random.rows(4, 7);
          const wanted = net.predict(rows).data;
          const own = rows.flatMap((row) => Array.from(made.outputs(row)));
          // A step may fall on either side where rounding puts its input at 0.
          expect(distance(own, wanted), `${dtype} ${batchNorm} ${units}`).toBeLessThan(dtype === "f32" ? 1e-5 : 1e-13);
          expect(made.predict(rows)).toEqual(rows.map((_, i) => Array.from(wanted.subarray(2 * i, 2 * i + 2))));
        }
      }
    }
  });

  it("follows the network's parameters", () => {
    for (const units of [3, 200]) {
      const net = network({ inputs: 2, layers: [{ units, activation: "relu" }, { units: 1 }], seed: 1 });
      const made = predictor(net);
      const before = made.predict([1, 2]);
      net.setParameters(net.getParameters().map((x) => 2 * x));
      expect(made.predict([1, 2])).not.toBe(before);
      expect(made.predict([1, 2])).toBeCloseTo(net.predict([[1, 2]]).data[0], 12);
    }
  });

  it("gives classes and their probabilities", () => {
    const rows = new Random(1).rows(9, 3);
    for (const [loss, units] of [
      ["cross-entropy", 3],
      ["binary-cross-entropy", 1],
    ] as const) {
      const net = network({ inputs: 3, layers: [{ units: 4, activation: "tanh" }, { units }], loss, seed: 5 });
      const made = predictor(net);
      expect(made.classes).toEqual(units === 3 ? ["0", "1", "2"] : ["0", "1"]);
      expect(made.predict(rows)).toEqual(Array.from(net.classify(rows)));
      expect(made.predict(rows[0])).toBe(net.classify(rows)[0]);
      const p = net.probabilities(rows);
      rows.forEach((row, i) => {
        const wanted = units === 1 ? [1 - p.data[i], p.data[i]] : p.data.subarray(3 * i, 3 * i + 3);
        expect(distance(made.probabilities(row), wanted)).toBeLessThan(1e-14);
      });
    }
    expect(() => predictor(network({ inputs: 1, layers: [{ units: 1 }] })).probabilities([1])).toThrow("use predict");
  });

  it("takes as many rows as an iterator gives", () => {
    const net = network({ inputs: 1, layers: [{ units: 1 }] });
    net.setParameters([2, 1]);
    function* rows() {
      for (let i = 0; i < 9000; ++i) yield [i];
    }
    expect(Array.from(predictor(net).each(rows()))).toEqual(Array.from({ length: 9000 }, (_, i) => 2 * i + 1));
    expect(predictor(net).predict([])).toEqual([]);
  });
});

describe("a model of a table", () => {
  const cities = ["Rome", "Oslo", "Lima"];
  const rows = Array.from({ length: 60 }, (_, i) => ({
    city: cities[i % 3],
    size: i % 7 === 0 ? "" : String(i),
    price: String(100 + 3 * i),
  }));
  const columns = describeTable(rows, { target: "price" });
  const net = network({ inputs: columns.inputNames.length, layers: [{ units: 3 }, { units: 1 }], seed: 1 });

  it("takes objects, arrays with the target and without, and gives values in their unit", () => {
    const wanted = columns.decode(net.predict(columns.encode(rows).inputs));
    for (const made of [predictor(net, { columns }), predictor(net, { columns: columns.toJSON() })]) {
      expect(made.classes).toBeNull();
      expect(made.predict(rows)).toEqual(wanted);
      expect(made.predict(rows[8])).toBeCloseTo(wanted[8] as number, 10);
      expect(made.predict(["Rome", "12"])).toBeCloseTo(made.predict({ city: "Rome", size: 12 }) as number, 10);
      expect(made.predict([["Rome", "12", "999"]])).toEqual(made.predict([["Rome", 12]]));
      // A city that was never seen, and a size that is not known, are taken as in training.
      expect(made.predict({ city: "Bonn", size: null })).toBeCloseTo(
        columns.decode(net.predict(columns.encode([{ city: "Bonn", size: null, price: 0 }]).inputs))[0] as number,
        10,
      );
      expect(() => made.predict({ city: "Rome" } as never)).toThrow('expected a property "size"');
    }
  });

  it("is what a file with a table's description holds", () => {
    const named = describeTable(
      rows.map(({ price: _, ...row }, i) => ({ ...row, kind: i % 2 ? "yes" : "no" })),
      { target: "kind" },
    );
    const layers = [{ units: 3, activation: "relu" as const }, { units: 2 }];
    const model = network({ inputs: named.inputNames.length, layers, loss: "cross-entropy", seed: 1 });
    const metadata = { tool: "hessia train", table: named.toJSON() } as unknown as Record<string, unknown>;
    const made = predictor(fromJson(toJson(model, { metadata })));
    expect(made.classes).toEqual(named.classes);
    expect(made.predict(rows)).toEqual(named.decode(model.predict(named.encode(rows).inputs)));
    expect(["yes", "no"]).toContain(made.predict(rows[0]));
  });

  it("refuses what does not fit", () => {
    const other = network({ inputs: 1, layers: [{ units: 1 }] });
    expect(() => predictor(other, { columns })).toThrow(
      `predictor: "columns" expected columns for 1 inputs, as the network has, got ${columns.inputNames.length}`,
    );
    expect(() => predictor({} as never)).toThrow(TypeError);
    expect(() => predictor(other, { colums: columns } as never)).toThrow('did you mean "columns"?');
    expect(() => predictor(other).predict([1, 2])).toThrow('"rows[0]" expected 1 numbers');
    expect(() => predictor(other).predict([Number.NaN])).toThrow('"rows[0][0]" expected a finite number, got NaN');
    expect(() => predictor(other).predict(["red"])).toThrow("texts need a model with columns");
    expect(() => predictor(other).predict({ a: 1 } as never)).toThrow("objects and texts need a model with columns");
  });
});
