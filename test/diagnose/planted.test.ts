// Oracle: the faults are planted by construction, so what has to be found, and that nothing else
// is, is known beforehand.

import { beforeAll, describe, expect, it } from "vitest";
import {
  type AdviceCode,
  adam,
  type CurvatureChoice,
  dataset,
  deadUnits,
  diagnose,
  init,
  network,
  training,
} from "../../src/index.js";
import { Random } from "../cases.js";
import { builds, finish } from "../support.js";
import {
  clouds,
  duplicate,
  evenFunction,
  exclusiveOr,
  line,
  type Planted,
  perceptron,
  plant,
  regression,
  samples,
  scaleWeights,
  shiftBiases,
  wave,
} from "./faults.js";

interface Fault {
  name: string;
  make(): Planted;
  codes: AdviceCode[];
  /** What the first advice's evidence has to hold. */
  evidence?: Record<string, unknown>;
  curvature?: CurvatureChoice;
}

const relus = (hidden: number[], rest = {}) => perceptron(3, hidden, 1, "relu", rest);

/**
 * A narrow deep network whose last hidden layer gives 0 for all samples as drawn: most are like
 * that.
 */
function bornDead(): Planted {
  const data = samples(20, 3, wave);
  for (let seed = 0; ; ++seed) {
    const net = relus([2, 2, 2, 2, 2, 2, 2, 2], { seed });
    if (deadUnits(net, data)[7].length === 2) return { net, data };
  }
}

/**
 * A linear network that has learned the larger of two independent components, its second unit being
 * 0 on both sides.
 */
function lowerRank(): Planted {
  const net = network({ inputs: 2, layers: [{ units: 2 }, { units: 2 }] });
  net.setParameters([1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0]);
  const inputs = [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ];
  return {
    net,
    data: dataset(
      inputs,
      inputs.map(([a, b]) => [2 * a, b]),
    ),
  };
}

/** φ = gelu at its minimum, below its target: (φ − y)² is largest there. */
function top(): Planted {
  const net = network({ inputs: 1, layers: [{ units: 1, activation: "gelu" }] });
  net.setParameters([0, -0.7517915246935645]);
  return { net, data: dataset([[-1], [1]], [1, 1]) };
}

