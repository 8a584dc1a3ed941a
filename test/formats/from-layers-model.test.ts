// Oracle: the network whose parameters were written as TensorFlow.js and Keras write them.

import { describe, expect, it } from "vitest";
import { fromLayersModel, predictor } from "../../src/formats/index.js";
import { type ActivationName, type LayerSpec, type Network, network } from "../../src/index.js";
import { Random } from "../cases.js";

interface Entry {
  class_name: string;
  config: Record<string, unknown>;
  inbound_nodes?: unknown;
}

interface Written {
  entries: Entry[];
  weights: { name: string; shape: number[]; dtype: string }[];
  values: number[];
}

const names: Partial<Record<ActivationName, string>> = { identity: "linear", silu: "swish" };

/** Dense layers, with batch norm and its activation behind them where the network has it. */
function written(net: Network): Written {
  const theta = net.getParameters();
  const statistics = net.getRunningStatistics();
  const out: Written = { entries: [], weights: [], values: [] };
  const put = (name: string, shape: number[], values: ArrayLike<number>): void => {
    out.weights.push({ name, shape, dtype: "float32" });
    out.values.push(...Array.from(values));
  };
  net.layout.layers.forEach(({ inputs, units, weight, bias, scale, shift, statistics: at }, l) => {
    const { activation, batchNorm } = net.spec.layers[l]!;
    const name = `dense_${l}`;
    const called = names[activation.type] ?? activation.type;
    const first = l === 0 ? { batch_input_shape: [null, inputs] } : {};
    const own = batchNorm ? "linear" : called;
    out.entries.push({ class_name: "Dense", config: { name, units, activation: own, use_bias: true, ...first } });
    const turned = Array.from(
      { length: inputs * units },
      (_, k) => theta[weight + (k % units) * inputs + Math.floor(k / units)]!,
    );
    put(`${name}/kernel`, [inputs, units], turned);
    put(`${name}/bias`, [units], theta.slice(bias, bias + units));
    if (!batchNorm) return;
    const norm = `batch_normalization_${l}`;
    out.entries.push({ class_name: "BatchNormalization", config: { name: norm, epsilon: 1e-5, momentum: 0.9 } });
    out.entries.push({ class_name: "Activation", config: { name: `activation_${l}`, activation: called } });
    put(`${norm}/gamma`, [units], theta.slice(scale, scale + units));
    put(`${norm}/beta`, [units], theta.slice(shift, shift + units));
    put(`${norm}/moving_mean`, [units], statistics.slice(at, at + units));
    put(`${norm}/moving_variance`, [units], statistics.slice(at + units, at + 2 * units));
  });
  return out;
}

function modelOf({ entries, weights }: Written): object {
  const modelTopology = { model_config: { class_name: "Sequential", config: { name: "m", layers: entries } } };
  return { format: "layers-model", modelTopology, weightsManifest: [{ paths: ["group1-shard1of1.bin"], weights }] };
}

const bytesOf = ({ values }: Written): ArrayBuffer => Float32Array.from(values).buffer;

function made(
  layers: LayerSpec[],
  inputs = 3,
  loss: "mse" | "cross-entropy" | "binary-cross-entropy" = "mse",
): Network {
  const net = network({ inputs, layers, loss, dtype: "f32", seed: 5 });
  net.setParameters(net.getParameters().map((x, i) => x + 0.1 * Math.sin(i)));
  net.setRunningStatistics(net.getRunningStatistics().map((_, i) => 0.5 + 0.3 * Math.sin(i)));
  return net;
}

function expectSame(given: Network, net: Network): void {
  const rows = new Random(2).rows(9, net.spec.inputs);
  const expected = net.predict(rows).data;
  const got = given.predict(rows).data;
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6));
}

