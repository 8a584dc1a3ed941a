import type { SymmetricMatrix } from "../linalg/symmetric.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";

/**
 * The first penalty, as a share of the curvature's mean diagonal: strong enough that a network does
 * not begin by passing through the noise.
 */
const FIRST = 0.1;

/**
 * For each number of l2 a share of the mean diagonal of the curvature that it is added to; or what
 * the network has, if it has a penalty.
 */
export function firstPenalty(net: Network, data: Dataset, turn: number): number[] {
  const { l2 } = net.spec.penalty;
  const { group, groups } = groupsOf(net);
  if (typeof l2 !== "number" || l2 > 0)
    return Array.from({ length: groups }, (_, g) => turn * (typeof l2 === "number" ? l2 : l2[g]));
  const H = net.hessian(data, { kind: "ggn", batchNorm: "running" });
  const [sum, count] = [new Array<number>(groups).fill(0), new Array<number>(groups).fill(0)];
  group.forEach((g, i) => {
    if (g < 0) return;
    sum[g] += H.get(i, i);
    ++count[g];
  });
  return sum.map((value, g) => (turn * FIRST * value) / count[g]);
}

/**
 * For each parameter which number of l2 it has, −1 for none: for mse one for the weights of each
 * layer, else and with `on: "all"` one for all.
 */
function groupsOf({ layout, parameterCount, spec }: Network): { group: Int32Array; groups: number } {
  const several = spec.loss === "mse" && spec.penalty.on === "weights";
  const group = new Int32Array(parameterCount).fill(-1);
  layout.penalised.forEach(({ offset, count }, run) => {
    group.fill(several ? run : 0, offset, offset + count);
  });
  return { group, groups: several ? layout.penalised.length : 1 };
}

/** What the evidence says at a point. */
export interface Estimate {
  /** MacKay's next penalty: α = γ/‖θ‖² and σ² = Σr²/(N·C − γ), each α over its own group. */
  readonly proposed: readonly number[];
  /** Parameters that the data determine: Σ (1 − α·Σᵢᵢ) over the penalised ones. */
  readonly gamma: number;
  /** Parameters that are not fixed. */
  readonly count: number;
  /**
   * ln p(D) with the penalty at hand. Parameters without one have priors as wide as they are large:
   * a flat prior would favour those that the data say nothing of.
   */
  readonly logEvidence: number;
}

/**
 * Prior and noise at the parameters, given the penalty that they were trained with. The
 * Gauss-Newton matrix H of the objective is Σ⁻¹ but for a factor, which α has too: α·Σᵢᵢ =
 * l2·[H⁻¹]ᵢᵢ.
 */
export function estimate(net: Network, data: Dataset): Estimate | null {
  const { layout, spec } = net;
  const { group, groups } = groupsOf(net);
  const l2 = new Float64Array(groups);
  for (const run of layout.penalised) l2[group[run.offset]] = run.l2;
  const count = data.weights ? data.weights.reduce((sum, weight) => sum + weight, 0) : data.size;
  const terms = count * (spec.loss === "cross-entropy" ? 1 : layout.outputs);
  const free = layout.free ?? Uint32Array.from({ length: net.parameterCount }, (_, i) => i);
  const parameters = net.getParameters();
  const { loss } = net.evaluate(data);
  const H = net.hessian(data, { kind: "ggn", batchNorm: "running", ...someOf(net) });
  const others = addOthers(H, free, parameters, group, spec.loss === "mse" ? terms / (2 * loss) : terms);
  const inverse = inverseOf(H);
  if (!inverse) return null;
  const [gamma, squares, members] = [new Float64Array(groups), new Float64Array(groups), new Float64Array(groups)];
  free.forEach((i, k) => {
    const g = group[i];
    if (g < 0) return;
    gamma[g] += Math.max(0, 1 - l2[g] * inverse.diagonal[k]);
    squares[g] += parameters[i] ** 2;
    ++members[g];
  });
  const determined = gamma.reduce((sum, value) => sum + value, 0);
  const noise = (loss * terms) / Math.max(terms - determined, 1);
  const unit = spec.loss === "mse" ? terms / (2 * noise) : terms;
  const fit = spec.loss === "mse" ? -loss * unit - 0.5 * terms * Math.log(2 * Math.PI * noise) : -loss * terms;
  let logEvidence = fit + others - 0.5 * (inverse.logDeterminant + free.length * Math.log(unit));
  l2.forEach((value, g) => {
    if (members[g] > 0) logEvidence += 0.5 * members[g] * Math.log(unit * value) - 0.5 * unit * value * squares[g];
  });
  // A group that says nothing would have a penalty beyond all bounds.
  const proposed = Array.from(l2, (value, g) => {
    const alpha = Math.max(gamma[g], 1e-6 * members[g]) / squares[g];
    return alpha > 0 && alpha < Infinity ? Math.min(alpha / unit, 100 * value) : value;
  });
  return unit < Infinity ? { proposed, gamma: determined, count: free.length, logEvidence } : null;
}

/** A prior is no stronger than this many times the curvature: beyond that nothing changes. */
const STRONGEST = 1e12;

/**
 * Adds the precisions 1/θ² of the parameters without a penalty to H, in its unit; returns Σ ½·ln α
 * − ½·α·θ² but for what `unit` has in the determinant.
 */
function addOthers(
  H: SymmetricMatrix,
  free: Uint32Array,
  parameters: ArrayLike<number>,
  group: Int32Array,
  unit: number,
): number {
  let sum = 0;
  free.forEach((place, k) => {
    if (group[place] >= 0) return;
    const curvature = H.get(k, k) || 1 / unit;
    const precision = Math.min(1 / (unit * parameters[place] ** 2), STRONGEST * curvature);
    H.data[k * (H.size + 1)] += precision;
    sum += 0.5 * Math.log(unit * precision) - 0.5 * Math.min(1, unit * precision * parameters[place] ** 2);
  });
  return sum;
}

/** For `hessian`: the parameters that are not fixed. */
function someOf({ layout, parameterCount }: Network): { of?: Uint8Array } {
  if (!layout.free) return {};
  const of = new Uint8Array(parameterCount);
  for (const i of layout.free) of[i] = 1;
  return { of };
}

/** Rounding, as a share of each element of the diagonal. */
const RIDGE = 1e-12;

/** The diagonal of H⁻¹, and ln det H. */
function inverseOf(H: SymmetricMatrix): { diagonal: Float64Array; logDeterminant: number } | null {
  const n = H.size;
  const data = Float64Array.from(H.data);
  // What has no curvature at all is determined by nothing, whatever stands there.
  for (let i = 0; i < n; ++i) data[i * (n + 1)] = (1 + RIDGE) * data[i * (n + 1)] || 1;
  const matrix = new (H.constructor as typeof SymmetricMatrix)(n, data, H.build);
  const found = matrix.cholesky();
  if (!found.factor) return null;
  const unit = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) unit[i * (n + 1)] = 1;
  const inverse = found.solve({ rows: n, columns: n, data: unit }).data;
  const diagonal = Float64Array.from({ length: n }, (_, i) => inverse[i * (n + 1)]);
  return { diagonal, logDeterminant: found.logDeterminant };
}
