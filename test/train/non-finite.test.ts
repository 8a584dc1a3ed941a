// Oracle: arithmetic by hand: where the first product leaves the range of the type.

import { beforeAll, describe, expect, it } from "vitest";
import { adam, fit, init, type NetworkSpec, network, sgd, training } from "../../src/index.js";
import { builds, finish, sameBits, snapshot, toDataset } from "../support.js";

/** The largest power of ten or so, and a half of its digits. */
const scales = { f64: { most: 1e300, half: 1e160 }, f32: { most: 1e38, half: 1e25 } } as const;

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  describe.each(["f64", "f32"] as const)("%s", (dtype) => {
    const { most, half } = scales[dtype];
    const chain: NetworkSpec = {
      inputs: 1,
      layers: [{ units: 2, activation: "relu" }, { units: 2, activation: "relu" }, { units: 1 }],
      dtype,
    };

    it("in the forward pass: the layer whose pre-activations overflow", async () => {
      const net = network(chain);
      const values = [1, 1, 0, 0, most, most, most, most, 0, 0, 1, 1, 0];
      net.setParameters(values);
      const before = snapshot(net);
      const optimizer = adam();
      const data = toDataset([[1e9]], [0]);
      const history = await fit(net, data, { optimizer, epochs: 3 });
      expect(history.status).toBe("non-finite");
      expect(history.nonFinite).toEqual({ step: 1, epoch: 1, layer: 1, quantity: "pre-activation" });
      expect(history.reason).toContain("step 1 (epoch 1), first in the pre-activations of layer 2");
      expect([history.steps, history.epochs.length, optimizer.steps]).toEqual([0, 0, 0]);
      expect(sameBits(snapshot(net), before)).toBe(true);
      expect(optimizer.state().vectors.m.every((m) => m === 0)).toBe(true);
      net.setParameters(values.map((v) => v / most));
      expect((await fit(net, data, { optimizer, epochs: 1 })).status).toBe("completed");
    });

    it("in the loss alone", () => {
      const net = network({ inputs: 1, layers: [{ units: 1 }], dtype });
      net.setParameters([1, 0]);
      const data = toDataset([[half]], [0]);
      const history = finish(training(net, data, { optimizer: sgd(), epochs: 1 }));
      expect(history.nonFinite).toEqual({ step: 1, epoch: 1, layer: -1, quantity: "loss" });
      expect(history.status).toBe("non-finite");
      expect(Array.from(net.getParameters())).toEqual([1, 0]);
    });

    it("in the gradient: the last layer that has it", () => {
      const net = network({ inputs: 1, layers: [{ units: 1 }, { units: 1 }], loss: "huber", dtype });
      // Outputs stay small; the first layer's gradient is the second's weight times the input.
      net.setParameters([0, 0, most, 0]);
      const before = snapshot(net);
      const optimizer = sgd({ momentum: 0.9 });
      const history = finish(training(net, toDataset([[1e30]], [5]), { optimizer, epochs: 1 }));
      expect(history.nonFinite).toEqual({ step: 1, epoch: 1, layer: 0, quantity: "gradient" });
      expect(history.reason).toContain("first in the gradients of layer 1");
      expect(sameBits(snapshot(net), before)).toBe(true);
      expect(optimizer.state().vectors.velocity.every((v) => v === 0)).toBe(true);
    });

    it("in the update: the first layer that has it", () => {
      const net = network({ inputs: 1, layers: [{ units: 1 }, { units: 1 }], dtype });
      net.setParameters([1, 0, 1, 0]);
      const history = finish(
        training(net, toDataset([[1], [1e9]], [0, 0]), {
          optimizer: sgd({ learningRate: most }),
          epochs: 4,
          batchSize: 1,
          shuffle: false,
        }),
      );
      expect(history.status).toBe("non-finite");
      expect(["parameter", "loss", "pre-activation"]).toContain(history.nonFinite?.quantity);
      const update = network({ inputs: 1, layers: [{ units: 1 }, { units: 1 }], dtype });
      update.setParameters([1, 0, 1, 0]);
      const { nonFinite, reason } = finish(
        training(update, toDataset([[1e9]], [0]), { optimizer: sgd({ learningRate: most }), epochs: 1 }),
      );
      expect(nonFinite).toEqual({ step: 1, epoch: 1, layer: 0, quantity: "parameter" });
      expect(reason).toContain("first in the parameters of layer 1");
      expect(Array.from(update.getParameters())).toEqual([1, 0, 1, 0]);
    });

    it("in an update after several good ones: the point before it is still whole", () => {
      for (const good of [1, 2, 3]) {
        const make = () =>
          network({ inputs: 1, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], dtype, seed: 3 });
        const data = toDataset([[1], [2]], [100, 500]);
        const schedule = ({ step }: { step: number }) => (step < good ? 1e-3 : 1e308);
        const net = make();
        const { nonFinite } = finish(training(net, data, { optimizer: sgd(), epochs: 9, schedule }));
        expect(nonFinite).toMatchObject({ step: good + 1, quantity: "parameter" });
        const again = make();
        finish(training(again, data, { optimizer: sgd({ learningRate: 1e-3 }), epochs: good }));
        expect(sameBits(snapshot(net), snapshot(again))).toBe(true);
      }
    });

    it("after some steps: those taken stand, and the parameters are the last finite ones", () => {
      const make = () =>
        network({ inputs: 1, layers: [{ units: 3, activation: "relu" }, { units: 1 }], dtype, seed: 2 });
      const data = toDataset([[1], [2], [3]], [1, 5, 9]);
      const options = () => ({ optimizer: sgd({ learningRate: 10 }), epochs: 400, batchSize: 2 });
      const [net, again] = [make(), make()];
      const history = finish(training(net, data, options()));
      expect(history.status).toBe("non-finite");
      const { step, epoch } = history.nonFinite!;
      expect(step).toBe(history.steps + 1);
      expect(step).toBeGreaterThan(2);
      expect(epoch).toBe(Math.ceil(step / 2));
      expect(history.epochs.length).toBe(epoch - 1);
      const run = training(again, data, options());
      for (let i = 1; i < step; i++) expect(run.next().done).toBe(false);
      expect(sameBits(snapshot(again), snapshot(net))).toBe(true);
      expect(snapshot(net).every(Number.isFinite)).toBe(true);
      expect(run.next().done).toBe(true);
      expect(net.predict([[1]]).rows).toBe(1);
    });

    it("under batch norm: running statistics stay those before the step", () => {
      const net = network({
        inputs: 1,
        layers: [{ units: 2, batchNorm: true, activation: "tanh" }, { units: 1 }],
        dtype,
      });
      const before = snapshot(net);
      // The batch's variance overflows, though every output is finite.
      const history = finish(
        training(net, toDataset([[half], [-half], [3 * half]], [1, 2, 3]), { optimizer: adam(), epochs: 1 }),
      );
      expect(history.nonFinite).toEqual({ step: 1, epoch: 1, layer: 0, quantity: "pre-activation" });
      expect(sameBits(snapshot(net), before)).toBe(true);
    });

    it("early stopping does not undo the last finite step", () => {
      const net = network({ inputs: 1, layers: [{ units: 1 }], dtype });
      net.setParameters([1, 0]);
      const data = toDataset([[1], [2]], [1, 2.5]);
      const options = () => ({
        optimizer: sgd({ learningRate: 3 }),
        epochs: 1000,
        batchSize: 2,
        earlyStopping: { patience: 999 },
      });
      const history = finish(training(net, data, options()));
      expect(history.status).toBe("non-finite");
      const again = network({ inputs: 1, layers: [{ units: 1 }], dtype });
      again.setParameters([1, 0]);
      const run = training(again, data, options());
      for (let i = 0; i < history.steps; i++) run.next();
      expect(snapshot(net)).toEqual(snapshot(again));
    });

    it("its checkpoint goes on from before the step", () => {
      const net = network({ inputs: 1, layers: [{ units: 1 }], dtype });
      net.setParameters([0, 0]);
      const bad = toDataset([[1], [1], [half * 1e10], [1]], [1, 1, 1, 1]);
      const { checkpoint, steps } = finish(
        training(net, bad, { optimizer: sgd(), epochs: 1, batchSize: 1, shuffle: false }),
      );
      expect([steps, checkpoint.progress.used]).toEqual([2, 2]);
      const good = toDataset([[1], [1], [2], [1]], [1, 1, 1, 1]);
      const resumed = finish(
        training(net, good, { optimizer: sgd(), epochs: 1, batchSize: 1, shuffle: false, resume: checkpoint }),
      );
      expect([resumed.status, resumed.steps]).toEqual(["completed", 4]);
    });
  });
});
