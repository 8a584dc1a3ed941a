import { lanes, madd } from "../inline/lanes";
import { constant } from "../inline/elements";
import { loadUpTo, storeUpTo } from "../inline/ragged";
import { meanSquare, storeChecked, towards } from "./updates";

/**
 * Adam, and AdamW where `decoupled`: g += wd·θ, or θ *= 1 − lr·wd; m += (1 − β₁)(g − m); v = β₂·v + (1 − β₂)·g²;
 * θ −= lr/c₁·m/(√v/√c₂ + ε), with c the bias corrections 1 − βᵗ. vmax ≠ 0 is AMSGrad: the largest v so far under the root.
 */
export function adam<T>(
  theta: usize, out: usize, g: usize, m: usize, v: usize, vmax: usize, n: i32,
  lr: f64, beta1: f64, beta2: f64, epsilon: f64, weightDecay: f64, decoupled: i32, correction1: f64, correction2: f64,
): i32 {
  const shrink = constant<T>(decoupled ? 1 - lr * weightDecay : 1);
  const decay = constant<T>(decoupled ? 0 : weightDecay);
  const take1 = constant<T>(1 - beta1);
  const keep2 = constant<T>(beta2);
  const take2 = constant<T>(1 - beta2);
  const step = constant<T>(-lr / correction1);
  const root2 = constant<T>(sqrt<f64>(correction2));
  const guard = constant<T>(epsilon);
  let bad = constant<T>(0);
  for (let i = 0; i < n; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const left = n - i;
    let x = loadUpTo<T>(theta + at, left);
    const d = madd<T>(decay, x, loadUpTo<T>(g + at, left));
    x = v128.mul<T>(x, shrink);
    const first = towards<T>(loadUpTo<T>(m + at, left), d, take1);
    storeUpTo<T>(m + at, first, left);
    let second = meanSquare<T>(loadUpTo<T>(v + at, left), d, keep2, take2);
    storeUpTo<T>(v + at, second, left);
    if (vmax) {
      second = v128.max<T>(loadUpTo<T>(vmax + at, left), second);
      storeUpTo<T>(vmax + at, second, left);
    }
    const root = v128.add<T>(v128.div<T>(v128.sqrt<T>(second), root2), guard);
    const next = v128.add<T>(x, v128.div<T>(v128.mul<T>(step, first), root));
    bad = v128.or(bad, storeChecked<T>(out + at, next, left));
  }
  return i32(v128.any_true(bad));
}
