import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";

/** How large the inputs are. */
export interface InputScale {
  /** Root mean square of the largest input. */
  readonly largest: number;
  /** Which one that is. */
  readonly column: number;
  /** Inputs that are the same in all samples. */
  readonly constant: readonly number[];
  /** Inputs whose mean is far from 0 beside their deviation. */
  readonly shifted: readonly number[];
  /**
   * Inputs whose range is next to nothing beside the largest, and that the first layer's weights do
   * not make up for.
   */
  readonly tiny: readonly number[];
}

/**
 * A mean so many deviations from 0 makes the input nearly parallel to the bias: the curvature along
 * the difference of the two is a hundredth of the curvature along their sum.
 */
const SHIFTED = 10;
/** Of the largest range: an input that small has a millionth of the largest one's curvature. */
const TINY = 1e-3;
/**
 * Weighted by the first layer, an input below this share of the largest one's effect is not made up
 * for.
 */
const EFFECT = 0.01;

export function inputScale({ inputs: { rows, columns, data } }: Dataset, net?: Network): InputScale {
  const squares = new Float64Array(columns);
  const means = new Float64Array(columns);
  const least = new Float64Array(columns).fill(Infinity);
  const most = new Float64Array(columns).fill(-Infinity);
  const spread = new Float64Array(columns);
  // More than two different values: the mean of a yes-or-no input says how rare it is, not where it
  // lies.
  const many = new Uint8Array(columns);
  for (let k = 0, i = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j, ++k) {
      const x = data[k];
      squares[j] += x * x;
      means[j] += x / rows;
      if (x < least[j]) least[j] = x;
      if (x > most[j]) most[j] = x;
    }
  }
  for (let k = 0, i = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j, ++k) {
      spread[j] += (data[k] - means[j]) ** 2 / rows;
      if (data[k] !== least[j] && data[k] !== most[j]) many[j] = 1;
    }
  }
  let column = 0;
  for (let j = 1; j < columns; ++j) if (squares[j] > squares[column]) column = j;
  const all = Array.from(squares.keys());
  const constant = all.filter((j) => least[j] === most[j]);
  const varies = all.filter((j) => least[j] < most[j]);
  const deviation = spread.map(Math.sqrt);
  const widest = varies.reduce((width, j) => Math.max(width, most[j] - least[j]), 0);
  const effects = net ? all.map((j) => deviation[j] * columnNorm(net, j)) : deviation;
  const strongest = varies.reduce((top, j) => Math.max(top, effects[j]), 0);
  return {
    largest: Math.sqrt(squares[column] / rows),
    column,
    constant,
    shifted: varies.filter((j) => many[j] && Math.abs(means[j]) > SHIFTED * deviation[j]),
    tiny: varies.filter((j) => most[j] - least[j] < TINY * widest && effects[j] < EFFECT * strongest),
  };
}

/** ‖W_j‖: the length of an input's weights in the first layer. */
function columnNorm(net: Network, j: number): number {
  const { weight, units, inputs } = net.layout.layers[0];
  const { parameters } = net.current();
  let squares = 0;
  for (let unit = 0; unit < units; ++unit) squares += parameters[weight + unit * inputs + j] ** 2;
  return Math.sqrt(squares);
}
