import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import { decidesClasses, lossName, lossParameters } from "../network/spec.js";
import { targetsOf } from "./likelihood.js";

/** A row whose target is unlikely under the model without that row. */
export interface Suspect {
  /** The row, from 0. */
  readonly row: number;
  /**
   * Classes: the probability of the likeliest class minus that of the given one. Values: the
   * distance from prediction to target in standard deviations.
   */
  readonly score: number;
  /** The row's label, or its value. */
  readonly given: number;
  /** What the other rows suggest: the likeliest label, or the predicted value. */
  readonly likely: number;
}

/**
 * Deviations of a value from what the others predict, from which it is a suspect: one in 370 by
 * chance.
 */
const FAR = 3;

/**
 * Losses of the rows, and those among them that are suspects, from the outputs that each row gets
 * of a network trained without it.
 */
export function suspectsOf(
  net: Network,
  data: Dataset,
  without: Float64Array,
): { leaveOneOutLoss: Float64Array; mislabelled: Suspect[] } {
  return { leaveOneOutLoss: lossesOf(net, data, without), mislabelled: mislabelledOf(net, data, without) };
}

/** Losses as the network's own: a mean over outputs for all but cross-entropy. */
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
      if (net.spec.loss === "cross-entropy") sum -= target * (z[c] - largest - total);
      else sum += lossOf(net, z[c], target) / C;
    }
    return sum;
  });
}

/** Of one output. */
function lossOf({ spec: { loss } }: Network, z: number, y: number): number {
  const [delta] = lossParameters(loss);
  const r = Math.abs(z - y);
  switch (lossName(loss)) {
    case "mse":
      return r * r;
    case "huber":
      return r <= delta ? 0.5 * r * r : delta * (r - 0.5 * delta);
    case "log-cosh":
      return r + Math.log1p(Math.exp(-2 * r)) - Math.LN2;
    case "poisson":
      return Math.exp(z) - y * z;
    default:
      return Math.max(z, 0) - y * z + Math.log1p(Math.exp(-Math.abs(z)));
  }
}

function mislabelledOf(net: Network, data: Dataset, without: Float64Array): Suspect[] {
  const C = net.layout.outputs;
  if (!decidesClasses(net.spec.loss)) return C === 1 ? valueSuspects(net, data, without) : [];
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

/**
 * In deviations of all rows' distances, by their median, which outliers do not move. Counts vary by
 * the root of their rate.
 */
function valueSuspects(net: Network, data: Dataset, without: Float64Array): Suspect[] {
  const y = targetsOf(data, 1, false);
  const rates = lossName(net.spec.loss) === "poisson";
  const likely = rates ? without.map(Math.exp) : without;
  const distances = Float64Array.from(
    likely,
    (value, row) => Math.abs(value - y[row]) / (rates ? Math.sqrt(value) : 1),
  );
  const deviation = 1.4826 * distances.slice().sort()[distances.length >> 1];
  return Array.from(
    distances,
    (distance, row): Suspect => ({ row, score: distance / deviation, given: y[row], likely: likely[row] }),
  )
    .filter(({ score }) => score > FAR)
    .sort((a, b) => b.score - a.score);
}

function largestOf(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; ++k) if (values[k] > values[best]) best = k;
  return best;
}
