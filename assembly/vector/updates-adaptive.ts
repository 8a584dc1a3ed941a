import { lanes, madd } from "../inline/lanes";
import { constant, nonFinite } from "../inline/elements";
import { borrow, giveBack, hold, meanSquare, towards } from "./updates";

/** Adagrad: g += wd·θ; s += g²; θ −= clr·g/(√s + ε). clr is the learning rate, decay included. */
export function adagrad<T>(
  theta: usize, out: usize, g: usize, sum: usize, n: i32, clr: f64, weightDecay: f64, epsilon: f64,
): i32 {
  const step = hold<T>(0, -clr);
  const decay = hold<T>(1, weightDecay);
  const guard = hold<T>(2, epsilon);
  let bad = constant<T>(0);
  const left = n % lanes<T>();
  const end = <usize>(n - left) * sizeof<T>();
  for (let at: usize = 0; at < end; at += 16) {
    const x = v128.load(theta + at);
    const d = madd<T>(decay, x, v128.load(g + at));
    const s = madd<T>(d, d, v128.load(sum + at));
    v128.store(sum + at, s);
    const change = v128.div<T>(v128.mul<T>(step, d), v128.add<T>(v128.sqrt<T>(s), guard));
    const next = v128.add<T>(x, change);
    v128.store(out + at, next);
    bad = v128.or(bad, nonFinite<T>(next));
  }
  if (left == 0) return i32(v128.any_true(bad));
  const rest = adagrad<T>(
    borrow<T>(0, theta, end, left), borrow<T>(1, out, end, left), borrow<T>(2, g, end, left),
    borrow<T>(3, sum, end, left),
    lanes<T>(), clr, weightDecay, epsilon,
  );
  giveBack<T>(1, out, end, left);
  giveBack<T>(3, sum, end, left);
  return i32(v128.any_true(bad)) | rest;
}

/** Adadelta: s = ρ·s + (1 − ρ)·g²; d = √(a + ε)/√(s + ε)·g; a = ρ·a + (1 − ρ)·d²; θ −= lr·d. */
export function adadelta<T>(
  theta: usize, out: usize, g: usize, squareAverage: usize, accumulated: usize, n: i32,
  lr: f64, rho: f64, epsilon: f64, weightDecay: f64,
): i32 {
  const step = hold<T>(0, -lr);
  const keep = hold<T>(1, rho);
  const take = hold<T>(2, 1 - rho);
  const guard = hold<T>(3, epsilon);
  const decay = hold<T>(4, weightDecay);
  let bad = constant<T>(0);
  const left = n % lanes<T>();
  const end = <usize>(n - left) * sizeof<T>();
  for (let at: usize = 0; at < end; at += 16) {
    const x = v128.load(theta + at);
    const d = madd<T>(decay, x, v128.load(g + at));
    const s = meanSquare<T>(v128.load(squareAverage + at), d, keep, take);
    v128.store(squareAverage + at, s);
    const a = v128.load(accumulated + at);
    const root = v128.sqrt<T>(v128.add<T>(s, guard));
    const change = v128.mul<T>(v128.div<T>(v128.sqrt<T>(v128.add<T>(a, guard)), root), d);
    v128.store(accumulated + at, meanSquare<T>(a, change, keep, take));
    const next = madd<T>(step, change, x);
    v128.store(out + at, next);
    bad = v128.or(bad, nonFinite<T>(next));
  }
  if (left == 0) return i32(v128.any_true(bad));
  const rest = adadelta<T>(
    borrow<T>(0, theta, end, left), borrow<T>(1, out, end, left), borrow<T>(2, g, end, left),
    borrow<T>(3, squareAverage, end, left), borrow<T>(4, accumulated, end, left),
    lanes<T>(), lr, rho, epsilon, weightDecay,
  );
  giveBack<T>(1, out, end, left);
  giveBack<T>(3, squareAverage, end, left);
  giveBack<T>(4, accumulated, end, left);
  return i32(v128.any_true(bad)) | rest;
}

/**
 * RMSprop: s = α·s + (1 − α)·g², α = decay; d = g/(√s + ε). Centered: d = g/(√(s − m²) + ε) with m
 * += (1 − α)(g − m). With momentum: v = momentum·v + d and θ −= lr·v. Without: θ −= lr·d.
 * gradAverage = 0: not centered; velocity = 0: no momentum. s − m² is never negative but for
 * rounding, which is taken as 0 (PyTorch: NaN).
 */
export function rmsprop<T>(
  theta: usize, out: usize, g: usize, squareAverage: usize, gradAverage: usize, velocity: usize, n: i32,
  lr: f64, decay: f64, epsilon: f64, weightDecay: f64, momentum: f64,
): i32 {
  const step = hold<T>(0, -lr);
  const keep = hold<T>(1, decay);
  const take = hold<T>(2, 1 - decay);
  const guard = hold<T>(3, epsilon);
  const coupled = hold<T>(4, weightDecay);
  const inertia = hold<T>(5, momentum);
  let bad = constant<T>(0);
  const left = n % lanes<T>();
  const end = <usize>(n - left) * sizeof<T>();
  for (let at: usize = 0; at < end; at += 16) {
    const x = v128.load(theta + at);
    const d = madd<T>(coupled, x, v128.load(g + at));
    let s = meanSquare<T>(v128.load(squareAverage + at), d, keep, take);
    v128.store(squareAverage + at, s);
    if (gradAverage) {
      const m = towards<T>(v128.load(gradAverage + at), d, take);
      v128.store(gradAverage + at, m);
      s = v128.pmax<T>(v128.sub<T>(s, v128.mul<T>(m, m)), constant<T>(0));
    }
    const root = v128.add<T>(v128.sqrt<T>(s), guard);
    let next: v128;
    if (velocity) {
      const v = madd<T>(inertia, v128.load(velocity + at), v128.div<T>(d, root));
      v128.store(velocity + at, v);
      next = madd<T>(step, v, x);
    } else {
      next = v128.add<T>(x, v128.div<T>(v128.mul<T>(step, d), root));
    }
    v128.store(out + at, next);
    bad = v128.or(bad, nonFinite<T>(next));
  }
  if (left == 0) return i32(v128.any_true(bad));
  const rest = rmsprop<T>(
    borrow<T>(0, theta, end, left), borrow<T>(1, out, end, left), borrow<T>(2, g, end, left),
    borrow<T>(3, squareAverage, end, left), borrow<T>(4, gradAverage, end, left),
    borrow<T>(5, velocity, end, left),
    lanes<T>(), lr, decay, epsilon, weightDecay, momentum,
  );
  giveBack<T>(1, out, end, left);
  giveBack<T>(3, squareAverage, end, left);
  giveBack<T>(4, gradAverage, end, left);
  giveBack<T>(5, velocity, end, left);
  return i32(v128.any_true(bad)) | rest;
}
