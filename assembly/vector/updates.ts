/**
 * What the optimizer updates share. Each update is one pass that reads θ and g, writes out (which may be θ), advances its state
 * in place and returns 1 if an element it wrote to out is NaN or infinite, else 0. The formulas and their order are PyTorch's.
 * Hyperparameters arrive in double precision and are rounded once.
 */
import { madd } from "../inline/lanes";
import { nonFinite } from "../inline/elements";
import { firstLanes, storeUpTo } from "../inline/ragged";

/** Stores v and tells in which of its first `left` lanes it is not finite. */
// @ts-ignore: decorator
@inline
export function storeChecked<T>(p: usize, v: v128, left: i32): v128 {
  storeUpTo<T>(p, v, left);
  return v128.and(nonFinite<T>(v), firstLanes<T>(left));
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
