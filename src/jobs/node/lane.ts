import { besides, importHere, type Lane, type Order } from "../lane.js";
import type { Outcome } from "../pool.js";

/** What is used of tinypool, which the package has inside. */
interface Tinypool {
  readonly threads: readonly unknown[];
  run(order: Order, options: { signal: AbortSignal }): Promise<Outcome>;
  destroy(): Promise<void>;
}

type Make = new (options: Record<string, unknown>) => Tinypool;

/** Milliseconds after which a thread that idles ends. */
const IDLE = 2000;

/**
 * A thread of Node's. It is a pool of one, so that it is known which thread holds which data; the library sees to its start, its end and
 * its place being taken when it dies.
 */
export async function nodeLane(): Promise<Lane> {
  const { Tinypool } = await importHere<{ Tinypool: Make }>(besides("../vendor/tinypool/index.js"));
  const pool = new Tinypool({
    filename: besides("node/worker.js"),
    ...{ minThreads: 0, maxThreads: 1, idleTimeout: IDLE },
  });
  return {
    get alive() {
      return pool.threads.length > 0;
    },
    run: (order, signal) => pool.run(order, { signal }),
    close: () => pool.destroy(),
  };
}
