import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkKeys,
  checkNonNegative,
  checkObject,
  checkShare,
  show,
  wrongType,
  wrongValue,
} from "../check.js";
import { checkDataset, countedRows, type Dataset } from "../network/dataset.js";
import { freeCount } from "../network/layout.js";
import type { Network } from "../network/network.js";
import { decidesClasses } from "../network/spec.js";
import { type Clip, checkClip, checkOptimizer, type Optimizer } from "../optimize/optimizer.js";
import type { EpochRecord } from "./checkpoint.js";
import { type Checkpoint, checkCheckpoint } from "./checkpoint.js";
import { checkFingerprint } from "./fingerprint.js";
import type { RunHandle, StepRecord } from "./records.js";
import { checkSchedule, constant, type Schedule } from "./schedule.js";

/**
 * When to stop before the last epoch. A run that ends by itself, early or not, leaves the best
 * parameters in place.
 */
export interface EarlyStopping {
  /** Epochs without improvement before the run stops. */
  patience: number;
  /** Least improvement that counts. Default: 0. */
  minimumImprovement?: number;
  /** The value to watch. Default: "validationLoss" with validation, otherwise "loss". */
  monitor?: "loss" | "validationLoss" | "validationAccuracy";
}

/** What `training` takes beside network and data. */
export interface TrainingOptions {
  /**
   * The method; it serves one run at a time. On another network than before it starts with fresh
   * memory, unless `resume` or the optimizer's `restore` gave it one. On the same network it keeps
   * its memory, and a note says so.
   */
  optimizer: Optimizer;
  /** Epochs in the whole run, those before a resumed checkpoint included. */
  epochs: number;
  /**
   * Samples per step. Default: the optimizer's `defaultBatch`, which is 32, and all samples for
   * second-order methods. A last, smaller batch is a step like the others, with the mean of its
   * own samples. Under batch norm a last batch of one sample joins the batch before.
   */
  batchSize?: number;
  /** Whether each epoch has a new order of the samples. Default: true. */
  shuffle?: boolean;
  /** A dataset, or the share of the data to hold out. Default: none. */
  validation?: Dataset | number;
  /** The learning rate over the run. Default: constant. */
  schedule?: Schedule;
  /** When to stop before the last epoch. Default: never. */
  earlyStopping?: EarlyStopping;
  /** Limits the gradient of each step. Default: no limit. */
  clip?: Clip;
  /** Seed of shuffling and of the validation split. Default: 0. */
  seed?: number;
  /** Ends the run with status "aborted". Default: none. */
  signal?: AbortSignal | undefined;
  /**
   * Resumes from a checkpoint. Data, build and the other options must be those of its run; only
   * `epochs` may be larger. null starts a new run. Default: null.
   */
  resume?: Checkpoint | null;
}

/** What `fit` takes beside network and data. */
export interface FitOptions extends TrainingOptions {
  /**
   * "evidence": l2 (and for mse the noise) is estimated again while it trains, in up to 20 parts,
   * without rows held out; the network has the best one afterwards. For mse the weights of each
   * layer get an l2 of their own, unless the network's penalty is on "all"; else all share one.
   * With `levenbergMarquardt()` and one l2 this is MATLAB's trainbr, except that a penalty is kept
   * only if the evidence is greater with it. Methods of second order end sooner where no better one
   * is found. Default: the network's own penalty.
   */
  penalty?: "evidence";
  /**
   * With `penalty: "evidence"`: the number of further networks to train, from the seeds that
   * follow the network's own. The one with the greatest evidence is kept. Default: 0.
   */
  restarts?: number;
  /** Called, and waited for, after each epoch. Default: none. */
  onEpoch?: (record: EpochRecord, run: RunHandle) => void | Promise<void>;
  /**
   * Called, and waited for, after each step. True, or a promise of it, ends the run with status
   * "aborted". Default: none.
   */
  onStep?: (record: StepRecord) => unknown;
}

export interface ResolvedOptions {
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly validation: Dataset | number | null;
  readonly schedule: Schedule;
  /** Whether the caller gave one. */
  readonly scheduled: boolean;
  readonly earlyStopping: Required<EarlyStopping> | null;
  readonly clip: Clip | null;
  readonly seed: number;
  readonly signal: AbortSignal | null;
  readonly resume: Checkpoint | null;
}

const NAMES = [
  "optimizer",
  "epochs",
  "batchSize",
  "shuffle",
  "validation",
  "schedule",
  "earlyStopping",
  "clip",
  "seed",
  "signal",
  "resume",
];

