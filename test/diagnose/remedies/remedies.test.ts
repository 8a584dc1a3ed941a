// Oracle: training the same network on the same data with the same options, with and without the
// remedy: it fails before and succeeds after, by the margin that each row states; and what each
// remedy promises to leave alone is left alone.

import { describe, expect, it } from "vitest";
import {
  activationStatistics,
  adam,
  classifyCriticalPoint,
  type Dataset,
  dataset,
  deadUnits,
  diagnose,
  type FitOptions,
  type Network,
  network,
  type Optimizer,
  reinitialize,
  reviveUnits,
  sgd,
  training,
  withActivation,
  withBatchNorm,
} from "../../../src/index.js";
import { finish, sameBits, snapshot } from "../../support.js";
import {
  duplicate,
  evenFunction,
  exclusiveOr,
  line,
  perceptron,
  plant,
  regression,
  samples,
  scaleWeights,
  shiftBiases,
  wave,
} from "../faults.js";

interface Row {
  name: string;
  net(): Network;
  data: Dataset;
  remedy(net: Network, data: Dataset): Network;
  optimizer?: () => Optimizer;
  options?: Omit<Partial<FitOptions>, "optimizer">;
  /** How many times less the loss is with the remedy, after the same training. */
  margin: number;
}

const cure = (net: Network): Network => reinitialize(net, { seed: 3 }).network;
const revive = (net: Network, data: Dataset): Network => reviveUnits(net, data, { seed: 3 }).network;
const stepOff = (net: Network, data: Dataset): Network => {
  const { escape: direction } = classifyCriticalPoint(net, data);
  net.setParameters(net.getParameters().map((value, i) => value + 0.1 * direction![i]));
  return net;
};
const relus = (hidden: number[], rest = {}) => perceptron(3, hidden, 1, "relu", rest);

const rows: Row[] = [
  {
    name: "dead layer: reviveUnits",
    net: () => shiftBiases(relus([16]), 0, -100),
    data: regression(),
    remedy: revive,
    margin: 10,
  },
  {
    name: "dead layer: withActivation leaky-relu",
    net: () => shiftBiases(relus([16]), 0, -6),
    data: regression(),
    remedy: (net) => withActivation(net, { type: "leaky-relu", slope: 0.1 }).network,
    optimizer: () => adam({ learningRate: 0.03 }),
    options: { epochs: 1000 },
    margin: 5,
  },
  {
    name: "dead second layer: reviveUnits",
    net: () => shiftBiases(relus([16, 16]), 1, -100),
    data: regression(),
    remedy: revive,
    margin: 10,
  },
  {
    name: "most units dead: reviveUnits",
    net: () => shiftBiases(relus([16]), 0, -100, (unit) => unit > 0),
    data: regression(),
    remedy: revive,
    margin: 10,
  },
  {
    name: "saturated sigmoids: reinitialize",
    net: () => scaleWeights(perceptron(3, [16], 1, "sigmoid"), 1000, (l) => l === 0),
    data: regression(),
    remedy: (net) => reinitialize(net, { initializer: "glorot-normal", seed: 3 }).network,
    options: { epochs: 300 },
    margin: 3,
  },
  {
    name: "saturated tanhs: withBatchNorm",
    net: () => scaleWeights(perceptron(3, [16, 16], 1, "tanh"), 1000, (l) => l === 1),
    data: regression(),
    remedy: (net, data) => withBatchNorm(net, data).network,
    margin: 3,
  },
  {
    name: "all weights alike: reinitialize",
    net: () => relus([16], { initializer: () => 0.3 }),
    data: regression(),
    remedy: cure,
    margin: 5,
  },
  {
    name: "an exact saddle: the escape direction",
    net: () => perceptron(1, [3], 1, "tanh", { initializer: "zeros" }),
    data: line(),
    remedy: stepOff,
    optimizer: () => sgd({ learningRate: 0.1 }),
    margin: 100,
  },
  {
    name: "another exact saddle: the escape direction",
    net: () => {
      const net = perceptron(1, [3], 1, "tanh");
      net.setParameters([0.5, -1, 1.5, 0, 0, 0, 0, 0, 0, 0]);
      return net;
    },
    data: evenFunction(),
    remedy: stepOff,
    optimizer: () => sgd({ learningRate: 0.1 }),
    options: { epochs: 500, batchSize: 21 },
    margin: 10,
  },
  {
    name: "a degenerate point: reinitialize",
    net: () => perceptron(2, [4], 1, "tanh", { initializer: "zeros" }),
    data: exclusiveOr(),
    remedy: cure,
    options: { epochs: 400, batchSize: 4 },
    margin: 100,
  },
  {
    name: "vanishing gradients: reinitialize by He's rule, withActivation relu",
    net: () => perceptron(3, new Array(8).fill(10), 1, "sigmoid", { initializer: "glorot-normal" }),
    data: regression(),
    remedy: (net) => cure(withActivation(net, "relu").network),
    margin: 3,
  },
  {
    name: "exploding gradients: reinitialize",
    net: () => scaleWeights(perceptron(3, new Array(8).fill(10), 1, "leaky-relu"), 5),
    data: regression(),
    remedy: cure,
    optimizer: () => sgd({ learningRate: 1e-3 }),
    options: { clip: { norm: 1 } },
    margin: 1e6,
  },
  {
    name: "underflow: reinitialize",
    net: () => scaleWeights(perceptron(3, new Array(5).fill(8), 1, "tanh", { dtype: "f32" }), 1e-9, (l) => l > 0),
    data: regression(),
    remedy: cure,
    optimizer: () => sgd({ learningRate: 0.05, momentum: 0.9 }),
    margin: 5,
  },
  {
    name: "inputs of size 1,000: withBatchNorm on the first layer",
    net: () => perceptron(3, [16], 1, "tanh"),
    data: samples(100, 3, wave, { scale: 1000 }),
    remedy: (net, data) => withBatchNorm(net, data, { layers: [0] }).network,
    margin: 3,
  },
  {
    name: "a step activation: withActivation sigmoid",
    net: () => perceptron(3, [4], 1, "step"),
    data: regression(),
    remedy: (net) => withActivation(net, "sigmoid").network,
    options: { epochs: 400 },
    margin: 3,
  },
  {
    name: "a layer that never switches: reinitialize",
    net: () => shiftBiases(relus([16]), 0, 100),
    data: regression(),
    remedy: cure,
    margin: 5,
  },
];

