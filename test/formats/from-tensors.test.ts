// Oracle: the network whose tensors were renamed and turned as other libraries have them.

import { describe, expect, it } from "vitest";
import { fromTensors } from "../../src/formats/index.js";
import { write } from "../../src/formats/safetensors.js";
import { type ActivationName, type Network, network } from "../../src/index.js";
import { Random } from "../cases.js";

interface Named {
  [name: string]: { shape: number[]; data: Float64Array };
}

function tensorsOf(net: Network, names: string[], keras = false): Named {
  const theta = net.getParameters() as Float64Array;
  return Object.fromEntries(
    net.layout.layers.flatMap(({ inputs, units, weight, bias }, l) => {
      const data = theta.slice(weight, weight + inputs * units);
      const turned = data.map((_, i) => data[(i % units) * inputs + Math.floor(i / units)]!);
      return [
        [
          names[l] + (keras ? "/kernel:0" : ".weight"),
          keras ? { shape: [inputs, units], data: turned } : { shape: [units, inputs], data },
        ],
        [names[l] + (keras ? "/bias:0" : ".bias"), { shape: [units], data: theta.slice(bias, bias + units) }],
      ];
    }),
  );
}

function made(widths: number[], activation: ActivationName = "relu"): Network {
  const layers = widths.slice(1).map((units, l) => (l < widths.length - 2 ? { units, activation } : { units }));
  const net = network({ inputs: widths[0]!, layers, seed: 3 });
  net.setParameters(net.getParameters().map((x, i) => x + 0.1 * Math.sin(i)));
  return net;
}

function expectSame(tensors: Parameters<typeof fromTensors>[0], net: Network, options = {}): void {
  const { network: back } = fromTensors(tensors, options);
  const rows = new Random(2).rows(9, net.spec.inputs);
  expect(back.predict(rows)).toEqual(net.predict(rows));
}

