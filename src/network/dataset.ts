import { firstNonFinite, isFloat32, wrongType, wrongValue } from "../check.js";
import { checkFinite, copyNumbers, type Matrix, toMatrix } from "../linalg/matrix.js";
import { type FloatArray, floatArray } from "../wasm/workspace.js";
import type { Layout } from "./layout.js";
import type { Loss } from "./spec.js";

/** Inputs with what should come out of them. Flat targets are class labels or the values of a single output. */
export interface Dataset {
  /** One row a sample. */
  readonly inputs: Matrix;
  /** One row a sample; class labels or values of a single output where flat. */
  readonly targets: Matrix | Float64Array;
  /** Number of samples. */
  readonly size: number;
}

class CheckedDataset implements Dataset {
  constructor(
    readonly inputs: Matrix,
    readonly targets: Matrix | Float64Array,
  ) {}

  get size(): number {
    return this.inputs.rows;
  }
}

/**
 * Pairs inputs with targets. What the targets mean is the network's loss's business: under cross-entropy flat targets are class
 * labels 0, 1, … and a matrix holds probabilities; otherwise they are values, one row a sample.
 *
 * @param inputs one row a sample.
 * @param targets as many rows, or as many numbers.
 * @returns the data set; matrices over typed arrays are kept without a copy.
 * @throws TypeError for what is not numbers; RangeError for ragged, empty, NaN or infinite data (with row and column) and for
 * numbers of rows that differ.
 * @example
 * dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]).size; // 4
 */
export function dataset(
  inputs: Matrix | readonly (readonly number[])[],
  targets: Matrix | readonly (readonly number[])[] | ArrayLike<number>,
): Dataset {
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
  return new CheckedDataset(x, y);
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

/** The samples in the given rows, copied. */
export function samplesOf({ inputs, targets }: Dataset, rows: ArrayLike<number>): Dataset {
  const flat = !("data" in targets);
  const values = flat ? takeRows(targets, 1, rows) : takeRows(targets.data, targets.columns, rows);
  return new CheckedDataset(
    { rows: rows.length, columns: inputs.columns, data: takeRows(inputs.data, inputs.columns, rows) },
    flat ? Float64Array.from(values) : { rows: rows.length, columns: (targets as Matrix).columns, data: values },
  );
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
  { inputs, outputs }: Layout,
  loss: Loss,
): asserts data is Dataset {
  if (!(data instanceof CheckedDataset)) wrongType(where, "data", "what dataset(inputs, targets) returns", data);
  if (data.inputs.columns !== inputs) {
    wrongValue(where, "data", `inputs of width ${inputs}, as the network has`, String(data.inputs.columns));
  }
  const { targets } = data;
  if (loss === "cross-entropy" && !("data" in targets)) return checkLabels(where, targets, outputs);
  const width = "data" in targets ? targets.columns : 1;
  if (width !== outputs) {
    const remedy = loss === "cross-entropy" && width === 1 ? "class labels go in a flat array" : undefined;
    wrongValue(where, "data", `targets of width ${outputs}, as the network has`, String(width), remedy);
  }
  const values = "data" in targets ? targets.data : targets;
  if (loss === "binary-cross-entropy") checkProbabilities(where, values, width);
  if (loss === "cross-entropy") {
    checkProbabilities(where, values, width);
    checkSums(where, values, width);
  }
}

function checkLabels(where: string, labels: Float64Array, classes: number): void {
  for (let i = 0; i < labels.length; ++i) {
    if (!(labels[i] >= 0 && labels[i] < classes && Number.isInteger(labels[i]))) {
      const expected = `class labels from 0 to ${classes - 1}, as the network has ${classes} outputs`;
      wrongValue(where, "targets", expected, `${labels[i]} in row ${i}`);
    }
  }
}

function checkProbabilities(where: string, values: ArrayLike<number>, width: number): void {
  for (let i = 0; i < values.length; ++i) {
    if (!(values[i] >= 0 && values[i] <= 1)) {
      const place = `row ${Math.floor(i / width)}, column ${i % width}`;
      wrongValue(where, "targets", "probabilities in [0, 1]", `${values[i]} in ${place}`);
    }
  }
}

/** Single precision and printed decimals leave a sum off by a little; a row of counts is off by far more. */
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
