import type { Lane, Order } from "./lane.js";
import type { Outcome } from "./pool.js";

/** The messages between a web worker and its page. */
export interface FromPage {
  readonly id: number;
  readonly order: Order;
}
export interface FromThread {
  readonly id: number;
  readonly outcome: Outcome;
}

/**
 * Milliseconds after which a thread that idles ends, so that it does not keep a process running.
 */
const IDLE = 2000;

/** A web worker, also of Deno's and Bun's. */
export function webLane(make: () => Worker): Lane {
  let worker: Worker | null = null;
  let id = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    worker?.terminate();
    worker = null;
  };
  return {
    get alive() {
      return worker !== null;
    },
    run(order, signal) {
      clearTimeout(timer);
      worker ??= make();
      return new Promise<Outcome>((resolve, reject) => {
        const current = worker as Worker;
        id += 1;
        const done = (): void => {
          signal.removeEventListener("abort", abort);
          current.onmessage = null;
          current.onerror = null;
        };
        const die = (reason: string): void => {
          done();
          end();
          reject(new Error(reason));
        };
        const abort = (): void => die("task: aborted");
        signal.addEventListener("abort", abort);
        current.onerror = (event) =>
          die(`task: the worker has ended: ${event.message || "its code could not be loaded"}`);
        current.onmessage = ({ data }: MessageEvent<FromThread>) => {
          if (data.id !== id) return;
          done();
          timer = setTimeout(end, IDLE);
          resolve(data.outcome);
        };
        current.postMessage({ id, order } satisfies FromPage);
      });
    },
    async close() {
      clearTimeout(timer);
      end();
    },
  };
}
