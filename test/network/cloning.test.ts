// Oracle: the network itself; what JSON and structured cloning keep of an object.
import { MessageChannel } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { adam, type CustomLoss, dataset, network, training } from "../../src/index.js";
import { finish, sameBits, take } from "../support.js";

const make = () =>
  network({
    inputs: 2,
    layers: [
      { units: 3, activation: "relu", batchNorm: true, dropout: 0.1 },
      { units: 1, frozen: true },
    ],
    loss: { type: "huber", delta: 2 },
    seed: 4,
  });
const data = dataset(
  [
    [0, 1],
    [1, 1],
    [2, 0],
  ],
  [1, 2, 3],
);

describe("a network", () => {
  it("keeps its parameters in JSON, those that a run is ahead with too", () => {
    const net = make();
    const run = training(net, data, { optimizer: adam(), epochs: 3 });
    take(run, 2);
    const { spec, parameters, runningStatistics } = JSON.parse(JSON.stringify(net));
    const copy = network(spec);
    copy.setParameters(parameters);
    copy.setRunningStatistics(runningStatistics);
    expect(copy.spec).toEqual(net.spec);
    expect(sameBits(copy.getParameters(), net.getParameters())).toBe(true);
    expect(sameBits(copy.getRunningStatistics(), net.getRunningStatistics())).toBe(true);
    expect(sameBits(copy.getParameters(), make().getParameters())).toBe(false);
    finish(run);
  });

  it("says why it cannot be cloned, and what can", () => {
    const words = /parameters do not survive structured cloning: pass net.toJSON\(\)/;
    expect(() => structuredClone(make())).toThrow(words);
    expect(() => structuredClone({ nets: [make()] })).toThrow(words);
    const { port1, port2 } = new MessageChannel();
    expect(() => port1.postMessage(make())).toThrow(words);
    port1.close();
    port2.close();
    expect(structuredClone(make().toJSON()).parameters).toHaveLength(make().parameterCount);
  });

  it("says why JSON has no loss of the caller's", () => {
    const loss: CustomLoss = { value: () => 0, gradient: () => [0], hessian: () => [[0]] };
    const net = network({ inputs: 1, layers: [{ units: 1 }], loss });
    expect(() => JSON.stringify(net)).toThrow(/a loss with a name.*net.getParameters/);
  });
});
