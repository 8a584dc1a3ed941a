/**
 * Reductions over n elements, all in double precision, four elements a step and the rest one by
 * one.
 */
import { madd, sumLanes } from "../inline/lanes";
import { constant, lower, nonFinite, upper } from "../inline/elements";

/** Σ xᵢ·yᵢ. Four accumulators, because one alone would wait for its own additions. */
export function dot<T>(x: usize, y: usize, n: i32): f64 {
  const size = sizeof<T>();
  let a = constant<f64>(0), b = a, c = a, d = a;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    a = madd<f64>(lower<T>(x), lower<T>(y), a);
    b = madd<f64>(upper<T>(x), upper<T>(y), b);
    c = madd<f64>(lower<T>(x + 4 * size), lower<T>(y + 4 * size), c);
    d = madd<f64>(upper<T>(x + 4 * size), upper<T>(y + 4 * size), d);
    x += 8 * size;
    y += 8 * size;
  }
  let sum = sumLanes<f64>(v128.add<f64>(v128.add<f64>(a, b), v128.add<f64>(c, d)));
  for (; i < n; ++i) {
    sum += <f64>load<T>(x) * <f64>load<T>(y);
    x += size;
    y += size;
  }
  return sum;
}

export function sumSquares<T>(x: usize, n: i32): f64 {
  return dot<T>(x, x, n);
}

/** Σ xᵢ. */
export function sum<T>(x: usize, n: i32): f64 {
  let a = constant<f64>(0), b = a;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    a = v128.add<f64>(a, lower<T>(x));
    b = v128.add<f64>(b, upper<T>(x));
    x += 4 * sizeof<T>();
  }
  let total = sumLanes<f64>(v128.add<f64>(a, b));
  for (; i < n; ++i) {
    total += <f64>load<T>(x);
    x += sizeof<T>();
  }
  return total;
}

/** Σ |xᵢ|. */
export function sumAbs<T>(x: usize, n: i32): f64 {
  let a = constant<f64>(0), b = a;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    a = v128.add<f64>(a, v128.abs<f64>(lower<T>(x)));
    b = v128.add<f64>(b, v128.abs<f64>(upper<T>(x)));
    x += 4 * sizeof<T>();
  }
  let total = sumLanes<f64>(v128.add<f64>(a, b));
  for (; i < n; ++i) {
    total += abs<f64>(<f64>load<T>(x));
    x += sizeof<T>();
  }
  return total;
}

/** max |xᵢ|, 0 if there are none, NaN if any is NaN. Four accumulators, as in `dot`. */
export function maxAbs<T>(x: usize, n: i32): f64 {
  const size = sizeof<T>();
  let a = constant<f64>(0), b = a, c = a, d = a;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    a = v128.max<f64>(a, v128.abs<f64>(lower<T>(x)));
    b = v128.max<f64>(b, v128.abs<f64>(upper<T>(x)));
    c = v128.max<f64>(c, v128.abs<f64>(lower<T>(x + 4 * size)));
    d = v128.max<f64>(d, v128.abs<f64>(upper<T>(x + 4 * size)));
    x += 8 * size;
  }
  a = v128.max<f64>(v128.max<f64>(a, b), v128.max<f64>(c, d));
  let result = max<f64>(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1));
  for (; i < n; ++i) {
    result = max<f64>(result, abs<f64>(<f64>load<T>(x)));
    x += sizeof<T>();
  }
  return result;
}

/**
 * Index of the first NaN or ∞, or −1. Four vectors a test; the element is looked for afterwards.
 */
export function firstNonFinite<T>(x: usize, n: i32): i32 {
  const block = 64 / sizeof<T>();
  let i = 0;
  for (; i + block <= n; i += block) {
    const ab = v128.or(nonFinite<T>(v128.load(x)), nonFinite<T>(v128.load(x, 16)));
    const cd = v128.or(nonFinite<T>(v128.load(x, 32)), nonFinite<T>(v128.load(x, 48)));
    if (v128.any_true(v128.or(ab, cd))) break;
    x += 64;
  }
  for (; i < n; ++i) {
    if (isNonFinite<T>(x)) return i;
    x += sizeof<T>();
  }
  return -1;
}

// @ts-ignore: decorator
@inline
function isNonFinite<T>(x: usize): bool {
  if (sizeof<T>() == 4) return (load<u32>(x) & 0x7f800000) == 0x7f800000;
  return (load<u64>(x) & 0x7ff0000000000000) == 0x7ff0000000000000;
}

/** out_r = Σ_s x[r, s] over the first n of ld columns, or added to out: the gradient of a bias. */
export function rowSums<T>(x: usize, rows: i32, n: i32, ld: i32, out: usize, accumulate: i32): void {
  for (let r = 0; r < rows; ++r) {
    const before = accumulate ? <f64>load<T>(out) : 0;
    store<T>(out, <T>(before + sum<T>(x, n)));
    x += <usize>ld * sizeof<T>();
    out += sizeof<T>();
  }
}
