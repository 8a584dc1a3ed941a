// Oracle: what was saved; the bits must agree, and a run that goes on from a file ends in those of
// one without a break.

import { beforeAll, describe, expect, it } from "vitest";
import { fromJson, fromSafetensors, toJson, toSafetensors } from "../../src/formats/index.js";
import { adam, fit, init, network, sgd, training } from "../../src/index.js";
import { caseNamed, cases, makeData } from "../cases.js";
import { builds, dtypes, finish, snapshot, take, toDataset } from "../support.js";
import { type Anything, expectSame, networkOf, running, through } from "./support.js";

describe.each(through)("%s", (format, around) => {
  it.each(cases)("$name", (item) => {
    for (const dtype of dtypes) {
      const net = networkOf(item, { dtype });
      const saved = around(net);
      expect(saved.network.spec).toEqual(net.spec);
      expectSame(saved.network.getParameters(), net.getParameters());
      expectSame(saved.network.getRunningStatistics(), net.getRunningStatistics());
      expect([saved.checkpoint, saved.metadata, saved.build]).toEqual([null, {}, net.build]);
    }
  });

  it("keeps numbers at the ends of their range, the smallest ones and signs of zero", () => {
    const values = {
      f64: [
        Number.MAX_VALUE,
        -Number.MAX_VALUE,
        Number.MIN_VALUE,
        -0,
        0,
        0.1,
        1 / 3,
        2 ** -1022,
        1e21,
        123456789012345680,
      ],
      f32: [
        3.4028234663852886e38,
        1.401298464324817e-45,
        1.1754943508222875e-38,
        -0,
        0,
        0.1,
        1 / 3,
        16777216,
        2 ** -126.5,
        1e21,
      ],
    };
    for (const dtype of dtypes) {
      const net = network({ inputs: 9, layers: [{ units: 1 }], dtype });
      net.setParameters(values[dtype]);
      expectSame(around(net).network.getParameters(), net.getParameters());
    }
  });

  it("keeps a checkpoint, with what the network has become since", () => {
    for (const dtype of dtypes) {
      const { net, checkpoint } = running("batch norm twice", { dtype });
      expect(checkpoint.progress.best).not.toBeNull();
      expectSame(around(net, { checkpoint }).checkpoint, checkpoint);
      net.setParameters(net.getParameters().map((x) => x + 1));
      net.setRunningStatistics(net.getRunningStatistics().map((x) => x + 1));
      const saved = around(net, { checkpoint });
      expectSame(saved.checkpoint, checkpoint);
      expectSame(saved.network.getParameters(), net.getParameters());
    }
  });

  it("keeps whatever optimizers remember: numbers and vectors of any name, length, type and value", () => {
    const { net, checkpoint } = running();
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    const optimizer = {
      name: "lbfgs",
      step: 3,
      vectors: {
        s: Float64Array.of(1, -0, infinity, -infinity),
        "0.left": Float32Array.of(0.1, nan, -0, infinity),
        "a.b~2": new Float64Array(0),
        constructor: Float64Array.of(7),
      },
      scalars: { damping: infinity, ratio: nan, radius: -0, curvature: -infinity, count: 12, tiny: 5e-324 },
      history: [[1, -0], [{ nested: nan }], null, "text", true],
    };
    const odd = { ...checkpoint, optimizer };
    expectSame(around(net, { checkpoint: odd }).checkpoint, odd);
  });

  it("keeps an epoch whose loss is infinite", () => {
    const { net, checkpoint } = running();
    const epochs = [{ epoch: 1, loss: Number.POSITIVE_INFINITY, learningRate: 0.1, seconds: 0.25 }];
    const odd = { ...checkpoint, progress: { ...checkpoint.progress, epochs } };
    expectSame(around(net, { checkpoint: odd }).checkpoint, odd);
  });

  it("keeps metadata: plain data of any kind, names that look like the file's own among it", () => {
    const { net, checkpoint } = running();
    const metadata = {
      inputs: {
        means: Float64Array.of(1, Number.NaN),
        scales: Float32Array.of(0.1),
        names: ["é", "日本", "\u0000", "😀"],
      },
      classes: ["a", "b"],
      "layers.0.weight": Float64Array.of(3),
      inputs_: { "means~2": Float64Array.of(4) },
      "inputs.means": Float64Array.of(5),
      numbers: [0.1, -0, 1e300, Number.NEGATIVE_INFINITY],
      format: "pt",
      nothing: null,
      empty: {},
      none: [],
    };
    expectSame(around(net, { checkpoint, metadata }).metadata, metadata);
    expectSame(around(net, { metadata: { gone: undefined, there: 1 } }).metadata, { there: 1 });
    expect(around(net, { metadata: structuredClone(Object.assign(Object.create(null), { a: 1 })) }).metadata).toEqual({
      a: 1,
    });
  });

  it("stands in for an initializer that is a function", () => {
    const net = network({ inputs: 2, layers: [{ units: 2 }], initializer: ({ unit, input }) => unit + input / 4 });
    const { network: read } = around(net);
    expect(read.spec).toEqual({ ...net.spec, initializer: "he-normal" });
    expectSame(read.getParameters(), net.getParameters());
  });

  it("what is read shares nothing with what was saved, nor with the file", () => {
    const { net, checkpoint } = running();
    const metadata = { means: Float64Array.of(1, 2) };
    const saved = around(net, { checkpoint, metadata });
    const { parameters, optimizer } = checkpoint;
    for (const values of [parameters, metadata.means, ...Object.values(optimizer.vectors)]) values.fill(9);
    net.setParameters(parameters);
    expect(saved.network.getParameters()).not.toContain(9);
    expect(saved.checkpoint?.parameters).not.toContain(9);
    expect(saved.checkpoint?.optimizer.vectors.m).not.toContain(9);
    expect(saved.metadata).toEqual({ means: Float64Array.of(1, 2) });
    const bytes = format === "safetensors" ? [optimizer.vectors.m!, saved.checkpoint!.optimizer.vectors.m!] : [];
    for (const { byteOffset, byteLength, buffer } of bytes)
      expect([byteOffset, byteLength]).toEqual([0, buffer.byteLength]);
  });

  describe.each(builds)("%s build", (build) => {
    beforeAll(() => init({ simd: build }));

    it("a run that goes on from a file ends in the bits of one without a break", async () => {
      const item = caseNamed("batch norm twice");
      const { inputs, targets } = makeData(item);
      const data = toDataset(inputs, targets);
      for (const dtype of dtypes) {
        for (const make of [() => adam({ learningRate: 0.02, amsgrad: true }), () => sgd({ momentum: 0.9 })]) {
          const spec = { ...item.spec, dtype, seed: 2 };
          const options = { epochs: 8, batchSize: 2, seed: 4, validation: data, earlyStopping: { patience: 8 } };
          const straight = network(spec);
          const whole = finish(training(straight, data, { ...options, optimizer: make() }));
          const broken = network(spec);
          const run = training(broken, data, { ...options, optimizer: make() });
          const checkpoint = take(run, 7)[6]!.checkpoint();
          const saved = around(broken, { checkpoint });
          run.return(undefined as never);
          expect(saved.build).toBe(build);
          const rest = await fit(saved.network, data, { ...options, optimizer: make(), resume: saved.checkpoint });
          expectSame(snapshot(saved.network), snapshot(straight));
          expect([rest.status, rest.steps]).toEqual([whole.status, whole.steps]);
        }
      }
    });
  });
});

