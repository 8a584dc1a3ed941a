// Oracles: models whose dependence on each column is known in closed form, and a shuffle by hand.

import { beforeAll, describe, expect, it } from "vitest";
import { init, network } from "../../src/index.js";
import { describe as describeTable, partialDependence, permutationImportance } from "../../src/tables/index.js";
import { Random } from "../cases.js";

beforeAll(() => init({ simd: "strict" }));

const random = new Random(4);
const rows = Array.from({ length: 400 }, () => {
  const [a, b, kind] = [random.normal(), random.normal(), ["red", "green", "blue"][random.integer(3)]];
  return [a, b, kind, 3 * a + (kind === "red" ? 2 : 0)];
});
const names = ["a", "b", "kind", "y"];
const columns = describeTable(rows, { names, target: "y" });

/** A network that gives y exactly: a line in the scaled inputs. */
function exact() {
  const { inputNames, data } = columns;
  const net = network({ inputs: inputNames.length, layers: [{ units: 1 }], seed: 0 });
  const { mean, deviation } = data.inputScale;
  const scale = data.targetScale as { mean: readonly number[]; deviation: readonly number[] };
  const slopes = inputNames.map((name): number => (name === "a" ? 3 : name === "kind = red" ? 2 : 0));
  const weights = slopes.map((slope, j) => (slope * deviation[j]) / scale.deviation[0]);
  const shift = slopes.reduce((sum, slope, j) => sum + slope * mean[j], 0) - scale.mean[0];
  net.setParameters([...weights, shift / scale.deviation[0]]);
  return net;
}

describe("importance by shuffles", () => {
  it("is the fall of R² and the rise of the loss that shuffled values bring", () => {
    const found = permutationImportance(exact(), columns, rows, { repeats: 30 });
    expect(found.map(({ column }) => column)).toEqual(["a", "kind", "b"]);
    // A shuffled column x·β adds 2·β²·var(x) to the squared error, whose unit is the target's
    // variance.
    const variance = (of: (row: (typeof rows)[number]) => number): number => {
      const values = rows.map(of);
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    };
    const whole = variance((row) => row[3] as number);
    const wanted = [
      2 * 9 * variance((row) => row[0] as number),
      2 * 4 * variance((row) => Number(row[2] === "red")),
      0,
    ];
    found.forEach(({ drop, deviation, lossIncrease }, i) => {
      expect(Math.abs(drop - wanted[i] / whole)).toBeLessThan(4 * (deviation / Math.sqrt(30)) + 0.01);
      expect(lossIncrease).toBeCloseTo(drop, 9);
    });
    expect(found[2]).toEqual({ column: "b", drop: 0, deviation: 0, lossIncrease: 0 });
  });

  it("is the same for the same seed, and refuses what it does not know", () => {
    const net = exact();
    expect(permutationImportance(net, columns, rows, { seed: 3 })).toEqual(
      permutationImportance(net, columns, rows, { seed: 3 }),
    );
    expect(() => permutationImportance(net, columns, rows, { repeats: 0 })).toThrow(RangeError);
    expect(() => permutationImportance(net, columns, rows, { times: 3 } as never)).toThrow(/times/);
  });
});

describe("partial dependence", () => {
  it("of a number is the line that the model is", () => {
    const { values, outputs } = partialDependence(exact(), columns, rows, "a", { points: 9 });
    expect(values).toHaveLength(9);
    const sorted = rows.map(([a]) => a as number).sort((x, y) => x - y);
    expect([values[0], values[8]]).toEqual([sorted[0], sorted[399]]);
    const share = rows.filter(([, , kind]) => kind === "red").length / rows.length;
    values.forEach((a, i) => expect(outputs[i][0]).toBeCloseTo(3 * (a as number) + 2 * share, 9));
    expect(partialDependence(exact(), columns, rows, "b").outputs.map(([y]) => y.toFixed(9))).toEqual(
      new Array(20).fill(partialDependence(exact(), columns, rows, "b").outputs[0][0].toFixed(9)),
    );
  });

  it("of a category sets all inputs of it", () => {
    const { values, outputs } = partialDependence(exact(), columns, rows, "kind");
    const mean = rows.reduce((sum, [a]) => sum + 3 * (a as number), 0) / rows.length;
    expect(new Set(values)).toEqual(new Set(["red", "green", "blue"]));
    values.forEach((kind, i) => expect(outputs[i][0]).toBeCloseTo(mean + (kind === "red" ? 2 : 0), 9));
  });

  it("of classes gives probabilities, for rows as objects, and refuses other columns", () => {
    const objects = rows.map(([a, b, kind, y]) => ({ a, b, kind, y: (y as number) > 0 ? "high" : "low" }));
    const own = describeTable(objects, { target: "y" });
    const net = network({ inputs: own.inputNames.length, layers: [{ units: 2 }], loss: "cross-entropy", seed: 1 });
    const { outputs } = partialDependence(net, own, objects, "a", { rows: 50 });
    for (const shares of outputs) expect(shares[0] + shares[1]).toBeCloseTo(1, 12);
    expect(() => partialDependence(net, own, objects, "y")).toThrow('expected one of a, b, kind, got "y"');
  });
});
