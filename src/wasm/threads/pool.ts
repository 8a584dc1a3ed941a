import type { CoreExports } from "../kernels.js";
import type { Build } from "../load.js";

/** What the builds with shared memory export beside the others' names. */
interface ThreadExports extends CoreExports {
  sharedBlock(): number;
  setThreads(count: number): void;
}

/** A worker, of the platform's or of Node's. */
export interface Helper {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/** Places in the words that all threads see. */
const words = { generation: 0, memory: 1, sleeping: 2, mail: 3, failed: 4 } as const;

/**
 * The most memories that workers hold at a time; of more, those that have not been used for longest
 * are left out until they are used again.
 */
const ATTACHED = 16;
/**
 * Milliseconds that a worker looks out for the next call before it sleeps: waking it takes as long
 * as a small product.
 */
const AWAKE = 0.25;
/**
 * Milliseconds for which the caller looks out for the last pieces before it blocks, where it may.
 */
const SPIN = 0.1;
/**
 * Where in a memory's block the number of finished pieces lies, in bytes
 * (assembly/threads/share.ts).
 */
const FINISHED = 64;

/**
 * Workers that share the work of this thread's calls. Each holds instances of the core over this
 * thread's memories. A call never waits for a worker to come, only for the pieces that workers have
 * claimed; so one that is late, or has not heard of a memory yet, delays nothing.
 */
export class Pool {
  readonly #control = new Int32Array(new SharedArrayBuffer(64));
  /** Memories that the workers hold, the one used last at the end. */
  readonly #attached = new Set<number>();
  readonly #gone = new FinalizationRegistry<number>((id) => this.#detach(id));
  readonly #mayBlock = mayBlock();
  #made = 0;
  #current = 0;
  #seen = -1;
  #since = 0;
  #open = true;

  /**
   * `closed` is called once, when the workers have ended: with a reason where that was not asked
   * for.
   */
  constructor(
    readonly build: Build,
    readonly module: WebAssembly.Module,
    readonly workers: readonly Helper[],
    readonly closed: (reason: string) => void,
    /** Milliseconds without any progress after which a worker counts as lost. */
    readonly patience: number,
  ) {
    workers.forEach((worker, i) => {
      worker.postMessage({ thread: i + 1, module, control: this.#control, words, awake: AWAKE, finished: FINISHED });
    });
  }

  get threads(): number {
    return this.workers.length + 1;
  }

  /** A fresh instance with a memory of its own, whose calls are shared. */
  instance(): CoreExports {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const id = ++this.#made;
    let finished = 0;
    const imports = {
      env: { memory },
      threads: {
        wake: () => this.#wake(id, memory),
        wait: (count: number) => this.#wait(memory, finished, count),
      },
    };
    const core = new WebAssembly.Instance(this.module, imports).exports as unknown as ThreadExports;
    core.setThreads(this.threads);
    finished = (core.sharedBlock() + FINISHED) >> 2;
    this.#gone.register(memory, id);
    return core;
  }

  /** Ends the workers. Instances continue with this thread alone. */
  close(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    for (const worker of this.workers) worker.terminate();
    this.closed(reason);
  }

  #wake(id: number, memory: WebAssembly.Memory): void {
    if (!this.#open) return;
    const control = this.#control;
    this.#seen = -1;
    if (this.#current !== id) {
      this.#current = id;
      if (!this.#attached.delete(id)) this.#post({ attach: id, memory });
      this.#attached.add(id);
      for (const oldest of this.#attached) {
        if (this.#attached.size <= ATTACHED) break;
        this.#detach(oldest);
      }
      Atomics.store(control, words.memory, id);
    }
    Atomics.add(control, words.generation, 1);
    if (Atomics.load(control, words.sleeping) > 0) Atomics.notify(control, words.generation);
  }

  #detach(id: number): void {
    if (this.#open && this.#attached.delete(id)) this.#post({ detach: id });
  }

  /** Workers fetch their mail when they see that there is more than they have read. */
  #post(message: unknown): void {
    for (const worker of this.workers) worker.postMessage(message);
    Atomics.add(this.#control, words.mail, 1);
    Atomics.add(this.#control, words.generation, 1);
    Atomics.notify(this.#control, words.generation);
  }

  #wait(memory: WebAssembly.Memory, place: number, finished: number): void {
    const now = performance.now();
    if (finished !== this.#seen) {
      this.#seen = finished;
      this.#since = now;
    }
    if (!this.#open || Atomics.load(this.#control, words.failed) > 0) this.#fail("a worker has failed");
    if (now - this.#since > this.patience) this.#fail(`a worker has not answered for ${this.patience / 1000} s`);
    if (this.#mayBlock && now - this.#since > SPIN) Atomics.wait(new Int32Array(memory.buffer), place, finished, 5);
  }

  #fail(what: string): never {
    this.close(what);
    throw new Error(
      `hessia: ${what} while it shared a call, whose results are lost; the library continues with one thread; ` +
        "call `await init({ threads })` for more",
    );
  }
}

/** Pages' own threads may not block. */
function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
