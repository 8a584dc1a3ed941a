/**
 * Cross-entropy of softmax(z) per sample, one vector of samples at a time: ℓ = Σ_c t_c·(ln Σ_k
 * e^(z_k − m) − (z_c − m)), m = max z. With w = Σt: ∇ℓ = w·p − t and ∇²ℓ = w·(diag p − p pᵀ). The
 * exponentials live in the output while it is being made, so nothing is computed twice and no
 * scratch is needed.
 *
 * Where a class takes nearly all, 1 − p and p − t would lose their digits. So `rest` is kept, the
 * sum of all exponentials except the largest, which is 1: ln Σ = ln(1 + rest). The sum over all
 * classes but one is then never a difference of nearly equal numbers.
 */
import { lanes, sumLanes } from "../inline/lanes";
import { accumulate, choose, constant, weighed } from "../inline/elements";
import { firstLanes, loadUpTo, storeUpTo } from "../inline/ragged";
import { exp } from "../inline/exponential";
import { log, log1p } from "../inline/logarithm";

/**
 * The differences z_c − m are taken by halves, because they may overflow where the logits do not.
 */
export function softmaxLoss<T>(
  labels: bool, z: usize, y: usize, delta: usize, n: i32, ld: i32, C: i32, scale: f64, weights: usize,
): f64 {
  const row = <usize>ld * sizeof<T>();
  const half = constant<T>(0.5);
  let sum = constant<f64>(0);
  for (let s = 0; s < n; s += lanes<T>()) {
    const left = n - s;
    const max = columnMax<T>(z, row, C, left);
    const rest = columnExp<T>(z, max, delta, row, C, left);
    const halfLog = v128.mul<T>(half, logOnePlus<T>(rest));
    const halfMax = v128.mul<T>(half, max);
    let value = constant<T>(0);
    for (let c = 0; c < C; ++c) {
      const shifted = v128.sub<T>(v128.mul<T>(half, loadUpTo<T>(z + <usize>c * row, left)), halfMax);
      value = v128.add<T>(value, v128.mul<T>(target<T>(labels, y, row, c, left), v128.sub<T>(halfLog, shifted)));
    }
    value = v128.and(value, firstLanes<T>(left));
    if (weights) value = weighed<T>(value, weights + <usize>s * sizeof<T>(), left);
    sum = accumulate<T>(sum, value);
    if (delta) {
      softmaxSlope<T>(labels, y, delta, rest, row, C, left, scale);
      delta += 16;
    }
    z += 16;
    y += 16;
  }
  return 2 * sumLanes<f64>(sum);
}

/**
 * Turns the exponentials e at delta into scale·(w·p − t). With E and T what the other classes'
 * exponentials and targets add up to, that is (e·T − t·E)/Σe: −E/Σe for a target of 1, e/Σe for one
 * of 0.
 */
// @ts-ignore: decorator
@inline
function softmaxSlope<T>(
  labels: bool, y: usize, delta: usize, rest: v128, row: usize, C: i32, left: i32, scale: f64,
): void {
  const factor = constant<T>(scale);
  const total = v128.add<T>(constant<T>(1), rest);
  const inverse = v128.div<T>(constant<T>(1), total);
  // The largest target, and the sum of the others; of a label, 1 and 0.
  let largest = constant<T>(labels ? 1 : 0);
  let others = constant<T>(0);
  if (!labels) {
    for (let c = 0; c < C; ++c) {
      const t = target<T>(false, y, row, c, left);
      others = v128.add<T>(others, v128.min<T>(largest, t));
      largest = v128.max<T>(largest, t);
    }
  }
  const weight = v128.add<T>(largest, others);
  for (let c = 0; c < C; ++c) {
    const t = target<T>(labels, y, row, c, left);
    const e = loadUpTo<T>(delta, left);
    const elsewhere = choose(v128.eq<T>(t, largest), others, v128.sub<T>(weight, t));
    const d = v128.sub<T>(v128.mul<T>(e, elsewhere), v128.mul<T>(t, allBut<T>(e, rest, total)));
    storeUpTo<T>(delta, v128.mul<T>(factor, v128.mul<T>(d, inverse)), left);
    delta += row;
  }
}

