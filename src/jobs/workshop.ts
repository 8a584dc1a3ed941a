import type { Dataset } from "../network/dataset.js";
import { currentBuild, init } from "../wasm/load.js";
import { type FileReference, type Order, unpacked } from "./lane.js";
import { checkSize } from "./limits.js";
import { failure, type Outcome } from "./pool.js";
import type { Blocks } from "./product-task.js";
import { checkTask, runTask } from "./tasks.js";

/** A file of a folder, whose rows are read as they are needed. */
export interface OpenFile extends Blocks {
  close(): Promise<void>;
}

/** Opens a file of a folder; only where there are files. */
export type OpenFolder = (folder: string | null, reference: FileReference) => Promise<OpenFile>;

/** The inside of a thread: what it holds, and how it does a task. */
export class Workshop {
  readonly #held = new Map<string, Dataset | Float64Array>();
  readonly #open: OpenFolder;

  constructor(open: OpenFolder) {
    this.#open = open;
  }

  async do(order: Order): Promise<Outcome> {
    try {
      const { task, gives, drops, build, data, vectors, limits, folder } = order;
      for (const name of drops) this.#held.delete(name);
      for (const [name, given] of gives) this.#held.set(name, "inputs" in given ? unpacked(given) : given);
      checkTask(task);
      if (build !== currentBuild()) await init({ simd: build });
      const named = new Map(vectors.map((name) => [name, this.#get(name) as Float64Array]));
      if (typeof data === "string") {
        const rows = this.#get(data) as Dataset;
        checkSize(task, rows, limits);
        return { status: "done", result: await runTask(task, { data: rows, vectors: named }) };
      }
      checkSize(task, null, limits);
      const file = await this.#open(folder, data);
      try {
        return { status: "done", result: await runTask(task, { data: file, vectors: named }) };
      } finally {
        await file.close();
      }
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
