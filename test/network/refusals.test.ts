// Oracle: the documented refusals, word for word; and that nothing has changed after any of them.

import { beforeAll, describe, expect, it } from "vitest";
import {
  dataset,
  deadUnits,
  hessianOperator,
  init,
  matrix,
  multiply,
  type NetworkSpec,
  network,
  sgd,
  training,
} from "../../src/index.js";
import { snapshot } from "../support.js";

beforeAll(() => init({ simd: "strict" }));

type Row = [what: string, call: () => unknown, kind: typeof TypeError, message: string];

const NaN_ = Number.NaN;
const good: NetworkSpec = { inputs: 2, layers: [{ units: 3, activation: "relu" }, { units: 2 }] };
const make = (change: object) => () => network({ ...good, ...change } as NetworkSpec);
const layer = (change: object) => make({ layers: [{ units: 3, ...change }] });

function throws([, call, kind, message]: Row): void {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect((thrown as Error | undefined)?.message, "nothing was refused").toContain(message);
  expect(thrown).toBeInstanceOf(kind);
}

describe("network", () => {
  it.each<Row>([
    [
      "no specification",
      () => network(undefined as never),
      TypeError,
      'network: "spec" expected an object, got undefined',
    ],
    ["a list", () => network([1, 2] as never), TypeError, 'network: "spec" expected an object, got an array of 2'],
    ["an unknown option", make({ optimiser: "adam" }), TypeError, 'network: unknown option "optimiser"'],
    ["a misspelt option", make({ sed: 1 }), TypeError, 'network: unknown option "sed"; did you mean "seed"?'],
    [
      "no inputs",
      make({ inputs: undefined }),
      TypeError,
      'network: "inputs" expected a positive integer, got undefined',
    ],
    ["0 inputs", make({ inputs: 0 }), RangeError, 'network: "inputs" expected a positive integer, got 0'],
    ["fractional inputs", make({ inputs: 1.5 }), RangeError, 'network: "inputs" expected a positive integer, got 1.5'],
    ["inputs as text", make({ inputs: "2" }), TypeError, 'network: "inputs" expected a positive integer, got "2"'],
    [
      "no layers",
      make({ layers: undefined }),
      TypeError,
      'network: "layers" expected an array of layers, got undefined',
    ],
    [
      "an empty list of layers",
      make({ layers: [] }),
      RangeError,
      'network: "layers" expected at least one layer, got none',
    ],
    ["widths for layers", make({ layers: [3, 2] }), TypeError, 'network: "layers[0]" expected an object, got 3'],
    ["0 units", layer({ units: 0 }), RangeError, 'network: "layers[0].units" expected a positive integer, got 0'],
    [
      "fractional units",
      make({ layers: [{ units: 3 }, { units: 2.5 }] }),
      RangeError,
      'network: "layers[1].units" expected a positive integer, got 2.5',
    ],
    [
      "negative units",
      layer({ units: -1 }),
      RangeError,
      'network: "layers[0].units" expected a positive integer, got -1',
    ],
    [
      "units NaN",
      layer({ units: NaN_ }),
      RangeError,
      'network: "layers[0].units" expected a positive integer, got NaN',
    ],
    [
      "a misspelt option of a layer",
      layer({ activaton: "relu" }),
      TypeError,
      'network: layers[0]: unknown option "activaton"; did you mean "activation"?',
    ],
    [
      "an unknown activation",
      layer({ activation: "rellu" }),
      RangeError,
      'network: "layers[0].activation" expected a known name, got "rellu"; did you mean "relu"?',
    ],
    ["an activation in other letters", layer({ activation: "LeakyReLU" }), RangeError, 'did you mean "leaky-relu"?'],
    [
      "an activation far from all",
      layer({ activation: "swish-like" }),
      RangeError,
      "known: identity, relu, leaky-relu",
    ],
    [
      "an activation as a number",
      layer({ activation: 3 }),
      TypeError,
      'network: "layers[0].activation" expected one of identity, relu',
    ],
    ["an activation as a function", layer({ activation: Math.tanh }), TypeError, "got a function"],
    ["an unknown type", layer({ activation: { type: "tahn" } }), RangeError, 'did you mean "tanh"?'],
    [
      "another activation's option",
      layer({ activation: { type: "relu", slope: 0.1 } }),
      TypeError,
      'network: layers[0].activation: unknown option "slope"; known: type, atZero',
    ],
    [
      "atZero above 1",
      layer({ activation: { type: "relu", atZero: 1.5 } }),
      RangeError,
      'network: "layers[0].activation.atZero" expected a number in [0, 1], got 1.5',
    ],
    [
      "a null slope",
      layer({ activation: { type: "leaky-relu", slope: null } }),
      TypeError,
      'network: "layers[0].activation.slope" expected a finite number, got null',
    ],
    [
      "an infinite alpha",
      layer({ activation: { type: "elu", alpha: Infinity } }),
      RangeError,
      'network: "layers[0].activation.alpha" expected a finite number, got Infinity',
    ],
    [
      "batch norm as text",
      layer({ batchNorm: "yes" }),
      TypeError,
      'network: "layers[0].batchNorm" expected true or false, got "yes"',
    ],
    [
      "a momentum above 1",
      layer({ batchNorm: { momentum: 2 } }),
      RangeError,
      'network: "layers[0].batchNorm.momentum" expected a number in [0, 1], got 2',
    ],
    [
      "an epsilon of 0",
      layer({ batchNorm: { epsilon: 0 } }),
      RangeError,
      'network: "layers[0].batchNorm.epsilon" expected a positive finite number, got 0',
    ],
    [
      "an unknown option of batch norm",
      layer({ batchNorm: { eps: 1 } }),
      TypeError,
      'network: layers[0].batchNorm: unknown option "eps"',
    ],
    [
      "an unknown loss",
      make({ loss: "crossentropy" }),
      RangeError,
      'network: "loss" expected a known name, got "crossentropy"; did you mean "cross-entropy"?',
    ],
    [
      "a loss that is none",
      make({ loss: 1 }),
      TypeError,
      'network: "loss" expected one of mse, huber, log-cosh, mae, quantile, poisson, cross-entropy, binary-cross-entropy, got 1',
    ],
    [
      "a sigmoid under cross-entropy",
      make({ loss: "cross-entropy", layers: [{ units: 2, activation: "sigmoid" }] }),
      RangeError,
      'network: "loss" expected a loss of outputs after a sigmoid (cross-entropy takes logits), got "cross-entropy"; leave the last activation at "identity" and read probabilities from net.probabilities',
    ],
    [
      "a sigmoid under binary cross-entropy",
      make({ loss: "binary-cross-entropy", layers: [{ units: 1, activation: { type: "sigmoid" } }] }),
      RangeError,
      "binary-cross-entropy takes logits",
    ],
    [
      "one output under cross-entropy",
      make({ loss: "cross-entropy", layers: [{ units: 1 }] }),
      RangeError,
      'got one; use "binary-cross-entropy"',
    ],
    [
      "a negative penalty",
      make({ penalty: { l2: -1 } }),
      RangeError,
      'network: "penalty.l2" expected a finite number of at least 0, got -1',
    ],
    [
      "a penalty of NaN",
      make({ penalty: { l1: NaN_ } }),
      RangeError,
      'network: "penalty.l1" expected a finite number of at least 0, got NaN',
    ],
    ["a penalty as a number", make({ penalty: 0.1 }), TypeError, 'network: "penalty" expected an object, got 0.1'],
    [
      "a penalty on what is not",
      make({ penalty: { on: "weight" } }),
      RangeError,
      'network: "penalty.on" expected a known name, got "weight"; did you mean "weights"?',
    ],
    [
      "an unknown penalty",
      make({ penalty: { L2: 1 } }),
      TypeError,
      'network: penalty: unknown option "L2"; did you mean "l2"?',
    ],
    [
      "an unknown dtype",
      make({ dtype: "float32" }),
      RangeError,
      'network: "dtype" expected a known name, got "float32"',
    ],
    [
      "an unknown initializer",
      make({ initializer: "he_normal" }),
      RangeError,
      'network: "initializer" expected a known name, got "he_normal"; did you mean "he-normal"?',
    ],
    [
      "an initializer that gives NaN",
      make({ initializer: () => NaN_ }),
      RangeError,
      'network: "initializer" expected a finite weight for layer 0, unit 0, input 0, got NaN',
    ],
    ["an initializer that gives nothing", make({ initializer: () => undefined }), RangeError, "got undefined"],
    ["an initializer that gives null", make({ initializer: () => null }), RangeError, "got null"],
    [
      "an initializer beyond single precision",
      make({ dtype: "f32", initializer: () => 1e39 }),
      RangeError,
      "got 1e+39",
    ],
    ["a negative seed", make({ seed: -1 }), RangeError, 'network: "seed" expected an integer of at least 0, got -1'],
    ["a seed of text", make({ seed: "1" }), TypeError, 'network: "seed" expected an integer of at least 0, got "1"'],
  ])("%s", (...row) => throws(row));
});

