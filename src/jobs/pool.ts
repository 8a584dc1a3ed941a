import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { OperatorOptions, PoolOperator, Shard } from "./operator.js";
import { type ResultOf, runTask, type Task } from "./tasks.js";

/** The outcome of a task. */
export type Outcome<T extends Task = Task> = Done<T> | Failed | Open;

/** A task that was done. */
export interface Done<T extends Task = Task> {
  /** The task was done. */
  readonly status: "done";
  /** The result of the task. */
  readonly result: ResultOf<T>;
}

/** A task that failed. */
export interface Failed {
  /** It failed: three times, or once where repeating could not help. */
  readonly status: "failed";
  /** Why, in words. */
  readonly reason: string;
  /** Class of the error, as in "RangeError". */
  readonly kind: string;
}

/** A task that was not started, or was aborted. */
export interface Open {
  /** The task has no result. */
  readonly status: "open";
}

/** Options of `pool.run`. */
export interface RunOptions {
  /**
   * Ends the run: running tasks are aborted, and the others are not started. Default: none.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called after each task, in the order of completion, with its place among the tasks. Default:
   * none.
   */
  onOutcome?: ((outcome: Outcome, index: number) => void) | undefined;
}

/** Runs tasks: on this thread, other threads, or other machines. */
export interface Pool {
  /**
   * Runs tasks on data; a result depends on its task and the data alone. A task that fails
   * unexpectedly is tried three times in all, while the other tasks continue.
   *
   * @returns (resolves to) the outcomes, in the order of the tasks.
   */
  run<T extends Task>(tasks: readonly T[], data: Dataset, options?: RunOptions): Promise<Outcome<T>[]>;
  /**
   * Products with the curvature of a network's objective, and the objective and its gradient, over
   * data in shards that no worker needs to hold whole.
   *
   * @param net a network; each product is at its current parameters.
   * @param shards data sets, or names of files that `datasetToSafetensors` wrote, in the pool's
   * folder.
   */
  operator(net: Network, shards: readonly Shard[], options?: OperatorOptions): Promise<PoolOperator>;
  /**
   * Ends the workers of a thread pool, or the connection to a cluster. An open connection keeps a
   * process running; idle threads do not.
   */
  close(): Promise<void>;
}

/** The part of a pool that `tune`, `crossValidate`, `restarts` and `ensemble` use. */
export type Runner = Pick<Pool, "run">;

/** One task after another in this thread; the page has its turn meanwhile, as in `fit`. */
export const serial: Runner = {
  async run<T extends Task>(tasks: readonly T[], data: Dataset, { signal, onOutcome }: RunOptions = {}) {
    const outcomes = tasks.map((): Outcome<T> => ({ status: "open" }));
    for (let i = 0; i < tasks.length && !signal?.aborted; ++i) {
      const outcome = await attempt(() => runTask(tasks[i], { data, vectors: new Map() }, signal));
      // What was broken off is no result.
      if (signal?.aborted) break;
      outcomes[i] = outcome;
      onOutcome?.(outcome, i);
    }
    return outcomes;
  },
};

/** What comes of a task, an exception included. */
export async function attempt<T extends Task>(work: () => Promise<ResultOf<T>>): Promise<Outcome<T>> {
  try {
    return { status: "done", result: await work() };
  } catch (error) {
    return failure(error);
  }
}

/** An error as plain data. */
export function failure(error: unknown): Failed {
  const { name = "Error", message = String(error) } = (error ?? {}) as Partial<Error>;
  return { status: "failed", reason: message, kind: name };
}

/**
 * Whether an error is the library's refusal of what it was given: it would be the same at the next
 * attempt.
 */
export function isRefusal({ kind }: { readonly kind: string }): boolean {
  return kind === "TypeError" || kind === "RangeError";
}

/** The error that a failure was. */
export function errorOf({ reason, kind }: { readonly reason: string; readonly kind: string }): Error {
  const Kind = kind === "TypeError" ? TypeError : kind === "RangeError" ? RangeError : Error;
  return new Kind(reason);
}
