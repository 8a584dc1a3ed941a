import { combine } from "./elementwise.js";
import { BOOL, BRAIN, DOUBLE, FLOAT, HALF, INT64, type OnnxTensor, STRING } from "./onnx-model.js";
import type { Operator } from "./onnx-operators.js";
import {
  type Constant,
  numberOf,
  numbersIn,
  type Rows,
  refuse,
  rowsAt,
  type Step,
  type Value,
  withCurve,
} from "./onnx-values.js";

/** Operators that leave the numbers as they are, or nearly. */
export const shapeOperators: readonly (readonly [string, Operator])[] = [
  ["Constant", constantNode],
  ["Identity", passing],
  ["Dropout", dropout],
  ["Cast", cast],
  ["Flatten", flatten],
  ["Reshape", reshape],
  ["Squeeze", passingShape],
  ["Unsqueeze", passingShape],
  ["Transpose", transpose],
  ["Shape", sizes],
  ["Gather", sizes],
  ["Slice", sizes],
  ["ReduceProd", sizes],
];

function constantNode(step: Step): Value {
  const { attributes } = step.node;
  const of = (shape: number[], type: number, data: OnnxTensor["data"]): Constant => ({
    kind: "constant",
    shape,
    type,
    data,
  });
  for (const [name, { tensor, number, numbers, text, texts }] of attributes) {
    if (name === "value" && tensor) return { kind: "constant", ...tensor };
    if (name === "value_float") return of([], FLOAT, Float64Array.of(number));
    if (name === "value_int") return of([], INT64, Float64Array.of(number));
    if (name === "value_floats") return of([numbers.length], FLOAT, Float64Array.from(numbers));
    if (name === "value_ints") return of([numbers.length], INT64, Float64Array.from(numbers));
    if (name === "value_string") return of([], STRING, [text]);
    if (name === "value_strings") return of([texts.length], STRING, texts);
  }
  return refuse(step, "a dense value", "none");
}

function passing({ inputs: [value], ...step }: Step): Value {
  return value ?? refuse({ ...step, inputs: [] }, "an input", "none");
}

/** Dropout does nothing in inference; its mask is not for use. */
function dropout(step: Step): Value {
  const training = step.inputs[2];
  if (training?.kind === "constant" && training.data[0] === 1) {
    refuse(step, "a model for inference", "dropout in training mode", "export it with eval()");
  }
  return passing(step);
}

const REAL = [FLOAT, DOUBLE, HALF, BRAIN];

/** What rounding takes off the rows themselves is left out. */
function cast(step: Step): Value {
  const value = passing(step);
  const to = numberOf(step, "to", FLOAT);
  if (to === STRING && value.kind !== "labels") return refuse(step, "numbers", "texts");
  if (value.kind === "constant") {
    if (REAL.includes(to)) return { ...value, type: to };
    step.budget.take(value.data.length);
    return { ...value, type: to, data: numbersIn(step, value).map(to === BOOL ? (x) => Number(x !== 0) : Math.trunc) };
  }
  if (value.kind !== "rows" || REAL.includes(to)) return value;
  if (value.columns) return value;
  return withCurve(value, combine(to === BOOL ? (x) => Number(x !== 0) : Math.trunc, value.curve));
}

function flatten(step: Step): Value {
  const value = passing(step);
  const axis = numberOf(step, "axis", 1);
  if (value.kind === "rows" && axis !== 1 && axis !== -1)
    return refuse(step, "a row for each sample (axis 1)", `axis ${axis}`);
  return value;
}

/** Rows stay rows: the last size is theirs, or all that is left. */
function reshape(step: Step): Value {
  const value = passing(step);
  const shape = step.inputs[1];
  const sizes = shape?.kind === "constant" ? numbersIn(step, shape) : step.node.attributes.get("shape")?.numbers;
  if (value.kind === "constant") return sizes ? reshaped(step, value, Array.from(sizes)) : value;
  if (value.kind !== "rows" || !sizes) return value;
  const width = value.link.width;
  const last = sizes[sizes.length - 1];
  const fits = last === -1 || last === 0 || width === null ? sizes.length > 1 || width === 1 : last === width;
  if (!fits && !(width === 1 && sizes.length === 1)) {
    return refuse(
      step,
      `rows of ${width ?? "their own"} features`,
      `shape ${Array.from(sizes).slice(0, 8).join(" × ")}`,
    );
  }
  return width === null && last > 0 ? { ...value, link: { ...value.link, width: last } } : value;
}

