import { checkChoice, checkInteger, checkKeys, checkObject } from "../check.js";
import { Random } from "../random.js";
import { checkOperator, type LinearOperator, Products } from "./operator.js";
import { dot, fillSigns, newVector, norm2, normalize, projectOut } from "./vector.js";

/** What `diagonal` takes beside the operator. */
export interface ProbeOptions {
  /**
   * The most products. From `size` on the answer is exact, at `size` products. Default: 100
   * (PyHessian).
   */
  probes?: number;
  /** Seed of the random vectors. Default: 0. */
  seed?: number;
}

/** What `trace` takes beside the operator. */
export interface TraceOptions extends ProbeOptions {
  /**
   * "hutchinson", or "hutch++": a third of the products finds a subspace with the largest
   * eigenvalues, a third takes its trace exactly, and only the rest is estimated. Default:
   * "hutchinson".
   */
  method?: "hutchinson" | "hutch++";
}

/** An estimate of tr A. */
export interface TraceEstimate {
  /** The trace. */
  readonly value: number;
  /**
   * Standard deviation of the value, estimated from the probes' spread. 0 where the value is
   * exact; Infinity with a single probe, which has no spread.
   */
  readonly standardError: number;
  /** Products taken. */
  readonly probes: number;
  /** "non-finite" where a product was. */
  readonly status: "converged" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
}

/** An estimate of diag A. */
export interface DiagonalEstimate {
  /** A_ii, one a parameter. */
  readonly values: Float64Array;
  /**
   * Standard deviation of each value, estimated from the probes' spread. 0 where values are exact;
   * Infinity with a single probe, which has no spread.
   */
  readonly standardErrors: Float64Array;
  /** Products taken. */
  readonly probes: number;
  /** "non-finite" where a product was. */
  readonly status: "converged" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
}

const EXACT = "exact, by the unit vectors";

/**
 * An unbiased estimate of the trace Σ A_ii, from products A·v alone: the mean of zᵀ·A·z over
 * vectors z of random signs (Hutchinson). Each such term has the variance 2·Σ_{i≠j} A_ij² for a
 * symmetric A, so the error falls with √probes; a diagonal A is met exactly.
 *
 * "hutch++" takes the trace over the range Q of A·S exactly, S of random signs, and estimates the
 * trace of (I − QQᵀ)·A·(I − QQᵀ). The error is far smaller where few eigenvalues dominate, as in a
 * network's Hessian, and no smaller where all are alike.
 *
 * With `probes` of at least the size the unit vectors take the place of random ones, and the trace
 * is exact.
 *
 * @param op an operator: `hessianOperator(…)`, or any { size, matvec(v) }.
 * @returns the estimate with its standard error. Cost: `probes` products and 3·size·8 bytes;
 * "hutch++": probes/3 vectors more.
 * Statuses: "converged" (all probes were taken); "non-finite" (a product was: value and standard
 * error are NaN).
 * @throws TypeError or RangeError for what is no operator, unknown options and values outside their
 * range, or products of the wrong length.
 * Source: Hutchinson 1990; Meyer, Musco, Musco and Woodruff 2021 (Hutch++, algorithm 1).
 * @example
 * trace({ size: 3, matvec: (v) => v.map((x, i) => (i + 1) * x) }).value; // 6
 */
export function trace(op: LinearOperator, options: TraceOptions = {}): TraceEstimate {
  const where = "trace";
  checkOperator(where, "op", op);
  const { probes, random } = settle(where, options, ["method"]);
  const { method = "hutchinson" } = options;
  checkChoice(where, "method", method, ["hutchinson", "hutch++"]);
  const products = new Products(where, op);
  const { size } = products;
  const v = newVector(where, size);
  const w = newVector(where, size);
  const failed = (): TraceEstimate => {
    return { value: NaN, standardError: NaN, probes: products.count, status: "non-finite", reason: products.trouble };
  };
  let known = 0;
  if (probes >= size) {
    for (let i = 0; i < size; ++i) {
      v.fill(0)[i] = 1;
      if (!products.into(v, w)) return failed();
      known += w[i];
    }
    return { value: known, standardError: 0, probes: size, status: "converged", reason: EXACT };
  }
  const range: Float64Array[] = [];
  if (method === "hutch++") {
    const third = Math.floor(probes / 3);
    for (let i = 0; i < third; ++i) {
      fillSigns(v, random);
      const q = newVector(where, size);
      if (!products.into(v, q)) return failed();
      if (orthonormalize(range, q)) range.push(q);
    }
    for (const q of range) {
      if (!products.into(q, w)) return failed();
      known += dot(q, w);
    }
  }
  const terms: number[] = [];
  const sums = new Float64Array(range.length);
  while (products.count < probes) {
    fillSigns(v, random);
    projectOut(range, range.length, v, sums);
    if (!products.into(v, w)) return failed();
    terms.push(dot(v, w));
  }
  const { mean, standardError } = estimate(terms);
  const reason = `${terms.length} random vectors${range.length > 0 ? ` beside ${range.length} directions taken exactly` : ""}`;
  return { value: known + mean, standardError, probes: products.count, status: "converged", reason };
}

