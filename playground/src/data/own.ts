import type { Problem } from "../model/settings.ts";

/** A user's table, ready to train on: inputs of mean 0 and standard deviation 2, so that the square of the plane holds most of it. */
export interface OwnData {
  readonly problem: Problem;
  readonly inputNames: readonly string[];
  readonly targetName: string;
  readonly rows: readonly (readonly number[])[];
  /** Class indices, or values scaled to [−1, 1]. */
  readonly labels: readonly number[];
  /** Names of the classes; empty under regression. */
  readonly classes: readonly string[];
  /** The inputs that span the plane. */
  readonly axes: readonly [number, number];
  /** The text it came from, for links, and what was chosen in it. */
  readonly text: string;
  readonly target: number;
}

const MOST_ROWS = 5000;
const MOST_INPUTS = 16;
const MOST_CLASSES = 8;
const SPREAD = 2;

/** Turns parsed cells into a table to train on; throws an Error in plain words for what cannot be used. */
export function ownData(cells: readonly (readonly string[])[], text: string, target?: number): OwnData {
  const rows = cells.filter((row) => row.some((cell) => cell.trim() !== ""));
  const width = rows[0]?.length ?? 0;
  if (width < 3) throw new Error("The table needs at least three columns: two inputs and a target.");
  const ragged = rows.findIndex((row) => row.length !== width);
  if (ragged >= 0) throw new Error(`Line ${ragged + 1} has ${rows[ragged].length} cells, the first has ${width}.`);
  const headed = rows[0].every((cell) => !isNumber(cell));
  const names = headed ? rows[0].map((cell) => cell.trim()) : rows[0].map((_, i) => `column ${i + 1}`);
  const body = headed ? rows.slice(1) : rows;
  if (body.length < 4) throw new Error(`The table needs at least four rows, this one has ${body.length}.`);
  if (body.length > MOST_ROWS)
    throw new Error(`The table may have ${MOST_ROWS} rows at most, this one has ${body.length}.`);
  const chosen = target ?? width - 1;
  const inputs = names.map((_, i) => i).filter((i) => i !== chosen);
  if (inputs.length > MOST_INPUTS)
    throw new Error(`The table may have ${MOST_INPUTS} inputs at most, this one has ${inputs.length}.`);
  const columns = inputs.map((i) => standardised(body.map((row, r) => numberIn(row[i], names[i], r, headed))));
  return {
    ...targets(
      body.map((row) => row[chosen].trim()),
      names[chosen],
    ),
    inputNames: inputs.map((i) => names[i]),
    targetName: names[chosen],
    rows: body.map((_, r) => columns.map((column) => column[r])),
    axes: [0, 1],
    text,
    target: chosen,
  };
}

function isNumber(cell: string): boolean {
  return cell.trim() !== "" && Number.isFinite(Number(cell));
}

function numberIn(cell: string, column: string, row: number, headed: boolean): number {
  if (isNumber(cell)) return Number(cell);
  throw new Error(`Line ${row + (headed ? 2 : 1)}, column "${column}": "${cell}" is not a number.`);
}

function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) || 1;
  return values.map((v) => Math.fround((SPREAD * (v - mean)) / deviation));
}

/** Words, and few whole numbers, are classes; other numbers are values. */
function targets(cells: readonly string[], name: string): Pick<OwnData, "problem" | "labels" | "classes"> {
  const distinct = [...new Set(cells)];
  const numeric = distinct.every(isNumber);
  const classes =
    !numeric || (distinct.length <= MOST_CLASSES && distinct.every((cell) => Number.isInteger(Number(cell))));
  if (classes) {
    if (distinct.length < 2) throw new Error(`The target "${name}" has one value only.`);
    if (distinct.length > MOST_CLASSES) {
      throw new Error(`The target "${name}" has ${distinct.length} classes, at most ${MOST_CLASSES} can be shown.`);
    }
    distinct.sort(numeric ? (a, b) => Number(a) - Number(b) : undefined);
    return { problem: "classification", labels: cells.map((cell) => distinct.indexOf(cell)), classes: distinct };
  }
  const values = cells.map(Number);
  const low = Math.min(...values);
  const high = Math.max(...values);
  return {
    problem: "regression",
    labels: values.map((v) => Math.fround((2 * (v - low)) / (high - low) - 1)),
    classes: [],
  };
}