describe("data beyond the network's single precision", () => {
  const single = network({ inputs: 1, layers: [{ units: 1 }], dtype: "f32" });
  const inputs = dataset([[1], [-1e39]], [1, 2]);
  const targets = dataset([[1], [2]], [1, 3.5e38]);
  const expected = "expected numbers that are finite in single precision, as the network's dtype f32 asks, got";
  const options = { optimizer: sgd(), epochs: 1 };

  it.each<Row>([
    ["inputs of a loss", () => single.loss(inputs), RangeError, `loss: "inputs" ${expected} -1e+39 in row 1, column 0`],
    ["targets of a gradient", () => single.gradient(targets), RangeError, `gradient: "targets" ${expected} 3.5e+38`],
    ["a Hessian's", () => single.hessian(inputs), RangeError, `hessian: "inputs" ${expected}`],
    ["an operator's", () => hessianOperator(single, targets), RangeError, `hessianOperator: "targets" ${expected}`],
    ["scores", () => single.evaluate(targets), RangeError, `evaluate: "targets" ${expected}`],
    ["predictions", () => single.predict([[1], [2e39]]), RangeError, `predict: "inputs" ${expected} 2e+39 in row 1`],
    ["a training run's", () => training(single, inputs, options).next(), RangeError, `training: "inputs" ${expected}`],
    [
      "a validation set's",
      () => training(single, dataset([[1]], [1]), { ...options, validation: targets }).next(),
      RangeError,
      `training: validation: "targets" ${expected}`,
    ],
  ])("%s", (...row) => throws(row));

  it("is what double precision and the largest single take", () => {
    const double = network({ inputs: 1, layers: [{ units: 1 }] });
    expect(double.predict([[-1e39]]).data[0]).not.toBeNaN();
    expect(single.predict([[3.4028234e38]]).rows).toBe(1);
    expect(single.loss(dataset(matrix(1, 1, Float32Array.of(1e38)), [1]))).not.toBeNaN();
  });
});

