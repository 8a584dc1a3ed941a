import { checkInteger, checkNumber, checkObject, wrongType, wrongValue } from "../check.js";
import type { Network } from "../network/network.js";
import type { Optimizer, OptimizerState } from "../optimize/optimizer.js";
import type { FloatArray } from "../wasm/workspace.js";
import type { EpochRecord } from "./records.js";

/** The best epoch so far, by what early stopping watches. */
export interface Best {
  readonly epoch: number;
  readonly score: number;
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
}

/** How far a run has come. */
export interface Progress {
  /** Steps taken. */
  readonly step: number;
  /** Epochs ended. */
  readonly epoch: number;
  /** Samples of the current epoch that have been used, the sum of their losses and how many were classified correctly. */
  readonly used: number;
  readonly lossSum: number;
  readonly right: number;
  readonly epochs: readonly EpochRecord[];
  readonly best: Best | null;
}

/**
 * A run as plain data (numbers, strings and typed arrays; structured cloning takes it): pass it as `resume` to go on to the same
 * bits that a run without a break would have reached.
 */
export interface Checkpoint {
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
  readonly optimizer: OptimizerState;
  readonly progress: Progress;
}

/** Refuses what does not belong to this network and optimizer. */
export function checkCheckpoint(
  where: string,
  value: unknown,
  net: Network,
  optimizer: Optimizer,
  samples: number,
): asserts value is Checkpoint {
  checkObject(where, "resume", value);
  const { parameters, statistics, optimizer: memory, progress } = value;
  net.checkParameters(where, "resume.parameters", parameters);
  net.checkStatistics(where, "resume.statistics", statistics);
  optimizer.checkState(where, "resume.optimizer", memory, net.parameterCount);
  checkObject(where, "resume.progress", progress);
  for (const name of ["step", "epoch", "used", "right"])
    checkInteger(where, `resume.progress.${name}`, progress[name], 0);
  checkNumber(where, "resume.progress.lossSum", progress.lossSum, "a finite number", Number.isFinite);
  if ((progress.used as number) >= samples) {
    wrongValue(where, "resume.progress.used", `less than the ${samples} samples of an epoch`, String(progress.used));
  }
  if (!Array.isArray(progress.epochs)) wrongType(where, "resume.progress.epochs", "an array", progress.epochs);
  if (progress.best !== null) {
    checkObject(where, "resume.progress.best", progress.best);
    net.checkParameters(where, "resume.progress.best.parameters", progress.best.parameters);
    net.checkStatistics(where, "resume.progress.best.statistics", progress.best.statistics);
    checkNumber(where, "resume.progress.best.score", progress.best.score, "a finite number", Number.isFinite);
    checkInteger(where, "resume.progress.best.epoch", progress.best.epoch, 1);
  }
}
