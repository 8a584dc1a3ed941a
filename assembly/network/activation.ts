/**
 * Activations φ, φ′ and φ″ over flat buffers of `count` elements, h = φ(a). Padding columns are
 * elements like any other. `param` is relu's φ′(0), leaky-relu's slope (at 0 too) and elu's alpha.
 * relu and leaky-relu have loops of their own. The others share a loop with the choice made once
 * per vector, which is cheap beside an exponential.
 */
import { lanes } from "../inline/lanes";
import { ACTIVATE, BACKPROP, CURVE, shareElements, SLOPE } from "../threads/elements";
import { choose, constant } from "../inline/elements";
import { loadUpTo, storeUpTo } from "../inline/ragged";
import { exp, expm1, expMinusAbs, sigmoid, sigmoidSlope, tanh } from "../inline/exponential";
import { log1p } from "../inline/logarithm";
import { END, gaussian, normalCdf } from "../inline/normal";

export const IDENTITY: i32 = 0;
export const RELU: i32 = 1;
export const LEAKY_RELU: i32 = 2;
export const ELU: i32 = 3;
export const SOFTPLUS: i32 = 4;
export const GELU: i32 = 5;
export const SILU: i32 = 6;
export const TANH: i32 = 7;
export const SIGMOID: i32 = 8;
export const STEP: i32 = 9;

const INVERSE_SQRT_2PI: f64 = 0.3989422804014327;

/** h = φ(a); h may be a. NaN stays NaN whatever the kind, so that it is found. */
export function activate<T>(kind: i32, a: usize, h: usize, count: i32, param: f64): void {
  if (kind == IDENTITY) {
    if (a != h) memory.copy(h, a, <usize>count * sizeof<T>());
    return;
  }
  if (ASC_FEATURE_THREADS) {
    if (shareElements<T>(ACTIVATE, kind, a, h, 0, count, param)) return;
  }
  const p = constant<T>(param);
  let i = 0;
  if (kind <= LEAKY_RELU) {
    for (; i + 2 * lanes<T>() <= count; i += 2 * lanes<T>()) {
      const x = v128.load(a);
      const y = v128.load(a, 16);
      v128.store(h, kind == RELU ? relu<T>(x) : leaky<T>(x, p));
      v128.store(h, kind == RELU ? relu<T>(y) : leaky<T>(y, p), 16);
      a += 32;
      h += 32;
    }
  }
  for (; i < count; i += lanes<T>()) {
    storeUpTo<T>(h, value<T>(kind, loadUpTo<T>(a, count - i), p), count - i);
    a += 16;
    h += 16;
  }
}

/** out = φ′(a), given h = φ(a); out may be a or h. */
export function activationDerivative<T>(kind: i32, a: usize, h: usize, out: usize, count: i32, param: f64): void {
  if (ASC_FEATURE_THREADS) {
    if (shareElements<T>(SLOPE, kind, a, h, out, count, param)) return;
  }
  const p = constant<T>(param);
  for (let i = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    storeUpTo<T>(out, slope<T>(kind, loadUpTo<T>(a, left), loadUpTo<T>(h, left), p), left);
    a += 16;
    h += 16;
    out += 16;
  }
}

/** out = φ″(a), given h = φ(a); out may be a or h. */
export function activationSecondDerivative<T>(kind: i32, a: usize, h: usize, out: usize, count: i32, param: f64): void {
  if (ASC_FEATURE_THREADS) {
    if (shareElements<T>(CURVE, kind, a, h, out, count, param)) return;
  }
  const p = constant<T>(param);
  for (let i = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    storeUpTo<T>(out, curvature<T>(kind, loadUpTo<T>(a, left), loadUpTo<T>(h, left), p), left);
    a += 16;
    h += 16;
    out += 16;
  }
}

/**
 * delta ⊙= φ′(a), given h = φ(a). Where relu's φ′ is 0 the result is 0 whatever delta holds, as in
 * PyTorch (for atZero = 0; any other atZero multiplies).
 */
export function backpropActivation<T>(kind: i32, a: usize, h: usize, delta: usize, count: i32, param: f64): void {
  if (kind == IDENTITY) return;
  if (ASC_FEATURE_THREADS) {
    if (shareElements<T>(BACKPROP, kind, a, h, delta, count, param)) return;
  }
  const p = constant<T>(param);
  if (kind == LEAKY_RELU || (kind == RELU && param == 0)) {
    let i = 0;
    for (; i + lanes<T>() <= count; i += lanes<T>()) {
      backpropRectifier<T>(kind, a, delta, p, lanes<T>());
      a += 16;
      delta += 16;
    }
    if (i < count) backpropRectifier<T>(kind, a, delta, p, count - i);
    return;
  }
  for (let i = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const factor = slope<T>(kind, loadUpTo<T>(a, left), loadUpTo<T>(h, left), p);
    storeUpTo<T>(delta, v128.mul<T>(loadUpTo<T>(delta, left), factor), left);
    a += 16;
    h += 16;
    delta += 16;
  }
}

