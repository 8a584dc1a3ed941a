/**
 * Losses and their first two derivatives in z, per sample. z and its derivatives are C rows (outputs) × ld, of which the first n
 * columns are samples. The targets y are laid out alike, but for class labels: those are one number per sample.
 * `param` is huber's δ. Sums are in double precision; NaN or ∞ in a valid column reaches them, unless its weight is 0.
 */
import { lanes, sumLanes } from "../inline/lanes";
import { accumulate, choose, constant, signBit, weighed } from "../inline/elements";
import { clearPadding, firstLanes, loadUpTo, storeUpTo } from "../inline/ragged";
import { expMinusAbs, sigmoid, sigmoidSlope } from "../inline/exponential";
import { log1p } from "../inline/logarithm";
import { softmaxCurvature, softmaxHessian, softmaxHessianProduct, softmaxLoss } from "./softmax";

const MSE: i32 = 0;
const HUBER: i32 = 1;
const BINARY_CROSS_ENTROPY: i32 = 2;
const CLASS_LABELS: i32 = 3;

/**
 * Sum over the samples, each times its weight where there are weights, unscaled; where delta ≠ 0, delta = scale·∂ℓ/∂z of each sample, without
 * its weight, with zeros in the padding. delta may not be z.
 */
export function loss<T>(
  kind: i32, z: usize, y: usize, delta: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64, weights: usize,
): f64 {
  if (delta) clearPadding<T>(delta, C, n, ld);
  if (kind >= CLASS_LABELS) return softmaxLoss<T>(kind == CLASS_LABELS, z, y, delta, n, ld, C, scale, weights);
  const p = constant<T>(param);
  const factor = constant<T>(scale);
  const row = <usize>ld * sizeof<T>();
  let sum = constant<f64>(0);
  for (let c = 0; c < C; ++c) {
    const start = <usize>c * row;
    for (let s = 0; s < n; s += lanes<T>()) {
      const at = start + <usize>s * sizeof<T>();
      const left = n - s;
      const prediction = loadUpTo<T>(z + at, left);
      const target = loadUpTo<T>(y + at, left);
      let terms = v128.and(value<T>(kind, prediction, target, p), firstLanes<T>(left));
      if (weights) terms = weighed<T>(terms, weights + <usize>s * sizeof<T>(), left);
      sum = accumulate<T>(sum, terms);
      if (delta) storeUpTo<T>(delta + at, v128.mul<T>(factor, slope<T>(kind, prediction, target, p)), left);
    }
  }
  return sumLanes<f64>(sum);
}

/** out[(i·C + p)·ld + s] = scale·∂²/∂z_i∂z_p of sample s, with zeros in the padding. */
export function lossHessian<T>(
  kind: i32, z: usize, y: usize, out: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  const row = <usize>ld * sizeof<T>();
  memory.fill(out, 0, <usize>C * C * row);
  if (kind >= CLASS_LABELS) {
    softmaxHessian<T>(kind == CLASS_LABELS, z, y, out, n, ld, C, scale);
    return;
  }
  for (let c = 0; c < C; ++c) {
    const start = <usize>c * row;
    curvatures<T>(kind, z + start, y + start, 0, out + <usize>c * (C + 1) * row, n, scale, param);
  }
}

/** out = scale·∇²ℓ·u per sample, without the matrix; zeros in the padding. out may not be z or u. */
export function lossHessianProduct<T>(
  kind: i32, z: usize, y: usize, u: usize, out: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  clearPadding<T>(out, C, n, ld);
  if (kind >= CLASS_LABELS) {
    softmaxHessianProduct<T>(kind == CLASS_LABELS, z, y, u, out, n, ld, C, scale);
    return;
  }
  for (let c = 0; c < C; ++c) {
    const start = <usize>c * ld * sizeof<T>();
    curvatures<T>(kind, z + start, y + start, u + start, out + start, n, scale, param);
  }
}

/**
 * ∇²ℓ as two vectors a sample: ∇²ℓ·u = curvature ⊙ (u − probability·u) under softmax, where all outputs are coupled, and
 * curvature ⊙ u otherwise (probability is then left alone). Both C × ld.
 */
export function lossCurvature<T>(
  kind: i32, z: usize, y: usize, curvature: usize, probability: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  if (kind >= CLASS_LABELS) {
    softmaxCurvature<T>(kind == CLASS_LABELS, z, y, curvature, probability, n, ld, C, scale);
    return;
  }
  for (let c = 0; c < C; ++c) {
    const start = <usize>c * ld * sizeof<T>();
    curvatures<T>(kind, z + start, y + start, 0, curvature + start, n, scale, param);
  }
}

/** out = scale·ℓ″ (⊙ u, unless u is 0) for one output of a loss that is a sum over outputs. */
function curvatures<T>(kind: i32, z: usize, y: usize, u: usize, out: usize, n: i32, scale: f64, param: f64): void {
  const p = constant<T>(param);
  const factor = constant<T>(scale);
  for (let s = 0; s < n; s += lanes<T>()) {
    const at = <usize>s * sizeof<T>();
    const left = n - s;
    let d = v128.mul<T>(factor, curvature<T>(kind, loadUpTo<T>(z + at, left), loadUpTo<T>(y + at, left), p));
    if (u) d = v128.mul<T>(d, loadUpTo<T>(u + at, left));
    storeUpTo<T>(out + at, d, left);
  }
}

/** r²; q·(|r| − ½q) with q = min(|r|, δ); |z|·(1 − t or t, whichever z is on the wrong side of) + ln(1 + e^−|z|). */
function value<T>(kind: i32, z: v128, y: v128, param: v128): v128 {
  const r = v128.sub<T>(z, y);
  if (kind == MSE) return v128.mul<T>(r, r);
  if (kind == HUBER) {
    const size = v128.abs<T>(r);
    const q = v128.pmin<T>(size, param);
    return v128.mul<T>(q, v128.sub<T>(size, v128.mul<T>(q, constant<T>(0.5))));
  }
  const missing = choose(v128.gt<T>(z, constant<T>(0)), v128.sub<T>(constant<T>(1), y), y);
  return v128.add<T>(v128.mul<T>(v128.abs<T>(z), missing), log1p<T>(expMinusAbs<T>(z)));
}

function slope<T>(kind: i32, z: v128, y: v128, param: v128): v128 {
  const r = v128.sub<T>(z, y);
  if (kind == MSE) return v128.add<T>(r, r);
  if (kind == HUBER) return v128.pmax<T>(v128.pmin<T>(r, param), v128.neg<T>(param));
  return sigmoidMinus<T>(z, y);
}

/** σ(z) − y, for y ≥ ½ as (1 − y) − σ(−z): 1 − y is exact there, and nothing near 1 is subtracted from. */
// @ts-ignore: decorator
@inline
function sigmoidMinus<T>(z: v128, y: v128): v128 {
  const upper = v128.ge<T>(y, constant<T>(0.5));
  const turn = v128.and(upper, signBit<T>());
  const target = choose(upper, v128.sub<T>(constant<T>(1), y), y);
  return v128.xor(turn, v128.sub<T>(sigmoid<T>(v128.xor(turn, z)), target));
}

/** huber has none at |r| = δ, where PyTorch takes 0 too. */
function curvature<T>(kind: i32, z: v128, y: v128, param: v128): v128 {
  if (kind == MSE) return constant<T>(2);
  if (kind == HUBER) {
    return v128.and(v128.lt<T>(v128.abs<T>(v128.sub<T>(z, y)), param), constant<T>(1));
  }
  return sigmoidSlope<T>(z);
}
