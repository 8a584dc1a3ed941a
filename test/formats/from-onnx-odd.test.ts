// Oracle: onnxruntime-web on the same bytes; for half precision the same model in single precision.

import * as ort from "onnxruntime-web/wasm";
import { describe, expect, it } from "vitest";
import { fromOnnx, predictor } from "../../src/formats/index.js";
import { bytesOf, float, integer, type Message, message, nested, raw, string } from "../../src/formats/protobuf.js";
import { Random } from "../cases.js";

ort.env.wasm.numThreads = 1;

type Attribute = number | { float: number } | { ints: number[] } | { floats: number[] } | string;
type Node = [operator: string, inputs: string, outputs: string, attributes?: Record<string, Attribute>];
interface Tensor {
  shape: number[];
  values: number[];
  /** 1: float, 7: int64, 10: float16 as bits, 11: double. */
  type?: number;
}

interface Model {
  nodes: Node[];
  constants: Record<string, Tensor>;
  outputs: string[];
  inputs?: number;
  opset?: number;
}

function tensorOf(name: string, { shape, values, type = 1 }: Tensor): Message {
  const arrays: Record<number, () => ArrayBufferView> = {
    1: () => Float32Array.from(values),
    7: () => BigInt64Array.from(values, BigInt),
    10: () => Uint16Array.from(values),
    11: () => Float64Array.from(values),
  };
  const { buffer } = arrays[type]!();
  const sizes = shape.map((size) => integer(1, size));
  return message(...sizes, integer(2, type), string(8, name), raw(9, new Uint8Array(buffer as ArrayBuffer)));
}

function attributeOf(name: string, value: Attribute): Message {
  if (typeof value === "number") return message(string(1, name), integer(3, value), integer(20, 2));
  if (typeof value === "string") return message(string(1, name), raw(4, Buffer.from(value)), integer(20, 3));
  if ("float" in value) return message(string(1, name), float(2, value.float), integer(20, 1));
  if ("ints" in value) return message(string(1, name), ...value.ints.map((x) => integer(8, x)), integer(20, 7));
  return message(string(1, name), ...value.floats.map((x) => float(7, x)), integer(20, 6));
}

function portOf(name: string, shape: (number | string)[] | null, type = 1): Message {
  const sizes = (shape ?? []).map((size) =>
    nested(1, typeof size === "number" ? message(integer(1, size)) : message(string(2, size))),
  );
  const tensor = message(integer(1, type), ...(shape ? [nested(2, message(...sizes))] : []));
  return message(string(1, name), nested(2, message(nested(1, tensor))));
}

function onnx({ nodes, constants, outputs, inputs = 4, opset = 13 }: Model): Uint8Array {
  const parts = nodes.map(([operator, from, to, attributes = {}]) =>
    nested(
      1,
      message(
        ...from.split(" ").map((name) => string(1, name === "_" ? "" : name)),
        ...to.split(" ").map((name) => string(2, name)),
        string(4, operator),
        ...Object.entries(attributes).map(([name, value]) => nested(5, attributeOf(name, value))),
      ),
    ),
  );
  const graph = message(
    ...parts,
    string(2, "graph"),
    ...Object.entries(constants).map(([name, tensor]) => nested(5, tensorOf(name, tensor))),
    nested(11, portOf("x", ["batch", inputs])),
    ...outputs.map((name) => nested(12, portOf(name, null, name === "label" ? 7 : 1))),
  );
  return bytesOf(message(integer(1, 8), nested(7, graph), nested(8, message(integer(2, opset)))));
}

const random = new Random(11);
const normal = (...shape: number[]): Tensor => ({
  shape,
  values: random.normals(shape.reduce((a, b) => a * b, 1)).map(Math.fround),
});

const [W, b, V, c] = [normal(4, 5), normal(5), normal(5, 3), normal(3)];
const turned = ({ shape: [rows, columns], values }: Tensor): Tensor => ({
  shape: [columns!, rows!],
  values: values.map((_, k) => values[(k % rows!) * columns! + Math.floor(k / rows!)]!),
});
const weights = { W, b, V, c };

