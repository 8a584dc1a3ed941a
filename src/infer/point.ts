import { SymmetricMatrix } from "../linalg/symmetric.js";
import { norm2 } from "../linalg/vector.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import { equilibrate, frobenius, scaledNoise, shapeOf } from "../optimize/criticality.js";
import { gaussNewton } from "./curvature.js";
import type { Likelihood } from "./likelihood.js";
import { termsOf } from "./likelihood.js";

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
 * Looks at the objective that the network was trained on. The distance to its minimum is that of one Gauss-Newton step, √(gᵀ·A⁻¹·g) in posterior
 * deviations: nothing in it has a unit. A saddle is told by the exact Hessian in its own scale.
 */
export function checkPoint(net: Network, data: Dataset, likelihood: Likelihood, noise: number): PointCheck {
  const { gradient, loss } = net.gradient(data, { batchNorm: "running" });
  if (!Number.isFinite(loss) || !gradient.every(Number.isFinite)) {
    return { status: "non-finite", reason: "the loss or its gradient is not finite" };
  }
  const distance = distanceToMinimum(net, data, likelihood, Float64Array.from(gradient), noise);
  if (!(distance <= NEAR)) {
    const far = Number.isFinite(distance) ? `about ${distance.toPrecision(2)} posterior deviations` : "far";
    return { status: "not-converged", reason: `the point is ${far} from the minimum of its objective; train further` };
  }
  if (net.parameterCount <= MOST && isSaddle(net, data)) {
    return { status: "saddle", reason: "the exact Hessian has negative eigenvalues here: the point is a saddle" };
  }
  return {
    status: "converged",
    reason: `the point is ${distance.toPrecision(1)} posterior deviations from its minimum`,
  };
}

function distanceToMinimum(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  g: Float64Array,
  noise: number,
): number {
  const { parameterCount: n, layout, spec } = net;
  const terms = termsOf(net, data.size);
  const unit = spec.loss === "mse" ? terms / (2 * noise) : terms;
  const A = gaussNewton(net, data, likelihood);
  const factor = spec.loss === "mse" ? 1 / noise : 1;
  for (let i = 0; i < A.length; ++i) A[i] *= factor;
  for (const { offset, count } of layout.penalised) {
    for (let i = offset; i < offset + count; ++i) A[i * (n + 1)] += unit * spec.penalty.l2;
  }
  // In each parameter's own scale; directions without any curvature have a gradient of rounding alone, or are far from any minimum.
  const d = Float64Array.from(g, (_, i) => (A[i * (n + 1)] > 0 ? 1 / Math.sqrt(A[i * (n + 1)]) : 0));
  for (let i = 0; i < A.length; ++i) A[i] *= d[Math.floor(i / n)] * d[i % n];
  for (let i = 0; i < n; ++i) A[i * (n + 1)] = d[i] > 0 ? 1 + RIDGE : 1;
  const right = g.map((value, i) => unit * value * d[i]);
  const { factor: lower, solve } = choleskyOf(n, A);
  if (!lower) return Infinity;
  const step = solve(right);
  return Math.sqrt(right.reduce((sum, value, i) => sum + value * step[i], 0));
}

function choleskyOf(n: number, A: Float64Array): { factor: boolean; solve: (b: Float64Array) => ArrayLike<number> } {
  const found = new SymmetricMatrix(n, A).cholesky();
  return { factor: found.factor !== undefined, solve: (b) => found.solve(b) };
}

function isSaddle(net: Network, data: Dataset): boolean {
  const H = net.hessian(data, { batchNorm: "running" });
  const { size } = H;
  const d = equilibrate(H.data, size);
  const scaled = Float64Array.from(H.data, (value, at) => value * d[Math.floor(at / size)] * d[at % size]);
  const values = new SymmetricMatrix(size, scaled).eigenvalues();
  const { gradient } = net.gradient(data, { batchNorm: "running" });
  const theta = Float64Array.from(net.getParameters());
  const inScale = norm2(Float64Array.from(gradient, (value, i) => value * d[i]));
  const length = norm2(theta.map((value, i) => value / d[i]));
  const noise = scaledNoise(size, frobenius(values), net.spec.dtype, inScale, length);
  return shapeOf({ smallest: values[0], largest: values[size - 1] }, noise) === "saddle";
}
