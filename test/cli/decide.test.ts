// Oracles: the library on the same rows; a label and a value that were changed on purpose; held-out
// coverage.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { studentQuantile } from "../../src/cli/study/student.js";
import { init, laplace } from "../../src/index.js";
import { loadNetwork } from "../../src/node/index.js";
import { type ColumnsData, columnsFrom, readTable } from "../../src/tables/index.js";
import { call, folder, root } from "./support.js";

const iris = join(root, "data/iris.csv");
const insurance = join(root, "data/tables/insurance.csv");
const { path, remove } = folder({});
afterAll(remove);
afterAll(() => init({ simd: "strict" }));

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await call(args);
  expect({ args, code, stderr: code === 0 ? "" : stderr }).toEqual({ args, code: 0, stderr: "" });
  return stdout;
}

const lines = readFileSync(iris, "utf8").trimEnd().split("\n");

describe("predict --interval", () => {
  it("gives ends between which new values lie as often as asked", async () => {
    const args = [
      "--hidden",
      "8",
      "--activation",
      "tanh",
      "--optimizer",
      "lbfgs",
      "--penalty",
      "evidence",
      "--epochs",
      "200",
    ];
    await run("train", insurance, "--target", "charges", ...args, "--save", path("i.safetensors"), "--quiet");
    const text = await run("predict", path("i.safetensors"), insurance, "--interval", "90", "--append", "--quiet");
    const [head, ...rows] = text
      .trimEnd()
      .split("\n")
      .map((line) => line.split(","));
    expect(head.slice(-4)).toEqual(["prediction", "prediction low", "prediction high", "far"]);
    // None of the rows that it was trained on is far from them.
    expect(rows.every((row) => row[row.length - 1] === "")).toBe(true);
    const place = head.indexOf("charges");
    const inside = rows.filter((row) => {
      const [guess, low, high] = row.slice(-4, -1).map(Number);
      expect(low < guess && guess < high).toBe(true);
      return Number(row[place]) >= low && Number(row[place]) <= high;
    });
    expect(inside.length / rows.length).toBeGreaterThan(0.85);
    expect(inside.length / rows.length).toBeLessThan(0.98);
  });

  it("marks rows far from those that it was trained on, in CSV, in JSON and in a note", async () => {
    const [head, first] = readFileSync(insurance, "utf8").split("\n");
    const names = head.split(",");
    const cells = first.split(",");
    const with_ = (name: string, value: string): string =>
      cells.map((cell, j) => (names[j] === name ? value : cell)).join(",");
    writeFileSync(path("far.csv"), [head, first, with_("age", "400"), with_("bmi", "")].join("\n"));
    const { stdout, stderr } = await call(["predict", path("i.safetensors"), path("far.csv"), "--interval", "90"]);
    expect(stderr).toContain("1 row far from those that the model was trained on, the first in line 3");
    const marks = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(",").at(-1));
    expect(marks.slice(0, 3)).toEqual(["far", "", "yes"]);
    const json = await run("predict", path("i.safetensors"), path("far.csv"), "--interval", "90", "--json", "--quiet");
    expect(JSON.parse(json).rows.map(({ far = false }) => far)).toEqual([false, true, false]);
  });

  it("of classes gives the probabilities of the posterior", async () => {
    await run(
      "train",
      iris,
      "--hidden",
      "none",
      "--optimizer",
      "newton",
      "--l2",
      "0.01",
      "--dtype",
      "f64",
      "--save",
      path("c.safetensors"),
    );
    const text = await run("predict", path("c.safetensors"), iris, "--interval", "95", "--json", "--quiet");
    const { network: net, metadata } = await loadNetwork(path("c.safetensors"));
    const columns = columnsFrom(metadata.table as ColumnsData);
    const { names, rows } = await readTable(readFileSync(iris));
    expect(names).toHaveLength(5);
    const { inputs } = columns.encode(rows);
    const all = JSON.parse(text).rows as { probabilities: number[] }[];
    const { record } = { record: metadata as { data: { rows: number } } };
    expect(record.data.rows).toBe(150);
    // Less sure than the network alone, and nearly of one mind with it.
    const plain = net.probabilities(inputs).data;
    all.forEach(({ probabilities }, row) => {
      const most = Math.max(...plain.subarray(3 * row, 3 * row + 3));
      expect(Math.max(...probabilities)).toBeLessThanOrEqual(most + 1e-9);
    });
    expect(laplace(net, columns.dataset(rows)).status).not.toBe("non-finite");
  });

  it("has Student's quantiles: closed forms of 1 and 2 degrees of freedom, and the normal limit", () => {
    for (const p of [0.6, 0.95, 0.975, 0.9995]) {
      const cauchy = Math.tan(Math.PI * (p - 0.5));
      expect(studentQuantile(p, 1) / cauchy).toBeCloseTo(1, 8);
      const two = (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
      expect(studentQuantile(p, 2) / two).toBeCloseTo(1, 8);
      expect(studentQuantile(1 - p, 2)).toBeCloseTo(-studentQuantile(p, 2), 9);
    }
    expect(studentQuantile(0.5, 3)).toBeCloseTo(0, 12);
    // SciPy's t.ppf(0.975, 5), and norm.ppf.
    expect(studentQuantile(0.975, 5)).toBeCloseTo(2.5705818356363155, 8);
    expect(studentQuantile(0.975, 1e12)).toBeCloseTo(1.959963984540054, 8);
    expect(studentQuantile(0.9999, 1e12)).toBeCloseTo(3.719016485455709, 8);
  });

  it("says where the training data are gone, and takes another place for them", async () => {
    writeFileSync(path("moved.csv"), lines.join("\n"));
    await run("train", path("moved.csv"), "--epochs", "5", "--save", path("moved.safetensors"));
    writeFileSync(path("moved.csv"), lines.slice(0, 100).join("\n"));
    const { code, stderr } = await call(["predict", path("moved.safetensors"), iris, "--interval", "95"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected the data that the model was trained on")]);
    writeFileSync(path("here.csv"), lines.join("\n"));
    const { code: fine } = await call([
      "predict",
      path("moved.safetensors"),
      iris,
      "--interval",
      "95",
      "--training-data",
      path("here.csv"),
    ]);
    expect(fine).toBe(0);
  });
});

describe("audit", () => {
  it("puts a changed label first, with its line in the file", async () => {
    const changed = lines.map((line, i) => (i === 20 ? line.replace("setosa", "virginica") : line));
    writeFileSync(path("wrong.csv"), changed.join("\n"));
    await run(
      "train",
      path("wrong.csv"),
      "--target",
      "species",
      "--test-share",
      "0",
      "--hidden",
      "none",
      "--optimizer",
      "newton",
      "--l2",
      "0.01",
      "--save",
      path("w.safetensors"),
    );
    const { suspects } = JSON.parse(
      await run("audit", path("w.safetensors"), "--json", "--output", path("suspects.csv")),
    );
    expect(suspects[0]).toMatchObject({ line: 21, target: "virginica", suggestion: "setosa" });
    const [head, first] = readFileSync(path("suspects.csv"), "utf8").split("\n");
    expect([head, first]).toEqual([
      "line,target,suggestion,score",
      expect.stringMatching(/^21,virginica,setosa,0\.\d+$/),
    ]);
    expect(await run("audit", path("w.safetensors"))).toMatch(/^line 21 +virginica; the others suggest setosa/m);
  });
});

describe("prune", () => {
  it("saves a smaller model that predicts", async () => {
    await run(
      "train",
      iris,
      "--hidden",
      "12",
      "--activation",
      "tanh",
      "--optimizer",
      "lbfgs",
      "--l2",
      "0.003",
      "--epochs",
      "200",
      "--save",
      path("large.safetensors"),
    );
    const text = await run(
      "prune",
      path("large.safetensors"),
      "--share",
      "0.7",
      "--save",
      path("small.safetensors"),
      "--json",
    );
    const { parameters, after } = JSON.parse(text);
    expect(parameters.after).toBeLessThan(0.5 * parameters.before);
    expect(after.accuracy).toBeGreaterThan(0.85);
    const predicted = await run("predict", path("small.safetensors"), iris, "--quiet");
    expect(predicted.trimEnd().split("\n")).toHaveLength(151);
    expect(await run("prune", path("large.safetensors"), "--of", "units")).toMatch(/^after +4-\d+-3, tanh, /m);
  });
});

it("a penalty by the evidence goes with no stopping on other rows", async () => {
  const { code, stderr } = await call(["train", iris, "--penalty", "evidence", "--early-stopping", "3"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("expected nothing beside --penalty evidence")]);
});
