// Oracle: the documented refusals, word for word; and that nothing has changed after any of them.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  type Checkpoint,
  type Dataset,
  dataset,
  fit,
  init,
  matrix,
  type Network,
  network,
  sgd,
  training,
} from "../../src/index.js";
import { finish, snapshot, take } from "../support.js";

beforeAll(() => init({ simd: "strict" }));

const make = () =>
  network({ inputs: 2, layers: [{ units: 3, activation: "relu" }, { units: 2 }], loss: "cross-entropy", seed: 1 });
const data = dataset(
  [
    [1, 2],
    [3, 4],
    [5, 6],
    [0, 1],
  ],
  [0, 1, 1, 0],
);
const normalised = () =>
  network({ inputs: 2, layers: [{ units: 3, batchNorm: true }, { units: 2 }], loss: "cross-entropy" });
const line = () => network({ inputs: 2, layers: [{ units: 1 }] });
const numbers = dataset(
  [
    [1, 2],
    [3, 4],
  ],
  [0.5, 1],
);

type Row = [name: string, change: object, kind: typeof TypeError, message: string];

const options: Row[] = [
  [
    "no optimizer",
    { optimizer: undefined },
    TypeError,
    '"optimizer" expected an optimizer, as in adam(), got undefined',
  ],
  [
    "an optimizer's name",
    { optimizer: "adam" },
    TypeError,
    '"optimizer" expected an optimizer, as in adam(), got "adam"',
  ],
  [
    "an optimizer's factory",
    { optimizer: adam },
    TypeError,
    '"optimizer" expected an optimizer, as in adam(), got a function',
  ],
  ["no epochs", { epochs: undefined }, TypeError, '"epochs" expected a positive integer, got undefined'],
  ["0 epochs", { epochs: 0 }, RangeError, '"epochs" expected a positive integer, got 0'],
  ["half an epoch", { epochs: 0.5 }, RangeError, '"epochs" expected a positive integer, got 0.5'],
  ["endless epochs", { epochs: Infinity }, RangeError, '"epochs" expected a positive integer, got Infinity'],
  ["batch size 0", { batchSize: 0 }, RangeError, '"batchSize" expected a positive integer, got 0'],
  ["batch size -1", { batchSize: -1 }, RangeError, '"batchSize" expected a positive integer, got -1'],
  ["batch size 1.5", { batchSize: 1.5 }, RangeError, '"batchSize" expected a positive integer, got 1.5'],
  ["batch size NaN", { batchSize: Number.NaN }, RangeError, '"batchSize" expected a positive integer, got NaN'],
  ["batch size as text", { batchSize: "8" }, TypeError, '"batchSize" expected a positive integer, got "8"'],
  ["shuffle as a number", { shuffle: 1 }, TypeError, '"shuffle" expected true or false, got 1'],
  ["a negative seed", { seed: -1 }, RangeError, '"seed" expected an integer of at least 0, got -1'],
  ["a fractional seed", { seed: 0.5 }, RangeError, '"seed" expected an integer of at least 0, got 0.5'],
  [
    "a schedule's name",
    { schedule: "cosine" },
    TypeError,
    '"schedule" expected a schedule, as in cosine(), or a function, got "cosine"',
  ],
  ["a null clip's kind", { clip: 1 }, TypeError, '"clip" expected an object, got 1'],
  ["an empty clip", { clip: {} }, RangeError, '"clip" expected either norm or value, got neither'],
  [
    "both clips",
    { clip: { norm: 1, value: 1 } },
    RangeError,
    '"clip" expected either norm or value, got norm and value',
  ],
  ["a clip of 0", { clip: { norm: 0 } }, RangeError, '"clip.norm" expected a positive finite number, got 0'],
  ["an unknown clip", { clip: { norms: 1 } }, TypeError, 'clip: unknown option "norms"; did you mean "norm"?'],
  ["no signal", { signal: {} }, TypeError, '"signal" expected an AbortSignal, got Object'],
  ["a share of 1", { validation: 1 }, RangeError, '"validation" expected a number in [0, 1), got 1'],
  ["a negative share", { validation: -0.1 }, RangeError, '"validation" expected a number in [0, 1), got -0.1'],
  ["a share of NaN", { validation: Number.NaN }, RangeError, '"validation" expected a number in [0, 1), got NaN'],
  [
    "a share that leaves nothing",
    { validation: 0.99 },
    RangeError,
    '"data" expected at least 1 rows to train on, got 0 of 4',
  ],
  [
    "validation that is no data set",
    { validation: [[1, 2]] },
    TypeError,
    ': validation: "data" expected what dataset(inputs, targets) returns, got an array of 1',
  ],
  [
    "validation of another width",
    { validation: dataset([[1]], [0]) },
    RangeError,
    ': validation: "data" expected inputs of width 2, as the network has, got 1',
  ],
  [
    "patience 0",
    { earlyStopping: { patience: 0 } },
    RangeError,
    '"earlyStopping.patience" expected a positive integer, got 0',
  ],
  [
    "no patience",
    { earlyStopping: {} },
    TypeError,
    '"earlyStopping.patience" expected a positive integer, got undefined',
  ],
  ["early stopping as a flag", { earlyStopping: true }, TypeError, '"earlyStopping" expected an object, got true'],
  [
    "a misspelt option of it",
    { earlyStopping: { patience: 1, minimumImprovment: 1 } },
    TypeError,
    'earlyStopping: unknown option "minimumImprovment"; did you mean "minimumImprovement"?',
  ],
  [
    "a negative improvement",
    { earlyStopping: { patience: 1, minimumImprovement: -1 } },
    RangeError,
    '"earlyStopping.minimumImprovement" expected a finite number of at least 0, got -1',
  ],
  [
    "an unknown monitor",
    { earlyStopping: { patience: 1, monitor: "validationLos" } },
    RangeError,
    'did you mean "validationLoss"?',
  ],
  [
    "a monitor without validation",
    { earlyStopping: { patience: 1, monitor: "validationLoss" } },
    RangeError,
    '"earlyStopping.monitor" expected "loss" where nothing is held out, got "validationLoss"; give a validation set or share',
  ],
  [
    "a monitor with a share of 0",
    { validation: 0, earlyStopping: { patience: 1, monitor: "validationLoss" } },
    RangeError,
    '"earlyStopping.monitor"',
  ],
  ["a misspelt option", { batchsize: 2 }, TypeError, 'unknown option "batchsize"; did you mean "batchSize"?'],
  ["an option of others", { lr: 2 }, TypeError, 'unknown option "lr"; known: optimizer, epochs, batchSize'],
];

