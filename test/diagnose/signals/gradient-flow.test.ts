// Oracle: the loops' gradient (test/oracle), of all samples and of one at a time; chains of single
// units in closed form.

import { beforeAll, describe, expect, it } from "vitest";
import { adam, dataset, fit, gradientFlow, init, type NetworkSpec, network, sgd } from "../../../src/index.js";
import { cases, makeData, makeParameters, makeRunning, Random, type Targets } from "../../cases.js";
import { gradient, loss } from "../../oracle/network.js";
import { layout } from "../../oracle/spec.js";
import { builds, dtypes, flatStatistics, snapshot, toDataset } from "../../support.js";

const norm = (values: number[]) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
const relu = (units: number) => ({ units, activation: "relu" as const });

describe.each(builds)("gradient flow, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(cases)("$name", (item) => {
    const { spec } = item;
    const θ = makeParameters(item);
    const { inputs, targets } = makeData(item);
    const running = makeRunning(item);
    const bare = { ...spec, penalty: { l1: 0, l2: 0 } };
    for (const dtype of dtypes) {
      const net = network({ ...spec, dtype });
      net.setParameters(θ);
      net.setRunningStatistics(flatStatistics(running));
      const before = snapshot(net);
      for (const mode of item.batchNorm ? (["batch", "running"] as const) : (["batch"] as const)) {
        const found = gradientFlow(net, toDataset(inputs, targets), { batchNorm: mode });
        expect(JSON.parse(JSON.stringify(found))).toEqual(found);
        const g = gradient(bare, θ, inputs, targets, { mode, running });
        const all = gradient(spec, θ, inputs, targets, { mode, running });
        const size = norm(g);
        const plain = network({ ...bare, dtype });
        plain.setParameters(θ);
        plain.setRunningStatistics(flatStatistics(running));
        const own = plain.gradient(toDataset(inputs, targets), { batchNorm: mode }).gradient;
        const close = (got: number, expected: number, what: string) =>
          expect(Math.abs(got - expected) / size, `${dtype} ${mode} ${what}`).toBeLessThan(
            dtype === "f64" ? 1e-12 : 1e-5,
          );
        close(found.gradientNorm, size, "gradient");
        close(found.objectiveNorm, norm(all), "objective");
        expect(found.loss).toBeCloseTo(loss(spec, θ, inputs, targets, { mode, running }), dtype === "f64" ? 11 : 4);
        layout(spec).forEach(({ weight, bias, scale, shift, inputs: width, units }, l) => {
          const layer = found.layers[l];
          const end = layout(spec)[l + 1]?.weight ?? θ.length;
          close(layer.gradientNorm, norm(g.slice(weight, end)), "layer");
          close(layer.objectiveNorm, norm(all.slice(weight, end)), "layer's objective");
          expect(layer.parameterNorm).toBeCloseTo(norm(θ.slice(weight, end)), 5);
          layer.units.forEach((unit, i) => {
            close(unit.weights, norm(g.slice(weight + i * width, weight + (i + 1) * width)), "weights");
            close(unit.bias, Math.abs(g[bias + i]), "bias");
            close(unit.scale, scale < 0 ? 0 : Math.abs(g[scale + i]), "scale");
            close(unit.shift, shift < 0 ? 0 : Math.abs(g[shift + i]), "shift");
          });
          if (mode === "running" || !item.batchNorm) {
            // The bias's gradient for one sample alone is that sample's ∂L/∂a; the mean is over
            // all.
            const signals = Array.from({ length: units }, () => [] as number[]);
            inputs.forEach((x, n) => {
              const one = gradient(bare, θ, [x], [targets[n]] as Targets, { mode, running });
              signals.forEach((row, i) => row.push(one[bias + i] / inputs.length));
            });
            layer.units.forEach(({ signal }, i) => close(signal, norm(signals[i]), "signal"));
            close(layer.signal, norm(signals.flat()), "layer's signal");
          }
          const zeros = own.slice(weight, end).filter((x) => x === 0).length;
          expect(layer.zeroGradients.count).toBe(zeros);
        });
        expect(found.singlePrecision).toEqual({ zero: 0, subnormal: 0, overflow: 0 });
        expect(found.nonFinite).toBe(0);
        const total = found.layers.reduce((sum, { zeroGradients }) => sum + zeroGradients.count, 0);
        expect(found.zeroGradients.count).toBe(total);
      }
      expect(snapshot(net)).toEqual(before);
    }
  });

  it("is the same over many chunks as over one", () => {
    const random = new Random(4);
    const inputs = random.rows(2500, 3);
    const targets = random.normals(2500);
    const spec: NetworkSpec = { inputs: 3, layers: [relu(5), relu(4), { units: 1 }] };
    const net = network(spec);
    const { layers } = gradientFlow(net, dataset(inputs, targets));
    const oracle = { loss: "mse" as const, ...spec } as never;
    const places = layout(oracle);
    const squares = places.map(({ units }) => new Array(units).fill(0));
    inputs.forEach((x, n) => {
      const one = gradient(oracle, net.getParameters(), [x], [targets[n]]);
      places.forEach(({ bias }, l) => {
        for (let i = 0; i < squares[l].length; i++) squares[l][i] += (one[bias + i] / 2500) ** 2;
      });
    });
    layers.forEach(({ units }, l) =>
      units.forEach(({ signal }, i) => expect(signal).toBeCloseTo(Math.sqrt(squares[l][i]), 13)),
    );
  });
});

