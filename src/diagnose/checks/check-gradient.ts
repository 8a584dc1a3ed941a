import { checkPositive, checkVector, isObject } from "../../check.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import type { LeastSquares, SmoothFunction } from "../../optimize/function-problem.js";
import type { Dtype } from "../../wasm/kernels.js";
import { KinkGuard } from "../kinks/kink-guard.js";
import { type Probe, withProbe } from "../signals/probe.js";
import { checkFunction, type FunctionCheck, type FunctionCheckOptions } from "./check-function.js";
import { chooseCoordinates, type ParameterPlace, placeOf } from "./coordinates.js";

/**
 * "agrees" and "differs": within the tolerance or not; "atKink": not judged; "non-finite": an
 * objective nearby is not a number.
 */
export type CheckVerdict = "agrees" | "differs" | "atKink" | "non-finite";

/** What `checkGradient` takes beside network and data. */
export interface GradientCheckOptions extends PassOptions {
  /**
   * How many parameters to check, as a seeded sample; or which ones. Default: 200, or all where
   * there are fewer.
   */
  coordinates?: number | readonly number[];
  /** Seed of the sample. Default: 0. */
  seed?: number;
  /**
   * h, times max(1, |θ|). Default: 2⁻¹⁷, about the cube root of the precision, where rounding and
   * curvature weigh the same.
   */
  step?: number;
  /**
   * Allowed error of an entry, as a share of the gradient's largest entry, on top of the
   * differences' own error. Default: 1e-10; 1e-4 for single precision.
   */
  tolerance?: number;
  /** The gradient to check. Default: `net.gradient`'s. */
  gradient?: ArrayLike<number>;
}

/** An entry of the gradient. */
export interface CheckedCoordinate extends ParameterPlace {
  /** Whether it is right. */
  readonly verdict: CheckVerdict;
  /** The gradient's entry. */
  readonly analytic: number;
  /** What differences give; null where that is not finite. */
  readonly numeric: number | null;
  /** |analytic − numeric|. */
  readonly error: number | null;
  /** What that may be. */
  readonly tolerance: number | null;
}

/** What `checkGradient` returns. */
export interface GradientCheck {
  /** Whether no coordinate differs or is not finite. */
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
  /**
   * The judged coordinate whose error is largest relative to its tolerance; null where none was
   * judged.
   */
  readonly worst: CheckedCoordinate | null;
  /** Ascending. */
  readonly coordinates: readonly CheckedCoordinate[];
  /** What tolerances are made of, in words. */
  readonly reason: string;
}

const WHERE = "checkGradient";
export const STEP = 2 ** -17;
/** Roundings that a value of the objective collects, in units of the last place of its terms. */
const ROUNDINGS = 8 * 2 ** -52;

/**
 * Compares the gradient with central differences of the objective, (L(θ + h·e) − L(θ − h·e))/2h,
 * taken in double precision with h and h/2 and extrapolated (Richardson).
 *
 * A coordinate is reported `atKink` and not judged where its interval meets a kink: of any unit and
 * sample, of an l1 penalty or of huber's loss. A difference across a kink mixes both sides, and the
 * value of backpropagation exactly at a kink need not lie between the one-sided slopes. All other
 * coordinates are judged. Whether an interval meets a kink is decided exactly for piecewise-linear
 * networks. With smooth activations below a kink, or batch statistics, it is decided from three
 * points.
 *
 * @param options coordinates, seed, step, tolerance, gradient: see `GradientCheckOptions`;
 * batchNorm: "batch" (default) or "running".
 * @returns plain data, owned by the caller. Cost: a gradient, and four values of the objective per
 * coordinate.
 * @throws TypeError or RangeError as `net.gradient`, and for options outside their range.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
 * net.setParameters([1, 2, 0, -2, 1, 1, 0]);
 * const check = checkGradient(net, dataset([[1], [3]], [0, 0]));
 * check.passed; // true
 * check.atKink; // 2
 */
export function checkGradient(net: Network, data: Dataset, options?: GradientCheckOptions): GradientCheck;
/**
 * Compares the derivatives of a function for `minimize` with central differences at a point:
 * gradient or Jacobian, and Hessian and products where they are given. No unit of the function or
 * of a parameter counts.
 *
 * @param f as for `minimize`.
 * @param x n numbers, away from kinks and not where derivatives vanish.
 * @param options tolerance: the relative difference from which a derivative is wrong, 1e-5.
 * @returns plain data: whether all agree, and those that differ, the worst first. Cost: 4·n
 * evaluations for each kind of derivative.
 * @throws TypeError or RangeError as `minimize`, and for derivatives of the wrong size.
 * @example
 * checkGradient({ value: ([x]) => x ** 3, gradient: ([x]) => [2 * x] }, [2]).wrong[0].numeric; // 12
 */
export function checkGradient(
  f: SmoothFunction | LeastSquares,
  x: ArrayLike<number>,
  options?: FunctionCheckOptions,
): FunctionCheck;
export function checkGradient(
  given: Network | SmoothFunction | LeastSquares,
  at: Dataset | ArrayLike<number>,
  options: GradientCheckOptions | FunctionCheckOptions = {},
): GradientCheck | FunctionCheck {
  const isFunction = isObject(given) && ("value" in given || "residuals" in given);
  return isFunction
    ? checkFunction(given as SmoothFunction, at as ArrayLike<number>, options as FunctionCheckOptions)
    : checkNetworkGradient(given as Network, at as Dataset, options as GradientCheckOptions);
}

