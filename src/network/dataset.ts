import { checkKeys, checkObject, firstNonFinite, isFloat32, wrongType, wrongValue } from "../check.js";
import { checkFinite, copyNumbers, type Matrix, toMatrix } from "../linalg/matrix.js";
import { type FloatArray, floatArray } from "../wasm/workspace.js";
import { checkDerivatives } from "./caller-loss.js";
import type { Layout } from "./layout.js";
import { decidesClasses, lossName, lossParameters, type ResolvedSpec } from "./spec.js";

/**
 * Inputs with their targets. Flat targets are class labels or the values of a single output.
 */
export interface Dataset {
  /** One row a sample. */
  readonly inputs: Matrix;
  /** One row a sample; class labels or values of a single output where flat. */
  readonly targets: Matrix | Float64Array;
  /** How much each sample counts; null where all count alike. */
  readonly weights: Float64Array | null;
  /** Number of samples. */
  readonly size: number;
  /**
   * The mean weight of the samples that means are taken over: weights enter as multiples of it.
   * @internal
   */
  readonly meanWeight: number;
}

/** Options of `dataset`. */
export interface DatasetOptions {
  /**
   * How much each sample counts: 2 counts the row twice, and 0 leaves it out. "balanced" makes
   * every class that occurs weigh alike: N/(classes · rows of the class). Default: all samples
   * count alike.
   */
  weights?: ArrayLike<number> | "balanced" | null;
}

class CheckedDataset implements Dataset {
  constructor(
    readonly inputs: Matrix,
    readonly targets: Matrix | Float64Array,
    readonly weights: Float64Array | null,
    readonly meanWeight: number,
  ) {}

  get size(): number {
    return this.inputs.rows;
  }
}

/**
 * Pairs inputs with targets. The network's loss decides what targets mean. Under cross-entropy flat
 * targets are class labels 0, 1, … and a matrix holds probabilities. Otherwise targets are values,
 * one row per sample.
 *
 * With weights w the loss over the data is Σ wₛ·ℓₛ / Σ wₛ. Every gradient, product, Hessian, score
 * and statistic of batch norm counts a sample w times. A mini-batch of B samples divides by B times
 * the mean weight of the training rows, not by its own Σ wₛ. So the gradients of an epoch's batches
 * add up to the gradient over all of the rows, and a class with few, heavy rows keeps its weight.
 * Rows of weight 0 are in no batch. Only ratios of weights matter, with one exception. Batch norm's
 * running variance is unbiased by n/(n − 1), where n = Σ wₛ if all weights are whole numbers, and
 * otherwise n = (Σ wₛ)²/Σ wₛ² (Kish 1965).
 *
 * @param inputs one row per sample.
 * @param targets as many rows, or as many numbers.
 * @param options weights: a number of at least 0 for each sample, copied, or "balanced"; see
 * `DatasetOptions`.
 * @returns the data set; matrices over typed arrays are kept without a copy.
 * @throws TypeError for what is not numbers. RangeError for ragged, empty, NaN or infinite data
 * (with row and column), and for numbers of rows that differ. RangeError also for negative weights,
 * for weights that are all 0, and for "balanced" without classes.
 * @example
 * dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]).size; // 4
 * dataset([[0], [1], [2], [3]], [0, 0, 0, 1], { weights: "balanced" }).weights; // Float64Array [2/3, 2/3, 2/3, 2]
 */
export function dataset(
  inputs: Matrix | readonly (readonly number[])[],
  targets: Matrix | readonly (readonly number[])[] | ArrayLike<number>,
  options: DatasetOptions = {},
): Dataset {
  checkObject("dataset", "options", options);
  checkKeys("dataset", options, ["weights"]);
  const x = toMatrix("dataset", "inputs", inputs);
  if (x.rows === 0 || x.columns === 0) {
    wrongValue("dataset", "inputs", "at least one row and one column", `${x.rows} × ${x.columns}`);
  }
  checkFinite("dataset", "inputs", x);
  const y = isFlat(targets) ? flatTargets(targets) : toMatrix("dataset", "targets", targets);
  const count = "data" in y ? y.rows : y.length;
  if (count !== x.rows) wrongValue("dataset", "targets", `${x.rows} rows, as many as the inputs have`, String(count));
  if ("data" in y) {
    if (y.columns === 0) wrongValue("dataset", "targets", "at least one column", "0");
    checkFinite("dataset", "targets", y);
  }
  const { weights } = options;
  return made(x, y, weights ? (weights === "balanced" ? balanced(y) : checkedWeights(weights, count)) : null);
}

