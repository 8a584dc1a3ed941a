import { checkInteger, checkKeys, checkObject, wrongType } from "../check.js";
import { type Matrix, multiply, toMatrix } from "../linalg/matrix.js";
import { SymmetricMatrix } from "../linalg/symmetric.js";
import { fillNormal } from "../linalg/vector.js";
import type { Network } from "../network/network.js";
import { decidesClasses } from "../network/spec.js";
import { Random } from "../random.js";
import { coreMath } from "../wasm/math.js";
import { eachPart, rowsOf } from "./curvature.js";
import type { Evidence } from "./evidence.js";
import type { Precision } from "./precision.js";

/** What `predict` of a posterior returns. */
export interface Prediction {
  /** The network's outputs, one row a sample. */
  readonly mean: Matrix;
  /**
   * Standard deviations of the outputs, √(J·Σ·Jᵀ): the uncertainty of the mean.
   */
  readonly deviation: Matrix;
  /**
   * Standard deviation of targets around the outputs; a new value deviates by √(deviation² +
   * noise²). NaN for classes and counts.
   */
  readonly noise: number;
}

/** Options of `sample` of a posterior. */
export interface SampleOptions {
  /** Number of draws. Default: 1. */
  count?: number;
  /** Of the draws. Default: 0. */
  seed?: number;
}

/** Options of `probabilities` of a posterior. */
export interface ProbabilityOptions {
  /**
   * Draws of the outputs of each row to average over, in place of the closed form. Default: 0, the
   * closed form.
   */
  samples?: number;
  /** Of the draws. Default: 0. */
  seed?: number;
}

/**
 * Whether there is a posterior, and whether the network is at a minimum; `Posterior.status` defines
 * the values.
 */
export type PosteriorStatus =
  | "converged"
  | "not-converged"
  | "saddle"
  | "max-steps"
  | "not-positive-definite"
  | "too-large"
  | "non-finite";

interface Parts {
  readonly structure: string;
  /** The parameters that the posterior is of. */
  readonly chosen: Uint32Array;
  readonly groups: number;
  readonly evidence: Evidence | null;
  readonly status: PosteriorStatus;
  readonly reason: string;
}

/** Not a stream that training draws from. */
const STREAM = 8;

/** A normal distribution around a network's parameters. Made by `laplace`. */
export class Posterior {
  /**
   * "converged"; "not-converged" or "saddle": the network is not at a minimum; "max-steps": the
   * evidence has not converged; "not-positive-definite", "too-large", "non-finite": there is no
   * posterior, and all numbers are NaN.
   */
  readonly status: PosteriorStatus;
  /** Why, in words. */
  readonly reason: string;
  /** "full", "last-layer", "kronecker" or "diagonal". */
  readonly structure: string;
  /** ln p(targets | inputs), for comparing networks and priors on the same rows. */
  readonly logEvidence: number;
  /** Σᵢ (1 − αᵢ·Σᵢᵢ): how many parameters the data determine rather than the prior. */
  readonly effectiveParameters: number;
  /** Precisions of the prior, one for each group. */
  readonly prior: Float64Array;
  /** mse: variance of the targets around the outputs; NaN for classes. */
  readonly noise: number;
  /**
   * Whether the network is a classifier.
   * @internal
   */
  readonly classes: boolean;
  readonly #net: Network;
  readonly #chosen: Uint32Array;
  readonly #precision: Precision | null;

  /** @internal */
  constructor(net: Network, { structure, chosen, groups, evidence, status, reason }: Parts) {
    this.#net = net;
    this.#chosen = chosen;
    this.#precision = evidence?.precision ?? null;
    this.status = status;
    this.reason = reason;
    this.structure = structure;
    this.logEvidence = evidence?.logEvidence ?? Number.NaN;
    this.effectiveParameters = evidence?.effectiveParameters ?? Number.NaN;
    this.prior = evidence?.alpha ?? new Float64Array(groups).fill(Number.NaN);
    this.classes = decidesClasses(net.spec.loss);
    this.noise = net.spec.loss === "mse" ? (evidence?.noise ?? Number.NaN) : Number.NaN;
  }

