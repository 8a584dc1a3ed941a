/**
 * exp, log, cos and pow of one double, for initializers, schedules and bias corrections: what runs
 * in JavaScript would otherwise depend on the engine's Math. NaN and ∞ are recognised by their
 * bits.
 */
import { horner } from "./elements";
import * as exponential from "./exponential";
import * as logarithm from "./logarithm";
import { COS_F64, SIN_F64 } from "./coefficients";

const INFINITY_BITS: i64 = 0x7ff0000000000000;

export function exp(x: f64): f64 {
  return f64x2.extract_lane(exponential.exp<f64>(f64x2.splat(x)), 0);
}

/** ln x: −∞ at 0, NaN below, ∞ at ∞. */
export function log(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  if (bits << 1 == 0) return -Infinity;
  if (bits < 0) return NaN;
  if (bits >= INFINITY_BITS) return x;
  if (bits >= 0x0010000000000000) return normalLog(x);
  return normalLog(x * 18014398509481984) - 37.42994775023705; // 2⁵⁴ and its logarithm
}

function normalLog(x: f64): f64 {
  return f64x2.extract_lane(logarithm.log<f64>(f64x2.splat(x)), 0);
}

/**
 * cos x for |x| ≤ 10⁶: π/2 in three parts, of which the first two have 33 bits, so that q times
 * them is exact. Error: 2.1 ulp.
 */
export function cos(x: f64): f64 {
  const q = nearest(x * 0.6366197723675814);
  const r = x - q * 1.5707963267341256 - q * 6.077100506303966e-11 - q * 2.0222662487959506e-21;
  const w = r * r;
  const quadrant = <i32>q & 3;
  let result: f64;
  if (quadrant & 1) {
    result = r + r * w * polynomial(w, SIN_F64);
  } else {
    const half = 0.5 * w;
    const first = 1 - half;
    result = first + (1 - first - half + w * w * polynomial(w, COS_F64));
  }
  return quadrant == 1 || quadrant == 2 ? -result : result;
}

function polynomial(x: f64, table: usize): f64 {
  return f64x2.extract_lane(horner<f64>(f64x2.splat(x), table, 6), 0);
}

/**
 * xʸ = exp(y·ln x) for x > 0, and exact for y = 0 and y = 1. Relative error at most (3 + 4·|y·ln
 * x|)·2⁻⁵³.
 */
export function pow(x: f64, y: f64): f64 {
  if (y == 0) return 1;
  if (y == 1) return x;
  return exp(y * log(x));
}