/** Σe − e. Only an e of 1 can be more than half of Σe, and without one of these Σe is `rest`. */
// @ts-ignore: decorator
@inline
function allBut<T>(e: v128, rest: v128, total: v128): v128 {
  return choose(v128.eq<T>(e, constant<T>(1)), rest, v128.sub<T>(total, e));
}

/**
 * w·p ⊙ (u − pᵀu). Where one class has more than half, its u is first subtracted from all, which
 * changes nothing but the rounding. What is left for that class is the mean of the others'
 * differences, and is as small as the others are likely.
 */
export function softmaxHessianProduct<T>(
  labels: bool, z: usize, y: usize, u: usize, out: usize, n: i32, ld: i32, C: i32, scale: f64,
): void {
  const row = <usize>ld * sizeof<T>();
  const one = constant<T>(1);
  for (let s = 0; s < n; s += lanes<T>()) {
    const left = n - s;
    const rest = columnExp<T>(z, columnMax<T>(z, row, C, left), out, row, C, left);
    const total = v128.add<T>(one, rest);
    const factor = weightOver<T>(total, labels, y, row, C, left, scale);
    let origin = constant<T>(0);
    for (let c = 0; c < C; ++c) {
      const at = <usize>c * row;
      origin = choose(v128.eq<T>(loadUpTo<T>(out + at, left), one), loadUpTo<T>(u + at, left), origin);
    }
    origin = v128.and(origin, v128.lt<T>(rest, one));
    let mean = constant<T>(0);
    for (let c = 0; c < C; ++c) {
      const at = <usize>c * row;
      const d = v128.sub<T>(loadUpTo<T>(u + at, left), origin);
      mean = v128.add<T>(mean, v128.mul<T>(loadUpTo<T>(out + at, left), d));
    }
    mean = v128.div<T>(mean, total);
    for (let c = 0; c < C; ++c) {
      const at = <usize>c * row;
      const d = v128.sub<T>(v128.sub<T>(loadUpTo<T>(u + at, left), origin), mean);
      storeUpTo<T>(out + at, v128.mul<T>(v128.mul<T>(factor, loadUpTo<T>(out + at, left)), d), left);
    }
    z += 16;
    y += 16;
    u += 16;
    out += 16;
  }
}

/**
 * probability = softmax(z) and curvature = scale·Σt·softmax(z): ∇²ℓ·u = curvature ⊙ (u −
 * probability·u).
 */
export function softmaxCurvature<T>(
  labels: bool, z: usize, y: usize, curvature: usize, probability: usize, n: i32, ld: i32, C: i32, scale: f64,
): void {
  const row = <usize>ld * sizeof<T>();
  for (let s = 0; s < n; s += lanes<T>()) {
    const left = n - s;
    const rest = columnExp<T>(z, columnMax<T>(z, row, C, left), probability, row, C, left);
    const total = v128.add<T>(constant<T>(1), rest);
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

/**
 * Σ exp(z_c − max) but for the first term that is 1, of which there is one; the terms go to out,
 * unless it is 0. A NaN that the maximum passed over is in the sum.
 */
function columnExp<T>(z: usize, max: v128, out: usize, row: usize, C: i32, left: i32): v128 {
  const one = constant<T>(1);
  let rest = constant<T>(0);
  let seen = constant<T>(0);
  for (let c = 0; c < C; ++c) {
    const e = exp<T>(v128.sub<T>(loadUpTo<T>(z, left), max));
    if (out) {
      storeUpTo<T>(out, e, left);
      out += row;
    }
    const first = v128.andnot(v128.eq<T>(e, one), seen);
    rest = v128.add<T>(rest, v128.andnot(e, first));
    seen = v128.or(seen, first);
    z += row;
  }
  return rest;
}

/** ln(1 + x) for x ≥ 0. */
function logOnePlus<T>(x: v128): v128 {
  const one = constant<T>(1);
  return choose(v128.gt<T>(x, one), log<T>(v128.add<T>(one, x)), log1p<T>(x));
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
