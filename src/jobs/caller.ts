import type { Worker as NodeWorker } from "node:worker_threads";
import { type Answer, BEAT, type BridgeStart, OPEN, type Question, readAnswer, STATE, sharedFor } from "./bridge.js";
import { besides, importHere } from "./lane.js";
import { isNode } from "./lanes.js";
import { errorOf } from "./pool.js";
import type { Quantity } from "./product-task.js";

/** A thread, as Node and pages have it. */
interface Thread {
  postMessage(message: unknown): void;
  terminate(): unknown;
  ref?(): void;
  unref?(): void;
}

/**
 * Milliseconds between two looks at whether the other thread lives, and how many of them it may
 * miss.
 */
const LOOK = 1000;
const MISSED = 60;

type Pending = Map<number, (answer: Answer) => void>;

const registry = new FinalizationRegistry<Thread>((thread) => void thread.terminate());

/** Asks an operator's thread, and waits for it in either way. */
export class Caller {
  readonly #thread: Thread;
  readonly #size: number;
  readonly #shared: SharedArrayBuffer | null;
  readonly #pending: Pending;
  #id = 0;
  #closed = false;

  private constructor(thread: Thread, size: number, shared: SharedArrayBuffer | null, pending: Pending) {
    this.#thread = thread;
    this.#size = size;
    this.#shared = shared;
    this.#pending = pending;
    registry.register(this, thread, this);
  }

  static async open(start: BridgeStart, size: number): Promise<Caller> {
    const shared = globalThis.SharedArrayBuffer === undefined ? null : sharedFor(size);
    const pending: Pending = new Map();
    const heard = (answer: Answer): void => pending.get(answer.id)?.(answer);
    const died = (reason: string): void => {
      const error = { reason: `operator: its thread has ended: ${reason}`, kind: "Error" };
      for (const [id, settle] of pending) settle({ id, loss: 0, sum: new Float64Array(), error });
    };
    const thread = isNode() ? await nodeThread(heard, died) : webThread(heard, died);
    thread.postMessage({ start, shared });
    return new Caller(thread, size, shared, pending);
  }

  /** The answer; this thread does not wait for it. */
  async ask(quantity: Quantity, at: Float64Array, vector: Float64Array | null): Promise<Answer> {
    const id = this.#post(quantity, at, vector, null);
    this.#thread.ref?.();
    const answer = await new Promise<Answer>((resolve) => this.#pending.set(id, resolve));
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#thread.unref?.();
    if (answer.error) throw errorOf(answer.error);
    return answer;
  }

  /** The answer, for which this thread waits. */
  wait(quantity: Quantity, at: Float64Array, vector: Float64Array | null): { loss: number; sum: Float64Array } {
    const shared = this.#shared;
    if (!shared) {
      throw new Error(
        "operator: no shared memory here, so this thread cannot wait for others; serve the page cross-origin isolated, or use product()",
      );
    }
    const state = new Int32Array(shared);
    Atomics.store(state, STATE, OPEN);
    this.#post(quantity, at, vector, shared);
    let [beat, missed] = [Atomics.load(state, BEAT), 0];
    while (this.#sleep(state)) {
      const now = Atomics.load(state, BEAT);
      missed = now === beat ? missed + 1 : 0;
      beat = now;
      if (missed > MISSED) throw new Error("operator: its thread has ended; make another one");
    }
    return readAnswer(shared, quantity === "loss" ? 0 : this.#size);
  }

  close(): void {
    this.#closed = true;
    registry.unregister(this);
    void this.#thread.terminate();
  }

  #post(quantity: Quantity, at: Float64Array, vector: Float64Array | null, shared: SharedArrayBuffer | null): number {
    if (this.#closed) throw new Error("operator: closed; make another one");
    this.#id += 1;
    this.#thread.postMessage({ id: this.#id, quantity, at, vector, shared } satisfies Question);
    return this.#id;
  }

  /** Waits a while; false once there is an answer. */
  #sleep(state: Int32Array): boolean {
    try {
      return Atomics.wait(state, STATE, OPEN, LOOK) === "timed-out";
    } catch {
      throw new Error("operator: a page's main thread may not wait; use product(), or a worker of the page's");
    }
  }
}

async function nodeThread(heard: (answer: Answer) => void, died: (reason: string) => void): Promise<Thread> {
  const { Worker } = await importHere<{ Worker: typeof NodeWorker }>("node:worker_threads");
  // Options of `node -e` are not for threads.
  const thread = new Worker(new URL(besides("node/bridge-worker.js")), { execArgv: [] });
  thread.on("message", heard);
  thread.on("error", (error) => died(error.message));
  thread.on("exit", (code) => died(`exit code ${code}`));
  thread.unref();
  return thread;
}

function webThread(heard: (answer: Answer) => void, died: (reason: string) => void): Thread {
  const thread = new Worker(new URL("./bridge-worker.js", import.meta.url), { type: "module" });
  thread.onmessage = ({ data }: MessageEvent<Answer>) => heard(data);
  thread.onerror = ({ message }) => died(message || "its code could not be loaded");
  return thread;
}