function train(net: Network, data: Dataset, options: Partial<FitOptions>): number {
  finish(training(net, data, { optimizer: adam({ learningRate: 0.01 }), epochs: 200, ...options }));
  return net.loss(data);
}

describe("a remedy cures", () => {
  it.each(rows)(
    "$name, by a factor of $margin",
    ({ net, data, remedy, optimizer = () => adam({ learningRate: 0.01 }), options = {}, margin }) => {
      const ill = net();
      const cured = remedy(net(), data);
      const before = train(ill, data, { ...options, optimizer: optimizer() });
      const after = train(cured, data, { ...options, optimizer: optimizer() });
      expect(before / after).toBeGreaterThan(margin);
    },
  );

  it("a period-2 cycle: half the learning rate", () => {
    const data = dataset([[-1], [1]], [-1, 1]);
    const at = (learningRate: number): number => {
      const net = network({ inputs: 1, layers: [{ units: 1 }], initializer: "zeros" });
      return train(net, data, { optimizer: sgd({ learningRate }), epochs: 60, batchSize: 2 });
    };
    expect(at(1)).toBe(1);
    expect(at(0.5)).toBeLessThan(1e-20);
  });
});

describe("reviveUnits", () => {
  it.each([
    ["one layer", () => shiftBiases(relus([8]), 0, -100, (unit) => unit % 2 === 0)],
    ["all of the middle layer", () => shiftBiases(relus([8, 6, 4]), 1, -100)],
    [
      "some everywhere",
      () =>
        shiftBiases(
          shiftBiases(relus([8, 6]), 0, -100, (unit) => unit < 3),
          1,
          -100,
          (unit) => unit < 2,
        ),
    ],
    ["single precision", () => shiftBiases(relus([8, 6], { dtype: "f32" }), 0, -100, (unit) => unit < 5)],
    ["below 0 inputs", () => shiftBiases(relus([8]), 0, -100)],
  ] as const)("%s: the units live, and the loss is what it was", (_, make) => {
    const net = make();
    const data = regression();
    const before = snapshot(net);
    const dead = deadUnits(net, data);
    const { network: alive, revived, lossBefore, lossAfter, changes } = reviveUnits(net, data, { seed: 1 });
    expect(revived).toEqual(dead);
    expect(deadUnits(alive, data).flat()).toEqual([]);
    expect(Math.abs(lossAfter! / lossBefore! - 1)).toBeLessThan(1e-6);
    expect(lossBefore).toBe(net.loss(data));
    expect(lossAfter).toBe(alive.loss(data));
    expect(changes).toHaveLength(dead.filter((units) => units.length > 0).length);
    expect(sameBits(snapshot(net), before)).toBe(true);
  });

  it("draws by He's rule, the same for the same seed, and leaves live units alone", () => {
    const net = shiftBiases(perceptron(200, [50], 1, "relu"), 0, -1e4, (unit) => unit < 40);
    const data = samples(50, 200, wave);
    const { network: alive } = reviveUnits(net, data, { seed: 7 });
    const parameters = alive.getParameters();
    const drawn = Array.from(parameters.subarray(0, 40 * 200));
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
    // Standard errors of mean and variance of 8,000 numbers: 0.0011 and 1.6 %.
    expect(Math.abs(mean)).toBeLessThan(0.005);
    expect(Math.abs(variance / (2 / 200) - 1)).toBeLessThan(0.08);
    expect(sameBits(parameters.subarray(40 * 200, 50 * 200), net.getParameters().subarray(40 * 200, 50 * 200))).toBe(
      true,
    );
    expect(sameBits(snapshot(reviveUnits(net, data, { seed: 7 }).network), snapshot(alive))).toBe(true);
    expect(sameBits(snapshot(reviveUnits(net, data, { seed: 8 }).network), snapshot(alive))).toBe(false);
  });

  it("behind batch norm about half of the samples reach a revived unit", () => {
    const net = plant(relus([8], { batchNorm: true }), ({ kind, value }) => (kind === "shift" ? -100 : value));
    const data = regression();
    const { network: alive, lossAfter } = reviveUnits(net, data);
    for (const batchNorm of ["batch", "running"] as const) {
      for (const { active } of activationStatistics(alive, data, { batchNorm }).layers[0].units) {
        expect(Math.abs(active - 0.5)).toBeLessThan(0.25);
      }
    }
    expect(lossAfter).toBe(alive.loss(data));
  });

  it("units of the last layer change the loss, and it says so; a penalty counts", () => {
    const data = regression();
    const outputs = shiftBiases(network({ inputs: 3, layers: [{ units: 1, activation: "relu" }], seed: 1 }), 0, -100);
    const last = reviveUnits(outputs, data);
    expect(last.lossAfter).not.toBe(last.lossBefore);
    expect(last.network.loss(data)).toBe(last.lossAfter);
    const penalised = shiftBiases(relus([8], { penalty: { l2: 0.1 } }), 0, -100);
    const { lossBefore, lossAfter, network: alive } = reviveUnits(penalised, data);
    expect(lossAfter! - lossBefore!).toBeCloseTo(0.05 * (squares(alive) - squares(penalised)), 10);
  });

  it("refuses what is no seed, network or data, and does nothing where nothing is dead", () => {
    const net = relus([4]);
    expect(() => reviveUnits(net, regression(), { seed: -1 })).toThrow(RangeError);
    expect(() => reviveUnits(net, regression(), { sed: 1 } as never)).toThrow('did you mean "seed"');
    expect(() => reviveUnits({} as never, regression())).toThrow(TypeError);
    expect(() => reviveUnits(net, line())).toThrow(RangeError);
    const { network: same, changes } = reviveUnits(relus([4], { seed: 2 }), regression());
    expect(changes).toEqual([]);
    expect(sameBits(snapshot(same), snapshot(relus([4], { seed: 2 })))).toBe(true);
  });
});

