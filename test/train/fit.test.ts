// Oracle: the same training done again by other means: step by step, for fewer epochs, or with the
// oracle's loops.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  type Checkpoint,
  type EpochRecord,
  fit,
  init,
  type NetworkSpec,
  network,
  type RunHandle,
  type StepRecord,
  sgd,
  training,
} from "../../src/index.js";
import { caseNamed, makeData, makeParameters, Random } from "../cases.js";
import * as oracle from "../oracle/network.js";
import { builds, distance, finish, sameBits, snapshot, take, toDataset } from "../support.js";

const random = new Random(12);
const rows = random.rows(60, 3);
const labels = rows.map(([a, b, c]) => (a * b + c > 0 ? 1 : a > 0.5 ? 2 : 0));
const data = toDataset(rows.slice(0, 40), labels.slice(0, 40));
const held = toDataset(rows.slice(40), labels.slice(40));

const spec: NetworkSpec = {
  inputs: 3,
  layers: [{ units: 16, activation: "relu", batchNorm: true }, { units: 3 }],
  loss: "cross-entropy",
  seed: 5,
};

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("learns exclusive or", async () => {
    const net = network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed: 1 });
    const xor = toDataset(
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      [0, 1, 1, 0],
    );
    const history = await fit(net, xor, { optimizer: adam({ learningRate: 0.05 }), epochs: 200, batchSize: 4 });
    expect(history.status).toBe("completed");
    expect(history.steps).toBe(200);
    expect(net.evaluate(xor).loss).toBeLessThan(1e-3);
  });

  it("tells the penalty's part in the loss of an epoch, also of one that was resumed", async () => {
    const penalised: NetworkSpec = {
      ...spec,
      layers: [{ units: 5, activation: "tanh" }, { units: 3 }],
      penalty: { l1: 0.01, l2: 0.1 },
    };
    const net = network(penalised);
    const { loss } = net.evaluate(data);
    const whole = await fit(net, data, { optimizer: sgd({ learningRate: 0.1 }), epochs: 1, batchSize: 40 });
    const [first] = whole.epochs;
    expect(first.loss - (first.penalty as number)).toBeCloseTo(loss, 12);
    const options = () => ({ optimizer: sgd({ learningRate: 0.1 }), epochs: 2, batchSize: 7 });
    const run = training(network(penalised), data, options());
    const { value } = run.next();
    const rest = training(network(penalised), data, { ...options(), resume: (value as StepRecord).checkpoint() });
    const penalties = (records: Iterable<StepRecord>): (number | undefined)[] =>
      Array.from(records).flatMap(({ epochRecord }) => (epochRecord ? [epochRecord.penalty] : []));
    const expected = penalties(run);
    expect(penalties(rest)).toEqual(expected);
    expect(expected.every((penalty) => (penalty as number) > 0)).toBe(true);
    const without = await fit(network(spec), data, { optimizer: sgd({ learningRate: 0.1 }), epochs: 1 });
    expect(without.epochs[0]).not.toHaveProperty("penalty");
  });

  it("does what training does, to the bit, with the same records", async () => {
    const options = () => ({
      optimizer: adam({ learningRate: 0.01 }),
      epochs: 4,
      batchSize: 7,
      validation: held,
      clip: { norm: 1 },
      seed: 3,
      earlyStopping: { patience: 3 },
    });
    const [first, second] = [network(spec), network(spec)];
    const fitted = await fit(first, data, options());
    const trained = finish(training(second, data, options()));
    expect(snapshot(first)).toEqual(snapshot(second));
    const timeless = ({ seconds, ...rest }: EpochRecord) => rest;
    expect(fitted.epochs.map(timeless)).toEqual(trained.epochs.map(timeless));
    expect(fitted.epochs.every(({ seconds }) => seconds >= 0)).toBe(true);
    expect([fitted.status, fitted.reason, fitted.steps]).toEqual([trained.status, trained.reason, trained.steps]);
  });

  it("records of an epoch say what they should", async () => {
    const net = network(spec);
    const { epochs } = await fit(net, data, { optimizer: sgd({ learningRate: 0.1 }), epochs: 3, validation: held });
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const { loss, accuracy } = net.evaluate(held);
    expect(epochs[2].validationLoss).toBeCloseTo(loss, 14);
    expect(epochs[2].validationAccuracy).toBe(accuracy);
    expect(epochs[2].learningRate).toBe(0.1);
    expect((epochs[2].accuracy as number) * 40).toBeCloseTo(Math.round((epochs[2].accuracy as number) * 40), 12);
    const regression = network({ inputs: 3, layers: [{ units: 1 }] });
    const plain = await fit(regression, toDataset(rows, labels), { optimizer: sgd(), epochs: 1 });
    expect(Object.keys(plain.epochs[0])).toEqual(["epoch", "loss", "learningRate", "seconds"]);
  });

  it("training accuracy counts each sample before its step", async () => {
    const item = caseNamed("relu binary, three outputs");
    const { inputs, targets } = makeData(item);
    const net = network(item.spec);
    net.setParameters(makeParameters(item));
    const outputs = oracle.forward(item.spec, makeParameters(item), inputs).flat();
    const right = outputs.filter((f, k) => f > 0 === (targets as number[][]).flat()[k] > 0.5).length;
    const { epochs } = await fit(net, toDataset(inputs, targets), { optimizer: sgd(), epochs: 1, batchSize: 100 });
    expect(epochs[0].accuracy).toBe(right / 21);
  });

  describe("validation", () => {
    it("as a share is the same as the held-out samples given apart", async () => {
      const { epochs } = await fit(network(spec), data, { optimizer: adam(), epochs: 2, validation: 0.25, seed: 9 });
      expect(
        epochs.every(({ validationLoss, validationAccuracy }) => validationLoss! > 0 && validationAccuracy! >= 0),
      ).toBe(true);
      const again = await fit(network(spec), data, { optimizer: adam(), epochs: 2, validation: 0.25, seed: 9 });
      expect(again.epochs.map(({ validationLoss }) => validationLoss)).toEqual(
        epochs.map(({ validationLoss }) => validationLoss),
      );
      const other = await fit(network(spec), data, { optimizer: adam(), epochs: 2, validation: 0.25, seed: 10 });
      expect(other.epochs[0].validationLoss).not.toBe(epochs[0].validationLoss);
    });

    it("does not change training", async () => {
      const [with_, without] = [network(spec), network(spec)];
      await fit(with_, data, { optimizer: adam(), epochs: 2, validation: held });
      await fit(without, data, { optimizer: adam(), epochs: 2 });
      expect(snapshot(with_)).toEqual(snapshot(without));
    });

    it("a share of 0 holds nothing out", async () => {
      const options = { optimizer: adam(), epochs: 3, validation: 0, earlyStopping: { patience: 1 } };
      const { epochs, status } = await fit(network(spec), data, options);
      expect(status).toBe("completed");
      expect("validationLoss" in epochs[0]).toBe(false);
    });
  });

  describe("early stopping", () => {
    /** A rate high enough for the validation loss to go up and down. */
    const options = (epochs: number) => ({
      optimizer: adam({ learningRate: 0.1 }),
      epochs,
      batchSize: 10,
      validation: held,
    });

    it("stops `patience` epochs after the best and keeps the best parameters", async () => {
      const stopped = network(spec);
      const history = await fit(stopped, data, { ...options(100), earlyStopping: { patience: 4 } });
      expect(history.status).toBe("early-stopped");
      const losses = history.epochs.map(({ validationLoss }) => validationLoss as number);
      const best = losses.indexOf(Math.min(...losses));
      expect(losses.length).toBe(best + 1 + 4);
      expect(history.reason).toContain(`epoch ${best + 1}`);
      const again = network(spec);
      await fit(again, data, options(best + 1));
      expect(snapshot(stopped)).toEqual(snapshot(again));
      expect(stopped.evaluate(held).loss).toBeCloseTo(losses[best], 14);
    });

    it("keeps the best parameters of a run that reaches its end, too", async () => {
      const net = network(spec);
      const history = await fit(net, data, { ...options(30), earlyStopping: { patience: 30 } });
      expect(history.status).toBe("completed");
      const losses = history.epochs.map(({ validationLoss }) => validationLoss as number);
      expect(losses.indexOf(Math.min(...losses))).toBeLessThan(29);
      expect(net.evaluate(held).loss).toBeCloseTo(Math.min(...losses), 14);
    });

    it("watches what it is told to, and counts improvements from the least on", async () => {
      const run = (earlyStopping: object) => fit(network(spec), data, { ...options(40), earlyStopping } as never);
      const accuracy = await run({ patience: 3, monitor: "validationAccuracy" });
      const shares = accuracy.epochs.map(({ validationAccuracy }) => validationAccuracy as number);
      expect(shares.length).toBe(Math.min(40, shares.indexOf(Math.max(...shares)) + 4));
      const loss = await run({ patience: 1, monitor: "loss" });
      const values = loss.epochs.map((epoch) => epoch.loss);
      values.slice(1, -1).forEach((value, k) => expect(value).toBeLessThan(values[k]));
      const impatient = await run({ patience: 2, minimumImprovement: 100 });
      expect([impatient.status, impatient.epochs.length]).toEqual(["early-stopped", 3]);
    });
  });

  describe("clipping", () => {
    const item = caseNamed("relu mse");
    const { inputs, targets } = makeData(item);
    const step = (clip: object) => {
      const net = network(item.spec);
      net.setParameters(makeParameters(item));
      const [record] = take(
        training(net, toDataset(inputs, targets), {
          optimizer: sgd({ learningRate: 1 }),
          epochs: 1,
          batchSize: 100,
          clip: clip as never,
        }),
        1,
      );
      return { record, moved: net.getParameters().map((value, k) => makeParameters(item)[k] - value) };
    };
    const gradient = oracle.gradient(item.spec, makeParameters(item), inputs, targets);
    const norm = Math.hypot(...gradient);

    it("by norm scales the gradient, and leaves a short one alone", () => {
      const { record, moved } = step({ norm: 0.25 });
      expect(record.gradientNorm).toBeCloseTo(norm, 12);
      expect(Math.hypot(...moved)).toBeCloseTo(0.25, 12);
      expect(
        distance(
          moved,
          gradient.map((g) => (g * 0.25) / norm),
        ),
      ).toBeLessThan(1e-12);
      expect(distance(step({ norm: 2 * norm }).moved, gradient)).toBeLessThan(1e-12);
    });

    it("by value limits each entry", () => {
      const limit = Math.max(...gradient.map(Math.abs)) / 3;
      expect(
        distance(
          step({ value: limit }).moved,
          gradient.map((g) => Math.max(-limit, Math.min(limit, g))),
        ),
      ).toBeLessThan(1e-12);
    });

    it("by norm holds where the squares overflow, too", () => {
      const net = network({ inputs: 2, layers: [{ units: 1 }] });
      net.setParameters([0, 0, 0]);
      const huge = toDataset([[3e180, 4e180]], [-0.5]);
      take(training(net, huge, { optimizer: sgd({ learningRate: 1 }), epochs: 1, clip: { norm: 5 } }), 1);
      expect(distance(net.getParameters(), [-3, -4, 0])).toBeLessThan(1e-12);
    });
  });

  describe("signals", () => {
    it("end a run between steps, with what was reached in place", async () => {
      const controller = new AbortController();
      const net = network(spec);
      const history = await fit(net, data, {
        optimizer: adam(),
        epochs: 50,
        batchSize: 10,
        signal: controller.signal,
        onEpoch: ({ epoch }) => {
          if (epoch === 3) controller.abort();
        },
      });
      expect([history.status, history.epochs.length, history.steps]).toEqual(["aborted", 3, 12]);
      expect(history.reason).toContain("12 steps");
      const again = network(spec);
      await fit(again, data, { optimizer: adam(), epochs: 3, batchSize: 10 });
      expect(snapshot(net)).toEqual(snapshot(again));
    });

    it("that came before the run let it take no step", async () => {
      const net = network(spec);
      const before = snapshot(net);
      const optimizer = adam();
      const history = await fit(net, data, { optimizer, epochs: 5, signal: AbortSignal.abort() });
      expect([history.status, history.steps, history.epochs.length, optimizer.steps]).toEqual(["aborted", 0, 0, 0]);
      expect(snapshot(net)).toEqual(before);
      expect((await fit(net, data, { optimizer, epochs: 1 })).status).toBe("completed");
    });

    it("are heard from a timer while the run is busy, and by training", async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 30);
      const history = await fit(network(spec), data, { optimizer: adam(), epochs: 1e7, signal: controller.signal });
      expect(history.status).toBe("aborted");
      expect(history.steps).toBeGreaterThan(0);
      const second = new AbortController();
      const run = training(network(spec), data, {
        optimizer: adam(),
        epochs: 10,
        batchSize: 10,
        signal: second.signal,
      });
      take(run, 5);
      second.abort();
      expect(run.next()).toMatchObject({ done: true, value: { status: "aborted", steps: 5 } });
    });
  });

  describe("onEpoch", () => {
    it("is called after each epoch, in order, and waited for", async () => {
      const events: string[] = [];
      await fit(network(spec), data, {
        optimizer: adam(),
        epochs: 3,
        batchSize: 20,
        schedule: ({ step, learningRate }) => {
          events.push(`step ${step}`);
          return learningRate;
        },
        onEpoch: async ({ epoch }) => {
          events.push(`epoch ${epoch} begins`);
          await new Promise((resolve) => setTimeout(resolve, 2));
          events.push(`epoch ${epoch} ends`);
        },
      });
      expect(events).toEqual(
        [0, 1, 2].flatMap((k) => [
          `step ${2 * k}`,
          `step ${2 * k + 1}`,
          `epoch ${k + 1} begins`,
          `epoch ${k + 1} ends`,
        ]),
      );
    });

    it("that throws or rejects ends the run, which gives everything back", async () => {
      for (const onEpoch of [
        () => {
          throw new Error("enough");
        },
        () => Promise.reject(new Error("enough")),
      ]) {
        const optimizer = adam();
        const net = network(spec);
        await expect(fit(net, data, { optimizer, epochs: 3, onEpoch })).rejects.toThrow("enough");
        expect(optimizer.steps).toBe(2);
        expect((await fit(net, data, { optimizer, epochs: 1 })).status).toBe("completed");
      }
    });

    it("sees the parameters, may set them, and may take a checkpoint", async () => {
      const net = network({ inputs: 3, layers: [{ units: 3 }], loss: "cross-entropy" });
      const losses: number[] = [];
      const checkpoints: Checkpoint[] = [];
      const { epochs } = await fit(net, data, {
        optimizer: sgd({ learningRate: 0.5 }),
        epochs: 3,
        batchSize: 40,
        onEpoch: (_: EpochRecord, run: RunHandle) => {
          losses.push(net.loss(data));
          checkpoints.push(run.checkpoint());
          net.setParameters(new Array(12).fill(0));
        },
      });
      expect(losses[0]).toBeLessThan(epochs[0].loss);
      expect(epochs.slice(1).map(({ loss }) => loss)).toEqual(
        [Math.log(3), Math.log(3)].map((v) => expect.closeTo(v, 14)),
      );
      expect(checkpoints.map(({ progress }) => [progress.epoch, progress.step])).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
      expect(Array.from(net.getParameters())).toEqual(new Array(12).fill(0));
    });

    it("may train another network, or the same one with another optimizer", async () => {
      const net = network(spec);
      const [outer, inner] = [adam(), adam()];
      const history = await fit(net, data, {
        optimizer: outer,
        epochs: 2,
        onEpoch: async () => {
          await expect(fit(net, data, { optimizer: outer, epochs: 1 })).rejects.toThrow("serves no other run");
          await fit(net, data, { optimizer: inner, epochs: 1 });
        },
      });
      expect(history.status).toBe("completed");
      expect([outer.steps, inner.steps]).toEqual([4, 4]);
    });
  });

  it("lets the event loop run, some dozen times a second", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const started = performance.now();
    await fit(network(spec), data, { optimizer: adam(), epochs: 1e7, signal: AbortSignal.timeout(300) });
    clearInterval(timer);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(ticks).toBeGreaterThan(5);
  });

  describe("training, driven by the caller", () => {
    const options = () => ({ optimizer: adam({ learningRate: 0.01 }), epochs: 6, batchSize: 8, seed: 2 });
    const straight = (net = network(spec), more = {}) => {
      finish(training(net, data, { ...options(), ...more }));
      return snapshot(net);
    };

    it("starts nothing before the first step", () => {
      const optimizer = adam();
      const net = network(spec);
      const runs = [1, 2, 3].map(() => training(net, data, { ...options(), optimizer }));
      for (const run of runs) run.return(undefined as never);
      expect(finish(training(net, data, { ...options(), optimizer })).status).toBe("completed");
    });

    it("two on two networks, advanced in turn, do not meet", () => {
      const [expected, other] = [straight(), straight(network({ ...spec, seed: 6 }))];
      const nets = [network(spec), network({ ...spec, seed: 6 })];
      const runs = nets.map((net) => training(net, data, options()));
      for (let i = 0; i < 31; i++) for (const run of runs) run.next();
      expect(nets.map(snapshot)).toEqual([expected, other]);
    });

    it("two on the same network, advanced in turn, go on from each other's parameters", () => {
      const plain = { ...spec, layers: [{ units: 4, activation: "tanh" as const }, { units: 3 }] };
      const net = network(plain);
      const parts = [toDataset(rows.slice(0, 20), labels.slice(0, 20)), toDataset(rows.slice(20), labels.slice(20))];
      const rate = 0.3;
      const runs = parts.map((part) =>
        training(net, part, { optimizer: sgd({ learningRate: rate }), epochs: 5, batchSize: 64 }),
      );
      const mirror = network(plain);
      for (let i = 0; i < 10; i++) {
        const { gradient } = mirror.gradient(parts[i % 2]);
        mirror.setParameters(mirror.getParameters().map((value, k) => value - rate * gradient[k]));
        runs[i % 2].next();
        expect(distance(net.getParameters(), mirror.getParameters())).toBeLessThan(1e-12);
      }
      expect(runs.map((run) => run.next().done)).toEqual([true, true]);
      expect(distance(net.getParameters(), mirror.getParameters())).toBeLessThan(1e-12);
    });

    it("setParameters and setRunningStatistics in the middle are where the next step starts", () => {
      const net = network(spec);
      const run = training(net, data, {
        optimizer: sgd({ learningRate: 0.1 }),
        epochs: 3,
        batchSize: 40,
        shuffle: false,
      });
      take(run, 1);
      const parameters = network({ ...spec, seed: 77 }).getParameters();
      net.setParameters(parameters);
      const statistics = net.getRunningStatistics().fill(0.5);
      net.setRunningStatistics(statistics);
      const { loss, gradient } = net.gradient(data);
      const [record] = take(run, 1);
      expect(record.loss).toBe(loss);
      expect(
        distance(
          net.getParameters(),
          parameters.map((value, k) => value - 0.1 * gradient[k]),
        ),
      ).toBeLessThan(1e-14);
      expect(net.getRunningStatistics()).not.toEqual(statistics);
      net.setParameters(parameters);
      run.return(undefined as never);
      expect(net.getParameters()).toEqual(parameters);
    });

    it("reading in the middle changes nothing", () => {
      const net = network(spec);
      for (const record of training(net, data, { ...options(), validation: undefined as never })) {
        net.getParameters();
        net.predict(rows);
        net.gradient(data);
        record.checkpoint();
        network(spec).getParameters();
      }
      expect(snapshot(net)).toEqual(straight());
    });

    it("broken off leaves the parameters reached, the optimizer free and its memory in it", () => {
      const net = network(spec);
      const { optimizer } = options();
      let last: StepRecord | undefined;
      for (const record of training(net, data, { ...options(), optimizer })) {
        last = record;
        if (record.step === 12) break;
      }
      expect(optimizer.steps).toBe(12);
      expect(last?.epoch).toBe(3);
      const expected = snapshot(net);
      const again = network(spec);
      take(training(again, data, options()), 12);
      expect(snapshot(again)).toEqual(expected);
      finish(training(net, data, { ...options(), optimizer }));
      expect(optimizer.steps).toBe(42);
    });

    it("an error thrown into it ends it", () => {
      const { optimizer } = options();
      const run = training(network(spec), data, { ...options(), optimizer });
      take(run, 2);
      expect(() => run.throw(new Error("out"))).toThrow("out");
      expect(finish(training(network(spec), data, { ...options(), optimizer })).status).toBe("completed");
    });

    it("same input, same bits, whatever else the pool has been used for", () => {
      for (const dtype of ["f64", "f32"] as const) {
        const first = straight(network({ ...spec, dtype }));
        network({ inputs: 50, layers: [{ units: 70 }] }).predict(
          new Random(1).rows(300, 50).map((row) => row.map((v) => 1e300 * v)),
        );
        expect(sameBits(straight(network({ ...spec, dtype })), first)).toBe(true);
      }
    });
  });
});
