// Oracles: closed forms for means and deviations; tables small enough to be read by eye.

import { describe, expect, it } from "vitest";
import { isMissing, toNumber } from "../../src/cli/data/number.js";
import { scaleOf, standardize } from "../../src/cli/data/scale.js";
import { type Columns, parseTable, type Table, type TargetColumn } from "../../src/cli/data/table.js";
import { readTarget } from "../../src/cli/data/target.js";
import { matrix } from "../../src/index.js";

describe("numbers", () => {
  it.each([
    ["1", 1],
    ["-2.5", -2.5],
    ["+3", 3],
    [".5", 0.5],
    ["4.", 4],
    ["1e3", 1000],
    ["1E-3", 1e-3],
    ["007", 7],
  ])("reads %s", (text, value) => expect(toNumber(text)).toBe(value));

  it.each(["", " ", "abc", "1,5", "0x10", "1_000", "Infinity", "NaN", "1e999", "1 2", "--1", ".", "1e", "12o"])(
    "takes %j for no number",
    (text) => expect(toNumber(text)).toBeNull(),
  );

  it("knows what stands for a missing value", () => {
    for (const text of ["", "?", "NA", "nan", "NULL", "n/a"]) expect(isMissing(text)).toBe(true);
    for (const text of ["0", "none", "a", "-"]) expect(isMissing(text)).toBe(false);
  });
});

function table(text: string, columns: Columns = {}): Table {
  return parseTable("file.csv", Buffer.from(text), columns);
}

function rowsOf({ inputs: { rows, columns, data } }: Table): number[][] {
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * columns, (row + 1) * columns)));
}

describe("tables", () => {
  it("has names from a header and the last column as target", () => {
    const read = table("a,b,y\n1,2,x\n3,4,z\n");
    expect(read.names).toEqual(["a", "b"]);
    expect(rowsOf(read)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(read.target).toMatchObject({ name: "y", label: 'column "y"', cells: ["x", "z"], lines: [2, 3] });
  });

  it("has numbers for names without a header", () => {
    const read = table("1,2,x\n3,4,z\n");
    expect(read.names).toEqual(["column 1", "column 2"]);
    expect(rowsOf(read)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(read.target).toMatchObject({ name: "column 3", cells: ["x", "z"], lines: [1, 2] });
  });

  it.each<[string, Columns, string[], string]>([
    ["by name", { target: "b" }, ["a", "c"], "b"],
    ["by number", { target: "1" }, ["b", "c"], "a"],
    ["beside columns to ignore", { target: "a", ignore: ["2"] }, ["c"], "a"],
  ])("finds the target %s", (_, columns, names, target) => {
    const read = table("a,b,c\n1,2,3\n4,5,6\n", columns);
    expect(read.names).toEqual(names);
    expect(read.target.name).toBe(target);
  });

  it("prefers a name that is a number to the number", () => {
    const read = table("2,1,3\n10,20,30\n11,21,31\n", { header: true, target: "1" });
    expect(read.target.cells).toEqual(["20", "21"]);
  });

  it("takes a first line with numbers for a header where it names the target or where it is told so", () => {
    expect(table("2019,2020,y\n1,2,3\n4,5,6\n", { target: "y" }).names).toEqual(["2019", "2020"]);
    expect(table("1,2\n1,2\n4,5\n", { header: true }).names).toEqual(["1"]);
    expect(table("1,2\n1,2\n4,5\n").inputs.rows).toBe(3);
  });

  it("ignores what stands in ignored columns", () => {
    expect(rowsOf(table("id,a,y\nx7,1,0\n,2,1\n", { ignore: ["id"] }))).toEqual([[1], [2]]);
  });

  it("grows with its rows", () => {
    const read = table(`a,b,y\n${Array.from({ length: 5000 }, (_, row) => `${row},${-row},0`).join("\n")}`);
    expect(read.inputs.rows).toBe(5000);
    expect(rowsOf(read)[4999]).toEqual([4999, -4999]);
  });
});

function column(...cells: string[]): TargetColumn {
  return { path: "file.csv", name: "y", label: 'column "y"', cells, lines: cells.map((_, row) => row + 2) };
}

describe("targets", () => {
  it("takes text for classes, in alphabetical order", () => {
    const target = readTarget(column("b", "a", "b", "a"));
    expect(target).toEqual({ task: "classification", classes: ["a", "b"], labels: Float64Array.of(1, 0, 1, 0) });
  });

  it("takes few whole numbers for classes, in numerical order, however they are written", () => {
    const target = readTarget(column("10", "9", "10.0", "09", "-1", "-1"));
    expect(target).toEqual({
      task: "classification",
      classes: ["-1", "9", "10"],
      labels: Float64Array.of(2, 1, 2, 1, 0, 0),
    });
  });

  it.each([
    ["fractions", ["0.5", "1", "0.5", "1"]],
    ["whole numbers of more than twenty kinds", Array.from({ length: 84 }, (_, row) => String(row % 21))],
    ["whole numbers that hardly ever recur", ["1", "2", "3"]],
  ])("takes %s for values", (_, cells) => {
    expect(readTarget(column(...cells))).toEqual({ task: "regression", values: Float64Array.from(cells, Number) });
  });

  it("does as it is told", () => {
    expect(readTarget(column("0", "1", "0", "1"), "regression").task).toBe("regression");
    expect(readTarget(column("0.5", "1", "0.5", "1"), "classification").task).toBe("classification");
  });

  it("takes a word among numbers for a mistake, and points at it", () => {
    const cells = Array.from({ length: 40 }, (_, row) => String(row % 2));
    cells[17] = "1o";
    expect(() => readTarget(column(...cells))).toThrow('file.csv, line 19, column "y": expected a number, got "1o"');
    expect(readTarget(column(...cells), "classification").task).toBe("classification");
  });
});

describe("standardisation", () => {
  const rows = matrix([
    [1, 5, 1e200, 0.1],
    [2, 5, 2e200, 0.1],
    [3, 5, 3e200, 0.1],
  ]);

  it("has the rows' means and deviations", () => {
    const { mean, deviation } = scaleOf(rows);
    const third = Math.sqrt(2 / 3);
    [2, 5, 2e200, 0.1].forEach((expected, j) => expect(mean[j] / expected).toBeCloseTo(1, 14));
    [third, 0, third * 1e200, 0].forEach((expected, j) =>
      expect(deviation[j]).toBeCloseTo(expected, expected > 1 ? -190 : 14),
    );
  });

  it("brings columns to mean 0 and deviation 1, and constant ones to 0", () => {
    const { mean, deviation } = scaleOf(standardize(rows, scaleOf(rows)));
    [1, 0, 1, 0].forEach((expected, j) => expect(deviation[j]).toBeCloseTo(expected, 12));
    mean.forEach((value) => expect(value).toBeCloseTo(0, 12));
  });

  it("says nothing about new values of a column that was constant", () => {
    expect(standardize(matrix([[0, 7]]), { mean: [1, 5], deviation: [2, 0] }).data).toEqual(Float64Array.of(-0.5, 0));
  });

  it("keeps the smallest numbers apart", () => {
    const tiny = matrix([[1e-300], [3e-300]]);
    expect(Array.from(standardize(tiny, scaleOf(tiny)).data, (x) => Math.round(1e9 * x) / 1e9)).toEqual([-1, 1]);
  });
});
