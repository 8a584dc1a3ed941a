import { checkKeys, checkNumber, checkObject, wrongType, wrongValue } from "../check.js";
import type { Matrix } from "../linalg/matrix.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { backwardSolve, forwardSolve } from "../linalg/triangular.js";
import { checkDataset, type Dataset } from "../network/dataset.js";
import { checkNetwork, type Network } from "../network/network.js";
import { eachRoot, gaussNewton } from "./curvature.js";
import { isLikelihood, type Likelihood, likelihoodOf, targetsOf, termsOf } from "./likelihood.js";
import { transposed } from "./precision.js";
import { solveSmall } from "./small.js";

/** What `influence` takes beside network and data. */
export interface InfluenceOptions {
  /** Rows whose mean loss the scores are about. Default: the training rows themselves. */
  on?: Dataset;
  /** Added to the curvature's diagonal, as a share of its largest element, where there is no penalty to make it definite. Default: 1e-10. */
  damping?: number;
  /** Bytes of the largest matrix to make. Default: 2 GiB. */
  maxBytes?: number;
}

/** A row whose own target is unlikely once the row is left out. */
export interface Suspect {
  /** The row, from 0. */
  readonly row: number;
  /** Classes: the probability of the likelier class less that of the given one. Values: the distance to the target in deviations. */
  readonly score: number;
  /** The row's label, or its value. */
  readonly given: number;
  /** What the other rows suggest: the likeliest label, or the predicted value. */
  readonly likely: number;
}

/** What each training row does to a network. */
export interface Influence {
  /** "converged", or why there is nothing: "not-positive-definite", "non-finite". All numbers are NaN then. */
  readonly status: "converged" | "not-positive-definite" | "non-finite";
  /** In words. */
  readonly reason: string;
  /** For each training row, by how much the mean loss on `on` would rise if the row were left out: below 0 for rows that do harm. */
  readonly scores: Float64Array;
  /** Each row's own loss after training without it. */
  readonly leaveOneOutLoss: Float64Array;
  /** Rows whose target the others contradict, the worst first. */
  readonly mislabelled: readonly Suspect[];
  /** The parameters after training without a row. */
  parametersWithout(row: number): Float64Array;
}

const WHERE = "influence";
/** Deviations of a value from what the others predict, from which it is a suspect: one in 370 by chance. */
const FAR = 3;

/**
 * What would become of a network without each of its training rows, from one factorization (Cook 1977; Pregibon 1981; Koh and Liang 2017). Leaving row i out
 * moves θ by H₋ᵢ⁻¹·(gᵢ + ∇penalty), gᵢ being the gradient of the row's loss and H₋ᵢ the Gauss-Newton matrix of the other rows' summed losses and their share of
 * the penalty, by the identity of Woodbury. Exact for linear models under mse; near a minimum a good approximation for others. Batch norm counts with its running statistics.
 *
 * @param net a network at a minimum of its objective on the data.
 * @param data the rows that it was trained on.
 * @param options see `InfluenceOptions`.
 * @returns plain data. Cost: the Gauss-Newton matrix, P³/3, and 2·N·C·P².
 * @throws TypeError or RangeError for bad options and data, for losses that are no likelihood, and, before anything is computed, where the
 * matrix would be larger than `maxBytes`.
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
  const { on = data, damping = 1e-10, maxBytes = 2 ** 31 } = options as InfluenceOptions;
  if (!isLikelihood(net.spec.loss)) wrongType(WHERE, "net", "mse or a cross-entropy, which are likelihoods", net);
  checkDataset(WHERE, data, net.layout, net.spec.loss);
  if (data.weights) wrongValue(WHERE, "data", "rows that count alike", "weights", "leave the weights out");
  checkDataset(`${WHERE}: on`, on, net.layout, net.spec.loss);
  checkNumber(WHERE, "damping", damping, "a number of at least 0", (x) => x >= 0 && x < Infinity);
  if (8 * net.parameterCount ** 2 > maxBytes) {
    wrongValue(
      WHERE,
      "maxBytes",
      `at least the ${8 * net.parameterCount ** 2} bytes that ${net.parameterCount} parameters take`,
      String(maxBytes),
    );
  }
  const likelihood = likelihoodOf(net, data);
  if (!Number.isFinite(likelihood.misfit))
    return nothing(net, data, "non-finite", "the network's outputs are not finite on the data");
  const lower = factorOf(net, data, likelihood, damping);
  if (!lower) {
    return nothing(
      net,
      data,
      "not-positive-definite",
      "the curvature is not positive definite: a penalty, or more damping, makes it so",
    );
  }
  return new Rows(net, data, likelihood, lower, on).influence();
}

/** L·Lᵀ of the sum's Gauss-Newton matrix with the penalty of N − 1 rows. */
function factorOf(net: Network, data: Dataset, likelihood: Likelihood, damping: number): Matrix | undefined {
  const { parameterCount: n, layout, spec } = net;
  const A = gaussNewton(net, data, likelihood);
  const share = penaltyShare(net) * (data.size - 1);
  for (const { offset, count } of layout.penalised) {
    for (let i = offset; i < offset + count; ++i) A[i * (n + 1)] += share * spec.penalty.l2;
  }
  let most = 0;
  for (let i = 0; i < n; ++i) most = Math.max(most, A[i * (n + 1)]);
  for (let i = 0; i < n; ++i) A[i * (n + 1)] += damping * most;
  return new SymmetricMatrix(n, A).cholesky().factor;
}

