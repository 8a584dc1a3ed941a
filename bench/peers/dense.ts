import type { Numbers } from "./peer.ts";

/** op(M)·v in f64, M stored rows × columns before op. */
export function apply(m: Numbers, rows: number, columns: number, transpose: boolean, v: Float64Array): Float64Array {
  const out = new Float64Array(transpose ? columns : rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const value = m[i * columns + j]!;
      if (transpose) out[j]! += value * v[i]!;
      else out[i]! += value * v[j]!;
    }
  return out;
}

/** The largest distance between elements; infinite where the numbers of elements differ. */
export const furthest = (left: ArrayLike<number>, right: ArrayLike<number>): number => {
  if (left.length !== right.length) return Infinity;
  let most = 0;
  for (let i = 0; i < left.length; i++) {
    const distance = Math.abs(left[i]! - right[i]!);
    if (!(distance <= most)) most = distance;
  }
  return most;
};
