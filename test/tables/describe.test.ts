// Oracles: tables small enough to be read by eye; closed forms for means and deviations.

import { expect, describe as group, it } from "vitest";
import { matrix } from "../../src/index.js";
import { type Columns, columnsFrom, describe, type Row } from "../../src/tables/index.js";
import { scaleOf, standardize } from "../../src/tables/scale.js";

/** Rows of two columns: one of the cells given, over and over, and a target. */
function column(cells: readonly (string | null)[], rows = 60, name = "x"): Columns {
  const table = Array.from({ length: rows }, (_, i): Row => [cells[i % cells.length], i / 7]);
  return describe(table, { names: [name, "y"], target: "y" });
}

function typeOf(...args: Parameters<typeof column>): string {
  return column(...args).columns[0].type;
}

/** More kinds than an ordered column has. */
const several = Array.from({ length: 12 }, (_, i) => String(3 * i + 2));

group("what a column is taken for", () => {
  it.each<[string, (string | null)[], string]>([
    ["numbers", ["1", "2.5", "3"], "number"],
    ["numbers with gaps", ["1", "?", "3"], "number"],
    ["numbers with a stray word", [...Array.from({ length: 19 }, (_, i) => String(i)), "many"], "number"],
    ["money", ["$1,200.50", "$3", "($5)"], "number"],
    ["decimal commas", ["1,5", "2", "3,25"], "number"],
    ["texts", ["red", "green", "blue"], "category"],
    ["texts with a gap", ["red", "NA", "blue"], "category"],
    ["codes", ["010", "020", "030"], "category"],
    ["long digits", ["12345678901234567", "12345678901234568"], "category"],
    ["levels", ["low", "high", "medium"], "ordered"],
    ["yes and no", ["yes", "no"], "boolean"],
    ["True and False", ["True", "False"], "boolean"],
    ["dates", ["2011-01-01", "2011-05-01", "2012-01-01"], "date"],
    ["one value", ["a"], "constant"],
    ["one value or none", ["a", ""], "category"],
    ["nothing", ["", "NA"], "empty"],
  ])("%s", (_, cells, type) => expect(typeOf(cells)).toBe(type));

  it("a number or a text of its own in every row", () => {
    const count = Array.from({ length: 60 }, (_, i) => String(i + 1));
    expect(typeOf(count, 60, "row")).toBe("identifier");
    expect(typeOf(count, 60, "OBS#")).toBe("identifier");
    // A year, or a time, is a number.
    expect(typeOf(count, 60, "year")).toBe("number");
    expect(typeOf(count, 60, "x")).toBe("number");
    expect(typeOf(count.toReversed())).toBe("number");
    expect(typeOf(count.toReversed(), 60, "customer_id")).toBe("identifier");
    expect(typeOf(count.map((i) => `k${i}`))).toBe("identifier");
    expect(typeOf(count.map((i) => `the ${i}th of the remarks`))).toBe("text");
    expect(typeOf(count.map((i) => `${i}.5`))).toBe("number");
  });

  it("says why, and what it assumed", () => {
    const { columns } = column(["1,234", "17"]);
    expect(columns[0].notes).toEqual(['"1,234" is read as 1234; with the other decimal sign it would be 1.234']);
    const stray = column(["1", "2", "3", "4", "5", "6", "7", "8", "9", "1l"]).columns[0];
    expect(stray.notes).toEqual(['6 of 60 cells are no numbers and count as missing, the first "1l"']);
    expect(column(["1/2/2011", "3/4/2011"]).columns[0].notes[0]).toMatch(/the month is taken to come first/);
  });

  it.each<[string, string[], number[], string]>([
    ["a unit", ["12 km", "3.5 km", "1,000 km"], [12, 3.5, 1000], 'numbers, with "km" behind them'],
    ["a unit, close by", ["2m", "3M", "4 m."], [2, 3, 4], 'numbers, with "m" behind them'],
    ["a plural", ["1 hour", "2 hours", "3 hours"], [1, 2, 3], 'numbers, with "hour" behind them'],
    ["units of one family", ["5 mm", "2 cm", "1 m"], [0.005, 0.02, 1], 'numbers, with "mm", "cm", "m" behind them'],
    [
      "thousands and millions",
      ["1.5K", "2M", "900", ...several],
      [1500, 2e6, 900, ...several.map(Number)],
      'numbers, with "k", "m" behind them',
    ],
    ["hemispheres", ["12.5°N", "3°S", "7°N"], [12.5, -3, 7], 'numbers, with "°n", "°s" behind them'],
    [
      "decimal commas",
      ["1,5 kg", "2,25 kg", "3 kg"],
      [1.5, 2.25, 3],
      'numbers with decimal commas, with "kg" behind them',
    ],
    ["limits", ["<0.5", "1", ">90", ...several], [0.5, 1, 90, ...several.map(Number)], "numbers"],
    ["what they are out of", ["4/5", "3.5/5", "0/5"], [4, 3.5, 0], 'numbers, with "/5" behind them'],
    ["marks", ["~20", "ca. 15", "≈ 3"], [20, 15, 3], "numbers"],
    ["deviations and stars", ["2.1 ± 0.2", "3 (2.5-3.5)", "4.2**"], [2.1, 3, 4.2], "numbers"],
  ])("numbers with %s", (_, cells, values, why) => {
    const columns = column(cells);
    expect(columns.columns[0]).toMatchObject({ type: "number", why });
    const rows = cells.map((cell): Row => [cell, 0]);
    expect(Array.from(columnsFrom(JSON.parse(JSON.stringify(columns))).raw(rows).data)).toEqual(values);
  });

  it.each<[string, string[], string]>([
    ["units of no family", ["5 mm", "2 kg", "1 s"], "category"],
    ["codes", ["12A", "13A", "12B"], "category"],
    ["places in a race", ["1st", "2nd", "3rd"], "category"],
    ["a name of every object", ["5 constructor", "6 constructor", "7 toString"], "category"],
    ["limits alone", ["<5", ">5"], "category"],
    ["one kind with a number", [...new Array(17).fill("1Fam"), "Duplex", "TwnhsE", "Twnhs"], "category"],
    ["fractions", ["1/2", "3/4", "2/3"], "category"],
    ["pressures", ["120/80", "130/85", "110/70"], "category"],
    ["versions", ["1.2.3", "1.4.0", "2.0.1"], "category"],
    ["steps", ["<18", "18-30", "30+"], "ordered"],
    ["days", ["5 May 2011", "6 May 2011", "7 June 2011"], "date"],
  ])("no numbers: %s", (_, cells, type) => expect(typeOf(cells)).toBe(type));

  it("long texts take no time", () => {
    const cells = ["1(".repeat(3e4), `1${" ".repeat(3e4)}a`, "1 ".repeat(3e4)];
    expect(typeOf(cells)).toBe("category");
  });

  it("limits and nines that stand for nothing are said", () => {
    const limits = column(["<0.5", ...several], 130).columns[0];
    expect(limits.notes).toEqual(['10 cells are limits and count as the number itself, the first "<0.5"']);
    expect(column(["2.1 ± 0.2", "3"]).columns[0].notes).toEqual([
      '30 cells have more than a number, which is left out, the first "2.1 ± 0.2"',
    ]);
    const cells = ["12", "-999", "15", "18", "11"];
    const found = column(cells);
    expect(found.columns[0]).toMatchObject({
      missing: 12,
      notes: ['12 cells of -999, far from all others, count as missing; the type "number" keeps them'],
    });
    expect(found.inputNames).toEqual(["x", "x missing"]);
    const raw = found.raw([
      ["-999", 0],
      [-999, 0],
      [18, 0],
    ]);
    expect(Array.from(raw.data)).toEqual([15, 1, 15, 1, 18, 0]);
    expect(
      found.gaps([
        ["-999", 0],
        ["12", 0],
      ]),
    ).toEqual(["x", null]);
    const notes: string[] = found.encode([["-999", 0]]).notes as string[];
    expect(notes).toEqual([]);
    const rows = Array.from({ length: 60 }, (_, i): Row => [cells[i % 5], i / 7]);
    const kept = describe(rows, { names: ["x", "y"], types: { x: "number" } });
    expect(kept.inputNames).toEqual(["x"]);
  });

  it.each<[string, string[], number]>([
    ["ages with 999", ["20", "45", "80", "999"], 15],
    ["answers with 99", ["0", "1", "2", "99"], 15],
    ["both", ["20", "-99", "25", "9999"], 30],
    ["prices", ["9", "19", "49", "99"], 0],
    ["99 among as large ones", ["60", "98", "99", "75"], 0],
    ["changes around 0", ["-99", "120", "80", "-60"], 0],
    ["another large number", ["1", "2", "3", "1000"], 0],
  ])("nines: %s", (_, cells, missing) => expect(column(cells).columns[0].missing).toBe(missing));

  it("seconds and milliseconds since 1970, in a column named like it", () => {
    const seconds = Array.from({ length: 48 }, (_, i) => String(1_700_000_000 + 3600 * i));
    for (const [cells, name] of [
      [seconds, "ts"],
      [seconds.map((cell) => `${cell}000`), "created_at"],
      [seconds, "Unix time"],
    ] as const) {
      const found = column(cells, 48, name);
      expect([name, found.columns[0].type]).toEqual([name, "date"]);
      expect(found.inputNames).toContain(`${name}: sine of the day`);
      const [row] = [found.raw([[cells[0], 0]]).data];
      expect(row[0]).toBe(Math.floor(1_700_000_000 / 86400));
    }
    expect(typeOf(seconds, 48, "phone")).not.toBe("date");
    expect(typeOf(["12", "13", "15"], 48, "time")).toBe("number");
  });

  it("is overridden", () => {
    const rows = [
      ["1", 1],
      ["2", 2],
      ["1", 3],
      ["2", 4],
    ] as Row[];
    const as = (type: "category" | "ignored"): Columns =>
      describe(rows, { names: ["zip, code", "y"], types: { "zip, code": type } });
    expect(as("category").inputNames).toEqual(["zip, code = 1", "zip, code = 2"]);
    expect(as("ignored").inputNames).toEqual([]);
  });
});

