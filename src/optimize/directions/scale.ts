import type { Layout } from "../../network/layout.js";
import { dataWeights, unitGroups } from "../../network/unit-groups.js";
import { epsilonOf } from "../../wasm/workspace.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";

/** Roundings of a column that went through many sums. */
export const ROUNDINGS = 100;

/**
 * How much less the weights of the data are to move than the other parameters: a unit then shifts
 * its bend before it turns. Measured on curves of one input, which take half the steps; on tables
 * of many inputs it makes no difference.
 */
const STIFFNESS = 30;

/**
 * D^½ of the norm ‖D^½·s‖ in which steps are measured and damped, so that no unit of a parameter
 * matters.
 *
 * A function's parameters have the lengths of the Jacobian's columns. As in Moré (1978) a column
 * that becomes shorter keeps its scale, so that a step is not allowed to run where nothing is
 * known.
 *
 * A network's parameters keep the scales of the first step, and parameters that share a unit share
 * the mean of theirs. With scales of their own, hidden weights would be damped more as output
 * weights grow, and these would then grow without need. A unit that hardly takes part would take
 * huge steps.
 *
 * @param diagonal squares of the columns' lengths at this point, the diagonal of JᵀJ.
 */
export function columnScale({ problem }: Local, memory: Memory, diagonal: Float64Array): Float64Array {
  const { layout, dtype } = problem;
  const before = memory.vector("scale");
  const squares = layout ? (before ?? shared(diagonal, layout)) : diagonal;
  const kept = before ? squares.map((square, j) => Math.max(square, before[j])) : squares;
  memory.vectors.set("scale", kept);
  const largest = kept.reduce((most, square) => Math.max(most, square), 0) || 1;
  // A bias before batch norm moves nothing: its column is rounding and no scale.
  const cancels = layout?.layers.some(({ batchNorm }) => batchNorm);
  const least = cancels ? (ROUNDINGS * epsilonOf(dtype)) ** 2 * largest : 0;
  return kept.map((square) => Math.sqrt(square > least ? square : largest));
}

/** Means over the parameters that share a unit. */
function shared(squares: Float64Array, layout: Layout): Float64Array {
  const groups = unitGroups(layout);
  const stiff = dataWeights(layout);
  const [sums, counts] = [new Float64Array(squares.length), new Float64Array(squares.length)];
  squares.forEach((square, j) => {
    sums[groups[j]] += square;
    ++counts[groups[j]];
  });
  return squares.map((_, j) => ((stiff[j] ? STIFFNESS : 1) * sums[groups[j]]) / counts[groups[j]]);
}
