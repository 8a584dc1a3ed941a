// Oracle: the documented layout and formulas, written out; softmax and the losses of test/oracle.

import { beforeAll, describe, expect, it } from "vitest";
import { dataset, init, matrix, network } from "../../src/index.js";
import { Random } from "../cases.js";
import { softmax } from "../oracle/losses.js";
import { builds, distance, dtypes, sameBits } from "../support.js";

describe("specification", () => {
  it("has every default filled in, is frozen and a copy", () => {
    const given = {
      inputs: 2,
      layers: [{ units: 3, activation: "leaky-relu" as const, batchNorm: true }, { units: 1 }],
    };
    const { spec } = network(given);
    expect(spec).toEqual({
      inputs: 2,
      layers: [
        { units: 3, activation: { type: "leaky-relu", slope: 0.01 }, batchNorm: { momentum: 0.1, epsilon: 1e-5 } },
        { units: 1, activation: { type: "identity" }, batchNorm: false },
      ],
      loss: "mse",
      penalty: { l1: 0, l2: 0, on: "weights" },
      dtype: "f64",
      initializer: "he-normal",
      seed: 0,
    });
    expect(Object.isFrozen(spec.layers[0].activation)).toBe(true);
    given.layers[0].units = 7;
    expect(spec.layers[0].units).toBe(3);
  });

  it("parameters of activations default to 0, 0.01 and 1, and may be given as undefined", () => {
    const kinds = ["relu", "leaky-relu", "elu"] as const;
    const layers = kinds.map((type) => ({
      units: 1,
      activation: { type, atZero: undefined, slope: undefined, alpha: undefined },
    }));
    layers.forEach(({ activation }) => {
      for (const key of ["atZero", "slope", "alpha"] as const) {
        if (key !== { relu: "atZero", "leaky-relu": "slope", elu: "alpha" }[activation.type]) delete activation[key];
      }
    });
    const { spec } = network({ inputs: 1, layers: layers as never });
    expect(spec.layers.map(({ activation }) => activation)).toEqual([
      { type: "relu", atZero: 0 },
      { type: "leaky-relu", slope: 0.01 },
      { type: "elu", alpha: 1 },
    ]);
  });

  it("describes itself well enough to make the network again", () => {
    const first = network({
      inputs: 3,
      layers: [{ units: 4, activation: "elu", batchNorm: true }, { units: 2 }],
      seed: 9,
    });
    const second = network(first.spec);
    expect(second.spec).toEqual(first.spec);
    expect(sameBits(second.getParameters(), first.getParameters())).toBe(true);
  });
});

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("is the build that the network keeps", async () => {
    const net = network({ inputs: 1, layers: [{ units: 1 }] });
    expect(net.build).toBe(build);
    await init({ simd: "strict" });
    expect(net.build).toBe(build);
    expect(network({ inputs: 1, layers: [{ units: 1 }] }).build).toBe("strict");
    await init({ simd: build });
  });

  describe("parameters", () => {
    it("lie layer by layer: weight by rows, bias, scale, shift", () => {
      const net = network({ inputs: 2, layers: [{ units: 3, batchNorm: { epsilon: 1e-300 } }, { units: 1 }] });
      expect(net.parameterCount).toBe(3 * 2 + 3 + 3 + 3 + 3 + 1);
      expect(Array.from(net.getParameters()).slice(6)).toEqual([
        0,
        0,
        0,
        1,
        1,
        1,
        0,
        0,
        0,
        ...net.getParameters().slice(15, 18),
        0,
      ]);
      const weight = [1, 2, 3, 4, 5, 6];
      net.setParameters([...weight, 10, 20, 30, 2, 3, 4, 0.5, 0.25, 0.125, 100, 10, 1, -7]);
      net.setRunningStatistics([1, 1, 1, 4, 1, 0.25]);
      const hidden = [0, 1, 2].map((i) => {
        const a = weight[2 * i] * 1 + weight[2 * i + 1] * -1 + [10, 20, 30][i];
        return ((a - 1) / [2, 1, 0.5][i]) * [2, 3, 4][i] + [0.5, 0.25, 0.125][i];
      });
      expect(net.predict([[1, -1]]).data[0]).toBe(hidden[0] * 100 + hidden[1] * 10 + hidden[2] - 7);
    });

    it("go in and out as copies, of the network's type", () => {
      for (const dtype of dtypes) {
        const net = network({ inputs: 2, layers: [{ units: 2 }], dtype });
        const values = Float64Array.from([0.1, 0.2, 0.3, -0.4, 5, -0]);
        net.setParameters(values);
        values.fill(9);
        const out = net.getParameters();
        expect(out).toBeInstanceOf(dtype === "f32" ? Float32Array : Float64Array);
        expect(
          sameBits(
            out,
            [0.1, 0.2, 0.3, -0.4, 5, -0].map((x) => (dtype === "f32" ? Math.fround(x) : x)),
          ),
        ).toBe(true);
        out.fill(7);
        expect(net.getParameters()[4]).toBe(5);
        net.setParameters(net.getParameters());
        net.setParameters(new Int32Array([1, 2, 3, 4, 5, 6]));
        expect(Array.from(net.getParameters())).toEqual([1, 2, 3, 4, 5, 6]);
      }
    });

    it("running statistics start at 0 and 1, and go in and out as copies", () => {
      const net = network({
        inputs: 2,
        layers: [
          { units: 2, batchNorm: true },
          { units: 1, batchNorm: true },
        ],
      });
      expect(Array.from(net.getRunningStatistics())).toEqual([0, 0, 1, 1, 0, 1]);
      const values = [1, 2, 3, 4, 5, 0];
      net.setRunningStatistics(values);
      values[0] = 8;
      expect(Array.from(net.getRunningStatistics())).toEqual([1, 2, 3, 4, 5, 0]);
      expect(network({ inputs: 1, layers: [{ units: 1 }] }).getRunningStatistics().length).toBe(0);
    });

    it("results are the caller's: later calls do not touch them", () => {
      const net = network({ inputs: 2, layers: [{ units: 3, activation: "relu" }, { units: 2 }], seed: 4 });
      const data = dataset(
        [
          [1, 2],
          [3, 4],
        ],
        [
          [1, 0],
          [0, 1],
        ],
      );
      const { gradient } = net.gradient(data);
      const predicted = net.predict([[1, 2]]);
      const [kept, keptPrediction] = [gradient.slice(), predicted.data.slice()];
      for (let i = 0; i < 5; i++) {
        net.gradient(dataset([[9, 9]], [[1, 1]]));
        net.predict([
          [5, 5],
          [6, 6],
        ]);
      }
      expect(sameBits(gradient, kept)).toBe(true);
      expect(sameBits(predicted.data, keptPrediction)).toBe(true);
      expect(gradient.buffer.byteLength).toBe(gradient.byteLength);
      expect(predicted.data.buffer.byteLength).toBe(predicted.data.byteLength);
    });
  });

  describe("predictions", () => {
    it("take rows, matrices of either type and rows of typed arrays, and none", () => {
      const net = network({ inputs: 2, layers: [{ units: 3 }], seed: 1 });
      const expected = net.predict([
        [1, 2],
        [3, 4],
      ]).data;
      expect(sameBits(net.predict(matrix(2, 2, new Float32Array([1, 2, 3, 4]))).data, expected)).toBe(true);
      expect(
        sameBits(
          net.predict(
            matrix([
              [1, 2],
              [3, 4],
            ]),
          ).data,
          expected,
        ),
      ).toBe(true);
      expect(sameBits(net.predict([new Float64Array([1, 2]), new Float64Array([3, 4])] as never).data, expected)).toBe(
        true,
      );
      expect(net.predict([])).toEqual({ rows: 0, columns: 3, data: new Float64Array(0) });
      expect(net.predict(matrix(0, 2, [])).rows).toBe(0);
    });

    it("are the same to the bit for one row and among thousands", () => {
      const rows = new Random(8).rows(2600, 3);
      for (const dtype of dtypes) {
        const layers = [
          { units: 7, activation: "gelu" as const, batchNorm: true },
          { units: 40, activation: "relu" as const },
          { units: 2 },
        ];
        const net = network({ inputs: 3, layers, dtype, seed: 2 });
        const { data } = net.predict(rows);
        for (const i of [0, 1, 1023, 1024, 1025, 2047, 2048, 2599]) {
          expect(sameBits(net.predict([rows[i]]).data, data.slice(2 * i, 2 * i + 2))).toBe(true);
        }
      }
    });

    it("change nothing", () => {
      const net = network({ inputs: 1, layers: [{ units: 2, batchNorm: true }, { units: 2 }], loss: "cross-entropy" });
      const before = [...net.getParameters(), ...net.getRunningStatistics()];
      const data = dataset([[1], [2], [5]], [0, 1, 0]);
      net.predict([[1]]);
      net.probabilities([[1]]);
      net.classify([[1]]);
      net.evaluate(data);
      net.loss(data);
      net.gradient(data);
      expect([...net.getParameters(), ...net.getRunningStatistics()]).toEqual(before);
    });
  });

  describe("classes", () => {
    const logits = (dtype: "f64" | "f32", loss: "cross-entropy" | "binary-cross-entropy", units: number) => {
      const net = network({ inputs: units, layers: [{ units }], loss, dtype });
      const identity = Array.from({ length: units * units }, (_, k) => (k % (units + 1) === 0 ? 1 : 0));
      net.setParameters([...identity, ...new Array(units).fill(0)]);
      return net;
    };

    it("softmax of logits of any size", () => {
      const random = new Random(1);
      const rows = [
        [1e4, -1e4, 0],
        [-1e4, -1e4, -1e4],
        [1e4, 1e4, 1e4],
        [0, 0, 0],
        [1e4, 1e4 - 1, -1e4],
        [-1e4, -1e4 + 2, 1e4],
        ...random.rows(10, 3).map((row) => row.map((v) => 10 * v)),
      ];
      for (const dtype of dtypes) {
        const net = logits(dtype, "cross-entropy", 3);
        const { data } = net.probabilities(rows);
        const expected = rows.flatMap((row) => softmax(row.map((v) => (dtype === "f32" ? Math.fround(v) : v))));
        expect(distance(data, expected)).toBeLessThan(dtype === "f32" ? 1e-7 : 1e-15);
        expect(data.every((p) => p >= 0 && p <= 1)).toBe(true);
        expect(Array.from(net.classify(rows).slice(0, 6))).toEqual([0, 0, 0, 0, 0, 2]);
      }
    });

    it("the loss at logits of ±1e4, and its gradient", () => {
      const rows = [
        [1e4, -1e4, 0],
        [-1e4, 1e4, 0],
        [-1e4, -1e4, -1e4],
      ];
      for (const dtype of dtypes) {
        const net = logits(dtype, "cross-entropy", 3);
        expect(net.loss(dataset(rows, [0, 1, 2]))).toBeCloseTo(Math.log(3) / 3, dtype === "f32" ? 6 : 14);
        expect(net.loss(dataset(rows.slice(0, 1), [1]))).toBe(2e4);
        expect(net.gradient(dataset(rows, [1, 0, 0])).gradient.every(Number.isFinite)).toBe(true);
        const binary = logits(dtype, "binary-cross-entropy", 1);
        expect(binary.loss(dataset([[1e4], [-1e4]], [1, 0]))).toBe(0);
        expect(binary.loss(dataset([[1e4], [-1e4]], [0, 1]))).toBe(1e4);
        expect(binary.gradient(dataset([[1e4], [-1e4]], [0, 1])).gradient.every(Number.isFinite)).toBe(true);
        const { data } = binary.probabilities([[1e4], [-1e4], [0], [2]]);
        expect(Array.from(data.slice(0, 3))).toEqual([1, 0, 0.5]);
        expect(data[3]).toBeCloseTo(1 / (1 + Math.exp(-2)), dtype === "f32" ? 7 : 15);
      }
    });

    it("the first of equals; for a single logit whether it is positive", () => {
      expect(
        Array.from(
          logits("f64", "cross-entropy", 3).classify([
            [1, 3, 3],
            [2, 2, 2],
            [0, -1, 1],
          ]),
        ),
      ).toEqual([1, 0, 2]);
      const binary = logits("f64", "binary-cross-entropy", 1);
      expect(Array.from(binary.classify([[-1], [0], [1e-300]]))).toEqual([0, 0, 1]);
      expect(binary.classify([[1]])).toBeInstanceOf(Int32Array);
    });

    it("evaluate: accuracy over samples, over decisions, and rmse", () => {
      const rows = [
        [3, 1, 0],
        [0, 1, 0],
        [0, 0, 4],
        [2, 0, 1],
      ];
      const softmaxNet = logits("f64", "cross-entropy", 3);
      expect(softmaxNet.evaluate(dataset(rows, [0, 1, 2, 1])).accuracy).toBe(0.75);
      const shares = [
        [0.6, 0.4, 0],
        [0.5, 0.3, 0.2],
        [0, 0, 1],
        [1, 0, 0],
      ];
      expect(softmaxNet.evaluate(dataset(rows, shares)).accuracy).toBe(0.75);
      const binary = logits("f64", "binary-cross-entropy", 2);
      expect(
        binary.evaluate(
          dataset(
            [
              [1, -1],
              [-1, 2],
            ],
            [
              [1, 0],
              [1, 1],
            ],
          ),
        ).accuracy,
      ).toBe(0.75);
      const line = network({ inputs: 1, layers: [{ units: 1 }], loss: "huber" });
      line.setParameters([1, 0]);
      const evaluation = line.evaluate(dataset([[1], [2], [3]], [2, 2, 0]));
      expect(evaluation.rmse).toBeCloseTo(Math.sqrt(10 / 3), 15);
      expect(evaluation.loss).toBeCloseTo((0.5 + 0 + 2.5) / 3, 15);
      expect(Object.keys(evaluation)).toEqual(["loss", "rmse"]);
      expect(Object.keys(softmaxNet.evaluate(dataset(rows, [0, 1, 2, 1])))).toEqual(["loss", "accuracy"]);
    });

    it("evaluate sums up chunks", () => {
      const net = network({ inputs: 2, layers: [{ units: 2 }], loss: "cross-entropy", seed: 3 });
      const random = new Random(5);
      const rows = random.rows(2500, 2);
      const labels = rows.map(() => random.integer(2));
      const classes = net.classify(rows);
      const right = labels.filter((label, i) => label === classes[i]).length;
      expect(net.evaluate(dataset(rows, labels)).accuracy).toBe(right / 2500);
    });
  });
});