/**
 * A chain of single linear units with the given weights, without biases, at x = 1 and residual 1,
 * so that ∂L/∂f = 2.
 */
function chain(weights: number[], dtype: "f32" | "f64" = "f64") {
  const net = network({ inputs: 1, layers: weights.map(() => ({ units: 1 })), dtype });
  net.setParameters(weights.flatMap((w) => [w, 0]));
  const output = weights.reduce((product, w) => product * w, 1);
  return { net, data: dataset([[1]], [output - 1]) };
}

describe("growth", () => {
  it.each([
    [[3, 3, 3, 3], 3, "steady"],
    [[11, 11, 11, 11], 11, "exploding"],
    [[0.09, 0.09, 0.09, 0.09], 0.09, "vanishing"],
    [new Array(40).fill(1e-6), 1e-6, "vanishing"],
    [[1, 1, 1], 1, "steady"],
  ] as const)("of a chain of %j is %d a layer: %s", (weights, rate, verdict) => {
    for (const dtype of dtypes) {
      const { net, data } = chain([...weights], dtype);
      const { growth, layers } = gradientFlow(net, data);
      expect(growth.verdict).toBe(verdict);
      expect((growth.rate as number) / rate).toBeCloseTo(1, 6);
      expect((growth.total as number) / rate ** (weights.length - 1)).toBeCloseTo(1, 5);
      for (const ratio of growth.ratios) expect((ratio as number) / rate).toBeCloseTo(1, 6);
      expect(growth.blockedAt).toBe(-1);
      expect(layers[layers.length - 1].signal).toBeCloseTo(2, 5);
    }
  });

  it("is fitted through what varies", () => {
    const { net, data } = chain([1, 2, 8, 4]);
    const { ratios, rate } = gradientFlow(net, data).growth;
    expect(ratios).toEqual([2, 8, 4]);
    // Signals 128, 64, 8, 2 of which the logarithms are 7, 6, 3, 1: slope −2.1 a layer.
    expect(rate).toBeCloseTo(2 ** 2.1, 10);
  });

  it("a dead layer blocks, one layer has no growth, and an exact fit no signal", () => {
    const net = network({ inputs: 1, layers: [relu(2), relu(2), { units: 1 }] });
    net.setParameters([1, -1, 0, 0, 1, 1, 1, 1, -50, -50, 1, 1, 0]);
    const flow = gradientFlow(net, dataset([[1], [-2]], [1, 2]));
    expect([flow.growth.verdict, flow.growth.blockedAt, flow.growth.rate]).toEqual(["blocked", 1, null]);
    expect(flow.growth.ratios).toEqual([null, null]);
    expect(flow.layers.map(({ frozenUnits }) => frozenUnits)).toEqual([[0, 1], [0, 1], []]);
    const { growth } = gradientFlow(network({ inputs: 1, layers: [{ units: 1 }] }), dataset([[1]], [3]));
    expect(growth).toEqual({ ratios: [], rate: null, total: null, verdict: "steady", blockedAt: -1 });
  });
});

