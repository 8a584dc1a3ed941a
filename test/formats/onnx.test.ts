// Oracle: onnxruntime-web, which runs the exported model; and `predict`, which other tests hold to
// other oracles.

import * as ort from "onnxruntime-web/wasm";
import { describe, expect, it } from "vitest";
import { toOnnx } from "../../src/formats/index.js";
import { matrix, type Network, type NetworkSpec, network } from "../../src/index.js";
import { type ActivationSpec, cases, Random } from "../cases.js";
import { networkOf } from "./support.js";

ort.env.wasm.numThreads = 1;

async function run(net: Network, rows: number[][], dtype = net.spec.dtype): Promise<Float32Array | Float64Array> {
  const session = await ort.InferenceSession.create(toOnnx(net, { dtype }), { executionProviders: ["wasm"] });
  expect([session.inputNames, session.outputNames]).toEqual([["input"], ["output"]]);
  const data = dtype === "f32" ? Float32Array.from(rows.flat()) : Float64Array.from(rows.flat());
  const input = new ort.Tensor(dtype === "f32" ? "float32" : "float64", data as Float32Array, [
    rows.length,
    rows[0]!.length,
  ]);
  const { output } = await session.run({ input });
  expect(output!.dims).toEqual([rows.length, net.spec.layers.at(-1)!.units]);
  await session.release();
  return output!.data as Float32Array;
}

/**
 * The largest difference, relative where outputs, or the inputs they are made of, are larger
 * than 1.
 */
async function difference(net: Network, rows: number[][], dtype = net.spec.dtype): Promise<number> {
  const got = await run(net, rows, dtype);
  const expected = net.predict(rows).data;
  expect(got.length).toBe(expected.length);
  const { length: width } = expected.subarray(0, expected.length / rows.length);
  const size = rows.map((row) => Math.max(1, ...row.map(Math.abs)));
  return Math.max(
    ...expected.map((x, i) => Math.abs(got[i]! - x) / Math.max(size[Math.floor(i / width)]!, Math.abs(x))),
  );
}

const activations: ActivationSpec[] = [
  "identity",
  "relu",
  { type: "relu", atZero: 0.5 },
  "leaky-relu",
  { type: "leaky-relu", slope: -0.7 },
  { type: "leaky-relu", slope: 1.5 },
  "elu",
  { type: "elu", alpha: 0.3 },
  "softplus",
  "gelu",
  "silu",
  "tanh",
  "sigmoid",
  "step",
];
const named = activations.map(
  (activation) => [typeof activation === "string" ? activation : JSON.stringify(activation), activation] as const,
);

/** Erf is what onnxruntime has in single precision only. */
const precision = (dtype: "f32" | "f64", ...types: string[]): number =>
  dtype === "f32" ? 1e-6 : types.some((type) => type.includes("gelu")) ? 2e-7 : 1e-13;

describe.each(["f32", "f64"] as const)("%s", (dtype) => {
  it.each(named)(
    "%s over its whole range, on hidden and output layers, with batch norm and without",
    async (name, activation) => {
      const random = new Random(3);
      const rows = [...random.rows(40, 3), [0, 0, 0], [30, -20, 10], [-30, 20, -10], [1e-4, 0, 0], [-1e-4, 0, 0]];
      for (const batchNorm of [false, true]) {
        const spec: NetworkSpec = {
          inputs: 3,
          layers: [{ units: 7, activation, batchNorm }, { units: 5 }, { units: 4, activation, batchNorm }],
          seed: 8,
          dtype,
        };
        const net = network(spec);
        const biases = net.getParameters();
        net.setParameters(biases.map((x, i) => (x === 0 ? Math.sin(i) : x)));
        const statistics = net.getRunningStatistics();
        net.setRunningStatistics(statistics.map((x, i) => Math.abs(x + 0.3 * Math.sin(i))));
        expect(await difference(net, rows)).toBeLessThan(precision(dtype, name));
      }
    },
  );

  it.each(cases)("$name", async (item) => {
    const net = networkOf(item, { dtype });
    const types = JSON.stringify(item.spec.layers);
    expect(await difference(net, new Random(1).rows(9, item.spec.inputs))).toBeLessThan(precision(dtype, types));
  });

  it("the step is 0 at 0, as everywhere here", async () => {
    const net = network({ inputs: 1, layers: [{ units: 1, activation: "step" }], dtype });
    net.setParameters([1, 0]);
    expect(Array.from(await run(net, [[-1], [0], [1e-30]]))).toEqual([0, 0, 1]);
  });

  it("one row and many", async () => {
    const net = network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 2 }], dtype });
    for (const rows of [1, 1000])
      expect(await difference(net, new Random(2).rows(rows, 2))).toBeLessThan(precision(dtype));
  });

  it("batch norm's epsilon keeps its digits where the variance is small", async () => {
    for (const epsilon of [1e-5, 1e-12]) {
      const net = network({ inputs: 2, layers: [{ units: 2, batchNorm: { epsilon } }], dtype });
      net.setRunningStatistics([0, 0, 1e-7, 0]);
      expect(
        await difference(net, [
          [0.5, 0.25],
          [-1, 1],
        ]),
      ).toBeLessThan(precision(dtype));
    }
  });
});

it("a network in double precision exports in single, too", async () => {
  const net = networkOf(cases.find(({ name }) => name === "batch norm depth 4, penalty on all")!);
  expect(await difference(net, new Random(1).rows(9, 2), "f32")).toBeLessThan(2e-6);
});

it("a file with many layers and wide ones", async () => {
  const layers = Array.from({ length: 60 }, () => ({ units: 130, activation: "relu" as const }));
  const net = network({ inputs: 200, layers, dtype: "f32", seed: 1 });
  expect(await difference(net, matrixRows(3, 200))).toBeLessThan(1e-5);
});

function matrixRows(rows: number, columns: number): number[][] {
  return new Random(4).rows(rows, columns);
}

describe("refuses", () => {
  const net = network({ inputs: 1, layers: [{ units: 1 }] });

  it("what is no network, and unknown types", () => {
    expect(() => toOnnx(matrix([[1]]) as never)).toThrow(/^toOnnx: "net" expected what network/);
    expect(() => toOnnx(net, { dtype: "f16" as never })).toThrow(/^toOnnx: "dtype" expected a known name, got "f16"/);
    expect(() => toOnnx(net, { type: "f32" } as never)).toThrow(/^toOnnx: unknown option "type"/);
  });

  it("parameters that single precision cannot hold", () => {
    net.setParameters([1e39, 0]);
    expect(() => toOnnx(net, { dtype: "f32" })).toThrow(
      /^toOnnx: "layers.0.weight" expected numbers within the range of f32, got 1e\+39 at index 0$/,
    );
    expect(() => toOnnx(net)).not.toThrow();
  });
});