/** A row's share of the penalty in units of the likelihood: squares are half of what mse sums, and a mean over outputs. */
function penaltyShare(net: Network): number {
  const terms = termsOf(net, 1);
  return net.spec.loss === "mse" ? terms / 2 : terms;
}

class Rows {
  readonly #penalty: Float64Array;

  constructor(
    readonly net: Network,
    readonly data: Dataset,
    readonly likelihood: Likelihood,
    readonly lower: Matrix,
    readonly on: Dataset,
  ) {
    const theta = net.getParameters();
    const share = penaltyShare(net);
    this.#penalty = new Float64Array(net.parameterCount);
    for (const { offset, count } of net.layout.penalised) {
      for (let i = offset; i < offset + count; ++i) this.#penalty[i] = share * net.spec.penalty.l2 * theta[i];
    }
  }

  influence(): Influence {
    const { net, data, likelihood } = this;
    const { outputs } = likelihood;
    const moved = new Float64Array(data.size * outputs);
    const scores = new Float64Array(data.size);
    const direction = this.#testDirection();
    eachRoot(net, data, likelihood, (roots, from) => {
      const whitened = this.#whitened(roots, from);
      for (let s = 0; s < roots.rows / outputs; ++s) {
        const step = this.#step(whitened, s, from + s);
        scores[from + s] = dotRow(direction, step);
        moved.set(this.#outputsAfter(whitened, s, step), (from + s) * outputs);
      }
    });
    const f = net.predict(data.inputs);
    const without = Float64Array.from(f.data, (value, i) => value + moved[i]);
    const losses = lossesOf(net, data, without);
    return {
      ...{ status: "converged", reason: "from one factorization" },
      ...{ scores, leaveOneOutLoss: losses, mislabelled: suspects(net, data, without) },
      parametersWithout: (row) => this.#parametersWithout(row),
    };
  }

  /** Rows L⁻¹·Jᵀ of the samples' outputs, and L⁻¹·∇penalty as the last one. */
  #whitened(roots: Matrix, from: number): Whitened {
    const { net, data, likelihood, lower } = this;
    const { outputs } = likelihood;
    const rows = roots.rows / outputs;
    const part = {
      rows,
      columns: data.inputs.columns,
      data: data.inputs.data.slice(from * data.inputs.columns, (from + rows) * data.inputs.columns),
    };
    const J = net.jacobian(part);
    const stacked = new Float64Array((J.rows + 1) * J.columns);
    stacked.set(J.data);
    stacked.set(this.#penalty, J.data.length);
    const X = transposed(forwardSolve(lower, transposed({ rows: J.rows + 1, columns: J.columns, data: stacked })));
    return { X, count: J.rows };
  }

  /** L⁻¹ of the gradient that vanishes with the row, then (I − M·A⁻¹·Mᵀ)⁻¹ of Woodbury: L⁻¹·(step's right-hand side). */
  #step({ X, count }: Whitened, s: number, row: number): Float64Array {
    const { outputs, residuals, roots } = this.likelihood;
    const { columns: n, data } = X;
    const at = (c: number): number => (s * outputs + c) * n;
    const right = Float64Array.from({ length: n }, (_, j) => data[count * n + j]);
    for (let c = 0; c < outputs; ++c) {
      const r = residuals[row * outputs + c];
      for (let j = 0; j < n; ++j) right[j] += r * data[at(c) + j];
    }
    // V = R·(rows of X): C × n; the solution is right + Vᵀ·(I − V·Vᵀ)⁻¹·V·right.
    const V = new Float64Array(outputs * n);
    for (let c = 0; c < outputs; ++c) {
      for (let k = 0; k < outputs; ++k) {
        const factor = roots[row * outputs ** 2 + c * outputs + k];
        if (factor !== 0) for (let j = 0; j < n; ++j) V[c * n + j] += factor * data[at(k) + j];
      }
    }
    const y = solveSmall(
      identityLess(V, outputs, n),
      Float64Array.from({ length: outputs }, (_, c) => dotRow(V.subarray(c * n, (c + 1) * n), right)),
    );
    for (let c = 0; c < outputs; ++c) for (let j = 0; j < n; ++j) right[j] += y[c] * V[c * n + j];
    return right;
  }

