/**
 * The R-operator (derivative along a direction) of batch normalisation, forward and backward, one
 * row (unit) at a time. With s = invStd, x̂ = xhat and means over the n samples: R{s}/s =
 * −s·mean(x̂·R{x}), which is kept as `ratio`, and R{x̂} = s·(R{x} − mean(R{x}) − x̂·mean(x̂·R{x})).
 * Under running statistics s and the mean are constants and the means vanish. With weights, which
 * count a sample w times, these means are weighted; 0 stands for none.
 */
import { lanes, madd, nmadd } from "../inline/lanes";
import { constant } from "../inline/elements";
import { clearPadding, loadUpTo, storeUpTo } from "../inline/ragged";
import { dot, sum } from "../vector/reduce";

/**
 * rxhat = R{x̂}; ry = γ·R{x̂} + R{γ}·x̂ + R{β}; ratio = R{s}/s. ry may be rx. `coupled`: statistics
 * of the batch.
 */
export function batchNormTangent<T>(
  rx: usize, xhat: usize, invStd: usize, gamma: usize, rgamma: usize, rbeta: usize,
  rxhat: usize, ry: usize, ratio: usize, rows: i32, n: i32, ld: i32, coupled: i32, weights: usize,
): void {
  const inverse = coupled ? 1 / (weights ? sum<T>(weights, n) : <f64>n) : 0;
  for (let r = 0; r < rows; ++r) {
    const at = <usize>r * sizeof<T>();
    const row = at * ld;
    const s = <f64>load<T>(invStd + at);
    const products = weights ? weighedDot<T>(weights, rx + row, xhat + row, n) : dot<T>(rx + row, xhat + row, n);
    const along = products * inverse;
    store<T>(ratio + at, <T>(-s * along));
    const mean = constant<T>((weights ? dot<T>(weights, rx + row, n) : sum<T>(rx + row, n)) * inverse);
    const share = constant<T>(along);
    const scale = constant<T>(s);
    const slope = v128.splat<T>(load<T>(gamma + at));
    const turn = v128.splat<T>(load<T>(rgamma + at));
    const shift = v128.splat<T>(load<T>(rbeta + at));
    for (let i = 0; i < n; i += lanes<T>()) {
      const p = row + <usize>i * sizeof<T>();
      const left = n - i;
      const normal = loadUpTo<T>(xhat + p, left);
      const moved = v128.mul<T>(scale, nmadd<T>(normal, share, v128.sub<T>(loadUpTo<T>(rx + p, left), mean)));
      storeUpTo<T>(rxhat + p, moved, left);
      storeUpTo<T>(ry + p, v128.add<T>(madd<T>(slope, moved, v128.mul<T>(turn, normal)), shift), left);
    }
  }
}

/**
 * The R-operator of the backward pass, with u = dy and B = s·(u − mean(u) − x̂·mean(x̂u)). It gives
 * R{dx} = (R{γ} + γ·ratio)·B + γ·s·(R{u} − mean(R{u}) − R{x̂}·mean(x̂u) − x̂·mean(R{x̂}u +
 * x̂R{u})), R{dγ} = Σ(R{u}·x̂ + u·R{x̂}) and R{dβ} = ΣR{u}, R{dγ} and R{dβ} are overwritten or
 * added to. `rdx` may be ru; its padding becomes 0. With weights, which u and R{u} have in them
 * already, each mean above is a sum times the sample's share w/Σw.
 */
export function batchNormBackwardTangent<T>(
  dy: usize, ru: usize, xhat: usize, rxhat: usize, invStd: usize, ratio: usize, gamma: usize, rgamma: usize,
  rdx: usize, rdgamma: usize, rdbeta: usize, rows: i32, n: i32, ld: i32, coupled: i32, accumulate: i32,
  weights: usize,
): void {
  const inverse = coupled ? 1 / (weights ? sum<T>(weights, n) : <f64>n) : 0;
  for (let r = 0; r < rows; ++r) {
    const at = <usize>r * sizeof<T>();
    const row = at * ld;
    const turned = dot<T>(ru + row, xhat + row, n) + dot<T>(dy + row, rxhat + row, n);
    const total = sum<T>(ru + row, n);
    store<T>(rdgamma + at, <T>(turned + (accumulate ? <f64>load<T>(rdgamma + at) : 0)));
    store<T>(rdbeta + at, <T>(total + (accumulate ? <f64>load<T>(rdbeta + at) : 0)));
    const s = <f64>load<T>(invStd + at);
    const g = <f64>load<T>(gamma + at);
    const alongU = dot<T>(dy + row, xhat + row, n) * inverse;
    const meanU = constant<T>(sum<T>(dy + row, n) * inverse);
    const shareU = constant<T>(alongU);
    const first = constant<T>(s * (<f64>load<T>(rgamma + at) + g * <f64>load<T>(ratio + at)));
    const meanR = constant<T>(total * inverse);
    const shareR = constant<T>(turned * inverse);
    const second = constant<T>(s * g);
    for (let i = 0; i < n; i += lanes<T>()) {
      const p = row + <usize>i * sizeof<T>();
      const left = n - i;
      const normal = loadUpTo<T>(xhat + p, left);
      const turnedNormal = loadUpTo<T>(rxhat + p, left);
      let base = loadUpTo<T>(dy + p, left);
      let moved = loadUpTo<T>(ru + p, left);
      if (weights) {
        const w = loadUpTo<T>(weights + <usize>i * sizeof<T>(), left);
        base = nmadd<T>(w, madd<T>(normal, shareU, meanU), base);
        moved = nmadd<T>(w, madd<T>(normal, shareR, madd<T>(turnedNormal, shareU, meanR)), moved);
      } else {
        base = nmadd<T>(normal, shareU, v128.sub<T>(base, meanU));
        moved = nmadd<T>(turnedNormal, shareU, v128.sub<T>(moved, meanR));
        moved = nmadd<T>(normal, shareR, moved);
      }
      storeUpTo<T>(rdx + p, madd<T>(first, base, v128.mul<T>(second, moved)), left);
    }
  }
  clearPadding<T>(rdx, rows, n, ld);
}

/** Σ w·x·y */
function weighedDot<T>(weights: usize, x: usize, y: usize, n: i32): f64 {
  let total: f64 = 0;
  for (let i = 0; i < n; ++i) {
    total += <f64>load<T>(weights) * <f64>load<T>(x) * <f64>load<T>(y);
    weights += sizeof<T>(), x += sizeof<T>(), y += sizeof<T>();
  }
  return total;
}
