import { checkChoice, checkKeys, checkObject, wrongValue } from "../check.js";
import type { LayerLayout } from "../network/layout.js";
import { checkNetwork, type Network } from "../network/network.js";
import type { ActivationName, BatchNorm } from "../network/spec.js";
import type { Dtype } from "../wasm/kernels.js";
import { describeBytes, type FloatArray, floatArray } from "../wasm/workspace.js";
import { bytesOf, float, integer, type Message, message, nested, raw, string } from "./protobuf.js";
import { dtypeOf } from "./tensors.js";

/** Options of `toOnnx`. */
export interface OnnxOptions {
  /**
   * Precision of inputs, outputs and parameters. Many runtimes know "f32" only. Default: the
   * network's.
   */
  dtype?: Dtype;
}

/**
 * Operator set 17 (2022), which its intermediate representation 8 belongs to; no operator used here
 * has changed since in what it gives.
 */
const OPERATORS = 17;
const REPRESENTATION = 8;
/** Protobuf's limit. */
const LARGEST = 2 ** 31 - 1;
const TYPES: Record<Dtype, number> = { f32: 1, f64: 11 };

/**
 * A network as an ONNX model (https://onnx.ai), for inference: input "input" (N × inputs), output
 * "output" (N × outputs), as `predict` gives it under running statistics, which for the
 * cross-entropies are logits. Batch norm is included, as a BatchNormalization node.
 *
 * In f64, runtimes compute the erf of gelu in single precision: expect errors of 1e-7. Everything
 * else has the precision of its dtype.
 *
 * @param options dtype; see `OnnxOptions`.
 * @returns the bytes of the model (operator set 17), owned by the caller: 4 or 8 a parameter, and a
 * few hundred a layer.
 * @throws RangeError for parameters beyond the range of f32 where that is asked for, and for models
 * of 2 GiB and more.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed: 1 });
 * toOnnx(net, { dtype: "f32" }).length < 1000; // true
 */
export function toOnnx(net: Network, options: OnnxOptions = {}): Uint8Array<ArrayBuffer> {
  checkNetwork("toOnnx", net);
  checkObject("toOnnx", "options", options);
  checkKeys("toOnnx", options, ["dtype"]);
  const { dtype = net.spec.dtype } = options as OnnxOptions;
  checkChoice("toOnnx", "dtype", dtype, ["f64", "f32"]);
  const { layers, inputs, outputs } = net.layout;
  const graph = new Graph(dtype);
  const parameters = net.getParameters();
  const statistics = net.getRunningStatistics();
  let at = "input";
  layers.forEach((layer, l) => {
    const { type } = net.spec.layers[l].activation;
    at = addLayer(graph, layer, type, `layers.${l}`, at, parameters, statistics);
  });
  graph.add("Identity", [at], "output");
  const model = modelOf(graph.message(valueInfo("input", dtype, inputs), valueInfo("output", dtype, outputs)));
  if (model.length > LARGEST) {
    wrongValue("toOnnx", "net", `a model of at most ${describeBytes(LARGEST)}`, describeBytes(model.length));
  }
  return bytesOf(model);
}

/** a = W·h + b, batch norm, φ(a); gives the name of what comes out. */
function addLayer(
  graph: Graph,
  layer: LayerLayout,
  activation: ActivationName,
  name: string,
  input: string,
  parameters: FloatArray,
  statistics: FloatArray,
): string {
  const { inputs, units, weight, bias, scale, shift, statistics: running, batchNorm } = layer;
  const tensor = (part: string, values: FloatArray, from: number, ...shape: number[]): string =>
    graph.tensor(`${name}.${part}`, values.subarray(from, from + shape.reduce((a, b) => a * b)) as FloatArray, shape);
  const affine = [tensor("weight", parameters, weight, units, inputs), tensor("bias", parameters, bias, units)];
  let at = graph.add("Gemm", [input, ...affine], `${name}.affine`, attribute("transB", 1));
  if (batchNorm) {
    const { epsilon } = batchNorm as Required<BatchNorm>;
    const mean = tensor("runningMean", statistics, running, units);
    const variance = statistics.slice(running + units, running + 2 * units);
    const normal = [
      tensor("scale", parameters, scale, units),
      tensor("shift", parameters, shift, units),
      mean,
      // The attribute has single precision; what it lacks goes to the variance.
      tensor("runningVariance", variance.map((v) => v + (epsilon - Math.fround(epsilon))) as FloatArray, 0, units),
    ];
    at = graph.add("BatchNormalization", [at, ...normal], `${name}.normal`, attribute("epsilon", epsilon, "float"));
  }
  return ACTIVATIONS[activation](graph, at, `${name}.${activation}`, layer.parameter);
}

type Activate = (graph: Graph, x: string, name: string, parameter: number) => string;

/**
 * By formulas where runtimes have no operator in double precision, or one whose parameter has
 * single.
 */
