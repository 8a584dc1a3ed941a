/** What a model makes of the columns of a table: how much it needs each, and in which direction. */
import { checkInteger, checkKeys, checkObject, wrongValue } from "../check.js";
import { type Matrix, matrix } from "../linalg/matrix.js";
import { dataset } from "../network/dataset.js";
import { checkNetwork, type Network } from "../network/network.js";
import { type Scores, scores } from "../network/scores.js";
import { Random } from "../random.js";
import type { Cell, Row } from "./cells.js";
import type { Column, Columns } from "./columns.js";
import { inputNames } from "./encodings.js";
import { readNumber } from "./numbers.js";

/** Options of `permutationImportance`. */
export interface ImportanceOptions {
  /** Shuffles of each column. Default: 5. */
  repeats?: number;
  /** Seed of the shuffles. Default: 0. */
  seed?: number;
}

/** How much a model needs a column. */
export interface ColumnImportance {
  /** Name of the column. */
  readonly column: string;
  /**
   * By how much the accuracy, or R², falls when the column's values are shuffled: the mean over the
   * shuffles.
   */
  readonly drop: number;
  /** Standard deviation of the fall over the shuffles. */
  readonly deviation: number;
  /** By how much the loss rises: the mean over the shuffles. */
  readonly lossIncrease: number;
}

/** Options of `partialDependence`. */
export interface DependenceOptions {
  /**
   * Most values of a number or a date that are tried; they lie at the column's quantiles.
   * Default: 20.
   */
  points?: number;
  /** Most rows that are averaged over, evenly spread. Default: 500. */
  rows?: number;
}

/** Mean predictions by the value of a column. */
export interface Dependence {
  /** Name of the column. */
  readonly column: string;
  /** Values that the column was set to: numbers, or the text of cells. */
  readonly values: readonly (string | number)[];
  /**
   * For each value the mean probabilities of the classes, or the mean value of each target in its
   * unit.
   */
  readonly outputs: readonly (readonly number[])[];
}

/**
 * How much a model needs each column: the fall of its score when the column's values are shuffled
 * among the rows (Breiman 2001). Columns with the same information share their importance. A column
 * of several inputs, as a category has them, is shuffled as one.
 *
 * @param net a network that was trained on encoded rows.
 * @param columns what `describe` found.
 * @param rows that the network was not trained on; those without a target are left out.
 * @param options see `ImportanceOptions`.
 * @returns the columns that are used, the most important first. Cost: `repeats` predictions of the
 * rows for each column.
 * @throws TypeError or RangeError for bad options, and for rows without targets.
 */
export function permutationImportance(
  net: Network,
  columns: Columns,
  rows: readonly Row[],
  options: ImportanceOptions = {},
): ColumnImportance[] {
  const where = "permutationImportance";
  checkNetwork(where, net);
  checkObject(where, "options", options);
  checkKeys(where, options, ["repeats", "seed"]);
  const { repeats = 5, seed = 0 } = options as ImportanceOptions;
  checkInteger(where, "repeats", repeats, 1);
  const data = columns.dataset(rows);
  const measure = (inputs: Matrix): { score: number; loss: number } => {
    const shuffled = dataset(inputs, data.targets);
    const found = scores(net, shuffled, columns.classes?.length === 2 ? { threshold: columns.data.threshold } : {});
    return { score: scoreOf(found), loss: net.evaluate(shuffled).loss };
  };
  const before = measure(data.inputs);
  const found = groupsOf(columns).map(({ column, at, width }, j): ColumnImportance => {
    const runs = Array.from({ length: repeats }, (_, k) =>
      measure(shuffledIn(data.inputs, at, width, new Random(seed, j, k))),
    );
    const drops = runs.map(({ score }) => before.score - score);
    const drop = mean(drops);
    const deviation = Math.sqrt(mean(drops.map((one) => (one - drop) ** 2)));
    return { column: column.name, drop, deviation, lossIncrease: mean(runs.map(({ loss }) => loss - before.loss)) };
  });
  return found.sort((a, b) => b.lossIncrease - a.lossIncrease);
}

/**
 * How predictions depend on one column: the mean prediction over the rows when the column is set to
 * one value in all of them (Friedman 2001). Other columns keep their values. So combinations are
 * tried that never occur in the table.
 *
 * @param net a network that was trained on encoded rows.
 * @param columns what `describe` found.
 * @param rows with or without targets.
 * @param name of a column that is used.
 * @param options see `DependenceOptions`.
 * @returns values of the column, by size or in the order of their kinds, and the mean prediction at
 * each. Cost: a prediction of the rows for each value.
 * @throws TypeError or RangeError for bad options, and for a column that is not used.
 */
