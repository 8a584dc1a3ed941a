import type { SymmetricMatrix } from "../../linalg/symmetric.js";
import type { Local } from "../local.js";

/** Parameters whose gradient and row of the matrix are exactly 0, but for weight decay's share of the diagonal. */
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
