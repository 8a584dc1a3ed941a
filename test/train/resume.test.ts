// Oracle: the same run without a break; the bits must agree.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  type Checkpoint,
  cosine,
  type EpochRecord,
  fit,
  init,
  type NetworkSpec,
  network,
  type Optimizer,
  oneCycle,
  rmsprop,
  sgd,
  stepDecay,
  type TrainingOptions,
  training,
  warmUp,
} from "../../src/index.js";
import { Random } from "../cases.js";
import { methods } from "../optimize/methods.js";
import { builds, dtypes, finish, sameBits, snapshot, take, toDataset } from "../support.js";

const random = new Random(4);
const rows = random.rows(37, 3);
const labels = rows.map(([a, b]) => (a > b ? 1 : b > 0.5 ? 2 : 0));
const data = toDataset(rows, labels);
const held = toDataset(
  random.rows(12, 3),
  Array.from({ length: 12 }, (_, i) => i % 3),
);

const spec: NetworkSpec = {
  inputs: 3,
  layers: [{ units: 6, activation: "relu", batchNorm: true }, { units: 5, activation: "tanh" }, { units: 3 }],
  loss: "cross-entropy",
  penalty: { l1: 1e-4, l2: 1e-3 },
  seed: 3,
};

const optimizers: [string, () => Optimizer][] = [
  ["sgd", () => sgd({ learningRate: 0.05 })],
  [
    "sgd with momentum and dampening",
    () => sgd({ learningRate: 0.05, momentum: 0.9, dampening: 0.1, weightDecay: 1e-3 }),
  ],
  ["sgd with nesterov", () => sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true })],
  ["adagrad", () => adagrad({ learningRateDecay: 0.01, initialAccumulator: 0.1 })],
  ["adadelta", () => adadelta()],
  ["rmsprop", () => rmsprop()],
  ["rmsprop, centered with momentum", () => rmsprop({ centered: true, momentum: 0.5 })],
  ["adam", () => adam({ learningRate: 0.01 })],
  ["adam with amsgrad", () => adam({ learningRate: 0.01, amsgrad: true })],
  ["adamw", () => adamw({ learningRate: 0.01 })],
];

type Rest = Omit<TrainingOptions, "optimizer" | "epochs">;

const timeless = (epochs: readonly EpochRecord[]) => epochs.map(({ seconds, ...rest }) => rest);

/**
 * Runs to the end; then again but broken off after `steps`, saved, and gone on with in a new
 * network by a new optimizer.
 */
