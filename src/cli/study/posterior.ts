import { type Dataset, laplace, type Matrix, type Network, type Posterior } from "../../index.js";
import type { Columns } from "../../tables/index.js";
import { refusals } from "../errors.js";
import { dataFor } from "../model/data.js";
import type { TableModel } from "../model/file.js";
import { studentQuantile } from "./student.js";

/** Parameters up to which all covariances are kept. */
const MOST = 1500;

/** How sure a model is, and of which rows. */
export interface Certainty {
  readonly posterior: Posterior;
  /** The rows that the model was trained on. */
  readonly training: Dataset;
}

/** The posterior of a model, from the rows that it was trained on. */
export async function certaintyOf(model: TableModel, file: string | undefined): Promise<Certainty> {
  const { data } = await dataFor(model, file, "training");
  return { posterior: refusals(() => posteriorOf(model.net, data)), training: data };
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
 * Where new values lie with a probability, for rows of inputs: from mean + low·s to mean + high·s
 * with s = √(deviation² + noise²), as the network sees them, and then in their own units. See
 * `Ends` for low and high.
 */
export function intervalsOf(
  { posterior, training }: Certainty,
  columns: Columns,
  share: number,
): (inputs: Matrix) => Interval {
  const ends = endsOf(posterior, training, share);
  return (inputs) => {
    const { mean, deviation, noise } = posterior.predict(inputs);
    const end = (which: "low" | "high"): number[][] =>
      Array.from({ length: mean.rows }, (_, row) =>
        Array.from({ length: mean.columns }, (_, j) => {
          const at = row * mean.columns + j;
          return columns.inUnits(mean.data[at] + ends[j][which] * Math.hypot(deviation.data[at], noise), j);
        }),
      );
    return { low: end("low"), high: end("high") };
  };
}

/** Ends of an interval in deviations of a new value, for one target. */
interface Ends {
  readonly low: number;
  readonly high: number;
}

/**
 * Where enough rows are there, the ends are those between which the training rows lie, each
 * predicted without itself: noise may be skewed, or have long tails. The (n + 1)-th parts make up
 * for the row that is not there yet (Vovk et al. 2005). Few rows have Student's quantiles, with as
 * many degrees of freedom as the parameters leave.
 */
function endsOf(posterior: Posterior, training: Dataset, share: number): Ends[] {
  const { mean, deviation, noise } = posterior.predict(training.inputs);
  const { targets, weights } = training;
  const y = "data" in targets ? targets.data : targets;
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : training.size;
  const tail = (1 - share) / 2;
  const freedom = Math.max(1, total * mean.columns - posterior.effectiveParameters);
  const student = studentQuantile(1 - tail, freedom);
  return Array.from({ length: mean.columns }, (_, j) => {
    const left = Array.from({ length: training.size }, (_, row): Weighted => {
      const at = row * mean.columns + j;
      const weight = weights ? weights[row] : 1;
      return { weight, value: leftOut(y[at] - mean.data[at], deviation.data[at], noise, weight) };
    }).filter(({ weight, value }) => weight > 0 && Number.isFinite(value));
    const high = empirical(left, tail);
    const low = empirical(
      left.map(({ weight, value }) => ({ weight, value: -value })),
      tail,
    );
    return { low: -(low ?? student), high: high ?? student };
  });
}

interface Weighted {
  readonly weight: number;
  readonly value: number;
}

/**
 * The distance of a row from what is predicted without it, in deviations of that: with the leverage
 * h = weight·deviation²/noise², the distance is r/(1 − h) and the deviation² is deviation²/(1 − h).
 */
function leftOut(residual: number, deviation: number, noise: number, weight: number): number {
  const rest = 1 - Math.min(1, weight * (deviation / noise) ** 2);
  return residual / (Math.sqrt(rest) * Math.hypot(deviation, noise * Math.sqrt(rest)));
}

/**
 * The value beyond which a new one lies with that probability; null where too few rows are there.
 */
function empirical(values: readonly Weighted[], tail: number): number | null {
  const total = values.reduce((sum, { weight }) => sum + weight, 0);
  // The new row may be beyond all of them.
  let beyond = total / values.length;
  const allowed = tail * (total + beyond);
  if (!(beyond <= allowed)) return null;
  for (const { weight, value } of values.toSorted((a, b) => b.value - a.value)) {
    beyond += weight;
    if (beyond > allowed) return value;
  }
  return null;
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
  const bound = FAR * largest(training.inputs).reduce((most, value) => Math.max(most, value), 0);
  const ranges = Array.from({ length: training.inputs.columns }, (_, j) => rangeOf(training.inputs, j));
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