function checkNetworkGradient(net: Network, data: Dataset, options: GradientCheckOptions): GradientCheck {
  checkNetwork(WHERE, net);
  const known = ["coordinates", "seed", "step", "tolerance", "gradient"];
  const mode = net.mode(WHERE, data, options, known);
  const { dtype } = net.spec;
  const { seed = 0, step = STEP, tolerance = relativeTolerance(dtype) } = options;
  const chosen = chooseCoordinates(WHERE, options.coordinates, seed, net.parameterCount, 200);
  checkPositive(WHERE, "step", step);
  checkPositive(WHERE, "tolerance", tolerance);
  if (options.gradient !== undefined) checkVector(WHERE, "gradient", options.gradient, net.parameterCount, "f64");
  const gradient = options.gradient ?? net.gradient(data, { batchNorm: mode }).gradient;
  const rounding = roundingOf(net, data, mode);
  const allowed = tolerance * largest(gradient);
  const guard = new KinkGuard(net, data, mode, false);
  const theta = Float64Array.from(net.current().parameters);
  const coordinates = withProbe(net, data, mode, {}, (probe) =>
    chosen.map((k): CheckedCoordinate => {
      const place = placeOf(net.layout, k);
      const analytic = gradient[k];
      const h = step * Math.max(1, Math.abs(theta[k]));
      const wide = difference(probe, theta, k, h, guard);
      const atKink = guard.meets(place, theta[k], h);
      const narrow = difference(probe, theta, k, h / 2);
      const numeric = (4 * narrow.slope - wide.slope) / 3;
      const error = Math.abs(analytic - numeric);
      // Away from a minimum outputs are off by about the square root of the loss's rise, which
      // their roundings multiply.
      const rise = Math.max(0, wide.mean - rounding.loss);
      const noise = rounding.noise + ROUNDINGS * rounding.output * Math.sqrt(rise);
      const limit = allowed + 2 * Math.abs(wide.slope - narrow.slope) + (4 * noise) / h;
      if (!Number.isFinite(error)) {
        return { ...place, verdict: "non-finite", analytic, numeric: null, error: null, tolerance: null };
      }
      const verdict = atKink ? "atKink" : error <= limit ? "agrees" : "differs";
      return { ...place, verdict, analytic, numeric, error, tolerance: limit };
    }),
  );
  return { ...summary(coordinates), dtype, batchNorm: mode, coordinates, reason: describe(tolerance, rounding.noise) };
}

/** What sums of so many terms are off by, at the most, in either precision. */
export function relativeTolerance(dtype: Dtype): number {
  return dtype === "f64" ? 1e-10 : 1e-4;
}

/**
 * (L(θ + h·e) − L(θ − h·e))/2h, with the h that rounding makes of it; and the mean of the two
 * values.
 */
function difference(
  probe: Probe,
  theta: Float64Array,
  k: number,
  h: number,
  guard?: KinkGuard,
): { slope: number; mean: number } {
  const kept = theta[k];
  const at = (value: number, above: boolean): number => {
    theta[k] = value;
    return guard ? probe.visit(theta, (from) => guard.read(probe, from, above)) : probe.value(theta);
  };
  const [high, low] = [kept + h, kept - h];
  const [above, below] = [at(high, true), at(low, false)];
  theta[k] = kept;
  return { slope: (above - below) / (high - low), mean: (above + below) / 2 };
}

/**
 * By how much rounding may change the objective: every pre-activation by its last places, as far as
 * the objective depends on it. And the size of the outputs, once for each layer that they come
 * through.
 */
function roundingOf(
  net: Network,
  data: Dataset,
  mode: BatchNormMode,
): { readonly loss: number; readonly noise: number; readonly output: number } {
  return withProbe(net, data, mode, { gradients: "kept" }, (probe) => {
    const { layers, layout, stride, workspace } = probe.propagation;
    const last = layers.length - 1;
    let terms = 0;
    let squares = 0;
    const { loss } = probe.gradient(net.current().parameters, () => {
      const view = workspace.view("f64");
      layers.forEach(({ a, dy }, l) => {
        for (let unit = 0; unit < layout.layers[l].units; ++unit) {
          for (let i = 0; i < probe.propagation.size; ++i) {
            const value = view[a / 8 + unit * stride + i];
            terms += Math.abs(value * view[dy / 8 + unit * stride + i]);
            if (l === last) squares += value * value;
          }
        }
      });
    });
    const noise = ROUNDINGS * (Math.abs(loss) + terms);
    return { loss, noise, output: layers.length * Math.sqrt(squares / data.size) };
  });
}

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let k = 0; k < values.length; ++k) {
    const size = Math.abs(values[k]);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}

/** Counts verdicts and finds the worst coordinate. */
export function summary<T extends { verdict: CheckVerdict; error: number | null; tolerance: number | null }>(
  coordinates: readonly T[],
): { passed: boolean; agree: number; differ: number; atKink: number; nonFinite: number; worst: T | null } {
  const count = (verdict: CheckVerdict): number => coordinates.filter((c) => c.verdict === verdict).length;
  const excess = ({ error, tolerance }: T): number => (error ?? 0) / (tolerance || Number.MIN_VALUE);
  let worst: T | null = null;
  for (const coordinate of coordinates) {
    const judged = coordinate.verdict === "agrees" || coordinate.verdict === "differs";
    if (judged && (worst === null || excess(coordinate) > excess(worst))) worst = coordinate;
  }
  const [agree, differ, atKink, nonFinite] = (["agrees", "differs", "atKink", "non-finite"] as const).map(count);
  return { passed: differ === 0 && nonFinite === 0, agree, differ, atKink, nonFinite, worst };
}

function describe(tolerance: number, noise: number): string {
  return (
    `the sum of ${tolerance} of the gradient's largest entry (its rounding), twice the change of the difference from h to h/2 ` +
    `(curvature), and 4/h times ${noise.toPrecision(2)} (rounding of the objective)`
  );
}
