import { checkInteger, checkKeys, checkObject, checkPositive } from "../check.js";
import { Random } from "../random.js";
import { coreMath } from "../wasm/math.js";
import { Krylov } from "./krylov.js";
import { checkOperator, type LinearOperator, Products } from "./operator.js";
import { estimate } from "./stochastic.js";
import { tridiagonalEigen } from "./tridiagonal.js";
import { fillNormal } from "./vector.js";

const WHERE = "spectralDensity";
/** The grid reaches so many σ beyond the nodes: all but 6e-7 of a Gaussian. */
const REACH = 5;
const LEAST_POINTS = 16;

/** What `spectralDensity` takes beside the operator. */
export interface SpectralDensityOptions {
  /** Random vectors to average over. Default: 10 (Ghorbani et al.). */
  probes?: number;
  /**
   * Lanczos steps from each random vector. Default: 80 (Ghorbani et al. take 90), at most the
   * size.
   */
  steps?: number;
  /** Seed of the random vectors. Default: 0. */
  seed?: number;
  /** Points of the grid, at least 16. Default: as many as put two into each σ, at least 401. */
  points?: number;
  /**
   * Standard deviation σ of the Gaussian that replaces each node. Default: the nodes' range over
   * the steps (at least 50), which is about the distance of neighbouring nodes.
   */
  sigma?: number;
}

/** A mean over the spectrum, estimated. */
export interface SpectralMean {
  /** The estimate. */
  readonly value: number;
  /**
   * Standard deviation of the value, estimated from the probes' spread; Infinity with a single
   * probe, which has no spread.
   */
  readonly standardError: number;
}

/** A spectral density. */
export interface SpectralDensity {
  /** Ritz values of all probes, ascending. */
  readonly nodes: Float64Array;
  /** Of each node; they sum to 1. */
  readonly weights: Float64Array;
  /** Evenly spaced eigenvalues. */
  readonly grid: Float64Array;
  /** At the grid's points; its integral by the trapezoid rule is 1. */
  readonly density: Float64Array;
  /** The standard deviation used. */
  readonly sigma: number;
  /** tr A / size, the mean eigenvalue. */
  readonly mean: SpectralMean;
  /** tr A² / size, the mean squared eigenvalue: ‖A‖²_F / size. */
  readonly meanSquare: SpectralMean;
  /** Products taken. */
  readonly products: number;
  /** "non-finite" where a product was. */
  readonly status: "converged" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
}

/**
 * How a symmetric operator's eigenvalues are distributed, from products A·v alone: stochastic
 * Lanczos quadrature.
 *
 * For a unit vector v, m steps of Lanczos's method give a tridiagonal T. Its eigenvalues are the
 * nodes θ_i; the squared first components of its eigenvectors are the weights τ_i. Σ τ_i·p(θ_i) =
 * vᵀ·p(A)·v for polynomials p up to degree 2m − 1. The mean over vectors v that are uniform on the
 * sphere estimates the density (1/size)·Σ δ(t − λ_i): multiply by the size to count eigenvalues.
 * The curve is Σ τ_i·g(t − θ_i) over all nodes, g the Gaussian of standard deviation σ.
 *
 * An eigenvalue on its own weighs 1/size: its node stands apart, its weight is uncertain. Use
 * `lanczos` for eigenvalues at the ends.
 *
 * @param op a symmetric operator: `hessianOperator(…)`, or any { size, matvec(v) }.
 * @param options see their own descriptions. A `sigma` below the grid's spacing is raised to it,
 * since such a curve could not be drawn.
 * @returns nodes and weights with sum 1, the smoothed curve with integral 1, and two moments to
 * check them by, all the caller's.
 * Cost: up to probes × steps products (fewer where a vector's Krylov space ends), and (steps +
 * 2)·size·8 bytes: 656 MB for 10⁶ parameters.
 * Statuses: "converged" (all probes were taken); "non-finite" (a product was: everything is empty
 * or NaN).
 * @throws TypeError or RangeError for what is no operator, unknown options and values outside their
 * range, or products of the wrong length.
 * Source: Lin, Saad and Yang 2016, section 3.2; Ghorbani, Krishnan and Xiao 2019, algorithm 1;
 * Golub and Welsch 1969 (weights).
 * @example
 * spectralDensity({ size: 2, matvec: (v) => v.map((x) => 3 * x) }).mean.value; // 3, to rounding
 */
