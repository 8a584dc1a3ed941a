import { portfolioFor } from "../../jobs/portfolio.js";
import type { Setting } from "../../jobs/setting.js";
import { chooseSetting, type Trial, type TuneProgress } from "../../jobs/tune.js";
import { type Choice, type Method, type OptimizerOptions, optimizerOptions } from "./optimizer.js";
import type { Prepared } from "./prepare.js";
import type { Given, Settings } from "./settings.js";

/** What a search tried and chose. */
export interface Search {
  /** Settings tried. */
  readonly tried: number;
  readonly folds: number;
  /** Rows that they were tried on. */
  readonly rows: number;
  /** Name of the score that was compared, and its means on rows left out: of the choice and of the baseline. */
  readonly metric: string;
  readonly score: number;
  readonly baseline: number;
}

/** Options that say how to make or train a network: whoever gives one of them has chosen. */
const CHOOSING: readonly string[] = [
  ...["hidden", "activation", "batchNorm", "l1", "l2", "dtype", "optimizer", "schedule", "epochs", "batchSize"],
  ...["clip", "earlyStopping", ...Object.keys(optimizerOptions).filter((name) => name !== "search")],
];

/** Whether nothing was said of how to make and train the network, so that a search may choose. */
export function isOpen(given: Given): boolean {
  return (
    given.search !== false && typeof given.search !== "string" && CHOOSING.every((name) => given[name] === undefined)
  );
}

/**
 * Chooses network and training by their scores on training rows left out, within a budget of operations that takes a few seconds on one core. The choice
 * depends on the rows, the seed and the build alone, not on the machine's speed.
 */
export async function search(
  prepared: Prepared,
  settings: Settings,
  signal: AbortSignal,
  onProgress: (progress: TuneProgress) => void,
): Promise<{ settings: Settings; search: Search }> {
  const { columns, training } = prepared;
  const loss = columns.task === "classification" ? ("cross-entropy" as const) : ("mse" as const);
  const outputs = columns.classes?.length ?? columns.targetNames.length;
  const spec = { inputs: training.inputs.columns, layers: [{ units: outputs }], loss };
  const { settings: space, folds, data } = portfolioFor(training, spec, settings.seed);
  const metric = columns.task === "classification" ? "logLoss" : "rmse";
  const [best] = await chooseSetting(data, {
    ...{ space, folds, metric, spec, seed: settings.seed, signal },
    onProgress: (progress) => {
      onProgress(progress);
      return undefined;
    },
  });
  return {
    settings: { ...settings, ...settingsOf(best.setting) },
    search: reportOf(best, metric, space.length, folds, data.size),
  };
}

function reportOf(best: Trial, metric: "logLoss" | "rmse", tried: number, folds: number, rows: number): Search {
  const scale = metric === "rmse" ? "r2" : metric;
  return {
    tried,
    folds,
    rows,
    metric: scale,
    score: best.mean[scale] ?? Number.NaN,
    baseline: best.baseline[scale] ?? Number.NaN,
  };
}

/** A setting of a search in the command line's words. */
function settingsOf(setting: Setting): Partial<Settings> {
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
  const method = (typeof optimizer === "string" ? optimizer : optimizer.type) as Method;
  const options: OptimizerOptions = learningRate === undefined ? {} : { learningRate };
  const choice: Choice = { method, options };
  const whole = batchSize === undefined && method !== "adam";
  return {
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