describe("fromTensors", () => {
  const net = made([3, 7, 5, 2]);

  it("PyTorch's and Keras' names and orientations", () => {
    expectSame(tensorsOf(net, ["0", "2", "10"]), net);
    expectSame(tensorsOf(net, ["dense", "dense_1", "dense_2"], true), net);
    const tanh = made([3, 4, 4, 4, 1], "tanh");
    expectSame(tensorsOf(tanh, ["fc1", "fc2", "fc3", "fc10"]), tanh, { activation: "tanh" });
  });

  it("a file, with tensors that do not matter, in single precision", () => {
    const tensors = Object.entries(tensorsOf(net, ["a.0", "a.2", "a.4"])).map(
      ([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }] as const,
    );
    const { network: back } = fromTensors(write({ format: "pt" }, tensors));
    expect(back.spec.dtype).toBe("f32");
    const rows = new Random(2).rows(9, 3);
    const expected = net.predict(rows).data;
    back.predict(rows).data.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-5));
  });

  it("the one order that fits where names do not tell; the option where several fit", () => {
    expectSame(tensorsOf(net, ["z", "b", "m"]), net);
    const square = made([4, 6, 4, 6, 2]);
    const tensors = tensorsOf(square, ["d", "e", "b", "a"]);
    expect(() => fromTensors(tensors)).toThrow(
      /^fromTensors: "layers" expected layers of which .* name them in order$/,
    );
    expectSame(tensors, square, { layers: ["d", "e", "b", "a"] });
  });

  it("names of several kinds: numbers rise within each, sizes tell the rest, and what neither tells is asked for", () => {
    const deep = made([4, 8, 8, 8, 3]);
    expectSame(tensorsOf(deep, ["fc1", "fc2", "fc10", "out"]), deep);
    expectSame(tensorsOf(deep, ["net.input", "net.hidden.0", "net.hidden.1", "net.head"]), deep);
    const mirror = made([6, 3, 2, 2, 3, 6]);
    const named = tensorsOf(mirror, ["encoder.0", "encoder.2", "middle", "decoder.0", "decoder.2"]);
    expect(() => fromTensors(named)).toThrow(/"layers" expected .* in one order alone, got .*; name them in order$/);
    const layers = ["encoder.0", "encoder.2", "middle", "decoder.0", "decoder.2"];
    expectSame(named, mirror, { layers });
    const square = made([8, 8, 8, 1]);
    expect(() => fromTensors(tensorsOf(square, ["input", "hidden", "output"]))).toThrow(/in one order alone/);
  });

  it.each([
    ["fc1", "bn1", "fc2", "bn2", "fc3"],
    ["dense", "batch_normalization", "dense_1", "batch_normalization_1", "dense_2"],
    ["block1.linear", "block1.norm", "block2.linear", "block2.norm", "head"],
    ["layers.0.fc", "layers.0.bn", "layers.1.fc", "layers.1.bn", "layers.2.fc"],
    ["0", "1", "3", "4", "6"],
  ])("batch norm stands behind the map of its number: %s", (...names) => {
    const norm = network({
      inputs: 4,
      layers: [
        { units: 4, activation: "relu", batchNorm: true },
        { units: 4, activation: "relu", batchNorm: true },
        { units: 1 },
      ],
      seed: 1,
    });
    norm.setParameters(norm.getParameters().map((x, i) => x + 0.2 * Math.sin(i)));
    norm.setRunningStatistics(norm.getRunningStatistics().map((_, i) => 1 + 0.5 * Math.sin(i)));
    const [theta, statistics] = [norm.getParameters(), norm.getRunningStatistics()].map((x) => Float64Array.from(x));
    const tensors: Named = {};
    norm.layout.layers.forEach(({ inputs, units, weight, bias, scale, shift, statistics: at }, l) => {
      const put = (name: string, from: number, values: Float64Array, ...shape: number[]): void => {
        tensors[name] = { shape, data: values.slice(from, from + shape.reduce((a, b) => a * b)) };
      };
      const [map, own] = [names[2 * l]!, names[2 * l + 1]!];
      put(`${map}.weight`, weight, theta!, units, inputs);
      put(`${map}.bias`, bias, theta!, units);
      if (scale < 0) return;
      put(`${own}.weight`, scale, theta!, units);
      put(`${own}.bias`, shift, theta!, units);
      put(`${own}.running_mean`, at, statistics!, units);
      put(`${own}.running_var`, at + units, statistics!, units);
    });
    expectSame(tensors, norm);
  });

  it("numbers of 16 bits, as they are", () => {
    // 1, −2.5, 0.333251953125 and 2⁻²⁴ in binary16; 1, −2.5, 0.333984375 and 2⁻²⁴ in bfloat16.
    const types = { F16: [0x3c00, 0xc100, 0x3555, 0x0001], BF16: [0x3f80, 0xc020, 0x3eab, 0x3380] };
    const values = { F16: [1, -2.5, 0.333251953125, 2 ** -24], BF16: [1, -2.5, 0.333984375, 2 ** -24] };
    for (const type of ["F16", "BF16"] as const) {
      const header = JSON.stringify({ "0.weight": { dtype: type, shape: [1, 4], data_offsets: [0, 8] } });
      const bytes = new Uint8Array(8 + header.length + 8);
      const view = new DataView(bytes.buffer);
      view.setBigUint64(0, BigInt(header.length), true);
      bytes.set(new TextEncoder().encode(header), 8);
      types[type].forEach((bits, i) => view.setUint16(8 + header.length + 2 * i, bits, true));
      const { network: net } = fromTensors(bytes);
      expect([Array.from(net.getParameters()), net.spec.dtype]).toEqual([[...values[type], 0], "f32"]);
    }
  });

  it("square layers without a telling name ask for the orientation", () => {
    const square = made([4, 4, 4]);
    const tensors = Object.fromEntries(
      Object.entries(tensorsOf(square, ["0", "1"])).map(([name, tensor]) => [name.replace("weight", "w"), tensor]),
    );
    expect(() => fromTensors(tensors)).toThrow(
      /^fromTensors: "orientation" expected .* got square matrices; say orientation/,
    );
    expectSame(tensors, square, { orientation: "units-inputs" });
  });

  it("batch norm by its running statistics, as PyTorch has it", () => {
    const norm = network({
      inputs: 2,
      layers: [{ units: 3, activation: "relu", batchNorm: true }, { units: 1 }],
      seed: 1,
    });
    norm.setRunningStatistics([0.1, -0.4, 0.3, 1.5, 0.7, 2]);
    const theta = norm.getParameters() as Float64Array;
    const part = (from: number, ...shape: number[]) => ({
      shape,
      data: theta.slice(from, from + shape.reduce((a, b) => a * b)),
    });
    expectSame(
      {
        ...{ "0.weight": part(0, 3, 2), "0.bias": part(6, 3), "1.weight": part(9, 3), "1.bias": part(12, 3) },
        "1.running_mean": { shape: [3], data: Float64Array.of(0.1, -0.4, 0.3) },
        "1.running_var": { shape: [3], data: Float64Array.of(1.5, 0.7, 2) },
        "1.num_batches_tracked": { shape: [], data: Float64Array.of(9) },
        ...{ "3.weight": part(15, 1, 3), "3.bias": part(18, 1) },
      },
      norm,
    );
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ "conv.weight": { shape: [2, 1, 3], data: new Float64Array(6) } }, /expected at least one matrix|neither/],
    [
      { "lstm.weight_hh_l0": { shape: [2, 2], data: new Float64Array(4) } },
      /"tensors" expected names that end in weight/,
    ],
    [{ "0.weight": { shape: [2, 3], data: new Float64Array(5) } }, /expected 6 numbers, as its shape has, got 5/],
    [{}, /expected at least one matrix of weights, got none/],
  ])("refuses %j", (tensors, message) => {
    expect(() => fromTensors(tensors as never)).toThrow(message);
  });
});
