import type { Activation } from "../../network/spec.js";
import { type Curve, combine, constantCurve, erf, line, named, phiOf } from "./elementwise.js";
import { affineOperators } from "./onnx-affine.js";
import { decisionOperators } from "./onnx-decisions.js";
import { shapeOperators } from "./onnx-shapes.js";
import {
  behind,
  type Constant,
  describe,
  numberOf,
  numbersIn,
  type Rows,
  refuse,
  rowsAt,
  rowsBehind,
  type Step,
  settle,
  type Value,
  withCurve,
} from "./onnx-values.js";

/** What a node gives, by its operator: one value for each of its outputs. */
export type Operator = (step: Step) => Value | readonly Value[];

type Arithmetic = (...values: number[]) => number;

const binary: Record<string, Arithmetic> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Min: Math.min,
  Max: Math.max,
  Sum: (...values) => values.reduce((a, b) => a + b, 0),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Where: (condition, a, b) => (condition ? a : b),
};

const unary: Record<string, Arithmetic> = {
  Neg: (x) => -x,
  Abs: Math.abs,
  Exp: Math.exp,
  Log: Math.log,
  Sqrt: Math.sqrt,
  Erf: erf,
  Reciprocal: (x) => 1 / x,
  Sign: Math.sign,
  Not: (x) => Number(!x),
};

const activations: Record<string, (step: Step) => Activation | null> = {
  Relu: () => ({ type: "relu" }),
  Tanh: () => ({ type: "tanh" }),
  Sigmoid: () => ({ type: "sigmoid" }),
  Softplus: () => ({ type: "softplus" }),
  LeakyRelu: (step) => ({ type: "leaky-relu", slope: single(numberOf(step, "alpha", 0.01)) }),
  Elu: (step) => ({ type: "elu", alpha: single(numberOf(step, "alpha", 1)) }),
  Gelu: ({ node }) => (node.attributes.get("approximate")?.text === "tanh" ? null : { type: "gelu" }),
  Swish: (step) => (numberOf(step, "alpha", 1) === 1 ? { type: "silu" } : null),
};

/** The decimal that a number in single precision was written for: 0.01 and not 0.009999999776. */
function single(value: number): number {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === Math.fround(value) ? short : value;
}

/** Operators whose function has its parameters in attributes. */
const formulas: Record<string, (step: Step) => Arithmetic> = {
  Selu: (step) => {
    const alpha = numberOf(step, "alpha", 1.6732631921768188);
    const gamma = numberOf(step, "gamma", 1.0507010221481323);
    return (x) => gamma * phiOf({ type: "elu", alpha }, x);
  },
  HardSigmoid: (step) => {
    const [alpha, beta] = [numberOf(step, "alpha", 0.2), numberOf(step, "beta", 0.5)];
    return (x) => Math.max(0, Math.min(1, alpha * x + beta));
  },
  ThresholdedRelu: (step) => (x) => (x > numberOf(step, "alpha", 1) ? x : 0),
  Celu: (step) => {
    const alpha = numberOf(step, "alpha", 1);
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  },
  Binarizer: (step) => (x) => Number(x > numberOf(step, "threshold", 0)),
  Gelu: () => (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  Swish: (step) => (x) => x / (1 + Math.exp(-numberOf(step, "alpha", 1) * x)),
};

/** Every operator of a multi-layer perceptron. */
export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...Object.entries(binary).map(([name, f]) => [name, (step: Step) => arithmetic(step, f)] as const),
  ...Object.entries(unary).map(([name, f]) => [name, (step: Step) => elementwise(step, f)] as const),
  ...Object.entries(formulas).map(([name, of]) => [name, (step: Step) => formula(step, of(step))] as const),
  ...Object.entries(activations).map(([name, of]) => [name, (step: Step) => activate(step, of(step), name)] as const),
  ["PRelu", prelu],
  ["Clip", clip],
  ...affineOperators,
  ...shapeOperators,
  ...decisionOperators,
]);

