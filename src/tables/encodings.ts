import { type DateOrder, toMoment } from "./dates.js";
import { readNumber, type Written } from "./numbers.js";
import type { Finding } from "./types.js";

/**
 * How the cells of a column become numbers: plain data, fitted on some rows and used on all others.
 */
export type Encoding =
  | (Written & {
      /** Numbers. */
      readonly kind: "number";
      /** Replaces missing values; null for the mean. */
      readonly median: number | null;
      /** Whether a second input marks missing values. */
      readonly flag: boolean;
      /** ln(1 + x/unit) in place of x; null for x. */
      readonly unit: number | null;
      /** Values more deviations than this from the mean are compressed by a logarithm. */
      readonly reach: number | null;
    })
  | {
      /** One input: 1 for yes, 0 for no, ½ for neither. */
      readonly kind: "boolean";
      /** The cell that means yes. */
      readonly yes: string;
      /** The cell that means no. */
      readonly no: string;
      /** Whether a second input marks missing values. */
      readonly flag: boolean;
    }
  | {
      /** An input for each kind. */
      readonly kind: "category";
      /** In the order of their inputs. */
      readonly kinds: readonly string[];
      /** Whether there is an input for all other kinds. */
      readonly other: boolean;
      /** Whether there is an input for missing cells. */
      readonly flag: boolean;
    }
  | {
      /** An input for each step between levels. */
      readonly kind: "ordered";
      /** From the least to the greatest. */
      readonly levels: readonly string[];
      /** Whether a last input marks missing values. */
      readonly flag: boolean;
    }
  | {
      /** Dates and times. */
      readonly kind: "date";
      /** Which of two numbers is the day. */
      readonly order: DateOrder;
      /** Days since 1970 that replace missing dates; null for the mean. */
      readonly median: number | null;
      /** What of the date is used. */
      readonly parts: readonly DatePart[];
      /** Whether a last input marks missing values. */
      readonly flag: boolean;
    };

/** Days since 1970, and cycles as sine and cosine. */
export type DatePart = "days" | "year" | "week" | "day";

/** Text is "other" where a category does not know it. */
export type OnUnknown = (cell: string) => void;

/** Skewness of non-negative numbers from which they are taken by their logarithm. */
const SKEWED = 3;
/** Continuous columns alone have a far end: those with more different values than this. */
const CONTINUOUS = 20;
const REACH = 6;
/** Days in which a cycle has to be seen about once. */
const SPANS: Record<Exclude<DatePart, "days" | "day">, number> = { year: 60, week: 6 };
const PERIODS: Record<Exclude<DatePart, "days">, number> = { year: 365.2425, week: 7, day: 1 };

/** Fits an encoding to cells of the training rows; null where the column is left out. */
export function fitted(
  finding: Finding,
  cells: readonly (string | null)[],
  fill: "median" | "mean" = "median",
): Encoding | null {
  const flag = fill === "median" && cells.includes(null);
  switch (finding.type) {
    case "number":
      return numberEncoding(finding.written as Written, cells, fill);
    case "boolean": {
      const [no, yes] = finding.pair as readonly [string, string];
      return { kind: "boolean", yes, no, flag };
    }
    case "ordered":
      return { kind: "ordered", levels: finding.kinds as readonly string[], flag };
    case "category": {
      const kinds = finding.kinds as readonly string[];
      const other = cells.some((cell) => cell !== null && !kinds.includes(cell));
      return { kind: "category", kinds, other, flag };
    }
    case "date":
      return dateEncoding(finding.order as DateOrder, cells, fill);
    default:
      return null;
  }
}

function numberEncoding(written: Written, cells: readonly (string | null)[], fill: "median" | "mean"): Encoding {
  const read = new Float64Array(cells.length);
  let known = 0;
  for (const cell of cells) {
    const value = cell === null ? null : readNumber(cell, written);
    if (value !== null) read[known++] = value;
  }
  const values = read.subarray(0, known).sort();
  const flag = fill === "median" && values.length < cells.length;
  const median = fill === "mean" ? null : (values[values.length >> 1] ?? 0);
  const continuous = values.filter((value, i) => i === 0 || value !== values[i - 1]).length > CONTINUOUS;
  const unit = continuous && values[0] >= 0 && skewness(values) > SKEWED ? middle(values) : null;
  return { kind: "number", ...written, median, flag, unit, reach: continuous ? REACH : null };
}

/** The median of what is not 0: the unit in which 1 + x bends. */
function middle(values: Float64Array): number {
  const positive = values.filter((value) => value > 0);
  return positive[positive.length >> 1];
}

/** Third moment over the cube of the deviation; it has no unit. */
export function skewness(values: Float64Array): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(largest > 0 && largest < Infinity)) return 0;
  const mean = values.reduce((sum, value) => sum + value / largest, 0) / values.length;
  let [second, third] = [0, 0];
  for (const value of values) {
    const off = value / largest - mean;
    second += off * off;
    third += off * off * off;
  }
  return second > 0 ? third / values.length / (second / values.length) ** 1.5 : 0;
}

function dateEncoding(order: DateOrder, cells: readonly (string | null)[], fill: "median" | "mean"): Encoding {
  const moments = cells.map((cell) => (cell === null ? null : toMoment(cell, order)));
  const known = moments.filter((moment) => moment !== null);
  const days = known.map((moment) => moment.days).sort((a, b) => a - b);
  const span = days.length > 0 ? days[days.length - 1] - days[0] : 0;
  const dated = known.some(({ date }) => date);
  const median = fill === "mean" ? null : (days[days.length >> 1] ?? 0);
  const flag = fill === "median" && known.length < cells.length;
  const parts: DatePart[] = dated ? ["days"] : [];
  if (dated && span >= SPANS.year) parts.push("year");
  if (dated && span >= SPANS.week) parts.push("week");
  if (known.some(({ time }) => time)) parts.push("day");
  return { kind: "date", order, median, parts, flag };
}