group("inputs", () => {
  it("of numbers are scaled; what is missing is the median, and is said to be", () => {
    const columns = describe(
      [
        ["1", 0],
        ["", 1],
        ["4", 2],
        ["7", 3.5],
      ],
      { names: ["a", "y"] },
    );
    expect(columns.inputNames).toEqual(["a", "a missing"]);
    const { data } = columns.raw([
      ["1", 0],
      [null, 0],
      ["x", 0],
    ]);
    expect(Array.from(data)).toEqual([1, 0, 4, 1, 4, 1]);
    const { data: scaled } = columns.encode([["4", 0]]).inputs;
    expect(scaled[0]).toBeCloseTo(0, 12);
  });

  it("of categories are one for each kind, of ordered ones one for each step", () => {
    const rows = Array.from(
      { length: 30 },
      (_, i): Row => [["red", "blue"][i % 2], ["low", "medium", "high"][i % 3], i / 7],
    );
    const columns = describe(rows, { names: ["colour", "size", "y"] });
    expect(columns.inputNames).toEqual(["colour = blue", "colour = red", "size ≥ medium", "size ≥ high"]);
    expect(Array.from(columns.raw([["red", "medium", 0]]).data)).toEqual([0, 1, 1, 0]);
  });

  it("rare kinds and new ones are other, with a note where there was no other", () => {
    const rows = Array.from({ length: 40 }, (_, i): Row => [i === 7 ? "pink" : ["red", "blue"][i % 2], i / 7]);
    const rare = describe(rows, { names: ["colour", "y"] });
    expect(rare.inputNames).toEqual(["colour = red", "colour = blue", "colour = other"]);
    const row: Row[] = [["green", 1]];
    expect([Array.from(rare.raw(row).data), rare.encode(row).notes]).toEqual([[0, 0, 1], []]);
    const none = describe(
      rows.filter((_, i) => i !== 7),
      { names: ["colour", "y"] },
    );
    expect(none.encode(row).notes).toEqual(['colour: "green" in row 1: not known from the training rows']);
  });

  it("of dates are days and cycles", () => {
    const rows = Array.from(
      { length: 400 },
      (_, i): Row => [new Date(Date.UTC(2011, 0, 1 + i)).toISOString().slice(0, 10), i / 7],
    );
    const columns = describe(rows, { names: ["day", "y"] });
    expect(columns.inputNames).toEqual([
      ...[
        "day",
        "day: sine of the year",
        "day: cosine of the year",
        "day: sine of the week",
        "day: cosine of the week",
      ],
    ]);
    const [, , , sine, cosine] = columns.raw([rows[0]]).data;
    const later = columns.raw([rows[7]]).data;
    expect([later[3], later[4]].map((x, i) => Math.abs(x - [sine, cosine][i]) < 1e-9)).toEqual([true, true]);
  });

  it("of a skewed column are its logarithm, and none is far away", () => {
    const rows = Array.from({ length: 200 }, (_, i): Row => [Math.exp(i / 10), i / 7]);
    const columns = describe(rows, { names: ["a", "y"] });
    const { data } = columns.encode([
      [Math.exp(10), 0],
      [1e300, 0],
      [-1e300, 0],
    ]).inputs;
    expect(Math.abs(data[0])).toBeLessThan(1);
    expect(data.every((x) => Math.abs(x) < 20)).toBe(true);
    for (const unit of [1e-6, 1e6]) {
      const other = describe(
        (rows as [number, number][]).map(([a, y]): Row => [a * unit, y]),
        { names: ["a", "y"] },
      );
      other.encode([[Math.exp(10) * unit, 0]]).inputs.data.forEach((x) => expect(x).toBeCloseTo(data[0], 9));
    }
  });

  it("come from objects too, and from rows without their target", () => {
    const rows = [
      { a: 1, b: "x", y: 2 },
      { a: 2, b: "z", y: 3.5 },
      { a: 3, b: "x", y: 4 },
      { a: 5, b: "z", y: 1 },
    ];
    const columns = describe(rows, { target: "y" });
    const all = columns.encode(rows).inputs.data;
    expect(columns.encode(rows.map(({ a, b }) => ({ b, a }))).inputs.data).toEqual(all);
    expect(columns.encode(rows.map(({ a, b }) => [a, b])).inputs.data).toEqual(all);
    expect(columns.encode(rows.map(({ a, b }) => [a, b])).targets).toBeNull();
    expect(() => columns.encode([{ a: 1 }])).toThrow('encode: row 1 expected a property "b", got none');
    expect(() => columns.encode([[1]])).toThrow("encode: row 1 expected 3 cells, got 1");
  });

  it("survive being saved", () => {
    const columns = column(["red", "green", "", "blue"]);
    const again = columnsFrom(JSON.parse(JSON.stringify(columns)));
    const row: Row[] = [
      ["red", 1],
      [null, 2],
    ];
    expect(again.encode(row)).toEqual(columns.encode(row));
  });

  it("take their scales from the rows named", () => {
    const rows = [
      [0, 1],
      [2, 2.5],
      [1000, 3],
      [4, 2],
    ] as Row[];
    const { data } = describe(rows, { names: ["a", "y"], fitOn: [0, 1] });
    expect(data.inputScale).toEqual({ mean: [1], deviation: [1] });
  });
});

