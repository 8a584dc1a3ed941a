/**
 * How long training may keep the thread, all runs together, before it lets the page or the server
 * have its turn.
 */
const SLICE_MILLISECONDS = 12;
/**
 * Runs that are open at once; the others start as these end. Each has an instance of the core of
 * its own.
 */
const MOST_OPEN = 32;

/** When the event loop last had its turn, as far as this module knows. */
let given = Number.NEGATIVE_INFINITY;
/** Runs that wait for their turn, and runs that have not begun. */
let waiting: (() => void)[] = [];
const starting: (() => void)[] = [];
let begun = 0;
let open = 0;
let pumping = false;

/**
 * Whether the event loop should have its turn before training continues, whichever run has used
 * the time.
 */
export function isTurnDue(): boolean {
  return performance.now() - given > SLICE_MILLISECONDS;
}

/** Waits until the event loop has had its turn and the runs before this one have had theirs. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    start();
  });
}

/**
 * Waits for a seat among the open runs; at once, where one is free and no turn is due. Give it back
 * with `leave`.
 */
export async function enter(): Promise<void> {
  if (open < MOST_OPEN && begun === starting.length && !isTurnDue()) {
    ++open;
    return;
  }
  await new Promise<void>((resolve) => {
    starting.push(resolve);
    start();
  });
}

/** Gives a seat back. */
export function leave(): void {
  --open;
  if (begun < starting.length) start();
}

/**
 * A run that waits for its caller keeps no other from starting: the caller may be waiting for that
 * other one.
 */
export async function aside<T>(work: PromiseLike<T>): Promise<T> {
  leave();
  try {
    return await work;
  } finally {
    ++open;
  }
}

function start(): void {
  if (pumping) return;
  pumping = true;
  void pump();
}

/**
 * Wakes the runs one by one, each for what is left of the slice. One loop for all: a loop a run
 * would give each a slice of its own.
 */
async function pump(): Promise<void> {
  for (;;) {
    const round = waiting;
    waiting = [];
    while (open < MOST_OPEN && begun < starting.length) {
      ++open;
      round.push(starting[begun++]);
    }
    if (begun === starting.length) begun = starting.length = 0;
    if (round.length === 0) break;
    for (const wake of round) {
      if (isTurnDue()) {
        await breathe();
        given = performance.now();
      }
      wake();
      // The run continues in the microtask before this one's.
      await null;
    }
  }
  pumping = false;
}

/** Waits for a macrotask, so that events are handled and the page is drawn. */
function breathe(): Promise<void> {
  const { scheduler, setImmediate: immediate } = globalThis as {
    scheduler?: { yield?: () => Promise<void> };
    setImmediate?: (callback: () => void) => void;
  };
  if (scheduler?.yield) return scheduler.yield();
  return new Promise((resolve) => {
    if (immediate) immediate(resolve);
    else viaMessage(resolve);
  });
}

/** Browsers delay repeated timers by four milliseconds, but not messages. */
function viaMessage(callback: () => void): void {
  if (typeof MessageChannel !== "function") {
    setTimeout(callback, 0);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(null);
}
