import { checkInteger, checkNumber, checkObject, isObject, wrongType, wrongValue } from "../check.js";
import { freeCount } from "../network/layout.js";
import type { Network } from "../network/network.js";
import { checkParameters, checkStatistics } from "../network/parameters.js";
import type { Optimizer, OptimizerState } from "../optimize/optimizer.js";
import type { FloatArray } from "../wasm/workspace.js";

/** One epoch of training. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /**
   * Mean over the epoch's samples of their batch's objective, penalty included, each before its
   * step.
   */
  readonly loss: number;
  /** The penalty's part in `loss`; left out where it is 0. */
  readonly penalty?: number;
  /** Loss of the held-out data after the epoch, without penalty, under running statistics. */
  readonly validationLoss?: number;
  /** Share of the epoch's samples classified correctly, each before its step. */
  readonly accuracy?: number;
  /** Share of the held-out data classified correctly after the epoch. */
  readonly validationAccuracy?: number;
  /** Learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** Wall-clock time of the epoch, validation included. */
  readonly seconds: number;
}

/** The best epoch so far, by what early stopping watches. */
export interface Best {
  /** From 1. */
  readonly epoch: number;
  /** What early stopping watches; less is better. */
  readonly score: number;
  /** As they were then. */
  readonly parameters: FloatArray;
  /** Batch norm's running statistics then. */
  readonly statistics: FloatArray;
}

/** The point of a run with the least objective, where the run has left it for worse. */
export interface Seen {
  /** The step that started there, from 1. */
  readonly step: number;
  /** What the method minimises. */
  readonly objective: number;
  /** As they were before that step. */
  readonly parameters: FloatArray;
  /** Batch norm's running statistics after it. */
  readonly statistics: FloatArray;
}

/** How far a run has come. */
export interface Progress {
  /** Steps taken. */
  readonly step: number;
  /** Epochs ended. */
  readonly epoch: number;
  /** Samples of the current epoch that have been used. */
  readonly used: number;
  /** The sum of their losses. */
  readonly lossSum: number;
  /** The penalty's part in that sum; left out where it is 0. */
  readonly penaltySum?: number;
  /** How many of them were classified correctly. */
  readonly right: number;
  /** Records of the epochs ended. */
  readonly epochs: readonly EpochRecord[];
  /** What early stopping would go back to, or null. */
  readonly best: Best | null;
  /**
   * What a second-order method on all of the data would go back to, where it is at a worse point.
   */
  readonly seen?: Seen;
  /** Marks of the run's data, options and build: `resume` refuses a run with other ones. */
  readonly fingerprint?: Readonly<Record<string, string | number | boolean | null>>;
}

/**
 * A run as plain data: numbers, strings and typed arrays. Structured cloning copies it, and
 * `hessia/formats` writes it to files. Pass it as `resume` to continue; the results are identical,
 * bit for bit, to those of a run without a break.
 */
export interface Checkpoint {
  /** Of the network. */
  readonly parameters: FloatArray;
  /** Batch norm's running statistics. */
  readonly statistics: FloatArray;
  /** What the optimizer remembers. */
  readonly optimizer: OptimizerState;
  /** How far the run has come. */
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
  checkPoint(where, "resume", parameters, statistics, net);
  checkMemory(where, memory, net, optimizer);
  checkProgress(where, "resume.progress", progress, net);
  if (progress.used >= samples) {
    wrongValue(where, "resume.progress.used", `less than the ${samples} samples of an epoch`, String(progress.used));
  }
}

/** Refuses progress that no run of this network can have made, whatever its data. */
export function checkProgress(
  where: string,
  name: string,
  progress: unknown,
  net: Network,
): asserts progress is Progress {
  checkObject(where, name, progress);
  for (const key of ["step", "epoch", "used", "right"]) checkInteger(where, `${name}.${key}`, progress[key], 0);
  checkNumber(where, `${name}.lossSum`, progress.lossSum, "a finite number", Number.isFinite);
  checkNumber(where, `${name}.penaltySum`, progress.penaltySum ?? 0, "a finite number", Number.isFinite);
  checkEpochs(where, `${name}.epochs`, progress.epochs);
  const { best, seen, fingerprint } = progress;
  if (fingerprint !== undefined) checkObject(where, `${name}.fingerprint`, fingerprint);
  if (seen !== undefined) {
    checkObject(where, `${name}.seen`, seen);
    checkPoint(where, `${name}.seen`, seen.parameters, seen.statistics, net);
    checkNumber(where, `${name}.seen.objective`, seen.objective, "a finite number", Number.isFinite);
    checkInteger(where, `${name}.seen.step`, seen.step, 1);
  }
  if (best === null) return;
  checkObject(where, `${name}.best`, best);
  checkPoint(where, `${name}.best`, best.parameters, best.statistics, net);
  checkNumber(where, `${name}.best.score`, best.score, "a finite number", Number.isFinite);
  checkInteger(where, `${name}.best.epoch`, best.epoch, 1);
}

/** Refuses parameters and running statistics of another network. */
export function checkPoint(where: string, name: string, parameters: unknown, statistics: unknown, net: Network): void {
  refusePlain(where, `${name}.parameters`, "an array of numbers", parameters);
  checkParameters(where, `${name}.parameters`, parameters, net);
  refusePlain(where, `${name}.statistics`, "an array of numbers", statistics);
  checkStatistics(where, `${name}.statistics`, statistics, net);
}

/**
 * Infinity is allowed: in single precision it is what the mean of large squares comes to, and a
 * step survives it.
 */
function checkMemory(where: string, memory: unknown, net: Network, optimizer: Optimizer): void {
  const name = "resume.optimizer";
  if (isObject(memory) && isObject(memory.vectors)) {
    for (const [key, vector] of Object.entries(memory.vectors)) {
      refusePlain(where, `${name}.vectors.${key}`, "a Float64Array or Float32Array", vector);
    }
  }
  optimizer.checkState(where, name, memory, freeCount(net.layout));
  for (const [key, vector] of Object.entries(memory.vectors)) {
    const at = vector.findIndex(Number.isNaN);
    if (at >= 0) wrongValue(where, `${name}.vectors.${key}`, "numbers other than NaN", `NaN at index ${at}`);
  }
}

/** The sum of finite losses may be beyond the range of doubles. */
function checkEpochs(where: string, name: string, epochs: unknown): asserts epochs is EpochRecord[] {
  if (!Array.isArray(epochs)) wrongType(where, name, "an array", epochs);
  for (let i = 0; i < epochs.length; ++i) {
    const record: unknown = epochs[i];
    checkObject(where, `${name}[${i}]`, record);
    checkInteger(where, `${name}[${i}].epoch`, record.epoch, 1);
    checkNumber(where, `${name}[${i}].loss`, record.loss, "a number other than NaN", (x) => !Number.isNaN(x));
  }
}

/** JSON makes a plain object of a typed array. */
function refusePlain(where: string, name: string, expected: string, value: unknown): void {
  if (isObject(value)) {
    wrongType(where, name, expected, value, "use structuredClone or v8.serialize, JSON has no typed arrays");
  }
}
