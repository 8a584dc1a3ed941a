import type { Queue, QueueEvents, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { importHere } from "../lane.js";

/** The packages that a cluster stands on. */
export interface Packages {
  readonly bullmq: {
    readonly Queue: typeof Queue;
    readonly QueueEvents: typeof QueueEvents;
    readonly Worker: typeof Worker;
    readonly WaitingError: new () => Error;
    readonly DelayedError: new () => Error;
    readonly UnrecoverableError: new (message: string) => Error;
  };
  readonly ioredis: { readonly Redis: typeof Redis };
}

/** Milliseconds that a first connection may take. */
const PATIENCE = 10_000;
/** Milliseconds between attempts to connect again, at most; there is no last one. */
const LONGEST_PAUSE = 2000;

/** The packages, or a sentence on how to get them. */
export async function packagesFor(where: string): Promise<Packages> {
  try {
    const [bullmq, ioredis] = await Promise.all([
      importHere<Packages["bullmq"]>("bullmq"),
      importHere<Packages["ioredis"]>("ioredis"),
    ]);
    return { bullmq, ioredis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(
      `${where}: the packages bullmq and ioredis are not installed; \`npm install bullmq ioredis\` adds them`,
    );
  }
}

/** Connections to one Redis, which come back whenever it does. */
export class Connections {
  readonly #Redis: typeof Redis;
  readonly #url: string;
  readonly #open: Redis[] = [];

  private constructor(RedisClass: typeof Redis, url: string) {
    this.#Redis = RedisClass;
    this.#url = url;
  }

  /** Refuses a Redis that is not there, or lets nobody in. */
  static async open(where: string, { ioredis }: Packages, url: string): Promise<Connections> {
    const first = new ioredis.Redis(url, {
      ...{ lazyConnect: true, retryStrategy: () => null, connectTimeout: PATIENCE, maxRetriesPerRequest: 0 },
      disconnectTimeout: 100,
    });
    let heard: Error | null = null;
    first.on("error", (error) => {
      heard = error;
    });
    try {
      await first.connect();
      await first.ping();
    } catch (error) {
      const reason = String((heard ?? (error as Error)).message || (heard ?? (error as { code?: string })).code);
      throw new Error(`${where}: no Redis to work with at ${placeOf(url)}: ${reason}`);
    } finally {
      first.disconnect();
    }
    return new Connections(ioredis.Redis, url);
  }

  /** One more; closed with the others. */
  make(): Redis {
    const redis = new this.#Redis(this.#url, {
      maxRetriesPerRequest: null,
      keepAlive: 5000,
      disconnectTimeout: 100,
      retryStrategy: (times) => Math.min(100 * times, LONGEST_PAUSE),
    });
    // The connection comes back; whoever waits for an answer keeps waiting.
    redis.on("error", () => {});
    this.#open.push(redis);
    return redis;
  }

  close(): void {
    for (const redis of this.#open.splice(0)) redis.disconnect();
  }
}

/** An address without name and password. */
export function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}
