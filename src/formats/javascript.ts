import { checkKeys, checkObject, wrongType, wrongValue } from "../check.js";
import { checkNetwork, type Network } from "../network/network.js";
import { foldedLayers } from "../network/resident.js";
import { decidesClasses } from "../network/spec.js";
import type { Columns, ColumnsData } from "../tables/columns.js";

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

/** What src/tables/{cells,numbers,dates,encodings}.ts do, in few words. */
const CELLS = String.raw`
const markers = new Set([..."|?|-|--|.|na|n/a|n.a.|#n/a|#na|<na>|nan|-nan|null|(null)|none|nil|missing|#null!|#value!|#div/0!|#ref!|#num!|#name?|\\n".split("|"), ...model.columns.markers.map((text) => text.trim().toLowerCase())]);

function textOf(cell) {
  if (cell === null || cell === undefined || (typeof cell === "number" && !Number.isFinite(cell))) return null;
  const text = cell instanceof Date ? (Number.isFinite(cell.getTime()) ? cell.toISOString() : "") : String(cell).trim();
  return markers.has(text.toLowerCase()) ? null : text;
}

const currency = "usd|eur|gbp|chf|jpy|cny|inr|brl|rub|sek|nok|dkk|pln|czk|aud|cad";
const before = new RegExp("^(?:\\p{Sc}|(?:" + currency + "|us\\$|rs\\.?|kr\\.?|r\\$)(?![a-z]))", "iu");
const after = new RegExp("(?:\\p{Sc}|(?<![a-z])(?:" + currency + "|kr\\.?))$", "iu");
const grouped = {
  point: /^(?:\d{1,3}(?:[,'’_]\d{2,3})*[,'’_]\d{3}|\d+)?(?:\.\d*)?(?:e[+-]?\d+)?$/i,
  comma: /^(?:\d{1,3}(?:[.'’_]\d{2,3})*[.'’_]\d{3}|\d+)?(?:,\d*)?(?:e[+-]?\d+)?$/i,
};

function numberOf(text, decimal) {
  const finite = (value) => (!(Math.abs(value) <= 1e150) ? null : Math.abs(value) < 1e-150 ? 0 : value);
  if (decimal === "point" && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return finite(Number(text));
  let rest = text.replaceAll("\u2212", "-").replaceAll(/[\s\u00a0\u2007\u2009\u202f]+/g, " ").trim();
  let negative = false;
  const within = /^\((.*)\)$/.exec(rest);
  if (within) [rest, negative] = [within[1].trim(), true];
  rest = rest.replace(/\s?%$/, "").trim();
  for (let pass = 0; pass < 2; ++pass) {
    const sign = /^[+-]/.exec(rest)?.[0];
    if (sign === "-") negative = !negative;
    if (sign) rest = rest.slice(1).trim();
    rest = rest.replace(before, "").trim();
  }
  rest = rest.replace(after, "").trim();
  if (/^\d+(?: \d{3})+(?:[.,]\d*)?$/.test(rest)) rest = rest.replaceAll(" ", "");
  if (!/\d/.test(rest) || /\s/.test(rest) || !grouped[decimal].test(rest)) return null;
  const plain = decimal === "point" ? rest.replaceAll(/[,'’_]/g, "") : rest.replaceAll(/[.'’_]/g, "").replace(",", ".");
  return finite(negative ? -Number(plain) : Number(plain));
}

const clock = "(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,]\\d+)?)?\\s*([ap]m)?";
const tail = "(?:[T,\\s]+" + clock + ")?(?:\\s*(?:Z|UTC|[+-]\\d{2}:?\\d{2}))?$";
const patterns = ["^(\\d{4})[-/.](\\d{1,2})(?:[-/.](\\d{1,2}))?", "^(\\d{1,2})([-/.])(\\d{1,2})\\2(\\d{4}|\\d{2})", "^(\\d{1,2})[-\\s./]*([a-z]{3,9})\\.?[-\\s,./]*(\\d{4}|\\d{2})", "^([a-z]{3,9})\\.?\\s+(\\d{1,2}),?\\s+(\\d{4})"].map((head) => new RegExp(head + tail, "i"));
const months = "january february march april may june july august september october november december".split(" ");

function daysOf(text, order) {
  if (text.length < 4 || text.length > 40) return null;
  const hours = ([hour, minute, second = "0", half]) =>
    Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60 ? null : (Number(hour) % (half ? 12 : 24)) + (half?.toLowerCase() === "pm" ? 12 : 0) + Number(minute) / 60 + Number(second) / 3600;
  const month = (name) => months.findIndex((full) => full === name.toLowerCase() || full.slice(0, 3) === name.toLowerCase() || (name.toLowerCase() === "sept" && full === "september")) + 1;
  const date = (year, m, day, time) => {
    const whole = year.length === 2 ? Number(year) + (Number(year) < 70 ? 2000 : 1900) : Number(year);
    if (m < 1 || m > 12 || Number(day) < 1) return null;
    const at = new Date(0);
    at.setUTCFullYear(whole, m - 1, Number(day));
    const h = time[0] === undefined ? 0 : hours(time);
    return at.getUTCMonth() !== m - 1 || h === null ? null : Math.round(at.getTime() / 864e5) + h / 24;
  };
  const [first, numbers, dayName, nameDay] = patterns.map((pattern) => pattern.exec(text));
  if (first) return date(first[1], Number(first[2]), first[3] ?? "1", first.slice(4));
  if (numbers) {
    const [day, m] = order === "dmy" ? [numbers[1], numbers[3]] : [numbers[3], numbers[1]];
    return date(numbers[4], Number(m), day, numbers.slice(5));
  }
  if (dayName) return date(dayName[3], month(dayName[2]), dayName[1], dayName.slice(4));
  if (nameDay) return date(nameDay[3], month(nameDay[1]), nameDay[2], nameDay.slice(4));
  const time = new RegExp("^" + clock + "$", "i").exec(text);
  const h = time && hours(time.slice(1));
  return h === null ? null : h / 24;
}

const periods = { year: 365.2425, week: 7, day: 1 };
const encoders = {
  number({ decimal, median, flag, unit }, text) {
    const value = text === null ? null : numberOf(text, decimal);
    const x = value ?? median ?? Number.NaN;
    return [unit === null ? x : Math.sign(x) * Math.log1p(Math.abs(x) / unit), ...(flag ? [Number(value === null)] : [])];
  },
  boolean({ yes, no, flag }, text) {
    const plain = text?.toLowerCase();
    const is = plain === yes.toLowerCase() ? 1 : plain === no.toLowerCase() ? 0 : null;
    return [is ?? 0.5, ...(flag ? [Number(is === null)] : [])];
  },
  ordered({ levels, flag }, text) {
    const level = text === null ? -1 : levels.indexOf(text);
    const reached = level < 0 ? (levels.length - 1) / 2 : level;
    return [...levels.slice(1).map((_, k) => Number(reached >= k + 1)), ...(flag ? [Number(level < 0)] : [])];
  },
  category({ kinds, other, flag }, text) {
    const kind = text === null ? -1 : kinds.indexOf(text);
    return [...kinds.map((_, k) => Number(k === kind)), ...(other ? [Number(text !== null && kind < 0)] : []), ...(flag ? [Number(text === null)] : [])];
  },
  date({ order, median, parts, flag }, text) {
    const known = text === null ? null : daysOf(text, order);
    const days = known ?? median ?? Number.NaN;
    const values = parts.flatMap((part) => (part === "days" ? [Math.floor(days)] : [Math.sin((2 * Math.PI * days) / periods[part]), Math.cos((2 * Math.PI * days) / periods[part])]));
    return [...values, ...(flag ? [Number(known === null)] : [])];
  },
};

function encode(row) {
  const { inputs, targetPlaces, width, mean, deviation } = model.columns;
  const x = [];
  if (Array.isArray(row) && row.length !== width && row.length !== width - targetPlaces.length) throw new RangeError("row expected " + width + " cells, got " + row.length);
  for (const input of inputs) {
    const shift = Array.isArray(row) && row.length !== width ? targetPlaces.filter((place) => place < input.place).length : 0;
    if (!Array.isArray(row) && !(input.name in row)) throw new RangeError("row expected a property " + JSON.stringify(input.name) + ", got none");
    const cell = Array.isArray(row) ? row[input.place - shift] : row[input.name];
    encoders[input.kind](input, textOf(cell)).forEach((value, k) => {
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
