/**
 * Losses and their first two derivatives in z, per sample. z and its derivatives are C rows
 * (outputs) × ld, of which the first n columns are samples. The targets y are laid out alike, but
 * for class labels: those are one number per sample. `param` is huber's δ or the level of a
 * quantile. Sums are in double precision; NaN or ∞ in a valid column reaches them, unless its
 * weight is 0.
 */
import { lanes, sumLanes } from "../inline/lanes";
import { accumulate, choose, constant, signBit, weighed } from "../inline/elements";
import { clearPadding, firstLanes, loadUpTo, storeUpTo } from "../inline/ragged";
import { exp, expMinusAbs, sigmoid, sigmoidSlope, tanh } from "../inline/exponential";
import { log1p } from "../inline/logarithm";
import { softmaxCurvature, softmaxHessianProduct, softmaxLoss } from "./softmax";

const MSE: i32 = 0;
const HUBER: i32 = 1;
const BINARY_CROSS_ENTROPY: i32 = 2;
const CLASS_LABELS: i32 = 3;
const CLASS_PROBABILITIES: i32 = 4;
const POISSON: i32 = 5;
const LOG_COSH: i32 = 6;
const QUANTILE: i32 = 7;

// @ts-ignore: decorator
@inline
function isSoftmax(kind: i32): bool {
  return kind == CLASS_LABELS || kind == CLASS_PROBABILITIES;
}

/**
 * Sum over the samples, each times its weight where there are weights, unscaled; where delta ≠ 0,
 * delta = scale·∂ℓ/∂z of each sample, without its weight, with zeros in the padding. delta may not
 * be z.
 */
export function loss<T>(
  kind: i32, z: usize, y: usize, delta: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64, weights: usize,
): f64 {
  if (delta) clearPadding<T>(delta, C, n, ld);
  if (isSoftmax(kind)) return softmaxLoss<T>(kind == CLASS_LABELS, z, y, delta, n, ld, C, scale, weights);
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

/**
 * out = scale·∇²ℓ·u per sample, without the matrix; zeros in the padding. out may not be z or u.
 */
export function lossHessianProduct<T>(
  kind: i32, z: usize, y: usize, u: usize, out: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  clearPadding<T>(out, C, n, ld);
  if (isSoftmax(kind)) {
    softmaxHessianProduct<T>(kind == CLASS_LABELS, z, y, u, out, n, ld, C, scale);
    return;
  }
  for (let c = 0; c < C; ++c) {
    const start = <usize>c * ld * sizeof<T>();
    curvatures<T>(kind, z + start, y + start, u + start, out + start, n, scale, param);
  }
}

/**
 * ∇²ℓ as two vectors a sample: ∇²ℓ·u = curvature ⊙ (u − probability·u) under softmax, where all
 * outputs are coupled, and curvature ⊙ u otherwise (probability is then left alone). Both C × ld.
 */
export function lossCurvature<T>(
  kind: i32, z: usize, y: usize, curvature: usize, probability: usize, n: i32, ld: i32, C: i32, scale: f64, param: f64,
): void {
  if (isSoftmax(kind)) {
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

/**
 * r²; q·(|r| − ½q) with q = min(|r|, δ); eᶻ − t·z; ln cosh r; |r| times the level below the target,
 * and 1 − level above it;
 * |z|·(1 − t or t, whichever z is on the wrong side of) + ln(1 + e^−|z|).
 */
function value<T>(kind: i32, z: v128, y: v128, param: v128): v128 {
  const r = v128.sub<T>(z, y);
  if (kind == MSE) return v128.mul<T>(r, r);
  if (kind == HUBER) {
    const size = v128.abs<T>(r);
    const q = v128.pmin<T>(size, param);
    return v128.mul<T>(q, v128.sub<T>(size, v128.mul<T>(q, constant<T>(0.5))));
  }
  if (kind == POISSON) return v128.sub<T>(exp<T>(z), v128.mul<T>(y, z));
  if (kind == LOG_COSH) return logCosh<T>(r);
  if (kind == QUANTILE) return v128.mul<T>(r, pinball<T>(r, param));
  const missing = choose(v128.gt<T>(z, constant<T>(0)), v128.sub<T>(constant<T>(1), y), y);
  return v128.add<T>(v128.mul<T>(v128.abs<T>(z), missing), log1p<T>(expMinusAbs<T>(z)));
}

/**
 * ln cosh r = |r| + ln(1 + e^−2|r|) − ln 2; where that cancels, ½·ln(1 + sinh² r), sinh² being
 * t²/(1 − t²) of t = tanh r.
 */
function logCosh<T>(r: v128): v128 {
  const t = tanh<T>(r);
  const squared = v128.mul<T>(t, t);
  const small = v128.lt<T>(squared, constant<T>(0.25));
  const sinh = v128.div<T>(squared, v128.sub<T>(constant<T>(1), squared));
  const log = log1p<T>(choose(small, sinh, expMinusAbs<T>(v128.add<T>(r, r))));
  const large = v128.add<T>(v128.abs<T>(r), v128.sub<T>(log, constant<T>(0.6931471805599453)));
  return choose(small, v128.mul<T>(log, constant<T>(0.5)), large);
}

/** −level for r < 0, 1 − level for r > 0, and 0, a subgradient, at the kink. */
function pinball<T>(r: v128, level: v128): v128 {
  const above = v128.and(v128.gt<T>(r, constant<T>(0)), v128.sub<T>(constant<T>(1), level));
  return v128.sub<T>(above, v128.and(v128.lt<T>(r, constant<T>(0)), level));
}

function slope<T>(kind: i32, z: v128, y: v128, param: v128): v128 {
  const r = v128.sub<T>(z, y);
  if (kind == MSE) return v128.add<T>(r, r);
  if (kind == HUBER) return v128.pmax<T>(v128.pmin<T>(r, param), v128.neg<T>(param));
  if (kind == POISSON) return v128.sub<T>(exp<T>(z), y);
  if (kind == LOG_COSH) return tanh<T>(r);
  if (kind == QUANTILE) return pinball<T>(r, param);
  return sigmoidMinus<T>(z, y);
}

/**
 * σ(z) − y, for y ≥ ½ as (1 − y) − σ(−z): 1 − y is exact there, and nothing near 1 is subtracted
 * from.
 */
// @ts-ignore: decorator
@inline
function sigmoidMinus<T>(z: v128, y: v128): v128 {
  const upper = v128.ge<T>(y, constant<T>(0.5));
  const turn = v128.and(upper, signBit<T>());
  const target = choose(upper, v128.sub<T>(constant<T>(1), y), y);
  return v128.xor(turn, v128.sub<T>(sigmoid<T>(v128.xor(turn, z)), target));
}

/**
 * huber has none at |r| = δ, where PyTorch takes 0 too; a quantile's is 0 but for its kink. (ln
 * cosh r)″ = 4·σ′(2r).
 */
function curvature<T>(kind: i32, z: v128, y: v128, param: v128): v128 {
  if (kind == MSE) return constant<T>(2);
  if (kind == HUBER) {
    return v128.and(v128.lt<T>(v128.abs<T>(v128.sub<T>(z, y)), param), constant<T>(1));
  }
  if (kind == POISSON) return exp<T>(z);
  if (kind == QUANTILE) return constant<T>(0);
  if (kind == LOG_COSH) {
    const r = v128.sub<T>(z, y);
    return v128.mul<T>(constant<T>(4), sigmoidSlope<T>(v128.add<T>(r, r)));
  }
  return sigmoidSlope<T>(z);
}
