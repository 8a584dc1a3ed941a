import { checkKeys, checkNumber, checkObject, wrongValue } from "../check.js";
import type { Matrix } from "../linalg/matrix.js";
import { axpy, dot } from "../linalg/vector.js";
import { checkDataset, type Dataset, totalWeight } from "../network/dataset.js";
import { penaltyOf } from "../network/layout.js";
import { checkNetwork, type Network } from "../network/network.js";
import { eachPart, freeParameters, inDouble, rowsOf } from "./curvature.js";
import { denseInverse, type Inverse, productInverse } from "./inverse.js";
import { laplace } from "./laplace.js";
import { checkLoss, type Likelihood, likelihoodOf, termsOf } from "./likelihood.js";
import { groupsOf } from "./prior-groups.js";
import { solveSmall } from "./small.js";
import { type Suspect, suspectsOf } from "./suspects.js";

/** Options of `influence`. */
export interface InfluenceOptions {
  /** Rows over which `scores` takes the mean loss. Default: the training rows. */
  on?: Dataset;
  /**
   * What is added to the curvature's diagonal: a share of each of its elements, or "evidence".
   * "evidence" adds the prior that maximises the evidence, found by `laplace` with the diagonal
   * structure. It suits networks trained without a penalty, which fit every single row. Default:
   * 1e-10.
   */
  damping?: number | "evidence";
  /**
   * Bytes of the largest matrix to make; beyond, rows are solved one by one from products. Default:
   * 2 GiB.
   */
  maxBytes?: number;
}

/** The influence of each training row on a network. */
export interface Influence {
  /**
   * "converged"; "max-steps" where conjugate gradients did not converge for all rows;
   * "not-positive-definite" or "non-finite" where there is no result and all numbers are NaN.
   */
  readonly status: "converged" | "max-steps" | "not-positive-definite" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
  /**
   * For each training row, the increase of the mean loss on `on` if the row were left out: below 0
   * for rows that do harm.
   */
  readonly scores: Float64Array;
  /** Each row's own loss after training without it, as predicted. */
  readonly leaveOneOutLoss: Float64Array;
  /** Rows whose target the other rows contradict, the most doubtful first. */
  readonly mislabelled: readonly Suspect[];
  /** The parameters after training without a row, as predicted. */
  parametersWithout(row: number): Float64Array;
}

const WHERE = "influence";
const LEAST_DAMPING = 1e-10;

/**
 * Predicts a network without each of its training rows, from one factorization (Cook 1977; Pregibon
 * 1981; Koh and Liang 2017). Leaving row i out moves θ by H₋ᵢ⁻¹·(gᵢ + ∇penalty). gᵢ is the gradient
 * of the row's loss. H₋ᵢ is the Gauss-Newton matrix of the other rows' summed losses and their
 * share of the penalty, by the identity of Woodbury. Exact for linear models under mse; near a
 * minimum a good approximation for others. A row of weight w counts w times and is left out as a
 * whole; H₋ᵢ then has the penalty of a row of mean weight. Fixed parameters do not change. Batch
 * norm uses its running statistics. All computations are in double precision.
 *
 * @param net a network at a minimum of its objective on the data.
 * @param data the rows that it was trained on.
 * @param options see `InfluenceOptions`.
 * @returns plain data. Cost: the Gauss-Newton matrix, P³/3, and 4·N·C·P². Where the matrix would be
 * larger than `maxBytes`, conjugate gradients solve for each row and output instead; each solve
 * takes dozens to hundreds of Gauss-Newton products.
 * @throws TypeError or RangeError for bad options and data, for losses without a curvature, and
 * with `damping: "evidence"` for losses that are not likelihoods.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }] });
 * const data = dataset([[0], [1], [2], [3]], [0, 1, 2, 9]);
 * await fit(net, data, { optimizer: newton(), epochs: 1 });
 * influence(net, data).parametersWithout(3); // about [1, 0]: the line through the others
 */
