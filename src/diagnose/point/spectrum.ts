import { checkChoice, checkInteger } from "../../check.js";
import { type SpectralDensity, spectralDensity } from "../../linalg/density.js";
import type { Inertia } from "../../linalg/symmetric.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import { hessianOperator } from "../../network/operator.js";
import type { PassOptions } from "../../network/pass.js";
import type { CurvatureKind } from "../../network/tangent.js";
import { coreMath } from "../../wasm/math.js";
import { inDouble } from "../remedies/copy.js";
import {
  type CurvatureMethod,
  checkMethod,
  chooseMethod,
  denseEnds,
  type Ends,
  lanczosEnds,
  methodReason,
} from "./ends.js";

const WHERE = "spectrum";
/**
 * Points of the grid of a dense matrix's density, and the share of its range that each eigenvalue
 * is smeared over.
 */
const POINTS = 401;
const PARTS = 100;
/** The grid reaches so many σ beyond the eigenvalues. */
const REACH = 5;

/** What `spectrum` takes beside network and data. */
export interface SpectrumOptions extends PassOptions {
  /**
   * All eigenvalues ("dense"), or both ends and the density from products alone ("lanczos").
   * Default: by size.
   */
  curvature?: CurvatureMethod;
  /** The Hessian ("exact") or the generalised Gauss-Newton matrix ("ggn"). Default: "exact". */
  kind?: CurvatureKind;
  /** Eigenvalues that "lanczos" searches for, half of them at each end. Default: 10. */
  k?: number;
  /** Random vectors that the density is averaged over. Default: 4. */
  probes?: number;
  /** Lanczos steps from each random vector. Default: 60. */
  steps?: number;
  /** Seed of random vectors. Default: 0. */
  seed?: number;
  /** Bytes of the largest matrix to make, as in `net.hessian`. Default: 2 GiB. */
  maxBytes?: number;
}

/** The eigenvalues of a network's curvature, or what is known of them. */
export interface Spectrum {
  /** How it was found. */
  readonly curvature: CurvatureMethod;
  /** Why this method. */
  readonly curvatureReason: string;
  /** Of which matrix. */
  readonly kind: CurvatureKind;
  /** P. */
  readonly size: number;
  /** Ascending: all of them ("dense"), or those found at the ends ("lanczos"). */
  readonly values: Float64Array;
  /** Bounds of their errors; empty for "dense", whose errors are a few P·ε·‖H‖. */
  readonly residuals: Float64Array;
  /** Eigenvalue, or the smallest found. */
  readonly smallest: number;
  /** Eigenvalue, or the largest found. */
  readonly largest: number;
  /** Counts beyond and within P·ε·‖H‖ of 0; null for "lanczos". */
  readonly inertia: Inertia | null;
  /** tr H / P; an estimate for "lanczos". */
  readonly mean: number;
  /** tr H² / P; an estimate for "lanczos". */
  readonly meanSquare: number;
  /**
   * How the eigenvalues are distributed: a curve with integral 1, Gaussians of deviation σ in place
   * of eigenvalues.
   */
  readonly density: {
    /** Evenly spaced eigenvalues. */
    readonly grid: Float64Array;
    /** The curve there. */
    readonly values: Float64Array;
    /** Deviation of the Gaussians. */
    readonly sigma: number;
  };
  /** Products with vectors taken. */
  readonly products: number;
  /** See `spectrum`. */
  readonly status: "converged" | "max-steps" | "stalled" | "non-finite";
  /** Why, in words. */
  readonly reason: string;
}

/**
 * The spectrum of the Hessian, or the generalised Gauss-Newton matrix, of the training objective.
 * It has all eigenvalues of the dense matrix; where that would take long, it has the ends by
 * Lanczos's method and the density by stochastic Lanczos quadrature. The result says which, and
 * why. Computed in double precision, also for a network of single precision.
 *
 * @returns a plain object with typed arrays, the caller's. Cost: see `diagnosisCost`.
 * Statuses: "converged"; "max-steps" (not all ends are within 10⁻⁶·‖H‖ after 240 products;
 * `residuals` bound the errors); "stalled"; "non-finite".
 * @throws TypeError or RangeError for data that does not fit the network, unknown options and
 * values outside their range.
 * Source: as `lanczos` and `spectralDensity`.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * spectrum(net, dataset([[-1], [1]], [1, 2])).values; // Float64Array [2, 2]
 */
