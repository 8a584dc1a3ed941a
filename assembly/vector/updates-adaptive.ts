import { lanes, madd } from "../inline/lanes";
import { constant } from "../inline/elements";
import { loadUpTo, storeUpTo } from "../inline/ragged";
import { meanSquare, storeChecked, towards } from "./updates";

/** Adagrad: g += wd·θ; s += g²; θ −= clr·g/(√s + ε). clr is the learning rate, decay included. */
export function adagrad<T>(
  theta: usize, out: usize, g: usize, sum: usize, n: i32, clr: f64, weightDecay: f64, epsilon: f64,
): i32 {
  const step = constant<T>(-clr);
  const decay = constant<T>(weightDecay);
  const guard = constant<T>(epsilon);
  let bad = constant<T>(0);
  for (let i = 0; i < n; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const left = n - i;
    const x = loadUpTo<T>(theta + at, left);
    const d = madd<T>(decay, x, loadUpTo<T>(g + at, left));
    const s = madd<T>(d, d, loadUpTo<T>(sum + at, left));
    storeUpTo<T>(sum + at, s, left);
    const change = v128.div<T>(v128.mul<T>(step, d), v128.add<T>(v128.sqrt<T>(s), guard));
    bad = v128.or(bad, storeChecked<T>(out + at, v128.add<T>(x, change), left));
  }
  return i32(v128.any_true(bad));
}

/** Adadelta: s = ρ·s + (1 − ρ)·g²; d = √(a + ε)/√(s + ε)·g; a = ρ·a + (1 − ρ)·d²; θ −= lr·d. */
export function adadelta<T>(
  theta: usize, out: usize, g: usize, squareAverage: usize, accumulated: usize, n: i32,
  lr: f64, rho: f64, epsilon: f64, weightDecay: f64,
): i32 {
  const step = constant<T>(-lr);
  const keep = constant<T>(rho);
  const take = constant<T>(1 - rho);
  const guard = constant<T>(epsilon);
  const decay = constant<T>(weightDecay);
  let bad = constant<T>(0);
  for (let i = 0; i < n; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const left = n - i;
    const x = loadUpTo<T>(theta + at, left);
    const d = madd<T>(decay, x, loadUpTo<T>(g + at, left));
    const s = meanSquare<T>(loadUpTo<T>(squareAverage + at, left), d, keep, take);
    storeUpTo<T>(squareAverage + at, s, left);
    const a = loadUpTo<T>(accumulated + at, left);
    const root = v128.sqrt<T>(v128.add<T>(s, guard));
    const change = v128.mul<T>(v128.div<T>(v128.sqrt<T>(v128.add<T>(a, guard)), root), d);
    storeUpTo<T>(accumulated + at, meanSquare<T>(a, change, keep, take), left);
    bad = v128.or(bad, storeChecked<T>(out + at, madd<T>(step, change, x), left));
  }
  return i32(v128.any_true(bad));
}

/**
 * RMSprop: s = α·s + (1 − α)·g², α = decay; d = g/(√s + ε), centered: g/(√(s − m²) + ε) with m += (1 − α)(g − m);
 * with momentum v = momentum·v + d and θ −= lr·v, else θ −= lr·d. gradAverage = 0: not centered; velocity = 0: no momentum.
 * s − m² is never negative but for rounding, which is taken as 0 (PyTorch: NaN).
 */
export function rmsprop<T>(
  theta: usize, out: usize, g: usize, squareAverage: usize, gradAverage: usize, velocity: usize, n: i32,
  lr: f64, decay: f64, epsilon: f64, weightDecay: f64, momentum: f64,
): i32 {
  const step = constant<T>(-lr);
  const keep = constant<T>(decay);
  const take = constant<T>(1 - decay);
  const guard = constant<T>(epsilon);
  const coupled = constant<T>(weightDecay);
  const inertia = constant<T>(momentum);
  let bad = constant<T>(0);
  for (let i = 0; i < n; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const left = n - i;
    const x = loadUpTo<T>(theta + at, left);
    const d = madd<T>(coupled, x, loadUpTo<T>(g + at, left));
    let s = meanSquare<T>(loadUpTo<T>(squareAverage + at, left), d, keep, take);
    storeUpTo<T>(squareAverage + at, s, left);
    if (gradAverage) {
      const m = towards<T>(loadUpTo<T>(gradAverage + at, left), d, take);
      storeUpTo<T>(gradAverage + at, m, left);
      s = v128.pmax<T>(v128.sub<T>(s, v128.mul<T>(m, m)), constant<T>(0));
    }
    const root = v128.add<T>(v128.sqrt<T>(s), guard);
    let next: v128;
    if (velocity) {
      const v = madd<T>(inertia, loadUpTo<T>(velocity + at, left), v128.div<T>(d, root));
      storeUpTo<T>(velocity + at, v, left);
      next = madd<T>(step, v, x);
    } else {
      next = v128.add<T>(x, v128.div<T>(v128.mul<T>(step, d), root));
    }
    bad = v128.or(bad, storeChecked<T>(out + at, next, left));
  }
  return i32(v128.any_true(bad));
}
