// Oracles: loops over samples for patterns, running statistics and the objective; a penalty for
// weight decay; closed forms.

import { beforeAll, describe, expect, it } from "vitest";
import {
  deadUnits,
  fit,
  hessianFree,
  init,
  kfac,
  lbfgs,
  levenbergMarquardt,
  network,
  newton,
  type Optimizer,
  training,
  trustRegion,
} from "../../src/index.js";
import { Random } from "../cases.js";
import * as oracle from "../oracle/network.js";
import type { NetworkSpec } from "../oracle/spec.js";
import { builds, distance, dtypes, finish, flatStatistics, snapshot, take, toDataset } from "../support.js";
import { methods } from "./methods.js";

const random = new Random(11);
const inputs = random.rows(24, 3);
const targets = inputs.map(([a, b, c]) => [Math.tanh(a + b), Math.abs(c)]);
const labels = inputs.map(([a, b]) => (a > b ? 1 : b > 0.5 ? 2 : 0));
const curve = toDataset(inputs, targets);
const classes = toDataset(inputs, labels);

const relu: NetworkSpec = {
  inputs: 3,
  layers: [
    { units: 6, activation: "relu" },
    { units: 5, activation: { type: "leaky-relu", slope: 0.1 } },
    { units: 2 },
  ],
  loss: "mse",
  seed: 4,
};
const tanh: NetworkSpec = { inputs: 3, layers: [{ units: 5, activation: "tanh" }, { units: 2 }], loss: "mse", seed: 4 };
const normed: NetworkSpec = {
  inputs: 3,
  layers: [
    { units: 5, activation: "relu", batchNorm: true },
    { units: 4, activation: "tanh", batchNorm: true },
    { units: 3 },
  ],
  loss: "cross-entropy",
  seed: 4,
};

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  describe.each(methods)("$name", ({ make, fullBatch, name }) => {
    const falls = !name.includes("fixed");

    it("full batches: the objective falls at each step, in both precisions", () => {
      for (const dtype of dtypes) {
        for (const [spec, data] of [
          [relu, curve],
          [tanh, curve],
          [normed, classes],
        ] as const) {
          const net = network({ ...spec, dtype });
          const run = training(net, data, { optimizer: make(), epochs: 12, batchSize: 24 });
          let before = Infinity;
          for (const { loss, stepNorm, evaluations, accepted } of run) {
            if (falls) expect(loss).toBeLessThanOrEqual(before * (1 + (dtype === "f32" ? 1e-6 : 1e-13)));
            expect(evaluations.gradient).toBeGreaterThan(0);
            expect(accepted).toBe(Number(stepNorm) > 0);
            before = loss;
          }
          expect(net.getParameters().every(Number.isFinite)).toBe(true);
          expect(net.loss(data)).toBeLessThan(network({ ...spec, dtype }).loss(data) * 0.9);
        }
      }
    });

    it("batches: everything stays finite, and a method for full ones says so once", () => {
      for (const dtype of dtypes) {
        for (const [spec, data] of [
          [relu, curve],
          [normed, classes],
        ] as const) {
          const net = network({ ...spec, dtype });
          const history = finish(training(net, data, { optimizer: make(), epochs: 6, batchSize: 5 }));
          expect([history.status, history.steps]).toEqual(["completed", 30]);
          expect(snapshot(net).every(Number.isFinite)).toBe(true);
          const notes = history.notes.filter((note) => note.includes("full batches only"));
          expect(notes.length).toBe(fullBatch ? 1 : 0);
        }
      }
      const { notes } = finish(training(network(tanh), curve, { optimizer: make(), epochs: 2, batchSize: 24 }));
      expect(notes).toEqual([]);
    });

    it("left to itself it takes the batch that it is sound on", () => {
      const [record] = take(training(network(tanh), curve, { optimizer: make(), epochs: 2 }), 1);
      expect(record.samples).toBe(24);
      const many = toDataset([...inputs, ...inputs], [...targets, ...targets]);
      const [other] = take(training(network(tanh), many, { optimizer: make(), epochs: 2 }), 1);
      expect(other.samples).toBe(48);
    });

    it("running statistics are those of the batch at the step's start", () => {
      const net = network(normed);
      const run = training(net, classes, { optimizer: make(), epochs: 4, shuffle: false, batchSize: 12 });
      let running: ReturnType<typeof oracle.updateRunning> | undefined;
      for (const rows of [inputs.slice(0, 12), inputs.slice(12)]) {
        running = oracle.updateRunning(normed, net.getParameters(), rows, running);
        take(run, 1);
        expect(distance(net.getRunningStatistics(), flatStatistics(running))).toBeLessThan(1e-11);
      }
      run.return(undefined as never);
    });

    it("kinks crossed are the units × samples whose sign has changed", () => {
      const signs = (net: { getParameters(): ArrayLike<number> }): boolean[] =>
        oracle
          .layerTraces(relu, net.getParameters(), inputs)
          .slice(0, 2)
          .flatMap(({ preactivations }) => preactivations.flat().map((z) => z > 0));
      const net = network(relu);
      const run = training(net, curve, { optimizer: make(), epochs: 6, batchSize: 24 });
      let before = signs(net);
      let total = 0;
      for (const { kinksCrossed } of run) {
        const after = signs(net);
        const expected = after.filter((on, i) => on !== before[i]).length;
        expect(kinksCrossed).toBe(expected);
        total += expected;
        before = after;
      }
      expect(total).toBeGreaterThan(0);
      const [smooth] = take(training(network(tanh), curve, { optimizer: make(), epochs: 1, batchSize: 24 }), 1);
      expect(smooth).not.toHaveProperty("kinksCrossed");
    });

    it("kinks crossed on batches, too, and in several chunks", () => {
      const spec: NetworkSpec = {
        inputs: 1,
        layers: [{ units: 4, activation: "relu" }, { units: 1 }],
        loss: "mse",
        seed: 2,
      };
      const many = new Random(3).rows(2500, 1);
      const data = toDataset(
        many,
        many.map(([x]) => Math.abs(x)),
      );
      const net = network(spec);
      const signs = (rows: number[][]): boolean[] =>
        oracle
          .layerTraces(spec, net.getParameters(), rows)[0]
          .preactivations.flat()
          .map((z) => z > 0);
      const run = training(net, data, { optimizer: make(), epochs: 3, batchSize: 1300, shuffle: false });
      for (const rows of [many.slice(0, 1300), many.slice(1300), many.slice(0, 1300)]) {
        const before = signs(rows);
        const [{ kinksCrossed, accepted }] = take(run, 1);
        const crossed = signs(rows).filter((on, i) => on !== before[i]).length;
        if (accepted) expect(kinksCrossed).toBe(crossed);
        else expect(crossed).toBe(0);
      }
      run.return(undefined as never);
    });

    it("a single ReLU neuron, mse: inside of the linear region the way to the minimum is one Newton step", () => {
      const line: NetworkSpec = { inputs: 1, layers: [{ units: 1, activation: "relu" }], loss: "mse" };
      const rows = [[1], [2], [3], [4]];
      const data = toDataset(
        rows,
        rows.map(([x]) => 2 * x + 1),
      );
      const net = network(line);
      net.setParameters([1, 0.5]);
      const newtonian = ["newton", "newton, shift", "newton, clip", "saddleFreeNewton", "gaussNewton", "newton, wolfe"];
      const [first] = take(training(net, data, { optimizer: make(), epochs: 400, batchSize: 4 }), 1);
      expect(first.kinksCrossed).toBe(0);
      if (newtonian.includes(name)) expect(distance(net.getParameters(), [2, 1])).toBeLessThan(1e-12);
      finish(training(net, data, { optimizer: make(), epochs: 400, batchSize: 4 }));
      expect(distance(net.getParameters(), [2, 1])).toBeLessThan(name === "newton, gradient" ? 1e-2 : 1e-4);
    });
  });

  it("a dead layer: damped Newton neither fails nor makes NaN, and says what is frozen", () => {
    for (const dtype of dtypes) {
      const net = network({ ...relu, dtype });
      const parameters = net.getParameters();
      parameters.fill(-50, 18, 24); // the first layer's biases
      net.setParameters(parameters);
      const dead = deadUnits(net, curve)[0];
      expect(dead).toEqual([0, 1, 2, 3, 4, 5]);
      const run = training(net, curve, { optimizer: newton({ damping: 1e-3 }), epochs: 20 });
      const [record] = take(run, 1);
      // The first layer, and the weights behind it.
      const expected = [...Array.from({ length: 24 }, (_, i) => i), ...Array.from({ length: 30 }, (_, i) => 24 + i)];
      expect(record.frozen).toEqual(expected);
      const history = finish(run);
      expect(["converged", "completed"]).toContain(history.status);
      expect(Array.from(net.getParameters().subarray(0, 54))).toEqual(Array.from(parameters.subarray(0, 54)));
      expect(net.getParameters().every(Number.isFinite)).toBe(true);
      expect(history.notes.join()).toContain("layer 1 is frozen whole");
      expect(history.notes.join()).toContain("layer 2: 30 single parameters");
    }
  });

  it.each(methods)("$name: a dead unit stays where it is, and nothing becomes NaN", ({ make, dense, name }) => {
    const net = network(relu);
    const parameters = net.getParameters();
    parameters[20] = -50;
    net.setParameters(parameters);
    const history = finish(training(net, curve, { optimizer: make(), epochs: 8, batchSize: 24 }));
    const after = net.getParameters();
    expect(after.every(Number.isFinite)).toBe(true);
    // K-FAC does not see that there is nothing, and moves by what rounding makes of it.
    const still = name.startsWith("kfac") ? 1e-14 : 0;
    for (const i of [6, 7, 8, 20]) expect(Math.abs(after[i] - parameters[i])).toBeLessThanOrEqual(still);
    if (dense) expect(history.notes.join()).toMatch(/layer 1: \d of 6 units \((\d, )*2\)/);
    if (!name.includes("fixed")) expect(net.loss(curve)).toBeLessThan(network(relu).loss(curve));
  });

  describe("weight decay", () => {
    // The penalty is not in what preconditions hessianFree, nor in what damps K-FAC's factors.
    const alike = methods.filter(({ name }) => !name.startsWith("kfac") && name !== "hessianFree");

    it.each(alike)("$name: the steps are those of the penalty on all", ({ make, name }) => {
      // Where a solve is cut short rounding decides; with much damping it is not cut.
      const much = name.includes("hessianFree") ? { damping: 1 } : {};
      for (const spec of [tanh, relu]) {
        const decayed = network(spec);
        const penalised = network({ ...spec, penalty: { l2: 0.02, on: "all" } });
        const options = { epochs: 4, batchSize: 24 };
        const histories = [
          finish(training(decayed, curve, { ...options, optimizer: make({ ...much, weightDecay: 0.02 }) })),
          finish(training(penalised, curve, { ...options, optimizer: make(much) })),
        ];
        expect(histories[0].steps).toBe(histories[1].steps);
        expect(distance(decayed.getParameters(), penalised.getParameters())).toBeLessThan(
          name.includes("hessianFree") ? 1e-4 : 1e-7,
        );
      }
    });

    it.each(methods.filter(({ name }) => !name.includes("gradient") && !name.includes("fixed")))(
      "$name: comes to the minimum that the penalty has",
      ({ make }) => {
        const spec: NetworkSpec = { inputs: 3, layers: [{ units: 2 }], loss: "mse", seed: 1 };
        const decayed = network(spec);
        finish(training(decayed, curve, { optimizer: make({ weightDecay: 0.3 }), epochs: 200, batchSize: 24 }));
        const penalised = network({ ...spec, penalty: { l2: 0.3, on: "all" } });
        finish(training(penalised, curve, { optimizer: newton(), epochs: 3 }));
        expect(distance(decayed.getParameters(), penalised.getParameters())).toBeLessThan(1e-5);
      },
    );
  });

  describe("refuses", () => {
    it.each(methods)("$name: an l1 penalty, clipping, and a matrix that would not fit", ({ make, dense }) => {
      const kinked = network({ ...tanh, penalty: { l1: 0.1 } });
      expect(() => training(kinked, curve, { optimizer: make(), epochs: 1 })).not.toThrow();
      expect(() => take(training(kinked, curve, { optimizer: make(), epochs: 1 }), 1)).toThrow(
        /l1 penalty, which has a kink/,
      );
      expect(() => training(network(tanh), curve, { optimizer: make(), epochs: 1, clip: { norm: 1 } })).toThrow(
        RangeError,
      );
      const wide = network({ inputs: 3, layers: [{ units: 3280 }, { units: 1 }], loss: "mse", initializer: "zeros" });
      const data = toDataset(inputs.slice(0, 2), [1, 2]);
      const start = () => take(training(wide, data, { optimizer: make(), epochs: 1, batchSize: 2 }), 1);
      if (dense) {
        expect(start).toThrow(RangeError);
        expect(start).toThrow(
          /2\.00 GiB, got P = 16401.*hessianFree\(\), kfac\(\), lbfgs\(\) or trustRegion\(\{ products: true \}\)/s,
        );
      }
      expect(wide.getParameters().every((value) => value === 0)).toBe(true);
    });

    it("an optimizer that was refused serves another run", () => {
      const optimizer = trustRegion();
      expect(() =>
        finish(training(network({ ...tanh, penalty: { l1: 0.1 } }), curve, { optimizer, epochs: 1 })),
      ).toThrow();
      expect(finish(training(network(tanh), curve, { optimizer, epochs: 2 })).steps).toBe(2);
    });
  });

  it("a record has what a method knows, and no more", () => {
    const first = (optimizer: Optimizer) =>
      Object.keys(take(training(network(tanh), curve, { optimizer, epochs: 3 }), 1)[0]);
    expect(first(trustRegion())).toEqual(expect.arrayContaining(["radius", "gainRatio", "stepNorm", "accepted"]));
    expect(first(levenbergMarquardt())).toEqual(expect.arrayContaining(["damping", "gainRatio"]));
    expect(first(hessianFree())).toContain("damping");
    expect(first(kfac())).toContain("damping");
    expect(first(lbfgs())).not.toContain("damping");
  });

  it.each(methods)(
    "$name: a learning rate of 0 is a step that goes nowhere, where there is such a rate",
    ({ make }) => {
      const optimizer = make();
      const [net, plain] = [network(tanh), network(tanh)];
      const before = snapshot(net);
      const run = training(net, curve, {
        optimizer,
        epochs: 3,
        batchSize: 24,
        schedule: ({ step }) => (step < 2 ? 0 : 1),
      });
      const records = take(run, 2);
      const [note] = finish(run).notes;
      if (["trustRegion", "levenbergMarquardt", "hessianFree", "kfac"].includes(optimizer.name)) {
        expect(note).toBe(`${optimizer.name} has no learning rate: the schedule changes nothing`);
        finish(training(plain, curve, { optimizer: make(), epochs: 3, batchSize: 24 }));
      } else {
        expect(note).toBe(undefined);
        expect(records.map(({ accepted, stepNorm }) => [accepted, stepNorm])).toEqual([
          [false, 0],
          [false, 0],
        ]);
        optimizer.restore(make().state());
        finish(training(plain, curve, { optimizer, epochs: 1, batchSize: 24, schedule: () => 1 }));
      }
      expect(snapshot(net)).toEqual(snapshot(plain));
      expect(snapshot(net)).not.toEqual(before);
    },
  );

  it("a run that converges before its last epoch puts the best epoch in place, where that is watched", async () => {
    const held = toDataset(random.rows(10, 3), random.rows(10, 2));
    const net = network({ inputs: 3, layers: [{ units: 2 }], loss: "mse", seed: 1 });
    let best = Infinity;
    const history = await fit(net, curve, {
      optimizer: trustRegion({ initialRadius: 0.2, maxRadius: 0.2 }),
      epochs: 500,
      validation: held,
      earlyStopping: { patience: 400 },
      onEpoch: ({ validationLoss }) => {
        best = Math.min(best, validationLoss as number);
      },
    });
    expect(history.status).toBe("converged");
    expect(net.evaluate(held).loss).toBeCloseTo(best, 12);
  });
});