describe("refuses to write", () => {
  const { net, checkpoint } = running();

  it.each<[string, () => unknown, typeof TypeError, RegExp]>([
    [
      "no network",
      () => toJson({} as never),
      TypeError,
      /^toJson: "net" expected what network\(...\) returns, got Object$/,
    ],
    [
      "an unknown option",
      () => toJson(net, { checkpont: 1 } as never),
      TypeError,
      /unknown option "checkpont"; did you mean "checkpoint"/,
    ],
    [
      "a checkpoint of another network",
      () => toSafetensors(network({ inputs: 1, layers: [{ units: 1 }] }), { checkpoint }),
      RangeError,
      /^toSafetensors: "checkpoint.parameters" expected 2 numbers, got 66$/,
    ],
    [
      "a checkpoint without its optimizer",
      () => toSafetensors(net, { checkpoint: { ...checkpoint, optimizer: undefined } as never }),
      TypeError,
      /"checkpoint.optimizer" expected an object, got undefined$/,
    ],
    [
      "a checkpoint out of JSON",
      () => toJson(net, { checkpoint: JSON.parse(JSON.stringify(checkpoint)) }),
      TypeError,
      /"checkpoint.parameters" expected an array of numbers, got Object/,
    ],
    [
      "a function",
      () => toJson(net, { metadata: { f: () => 1 } }),
      TypeError,
      /"metadata.f" expected plain data: .*, got a function$/,
    ],
    [
      "a class's object",
      () => toJson(net, { metadata: { a: [new Map()] } }),
      TypeError,
      /"metadata.a\[0\]" expected plain data: .*, got Map$/,
    ],
    ["other arrays", () => toJson(net, { metadata: { a: Int8Array.of(1) } }), TypeError, /got Int8Array of 1$/],
    [
      "a hole",
      () => toJson(net, { metadata: { a: new Array(1) } }),
      TypeError,
      /"metadata.a\[0\]" expected plain data: .*, got undefined$/,
    ],
    [
      "names of its own",
      () => toJson(net, { metadata: { $tensor: 1 } }),
      RangeError,
      /"metadata" expected names .*, got "\$tensor"$/,
    ],
    ["__proto__", () => toJson(net, { metadata: JSON.parse('{"__proto__": 1}') }), RangeError, /got "__proto__"$/],
    [
      "a circle",
      () => toJson(net, { metadata: circle() }),
      RangeError,
      /expected data nested at most 32 deep, got deeper$/,
    ],
    [
      "metadata that is a list",
      () => toSafetensors(net, { metadata: [] as never }),
      TypeError,
      /"metadata" expected an object, got an array of 0$/,
    ],
  ])("%s", (_, write, kind, message) => {
    expect(write).toThrow(kind);
    expect(write).toThrow(message);
  });

  function circle(): Record<string, unknown> {
    const circle: Record<string, unknown> = {};
    circle.inner = circle;
    return circle;
  }
});

