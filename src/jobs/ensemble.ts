import { checkInteger, checkKeys, checkObject } from "../check.js";
import type { Matrix } from "../linalg/matrix.js";
import type { Dataset } from "../network/dataset.js";
import { type Network, network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import { Random } from "../random.js";
import type { FitResult, FitTask } from "./fit-task.js";
import { errorOf, type Runner, serial } from "./pool.js";
import { checkSetting, type Setting, specOf } from "./setting.js";

/** Options of `restarts` and `ensemble`. */
export interface EnsembleOptions {
  /** The network; what is left out fits the data. Default: one hidden layer of 32 ReLU. */
  spec?: Partial<NetworkSpec>;
  /** How it is trained, and what differs from `spec`. Default: adam for 60 epochs. */
  setting?: Setting;
  /** Networks to train. Default: 5. */
  count?: number;
  /** Chooses the seed of each network; the first one has this seed itself. Default: 0. */
  seed?: number;
  /** The pool that does the fits. Default: this thread. */
  pool?: Runner;
  /** Ends the fits that are under way; the result has those that were done. Default: none. */
  signal?: AbortSignal | undefined;
}

/** A trained network. */
export interface Member extends Omit<FitResult, "parameters" | "statistics"> {
  /** Of its weights and the order of rows. */
  readonly seed: number;
  /** The network. */
  readonly network: Network;
}

/** Networks from several starts. */
export interface Restarts {
  /** The network with the lowest training objective. */
  readonly best: Member;
  /** All networks, the best first. */
  readonly members: readonly Member[];
  /** Why others could not be trained, in words. */
  readonly failures: readonly string[];
}

/** Networks that predict together. */
export interface Ensemble {
  /** In the order of their seeds. */
  readonly members: readonly Member[];
  /** Why others could not be trained, in words. */
  readonly failures: readonly string[];
  /**
   * What the networks predict: values, or probabilities under a cross-entropy.
   *
   * @returns rows × outputs, the caller's.
   */
  predict(inputs: Matrix): EnsemblePrediction;
}

/** What networks predict together, rows × outputs. */
export interface EnsemblePrediction {
  /** Mean over the networks. */
  readonly mean: Matrix;
  /** Standard deviation over them, with n in the denominator. */
  readonly deviation: Matrix;
}

/** Not a stream that training, folds or trials draw from. */
const STREAM = 7;

/**
 * Trains a network several times from different initial weights, and returns the one with the
 * lowest training objective first: a remedy for local minima. A large spread of the objectives
 * shows that there are local minima.
 *
 * @param data what `dataset` returns.
 * @param options see `EnsembleOptions`.
 * @returns (resolves to) all networks, the best first. Runs that ended in NaN come last. Cost:
 * `count` fits.
 * @throws (rejects) TypeError or RangeError for bad options; the first fit's error where all
 * failed.
 * @example
 * const data = dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]);
 * const setting = { hidden: [3], activation: "tanh", optimizer: "lbfgs", epochs: 200, l2: 1e-4 };
 * const { best } = await restarts(data, { setting, count: 8 });
 * best.training.accuracy; // 1
 */
export async function restarts(data: Dataset, options: EnsembleOptions = {}): Promise<Restarts> {
  const { members, failures } = await trained("restarts", data, options);
  const value = ({ objective }: Member): number => (Number.isNaN(objective) ? Infinity : objective);
  // Sorting is stable: among equals the first seed is the best.
  const sorted = [...members].sort((a, b) => (value(a) === value(b) ? 0 : value(a) - value(b)));
  return { best: sorted[0], members: sorted, failures };
}

/**
 * Trains networks that differ only in their initial weights and the order of rows, and averages
 * their predictions. The mean predicts better than most of the networks. Where they disagree, trust
 * none of them.
 *
 * @param data what `dataset` returns.
 * @param options see `EnsembleOptions`.
 * @returns (resolves to) the networks, and `predict`. Cost: `count` fits.
 * @throws (rejects) TypeError or RangeError for bad options; the first fit's error where all
 * failed.
 * Source: Lakshminarayanan, Pritzel and Blundell 2017.
 * @example
 * const xs = Array.from({ length: 40 }, (_, i) => [i / 20 - 1]);
 * const data = dataset(xs, xs.map(([x]) => [x * x]));
 * const { predict } = await ensemble(data, { setting: { hidden: [8], optimizer: "lbfgs", epochs: 60 }, count: 4 });
 * predict(matrix([[0.5]])).mean.data[0]; // about 0.25
 */
export async function ensemble(data: Dataset, options: EnsembleOptions = {}): Promise<Ensemble> {
  const { members, failures } = await trained("ensemble", data, options);
  return { members, failures, predict: (inputs) => together(members, inputs) };
}

async function trained(
  where: string,
  data: Dataset,
  options: EnsembleOptions,
): Promise<{ members: Member[]; failures: string[] }> {
  checkObject(where, "options", options);
  checkKeys(where, options, ["spec", "setting", "count", "seed", "pool", "signal"]);
  const { spec = {}, setting = {}, count = 5, seed = 0, pool = serial, signal } = options as EnsembleOptions;
  checkObject(where, "spec", spec);
  checkSetting(where, "setting", setting);
  checkInteger(where, "count", count, 1);
  checkInteger(where, "seed", seed, 0);
  const tasks = seedsFrom(seed, count).map((own): FitTask => ({ kind: "fit", setting, base: spec, seed: own }));
  const outcomes = await pool.run(tasks, data, { signal });
  const members = outcomes.flatMap((outcome, i) =>
    outcome.status === "done" ? [memberOf(outcome.result, tasks[i], data)] : [],
  );
  const failed = outcomes.filter((outcome) => outcome.status === "failed");
  if (members.length === 0) {
    throw failed.length > 0 ? errorOf(failed[0]) : new Error(`${where}: aborted before the first fit had ended`);
  }
  return { members, failures: failed.map(({ reason }) => reason) };
}

function seedsFrom(seed: number, count: number): number[] {
  const random = new Random(seed, STREAM);
  return Array.from({ length: count }, (_, i) => (i === 0 ? seed : Math.floor(random.uniform() * 2 ** 31)));
}

function memberOf({ parameters, statistics, ...rest }: FitResult, task: FitTask, data: Dataset): Member {
  const { setting, base, seed } = task;
  const net = network(specOf(setting, base, data, seed));
  net.setParameters(parameters);
  if (statistics.length > 0) net.setRunningStatistics(statistics);
  return { seed, network: net, ...rest };
}

function together(members: readonly Member[], inputs: Matrix): EnsemblePrediction {
  const all = members.map(({ network: net }) =>
    String(net.spec.loss).endsWith("cross-entropy") ? net.probabilities(inputs) : net.predict(inputs),
  );
  const [{ rows, columns }] = all;
  const mean = new Float64Array(rows * columns);
  const deviation = new Float64Array(rows * columns);
  for (let i = 0; i < mean.length; ++i) {
    const values = all.map(({ data }) => data[i]);
    mean[i] = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean[i]) ** 2, 0);
    deviation[i] = Math.sqrt(squares / values.length);
  }
  return { mean: { rows, columns, data: mean }, deviation: { rows, columns, data: deviation } };
}
