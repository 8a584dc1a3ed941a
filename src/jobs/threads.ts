import { checkInteger, checkKeys, checkObject, wrongType } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import { currentBuild } from "../wasm/load.js";
import { Crew, type Source } from "./crew.js";
import { cores, makeLane, nameOf } from "./lanes.js";
import {
  type OperatorOptions,
  operatorOver,
  type PoolOperator,
  type Shard,
  type ThreadsDescription,
} from "./operator.js";
import type { Outcome, Pool, RunOptions } from "./pool.js";
import { checkPlain, type Task } from "./tasks.js";

/** Options of `threads`. */
export interface ThreadsOptions {
  /** Number of threads. Default: as many as the machine has cores. */
  workers?: number;
  /** The folder of shard files, if there are any. Default: none. */
  folder?: string;
  /**
   * The address of `dist/jobs/worker.js`, for pages whose bundler does not find workers by itself.
   * Default: found by bundlers that know `new Worker(new URL(…))`.
   */
  worker?: string | URL;
}

/**
 * A pool of threads on this machine: worker threads in Node, web workers in pages. The same tasks
 * give the same bits with any number of threads.
 *
 * Threads start when there is work, and end after two idle seconds, so a pool does not have to be
 * closed. A data set is sent to each thread once. If a thread fails, another replaces it, and the
 * task is tried again, three times in all.
 *
 * @param options see `ThreadsOptions`.
 * @returns a pool for `tune`, `crossValidate`, `restarts`, `ensemble`, `leaveOneOut` and
 * `pool.operator`. Memory: a copy of the data for each thread.
 * @throws TypeError or RangeError for bad options.
 * @example
 * const pool = threads({ workers: 2 });
 * const data = dataset([[0], [1], [2], [3]], [[0], [2], [4], [6]]);
 * const { mean } = await crossValidate(data, { setting: { hidden: [], optimizer: "newton", epochs: 1 }, folds: 2, pool });
 * mean.rmse < 1e-9; // true
 */
export function threads(options: ThreadsOptions = {}): Pool {
  checkObject("threads", "options", options);
  checkKeys("threads", options, ["workers", "folder", "worker"]);
  const { workers = cores(), folder, worker } = options as ThreadsOptions;
  checkInteger("threads", "workers", workers, 1);
  if (folder !== undefined && typeof folder !== "string")
    wrongType("threads", "folder", "the path of a folder", folder);
  const given = { workers, folder: folder ?? null, worker: worker?.toString() ?? null };
  return new ThreadPool(
    new Crew(() => makeLane(given.worker), workers, { build: currentBuild, folder: given.folder }),
    given,
  );
}

class ThreadPool implements Pool {
  readonly #crew: Crew;
  readonly #options: ThreadsDescription["options"];

  constructor(crew: Crew, options: ThreadsDescription["options"]) {
    this.#crew = crew;
    this.#options = options;
  }

  async run<T extends Task>(tasks: readonly T[], data: Dataset, { signal, onOutcome }: RunOptions = {}) {
    for (const task of tasks) checkPlain("task", task);
    const source: Source = { name: nameOf(data), data };
    const outcomes = tasks.map(async (task, i) => {
      const outcome = await this.#crew.do({ task, source, vectors: new Map() }, signal);
      if (outcome.status !== "open") onOutcome?.(outcome, i);
      return outcome as Outcome<T>;
    });
    return Promise.all(outcomes);
  }

  operator(net: Network, shards: readonly Shard[], options: OperatorOptions = {}): Promise<PoolOperator> {
    return operatorOver(net, shards, options, { kind: "threads", options: this.#options });
  }

  close(): Promise<void> {
    return this.#crew.close();
  }
}
