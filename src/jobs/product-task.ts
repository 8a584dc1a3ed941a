import { checkVector, wrongValue } from "../check.js";
import { matrix } from "../linalg/matrix.js";
import { type Dataset, dataset, totalWeight } from "../network/dataset.js";
import { type Network, network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";

export const quantities = ["loss", "gradient", "exact", "ggn"] as const;
/** The objective, its gradient, or the product of its Hessian or Gauss-Newton matrix with a vector. */
export type Quantity = (typeof quantities)[number];

/** A part of an objective, its gradient or a product, over the rows of a shard. Plain data, as every task. */
export interface ProductTask {
  /** Kind of task. */
  readonly kind: "product";
  /** What is computed. */
  readonly quantity: Quantity;
  /** The network. */
  readonly spec: NetworkSpec;
  /** Name of the vector that holds its parameters, followed by batch norm's running statistics. */
  readonly at: string;
  /** Name of the vector that a matrix is multiplied by; null for loss and gradient. */
  readonly vector: string | null;
}

/** A sum over the rows of a shard, each as often as it weighs. */
export interface ProductResult {
  /** Weight of the rows: their number, where they have no weights. */
  readonly weight: number;
  /** Σ w·ℓ with the penalty Σw times; 0 for products. */
  readonly loss: number;
  /** Gradient or product, summed likewise; empty for a loss. */
  readonly sum: Float64Array;
}

/** Rows that are taken at a time: memory does not grow with the shard, and bits do not depend on the machine. */
const ROWS = 4096;

/** Sums over the rows of a shard, in their order, under batch norm's running statistics: a worker knows none of the other shards. */
export function runProduct(
  { quantity, spec, at, vector }: ProductTask,
  data: Dataset,
  vectors: ReadonlyMap<string, Float64Array>,
): ProductResult {
  const net = networkAt(spec, named(vectors, at));
  const v = vector === null ? null : checkVector("task", "vector", named(vectors, vector), net.parameterCount, "f64");
  const sum = new Float64Array(quantity === "loss" ? 0 : net.parameterCount);
  let [weight, loss] = [0, 0];
  for (let from = 0; from < data.size; from += ROWS) {
    const part = rowsOf(data, from, Math.min(data.size, from + ROWS));
    if (!part) continue;
    const own = totalWeight(part);
    const found = partOf(net, part, quantity, v);
    weight += own;
    loss += own * found.loss;
    for (let i = 0; i < sum.length; ++i) sum[i] += own * found.values[i];
  }
  return { weight, loss, sum };
}

function partOf(
  net: Network,
  data: Dataset,
  quantity: Quantity,
  v: ArrayLike<number> | null,
): { loss: number; values: ArrayLike<number> } {
  const options = { batchNorm: "running" } as const;
  if (quantity === "loss") return { loss: net.loss(data, options), values: [] };
  if (quantity === "gradient") {
    const { loss, gradient } = net.gradient(data, options);
    return { loss, values: gradient };
  }
  if (v === null) return wrongValue("task", "vector", "a vector to multiply by", "none");
  return { loss: 0, values: quantity === "exact" ? net.hvp(data, v, options) : net.ggnvp(data, v, options) };
}

/** Making a network draws its weights; products at many points are of one network. */
let last: { readonly text: string; readonly net: Network } | null = null;

function networkAt(spec: NetworkSpec, values: Float64Array): Network {
  const text = JSON.stringify(spec);
  if (last?.text !== text) last = { text, net: network(spec) };
  const { net } = last;
  const { parameterCount: count } = net;
  const statistics = net.getRunningStatistics().length;
  if (values.length !== count + statistics) {
    wrongValue("task", "at", `${count + statistics} numbers`, String(values.length));
  }
  net.setParameters(values.subarray(0, count));
  if (statistics > 0) net.setRunningStatistics(values.subarray(count));
  return net;
}

function named(vectors: ReadonlyMap<string, Float64Array>, name: string): Float64Array {
  return vectors.get(name) ?? wrongValue("task", "vector", "a vector that came along", "none of this name");
}

/** Some of the rows, without a copy; null where all of them weigh nothing. */
function rowsOf({ inputs, targets, weights }: Dataset, from: number, to: number): Dataset | null {
  const rows = to - from;
  const part = weights?.subarray(from, to) ?? null;
  if (part && !part.some((weight) => weight > 0)) return null;
  const x = matrix(rows, inputs.columns, inputs.data.subarray(from * inputs.columns, to * inputs.columns));
  const y =
    "data" in targets
      ? matrix(rows, targets.columns, targets.data.subarray(from * targets.columns, to * targets.columns))
      : targets.subarray(from, to);
  return dataset(x, y, { weights: part });
}