describe("dataset", () => {
  it.each<Row>([
    [
      "nothing",
      () => dataset(undefined as never, []),
      TypeError,
      'dataset: "inputs" expected an array of rows or a matrix, got undefined',
    ],
    [
      "no rows",
      () => dataset([], []),
      RangeError,
      'dataset: "inputs" expected at least one row and one column, got 0 × 0',
    ],
    ["no columns", () => dataset([[], []], [1, 2]), RangeError, "got 2 × 0"],
    [
      "ragged inputs",
      () => dataset([[1, 2], [3]], [1, 2]),
      RangeError,
      'dataset: "inputs" expected rows of equal length (2, as in row 0), got 1 in row 1',
    ],
    [
      "ragged targets",
      () => dataset([[1], [2]], [[1], [2, 3]]),
      RangeError,
      'dataset: "targets" expected rows of equal length (1, as in row 0), got 2 in row 1',
    ],
    [
      "NaN in the inputs",
      () =>
        dataset(
          [
            [1, 2],
            [3, NaN_],
          ],
          [1, 2],
        ),
      RangeError,
      'dataset: "inputs" expected finite numbers, got NaN in row 1, column 1 of 2 × 2',
    ],
    [
      "infinity in the inputs",
      () => dataset(matrix(2, 2, new Float32Array([1, 2, -Infinity, 3])), [1, 2]),
      RangeError,
      "got -Infinity in row 1, column 0 of 2 × 2",
    ],
    [
      "NaN in the targets",
      () =>
        dataset(
          [[1], [2]],
          [
            [1, 2],
            [3, NaN_],
          ],
        ),
      RangeError,
      'dataset: "targets" expected finite numbers, got NaN in row 1, column 1 of 2 × 2',
    ],
    [
      "NaN in flat targets",
      () => dataset([[1], [2]], [1, NaN_]),
      RangeError,
      'dataset: "targets" expected finite numbers, got NaN in row 1, column 0',
    ],
    [
      "infinity in flat targets",
      () => dataset([[1], [2]], new Float32Array([Infinity, 1])),
      RangeError,
      "got Infinity in row 0, column 0",
    ],
    [
      "text in the inputs",
      () => dataset([[1], ["2" as never]], [1, 2]),
      TypeError,
      'dataset: "inputs" expected a number in row 1, column 0, got "2"',
    ],
    ["null in the inputs", () => dataset([[1], [null as never]], [1, 2]), TypeError, "got null"],
    [
      "null in flat targets",
      () => dataset([[1], [2]], [1, null as never]),
      TypeError,
      'dataset: "targets" expected a number in row 1, got null',
    ],
    [
      "text in flat targets",
      () => dataset([[1], [2]], ["1" as never, 2]),
      TypeError,
      'dataset: "targets" expected a number in row 0, got "1"',
    ],
    ["flags for targets", () => dataset([[1], [2]], [true as never, false as never]), TypeError, "got true"],
    [
      "a hole in flat targets",
      () => dataset([[1], [2]], Object.assign([], { 0: 1, length: 2 }) as never),
      TypeError,
      'dataset: "targets" expected a number in row 1, got undefined',
    ],
    [
      "too few targets",
      () => dataset([[1], [2]], [1]),
      RangeError,
      'dataset: "targets" expected 2 rows, as many as the inputs have, got 1',
    ],
    [
      "too many rows of targets",
      () => dataset([[1]], [[1], [2]]),
      RangeError,
      'dataset: "targets" expected 1 rows, as many as the inputs have, got 2',
    ],
    [
      "no targets",
      () => dataset([[1]], undefined as never),
      TypeError,
      'dataset: "targets" expected an array of rows or a matrix, got undefined',
    ],
    [
      "empty rows of targets",
      () => dataset([[1]], [[]]),
      RangeError,
      'dataset: "targets" expected at least one column, got 0',
    ],
    [
      "a matrix that is none",
      () => dataset({ rows: 2, columns: 1 } as never, [1, 2]),
      TypeError,
      'dataset: "inputs.data" expected a Float64Array or Float32Array, got undefined',
    ],
    [
      "a matrix that lies about its rows",
      () => dataset({ rows: 3, columns: 1, data: new Float64Array(2) }, [1, 2, 3]),
      RangeError,
      'dataset: "inputs.data" expected 3 × 1 numbers, got 2',
    ],
  ])("%s", (...row) => throws(row));
});

