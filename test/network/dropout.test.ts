// Oracles: closed forms of a linear network whose mask can be read from its gradient, central
// differences under a fixed mask, and statistics.
import { beforeAll, describe, expect, it } from "vitest";
import { fromJson, toJson } from "../../src/formats/index.js";
import {
  adam,
  dataset,
  init,
  type LayerSpec,
  lbfgs,
  type Network,
  network,
  newton,
  sgd,
  training,
} from "../../src/index.js";
import { Objective, wholeBatch } from "../../src/network/objective.js";
import { Random as Stream } from "../../src/random.js";
import { Random } from "../cases.js";
import { differences } from "../oracle/differences.js";
import { builds, distance, dtypes, finish, sameBits, take } from "../support.js";

function data(count = 40) {
  const random = new Random(3);
  const inputs = random.rows(count, 3);
  return dataset(
    inputs,
    inputs.map(() => random.normals(2)),
  );
}

function make(hidden: Partial<LayerSpec>, options = {}): Network {
  const layers = [{ units: 8, ...hidden }, { units: 6, ...hidden }, { units: 2 }];
  return network({ inputs: 3, layers, seed: 1, ...options });
}

/** The objective and its gradient under the masks of one seed. */
function under(net: Network, set: ReturnType<typeof data>, seed: number) {
  return net.resident((workspace, theta, statistics) => {
    const needs = { capacity: set.size, gradients: "transient", dropping: true } as const;
    const objective = new Objective(workspace, net.spec, net.layout, set, "batch", needs);
    objective.propagation.random = new Stream(seed);
    const at = workspace.allocate(net.spec.dtype, net.parameterCount);
    const loss = objective.valueAndGradient(theta, statistics, wholeBatch(set), at);
    return { loss, gradient: workspace.read(net.spec.dtype, at, net.parameterCount) };
  });
}