group("targets", () => {
  const target = (cells: readonly (string | number)[], task?: "classification" | "regression"): Columns =>
    describe(
      cells.map((cell, i): Row => [i % 3, cell]),
      { names: ["a", "y"], ...(task ? { task } : {}) },
    );

  it.each<[string, (string | number)[], string]>([
    ["text", ["b", "a", "b", "a"], "classification"],
    ["few whole numbers", [1, 2, 1, 2], "classification"],
    ["ten kinds", Array.from({ length: 40 }, (_, i) => i % 10), "classification"],
    ["eleven consecutive kinds", Array.from({ length: 44 }, (_, i) => i % 11), "regression"],
    ["eleven kinds far apart", Array.from({ length: 44 }, (_, i) => 97 * (i % 11) ** 2), "classification"],
    ["eleven multiples of a step", Array.from({ length: 44 }, (_, i) => 97 * (i % 11)), "regression"],
    ["every fourth year", Array.from({ length: 60 }, (_, i) => 1960 + 4 * (i % 15)), "regression"],
    ["counts with a long tail", [...Array.from({ length: 90 }, (_, i) => i % 7), 9, 14, 19, 23, 41], "regression"],
    ["fractions", [0.5, 1, 0.5, 1], "regression"],
    ["whole numbers that hardly recur", [1, 2, 3, 5], "regression"],
    ["codes", ["010", "020", "010", "020"], "classification"],
  ])("%s", (_, cells, task) => expect(target(cells).task).toBe(task));

  it("classes are in their order, however numbers are written, and labels keep their text", () => {
    expect(target(["10", "9", "10.0", "9.", "-1", "-1"]).classes).toEqual(["-1", "9", "10"]);
    expect(target(["01234", "01235", "01234", "01235"]).classes).toEqual(["01234", "01235"]);
    const long = ["12345678901234567", "12345678901234568"];
    expect(target([...long, ...long]).classes).toEqual(long);
  });

  it("are decoded in their own units", () => {
    const rows = [
      [1, 10],
      [2, 20.5],
      [3, 30],
    ] as Row[];
    const columns = describe(rows, { names: ["a", "y"] });
    const { targets } = columns.encode(rows);
    const decoded = columns.decode(matrix(3, 1, targets as Float64Array));
    decoded.forEach((value, i) => expect(value).toBeCloseTo((rows[i] as number[])[1], 12));
    expect(
      target(["b", "a", "b", "a"]).decode(
        matrix([
          [0, 1],
          [3, 2],
        ]),
      ),
    ).toEqual(["b", "a"]);
  });

  it("may be several", () => {
    const rows = [
      [1, 10, 3],
      [2, 20.5, 2],
      [3, 30, 1],
    ] as Row[];
    const columns = describe(rows, { names: ["a", "y", "z"], target: ["y", "z"] });
    const { targets } = columns.dataset(rows);
    expect(targets).toMatchObject({ rows: 3, columns: 2 });
    expect(columns.decode(targets as never)[1]).toEqual([expect.closeTo(20.5, 9), expect.closeTo(2, 9)]);
  });

  it("that cannot be learned are refused", () => {
    expect(() => target(["a", "a", "a"])).toThrow('expected at least two classes to tell apart, got "a" in every row');
    expect(() => target([0.5, 0.5, 0.5])).toThrow("expected a target whose values differ, got 0.5 in every row");
    expect(() => target(["1", "<2", "3", "4", "5", "6", "7.5", "8", "9", "10", "11"])).toThrow(
      'expected a number, got "<2"',
    );
    expect(() => target(["a", "b", "c"])).toThrow("got 3 classes in 3 rows");
    const cells = Array.from({ length: 40 }, (_, row) => (row === 17 ? "1o" : String(row % 2)));
    expect(() => target(cells)).toThrow('row 18: expected a number, got "1o"');
  });
});

group("standardisation", () => {
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

  it("keeps the smallest numbers apart", () => {
    const tiny = matrix([[1e-300], [3e-300]]);
    expect(Array.from(standardize(tiny, scaleOf(tiny)).data, (x) => Math.round(1e9 * x) / 1e9)).toEqual([-1, 1]);
  });
});