const models: Record<string, Model> = {
  "MatMul, Add with the bias first, Gemm with alpha and beta": {
    nodes: [
      ["MatMul", "x W", "a"],
      ["Add", "b a", "h"],
      ["Tanh", "h", "t"],
      ["Gemm", "t V c", "y", { alpha: { float: 0.5 }, beta: { float: 2 } }],
    ],
    constants: weights,
    outputs: ["y"],
  },
  "Gemm with transB, without biases, and a bias for all": {
    nodes: [
      ["Gemm", "x W", "a", { transB: 1 }],
      ["Relu", "a", "h"],
      ["Gemm", "h V one", "y"],
    ],
    constants: { W: turned(W), V, one: { shape: [1], values: [0.25] } },
    outputs: ["y"],
  },
  "rows turned by Transpose and back by transA": {
    nodes: [
      ["Transpose", "x", "xt", { perm: { ints: [1, 0] } }],
      ["Gemm", "xt W b", "a", { transA: 1 }],
      ["Sigmoid", "a", "h"],
      ["Gemm", "h V c", "y"],
    ],
    constants: weights,
    outputs: ["y"],
  },
  "biases as rows, constants through Identity and Dropout, nodes that nobody reads": {
    nodes: [
      ["Identity", "W", "W2"],
      ["Flatten", "x", "f"],
      ["MatMul", "f W2", "a"],
      ["Add", "a row", "a2"],
      ["LeakyRelu", "a2", "h", { alpha: { float: 0.3 } }],
      ["Dropout", "h", "d"],
      ["MatMul", "d V", "z"],
      ["Add", "z c", "y"],
      ["Relu", "a", "unread"],
    ],
    constants: { W, V, c, row: { shape: [1, 5], values: b.values } },
    outputs: ["y"],
  },
  "batch norm between map and activation, of opset 7": {
    nodes: [
      ["Gemm", "x W b", "a"],
      ["BatchNormalization", "a s o m v", "n", { epsilon: { float: 0.01 } }],
      ["Elu", "n", "h", { alpha: { float: 0.5 } }],
      ["Gemm", "h V c", "y"],
    ],
    constants: { ...weights, s: normal(5), o: normal(5), m: normal(5), v: { shape: [5], values: [1, 2, 0.5, 3, 0.1] } },
    outputs: ["y"],
    opset: 9,
  },
  "a standardised row, as Sub and Div": {
    nodes: [
      ["Sub", "x m", "d"],
      ["Div", "d s", "n"],
      ["Gemm", "n W b", "a"],
      ["Softplus", "a", "h"],
      ["Gemm", "h V c", "y"],
    ],
    constants: { ...weights, m: normal(4), s: { shape: [1, 4], values: [1, 2, 0.5, 4] } },
    outputs: ["y"],
  },
};

const classifiers: Record<string, Model> = {
  "the number of the largest output alone": {
    nodes: [
      ["Gemm", "x W b", "a"],
      ["Relu", "a", "h"],
      ["Gemm", "h V c", "z"],
      ["ArgMax", "z", "label", { axis: 1, keepdims: 0 }],
    ],
    constants: weights,
    outputs: ["label"],
  },
  "probabilities and the number of the largest": {
    nodes: [
      ["Gemm", "x W b", "a"],
      ["Relu", "a", "h"],
      ["Gemm", "h V c", "z"],
      ["Softmax", "z", "p", { axis: 1 }],
      ["ArgMax", "p", "label", { axis: 1, keepdims: 0 }],
    ],
    constants: weights,
    outputs: ["p", "label"],
  },
};

