import type { Dataset } from "../../network/dataset.js";

/** How large the inputs are. */
export interface InputScale {
  /** Root mean square of the largest input. */
  readonly largest: number;
  /** Which one that is. */
  readonly column: number;
  /** Inputs that are the same in all samples. */
  readonly constant: readonly number[];
}

export function inputScale({ inputs: { rows, columns, data } }: Dataset): InputScale {
  const squares = new Float64Array(columns);
  const varies = new Uint8Array(columns);
  for (let k = 0, i = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j, ++k) {
      squares[j] += data[k] * data[k];
      if (data[k] !== data[j]) varies[j] = 1;
    }
  }
  let column = 0;
  for (let j = 1; j < columns; ++j) if (squares[j] > squares[column]) column = j;
  const constant = Array.from(varies.keys()).filter((j) => !varies[j]);
  return { largest: Math.sqrt(squares[column] / rows), column, constant };
}
