/**
 * Logarithms through ln(1 + f) = 2·atanh(s), s = f/(2 + f): one polynomial in s² for all of them.
 */
import { madd } from "./lanes";
import { coefficient, constant, horner } from "./elements";
import { LOG_F32, LOG_F64 } from "./coefficients";

// @ts-ignore: decorator
@inline
function table<T>(): usize {
  return sizeof<T>() == 4 ? LOG_F32 : LOG_F64;
}

/**
 * ln(1 + f) for √½ − 1 ≤ f ≤ 1. With 2s = f − s·f the leading term is f itself, which is exact;
 * hence f − s·(f − s²·Q(s²)) instead of 2s + s³·Q(s²).
 */
export function log1p<T>(f: v128): v128 {
  const s = v128.div<T>(f, v128.add<T>(f, constant<T>(2)));
  const w = v128.mul<T>(s, s);
  const q = horner<T>(w, table<T>() + 2 * sizeof<T>(), sizeof<T>() == 4 ? 5 : 10);
  return v128.sub<T>(f, v128.mul<T>(s, v128.sub<T>(f, v128.mul<T>(w, q))));
}

/**
 * ln x for normal x > 0; NaN for NaN and for ∞. x = 2ᵏ·m with √½ ≤ m < √2, so that ln x is accurate
 * near 1. Error: f64 1.2 ulp.
 */
export function log<T>(x: v128): v128 {
  let m: v128, k: v128;
  if (sizeof<T>() == 4) {
    const bits = v128.add<i32>(x, v128.splat<i32>(0x3f800000 - 0x3f3504f3));
    const biased = v128.or(v128.shr<u32>(bits, 23), constant<f32>(8388608));
    k = v128.sub<f32>(biased, constant<f32>(8388608 + 127));
    m = v128.add<i32>(v128.and(bits, v128.splat<i32>(0x7fffff)), v128.splat<i32>(0x3f3504f3));
  } else {
    const bits = v128.add<i64>(x, v128.splat<i64>(0x3ff0000000000000 - 0x3fe6a09e667f3bcd));
    const biased = v128.or(v128.shr<u64>(bits, 52), constant<f64>(4503599627370496));
    k = v128.sub<f64>(biased, constant<f64>(4503599627370496 + 1023));
    m = v128.add<i64>(v128.and(bits, v128.splat<i64>(0xfffffffffffff)), v128.splat<i64>(0x3fe6a09e667f3bcd));
  }
  const part = log1p<T>(v128.sub<T>(m, constant<T>(1)));
  const low = madd<T>(k, coefficient<T>(table<T>(), 1), part);
  // x − x is 0, or NaN where the split above has lost that x was not finite.
  return v128.add<T>(madd<T>(k, coefficient<T>(table<T>(), 0), low), v128.sub<T>(x, x));
}