async function run(bytes: Uint8Array, rows: number[][]): Promise<Record<string, number[]>> {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const x = new ort.Tensor("float32", Float32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
  const found = await session.run({ x });
  await session.release();
  return Object.fromEntries(
    Object.entries(found).map(([name, { data }]) => [name, Array.from(data as never as number[], Number)]),
  );
}

const rows = new Random(5).rows(9, 4).map((row) => row.map(Math.fround));

describe("models as exporters might write them", () => {
  it.each(Object.keys(models))("%s", async (name) => {
    const bytes = onnx(models[name]!);
    const { y } = await run(bytes, rows);
    fromOnnx(bytes)
      .network.predict(rows)
      .data.forEach((value, i) => expect(Math.abs(value - y![i]!)).toBeLessThan(5e-6));
  });

  it.each(Object.keys(classifiers))("%s", async (name) => {
    const bytes = onnx(classifiers[name]!);
    const { label } = await run(bytes, rows);
    const made = fromOnnx(bytes);
    expect(made.network.spec.loss).toBe("cross-entropy");
    expect(predictor(made).predict(rows)).toEqual(label);
  });

  it("weights in half precision, widened by Cast or as they are", () => {
    // 1, −2, 0.5, 1.5, −1, 0.25, 3, −0.125
    const bits = [0x3c00, 0xc000, 0x3800, 0x3e00, 0xbc00, 0x3400, 0x4200, 0xb000];
    const values = [1, -2, 0.5, 1.5, -1, 0.25, 3, -0.125];
    const half = { W: { shape: [4, 2], values: bits, type: 10 } };
    const direct: Model = { nodes: [["MatMul", "x W", "y"]], constants: half, outputs: ["y"] };
    const nodes: Node[] = [
      ["Cast", "W", "wide", { to: 1 }],
      ["MatMul", "x wide", "y"],
    ];
    const cast: Model = { nodes, constants: half, outputs: ["y"] };
    const narrow: Model = {
      nodes: [
        ["Cast", "x", "xh", { to: 10 }],
        ["MatMul", "xh W", "yh"],
        ["Cast", "yh", "y", { to: 1 }],
      ],
      constants: half,
      outputs: ["y"],
    };
    const plain = { ...direct, constants: { W: { shape: [4, 2], values } } };
    const expected = fromOnnx(onnx(plain)).network.getParameters();
    for (const model of [direct, cast, narrow]) expect(fromOnnx(onnx(model)).network.getParameters()).toEqual(expected);
  });

  it.each<[string, Model, RegExp]>([
    [
      "relu6",
      {
        nodes: [
          ["Gemm", "x W b", "a"],
          ["Clip", "a zero six", "h"],
          ["Gemm", "h V c", "y"],
        ],
        constants: { ...weights, zero: { shape: [], values: [0] }, six: { shape: [], values: [6] } },
        outputs: ["y"],
      },
      /"Gemm y" expected an activation that is known/,
    ],
    [
      "two branches that meet",
      {
        nodes: [
          ["Gemm", "x W b", "a"],
          ["Gemm", "x W2 b", "b2"],
          ["Add", "a b2", "y"],
        ],
        constants: { W, b, W2: normal(4, 5) },
        outputs: ["y"],
      },
      /"Add y" expected layers one behind the other, got two branches/,
    ],
    [
      "rows that skip a layer",
      {
        nodes: [
          ["Gemm", "x W b", "a"],
          ["Concat", "x a", "y", { axis: 1 }],
        ],
        constants: { W, b },
        outputs: ["y"],
      },
      /"Concat y" expected layers one behind the other/,
    ],
    [
      "a convolution",
      { nodes: [["Conv", "x K", "y"]], constants: { K: normal(2, 1, 3) }, outputs: ["y"] },
      /"Conv y" expected an operator of a multi-layer perceptron, got Conv/,
    ],
    [
      "weights that do not fit",
      {
        nodes: [
          ["Gemm", "x W b", "a"],
          ["MatMul", "a W", "y"],
        ],
        constants: { W, b },
        outputs: ["y"],
      },
      /"MatMul y" expected weights for 5 features, as come in, got weights for 4/,
    ],
  ])("refuses %s by its node", (_, model, words) => {
    expect(() => fromOnnx(onnx(model))).toThrow(words);
  });

  it("refuses weights in another file in a sentence", () => {
    const tensor = message(integer(1, 4), integer(1, 1), integer(2, 1), string(8, "W"), integer(14, 1));
    const node = message(string(1, "x"), string(1, "W"), string(2, "y"), string(4, "MatMul"));
    const graph = message(
      nested(1, node),
      nested(5, tensor),
      nested(11, portOf("x", [1, 4])),
      nested(12, portOf("y", null)),
    );
    const bytes = bytesOf(message(integer(1, 8), nested(7, graph), nested(8, message(integer(2, 13)))));
    expect(() => fromOnnx(bytes)).toThrow(
      /"tensor W" expected numbers in the file, got external data, in another file; save the model with its weights/,
    );
  });
});