function verify(
  make: () => Optimizer,
  steps: number,
  epochs: number,
  rest: Rest,
  given: NetworkSpec = spec,
  on = data,
): void {
  const straight = network(given);
  const optimizer = make();
  const whole = finish(training(straight, on, { ...rest, optimizer, epochs }));

  const first = training(network(given), on, { ...rest, optimizer: make(), epochs });
  const saved = structuredClone(take(first, steps)[steps - 1].checkpoint());
  take(first, 1); // what happens afterwards is none of the checkpoint's business
  first.return(undefined as never);

  const [resumed, taken] = [network({ ...given, seed: 99 }), make()];
  const rest2 = finish(training(resumed, on, { ...rest, optimizer: taken, epochs, resume: saved }));
  expect(snapshot(resumed)).toEqual(snapshot(straight));
  expect(sameBits(snapshot(resumed), snapshot(straight))).toBe(true);
  expect(taken.state()).toEqual(optimizer.state());
  expect(timeless(rest2.epochs)).toEqual(timeless(whole.epochs));
  expect([rest2.status, rest2.reason, rest2.steps]).toEqual([whole.status, whole.reason, whole.steps]);
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  describe.each(optimizers)("%s", (_, make) => {
    it("10 epochs, and 5 + 5, from epochs' ends and from the middle", () => {
      for (const dtype of dtypes) {
        for (const steps of [25, 27, 1]) {
          verify(
            make,
            steps,
            10,
            { batchSize: 8, seed: 6, validation: 0.2, schedule: cosine({ share: 0.1 }) },
            { ...spec, dtype },
          );
        }
      }
    });
  });

  // No l1, which second-order methods refuse.
  const smooth: NetworkSpec = { ...spec, penalty: { l2: 1e-3 } };
  const coupled = { batchSize: 8, seed: 6, validation: 0.2 };

  describe.each(methods)("$name", ({ make: method }) => {
    it.each<[string, Rest, NetworkSpec]>([
      ["a full batch", { batchSize: 37 }, smooth],
      ["a full batch in single precision", { batchSize: 37, validation: 0.2 }, { ...smooth, dtype: "f32" }],
      ["batches", coupled, smooth],
      ["batches in single precision", coupled, { ...smooth, dtype: "f32" }],
    ])("%s, from every few steps on", (_, rest, given) => {
      for (const steps of [1, 4, 6]) verify(() => method({ weightDecay: 1e-3 }), steps, 8, rest, given);
    });

    it("an optimizer that goes on itself is as good as a new one with its state", () => {
      const ends = [false, true].map((fresh) => {
        const optimizer = method();
        const net = network(smooth);
        finish(training(net, data, { optimizer, epochs: 2, batchSize: 10 }));
        const second = fresh ? method().restore(structuredClone(optimizer.state())) : optimizer;
        finish(training(net, data, { optimizer: second, epochs: 2, batchSize: 10, seed: 1 }));
        return snapshot(net);
      });
      expect(sameBits(ends[1], ends[0])).toBe(true);
    });
  });

  const make = () => adam({ learningRate: 0.03 });

  it.each<[string, Rest]>([
    ["no shuffle", { shuffle: false, batchSize: 5 }],
    ["early stopping", { batchSize: 6, validation: held, earlyStopping: { patience: 3 } }],
    [
      "early stopping by accuracy",
      { batchSize: 6, validation: 0.3, earlyStopping: { patience: 2, monitor: "validationAccuracy" } },
    ],
    ["clipping", { batchSize: 6, clip: { norm: 0.1 } }],
    ["step decay", { batchSize: 6, schedule: stepDecay({ every: 2, factor: 0.5 }) }],
    ["warm-up, then one cycle", { batchSize: 6, schedule: warmUp({ steps: 20, after: oneCycle() }) }],
    ["a last batch that joins", { batchSize: 6, seed: 2 }],
  ])("%s", (__, rest) => {
    for (const steps of [3, 12, 16]) verify(make, steps, 8, rest);
  });

  it("counts of decisions under binary cross-entropy with several outputs go on, too", () => {
    const several: NetworkSpec = { inputs: 3, layers: [{ units: 2 }], loss: "binary-cross-entropy" };
    const targets = rows.map(([a, b]) => [a > 0 ? 1 : 0, b > 0 ? 1 : 0]);
    verify(make, 3, 4, { batchSize: 8 }, several, toDataset(rows, targets));
  });

  it("fit resumes what fit saved, and what training saved; so does a checkpoint taken in onEpoch", async () => {
    const options = { batchSize: 8, validation: held, schedule: cosine() };
    const straight = network(spec);
    const whole = await fit(straight, data, { ...options, optimizer: make(), epochs: 10 });
    let inMiddle: Checkpoint | undefined;
    await fit(network(spec), data, {
      ...options,
      optimizer: make(),
      epochs: 10,
      onEpoch: ({ epoch }, run) => {
        if (epoch === 5) inMiddle = run.checkpoint();
      },
    });
    // A schedule looks at the whole run, so the first half is broken off, not shortened.
    const aborted = await fit(network(spec), data, {
      ...options,
      optimizer: make(),
      epochs: 10,
      signal: AbortSignal.any([]),
      onEpoch: ({ epoch }, run) => {
        if (epoch === 7) inMiddle = structuredClone(run.checkpoint());
      },
    });
    expect(aborted.status).toBe("completed");
    const controller = new AbortController();
    const half = await fit(network(spec), data, {
      ...options,
      optimizer: make(),
      epochs: 10,
      signal: controller.signal,
      onEpoch: ({ epoch }) => (epoch === 5 ? controller.abort() : undefined),
    });
    expect(half.status).toBe("aborted");
    for (const resume of [inMiddle as Checkpoint, structuredClone(half.checkpoint)]) {
      const net = network({ ...spec, initializer: "zeros" });
      const history = await fit(net, data, { ...options, optimizer: make(), epochs: 10, resume });
      expect(snapshot(net)).toEqual(snapshot(straight));
      expect(timeless(history.epochs)).toEqual(timeless(whole.epochs));
    }
  });

  it("with a constant rate, 5 epochs and 5 more are 10", async () => {
    const straight = network(spec);
    await fit(straight, data, { optimizer: make(), epochs: 10, seed: 1 });
    const first = network(spec);
    const { checkpoint } = await fit(first, data, { optimizer: make(), epochs: 5, seed: 1 });
    const second = network(spec);
    const { epochs, steps } = await fit(second, data, {
      optimizer: make(),
      epochs: 10,
      seed: 1,
      resume: structuredClone(checkpoint),
    });
    expect(snapshot(second)).toEqual(snapshot(straight));
    expect([epochs.length, steps]).toEqual([10, 20]);
  });

  it("resuming what has ended takes no step, but puts its parameters in place", async () => {
    const first = network(spec);
    const { checkpoint } = await fit(first, data, { optimizer: make(), epochs: 2 });
    const second = network({ ...spec, seed: 50 });
    const history = await fit(second, data, { optimizer: make(), epochs: 2, resume: checkpoint });
    expect([history.status, history.steps, history.epochs.length]).toEqual(["completed", 4, 2]);
    expect(snapshot(second)).toEqual(snapshot(first));
  });

  it("a checkpoint is plain data that later steps do not touch", () => {
    const run = training(network(spec), data, {
      optimizer: make(),
      epochs: 3,
      batchSize: 8,
      validation: held,
      earlyStopping: { patience: 2 },
    });
    const [record] = take(run, 7).slice(-1);
    const saved = record.checkpoint();
    const copy = structuredClone(saved);
    finish(run);
    expect(saved).toEqual(copy);
    expect(Object.keys(saved)).toEqual(["parameters", "statistics", "optimizer", "progress"]);
    expect(saved.progress).toMatchObject({ step: 7, epoch: 1, used: 16 });
  });

  it("a memory that overflowed in single precision goes on, too", () => {
    const single: NetworkSpec = { inputs: 1, layers: [{ units: 1 }], dtype: "f32", initializer: "zeros" };
    const large = toDataset([[1e15], [2e15]], [1e4, 1e4]);
    const options = { epochs: 4, batchSize: 2 };
    const [, record] = take(training(network(single), large, { ...options, optimizer: adam() }), 2);
    const saved = record.checkpoint();
    expect(Array.from(saved.optimizer.vectors.v)).toContain(Number.POSITIVE_INFINITY);
    for (const steps of [1, 2, 3]) verify(() => adam(), steps, 4, { batchSize: 2 }, single, large);
  });

  it("an epoch whose losses add up to infinity is no obstacle", () => {
    const double: NetworkSpec = { inputs: 1, layers: [{ units: 1 }], initializer: "zeros" };
    const large = toDataset([[1], [1], [1]], [1e154, 1e154, 1e154]);
    const options = { epochs: 2, batchSize: 1, clip: { norm: 1 } };
    const [record] = take(training(network(double), large, { ...options, optimizer: adam() }), 3).slice(-1);
    expect(record.epochRecord?.loss).toBe(Number.POSITIVE_INFINITY);
    verify(() => adam(), 3, 2, { batchSize: 1, clip: { norm: 1 } }, double, large);
  });

  it("a checkpoint serves any number of runs", () => {
    const [record] = take(training(network(spec), data, { optimizer: make(), epochs: 3, batchSize: 8 }), 1);
    const saved = record.checkpoint();
    const ends = [1, 2].map(() => {
      const net = network(spec);
      finish(training(net, data, { optimizer: make(), epochs: 3, batchSize: 8, resume: saved }));
      return snapshot(net);
    });
    expect(ends[0]).toEqual(ends[1]);
  });
});

