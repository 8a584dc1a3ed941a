import { combine } from "./elementwise.js";
import type { OnnxNode } from "./onnx-model.js";
import type { Operator } from "./onnx-operators.js";
import {
  constantAt,
  describe,
  endingOf,
  numberOf,
  numbersIn,
  type Rows,
  refuse,
  rowsAt,
  rowsBehind,
  type Step,
  settle,
  type Value,
} from "./onnx-values.js";

/**
 * Operators that make probabilities and classes of outputs, as they stand at the end of
 * classifiers.
 */
export const decisionOperators: readonly (readonly [string, Operator])[] = [
  ["Softmax", softmax],
  ["LogSoftmax", softmax],
  ["Concat", concat],
  ["ArgMax", argMax],
  ["ZipMap", zipMap],
  ["ArrayFeatureExtractor", extract],
  ["LabelEncoder", labelEncoder],
];

function softmax(step: Step): Value {
  const rows = rowsAt(step, 0);
  const axis = numberOf(step, "axis", step.operators < 13 ? 1 : -1);
  if (rows.transposed || (axis !== 1 && axis !== -1))
    return refuse(step, "a softmax over features", `one over axis ${axis}`);
  return { ...rowsBehind(settle(step, rows)), ending: "softmax" };
}

/** Inputs side by side at the beginning; or 1 − p and p, the probabilities of two classes. */
function concat(step: Step): Value {
  const { inputs } = step;
  if (inputs.some((value) => value?.kind === "sizes")) return { kind: "sizes" };
  if (inputs.every((value) => value?.kind === "constant")) return joined(step);
  const rows = inputs.map((_, i) => rowsAt(step, i));
  const axis = numberOf(step, "axis", 1);
  if (axis !== 1 && axis !== -1) return refuse(step, "features side by side (axis 1)", `axis ${axis}`);
  const [first, second, ...more] = rows;
  if (rows.length === 1) return first;
  if (rows.every(({ columns }) => columns)) return sideBySide(step, rows);
  const paired = more.length === 0 && first.link === second.link && areTwo(first, second);
  if (!paired) {
    return refuse(
      step,
      "layers one behind the other",
      "branches that meet",
      "only chains of layers are multi-layer perceptrons",
    );
  }
  const { link, ending } = endingOf(step, second);
  if (ending !== "sigmoid" || link.width !== 1) return refuse(step, "the probabilities of two classes", "other values");
  return { ...second, paired: true };
}

/** Whether each is 1 less the other. */
function areTwo(first: Rows, second: Rows): boolean {
  const { values } = combine((a, b) => Math.abs(a + b - 1), first.curve, second.curve);
  return values.every((x) => x < 1e-6);
}

function sideBySide(step: Step, rows: readonly Rows[]): Value {
  const columns = rows.flatMap(({ columns }) => columns ?? []);
  if (new Set(columns).size < columns.length) return refuse(step, "each input once", "one of them twice");
  const widths = rows.map(({ link }) => link.width);
  if (widths.includes(null)) return refuse(step, "inputs that say how many features they have", "one that does not");
  const width = (widths as number[]).reduce((a, b) => a + b, 0);
  return { ...rowsBehind({ stage: null, below: null, width }), columns };
}

function joined(step: Step): Value {
  const parts = step.inputs.map((_, i) => constantAt(step, i, "a part"));
  if (parts.some(({ shape }) => shape.length > 1)) return refuse(step, "vectors", "constants of more dimensions");
  const data = parts.flatMap((part) => Array.from(numbersIn(step, part)));
  step.budget.take(data.length);
  return { kind: "constant", shape: [data.length], type: parts[0].type, data: Float64Array.from(data) };
}

function argMax(step: Step): Value {
  const rows = rowsAt(step, 0);
  const axis = numberOf(step, "axis", 0);
  if (axis !== 1 && axis !== -1) return refuse(step, "a class for each row (axis 1)", `axis ${axis}`);
  return { kind: "labels", rows, classes: rows.classes };
}

/** Names of columns, as a list of numbers or of texts. */
function labelsOf({ attributes }: OnnxNode, ...names: readonly string[]): readonly (string | number)[] | null {
  for (const name of names) {
    const { numbers = [], texts = [] } = attributes.get(name) ?? {};
    if (texts.length > 0) return texts;
    if (numbers.length > 0) return numbers;
  }
  return null;
}

function zipMap(step: Step): Value {
  const rows = rowsAt(step, 0);
  return { ...rows, classes: labelsOf(step.node, "classlabels_strings", "classlabels_int64s") ?? rows.classes };
}

/** The class of each number that is in a row. */
function extract(step: Step): Value {
  const [from, which] = step.inputs;
  if (which?.kind !== "labels" || from?.kind !== "constant") {
    return refuse(
      step,
      "a list of classes and their numbers",
      [from, which].map((v) => (v ? describe(v) : "none")).join(" and "),
    );
  }
  return { ...which, classes: Array.from<string | number>(from.data) };
}

/** Labels for other labels, number for number; those that are not named stay out. */
function labelEncoder(step: Step): Value {
  const [value] = step.inputs;
  if (value?.kind !== "labels") return refuse(step, "labels", value ? describe(value) : "none", "encode rows before");
  const keys = labelsOf(step.node, "keys_int64s", "keys_strings", "keys_floats");
  const values = labelsOf(step.node, "values_strings", "values_int64s", "values_floats", "classes_strings");
  if (!values) return refuse(step, "labels to give", "none");
  if (!keys) return { ...value, classes: values };
  const before = value.classes ?? keys;
  const given = before.map((label) => values[keys.indexOf(label)]);
  if (given.includes(undefined as never)) return refuse(step, "a label for each class", "fewer");
  return { ...value, classes: given };
}
