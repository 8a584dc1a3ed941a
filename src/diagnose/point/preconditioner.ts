import {
  checkChoice,
  checkInteger,
  checkNonNegative,
  checkShare,
  isObject,
  wrongType,
  wrongValue,
} from "../../check.js";
import { lanczos } from "../../linalg/lanczos.js";
import { isFloatArray } from "../../linalg/matrix.js";
import type { LinearOperator } from "../../linalg/operator.js";
import { diagonal, trace } from "../../linalg/stochastic.js";
import { SymmetricMatrix } from "../../linalg/symmetric.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import { hessianOperator } from "../../network/operator.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { squaredGradients } from "../../network/signals.js";
import type { CurvatureKind } from "../../network/tangent.js";
import { checkOptimizer, type Optimizer, type OptimizerState } from "../../optimize/optimizer.js";
import { Random } from "../../random.js";
import { coreMath } from "../../wasm/math.js";
import { inDouble } from "../remedies/copy.js";
import { type CurvatureMethod, checkMethod, chooseMethod, methodReason } from "./ends.js";

const WHERE = "preconditionerReport";
const METHODS = ["rmsprop", "adagrad", "adam", "adamw"] as const;
type Method = (typeof METHODS)[number];

/** What each method adds to the root; PyTorch's defaults. */
const EPSILONS: Record<Method, number> = { rmsprop: 1e-8, adagrad: 1e-10, adam: 1e-8, adamw: 1e-8 };

/** Two matrices are made and the eigenvalues of four computed. */
const MATRICES = 4;

/** What `preconditionerReport` takes beside network and data. */
export interface PreconditionerOptions extends PassOptions {
  /** An optimizer that has taken steps; its state is read. Default: none. */
  optimizer?: Optimizer;
  /** What an optimizer's `state()` returned, instead of the optimizer. Default: none. */
  state?: OptimizerState;
  /** Added to the root. Default: the method's own. */
  epsilon?: number;
  /** Adam's second β, for its bias correction. Default: 0.999. */
  beta2?: number;
  /** Samples in a batch, where there is no state. Default: 32. */
  batchSize?: number;
  /**
   * Batches whose g² are averaged, where there is no state. Default: as many as an epoch has, but
   * at most 100.
   */
  batches?: number;
  /**
   * Exact diagonals and eigenvalues of the dense matrices ("dense"), or estimates from products.
   * Default: by size.
   */
  curvature?: CurvatureMethod;
  /** Random vectors of the estimates. Default: 100. */
  probes?: number;
  /** Seed of the batches and random vectors. Default: 0. */
  seed?: number;
}

/** How near a scaling D is to the diagonal of a curvature matrix. */
export interface DiagonalAgreement {
  /**
   * Correlation of ln D_i with ln A_ii over the parameters where both are positive: 1 for D ∝ diag
   * A to some power. NaN for fewer than two.
   */
  readonly correlation: number;
  /**
   * Slope of the regression of ln D_i on ln A_ii: 1 for D ∝ diag A, ½ for D ∝ √diag A, 0 where D is
   * unrelated to diag A.
   */
  readonly slope: number;
  /** Ratio of the 90th to the 10th percentile of D_i / A_ii; 1 for D ∝ diag A. */
  readonly spread: number;
  /** The same of A_ii itself, which D = 1 has as its spread (inverted). */
  readonly spreadWithout: number;
  /** Parameters compared. */
  readonly compared: number;
  /** Parameters left out for A_ii ≤ 0. */
  readonly notPositive: number;
}

/** How badly a matrix is conditioned, zero eigenvalues left out. */
export interface Conditioning {
  /** Largest over smallest |λ| of those beyond n·ε·‖A‖; null where only products are known. */
  readonly condition: number | null;
  /** Eigenvalues beyond n·ε·‖A‖ of 0; null where only products are known. */
  readonly rank: number | null;
  /**
   * Largest |λ| times n over Σ|λ|: how much the stiffest direction exceeds the average one. From tr
   * A where only products are known.
   */
  readonly dominance: number;
}

/** How near the scaling is to a matrix, and what it makes of the condition. */
export interface PreconditionedMatrix extends DiagonalAgreement {
  /** Of A. */
  readonly before: Conditioning;
  /** Of D^(−½)·A·D^(−½). */
  readonly after: Conditioning;
}

/** What `preconditionerReport` returns. */
export interface PreconditionerReport {
  /** Whose scaling it is. */
  readonly method: Method;
  /** Where D comes from: the optimizer's state, or gradients of mini-batches at this point. */
  readonly source: "state" | "gradients";
  /** D_i: what the method divides the gradient by. */
  readonly scaling: Float64Array;
  /** Against the Hessian. */
  readonly hessian: PreconditionedMatrix;
  /** Against the generalised Gauss-Newton matrix. */
  readonly ggn: PreconditionedMatrix;
  /** How the matrices were computed. */
  readonly curvature: CurvatureMethod;
  /** Why so. */
  readonly curvatureReason: string;
}