const faults: Fault[] = [
  {
    name: "all-negative biases in the first layer",
    make: () => ({ net: shiftBiases(relus([8]), 0, -100), data: regression() }),
    codes: ["dead-layer"],
    evidence: { layer: 0, frozen: [0], learning: [1] },
  },
  {
    name: "all-negative biases in the second layer",
    make: () => ({ net: shiftBiases(relus([8, 8]), 1, -100), data: regression() }),
    codes: ["dead-layer"],
    evidence: { layer: 1, frozen: [0, 1], learning: [2] },
  },
  {
    name: "a dead layer behind batch norm",
    make: () => ({
      net: plant(relus([8], { batchNorm: true }), ({ kind, layer, value }) =>
        kind === "shift" && layer === 0 ? -100 : value,
      ),
      data: regression(),
    }),
    codes: ["dead-layer"],
    evidence: { layer: 0 },
  },
  {
    name: "a relu output that is below 0",
    make: () => {
      const net = network({ inputs: 3, layers: [{ units: 1, activation: "relu" }] });
      return { net: shiftBiases(net, 0, -100), data: regression() };
    },
    codes: ["dead-layer"],
    evidence: { layer: 0, learning: [] },
  },
  { name: "born dead", make: bornDead, codes: ["dead-layer"] },
  {
    name: "six of ten units dead",
    make: () => ({ net: shiftBiases(relus([10]), 0, -100, (unit) => unit >= 4), data: regression() }),
    codes: ["dead-units"],
    evidence: { layer: 0, dead: [4, 5, 6, 7, 8, 9], units: 10 },
  },
  {
    name: "dead units in single precision",
    make: () => ({
      net: shiftBiases(relus([10, 6], { dtype: "f32" }), 1, -100, (unit) => unit < 3),
      data: regression(),
    }),
    codes: ["dead-units"],
    evidence: { layer: 1, dead: [0, 1, 2] },
  },
  {
    name: "a step activation",
    make: () => ({ net: perceptron(3, [8], 1, "step"), data: regression() }),
    codes: ["step-activation"],
    evidence: { layer: 0, frozen: [0], learning: [1] },
  },
  {
    name: "saturated sigmoids",
    make: () => ({ net: scaleWeights(perceptron(3, [8], 1, "sigmoid"), 100, (l) => l === 0), data: regression() }),
    codes: ["saturated-units"],
    evidence: { layer: 0 },
  },
  {
    name: "saturated tanhs",
    make: () => ({ net: scaleWeights(perceptron(3, [8], 1, "tanh"), 100, (l) => l === 0), data: regression() }),
    codes: ["saturated-units"],
    evidence: { layer: 0 },
  },
  {
    name: "a saturated second layer",
    make: () => ({ net: scaleWeights(perceptron(3, [8, 8], 1, "tanh"), 100, (l) => l === 1), data: regression() }),
    codes: ["saturated-units"],
    evidence: { layer: 1 },
  },
  {
    name: "inputs of size 1,000 under tanh",
    make: () => ({ net: perceptron(3, [8], 1, "tanh"), data: samples(100, 3, wave, { scale: 1000 }) }),
    codes: ["saturated-units", "unscaled-inputs"],
  },
  {
    name: "inputs of size 1,000 under relu",
    make: () => ({ net: relus([8]), data: samples(100, 3, wave, { scale: 1000 }) }),
    codes: ["unscaled-inputs"],
  },
  {
    name: "inputs of size 0.00001",
    make: () => ({ net: relus([8]), data: samples(100, 3, wave, { scale: 1e-5 }) }),
    codes: ["unscaled-inputs"],
  },
  {
    name: "two units with the same incoming weights",
    make: () => ({ net: duplicate(relus([8]), 0, 1, 5), data: regression() }),
    codes: ["duplicated-units"],
    evidence: { layer: 0, units: [1, 5] },
  },
  {
    name: "duplicated units behind batch norm",
    make: () => ({ net: duplicate(perceptron(3, [8], 1, "tanh", { batchNorm: true }), 0, 0, 7), data: regression() }),
    codes: ["duplicated-units"],
    evidence: { layer: 0, units: [0, 7] },
  },
  {
    name: "all weights alike",
    make: () => ({ net: relus([6], { initializer: () => 0.3 }), data: regression() }),
    codes: ["duplicated-units"],
    evidence: { layer: 0, units: [0, 1, 2, 3, 4, 5] },
  },
  {
    name: "an exact saddle: odd units, an even function",
    make: () => {
      const net = perceptron(1, [3], 1, "tanh");
      net.setParameters([0.5, -1, 1.5, 0, 0, 0, 0, 0, 0, 0]);
      return { net, data: evenFunction() };
    },
    codes: ["saddle"],
  },
  { name: "an exact saddle: a linear network of too low a rank", make: lowerRank, codes: ["saddle"] },
  {
    name: "the same from products alone",
    make: lowerRank,
    curvature: "lanczos",
    codes: ["saddle"],
  },
  {
    name: "the origin of a single tanh",
    make: () => ({ net: perceptron(1, [1], 1, "tanh", { initializer: "zeros" }), data: line() }),
    codes: ["saddle"],
    evidence: { index: 1 },
  },
  {
    name: "the same without looking at curvature",
    make: () => ({ net: perceptron(1, [1], 1, "tanh", { initializer: "zeros" }), data: line() }),
    curvature: "none",
    codes: ["zero-gradient"],
  },
  {
    name: "exclusive or at the origin, where the curvature is blind",
    make: () => ({ net: perceptron(2, [1], 1, "tanh", { initializer: "zeros" }), data: exclusiveOr() }),
    codes: ["degenerate-point"],
  },
  { name: "a maximum", make: top, codes: ["maximum"], evidence: { index: 2 } },
  {
    name: "vanishing gradients in eight layers of sigmoids",
    make: () => ({
      net: perceptron(3, new Array(8).fill(10), 1, "sigmoid", { initializer: "glorot-normal" }),
      data: regression(),
    }),
    codes: ["vanishing-gradients"],
  },
  {
    name: "exploding gradients in eight layers",
    make: () => ({ net: scaleWeights(perceptron(3, new Array(8).fill(10), 1, "leaky-relu"), 5), data: regression() }),
    codes: ["exploding-gradients"],
  },
  {
    name: "underflow in single precision",
    make: () => ({
      net: scaleWeights(perceptron(3, new Array(5).fill(8), 1, "tanh", { dtype: "f32" }), 1e-9, (l) => l > 0),
      data: regression(),
    }),
    codes: ["vanishing-gradients", "underflow"],
  },
  {
    name: "a sample that overflows",
    make: () => {
      const random = new Random(4);
      const inputs = random.rows(30, 3);
      inputs[17] = [-1e200, -1e200, 1e200];
      const net = scaleWeights(relus([6, 6]), 1e120, (l) => l === 1);
      return {
        net,
        data: dataset(
          inputs,
          inputs.map((_, i) => i % 2),
        ),
      };
    },
    codes: ["non-finite"],
    evidence: { layer: 1, quantity: "pre-activation", sample: 17 },
  },
  {
    name: "a sample that overflows single precision",
    make: () => {
      const inputs = new Random(5).rows(30, 3);
      inputs[4] = [1e30, -1e30, 1e30];
      return {
        net: scaleWeights(relus([6], { dtype: "f32" }), 1e12, (l) => l === 0),
        data: dataset(
          inputs,
          inputs.map(() => 0),
        ),
      };
    },
    codes: ["non-finite"],
    evidence: { layer: 0, quantity: "pre-activation", sample: 4 },
  },
  {
    name: "a layer that never switches",
    make: () => ({ net: shiftBiases(relus([8]), 0, 100), data: regression() }),
    codes: ["linear-layer"],
    evidence: { layer: 0, units: 8 },
  },
];

