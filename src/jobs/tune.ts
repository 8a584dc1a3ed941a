import { checkChoice, checkInteger, checkKeys, checkObject, wrongValue } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import type { Network } from "../network/network.js";
import type { NetworkSpec } from "../network/spec.js";
import type { History } from "../train/records.js";
import { coreMath } from "../wasm/math.js";
import { type CrossValidation, type Failure, summary } from "./cross-validate.js";
import { checkFolds } from "./folds.js";
import { errorOf, type Outcome, type Runner, serial } from "./pool.js";
import { checkSetting, type Setting } from "./setting.js";
import { checkSpace, type Space, settingsOf } from "./space.js";
import { type FoldResult, type FoldTask, type Metric, train } from "./task.js";

/** Options of `tune`. */
export interface TuneOptions {
  /** Values to choose from for each part of a setting, or the settings themselves. */
  space: Space | readonly Setting[];
  /**
   * Settings to draw from a space; a space with fewer settings is tried completely. Default: 20.
   */
  trials?: number;
  /** The network, as in `crossValidate`; a setting overrides it. Default: by the data. */
  spec?: Partial<NetworkSpec>;
  /** Parts that the rows are divided into. Default: 4. */
  folds?: number;
  /** The score that is compared, on rows left out. Default: "loss". */
  metric?: Metric;
  /**
   * After each fold the better half of the settings stays, as long as more than two are left.
   * Default: true.
   */
  halving?: boolean;
  /** Of trials, folds, weights and the order of rows. Default: 0. */
  seed?: number;
  /** The pool that does the fits. Default: this thread. */
  pool?: Runner;
  /** Called after each fold with the trials so far. True ends the search. Default: none. */
  onProgress?: ((progress: TuneProgress) => boolean | undefined) | undefined;
  /**
   * Called after each fit, in the order of completion, with the number of fits done and the number
   * in all, as far as it is known. Default: none.
   */
  onFit?: ((done: number, of: number) => void) | undefined;
  /**
   * Ends the search and the fits that are under way, with the best setting so far. Default: none.
   */
  signal?: AbortSignal | undefined;
}

/** Progress of a search. */
export interface TuneProgress {
  /** Fits done. */
  readonly done: number;
  /** Fits in all, as far as is known. */
  readonly of: number;
  /** The best first. */
  readonly trials: readonly Trial[];
}

/** A setting with its scores. */
export interface Trial extends CrossValidation {
  /** Of the trials as they were drawn, from 0. */
  readonly index: number;
  /** What was tried. */
  readonly setting: Setting;
}

/** The result of a search. */
export interface Tuning {
  /** The setting with the best mean score over all folds. */
  readonly best: Trial;
  /** All trials: those with more folds first, then by score. */
  readonly trials: readonly Trial[];
  /** A network of the best setting, trained on all rows. */
  readonly network: Network;
  /** Of that training. */
  readonly history: History;
  /** What was compared. */
  readonly metric: Metric;
}

const WHERE = "tune";
const HIGHER_IS_BETTER: readonly Metric[] = ["accuracy", "balancedAccuracy", "auc", "r2"];
const METRICS: readonly Metric[] = [...HIGHER_IS_BETTER, "loss", "logLoss", "rmse", "mae"];
/** This many settings reach the last fold whatever they score. */
const FINALISTS = 2;

/**
 * Chooses the setting with the best score on rows left out, and trains a network with it on all
 * rows.
 *
 * Every setting is scored on the same folds. With `halving`, settings with worse scores after some
 * folds are dropped (successive halving: Jamieson and Talwalkar 2016). The best of many scores is
 * too good by chance: judge the network on rows that had no part in the search.
 *
 * @param data what `dataset` returns.
 * @param options see `TuneOptions`; space is required.
 * @returns (resolves to) the best setting, all trials, and a trained network. Cost: with halving
 * about 2 + folds fits per setting tried at most, and one more.
 * @throws (rejects) TypeError or RangeError for bad options; the first fit's error where all fits
 * of the first fold failed.
 * @example
 * const xs = Array.from({ length: 60 }, (_, i) => [i / 30 - 1]);
 * const data = dataset(xs, xs.map(([x]) => [x * x]));
 * const { best } = await tune(data, { space: { hidden: [[], [8]], optimizer: ["lbfgs"], epochs: [50] } });
 * best.setting.hidden; // [8]: a line does not follow a parabola
 */
export async function tune(data: Dataset, options: TuneOptions): Promise<Tuning> {
  const resolved = resolve(data, options);
  const { metric, seed, spec, signal } = resolved;
  const trials = await trialsOf(data, resolved);
  const { setting } = trials[0];
  const { net, history } = await train(setting, spec, data, seed, signal);
  return { best: trials[0], trials, network: net, history, metric };
}

/** The trials of a search, the best first, without a last training. */
export async function chooseSetting(data: Dataset, options: TuneOptions): Promise<Trial[]> {
  return trialsOf(data, resolve(data, options));
}

type Resolved = Required<Omit<TuneOptions, "space" | "trials" | "onProgress" | "onFit" | "signal">> &
  Pick<TuneOptions, "onProgress" | "onFit" | "signal"> & { settings: readonly Setting[] };

