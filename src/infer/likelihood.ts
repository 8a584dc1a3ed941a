/**
 * What a loss says of the probability of its targets, summed over the samples and without the
 * penalty.
 */

import { isFloat64, wrongValue } from "../check.js";
import type { Matrix } from "../linalg/matrix.js";
import { type Dataset, totalWeight } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import { lossName, lossParameters } from "../network/spec.js";
import type { ScalarMath } from "../wasm/kernels.js";
import { coreMath } from "../wasm/math.js";

/**
 * Rows of outputs with what their losses' derivatives are, in natural units: nats, for mse in units
 * of the noise.
 */
export interface Likelihood {
  readonly rows: number;
  /** Rows, each as often as its weight says. */
  readonly count: number;
  readonly outputs: number;
  /**
   * f − y, p − y or their like: the derivative of the negative log-likelihood in the outputs, for
   * mse times σ².
   */
  readonly residuals: Float64Array;
  /**
   * For each row a root of the second derivative in the outputs, C × C with Rᵀ·R = ∇²ℓ; for mse
   * times σ².
   */
  readonly roots: Float64Array;
  /** −Σ ln p of the targets; for mse the sum of squared residuals. */
  readonly misfit: number;
}

/** Losses that are negative log-likelihoods of something. */
const LIKELIHOODS: readonly string[] = ["mse", "cross-entropy", "binary-cross-entropy", "poisson"];
/** Losses of values with a curvature that need no probability for what is asked of them. */
const SMOOTH: readonly string[] = ["huber", "log-cosh"];

/**
 * Refuses losses that say nothing of what is asked.
 * @param where and argument, for the message.
 * @param asked "likelihood": of the targets' probability; "curvature": what a row moves.
 */
export function checkLoss(where: string, argument: string, net: Network, asked: "likelihood" | "curvature"): void {
  const name = lossName(net.spec.loss);
  if (LIKELIHOODS.includes(name) || (asked === "curvature" && SMOOTH.includes(name))) return;
  const smooth = asked === "curvature" ? " huber, log-cosh" : "";
  const why = asked === "curvature" ? "whose curvature is known here" : "which are likelihoods";
  const got = name === "custom" ? "a loss of the caller's" : `the loss "${name}"`;
  wrongValue(where, argument, `mse, poisson${smooth && `,${smooth}`} or a cross-entropy, ${why}`, got);
}

/** Terms that the mean loss divides by. */
export function termsOf(net: Network, rows: number): number {
  return net.spec.loss === "cross-entropy" ? rows : rows * net.layout.outputs;
}

/**
 * The likelihood of a data set at the network's parameters. Weights of samples count as so many
 * rows.
 */
export function likelihoodOf(net: Network, data: Dataset): Likelihood {
  const outputs = net.layout.outputs;
  const f = net.predict(data.inputs);
  const y = targetsOf(data, outputs, net.spec.loss === "cross-entropy");
  const { weights } = data;
  const rows = data.size;
  const result = {
    residuals: new Float64Array(rows * outputs),
    roots: new Float64Array(rows * outputs * outputs),
  };
  const math = coreMath(net.build);
  const kernel = kernelOf(net);
  let misfit = 0;
  for (let s = 0; s < rows; ++s) {
    const z = Float64Array.from(f.data.subarray(s * outputs, (s + 1) * outputs));
    const target = y.subarray(s * outputs, (s + 1) * outputs);
    const residual = result.residuals.subarray(s * outputs, (s + 1) * outputs);
    const root = result.roots.subarray(s * outputs ** 2, (s + 1) * outputs ** 2);
    const weight = weights ? weights[s] : 1;
    misfit += weight * kernel(z, target, residual, root, math);
    if (weight === 1) continue;
    for (let c = 0; c < outputs; ++c) residual[c] *= weight;
    for (let k = 0; k < root.length; ++k) root[k] *= Math.sqrt(weight);
  }
  return { rows, count: totalWeight(data), outputs, misfit, ...result };
}

type Kernel = (
  z: Float64Array,
  y: Float64Array,
  residual: Float64Array,
  root: Float64Array,
  math: ScalarMath,
) => number;

function kernelOf({ spec: { loss } }: Network): Kernel {
  const [parameter] = lossParameters(loss);
  switch (lossName(loss)) {
    case "mse":
      return squares;
    case "cross-entropy":
      return softmax;
    case "poisson":
      return counts;
    case "huber":
      return (...given) =>
        robust(given, (r) => [Math.max(-parameter, Math.min(parameter, r)), Number(Math.abs(r) <= parameter)]);
    case "log-cosh":
      return (...given) => robust(given, (r) => [Math.tanh(r), 1 / Math.cosh(r)]);
    default:
      return logistic;
  }
}

