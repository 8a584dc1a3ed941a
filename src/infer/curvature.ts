/** The Gauss-Newton matrix of the summed negative log-likelihood, and its parts, in double precision. */

import { type Matrix, multiply } from "../linalg/matrix.js";
import { type Dataset, samplesOf, totalWeight } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import { type Likelihood, termsOf, weighted } from "./likelihood.js";

/** Numbers of a Jacobian held at a time. */
const ROOM = 1 << 22;

/** Calls `use` with the rows R·J of some samples after the others; `from` is the first of them. */
export function eachRoot(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  use: (rows: Matrix, from: number) => void,
): void {
  const { parameterCount } = net;
  const { outputs } = likelihood;
  const most = Math.max(1, Math.floor(ROOM / (outputs * parameterCount)));
  for (let from = 0; from < data.size; from += most) {
    const part = samplesOf(data, rangeOf(from, Math.min(most, data.size - from)));
    const jacobian = net.jacobian(part);
    use({ ...jacobian, data: weighted(jacobian, likelihood, from) }, from);
  }
}

/** Σ Jᵀ·∇²ℓ·J, P × P. For double precision by the network's own assembly, which leaves out what is inactive; for single precision from rows in double. */
export function gaussNewton(net: Network, data: Dataset, likelihood: Likelihood): Float64Array {
  if (net.spec.dtype === "f64") return fromAssembly(net, data);
  const { parameterCount: n } = net;
  const sum = new Float64Array(n * n);
  eachRoot(net, data, likelihood, (rows) => {
    const product = multiply(rows, rows, { transposeA: true }).data;
    for (let i = 0; i < sum.length; ++i) sum[i] += product[i];
  });
  return sum;
}

/** In units of the likelihood: the mean loss's matrix has 2/(N·C) for squares, 1/terms else. */
function fromAssembly(net: Network, data: Dataset): Float64Array {
  const matrix = net.hessian(data, { kind: "ggn", batchNorm: "running" }).data as Float64Array;
  return scaled(net, matrix, totalWeight(data));
}

/** The summed exact Hessian in the same units, without the penalty. */
export function exactHessian(net: Network, data: Dataset): Float64Array {
  return scaled(net, Float64Array.from(net.hessian(data, { batchNorm: "running" }).data), totalWeight(data));
}

function scaled(net: Network, matrix: Float64Array, rows: number): Float64Array {
  const { parameterCount: n, layout, spec } = net;
  const { l2 } = spec.penalty;
  for (const { offset, count } of l2 > 0 ? layout.penalised : []) {
    for (let i = offset; i < offset + count; ++i) matrix[i * (n + 1)] -= l2;
  }
  const factor = spec.loss === "mse" ? termsOf(net, rows) / 2 : termsOf(net, rows);
  for (let i = 0; i < matrix.length; ++i) matrix[i] *= factor;
  return matrix;
}

/** Its diagonal, from rows. */
export function gaussNewtonDiagonal(net: Network, data: Dataset, likelihood: Likelihood): Float64Array {
  const sum = new Float64Array(net.parameterCount);
  eachRoot(net, data, likelihood, ({ columns, data: rows }) => {
    for (let i = 0; i < rows.length; ++i) sum[i % columns] += rows[i] ** 2;
  });
  return sum;
}

export function rangeOf(from: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => from + i);
}
