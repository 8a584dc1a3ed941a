import type { Local } from "../local.js";
import type { Memory } from "../memory.js";

/** Roundings of a column that went through many sums. */
export const ROUNDINGS = 100;

/**
 * D^½ of the norm ‖D^½·s‖ in which steps are measured and damped, so that no unit of a parameter
 * matters.
 *
 * A function's parameters have the lengths of the Jacobian's columns. As in Moré (1978) a column
 * that becomes shorter keeps its scale, so that a step is not allowed to run where nothing is known.
 *
 * A network's parameters have the units of its data, and the first step's mean diagonal of G in these
 * units as their common size. By their columns hidden weights would be damped the more, the larger
 * the output weights are, which then grow without need.
 *
 * @param diagonal squares of the columns' lengths at this point, the diagonal of JᵀJ.
 */
export function columnScale({ problem }: Local, memory: Memory, diagonal: Float64Array): Float64Array {
  const { units } = problem;
  const before = memory.vector("scale");
  if (units) {
    const kept = before ?? inUnits(units, diagonal);
    memory.vectors.set("scale", kept);
    return kept.map(Math.sqrt);
  }
  const kept = before ? diagonal.map((square, j) => Math.max(square, before[j])) : diagonal;
  memory.vectors.set("scale", kept);
  const largest = kept.reduce((most, square) => Math.max(most, square), 0) || 1;
  return kept.map((square) => Math.sqrt(square > 0 ? square : largest));
}

/** D with the mean of the diagonal in these units as its size. */
function inUnits(units: Float64Array, diagonal: Float64Array): Float64Array {
  const sum = diagonal.reduce((total, square, j) => total + square * units[j] ** 2, 0);
  return units.map((unit) => (sum / units.length || 1) / unit ** 2);
}
