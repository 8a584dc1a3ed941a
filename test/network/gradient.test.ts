// Oracle: the plain loops of test/oracle/network.ts, which are themselves held to PyTorch, central
// differences and hyper-dual numbers.

import { beforeAll, describe, expect, it } from "vitest";
import { init, network } from "../../src/index.js";
import { type Case, cases, makeData, makeParameters, makeRunning } from "../cases.js";
import * as oracle from "../oracle/network.js";
import type { ActivationName, LossName, Mode, NetworkSpec, RunningStatistics, Targets } from "../oracle/spec.js";
import { builds, type Dtype, distance, dtypes, flatStatistics, rounded, toDataset, tolerance } from "../support.js";

interface Problem {
  spec: NetworkSpec;
  parameters: number[];
  inputs: number[][];
  targets: Targets;
  running: RunningStatistics;
  modes: Mode[];
}

function problemOf(item: Case): Problem {
  const { inputs, targets } = makeData(item);
  const parameters = makeParameters(item);
  const running = makeRunning(item);
  return {
    spec: item.spec,
    parameters,
    inputs,
    targets,
    running,
    modes: item.batchNorm ? ["batch", "running"] : ["batch"],
  };
}

/** Loss, gradient, predictions and evaluation in every mode. */
function verify(problem: Problem, dtype: Dtype, loosened = 1): void {
  const { spec, modes } = problem;
  const parameters = rounded(problem.parameters, dtype);
  const inputs = rounded(problem.inputs, dtype);
  const targets = rounded(problem.targets, dtype);
  const running = problem.running.map(
    (layer) => layer && { mean: rounded(layer.mean, dtype), variance: rounded(layer.variance, dtype) },
  );
  const net = network({ ...spec, dtype });
  net.setParameters(parameters);
  net.setRunningStatistics(flatStatistics(running));
  const data = toDataset(inputs, targets);
  const limit = tolerance[dtype] * loosened;
  for (const mode of modes) {
    const options = { mode, running };
    const label = `${mode} ${dtype}`;
    const loss = oracle.loss(spec, parameters, inputs, targets, options);
    const given = net.gradient(data, { batchNorm: mode });
    expect(distance([net.loss(data, { batchNorm: mode })], [loss]), `loss ${label}`).toBeLessThan(limit);
    expect(distance([given.loss], [loss]), `loss with gradient ${label}`).toBeLessThan(limit);
    const expected = oracle.gradient(spec, parameters, inputs, targets, options);
    expect(distance(given.gradient, expected), `gradient ${label}`).toBeLessThan(limit);
    expect(given.gradient).toBeInstanceOf(dtype === "f32" ? Float32Array : Float64Array);
  }
  const outputs = oracle.forward(spec, parameters, inputs, { mode: "running", running });
  const predicted = net.predict(inputs);
  expect([predicted.rows, predicted.columns]).toEqual([inputs.length, outputs[0].length]);
  expect(distance(predicted.data, outputs.flat()), `predictions ${dtype}`).toBeLessThan(limit);
  const unpenalised = { ...spec, penalty: {} };
  const dataLoss = oracle.loss(unpenalised, parameters, inputs, targets, { mode: "running", running });
  expect(distance([net.evaluate(data).loss], [dataLoss]), `evaluation ${dtype}`).toBeLessThan(limit);
}

const activations: ActivationName[] = [
  "identity",
  "relu",
  "leaky-relu",
  "elu",
  "softplus",
  "gelu",
  "silu",
  "tanh",
  "sigmoid",
  "step",
];
const losses: [LossName, Case["targets"]][] = [
  ["mse", "rows"],
  ["huber", "rows"],
  ["cross-entropy", "labels"],
  ["cross-entropy", "probabilities"],
  ["binary-cross-entropy", "rows"],
];

