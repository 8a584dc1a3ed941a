// Oracle: PyTorch in double precision, by way of test/fixtures/networks.json, for values, gradients
// and running statistics; beyond one step the oracle's loops, which the same fixtures check.

import { beforeAll, describe, expect, it } from "vitest";
import { init, network, sgd, training } from "../../src/index.js";
import { readFixture } from "../oracle/fixtures.js";
import * as oracle from "../oracle/network.js";
import type { Mode, NetworkSpec } from "../oracle/spec.js";
import { builds, distance, dtypes, finish, flatStatistics, rounded, toDataset, tolerance } from "../support.js";

const { items } = readFixture("networks");

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(items)("$name", ({ spec, parameters, inputs, targets, running, results }) => {
    for (const dtype of dtypes) {
      const net = network({ ...spec, dtype });
      net.setParameters(parameters);
      net.setRunningStatistics(flatStatistics(running));
      const data = toDataset(inputs, targets);
      const limit = tolerance[dtype];
      for (const mode of ["batch", "running"] as Mode[]) {
        const expected = results[mode];
        if (!expected) continue;
        const given = net.gradient(data, { batchNorm: mode });
        expect(distance([given.loss], [expected.loss]), `${mode} ${dtype}`).toBeLessThan(limit);
        expect(distance(given.gradient, expected.gradient), `${mode} ${dtype}`).toBeLessThan(limit);
      }
      const inference = results.running ?? results.batch;
      expect(distance(net.predict(inputs).data, inference.predictions.flat()), dtype).toBeLessThan(limit);
      expect(distance([net.evaluate(data).loss], [inference.dataLoss]), dtype).toBeLessThan(limit);
    }
  });

  it.each(items.filter((item) => item.runningAfter))("running statistics after a step: $name", (item) => {
    for (const dtype of dtypes) {
      const net = network({ ...item.spec, dtype });
      net.setParameters(item.parameters);
      net.setRunningStatistics(flatStatistics(item.running));
      const data = toDataset(item.inputs, item.targets);
      finish(training(net, data, { optimizer: sgd(), epochs: 1, batchSize: item.inputs.length }));
      const expected = flatStatistics(item.runningAfter!);
      expect(distance(net.getRunningStatistics(), expected), dtype).toBeLessThan(tolerance[dtype]);
    }
  });

  it("running statistics after several steps, from 0 and 1", () => {
    const item = items.find(({ name }) => name === "norm-relu-cross-entropy")!;
    for (const dtype of dtypes) {
      const net = network({ ...item.spec, dtype });
      let θ: number[] = rounded(item.parameters, dtype);
      net.setParameters(θ);
      const data = toDataset(item.inputs, item.targets);
      const options = {
        optimizer: sgd({ learningRate: 0.1 }),
        epochs: 4,
        batchSize: item.inputs.length,
        shuffle: false,
      };
      finish(training(net, data, options));
      let running = oracle.updateRunning(item.spec, θ, item.inputs);
      for (let step = 1; step <= 4; step++) {
        const g = oracle.gradient(item.spec, θ, item.inputs, item.targets);
        θ = θ.map((value, k) => value - 0.1 * g[k]);
        if (step < 4) running = oracle.updateRunning(item.spec, θ, item.inputs, running);
      }
      expect(distance(net.getRunningStatistics(), flatStatistics(running)), dtype).toBeLessThan(10 * tolerance[dtype]);
      expect(distance(net.getParameters(), θ), dtype).toBeLessThan(10 * tolerance[dtype]);
    }
  });

  it("a momentum of 0 leaves the statistics, of 1 takes the batch's", () => {
    for (const momentum of [0, 1]) {
      const spec: NetworkSpec = { inputs: 1, layers: [{ units: 1, batchNorm: { momentum } }], loss: "mse" };
      const net = network(spec);
      net.setParameters([1, 0, 1, 0]);
      const data = toDataset([[1], [2], [6]], [0, 0, 0]);
      finish(training(net, data, { optimizer: sgd(), epochs: 1, batchSize: 3 }));
      expect(Array.from(net.getRunningStatistics())).toEqual(momentum === 0 ? [0, 1] : [3, 7]);
    }
  });
});