describe("single precision", () => {
  it("loses what a chain of tiny weights leaves", () => {
    // ∂L/∂θ of w₁, b₁, …: 2·∏ of the other weights, and 2·∏ of those above.
    const w = 1e-25;
    for (const dtype of dtypes) {
      const { net, data } = chain([w, w, w], dtype);
      const { layers, singlePrecision } = gradientFlow(net, data);
      // Layer 0: both 2w². Layer 1: 2w² and 2w. Layer 2: 2w² and 2.
      expect(layers.map((layer) => layer.singlePrecision.zero)).toEqual([2, 1, 1]);
      expect(singlePrecision).toEqual({ zero: 4, subnormal: 0, overflow: 0 });
      // Of w, h = 1e-25 nothing is lost in double precision.
      expect(gradientFlow(chain([w, w, w]).net, data).zeroGradients.count).toBe(0);
      if (dtype === "f32") expect(gradientFlow(net, data).zeroGradients.count).toBe(4);
    }
    const { singlePrecision } = gradientFlow(chain([1e-20, 1e-20]).net, chain([1e-20, 1e-20]).data);
    expect(singlePrecision).toEqual({ zero: 0, subnormal: 0, overflow: 0 });
    const tiny = chain([1e-20, 1e-20, 1]);
    expect(gradientFlow(tiny.net, tiny.data).singlePrecision).toEqual({ zero: 0, subnormal: 1, overflow: 0 });
  });

  it("overflows where double precision doesn't", () => {
    const { net, data } = chain([1, 1e30, 1e30]);
    const { singlePrecision, nonFinite } = gradientFlow(net, data);
    expect(singlePrecision.overflow).toBeGreaterThan(0);
    expect(nonFinite).toBe(0);
  });

  it("loses nothing to sums that are 0 but for rounding: biases before batch norm, balanced outputs", () => {
    const random = new Random(9);
    const inputs = random.rows(64, 4);
    const layers = [
      { ...relu(8), batchNorm: true },
      { ...relu(6), batchNorm: true },
    ];
    const net = network({ inputs: 4, layers: [...layers, { units: 2 }], loss: "cross-entropy", seed: 3 });
    const data = dataset(
      inputs,
      inputs.map((_, n) => n % 2),
    );
    expect(Math.max(...gradientFlow(net, data).layers[0].units.map(({ bias }) => bias))).toBeLessThan(1e-15);
    expect(gradientFlow(net, data).singlePrecision).toEqual({ zero: 0, subnormal: 0, overflow: 0 });
    const zeros = network({ inputs: 4, layers: [{ units: 2 }], loss: "cross-entropy", initializer: "zeros" });
    expect(gradientFlow(zeros, data).singlePrecision).toEqual({ zero: 0, subnormal: 0, overflow: 0 });
  });
});

