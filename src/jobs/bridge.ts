import type { NetworkSpec } from "../network/spec.js";
import type { Build } from "../wasm/load.js";
import type { ClusterOptions } from "./cluster.js";
import { Crew, type Job, type Source } from "./crew.js";
import { besides, type FileReference, importHere, type PackedDataset, unpacked } from "./lane.js";
import { makeLane } from "./lanes.js";
import { errorOf, type Outcome } from "./pool.js";
import type { ProductResult, Quantity } from "./product-task.js";

/** How a pool is made in another thread. */
export type PoolDescription =
  | {
      readonly kind: "threads";
      readonly options: { readonly workers: number; readonly folder: string | null; readonly worker: string | null };
    }
  | { readonly kind: "cluster"; readonly options: ClusterOptions };

/** What an operator's thread begins with. */
export interface BridgeStart {
  readonly pool: PoolDescription;
  readonly spec: NetworkSpec;
  readonly shards: readonly (FileReference | { readonly name: string; readonly data: PackedDataset })[];
  readonly build: Build;
}

/** A question to an operator's thread. */
export interface Question {
  readonly id: number;
  readonly quantity: Quantity;
  readonly at: Float64Array;
  readonly vector: Float64Array | null;
  /** Where the answer goes too, for a thread that waits. */
  readonly shared: SharedArrayBuffer | null;
}

export interface Answer {
  readonly id: number;
  readonly loss: number;
  readonly sum: Float64Array;
  /** Where it could not be answered. */
  readonly error: { readonly reason: string; readonly kind: string } | null;
}

/** What does an operator's tasks. */
interface Asker {
  do(job: Job): Promise<Outcome>;
}

/**
 * Inside of an operator's thread: asks for the shards' parts, and adds them up in the shards'
 * order.
 */
export class Bridge {
  readonly #asker: Asker;
  readonly #spec: NetworkSpec;
  readonly #sources: readonly Source[];
  #points = 0;
  #at: { readonly name: string; readonly values: Float64Array } | null = null;

  private constructor(asker: Asker, { spec, shards }: BridgeStart) {
    this.#asker = asker;
    this.#spec = spec;
    this.#sources = shards.map((shard) => ("file" in shard ? shard : { name: shard.name, data: unpacked(shard.data) }));
  }

  static async open(start: BridgeStart): Promise<Bridge> {
    return new Bridge(await askerOf(start), start);
  }

  async answer({ id, quantity, at, vector }: Question): Promise<Answer> {
    const vectors = new Map([[this.#nameOf(at), at]]);
    const [place] = vectors.keys();
    if (vector) vectors.set(`vector ${id}`, vector);
    const task = { kind: "product", quantity, spec: this.#spec, at: place, vector: vector && `vector ${id}` } as const;
    const outcomes = await Promise.all(
      this.#sources.map((source, lane) => this.#asker.do({ task, source, vectors, lane })),
    );
    return { id, ...added(outcomes) };
  }

  /** Workers keep what they were given at this point. */
  #nameOf(values: Float64Array): string {
    const last = this.#at;
    if (last?.values.length === values.length && values.every((value, i) => Object.is(value, last.values[i]))) {
      return last.name;
    }
    this.#points += 1;
    this.#at = { name: `point ${this.#points}`, values };
    return this.#at.name;
  }
}

/**
 * Means over all rows, of sums over shards added in the shards' order: whoever was first does not
 * change the bits.
 */
function added(outcomes: readonly Outcome[]): Omit<Answer, "id"> {
  const failed = outcomes.findIndex(({ status }) => status !== "done");
  if (failed >= 0) {
    const outcome = outcomes[failed];
    const { reason, kind } = outcome.status === "failed" ? outcome : { reason: "aborted", kind: "Error" };
    return { loss: 0, sum: new Float64Array(), error: { reason: `${reason} (shard ${failed})`, kind } };
  }
  const parts = outcomes.map((outcome) => (outcome as { result: ProductResult }).result);
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const sum = new Float64Array(parts[0].sum.length);
  let loss = 0;
  for (const part of parts) {
    loss += part.loss;
    for (let i = 0; i < sum.length; ++i) sum[i] += part.sum[i];
  }
  for (let i = 0; i < sum.length; ++i) sum[i] /= total;
  return { loss: loss / total, sum, error: null };
}

async function askerOf({ pool: { kind, options }, build }: BridgeStart): Promise<Asker> {
  if (kind === "threads") {
    const { workers, folder, worker } = options;
    return new Crew(() => makeLane(worker), workers, { build: () => build, folder, kept: Infinity });
  }
  const { connect } = await importHere<{ connect: (options: ClusterOptions, build: Build) => Promise<Asker> }>(
    besides("cluster/client.js"),
  );
  return connect(options, build);
}

/** Places in shared memory, of 32 bits each. */
export const STATE = 0;
export const BEAT = 1;
const KIND = 2;
const LENGTH = 3;
/** Bytes before the numbers, and of the text of an error. */
const HEADER = 64;
const TEXT = 4096;
export const OPEN = 0;
const DONE = 1;
const KINDS = ["Error", "TypeError", "RangeError"];

/** Room for the answers about a network. */
export function sharedFor(size: number): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER + 8 * (1 + size) + TEXT);
}

/** Writes an answer where a waiting thread finds it. */
export function writeAnswer(shared: SharedArrayBuffer, { loss, sum, error }: Omit<Answer, "id">): void {
  const state = new Int32Array(shared, 0, HEADER / 4);
  const numbers = new Float64Array(shared, HEADER, (shared.byteLength - HEADER - TEXT) / 8);
  numbers[0] = loss;
  numbers.set(sum, 1);
  const text = new TextEncoder().encode(error?.reason ?? "").subarray(0, TEXT);
  new Uint8Array(shared, shared.byteLength - TEXT, text.length).set(text);
  state[KIND] = error ? Math.max(0, KINDS.indexOf(error.kind)) : -1;
  state[LENGTH] = text.length;
  Atomics.store(state, STATE, DONE);
  Atomics.notify(state, STATE);
}

/** Reads it; throws the error where it is one. */
export function readAnswer(shared: SharedArrayBuffer, size: number): { loss: number; sum: Float64Array } {
  const state = new Int32Array(shared, 0, HEADER / 4);
  if (state[KIND] >= 0) {
    const text = new Uint8Array(shared, shared.byteLength - TEXT, state[LENGTH]).slice();
    throw errorOf({ reason: new TextDecoder().decode(text), kind: KINDS[state[KIND]] });
  }
  const numbers = new Float64Array(shared, HEADER, 1 + size);
  return { loss: numbers[0], sum: numbers.slice(1) };
}
