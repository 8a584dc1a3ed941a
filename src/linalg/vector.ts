/**
 * Loops over vectors in double precision, in a fixed order of summation: the same bits on every
 * machine.
 */

import type { Random } from "../random.js";
import type { ScalarMath } from "../wasm/kernels.js";
import { describeBytes } from "../wasm/workspace.js";

/** Sums of squares in between have lost nothing to underflow or overflow. */
const SAFE_LEAST = 1e-290;
const SAFE_MOST = 1e290;

export function newVector(where: string, length: number, remedy = "the operator is too large"): Float64Array {
  try {
    return new Float64Array(length);
  } catch {
    throw new RangeError(`${where}: the engine refuses a vector of ${describeBytes(length * 8)}; ${remedy}`);
  }
}

/** Σ x_i·y_i, in four partial sums. */
export function dot(x: Float64Array, y: Float64Array): number {
  const n = x.length;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    a += x[i] * y[i];
    b += x[i + 1] * y[i + 1];
    c += x[i + 2] * y[i + 2];
    d += x[i + 3] * y[i + 3];
  }
  for (; i < n; ++i) a += x[i] * y[i];
  return a + b + (c + d);
}

/** √Σ x_i², without underflow or overflow on the way. */
export function norm2(x: Float64Array): number {
  const sum = dot(x, x);
  if (sum > SAFE_LEAST && sum < SAFE_MOST) return Math.sqrt(sum);
  const largest = maxAbs(x);
  if (largest === 0 || !(largest < Infinity)) return largest;
  const unit = powerOfTwoBelow(largest);
  let scaled = 0;
  for (let i = 0; i < x.length; ++i) {
    const value = x[i] / unit;
    scaled += value * value;
  }
  return unit * Math.sqrt(scaled);
}

/** √(a² + b²), without underflow or overflow on the way. */
export function hypotenuse(a: number, b: number): number {
  const x = Math.abs(a);
  const y = Math.abs(b);
  const large = Math.max(x, y);
  if (large === 0) return 0;
  const ratio = Math.min(x, y) / large;
  return large * Math.sqrt(1 + ratio * ratio);
}

/**
 * The largest power of two that is not above a positive normal number; the least normal one for
 * what is below.
 */
export function powerOfTwoBelow(x: number): number {
  let power = 1;
  while (power > x && power > 2 ** -1022) power /= 2;
  while (power * 2 <= x) power *= 2;
  return power;
}

/** max |x_i|; NaN where there is one. */
export function maxAbs(x: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < x.length; ++i) {
    const size = Math.abs(x[i]);
    if (size > largest) largest = size;
    else if (Number.isNaN(size)) return size;
  }
  return largest;
}

/** y ← y + α·x. */
export function axpy(alpha: number, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; ++i) y[i] += alpha * x[i];
}

/** x ← α·x. */
export function scale(alpha: number, x: Float64Array): void {
  for (let i = 0; i < x.length; ++i) x[i] *= alpha;
}

/** x ← x / by. */
export function divide(x: Float64Array, by: number): void {
  for (let i = 0; i < x.length; ++i) x[i] /= by;
}

/** x ← x / ‖x‖, or 0 as it is; gives the norm. */
export function normalize(x: Float64Array): number {
  const norm = norm2(x);
  if (norm > 0) divide(x, norm);
  return norm;
}

/**
 * w ← w − Σ (v_i·w)·v_i over the first `count` of the basis, once; the coefficients are added to
 * `sums`.
 */
export function projectOut(basis: readonly Float64Array[], count: number, w: Float64Array, sums: Float64Array): void {
  const coefficients = new Float64Array(count);
  let i = 0;
  for (; i + 3 < count; i += 4) dots4(basis[i], basis[i + 1], basis[i + 2], basis[i + 3], w, coefficients, i);
  for (; i < count; ++i) coefficients[i] = dot(basis[i], w);
  subtractAll(basis, count, coefficients, w);
  for (i = 0; i < count; ++i) sums[i] += coefficients[i];
}

/** w ← w − Σ c_i·v_i over the first `count` of the basis. */
export function subtractAll(
  basis: readonly Float64Array[],
  count: number,
  coefficients: Float64Array,
  w: Float64Array,
): void {
  let i = 0;
  for (; i + 3 < count; i += 4) subtract4(basis[i], basis[i + 1], basis[i + 2], basis[i + 3], w, coefficients, i);
  for (; i < count; ++i) axpy(-coefficients[i], basis[i], w);
}

function dots4(
  p: Float64Array,
  q: Float64Array,
  r: Float64Array,
  s: Float64Array,
  w: Float64Array,
  out: Float64Array,
  at: number,
): void {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < w.length; ++i) {
    const x = w[i];
    a += p[i] * x;
    b += q[i] * x;
    c += r[i] * x;
    d += s[i] * x;
  }
  out[at] = a;
  out[at + 1] = b;
  out[at + 2] = c;
  out[at + 3] = d;
}

function subtract4(
  p: Float64Array,
  q: Float64Array,
  r: Float64Array,
  s: Float64Array,
  w: Float64Array,
  coefficients: Float64Array,
  at: number,
): void {
  const a = coefficients[at];
  const b = coefficients[at + 1];
  const c = coefficients[at + 2];
  const d = coefficients[at + 3];
  for (let i = 0; i < w.length; ++i) w[i] -= a * p[i] + b * q[i] + (c * r[i] + d * s[i]);
}

/** Independent standard normal numbers: in direction, uniform on the sphere. */
export function fillNormal(x: Float64Array, random: Random, math: ScalarMath): void {
  for (let i = 0; i < x.length; ++i) x[i] = random.normal(math);
}

/** Independent signs, +1 or −1 (Rademacher), 32 to a draw. */
export function fillSigns(x: Float64Array, random: Random): void {
  let bits = 0;
  for (let i = 0; i < x.length; ++i) {
    if (i % 32 === 0) bits = random.next();
    x[i] = bits & 1 ? 1 : -1;
    bits >>>= 1;
  }
}
