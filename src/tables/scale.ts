import type { Matrix } from "../linalg/matrix.js";

/** How columns are brought to mean 0 and deviation 1. */
export interface Scale {
  /** Of each column. */
  readonly mean: readonly number[];
  /** Standard deviation (÷ rows); 0 for a column that is constant. */
  readonly deviation: readonly number[];
}

/**
 * The scale of some rows, to be used on others too: those held out must not have a say in it. NaN
 * stands for what is missing.
 */
export function scaleOf({ rows, columns, data }: Matrix): Scale {
  const moments = Array.from({ length: columns }, (_, column) => momentsOf(data, rows, columns, column));
  return { mean: moments.map(({ mean }) => mean), deviation: moments.map(({ deviation }) => deviation) };
}

function momentsOf(
  data: Matrix["data"],
  rows: number,
  columns: number,
  column: number,
): { mean: number; deviation: number } {
  let least = Infinity;
  let greatest = -Infinity;
  let mean = 0;
  const known = countKnown(data, rows, columns, column);
  for (let at = column; at < rows * columns; at += columns) {
    if (Number.isNaN(data[at])) continue;
    least = Math.min(least, data[at]);
    greatest = Math.max(greatest, data[at]);
    mean += data[at] / known;
  }
  if (known === 0) return { mean: 0, deviation: 0 };
  // What rounding leaves of a constant column's deviation would blow its noise up.
  if (least === greatest) return { mean: least, deviation: 0 };
  // In units of the range, so that squares neither overflow nor vanish.
  const range = greatest - least;
  let squares = 0;
  for (let at = column; at < rows * columns; at += columns) {
    if (!Number.isNaN(data[at])) squares += ((data[at] - mean) / range) ** 2 / known;
  }
  return { mean, deviation: range * Math.sqrt(squares) };
}

function countKnown(data: Matrix["data"], rows: number, columns: number, column: number): number {
  let known = 0;
  for (let at = column; at < rows * columns; at += columns) known += Number.isNaN(data[at]) ? 0 : 1;
  return known;
}

/**
 * (x − mean) / deviation for every row, where it stands; 0 for what is missing, and in a column
 * that was constant: a network cannot have learned from it.
 */
export function standardize({ rows, columns, data }: Matrix, { mean, deviation }: Scale): Matrix {
  for (let at = 0; at < data.length; ++at) {
    const column = at % columns;
    const known = deviation[column] > 0 && !Number.isNaN(data[at]);
    data[at] = known ? (data[at] - mean[column]) / deviation[column] : 0;
  }
  return { rows, columns, data };
}