/**
 * How near the diagonal scaling D of RMSprop, Adagrad or Adam is to curvature. D is compared with
 * the diagonals of two matrices A, the Hessian and the generalised Gauss-Newton matrix. The
 * condition of D^(−½)·A·D^(−½) is compared with that of A.
 *
 * D_i = √(v_i) + ε, v being the method's mean (Adagrad: sum) of squared gradients, for Adam with
 * its bias correction. At a point where the mean gradient is small, E[g²] is the diagonal of the
 * empirical Fisher matrix, which is not the GGN's (Kunstner et al. 2019), and D is its root: a
 * slope of ½ in the logarithms is then the best possible.
 *
 * @param options optimizer or state of rmsprop, adagrad, adam or adamw. Without either, v is the
 * mean of g² over seeded mini-batches at this point. RMSprop's and Adam's averages tend to this
 * mean when the parameters rest; Adagrad's sum is a multiple of it.
 * @returns a plain object; `scaling` belongs to the caller. Cost: both dense matrices with the
 * eigenvalues of four, or `probes` products of each for the diagonals and some 100 more for each
 * condition.
 * @throws TypeError or RangeError for data that does not fit the network, a state of another method
 * or size, unknown options; Error for an optimizer that has taken no step.
 * Source: Kunstner, Balles and Hennig 2019; Dauphin, de Vries and Bengio 2015 (equilibration
 * against RMSprop).
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * preconditionerReport(net, dataset([[1], [2], [3]], [1, 2, 4]), { batchSize: 1 }).hessian.compared; // 2
 */
export function preconditionerReport(
  net: Network,
  data: Dataset,
  options: PreconditionerOptions = {},
): PreconditionerReport {
  checkNetwork(WHERE, net);
  const names = ["optimizer", "state", "epsilon", "beta2", "batchSize", "batches", "curvature", "probes", "seed"];
  const mode = net.mode(WHERE, data, options, names);
  const { curvature: asked, probes = 100, seed = 0 } = options;
  checkMethod(WHERE, asked);
  checkInteger(WHERE, "probes", probes, 1);
  checkInteger(WHERE, "seed", seed, 0);
  const { method, source, scaling } = scalingOf(net, data, mode, options, seed);
  const curvature = asked ?? chooseMethod(net.parameterCount, data.size, MATRICES);
  const double = inDouble(net);
  const compare = (kind: CurvatureKind): PreconditionerReport["hessian"] =>
    curvature === "dense"
      ? compareDense(double.hessian(data, { kind, batchNorm: mode }), scaling)
      : compareProducts(hessianOperator(double, data, { kind, batchNorm: mode }), scaling, probes, seed);
  return {
    method,
    source,
    scaling,
    hessian: compare("exact"),
    ggn: compare("ggn"),
    curvature,
    curvatureReason: methodReason(curvature, asked !== undefined, net.parameterCount, data.size, MATRICES),
  };
}

function scalingOf(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  options: PreconditionerOptions,
  seed: number,
): Pick<PreconditionerReport, "method" | "source" | "scaling"> {
  const { optimizer, state, epsilon, beta2 = 0.999 } = options;
  if (epsilon !== undefined) checkNonNegative(WHERE, "epsilon", epsilon);
  checkShare(WHERE, "beta2", beta2);
  if (optimizer !== undefined) checkOptimizer(WHERE, optimizer);
  const given = state ?? optimizer?.state();
  if (given === undefined) {
    const v = momentsAt(net, data, mode, options, seed);
    const added = epsilon ?? EPSILONS.rmsprop;
    return { method: "rmsprop", source: "gradients", scaling: v.map((value) => Math.sqrt(value) + added) };
  }
  checkState(given, net.parameterCount);
  const method = given.name as Method;
  const added = epsilon ?? EPSILONS[method];
  return {
    method,
    source: "state",
    scaling: Float64Array.from(rootsOf(given, method, beta2), (value) => value + added),
  };
}

/** Everything but ε. */
function rootsOf({ vectors, step }: OptimizerState, method: Method, beta2: number): Float64Array {
  if (method === "adagrad") return Float64Array.from(vectors.sum, Math.sqrt);
  if (method === "rmsprop") {
    const { squareAverage, gradientAverage } = vectors;
    return Float64Array.from(squareAverage, (value, i) =>
      Math.sqrt(Math.max(0, gradientAverage ? value - gradientAverage[i] ** 2 : value)),
    );
  }
  const correction = beta2 === 0 ? 1 : 1 - coreMath().pow(beta2, step);
  return Float64Array.from(vectors.largest ?? vectors.v, (value) => Math.sqrt(value / correction));
}