export function partialDependence(
  net: Network,
  columns: Columns,
  rows: readonly Row[],
  name: string,
  options: DependenceOptions = {},
): Dependence {
  const where = "partialDependence";
  checkNetwork(where, net);
  checkObject(where, "options", options);
  checkKeys(where, options, ["points", "rows"]);
  const { points = 20, rows: most = 500 } = options as DependenceOptions;
  checkInteger(where, "points", points, 2);
  checkInteger(where, "rows", most, 1);
  const group = groupsOf(columns).find(({ column }) => column.name === name);
  if (!group) wrongValue(where, "name", `one of ${columns.needed.join(", ")}`, JSON.stringify(name));
  const { column, at, width } = group;
  const every = Math.ceil(rows.length / most);
  const sample = rows.filter((_, row) => row % every === 0);
  const { inputs } = columns.encode(sample);
  const cells = cellsToTry(column, columns, rows, at, points);
  const tried = columns.encode(cells.map((cell) => withCell(sample[0], column, cell, columns))).inputs;
  const outputs = cells.map((_, k) => {
    const own = tried.data.subarray(k * tried.columns + at, k * tried.columns + at + width);
    return meanPrediction(net, columns, setIn(inputs, at, own));
  });
  const { encoding } = column;
  const values = cells.map((cell) =>
    encoding?.kind === "number" ? (readNumber(String(cell), encoding) as number) : String(cell),
  );
  return { column: name, values, outputs };
}

interface Group {
  readonly column: Column;
  /** The first of its inputs, and how many there are. */
  readonly at: number;
  readonly width: number;
}

function groupsOf(columns: Columns): Group[] {
  const places = columns.inputPlaces;
  return columns.columns.flatMap((column): Group[] => {
    const { name, encoding } = column;
    if (encoding === null) return [];
    return [{ column, at: places.get(name) as number, width: inputNames(name, encoding).length }];
  });
}

function scoreOf(found: Scores): number {
  return found.task === "classification" ? found.accuracy : found.r2;
}

function shuffledIn({ rows, columns, data }: Matrix, at: number, width: number, random: Random): Matrix {
  const order = random.shuffle(Int32Array.from({ length: rows }, (_, row) => row));
  const shuffled = Float64Array.from(data);
  for (let row = 0; row < rows; ++row) {
    const from = order[row] * columns + at;
    shuffled.set(data.subarray(from, from + width), row * columns + at);
  }
  return matrix(rows, columns, shuffled);
}

function setIn({ rows, columns, data }: Matrix, at: number, values: ArrayLike<number>): Matrix {
  const changed = Float64Array.from(data);
  for (let row = 0; row < rows; ++row) changed.set(values, row * columns + at);
  return matrix(rows, columns, changed);
}

/** Kinds of a category; of numbers and dates the cells at the quantiles. */
function cellsToTry(
  { name, place, encoding }: Column,
  columns: Columns,
  rows: readonly Row[],
  at: number,
  points: number,
): Cell[] {
  if (encoding?.kind === "category") return [...encoding.kinds];
  if (encoding?.kind === "ordered") return [...encoding.levels];
  if (encoding?.kind === "boolean") return [encoding.no, encoding.yes];
  const raw = columns.raw(rows);
  const cells = rows.map((row) => cellAt(row, place, name, columns));
  const known = Array.from(rows.keys()).filter((row) => !columns.isMissing(cells[row]));
  const sizes = (row: number): number => raw.data[row * raw.columns + at];
  const sorted = known.filter((row) => isRead(cells[row], encoding)).sort((a, b) => sizes(a) - sizes(b));
  const chosen = Array.from({ length: points }, (_, k) => sorted[Math.round((k * (sorted.length - 1)) / (points - 1))]);
  const distinct = chosen.filter((row, k) => row !== undefined && (k === 0 || sizes(row) > sizes(chosen[k - 1])));
  return distinct.map((row) => cells[row]);
}

function isRead(cell: Cell, encoding: Column["encoding"]): boolean {
  return encoding?.kind !== "number" || readNumber(String(cell), encoding) !== null;
}

/** Where a column is in a row, which may lack the targets. */
function placeIn(row: readonly Cell[], place: number, { data: { width, targetPlaces } }: Columns): number {
  return row.length === width ? place : place - targetPlaces.filter((target) => target < place).length;
}

function cellAt(row: Row, place: number, name: string, columns: Columns): Cell {
  if (Array.isArray(row)) return row[placeIn(row, place, columns)];
  return (row as Readonly<Record<string, Cell>>)[name];
}

function withCell(row: Row, { name, place }: Column, cell: Cell, columns: Columns): Row {
  if (!Array.isArray(row)) return { ...row, [name]: cell };
  const at = placeIn(row, place, columns);
  return row.map((own: Cell, j) => (j === at ? cell : own));
}

function meanPrediction(net: Network, columns: Columns, inputs: Matrix): number[] {
  const { data, columns: width, rows } = columns.classes ? net.probabilities(inputs) : net.predict(inputs);
  const sums = new Array<number>(width).fill(0);
  for (let i = 0; i < data.length; ++i) {
    sums[i % width] += columns.classes ? data[i] : columns.inUnits(data[i], i % width);
  }
  return sums.map((sum) => sum / rows);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
