import { type Matrix, matrix } from "../../index.js";

/** How columns are brought to mean 0 and deviation 1. */
export interface Scale {
  readonly mean: readonly number[];
  /** Standard deviation (÷ rows); 0 for a column that is constant. */
  readonly deviation: readonly number[];
}

/** The scale of some rows, to be used on others too: those held out must not have a say in it. */
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
  for (let at = column; at < rows * columns; at += columns) {
    least = Math.min(least, data[at]);
    greatest = Math.max(greatest, data[at]);
    mean += data[at] / rows;
  }
  // What rounding leaves of a constant column's deviation would blow its noise up.
  if (least === greatest) return { mean: least, deviation: 0 };
  // In units of the range, so that squares neither overflow nor vanish.
  const range = greatest - least;
  let squares = 0;
  for (let at = column; at < rows * columns; at += columns) squares += ((data[at] - mean) / range) ** 2 / rows;
  return { mean, deviation: range * Math.sqrt(squares) };
}

/** (x − mean) / deviation for every row, and 0 in a column that was constant: a network cannot have learned from it. */
export function standardize({ rows, columns, data }: Matrix, { mean, deviation }: Scale): Matrix {
  const scaled = new Float64Array(data.length);
  for (let at = 0; at < data.length; ++at) {
    const column = at % columns;
    if (deviation[column] > 0) scaled[at] = (data[at] - mean[column]) / deviation[column];
  }
  return matrix(rows, columns, scaled);
}
