import { conjugateGradients } from "../linalg/conjugate-gradients.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { dot, norm2 } from "../linalg/vector.js";
import { type Dataset, totalWeight } from "../network/dataset.js";
import { penaltyOf } from "../network/layout.js";
import type { Network } from "../network/network.js";
import { hessianOperator } from "../network/operator.js";
import { spread } from "../network/selection.js";
import { equilibrate, frobenius, scaledNoise } from "../optimize/criticality.js";
import { curvatureBlock, freeParameters } from "./curvature.js";
import { termsOf } from "./likelihood.js";
import { DenseCurvature, transposed } from "./precision.js";

/** Whether a point is one to expand about. */
export interface PointCheck {
  readonly status: "converged" | "not-converged" | "saddle" | "non-finite";
  readonly reason: string;
}

/** Networks up to this size are looked at by their exact Hessian too. */
const MOST = 600;
/** Deviations of the posterior from its mode, up to which a point counts as the mode. */
const NEAR = 0.3;
/** Added to a curvature whose diagonal is 1. */
const RIDGE = 1e-10;

/**
 * Looks at the objective that the network was trained on, over the parameters that are not fixed.
 * The distance to the minimum is the length of one Gauss-Newton step in posterior deviations,
 * √(gᵀ·(A + diag α)⁻¹·g). It has no unit. In directions that the data do not determine the prior
 * sets the deviation. The exact Hessian in the posterior's scale shows a saddle.
 *
 * `prior`: α of each parameter, 0 where it has none. `whole`: the Gauss-Newton matrix of the
 * likelihood, where it is there already; larger networks make do with products.
 */
export function checkPoint(
  net: Network,
  data: Dataset,
  noise: number,
  prior: Float64Array,
  whole: Float64Array | null = null,
): PointCheck {
  const { gradient, loss } = net.gradient(data, { batchNorm: "running" });
  if (!Number.isFinite(loss) || !gradient.every(Number.isFinite)) {
    return { status: "non-finite", reason: "the loss or its gradient is not finite" };
  }
  const free = freeParameters(net);
  const size = free.length;
  const unit = unitOf(net, data, noise);
  const A = whole?.slice() ?? (size <= MOST ? curvatureBlock(net, data, "ggn", free) : null);
  if (A) addPenalty(net, data, A, free, noise);
  const g = Float64Array.from(free, (i) => unit * gradient[i]);
  const alpha = Float64Array.from(free, (i) => prior[i]);
  const distance = A
    ? distanceToMinimum(A, g, alpha)
    : Math.sqrt(unit) *
      distanceByProducts(
        net,
        data,
        gradient,
        free,
        alpha.map((value) => value / unit),
      );
  if (!(distance <= NEAR)) {
    const far = Number.isFinite(distance) ? `about ${distance.toPrecision(2)} posterior deviations` : "far";
    return { status: "not-converged", reason: `the point is ${far} from the minimum of its objective; train further` };
  }
  if (A && size <= MOST && isSaddle(net, data, A, g, free, noise)) {
    return { status: "saddle", reason: "the exact Hessian has negative eigenvalues here: the point is a saddle" };
  }
  const looked = size <= MOST ? "" : "; too many parameters to check for a saddle";
  return {
    status: "converged",
    reason: `the point is ${distance.toPrecision(1)} posterior deviations from its minimum${looked}`,
  };
}

/** Products that the distance may take. */
const MOST_PRODUCTS = 200;

/**
 * √(gᵀ·(G + diag α)⁺·g) with the objective's own matrix, by conjugate gradients, which come to it
 * from below.
 */
function distanceByProducts(
  net: Network,
  data: Dataset,
  gradient: ArrayLike<number>,
  free: Uint32Array,
  alpha: Float64Array,
): number {
  const G = hessianOperator(net, data, { kind: "ggn", batchNorm: "running" });
  const matvec = (v: ArrayLike<number>): Float64Array => {
    const product = G.matvec(spread(v, free, net.parameterCount));
    return Float64Array.from(free, (place, i) => product[place] + alpha[i] * v[i]);
  };
  const g = Float64Array.from(free, (i) => gradient[i]);
  const { x } = conjugateGradients({ size: g.length, matvec }, g, { tolerance: 1e-3, maxSteps: MOST_PRODUCTS });
  return Math.sqrt(Math.max(0, dot(g, x)));
}

