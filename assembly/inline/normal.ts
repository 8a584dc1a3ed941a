/** The normal distribution, for the exact GELU. */
import { choose, constant, horner } from "./elements";
import { exp } from "./exponential";
import { ERFC_F32, ERFC_F64 } from "./coefficients";

/** Beyond this |x|, exp(−x²/2) is 0 in both types. */
export const END: f64 = 39;

/**
 * exp(−x²/2). Rounding x² would cost x²/4 units in the last place, so its error is computed (s has
 * half the bits of x: s² and x − s are exact) and applied to first order.
 */
export function gaussian<T>(x: v128): v128 {
  x = v128.pmin<T>(v128.abs<T>(x), constant<T>(END));
  const s = v128.and(x, sizeof<T>() == 4 ? v128.splat<i32>(0xfffff000) : v128.splat<i64>(0xfffffffff8000000));
  const square = v128.mul<T>(x, x);
  const rest = v128.mul<T>(v128.sub<T>(x, s), v128.add<T>(x, s));
  const error = v128.add<T>(v128.sub<T>(v128.mul<T>(s, s), square), rest);
  const minusHalf = constant<T>(-0.5);
  const e = exp<T>(v128.mul<T>(square, minusHalf));
  return v128.add<T>(e, v128.mul<T>(e, v128.mul<T>(error, minusHalf)));
}

/**
 * Φ(x) = ½erfc(−x/√2), given g = exp(−x²/2). For z = |x|/√2, erfc(z) = g·F(t)/(1 + 2z) with F a
 * polynomial in t = (z − K)/(z + K): the scaled function is smooth and stays between 1 and 1.3 for
 * all z (Shepherd and Laframboise 1981). Error of x·Φ(x), far to the left too: f64 4.4, f32 4.0
 * ulp.
 */
export function normalCdf<T>(x: v128, g: v128): v128 {
  const z = v128.mul<T>(v128.pmin<T>(v128.abs<T>(x), constant<T>(END)), constant<T>(0.7071067811865476));
  const pole = constant<T>(sizeof<T>() == 4 ? 2 : 4);
  const t = v128.div<T>(v128.sub<T>(z, pole), v128.add<T>(z, pole));
  const f = horner<T>(t, sizeof<T>() == 4 ? ERFC_F32 : ERFC_F64, sizeof<T>() == 4 ? 11 : 23);
  const twice = v128.add<T>(constant<T>(2), v128.mul<T>(z, constant<T>(4)));
  const tail = v128.div<T>(v128.mul<T>(f, g), twice);
  return choose(v128.gt<T>(x, constant<T>(0)), v128.sub<T>(constant<T>(1), tail), tail);
}
