import { finish } from "../parts.js";

/** Thrown by a step that is to wait until the event loop has had its turn. */
export const WAITS = new Error("a step waits for its turn");

/**
 * What a step has computed so far. A step that waits is left by throwing `WAITS`, and later taken
 * up by running it again: each piece of work that was done before gives its result at once. A step
 * must therefore ask for the same pieces in the same order each time, and change nothing in between
 * that the next run of it would miss.
 */
export class Replay {
  readonly #results: unknown[] = [];
  /** Of the piece that is asked for next. */
  #at = 0;
  /** The piece of work that was left half-way. */
  #open: Generator<void, unknown> | null = null;
  #working = false;
  #began = performance.now();
  /** When this run of the step came to its first new piece. */
  #new = Number.NaN;

  /** `due`: whether the event loop is to have its turn. */
  constructor(readonly due: () => boolean) {}

  /** Begins to run the step again. */
  again(): void {
    this.#at = 0;
    this.#began = performance.now();
    this.#new = Number.NaN;
  }

  /** The result of a piece of work, which is done once. @throws WAITS instead of doing it. */
  once<T>(work: () => T): T {
    return this.inParts(() => single(work));
  }

  /** The same for work that may be left wherever it yields. */
  inParts<T>(work: () => Generator<void, T>): T {
    // Part of another piece.
    if (this.#working) return finish(work());
    if (this.#at < this.#results.length) return this.#results[this.#at++] as T;
    const parts = (this.#open as Generator<void, T> | null) ?? work();
    this.#open = parts;
    const value = this.#run(parts);
    this.#open = null;
    this.#results.push(value);
    ++this.#at;
    return value;
  }

  #run<T>(parts: Generator<void, T>): T {
    for (;;) {
      this.#pause();
      this.#working = true;
      try {
        const { done, value } = parts.next();
        if (done) return value;
      } finally {
        this.#working = false;
      }
    }
  }

  /**
   * Waits if it is time and this run has done something new, for at least as long as it took to
   * come here.
   */
  #pause(): void {
    if (Number.isNaN(this.#new)) {
      this.#new = performance.now();
      return;
    }
    if (this.due() && performance.now() - this.#new >= this.#new - this.#began) throw WAITS;
  }

  /** Ends work that was left half-way, for good. */
  abandon(): void {
    this.#open?.return(undefined);
    this.#open = null;
  }
}

// biome-ignore lint/correctness/useYield: work of one part
function* single<T>(work: () => T): Generator<void, T> {
  return work();
}
