import { checkFunction, checkPositive, checkVector } from "../../check.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import type { Dtype } from "../../wasm/kernels.js";
import { KinkGuard } from "../kinks/kink-guard.js";
import { type Probe, withProbe } from "../signals/probe.js";
import { type CheckVerdict, largest, relativeTolerance, STEP, summary } from "./check-gradient.js";
import { chooseCoordinates, type ParameterPlace, placeOf } from "./coordinates.js";

/** What `checkHessian` takes beside network and data. */
export interface HessianCheckOptions extends PassOptions {
  /**
   * How many columns to check, as a seeded sample; or which ones. Default: 50, or all where there
   * are fewer.
   */
  coordinates?: number | readonly number[];
  /** Seed of the sample. Default: 0. */
  seed?: number;
  /** h, times max(1, |θ|). Default: 2⁻¹⁷, about the cube root of the precision. */
  step?: number;
  /**
   * Allowed error of an entry, as a share of the largest entry of the columns checked and of the
   * gradient, on top of the differences' own error. Default: 1e-10; 1e-4 for single precision.
   */
  tolerance?: number;
  /**
   * The matrix to check, as its product with a vector. For the dense Hessian:
   * `(v) => H.multiply(v)`. Default: `net.hvp`.
   */
  product?: (v: Float64Array) => ArrayLike<number>;
}

/** A column of the Hessian. */
export interface CheckedColumn extends ParameterPlace {
  /** Whether it is right. */
  readonly verdict: CheckVerdict;
  /** Row of the entry that is furthest off. */
  readonly row: number;
  /** What the matrix has there. */
  readonly analytic: number;
  /** What differences give there; null where that is not finite. */
  readonly numeric: number | null;
  /** |analytic − numeric|. */
  readonly error: number | null;
  /** What that may be. */
  readonly tolerance: number | null;
}

/** What `checkHessian` returns. */
export interface HessianCheck {
  /** Whether no column differs or is not finite. */
  readonly passed: boolean;
  /** Precision of the network's parameters. */
  readonly dtype: Dtype;
  /** Which statistics batch norm used. */
  readonly batchNorm: BatchNormMode;
  /** How many agree. */
  readonly agree: number;
  /** How many differ. */
  readonly differ: number;
  /** How many were not judged, for a kink in their interval. */
  readonly atKink: number;
  /** How many had no finite difference. */
  readonly nonFinite: number;
  /** The largest |H_ij − H_ji| among the checked columns. */
  readonly asymmetry: number;
  /**
   * The judged column whose error is largest relative to its tolerance; null where none was judged.
   */
  readonly worst: CheckedColumn | null;
  /** Ascending. */
  readonly columns: readonly CheckedColumn[];
  /** What tolerances are made of, in words. */
  readonly reason: string;
}

const WHERE = "checkHessian";
/** Roundings of an entry of the gradient, in units of the last place of the largest. */
const ROUNDINGS = 64 * 2 ** -52;

/**
 * Compares columns of the Hessian with central differences of the gradient, (g(θ + h·e) − g(θ −
 * h·e))/2h, taken in double precision with h and h/2 and extrapolated (Richardson).
 *
 * A column is reported `atKink` and not judged where its interval meets a kink: of any unit and
 * sample, of an l1 penalty or of huber's loss. There the gradient jumps, and the jump is no part of
 * the Hessian. `checkGradient` describes how kinks are found.
 *
 * @param options coordinates, seed, step, tolerance, product: see `HessianCheckOptions`; batchNorm:
 * "batch" (default) or "running".
 * @returns plain data, owned by the caller. Cost: a product and four gradients per column.
 * @throws TypeError or RangeError as `net.hvp`, and for options outside their range.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 3, activation: "relu" }, { units: 1 }], seed: 1 });
 * const data = dataset([[1, 2], [-1, 0.5]], [1, 2]);
 * checkHessian(net, data).passed; // true
 * const H = net.hessian(data);
 * checkHessian(net, data, { product: (v) => H.multiply(v) }).passed; // true
 */