// @ts-ignore: decorator
@inline
function backpropRectifier<T>(kind: i32, a: usize, delta: usize, slope: v128, left: i32): void {
  const x = loadUpTo<T>(a, left);
  const d = loadUpTo<T>(delta, left);
  const zero = constant<T>(0);
  const through = kind == RELU
    ? v128.andnot(d, v128.le<T>(x, zero))
    : choose(v128.gt<T>(x, zero), d, v128.mul<T>(d, slope));
  storeUpTo<T>(delta, through, left);
}

/** pmax(x, 0) is x < 0 ? 0 : x, so NaN passes, and −0 as well. */
// @ts-ignore: decorator
@inline
function relu<T>(x: v128): v128 {
  return v128.pmax<T>(x, constant<T>(0));
}

// @ts-ignore: decorator
@inline
function leaky<T>(x: v128, slope: v128): v128 {
  return choose(v128.gt<T>(x, constant<T>(0)), x, v128.mul<T>(x, slope));
}

function value<T>(kind: i32, x: v128, param: v128): v128 {
  switch (kind) {
    case RELU: return relu<T>(x);
    case LEAKY_RELU: return leaky<T>(x, param);
    case ELU: return choose(v128.le<T>(x, constant<T>(0)), v128.mul<T>(param, expm1<T>(x)), x);
    case SOFTPLUS: return v128.add<T>(relu<T>(x), log1p<T>(expMinusAbs<T>(x)));
    case GELU: return v128.mul<T>(x, normalCdf<T>(x, gaussian<T>(x)));
    case SILU: return v128.mul<T>(x, sigmoid<T>(x));
    case TANH: return tanh<T>(x);
    case SIGMOID: return sigmoid<T>(x);
    // 1 or 0, or x itself where x is NaN.
    case STEP: return choose(v128.eq<T>(x, x), v128.and(v128.gt<T>(x, constant<T>(0)), constant<T>(1)), x);
    default: return x;
  }
}

/** φ′. tanh and sigmoid in terms of h; (1 − h)(1 + h) because 1 − h is exact where it cancels. */
function slope<T>(kind: i32, x: v128, h: v128, param: v128): v128 {
  const one = constant<T>(1);
  const zero = constant<T>(0);
  switch (kind) {
    case RELU: {
      const positive = v128.andnot(one, v128.le<T>(x, zero));
      return v128.or(positive, v128.and(param, v128.eq<T>(x, zero)));
    }
    case LEAKY_RELU: return choose(v128.gt<T>(x, zero), one, param);
    case ELU: return choose(v128.le<T>(x, zero), v128.mul<T>(param, exp<T>(x)), one);
    case SOFTPLUS: return sigmoid<T>(x);
    case GELU: {
      const g = gaussian<T>(x);
      const density = v128.mul<T>(g, constant<T>(INVERSE_SQRT_2PI));
      return v128.add<T>(normalCdf<T>(x, g), v128.mul<T>(x, density));
    }
    case SILU: return v128.add<T>(sigmoid<T>(x), v128.mul<T>(x, sigmoidSlope<T>(x)));
    case TANH: return v128.mul<T>(v128.sub<T>(one, h), v128.add<T>(one, h));
    case SIGMOID: return v128.mul<T>(h, v128.sub<T>(one, h));
    case STEP: return zero;
    default: return one;
  }
}

/** φ″. */
function curvature<T>(kind: i32, x: v128, h: v128, param: v128): v128 {
  const one = constant<T>(1);
  const two = constant<T>(2);
  switch (kind) {
    case ELU: return v128.and(v128.le<T>(x, constant<T>(0)), v128.mul<T>(param, exp<T>(x)));
    case SOFTPLUS: return sigmoidSlope<T>(x);
    case GELU: {
      const density = v128.mul<T>(gaussian<T>(x), constant<T>(INVERSE_SQRT_2PI));
      // Beyond the end the density is 0, and x² might overflow.
      const size = v128.pmin<T>(v128.abs<T>(x), constant<T>(END));
      return v128.mul<T>(density, v128.sub<T>(two, v128.mul<T>(size, size)));
    }
    case SILU: {
      const s = sigmoid<T>(x);
      const factor = v128.add<T>(two, v128.mul<T>(x, v128.sub<T>(one, v128.add<T>(s, s))));
      return v128.mul<T>(sigmoidSlope<T>(x), factor);
    }
    case TANH: {
      const first = v128.mul<T>(v128.sub<T>(one, h), v128.add<T>(one, h));
      return v128.mul<T>(v128.mul<T>(h, constant<T>(-2)), first);
    }
    case SIGMOID: {
      const first = v128.mul<T>(h, v128.sub<T>(one, h));
      return v128.mul<T>(first, v128.sub<T>(one, v128.add<T>(h, h)));
    }
    default: return constant<T>(0);
  }
}
