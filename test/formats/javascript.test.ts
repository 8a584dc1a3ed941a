// Oracle: the library's own predictions, row by row, on tables with every kind of column.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, describe as group, it } from "vitest";
import { toJavaScript } from "../../src/formats/index.js";
import { type ActivationName, adam, fit, init, network } from "../../src/index.js";
import { type Cell, type DescribeOptions, describe, readTable } from "../../src/tables/index.js";
import { Random } from "../cases.js";

beforeAll(() => init({ simd: "strict" }));

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Module {
  predict(row: unknown): unknown;
  outputs(row: unknown): number[];
  probabilities(row: unknown): number[];
  classes: string[] | null;
}

const load = (text: string): Promise<Module> => import(`data:text/javascript,${encodeURIComponent(text)}`);

const hostile: Cell[] = [
  ...[null, undefined, "", " ", "?", "-", "NA", "n/a", "nan", "#N/A", "NULL", Number.NaN, Infinity, true, false],
  ...["1e200", "1e-200", "-1e400", 1e200, 1e-200, 0, -0, "0", "-0", "007", "1.", ".5", "+3", "1e3", "0x10", "1_000"],
  ...["(5)", "\u22123", "1,234", "1.234", "1,234.5", "1.234,5", "1 234", "1,2", "$ 5", "5 €", "US$7", "12 %", "- 4"],
  ...["yes", "no", "TRUE", "False", "male", "FEMALE", " male ", "Adelie", "southwest", "nowhere", "other", "__proto__"],
  ...["2024-02-30", "2024-13-45", "31/12/2011", "12/31/2011", "2011-01-05T10:30", "5 May 2011", "10:30", "24:61"],
  ...[
    "5 mai 2011",
    "5 de mayo de 2011",
    "May 2011",
    "1st May 2011",
    "Fri, 6 May 2011",
    "20110506",
    "05/2011",
    "–",
    "—",
  ],
  ...["2011-05-05 10:30 GMT", "2011-05-05T10:30+01", "10:30 a.m.", "oui", "ja", "2.500", "Mai 5, 2011", "0,5 €"],
  ...[new Date("2011-05-05T00:00:00Z"), new Date(Number.NaN), "constructor", "1e", "--1", "١٢", "½", "a".repeat(500)],
];

