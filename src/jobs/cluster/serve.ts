import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Job as BullJob, Worker } from "bullmq";
import { datasetFromSafetensors } from "../../formats/index.js";
import type { Dataset } from "../../network/dataset.js";
import { currentBuild } from "../../wasm/load.js";
import { type ClusterOptions, checkClusterOptions } from "../cluster.js";
import { Crew, type Source } from "../crew.js";
import { makeLane } from "../lanes.js";
import { type Limits, usualLimits } from "../limits.js";
import { isRefusal, type Outcome } from "../pool.js";
import { digestOf, toText, vectorOf } from "../wire.js";
import { Connections, type Packages, packagesFor } from "./connection.js";
import { House, SIGN, type WorkerRecord } from "./house.js";
import { type Identity, identity } from "./identity.js";
import { ELSEWHERE, LONGEST_RESULT, readLetter, reasonOf } from "./letter.js";

/** What a worker of a cluster is given. */
export interface ServeOptions extends Omit<ClusterOptions, "keep"> {
  /** Tasks at a time, each in a thread. */
  readonly threads: number;
  /** The only folder that files are read from; null for none. */
  readonly folder: string | null;
  /**
   * Seconds without a sign of life after which other workers take over this worker's tasks.
   * Default: 10.
   */
  readonly lock?: number;
  /** The largest tasks that this worker accepts. Default: see `Limits`. */
  readonly limits?: Partial<Limits>;
  /** Ends the work; tasks that are under way go back to the queue. */
  readonly signal: AbortSignal;
  /** Called when the worker is ready, and after each task. Default: none. */
  readonly onEvent?: (event: ServeEvent) => void;
}

export type ServeEvent =
  | { readonly kind: "ready"; readonly id: string }
  | { readonly kind: "done" | "failed" | "returned"; readonly task: string; readonly reason?: string };

/** Milliseconds after which a task is looked at again whose data is not there. */
const LATER = 500;
/** How often a task may be begun: stalls and waits for data count, unlike failures. */
const MOST_STARTS = 60;
/** Times that a task's worker may be lost before the task is given up. */
const MOST_STALLS = 20;
/** Bytes of data that a worker keeps beside those in use. */
const KEPT_BYTES = 512 << 20;

/** Works for a queue until it is stopped. */
export async function serve(options: ServeOptions): Promise<void> {
  const { connection, queue = "hessia", threads, folder, lock = 10, limits, signal, onEvent } = options;
  const where = "worker";
  checkClusterOptions(where, { connection, queue });
  const packages = await packagesFor(where);
  const connections = await Connections.open(where, packages, connection);
  // The queue sees to further attempts.
  const crew = new Crew(() => makeLane(null), threads, {
    ...{ build: currentBuild, folder, attempts: 1 },
    limits: { ...usualLimits, ...limits },
  });
  const mine = identity();
  const house = new House(connections.make(), queue);
  let timer: NodeJS.Timeout | undefined;
  let worker: Worker | undefined;
  try {
    await house.enter(where, mine);
    const desk = new Desk(packages, house, crew, mine, { ...usualLimits, ...limits }, signal, onEvent);
    worker = new packages.bullmq.Worker(queue, (job, token) => desk.process(job, token as string), {
      connection: connections.make(),
      concurrency: threads,
      lockDuration: 1000 * lock,
      stalledInterval: 500 * lock,
      maxStalledCount: MOST_STALLS,
      drainDelay: 2,
    });
    worker.on("error", () => {});
    await listen(connections, house, desk);
    const record = recordOf(mine, threads);
    const sign = async (): Promise<void> => {
      await Promise.all([house.sign({ ...record, done: desk.done }), house.stay(mine)]);
    };
    timer = setInterval(() => void sign().catch(() => {}), 1000 * SIGN);
    await worker.waitUntilReady();
    await sign();
    onEvent?.({ kind: "ready", id: record.id });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
    await worker.close();
    await house.leave(record.id);
  } finally {
    clearInterval(timer);
    await crew.close();
    connections.close();
  }
}

function recordOf(mine: Identity, threads: number): Omit<WorkerRecord, "done"> {
  const id = randomBytes(6).toString("hex");
  return { ...mine, id, host: hostname(), process: process.pid, threads, since: Date.now() };
}

/** Hears which tasks nobody waits for any longer. */
async function listen(connections: Connections, house: House, desk: Desk): Promise<void> {
  const ear = connections.make();
  ear.on("message", (_, id: string) => desk.cancel(id));
  await ear.subscribe(house.cancelChannel);
}

/** Takes tasks from the queue, has threads do them, and puts results back. */
class Desk {
  done = 0;
  readonly #packages: Packages;
  readonly #house: House;
  readonly #crew: Crew;
  readonly #identity: Identity;
  readonly #limits: Limits;
  readonly #signal: AbortSignal;
  readonly #onEvent: ServeOptions["onEvent"];
  readonly #running = new Map<string, AbortController>();
  readonly #data = new Map<string, { data: Dataset; bytes: number }>();

