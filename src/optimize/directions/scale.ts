import type { Layout } from "../../network/layout.js";
import { unitGroups } from "../../network/unit-groups.js";
import { epsilonOf } from "../../wasm/workspace.js";
import type { Local } from "../local.js";
import type { Memory } from "../memory.js";

/** Roundings of a column that went through many sums. */
export const ROUNDINGS = 100;

/** How much of a scale is left after a step in which its columns have become shorter. */
const KEPT = { function: 1, network: 0.5 } as const;

/**
 * D^½ of the norm ‖D^½·s‖ in which steps are measured and damped, so that no unit of a parameter
 * matters: the lengths of the Jacobian's columns.
 *
 * As in Moré (1978) a column that becomes shorter keeps its scale, so that a step is not allowed to
 * run where nothing is known. A network keeps half of it: training moves it far from its start.
 *
 * A network's parameters that share a unit share a scale, or a unit that hardly takes part would be
 * thrown about: the largest of theirs.
 *
 * @param diagonal squares of the columns' lengths at this point, the diagonal of JᵀJ.
 */
export function columnScale({ problem }: Local, memory: Memory, diagonal: Float64Array): Float64Array {
  const { layout, dtype } = problem;
  const squares = kept(memory, diagonal, layout);
  const most = squares.reduce((a, b) => Math.max(a, b), 0) || 1;
  // What a network's columns lose by cancellation, as those of a bias before batch norm, is
  // rounding and no scale.
  const least = layout ? (ROUNDINGS * epsilonOf(dtype)) ** 2 * most : 0;
  return squares.map((square) => Math.sqrt(square > least ? square : most));
}

function kept(memory: Memory, diagonal: Float64Array, layout: Layout | null): Float64Array {
  const squares = layout ? largest(diagonal, unitGroups(layout)) : diagonal;
  const before = memory.vector("scale");
  const share = layout ? KEPT.network : KEPT.function;
  const scale = squares.map((square, j) => Math.max(square, before ? share * before[j] : 0));
  memory.vectors.set("scale", scale);
  return scale;
}

function largest(squares: Float64Array, groups: Uint32Array): Float64Array {
  const most = new Float64Array(squares.length);
  squares.forEach((square, j) => {
    most[groups[j]] = Math.max(most[groups[j]], square);
  });
  return squares.map((_, j) => most[groups[j]]);
}
