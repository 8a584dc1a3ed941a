import { checkKeys, checkObject, wrongType, wrongValue } from "../check.js";
import { checkNetwork, type Network } from "../network/network.js";
import { foldedLayers } from "../network/resident.js";
import { decidesClasses } from "../network/spec.js";
import type { Columns, ColumnsData } from "../tables/columns.js";
import { READING_CELLS } from "./generated/reading-cells.js";

/** Options of `toJavaScript`. */
export interface JavaScriptOptions {
  /**
   * What `describe` found, or its `toJSON()`: rows then are cells, and predictions labels or values
   * in their own units. Default: rows are inputs.
   */
  columns?: Columns | ColumnsData;
  /**
   * Labels of the classes without `columns`, in the order of the outputs, such as `fromOnnx` finds;
   * two for a single output. Default: numbers from 0.
   */
  classes?: readonly (string | number)[];
  /** "f32" writes parameters with 9 digits, "f64" with all. Default: the network's. */
  dtype?: "f32" | "f64";
}

/**
 * A network as the text of one JavaScript module without dependencies, for pages, servers and
 * everything else that runs JavaScript.
 *
 * The module exports `predict(row)`, which gives a label or a value (an array of values where there
 * are several), `outputs(row)`, and for classes `probabilities(row)` and `classes`. A row is an
 * array or, with `columns`, an object by column names. A RangeError refuses a row of another width
 * and an object without a column. Without `columns` it refuses values that are no finite numbers.
 * Batch norm counts with its running statistics, folded into the weights.
 *
 * @param options see `JavaScriptOptions`.
 * @returns the text of an ES module; it agrees with `predict` to rounding.
 * @throws TypeError or RangeError for bad options.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 1 }] });
 * net.setParameters([2, 3, 1]);
 * toJavaScript(net).includes("export function predict"); // true
 */
export function toJavaScript(net: Network, options: JavaScriptOptions = {}): string {
  checkNetwork("toJavaScript", net);
  checkObject("toJavaScript", "options", options);
  checkKeys("toJavaScript", options, ["columns", "classes", "dtype"]);
  const { columns, classes, dtype = net.spec.dtype } = options as JavaScriptOptions;
  const data = columns === undefined ? null : "toJSON" in columns ? columns.toJSON() : columns;
  if (data !== null && (typeof data !== "object" || !Array.isArray(data.columns))) {
    wrongType("toJavaScript", "columns", "what describe found", columns);
  }
  if (classes !== undefined) checkClasses(net, classes, data);
  const digits = (value: number): number => (dtype === "f32" ? Number(value.toPrecision(9)) : value);
  const own = data ? { columns: kept(data) } : { inputs: net.spec.inputs, classes: classes ?? null };
  const model = { layers: layersOf(net, digits), loss: lossOf(net), ...own };
  return `${HEADER}const model = ${JSON.stringify(model)};\n${data ? CELLS : ""}${NETWORK}${data ? COLUMNS : PLAIN}`;
}

function checkClasses({ spec, layout }: Network, classes: unknown, data: ColumnsData | null): void {
  if (!Array.isArray(classes)) wrongType("toJavaScript", "classes", "an array of labels", classes);
  const wanted = decidesClasses(spec.loss) && !data ? Math.max(2, layout.outputs) : 0;
  if (classes.length === wanted) return;
  const expected = wanted > 0 ? `${wanted} labels, as the network has classes` : "no labels beside columns or values";
  wrongValue("toJavaScript", "classes", expected, String(classes.length));
}

/** What the module needs of a description. */
function kept(data: ColumnsData): object {
  const { columns, targets, targetPlaces, width, markers, inputScale, targetScale, threshold } = data;
  const inputs = columns.flatMap(({ name, place, encoding }) => (encoding ? [{ name, place, ...encoding }] : []));
  return { inputs, targets, targetPlaces, width, markers, ...inputScale, targetScale, threshold };
}

function lossOf({ spec }: Network): string {
  return typeof spec.loss === "string" ? spec.loss : "values";
}

/** Weights by units with their bias behind them, and activations; batch norm is part of both. */
function layersOf(net: Network, digits: (value: number) => number): object[] {
  return foldedLayers(net).map(({ inputs, units, weights, biases, activation }) => {
    const { type, ...parameter } = activation as { type: string };
    const rows = Array.from({ length: units }, (_, u) =>
      [...weights.subarray(u * inputs, (u + 1) * inputs), biases[u]].map(digits),
    );
    return { type, parameter: Object.values(parameter)[0] ?? 0, rows };
  });
}

const HEADER = "// A network and what it needs to know of its rows. Made by hessia; needs nothing else.\n";

