import type { Dataset } from "./dataset.js";
import type { Layout } from "./layout.js";
import { lowestLayer } from "./selection.js";
import { lossTraits, type ResolvedSpec } from "./spec.js";

/**
 * How much less the weights of inputs are to move than biases: a unit then shifts its bend before it
 * turns. Measured on curves of one input, where it takes a third of the steps; tables don't mind.
 */
const STIFFNESS = 10;

/**
 * The units in which a network's parameters are counted, taken from the data: the weight of an input
 * column is counted in 1 / that column's root mean square, made
 * stiffer; the parameters of an output of values in
 * the standard deviation of its targets. All others have no unit: theirs is 1. So are those of
 * columns and targets that are 0 throughout, and of inputs to layers above frozen ones.
 *
 * @returns one positive number for each parameter that takes steps. Cost: a pass over the data.
 */
export function parameterUnits(spec: ResolvedSpec, layout: Layout, data: Dataset): Float64Array {
  const { layers, free, parameterCount, outputs } = layout;
  const units = new Float64Array(parameterCount).fill(1);
  const lowest = free ? lowestLayer(layout, free) : 0;
  const columns = lowest === 0 ? rootMeanSquares(data) : null;
  const stiff = Math.sqrt(STIFFNESS);
  const targets = lossTraits(spec.loss).outputs === "values" ? deviations(data, outputs) : null;
  layers.forEach(({ weight, bias, inputs, units: count, end }, l) => {
    for (let i = weight; i < end; ++i) {
      if (columns && l === 0 && i < bias) units[i] /= stiff * columns[(i - weight) % inputs];
      if (targets && l === layers.length - 1) {
        units[i] *= targets[i < bias ? Math.floor((i - weight) / inputs) : (i - bias) % count];
      }
    }
  });
  return free ? Float64Array.from(free, (place) => units[place]) : units;
}

function rootMeanSquares({ inputs: { rows, columns, data } }: Dataset): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0, at = 0; i < rows; ++i) for (let j = 0; j < columns; ++j) sums[j] += data[at++] ** 2;
  return sums.map((sum) => finite(Math.sqrt(sum / rows)));
}

/** Of targets of which all are equal, their absolute value. */
function deviations({ targets: given, size }: Dataset, outputs: number): Float64Array {
  const data = "data" in given ? given.data : given;
  const deviation = new Float64Array(outputs);
  for (let k = 0; k < outputs; ++k) {
    let mean = 0;
    for (let i = 0; i < size; ++i) mean += data[i * outputs + k] / size;
    let square = 0;
    for (let i = 0; i < size; ++i) square += (data[i * outputs + k] - mean) ** 2 / size;
    deviation[k] = finite(Math.sqrt(square), finite(Math.abs(mean)));
  }
  return deviation;
}

function finite(value: number, other = 1): number {
  return value > 0 && value < Infinity ? value : other;
}