export function checkHessian(net: Network, data: Dataset, options: HessianCheckOptions = {}): HessianCheck {
  checkNetwork(WHERE, net);
  const mode = net.mode(WHERE, data, options, ["coordinates", "seed", "step", "tolerance", "product"]);
  const { dtype } = net.spec;
  const { seed = 0, step = STEP, tolerance = relativeTolerance(dtype) } = options;
  const chosen = chooseCoordinates(WHERE, options.coordinates, seed, net.parameterCount, 50);
  checkPositive(WHERE, "step", step);
  checkPositive(WHERE, "tolerance", tolerance);
  const { product = (v: Float64Array) => net.hvp(data, v, { batchNorm: mode }) } = options;
  checkFunction(WHERE, "product", product);
  const analytic = chosen.map((k) => column(product, k, net.parameterCount));
  const guard = new KinkGuard(net, data, mode, true);
  const theta = Float64Array.from(net.current().parameters);
  const columns = withProbe(net, data, mode, { gradients: "transient" }, (probe) => {
    const size = largest(probe.gradient(theta).gradient);
    const scale = analytic.reduce((most, values) => Math.max(most, largest(values)), size);
    return chosen.map((k, i): CheckedColumn => {
      const place = placeOf(net.layout, k);
      const h = step * Math.max(1, Math.abs(theta[k]));
      const wide = difference(probe, theta, k, h, guard);
      const atKink = guard.meets(place, theta[k], h);
      const narrow = difference(probe, theta, k, h / 2);
      const allowed = tolerance * scale + (ROUNDINGS * size) / h;
      return { ...place, ...compare(analytic[i], wide, narrow, allowed, atKink) };
    });
  });
  return {
    ...summary(columns),
    dtype,
    batchNorm: mode,
    asymmetry: asymmetryOf(analytic, chosen),
    columns,
    reason:
      `the sum of ${tolerance} of the largest entry of columns and gradient, and four times the largest change of the column's ` +
      "differences from h to h/2. For rounding, 64 units in the last place of the gradient's largest entry over h are added",
  };
}

function column(product: (v: Float64Array) => ArrayLike<number>, k: number, size: number): ArrayLike<number> {
  const unit = new Float64Array(size);
  unit[k] = 1;
  return checkVector(WHERE, "product", product(unit), size, "f64");
}

/** (g(θ + h·e) − g(θ − h·e))/2h */
function difference(probe: Probe, theta: Float64Array, k: number, h: number, guard?: KinkGuard): Float64Array {
  const kept = theta[k];
  const at = (value: number, above: boolean): ArrayLike<number> => {
    theta[k] = value;
    return probe.gradient(theta, guard && ((from) => guard.read(probe, from, above))).gradient;
  };
  const [high, low] = [kept + h, kept - h];
  const [above, below] = [at(high, true), at(low, false)];
  theta[k] = kept;
  return Float64Array.from(above, (g, i) => (g - below[i]) / (high - low));
}

function compare(
  analytic: ArrayLike<number>,
  wide: Float64Array,
  narrow: Float64Array,
  allowed: number,
  atKink: boolean,
): Omit<CheckedColumn, keyof ParameterPlace> {
  let change = 0;
  let worst = -1;
  let row = 0;
  for (let i = 0; i < wide.length; ++i) {
    const error = Math.abs(analytic[i] - (4 * narrow[i] - wide[i]) / 3);
    if (!Number.isFinite(error)) {
      return { verdict: "non-finite", row: i, analytic: analytic[i], numeric: null, error: null, tolerance: null };
    }
    change = Math.max(change, Math.abs(wide[i] - narrow[i]));
    if (error > worst) [worst, row] = [error, i];
  }
  const tolerance = allowed + 4 * change;
  const verdict = atKink ? "atKink" : worst <= tolerance ? "agrees" : "differs";
  const numeric = (4 * narrow[row] - wide[row]) / 3;
  return { verdict, row, analytic: analytic[row], numeric, error: worst, tolerance };
}

function asymmetryOf(columns: readonly ArrayLike<number>[], chosen: readonly number[]): number {
  let most = 0;
  chosen.forEach((k, i) => {
    chosen.forEach((other, j) => {
      most = Math.max(most, Math.abs(columns[i][other] - columns[j][k]));
    });
  });
  return most;
}
