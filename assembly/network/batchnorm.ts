/**
 * Batch normalisation, one row (unit) at a time over the n valid samples of ld, as PyTorch does it:
 * biased variance, ε under the root. Statistics are summed in double precision, in two passes,
 * whatever T is. `weights`, one a sample, count a sample w times; 0 stands for none.
 */
import { lanes, madd, nmadd, sumLanes } from "../inline/lanes";
import { constant, lower, upper } from "../inline/elements";
import { clearPadding, loadUpTo, storeUpTo } from "../inline/ragged";
import { dot, sum } from "../vector/reduce";

/**
 * Writes mean, variance and invStd of every row, xhat = (x − mean)·invStd and y = γ·xhat + β; y may
 * be x. Padding is left alone.
 */
export function batchNormForward<T>(
  x: usize, xhat: usize, y: usize, mean: usize, invStd: usize, variance: usize, gamma: usize, beta: usize,
  rows: i32, n: i32, ld: i32, epsilon: f64, weights: usize,
): void {
  const total = weights ? sum<T>(weights, n) : <f64>n;
  for (let r = 0; r < rows; ++r) {
    const at = <usize>r * sizeof<T>();
    const row = x + at * ld;
    const center = (weights ? dot<T>(weights, row, n) : sum<T>(row, n)) / total;
    const spread =
      (weights ? weighedSquares<T>(weights, row, center, n) : squaredDeviations<T>(row, center, n)) / total;
    store<T>(mean + at, <T>center);
    store<T>(variance + at, <T>spread);
    normaliseRow<T>(row, xhat + at * ld, y + at * ld, invStd + at, gamma + at, beta + at, n, center, spread + epsilon);
  }
}

/** The same with mean and variance given. */
export function batchNormRunning<T>(
  x: usize, xhat: usize, y: usize, mean: usize, variance: usize, invStd: usize, gamma: usize, beta: usize,
  rows: i32, n: i32, ld: i32, epsilon: f64,
): void {
  for (let r = 0; r < rows; ++r) {
    const at = <usize>r * sizeof<T>();
    const offset = at * ld;
    const center = <f64>load<T>(mean + at);
    const spread = <f64>load<T>(variance + at) + epsilon;
    normaliseRow<T>(x + offset, xhat + offset, y + offset, invStd + at, gamma + at, beta + at, n, center, spread);
  }
}

/**
 * With the mean in two parts, since T may hold the data exactly but not their mean; and 1/√spread
 * of what T might not hold.
 */
function normaliseRow<T>(
  x: usize, xhat: usize, y: usize, invStd: usize, gamma: usize, beta: usize, n: i32, center: f64, spread: f64,
): void {
  const inverse = 1 / sqrt<f64>(spread);
  store<T>(invStd, <T>inverse);
  const high = constant<T>(center);
  const low = constant<T>(center - <f64><T>center);
  const factor = constant<T>(inverse);
  const scale = v128.splat<T>(load<T>(gamma));
  const shift = v128.splat<T>(load<T>(beta));
  let offset: usize = 0;
  let s = 0;
  for (; s + lanes<T>() <= n; s += lanes<T>()) {
    normalise<T>(x + offset, xhat + offset, y + offset, high, low, factor, scale, shift, lanes<T>());
    offset += 16;
  }
  if (s < n) normalise<T>(x + offset, xhat + offset, y + offset, high, low, factor, scale, shift, n - s);
}

// @ts-ignore: decorator
@inline
function normalise<T>(
  x: usize, xhat: usize, y: usize, high: v128, low: v128, factor: v128, scale: v128, shift: v128, left: i32,
): void {
  const centered = v128.sub<T>(v128.sub<T>(loadUpTo<T>(x, left), high), low);
  const normal = v128.mul<T>(centered, factor);
  storeUpTo<T>(xhat, normal, left);
  storeUpTo<T>(y, madd<T>(scale, normal, shift), left);
}

/**
 * dx = γ·invStd·(dy − mean(dy) − xhat·mean(dy·xhat)), dgamma = Σ dy·xhat, dbeta = Σ dy. `dgamma`
 * and `dbeta` are overwritten or added to. `dx` may be dy; its padding becomes 0. With weights,
 * whose part in the statistics is w/Σw and which dy has in it already, dx = γ·invStd·(dy − w/Σw·(Σ
 * dy + xhat·Σ dy·xhat)).
 */
export function batchNormBackward<T>(
  xhat: usize, invStd: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32, ld: i32, accumulate: i32, weights: usize,
): void {
  const share = 1 / (weights ? sum<T>(weights, n) : <f64>n);
  backward<T>(share, xhat, invStd, gamma, dy, dx, dgamma, dbeta, rows, n, ld, accumulate, weights);
}