describe("refuses", () => {
  type Changed = { -readonly [K in keyof Checkpoint]: unknown };
  const saved = (): Checkpoint => {
    const options = { optimizer: adam(), epochs: 3, batchSize: 40, earlyStopping: { patience: 9 } };
    return take(training(network(spec), data, options), 1)[0].checkpoint();
  };
  const through = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  const changed = (change: Partial<Changed>): unknown => ({ ...saved(), ...change });
  const withEpochs = (epochs: unknown): unknown => changed({ progress: { ...saved().progress, epochs } });
  const remedy = "got Object; use structuredClone or v8.serialize, JSON has no typed arrays";

  it.each<[string, () => unknown, typeof TypeError, string]>([
    ["JSON", () => through(saved()), TypeError, `"resume.parameters" expected an array of numbers, ${remedy}`],
    [
      "statistics out of JSON",
      () => changed({ statistics: through(saved().statistics) }),
      TypeError,
      `"resume.statistics" expected an array of numbers, ${remedy}`,
    ],
    [
      "an optimizer's memory out of JSON",
      () => changed({ optimizer: through(saved().optimizer) }),
      TypeError,
      `"resume.optimizer.vectors.m" expected a Float64Array or Float32Array, ${remedy}`,
    ],
    [
      "the best parameters out of JSON",
      () => changed({ progress: through(saved().progress) }),
      TypeError,
      `"resume.progress.best.parameters" expected an array of numbers, ${remedy}`,
    ],
    [
      "NaN in an optimizer's memory",
      () => {
        const given = saved();
        given.optimizer.vectors.v[3] = Number.NaN;
        return given;
      },
      RangeError,
      '"resume.optimizer.vectors.v" expected numbers other than NaN, got NaN at index 3',
    ],
    ["epochs that are null", () => withEpochs([null]), TypeError, '"resume.progress.epochs[0]" expected an object'],
    ["a hole among the epochs", () => withEpochs(new Array(1)), TypeError, '.epochs[0]" expected an object'],
    [
      "epochs that are numbers",
      () => withEpochs([...saved().progress.epochs, 0.5]),
      TypeError,
      '"resume.progress.epochs[1]" expected an object, got 0.5',
    ],
    [
      "an epoch without a number",
      () => withEpochs([{ loss: 1 }]),
      TypeError,
      '"resume.progress.epochs[0].epoch" expected a positive integer, got undefined',
    ],
    [
      "an epoch without a loss",
      () => withEpochs([{ epoch: 1, loss: null }]),
      TypeError,
      '"resume.progress.epochs[0].loss" expected a number other than NaN, got null',
    ],
    [
      "a best point of another network",
      () => {
        const given = saved();
        const { parameters, statistics } = given;
        return {
          ...given,
          progress: { ...given.progress, seen: { step: 1, objective: 1, parameters: parameters.slice(1), statistics } },
        };
      },
      RangeError,
      '"resume.progress.seen.parameters"',
    ],
    ["a loss of NaN", () => withEpochs([{ epoch: 1, loss: Number.NaN }]), RangeError, "got NaN"],
  ])("%s", (_, resume, kind, message) => {
    const net = network(spec);
    const before = snapshot(net);
    const start = () => training(net, data, { optimizer: adam(), epochs: 3, resume: resume() as Checkpoint });
    expect(start).toThrow(kind);
    expect(start).toThrow(message);
    expect(snapshot(net)).toEqual(before);
  });
});