export function influence(net: Network, data: Dataset, options: InfluenceOptions = {}): Influence {
  checkNetwork(WHERE, net);
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["on", "damping", "maxBytes"]);
  const { on = data, damping = LEAST_DAMPING, maxBytes = 2 ** 31 } = options as InfluenceOptions;
  checkLoss(WHERE, "net", net, damping === "evidence" ? "likelihood" : "curvature");
  checkDataset(WHERE, data, net);
  checkDataset(`${WHERE}: on`, on, net);
  if (damping !== "evidence")
    checkNumber(WHERE, "damping", damping, 'a number of at least 0, or "evidence"', (x) => x >= 0 && x < Infinity);
  checkNumber(WHERE, "maxBytes", maxBytes, "a positive number", (x) => x > 0);
  const double = inDouble(net);
  const likelihood = likelihoodOf(double, data);
  if (!Number.isFinite(likelihood.misfit))
    return nothing(net, data, "non-finite", "the network's outputs are not finite on the data");
  const chosen = freeParameters(double);
  const others = penaltyShare(double) * totalWeight(data) * (1 - 1 / data.size);
  const added = damping === "evidence" ? priorOf(double, data, chosen) : damping;
  const inverse =
    8 * chosen.length ** 2 <= maxBytes
      ? denseInverse(double, data, chosen, others, added)
      : productInverse(double, data, likelihood, chosen, others, added);
  if (!inverse) {
    return nothing(
      net,
      data,
      "not-positive-definite",
      "the curvature is not positive definite: a penalty, or more damping, makes it so",
    );
  }
  return new Rows(double, data, likelihood, chosen, inverse, on).influence();
}

/**
 * The prior of each parameter that the evidence finds, in units of the likelihood: for squares
 * times their noise.
 */
function priorOf(net: Network, data: Dataset, chosen: Uint32Array): number | Float64Array {
  const { prior, noise } = laplace(net, data, { structure: "diagonal", groups: "inputs" });
  const { group } = groupsOf(WHERE, net.layout, chosen, "evidence", "inputs");
  const unit = net.spec.loss === "mse" ? noise : 1;
  const added = Float64Array.from(group, (g) => unit * prior[g]);
  return added.length > 0 && added.every((value) => value >= 0 && value < Infinity) ? added : LEAST_DAMPING;
}

/**
 * A row's share of the penalty in units of the likelihood: squares are half of what mse sums, and a
 * mean over outputs.
 */
function penaltyShare(net: Network): number {
  const terms = termsOf(net, 1);
  return net.spec.loss === "mse" ? terms / 2 : terms;
}

class Rows {
  /** H⁻¹·∇penalty of one row's share. */
  readonly #ownPenalty: Float64Array;

  constructor(
    readonly net: Network,
    readonly data: Dataset,
    readonly likelihood: Likelihood,
    readonly chosen: Uint32Array,
    readonly inverse: Inverse,
    readonly on: Dataset,
  ) {
    const theta = net.getParameters();
    const share = penaltyShare(net);
    const l2 = penaltyOf(net.layout);
    const penalty = Float64Array.from(chosen, (i) => share * l2[i] * theta[i]);
    this.#ownPenalty = penalty.some((value) => value !== 0)
      ? (inverse.solve({ rows: 1, columns: penalty.length, data: penalty }).data as Float64Array)
      : penalty;
  }

  influence(): Influence {
    const { net, data, likelihood, inverse } = this;
    const { outputs } = likelihood;
    const without = Float64Array.from(net.predict(data.inputs).data);
    const scores = new Float64Array(data.size);
    const direction = this.#testGradient();
    eachPart(net, data.inputs, this.chosen, (inputs, from) => {
      const J = rowsOf(net, inputs, this.chosen);
      const solved = inverse.solve(J);
      for (let s = 0; s < inputs.rows; ++s) {
        const own = ownRows(J, solved, s, outputs);
        const step = this.#step(own, from + s);
        scores[from + s] = dot(direction, step);
        own.J.forEach((row, c) => {
          without[(from + s) * outputs + c] += dot(row, step);
        });
      }
    });
    const unsolved = inverse.unsolved();
    return {
      status: unsolved > 0 ? "max-steps" : "converged",
      reason: unsolved > 0 ? `${unsolved} solves by conjugate gradients did not converge` : inverse.how,
      ...{ scores, ...suspectsOf(net, data, without) },
      parametersWithout: (row) => this.#parametersWithout(row),
    };
  }