export function spectrum(net: Network, data: Dataset, options: SpectrumOptions = {}): Spectrum {
  checkNetwork(WHERE, net);
  const names = ["curvature", "kind", "k", "probes", "steps", "seed", "maxBytes"];
  const mode = net.mode(WHERE, data, options, names);
  const { curvature: asked, kind = "exact", k = 10, probes = 4, steps = 60, seed = 0, maxBytes } = options;
  checkMethod(WHERE, asked);
  checkChoice(WHERE, "kind", kind, ["exact", "ggn"]);
  for (const [name, value, least] of [
    ["k", k, 2],
    ["probes", probes, 1],
    ["steps", steps, 1],
    ["seed", seed, 0],
  ] as const) {
    checkInteger(WHERE, name, value, least);
  }
  const size = net.parameterCount;
  const curvature = asked ?? chooseMethod(size, data.size);
  const double = inDouble(net);
  const about = {
    curvature,
    curvatureReason: methodReason(curvature, asked !== undefined, size, data.size),
    kind,
    size,
  };
  if (curvature === "dense") {
    const ends = denseEnds(
      double.hessian(data, { kind, batchNorm: mode, ...(maxBytes === undefined ? {} : { maxBytes }) }),
    );
    return {
      ...about,
      ...common(ends),
      inertia: inertiaOf(ends),
      ...momentsOf(ends.values),
      density: densityOf(ends.values),
    };
  }
  const op = hessianOperator(double, data, { kind, batchNorm: mode });
  const ends = lanczosEnds(op, k, seed);
  const density = spectralDensity(op, { probes, steps, seed });
  const failed = ends.status === "non-finite" || density.status === "non-finite";
  return {
    ...about,
    ...common(ends),
    inertia: null,
    mean: density.mean.value,
    meanSquare: density.meanSquare.value,
    density: curveOf(density),
    products: ends.products + density.products,
    ...(failed ? { status: "non-finite" as const } : {}),
  };
}

function common({ values, residuals, smallest, largest, status, reason, products }: Ends) {
  return { values, residuals, smallest, largest, status, reason, products };
}

function inertiaOf({ values, norm }: Ends): Inertia {
  const tolerance = values.length * Number.EPSILON * norm;
  const positive = values.filter((value) => value > tolerance).length;
  const negative = values.filter((value) => value < -tolerance).length;
  return { positive, negative, zero: values.length - positive - negative };
}

function momentsOf(values: Float64Array): { mean: number; meanSquare: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, meanSquare: values.reduce((sum, value) => sum + value * value, 0) / values.length };
}

function curveOf({ grid, density, sigma }: SpectralDensity): Spectrum["density"] {
  return { grid, values: density, sigma };
}

/** Each eigenvalue as a Gaussian; the trapezoid rule gives 1. */
function densityOf(eigenvalues: Float64Array): Spectrum["density"] {
  const least = eigenvalues[0];
  const most = eigenvalues[eigenvalues.length - 1];
  if (!Number.isFinite(least) || !Number.isFinite(most)) {
    return { grid: new Float64Array(0), values: new Float64Array(0), sigma: Number.NaN };
  }
  const range = most > least ? most - least : Math.abs(most) || 1;
  const sigma = range / PARTS;
  const spacing = (most - least + 2 * REACH * sigma) / (POINTS - 1);
  const grid = Float64Array.from({ length: POINTS }, (_, i) => least - REACH * sigma + i * spacing);
  const values = new Float64Array(POINTS);
  const { exp } = coreMath();
  for (const value of eigenvalues) {
    for (let i = 0; i < POINTS; ++i) values[i] += exp(-0.5 * ((grid[i] - value) / sigma) ** 2);
  }
  let total = 0;
  for (let i = 0; i < POINTS; ++i) total += values[i] * (i === 0 || i === POINTS - 1 ? 0.5 : 1);
  for (let i = 0; i < POINTS; ++i) values[i] /= total * spacing;
  return { grid, values, sigma };
}
