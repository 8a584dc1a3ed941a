import type { Cell, Row } from "./cells.js";
import { Columns } from "./columns.js";
import { short } from "./types.js";

/** Kinds of a column are only held to give a target away where each has so many rows on average. */
const ROWS_PER_KIND = 5;
/** Rows of each class that ranges of numbers have to set apart. */
const ROWS_PER_RANGE = 10;
/**
 * Share of the target's variance that a column explains alone, from which it is hardly a
 * measurement of its own.
 */
const EXPLAINED = 0.9999;
/** Rows on which sums are tried first, and what they have to explain there. */
const SAMPLE = 2000;
const EXPLAINED_BY_SOME = 0.99;
/** Rows below which anything fits anything. */
const FEWEST = 20;

/**
 * Columns that reveal the target. These are columns of which each kind, or each range of numbers,
 * has one class; columns that are the target in other units; and columns whose sum is the target.
 *
 * @returns a sentence for each. Cost: a pass over the cells for each column.
 */
export function leaksIn(columns: Columns, rows: readonly Row[]): string[] {
  const targets = columns.targetValues(rows);
  const known = Array.from(targets.keys()).filter((row) => !Number.isNaN(targets[row]));
  if (known.length < FEWEST || columns.targetNames.length > 1) return [];
  const [target] = columns.targetNames;
  const y = Float64Array.from(known, (row) => targets[row]);
  const numbers = numbersIn(
    columns,
    known.map((row) => rows[row]),
  );
  const found =
    columns.task === "classification"
      ? [...new Set([...classLeaks(columns, rows, known, y), ...rangeLeaks(numbers, y)])]
      : valueLeaks(numbers, y);
  return found.map((name) => `${name} determines ${target} by itself: leave it out if it will not be known beforehand`);
}

/** Every kind of the column has rows of one class alone. */
function classLeaks(columns: Columns, rows: readonly Row[], known: readonly number[], y: Float64Array): string[] {
  return columns.columns.flatMap(({ name, place, encoding }) => {
    if (encoding === null || encoding.kind === "date") return [];
    const classes = new Map<string, number>();
    for (const [i, row] of known.entries()) {
      const cell = textAt(rows[row], place, name);
      const before = classes.get(cell);
      if (before !== undefined && before !== y[i]) return [];
      classes.set(cell, y[i]);
    }
    return classes.size * ROWS_PER_KIND <= known.length ? [name] : [];
  });
}

/** Every class has a range of the column's numbers for itself. */
function rangeLeaks(numbers: readonly Numbers[], y: Float64Array): string[] {
  return numbers.flatMap(({ name, values }) => (separates(values, y) ? [name] : []));
}

/** Whether each class has a range for itself, with rows enough that this is no chance. */
function separates(values: ArrayLike<number>, y: Float64Array): boolean {
  const order = Array.from(y.keys()).sort((a, b) => values[a] - values[b]);
  const rows = new Map<number, number>();
  for (const [i, row] of order.entries()) {
    const before = order[i - 1];
    const seen = rows.get(y[row]);
    const changes = i > 0 && y[row] !== y[before];
    if (changes && (seen !== undefined || values[row] === values[before])) return false;
    rows.set(y[row], (seen ?? 0) + 1);
  }
  return Array.from(rows.values()).every((count) => count >= ROWS_PER_RANGE);
}

function textAt(row: Row, place: number, name: string): string {
  const cell: Cell = Array.isArray(row) ? row[place] : (row as Readonly<Record<string, Cell>>)[name];
  return String(cell ?? "");
}

/** Numbers that are the target but for scale and shift, alone or the sum of two. */
function valueLeaks(all: readonly Numbers[], y: Float64Array): string[] {
  const numbers = all.filter(({ unit }) => unit === null);
  const alone = numbers.filter(({ values }) => correlation(values, y) ** 2 >= EXPLAINED).map(({ name }) => name);
  if (alone.length > 0) return alone;
  const sum = [...sums(numbers, y)].find(([a, b]) => correlation(added(a.values, b.values), y) ** 2 >= EXPLAINED);
  return sum ? [`${sum[0].name} + ${sum[1].name}`] : [];
}