  /**
   * H₋ᵢ⁻¹·(gᵢ + ∇penalty) with Z = H⁻¹·Jᵀ of the row: h + Z·Rᵀ·(I − R·J·Z·Rᵀ)⁻¹·R·J·h, where h =
   * Z·r + H⁻¹·∇penalty.
   */
  #step({ J, Z }: OwnRows, row: number): Float64Array {
    const { outputs: C, residuals, roots } = this.likelihood;
    const weight = this.data.weights ? this.data.weights[row] : 1;
    const step = this.#ownPenalty.map((value) => weight * value);
    for (let c = 0; c < C; ++c) add(step, residuals[row * C + c], Z[c]);
    const R = (a: number, b: number): number => roots[row * C * C + a * C + b];
    const leverage = J.map((left) => Z.map((right) => dot(left, right)));
    const own = J.map((left) => dot(left, step));
    const A = new Float64Array(C * C);
    const b = new Float64Array(C);
    for (let a = 0; a < C; ++a) {
      for (let k = 0; k < C; ++k) {
        b[a] += R(a, k) * own[k];
        for (let c = 0; c < C; ++c) for (let d = 0; d < C; ++d) A[a * C + k] -= R(a, c) * leverage[c][d] * R(k, d);
      }
      A[a * (C + 1)] += 1;
    }
    const y = solveSmall(A, b);
    for (let c = 0; c < C; ++c) {
      let factor = 0;
      for (let a = 0; a < C; ++a) factor += R(a, c) * y[a];
      add(step, factor, Z[c]);
    }
    return step;
  }

  /** Of the mean loss on the rows that count, without the penalty. */
  #testGradient(): Float64Array {
    const { net, on } = this;
    const { gradient } = net.gradient(on, { batchNorm: "running" });
    const theta = net.getParameters();
    const g = Float64Array.from(gradient);
    for (const { offset, count, l2 } of net.layout.penalised) {
      for (let i = offset; i < offset + count; ++i) g[i] -= l2 * theta[i] + net.spec.penalty.l1 * Math.sign(theta[i]);
    }
    return Float64Array.from(this.chosen, (i) => g[i]);
  }

  #parametersWithout(row: number): Float64Array {
    const { net, data, likelihood, inverse } = this;
    if (!(Number.isInteger(row) && row >= 0 && row < data.size))
      wrongValue("parametersWithout", "row", `0 to ${data.size - 1}`, String(row));
    const { columns, data: x } = data.inputs;
    const inputs = { rows: 1, columns, data: x.slice(row * columns, (row + 1) * columns) as Matrix["data"] };
    const J = rowsOf(net, inputs, this.chosen);
    const step = this.#step(ownRows(J, inverse.solve(J), 0, likelihood.outputs), row);
    const theta = Float64Array.from(net.getParameters());
    this.chosen.forEach((i, k) => {
      theta[i] += step[k];
    });
    return theta;
  }
}

/** A sample's rows of J and of H⁻¹·Jᵀ, an output each. */
interface OwnRows {
  readonly J: readonly Float64Array[];
  readonly Z: readonly Float64Array[];
}

function ownRows(J: Matrix, Z: Matrix, sample: number, outputs: number): OwnRows {
  const rows = ({ columns, data }: Matrix): Float64Array[] =>
    Array.from({ length: outputs }, (_, c) => {
      const at = (sample * outputs + c) * columns;
      return data.subarray(at, at + columns) as Float64Array;
    });
  return { J: rows(J), Z: rows(Z) };
}

function add(y: Float64Array, factor: number, x: Float64Array): void {
  if (factor !== 0) axpy(factor, x, y);
}

function nothing(
  net: Network,
  data: Dataset,
  status: "not-positive-definite" | "non-finite",
  reason: string,
): Influence {
  const none = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);
  return {
    ...{ status, reason, scores: none(data.size), leaveOneOutLoss: none(data.size), mislabelled: [] },
    parametersWithout: () => none(net.parameterCount),
  };
}
