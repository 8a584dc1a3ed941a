/**
 * The Gauss-Newton matrix of the summed negative log-likelihood, and its parts, in double
 * precision, for all parameters or chosen ones.
 */

import type { Matrix } from "../linalg/matrix.js";
import { type Dataset, totalWeight } from "../network/dataset.js";
import { penaltyOf } from "../network/layout.js";
import { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import { type Likelihood, termsOf, weighted } from "./likelihood.js";

/** Numbers of a Jacobian held at a time. */
const ROOM = 1 << 22;

/** The parameters that are not fixed, of the last layer or of all; ascending. */
export function freeParameters({ layout, parameterCount }: Network, lastLayer = false): Uint32Array {
  const free = layout.free ?? Uint32Array.from({ length: parameterCount }, (_, i) => i);
  const last = layout.layers[layout.layers.length - 1];
  return lastLayer ? free.filter((i) => i >= last.weight) : free;
}

/** Outputs' derivatives in the chosen parameters. */
export function rowsOf(net: Network, inputs: Matrix, chosen: Uint32Array): Matrix {
  const marks = new Uint8Array(net.parameterCount);
  for (const place of chosen) marks[place] = 1;
  return net.jacobian(inputs, { of: marks });
}

/**
 * Calls `use` with the inputs of some samples after the others, so many that their Jacobian fits;
 * `from` is the first of them.
 */
export function eachPart(
  net: Network,
  { rows, columns, data }: Matrix,
  chosen: Uint32Array,
  use: (inputs: Matrix, from: number) => void,
): void {
  const most = Math.max(1, Math.floor(ROOM / (net.layout.outputs * chosen.length)));
  for (let from = 0; from < rows; from += most) {
    const count = Math.min(most, rows - from);
    use(
      { rows: count, columns, data: data.subarray(from * columns, (from + count) * columns) as Matrix["data"] },
      from,
    );
  }
}

/** Calls `use` with the rows R·J of some samples after the others. */
export function eachRoot(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  chosen: Uint32Array,
  use: (rows: Matrix, from: number) => void,
): void {
  eachPart(net, data.inputs, chosen, (inputs, from) => {
    const jacobian = rowsOf(net, inputs, chosen);
    use({ ...jacobian, data: weighted(jacobian, likelihood, from) }, from);
  });
}

/**
 * Σ Jᵀ·∇²ℓ·J of the chosen parameters, or the exact Hessian, without the penalty: the network's own
 * assembly, which leaves out what is inactive. For squares in units of JᵀJ, that is half of what
 * their sum has.
 */
export function curvatureBlock(net: Network, data: Dataset, kind: "ggn" | "exact", chosen: Uint32Array): Float64Array {
  const { parameterCount, layout, spec } = net;
  const marks = new Uint8Array(parameterCount);
  for (const i of chosen) marks[i] = 1;
  const of = chosen.length < parameterCount ? { of: marks } : {};
  const options = { kind, batchNorm: "running", maxBytes: Infinity, ...of } as const;
  const matrix = inDouble(net).hessian(data, options).data as Float64Array;
  const n = chosen.length;
  const l2 = penaltyOf(layout);
  chosen.forEach((i, k) => {
    matrix[k * (n + 1)] -= l2[i];
  });
  const terms = termsOf(net, totalWeight(data));
  const factor = spec.loss === "mse" ? terms / 2 : terms;
  for (let i = 0; i < matrix.length; ++i) matrix[i] *= factor;
  return matrix;
}

/**
 * The same network in double precision: curvature of single precision is too coarse to be judged
 * by.
 */
export function inDouble(net: Network): Network {
  if (net.spec.dtype === "f64") return net;
  const copy = new Network({ ...(net.spec as unknown as NetworkSpec), dtype: "f64", initializer: "zeros" });
  copy.setParameters(net.getParameters());
  copy.setRunningStatistics(net.getRunningStatistics());
  return copy;
}

/** The diagonal of the Gauss-Newton matrix, from rows. */
export function gaussNewtonDiagonal(
  net: Network,
  data: Dataset,
  likelihood: Likelihood,
  chosen: Uint32Array,
): Float64Array {
  const sum = new Float64Array(chosen.length);
  eachRoot(net, data, likelihood, chosen, ({ columns, data: rows }) => {
    for (let i = 0; i < rows.length; ++i) sum[i % columns] += rows[i] ** 2;
  });
  return sum;
}