const NETWORK = `
function erf(x) {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let term = z, sum = z;
    for (let k = 1; k < 120; ++k) {
      term *= (2 * z * z) / (2 * k + 1);
      sum += term;
    }
    return Math.sign(x) * ((2 * sum * Math.exp(-z * z)) / Math.sqrt(Math.PI));
  }
  let f = z;
  for (let k = 80; k > 0; --k) f = z + k / 2 / f;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (f * Math.sqrt(Math.PI)));
}

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const activations = {
  identity: (x) => x,
  relu: (x) => Math.max(x, 0),
  "leaky-relu": (x, slope) => (x > 0 ? x : slope * x),
  elu: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  silu: (x) => x * sigmoid(x),
  tanh: Math.tanh,
  sigmoid,
  step: (x) => (x > 0 ? 1 : 0),
};

function forward(x) {
  for (const { type, parameter, rows } of model.layers) {
    const phi = activations[type];
    x = rows.map((row) => {
      let sum = row[row.length - 1];
      for (let i = 0; i < row.length - 1; ++i) sum += row[i] * x[i];
      return phi(sum, parameter);
    });
  }
  return x;
}

function softmax(z) {
  if (model.loss === "binary-cross-entropy") return z.length === 1 ? [1 - sigmoid(z[0]), sigmoid(z[0])] : z.map(sigmoid);
  const largest = Math.max(...z);
  const e = z.map((value) => Math.exp(value - largest));
  const total = e.reduce((sum, value) => sum + value, 0);
  return e.map((value) => value / total);
}
`;

const PLAIN = `
/** Labels of the classes in the order of the probabilities; null for numbers from 0, or values. */
export const classes = model.classes;

/** The network's outputs for an array of inputs. */
export function outputs(row) {
  const x = Array.from(row);
  if (x.length !== model.inputs) throw new RangeError("row expected " + model.inputs + " numbers, got " + x.length);
  const wrong = x.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new RangeError("row[" + wrong + "] expected a finite number, got " + JSON.stringify(x[wrong]));
  return forward(x);
}

/** The probabilities of the classes. */
export function probabilities(row) {
  return softmax(outputs(row));
}

/** The likeliest class, by label or number; a value, or several. */
export function predict(row) {
  const z = outputs(row);
  if (!model.loss.endsWith("cross-entropy")) return z.length === 1 ? z[0] : z;
  const k = z.length === 1 ? Number(z[0] > 0) : z.indexOf(Math.max(...z));
  return classes ? classes[k] : k;
}
`;

const CELLS = `
${READING_CELLS}
const inputsOf = cells.readerOf(model.columns.markers);

function encode(row) {
  const { inputs, targetPlaces, width, mean, deviation } = model.columns;
  const x = [];
  if (Array.isArray(row) && row.length !== width && row.length !== width - targetPlaces.length) throw new RangeError("row expected " + width + " cells, got " + row.length);
  for (const input of inputs) {
    const shift = Array.isArray(row) && row.length !== width ? targetPlaces.filter((place) => place < input.place).length : 0;
    if (!Array.isArray(row) && !(input.name in row)) throw new RangeError("row expected a property " + JSON.stringify(input.name) + ", got none");
    const cell = Array.isArray(row) ? row[input.place - shift] : row[input.name];
    inputsOf(input, cell).forEach((value, k) => {
      const j = x.length;
      let z = deviation[j] > 0 && !Number.isNaN(value) ? (value - mean[j]) / deviation[j] : 0;
      const reach = k === 0 && input.kind === "number" ? input.reach : null;
      if (reach !== null && Math.abs(z) > reach) z = Math.sign(z) * (reach + Math.log1p(Math.abs(z) - reach));
      x.push(z);
    });
  }
  return x;
}
`;

const COLUMNS = `
/** The classes in the order of the probabilities; null for values. */
export const classes = model.columns.targets[0].task === "classification" ? model.columns.targets[0].classes : null;

/** The network's outputs for a row: an array of cells, or an object by column names. */
export function outputs(row) {
  return forward(encode(row));
}

/** The probabilities of the classes. */
export function probabilities(row) {
  return softmax(outputs(row));
}

/** The class of a row; or its value, or values, in their own units. */
export function predict(row) {
  const z = outputs(row);
  const { targets, targetScale, threshold } = model.columns;
  if (classes?.length === 2) return classes[Number((z.length === 1 ? z[0] : z[1] - z[0]) > Math.log(threshold / (1 - threshold)))];
  if (classes) return classes[z.indexOf(Math.max(...z))];
  const values = z.map((value, j) => {
    const t = targetScale.mean[j] + targetScale.deviation[j] * value;
    const { unit } = targets[j];
    return unit === null ? t : Math.sign(t) * unit * Math.expm1(Math.abs(t));
  });
  return values.length === 1 ? values[0] : values;
}
`;