function resolve(data: Dataset, options: TuneOptions): Resolved {
  checkObject(WHERE, "options", options);
  const known = ["space", "trials", "spec", "folds", "metric", "halving", "seed", "pool", "onProgress", "onFit"];
  checkKeys(WHERE, options, [...known, "signal"]);
  const { space, trials = 20, spec = {}, folds = 4, metric = "loss", halving = true, seed = 0 } = options;
  checkInteger(WHERE, "trials", trials, 1);
  checkInteger(WHERE, "folds", folds, 2);
  checkInteger(WHERE, "seed", seed, 0);
  checkChoice(WHERE, "metric", metric, METRICS);
  checkObject(WHERE, "spec", spec);
  checkFolds(WHERE, data, folds);
  const { pool = serial, onProgress, onFit, signal } = options;
  const chosen = settings(space, trials, seed);
  return { settings: chosen, spec, folds, metric, halving, seed, pool, onProgress, onFit, signal };
}

function settings(space: unknown, trials: number, seed: number): readonly Setting[] {
  if (Array.isArray(space)) {
    if (space.length === 0) wrongValue(WHERE, "space", "at least one setting", "none");
    space.forEach((setting, i) => checkSetting(WHERE, `space[${i}]`, setting));
    return space;
  }
  checkSpace(WHERE, space);
  return settingsOf(space, trials, seed, coreMath());
}

/** Fold after fold, with the better half kept. */
async function trialsOf(data: Dataset, resolved: Resolved): Promise<Trial[]> {
  const { settings, spec, folds, halving, seed, pool, onProgress, onFit, signal } = resolved;
  const scores = new Scores(resolved);
  let going = Array.from(settings.keys());
  for (let fold = 0; fold < folds; ++fold) {
    const tasks = going.map(
      (i): FoldTask => ({ kind: "fold", setting: settings[i], base: spec, folds, fold, repeat: 0, seed }),
    );
    const before = scores.done;
    const of = before + going.length * (folds - fold);
    let heard = before;
    const onOutcome = (): void => onFit?.(++heard, of);
    scores.enter(going, fold, await pool.run(tasks, data, { signal, onOutcome }));
    const trials = scores.ranked();
    const { done } = scores;
    if (onProgress?.({ done, of: done + going.length * (folds - 1 - fold), trials }) === true || signal?.aborted) break;
    // What failed is not tried on other folds.
    going = going.filter((i) => scores.isComplete(i, fold));
    if (halving) {
      const keep = Math.max(Math.min(FINALISTS, going.length), Math.ceil(going.length / 2));
      going = trials
        .map(({ index }) => index)
        .filter((i) => going.includes(i))
        .slice(0, keep);
    }
  }
  return scores.found();
}

/** What is known of the settings so far. */
class Scores {
  /** Fits done. */
  done = 0;
  readonly #settings: readonly Setting[];
  readonly #metric: Metric;
  readonly #results: FoldResult[][];
  readonly #failures: Failure[][];
  #first: Error | null = null;

  constructor({ settings, metric }: Pick<Resolved, "settings" | "metric">) {
    this.#settings = settings;
    this.#metric = metric;
    this.#results = settings.map(() => []);
    this.#failures = settings.map(() => []);
  }

  /** Takes what came of a fold for some of the settings. */
  enter(places: readonly number[], fold: number, outcomes: readonly Outcome<FoldTask>[]): void {
    outcomes.forEach((outcome, k) => {
      if (outcome.status === "open") return;
      this.done += 1;
      if (outcome.status === "done") this.#results[places[k]].push(outcome.result);
      else {
        this.#first ??= errorOf(outcome);
        this.#failures[places[k]].push({ fold, repeat: 0, reason: outcome.reason });
      }
    });
  }

  /** Whether a setting was scored on all folds so far. */
  isComplete(place: number, fold: number): boolean {
    return this.#results[place].length === fold + 1;
  }

  /** The best first. */
  ranked(): Trial[] {
    return rank(this.#settings, this.#results, this.#failures, this.#metric);
  }

  found(): Trial[] {
    const trials = this.ranked();
    if (trials.some(({ folds }) => folds.length > 0)) return trials;
    throw this.#first ?? new Error(`${WHERE}: aborted before the first fit had ended`);
  }
}

/** Those that were scored on more folds first, since the others were behind when they were left. */
function rank(
  settings: readonly Setting[],
  results: readonly FoldResult[][],
  failures: readonly Failure[][],
  metric: Metric,
): Trial[] {
  const sign = HIGHER_IS_BETTER.includes(metric) ? -1 : 1;
  const trials = settings.flatMap((setting, index) =>
    results[index].length + failures[index].length > 0
      ? [{ index, setting, ...summary(results[index], failures[index]) }]
      : [],
  );
  const value = ({ mean }: Trial): number => {
    const score = sign * (mean[metric] ?? Number.NaN);
    // A run that ended in NaN is behind every other.
    return Number.isNaN(score) ? Infinity : score;
  };
  return trials.sort((a, b) => b.folds.length - a.folds.length || value(a) - value(b) || a.index - b.index);
}