describe.each(builds)("dropout, %s", (build) => {
  beforeAll(async () => {
    await init({ simd: build });
  });

  it.each(["identity", "relu", "tanh", "sigmoid", "gelu"] as const)(
    "%s: the gradient is that of the network whose outputs are dropped, with batch norm too",
    (activation) => {
      for (const batchNorm of [false, true]) {
        const net = make({ activation, batchNorm, dropout: 0.3 });
        const set = data();
        const at = Array.from(net.getParameters(), (value, i) => value + 0.1 * Math.sin(i));
        const slopes = differences(
          (parameters) => {
            net.setParameters(parameters);
            return under(net, set, 5).loss;
          },
          at,
          1e-5,
        );
        net.setParameters(at);
        expect(distance(under(net, set, 5).gradient, slopes)).toBeLessThan(1e-6);
      }
    },
  );

  it.each(dtypes)("drops the share that it says, scales the others, and keeps the mean: %s", (dtype) => {
    const layers = [{ units: 200, dropout: 0.2 }, { units: 1 }];
    const net = network({ inputs: 1, layers, dtype });
    const parameters = new Array(net.parameterCount).fill(0);
    // The hidden units give 1 each, the output their mean.
    parameters.fill(1, 200, 400);
    parameters.fill(1 / 200, 400, 600);
    net.setParameters(parameters);
    const count = 300;
    const set = dataset(new Array(count).fill([0]), new Array(count).fill(0));
    net.resident((workspace, theta, statistics) => {
      const needs = { capacity: count, gradients: "none", dropping: true } as const;
      const objective = new Objective(workspace, net.spec, net.layout, set, "batch", needs);
      const { propagation } = objective;
      propagation.random = new Stream(1);
      objective.value(theta, statistics, wholeBatch(set));
      const { dropped } = propagation.layers[0];
      const values = Array.from({ length: 200 }, (_, unit) => {
        const row = workspace.slice(
          dtype,
          dropped + unit * propagation.stride * (dtype === "f32" ? 4 : 8),
          propagation.size,
        );
        return Array.from(row);
      }).flat();
      expect(new Set(values)).toEqual(new Set([0, dtype === "f32" ? Math.fround(1.25) : 1.25]));
      const share = values.filter((value) => value === 0).length / values.length;
      // Of 60,000 draws: within five standard errors.
      expect(Math.abs(share - 0.2)).toBeLessThan(5 * Math.sqrt((0.2 * 0.8) / values.length));
    });
  });

  it("is off wherever a network is not trained, and changes nothing at a share of 0", () => {
    const set = data();
    const [dropping, plain] = [make({ activation: "relu", dropout: 0.5 }), make({ activation: "relu" })];
    expect(sameBits(dropping.predict(set.inputs).data, plain.predict(set.inputs).data)).toBe(true);
    expect(dropping.loss(set)).toBe(plain.loss(set));
    expect(sameBits(dropping.hessian(set).data, plain.hessian(set).data)).toBe(true);
    expect("dropout" in make({ dropout: 0 }).spec.layers[0]).toBe(false);
    const run = (net: Network): ArrayLike<number> => {
      finish(training(net, set, { optimizer: adam(), epochs: 2, validation: 0.2 }));
      return net.getParameters();
    };
    expect(distance(run(dropping), run(plain))).toBeGreaterThan(1e-4);
  });

  it("depends on the seed and the step alone: again, and after a checkpoint, the same bits", () => {
    const set = data();
    const run = (epochs: number, more = {}, net = make({ activation: "relu", dropout: 0.4, batchNorm: true })) => {
      const options = { optimizer: adam({ learningRate: 0.01 }), epochs, batchSize: 7, seed: 3, ...more };
      const { checkpoint } = finish(training(net, set, options));
      return { net, checkpoint, bits: net.getParameters() };
    };
    const whole = run(4);
    expect(sameBits(run(4).bits, whole.bits)).toBe(true);
    const half = run(2);
    expect(sameBits(run(4, { resume: half.checkpoint }, half.net).bits, whole.bits)).toBe(true);
    expect(sameBits(run(4, { seed: 4 }).bits, whole.bits)).toBe(false);
  });

  it("draws other masks for each step", () => {
    const net = make({ activation: "tanh", dropout: 0.5 });
    const losses = take(
      training(net, data(), { optimizer: sgd({ learningRate: 1e-12 }), epochs: 4, batchSize: 40, shuffle: false }),
      4,
    ).map(({ loss }) => loss.toPrecision(6));
    expect(new Set(losses).size).toBe(4);
  });

  it("a frozen layer drops nothing", () => {
    const set = data();
    const layers = [{ units: 8, activation: "tanh", dropout: 0.5, frozen: true } as const, { units: 2 }];
    const net = network({ inputs: 3, layers, seed: 1 });
    const [record] = take(training(net, set, { optimizer: sgd(), epochs: 1, batchSize: 40, shuffle: false }), 1);
    expect(record.loss).toBeCloseTo(make({}, { layers, seed: 1 }).loss(set), 14);
  });
});

describe("dropout", () => {
  it("is saved with the network", () => {
    const net = make({ activation: "relu", dropout: 0.25 });
    expect(fromJson(toJson(net)).network.spec).toEqual(net.spec);
    expect(net.spec.layers[0].dropout).toBe(0.25);
  });

  it("is refused in the last layer, at a share of 1, and by second-order methods in a sentence", () => {
    expect(() => make({}, { layers: [{ units: 1, dropout: 0.5 }] })).toThrow("none in the last layer");
    expect(() => make({ dropout: 1 })).toThrow("[0, 1)");
    for (const optimizer of [newton(), lbfgs()]) {
      const run = training(make({ dropout: 0.1 }), data(), { optimizer, epochs: 1 });
      expect(() => run.next()).toThrow(/first-order one beside dropout.*use a penalty/);
    }
  });
});
