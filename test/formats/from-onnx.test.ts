// Oracle: the network that was exported, and onnxruntime-web on the files of other exporters
// (scripts/fixtures/onnx_files.py made them).

import * as ort from "onnxruntime-web/wasm";
import { describe, expect, it } from "vitest";
import { fromOnnx, predictor, toOnnx } from "../../src/formats/index.js";
import { network } from "../../src/index.js";
import { type ActivationSpec, cases, Random } from "../cases.js";
import fixture from "../fixtures/onnx-files.json" with { type: "json" };
import { networkOf } from "./support.js";

ort.env.wasm.numThreads = 1;

const activations: ActivationSpec[] = [
  "identity",
  "relu",
  "leaky-relu",
  { type: "leaky-relu", slope: -0.7 },
  { type: "leaky-relu", slope: 1.5 },
  "elu",
  { type: "elu", alpha: 0.3 },
  { type: "elu", alpha: 2.5 },
  "softplus",
  "gelu",
  "silu",
  "tanh",
  "sigmoid",
  "step",
];

describe.each(["f32", "f64"] as const)("what toOnnx wrote in %s", (dtype) => {
  it.each(activations.map((activation) => [JSON.stringify(activation), activation] as const))(
    "%s comes back",
    (_, activation) => {
      const layers = [{ units: 7, activation, batchNorm: true }, { units: 5, activation }, { units: 4 }];
      const net = network({ inputs: 3, layers, seed: 8, dtype });
      const { network: back } = fromOnnx(toOnnx(net));
      expect(back.spec.layers.map(({ activation }) => activation.type)).toEqual(
        net.spec.layers.map(({ activation }) => activation.type),
      );
      expect(back.spec.dtype).toBe(dtype);
      const rows = new Random(3).rows(40, 3);
      const [got, expected] = [back.predict(rows).data, net.predict(rows).data];
      got.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(dtype === "f32" ? 1e-6 : 1e-14));
    },
  );

  it.each(cases)("$name", (item) => {
    const net = networkOf(item, { dtype });
    const { network: back } = fromOnnx(toOnnx(net), { loss: net.spec.loss });
    const rows = new Random(1).rows(9, item.spec.inputs);
    const [got, expected] = [back.predict(rows).data, net.predict(rows).data];
    got.forEach((x, i) => {
      const size = Math.max(1, Math.abs(expected[i]!));
      expect(Math.abs(x - expected[i]!) / size).toBeLessThan(dtype === "f32" ? 3e-6 : 1e-13);
    });
  });
});

interface File {
  name: string;
  inputs: number;
  bytes: string;
  dtype: "f32" | "f64";
  rows?: number[][];
  shape?: number[];
  classes?: (string | number)[];
  columns?: string[];
}

const files = (fixture as unknown as { items: File[] }).items;
/** Their scalings become part of the weights, in double precision. */
const scaledInside = /standardised inside|batch norm (first|behind)|selu|celu|Scaled\(\)/i;
const bytesOf = ({ bytes }: { bytes: string }): Uint8Array => Uint8Array.from(Buffer.from(bytes, "base64"));

describe("what other exporters write gives what onnxruntime gives", () => {
  it.each(files.map((file) => [file.name, file] as const))("%s", async (_, file) => {
    const rows = file.rows ?? new Random(2).rows(11, file.inputs);
    const { network: net, classes } = fromOnnx(bytesOf(file));
    expect(net.spec.dtype).toBe(scaledInside.test(file.name) ? "f64" : file.dtype);
    expect(classes).toEqual(file.classes ?? null);
    const outputs = await run(file, rows);
    const { loss } = net.spec;
    const got = loss === "mse" ? net.predict(rows) : net.probabilities(rows);
    const expected = outputs.values;
    const two = got.columns === 1 && expected.length === 2 * got.rows;
    if (expected.length === 0) expect(outputs.labels).toBeDefined();
    else expect(expected.length).toBe(got.data.length * (two ? 2 : 1));
    const size = Math.max(1, ...expected.map(Math.abs));
    for (let i = 0; i < (expected.length && got.data.length); ++i) {
      const p = file.name.includes("log-prob") ? Math.log(got.data[i]!) : got.data[i]!;
      expect(Math.abs(p - expected[two ? 2 * i + 1 : i]!) / size).toBeLessThan(2e-6);
    }
    if (!outputs.labels) return;
    const labels = predictor(fromOnnx(bytesOf(file))).predict(rows);
    expect(labels).toEqual(outputs.labels);
  });
});

