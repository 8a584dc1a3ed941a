/**
 * Operations element by element, cut between cache lines: an element is computed the same in any
 * piece.
 */
import { activate, activationDerivative, activationSecondDerivative, backpropActivation, ELU } from "../network/activation";
import { addProducts, multiplyElements } from "../vector/elementwise";
import { adam } from "../vector/updates-adam";
import { ADAM, ELEMENTS, kindOf } from "./pieces";
import { get, lineOf, mayShare, put, resultOf, share, startOf, threadCount } from "./share";

export const ACTIVATE: i32 = 0;
export const SLOPE: i32 = 1;
export const CURVE: i32 = 2;
export const BACKPROP: i32 = 3;
export const MULTIPLY: i32 = 4;
export const ADD_PRODUCTS: i32 = 5;

/**
 * Elements from which on an operation is shared: of one that moves memory, and of one that computes
 * an exponential.
 */
const SHARE_FROM: i32 = 1 << 15;
const SHARE_SLOW_FROM: i32 = 1 << 12;

/** False where there is too little to cut. `kind`, `param`: of the activation. */
export function shareElements<T>(op: i32, kind: i32, a: usize, b: usize, c: usize, count: i32, param: f64): bool {
  if (!mayShare() || count < (op <= BACKPROP && kind >= ELU ? SHARE_SLOW_FROM : SHARE_FROM)) return false;
  put<i32>(0, op), put<i32>(1, kind), put<usize>(2, a), put<usize>(3, b), put<usize>(4, c), put<i32>(5, count), put<f64>(6, param);
  share(kindOf<T>(ELEMENTS), threadCount(), 0);
  return true;
}

export function elementsPiece<T>(piece: i32): void {
  const op = get<i32>(0), kind = get<i32>(1), count = get<i32>(5), param = get<f64>(6);
  const from = startOf(piece, threadCount(), count, lineOf<T>());
  const n = startOf(piece + 1, threadCount(), count, lineOf<T>()) - from, shift = <usize>from * sizeof<T>();
  const a = get<usize>(2) + shift, b = get<usize>(3) + shift, c = get<usize>(4) + shift;
  switch (op) {
    case ACTIVATE: activate<T>(kind, a, b, n, param); break;
    case SLOPE: activationDerivative<T>(kind, a, b, c, n, param); break;
    case CURVE: activationSecondDerivative<T>(kind, a, b, c, n, param); break;
    case BACKPROP: backpropActivation<T>(kind, a, b, c, n, param); break;
    case MULTIPLY: multiplyElements<T>(n, a, b, c); break;
    default: addProducts<T>(n, a, b, c);
  }
}

/** Whether elements of `out` are not finite, or −1 where there is too little to cut. */
export function shareAdam<T>(
  theta: usize, out: usize, g: usize, m: usize, v: usize, vmax: usize, n: i32,
  lr: f64, beta1: f64, beta2: f64, epsilon: f64, weightDecay: f64, decoupled: i32, correction1: f64, correction2: f64,
): i32 {
  if (!mayShare() || n < SHARE_SLOW_FROM) return -1;
  put<usize>(0, theta), put<usize>(1, out), put<usize>(2, g), put<usize>(3, m), put<usize>(4, v), put<usize>(5, vmax), put<i32>(6, n);
  put<f64>(7, lr), put<f64>(8, beta1), put<f64>(9, beta2), put<f64>(10, epsilon), put<f64>(11, weightDecay), put<i32>(12, decoupled);
  put<f64>(13, correction1), put<f64>(14, correction2), put<i32>(15, 0);
  share(kindOf<T>(ADAM), threadCount(), 0);
  return get<i32>(15);
}

export function adamPiece<T>(piece: i32): void {
  const n = get<i32>(6), from = startOf(piece, threadCount(), n, lineOf<T>()), at = <usize>from * sizeof<T>();
  const vmax = get<usize>(5);
  const bad = adam<T>(
    get<usize>(0) + at, get<usize>(1) + at, get<usize>(2) + at, get<usize>(3) + at, get<usize>(4) + at, vmax ? vmax + at : 0,
    startOf(piece + 1, threadCount(), n, lineOf<T>()) - from,
    get<f64>(7), get<f64>(8), get<f64>(9), get<f64>(10), get<f64>(11), get<i32>(12), get<f64>(13), get<f64>(14),
  );
  if (bad) atomic.or<i32>(resultOf(15), 1);
}
