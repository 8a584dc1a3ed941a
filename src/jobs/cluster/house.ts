import type { Redis } from "ioredis";
import { describeIdentity, type Identity } from "./identity.js";

/** A worker as it describes itself. */
export interface WorkerRecord extends Identity {
  readonly id: string;
  readonly host: string;
  readonly process: number;
  readonly threads: number;
  /** When it joined, in milliseconds since 1970. */
  readonly since: number;
  /** Tasks done since then. */
  readonly done: number;
}

/**
 * Seconds after which a worker that is not heard of has gone, and those between two signs of life.
 */
export const GONE = 15;
export const SIGN = 5;
/** Seconds after which a queue that nobody uses may be taken by another version. */
const UNUSED = 60;

/**
 * What a queue's Redis keeps beside the queue: who works, for which version, and bytes by their
 * digest.
 */
export class House {
  constructor(
    readonly redis: Redis,
    readonly queue: string,
  ) {}

  #key(kind: string, name: string): string {
    return `hessia:${this.queue}:${kind}:${name}`;
  }

  /** The channel for messages to abort tasks. */
  get cancelChannel(): string {
    return this.#key("channel", "cancel");
  }

  /** Refuses another version than that of those who use the queue. */
  async enter(where: string, mine: Identity): Promise<void> {
    const key = this.#key("identity", "current");
    const own = JSON.stringify(mine);
    const set = await this.redis.set(key, own, "EX", UNUSED, "NX");
    if (set === "OK") return;
    const found = await this.redis.get(key);
    if (found !== null && found !== own) {
      const theirs = JSON.parse(found) as Identity;
      throw new Error(
        `${where}: the queue "${this.queue}" is used by ${describeIdentity(theirs)}, and this is ${describeIdentity(mine)}; ` +
          "results would differ, so install the same version, or choose another queue",
      );
    }
    await this.stay(mine);
  }

  /** Says that the queue is in use. */
  async stay(mine: Identity): Promise<void> {
    await this.redis.set(this.#key("identity", "current"), JSON.stringify(mine), "EX", UNUSED);
  }

  async sign(record: WorkerRecord): Promise<void> {
    await this.redis.set(this.#key("worker", record.id), JSON.stringify(record), "EX", GONE);
  }

  async leave(id: string): Promise<void> {
    await this.redis.del(this.#key("worker", id));
  }

  async workers(): Promise<WorkerRecord[]> {
    const keys: string[] = [];
    let cursor = "0";
    do {
      const [next, found] = await this.redis.scan(cursor, "MATCH", this.#key("worker", "*"), "COUNT", 1000);
      keys.push(...found);
      cursor = next;
    } while (cursor !== "0");
    if (keys.length === 0) return [];
    const texts = await this.redis.mget(...keys.sort());
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as WorkerRecord]));
  }

  /** Keeps bytes, unless they are there. */
  async keep(digest: string, bytes: Uint8Array | string, seconds: number): Promise<void> {
    const key = this.#key("bytes", digest);
    if ((await this.redis.expire(key, seconds)) === 1) return;
    const value = typeof bytes === "string" ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    await this.redis.set(key, value, "EX", seconds);
  }

  /**
   * Bytes by their digest; null where they are not there. Refuses larger ones before they are read.
   */
  async bytes(digest: string, most: number): Promise<Buffer | null> {
    const key = this.#key("bytes", digest);
    const size = await this.redis.strlen(key);
    if (size > most) throw new RangeError(`task: "data" expected at most ${most} bytes, got ${size}`);
    return size === 0 ? null : this.redis.getBuffer(key);
  }

  async drop(digest: string): Promise<void> {
    await this.redis.del(this.#key("bytes", digest));
  }
}
