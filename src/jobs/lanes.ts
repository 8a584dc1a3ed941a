import type { Dataset } from "../network/dataset.js";
import { besides, importHere, type Lane } from "./lane.js";
import { webLane } from "./web-lane.js";

const names = new WeakMap<Dataset, string>();
let named = 0;

/** A name of its own for each data set of this process. */
export function nameOf(data: Dataset): string {
  let name = names.get(data);
  if (!name) {
    named += 1;
    name = `data ${named}`;
    names.set(data, name);
  }
  return name;
}

/** Threads that the machine has room for. */
export function cores(): number {
  return Math.max(1, globalThis.navigator?.hardwareConcurrency ?? nodeCores() ?? 1);
}

/** Node 20 has no navigator. */
function nodeCores(): number | undefined {
  const { getBuiltinModule } = (globalThis.process ?? {}) as {
    getBuiltinModule?: (name: string) => { availableParallelism(): number };
  };
  return getBuiltinModule?.("node:os").availableParallelism();
}

/** A thread of this runtime's. */
export async function makeLane(worker: string | null): Promise<Lane> {
  if (isNode()) {
    const { nodeLane } = await importHere<{ nodeLane: () => Promise<Lane> }>(besides("node/lane.js"));
    return nodeLane();
  }
  return webLane(() =>
    worker === null
      ? new Worker(new URL("./worker.js", import.meta.url), { type: "module" })
      : new Worker(worker, { type: "module" }),
  );
}

/** Deno and Bun say that they are Node too, but have web workers. */
export function isNode(): boolean {
  return globalThis.process?.versions?.node !== undefined && !("Deno" in globalThis) && !("Bun" in globalThis);
}
