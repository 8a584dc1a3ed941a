import type { Dataset } from "../network/dataset.js";
import { type FoldResult, type FoldTask, runFold } from "./task.js";

/** What does tasks: this thread, other threads, or other machines. The order of the results is that of the tasks. */
export interface Pool {
  /** Does the tasks; the results are in the order of the tasks. */
  run(tasks: readonly FoldTask[], data: Dataset, signal?: AbortSignal): Promise<FoldResult[]>;
}

/** One task after another in this thread; the page has its turn meanwhile, as in `fit`. */
export const serial: Pool = {
  async run(tasks, data, signal) {
    const results: FoldResult[] = [];
    for (const task of tasks) {
      const result = await runFold(task, data, signal);
      // What was broken off is no result.
      if (signal?.aborted) break;
      results.push(result);
    }
    return results;
  },
};