const ACTIVATIONS: Record<ActivationName, Activate> = {
  identity: (_graph, x) => x,
  relu: (graph, x, name) => graph.add("Relu", [x], name),
  "leaky-relu": (graph, x, name, slope) =>
    graph.dtype === "f32"
      ? graph.add("LeakyRelu", [x], name, attribute("alpha", slope, "float"))
      : graph.add("PRelu", [x, graph.constant(`${name}.slope`, slope)], name),
  elu: (graph, x, name, alpha) => {
    if (graph.dtype === "f32") return graph.add("Elu", [x], name, attribute("alpha", alpha, "float"));
    const negative = graph.add("Min", [x, graph.constant(`${name}.zero`, 0)], `${name}.negative`);
    const exponential = graph.add("Exp", [negative], `${name}.exp`);
    const less = graph.add("Sub", [exponential, graph.constant(`${name}.one`, 1)], `${name}.less`);
    const scaled = graph.add("Mul", [less, graph.constant(`${name}.alpha`, alpha)], `${name}.scaled`);
    return graph.add("Add", [graph.add("Relu", [x], `${name}.positive`), scaled], name);
  },
  softplus: (graph, x, name) => {
    if (graph.dtype === "f32") return graph.add("Softplus", [x], name);
    const size = graph.add("Neg", [graph.add("Abs", [x], `${name}.abs`)], `${name}.size`);
    const sum = graph.add(
      "Add",
      [graph.add("Exp", [size], `${name}.exp`), graph.constant(`${name}.one`, 1)],
      `${name}.sum`,
    );
    const log = graph.add("Log", [sum], `${name}.log`);
    return graph.add("Add", [graph.add("Relu", [x], `${name}.positive`), log], name);
  },
  // x·½·(1 + erf(x/√2)); the operator Gelu came with set 20.
  gelu: (graph, x, name) => {
    const scaled = graph.add("Mul", [x, graph.constant(`${name}.root`, Math.SQRT1_2)], `${name}.scaled`);
    const erf = erfOf(graph, scaled, name);
    const sum = graph.add("Add", [erf, graph.constant(`${name}.one`, 1)], `${name}.sum`);
    const half = graph.add("Mul", [sum, graph.constant(`${name}.half`, 0.5)], `${name}.share`);
    return graph.add("Mul", [x, half], name);
  },
  // In double precision x/(1 + e⁻ˣ): onnxruntime makes an operator of its own of x·sigmoid(x),
  // which it has in single only.
  silu: (graph, x, name) => {
    if (graph.dtype === "f32") return graph.add("Mul", [x, graph.add("Sigmoid", [x], `${name}.sigmoid`)], name);
    const exponential = graph.add("Exp", [graph.add("Neg", [x], `${name}.negative`)], `${name}.exp`);
    const sum = graph.add("Add", [exponential, graph.constant(`${name}.one`, 1)], `${name}.sum`);
    return graph.add("Div", [x, sum], name);
  },
  tanh: (graph, x, name) => graph.add("Tanh", [x], name),
  sigmoid: (graph, x, name) => graph.add("Sigmoid", [x], name),
  step: (graph, x, name) => {
    const above = graph.add("Greater", [x, graph.constant(`${name}.zero`, 0)], `${name}.above`);
    return graph.add("Cast", [above], name, attribute("to", TYPES[graph.dtype]));
  },
};

function erfOf(graph: Graph, x: string, name: string): string {
  if (graph.dtype === "f32") return graph.add("Erf", [x], `${name}.erf`);
  const single = graph.add("Cast", [x], `${name}.single`, attribute("to", TYPES.f32));
  const erf = graph.add("Erf", [single], `${name}.erf`);
  return graph.add("Cast", [erf], `${name}.double`, attribute("to", TYPES.f64));
}

/** Nodes and tensors as they are added; the numbers are those of onnx.proto. */
class Graph {
  readonly #nodes: Message[] = [];
  readonly #tensors: Message[] = [];

  constructor(readonly dtype: Dtype) {}

  /** A node with one output, whose name is given back. */
  add(operator: string, inputs: readonly string[], output: string, ...attributes: readonly Message[]): string {
    const names = [...inputs.map((name) => string(1, name)), string(2, output), string(3, output)];
    this.#nodes.push(nested(1, message(...names, string(4, operator), ...attributes.map((a) => nested(5, a)))));
    return output;
  }

  /** A tensor of the graph's type. */
  tensor(name: string, values: FloatArray, shape: readonly number[]): string {
    const data = this.#converted(name, values);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dimensions = shape.map((size) => integer(1, size));
    this.#tensors.push(
      nested(5, message(...dimensions, integer(2, TYPES[this.dtype]), string(8, name), raw(9, bytes))),
    );
    return name;
  }

  /** A tensor of one number that is broadcast. */
  constant(name: string, value: number): string {
    return this.tensor(name, Float64Array.of(value), [1]);
  }

  message(input: Message, output: Message): Message {
    return message(...this.#nodes, string(2, "hessia"), ...this.#tensors, nested(11, input), nested(12, output));
  }

  #converted(name: string, values: FloatArray): FloatArray {
    if (dtypeOf(values) === this.dtype) return values;
    const data = floatArray(this.dtype, values.length);
    data.set(values);
    const at = data.findIndex((x) => !Number.isFinite(x));
    if (at >= 0) wrongValue("toOnnx", name, "numbers within the range of f32", `${values[at]} at index ${at}`);
    return data;
  }
}

function attribute(name: string, value: number, type: "integer" | "float" = "integer"): Message {
  return type === "float"
    ? message(string(1, name), float(2, value), integer(20, 1))
    : message(string(1, name), integer(3, value), integer(20, 2));
}

/** A matrix of any number of rows. */
function valueInfo(name: string, dtype: Dtype, columns: number): Message {
  const shape = message(nested(1, string(2, "N")), nested(1, integer(1, columns)));
  const tensor = message(integer(1, TYPES[dtype]), nested(2, shape));
  return message(string(1, name), nested(2, nested(1, tensor)));
}

function modelOf(graph: Message): Message {
  const operators = message(string(1, ""), integer(2, OPERATORS));
  return message(integer(1, REPRESENTATION), string(2, "hessia"), nested(7, graph), nested(8, operators));
}
