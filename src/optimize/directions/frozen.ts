import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import type { Layout } from "../../network/layout.js";
import type { Local } from "../local.js";

/**
 * Parameters whose gradient and row of the matrix are exactly 0, but for weight decay's share of
 * the diagonal.
 */
export function frozenOf({ gradient, size, weightDecay }: Local, { data }: SymmetricMatrix): number[] {
  const frozen: number[] = [];
  for (let i = 0; i < size; ++i) {
    if (gradient[i] === 0 && data[i * (size + 1)] === weightDecay && isZeroBeside(data, i, size)) frozen.push(i);
  }
  return frozen;
}

function isZeroBeside(data: ArrayLike<number>, row: number, size: number): boolean {
  for (let j = 0; j < size; ++j) if (j !== row && data[row * size + j] !== 0) return false;
  return true;
}

/** Which parameters no second-order step can move, by layer and unit. */
export function describeFrozen(frozen: readonly number[], { layers }: Layout, name: string): string {
  const places = layers.flatMap(({ weight, bias, inputs, units }, l) => {
    const still = new Set(frozen.filter((i) => i >= weight && i < bias + units));
    const dead = Array.from({ length: units }, (_, u) => u).filter((u) => {
      for (let j = 0; j < inputs; ++j) if (!still.has(weight + u * inputs + j)) return false;
      return still.has(bias + u);
    });
    if (dead.length === units) return [`layer ${l + 1} is frozen whole`];
    if (dead.length > 0)
      return [
        `layer ${l + 1}: ${dead.length} of ${units} units (${dead.slice(0, 8).join(", ")}${dead.length > 8 ? ", …" : ""})`,
      ];
    return still.size > 0 ? [`layer ${l + 1}: ${still.size} single parameters`] : [];
  });
  return (
    `gradient and curvature are exactly 0 along ${frozen.length} parameters, which ${name} cannot move: ${places.join("; ")}; ` +
    "deadUnits names the units that no sample reaches"
  );
}
