/** The Gauss-Newton matrix of the summed negative log-likelihood, and its parts, in double precision. */

import { type Matrix, multiply } from "../linalg/matrix.js";
import { type Dataset, totalWeight } from "../network/dataset.js";
import { layerRows, pulled } from "../network/derivatives.js";
import { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import { type Likelihood, termsOf, weighted } from "./likelihood.js";

/** Numbers of a Jacobian held at a time. */
const ROOM = 1 << 22;

/** Outputs' derivatives in all parameters, or in those of the last layer, `first` being its first. */
export function rowsFrom(net: Network, inputs: Matrix, first: number): Matrix {
  if (first === 0) return net.jacobian(inputs);
  const { spec, layout } = net;
  const { outputs, layers } = layout;
  const last = layers[layers.length - 1];
  const { weight, bias, scale, shift } = last;
  const own = { ...last, weight: weight - first, bias: bias - first, scale: scale - first, shift: shift - first };
  const columns = net.parameterCount - first;
  const data = new Float64Array(inputs.rows * outputs * columns);
  net.resident((workspace, theta, statistics) =>
    pulled({ workspace, spec, layout, theta, statistics }, inputs, (propagation, l, view, from, c) => {
      const rowOf = (s: number): Float64Array => data.subarray(((from + s) * outputs + c) * columns);
      if (l === layers.length - 1) layerRows(own, propagation, l, view, rowOf);
    }),
  );
  return { rows: inputs.rows * outputs, columns, data };
}

/** Calls `use` with the inputs of some samples after the others, so many that their Jacobian from a parameter on fits; `from` is the first of them. */
export function eachPart(
  net: Network,
  { rows, columns, data }: Matrix,
  first: number,
  use: (inputs: Matrix, from: number) => void,
): void {
  const most = Math.max(1, Math.floor(ROOM / (net.layout.outputs * (net.parameterCount - first))));
  for (let from = 0; from < rows; from += most) {
    const count = Math.min(most, rows - from);
    use(
      { rows: count, columns, data: data.subarray(from * columns, (from + count) * columns) as Matrix["data"] },
      from,
    );
  }
}

/** Calls `use` with the rows R·J of some samples after the others, in the parameters from `first` on. */
export function eachRoot(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  use: (rows: Matrix, from: number) => void,
  first = 0,
): void {
  eachPart(net, data.inputs, first, (inputs, from) => {
    const jacobian = rowsFrom(net, inputs, first);
    use({ ...jacobian, data: weighted(jacobian, likelihood, from) }, from);
  });
}

/** Σ Jᵀ·∇²ℓ·J in the parameters from `first` on. All of it in double precision is the network's own assembly, which leaves out what is inactive; else it is made of rows. */
export function gaussNewton(net: Network, data: Dataset, likelihood: Likelihood, first = 0): Float64Array {
  if (net.spec.dtype === "f64" && first === 0) return fromAssembly(net, data);
  const n = net.parameterCount - first;
  const sum = new Float64Array(n * n);
  eachRoot(
    net,
    data,
    likelihood,
    (rows) => {
      const product = multiply(rows, rows, { transposeA: true }).data;
      for (let i = 0; i < sum.length; ++i) sum[i] += product[i];
    },
    first,
  );
  for (let i = 0; i < n; ++i) for (let j = 0; j < i; ++j) sum[i * n + j] = sum[j * n + i];
  return sum;
}

/** In units of the likelihood: the mean loss's matrix has 2/(N·C) for squares, 1/terms else. */
function fromAssembly(net: Network, data: Dataset): Float64Array {
  const matrix = net.hessian(data, { kind: "ggn", batchNorm: "running", maxBytes: Infinity }).data as Float64Array;
  return scaled(net, matrix, totalWeight(data));
}

/** The summed exact Hessian in the same units, without the penalty. */
export function exactHessian(net: Network, data: Dataset): Float64Array {
  const { data: matrix } = inDouble(net).hessian(data, { batchNorm: "running", maxBytes: Infinity });
  return scaled(net, matrix as Float64Array, totalWeight(data));
}

/** The same network in double precision: curvature of single precision is too coarse to be judged by. */
export function inDouble(net: Network): Network {
  if (net.spec.dtype === "f64") return net;
  const copy = new Network({ ...(net.spec as unknown as NetworkSpec), dtype: "f64", initializer: "zeros" });
  copy.setParameters(net.getParameters());
  copy.setRunningStatistics(net.getRunningStatistics());
  return copy;
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

/** The diagonal of the Gauss-Newton matrix, from rows. */
export function gaussNewtonDiagonal(net: Network, data: Dataset, likelihood: Likelihood): Float64Array {
  const sum = new Float64Array(net.parameterCount);
  eachRoot(net, data, likelihood, ({ columns, data: rows }) => {
    for (let i = 0; i < rows.length; ++i) sum[i % columns] += rows[i] ** 2;
  });
  return sum;
}
