import { checkChoice, checkKeys, checkObject, checkVector, wrongType, wrongValue } from "../check.js";
import type { LinearOperator } from "../linalg/operator.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import type { CurvatureKind } from "../network/tangent.js";
import type { SmoothFunction } from "../optimize/function-problem.js";
import { currentBuild } from "../wasm/load.js";
import type { FloatArray } from "../wasm/workspace.js";
import type { BridgeStart, PoolDescription } from "./bridge.js";
import { Caller } from "./caller.js";
import { type FileReference, packed } from "./lane.js";
import { nameOf } from "./lanes.js";
import { checkPlain } from "./tasks.js";

/**
 * A part of the rows: a data set, or the name of a file that `datasetToSafetensors` wrote, in the
 * folder that the workers were given.
 */
export type Shard = Dataset | FileReference;

/** Options of `pool.operator`. */
export interface OperatorOptions {
  /** The Hessian ("exact") or the generalised Gauss-Newton matrix ("ggn"). Default: "exact". */
  kind?: CurvatureKind;
}

/** The curvature of an objective over data in shards. */
export interface PoolOperator extends LinearOperator {
  /** Number of parameters. */
  readonly size: number;
  /** The objective, its gradient and products as functions of the parameters, for `minimize`. */
  readonly objective: Required<Pick<SmoothFunction, "value" | "gradient" | "hvp">>;
  /**
   * The product with v at the network's parameters. Blocks this thread until the workers have
   * answered, as `lanczos` and similar functions require.
   *
   * @throws Error where a worker has failed three times, and in a page's main thread, which may not
   * block.
   */
  matvec(v: FloatArray): Float64Array;
  /** The same product as a promise, for a page's main thread. */
  product(v: ArrayLike<number>): Promise<Float64Array>;
  /**
   * Ends the operator's workers. They end by themselves with the process, or when the operator is
   * no longer used.
   */
  close(): void;
}

const WHERE = "operator";

/** An operator whose products a thread of its own gathers, so that this one may wait for it. */
export async function operatorOver(
  net: Network,
  shards: readonly Shard[],
  options: OperatorOptions,
  pool: PoolDescription,
): Promise<PoolOperator> {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["kind"]);
  const { kind = "exact" } = options;
  checkChoice(WHERE, "kind", kind, ["exact", "ggn"]);
  // How the first weights were drawn does not matter, and may be a function.
  const spec: NetworkSpec = { ...net.spec, initializer: "he-normal" };
  checkPlain("spec", spec);
  if (!Array.isArray(shards) || shards.length === 0) wrongType(WHERE, "shards", "at least one shard", shards);
  const start: BridgeStart = { pool, spec, shards: shards.map(packedShard), build: currentBuild() };
  const caller = await Caller.open(start, net.parameterCount);
  const operator = new ShardedOperator(net, kind, caller);
  try {
    // Whatever does not fit is refused here.
    await operator.check();
  } catch (error) {
    operator.close();
    throw error;
  }
  return operator;
}

function packedShard(shard: Shard, i: number): BridgeStart["shards"][number] {
  if (typeof shard !== "object" || shard === null) wrongType(WHERE, `shards[${i}]`, "a data set or { file }", shard);
  if ("file" in shard) {
    if (typeof shard.file !== "string") wrongType(WHERE, `shards[${i}].file`, "the name of a file", shard.file);
    return { file: shard.file };
  }
  return { name: nameOf(shard), data: packed(shard) };
}

class ShardedOperator implements PoolOperator {
  readonly size: number;
  readonly objective: PoolOperator["objective"];
  readonly #net: Network;
  readonly #kind: CurvatureKind;
  readonly #caller: Caller;
  #version = -1;
  #at: Float64Array = new Float64Array();
  /** Value and gradient at the last point that a gradient was asked for. */
  #known: { readonly x: Float64Array; readonly value: number; readonly gradient: Float64Array } | null = null;

  constructor(net: Network, kind: CurvatureKind, caller: Caller) {
    this.size = net.parameterCount;
    this.#net = net;
    this.#kind = kind;
    this.#caller = caller;
    this.objective = {
      value: (x) => this.#gradient(x).value,
      gradient: (x) => this.#gradient(x).gradient.slice(),
      hvp: (x, v) => this.#caller.wait(kind, this.#point(x), v).sum,
    };
  }

  async check(): Promise<void> {
    await this.#caller.ask("loss", this.#here(), null);
  }

  matvec(v: FloatArray): Float64Array {
    return this.#caller.wait(this.#kind, this.#here(), this.#vector(v)).sum;
  }

  async product(v: ArrayLike<number>): Promise<Float64Array> {
    return (await this.#caller.ask(this.#kind, this.#here(), this.#vector(v))).sum;
  }

  close(): void {
    this.#caller.close();
  }

  #vector(v: ArrayLike<number>): Float64Array {
    return Float64Array.from(checkVector(WHERE, "v", v, this.size, "f64"));
  }

  /**
   * Searches ask for the value at a point, and then nearly always for the gradient there; one pass
   * gives both.
   */
  #gradient(x: Float64Array): { value: number; gradient: Float64Array } {
    if (this.#known && same(this.#known.x, x)) return this.#known;
    const { loss, sum } = this.#caller.wait("gradient", this.#point(x), null);
    this.#known = { x: x.slice(), value: loss, gradient: sum };
    return this.#known;
  }

  /** A point of the caller's, with the network's running statistics. */
  #point(x: Float64Array): Float64Array {
    if (x.length !== this.size) wrongValue(WHERE, "x", `${this.size} numbers`, String(x.length));
    return joined(x, this.#net.getRunningStatistics());
  }

  #here(): Float64Array {
    const { version } = this.#net;
    if (version !== this.#version) {
      this.#at = joined(this.#net.getParameters(), this.#net.getRunningStatistics());
      this.#version = this.#net.version;
    }
    return this.#at;
  }
}

function joined(x: ArrayLike<number>, statistics: ArrayLike<number>): Float64Array {
  const values = new Float64Array(x.length + statistics.length);
  values.set(x);
  values.set(statistics, x.length);
  return values;
}

function same(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** How a pool is made again in another thread. */
export type ThreadsDescription = Extract<PoolDescription, { kind: "threads" }>;