function reshaped(step: Step, value: Constant, sizes: readonly number[]): Value {
  const shape = sizes.map((size, d) => (size === 0 ? (value.shape[d] ?? 0) : size));
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const whole = shape.map((size) => (size === -1 ? value.data.length / known : size));
  if (
    whole.reduce((a, b) => a * b, 1) !== value.data.length ||
    whole.some((size) => !Number.isInteger(size) || size < 0)
  ) {
    return refuse(step, `a shape of ${value.data.length} elements`, sizes.slice(0, 8).join(" × "));
  }
  return { ...value, shape: whole };
}

/** Sizes of 1 come and go; what they hold stays in order. */
function passingShape(step: Step): Value {
  const value = passing(step);
  if (value.kind !== "constant") return value;
  const axes =
    step.inputs[1]?.kind === "constant" ? numbersIn(step, step.inputs[1]) : step.node.attributes.get("axes")?.numbers;
  const list = axes ? Array.from(axes) : [];
  if (step.node.operator === "Squeeze") {
    const { shape } = value;
    const drop = (d: number): boolean => (axes ? list.includes(d) || list.includes(d - shape.length) : true);
    return { ...value, shape: shape.filter((size, d) => size !== 1 || !drop(d)) };
  }
  if (list.length > 8) return refuse(step, "at most 8 axes", String(list.length));
  const rank = value.shape.length + list.length;
  const rest = [...value.shape];
  const places = list.map((d) => (d < 0 ? d + rank : d));
  return { ...value, shape: Array.from({ length: rank }, (_, d) => (places.includes(d) ? 1 : (rest.shift() ?? 1))) };
}

function transpose(step: Step): Value {
  const value = passing(step);
  const order = step.node.attributes.get("perm")?.numbers;
  const swaps = !order || (order.length === 2 && order[0] === 1);
  if (order && !swaps && order.some((d, i) => d !== i))
    return refuse(step, "rows and columns that change places", `${order.slice(0, 8)}`);
  if (!swaps || (value.kind !== "constant" && value.kind !== "rows")) return value;
  if (value.kind === "rows") return { ...value, transposed: !value.transposed, columns: null } satisfies Rows;
  if (value.shape.length < 2) return value;
  if (value.shape.length > 2) return refuse(step, "a matrix", `${value.shape.length} dimensions`);
  const [rows, columns] = value.shape;
  const data = numbersIn(step, value);
  step.budget.take(data.length);
  const turned = new Float64Array(data.length);
  for (let i = 0; i < rows; ++i) for (let j = 0; j < columns; ++j) turned[j * rows + i] = data[i * columns + j];
  return { ...value, shape: [columns, rows], data: turned };
}

/** What is reckoned with shapes serves Reshape alone. */
function sizes(step: Step): Value {
  const [value] = step.inputs;
  if (step.node.operator === "Shape" || value?.kind === "sizes") return { kind: "sizes" };
  if (value?.kind === "constant") return gathered(step, value);
  rowsAt(step, 0);
  return refuse(step, "an operator of a multi-layer perceptron", step.node.operator);
}

/** Single numbers of a constant, as shapes are put together. */
function gathered(step: Step, value: Constant): Value {
  const index = step.inputs[1];
  if (
    step.node.operator !== "Gather" ||
    index?.kind !== "constant" ||
    index.data.length !== 1 ||
    value.shape.length !== 1
  ) {
    return refuse(step, "an operator of a multi-layer perceptron", step.node.operator);
  }
  const at = numbersIn(step, index)[0];
  const picked = numbersIn(step, value)[at < 0 ? at + value.data.length : at];
  if (picked === undefined) return refuse(step, `an index below ${value.data.length}`, String(at));
  return { kind: "constant", shape: index.shape, type: value.type, data: Float64Array.of(picked) };
}
