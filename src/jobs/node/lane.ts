import { besides, importHere, type Lane, type Order } from "../lane.js";
import type { Outcome } from "../pool.js";

/** What is used of tinypool, which the package has inside. */
interface Tinypool {
  readonly threads: readonly unknown[];
  run(order: Order, options: { signal: AbortSignal }): Promise<Outcome>;
  on(event: "error", listener: (error: Error) => void): void;
  destroy(): Promise<void>;
}

type Make = new (options: Record<string, unknown>) => Tinypool;

/** Milliseconds after which a thread that idles ends. */
const IDLE = 2000;

/**
 * A thread of Node's. It is a pool of one, so that it is known which thread holds which data; the
 * library sees to its start, its end and its place being taken when it dies.
 */
export async function nodeLane(): Promise<Lane> {
  const { Tinypool } = await importHere<{ Tinypool: Make }>(besides("../vendor/tinypool/index.js"));
  return new NodeLane(Tinypool);
}

class NodeLane implements Lane {
  readonly #Tinypool: Make;
  #pool: Tinypool | null = null;
  /** Called where a thread dies before it has begun with a task, which the pool then waits for. */
  #died: (error: Error) => void = () => {};

  constructor(tinypool: Make) {
    this.#Tinypool = tinypool;
  }

  get alive(): boolean {
    return (this.#pool?.threads.length ?? 0) > 0;
  }

  async run(order: Order, signal: AbortSignal): Promise<Outcome> {
    this.#pool ??= this.#make();
    const pool = this.#pool;
    const died = new Promise<never>((_, reject) => {
      this.#died = reject;
    });
    try {
      return await Promise.race([pool.run(order, { signal }), died]);
    } finally {
      this.#died = () => {};
    }
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    await pool?.destroy();
  }

  #make(): Tinypool {
    const pool = new this.#Tinypool({
      filename: besides("node/worker.js"),
      ...{ minThreads: 0, maxThreads: 1, idleTimeout: IDLE },
      // Options of `node -e` are not for threads.
      execArgv: [],
      // Numbers lie outside of the heap; a small nursery costs fits nothing.
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    });
    pool.on("error", (error) => {
      if (this.#pool === pool) this.#pool = null;
      this.#died(error);
      void pool.destroy().catch(() => {});
    });
    return pool;
  }
}
