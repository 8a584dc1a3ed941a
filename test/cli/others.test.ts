// Oracles: files of skl2onnx, PyTorch and tf2onnx (scripts/fixtures/onnx_files.py) through
// `predictor`, and networks whose parameters were written into the files.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { loadModel } from "../../src/cli/model/file.js";
import { answersOf } from "../../src/cli/serve/answers.js";
import { fromOnnx, predictor, toJson, toOnnx } from "../../src/formats/index.js";
import { write } from "../../src/formats/safetensors.js";
import { network } from "../../src/index.js";
import { Random } from "../cases.js";
import fixture from "../fixtures/onnx-files.json" with { type: "json" };
import { call, folder } from "./support.js";

const { path, remove } = folder({});
afterAll(remove);

const files = (fixture as { items: { name: string; inputs: number; bytes: string }[] }).items;

function onnx(name: string): { file: string; bytes: Buffer; inputs: number } {
  const found = files.find((item) => item.name === name)!;
  const bytes = Buffer.from(found.bytes, "base64");
  const file = path(`${files.indexOf(found)}.onnx`);
  writeFileSync(file, bytes);
  return { file, bytes, inputs: found.inputs };
}

/** A table with columns that have names, and more behind the inputs where wanted. */
function table(rows: readonly (readonly (number | string)[])[], more: string[] = []): string {
  const names = [...rows[0]!.slice(more.length).map((_, i) => `column ${i}`), ...more];
  const file = path(`rows-${more.length}-${rows.length}-${rows[0]!.length}.csv`);
  writeFileSync(file, `${[names, ...rows].map((row) => row.join(",")).join("\n")}\n`);
  return file;
}

const lines = (text: string): string[] => text.trim().split("\n");