/**
 * What onnxruntime says of rows. ZipMap's maps are no tensors for it: of such files the labels are
 * compared.
 */
async function run(file: File, rows: number[][]): Promise<{ values: number[]; labels?: (string | number)[] }> {
  const double = file.name.includes("double precision");
  const session = await ort.InferenceSession.create(bytesOf(file), { executionProviders: ["wasm"] });
  const tensor = (values: number[], shape: number[]) =>
    double
      ? new ort.Tensor("float64", Float64Array.from(values) as never, shape)
      : new ort.Tensor("float32", Float32Array.from(values), shape);
  const shape = file.shape ?? [1, file.inputs];
  const feeds = file.columns
    ? Object.fromEntries(
        file.columns.map((name, c) => [
          name,
          tensor(
            rows.map((row) => row[c]!),
            [rows.length, 1],
          ),
        ]),
      )
    : { [session.inputNames[0]!]: tensor(rows.flat(), [rows.length, ...shape.slice(1)]) };
  const wanted = session.outputNames.filter((name) => name !== "output_probability");
  const found = await session.run(feeds, wanted.length > 0 ? wanted : session.outputNames);
  await session.release();
  const labels = found.output_label && Array.from(found.output_label.data as never as (string | bigint)[]);
  const values = wanted.find((name) => name !== "output_label");
  return {
    values: values ? Array.from(found[values]!.data as Float32Array) : [],
    ...(labels ? { labels: labels.map((label) => (typeof label === "bigint" ? Number(label) : label)) } : {}),
  };
}

describe("whatever the bytes", () => {
  const seeds = files.filter((_, i) => i % 5 === 0).map(bytesOf);

  it("a network, or an error of the library's own, in memory that the file bounds", () => {
    const seen = { read: 0, refused: new Set<string>() };
    const random = new Random(9);
    const whole = (n: number): number => Math.floor((random.rows(1, 1)[0]![0]! * 1e6 + 1e9) % n);
    for (let run = 0; run < 4000; ++run) {
      const bytes = seeds[whole(seeds.length)]!.slice(0, run % 7 === 0 ? whole(2000) : undefined);
      for (let change = run % 4; change > 0 && bytes.length > 0; --change) bytes[whole(bytes.length)] = whole(256);
      try {
        const { network: net } = fromOnnx(bytes);
        expect(net.parameterCount).toBeLessThan(bytes.length + 70_000);
        ++seen.read;
      } catch (error) {
        const { constructor: kind, message, stack } = error as Error;
        expect([TypeError, RangeError], stack).toContain(kind);
        expect(message, stack).toMatch(/^fromOnnx: "[^"]{1,140}" expected [\s\S]+, got [\s\S]/);
        seen.refused.add(message.replace(/, got [\s\S]*|\d+/g, ""));
      }
    }
    expect(seen.read).toBeGreaterThan(100);
    expect(seen.refused.size).toBeGreaterThan(30);
  }, 60_000);

  it("what is no multi-layer perceptron is refused by the name of its node", () => {
    const bytes = bytesOf(files[0]!);
    const text = Buffer.from(bytes).toString("latin1").replaceAll("Relu", "Selv");
    expect(() => fromOnnx(Uint8Array.from(Buffer.from(text, "latin1")))).toThrow(
      /^fromOnnx: "Selv [^"]+" expected an operator of a multi-layer perceptron, got Selv; only chains/,
    );
    expect(() => fromOnnx(new Uint8Array(0))).toThrow(
      /^fromOnnx: "bytes" expected an ONNX model with a graph, got none/,
    );
    expect(() => fromOnnx([] as never)).toThrow(TypeError);
    expect(() => fromOnnx(bytes, { output: "z" })).toThrow(/^fromOnnx: "output" expected one of y, got z/);
  });
});