/** Pairs whose sum explains the target on some of the rows; there are many pairs. */
function* sums(numbers: readonly Numbers[], y: Float64Array): Generator<[Numbers, Numbers]> {
  const step = Math.ceil(y.length / SAMPLE);
  const some = (values: Float64Array): Float64Array => values.filter((_, row) => row % step === 0);
  const [samples, target] = [numbers.map(({ values }) => some(values)), some(y)];
  for (const [i, first] of numbers.entries()) {
    for (let j = i + 1; j < numbers.length; ++j) {
      if (correlation(added(samples[i], samples[j]), target) ** 2 >= EXPLAINED_BY_SOME) yield [first, numbers[j]];
    }
  }
}

function added(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, row) => value + b[row]);
}

/** A column of numbers; `unit`: null where they are no logarithms. */
interface Numbers {
  readonly name: string;
  readonly unit: number | null;
  readonly values: Float64Array;
}

function numbersIn(columns: Columns, rows: readonly Row[]): Numbers[] {
  return columns.columns.flatMap((column) => {
    const { name, encoding } = column;
    if (encoding?.kind !== "number") return [];
    const { data } = new Columns({
      ...columns.data,
      columns: [{ ...column, encoding: { ...encoding, flag: false } }],
    }).raw(rows);
    return [{ name, unit: encoding.unit, values: data as Float64Array }];
  });
}

function correlation(x: Float64Array, y: Float64Array): number {
  const [mx, my] = [meanOf(x), meanOf(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; ++i) sum += values[i];
  return sum / values.length;
}

/** Rows of one part that stand in another too, cell by cell; places within `part`. */
export function repeatedRows(part: readonly Row[], other: readonly Row[]): number[] {
  const keys = new Set(other.map((row) => keyOf(JSON.stringify(row))));
  return part.flatMap((row, i) => (keys.has(keyOf(JSON.stringify(row))) ? [i] : []));
}

/** Rows with equal inputs and different targets. */
export function conflictsIn(columns: Columns, rows: readonly Row[]): string | null {
  if (columns.task !== "classification") return null;
  const targets = columns.targetValues(rows);
  const seen = new Map<number, number>();
  let [conflicts, example] = [0, -1];
  for (const [row, key] of inputKeys(columns, rows)) {
    if (Number.isNaN(targets[row])) continue;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, row);
    else if (targets[before] !== targets[row]) {
      ++conflicts;
      if (example < 0) example = row;
    }
  }
  const label = example < 0 ? "" : short(columns.classes?.[targets[example]] ?? "");
  return conflicts === 0
    ? null
    : `${conflicts} ${conflicts === 1 ? "row has" : "rows have"} the inputs of another with another class (such as ${label} in row ${example + 1})`;
}

/** Each row with a key of its inputs; of many rows, not all inputs at once. */
function* inputKeys(columns: Columns, rows: readonly Row[]): Generator<[row: number, key: number]> {
  for (let from = 0; from < rows.length; from += BLOCK) {
    const raw = columns.raw(rows.slice(from, from + BLOCK));
    for (let i = 0; i < raw.rows; ++i) {
      yield [from + i, keyOf(raw.data.subarray(i * raw.columns, (i + 1) * raw.columns).join())];
    }
  }
}

const BLOCK = 4096;

/**
 * 53 bits in place of a row's text, which would be kept as often as there are rows: two of a
 * million rows share them by chance once in 20,000 tables.
 */
function keyOf(text: string): number {
  let [a, b] = [0x811c9dc5, 0x1b873593];
  for (let i = 0; i < text.length; ++i) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b + code, 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}