describe("a network's methods", () => {
  const net = network({ ...good, dtype: "f32" });
  const single = network(good);
  const classes = network({ ...good, loss: "cross-entropy" });
  const binary = network({ ...good, loss: "binary-cross-entropy" });
  const normalised = network({ inputs: 2, layers: [{ units: 2, batchNorm: true }] });
  const rows = [[1, 2]];
  const data = dataset(rows, [[1, 2]]);
  const before = [net, single, classes, binary, normalised].map(snapshot);

  it.each<Row>([
    [
      "too few parameters",
      () => net.setParameters([1, 2]),
      RangeError,
      'setParameters: "values" expected 17 numbers, got 2',
    ],
    [
      "too many parameters",
      () => net.setParameters(new Float64Array(18)),
      RangeError,
      'setParameters: "values" expected 17 numbers, got 18',
    ],
    [
      "NaN as the last parameter",
      () => single.setParameters([...new Array(16).fill(1), NaN_]),
      RangeError,
      'setParameters: "values" expected finite numbers, got NaN at index 16',
    ],
    [
      "infinity among the parameters",
      () => single.setParameters(new Float32Array(17).fill(Infinity)),
      RangeError,
      "got Infinity at index 0",
    ],
    [
      "a parameter beyond single precision",
      () => net.setParameters([...new Array(16).fill(1), 1e39]),
      RangeError,
      'setParameters: "values" expected numbers that are finite in single precision, got 1e+39 at index 16',
    ],
    [
      "text among the parameters",
      () => single.setParameters(new Array(17).fill("1")),
      TypeError,
      'setParameters: "values" expected a number at index 0, got "1"',
    ],
    [
      "a matrix for parameters",
      () => single.setParameters(matrix(1, 17, new Float64Array(17)) as never),
      TypeError,
      'setParameters: "values" expected an array of numbers, got Object',
    ],
    ["no parameters", () => single.setParameters(undefined as never), TypeError, "got undefined"],
    [
      "too few statistics",
      () => normalised.setRunningStatistics([1]),
      RangeError,
      'setRunningStatistics: "values" expected 4 numbers, got 1',
    ],
    [
      "a negative variance",
      () => normalised.setRunningStatistics([0, 0, 1, -1e-9]),
      RangeError,
      'setRunningStatistics: "values" expected variances of at least 0, got -1e-9',
    ],
    [
      "statistics where there are none",
      () => net.setRunningStatistics([1]),
      RangeError,
      'setRunningStatistics: "values" expected 0 numbers, got 1',
    ],
    [
      "inputs of another width",
      () => net.predict([[1]]),
      RangeError,
      'predict: "inputs" expected rows of width 2, as the network has, got 1',
    ],
    [
      "NaN in the inputs",
      () =>
        net.predict([
          [1, 2],
          [NaN_, 4],
        ]),
      RangeError,
      'predict: "inputs" expected finite numbers, got NaN in row 1, column 0 of 2 × 2',
    ],
    ["ragged inputs", () => net.predict([[1, 2], [1]]), RangeError, 'predict: "inputs" expected rows of equal length'],
    [
      "one flat row",
      () => net.predict([1, 2] as never),
      TypeError,
      'predict: "inputs" expected an array of numbers in row 0, got 1',
    ],
    [
      "inputs that are none",
      () => net.predict("rows" as never),
      TypeError,
      'predict: "inputs" expected an array of rows or a matrix, got "rows"',
    ],
    [
      "classes of a regression",
      () => net.classify(rows),
      Error as never,
      'classify: a network with loss "mse" has no classes; use net.predict',
    ],
    [
      "probabilities of a regression",
      () => net.probabilities(rows),
      Error as never,
      'probabilities: a network with loss "mse" has no classes; use net.predict',
    ],
    [
      "one class of separate decisions",
      () => binary.classify(rows),
      Error as never,
      "classify: the 2 outputs under binary cross-entropy are separate decisions; read net.probabilities",
    ],
    [
      "rows for data",
      () => net.loss(rows as never),
      TypeError,
      'loss: "data" expected what dataset(inputs, targets) returns, got an array of 1',
    ],
    [
      "data of another width",
      () => net.gradient(dataset([[1]], [[1, 2]])),
      RangeError,
      'gradient: "data" expected inputs of width 2, as the network has, got 1',
    ],
    [
      "targets of another width",
      () => net.evaluate(dataset(rows, [[1]])),
      RangeError,
      'evaluate: "data" expected targets of width 2, as the network has, got 1',
    ],
    [
      "class labels in rows of their own",
      () => classes.loss(dataset([...rows, ...rows], [[0], [1]])),
      RangeError,
      'loss: "data" expected targets of width 2, as the network has, got 1; class labels go in a flat array',
    ],
    [
      "flat targets for two outputs",
      () => net.loss(dataset(rows, [1])),
      RangeError,
      'loss: "data" expected targets of width 2, as the network has, got 1',
    ],
    [
      "a label that is no class",
      () =>
        classes.loss(
          dataset(
            [
              [1, 2],
              [3, 4],
            ],
            [1, 2],
          ),
        ),
      RangeError,
      'loss: "targets" expected class labels from 0 to 1, as the network has 2 outputs, got 2 in row 1',
    ],
    ["a negative label", () => classes.gradient(dataset(rows, [-1])), RangeError, "got -1 in row 0"],
    ["a fractional label", () => classes.evaluate(dataset(rows, [0.5])), RangeError, "got 0.5 in row 0"],
    [
      "counts for probabilities",
      () => classes.loss(dataset(rows, [[3, 4]])),
      RangeError,
      'loss: "targets" expected probabilities in [0, 1], got 3 in row 0, column 0',
    ],
    [
      "probabilities that do not add up",
      () =>
        classes.loss(
          dataset(
            [
              [1, 2],
              [1, 2],
            ],
            [
              [0.5, 0.5],
              [0.5, 0.2],
            ],
          ),
        ),
      RangeError,
      'loss: "targets" expected rows of probabilities that sum to 1, got a sum of 0.7 in row 1',
    ],
    [
      "a negative probability",
      () => classes.loss(dataset(rows, [[-0.5, 1.5]])),
      RangeError,
      "got -0.5 in row 0, column 0",
    ],
    [
      "binary targets outside [0, 1]",
      () => binary.loss(dataset(rows, [[0, 2]])),
      RangeError,
      'loss: "targets" expected probabilities in [0, 1], got 2 in row 0, column 1',
    ],
    [
      "a mode that is none",
      () => net.loss(data, { batchNorm: "train" as never }),
      RangeError,
      'loss: "batchNorm" expected a known name, got "train"; known: batch, running',
    ],
    [
      "an unknown option",
      () => net.gradient(data, { mode: "batch" } as never),
      TypeError,
      'gradient: unknown option "mode"',
    ],
    ["null options", () => net.loss(data, null as never), TypeError, 'loss: "options" expected an object, got null'],
    [
      "one row under batch statistics",
      () => normalised.loss(data),
      RangeError,
      'loss: "data" expected at least two rows, since batch norm needs a variance, got one; or pass { batchNorm: "running" }',
    ],
    [
      "no network",
      () => deadUnits({} as never, data),
      TypeError,
      'deadUnits: "net" expected what network(...) returns, got Object',
    ],
  ])("%s", (what, call, kind, message) => {
    throws([what, call, kind, message]);
    expect([net, single, classes, binary, normalised].map(snapshot)).toEqual(before);
    expect(net.predict(rows).columns).toBe(2);
  });

  it("accepts what is close enough", () => {
    expect(normalised.loss(data, { batchNorm: "running" })).toBeGreaterThan(0);
    expect(classes.loss(dataset(rows, [[0.33334, 0.66667]]))).toBeGreaterThan(0);
    expect(classes.loss(dataset(rows, new Uint8Array([1])))).toBeGreaterThan(0);
    expect(binary.loss(dataset(rows, [[0.3, 1]]))).toBeGreaterThan(0);
  });
});