  /** Parameters that the posterior is of. */
  get #size(): number {
    return this.#chosen.length;
  }

  /**
   * Outputs with their standard deviations, in the linearised model f(x, θ*) + J·(θ − θ*).
   *
   * @param inputs one row a sample.
   * @throws as `net.predict`.
   */
  predict(inputs: Matrix | readonly (readonly number[])[]): Prediction {
    const mean = this.#net.predict(inputs);
    const deviation = new Float64Array(mean.rows * mean.columns);
    this.#whitened(inputs, (X, from) => {
      for (let i = 0; i < X.data.length; ++i)
        deviation[from * mean.columns + Math.floor(i / X.columns)] += X.data[i] ** 2;
    });
    const root = this.#precision ? deviation.map(Math.sqrt) : deviation.fill(Number.NaN);
    return { mean, deviation: { rows: mean.rows, columns: mean.columns, data: root }, noise: Math.sqrt(this.noise) };
  }

  /**
   * Probabilities of the classes, averaged over the posterior: nearer to equal where the network is
   * unsure. In closed form by MacKay's probit factor: σ(z/√(1 + π·v/8)) for a logit z of variance
   * v. For several classes p_c ∝ 1/Σ_k exp(−(z_c − z_k)/√(1 + π·v_ck/8)), where v_ck is the
   * variance of z_c − z_k (Lu, Ie and Sha 2020). For two classes both are the same. Or as a mean
   * over draws.
   *
   * @param inputs one row a sample.
   * @param options see `ProbabilityOptions`.
   * @returns a column a class; under binary cross-entropy one for each output.
   * @throws TypeError for regression.
   */
  probabilities(inputs: Matrix | readonly (readonly number[])[], options: ProbabilityOptions = {}): Matrix {
    const { loss } = this.#net.spec;
    if (!this.classes)
      wrongType("probabilities", "net", "a network of classes", this.#net, "predict has the deviations of values");
    checkObject("probabilities", "options", options);
    checkKeys("probabilities", options, ["samples", "seed"]);
    const { samples = 0, seed = 0 } = options as ProbabilityOptions;
    checkInteger("probabilities", "samples", samples, 0);
    checkInteger("probabilities", "seed", seed, 0);
    const mean = this.#net.predict(inputs);
    const data = new Float64Array(mean.data.length);
    const closed = loss === "cross-entropy" ? probitOfSeveral : probit;
    const squash = loss === "cross-entropy" ? softmax : logistic;
    const random = new Random(seed, STREAM);
    const outputs = mean.columns;
    this.#whitened(inputs, (X, from) => {
      for (let s = 0; s < X.rows / outputs; ++s) {
        const z = Float64Array.from(mean.data.subarray((from + s) * outputs, (from + s + 1) * outputs));
        const rows = Array.from(
          { length: outputs },
          (_, c) => X.data.subarray((s * outputs + c) * X.columns, (s * outputs + c + 1) * X.columns) as Float64Array,
        );
        const covariance = products(rows);
        const p = samples > 0 ? averaged(z, covariance, samples, random, squash) : closed(z, covariance);
        data.set(p, (from + s) * outputs);
      }
    });
    if (!this.#precision) data.fill(Number.NaN);
    return { rows: mean.rows, columns: outputs, data };
  }

  /**
   * Draws of the outputs: each draw is one function, evaluated at all rows.
   *
   * @param inputs one row a sample.
   * @param options see `SampleOptions`.
   * @returns `count` matrices of outputs, without noise.
   */
  sample(inputs: Matrix | readonly (readonly number[])[], options: SampleOptions = {}): Matrix[] {
    checkObject("sample", "options", options);
    checkKeys("sample", options, ["count", "seed"]);
    const { count = 1, seed = 0 } = options as SampleOptions;
    checkInteger("sample", "count", count, 1);
    checkInteger("sample", "seed", seed, 0);
    const mean = this.#net.predict(inputs);
    const moves = this.#draws(count, seed);
    const draws = Array.from({ length: count }, () => Float64Array.from(mean.data));
    eachPart(this.#net, toMatrix("sample", "inputs", inputs), this.#chosen, (part, from) => {
      const shifts = multiply(rowsOf(this.#net, part, this.#chosen), moves, { transposeB: true }).data;
      for (let i = 0; i < shifts.length; ++i) {
        draws[i % count][from * mean.columns + Math.floor(i / count)] += shifts[i];
      }
    });
    return draws.map((data) => ({ rows: mean.rows, columns: mean.columns, data }));
  }

  /**
   * Σ of the parameters that the posterior is of.
   *
   * @returns P × P, or that of the last layer. Cost: P³.
   */
  covariance(): SymmetricMatrix {
    const size = this.#size;
    const unit = new Float64Array(size * size);
    for (let i = 0; i < size; ++i) unit[i * (size + 1)] = 1;
    if (!this.#precision) return new SymmetricMatrix(size, unit.fill(Number.NaN), this.#net.build);
    const rows = this.#precision.colour({ rows: size, columns: size, data: unit });
    const { data } = multiply(rows, rows, { transposeA: true });
    for (let i = 0; i < size; ++i) for (let j = 0; j < i; ++j) data[i * size + j] = data[j * size + i];
    return new SymmetricMatrix(size, data, this.#net.build);
  }

  /** Standard deviations of the parameters that the posterior is of, in their order. */
  standardErrors(): Float64Array {
    return this.#precision?.variances().map(Math.sqrt) ?? new Float64Array(this.#size).fill(Number.NaN);
  }

  #draws(count: number, seed: number): Matrix {
    const draws = new Float64Array(count * this.#size);
    fillNormal(draws, new Random(seed, STREAM), coreMath(this.#net.build));
    const rows = { rows: count, columns: this.#size, data: draws };
    return this.#precision ? this.#precision.colour(rows) : { ...rows, data: draws.fill(Number.NaN) };
  }

  /** Rows whose products are the outputs' covariances, some samples at a time. */
  #whitened(inputs: Matrix | readonly (readonly number[])[], use: (X: Matrix, from: number) => void): void {
    const precision = this.#precision;
    if (!precision) return;
    eachPart(this.#net, toMatrix("predict", "inputs", inputs), this.#chosen, (part, from) =>
      use(precision.whiten(rowsOf(this.#net, part, this.#chosen)), from),
    );
  }
}

/** Covariances of the outputs of a sample: products of its whitened rows. */
function products(rows: readonly Float64Array[]): Float64Array {
  const n = rows.length;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; ++i) {
    for (let j = 0; j <= i; ++j) {
      let sum = 0;
      for (let k = 0; k < rows[i].length; ++k) sum += rows[i][k] * rows[j][k];
      covariance[i * n + j] = sum;
      covariance[j * n + i] = sum;
    }
  }
  return covariance;
}

function probit(z: Float64Array, covariance: Float64Array): Float64Array {
  return logistic(z.map((value, c) => value / Math.sqrt(1 + (Math.PI / 8) * covariance[c * (z.length + 1)])));
}

function probitOfSeveral(z: Float64Array, covariance: Float64Array): Float64Array {
  const n = z.length;
  const own = z.map((value, c) => {
    let sum = 0;
    for (let k = 0; k < n; ++k) {
      const variance = Math.max(0, covariance[c * (n + 1)] + covariance[k * (n + 1)] - 2 * covariance[c * n + k]);
      sum += Math.exp((z[k] - value) / Math.sqrt(1 + (Math.PI / 8) * variance));
    }
    return 1 / sum;
  });
  const total = own.reduce((sum, value) => sum + value, 0);
  return own.map((value) => value / total);
}

function softmax(z: Float64Array): Float64Array {
  const largest = z.reduce((most, value) => Math.max(most, value), -Infinity);
  const e = z.map((value) => Math.exp(value - largest));
  const total = e.reduce((sum, value) => sum + value, 0);
  return e.map((value) => value / total);
}

function logistic(z: Float64Array): Float64Array {
  return z.map((value) => 1 / (1 + Math.exp(-value)));
}

/** The mean over draws from N(z, covariance). */
function averaged(
  z: Float64Array,
  covariance: Float64Array,
  samples: number,
  random: Random,
  squash: (z: Float64Array) => Float64Array,
): Float64Array {
  const outputs = z.length;
  const root = rootOf(covariance, outputs);
  const math = coreMath();
  const sum = new Float64Array(outputs);
  for (let draw = 0; draw < samples; ++draw) {
    const epsilon = Float64Array.from({ length: outputs }, () => random.normal(math));
    const moved = z.map((value, i) => {
      let at = value;
      for (let k = 0; k <= i; ++k) at += root[i * outputs + k] * epsilon[k];
      return at;
    });
    squash(moved).forEach((p, i) => {
      sum[i] += p / samples;
    });
  }
  return sum;
}

/** A lower triangular root of a small matrix that may be singular. */
function rootOf(A: Float64Array, n: number): Float64Array {
  const L = new Float64Array(n * n);
  for (let j = 0; j < n; ++j) {
    for (let i = j; i < n; ++i) {
      let sum = A[i * n + j];
      for (let k = 0; k < j; ++k) sum -= L[i * n + k] * L[j * n + k];
      if (i === j) L[i * n + j] = Math.sqrt(Math.max(0, sum));
      else L[i * n + j] = L[j * (n + 1)] > 0 ? sum / L[j * (n + 1)] : 0;
    }
  }
  return L;
}