/** Both ways to train, as something that throws. */
const ways: [string, (net: unknown, data: unknown, options: unknown) => Promise<unknown>][] = [
  ["fit", async (net, data, given) => fit(net as Network, data as Dataset, given as never)],
  ["training", async (net, data, given) => finish(training(net as Network, data as Dataset, given as never))],
];

async function refused(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail("nothing was refused"),
    (error) => error as Error,
  );
}

describe.each(ways)("%s", (where, train) => {
  it.each(options)("%s", async (_, change, kind, message) => {
    const net = make();
    const optimizer = adam();
    const before = snapshot(net);
    const error = await refused(train(net, data, { optimizer, epochs: 1, ...change }));
    expect(error.message).toContain(message);
    expect(error).toBeInstanceOf(kind);
    expect(error.message.startsWith(where)).toBe(true);
    expect(snapshot(net)).toEqual(before);
    expect(optimizer.state()).toEqual(adam().state());
    await expect(train(net, data, { optimizer, epochs: 1 })).resolves.toMatchObject({ status: "completed" });
  });

  it.each<[string, () => unknown, unknown, unknown, typeof TypeError, string]>([
    ["no network", () => ({}), data, {}, TypeError, '"net" expected what network(...) returns, got Object'],
    ["a specification", () => make().spec, data, {}, TypeError, '"net" expected what network(...) returns'],
    ["no data", make, undefined, {}, TypeError, '"data" expected what dataset(inputs, targets) returns, got undefined'],
    [
      "data that were not checked",
      make,
      { inputs: matrix([[1, 2]]), targets: [1], size: 1 },
      {},
      TypeError,
      '"data" expected what dataset(inputs, targets) returns, got Object',
    ],
    [
      "data of another width",
      make,
      dataset([[1]], [0]),
      {},
      RangeError,
      '"data" expected inputs of width 2, as the network has, got 1',
    ],
    [
      "targets of another width",
      line,
      dataset([[1, 2]], [[1, 2]]),
      {},
      RangeError,
      '"data" expected targets of width 1, as the network has, got 2',
    ],
    [
      "a label too high",
      make,
      dataset(
        [
          [1, 2],
          [1, 2],
        ],
        [0, 2],
      ),
      {},
      RangeError,
      '"targets" expected class labels from 0 to 1, as the network has 2 outputs, got 2 in row 1',
    ],
    ["a negative label", make, dataset([[1, 2]], [-1]), {}, RangeError, "got -1 in row 0"],
    ["a fractional label", make, dataset([[1, 2]], [0.5]), {}, RangeError, "got 0.5 in row 0"],
    ["null options", make, data, null, TypeError, '"options" expected an object, got null'],
    [
      "one row under batch norm",
      normalised,
      dataset([[1, 2]], [0]),
      {},
      RangeError,
      '"data" expected at least 2 rows to train on, got 1 of 1',
    ],
    [
      "batch size 1 under batch norm",
      normalised,
      data,
      { batchSize: 1 },
      RangeError,
      '"batchSize" expected at least 2, since batch norm needs a variance, got 1',
    ],
    [
      "a share that leaves one row under batch norm",
      normalised,
      data,
      { validation: 0.75 },
      RangeError,
      '"data" expected at least 2 rows to train on, got 1 of 4',
    ],
    [
      "accuracy of a network without classes",
      line,
      numbers,
      { validation: 0.5, earlyStopping: { patience: 1, monitor: "validationAccuracy" } },
      RangeError,
      '"earlyStopping.monitor" expected a loss, since this network has no classes',
    ],
  ])("%s", async (_, makeNet, on, change, kind, message) => {
    const net = makeNet();
    const error = await refused(train(net, on, change && { optimizer: adam(), epochs: 1, ...change }));
    expect(error.message).toContain(message);
    expect(error).toBeInstanceOf(kind);
  });

  it("an optimizer that serves another run", async () => {
    const optimizer = adam();
    const run = training(make(), data, { optimizer, epochs: 3, batchSize: 2 });
    take(run, 1);
    const net = make();
    const [before, state] = [snapshot(net), optimizer.state()];
    const error = await refused(train(net, data, { optimizer, epochs: 1 }));
    expect(error.message).toBe(
      `${where}: "optimizer" expected one that serves no other run, got one whose run has not ended; end that run, or make an optimizer for each`,
    );
    expect([snapshot(net), optimizer.state()]).toEqual([before, state]);
    take(run, 1);
  });

  describe("resume", () => {
    const good = (): Checkpoint => {
      const options = { optimizer: adam(), epochs: 3, batchSize: 3, earlyStopping: { patience: 9 } };
      return take(training(normalised(), data, options), 1)[0].checkpoint();
    };
    const full = (): Checkpoint => {
      const run = training(normalised(), data, {
        optimizer: adam(),
        epochs: 3,
        batchSize: 4,
        earlyStopping: { patience: 9 },
      });
      return take(run, 1)[0].checkpoint();
    };

    it.each<[string, () => unknown, typeof TypeError, string]>([
      ["no object", () => "latest", TypeError, '"resume" expected an object, got "latest"'],
      ["an empty one", () => ({}), TypeError, '"resume.parameters" expected an array of numbers, got undefined'],
      [
        "too few parameters",
        () => ({ ...good(), parameters: new Float64Array(3) }),
        RangeError,
        '"resume.parameters" expected 23 numbers, got 3',
      ],
      [
        "NaN among the parameters",
        () => ({ ...good(), parameters: new Float64Array(23).fill(Number.NaN) }),
        RangeError,
        '"resume.parameters" expected finite numbers, got NaN at index 0',
      ],
      [
        "too few statistics",
        () => ({ ...good(), statistics: new Float64Array(0) }),
        RangeError,
        '"resume.statistics" expected 6 numbers, got 0',
      ],
      [
        "a negative variance",
        () => ({ ...good(), statistics: new Float64Array(6).fill(-1) }),
        RangeError,
        '"resume.statistics" expected variances of at least 0, got -1',
      ],
      [
        "another optimizer",
        () => ({ ...good(), optimizer: sgd().state() }),
        RangeError,
        '"resume.optimizer.name" expected "adam", got "sgd"',
      ],
      [
        "an optimizer's memory of other options",
        () => ({ ...good(), optimizer: { name: "adam", step: 1, vectors: { m: new Float64Array(23) } } }),
        RangeError,
        '"resume.optimizer.vectors" expected m, v, got m',
      ],
      [
        "an optimizer's memory too long",
        () => ({
          ...good(),
          optimizer: { name: "adam", step: 1, vectors: { m: new Float64Array(23), v: new Float64Array(24) } },
        }),
        RangeError,
        '"resume.optimizer.vectors.v" expected 23 numbers, got 24',
      ],
      [
        "no progress",
        () => ({ ...good(), progress: undefined }),
        TypeError,
        '"resume.progress" expected an object, got undefined',
      ],
      [
        "a negative step",
        () => ({ ...good(), progress: { ...good().progress, step: -1 } }),
        RangeError,
        '"resume.progress.step" expected an integer of at least 0, got -1',
      ],
      [
        "more samples used than there are",
        () => ({ ...good(), progress: { ...good().progress, used: 100 } }),
        RangeError,
        '"resume.progress.used" expected less than the 4 samples of an epoch, got 100',
      ],
      [
        "no epochs",
        () => ({ ...good(), progress: { ...good().progress, epochs: null } }),
        TypeError,
        '"resume.progress.epochs" expected an array, got null',
      ],
      [
        "best parameters too few",
        () => ({
          ...full(),
          progress: { ...full().progress, best: { ...full().progress.best, parameters: new Float64Array(2) } },
        }),
        RangeError,
        '"resume.progress.best.parameters" expected 23 numbers, got 2',
      ],
    ])("%s", async (_, resume, kind, message) => {
      const net = normalised();
      const optimizer = adam();
      const before = snapshot(net);
      const error = await refused(train(net, data, { optimizer, epochs: 3, batchSize: 3, resume: resume() }));
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(kind);
      expect(snapshot(net)).toEqual(before);
      expect(optimizer.state()).toEqual(adam().state());
      await expect(train(net, data, { optimizer, epochs: 1 })).resolves.toMatchObject({ status: "completed" });
    });

    it("that does not fit into memory leaves the optimizer as it was", async () => {
      const wide = network({
        inputs: 1,
        layers: [{ units: 4096, batchNorm: true }, { units: 1 }],
        initializer: "zeros",
      });
      const many = dataset(matrix(60_000, 1, new Float64Array(60_000)), new Float64Array(60_000));
      const size = wide.parameterCount;
      const saved = {
        parameters: wide.getParameters(),
        statistics: wide.getRunningStatistics(),
        optimizer: { name: "adam", step: 5, vectors: { m: new Float64Array(size), v: new Float64Array(size) } },
        progress: { step: 5, epoch: 0, used: 0, lossSum: 0, right: 0, epochs: [], best: null },
      };
      const optimizer = adam();
      const error = await refused(train(wide, many, { optimizer, epochs: 1, batchSize: 60_000, resume: saved }));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toMatch(/needs \d+(\.\d+)? GiB of WebAssembly memory/);
      expect(optimizer.state()).toEqual(adam().state());
      expect((await fit(make(), data, { optimizer, epochs: 1 })).status).toBe("completed");
    });
  });
});

it("fit: onEpoch that is no function", async () => {
  const error = await refused(fit(make(), data, { optimizer: adam(), epochs: 1, onEpoch: "log" as never }));
  expect(error.message).toBe('fit: "onEpoch" expected a function, got "log"');
  expect(error).toBeInstanceOf(TypeError);
});

it("training knows no onEpoch", () => {
  expect(() => training(make(), data, { optimizer: adam(), epochs: 1, onEpoch: () => undefined } as never)).toThrow(
    'unknown option "onEpoch"',
  );
});