  constructor(
    packages: Packages,
    house: House,
    crew: Crew,
    mine: Identity,
    limits: Limits,
    signal: AbortSignal,
    onEvent: ServeOptions["onEvent"],
  ) {
    this.#packages = packages;
    this.#house = house;
    this.#crew = crew;
    this.#identity = mine;
    this.#limits = limits;
    this.#signal = signal;
    this.#onEvent = onEvent;
    signal.addEventListener("abort", () => {
      for (const controller of this.#running.values()) controller.abort();
    });
  }

  cancel(id: string): void {
    this.#running.get(id)?.abort("cancelled");
  }

  /** The queue's callback: returns the result as text, or throws. */
  async process(job: BullJob, token: string): Promise<string> {
    const id = job.id as string;
    const controller = new AbortController();
    this.#running.set(id, controller);
    if (this.#signal.aborted) controller.abort();
    try {
      return await this.#answer(job, token, controller.signal);
    } finally {
      this.#running.delete(id);
    }
  }

  async #answer(job: BullJob, token: string, signal: AbortSignal): Promise<string> {
    const { UnrecoverableError } = this.#packages.bullmq;
    const task = `${job.name} ${(job.id as string).slice(0, 8)}`;
    let outcome: Outcome;
    let keep = 0;
    try {
      const letter = readLetter(job.data, this.#identity);
      keep = letter.keep;
      const material = await this.#material(letter.data, letter.vectors);
      if (!material) return await this.#later(job, token);
      outcome = await this.#crew.do({ task: letter.task, ...material }, signal);
    } catch (error) {
      if (this.#isMoved(error)) throw error;
      this.#onEvent?.({ kind: "failed", task, reason: reasonOf(error) });
      // A stranger's letter would be the same the next time.
      throw new UnrecoverableError(reasonOf(error));
    }
    if (outcome.status === "done") {
      this.done += 1;
      const text = await this.#put(toText(outcome.result), keep);
      this.#onEvent?.({ kind: "done", task });
      return text;
    }
    if (outcome.status === "failed") {
      const text = `${outcome.kind}: ${outcome.reason}`;
      this.#onEvent?.({ kind: "failed", task, reason: text });
      throw isRefusal(outcome) ? new UnrecoverableError(text) : new Error(text);
    }
    this.#onEvent?.({ kind: "returned", task });
    if (signal.reason === "cancelled") throw new UnrecoverableError("Error: task: cancelled");
    await job.moveToWait(token);
    throw new this.#packages.bullmq.WaitingError();
  }

  /** Data that was lost with a Redis comes again as soon as the one who asks has seen it. */
  async #later(job: BullJob, token: string): Promise<never> {
    if (job.attemptsStarted > MOST_STARTS) {
      throw new this.#packages.bullmq.UnrecoverableError("Error: task: its data was not sent");
    }
    await job.moveToDelayed(Date.now() + LATER, token);
    throw new this.#packages.bullmq.DelayedError();
  }

  #isMoved(error: unknown): boolean {
    const { DelayedError, UnrecoverableError } = this.#packages.bullmq;
    return error instanceof DelayedError || error instanceof UnrecoverableError;
  }

  /** Data and vectors; null where some of them are not there. */
  async #material(
    data: string | { readonly file: string },
    digests: readonly string[],
  ): Promise<{ source: Source; vectors: Map<string, Float64Array> } | null> {
    const source = typeof data === "string" ? await this.#dataOf(data) : data;
    if (!source) return null;
    const vectors = new Map<string, Float64Array>();
    for (const digest of digests) {
      const bytes = await this.#bytesOf(digest);
      if (!bytes) return null;
      vectors.set(digest, vectorOf(bytes));
    }
    return { source, vectors };
  }

  async #dataOf(digest: string): Promise<Source | null> {
    let known = this.#data.get(digest);
    if (!known) {
      const bytes = await this.#bytesOf(digest);
      if (!bytes) return null;
      known = { data: datasetFromSafetensors(bytes), bytes: bytes.length };
    }
    // The last one used is the last one to go.
    this.#data.delete(digest);
    this.#data.set(digest, known);
    let held = [...this.#data.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [name, { bytes }] of this.#data) {
      if (held <= KEPT_BYTES || name === digest) break;
      this.#data.delete(name);
      held -= bytes;
    }
    return { name: digest, data: known.data };
  }

  /** Bytes that are what their digest says. */
  async #bytesOf(digest: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const found = await this.#house.bytes(digest, this.#limits.dataBytes);
    if (!found) return null;
    const bytes = new Uint8Array(found);
    if ((await digestOf(bytes)) !== digest) {
      throw new RangeError('task: "data" expected bytes of their digest, got others');
    }
    return bytes;
  }

  /** Long results have a place of their own, because the queue repeats each result. */
  async #put(text: string, seconds: number): Promise<string> {
    if (text.length <= LONGEST_RESULT) return text;
    const digest = await digestOf(text);
    await this.#house.keep(digest, text, seconds);
    return `${ELSEWHERE}${digest}`;
  }
}
