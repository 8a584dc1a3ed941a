/**
 * What the optimizer updates share. Each update is one pass that reads θ and g, writes `out` (which
 * may be θ) and advances its state in place. It returns 1 if an element that it wrote to `out` is
 * NaN or infinite, else 0. The formulas and their order are PyTorch's. Hyperparameters arrive in
 * double precision and are rounded once.
 */
import { madd } from "../inline/lanes";
import { choose } from "../inline/elements";
import { firstLanes, loadPart, storePart } from "../inline/ragged";

/**
 * Room for one vector of each operand. The elements at the end that do not fill a vector are put
 * here, updated by the same loop as all others, and taken back: the loops stay free of tails.
 */
const SLOTS = memory.data(7 * 16, 16);

/** Room for the constants of one update. */
const HELD = memory.data(8 * 16, 16);

/**
 * The constant x in every lane, by way of memory: engines otherwise move its conversion, and
 * whatever division or root it comes from, into the loop that uses it. Adam is twice as fast with
 * it.
 */
// @ts-ignore: decorator
@inline
export function hold<T>(i: i32, x: f64): v128 {
  v128.store(HELD + (<usize>i << 4), v128.splat<T>(<T>x));
  return v128.load(HELD + (<usize>i << 4));
}

/**
 * Slot i with the `left` elements at p + offset, the first of them repeated in the other lanes; 0
 * for p = 0.
 */
export function borrow<T>(i: i32, p: usize, offset: usize, left: i32): usize {
  if (!p) return 0;
  p += offset;
  const slot = SLOTS + (<usize>i << 4);
  v128.store(slot, choose(firstLanes<T>(left), loadPart<T>(p, left), v128.splat<T>(load<T>(p))));
  return slot;
}

/** The first `left` elements of slot i back to p + offset, unless p is 0. */
export function giveBack<T>(i: i32, p: usize, offset: usize, left: i32): void {
  if (p) storePart<T>(p + offset, v128.load(SLOTS + (<usize>i << 4)), left);
}

/** Running mean of squares: keep·s + take·g². */
// @ts-ignore: decorator
@inline
export function meanSquare<T>(s: v128, g: v128, keep: v128, take: v128): v128 {
  return madd<T>(v128.mul<T>(take, g), g, v128.mul<T>(keep, s));
}

/** From a towards b by the weight: a + weight·(b − a). */
// @ts-ignore: decorator
@inline
export function towards<T>(a: v128, b: v128, weight: v128): v128 {
  return madd<T>(weight, v128.sub<T>(b, a), a);
}