describe("fromLayersModel", () => {
  const kinds = ["relu", "tanh", "sigmoid", "elu", "gelu", "silu", "softplus", "identity"] as const;
  it.each(kinds)("a sequential model of %s", (activation) => {
    const net = made([{ units: 5, activation }, { units: 4, activation }, { units: 2 }]);
    const file = written(net);
    expectSame(fromLayersModel(modelOf(file), bytesOf(file)).network, net);
    expectSame(fromLayersModel(JSON.stringify(modelOf(file)), [new Uint8Array(bytesOf(file))]).network, net);
  });

  it("batch norm between map and activation", () => {
    const net = made([{ units: 5, activation: "relu", batchNorm: true }, { units: 2 }]);
    const file = written(net);
    const { network: back } = fromLayersModel(modelOf(file), bytesOf(file));
    expectSame(back, net);
    expect(back.spec.layers[0]!.batchNorm).toMatchObject({ epsilon: 1e-5 });
  });

  it.each([
    ["softmax", 3, "cross-entropy"],
    ["sigmoid", 1, "binary-cross-entropy"],
  ] as const)("%s at the end is the loss's", (ending, units, loss) => {
    const net = made([{ units: 4, activation: "relu" }, { units }], 3, loss);
    const file = written(net);
    file.entries.at(-1)!.config.activation = ending;
    const back = fromLayersModel(modelOf(file), bytesOf(file));
    expect(back.network.spec.loss).toBe(loss);
    expectSame(back.network, net);
    const own = file.entries.with(-1, {
      ...file.entries.at(-1)!,
      config: { ...file.entries.at(-1)!.config, activation: "linear" },
    });
    own.push({ class_name: "Activation", config: { name: "last", activation: ending } });
    expectSame(fromLayersModel(modelOf({ ...file, entries: own }), bytesOf(file)).network, net);
    expect(predictor(back).predict([1, 2, 3])).toBeDefined();
  });

  it("layers of their own for activations, dropout, scaling, an image's shape", () => {
    const net = made([{ units: 4, activation: { type: "leaky-relu", slope: 0.3 } }, { units: 2 }], 4);
    const file = written(net);
    const [first, second] = file.entries as [Entry, Entry];
    const { batch_input_shape: _, ...config } = first.config;
    const entries: Entry[] = [
      { class_name: "InputLayer", config: { name: "in", batch_input_shape: [null, 2, 2] } },
      { class_name: "Flatten", config: { name: "flat" } },
      { class_name: "Rescaling", config: { name: "half", scale: 0.5, offset: 1 } },
      { class_name: "Dense", config: { ...config, activation: "linear" } },
      { class_name: "LeakyReLU", config: { name: "leaky" } },
      { class_name: "Dropout", config: { name: "drop", rate: 0.25 } },
      second,
    ];
    const { network: back } = fromLayersModel(modelOf({ ...file, entries }), bytesOf(file));
    const rows = new Random(2).rows(5, 4);
    const expected = net.predict(rows.map((row) => row.map((x) => 0.5 * x + 1))).data;
    back.predict(rows).data.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6));
    expect(back.spec.layers[0]!.dropout).toBe(0.25);
  });

  it.each([
    ["Keras 2", (name: string) => [[[name, 0, 0, {}]]]],
    [
      "Keras 3",
      (name: string) => [
        { args: [{ class_name: "__keras_tensor__", config: { keras_history: [name, 0, 0] } }], kwargs: {} },
      ],
    ],
  ])("a functional model in any order, as %s has it", (_, inbound) => {
    const net = made([{ units: 5, activation: "relu" }, { units: 4, activation: "tanh" }, { units: 2 }]);
    const file = written(net);
    const layers = file.entries.map((entry, i) => ({
      ...entry,
      inbound_nodes: inbound(i === 0 ? "in" : `dense_${i - 1}`),
    }));
    layers.push({ class_name: "InputLayer", config: { name: "in", batch_shape: [null, 3] }, inbound_nodes: [] });
    const modelTopology = { class_name: "Functional", config: { name: "m", layers: layers.reverse() } };
    const model = { modelTopology, weightsManifest: [{ paths: ["w"], weights: file.weights }] };
    expectSame(fromLayersModel(model, bytesOf(file)).network, net);
    const two = layers.map((layer) =>
      layer.config.name === "dense_2" ? { ...layer, inbound_nodes: inbound("dense_0") } : layer,
    );
    const forked = { ...model, modelTopology: { class_name: "Functional", config: { layers: two } } };
    expect(() => fromLayersModel(forked, bytesOf(file))).toThrow(/a chain of layers.*dense_0/);
  });

  it("refuses what is none, by name", () => {
    const file = written(made([{ units: 4, activation: "relu" }, { units: 2 }]));
    const with_ = (entry: Entry): object => modelOf({ ...file, entries: [...file.entries, entry] });
    const refused = (model: unknown, weights: ArrayBuffer = bytesOf(file)) =>
      expect(() => fromLayersModel(model as object, weights));
    refused(with_({ class_name: "Conv2D", config: { name: "conv" } })).toThrow(
      /layers of a multi-layer perceptron.*Conv2D \(conv\)/,
    );
    refused(with_({ class_name: "Activation", config: { name: "a", activation: "hard_sigmoid" } })).toThrow(
      /hard_sigmoid/,
    );
    refused(with_({ class_name: "ReLU", config: { name: "r", max_value: 6 } })).toThrow(/without a maximum.*6/);
    refused(modelOf(file), new ArrayBuffer(8)).toThrow(/"weights" expected bytes for dense_0\/kernel/);
    refused(modelOf(file), new ArrayBuffer(4000)).toThrow(/"weights" expected \d+ bytes/);
    refused({ ...modelOf(file), format: "graph-model" }).toThrow(/graph-model/);
    refused("{").toThrow(/JSON/);
    refused({}).toThrow(/modelTopology/);
    refused(
      modelOf({ ...file, weights: file.weights.map((one) => ({ ...one, quantization: { dtype: "uint8" } })) }),
    ).toThrow(/not quantized/);
    refused(modelOf({ ...file, weights: file.weights.map((one) => ({ ...one, name: `x${one.name}` })) })).toThrow(
      /dense_0\/kernel/,
    );
  });
});