function squares(net: Network): number {
  let sum = 0;
  net.getParameters().forEach((value: number, i: number) => {
    if (isWeight(net, i)) sum += value * value;
  });
  return sum;
}

function isWeight(net: Network, index: number): boolean {
  let from = 0;
  let inputs = net.spec.inputs;
  for (const { units } of net.spec.layers) {
    if (index < from + units * inputs) return index >= from;
    from += units * (inputs + 1);
    inputs = units;
  }
  return false;
}

describe("withActivation", () => {
  it("keeps the parameters and changes the hidden layers, or the chosen ones", () => {
    const net = relus([5, 4], { batchNorm: true });
    const data = regression();
    finish(training(net, data, { optimizer: adam(), epochs: 2 }));
    const { network: leaky, lossBefore, lossAfter, changes } = withActivation(net, "leaky-relu", { data });
    expect(leaky.spec.layers.map(({ activation }) => activation.type)).toEqual([
      "leaky-relu",
      "leaky-relu",
      "identity",
    ]);
    expect(sameBits(snapshot(leaky), snapshot(net))).toBe(true);
    expect([lossBefore, lossAfter]).toEqual([net.loss(data), leaky.loss(data)]);
    expect(changes).toHaveLength(2);
    const one = withActivation(net, { type: "elu", alpha: 2 }, { layers: [1] });
    expect(one.network.spec.layers.map(({ activation }) => activation)).toEqual([
      { type: "relu", atZero: 0 },
      { type: "elu", alpha: 2 },
      { type: "identity" },
    ]);
    expect([one.lossBefore, one.lossAfter]).toEqual([null, null]);
    expect(net.spec.layers[0].activation.type).toBe("relu");
  });

  it("leaky with slope 0 is the same function", () => {
    const net = relus([5, 4]);
    const { lossBefore, lossAfter } = withActivation(net, { type: "leaky-relu", slope: 0 }, { data: regression() });
    expect(lossAfter).toBe(lossBefore);
  });

  it("refuses layers and activations that there are not", () => {
    expect(() => withActivation(relus([4]), "rellu" as never)).toThrow('did you mean "relu"');
    expect(() => withActivation(relus([4]), "relu", { layers: [2] })).toThrow(RangeError);
    expect(() => withActivation(relus([4]), "relu", { layers: 1 as never })).toThrow(TypeError);
    expect(() => withActivation(relus([4]), undefined as never)).toThrow(
      'withActivation: "activation" expected a name',
    );
  });
});