function made(inputs: Matrix, targets: Matrix | Float64Array, weights: Float64Array | null): Dataset {
  return new CheckedDataset(inputs, targets, weights, weights ? meanOf(weights) : 1);
}

function meanOf(weights: Float64Array): number {
  return weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
}

function checkedWeights(given: unknown, count: number): Float64Array {
  const expected = 'an array of numbers, or "balanced"';
  if (!Array.isArray(given) && !ArrayBuffer.isView(given)) wrongType("dataset", "weights", expected, given);
  const weights = copyNumbers("dataset", "weights", given as ArrayLike<number>, "in row");
  if (weights.length !== count) wrongValue("dataset", "weights", `${count} numbers`, String(weights.length));
  const wrong = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong >= 0) wrongValue("dataset", "weights", "finite numbers of at least 0", `${weights[wrong]} in row ${wrong}`);
  const mean = meanOf(weights);
  if (!(mean > 0 && mean < Infinity)) wrongValue("dataset", "weights", "a positive finite sum", String(mean * count));
  return weights;
}

/** N/(classes · rows of the class), for classes that occur. */
function balanced(targets: Matrix | Float64Array): Float64Array {
  const labels = classesOf(targets);
  const rows = new Map<number, number>();
  for (const label of labels) rows.set(label, (rows.get(label) ?? 0) + 1);
  return Float64Array.from(labels, (label) => labels.length / rows.size / (rows.get(label) as number));
}

/** The class of each row: a whole number, or the column of a row's largest number. */
function classesOf(targets: Matrix | Float64Array): ArrayLike<number> & Iterable<number> {
  const { data, columns } = "data" in targets ? targets : { data: targets, columns: 1 };
  if (columns > 1) {
    return Array.from({ length: data.length / columns }, (_, row) => {
      const values = data.subarray(row * columns, (row + 1) * columns);
      return values.indexOf(Math.max(...values));
    });
  }
  const wrong = data.findIndex((value) => !(Number.isInteger(value) && value >= 0));
  if (wrong >= 0) {
    const got = `${data[wrong]} in row ${wrong}`;
    wrongValue("dataset", "weights", 'class labels as targets for "balanced"', got);
  }
  return data;
}

function isFlat(targets: unknown): targets is ArrayLike<number> {
  if (ArrayBuffer.isView(targets)) return true;
  return (
    Array.isArray(targets) && (targets.length === 0 || !(Array.isArray(targets[0]) || ArrayBuffer.isView(targets[0])))
  );
}

function flatTargets(targets: ArrayLike<number>): Float64Array {
  const values = copyNumbers("dataset", "targets", targets, "in row");
  const index = firstNonFinite(values);
  if (index >= 0) wrongValue("dataset", "targets", "finite numbers", `${values[index]} in row ${index}, column 0`);
  return values;
}

/** The samples in the given rows, copied, with their weights. */
export function samplesOf({ inputs, targets, weights }: Dataset, rows: ArrayLike<number>): Dataset {
  const flat = !("data" in targets);
  const values = flat ? takeRows(targets, 1, rows) : takeRows(targets.data, targets.columns, rows);
  return made(
    { rows: rows.length, columns: inputs.columns, data: takeRows(inputs.data, inputs.columns, rows) },
    flat ? Float64Array.from(values) : { rows: rows.length, columns: (targets as Matrix).columns, data: values },
    weights && (takeRows(weights, 1, rows) as Float64Array),
  );
}

/**
 * The same data, without a copy, for means over batches of other rows: weights are multiples of the
 * mean of theirs.
 */
export function weighedBy({ inputs, targets, weights }: Dataset, rows: ArrayLike<number>): Dataset {
  if (!weights) return made(inputs, targets, null);
  return weighedAs({ inputs, targets, weights }, meanOf(takeRows(weights, 1, rows) as Float64Array));
}

/** The same data with weights that are multiples of another. */
export function weighedAs(
  { inputs, targets, weights }: Pick<Dataset, "inputs" | "targets" | "weights">,
  meanWeight: number,
): Dataset {
  return new CheckedDataset(inputs, targets, weights, meanWeight);
}

/** The same targets and weights with other inputs. */
export function withInputs(data: Dataset, inputs: Matrix): Dataset {
  return new CheckedDataset(inputs, data.targets, data.weights, data.meanWeight);
}

/** How many rows the data stands for: the sum of its weights. */
export function totalWeight({ weights, size }: Dataset): number {
  return weights ? weights.reduce((sum, weight) => sum + weight, 0) : size;
}

/** The rows that count: all, but those of weight 0. */
export function countedRows({ size, weights }: Dataset): Uint32Array {
  const rows = Uint32Array.from({ length: size }, (_, row) => row);
  return weights ? rows.filter((row) => weights[row] > 0) : rows;
}

