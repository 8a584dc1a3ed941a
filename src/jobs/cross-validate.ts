import { checkInteger, checkKeys, checkObject } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import type { NetworkSpec } from "../network/spec.js";
import { checkFolds } from "./folds.js";
import { errorOf, type Outcome, type Runner, serial } from "./pool.js";
import { checkSetting, type Setting } from "./setting.js";
import type { FoldResult, FoldTask, Metric, Metrics } from "./task.js";

/** Options of `crossValidate`. */
export interface CrossValidateOptions {
  /**
   * The network; what is left out fits the data: its inputs, outputs and loss. Default: one hidden
   * layer of 32 ReLU.
   */
  spec?: Partial<NetworkSpec>;
  /** How it is trained, and what differs from `spec`. Default: adam for 60 epochs. */
  setting?: Setting;
  /** Parts that the rows are divided into. Default: 5. */
  folds?: number;
  /** Random divisions into folds. Default: 1. */
  repeats?: number;
  /** Of divisions, weights and the order of rows. Default: 0. */
  seed?: number;
  /** The pool that does the fits. Default: this thread. */
  pool?: Runner;
  /** Ends the fits that are under way; the result has the folds done so far. Default: none. */
  signal?: AbortSignal | undefined;
}

/** Scores of networks on rows that they were not trained on. */
export interface CrossValidation {
  /** One entry a fit. */
  readonly folds: readonly FoldResult[];
  /** Means over the folds, of the rows left out. */
  readonly mean: Metrics;
  /**
   * Standard deviations over the folds; the folds share rows, so their scores are not independent.
   */
  readonly deviation: Metrics;
  /** Means over the folds, of the rows trained on. */
  readonly training: Metrics;
  /** Scores of the majority class or the mean on the rows left out. */
  readonly baseline: Metrics;
  /** Fits that failed three times; the means are over the others. */
  readonly failures: readonly Failure[];
}

/** A fit that failed. */
export interface Failure {
  /** Which fold was to be scored, from 0. */
  readonly fold: number;
  /** Which division into folds, from 0. */
  readonly repeat: number;
  /** Why, in words. */
  readonly reason: string;
}

const WHERE = "crossValidate";

/**
 * Scores a kind of network on rows that it was not trained on: the rows are divided into folds, and
 * for each fold a network is trained on the others and scored on it. Class labels are divided class
 * by class (stratified).
 *
 * With `patience` in the setting, early stopping uses rows held out from the training rows, never
 * the fold that is scored.
 *
 * @param data what `dataset` returns.
 * @param options see `CrossValidateOptions`.
 * @returns (resolves to) plain data. Cost: folds · repeats fits.
 * @throws (rejects) TypeError or RangeError for bad options and for more folds than rows; the first
 * fit's error where all failed.
 * @example
 * const data = dataset([[0], [1], [2], [3], [4], [5]], [0, 1, 2, 3, 4, 5].map((x) => [2 * x]));
 * const { mean } = await crossValidate(data, { setting: { hidden: [], optimizer: "newton", epochs: 1 }, folds: 3 });
 * mean.rmse; // 0 but for rounding
 */
export async function crossValidate(data: Dataset, options: CrossValidateOptions = {}): Promise<CrossValidation> {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["spec", "setting", "folds", "repeats", "seed", "pool", "signal"]);
  const { spec = {}, setting = {}, folds = 5, repeats = 1, seed = 0 } = options;
  const { pool = serial, signal } = options as CrossValidateOptions;
  checkObject(WHERE, "spec", spec);
  checkSetting(WHERE, "setting", setting);
  checkInteger(WHERE, "folds", folds, 2);
  checkInteger(WHERE, "repeats", repeats, 1);
  checkInteger(WHERE, "seed", seed, 0);
  checkFolds(WHERE, data, folds);
  const tasks = Array.from({ length: folds * repeats }, (_, i): FoldTask => {
    const [fold, repeat] = [i % folds, Math.floor(i / folds)];
    return { kind: "fold", setting, base: spec, folds, fold, repeat, seed };
  });
  const outcomes = await pool.run(tasks, data, { signal });
  const { results, failures } = sorted(tasks, outcomes);
  return summary(results, failures);
}

/** The results, and what failed; throws where nothing else came of it. */
export function sorted(
  tasks: readonly FoldTask[],
  outcomes: readonly Outcome<FoldTask>[],
): { results: FoldResult[]; failures: Failure[] } {
  const results = outcomes.flatMap((outcome) => (outcome.status === "done" ? [outcome.result] : []));
  const failures = outcomes.flatMap((outcome, i) => {
    const { fold, repeat } = tasks[i];
    return outcome.status === "failed" ? [{ fold, repeat, reason: outcome.reason }] : [];
  });
  const first = outcomes.find(({ status }) => status === "failed");
  if (results.length === 0 && first?.status === "failed") throw errorOf(first);
  return { results, failures };
}

/** Means and deviations over folds. */
export function summary(folds: readonly FoldResult[], failures: readonly Failure[]): CrossValidation {
  return {
    folds,
    failures,
    mean: over(
      folds.map(({ test }) => test),
      mean,
    ),
    deviation: over(
      folds.map(({ test }) => test),
      deviation,
    ),
    training: over(
      folds.map(({ training }) => training),
      mean,
    ),
    baseline: over(
      folds.map(({ baseline }) => baseline),
      mean,
    ),
  };
}

function over(all: readonly Metrics[], reduce: (values: number[]) => number): Metrics {
  const names = Object.keys(all[0] ?? {}) as Metric[];
  return Object.fromEntries(names.map((name) => [name, reduce(all.map((metrics) => metrics[name] as number))]));
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1));
}