group("a module of a model", () => {
  it.each<[string, DescribeOptions]>([
    ["penguins.csv", { target: "species" }],
    ["titanic.csv", { target: "survived", threshold: 0.3 }],
    ["energy-decimal-comma.csv", { target: "Y1" }],
    ["bicup-cr-line-ends.csv", { target: "DEMAND" }],
    ["bike-sharing-day.csv", { target: ["casual", "registered"] }],
    ["insurance.csv", { target: "charges", logTarget: true }],
    ["car-evaluation-whitespace.csv", { target: "class" }],
    ["seoul-bike-latin1-2400.csv", { target: "Rented Bike Count", fill: "mean" }],
    ["oil-spill.csv", {}],
  ])("of %s agrees to 1e-12 on every row", async (file, options) => {
    const { names, rows } = await readTable(readFileSync(join(root, "data/tables", file)));
    const columns = describe(rows, { ...(names ? { names } : {}), ...options });
    const units = columns.classes?.length ?? columns.targetNames.length;
    const loss = columns.classes ? ("cross-entropy" as const) : ("mse" as const);
    const net = network({
      inputs: columns.inputNames.length,
      layers: [{ units: 5, activation: "tanh", batchNorm: true }, { units }],
      loss,
      seed: 1,
    });
    await fit(net, columns.dataset(rows), { optimizer: adam(), epochs: 3 });
    const made = await load(toJavaScript(net, { columns }));
    const { inputs } = columns.encode(rows);
    const expected = net.predict(inputs);
    const decoded = columns.decode(expected);
    rows.forEach((row, r) => {
      made.outputs(row).forEach((value, c) => {
        const own = expected.data[r * units + c];
        expect(Math.abs(value - own)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(own)));
      });
      const guess = made.predict(row);
      if (columns.classes) expect(guess).toBe(decoded[r]);
      else
        [guess]
          .flat()
          .forEach((value, j) => expect((value as number) / ([decoded[r]].flat()[j] as number)).toBeCloseTo(1, 9));
    });
    if (names) {
      const objects = Object.fromEntries(names.map((name, j) => [name, rows[3][j]]));
      expect(made.predict(objects)).toEqual(made.predict(rows[3]));
    }
    expect(made.classes).toEqual(columns.classes);
  });

  it.each<[string, DescribeOptions]>([
    ["penguins.csv", { target: "species" }],
    ["titanic.csv", { target: "survived" }],
    ["energy-decimal-comma.csv", { target: "Y1" }],
    ["bike-sharing-day.csv", { target: ["casual", "registered"] }],
    ["insurance.csv", { target: "charges", logTarget: true }],
  ])("of %s takes hostile cells as the library does, and refuses what it refuses", async (file, options) => {
    const { names, rows } = await readTable(readFileSync(join(root, "data/tables", file)));
    const columns = describe(rows, { ...(names ? { names } : {}), ...options });
    const units = columns.classes?.length ?? columns.targetNames.length;
    const loss = columns.classes ? ("cross-entropy" as const) : ("mse" as const);
    const net = network({
      inputs: columns.inputNames.length,
      layers: [{ units: 4, activation: "tanh" }, { units }],
      loss,
    });
    const made = await load(toJavaScript(net, { columns }));
    const random = new Random(7);
    for (let round = 0; round < 1500; ++round) {
      const row: Cell[] = [...rows[random.integer(rows.length)]];
      for (let k = random.integer(4); k >= 0; --k)
        row[random.integer(row.length)] = hostile[random.integer(hostile.length)];
      const own = Array.from(net.predict(columns.encode([row]).inputs).data);
      const got = made.outputs(row);
      const far = own.findIndex((value, c) => !(Math.abs(value - got[c]) <= 1e-12 * Math.max(1, Math.abs(value))));
      expect(far < 0 ? null : { row, own, got }).toBeNull();
    }
    const [whole] = rows;
    expect(() => made.predict([...whole, 1, 2])).toThrow(/row expected \d+ cells, got \d+/);
    expect(() => made.predict(whole.slice(0, 1))).toThrow(/row expected \d+ cells, got 1/);
    expect(() => made.predict({ [columns.needed[0]]: 1 })).toThrow(/row expected a property ".*", got none/);
  });

  it.each<ActivationName>([
    "relu",
    "leaky-relu",
    "elu",
    "softplus",
    "gelu",
    "silu",
    "tanh",
    "sigmoid",
    "step",
    "identity",
  ])("without columns has %s", async (activation) => {
    const net = network({
      inputs: 3,
      layers: [{ units: 6, activation }, { units: 2 }],
      loss: "cross-entropy",
      seed: 2,
    });
    const made = await load(toJavaScript(net));
    for (const row of [
      [0.1, -0.2, 0.3],
      [3, -4, 5],
      [-30, 20, 1],
    ]) {
      const expected = net.predict([row]).data;
      made.outputs(row).forEach((value, c) => expect(value).toBeCloseTo(expected[c], 11));
      expect(made.predict(row)).toBe(net.classify([row])[0]);
      const p = net.probabilities([row]).data;
      made.probabilities(row).forEach((value, c) => expect(value).toBeCloseTo(p[c], 11));
    }
  });

  it("names classes and refuses rows that are not inputs", async () => {
    const layers = [{ units: 3, activation: "tanh" as const }, { units: 1 }];
    const net = network({ inputs: 2, layers, loss: "binary-cross-entropy", seed: 4 });
    const made = await load(toJavaScript(net, { classes: ["no", "yes"] }));
    expect([made.classes, made.predict([1, 2])]).toEqual([["no", "yes"], ["no", "yes"][net.classify([[1, 2]])[0]]]);
    expect(() => made.predict([1])).toThrow("row expected 2 numbers, got 1");
    expect(() => made.predict([1, "2"])).toThrow('row[1] expected a finite number, got "2"');
    expect(() => toJavaScript(net, { classes: ["one"] })).toThrow('"classes" expected 2 labels');
    const values = network({ inputs: 2, layers: [{ units: 2 }] });
    expect(() => toJavaScript(values, { classes: ["a", "b"] })).toThrow('"classes" expected no labels');
    expect(() => toJavaScript(net, { classes: "ab" as never })).toThrow("an array of labels");
  });

  it("is small, and in single precision smaller", () => {
    const net = network({ inputs: 8, layers: [{ units: 16, activation: "relu" }, { units: 1 }], seed: 1 });
    expect(toJavaScript(net).length).toBeLessThan(8000);
    expect(toJavaScript(net, { dtype: "f32" }).length).toBeLessThan(toJavaScript(net).length);
    expect(() => toJavaScript(net, { columns: {} as never })).toThrow(
      'toJavaScript: "columns" expected what describe found',
    );
  });
});
