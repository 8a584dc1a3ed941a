import { lanes, madd } from "../inline/lanes";
import { constant, nonFinite } from "../inline/elements";
import { borrow, giveBack, hold } from "./updates";

/**
 * Stochastic gradient descent as in PyTorch: g += wd·θ; v = momentum·v + (1 − dampening)·g, or v =
 * g in the first step; g = g + momentum·v with nesterov, else v; θ −= lr·g. velocity = 0: no
 * momentum.
 */
export function sgd<T>(
  theta: usize, out: usize, g: usize, velocity: usize, n: i32,
  lr: f64, momentum: f64, dampening: f64, weightDecay: f64, nesterov: i32, first: i32,
): i32 {
  const step = hold<T>(0, -lr);
  const keep = hold<T>(1, momentum);
  const take = hold<T>(2, 1 - dampening);
  const decay = hold<T>(3, weightDecay);
  let bad = constant<T>(0);
  const left = n % lanes<T>();
  const end = <usize>(n - left) * sizeof<T>();
  for (let at: usize = 0; at < end; at += 16) {
    const x = v128.load(theta + at);
    let d = madd<T>(decay, x, v128.load(g + at));
    if (velocity) {
      let v = d;
      if (!first) v = madd<T>(take, d, v128.mul<T>(keep, v128.load(velocity + at)));
      v128.store(velocity + at, v);
      d = nesterov ? madd<T>(keep, v, d) : v;
    }
    const next = madd<T>(step, d, x);
    v128.store(out + at, next);
    bad = v128.or(bad, nonFinite<T>(next));
  }
  if (left == 0) return i32(v128.any_true(bad));
  const rest = sgd<T>(
    borrow<T>(0, theta, end, left), borrow<T>(1, out, end, left), borrow<T>(2, g, end, left),
    borrow<T>(3, velocity, end, left),
    lanes<T>(), lr, momentum, dampening, weightDecay, nesterov, first,
  );
  giveBack<T>(1, out, end, left);
  giveBack<T>(3, velocity, end, left);
  return i32(v128.any_true(bad)) | rest;
}