describe("a model of another program", () => {
  it.each([
    "skl2onnx: three classes by name, ZipMap",
    "skl2onnx: two classes by name, no ZipMap",
    "skl2onnx: one value",
    "skl2onnx: two values in double precision",
    "PyTorch: batch norm, dropout, softmax, opset 11",
    "PyTorch: one probability",
    "tf2onnx: relu and softmax",
  ])("predicts as `predictor` does: %s", async (name) => {
    const { file, bytes, inputs } = onnx(name);
    const rows = new Random(3).rows(7, inputs).map((row) => row.map(Math.fround));
    const made = predictor(fromOnnx(bytes));
    const { code, stdout, stderr } = await call(["predict", file, table(rows)]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/taken by their places: \d inputs \(column 0/)]);
    const expected = made.predict(rows).map((value) => [value].flat().join(","));
    expect(lines(stdout).slice(1)).toEqual(expected);
    if (!made.classes) return;
    const { stdout: sure } = await call(["predict", file, table(rows), "--probabilities", "--quiet", "--json"]);
    const said: { prediction: string; probabilities: number[] }[] = JSON.parse(sure).rows;
    said.forEach(({ probabilities }, r) => {
      made.probabilities(rows[r]!).forEach((p, k) => expect(probabilities[k]).toBeCloseTo(p, 6));
    });
  });

  it("is scored where the target stands behind the inputs, as is said", async () => {
    const { file, bytes, inputs } = onnx("skl2onnx: three classes by name, ZipMap");
    const made = predictor(fromOnnx(bytes));
    const rows = new Random(4).rows(20, inputs).map((row) => row.map(Math.fround));
    const labelled = rows.map((row) => [...row, String(made.predict(row))]);
    const { stderr } = await call(["predict", file, table(labelled, ["kind"])]);
    expect(stderr).toMatch(/then the target \(kind\)/);
    expect(stderr).toMatch(/20 rows with a known prediction: accuracy 100\.0 %/);
  });

  it("gives no prediction where an input is missing or is no number", async () => {
    const { file, inputs } = onnx("skl2onnx: one value");
    const rows: (number | string)[][] = [1, 2, 3].map((x) => new Array<number>(inputs).fill(x));
    rows[1]![0] = "";
    rows[2]![1] = "many";
    const { stdout, stderr } = await call(["predict", file, table(rows)]);
    expect(lines(stdout).map((line) => line === "")).toEqual([false, false]);
    expect(stdout.split("\n").slice(2, 4)).toEqual(["", ""]);
    expect(stderr).toMatch(/x2: "many" in line 4/);
  });

  it("is shown by info, exported as a module and as ONNX, and served", async () => {
    const { file, bytes, inputs } = onnx("skl2onnx: three classes by name, ZipMap");
    const { stdout } = await call(["info", file]);
    expect(stdout).toMatch(/format +ONNX/);
    expect(stdout).toMatch(/target +one of /);
    expect(JSON.parse((await call(["info", file, "--json"])).stdout)).toMatchObject({ format: "ONNX", record: null });
    const rows = new Random(5).rows(9, inputs).map((row) => row.map(Math.fround));
    const made = predictor(fromOnnx(bytes));
    const [module, again] = [path("made.mjs"), path("again.onnx")];
    expect((await call(["export", file, "--output", module])).code).toBe(0);
    const { predict, classes } = await import(pathToFileURL(module).href);
    expect(rows.map(predict)).toEqual(made.predict(rows));
    expect(classes).toEqual(made.classes);
    expect(() => predict(rows[0]!.slice(1))).toThrow(/row expected \d numbers, got/);
    expect(() => predict(rows[0]!.map(String))).toThrow(/finite number, got "/);
    expect((await call(["export", file, "--output", again])).code).toBe(0);
    expect(fromOnnx(readFileSync(again)).network.spec.inputs).toBe(inputs);
    const answers = answersOf(await loadModel(file));
    expect(answers.json(JSON.stringify(rows), { probabilities: false })).toEqual({ predictions: made.predict(rows) });
    expect(() => answers.json(JSON.stringify(rows[0]!.map(String)), { probabilities: false })).toThrow("a number");
  });

  it("in TensorFlow.js's format has its weights beside it", async () => {
    const layers = [{ class_name: "Dense", config: { name: "d", units: 1, batch_input_shape: [null, 2] } }];
    const weights = [
      { name: "d/kernel", shape: [2, 1], dtype: "float32" },
      { name: "d/bias", shape: [1], dtype: "float32" },
    ];
    const topology = { class_name: "Sequential", config: { layers } };
    const model = { modelTopology: topology, weightsManifest: [{ paths: ["group1.bin"], weights }] };
    writeFileSync(path("model.json"), JSON.stringify(model));
    const rows = table([
      [1, 1],
      [2, 0.5],
    ]);
    const missing = await call(["predict", path("model.json"), rows]);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/its weights in .*group1\.bin, got none/),
    ]);
    writeFileSync(path("group1.bin"), Buffer.from(Float32Array.of(1, 2, 3).buffer));
    expect(lines((await call(["predict", path("model.json"), rows])).stdout)).toEqual(["prediction", "6", "6"]);
    writeFileSync(path("graph.json"), JSON.stringify({ format: "graph-model", modelTopology: {} }));
    const graph = await call(["info", path("graph.json")]);
    expect([graph.code, graph.stderr]).toEqual([2, expect.stringMatching(/graph\.json: .*graph-model/)]);
  });

  it("as tensors asks for the activation between its layers", async () => {
    const net = network({ inputs: 3, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], seed: 2 });
    const [parameters, file] = [Float64Array.from(net.getParameters()), path("state.safetensors")];
    const part = (shape: number[], from: number) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return { shape, data: parameters.slice(from, from + count) };
    };
    const tensors: [string, { shape: number[]; data: Float64Array }][] = [
      ["0.weight", part([4, 3], 0)],
      ["0.bias", part([4], 12)],
      ["2.weight", part([1, 4], 16)],
      ["2.bias", part([1], 20)],
    ];
    writeFileSync(file, write({ format: "pt" }, tensors));
    const asked = await call(["info", file]);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringMatching(/do not say .*--activation/)]);
    const rows = [[1, -2, 0.5]];
    const { stdout } = await call(["predict", file, table(rows), "--activation", "tanh"]);
    expect(Number(lines(stdout)[1])).toBeCloseTo(net.predict(rows).data[0]!, 12);
  });

  it("that is none is refused in a line that names file and node; so is what needs training rows", async () => {
    const { file } = onnx("skl2onnx: one value");
    for (const command of [["diagnose"], ["audit"], ["prune", "--save", path("p.json")], ["curvature"]]) {
      const { code, stderr } = await call([command[0]!, file, ...command.slice(1)]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/saved, got one in the format ONNX; info, predict/)]);
    }
    const inside = await call(["predict", file, table([[1, 2, 3]]), "--interval", "90"]);
    expect([inside.code, inside.stderr]).toEqual([2, expect.stringMatching(/--interval: expected .* format ONNX/)]);
    writeFileSync(path("broken.onnx"), "no model");
    const broken = await call(["info", path("broken.onnx")]);
    expect([broken.code, lines(broken.stderr)]).toEqual([2, [expect.stringMatching(/broken\.onnx: /)]]);
    const plain = path("plain.json");
    const net = network({ inputs: 1, layers: [{ units: 1 }] });
    writeFileSync(plain, toJson(net));
    const own = await call(["predict", plain, table([[1], [2]])]);
    expect([own.code, own.stderr]).toEqual([2, expect.stringMatching(/a network without the columns/)]);
    writeFileSync(path("own.onnx"), toOnnx(net));
    expect((await call(["predict", path("own.onnx"), table([[1], [2]])])).code).toBe(0);
    expect((await call(["predict", path("none.onnx"), plain])).stderr).toMatch(/none\.onnx: there is no such file/);
  });
});
