// Oracle: counting. What a split has to keep is stated over random data sets (fast-check).

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Dataset, dataset, matrix, split } from "../../src/index.js";

/** A data set whose single input is the row's number, so that rows can be found again. */
function numbered(targets: ArrayLike<number>): Dataset {
  return dataset(
    Array.from({ length: targets.length }, (_, row) => [row]),
    targets,
  );
}

function rowsOf({ inputs }: Dataset): number[] {
  return Array.from(inputs.data);
}

function countsOf(labels: ArrayLike<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i], (counts.get(labels[i]) ?? 0) + 1);
  return counts;
}

const cases = fc.record({
  labels: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 80 }),
  test: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
  seed: fc.nat(),
  stratify: fc.boolean(),
});

function leavesBoth(size: number, share: number): boolean {
  const count = Math.round(size * share);
  return count > 0 && count < size;
}

describe("split", () => {
  it("gives every row to one part, in order, with its target, and the test part its share", () => {
    fc.assert(
      fc.property(cases, ({ labels, ...options }) => {
        fc.pre(leavesBoth(labels.length, options.test));
        const { training, test } = split(numbered(labels), options);
        expect(test.size).toBe(Math.round(labels.length * options.test));
        const rows = [...rowsOf(training), ...rowsOf(test)];
        expect(rows.toSorted((a, b) => a - b)).toEqual(Array.from(labels.keys()));
        for (const part of [training, test]) {
          expect(rowsOf(part)).toEqual(rowsOf(part).toSorted((a, b) => a - b));
          expect(Array.from(part.targets as Float64Array)).toEqual(rowsOf(part).map((row) => labels[row]));
        }
      }),
    );
  });

  it("gives each class its share, rounded up or down", () => {
    fc.assert(
      fc.property(cases, ({ labels, test: share, seed }) => {
        fc.pre(leavesBoth(labels.length, share));
        const tested = countsOf(
          split(numbered(labels), { test: share, seed, stratify: true }).test.targets as Float64Array,
        );
        for (const [label, count] of countsOf(labels)) {
          expect([Math.floor(count * share), Math.ceil(count * share)]).toContain(tested.get(label) ?? 0);
        }
      }),
    );
  });

  it("rounds up where most is lost otherwise, and takes the smaller label among equals", () => {
    // Shares 0.3, 0.9 and 0.3 of 1, 3 and 1 rows: 2 of 5 in all.
    const { test } = split(numbered([0, 1, 1, 1, 2]), { test: 0.3, stratify: true });
    expect(countsOf(test.targets as Float64Array)).toEqual(
      new Map([
        [0, 1],
        [1, 1],
      ]),
    );
  });

  it("depends on the seed alone", () => {
    const data = numbered(Array.from({ length: 60 }, (_, row) => row % 3));
    for (const stratify of [false, true]) {
      const of = (seed: number): number[] => rowsOf(split(data, { test: 0.25, seed, stratify }).test);
      expect(of(7)).toEqual(of(7));
      expect(of(7)).not.toEqual(of(8));
      expect(rowsOf(split(data, { test: 0.25, stratify }).test)).toEqual(of(0));
    }
  });

  it("takes every row about equally often", () => {
    const data = numbered(new Float64Array(20));
    const times = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 2000; seed++)
      for (const row of rowsOf(split(data, { test: 0.25, seed }).test)) times[row]++;
    // Binomial, 500 ± 19: five deviations.
    for (const count of times) expect(Math.abs(count - 500)).toBeLessThan(97);
  });

  it("copies rows of matrices, in the dtype they had", () => {
    const inputs = matrix(4, 2, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const targets = matrix(4, 2, Float32Array.of(10, 20, 30, 40, 50, 60, 70, 80));
    const { training, test } = split(dataset(inputs, targets), { test: 0.5 });
    for (const part of [training, test]) {
      expect(part.inputs.data).toBeInstanceOf(Float32Array);
      expect(Array.from((part.targets as typeof targets).data)).toEqual(Array.from(part.inputs.data, (x) => 10 * x));
      part.inputs.data.fill(-1);
    }
    expect(Array.from(inputs.data)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  const four = numbered([0, 0, 1, 1]);
  const refused: [string, () => unknown, new () => Error, string][] = [
    ["no data", () => split(null as never, { test: 0.5 }), TypeError, "data"],
    ["no options", () => split(four, undefined as never), TypeError, "options"],
    ["no share", () => split(four, {} as never), TypeError, '"test" expected a share'],
    ["a share of 0", () => split(four, { test: 0 }), RangeError, "got 0"],
    ["a share of 1", () => split(four, { test: 1 }), RangeError, "got 1"],
    ["NaN", () => split(four, { test: Number.NaN }), RangeError, "got NaN"],
    ["a share that is too small", () => split(four, { test: 0.1 }), RangeError, "both parts of 4"],
    ["a share that is too large", () => split(four, { test: 0.9 }), RangeError, "both parts of 4"],
    ["an unknown option", () => split(four, { test: 0.5, seeed: 1 } as never), TypeError, 'did you mean "seed"?'],
    ["a fractional seed", () => split(four, { test: 0.5, seed: 0.5 }), RangeError, "seed"],
    ["stratify by text", () => split(four, { test: 0.5, stratify: "yes" as never }), TypeError, "stratify"],
    [
      "stratify by values",
      () => split(numbered([0.5, 1, 2, 3]), { test: 0.5, stratify: true }),
      RangeError,
      "0.5 in row 0",
    ],
    [
      "stratify by a matrix",
      () => split(dataset([[1], [2]], [[1], [2]]), { test: 0.5, stratify: true }),
      TypeError,
      "class labels",
    ],
  ];
  it.each(refused)("refuses %s", (_, act, kind, words) => {
    expect(act).toThrow(kind);
    expect(act).toThrow(words);
  });
});
