/**
 * Vectors at the ragged end of a buffer: of the elements at p, at most the first `left` are read or
 * written. The lanes beyond are 0 after a load. With `left` = lanes these are plain loads and
 * stores; hot loops use that, since a loop with a call in it keeps its vectors in memory.
 */
import { lanes } from "./lanes";

// @ts-ignore: decorator
@inline
export function loadUpTo<T>(p: usize, left: i32): v128 {
  return left >= lanes<T>() ? v128.load(p) : loadPart<T>(p, left);
}

// @ts-ignore: decorator
@inline
export function storeUpTo<T>(p: usize, v: v128, left: i32): void {
  if (left >= lanes<T>()) v128.store(p, v);
  else storePart<T>(p, v, left);
}

/**
 * Recursive, because the compiler copies anything shorter than a call into each of its hundred
 * uses.
 */
export function loadPart<T>(p: usize, left: i32): v128 {
  const rest = left > 1 ? loadPart<T>(p + sizeof<T>(), left - 1) : v128.splat<i32>(0);
  const moved = sizeof<T>() == 4 ? v128.shuffle<f32>(rest, rest, 0, 0, 1, 2) : v128.shuffle<f64>(rest, rest, 0, 0);
  return v128.load_lane<T>(p, moved, 0);
}

export function storePart<T>(p: usize, v: v128, left: i32): void {
  v128.store_lane<T>(p, v, 0);
  if (left <= 1) return;
  const moved = sizeof<T>() == 4 ? v128.shuffle<f32>(v, v, 1, 2, 3, 3) : v128.shuffle<f64>(v, v, 1, 1);
  storePart<T>(p + sizeof<T>(), moved, left - 1);
}

/** All bits set in the first `left` lanes, none in the others. */
// @ts-ignore: decorator
@inline
export function firstLanes<T>(left: i32): v128 {
  const index = sizeof<T>() == 4 ? i32x4(0, 1, 2, 3) : i32x4(0, 0, 1, 1);
  return v128.gt<i32>(v128.splat<i32>(left), index);
}

/** Zeros in the columns n … ld − 1 of every row. */
export function clearPadding<T>(p: usize, rows: i32, n: i32, ld: i32): void {
  if (n >= ld) return;
  for (let row = 0; row < rows; ++row) {
    memory.fill(p + (<usize>row * ld + n) * sizeof<T>(), 0, <usize>(ld - n) * sizeof<T>());
  }
}