export function spectralDensity(op: LinearOperator, options: SpectralDensityOptions = {}): SpectralDensity {
  checkOperator(WHERE, "op", op);
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["probes", "steps", "seed", "points", "sigma"]);
  const { probes = 10, steps: asked = 80, seed = 0, points, sigma } = options as SpectralDensityOptions;
  checkInteger(WHERE, "probes", probes, 1);
  checkInteger(WHERE, "steps", asked, 1);
  checkInteger(WHERE, "seed", seed, 0);
  if (points !== undefined) checkInteger(WHERE, "points", points, LEAST_POINTS);
  if (sigma !== undefined) checkPositive(WHERE, "sigma", sigma);
  const products = new Products(WHERE, op);
  if (op.size === 0) return nothing(products, "converged", "an operator of size 0 has no eigenvalues");
  const steps = Math.min(asked, op.size);
  const krylov = new Krylov(products, steps, "take fewer steps");
  const random = new Random(seed);
  const math = coreMath();
  const nodes: { value: number; weight: number }[] = [];
  const means: number[] = [];
  const squares: number[] = [];
  for (let probe = 0; probe < probes; ++probe) {
    krylov.begin((v) => fillNormal(v, random, math));
    while (krylov.steps < steps && !krylov.closed) {
      if (!krylov.step()) return nothing(products, "non-finite", products.trouble);
    }
    const { diagonal, off } = krylov.tridiagonal();
    const { values, vectors } = tridiagonalEigen(diagonal, off, 1);
    let mean = 0;
    let square = 0;
    values.forEach((value, i) => {
      const weight = vectors[i] * vectors[i];
      mean += weight * value;
      square += weight * value * value;
      nodes.push({ value, weight: weight / probes });
    });
    means.push(mean);
    squares.push(square);
  }
  nodes.sort((a, b) => a.value - b.value);
  const values = Float64Array.from(nodes, ({ value }) => value);
  const weights = Float64Array.from(nodes, ({ weight }) => weight);
  return {
    nodes: values,
    weights,
    ...smooth(values, weights, Math.max(steps, 50), points, sigma),
    mean: toMean(means),
    meanSquare: toMean(squares),
    products: products.count,
    status: "converged",
    reason: `${probes} random vectors, up to ${steps} steps from each`,
  };
}

function toMean(terms: readonly number[]): SpectralMean {
  const { mean, standardError } = estimate(terms);
  return { value: mean, standardError };
}

function nothing(products: Products, status: SpectralDensity["status"], reason: string): SpectralDensity {
  const empty = (): Float64Array => new Float64Array(0);
  const unknown = { value: NaN, standardError: NaN };
  return {
    nodes: empty(),
    weights: empty(),
    grid: empty(),
    density: empty(),
    sigma: NaN,
    mean: unknown,
    meanSquare: unknown,
    products: products.count,
    status,
    reason,
  };
}

function smooth(
  nodes: Float64Array,
  weights: Float64Array,
  parts: number,
  points: number | undefined,
  sigma: number | undefined,
): Pick<SpectralDensity, "grid" | "density" | "sigma"> {
  const least = nodes[0];
  const most = nodes[nodes.length - 1];
  const largest = Math.max(Math.abs(least), Math.abs(most));
  // Eigenvalues that are all alike, to rounding, still get a curve that can be seen.
  const range = most - least > 1e-8 * largest ? most - least : largest || 1;
  const wished = sigma ?? range / parts;
  const count = points ?? Math.min(Math.max(401, Math.ceil((2 * (most - least)) / wished + 4 * REACH) + 1), 100_001);
  // Raised to the spacing it makes, where it is less: (most − least + 2·reach·σ) / (count − 1) ≤ σ.
  const width = Math.max(wished, (most - least) / (count - 1 - 2 * REACH));
  const from = least - REACH * width;
  const spacing = (most - least + 2 * REACH * width) / (count - 1);
  const grid = Float64Array.from({ length: count }, (_, i) => from + i * spacing);
  const density = new Float64Array(count);
  const { exp } = coreMath();
  nodes.forEach((node, k) => {
    const first = Math.max(0, Math.ceil((node - 8 * width - from) / spacing));
    const last = Math.min(count - 1, Math.floor((node + 8 * width - from) / spacing));
    for (let i = first; i <= last; ++i) {
      const distance = (grid[i] - node) / width;
      density[i] += weights[k] * exp(-0.5 * distance * distance);
    }
  });
  let total = 0;
  for (let i = 0; i < count; ++i) total += density[i] * (i === 0 || i === count - 1 ? 0.5 : 1);
  for (let i = 0; i < count; ++i) density[i] /= total * spacing;
  return { grid, density, sigma: width };
}