describe("withBatchNorm", () => {
  it("weights stay; scale 1, shift 0; statistics are the data's; predictions agree with those under batch statistics", () => {
    const net = relus([5, 4], { seed: 8 });
    const data = samples(400, 3, wave);
    const { network: normed, lossBefore, lossAfter } = withBatchNorm(net, data);
    expect([lossBefore, lossAfter]).toEqual([net.loss(data), normed.loss(data)]);
    const kept: number[] = [];
    plant(normed, ({ kind, value }) => {
      if (kind === "scale") expect(value).toBe(1);
      else if (kind === "shift") expect(value).toBe(0);
      else kept.push(value);
      return value;
    });
    const own: number[] = [];
    plant(net, ({ value }) => {
      own.push(value);
      return value;
    });
    expect(kept).toEqual(own);
    // Running statistics have the unbiased variance, 400 / 399 of the batch's.
    expect(Math.abs(normed.loss(data, { batchNorm: "running" }) / lossAfter! - 1)).toBeLessThan(0.01);
    const first = activationStatistics(net, data).layers[0].units.map(({ preActivation }) => preActivation);
    const running = normed.getRunningStatistics();
    first.forEach(({ mean, deviation }, unit) => {
      expect(running[unit]).toBeCloseTo(mean, 12);
      expect(running[5 + unit]).toBeCloseTo((deviation ** 2 * 400) / 399, 12);
    });
    for (const { preActivation } of activationStatistics(normed, data).layers[1].units) {
      expect(Math.abs(preActivation.mean)).toBeLessThan(1e-12);
    }
  });

  it("chosen layers; those that have it stay as they are", () => {
    const net = relus([5, 4]);
    const one = withBatchNorm(net, regression(), { layers: [0], batchNorm: { momentum: 0.5 } }).network;
    expect(one.spec.layers.map(({ batchNorm }) => batchNorm)).toEqual([{ momentum: 0.5, epsilon: 1e-5 }, false, false]);
    const both = withBatchNorm(one, regression());
    expect(both.network.spec.layers.map(({ batchNorm }) => batchNorm !== false)).toEqual([true, true, false]);
    expect(both.changes).toHaveLength(1);
    expect(() => withBatchNorm(net, dataset([[1, 2, 3]], [1]))).toThrow("at least two rows");
    expect(() => withBatchNorm(net, regression(), { momentum: 1 } as never)).toThrow(TypeError);
  });
});

describe("reinitialize", () => {
  it("draws as network() does, all layers or the chosen ones", () => {
    const net = duplicate(relus([5, 4], { batchNorm: true }), 0, 0, 1);
    finish(training(net, regression(), { optimizer: adam(), epochs: 2 }));
    const fresh = relus([5, 4], { batchNorm: true, seed: 9, initializer: "glorot-uniform" });
    const all = reinitialize(net, { seed: 9, initializer: "glorot-uniform", data: regression() });
    expect(sameBits(snapshot(all.network), snapshot(fresh))).toBe(true);
    expect([all.lossBefore, all.lossAfter]).toEqual([net.loss(regression()), fresh.loss(regression())]);
    const { network: part } = reinitialize(net, { seed: 9, initializer: "glorot-uniform", layers: [0] });
    const expected = net.getParameters();
    expected.set(fresh.getParameters().subarray(0, 30));
    expect(sameBits(part.getParameters(), expected)).toBe(true);
    expect(diagnose(part, regression()).advice).toEqual([]);
    expect(() => reinitialize(net, { initializer: "he" as never })).toThrow(RangeError);
  });
});