  /** J·step for the row's own outputs. */
  #outputsAfter({ X }: Whitened, s: number, step: Float64Array): Float64Array {
    const { outputs } = this.likelihood;
    return Float64Array.from({ length: outputs }, (_, c) =>
      dotRow(X.data.subarray((s * outputs + c) * X.columns, (s * outputs + c + 1) * X.columns), step),
    );
  }

  /** L⁻¹ of the gradient of the mean loss on the rows that count. */
  #testDirection(): Float64Array {
    const { net, on, lower } = this;
    const { gradient } = net.gradient(on, { batchNorm: "running" });
    const theta = net.getParameters();
    const g = Float64Array.from(gradient);
    // The loss alone, without the penalty.
    for (const { offset, count } of net.layout.penalised) {
      for (let i = offset; i < offset + count; ++i)
        g[i] -= net.spec.penalty.l2 * theta[i] + net.spec.penalty.l1 * Math.sign(theta[i]);
    }
    return forwardSolve(lower, { rows: g.length, columns: 1, data: g }).data as Float64Array;
  }

  #parametersWithout(row: number): Float64Array {
    const { net, data, likelihood, lower } = this;
    if (!(Number.isInteger(row) && row >= 0 && row < data.size))
      wrongValue("parametersWithout", "row", `0 to ${data.size - 1}`, String(row));
    const roots = { rows: likelihood.outputs, columns: net.parameterCount, data: new Float64Array(0) };
    const step = this.#step(this.#whitened(roots, row), 0, row);
    const move = backwardSolve(lower, { rows: step.length, columns: 1, data: step }).data;
    return Float64Array.from(net.getParameters(), (value, i) => value + move[i]);
  }
}

interface Whitened {
  readonly X: Matrix;
  /** Rows of outputs; the penalty's is behind them. */
  readonly count: number;
}

function dotRow(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; ++i) sum += a[i] * b[i];
  return sum;
}

/** I − V·Vᵀ. */
function identityLess(V: Float64Array, count: number, n: number): Float64Array {
  const A = new Float64Array(count * count);
  for (let i = 0; i < count; ++i) {
    for (let j = 0; j < count; ++j) {
      A[i * count + j] = Number(i === j) - dotRow(V.subarray(i * n, (i + 1) * n), V.subarray(j * n, (j + 1) * n));
    }
  }
  return A;
}

/** Losses as the network's own: a mean over outputs for mse and binary cross-entropy. */
function lossesOf(net: Network, data: Dataset, outputs: Float64Array): Float64Array {
  const C = net.layout.outputs;
  const y = targetsOf(data, C, net.spec.loss === "cross-entropy");
  return Float64Array.from({ length: data.size }, (_, s) => {
    let sum = 0;
    const z = outputs.subarray(s * C, (s + 1) * C);
    const largest = z.reduce((most, value) => Math.max(most, value), -Infinity);
    const total = Math.log(z.reduce((all, value) => all + Math.exp(value - largest), 0));
    for (let c = 0; c < C; ++c) {
      const target = y[s * C + c];
      if (net.spec.loss === "mse") sum += (z[c] - target) ** 2 / C;
      else if (net.spec.loss === "cross-entropy") sum -= target * (z[c] - largest - total);
      else sum += (Math.max(z[c], 0) - target * z[c] + Math.log1p(Math.exp(-Math.abs(z[c])))) / C;
    }
    return sum;
  });
}

function suspects(net: Network, data: Dataset, without: Float64Array): Suspect[] {
  const C = net.layout.outputs;
  if (net.spec.loss === "mse") return C === 1 ? valueSuspects(data, without) : [];
  if (net.spec.loss === "binary-cross-entropy" && C > 1) return [];
  const y = targetsOf(data, C, net.spec.loss === "cross-entropy");
  const found = Array.from({ length: data.size }, (_, row): Suspect => {
    const p = probabilitiesOf(without.subarray(row * C, (row + 1) * C));
    const own = C === 1 ? Number(y[row] > 0.5) : largestOf(y.subarray(row * C, (row + 1) * C));
    const likely = largestOf(p);
    return { row, score: p[likely] - p[own], given: own, likely };
  });
  return found.filter(({ given, likely }) => given !== likely).sort((a, b) => b.score - a.score);
}

function probabilitiesOf(z: Float64Array): Float64Array {
  if (z.length === 1) {
    const p = 1 / (1 + Math.exp(-z[0]));
    return Float64Array.of(1 - p, p);
  }
  const largest = z.reduce((most, value) => Math.max(most, value), -Infinity);
  const e = z.map((value) => Math.exp(value - largest));
  const total = e.reduce((sum, value) => sum + value, 0);
  return e.map((value) => value / total);
}

/** In deviations of all rows' distances, by their median, which outliers do not move. */
function valueSuspects(data: Dataset, without: Float64Array): Suspect[] {
  const y = targetsOf(data, 1, false);
  const distances = Float64Array.from(without, (value, row) => Math.abs(value - y[row]));
  const deviation = 1.4826 * distances.slice().sort()[distances.length >> 1];
  return Array.from(
    distances,
    (distance, row): Suspect => ({ row, score: distance / deviation, given: y[row], likely: without[row] }),
  )
    .filter(({ score }) => score > FAR)
    .sort((a, b) => b.score - a.score);
}

function largestOf(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; ++k) if (values[k] > values[best]) best = k;
  return best;
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