function activate(step: Step, activation: Activation | null, operator: string): Value {
  if (activation === null) return formula(step, formulas[operator](step));
  const value = step.inputs[0];
  if (value?.kind === "constant") return constant(step, [value], (x) => phiOf(activation, x));
  const rows = inward(step, rowsAt(step, 0));
  return withCurve(rows, named(activation, rows.curve));
}

/**
 * A function of one number whose argument may be scaled inside: an argument that is a straight line
 * is remembered.
 */
function formula(step: Step, f: Arithmetic): Value {
  const rows = inward(step, rowsAt(step, 0));
  const curve = combine(f, rows.curve);
  if (step.node.operator !== "Celu") return withCurve(rows, curve);
  const inner = [1 / numberOf(step, "alpha", 1), 0] as const;
  return withCurve(rows, { ...curve, inner: [inner, ...curve.inner] });
}

function elementwise(step: Step, f: Arithmetic): Value {
  const [value] = step.inputs;
  if (value?.kind === "constant") return constant(step, [value], f);
  const rows = rowsAt(step, 0);
  // The logarithm of probabilities has the same logits.
  if (step.node.operator === "Log" && rows.ending === "softmax") return rows;
  const inner = inward(step, rows);
  return withCurve(inner, step.node.operator === "Neg" ? negative(inner.curve) : combine(f, inner.curve));
}

function negative(curve: Curve): Curve {
  if (curve.affine) return line(-curve.affine[0], -curve.affine[1], curve);
  return combine((x) => -x, curve);
}

/** Behind a softmax nothing is computed any more. */
function inward(step: Step, rows: Rows): Rows {
  if (rows.ending || rows.paired) refuse(step, "a softmax at the end of the model", "one with more behind it");
  return rows;
}

function slopeOf(step: Step): number | null {
  const slope = step.inputs[1];
  if (slope?.kind !== "constant") return null;
  const numbers = numbersIn(step, slope);
  return numbers.length > 0 && numbers.every((x) => x === numbers[0]) ? numbers[0] : null;
}

function prelu(step: Step): Value {
  const slope = slopeOf(step);
  if (slope === null) return refuse(step, "one slope for all units", "a slope for each");
  return activate(step, { type: "leaky-relu", slope }, "PRelu");
}

/** Bounds are inputs, before version 11 attributes. */
function clip(step: Step): Value {
  const bound = (index: number, name: string, usual: number): number => {
    const given = step.inputs[index];
    return given?.kind === "constant" && given.data.length === 1
      ? numbersIn(step, given)[0]
      : numberOf(step, name, usual);
  };
  const [low, high] = [bound(1, "min", -Infinity), bound(2, "max", Infinity)];
  if (low === 0 && high > 1e30) return activate(step, { type: "relu" }, "Clip");
  return formula(step, (x) => Math.max(low, Math.min(high, x)));
}

/** Rows with constants or with other functions of the same rows. */
function arithmetic(step: Step, f: Arithmetic): Value {
  const { inputs } = step;
  const values = inputs.filter(
    (value): value is Constant | Rows => value?.kind === "constant" || value?.kind === "rows",
  );
  if (values.length < inputs.length || values.length === 0) return arithmeticOfOthers(step);
  const rows = values.filter(({ kind }) => kind === "rows") as Rows[];
  if (rows.length === 0) return constant(step, values as Constant[], f);
  const [first] = rows;
  for (const other of rows) {
    if (other.link !== first.link || other.transposed !== first.transposed) {
      refuse(
        step,
        "layers one behind the other",
        "two branches that meet",
        "only chains of layers are multi-layer perceptrons",
      );
    }
    inward(step, other);
  }
  const vectors = values.filter((value) => value.kind === "constant" && value.data.length !== 1);
  if (vectors.length > 0) return scaled(step, values, vectors as Constant[]);
  const curves = values.map((value) =>
    value.kind === "rows" ? value.curve : constantCurve(numbersIn(step, value)[0]),
  );
  return withCurve(first, straight(step.node.operator, curves) ?? combine(f, ...curves));
}

