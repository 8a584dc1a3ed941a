import type { Job as BullJob, JobsOptions, Queue, QueueEvents } from "bullmq";
import type { Dataset } from "../../network/dataset.js";
import type { Build } from "../../wasm/load.js";
import { onAbort } from "../abort.js";
import type { ClusterOptions } from "../cluster.js";
import type { Job } from "../crew.js";
import { ATTEMPTS } from "../crew.js";
import type { Outcome, RunOptions } from "../pool.js";
import type { ResultOf, Task } from "../tasks.js";
import { bundleOf, digestOf, fromText, taskName } from "../wire.js";
import { Connections, packagesFor } from "./connection.js";
import { House, SIGN } from "./house.js";
import { type Identity, identity } from "./identity.js";
import { ELSEWHERE, failureOf, type Letter, toLetter } from "./letter.js";

/** Milliseconds before the second attempt at a task; twice as many before the third. */
const BACKOFF = 1000;
const WEEK = 604_800;
/** Seconds that vectors and products are kept: they are of one moment. */
const MOMENT = 600;
/** Jobs that are added at a time. */
const BULK = 500;
/**
 * Milliseconds of silence after which it is looked what became of the tasks, and how many of them
 * at a time.
 */
const SILENCE = 1000;
const LOOKS = 250;
/** Milliseconds that a farewell may take, and after which a message to a worker is repeated. */
const FAREWELL = 5000;
const TOLD_AGAIN = 100;
/** Bytes of a result. */
const LARGEST_RESULT = 2 ** 31;

interface Pending {
  readonly id: string;
  readonly letter: Letter;
  /** Bytes that the worker needs, by digest, in case Redis has lost them. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  readonly settle: (outcome: Outcome) => void;
  /** Whether an earlier run's failure has been cleared away. */
  fresh: boolean;
  /** Whether nobody waits for it any longer. */
  givenUp: boolean;
}

/** Connects to a queue, for tasks that are done with a build of the core. */
export async function connect(options: ClusterOptions, build: Build): Promise<Client> {
  const { connection, queue = "hessia", keep = WEEK } = options;
  const where = "cluster";
  const packages = await packagesFor(where);
  const connections = await Connections.open(where, packages, connection);
  try {
    const house = new House(connections.make(), queue);
    const mine = identity(build);
    await house.enter(where, mine);
    const name = queue;
    const jobs = new packages.bullmq.Queue(name, { connection: connections.make() });
    const events = new packages.bullmq.QueueEvents(name, { connection: connections.make() });
    jobs.on("error", () => {});
    events.on("error", () => {});
    await Promise.all([jobs.waitUntilReady(), events.waitUntilReady()]);
    return new Client(connections, house, jobs, events, mine, keep);
  } catch (error) {
    connections.close();
    throw error;
  }
}

/** Asks a queue's workers. */
export class Client {
  readonly #connections: Connections;
  readonly #house: House;
  readonly #jobs: Queue;
  readonly #events: QueueEvents;
  readonly #identity: Identity;
  readonly #keep: number;
  readonly #pending = new Map<string, Pending[]>();
  readonly #sent = new Map<string, Promise<void>>();
  readonly #cancels = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[];
  #unsent: Pending[] = [];
  #heard = Date.now();
  #closed = false;

