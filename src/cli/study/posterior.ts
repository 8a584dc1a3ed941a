import { type Dataset, laplace, type Matrix, type Network, type Posterior } from "../../index.js";
import type { Columns } from "../../tables/index.js";
import { refusals } from "../errors.js";
import { dataFor } from "../model/data.js";
import type { TableModel } from "../model/file.js";

/** Parameters up to which all covariances are kept. */
const MOST = 1500;

/** How sure a model is, and of which rows. */
export interface Certainty {
  readonly posterior: Posterior;
  /** Of the rows that the model was trained on. */
  readonly training: Matrix;
}

/** The posterior of a model, from the rows that it was trained on. */
export async function certaintyOf(model: TableModel, file: string | undefined): Promise<Certainty> {
  const { data } = await dataFor(model, file, "training");
  return { posterior: refusals(() => posteriorOf(model.net, data)), training: data.inputs };
}

/** The posterior of all parameters, or of the last layer's where there are very many. */
export function posteriorOf(net: Network, data: Dataset): Posterior {
  return laplace(net, data, { structure: isWhole(net) ? "full" : "last-layer" });
}

function isWhole({ parameterCount }: Network): boolean {
  return parameterCount <= MOST;
}

/** Parameters that such a posterior is of. */
export function sizeOf(net: Network): number {
  const { inputs, layers } = net.spec;
  const width = layers.length > 1 ? layers[layers.length - 2].units : inputs;
  return isWhole(net) ? net.parameterCount : layers[layers.length - 1].units * (width + 1);
}

/** Ends of an interval for each row and target, in the targets' own units. */
export interface Interval {
  readonly low: readonly (readonly number[])[];
  readonly high: readonly (readonly number[])[];
}

/**
 * Where new values lie with a probability: mean ± z·√(deviation² + noise²), as the network sees
 * them, and then in their own units.
 */
export function intervalOf(posterior: Posterior, inputs: Matrix, columns: Columns, share: number): Interval {
  const { mean, deviation, noise } = posterior.predict(inputs);
  const z = quantile(0.5 + share / 2);
  const end = (sign: number): number[][] =>
    Array.from({ length: mean.rows }, (_, row) =>
      Array.from({ length: mean.columns }, (_, j) => {
        const at = row * mean.columns + j;
        return columns.inUnits(mean.data[at] + sign * z * Math.hypot(deviation.data[at], noise), j);
      }),
    );
  return { low: end(-1), high: end(1) };
}

/**
 * How many times the largest deviation over the training rows, or how many of their ranges outside
 * of them, are far.
 */
const FAR = 2;
const OUTSIDE = 1;

/**
 * Rows far from those that the model was trained on: it is far less sure there than on any of them,
 * or a column lies outside of theirs by more than their whole range. Units that are saturated out
 * there would hide the second from the first.
 */
export function farRowsOf({ posterior, training }: Certainty): (inputs: Matrix) => Set<number> {
  const largest = (x: Matrix): Float64Array => {
    const { deviation } = posterior.predict(x);
    const most = new Float64Array(x.rows);
    deviation.data.forEach((value, i) => {
      const row = Math.floor(i / deviation.columns);
      most[row] = Math.max(most[row], value);
    });
    return most;
  };
  const bound = FAR * largest(training).reduce((most, value) => Math.max(most, value), 0);
  const ranges = Array.from({ length: training.columns }, (_, j) => rangeOf(training, j));
  const outside = (inputs: Matrix, row: number): boolean =>
    ranges.some(({ low, high }, j) => {
      const value = inputs.data[row * inputs.columns + j];
      const room = OUTSIDE * (high - low);
      return room > 0 && (value < low - room || value > high + room);
    });
  return (inputs) => {
    const own = largest(inputs);
    return new Set(Array.from(own.keys()).filter((row) => own[row] > bound || outside(inputs, row)));
  };
}

function rangeOf({ rows, columns, data }: Matrix, column: number): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (let row = 0; row < rows; ++row) {
    const value = data[row * columns + column];
    [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return { low, high };
}

/**
 * The normal distribution's quantile, by Newton's steps on a tail that is integrated to double
 * precision (Abramowitz and Stegun 26.2.17 to begin with).
 */
export function quantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p));
  let z = t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
  for (let step = 0; step < 3; ++step) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    z -= (0.5 + integral(z) - p) / density;
  }
  return z;
}

/** ∫₀ᶻ of the normal density, by its series. */
function integral(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 1; k < 200 && Math.abs(term) > 1e-17 * Math.abs(sum); ++k) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
