import { type Dataset, dataset, samplesOf } from "../network/dataset.js";
import { type Network, network } from "../network/network.js";
import { labelsOf, type Scores, scores, scoreValues } from "../network/scores.js";
import type { NetworkSpec } from "../network/spec.js";
import { fit } from "../train/fit.js";
import type { FitOptions } from "../train/options.js";
import type { History } from "../train/records.js";
import { foldOf } from "./folds.js";
import { makeOptimizer } from "./optimizers.js";
import { makeSchedule } from "./schedules.js";
import { optimizerOf, type Setting, specOf } from "./setting.js";
import { fromLogs, type LogScale, logScaleOf, withLogs } from "./target-scale.js";

/**
 * A task: train a network on all folds but one, and score it on that fold. Plain data; the result
 * depends on the task and the data alone, so any worker may compute it, and repeat it.
 */
export interface FoldTask {
  /** Kind of task. */
  readonly kind: "fold";
  /** How the network is made and trained. */
  readonly setting: Setting;
  /** The specification that the setting overrides. */
  readonly base: Partial<NetworkSpec>;
  /** Number of folds. */
  readonly folds: number;
  /** Which of them is scored, from 0. */
  readonly fold: number;
  /** Which division into folds, from 0. */
  readonly repeat: number;
  /** Of the division, the weights and the order of rows. */
  readonly seed: number;
}

/** Names of scores. */
export type Metric = "loss" | "accuracy" | "balancedAccuracy" | "auc" | "logLoss" | "rmse" | "mae" | "r2";

/** Scores by name; those that the task has. */
export type Metrics = Readonly<Partial<Record<Metric, number>>>;

/** The result of a fold. */
export interface FoldResult {
  /** Which fold was scored, from 0. */
  readonly fold: number;
  /** Which division into folds, from 0. */
  readonly repeat: number;
  /** Of the training run, as in `fit`. */
  readonly status: History["status"];
  /** Epochs done. */
  readonly epochs: number;
  /** On the rows trained on. */
  readonly training: Metrics;
  /** On the rows left out. */
  readonly test: Metrics;
  /** Scores on the rows left out of the majority class or the mean of the training rows. */
  readonly baseline: Metrics;
}

/** Share of the training rows that decide when a run with `patience` ends. */
const HELD_OUT = 0.15;

/** Trains and scores one fold. */
export async function runFold(task: FoldTask, data: Dataset, signal?: AbortSignal): Promise<FoldResult> {
  const { setting, base, folds, fold, repeat, seed } = task;
  const rows = foldOf(data.size, stratum(data, base), folds, fold, [seed, repeat]);
  const [training, test] = [samplesOf(data, rows.training), samplesOf(data, rows.test)];
  const scale = setting.logFrom === undefined ? null : logScaleOf(training, setting.logFrom);
  const { net, history } = await train(setting, base, scale ? withLogs(training, scale) : training, seed, signal, data);
  const [own, left] = [training, test].map((part) =>
    scale ? measureLogs(net, part, training, scale) : measure(net, part, training),
  );
  const { status, epochs } = history;
  return { fold, repeat, status, epochs: epochs.length, training: own.model, test: left.model, baseline: left.floor };
}

/**
 * Makes the network of a setting and trains it. `shape`: data that has all classes, where `data`
 * may lack one.
 */
export async function train(
  setting: Setting,
  base: Partial<NetworkSpec>,
  data: Dataset,
  seed: number,
  signal?: AbortSignal,
  shape: Dataset = data,
): Promise<{ net: Network; history: History }> {
  const net = network(specOf(setting, base, shape, seed));
  const { weights } = setting;
  const rows = weights ? dataset(data.inputs, data.targets, { weights }) : data;
  return { net, history: await fit(net, rows, fitOptions(setting, data, seed, signal)) };
}

function fitOptions(setting: Setting, data: Dataset, seed: number, signal?: AbortSignal): FitOptions {
  const { epochs = 60, batchSize, schedule = "constant", patience } = setting;
  const optimizer = makeOptimizer("fit", optimizerOf(setting));
  const steps = epochs * Math.ceil(data.size / (batchSize ?? (optimizer.fullBatch ? data.size : 32)));
  const course = makeSchedule(schedule, epochs, steps);
  return {
    optimizer,
    epochs,
    seed,
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(course ? { schedule: course } : {}),
    ...(patience === undefined ? {} : { validation: HELD_OUT, earlyStopping: { patience } }),
    ...(signal ? { signal } : {}),
  };
}

/** Classes to divide rows by, where the data has labels. */
function stratum(data: Dataset, base: Partial<NetworkSpec>): Int32Array | null {
  const { loss } = specOf({}, base, data, 0);
  return loss?.toString().endsWith("cross-entropy") && !("data" in data.targets) ? labelsOf(data) : null;
}

export function measure(net: Network, data: Dataset, training: Dataset): { model: Metrics; floor: Metrics } {
  const { loss, accuracy } = net.evaluate(data);
  if (net.spec.loss === "binary-cross-entropy" && net.layout.outputs > 1) {
    return { model: { loss, ...(accuracy === undefined ? {} : { accuracy }) }, floor: {} };
  }
  const found = scores(net, data, { baseline: training });
  return { model: { loss, ...metricsOf(found) }, floor: metricsOf(found.baseline) };
}

/** Of values in the data's own scale, whose logarithms were learned. */
function measureLogs(
  net: Network,
  data: Dataset,
  training: Dataset,
  scale: LogScale,
): { model: Metrics; floor: Metrics } {
  const found = scoreValues(fromLogs(net.predict(data.inputs), scale), data, training);
  return { model: { loss: found.rmse ** 2, ...metricsOf(found) }, floor: metricsOf(found.baseline) };
}

function metricsOf(found: Scores | Scores["baseline"]): Metrics {
  if (found.task === "regression") {
    const { rmse, mae, r2 } = found;
    return { rmse, mae, r2 };
  }
  const { accuracy, balancedAccuracy, auc, logLoss } = found;
  return { accuracy, balancedAccuracy, auc, logLoss };
}
