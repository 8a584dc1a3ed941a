import type { Checkpoint, RunHandle } from "../../index.js";
import type { Outcome, Run } from "../training/train.js";
import { saveModel } from "./file.js";
import { recordOf } from "./record.js";

/** Saves a run's model from time to time, and when the run has ended. */
export interface Saver {
  epoch(handle: RunHandle): Promise<void>;
  end(outcome: Outcome): Promise<void>;
}

/** Between two saves: what a loss of power costs at most. */
const EVERY_MILLISECONDS = 10_000;

export function saverOf(path: string | undefined, run: Run): Saver {
  if (path === undefined) return { async epoch() {}, async end() {} };
  const { net } = run;
  let last = performance.now();
  return {
    async epoch(handle) {
      if (performance.now() - last < EVERY_MILLISECONDS) return;
      await saveModel(path, net, withoutTimes(handle.checkpoint()), recordOf(run, null));
      last = performance.now();
    },
    end: (outcome) => saveModel(path, net, withoutTimes(outcome.history.checkpoint), recordOf(run, outcome)),
  };
}

/** The same run gives the same file: how long its epochs took does not go into it. */
function withoutTimes(checkpoint: Checkpoint): Checkpoint {
  const { progress } = checkpoint;
  return {
    ...checkpoint,
    progress: { ...progress, epochs: progress.epochs.map((record) => ({ ...record, seconds: 0 })) },
  };
}
