import { shareAdam } from "../threads/elements";
import { lanes, madd } from "../inline/lanes";
import { constant, nonFinite } from "../inline/elements";
import { borrow, giveBack, hold, meanSquare, towards } from "./updates";

/**
 * Adam, and AdamW where `decoupled`. Weight decay: g += wd·θ, or θ *= 1 − lr·wd. Then m += (1 −
 * β₁)(g − m); v = β₂·v + (1 − β₂)·g²; θ −= lr/c₁·m/(√v/√c₂ + ε), with c the bias corrections 1 −
 * βᵗ. vmax ≠ 0 is AMSGrad: the largest v so far under the root.
 */
export function adam<T>(
  theta: usize, out: usize, g: usize, m: usize, v: usize, vmax: usize, n: i32,
  lr: f64, beta1: f64, beta2: f64, epsilon: f64, weightDecay: f64, decoupled: i32, correction1: f64, correction2: f64,
): i32 {
  if (ASC_FEATURE_THREADS) {
    const shared = shareAdam<T>(
      theta, out, g, m, v, vmax, n, lr, beta1, beta2, epsilon, weightDecay, decoupled, correction1, correction2,
    );
    if (shared >= 0) return shared;
  }
  const shrink = hold<T>(0, decoupled ? 1 - lr * weightDecay : 1);
  const decay = hold<T>(1, decoupled ? 0 : weightDecay);
  const take1 = hold<T>(2, 1 - beta1);
  const keep2 = hold<T>(3, beta2);
  const take2 = hold<T>(4, 1 - beta2);
  const step = hold<T>(5, -lr / correction1);
  const unbias = hold<T>(6, 1 / sqrt<f64>(correction2));
  const guard = hold<T>(7, epsilon);
  let bad = constant<T>(0);
  const left = n % lanes<T>();
  const end = <usize>(n - left) * sizeof<T>();
  for (let at: usize = 0; at < end; at += 16) {
    let x = v128.load(theta + at);
    const d = madd<T>(decay, x, v128.load(g + at));
    x = v128.mul<T>(x, shrink);
    const first = towards<T>(v128.load(m + at), d, take1);
    v128.store(m + at, first);
    let second = meanSquare<T>(v128.load(v + at), d, keep2, take2);
    v128.store(v + at, second);
    if (vmax) {
      second = v128.max<T>(v128.load(vmax + at), second);
      v128.store(vmax + at, second);
    }
    const root = madd<T>(v128.sqrt<T>(second), unbias, guard);
    const next = v128.add<T>(x, v128.div<T>(v128.mul<T>(step, first), root));
    v128.store(out + at, next);
    bad = v128.or(bad, nonFinite<T>(next));
  }
  if (left == 0) return i32(v128.any_true(bad));
  const rest = adam<T>(
    borrow<T>(0, theta, end, left), borrow<T>(1, out, end, left), borrow<T>(2, g, end, left),
    borrow<T>(3, m, end, left), borrow<T>(4, v, end, left), borrow<T>(5, vmax, end, left),
    lanes<T>(), lr, beta1, beta2, epsilon, weightDecay, decoupled, correction1, correction2,
  );
  giveBack<T>(1, out, end, left);
  giveBack<T>(3, m, end, left);
  giveBack<T>(4, v, end, left);
  giveBack<T>(5, vmax, end, left);
  return i32(v128.any_true(bad)) | rest;
}
