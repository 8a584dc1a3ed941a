import { lanes, madd } from "../inline/lanes";
import { constant } from "../inline/elements";
import { loadUpTo, storeUpTo } from "../inline/ragged";
import { storeChecked } from "./updates";

/**
 * Stochastic gradient descent as in PyTorch: g += wd·θ; v = momentum·v + (1 − dampening)·g, or v = g in the first step;
 * g = g + momentum·v with nesterov, else v; θ −= lr·g. velocity = 0: no momentum.
 */
export function sgd<T>(
  theta: usize, out: usize, g: usize, velocity: usize, n: i32,
  lr: f64, momentum: f64, dampening: f64, weightDecay: f64, nesterov: i32, first: i32,
): i32 {
  const step = constant<T>(-lr);
  const keep = constant<T>(momentum);
  const take = constant<T>(1 - dampening);
  const decay = constant<T>(weightDecay);
  let bad = constant<T>(0);
  for (let i = 0; i < n; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const left = n - i;
    const x = loadUpTo<T>(theta + at, left);
    let d = madd<T>(decay, x, loadUpTo<T>(g + at, left));
    if (velocity) {
      let v = d;
      if (!first) v = madd<T>(take, d, v128.mul<T>(keep, loadUpTo<T>(velocity + at, left)));
      storeUpTo<T>(velocity + at, v, left);
      d = nesterov ? madd<T>(keep, v, d) : v;
    }
    bad = v128.or(bad, storeChecked<T>(out + at, madd<T>(step, d, x), left));
  }
  return i32(v128.any_true(bad));
}