/** Networks that nothing is wrong with, as drawn and after some training. */
const healthy: { name: string; make(): Planted }[] = [
  ...["relu", "leaky-relu", "elu", "softplus", "gelu", "silu", "tanh", "sigmoid"].flatMap((activation) => [
    { name: `${activation}, one layer`, make: () => ({ net: perceptron(3, [12], 1, activation), data: regression() }) },
    {
      name: `${activation}, two layers, classes`,
      make: () => ({
        net: perceptron(2, [12, 8], 3, activation, { loss: "cross-entropy", initializer: "glorot-normal", seed: 2 }),
        data: clouds(),
      }),
    },
    {
      name: `${activation}, batch norm`,
      make: () => ({ net: perceptron(3, [12, 8], 1, activation, { batchNorm: true, seed: 3 }), data: regression() }),
    },
    {
      name: `${activation}, single precision`,
      make: () => ({ net: perceptron(3, [10], 1, activation, { dtype: "f32", seed: 4 }), data: regression() }),
    },
  ]),
  { name: "linear regression", make: () => ({ net: perceptron(3, [], 1, "relu"), data: regression() }) },
  { name: "one unit", make: () => ({ net: perceptron(1, [], 1, "relu"), data: line() }) },
  { name: "one hidden unit", make: () => ({ net: perceptron(3, [1], 1, "relu", { seed: 2 }), data: regression() }) },
  { name: "a deep linear network", make: () => ({ net: perceptron(3, [4, 4], 1, "identity"), data: regression() }) },
  {
    name: "softmax regression",
    make: () => ({ net: perceptron(2, [], 3, "relu", { loss: "cross-entropy" }), data: clouds() }),
  },
  {
    name: "weight decay",
    make: () => ({ net: perceptron(3, [12], 1, "relu", { penalty: { l2: 0.01 } }), data: regression() }),
  },
  { name: "huber", make: () => ({ net: perceptron(3, [12], 1, "relu", { loss: "huber" }), data: regression() }) },
  { name: "deep relu", make: () => ({ net: relus([16, 16, 16, 16], { seed: 5 }), data: regression() }) },
  {
    name: "batch norm on inputs of size 1,000",
    make: () => ({ net: relus([12], { batchNorm: true }), data: samples(100, 3, wave, { scale: 1000 }) }),
  },
];

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  describe("a planted fault is found, and nothing else", () => {
    it.each(faults)("$name: $codes", ({ make, codes, evidence, curvature }) => {
      const { net, data } = make();
      const diagnosis = diagnose(net, data, curvature ? { curvature } : {});
      expect(new Set(diagnosis.advice.map(({ code }) => code))).toEqual(new Set(codes));
      if (evidence) expect(diagnosis.advice[0].evidence).toMatchObject(evidence);
      for (const { code, message, remedy, source } of diagnosis.advice) {
        expect([message, remedy, source].every((text) => text.length > 10)).toBe(true);
        expect(diagnosis.toString()).toContain(`${code}: `);
      }
    });

    it("there are at least 25 of them", () => expect(faults.length).toBeGreaterThanOrEqual(25));
  });

  describe("networks that are well get no advice, as drawn or trained: no false alarm", () => {
    it.each(healthy)("$name", ({ make }) => {
      const { net, data } = make();
      expect(diagnose(net, data).advice).toEqual([]);
      finish(training(net, data, { optimizer: adam({ learningRate: 0.01 }), epochs: 60 }));
      expect(diagnose(net, data).advice).toEqual([]);
    });
  });
});