/** z is the logarithm of a rate: p(y) = e^(y·z − eᶻ)/y!. */
const counts: Kernel = (z, y, residual, root, math) => {
  let sum = 0;
  for (let c = 0; c < z.length; ++c) {
    const rate = math.exp(z[c]);
    residual[c] = rate - y[c];
    root[c * (z.length + 1)] = Math.sqrt(rate);
    sum += rate - y[c] * z[c] + logFactorial(y[c], math);
  }
  return sum;
};

/** Slope and root of the curvature of a loss of r = f − y; no likelihood, so that 0 is its sum. */
function robust([z, y, residual, root]: Parameters<Kernel>, of: (r: number) => [slope: number, root: number]): number {
  let finite = 0;
  for (let c = 0; c < z.length; ++c) {
    [residual[c], root[c * (z.length + 1)]] = of(z[c] - y[c]);
    finite += 0 * residual[c];
  }
  return finite;
}

const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188];
/** From here on the series has all digits. */
const SERIES = 15;

/** ln y! = ln Γ(y + 1) by Stirling's series. Source: Abramowitz and Stegun, 6.1.41. */
export function logFactorial(y: number, math: Pick<ScalarMath, "log">): number {
  let [x, product] = [y + 1, 1];
  for (; x < SERIES; ++x) product *= x;
  const series = STIRLING.reduceRight((sum, term) => sum / (x * x) + term, 0) / x;
  return (x - 0.5) * math.log(x) - x + 0.5 * math.log(2 * Math.PI) + series - math.log(product);
}

/** Returns Σr²; the root is the identity. */
const squares: Kernel = (z, y, residual, root) => {
  let sum = 0;
  for (let c = 0; c < z.length; ++c) {
    residual[c] = z[c] - y[c];
    root[c * (z.length + 1)] = 1;
    sum += residual[c] ** 2;
  }
  return sum;
};

const logistic: Kernel = (z, y, residual, root, math) => {
  let sum = 0;
  for (let c = 0; c < z.length; ++c) {
    const e = math.exp(-Math.abs(z[c]));
    // p and 1 − p without a subtraction, so that both keep their digits.
    const [p, q] = z[c] >= 0 ? [1 / (1 + e), e / (1 + e)] : [e / (1 + e), 1 / (1 + e)];
    residual[c] = y[c] === 1 ? -q : y[c] === 0 ? p : p - y[c];
    root[c * (z.length + 1)] = Math.sqrt(p * q);
    sum += Math.max(z[c], 0) - y[c] * z[c] + Math.log1p(e);
  }
  return sum;
};

/** ∇² = diag(p) − p·pᵀ = Rᵀ·R with R = diag(√p)·(I − 1·pᵀ). */
const softmax: Kernel = (z, y, residual, root, math) => {
  const n = z.length;
  const largest = z.reduce((most, value) => Math.max(most, value), -Infinity);
  const e = z.map((value) => math.exp(value - largest));
  const total = e.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  for (let c = 0; c < n; ++c) {
    const rest = e.reduce((all, value, k) => (k === c ? all : all + value), 0) / total;
    residual[c] = y[c] === 1 ? -rest : e[c] / total - y[c];
    if (y[c] > 0) sum -= y[c] * (z[c] - largest - math.log(total));
    const root_ = Math.sqrt(e[c] / total);
    for (let k = 0; k < n; ++k) root[c * n + k] = root_ * (k === c ? rest : -e[k] / total);
  }
  return sum;
};

/** One row a sample; labels as one-hot rows. */
export function targetsOf({ targets, size }: Dataset, outputs: number, labels: boolean): Float64Array {
  if ("data" in targets) return isFloat64(targets.data) ? targets.data : Float64Array.from(targets.data);
  if (!labels) return targets;
  const y = new Float64Array(size * outputs);
  for (let s = 0; s < size; ++s) y[s * outputs + targets[s]] = 1;
  return y;
}

/**
 * Rows R·J of the Gauss-Newton matrix's root: the matrix is their MᵀM. `jacobian`: (rows · outputs)
 * × P.
 */
export function weighted(jacobian: Matrix, { outputs, roots }: Likelihood, from = 0): Float64Array {
  const { columns: p, data } = jacobian;
  const rows = jacobian.rows / outputs;
  const m = new Float64Array(data.length);
  for (let s = 0; s < rows; ++s) {
    const root = (from + s) * outputs ** 2;
    for (let c = 0; c < outputs; ++c) {
      for (let k = 0; k < outputs; ++k) {
        const factor = roots[root + c * outputs + k];
        if (factor === 0) continue;
        const [to, at] = [(s * outputs + c) * p, (s * outputs + k) * p];
        for (let j = 0; j < p; ++j) m[to + j] += factor * data[at + j];
      }
    }
  }
  return m;
}
