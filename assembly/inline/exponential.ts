/**
 * exp and its relatives. All reduce x = k·ln 2 + r with |r| ≤ ½ln 2, and share p = eʳ − 1 = r +
 * r²·q(r). As in Cody and Waite, ln 2 is in two parts; the first has so few bits that k times it is
 * exact. Errors are the largest seen in either build, in units in the last place, against 40-digit
 * values at 40,000 points (f64) or against double precision at every seventh number (f32).
 */
import { madd, nmadd } from "./lanes";
import { choose, coefficient, constant, signBit } from "./elements";
import { EXP_F32, EXP_F64 } from "./coefficients";

// @ts-ignore: decorator
@inline
function at<T>(i: i32): v128 {
  return coefficient<T>(sizeof<T>() == 4 ? EXP_F32 : EXP_F64, i);
}

/** Powers of 2 nearest to eˣ: k, as a floating-point integer. */
// @ts-ignore: decorator
@inline
function exponent<T>(x: v128): v128 {
  return v128.nearest<T>(v128.mul<T>(x, at<T>(0)));
}

/**
 * eʳ − 1 for r = x − k·ln 2. Unrolled: this is where training a smooth activation spends its time.
 */
// @ts-ignore: decorator
@inline
function fraction<T>(x: v128, k: v128): v128 {
  const r = nmadd<T>(k, at<T>(2), nmadd<T>(k, at<T>(1), x));
  let q = madd<T>(at<T>(3), r, at<T>(4));
  q = madd<T>(q, r, at<T>(5));
  q = madd<T>(q, r, at<T>(6));
  q = madd<T>(q, r, at<T>(7));
  q = madd<T>(q, r, at<T>(8));
  if (sizeof<T>() == 8) {
    q = madd<T>(q, r, at<T>(9));
    q = madd<T>(q, r, at<T>(10));
    q = madd<T>(q, r, at<T>(11));
    q = madd<T>(q, r, at<T>(12));
  }
  return madd<T>(v128.mul<T>(r, r), q, r);
}

/**
 * 2ᵏ for a floating-point integer k within the normal exponents: adding 1.5·2ᵐ leaves k in the
 * mantissa's low bits.
 */
// @ts-ignore: decorator
@inline
function power<T>(k: v128): v128 {
  if (sizeof<T>() == 4) {
    const bits = v128.add<f32>(k, constant<f32>(12582912));
    return v128.add<i32>(v128.shl<i32>(bits, 23), v128.splat<i32>(0x3f800000));
  }
  const bits = v128.add<f64>(k, constant<f64>(6755399441055744));
  return v128.add<i64>(v128.shl<i64>(bits, 52), v128.splat<i64>(0x3ff0000000000000));
}

/**
 * eˣ over the whole range: ∞ above it, subnormal numbers (correct to their last place) and then 0
 * below, NaN for NaN. The scale 2ᵏ is applied as two factors, since neither 2¹⁰²⁴ nor 2⁻¹⁰⁷⁴ has a
 * normal exponent. Error: f64 1.07, f32 1.03 ulp.
 */
export function exp<T>(x: v128): v128 {
  x = v128.pmax<T>(x, constant<T>(sizeof<T>() == 4 ? -105 : -747));
  x = v128.pmin<T>(x, constant<T>(sizeof<T>() == 4 ? 90 : 711));
  const k = exponent<T>(x);
  const half = v128.nearest<T>(v128.mul<T>(k, constant<T>(0.5)));
  const scale = power<T>(half);
  return v128.mul<T>(madd<T>(scale, fraction<T>(x, k), scale), power<T>(v128.sub<T>(k, half)));
}

/**
 * eˣ − 1 for x ≤ 64, accurate near 0; larger x are taken as 64. Error for x ≤ 0: f64 1.11, f32 1.05
 * ulp.
 */
export function expm1<T>(x: v128): v128 {
  x = v128.pmax<T>(v128.pmin<T>(x, constant<T>(64)), constant<T>(-64));
  const k = exponent<T>(x);
  const scale = power<T>(k);
  return madd<T>(scale, fraction<T>(x, k), v128.sub<T>(scale, constant<T>(1)));
}

/** tanh x = ±e/(e + 2), e = exp(2|x|) − 1. Error: f64 2.3, f32 2.45 ulp. */
// @ts-ignore: decorator
@inline
export function tanh<T>(x: v128): v128 {
  const size = v128.abs<T>(x);
  const e = expm1<T>(v128.add<T>(size, size));
  return choose(signBit<T>(), x, v128.div<T>(e, v128.add<T>(e, constant<T>(2))));
}

/** exp(−|x|), of which sigmoid, softplus and their derivatives are made without overflow. */
// @ts-ignore: decorator
@inline
export function expMinusAbs<T>(x: v128): v128 {
  return exp<T>(v128.or(x, signBit<T>()));
}

/** 1/(1 + e⁻ˣ), with relative accuracy on both sides. Error: f64 2.1, f32 2.45 ulp. */
export function sigmoid<T>(x: v128): v128 {
  const e = expMinusAbs<T>(x);
  const one = constant<T>(1);
  return v128.div<T>(choose(v128.lt<T>(x, constant<T>(0)), e, one), v128.add<T>(one, e));
}

/** σ′ = σ(x)·σ(−x) = e/(1 + e)², e = exp(−|x|): no cancellation where σ is nearly 1. */
export function sigmoidSlope<T>(x: v128): v128 {
  const e = expMinusAbs<T>(x);
  const sum = v128.add<T>(constant<T>(1), e);
  return v128.div<T>(e, v128.mul<T>(sum, sum));
}
