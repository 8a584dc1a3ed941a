import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import { type Activation, decidesClasses } from "../../network/spec.js";
import { coreMath } from "../../wasm/math.js";
import { targetRows } from "./score.js";

/** How the targets of one output of values are distributed. */
export interface TargetFacts {
  readonly output: number;
  /**
   * Share of Σ(y − median)² that the farthest hundredth of the samples, one at least, makes up;
   * null where half of the targets are equal.
   */
  readonly farthest: number | null;
  /** Those samples, the farthest first. */
  readonly farthestSamples: readonly number[];
  /** Third central moment over the cube of the deviation; null for constants. */
  readonly skewness: number | null;
  /** That of the targets' logarithms, where all targets have the same sign; else null. */
  readonly logSkewness: number | null;
  /** Share of targets that the last activation cannot give. */
  readonly unreachable: number;
  /** Whether the last activation can give any number above 0 or below. */
  readonly unbounded: boolean;
}

/** The share of samples that counts as the farthest. */
const FARTHEST = 0.01;

export function targetFacts(net: Network, data: Dataset): TargetFacts[] {
  if (decidesClasses(net.spec.loss)) return [];
  const rows = targetRows(net, data);
  const width = net.layout.outputs;
  const { activation } = net.spec.layers[net.spec.layers.length - 1];
  const [least, most] = rangeOf(activation);
  const { log } = coreMath(net.build);
  return Array.from({ length: width }, (_, output) => {
    const values = Float64Array.from({ length: data.size }, (_item, i) => rows[i * width + output]);
    const sameSign = values.every((value) => value > 0) || values.every((value) => value < 0);
    // An end of the range is reached in the limit.
    const slack = 1e-6 * (Number.isFinite(most - least) ? most - least : 1);
    return {
      output,
      ...farthestOf(values),
      skewness: skewnessOf(values),
      logSkewness: sameSign ? skewnessOf(values.map((value) => log(Math.abs(value)))) : null,
      unbounded: !Number.isFinite(most - least),
      unreachable:
        values.reduce((count, y) => count + (y < least - slack || y > most + slack ? 1 : 0), 0) / values.length,
    };
  });
}

function farthestOf(values: Float64Array): Pick<TargetFacts, "farthest" | "farthestSamples"> {
  const sorted = values.slice().sort();
  const count = sorted.length;
  const median = sorted[Math.floor(count / 2)];
  const equal = sorted[Math.floor(count / 4)] === sorted[Math.floor((3 * count) / 4)];
  const distances = values.map((value) => (value - median) ** 2);
  const total = distances.reduce((all, one) => all + one, 0);
  if (equal || !(total > 0 && total < Infinity)) return { farthest: null, farthestSamples: [] };
  const order = Array.from(distances.keys()).sort((a, b) => distances[b] - distances[a]);
  const farthestSamples = order.slice(0, Math.max(1, Math.floor(FARTHEST * count)));
  return { farthest: farthestSamples.reduce((all, i) => all + distances[i], 0) / total, farthestSamples };
}

function skewnessOf(values: Float64Array): number | null {
  const mean = values.reduce((all, one) => all + one / values.length, 0);
  let [second, third] = [0, 0];
  const size = values.reduce((most, one) => Math.max(most, Math.abs(one - mean)), 0);
  if (!(size > 1e-12 * Math.abs(mean))) return null;
  for (const value of values) {
    const d = (value - mean) / size;
    second += d * d;
    third += d * d * d;
  }
  return third / values.length / (second / values.length) ** 1.5;
}

/** What an activation can give, its limits included. */
function rangeOf(activation: Readonly<Activation>): readonly [number, number] {
  switch (activation.type) {
    case "relu":
    case "softplus":
      return [0, Infinity];
    case "elu":
      return [-Math.abs(activation.alpha as number), Infinity];
    case "gelu":
      return [-0.17, Infinity];
    case "silu":
      return [-0.2785, Infinity];
    case "tanh":
      return [-1, 1];
    case "sigmoid":
    case "step":
      return [0, 1];
    default:
      return [-Infinity, Infinity];
  }
}
