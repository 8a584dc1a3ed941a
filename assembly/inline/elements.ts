/**
 * What the kernels ask of single vectors: constants, bits, polynomials, and sums in double
 * precision.
 */
import { loadSplat, madd } from "./lanes";
import { loadUpTo } from "./ragged";

// @ts-ignore: decorator
@inline
export function constant<T>(x: f64): v128 {
  return v128.splat<T>(<T>x);
}

/** Element i of a table of coefficients, in every lane. */
// @ts-ignore: decorator
@inline
export function coefficient<T>(table: usize, i: i32): v128 {
  return loadSplat<T>(table + <usize>i * sizeof<T>());
}

/** Polynomial with the `count` coefficients at p, the highest power first. */
export function horner<T>(x: v128, p: usize, count: i32): v128 {
  let sum = loadSplat<T>(p);
  const end = p + <usize>count * sizeof<T>();
  for (p += sizeof<T>(); p < end; p += sizeof<T>()) sum = madd<T>(sum, x, loadSplat<T>(p));
  return sum;
}

/** `yes` where the mask is set, `no` elsewhere. */
// @ts-ignore: decorator
@inline
export function choose(mask: v128, yes: v128, no: v128): v128 {
  return v128.bitselect(yes, no, mask);
}

/**
 * All bits set where x is NaN or infinite. On the bits, because optimised builds assume numbers to
 * be finite.
 */
// @ts-ignore: decorator
@inline
export function nonFinite<T>(x: v128): v128 {
  if (sizeof<T>() == 4) {
    const ones = v128.splat<i32>(0x7f800000);
    return v128.eq<i32>(v128.and(x, ones), ones);
  }
  const ones = v128.splat<i64>(0x7ff0000000000000);
  return v128.eq<i64>(v128.and(x, ones), ones);
}

/** The sign bit of every lane. */
// @ts-ignore: decorator
@inline
export function signBit<T>(): v128 {
  return sizeof<T>() == 4 ? v128.splat<i32>(i32.MIN_VALUE) : v128.splat<i64>(i64.MIN_VALUE);
}

/**
 * Elements 0 and 1 at p, in double precision. With `upper`, four elements are one step of every
 * sum, whatever T is.
 */
// @ts-ignore: decorator
@inline
export function lower<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return f64x2.promote_low_f32x4(v128.load64_zero(p));
  return v128.load(p);
}

/** Elements 2 and 3 at p, in double precision. */
// @ts-ignore: decorator
@inline
export function upper<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return f64x2.promote_low_f32x4(v128.load64_zero(p, 8));
  return v128.load(p, 16);
}

/** sum (f64x2) + the lanes of v, in double precision. */
// @ts-ignore: decorator
@inline
export function accumulate<T>(sum: v128, v: v128): v128 {
  if (sizeof<T>() == 8) return v128.add<f64>(sum, v);
  const high = v128.shuffle<i32>(v, v, 2, 3, 2, 3);
  return v128.add<f64>(sum, v128.add<f64>(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(high)));
}

/** v times the weights at p, of which `left` are there; 0 where the weight is 0, whatever v is. */
// @ts-ignore: decorator
@inline
export function weighed<T>(v: v128, p: usize, left: i32): v128 {
  const w = loadUpTo<T>(p, left);
  return v128.and(v128.mul<T>(v, w), v128.gt<T>(w, constant<T>(0)));
}