/**
 * Multiplies a matrix of the likelihood by the noise's factor, and adds the penalty in the same
 * units.
 */
function addPenalty(net: Network, data: Dataset, A: Float64Array, free: Uint32Array, noise: number): void {
  const { layout, spec } = net;
  const factor = spec.loss === "mse" ? 1 / noise : 1;
  for (let i = 0; i < A.length; ++i) A[i] *= factor;
  const [unit, l2] = [unitOf(net, data, noise), penaltyOf(layout)];
  free.forEach((i, k) => {
    A[k * (free.length + 1)] += unit * l2[i];
  });
}

/** The mean loss times this is a negative log-likelihood. */
function unitOf(net: Network, data: Dataset, noise: number): number {
  const terms = termsOf(net, totalWeight(data));
  return net.spec.loss === "mse" ? terms / (2 * noise) : terms;
}

/**
 * In each parameter's own scale; directions without any curvature have a gradient of rounding
 * alone, or are far from any minimum.
 */
function distanceToMinimum(given: Float64Array, right: Float64Array, alpha: Float64Array): number {
  const n = right.length;
  const A = given.slice();
  for (let i = 0; i < n; ++i) A[i * (n + 1)] += alpha[i];
  const d = Float64Array.from(right, (_, i) => (A[i * (n + 1)] > 0 ? 1 / Math.sqrt(A[i * (n + 1)]) : 0));
  const scaled = A.map((value, i) => value * d[Math.floor(i / n)] * d[i % n]);
  for (let i = 0; i < n; ++i) scaled[i * (n + 1)] = 1 + RIDGE;
  const found = new SymmetricMatrix(n, scaled).cholesky();
  if (!found.factor) return Infinity;
  const b = right.map((value, i) => value * d[i]);
  const step = found.solve(b);
  return Math.sqrt(b.reduce((sum, value, i) => sum + value * step[i], 0));
}

/**
 * Whether a direction curves down by more than rounding and the rest of the gradient make of a
 * minimum, and by more than the Gauss-Newton matrix curves up. Over one deviation along it the
 * objective then falls by half a nat.
 */
function isSaddle(
  net: Network,
  data: Dataset,
  A: Float64Array,
  gradient: Float64Array,
  free: Uint32Array,
  noise: number,
): boolean {
  const n = free.length;
  const H = curvatureBlock(net, data, "exact", free);
  addPenalty(net, data, H, free, noise);
  const d = equilibrate(
    A.map((value, i) => Math.max(Math.abs(value), Math.abs(H[i]))),
    n,
  );
  const scaled = (matrix: Float64Array): Float64Array =>
    matrix.map((value, i) => value * d[Math.floor(i / n)] * d[i % n]);
  const values = new SymmetricMatrix(n, scaled(H)).eigenvalues();
  const parameters = net.getParameters();
  const lengths = [
    norm2(gradient.map((value, i) => value * d[i])),
    norm2(Float64Array.from(free, (place, i) => parameters[place] / d[i])),
  ] as const;
  if (!(values[0] < -scaledNoise(n, frobenius(values), net.spec.dtype, ...lengths))) return false;
  const precision = new DenseCurvature(scaled(A), true).precision(new Float64Array(n).fill(RIDGE), 1);
  if (!precision) return false;
  const half = precision.whiten({ rows: n, columns: n, data: scaled(H) });
  const ratio = Float64Array.from(precision.whiten(transposed(half)).data);
  for (let i = 0; i < n; ++i) for (let j = 0; j < i; ++j) ratio[i * n + j] = ratio[j * n + i];
  const [smallest] = new SymmetricMatrix(n, ratio).eigenvalues();
  return smallest < -1;
}
