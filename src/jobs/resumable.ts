import { checkFunction, checkObject } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import { currentBuild } from "../wasm/load.js";
import type { Outcome, Runner, RunOptions } from "./pool.js";
import type { Task } from "./tasks.js";
import { bundleOf, taskName } from "./wire.js";

/** Results by the names of their tasks: a `Map`, or a file as `hessia tune --resume` keeps it. */
export interface Results {
  /** What came of a task; undefined where that is not known. */
  get(name: string): Outcome | undefined;
  /** Keeps what came of a task. */
  set(name: string, outcome: Outcome): unknown;
}

/**
 * A pool that runs no task twice: it returns known results, and adds new ones to `results`. So an
 * interrupted search resumes, and a search with more trials computes only the new ones.
 *
 * A task's name is a digest of the task, the data and the build of the core. Failures are not kept.
 *
 * @param pool runs the tasks whose results are not known.
 * @param results a `Map`, or anything with `get` and `set`.
 * @param identity a text that results must share besides the build, such as a version. Default:
 * nothing.
 * @returns a pool for `tune` and similar functions. Cost: a digest of the data once, and one for
 * each task.
 * @throws TypeError for an invalid pool or invalid results.
 * @example
 * const results = new Map();
 * const pool = resumable(threads({ workers: 2 }), results);
 */
export function resumable(pool: Runner, results: Results, identity = ""): Runner {
  checkObject("resumable", "pool", pool);
  checkFunction("resumable", "pool.run", pool.run);
  for (const name of ["get", "set"] as const) checkFunction("resumable", `results.${name}`, results?.[name]);
  return {
    async run<T extends Task>(tasks: readonly T[], data: Dataset, { signal, onOutcome }: RunOptions = {}) {
      const { digest } = await bundleOf(data);
      const names = await Promise.all(tasks.map((task) => taskName(task, digest, `${identity} ${currentBuild()}`)));
      const outcomes = names.map((name) => (results.get(name) ?? { status: "open" }) as Outcome<T>);
      outcomes.forEach((outcome, i) => {
        if (outcome.status !== "open") onOutcome?.(outcome, i);
      });
      const open = outcomes.flatMap(({ status }, i) => (status === "open" ? [i] : []));
      if (open.length === 0) return outcomes;
      const found = await pool.run(
        open.map((i) => tasks[i]),
        data,
        {
          signal,
          onOutcome(outcome, k) {
            if (outcome.status === "done") results.set(names[open[k]], outcome);
            onOutcome?.(outcome, open[k]);
          },
        },
      );
      found.forEach((outcome, k) => {
        outcomes[open[k]] = outcome;
      });
      return outcomes;
    },
  };
}
