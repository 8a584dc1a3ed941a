/**
 * The R-operator (derivative along a direction) of batch normalisation, forward and backward, one row (unit) at a time.
 * With s = invStd, x̂ = xhat and means over the n samples: R{s}/s = −s·mean(x̂·R{x}), which is kept as `ratio`, and
 * R{x̂} = s·(R{x} − mean(R{x}) − x̂·mean(x̂·R{x})). Under running statistics s and the mean are constants and the means vanish.
 */
import { lanes, madd, nmadd } from "../inline/lanes";
import { constant } from "../inline/elements";
import { clearPadding, loadUpTo, storeUpTo } from "../inline/ragged";
import { dot, sum } from "../vector/reduce";

/** rxhat = R{x̂}; ry = γ·R{x̂} + R{γ}·x̂ + R{β}; ratio = R{s}/s. ry may be rx. `coupled`: statistics of the batch. */
export function batchNormTangent<T>(
  rx: usize, xhat: usize, invStd: usize, gamma: usize, rgamma: usize, rbeta: usize,
  rxhat: usize, ry: usize, ratio: usize, rows: i32, n: i32, ld: i32, coupled: i32,
): void {
  for (let r = 0; r < rows; ++r) {
    const at = <usize>r * sizeof<T>();
    const row = at * ld;
    const s = <f64>load<T>(invStd + at);
    const inverse = coupled ? 1 / <f64>n : 0;
    const along = dot<T>(rx + row, xhat + row, n) * inverse;
    store<T>(ratio + at, <T>(-s * along));
    const mean = constant<T>(sum<T>(rx + row, n) * inverse);
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
 * The R-operator of the backward pass: with u = dy and B = s·(u − mean(u) − x̂·mean(x̂u)),
 * R{dx} = (R{γ} + γ·ratio)·B + γ·s·(R{u} − mean(R{u}) − R{x̂}·mean(x̂u) − x̂·mean(R{x̂}u + x̂R{u})),
 * R{dγ} = Σ(R{u}·x̂ + u·R{x̂}) and R{dβ} = ΣR{u}, the latter two overwritten or added to. rdx may be ru; its padding becomes 0.
 */
export function batchNormBackwardTangent<T>(
  dy: usize, ru: usize, xhat: usize, rxhat: usize, invStd: usize, ratio: usize, gamma: usize, rgamma: usize,
  rdx: usize, rdgamma: usize, rdbeta: usize, rows: i32, n: i32, ld: i32, coupled: i32, accumulate: i32,
): void {
  for (let r = 0; r < rows; ++r) {
    const at = <usize>r * sizeof<T>();
    const row = at * ld;
    const turned = dot<T>(ru + row, xhat + row, n) + dot<T>(dy + row, rxhat + row, n);
    const total = sum<T>(ru + row, n);
    store<T>(rdgamma + at, <T>(turned + (accumulate ? <f64>load<T>(rdgamma + at) : 0)));
    store<T>(rdbeta + at, <T>(total + (accumulate ? <f64>load<T>(rdbeta + at) : 0)));
    const inverse = coupled ? 1 / <f64>n : 0;
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
      const base = nmadd<T>(normal, shareU, v128.sub<T>(loadUpTo<T>(dy + p, left), meanU));
      let moved = v128.sub<T>(loadUpTo<T>(ru + p, left), meanR);
      moved = nmadd<T>(loadUpTo<T>(rxhat + p, left), shareU, moved);
      moved = nmadd<T>(normal, shareR, moved);
      storeUpTo<T>(rdx + p, madd<T>(first, base, v128.mul<T>(second, moved)), left);
    }
  }
  clearPadding<T>(rdx, rows, n, ld);
}