  constructor(connections: Connections, house: House, jobs: Queue, events: QueueEvents, mine: Identity, keep: number) {
    this.#connections = connections;
    this.#house = house;
    this.#jobs = jobs;
    this.#events = events;
    this.#identity = mine;
    this.#keep = keep;
    events.on("completed", ({ jobId, returnvalue }) => void this.#completed(jobId, returnvalue));
    events.on("failed", ({ jobId, failedReason }) => this.#settle(jobId, failureOf(failedReason)));
    events.on("duplicated", ({ jobId }) => void this.#look(jobId));
    this.#timers = [
      setInterval(() => void this.#lookAround(), SILENCE),
      setInterval(() => void house.stay(mine).catch(() => {}), 1000 * SIGN),
    ];
  }

  /** Does tasks on data. */
  async run<T extends Task>(
    tasks: readonly T[],
    data: Dataset,
    { signal, onOutcome }: RunOptions,
  ): Promise<Outcome<T>[]> {
    const { digest } = await bundleOf(data);
    const source = { name: digest, data };
    return Promise.all(
      tasks.map(async (task, i) => {
        const outcome = await this.do({ task, source, vectors: new Map() }, signal);
        if (outcome.status !== "open") onOutcome?.(outcome, i);
        return outcome as Outcome<T>;
      }),
    );
  }

  /** Does a task; rejects only where the connection was closed. */
  async do({ task, source, vectors }: Job, signal?: AbortSignal): Promise<Outcome> {
    const bytes = new Map<string, Uint8Array>();
    const names = new Map<string, string>();
    for (const [name, values] of vectors) {
      const own = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
      const digest = await digestOf(own);
      bytes.set(digest, own);
      names.set(name, digest);
    }
    let data: Letter["data"];
    if ("file" in source) data = source;
    else {
      const bundle = await bundleOf(source.data);
      data = bundle.digest;
      bytes.set(data, bundle.bytes);
    }
    const named = renamed(task, names);
    const keep = task.kind === "product" ? MOMENT : this.#keep;
    const letter: Letter = { identity: this.#identity, task: named, data, vectors: [...names.values()], keep };
    const id = (await taskName(named, JSON.stringify(data), JSON.stringify(this.#identity))).slice(0, 40);
    return this.#ask(id, letter, bytes, signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const id of [...this.#pending.keys()]) this.#settle(id, { status: "open" });
    // A Redis that is not there does not keep anybody waiting.
    const late = new Promise((resolve) => setTimeout(resolve, FAREWELL).unref());
    await Promise.race([late, Promise.allSettled(this.#cancels)]);
    await Promise.race([late, Promise.allSettled([this.#jobs.close(), this.#events.close()])]);
    this.#connections.close();
  }

  #ask(id: string, letter: Letter, bytes: Pending["bytes"], signal?: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const abort = (): void => {
        settle({ status: "open" });
        this.#forget(pending);
      };
      if (signal?.aborted || this.#closed) return resolve({ status: "open" });
      const settle = (outcome: Outcome): void => {
        forget();
        resolve(outcome);
      };
      const forget = onAbort(signal, abort);
      const pending: Pending = { id, letter, bytes, settle, fresh: false, givenUp: false };
      const others = this.#pending.get(id);
      if (others) others.push(pending);
      else {
        this.#pending.set(id, [pending]);
        this.#enqueue(pending);
      }
    });
  }

  /** What is asked for in one turn goes to the queue together. */
  #enqueue(pending: Pending): void {
    this.#unsent.push(pending);
    if (this.#unsent.length > 1) return;
    setImmediate(() => {
      const all = this.#unsent;
      this.#unsent = [];
      void this.#send(all);
    });
  }

  async #send(all: readonly Pending[]): Promise<void> {
    for (let at = 0; at < all.length; at += BULK) {
      const part = all.slice(at, at + BULK).filter(({ id }) => this.#pending.has(id));
      try {
        await Promise.all(part.map((pending) => this.#sendBytes(pending)));
        const jobs = part.map(({ id, letter }) => ({
          name: letter.task.kind,
          data: toLetter(letter),
          opts: this.#options(id, letter),
        }));
        if (jobs.length > 0) await this.#jobs.addBulk(jobs);
        // What was given up meanwhile.
        for (const { id, givenUp } of part) if (givenUp && !this.#pending.has(id)) this.#giveUp(id);
      } catch (error) {
        for (const { id } of part) this.#settle(id, failureOf(`Error: ${(error as Error).message}`));
      }
    }
  }

  #options(jobId: string, { task }: Letter): JobsOptions {
    const passing = task.kind === "product";
    return {
      jobId,
      attempts: ATTEMPTS,
      backoff: { type: "exponential", delay: BACKOFF },
      // Age is looked at for all that have ended, so that what is of one moment goes by itself.
      removeOnComplete: passing || { age: this.#keep },
      removeOnFail: passing || { age: this.#keep },
      stackTraceLimit: 0,
    };
  }

  async #sendBytes({ bytes, letter }: Pending): Promise<void> {
    await Promise.all(
      Array.from(bytes, ([digest, value]) => {
        let sent = this.#sent.get(digest);
        if (!sent) {
          sent = this.#house.keep(digest, value, Math.max(MOMENT, letter.keep));
          this.#sent.set(digest, sent);
        }
        return sent;
      }),
    );
  }

  async #completed(id: string, value: unknown): Promise<void> {
    if (!this.#pending.has(id)) return;
    try {
      const result = await this.#resultOf(String(value), id);
      if (result !== undefined) this.#settle(id, { status: "done", result });
    } catch {
      // What is not there, or cannot be read, is done again.
      await this.#again(id);
    }
  }

  /** A result, wherever it lies. */
  async #resultOf(text: string, id: string): Promise<ResultOf<Task> | undefined> {
    if (!text.startsWith(ELSEWHERE)) return fromText(text) as ResultOf<Task>;
    const digest = text.slice(ELSEWHERE.length);
    const found = await this.#house.bytes(digest, LARGEST_RESULT);
    if (found === null) throw new Error("the result is no longer stored");
    const passing = this.#pending.get(id)?.[0].letter.task.kind === "product";
    if (passing) await this.#house.drop(digest);
    return fromText(found.toString("utf8")) as ResultOf<Task>;
  }

  #settle(id: string, outcome: Outcome): void {
    this.#heard = Date.now();
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    for (const { settle } of waiting ?? []) settle(outcome);
  }

  /**
   * Where nothing was heard for a while, as after a restart of Redis, jobs are looked at one by
   * one.
   */
  async #lookAround(): Promise<void> {
    if (this.#closed || Date.now() - this.#heard < SILENCE) return;
    this.#heard = Date.now();
    const ids = [...this.#pending.keys()].slice(0, LOOKS);
    await Promise.allSettled(ids.map((id) => this.#look(id)));
    // Those that were looked at go behind the others.
    for (const id of ids) {
      const waiting = this.#pending.get(id);
      if (!waiting) continue;
      this.#pending.delete(id);
      this.#pending.set(id, waiting);
    }
  }

  /**
   * What became of a task; adds it again where it is not known any longer, or has failed before it
   * was asked for.
   */
  async #look(id: string): Promise<void> {
    const waiting = this.#pending.get(id);
    if (!waiting || this.#unsent.includes(waiting[0])) return;
    const job = (await this.#jobs.getJob(id)) as BullJob | undefined;
    const [pending] = waiting;
    if (!job) return this.#again(id);
    if (!job.finishedOn) {
      pending.fresh = true;
      return;
    }
    if (!job.failedReason) return this.#completed(id, job.returnvalue);
    if (pending.fresh) return this.#settle(id, failureOf(job.failedReason));
    pending.fresh = true;
    await job.remove();
    await this.#again(id);
  }

  async #again(id: string): Promise<void> {
    const [pending] = this.#pending.get(id) ?? [];
    if (!pending) return;
    for (const digest of pending.bytes.keys()) this.#sent.delete(digest);
    const job = await this.#jobs.getJob(id);
    if (job?.finishedOn) await job.remove();
    await this.#send([pending]);
  }

  /**
   * Where nobody waits for a task any longer, it is taken out of the queue, or its worker breaks it
   * off.
   */
  #forget(pending: Pending): void {
    const { id } = pending;
    pending.givenUp = true;
    const others = (this.#pending.get(id) ?? []).filter((other) => other !== pending);
    if (others.length > 0) this.#pending.set(id, others);
    else if (this.#pending.delete(id)) this.#giveUp(id);
  }

  #giveUp(id: string): void {
    const cancelled = this.#cancel(id).finally(() => this.#cancels.delete(cancelled));
    this.#cancels.add(cancelled);
  }

  /**
   * A worker may be just about to begin with it, so the message is repeated until the task is gone.
   */
  async #cancel(id: string): Promise<void> {
    const late = Date.now() + FAREWELL;
    while (Date.now() < late && !this.#pending.has(id)) {
      const job = await this.#jobs.getJob(id).catch(() => undefined);
      // A result is kept for whoever asks again.
      if (!job || (job.finishedOn && !job.failedReason)) return;
      try {
        await job.remove();
        return;
      } catch {
        // A worker holds it.
        await this.#house.redis.publish(this.#house.cancelChannel, id);
        await new Promise((resolve) => setTimeout(resolve, TOLD_AGAIN));
      }
    }
  }
}

/** Names of vectors become their digests, which mean the same to everybody. */
function renamed(task: Task, names: ReadonlyMap<string, string>): Task {
  if (task.kind !== "product") return task;
  const digest = (name: string): string => names.get(name) as string;
  return { ...task, at: digest(task.at), vector: task.vector === null ? null : digest(task.vector) };
}