function gridCase(
  activation: ActivationName,
  loss: LossName,
  targets: Case["targets"],
  batchNorm: boolean,
  seed: number,
): Case {
  const onOutput = loss === "mse" || loss === "huber";
  const spec: NetworkSpec = {
    inputs: 3,
    layers: [
      { units: 5, activation, batchNorm },
      { units: 4, activation },
      onOutput ? { units: 3, activation, batchNorm } : { units: 3 },
    ],
    loss,
    penalty: { l1: 0.01, l2: 0.05, on: seed % 2 === 0 ? "weights" : "all" },
  };
  return { name: "", spec, samples: 7, seed, targets, batchNorm, margin: 1e-4 };
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(cases)("$name", (item) => {
    for (const dtype of dtypes) verify(problemOf(item), dtype);
  });

  describe.each(activations)("%s", (activation) => {
    it.each(losses)("under %s with targets as %s", (loss, targets) => {
      for (const batchNorm of [false, true]) {
        const problem = problemOf(gridCase(activation, loss, targets, batchNorm, activation.length + loss.length));
        for (const dtype of dtypes) verify(problem, dtype);
      }
    });
  });

  it.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 63, 64, 65])("%i samples", (samples) => {
    for (const batchNorm of samples > 1 ? [false, true] : [false]) {
      const item = gridCase("tanh", "cross-entropy", "labels", batchNorm, samples);
      for (const dtype of dtypes) verify(problemOf({ ...item, samples }), dtype, 2);
    }
  });

  it.each([1, 2, 3, 4, 5, 8, 9, 13])("layers %i units wide", (units) => {
    const layers = [
      { units, activation: "gelu" as const, batchNorm: true },
      { units, activation: "silu" as const },
      { units },
    ];
    const spec: NetworkSpec = { inputs: units, layers, loss: "mse" };
    const item: Case = { name: "", spec, samples: 6, seed: units, targets: "rows", batchNorm: true, margin: 0 };
    for (const dtype of dtypes) verify(problemOf(item), dtype, 2);
  });

  // A chunk is at most 1024 samples, and fewer with wide layers.
  it.each([
    ["mse", "rows", 12],
    ["cross-entropy", "labels", 12],
    ["binary-cross-entropy", "rows", 150],
    ["huber", "rows", 150],
  ] as const)("3000 samples in several chunks: %s, targets as %s, %i units", (loss, targets, units) => {
    const spec: NetworkSpec = {
      inputs: 4,
      layers: [{ units, activation: "relu" }, { units: 3 }],
      loss,
      penalty: { l1: 1e-3, l2: 1e-2, on: "all" },
    };
    const item: Case = { name: "", spec, samples: 3000, seed: 5, targets, batchNorm: false, margin: 1e-7 };
    const problem = problemOf(item);
    for (const dtype of dtypes) verify(problem, dtype);
  });

  it("3000 samples under batch statistics are one batch", () => {
    const spec: NetworkSpec = {
      inputs: 4,
      layers: [{ units: 12, activation: "softplus", batchNorm: true }, { units: 3 }],
      loss: "cross-entropy",
    };
    const item: Case = { name: "", spec, samples: 3000, seed: 6, targets: "labels", batchNorm: true, margin: 0 };
    const problem = problemOf(item);
    for (const dtype of dtypes) verify(problem, dtype);
  });

  it("1025 samples leave one for the second chunk", () => {
    const spec: NetworkSpec = { inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 2 }], loss: "mse" };
    const item: Case = { name: "", spec, samples: 1025, seed: 7, targets: "rows", batchNorm: false, margin: 0 };
    const problem = problemOf(item);
    for (const dtype of dtypes) verify(problem, dtype);
  });

  it("relu's slope at exactly 0, leaky's and step's", () => {
    const at = (activation: NetworkSpec["layers"][number]["activation"] & object) => {
      const net = network({ inputs: 1, layers: [{ units: 1, activation: activation as never }, { units: 1 }] });
      net.setParameters([1, -2, 3, 0]);
      return Array.from(net.gradient(toDataset([[2]], [-0.5])).gradient);
    };
    for (const atZero of [0, 0.5, 1, 0.25]) {
      expect(at({ type: "relu", atZero })).toEqual([6 * atZero, 3 * atZero, 0, 1]);
    }
    expect(at({ type: "leaky-relu", slope: 0.25 })).toEqual([1.5, 0.75, 0, 1]);
  });

  it("batch statistics are those of the data alone, whatever the running ones are", () => {
    const item = cases.find(({ name }) => name === "batch norm relu")!;
    const problem = problemOf(item);
    const net = network(item.spec);
    net.setParameters(problem.parameters);
    const data = toDataset(problem.inputs, problem.targets);
    const { loss } = net.gradient(data);
    net.setRunningStatistics(flatStatistics(problem.running));
    expect(net.gradient(data).loss).toBe(loss);
    expect(net.gradient(data, { batchNorm: "running" }).loss).not.toBe(loss);
    expect(Array.from(net.getRunningStatistics())).toEqual(flatStatistics(problem.running));
  });
});