/**
 * How many samples such weights are worth: their sum, where all are whole numbers and so count
 * repeated rows, else (Σw)²/Σw² (Kish 1965), which knows no unit.
 */
export function samplesWorth(weights: ArrayLike<number>): number {
  let [sum, squares, whole] = [0, 0, true];
  for (let i = 0; i < weights.length; ++i) {
    sum += weights[i];
    squares += weights[i] ** 2;
    whole &&= Number.isInteger(weights[i]);
  }
  return whole ? sum : sum ** 2 / squares;
}

function takeRows(values: FloatArray, width: number, rows: ArrayLike<number>): FloatArray {
  const taken = floatArray(isFloat32(values) ? "f32" : "f64", rows.length * width);
  for (let i = 0; i < rows.length; ++i) {
    taken.set(values.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  }
  return taken;
}

/** Refuses what is not a data set or does not fit the network. */
export function checkDataset(
  where: string,
  data: unknown,
  { layout: { inputs, outputs }, spec: { loss, dtype } }: { readonly layout: Layout; readonly spec: ResolvedSpec },
): asserts data is Dataset {
  if (!(data instanceof CheckedDataset)) wrongType(where, "data", "what dataset(inputs, targets) returns", data);
  if (data.inputs.columns !== inputs) {
    wrongValue(where, "data", `inputs of width ${inputs}, as the network has`, String(data.inputs.columns));
  }
  if (!(data.meanWeight > 0)) wrongValue(where, "data", "a row whose weight is not 0", `${data.size} of weight 0`);
  const { targets } = data;
  if (dtype === "f32") {
    checkSingle(where, "inputs", data.inputs);
    checkSingle(where, "targets", "data" in targets ? targets : { data: targets, columns: 1 });
  }
  if (loss === "cross-entropy" && !("data" in targets)) return checkLabels(where, targets, outputs);
  const rows = "data" in targets ? targets : { data: targets, columns: 1 };
  const { data: values, columns: width } = rows;
  if (typeof loss === "object" && "value" in loss) {
    checkDerivatives(where, loss, Float64Array.from(values.subarray(0, width)), outputs);
    return;
  }
  const expected = lossName(loss) === "quantile" ? outputs / lossParameters(loss).length : outputs;
  if (width !== expected) {
    const remedy = loss === "cross-entropy" && width === 1 ? "class labels go in a flat array" : undefined;
    wrongValue(where, "data", `targets of width ${expected}, as the network has`, String(width), remedy);
  }
  if (decidesClasses(loss)) checkEach(where, "probabilities in [0, 1]", rows, (y) => y >= 0 && y <= 1);
  if (loss === "cross-entropy") checkSums(where, values, width);
  if (loss === "poisson") checkEach(where, "counts of at least 0 under poisson", rows, (y) => y >= 0);
}

function checkLabels(where: string, labels: Float64Array, classes: number): void {
  for (let i = 0; i < labels.length; ++i) {
    if (!(labels[i] >= 0 && labels[i] < classes && Number.isInteger(labels[i]))) {
      const expected = `class labels from 0 to ${classes - 1}, as the network has ${classes} outputs`;
      wrongValue(where, "targets", expected, `${labels[i]} in row ${i}`);
    }
  }
}

function checkEach(
  where: string,
  expected: string,
  { data, columns }: Pick<Matrix, "data" | "columns">,
  accept: (value: number) => boolean,
  name = "targets",
): void {
  const wrong = data.findIndex((value) => !accept(value));
  if (wrong < 0) return;
  const place = `row ${Math.floor(wrong / columns)}, column ${wrong % columns}`;
  wrongValue(where, name, expected, `${data[wrong]} in ${place}`);
}

/** Refuses what a network in single precision would read as infinite. */
export function checkSingle(where: string, name: string, values: Pick<Matrix, "data" | "columns">): void {
  if (isFloat32(values.data)) return;
  const expected = "numbers that are finite in single precision, as the network's dtype f32 asks";
  checkEach(where, expected, values, (value) => Number.isFinite(Math.fround(value)), name);
}

/**
 * Single precision and printed decimals leave a sum off by a little; a row of counts is off by far
 * more.
 */
const SUM_TOLERANCE = 1e-3;

function checkSums(where: string, values: ArrayLike<number>, width: number): void {
  for (let row = 0; row < values.length / width; ++row) {
    let sum = 0;
    for (let j = 0; j < width; ++j) sum += values[row * width + j];
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      wrongValue(where, "targets", "rows of probabilities that sum to 1", `a sum of ${sum} in row ${row}`);
    }
  }
}
