import { flopsOfFit } from "../../jobs/cost.js";
import { serial } from "../../jobs/pool.js";
import { portfolioFor } from "../../jobs/portfolio.js";
import { type Setting, specOf } from "../../jobs/setting.js";
import { chooseSetting, type Trial, type TuneProgress } from "../../jobs/tune.js";
import type { Io } from "../io.js";
import type { ThreadsGiven } from "../threads.js";
import { type Choice, type Method, type OptimizerOptions, optimizerOptions } from "./optimizer.js";
import type { Prepared } from "./prepare.js";
import type { Given, Settings } from "./settings.js";

/**
 * Flops of fitting each setting once from which threads are worth their start, some tenths of a
 * second.
 */
const WORTH_THREADS = 3e9;
/** What a run with patience holds out of its training rows. */
const VALIDATION_SHARE = 0.15;

/** What a search tried and chose. */
export interface Search {
  /** Settings tried. */
  readonly tried: number;
  readonly folds: number;
  /** Rows that they were tried on. */
  readonly rows: number;
  /**
   * Name of the score that was compared, and its means on rows left out: of the choice and of the
   * baseline.
   */
  readonly metric: string;
  readonly score: number;
  readonly baseline: number;
}

/** Options that say how to make or train a network: whoever gives one of them has chosen. */
const CHOOSING: readonly string[] = [
  ...["hidden", "activation", "batchNorm", "l1", "l2", "dtype", "optimizer", "schedule", "epochs", "batchSize"],
  ...["clip", "earlyStopping", "penalty", ...Object.keys(optimizerOptions)],
];

/** Whether nothing was said of how to make and train the network, so that a search may choose. */
export function isOpen(given: Given): boolean {
  return given.search !== false && CHOOSING.every((name) => given[name] === undefined);
}

/**
 * Chooses network and training by their scores on training rows left out, within a budget of
 * operations that takes a few seconds on one core. The choice depends on the rows, the seed and the
 * build alone, not on the machine's speed.
 */
export async function search(
  prepared: Prepared,
  settings: Settings,
  given: ThreadsGiven,
  { signal, threads }: Pick<Io, "signal" | "threads">,
  onProgress: (progress: TuneProgress) => void,
): Promise<{ settings: Settings; search: Search }> {
  const { columns, training } = prepared;
  const loss = columns.task === "classification" ? ("cross-entropy" as const) : ("mse" as const);
  const outputs = columns.classes?.length ?? columns.targetNames.length;
  const spec = { inputs: training.inputs.columns, layers: [{ units: outputs }], loss };
  const { settings: space, folds, data } = portfolioFor(training, spec, settings.seed);
  const metric = columns.task === "classification" ? "logLoss" : "rmse";
  const flops = space.reduce((sum, setting) => sum + flopsOfFit(setting, specOf(setting, spec, data, 0), data.size), 0);
  const workers = given.threads ?? (flops > WORTH_THREADS ? undefined : 1);
  const pool = threads && workers !== 1 ? threads(workers === undefined ? {} : { workers }) : null;
  const options = {
    pool: pool ?? serial,
    folds,
    metric,
    spec,
    seed: settings.seed,
    signal,
    onProgress: (progress: TuneProgress) => void onProgress(progress),
  } as const;
  let best: Trial;
  try {
    const trials = await chooseSetting(data, { ...options, space });
    [best] = await withLogarithms(prepared, trials, settings.targetScale, (settings) =>
      chooseSetting(data, { ...options, space: settings, halving: false }),
    );
  } finally {
    await pool?.close();
  }
  return {
    settings: { ...settings, ...settingsOf(best.setting) },
    search: reportOf(best, metric, space.length, folds, data.size),
  };
}

/**
 * The best settings once more, with the logarithm of the target, where its values range over
 * several sizes.
 */
async function withLogarithms(
  { columns, training }: Prepared,
  trials: readonly Trial[],
  asked: Settings["targetScale"],
  again: (settings: readonly Setting[]) => Promise<Trial[]>,
): Promise<readonly Trial[]> {
  const { targets } = training;
  if (columns.task === "classification" || "data" in targets || asked !== undefined) return trials;
  const values = Array.from(targets, (value) => columns.inUnits(value)).sort((a, b) => a - b);
  const sizes = values.map(Math.abs).filter((size) => size > 0);
  sizes.sort((a, b) => a - b);
  if (sizes.length < values.length / 2) return trials;
  const [low, middle, high] = [0.05, 0.5, 0.95].map((share) => sizes[Math.floor(share * (sizes.length - 1))]);
  // Values around 0 are often small: of both signs, only those far above the median range widely.
  if (!(values[0] < 0 ? high >= FAR * middle : high >= RANGE * low)) return trials;
  const { mean, deviation } = columns.data.targetScale as { mean: readonly number[]; deviation: readonly number[] };
  const logFrom = -mean[0] / deviation[0];
  const best = trials.slice(0, FINALISTS).map(({ setting }) => setting);
  const logarithms = await again(best.map((setting) => ({ ...setting, logFrom })));
  return [...logarithms, ...trials.slice(0, FINALISTS)].sort(
    (a, b) => (a.mean.rmse ?? Infinity) - (b.mean.rmse ?? Infinity),
  );
}

/**
 * Settings that are tried with the logarithm of the target too, and how far its values have to
 * range.
 */
const FINALISTS = 2;
const RANGE = 2.5;
const FAR = 10;

function reportOf(best: Trial, metric: "logLoss" | "rmse", tried: number, folds: number, rows: number): Search {
  const scale = metric === "rmse" ? "r2" : metric;
  const score = scoreIn(scale, best);
  return { tried, folds, rows, metric: scale, score, baseline: best.baseline[scale] ?? Number.NaN };
}

/** Folds of one row have no R²: then it is that of their errors together. */
function scoreIn(scale: "r2" | "logLoss", { mean, baseline }: Trial): number {
  const score = mean[scale] ?? Number.NaN;
  if (scale !== "r2" || !Number.isNaN(score)) return score;
  return 1 - ((mean.rmse ?? Number.NaN) / (baseline.rmse ?? Number.NaN)) ** 2;
}

/** A setting of a search in the command line's words. */
export function settingsOf(setting: Setting): Partial<Settings> {
  const {
    hidden = [32],
    activation = "relu",
    l2 = 0,
    dtype = "f64",
    schedule = "constant",
    epochs = 60,
    batchSize,
  } = setting;
  const { optimizer = "adam", learningRate } = setting;
  const { type: method, ...own } = (typeof optimizer === "string" ? { type: optimizer } : optimizer) as {
    type: Method;
  } & OptimizerOptions;
  const options: OptimizerOptions = learningRate === undefined ? own : { ...own, learningRate };
  const choice: Choice = { method, options };
  const targetScale = setting.logFrom === undefined ? undefined : ("log" as const);
  const whole = batchSize === undefined && method !== "adam";
  const { batchNorm = false, l1 = 0, patience } = setting;
  return {
    ...(targetScale ? { targetScale } : {}),
    ...(patience === undefined ? {} : { earlyStopping: patience, validation: VALIDATION_SHARE }),
    batchNorm,
    l1,
    hidden,
    activation,
    l2,
    dtype,
    schedule,
    epochs,
    optimizer: choice,
    batchSize: whole ? "all" : (batchSize ?? 32),
  };
}
