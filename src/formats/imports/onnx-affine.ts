import type { Operator } from "./onnx-operators.js";
import {
  behind,
  type Constant,
  constantAt,
  numberOf,
  numbersAt,
  numbersIn,
  type Rows,
  refuse,
  rowsAt,
  rowsBehind,
  type Step,
  settle,
  type Value,
} from "./onnx-values.js";

/** Operators with weights. */
export const affineOperators: readonly (readonly [string, Operator])[] = [
  ["Gemm", gemm],
  ["MatMul", matMul],
  ["BatchNormalization", batchNorm],
  ["Scaler", scaler],
  ["LinearRegressor", linearRegressor],
];

/** alpha·A·B + beta·C, where one of A and B has the rows. */
function gemm(step: Step): Value {
  const [a, b, c] = step.inputs;
  const [alpha, beta] = [numberOf(step, "alpha", 1), numberOf(step, "beta", 1)];
  const [transA, transB] = [numberOf(step, "transA", 0) !== 0, numberOf(step, "transB", 0) !== 0];
  const biases = c ? numbersIn(step, constantAt(step, 2, "C")) : Float64Array.of(0);
  if (a?.kind === "rows") {
    return affine(
      step,
      { ...a, transposed: a.transposed !== transA },
      constantAt(step, 1, "B"),
      !transB,
      alpha,
      beta,
      biases,
    );
  }
  if (b?.kind !== "rows") return refuse(step, "rows as one of its factors", "none");
  // Wᵀ's rows are the units, and the product has a column for each sample.
  const columns = { ...b, transposed: b.transposed === transB };
  const result = affine(step, columns, constantAt(step, 0, "A"), transA, alpha, beta, biases);
  return { ...result, transposed: true };
}

function matMul(step: Step): Value {
  const [a, b] = step.inputs;
  if (a?.kind === "rows") return affine(step, a, constantAt(step, 1, "B"), true, 1, 0, Float64Array.of(0));
  if (b?.kind !== "rows") return refuse(step, "rows as one of its factors", "none");
  const result = affine(
    step,
    { ...b, transposed: !b.transposed },
    constantAt(step, 0, "A"),
    false,
    1,
    0,
    Float64Array.of(0),
  );
  return { ...result, transposed: true };
}

/** @param inward whether the constant is inputs × units, and not units × inputs. */
function affine(
  step: Step,
  rows: Rows,
  constant: Constant,
  inward: boolean,
  alpha: number,
  beta: number,
  given: Float64Array,
): Rows {
  if (rows.transposed) return refuse(step, "products over features", "a product over samples");
  if (constant.shape.length !== 2) return refuse(step, "a matrix of weights", `${constant.shape.length} dimensions`);
  const [first, second] = constant.shape;
  const [inputs, units] = inward ? [first, second] : [second, first];
  const link = settle(step, rows);
  if (link.width !== null && link.width !== inputs) {
    return refuse(step, `weights for ${link.width} features, as come in`, `weights for ${inputs}`);
  }
  if (inputs === 0 || units === 0) return refuse(step, "weights", "none");
  if (given.length !== 1 && given.length !== units) return refuse(step, `${units} biases`, String(given.length));
  step.budget.take(inputs * units + units);
  const data = numbersIn(step, constant);
  const weights = new Float64Array(inputs * units);
  for (let u = 0; u < units; ++u) {
    for (let i = 0; i < inputs; ++i) weights[u * inputs + i] = alpha * data[inward ? i * units + u : u * inputs + i];
  }
  const biases = new Float64Array(units).map((_, u) => beta * given[given.length === 1 ? 0 : u]);
  return rowsBehind(behind(link, { kind: "affine", inputs, units, weights, biases }));
}

/** Inputs: rows, scale, shift, mean, variance. */
function batchNorm(step: Step): Value {
  const rows = rowsAt(step, 0);
  if (rows.transposed) return refuse(step, "batch norm of features", "one of samples");
  const training = numberOf(step, "training_mode", 0) !== 0 || step.node.outputs.slice(1).some((name) => name !== "");
  // Before version 14, exports in training mode have outputs for the statistics.
  if (training) refuse(step, "a model for inference", "batch norm in training mode", "export it with eval()");
  const link = settle(step, rows);
  const [scale, shift, mean, variance] = ["scale", "B", "mean", "var"].map((name, i) => numbersAt(step, i + 1, name));
  const { length } = scale;
  if ([shift, mean, variance].some((part) => part.length !== length) || (link.width ?? length) !== length) {
    return refuse(step, `numbers for ${link.width ?? length} features`, "others");
  }
  step.budget.take(4 * length);
  const epsilon = numberOf(step, "epsilon", Math.fround(1e-5));
  const momentum = shortened(Math.min(1, Math.max(0, 1 - shortened(numberOf(step, "momentum", 0.9)))));
  return rowsBehind(
    behind({ ...link, width: length }, { kind: "norm", scale, shift, mean, variance, epsilon, momentum }),
    rows,
  );
}

/** The decimal that an attribute in single precision was written for. */
function shortened(value: number): number {
  return Number(value.toPrecision(7));
}

/** (x − offset)·scale. */
function scaler(step: Step): Value {
  const rows = rowsAt(step, 0);
  const [offset, scale] = ["offset", "scale"].map((name) =>
    Float64Array.from(step.node.attributes.get(name)?.numbers ?? []),
  );
  const [shift, factor] = [
    offset.length > 0 ? offset : Float64Array.of(0),
    scale.length > 0 ? scale : Float64Array.of(1),
  ];
  const length = Math.max(shift.length, factor.length);
  const link = settle(step, rows);
  if ([shift, factor].some((part) => part.length !== 1 && part.length !== length)) {
    return refuse(step, "an offset and a factor for each feature", `${shift.length} and ${factor.length}`);
  }
  step.budget.take(2 * length);
  const at = (part: Float64Array, i: number): number => part[part.length === 1 ? 0 : i];
  const factors = new Float64Array(length).map((_, i) => at(factor, i));
  const shifts = factors.map((f, i) => -f * at(shift, i));
  const width = link.width ?? (length > 1 ? length : null);
  return rowsBehind(behind({ ...link, width }, { kind: "scale", factor: factors, shift: shifts }), rows);
}

/** W·x + b from attributes. */
function linearRegressor(step: Step): Value {
  const rows = rowsAt(step, 0);
  const { attributes } = step.node;
  const weights = Float64Array.from(attributes.get("coefficients")?.numbers ?? []);
  const intercepts = Float64Array.from(attributes.get("intercepts")?.numbers ?? []);
  const units = numberOf(step, "targets", 1);
  const inputs = weights.length / units;
  const after = attributes.get("post_transform")?.text ?? "NONE";
  if (!Number.isInteger(inputs) || inputs < 1 || after !== "NONE") {
    return refuse(
      step,
      "coefficients for each target and feature, without a transformation",
      `${weights.length}, ${after}`,
    );
  }
  const constant: Constant = { kind: "constant", shape: [units, inputs], type: 1, data: weights };
  return affine(step, rows, constant, false, 1, 1, intercepts.length > 0 ? intercepts : Float64Array.of(0));
}
