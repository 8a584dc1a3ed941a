import { checkInteger, checkKeys, checkObject, wrongType, wrongValue } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import { currentBuild } from "../wasm/load.js";
import type { Client, connect } from "./cluster/client.js";
import { besides, importHere } from "./lane.js";
import { type OperatorOptions, operatorOver, type PoolOperator, type Shard } from "./operator.js";
import type { Outcome, Pool, RunOptions } from "./pool.js";
import { checkPlain, type Task } from "./tasks.js";

/** Options of `cluster`. */
export interface ClusterOptions {
  /**
   * Address of Redis or Valkey: redis://host:6379, rediss:// for TLS, with name and password as in
   * redis://name:password@host.
   */
  connection: string;
  /** Name of the queue; workers serve the queue of their own name only. Default: "hessia". */
  queue?: string;
  /** Seconds that results and data are kept. Default: 604,800, a week. */
  keep?: number;
}

/**
 * A pool of workers on any number of machines, through BullMQ on Redis or Valkey. Workers join by
 * `hessia worker --redis redis://…` and may join, leave or fail at any moment. The same tasks give
 * the same bits with any number of workers.
 *
 * Tasks are plain data, and results are kept under the digest of task, data and build. So a run
 * that is repeated after this process or Redis has been restarted computes only the missing
 * results. Data is sent once, and by digest. A failed task is tried three times in all, with pauses
 * of one and two seconds.
 *
 * Needs the packages `bullmq` and `ioredis`, which are not installed with this one. Redis should
 * have `appendonly yes`, and `maxmemory-policy noeviction`.
 *
 * @param options see `ClusterOptions`; connection is required.
 * @returns a pool; it connects with its first task.
 * @throws TypeError or RangeError for bad options.
 * @example
 * const pool = cluster({ connection: "redis://localhost:6379" });
 */
export function cluster(options: ClusterOptions): Pool {
  checkClusterOptions("cluster", options);
  return new ClusterPool(options);
}

/** Refuses what is no address of Redis. */
export function checkClusterOptions(where: string, options: unknown): asserts options is ClusterOptions {
  checkObject(where, "options", options);
  checkKeys(where, options, ["connection", "queue", "keep"]);
  const { connection, queue = "hessia", keep = 1 } = options;
  checkConnection(where, connection);
  if (typeof queue !== "string") wrongType(where, "queue", "a name", queue);
  if (!/^[\w.-]{1,100}$/.test(queue)) wrongValue(where, "queue", "letters, digits, points and dashes", queue);
  checkInteger(where, "keep", keep, 1);
}

function checkConnection(where: string, connection: unknown): void {
  const expected = "an address as in redis://localhost:6379";
  if (typeof connection !== "string") wrongType(where, "connection", expected, connection);
  if (!/^rediss?:\/\/./.test(connection) || !URL.canParse(connection)) {
    // It may hold a password.
    wrongValue(where, "connection", expected, "another text");
  }
}

class ClusterPool implements Pool {
  readonly #options: ClusterOptions;
  #client: Promise<Client> | null = null;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  async run<T extends Task>(tasks: readonly T[], data: Dataset, options: RunOptions = {}): Promise<Outcome<T>[]> {
    for (const task of tasks) checkPlain("task", task);
    const client = await this.#connected();
    return client.run(tasks, data, options);
  }

  operator(net: Network, shards: readonly Shard[], options: OperatorOptions = {}): Promise<PoolOperator> {
    return operatorOver(net, shards, options, { kind: "cluster", options: this.#options });
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await (await client)?.close();
  }

  #connected(): Promise<Client> {
    if (!globalThis.process?.versions?.node) throw new Error("cluster: a page cannot connect to Redis; use threads()");
    this.#client ??= (async () => {
      const client = await importHere<{ connect: typeof connect }>(besides("cluster/client.js"));
      return client.connect(this.#options, currentBuild());
    })();
    this.#client.catch(() => {
      this.#client = null;
    });
    return this.#client;
  }
}
