// Oracle: the library's own predictions, row by row, on tables with every kind of column.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, describe as group, it } from "vitest";
import { toJavaScript } from "../../src/formats/index.js";
import { type ActivationName, adam, fit, init, network } from "../../src/index.js";
import { type DescribeOptions, describe, readTable } from "../../src/tables/index.js";

beforeAll(() => init({ simd: "strict" }));

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Module {
  predict(row: unknown): unknown;
  outputs(row: unknown): number[];
  probabilities(row: unknown): number[];
  classes: string[] | null;
}

const load = (text: string): Promise<Module> => import(`data:text/javascript,${encodeURIComponent(text)}`);

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

  it("is small, and in single precision smaller", () => {
    const net = network({ inputs: 8, layers: [{ units: 16, activation: "relu" }, { units: 1 }], seed: 1 });
    expect(toJavaScript(net).length).toBeLessThan(8000);
    expect(toJavaScript(net, { dtype: "f32" }).length).toBeLessThan(toJavaScript(net).length);
    expect(() => toJavaScript(net, { columns: {} as never })).toThrow(
      'toJavaScript: "columns" expected what describe found',
    );
  });
});