/** Checks everything that a run is asked for, before anything is changed. */
export function resolveTraining(
  where: string,
  net: Network,
  data: Dataset,
  options: unknown,
  more: readonly string[] = [],
): ResolvedOptions {
  checkDataset(where, data, net);
  checkObject(where, "options", options);
  checkKeys(where, options, [...NAMES, ...more]);
  const { optimizer, epochs, shuffle = true, seed = 0 } = options;
  checkOptimizer(where, optimizer);
  const { batchSize = Number.isFinite(optimizer.defaultBatch) ? optimizer.defaultBatch : data.size } = options;
  checkInteger(where, "epochs", epochs, 1);
  checkInteger(where, "batchSize", batchSize, 1);
  checkBoolean(where, "shuffle", shuffle);
  checkInteger(where, "seed", seed, 0);
  const {
    validation = null,
    schedule = constant(),
    earlyStopping,
    clip = null,
    signal = null,
    resume = null,
  } = options;
  checkSchedule(where, schedule);
  if (clip !== null) checkClip(where, clip);
  if (clip !== null && optimizer.curvature) {
    wrongValue(where, "clip", "nothing beside a second-order optimizer", show(clip));
  }
  if (signal !== null && typeof (signal as AbortSignal)?.aborted !== "boolean") {
    wrongType(where, "signal", "an AbortSignal", signal);
  }
  const samples = checkValidation(where, net, data, validation);
  if (net.layout.batchNorm && batchSize === 1) {
    wrongValue(where, "batchSize", "at least 2, since batch norm needs a variance", "1");
  }
  if (freeCount(net.layout) === 0) wrongValue(where, "net", "a layer that is not frozen", "none");
  optimizer.checkFree(where, freeCount(net.layout));
  if (resume !== null) checkCheckpoint(where, resume, net, optimizer, samples);
  const resolved: ResolvedOptions = {
    optimizer,
    epochs,
    batchSize,
    shuffle,
    seed,
    schedule,
    scheduled: options.schedule !== undefined,
    clip,
    resume,
    validation: validation as ResolvedOptions["validation"],
    earlyStopping:
      earlyStopping === undefined
        ? null
        : resolveEarlyStopping(where, net, earlyStopping, validation !== null && validation !== 0),
    signal: signal as AbortSignal | null,
  };
  if (resume !== null) {
    checkFingerprint(where, "resume.progress.fingerprint", resume.progress.fingerprint, net, data, resolved);
  }
  return resolved;
}

export function checkCallback(where: string, name: string, callback: unknown): void {
  if (callback !== undefined && callback !== null) checkFunction(where, name, callback);
}

/** Refuses what cannot be validation, and gives the number of samples left to train on. */
function checkValidation(where: string, net: Network, data: Dataset, validation: unknown): number {
  const least = net.layout.batchNorm ? 2 : 1;
  let training = countedRows(data).length;
  if (typeof validation === "number") {
    checkShare(where, "validation", validation);
    training -= heldOut(training, validation);
  } else if (validation !== null) checkDataset(`${where}: validation`, validation, net);
  if (training < least) {
    wrongValue(where, "data", `at least ${least} rows to train on`, `${training} of ${data.size}`);
  }
  return training;
}

/** Samples that a validation share holds out: at least one. */
export function heldOut(size: number, share: number): number {
  return share === 0 ? 0 : Math.max(1, Math.round(size * share));
}

function resolveEarlyStopping(
  where: string,
  net: Network,
  given: unknown,
  validated: boolean,
): Required<EarlyStopping> {
  checkObject(where, "earlyStopping", given);
  checkKeys(`${where}: earlyStopping`, given, ["patience", "minimumImprovement", "monitor"]);
  const { patience, minimumImprovement = 0, monitor = validated ? "validationLoss" : "loss" } = given;
  checkInteger(where, "earlyStopping.patience", patience, 1);
  checkNonNegative(where, "earlyStopping.minimumImprovement", minimumImprovement);
  checkChoice(where, "earlyStopping.monitor", monitor, ["loss", "validationLoss", "validationAccuracy"]);
  if (monitor !== "loss" && !validated) {
    wrongValue(
      where,
      "earlyStopping.monitor",
      '"loss" where nothing is held out',
      `"${monitor}"`,
      "give a validation set or share",
    );
  }
  if (monitor === "validationAccuracy" && !decidesClasses(net.spec.loss)) {
    wrongValue(where, "earlyStopping.monitor", "a loss, since this network has no classes", `"${monitor}"`);
  }
  return { patience, minimumImprovement, monitor };
}
