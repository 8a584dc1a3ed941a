import type { Dataset } from "../network/dataset.js";
import { currentBuild, init } from "../wasm/load.js";
import { type FileReference, type Order, unpacked } from "./lane.js";
import { checkSize } from "./limits.js";
import { failure, type Outcome } from "./pool.js";
import { checkTask, runTask } from "./tasks.js";

/** Reads a file of a folder; only where there are files. */
export type ReadFile = (folder: string | null, reference: FileReference, mostBytes: number) => Promise<Dataset>;

/** The inside of a thread: what it holds, and how it does a task. */
export class Workshop {
  readonly #held = new Map<string, Dataset | Float64Array>();
  readonly #read: ReadFile;

  constructor(read: ReadFile) {
    this.#read = read;
  }

  async do(order: Order): Promise<Outcome> {
    try {
      const { task, gives, drops, build, data, vectors, limits, folder } = order;
      for (const name of drops) this.#held.delete(name);
      for (const [name, given] of gives) this.#held.set(name, "inputs" in given ? unpacked(given) : given);
      checkTask(task);
      if (build !== currentBuild()) await init({ simd: build });
      const rows = typeof data === "string" ? this.#get(data) : await this.#read(folder, data, limits.dataBytes);
      checkSize(task, rows as Dataset, limits);
      const named = new Map(vectors.map((name) => [name, this.#get(name) as Float64Array]));
      return { status: "done", result: await runTask(task, { data: rows as Dataset, vectors: named }) };
    } catch (error) {
      return failure(error);
    }
  }

  #get(name: string): Dataset | Float64Array {
    const found = this.#held.get(name);
    if (!found) throw new Error(`task: a worker was not given "${name.slice(0, 80)}"`);
    return found;
  }
}
