import { checkKeys, checkObject, wrongType, wrongValue } from "../check.js";
import { matrix } from "../linalg/matrix.js";
import { type Cell, Missing, type Row } from "./cells.js";
import { type Column, Columns, type ColumnsData, inputScaleOf, learned } from "./columns.js";
import { fitted, isAbsent } from "./encodings.js";
import { type Decimal, toNumber } from "./numbers.js";
import { scaleOf } from "./scale.js";
import { encodeTarget, type TargetFinding, type Task, targetOf } from "./target.js";
import { type ColumnType, columnTypes, findingOf } from "./types.js";

/** Options of `describe`. */
export interface DescribeOptions {
  /**
   * Name or place (from 0) of what is to be learned, or several of them. Default: the last column.
   */
  target?: string | number | readonly (string | number)[];
  /** Names of the columns, where rows are arrays. Default: "column 1", "column 2", … */
  names?: readonly string[];
  /**
   * Types of columns by name; "ignored" leaves a column out. Default: derived from the cells.
   */
  types?: Readonly<Record<string, ColumnType>>;
  /**
   * Texts that stand for missing values, beside the usual ones ("", "?", "NA", "null", …).
   * Default: none.
   */
  missing?: readonly string[];
  /** Classes or values. Default: derived from the cells of the target. */
  task?: Task;
  /**
   * The replacement for missing numbers and dates: the median, with an input that says so, or the
   * mean without. Default: "median".
   */
  fill?: "median" | "mean";
  /**
   * Regression: learn ln(1 + |y|/unit), with the sign of y and the median size for unit, in place
   * of y. Default: false.
   */
  logTarget?: boolean;
  /**
   * Two classes: the probability from which a row counts as the second; "balanced" is its share of
   * the rows. Default: 0.5.
   */
  threshold?: number | "balanced";
  /**
   * The decimal sign for columns in which it is ambiguous. Default: the sign of other columns,
   * otherwise "point".
   */
  decimal?: Decimal;
  /**
   * Rows that encodings and scales are taken from. Default: all. Types are taken from all rows in
   * any case.
   */
  fitOn?: ArrayLike<number>;
}

const WHERE = "describe";

/**
 * Finds the type of each column of a table (number, category, ordered category, yes or no, date,
 * identifier, …) and fits how it becomes the inputs of a network. A category gives one input per
 * kind, an ordered one an input per step, a date gives days and cycles. A missing value becomes the
 * column's median, and a further input says so. Everything is scaled to mean 0 and deviation 1.
 *
 * @param rows arrays of cells, or objects by column names.
 * @param options see `DescribeOptions`.
 * @returns the columns, with `encode`, `decode` and `toJSON`. Cost: some passes over the cells.
 * @throws TypeError or RangeError for bad options, rows of several widths, and targets that cannot
 * be learned.
 * @example
 * const rows = [["red", 1], ["green", 2], ["red", 1.5], ["green", 2.5]];
 * const columns = describe(rows, { names: ["colour", "size"], target: "size" });
 * columns.inputNames; // ["colour = green", "colour = red"]
 */
export function describe(rows: readonly Row[], options: DescribeOptions = {}): Columns {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, [
    "target",
    "names",
    "types",
    "missing",
    "task",
    "fill",
    "logTarget",
    "threshold",
    "decimal",
    "fitOn",
  ]);
  if (!Array.isArray(rows) || rows.length === 0) wrongType(WHERE, "rows", "an array of rows", rows);
  const {
    target,
    names,
    types = {},
    missing = [],
    task,
    fill = "median",
    logTarget = false,
    threshold = 0.5,
    decimal,
    fitOn,
  } = options as DescribeOptions;
  const table = tableOf(rows, names);
  checkTypes(types, table.names);
  const places = targetPlaces(target, table.names);
  const reader = new Missing(missing);
  const cellsOf = columnReader(table, reader);
  const likely = decimal ?? likelyDecimal(table, reader);
  const fitRows = fitOn ? Array.from(fitOn) : Array.from(rows.keys());
  const columns = table.names.flatMap((name, place): Column[] => {
    if (places.includes(place)) return [];
    const cells = cellsOf(place);
    const look = { name, named: table.named, first: place === 0, cells, likely };
    const finding = findingOf(look, Object.hasOwn(types, name) ? types[name] : undefined);
    const { type, why, notes } = finding;
    const encoding = fitted(
      finding,
      fitRows.map((row) => cells[row]),
      fill,
    );
    const isGap = (cell: string | null): boolean => cell === null || (encoding !== null && isAbsent(encoding, cell));
    const absent = cells.reduce((sum, cell) => sum + Number(isGap(cell)), 0);
    return [{ name, place, type, why, notes, missing: absent, encoding }];
  });
  const targets = places.map((place) =>
    targetOf(table.names[place], cellsOf(place), places.length > 1 ? "regression" : task, likely),
  );
  const scaled = logTarget ? targets.map((target, j) => withUnit(target, cellsOf(places[j]), fitRows)) : targets;
  const found = { columns, places, targets: scaled, markers: missing, threshold };
  return new Columns(scaledBy(table, found, cellsOf, fitRows));
}

/** The cells of a column, null where they are missing. */
type CellsOf = (place: number) => readonly (string | null)[];

/**
 * Keeps the column that was asked for last alone: all of them as text may be more than there is
 * memory.
 */
function columnReader({ rows }: Table, reader: Missing): CellsOf {
  let last: { place: number; cells: readonly (string | null)[] } | null = null;
  return (place) => {
    if (last?.place !== place) last = { place, cells: rows.map((row) => reader.read(row[place])) };
    return last.cells;
  };
}

interface Table {
  readonly names: readonly string[];
  readonly named: boolean;
  readonly rows: readonly (readonly Cell[])[];
}

