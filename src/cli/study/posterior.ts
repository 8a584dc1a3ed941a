import { laplace, type Matrix, type Network, type Posterior } from "../../index.js";
import type { Columns } from "../../tables/index.js";
import { refusals } from "../errors.js";
import { dataFor } from "../model/data.js";
import type { TableModel } from "../model/file.js";

/** Parameters up to which all covariances are kept. */
const MOST = 1500;

/** The posterior of a model, from the rows that it was trained on. */
export async function posteriorOf(model: TableModel, file: string | undefined): Promise<Posterior> {
  const { data } = await dataFor(model, file, "training");
  const structure = model.net.parameterCount <= MOST ? "full" : "last-layer";
  return refusals(() => laplace(model.net, data, { structure }));
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

/** Rows where the network is far less sure than on any of the rows that it was trained on. */
export function farRows(net: Network, posterior: Posterior, inputs: Matrix, training: Matrix): number[] {
  const largest = (x: Matrix): number[] => {
    const { deviation } = posterior.predict(x);
    return Array.from({ length: x.rows }, (_, row) =>
      Math.max(...deviation.data.subarray(row * net.layout.outputs, (row + 1) * net.layout.outputs)),
    );
  };
  const bound = FAR * Math.max(...largest(training));
  return largest(inputs).flatMap((value, row) => (value > bound ? [row] : []));
}

const FAR = 2;

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
