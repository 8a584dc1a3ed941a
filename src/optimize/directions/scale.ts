import { unitGroups } from "../../network/unit-groups.js";
import { epsilonOf } from "../../wasm/workspace.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";

/**
 * How much of a scale is left after a step in which its columns have become shorter: training moves
 * a network's far from its start.
 */
const KEPT = { function: 1, network: 0.5 } as const;

/** Roundings of a column that went through many sums. */
export const ROUNDINGS = 100;

/**
 * D^½ of the norm ‖D^½·s‖ in which steps are measured and damped: the lengths of the Jacobian's
 * columns, so that a parameter's unit does not matter. As in Moré (1978) a column that becomes
 * shorter keeps its scale, so that a step is not allowed to run where nothing is known.
 *
 * Parameters that share a unit, as those of a network's layer do, share the largest of their
 * scales. Otherwise a unit that hardly takes part would have short columns and take huge steps.
 *
 * @param diagonal squares of the columns' lengths at this point, the diagonal of JᵀJ.
 */
export function columnScale({ problem }: Local, memory: Memory, diagonal: Float64Array): Float64Array {
  const { layout } = problem;
  const squares = layout ? shared(diagonal, unitGroups(layout)) : diagonal;
  const before = memory.vector("scale");
  const share = layout ? KEPT.network : KEPT.function;
  const kept = squares.map((square, j) => Math.max(square, before ? share * before[j] : 0));
  memory.vectors.set("scale", kept);
  const largest = kept.reduce((most, square) => Math.max(most, square), 0) || 1;
  // What a network's columns lose by cancellation, as those of a bias before batch norm, is
  // rounding and no scale.
  const least = layout ? (ROUNDINGS * epsilonOf(problem.dtype)) ** 2 * largest : 0;
  return kept.map((square) => Math.sqrt(square > least ? square : largest));
}

function shared(squares: Float64Array, groups: Uint32Array): Float64Array {
  const largest = new Float64Array(squares.length);
  squares.forEach((square, j) => {
    largest[groups[j]] = Math.max(largest[groups[j]], square);
  });
  return squares.map((_, j) => largest[groups[j]]);
}