/** Names of the inputs that a column becomes. */
export function inputNames(name: string, encoding: Encoding): string[] {
  const missing = encoding.flag ? [`${name} missing`] : [];
  switch (encoding.kind) {
    case "number":
      return [name, ...missing];
    case "boolean":
      return [name, ...missing];
    case "ordered":
      return [...encoding.levels.slice(1).map((level) => `${name} ≥ ${level}`), ...missing];
    case "category":
      return [
        ...encoding.kinds.map((kind) => `${name} = ${kind}`),
        ...(encoding.other ? [`${name} = other`] : []),
        ...missing,
      ];
    case "date":
      return [...encoding.parts.flatMap((part) => partNames(name, part)), ...missing];
  }
}

function partNames(name: string, part: DatePart): string[] {
  if (part === "days") return [name];
  return [`${name}: sine of the ${part}`, `${name}: cosine of the ${part}`];
}

/** Where inputs are written. */
type Inputs = Float64Array | number[];

/**
 * Writes the inputs of a cell, before they are scaled, to `out` from `at` on. Where `unknown` is
 * given, it hears of cells that fit nothing.
 */
export function encode(encoding: Encoding, cell: string | null, out: Inputs, at: number, unknown?: OnUnknown): void {
  if (encoding.kind === "number") encodeNumber(encoding, cell, out, at, unknown);
  else if (encoding.kind === "boolean") encodeBoolean(encoding, cell, out, at, unknown);
  else if (encoding.kind === "ordered") encodeOrdered(encoding, cell, out, at, unknown);
  else if (encoding.kind === "category") encodeCategory(encoding, cell, out, at, unknown);
  else encodeDate(encoding, cell, out, at, unknown);
}

/** The encodings of one kind. */
export type Of<K extends Encoding["kind"]> = Extract<Encoding, { kind: K }>;

function encodeNumber(encoding: Of<"number">, cell: string | null, out: Inputs, at: number, unknown?: OnUnknown): void {
  const value = cell === null ? null : readNumber(cell, encoding);
  if (cell !== null && value === null && !isAbsent(encoding, cell)) unknown?.(cell);
  encodeValue(encoding, value, out, at);
}

/** Whether a cell of a column holds a number that stands for a missing value. */
export function isAbsent(encoding: Encoding, cell: string): boolean {
  if (encoding.kind !== "number" || !encoding.absent) return false;
  return encoding.absent.includes(readNumber(cell, { ...encoding, absent: [] }) ?? Number.NaN);
}

/** As `encode`, for a number that was read already; null where it is missing. */
export function encodeValue(encoding: Of<"number">, value: number | null, out: Inputs, at: number): void {
  const { median, flag, unit } = encoding;
  const x = value ?? median ?? Number.NaN;
  // Below 0, where no training row was, the logarithm continues as its mirror image.
  out[at] = unit === null ? x : Math.sign(x) * Math.log1p(Math.abs(x) / unit);
  if (flag) out[at + 1] = Number(value === null);
}

function encodeBoolean(
  { yes, no, flag }: Of<"boolean">,
  cell: string | null,
  out: Inputs,
  at: number,
  unknown?: OnUnknown,
): void {
  const plain = cell?.toLowerCase();
  const is = plain === yes.toLowerCase() ? 1 : plain === no.toLowerCase() ? 0 : null;
  if (cell !== null && is === null) unknown?.(cell);
  out[at] = is ?? 0.5;
  if (flag) out[at + 1] = Number(is === null);
}

/** One input a step: whether the level is reached. */
function encodeOrdered(
  { levels, flag }: Of<"ordered">,
  cell: string | null,
  out: Inputs,
  at: number,
  unknown?: OnUnknown,
): void {
  const level = cell === null ? -1 : levels.indexOf(cell);
  if (cell !== null && level < 0) unknown?.(cell);
  const reached = level < 0 ? (levels.length - 1) / 2 : level;
  for (let k = 1; k < levels.length; ++k) out[at + k - 1] = Number(reached >= k);
  if (flag) out[at + levels.length - 1] = Number(level < 0);
}

function encodeCategory(
  encoding: Of<"category">,
  cell: string | null,
  out: Inputs,
  at: number,
  unknown?: OnUnknown,
): void {
  const { kinds, other, flag } = encoding;
  const kind = cell === null ? -1 : kinds.indexOf(cell);
  for (let k = 0; k < kinds.length; ++k) out[at + k] = Number(k === kind);
  const rest = cell !== null && kind < 0;
  if (rest && !other) unknown?.(cell);
  if (other) out[at + kinds.length] = Number(rest);
  if (flag) out[at + kinds.length + Number(other)] = Number(cell === null);
}

function encodeDate(encoding: Of<"date">, cell: string | null, out: Inputs, at: number, unknown?: OnUnknown): void {
  const { order, median, parts, flag } = encoding;
  const moment = cell === null ? null : toMoment(cell, order);
  if (cell !== null && moment === null) unknown?.(cell);
  const days = moment?.days ?? median ?? Number.NaN;
  let next = at;
  for (const part of parts) {
    if (part === "days") {
      out[next++] = Math.floor(days);
      continue;
    }
    const angle = (2 * Math.PI * days) / PERIODS[part];
    out[next++] = Math.sin(angle);
    out[next++] = Math.cos(angle);
  }
  if (flag) out[next] = Number(moment === null);
}
