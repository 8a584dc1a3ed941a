// Oracle: counting, closed forms, and the definition of the area under the ROC curve as a share of
// pairs.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataset, network, type RegressionScores, scores } from "../../src/index.js";
import { areaUnderCurve, curvePoints } from "../../src/network/curves.js";
import { Random } from "../../src/random.js";

/** A linear network of the given weights and biases. */
function linear(
  inputs: number,
  outputs: number,
  parameters: number[],
  loss: "mse" | "cross-entropy" | "binary-cross-entropy" = "mse",
): ReturnType<typeof network> {
  const net = network({ inputs, layers: [{ units: outputs }], loss });
  net.setParameters(parameters);
  return net;
}

function pairs(marks: number[], positive: number[], weights: number[]): number {
  let [sum, total] = [0, 0];
  marks.forEach((mark, i) => {
    marks.forEach((other, j) => {
      if (!positive[i] || positive[j]) return;
      total += weights[i] * weights[j];
      sum += weights[i] * weights[j] * (mark > other ? 1 : mark === other ? 0.5 : 0);
    });
  });
  return sum / total;
}

describe("areaUnderCurve", () => {
  it("is the share of pairs in which the positive has the larger mark", () => {
    const row = fc.record({
      mark: fc.integer({ min: 0, max: 6 }),
      positive: fc.nat(1),
      weight: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), (rows) => {
        const marks = rows.map(({ mark }) => mark);
        const positive = rows.map((r) => r.positive);
        const weights = rows.map(({ weight }) => weight);
        const area = areaUnderCurve(marks, positive, weights);
        const expected = pairs(marks, positive, weights);
        if (Number.isNaN(expected)) expect(area).toBeNaN();
        else expect(area).toBeCloseTo(expected, 12);
      }),
    );
  });

  it("is the area below the points of the curve", () => {
    const marks = [0.1, 0.4, 0.35, 0.8, 0.8, 0.2];
    const positive = [0, 0, 1, 1, 0, 1];
    let [area, x, y] = [0, 0, 0];
    for (const { fallOut, recall } of curvePoints(marks, positive)) {
      area += ((fallOut - x) * (recall + y)) / 2;
      [x, y] = [fallOut, recall];
    }
    expect([x, y]).toEqual([1, 1]);
    expect(area).toBeCloseTo(areaUnderCurve(marks, positive), 14);
  });
});

describe("scores of classes", () => {
  it("of a classifier that never says positive are its baseline's, and no better than that", () => {
    const labels = Array.from({ length: 200 }, (_, row) => Number(row % 67 === 0));
    const net = linear(1, 2, [0, 0, 2, -2], "cross-entropy");
    const found = scores(
      net,
      dataset(
        labels.map((_, row) => [row]),
        labels,
      ),
    );
    if (found.task !== "classification") throw new Error("classes expected");
    expect(found.accuracy).toBe(197 / 200);
    expect(found.baseline.accuracy).toBe(197 / 200);
    expect(found.balancedAccuracy).toBe(0.5);
    expect(found.auc).toBe(0.5);
    expect(found.classes[1]).toMatchObject({ rows: 3, predicted: 0, recall: 0, f1: 0 });
    expect(found.confusion).toEqual([
      [197, 0],
      [3, 0],
    ]);
    expect(found.comparison.verdict).not.toBe("better");
  });

  it("keep −ln p where p is 1 or 0 but for rounding", () => {
    const net = linear(1, 2, [1, 0, 0, 0], "cross-entropy");
    const found = scores(net, dataset([[800], [-800]], [1, 0]));
    expect(found).toMatchObject({ logLoss: 800, accuracy: 0 });
  });

  it("follow the threshold, for one logit as for two", () => {
    const labels = [0, 1, 1, 0];
    const inputs = [[-2], [-1], [1], [0.5]];
    const one = linear(1, 1, [1, 0], "binary-cross-entropy");
    const two = linear(1, 2, [0, 1, 0, 0], "cross-entropy");
    for (const net of [one, two]) {
      expect(scores(net, dataset(inputs, labels))).toMatchObject({ accuracy: 0.5 });
      expect(scores(net, dataset(inputs, labels), { threshold: 0.2 })).toMatchObject({
        confusion: [
          [1, 1],
          [0, 2],
        ],
      });
      expect(scores(net, dataset(inputs, labels), { threshold: 0.7 })).toMatchObject({
        confusion: [
          [2, 0],
          [1, 1],
        ],
      });
    }
  });

  it("take the baseline of other rows", () => {
    const net = linear(1, 2, [0, 0, 0, 0], "cross-entropy");
    const training = dataset([[0], [0], [0]], [1, 1, 0]);
    const { baseline } = scores(net, dataset([[0], [0]], [0, 0]), { baseline: training });
    expect(baseline).toMatchObject({ accuracy: 0 });
  });
});

describe("scores of values", () => {
  it("are those of the definition, whatever the units", () => {
    for (const unit of [1e-9, 1, 1e9]) {
      const net = linear(1, 1, [unit, 0]);
      const y = [1, 2, 3, 6].map((value) => value * unit);
      const found = scores(net, dataset([[1], [2], [3], [4]], y)) as RegressionScores;
      expect(found.rmse / unit).toBeCloseTo(1, 12);
      expect(found.mae / unit).toBeCloseTo(0.5, 12);
      expect(found.r2).toBeCloseTo(1 - 4 / 14, 12);
      expect(found.baseline.r2).toBeCloseTo(0, 12);
      expect(found.comparison.verdict).toBe("unclear");
    }
  });

  it("say better over a dozen rows that a model nearly meets, and not of chance", () => {
    const random = new Random(5);
    let [better, chance] = [0, 0];
    for (let run = 0; run < 200; ++run) {
      const xs = Array.from({ length: 12 }, () => [random.normal(Math)]);
      const near = dataset(
        xs,
        xs.map(([x]) => x! + 0.05 * random.normal(Math)),
      );
      const noise = dataset(
        xs,
        xs.map(() => random.normal(Math)),
      );
      const mean = { baseline: dataset([[0]], [0]) };
      better += Number(scores(linear(1, 1, [1, 0]), near, mean).comparison.verdict === "better");
      chance += Number(scores(linear(1, 1, [0.3, 0]), noise, mean).comparison.verdict === "better");
    }
    expect(better).toBeGreaterThanOrEqual(190);
    expect(chance).toBeLessThanOrEqual(10);
  });

  it("say better, worse and unclear by the rows' differences", () => {
    const xs = Array.from({ length: 40 }, (_, i) => [i / 20 - 1]);
    const data = dataset(
      xs,
      xs.map(([x]) => x + 0.1 * Math.sin(40 * x)),
    );
    expect(scores(linear(1, 1, [1, 0]), data).comparison.verdict).toBe("better");
    expect(scores(linear(1, 1, [-1, 0]), data).comparison.verdict).toBe("worse");
    expect(scores(linear(1, 1, [0, 0]), data).comparison.verdict).toBe("unclear");
  });

  it("do not take NaN for better", () => {
    const net = linear(1, 1, [1e308, 1e308]);
    expect(scores(net, dataset([[1e10], [2]], [1, 2])).comparison.verdict).not.toBe("better");
  });

  it("give each output its own", () => {
    const net = linear(1, 2, [1, 0, 0, 5]);
    const found = scores(
      net,
      dataset(
        [[1], [2]],
        [
          [1, 4],
          [2, 6],
        ],
      ),
    ) as RegressionScores;
    expect(found.outputs.map(({ r2 }) => r2)).toEqual([1, 0]);
    expect(found.r2).toBe(0.5);
  });
});