describe("refuses to read", () => {
  const { net, checkpoint } = running();
  /** The text of a file with something changed. */
  const json = (change: (document: Anything) => void): string => {
    const document: Anything = JSON.parse(toJson(net, { checkpoint, metadata: { a: Float64Array.of(1) } }));
    change(document);
    return JSON.stringify(document);
  };

  it.each<[string, string, typeof TypeError, RegExp]>([
    ["another program's JSON", "{}", TypeError, /"tensors" expected an object, got undefined$/],
    ["a list", "[]", TypeError, /"text" expected an object, got an array of 0$/],
    [
      "half of it",
      json(() => {}).slice(0, 100),
      RangeError,
      /"text" expected JSON, got .*; the file may be truncated$/,
    ],
    [
      "no format",
      json((d) => delete d.format),
      RangeError,
      /"format" expected "hessia", as files that hessia wrote have it, got undefined$/,
    ],
    [
      "a later version",
      json((d) => (d.version = 2)),
      RangeError,
      /"version" expected at most 1, got 2; a newer hessia reads it$/,
    ],
    ["an unknown build", json((d) => (d.build = "fast")), RangeError, /"build" expected a known name, got "fast"/],
    ["an unknown property", json((d) => (d.sepc = 1)), TypeError, /unknown option "sepc"; did you mean "spec"\?$/],
    [
      "no specification",
      json((d) => delete d.spec),
      TypeError,
      /"spec" expected a specification .*: network: "spec" expected an object, got undefined$/,
    ],
    [
      "an unknown activation",
      json((d) => (d.spec.layers[0].activation.type = "reul")),
      RangeError,
      /got one it refuses: network: .*"relu"/,
    ],
    [
      "an initializer of Object's",
      json((d) => (d.spec.initializer = "constructor")),
      RangeError,
      /"initializer" expected a known name, got "constructor"/,
    ],
    [
      "more units than weights",
      json((d) => (d.spec.layers[0].units = 6)),
      RangeError,
      /"layers.0.weight" expected f64 6 × 3, got f64 5 × 3$/,
    ],
    ["2 ** 53 units", json((d) => (d.spec.layers[0].units = 2 ** 53 - 1)), RangeError, /expected parameters that fit/],
    [
      "a missing layer",
      json((d) => delete d.tensors["layers.1.bias"]),
      RangeError,
      /"layers.1.bias" expected a tensor of f64 3, got none$/,
    ],
    [
      "another dtype",
      json((d) => (d.spec.dtype = "f32")),
      RangeError,
      /"layers.0.weight" expected f32 5 × 3, got f64 5 × 3$/,
    ],
    [
      "too few numbers",
      json((d) => d.tensors["layers.1.bias"].data.pop()),
      RangeError,
      /"layers.1.bias.data" expected 3 numbers, as its shape has, got 2$/,
    ],
    [
      "null for a number",
      json((d) => (d.tensors["layers.1.bias"].data[1] = null)),
      TypeError,
      /"layers.1.bias" expected a number at index 1, got null$/,
    ],
    [
      "a number too large",
      json((d) => (d.tensors["layers.1.bias"].data[1] = "Infinity")),
      RangeError,
      /"layers" expected finite numbers, got Infinity at index/,
    ],
    [
      "a shape of fractions",
      json((d) => (d.tensors["layers.1.bias"].shape[0] = 1.5)),
      RangeError,
      /"layers.1.bias.shape" expected sizes from 0, got 1.5$/,
    ],
    [
      "a negative variance",
      json((d) => (d.tensors["layers.1.runningVariance"].data[0] = -1)),
      RangeError,
      /expected variances of at least 0, got -1$/,
    ],
    [
      "a tensor used twice",
      json((d) => (d.metadata.b = d.metadata.a)),
      RangeError,
      /"metadata.a" expected a tensor of this name that is used once, got none$/,
    ],
    [
      "a layer's tensor used again",
      json((d) => (d.metadata.b = { $tensor: "layers.0.bias" })),
      RangeError,
      /"layers.0.bias" expected a tensor of this name/,
    ],
    [
      "an unspeakable number",
      json((d) => (d.metadata.b = { $number: "1" })),
      RangeError,
      /"metadata.b" expected NaN, Infinity, -Infinity, -0, got "1"$/,
    ],
    [
      "a pollution",
      json(() => {}).replace('"metadata":{', '"metadata":{"__proto__":{"polluted":1},'),
      RangeError,
      /got "__proto__"$/,
    ],
    [
      "a checkpoint without progress",
      json((d) => delete d.checkpoint.progress),
      TypeError,
      /"checkpoint.progress" expected an object, got undefined$/,
    ],
    [
      "a checkpoint before its start",
      json((d) => (d.checkpoint.progress.step = -1)),
      RangeError,
      /"checkpoint.progress.step" expected an integer of at least 0, got -1$/,
    ],
    [
      "a vector that is none",
      json((d) => (d.checkpoint.optimizer.vectors.m = [1])),
      TypeError,
      /"checkpoint.optimizer.vectors.m" expected a Float64Array or Float32Array, got an array of 1$/,
    ],
    [
      "a checkpoint of null",
      json((d) => (d.checkpoint = [])),
      TypeError,
      /"checkpoint" expected an object, got an array of 0$/,
    ],
  ])("%s", (_, text, kind, message) => {
    expect(() => fromJson(text)).toThrow(kind);
    expect(() => fromJson(text)).toThrow(/^fromJson: /);
    expect(() => fromJson(text)).toThrow(message);
  });

  it("what is not text or bytes", () => {
    expect(() => fromJson({} as never)).toThrow(/^fromJson: "text" expected a string, got Object$/);
    expect(() => fromSafetensors("x" as never)).toThrow(
      /^fromSafetensors: "bytes" expected a Uint8Array or an ArrayBuffer, got "x"$/,
    );
  });
});
