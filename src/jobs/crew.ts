import type { Dataset } from "../network/dataset.js";
import type { Build } from "../wasm/load.js";
import { onAbort } from "./abort.js";
import { type FileReference, type Lane, type Order, packed } from "./lane.js";
import { type Limits, usualLimits } from "./limits.js";
import { failure, isRefusal, type Outcome } from "./pool.js";
import type { Task } from "./tasks.js";

/** Data with the name by which threads hold it, or a file that they read. */
export type Source = { readonly name: string; readonly data: Dataset } | FileReference;

/** A task with all that it needs. */
export interface Job {
  readonly task: Task;
  readonly source: Source;
  readonly vectors: ReadonlyMap<string, Float64Array>;
  /** A thread that has to do it, since it holds the data already. */
  readonly lane?: number;
}

/** What a crew takes beside its threads. */
export interface CrewOptions {
  /** The build of the core that tasks are done with, asked for at each. */
  readonly build: () => Build;
  /** The folder that threads may read files in. Default: none. */
  readonly folder?: string | null;
  /** The largest tasks that threads accept. Default: see `Limits`. */
  readonly limits?: Limits;
  /** Data sets that a thread keeps beside the one of its task. Default: 4. */
  readonly kept?: number;
  /** Attempts at a task. Default: 3. */
  readonly attempts?: number;
}

interface Waiting {
  readonly job: Job;
  readonly signal: AbortSignal | undefined;
  readonly settle: (outcome: Outcome) => void;
  attempt: number;
}

/** Attempts at a task, and milliseconds before the second one; twice as many before the third. */
export const ATTEMPTS = 3;
const BACKOFF = 100;
/** Data sets that a thread keeps beside that of its task. */
const KEPT = 4;

/**
 * Threads with a queue before them. A task that is broken off takes its thread with it; another one
 * takes that one's place.
 */
export class Crew {
  readonly #lanes: (Lane | null)[];
  /** Names of what each thread holds, and whether that is data. */
  readonly #held: Map<string, boolean>[];
  readonly #busy: boolean[];
  readonly #make: () => Promise<Lane>;
  readonly #folder: string | null;
  readonly #limits: Limits;
  readonly #build: () => Build;
  readonly #kept: number;
  readonly #attempts: number;
  #queue: Waiting[] = [];
  #closed = false;

  constructor(make: () => Promise<Lane>, count: number, options: CrewOptions) {
    const { build, folder = null, limits = usualLimits, kept = KEPT, attempts = ATTEMPTS } = options;
    this.#make = make;
    this.#lanes = Array.from({ length: count }, () => null);
    this.#held = Array.from({ length: count }, () => new Map<string, boolean>());
    this.#busy = Array.from({ length: count }, () => false);
    this.#folder = folder;
    this.#limits = limits;
    this.#build = build;
    this.#kept = kept;
    this.#attempts = attempts;
  }

  get size(): number {
    return this.#lanes.length;
  }

  /** Does a task; never rejects. Open where the signal ended it. */
  do(job: Job, signal?: AbortSignal): Promise<Outcome> {
    if (this.#closed) throw new Error("pool: closed; make another one");
    return new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        forget();
        resolve(outcome);
      };
      const waiting: Waiting = { job, signal, settle, attempt: 1 };
      const drop = (): void => {
        this.#queue = this.#queue.filter((other) => other !== waiting);
        settle({ status: "open" });
      };
      const forget = onAbort(signal, drop);
      if (signal?.aborted) drop();
      else this.#enter(waiting);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const lanes = this.#lanes.splice(0);
    for (const { settle } of this.#queue.splice(0)) settle({ status: "open" });
    await Promise.all(lanes.map((lane) => lane?.close()));
  }

  #enter(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#dispatch();
  }

  /** Gives each idle thread the first task that it may do. */
  #dispatch(): void {
    for (let i = 0; i < this.#lanes.length; ++i) {
      if (this.#busy[i]) continue;
      const place = this.#queue.findIndex(({ job }) => job.lane === undefined || job.lane % this.#lanes.length === i);
      if (place < 0) continue;
      const [waiting] = this.#queue.splice(place, 1);
      this.#busy[i] = true;
      void this.#work(i, waiting);
    }
  }

  async #work(i: number, waiting: Waiting): Promise<void> {
    const outcome = await this.#attempt(i, waiting);
    this.#busy[i] = false;
    const { signal, attempt, settle } = waiting;
    if (signal?.aborted || this.#closed) settle({ status: "open" });
    else if (outcome.status === "failed" && !isRefusal(outcome) && attempt < this.#attempts) {
      setTimeout(() => this.#again(waiting), BACKOFF * 2 ** (attempt - 1));
    } else settle(outcome);
    this.#dispatch();
  }

  #again(waiting: Waiting): void {
    waiting.attempt += 1;
    if (waiting.signal?.aborted || this.#closed) waiting.settle({ status: "open" });
    else this.#enter(waiting);
  }

  async #attempt(i: number, { job, signal }: Waiting): Promise<Outcome> {
    const controller = new AbortController();
    const forget = onAbort(signal, () => controller.abort());
    try {
      this.#lanes[i] ??= await this.#make();
      const lane = this.#lanes[i] as Lane;
      if (!lane.alive) this.#held[i].clear();
      const outcome = await lane.run(this.#order(i, job), controller.signal);
      if (outcome.status === "failed") this.#held[i].clear();
      return outcome;
    } catch (error) {
      // The thread has gone, and with it all that it held.
      this.#held[i].clear();
      return failure(error);
    } finally {
      forget();
    }
  }

  /** What the thread does not hold yet goes along. */
  #order(i: number, { task, source, vectors }: Job): Order {
    const held = this.#held[i];
    const gives = new Map<string, ReturnType<typeof packed> | Float64Array>();
    if ("name" in source && !held.has(source.name)) gives.set(source.name, packed(source.data));
    for (const [name, values] of vectors) if (!held.has(name)) gives.set(name, values);
    for (const [name, given] of gives) held.set(name, "inputs" in given);
    const spare = [...held].filter(([name]) => !(vectors.has(name) || ("name" in source && name === source.name)));
    const data = spare.filter(([, isData]) => isData);
    const drops = [...spare.filter(([, isData]) => !isData), ...data.slice(0, Math.max(0, data.length - this.#kept))];
    for (const [name] of drops) held.delete(name);
    return {
      ...{ task, gives, drops: drops.map(([name]) => name), vectors: [...vectors.keys()], build: this.#build() },
      ...{ data: "name" in source ? source.name : source, folder: this.#folder, limits: this.#limits },
    };
  }
}