/** The same with constant statistics: dx = γ·invStd·dy. */
export function batchNormBackwardRunning<T>(
  xhat: usize, invStd: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32, ld: i32, accumulate: i32,
): void {
  backward<T>(0, xhat, invStd, gamma, dy, dx, dgamma, dbeta, rows, n, ld, accumulate, 0);
}

/**
 * `share` is a sample's part in the batch's statistics: 1/n, or 0 where they are constant; with
 * weights, that of a weight of 1.
 */
function backward<T>(
  share: f64, xhat: usize, invStd: usize, gamma: usize, dy: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32, ld: i32, accumulate: i32, weights: usize,
): void {
  clearPadding<T>(dx, rows, n, ld);
  for (let r = 0; r < rows; ++r) {
    const at = <usize>r * sizeof<T>();
    const row = at * ld;
    const scaleGradient = dot<T>(dy + row, xhat + row, n);
    const shiftGradient = sum<T>(dy + row, n);
    addTo<T>(dgamma + at, scaleGradient, accumulate);
    addTo<T>(dbeta + at, shiftGradient, accumulate);
    const factor = constant<T>(<f64>load<T>(gamma + at) * <f64>load<T>(invStd + at));
    const mean = constant<T>(shiftGradient * share);
    const slope = constant<T>(scaleGradient * share);
    if (weights) {
      weighedInputGradient<T>(weights, dy + row, xhat + row, dx + row, mean, slope, factor, n);
      continue;
    }
    let offset = row;
    let s = 0;
    for (; s + lanes<T>() <= n; s += lanes<T>()) {
      inputGradient<T>(dy + offset, xhat + offset, dx + offset, mean, slope, factor, lanes<T>());
      offset += 16;
    }
    if (s < n) inputGradient<T>(dy + offset, xhat + offset, dx + offset, mean, slope, factor, n - s);
  }
}

// @ts-ignore: decorator
@inline
function inputGradient<T>(
  dy: usize, xhat: usize, dx: usize, mean: v128, slope: v128, factor: v128, left: i32,
): void {
  const centered = v128.sub<T>(loadUpTo<T>(dy, left), mean);
  storeUpTo<T>(dx, v128.mul<T>(factor, nmadd<T>(slope, loadUpTo<T>(xhat, left), centered)), left);
}

function weighedInputGradient<T>(
  weights: usize, dy: usize, xhat: usize, dx: usize, mean: v128, slope: v128, factor: v128, n: i32,
): void {
  for (let left = n; left > 0; left -= lanes<T>()) {
    const coupling = madd<T>(slope, loadUpTo<T>(xhat, left), mean);
    const d = nmadd<T>(loadUpTo<T>(weights, left), coupling, loadUpTo<T>(dy, left));
    storeUpTo<T>(dx, v128.mul<T>(factor, d), left);
    weights += 16, dy += 16, xhat += 16, dx += 16;
  }
}

// @ts-ignore: decorator
@inline
function addTo<T>(p: usize, value: f64, accumulate: i32): void {
  store<T>(p, <T>(accumulate ? <f64>load<T>(p) + value : value));
}

/** Σ (x − center)² */
function squaredDeviations<T>(x: usize, center: f64, n: i32): f64 {
  const c = f64x2.splat(center);
  let a = constant<f64>(0), b = a;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const low = v128.sub<f64>(lower<T>(x), c);
    const high = v128.sub<f64>(upper<T>(x), c);
    a = madd<f64>(low, low, a);
    b = madd<f64>(high, high, b);
    x += 4 * sizeof<T>();
  }
  let total = sumLanes<f64>(v128.add<f64>(a, b));
  for (; i < n; ++i) {
    const d = <f64>load<T>(x) - center;
    total += d * d;
    x += sizeof<T>();
  }
  return total;
}

/** Σ w·(x − center)² */
function weighedSquares<T>(weights: usize, x: usize, center: f64, n: i32): f64 {
  let total: f64 = 0;
  for (let i = 0; i < n; ++i) {
    const d = <f64>load<T>(x) - center;
    total += <f64>load<T>(weights) * d * d;
    weights += sizeof<T>(), x += sizeof<T>();
  }
  return total;
}

/**
 * running = (1 − m)·running + m·correction·batch; the correction is n/(n − 1) for a variance, 1 for
 * a mean.
 */
export function updateRunning<T>(running: usize, batch: usize, rows: i32, momentum: f64, correction: f64): void {
  for (let r = 0; r < rows; ++r) {
    const next = (1 - momentum) * <f64>load<T>(running) + momentum * correction * <f64>load<T>(batch);
    store<T>(running, <T>next);
    running += sizeof<T>();
    batch += sizeof<T>();
  }
}