function checkState(state: unknown, size: number): asserts state is OptimizerState {
  if (!isObject(state) || !isObject(state.vectors)) {
    wrongType(WHERE, "state", "what an optimizer's state() gives", state);
  }
  checkChoice(WHERE, "state.name", state.name, METHODS);
  const name = { rmsprop: "squareAverage", adagrad: "sum", adam: "v", adamw: "v" }[state.name];
  if (state.step === 0 || state.vectors[name] === undefined) {
    throw new Error(`${WHERE}: the optimizer has taken no step; train first, or leave it out`);
  }
  checkInteger(WHERE, "state.step", state.step, 1);
  for (const [key, vector] of Object.entries(state.vectors)) {
    if (!isFloatArray(vector)) wrongType(WHERE, `state.vectors.${key}`, "a Float64Array or Float32Array", vector);
    if (vector.length !== size) wrongValue(WHERE, `state.vectors.${key}`, `${size} numbers`, String(vector.length));
  }
}

function momentsAt(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
  options: PreconditionerOptions,
  seed: number,
): Float64Array {
  const least = net.layout.batchNorm && mode === "batch" ? 2 : 1;
  const { batchSize = 32 } = options;
  checkInteger(WHERE, "batchSize", batchSize, least);
  const size = Math.min(batchSize, data.size);
  const { batches = Math.min(100, Math.max(1, Math.floor(data.size / size))) } = options;
  checkInteger(WHERE, "batches", batches, 1);
  const order = new Random(seed).shuffle(Uint32Array.from({ length: data.size }, (_, i) => i));
  return squaredGradients(net, data, mode, order, size, batches);
}

function compareDense(A: SymmetricMatrix, scaling: Float64Array): PreconditionerReport["hessian"] {
  const { size, data } = A;
  const diagonalOf = Float64Array.from({ length: size }, (_, i) => data[i * size + i]);
  const roots = scaling.map((value) => Math.sqrt(value));
  const scaled = new Float64Array(size * size);
  for (let i = 0; i < size; ++i) {
    // The mirror image is divided by the same product, so that symmetry stays exact.
    for (let j = 0; j < size; ++j) scaled[i * size + j] = data[i * size + j] / (roots[i] * roots[j]);
  }
  return {
    ...agreement(scaling, diagonalOf),
    before: denseConditioning(A),
    after: denseConditioning(new SymmetricMatrix(size, scaled)),
  };
}

function denseConditioning(A: SymmetricMatrix): Conditioning {
  const sizes = A.eigenvalues().map(Math.abs).sort();
  const n = sizes.length;
  const tolerance = n * Number.EPSILON * Math.sqrt(sizes.reduce((sum, value) => sum + value * value, 0));
  const zero = sizes.filter((value) => !(value > tolerance)).length;
  const total = sizes.reduce((sum, value) => sum + value, 0);
  return {
    condition: zero < n ? sizes[n - 1] / sizes[zero] : Number.NaN,
    rank: n - zero,
    dominance: (sizes[n - 1] * n) / total,
  };
}

function compareProducts(
  op: LinearOperator,
  scaling: Float64Array,
  probes: number,
  seed: number,
): PreconditionerReport["hessian"] {
  const roots = scaling.map((value) => Math.sqrt(value));
  const scaled: LinearOperator = {
    size: op.size,
    matvec: (v) => Float64Array.from(op.matvec(v.map((value, i) => value / roots[i])), (value, i) => value / roots[i]),
  };
  return {
    ...agreement(scaling, diagonal(op, { probes, seed }).values),
    before: productConditioning(op, probes, seed),
    after: productConditioning(scaled, probes, seed),
  };
}

function productConditioning(op: LinearOperator, probes: number, seed: number): Conditioning {
  const { values } = lanczos(op, { k: 1, which: "magnitude", seed, verify: false, tolerance: 1e-4, steps: 100 });
  const sum = Math.abs(trace(op, { probes, seed: seed + 1 }).value);
  return { condition: null, rank: null, dominance: (Math.abs(values[0]) * op.size) / sum };
}

function agreement(scaling: Float64Array, curvature: Float64Array): DiagonalAgreement {
  const { log } = coreMath();
  const both = Array.from(curvature.keys()).filter((i) => scaling[i] > 0 && curvature[i] > 0);
  const x = both.map((i) => log(curvature[i]));
  const y = both.map((i) => log(scaling[i]));
  const n = both.length;
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / n;
  const mx = mean(x);
  const my = mean(y);
  const sum = (f: (k: number) => number): number => both.reduce((total, _, k) => total + f(k), 0);
  const xx = sum((k) => (x[k] - mx) ** 2);
  const yy = sum((k) => (y[k] - my) ** 2);
  const xy = sum((k) => (x[k] - mx) * (y[k] - my));
  return {
    correlation: n > 1 ? xy / Math.sqrt(xx * yy) : Number.NaN,
    slope: n > 1 ? xy / xx : Number.NaN,
    spread: spreadOf(both.map((i) => scaling[i] / curvature[i])),
    spreadWithout: spreadOf(both.map((i) => curvature[i])),
    compared: n,
    notPositive: curvature.filter((value) => !(value > 0)).length,
  };
}

/** Ratio of the 90th to the 10th percentile. */
function spreadOf(values: number[]): number {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))];
  return sorted.length > 0 ? at(0.9) / at(0.1) : Number.NaN;
}
