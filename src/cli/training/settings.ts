import type { ActivationName, Dtype, InitOptions } from "../../index.js";
import type { ScheduleName } from "../../jobs/schedules.js";
import type { Decimal, Task } from "../../tables/index.js";
import type { Reading } from "../data/source.js";
import { badInput } from "../errors.js";
import { type Choice, type Method, optimizerOptions, optionsFor, takesWholeData } from "./optimizer.js";

export const missingChoices = ["fill", "mean", "drop", "refuse"] as const;
/**
 * The median in place of what is missing, and an input that says so; the mean alone; rows with gaps
 * left out; or no gaps at all. Rows without a target are left out but where gaps are refused.
 */
export type MissingChoice = (typeof missingChoices)[number];

export const tasks = ["classification", "regression"] as const satisfies readonly Task[];

/** Which columns mean what, and which rows are for what. */
export interface DataSettings extends Reading {
  /** Names or numbers of columns to leave out, with commas between. */
  readonly ignore?: string | undefined;
  /** `column=type`, with commas between. */
  readonly types?: string | undefined;
  readonly decimal?: Decimal | undefined;
  readonly missing: MissingChoice;
  readonly task?: Task | undefined;
  /** Whether the logarithm of a target is learned in place of its value. */
  readonly targetScale?: "linear" | "log" | undefined;
  /** Two classes: the probability from which a row counts as the second; found out by default. */
  readonly threshold?: number | "balanced" | undefined;
  readonly testShare: number;
  readonly validation: number;
  /** Of the split, the weights and the order of the rows. */
  readonly seed: number;
}

export interface NetworkSettings {
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  readonly batchNorm: boolean;
  readonly l1: number;
  readonly l2: number;
  readonly dtype: Dtype;
  readonly simd: NonNullable<InitOptions["simd"]>;
}

/** Everything that a run depends on, with defaults filled in; it goes into the saved model. */
export interface Settings extends DataSettings, NetworkSettings {
  readonly optimizer: Choice;
  readonly schedule: ScheduleName;
  readonly epochs: number;
  /** Rows a step, or all of them. */
  readonly batchSize: number | "all";
  readonly clip?: number | undefined;
  readonly earlyStopping?: number | undefined;
  /** "evidence": l2 is estimated again while the network is trained. */
  readonly penalty?: "evidence" | undefined;
}

/** How much is printed, and where. */
export interface OutputSettings {
  readonly quiet?: true;
  readonly json?: true;
  readonly report?: string;
}

/** The options of a command that trains, as the command line gives them. */
export interface Given
  extends Partial<Omit<Settings, "optimizer" | "seed" | "testShare" | "batchNorm">>,
    OutputSettings {
  readonly optimizer?: Method;
  readonly batchNorm?: true;
  readonly testShare: number;
  readonly seed: number;
  readonly [option: string]: unknown;
}

/** What early stopping holds out where no share was named. */
const VALIDATION_SHARE = 0.1;
const BATCH_SIZE = 32;

/**
 * Fills in what was left open, some of it by the method; refuses options that do not go together,
 * each being fine by itself.
 */
export function resolveSettings(given: Given, choice: Choice = chosen(given)): Settings {
  const secondOrder = takesWholeData(choice.method);
  const settings: Settings = {
    ...dataSettings(given),
    ...networkSettings(given, secondOrder),
    optimizer: choice,
    schedule: given.schedule ?? (secondOrder || given.penalty === "evidence" ? "constant" : "cosine"),
    epochs: given.epochs ?? 60,
    batchSize: given.batchSize ?? (secondOrder ? "all" : BATCH_SIZE),
    clip: given.clip,
    earlyStopping: given.earlyStopping,
    penalty: given.penalty,
  };
  checkSettings(settings, given.validation);
  if (secondOrder) checkSmooth(settings);
  return settings;
}

/** Names of settings that options set, for those that a saved run has a say in. */
export const runOptions: readonly string[] = [
  ...["target", "ignore", "header", "types", "decimal", "separator", "missingMarkers", "missing"],
  ...["task", "targetScale", "threshold", "testShare", "validation", "seed"],
  ...["hidden", "activation", "batchNorm", "l1", "l2", "dtype", "simd"],
  ...["penalty", "optimizer", "schedule", "batchSize", "clip", "earlyStopping", ...Object.keys(optimizerOptions)],
];

function chosen(given: Given): Choice {
  const method = given.optimizer ?? "adam";
  return { method, options: optionsFor(method, given) };
}

function dataSettings(given: Given): DataSettings {
  const { target, ignore, header, types, decimal, separator, missingMarkers, task, testShare, seed } = given;
  const { targetScale, threshold } = given;
  const { missing = "fill" } = given;
  const validation = given.validation ?? (given.earlyStopping === undefined ? 0 : VALIDATION_SHARE);
  return {
    ...{ target, ignore, header, types, decimal, separator, missingMarkers, missing },
    ...{ task, targetScale, threshold, testShare, validation, seed },
  };
}

function networkSettings(given: Given, double: boolean): NetworkSettings {
  const { hidden = [64, 32], activation = "relu", batchNorm = false, l1 = 0, l2 = 0.003 } = given;
  // A saved model does not depend on the machine that trained it.
  const { simd = given.save === undefined ? "auto" : "strict" } = given;
  return { hidden, activation, batchNorm, l1, l2, dtype: given.dtype ?? (double ? "f64" : "f32"), simd };
}

/** What methods of second order cannot do with. */
function checkSmooth({ l1, clip, optimizer }: Settings): void {
  const but = `of first order beside it, got ${optimizer.method}`;
  if (l1 > 0) badInput(`--l1: expected an optimizer ${but}, which needs a smooth objective; --l2 is one`);
  if (clip !== undefined) badInput(`--clip: expected an optimizer ${but}, whose step is no multiple of the gradient`);
}

function checkSettings(settings: Settings, asked: number | undefined): void {
  const { validation, earlyStopping, testShare, batchNorm, batchSize } = settings;
  if (earlyStopping !== undefined && asked === 0) {
    badInput("--early-stopping: expected rows to validate on, got --validation 0");
  }
  if (settings.penalty === "evidence") {
    if (earlyStopping !== undefined)
      badInput("--early-stopping: expected nothing beside --penalty evidence, which needs no rows to stop by");
    if (settings.schedule !== "constant")
      badInput(`--schedule: expected constant beside --penalty evidence, got ${settings.schedule}`);
  }
  if (validation + testShare >= 1) {
    badInput(
      `--validation: expected rows left to train on, got a share of ${validation} beside a test share of ${testShare}`,
    );
  }
  if (batchNorm && batchSize === 1) {
    badInput("--batch-size: expected at least 2, since batch norm needs a variance, got 1");
  }
}
