/**
 * Operations element by element, in place. Each is a step on one vector, run over whole vectors and
 * then over what is left.
 */
import { ADD_PRODUCTS, MULTIPLY, shareElements } from "../threads/elements";
import { lanes, madd } from "../inline/lanes";
import { constant } from "../inline/elements";
import { loadUpTo, storeUpTo } from "../inline/ragged";

/** y += alpha·x */
export function axpy<T>(n: i32, alpha: f64, x: usize, y: usize): void {
  const factor = constant<T>(alpha);
  for (; n >= 2 * lanes<T>(); n -= 2 * lanes<T>()) {
    v128.store(y, madd<T>(factor, v128.load(x), v128.load(y)));
    v128.store(y, madd<T>(factor, v128.load(x, 16), v128.load(y, 16)), 16);
    x += 32;
    y += 32;
  }
  for (; n > 0; n -= lanes<T>()) {
    storeUpTo<T>(y, madd<T>(factor, loadUpTo<T>(x, n), loadUpTo<T>(y, n)), n);
    x += 16;
    y += 16;
  }
}

/** x *= alpha */
export function scale<T>(n: i32, alpha: f64, x: usize): void {
  const factor = constant<T>(alpha);
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    v128.store(x, v128.mul<T>(factor, v128.load(x)));
    x += 16;
  }
  if (n > 0) storeUpTo<T>(x, v128.mul<T>(factor, loadUpTo<T>(x, n)), n);
}

/** g += l1·sign(θ) + l2·θ, with sign(0) = 0: the gradient of l1·Σ|θ| + ½·l2·Σθ². */
export function penaltyGradient<T>(theta: usize, g: usize, n: i32, l1: f64, l2: f64): void {
  const one = constant<T>(l1);
  const two = constant<T>(l2);
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    penaltyStep<T>(theta, g, one, two, lanes<T>());
    theta += 16;
    g += 16;
  }
  if (n > 0) penaltyStep<T>(theta, g, one, two, n);
}

// @ts-ignore: decorator
@inline
function penaltyStep<T>(theta: usize, g: usize, one: v128, two: v128, left: i32): void {
  const zero = constant<T>(0);
  const x = loadUpTo<T>(theta, left);
  const up = v128.and(v128.gt<T>(x, zero), one);
  const down = v128.and(v128.lt<T>(x, zero), one);
  const slope = madd<T>(two, x, v128.sub<T>(up, down));
  storeUpTo<T>(g, v128.add<T>(loadUpTo<T>(g, left), slope), left);
}

/** x = max(−limit, min(x, limit)); NaN stays. */
export function clipValue<T>(x: usize, n: i32, limit: f64): void {
  const high = constant<T>(limit);
  const low = constant<T>(-limit);
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    v128.store(x, v128.pmax<T>(v128.pmin<T>(v128.load(x), high), low));
    x += 16;
  }
  if (n > 0) storeUpTo<T>(x, v128.pmax<T>(v128.pmin<T>(loadUpTo<T>(x, n), high), low), n);
}

/** out = x ⊙ y; out may be either. */
export function multiplyElements<T>(n: i32, x: usize, y: usize, out: usize): void {
  if (ASC_FEATURE_THREADS) {
    if (shareElements<T>(MULTIPLY, 0, x, y, out, n, 0)) return;
  }
  let i = 0;
  for (; i + lanes<T>() <= n; i += lanes<T>()) {
    v128.store(out, v128.mul<T>(v128.load(x), v128.load(y)));
    x += 16, y += 16, out += 16;
  }
  if (i < n) storeUpTo<T>(out, v128.mul<T>(loadUpTo<T>(x, n - i), loadUpTo<T>(y, n - i)), n - i);
}

/** out += x ⊙ y */
export function addProducts<T>(n: i32, x: usize, y: usize, out: usize): void {
  if (ASC_FEATURE_THREADS) {
    if (shareElements<T>(ADD_PRODUCTS, 0, x, y, out, n, 0)) return;
  }
  let i = 0;
  for (; i + lanes<T>() <= n; i += lanes<T>()) {
    v128.store(out, madd<T>(v128.load(x), v128.load(y), v128.load(out)));
    x += 16, y += 16, out += 16;
  }
  if (i < n) {
    const left = n - i;
    storeUpTo<T>(out, madd<T>(loadUpTo<T>(x, left), loadUpTo<T>(y, left), loadUpTo<T>(out, left)), left);
  }
}
