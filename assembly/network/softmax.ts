/**
 * Cross-entropy of softmax(z) per sample, one vector of samples at a time: ℓ = Σ_c t_c·(ln Σ_k e^(z_k − m) − (z_c − m)), m = max z.
 * With w = Σt: ∇ℓ = w·p − t and ∇²ℓ = w·(diag p − p pᵀ).
 * The exponentials live in the output while it is being made, so nothing is computed twice and no scratch is needed.
 */
import { lanes, sumLanes } from "../inline/lanes";
import { accumulate, constant } from "../inline/elements";
import { firstLanes, loadUpTo, storeUpTo } from "../inline/ragged";
import { exp } from "../inline/exponential";
import { log } from "../inline/logarithm";

export function softmaxLoss<T>(
  labels: bool, z: usize, y: usize, delta: usize, n: i32, ld: i32, C: i32, scale: f64,
): f64 {
  const row = <usize>ld * sizeof<T>();
  const factor = constant<T>(scale);
  let sum = constant<f64>(0);
  for (let s = 0; s < n; s += lanes<T>()) {
    const left = n - s;
    const max = columnMax<T>(z, row, C, left);
    const total = columnExp<T>(z, max, delta, row, C, left);
    const logTotal = log<T>(total);
    let weight = constant<T>(0);
    let value = constant<T>(0);
    for (let c = 0; c < C; ++c) {
      const t = target<T>(labels, y, row, c, left);
      const shifted = v128.sub<T>(loadUpTo<T>(z + <usize>c * row, left), max);
      weight = v128.add<T>(weight, t);
      value = v128.add<T>(value, v128.mul<T>(t, v128.sub<T>(logTotal, shifted)));
    }
    sum = accumulate<T>(sum, v128.and(value, firstLanes<T>(left)));
    if (delta) {
      weight = v128.div<T>(weight, total);
      for (let c = 0; c < C; ++c) {
        const p = delta + <usize>c * row;
        const expected = v128.mul<T>(weight, loadUpTo<T>(p, left));
        const d = v128.sub<T>(expected, target<T>(labels, y, row, c, left));
        storeUpTo<T>(p, v128.mul<T>(factor, d), left);
      }
      delta += 16;
    }
    z += 16;
    y += 16;
  }
  return sumLanes<f64>(sum);
}

/**
 * The exponentials sit in the rows (0, p), so i runs down to 0 and overwrites those last. A diagonal element is minus the sum of the
 * others in its row: exact where 1 − p would cancel.
 */
export function softmaxHessian<T>(
  labels: bool, z: usize, y: usize, out: usize, n: i32, ld: i32, C: i32, scale: f64,
): void {
  const row = <usize>ld * sizeof<T>();
  for (let s = 0; s < n; s += lanes<T>()) {
    const left = n - s;
    const total = columnExp<T>(z, columnMax<T>(z, row, C, left), out, row, C, left);
    const factor = v128.div<T>(weightOver<T>(total, labels, y, row, C, left, scale), total);
    for (let i = C - 1; i >= 0; --i) {
      const first = v128.mul<T>(factor, loadUpTo<T>(out + <usize>i * row, left));
      const target = out + <usize>i * C * row;
      let diagonal = constant<T>(0);
      for (let p = 0; p < C; ++p) {
        if (p == i) continue;
        const d = v128.mul<T>(first, loadUpTo<T>(out + <usize>p * row, left));
        diagonal = v128.add<T>(diagonal, d);
        storeUpTo<T>(target + <usize>p * row, v128.neg<T>(d), left);
      }
      storeUpTo<T>(target + <usize>i * row, diagonal, left);
    }
    z += 16;
    y += 16;
    out += 16;
  }
}

export function softmaxHessianProduct<T>(
  labels: bool, z: usize, y: usize, u: usize, out: usize, n: i32, ld: i32, C: i32, scale: f64,
): void {
  const row = <usize>ld * sizeof<T>();
  for (let s = 0; s < n; s += lanes<T>()) {
    const left = n - s;
    const total = columnExp<T>(z, columnMax<T>(z, row, C, left), out, row, C, left);
    const factor = weightOver<T>(total, labels, y, row, C, left, scale);
    let mean = constant<T>(0);
    for (let c = 0; c < C; ++c) {
      const at = <usize>c * row;
      mean = v128.add<T>(mean, v128.mul<T>(loadUpTo<T>(out + at, left), loadUpTo<T>(u + at, left)));
    }
    mean = v128.div<T>(mean, total);
    for (let c = 0; c < C; ++c) {
      const at = <usize>c * row;
      const d = v128.sub<T>(loadUpTo<T>(u + at, left), mean);
      storeUpTo<T>(out + at, v128.mul<T>(v128.mul<T>(factor, loadUpTo<T>(out + at, left)), d), left);
    }
    z += 16;
    y += 16;
    u += 16;
    out += 16;
  }
}

/** probability = softmax(z) and curvature = scale·Σt·softmax(z): ∇²ℓ·u = curvature ⊙ (u − probability·u). */
export function softmaxCurvature<T>(
  labels: bool, z: usize, y: usize, curvature: usize, probability: usize, n: i32, ld: i32, C: i32, scale: f64,
): void {
  const row = <usize>ld * sizeof<T>();
  for (let s = 0; s < n; s += lanes<T>()) {
    const left = n - s;
    const total = columnExp<T>(z, columnMax<T>(z, row, C, left), probability, row, C, left);
    const factor = weightOver<T>(total, labels, y, row, C, left, scale);
    for (let c = 0; c < C; ++c) {
      const at = <usize>c * row;
      const e = loadUpTo<T>(probability + at, left);
      storeUpTo<T>(curvature + at, v128.mul<T>(factor, e), left);
      storeUpTo<T>(probability + at, v128.div<T>(e, total), left);
    }
    z += 16;
    y += 16;
    curvature += 16;
    probability += 16;
  }
}

function columnMax<T>(z: usize, row: usize, C: i32, left: i32): v128 {
  let max = constant<T>(-Infinity);
  for (let c = 0; c < C; ++c) {
    max = v128.pmax<T>(max, loadUpTo<T>(z, left));
    z += row;
  }
  return max;
}

/** Σ exp(z_c − max); the terms go to out, unless it is 0. A NaN that the maximum passed over is in the sum. */
function columnExp<T>(z: usize, max: v128, out: usize, row: usize, C: i32, left: i32): v128 {
  let sum = constant<T>(0);
  for (let c = 0; c < C; ++c) {
    const e = exp<T>(v128.sub<T>(loadUpTo<T>(z, left), max));
    if (out) {
      storeUpTo<T>(out, e, left);
      out += row;
    }
    sum = v128.add<T>(sum, e);
    z += row;
  }
  return sum;
}

/** t_c: a probability, or whether c is the label. */
// @ts-ignore: decorator
@inline
function target<T>(labels: bool, y: usize, row: usize, c: i32, left: i32): v128 {
  if (!labels) return loadUpTo<T>(y + <usize>c * row, left);
  return v128.and(v128.eq<T>(loadUpTo<T>(y, left), v128.splat<T>(<T>c)), constant<T>(1));
}

/** scale·Σt / total. */
function weightOver<T>(total: v128, labels: bool, y: usize, row: usize, C: i32, left: i32, scale: f64): v128 {
  let weight = constant<T>(0);
  for (let c = 0; c < C; ++c) weight = v128.add<T>(weight, target<T>(labels, y, row, c, left));
  return v128.div<T>(v128.mul<T>(constant<T>(scale), weight), total);
}
