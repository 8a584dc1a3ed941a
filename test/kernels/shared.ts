/**
 * The builds with shared memory, in one thread: when the owner of a memory wakes the others, a
 * second instance over the same memory does all pieces at once, or none. So a test knows who does
 * what, without timing.
 */
import { readFileSync } from "node:fs";
import type { CoreExports } from "../../src/wasm/kernels.js";
import type { Build } from "./harness.js";

interface Shared extends CoreExports {
  setThreads(count: number): void;
  work(thread: number): void;
}

/** The owner's exports, and how many times it has shared work. */
export interface Owner {
  readonly core: CoreExports;
  readonly shared: () => number;
}

/**
 * `helped`: whether a helper does the pieces, as each of the other threads in turn; the owner does
 * otherwise.
 */
export function openShared(build: Build, threads: number, helped: boolean, pages = 400): Owner {
  const module = new WebAssembly.Module(readFileSync(new URL(`../../build/${build}-threads.wasm`, import.meta.url)));
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const open = (wake: () => void): Shared => {
    const wait = (): never => {
      throw new Error("the owner waits for a piece that nobody does");
    };
    return new WebAssembly.Instance(module, { env: { memory }, threads: { wake, wait } }).exports as unknown as Shared;
  };
  let shared = 0;
  const helper = open(() => {
    throw new Error("a piece shares its work");
  });
  const core = open(() => {
    ++shared;
    if (helped) helper.work(1 + (shared % (threads - 1)));
  });
  core.setThreads(threads);
  return { core, shared: () => shared };
}
