import type { Batch } from "../network/objective.js";
import { Random } from "../random.js";
import { heldOut } from "./options.js";

/** Streams of one seed that have nothing to do with each other. */
const SPLIT_STREAM = 1;
const SHUFFLE_STREAM = 2;

/** Which samples are trained on and which are held out. */
export function holdOut(size: number, share: number, seed: number): { training: Uint32Array; validation: Uint32Array } {
  const order = identity(size);
  const held = heldOut(size, share);
  if (held === 0) return { training: order, validation: order.subarray(0, 0) };
  new Random(seed, SPLIT_STREAM).shuffle(order);
  const training = order.slice(held).sort();
  return { training, validation: order.slice(0, held).sort() };
}

function identity(size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => i);
}

/**
 * The batches of an epoch, one after another, in one object that is overwritten. An epoch's order
 * depends on the seed and the epoch's number alone, so that a run can be resumed in the middle of
 * one.
 */
export class Batches implements Batch {
  readonly order: Uint32Array;
  from = 0;
  count = 0;

  constructor(
    readonly samples: Uint32Array,
    readonly batchSize: number,
    readonly shuffle: boolean,
    readonly seed: number,
    /** A batch of one cannot stand alone: it joins the one before. */
    readonly joinSingle: boolean,
  ) {
    this.order = samples.slice();
  }

  /** Most samples in a batch. */
  get capacity(): number {
    return Math.min(this.samples.length, this.batchSize + (this.#joins ? 1 : 0));
  }

  get perEpoch(): number {
    return Math.ceil(this.samples.length / this.batchSize) - (this.#joins ? 1 : 0);
  }

  get #joins(): boolean {
    return this.joinSingle && this.samples.length % this.batchSize === 1 && this.samples.length > this.batchSize;
  }

  /** Goes to a place in an epoch (counted from 0), after `used` of its samples. */
  seek(epoch: number, used: number): void {
    if (this.shuffle) {
      this.order.set(this.samples);
      new Random(this.seed, SHUFFLE_STREAM, epoch).shuffle(this.order);
    }
    this.from = used;
    this.count = 0;
  }

  /** Moves to the next batch of the epoch; false after the last. */
  advance(): boolean {
    this.from += this.count;
    const left = this.samples.length - this.from;
    this.count = Math.min(this.batchSize, left);
    if (this.joinSingle && left - this.count === 1) this.count = left;
    return left > 0;
  }

  /** Whether the batch at hand is the epoch's last. */
  get last(): boolean {
    return this.from + this.count >= this.samples.length;
  }
}
