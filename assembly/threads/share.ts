/**
 * Work that several threads share, in the builds with shared memory. One thread, the owner of the
 * memory, cuts work into pieces; whoever is awake claims one after another. A piece computes the
 * same whichever thread does it, so results depend neither on the number of threads nor on timing.
 * The owner waits for pieces, never for threads: it does all of them itself where no thread comes.
 *
 * At the beginning of the heap lies a block: how many pieces are left and how many are finished,
 * each in a cache line of its own, and what the work is. A piece is claimed by counting down; what
 * the work is stays as it was until all pieces are finished, so that it is read after claiming.
 */
import { productScratchBytes } from "../matmul/product";
import { run } from "./pieces";

/** Wakes the other threads. */
@external("threads", "wake")
declare function wake(): void;

/**
 * Called while a thread waits, by the owner when it has seen so many finished pieces: blocks for a
 * moment where that is allowed, and throws where a thread is lost. It is JavaScript's Atomics.wait
 * that blocks: V8's first compiler loses registers over memory.atomic.wait32.
 */
@external("threads", "wait")
declare function wait(finished: i32): void;

const LEFT: usize = 0;
const FINISHED: usize = 64;
const KIND: usize = 128;
const COUNT: usize = 132;
const OPERANDS: usize = 192;
const BLOCK_BYTES: usize = 512;
/** How often the owner looks before it calls `wait`. */
const LOOKS: i32 = 4096;

/** Threads that the owner may count on; 1 in the instances of the others, which never share. */
let threads: i32 = 1;
let sharing: bool = false;

// @ts-ignore: decorator
@inline
function block(): usize {
  return (__heap_base + 63) & ~63;
}

/** Bytes of scratch for products, whole cache lines. */
// @ts-ignore: decorator
@inline
function scratchBytes(): usize {
  return (<usize>productScratchBytes() + 63) & ~63;
}

/** First byte that the block and the scratch of the threads beside the owner leave free. */
export function sharedEnd(): usize {
  return block() + BLOCK_BYTES + <usize>(threads - 1) * scratchBytes();
}

export function sharedBlock(): usize {
  return block();
}

/** Says so to the owner's instance, which keeps it in memory for all. */
export function setThreads(count: i32): void {
  threads = count;
  store<i32>(block() + COUNT, count);
}

/** Whether work may be shared: not within a piece. */
// @ts-ignore: decorator
@inline
export function mayShare(): bool {
  return threads > 1 && !sharing;
}

/** The owner's, as any thread asks. */
// @ts-ignore: decorator
@inline
export function threadCount(): i32 {
  return load<i32>(block() + COUNT);
}

/** Operand i of the work to come, or of the piece at hand. */
// @ts-ignore: decorator
@inline
export function put<V>(i: i32, value: V): void {
  store<V>(block() + OPERANDS + (<usize>i << 3), value);
}

// @ts-ignore: decorator
@inline
export function get<V>(i: i32): V {
  return load<V>(block() + OPERANDS + (<usize>i << 3));
}

/** Blocks a thread beside the owner for a moment. */
export function pause(): void {
  wait(0);
}

/** Where part i of so many begins, in units of `step`; the last one has what is left. */
// @ts-ignore: decorator
@inline
export function startOf(i: i32, parts: i32, length: i32, step: i32): i32 {
  return i == parts ? length : <i32>(<i64>(length / step) * i / parts) * step;
}

/** Numbers in a cache line. */
// @ts-ignore: decorator
@inline
export function lineOf<T>(): i32 {
  return 64 / sizeof<T>();
}

/**
 * Begins work whose operands have been put; the owner then takes pieces one by one, and does other
 * things in between.
 */
export function begin(kind: i32, pieces: i32): void {
  const at = block();
  sharing = true;
  store<i32>(at + KIND, kind);
  atomic.store<i32>(at + FINISHED, 0);
  atomic.store<i32>(at + LEFT, pieces);
  wake();
}

/** A piece for the owner, or −1 when none is left. */
export function take(): i32 {
  const at = block() + LEFT;
  let left = atomic.load<i32>(at);
  while (left > 0) {
    const seen = atomic.cmpxchg<i32>(at, left, left - 1);
    if (seen == left) return left - 1;
    left = seen;
  }
  return -1;
}

/**
 * Whether all `pieces` are finished, of which the owner has done `own`; sets it free again then.
 * Calls `wait` now and then.
 */
export function ended(pieces: i32, own: i32): bool {
  const finished = atomic.load<i32>(block() + FINISHED);
  if (finished + own == pieces) {
    sharing = false;
    return true;
  }
  if (++endedLooks > LOOKS) {
    endedLooks = 0;
    wait(finished);
  }
  return false;
}

let endedLooks: i32 = 0;

/** Address of operand i, for what pieces find out together. */
// @ts-ignore: decorator
@inline
export function resultOf(i: i32): usize {
  return block() + OPERANDS + (<usize>i << 3);
}

/**
 * Shares the work whose operands have been put among the threads, and returns when all of it is
 * done. `scratch`: the owner's.
 */
export function share(kind: i32, pieces: i32, scratch: usize): void {
  const at = block();
  begin(kind, pieces);
  claim(0, scratch);
  let looks = 0;
  for (;;) {
    const finished = atomic.load<i32>(at + FINISHED);
    if (finished == pieces) break;
    if (++looks < LOOKS) continue;
    looks = 0;
    wait(finished);
  }
  sharing = false;
}

/** What a thread beside the owner does when it is woken. `thread`: from 1. */
export function work(thread: i32): void {
  sharing = true;
  claim(thread, block() + BLOCK_BYTES + <usize>(thread - 1) * scratchBytes());
}

function claim(thread: i32, scratch: usize): void {
  const at = block();
  for (;;) {
    const piece = take();
    if (piece < 0) return;
    run(load<i32>(at + KIND), piece, thread, scratch);
    atomic.add<i32>(at + FINISHED, 1);
  }
}
