import { checkVector, wrongValue } from "../check.js";
import { matrix } from "../linalg/matrix.js";
import { type Dataset, dataset, totalWeight } from "../network/dataset.js";
import { type Network, network } from "../network/network.js";
import { chunkSize } from "../network/objective.js";
import type { NetworkSpec } from "../network/spec.js";
import type { FloatArray } from "../wasm/workspace.js";

/**
 * The objective, its gradient, or the product of its Hessian or Gauss-Newton matrix with a vector.
 */
export type Quantity = "loss" | "gradient" | "exact" | "ggn";

export const quantities: readonly Quantity[] = ["loss", "gradient", "exact", "ggn"];

/**
 * A part of an objective, its gradient or a product, over the rows of a shard. Plain data, as every
 * task.
 */
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

/**
 * Chunks of a network's passes that are taken at a time: memory does not grow with the shard, the
 * last chunk is seldom a short one, and bits depend on the network alone.
 */
const CHUNKS = 3;

/** Rows in blocks, which need not be in memory all at once. */
export interface Blocks {
  /** Rows in all. */
  readonly rows: number;
  /**
   * Some of them, one block after another; null where all of a block weigh nothing. A block is
   * valid until the next one.
   */
  block(from: number, to: number): Dataset | null | Promise<Dataset | null>;
}

/**
 * Sums over the rows of a shard, in their order, under batch norm's running statistics: a worker
 * knows none of the other shards.
 */
export async function runProduct(
  { quantity, spec, at, vector }: ProductTask,
  data: Dataset | Blocks,
  vectors: ReadonlyMap<string, Float64Array>,
): Promise<ProductResult> {
  const net = networkAt(spec, named(vectors, at));
  const v = vector === null ? null : checkVector("task", "vector", named(vectors, vector), net.parameterCount, "f64");
  const sum = new Float64Array(quantity === "loss" ? 0 : net.parameterCount);
  const blocks = "block" in data ? data : blocksOf(data);
  const rows = CHUNKS * chunkSize(net.spec, net.layout);
  let [weight, loss] = [0, 0];
  for (let from = 0; from < blocks.rows; from += rows) {
    const part = await blocks.block(from, Math.min(blocks.rows, from + rows));
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

/** The rows of a data set, without a copy. */
function blocksOf({ inputs, targets, weights, size }: Dataset): Blocks {
  const slice = <T extends FloatArray>(values: T, width: number, from: number, to: number): T =>
    values.subarray(from * width, to * width) as T;
  return {
    rows: size,
    block(from, to) {
      const part = weights && slice(weights, 1, from, to);
      if (part && !part.some((weight) => weight > 0)) return null;
      const x = matrix(to - from, inputs.columns, slice(inputs.data, inputs.columns, from, to));
      const y =
        "data" in targets
          ? matrix(to - from, targets.columns, slice(targets.data, targets.columns, from, to))
          : slice(targets, 1, from, to);
      return dataset(x, y, { weights: part });
    },
  };
}