function tableOf(rows: readonly Row[], given?: readonly string[]): Table {
  const [first] = rows;
  if (!Array.isArray(first)) {
    const names = given ?? Object.keys(first);
    const objects = rows as readonly Readonly<Record<string, Cell>>[];
    return { names, named: true, rows: objects.map((row) => names.map((name) => row[name])) };
  }
  const width = given?.length ?? first.length;
  const bad = rows.findIndex((row) => !Array.isArray(row) || row.length !== width);
  if (bad >= 0) {
    wrongValue(
      WHERE,
      `rows[${bad}]`,
      `${width} cells, as the ${given ? "names" : "first row"}`,
      String((rows[bad] as Cell[]).length),
    );
  }
  const names = given ?? first.map((_, j) => `column ${j + 1}`);
  return { names, named: given !== undefined, rows: rows as readonly (readonly Cell[])[] };
}

function checkTypes(types: Readonly<Record<string, ColumnType>>, names: readonly string[]): void {
  for (const [name, type] of Object.entries(types)) {
    if (!names.includes(name))
      wrongValue(WHERE, "types", `names of columns (${names.slice(0, 8).join(", ")})`, JSON.stringify(name));
    if (!columnTypes.includes(type))
      wrongValue(WHERE, `types.${name}`, `one of ${columnTypes.join(", ")}`, JSON.stringify(type));
  }
}

function targetPlaces(target: DescribeOptions["target"], names: readonly string[]): number[] {
  const wanted = target === undefined ? [names.length - 1] : Array.isArray(target) ? target : [target];
  const places = wanted.map((one: string | number) => {
    const place = typeof one === "number" ? one : names.indexOf(one);
    if (!(Number.isInteger(place) && place >= 0 && place < names.length)) {
      wrongValue(WHERE, "target", `one of ${names.slice(0, 12).join(", ")}`, JSON.stringify(one));
    }
    return place;
  });
  if (places.length === 0 || new Set(places).size < places.length) {
    wrongValue(WHERE, "target", "columns, each once", JSON.stringify(target));
  }
  return places;
}

/** What columns with a number that can be read in one way alone decide for. */
function likelyDecimal({ names, rows }: Table, reader: Missing): Decimal {
  let [point, comma] = [0, 0];
  for (const place of names.keys()) {
    const sample = rows.slice(0, 200).map((row) => reader.read(row[place]));
    const only = (decimal: Decimal, other: Decimal): boolean =>
      sample.some(
        (cell) =>
          cell !== null && /[.,]/.test(cell) && toNumber(cell, decimal) !== null && toNumber(cell, other) === null,
      );
    const [a, b] = [only("point", "comma"), only("comma", "point")];
    if (a && !b) ++point;
    if (b && !a) ++comma;
  }
  return comma > point ? "comma" : "point";
}

function scaledBy(
  { names, named, rows }: Table,
  found: {
    columns: readonly Column[];
    places: readonly number[];
    targets: readonly TargetFinding[];
    markers: readonly string[];
    threshold: number | "balanced";
  },
  cellsOf: CellsOf,
  fitRows: readonly number[],
): ColumnsData {
  const { columns, places, markers } = found;
  const targets = found.targets.map(({ encoding }) => encoding);
  const targetNotes = found.targets.flatMap(({ encoding: { name, task }, why, notes }) => [
    `${name}: ${task}, ${why}`,
    ...notes,
  ]);
  const none = { mean: [], deviation: [] };
  const data = {
    ...{
      version: 1 as const,
      columns,
      targetPlaces: places,
      targets,
      targetNotes,
      named,
      width: names.length,
      markers,
    },
    ...{ inputScale: none, threshold: 0.5, targetScale: targets[0].task === "regression" ? none : null },
  };
  const fitted = fitRows.map((row) => rows[row]);
  return {
    ...data,
    inputScale: inputScaleOf(data, fitted),
    targetScale: data.targetScale && targetScaleOf(targets, places, cellsOf, fitRows),
    threshold: thresholdOf(found.threshold, targets[0], cellsOf(places[0]), fitRows),
  };
}

/** The share of the second of two classes; one half of more classes and of values. */
function thresholdOf(
  asked: number | "balanced",
  target: ColumnsData["targets"][number],
  cells: readonly (string | null)[],
  fitRows: readonly number[],
): number {
  if (target.task !== "classification" || target.classes.length !== 2) return 0.5;
  if (asked !== "balanced") return asked;
  const labels = fitRows.map((row) => encodeTarget(target, cells[row])).filter((label) => !Number.isNaN(label));
  return labels.reduce((sum, label) => sum + label, 0) / labels.length;
}

/** Learned by its logarithm, in units of its median size. */
function withUnit(
  finding: TargetFinding,
  cells: readonly (string | null)[],
  fitRows: readonly number[],
): TargetFinding {
  const { encoding } = finding;
  if (encoding.task !== "regression") return finding;
  const sizes = fitRows.map((row) => Math.abs(encodeTarget(encoding, cells[row]))).filter((size) => size > 0);
  sizes.sort((a, b) => a - b);
  return { ...finding, encoding: { ...encoding, unit: sizes[sizes.length >> 1] ?? 1 } };
}

function targetScaleOf(
  targets: ColumnsData["targets"],
  places: readonly number[],
  cellsOf: CellsOf,
  fitRows: readonly number[],
): ColumnsData["targetScale"] {
  const values = new Float64Array(fitRows.length * targets.length);
  for (const [j, target] of targets.entries()) {
    const cells = cellsOf(places[j]);
    for (const [i, row] of fitRows.entries()) {
      values[i * targets.length + j] = learned(target, encodeTarget(target, cells[row]));
    }
  }
  return scaleOf(matrix(fitRows.length, targets.length, values));
}