describe("more memory than there is", () => {
  const amount = /\d+(\.\d+)? [GTP]iB/;

  it.each<[string, () => unknown, RegExp]>([
    [
      "a network",
      () => network({ inputs: 100_000, layers: [{ units: 100_000 }] }),
      /^network: "layers" expected parameters that fit into WebAssembly's 4 GiB, got 10000100000, which need 74.5 GiB; use fewer units or dtype f32$/,
    ],
    [
      "a network in f32",
      () => network({ inputs: 100_000, layers: [{ units: 100_000 }], dtype: "f32" }),
      /37.3 GiB; use fewer units$/,
    ],
    [
      "a network whose size has no name",
      () => network({ inputs: 2 ** 40, layers: [{ units: 2 ** 40 }] }),
      /use fewer units/,
    ],
    [
      "a product",
      () => multiply(matrix(1e6, 0, []), matrix(0, 1e6, [])),
      /this needs 7.28 TiB of WebAssembly memory, of which there are at most 4 GiB/,
    ],
    [
      "a batch under batch norm",
      () => {
        const net = network({
          inputs: 1,
          layers: [{ units: 8192, batchNorm: true }, { units: 1 }],
          initializer: "zeros",
        });
        return net.gradient(dataset(matrix(50_000, 1, new Float64Array(50_000)), new Float64Array(50_000)));
      },
      /GiB of WebAssembly memory, of which there are at most 4 GiB; use fewer samples at a time/,
    ],
    [
      "predictions",
      () => {
        const net = network({ inputs: 1, layers: [{ units: 1_000_000 }], initializer: "zeros" });
        return net.predict(matrix(100_000, 1, new Float64Array(100_000)));
      },
      /an array of 745 GiB/,
    ],
  ])("%s", (_, call, message) => {
    const net = network(good);
    const expected = net.predict([[1, 2]]);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
    if (!String(message).includes("fewer units/")) expect(call).toThrow(amount);
    for (let again = 0; again < 3; again++) expect(net.predict([[1, 2]])).toEqual(expected);
    expect(network(good).gradient(dataset([[1, 2]], [[1, 2]])).loss).toBeGreaterThan(0);
  });
});
