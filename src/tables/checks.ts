import type { Matrix } from "../linalg/matrix.js";
import type { Cell, Row } from "./cells.js";
import type { Columns } from "./columns.js";
import { short } from "./types.js";

/** Kinds of a column are only held to give a target away where each has so many rows on average. */
const ROWS_PER_KIND = 5;
/**
 * Share of the target's variance that a column explains alone, from which it is hardly a
 * measurement of its own.
 */
const EXPLAINED = 0.9999;
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
  const raw = columns.raw(known.map((row) => rows[row]));
  const y = Float64Array.from(known, (row) => targets[row]);
  const found = columns.task === "classification" ? classLeaks(columns, rows, known, y) : valueLeaks(columns, raw, y);
  return found.map((name) => `${name} determines ${target} by itself: leave it out if it will not be known beforehand`);
}

/** Every kind of the column has rows of one class alone, and every class has a kind. */
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

function textAt(row: Row, place: number, name: string): string {
  const cell: Cell = Array.isArray(row) ? row[place] : (row as Readonly<Record<string, Cell>>)[name];
  return String(cell ?? "");
}

/** Numbers that are the target but for scale and shift, alone or the sum of two. */
function valueLeaks(columns: Columns, raw: Matrix, y: Float64Array): string[] {
  const places = columns.inputPlaces;
  const numbers = columns.columns.flatMap(({ name, encoding }) => {
    if (encoding?.kind !== "number" || encoding.unit !== null) return [];
    const at = places.get(name) as number;
    return [{ name, values: Float64Array.from({ length: raw.rows }, (_, row) => raw.data[row * raw.columns + at]) }];
  });
  const alone = numbers.filter(({ values }) => correlation(values, y) ** 2 >= EXPLAINED).map(({ name }) => name);
  if (alone.length > 0) return alone;
  for (const [i, first] of numbers.entries()) {
    for (const second of numbers.slice(i + 1)) {
      const sum = first.values.map((value, row) => value + second.values[row]);
      if (correlation(sum, y) ** 2 >= EXPLAINED) return [`${first.name} + ${second.name}`];
    }
  }
  return [];
}

function correlation(x: Float64Array, y: Float64Array): number {
  const [mx, my] = [x, y].map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

/** Rows of one part that also occur in another part, cell by cell; returns places within `part`. */
export function repeatedRows(part: readonly Row[], other: readonly Row[]): number[] {
  const keys = new Set(other.map((row) => keyOf(JSON.stringify(row))));
  return part.flatMap((row, i) => (keys.has(keyOf(JSON.stringify(row))) ? [i] : []));
}

/** Rows with equal inputs and different targets. */
export function conflictsIn(columns: Columns, rows: readonly Row[]): string | null {
  if (columns.task !== "classification") return null;
  const targets = columns.targetValues(rows);
  const raw = columns.raw(rows);
  const seen = new Map<number, number>();
  let [conflicts, example] = [0, -1];
  for (let row = 0; row < raw.rows; ++row) {
    if (Number.isNaN(targets[row])) continue;
    const key = keyOf(raw.data.subarray(row * raw.columns, (row + 1) * raw.columns).join());
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