/**
 * Unbiased estimates of the diagonal A_ii, from products A·v alone: the mean of z ⊙ A·z over
 * vectors z of random signs. Each term has the variance Σ_{j≠i} A_ij², so errors fall with √probes,
 * and entries that are small within their row are uncertain; a diagonal A is met exactly. With
 * `probes` of at least the size the unit vectors take the place of random ones, and the diagonal is
 * exact.
 *
 * @param op an operator: `hessianOperator(…)`, or any { size, matvec(v) }.
 * @returns the estimates with their standard errors, the caller's. Cost: `probes` products and
 * 5·size·8 bytes.
 * Statuses: "converged" (all probes were taken); "non-finite" (a product was: values and standard
 * errors are NaN).
 * @throws TypeError or RangeError for what is no operator, unknown options and values outside their
 * range, or products of the wrong length.
 * Source: Bekas, Kokiopoulou and Saad 2007, with random signs, for which their divisor Σ z ⊙ z is
 * the number of probes.
 * @example
 * diagonal({ size: 3, matvec: (v) => v.map((x, i) => (i + 1) * x) }).values; // Float64Array [1, 2, 3]
 */
export function diagonal(op: LinearOperator, options: ProbeOptions = {}): DiagonalEstimate {
  const where = "diagonal";
  checkOperator(where, "op", op);
  const { probes, random } = settle(where, options, []);
  const products = new Products(where, op);
  const { size } = products;
  const v = newVector(where, size);
  const w = newVector(where, size);
  const values = newVector(where, size);
  const standardErrors = newVector(where, size);
  const result = (reason: string): DiagonalEstimate => {
    return { values, standardErrors, probes: products.count, status: "converged", reason };
  };
  const failed = (): DiagonalEstimate => {
    values.fill(NaN);
    standardErrors.fill(NaN);
    return { ...result(products.trouble), status: "non-finite" };
  };
  if (probes >= size) {
    for (let i = 0; i < size; ++i) {
      v.fill(0)[i] = 1;
      if (!products.into(v, w)) return failed();
      values[i] = w[i];
    }
    return result(EXACT);
  }
  for (let probe = 1; probe <= probes; ++probe) {
    fillSigns(v, random);
    if (!products.into(v, w)) return failed();
    for (let i = 0; i < size; ++i) {
      const difference = v[i] * w[i] - values[i];
      values[i] += difference / probe;
      standardErrors[i] += difference * (v[i] * w[i] - values[i]);
    }
  }
  for (let i = 0; i < size; ++i) standardErrors[i] = errorOfMean(standardErrors[i], probes);
  return result(`${probes} random vectors`);
}

function settle(where: string, options: ProbeOptions, others: readonly string[]): { probes: number; random: Random } {
  checkObject(where, "options", options);
  checkKeys(where, options, ["probes", "seed", ...others]);
  const { probes = 100, seed = 0 } = options as ProbeOptions;
  checkInteger(where, "probes", probes, 1);
  checkInteger(where, "seed", seed, 0);
  return { probes, random: new Random(seed) };
}

/** Whether q had a part outside of the range; it becomes that part at unit length. */
function orthonormalize(range: readonly Float64Array[], q: Float64Array): boolean {
  const size = norm2(q);
  const sums = new Float64Array(range.length);
  for (let pass = 0; pass < 2; ++pass) projectOut(range, range.length, q, sums);
  if (norm2(q) <= 1e-12 * size) return false;
  normalize(q);
  projectOut(range, range.length, q, sums);
  normalize(q);
  return true;
}

/** Mean of independent terms and the standard deviation of that mean. */
export function estimate(terms: readonly number[]): { mean: number; standardError: number } {
  let mean = 0;
  let squares = 0;
  terms.forEach((term, i) => {
    const difference = term - mean;
    mean += difference / (i + 1);
    squares += difference * (term - mean);
  });
  return { mean, standardError: errorOfMean(squares, terms.length) };
}

/** From the sum of squared differences to the mean. */
function errorOfMean(squares: number, count: number): number {
  return count > 1 ? Math.sqrt(squares / (count - 1) / count) : Infinity;
}
