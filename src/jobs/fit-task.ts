import { wrongValue } from "../check.js";
import { type Dataset, samplesOf } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import type { History } from "../train/records.js";
import type { Setting } from "./setting.js";
import { type Metrics, measure, train } from "./task.js";

/** A task: make a network and train it on all rows. Plain data. */
export interface FitTask {
  /** Kind of task. */
  readonly kind: "fit";
  /** How the network is made and trained. */
  readonly setting: Setting;
  /** The specification that the setting overrides. */
  readonly base: Partial<NetworkSpec>;
  /** Of the weights and the order of rows. */
  readonly seed: number;
}

/** The result of a fit. */
export interface FitResult {
  /** Of the trained network, in their order. */
  readonly parameters: Float64Array;
  /** Batch norm's running statistics; empty without batch norm. */
  readonly statistics: Float64Array;
  /** The training objective at the end, penalty included. */
  readonly objective: number;
  /** Scores on the rows trained on. */
  readonly training: Metrics;
  /** Of the run, as in `fit`. */
  readonly status: History["status"];
  /** Epochs done. */
  readonly epochs: number;
}

/** A task: train a network on all rows but one, and score it on that row. */
export interface LeaveOneOutTask extends Omit<FitTask, "kind"> {
  /** Kind of task. */
  readonly kind: "leave-one-out";
  /** The row that is left out, from 0. */
  readonly row: number;
}

/** The result of leaving a row out. */
export interface LeaveOneOutResult {
  /** The row that was left out. */
  readonly row: number;
  /** Its loss, penalty excluded. */
  readonly loss: number;
  /** The parameters without it. */
  readonly parameters: Float64Array;
  /** Of the run, as in `fit`. */
  readonly status: History["status"];
}

/** Trains and scores a network. */
export async function runFit(task: FitTask, data: Dataset, signal?: AbortSignal): Promise<FitResult> {
  refuseLogarithms(task.setting);
  const { net, history } = await train(task.setting, task.base, data, task.seed, signal);
  return { ...valuesOf(net), objective: net.loss(data), training: measure(net, data, data).model, ...endOf(history) };
}

/** Trains without a row, from the weights that its seed gives. */
export async function runLeaveOneOut(
  task: LeaveOneOutTask,
  data: Dataset,
  signal?: AbortSignal,
): Promise<LeaveOneOutResult> {
  const { setting, base, seed, row } = task;
  refuseLogarithms(setting);
  if (row >= data.size) wrongValue("task", "row", `less than the ${data.size} rows`, String(row));
  const others = Uint32Array.from({ length: data.size - 1 }, (_, i) => (i < row ? i : i + 1));
  const { net, history } = await train(setting, base, samplesOf(data, others), seed, signal, data);
  const { loss } = net.evaluate(samplesOf(data, [row]));
  return { row, loss, parameters: valuesOf(net).parameters, status: history.status };
}

function valuesOf(net: Network): Pick<FitResult, "parameters" | "statistics"> {
  return {
    parameters: Float64Array.from(net.getParameters()),
    statistics: Float64Array.from(net.getRunningStatistics()),
  };
}

function endOf({ status, epochs }: History): Pick<FitResult, "status" | "epochs"> {
  return { status, epochs: epochs.length };
}

/** The network's outputs would be in another unit than its targets. */
function refuseLogarithms({ logFrom }: Setting): void {
  if (logFrom === undefined) return;
  wrongValue("task", "setting", "targets in their own unit", "logFrom", "train on the targets' logarithms");
}