function arithmeticOfOthers(step: Step): Value {
  if (step.inputs.some((value) => value?.kind === "sizes")) return { kind: "sizes" };
  return refuse(
    step,
    "rows and constants",
    step.inputs.map((value) => (value ? describe(value) : "none")).join(" and "),
  );
}

/** Sums, differences and multiples of straight lines, exactly. */
function straight(operator: string, curves: readonly Curve[]): Curve | null {
  const [first, second, ...more] = curves;
  if (!first?.affine || !second?.affine || more.length > 0) return null;
  const [[a, b], [c, d]] = [first.affine, second.affine];
  const from = a === 0 ? second : first;
  if (operator === "Add" || operator === "Sum") return line(a + c, b + d, from);
  if (operator === "Sub") return line(a - c, b - d, from);
  if (operator === "Mul" && c === 0) return line(a * d, b * d, from);
  if (operator === "Mul" && a === 0) return line(b * c, b * d, from);
  if (operator === "Div" && c === 0) return line(a / d, b / d, from);
  return null;
}

/** A number for each feature: becomes part of the layers. */
function scaled(step: Step, values: readonly (Constant | Rows)[], vectors: readonly Constant[]): Value {
  const { operator } = step.node;
  const [first, second] = values;
  if (values.length !== 2 || vectors.length !== 1 || !["Add", "Sum", "Sub", "Mul", "Div"].includes(operator)) {
    return refuse(step, "a number for each feature in sums and products alone", operator);
  }
  const rows = (first.kind === "rows" ? first : second) as Rows;
  const vector = numbersIn(step, vectors[0]);
  checkFeatures(step, vectors[0], rows);
  const link = settle(step, rows);
  const { length } = vector;
  if (link.width !== null && link.width !== length) refuse(step, `numbers for ${link.width} features`, `${length}`);
  step.budget.take(2 * length);
  const [ones, none] = [new Float64Array(length).fill(1), new Float64Array(length)];
  if (operator === "Div" && first.kind === "constant") return refuse(step, "rows divided by numbers", "the reverse");
  const sign = operator === "Sub" && first.kind === "constant" ? -1 : 1;
  const shift = operator === "Sub" && sign > 0 ? vector.map((x) => -x) : vector;
  const stage =
    operator === "Mul" || operator === "Div"
      ? { factor: operator === "Div" ? vector.map((x) => 1 / x) : vector, shift: none }
      : { factor: sign > 0 ? ones : ones.map((x) => -x), shift };
  const next = behind({ ...link, width: link.width ?? length }, { kind: "scale", ...stage });
  return rowsBehind(next, rows);
}

/** All in the features' dimension. */
function checkFeatures(step: Step, { shape }: Constant, { transposed }: Rows): void {
  const place = transposed ? shape.length - 2 : shape.length - 1;
  if (shape.some((size, d) => size !== 1 && d !== place)) {
    refuse(step, "a number for each feature", `constants of shape ${shape.slice(0, 8).join(" × ")}`);
  }
}

/** Of constants alone: all of one size, or one number. */
function constant(step: Step, values: readonly Constant[], f: Arithmetic): Value {
  const longest = values.reduce((a, b) => (b.data.length > a.data.length ? b : a));
  const { length } = longest.data;
  if (values.some(({ data }) => data.length !== length && data.length !== 1)) {
    return refuse(step, "constants of one size", values.map(({ data }) => data.length).join(" and "));
  }
  step.budget.take(length);
  const parts = values.map((value) => numbersIn(step, value));
  const data = new Float64Array(length);
  for (let i = 0; i < length; ++i) data[i] = f(...parts.map((part) => (part.length === 1 ? part[0] : part[i])));
  return { kind: "constant", shape: longest.shape, type: longest.type, data };
}