describe("what cannot move", () => {
  const spec: NetworkSpec = { inputs: 2, layers: [relu(2), { units: 1 }] };
  // Unit 1 is dead: two weights (one of them 0), a bias, and the weight behind it. Input 1 is
  // always 0: one more weight.
  const θ = [1, 0.5, 0, 2, 0.1, -50, 1, 3, 0];
  const data = dataset(
    [
      [1, 0],
      [2, 0],
    ],
    [5, 5],
  );
  const flow = (options: object = {}, change: Partial<NetworkSpec> = {}) => {
    const net = network({ ...spec, ...change });
    net.setParameters(θ);
    return gradientFlow(net, data, options);
  };

  it("is counted, with its units and inputs", () => {
    const { zeroGradients, layers } = flow();
    expect(zeroGradients).toEqual({
      count: 5,
      movedByPenalty: 0,
      movedByMomentum: 0,
      movedByWeightDecay: 0,
      stuck: 5,
    });
    expect(layers.map(({ frozenUnits }) => frozenUnits)).toEqual([[1], []]);
    expect(layers.map(({ frozenInputs }) => frozenInputs)).toEqual([[1], [1]]);
    expect(layers[0].units.map(({ zeros }) => zeros)).toEqual([1, 3]);
  });

  it("weight decay and penalties move what is not 0", () => {
    expect(flow({ weightDecay: 0.1 }).zeroGradients).toMatchObject({ count: 5, movedByWeightDecay: 4, stuck: 1 });
    const l2 = flow({}, { penalty: { l2: 0.1 } });
    // The bias of −50 has no penalty.
    expect(l2.zeroGradients).toMatchObject({ count: 5, movedByPenalty: 3, stuck: 2 });
    expect(flow({}, { penalty: { l1: 0.1, on: "all" } }).zeroGradients).toMatchObject({ movedByPenalty: 4, stuck: 1 });
    expect(l2.objectiveNorm).not.toBe(l2.gradientNorm);
    expect(l2.gradientNorm).toBe(flow().gradientNorm);
  });

  it("momentum moves what it moved before", async () => {
    for (const optimizer of [sgd({ learningRate: 1e-3, momentum: 0.9 }), adam({ learningRate: 1e-3 })]) {
      const net = network(spec);
      net.setParameters([1, 0.5, 1, 2, 0.1, 0.1, 1, 3, 0]);
      await fit(net, data, { optimizer, epochs: 1 });
      net.setParameters(θ);
      // Unit 1 lived then; input 1 was 0 all the same.
      const expected = { count: 5, movedByMomentum: 3, stuck: 2 };
      expect(gradientFlow(net, data, { optimizer }).zeroGradients).toMatchObject(expected);
      expect(gradientFlow(net, data, { optimizer: optimizer.state() }).zeroGradients).toMatchObject(expected);
    }
    expect(flow({ optimizer: sgd() }).zeroGradients.stuck).toBe(5);
  });
});

describe("refusals", () => {
  const net = network({ inputs: 1, layers: [{ units: 1 }] });
  const data = dataset([[1], [2]], [1, 2]);

  it.each<[string, () => unknown, typeof TypeError, string]>([
    ["no network", () => gradientFlow(null as never, data), TypeError, 'gradientFlow: "net" expected'],
    ["no data", () => gradientFlow(net, {} as never), TypeError, 'gradientFlow: "data" expected'],
    [
      "an unknown option",
      () => gradientFlow(net, data, { optimiser: sgd() } as never),
      TypeError,
      'did you mean "optimizer"',
    ],
    ["a negative decay", () => gradientFlow(net, data, { weightDecay: -1 }), RangeError, '"weightDecay" expected'],
    [
      "an optimizer by name",
      () => gradientFlow(net, data, { optimizer: "adam" as never }),
      TypeError,
      '"optimizer" expected an optimizer or its state(), got "adam"',
    ],
    [
      "another network's state",
      () =>
        gradientFlow(net, data, { optimizer: { name: "sgd", step: 1, vectors: { velocity: new Float64Array(3) } } }),
      RangeError,
      'gradientFlow: "optimizer" expected vectors of 2 numbers, got 3 in "velocity"',
    ],
  ])("%s", (_, call, kind, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(kind);
  });
});
