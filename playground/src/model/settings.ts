import type { Checkpoint, OptimizerState } from "hessia";
import { optimizerEntry, optimizers } from "./optimizers.ts";

/**
 * Everything that says where training starts and how it goes on; a link holds it, so bits depend on
 * nothing else.
 */
export type Problem = "classification" | "regression";
export type DataName = "circle" | "xor" | "gauss" | "spiral" | "plane" | "six-gauss" | "own";
export type FeatureName = "x1" | "x2" | "x1^2" | "x2^2" | "x1*x2" | "sin x1" | "sin x2";
export type ActivationName =
  | "relu"
  | "leaky-relu"
  | "elu"
  | "gelu"
  | "silu"
  | "softplus"
  | "tanh"
  | "sigmoid"
  | "identity";
/** Losses of values, for numbers and, all but the last, behind a tanh for two classes. */
export const valueLosses = ["mse", "huber", "log-cosh", "mae", "quantile"] as const;
/** Those that have a kink and no curvature of their own. */
const kinked: readonly LossName[] = ["mae", "quantile"];
export type LossName = "cross-entropy" | (typeof valueLosses)[number];
export type InitializerName = "he-normal" | "he-uniform" | "glorot-normal" | "glorot-uniform" | "zeros";
export type ScheduleName = "constant" | "step" | "cosine" | "one-cycle" | "warm-up";
export type OptionValue = number | string | boolean;

export interface HiddenLayer {
  readonly units: number;
  readonly activation: ActivationName;
  readonly batchNorm: boolean;
}

/** What a change of starts training anew. */
export interface StartSettings {
  readonly data: DataName;
  /** In per cent. */
  readonly noise: number;
  /** Share of the samples to train on, in per cent. */
  readonly train: number;
  readonly samples: number;
  /** Training samples whose label is wrong on purpose. */
  readonly flipped: number;
  readonly dataSeed: number;
  readonly features: readonly FeatureName[];
  readonly layers: readonly HiddenLayer[];
  readonly loss: LossName;
  /** Share of the targets below the output, under the quantile loss. */
  readonly quantile: number;
  readonly initializer: InitializerName;
  /** Where the hidden layers' biases start. */
  readonly bias: number;
  readonly seed: number;
  /** The value taken for ReLU′(0). */
  readonly atZero: number;
  /** Of leaky ReLU. */
  readonly slope: number;
}

/** What may change while training runs. */
export interface LiveSettings {
  readonly optimizer: string;
  readonly learningRate: number;
  readonly options: Readonly<Record<string, OptionValue>>;
  /** 0: all samples at once. */
  readonly batchSize: number;
  readonly clip: "none" | "norm" | "value";
  readonly clipAt: number;
  readonly schedule: ScheduleName;
  /** Length of the schedule. */
  readonly scheduleEpochs: number;
  readonly l1: number;
  readonly l2: number;
  readonly penaltyOn: "weights" | "all";
  /** Conditions to stop at; 0: none. */
  readonly stopEpochs: number;
  readonly stopLoss: number;
  readonly stopTestLoss: number;
  readonly stopGradient: number;
  readonly patience: number;
}

export type Settings = StartSettings & LiveSettings;

export const defaults: Settings = {
  data: "circle",
  noise: 0,
  train: 50,
  samples: 500,
  flipped: 0,
  dataSeed: 1,
  features: ["x1", "x2"],
  layers: [
    { units: 6, activation: "relu", batchNorm: false },
    { units: 4, activation: "relu", batchNorm: false },
  ],
  loss: "cross-entropy",
  quantile: 0.9,
  initializer: "he-normal",
  bias: 0,
  seed: 1,
  atZero: 0,
  slope: 0.01,
  optimizer: "sgd",
  learningRate: 0.03,
  options: {},
  batchSize: 10,
  clip: "none",
  clipAt: 1,
  schedule: "constant",
  scheduleEpochs: 500,
  l1: 0,
  l2: 0,
  penaltyOn: "weights",
  stopEpochs: 0,
  stopLoss: 0,
  stopTestLoss: 0,
  stopGradient: 0,
  patience: 0,
};

export const activationNames: readonly ActivationName[] = [
  "relu",
  "leaky-relu",
  "elu",
  "gelu",
  "silu",
  "softplus",
  "tanh",
  "sigmoid",
  "identity",
];

export const initializerNames: readonly InitializerName[] = [
  "he-normal",
  "he-uniform",
  "glorot-normal",
  "glorot-uniform",
  "zeros",
];

/** What a setting that is a word may be. */
export const settingWords: Partial<Record<keyof Settings, readonly string[]>> = {
  data: ["circle", "xor", "gauss", "spiral", "plane", "six-gauss", "own"] satisfies DataName[],
  loss: ["cross-entropy", ...valueLosses] satisfies LossName[],
  initializer: initializerNames,
  optimizer: optimizers.map(({ key }) => key),
  clip: ["none", "norm", "value"] satisfies LiveSettings["clip"][],
  schedule: ["constant", "step", "cosine", "one-cycle", "warm-up"] satisfies ScheduleName[],
  penaltyOn: ["weights", "all"] satisfies LiveSettings["penaltyOn"][],
};

interface Range {
  readonly least: number;
  readonly most?: number;
  readonly whole?: boolean;
}

const TINY = Number.MIN_VALUE;
/** Seeds are counted up by one, which larger numbers do not take. */
export const MOST_SEED = 2 ** 32 - 1;
/** Of what counts epochs or samples. */
const MOST_COUNT = 1e9;
/** Of rates, slopes, penalties and biases: beyond it every run overflows. */
const MOST_SIZE = 1e6;

/** Between what a setting that is a number may lie. */
export const settingRanges: Partial<Record<keyof Settings, Range>> = {
  noise: { least: 0, most: 50 },
  train: { least: 10, most: 90 },
  samples: { least: 100, most: 2000, whole: true },
  flipped: { least: 0, most: 50, whole: true },
  dataSeed: { least: 0, most: MOST_SEED, whole: true },
  seed: { least: 0, most: MOST_SEED, whole: true },
  bias: { least: -MOST_SIZE, most: MOST_SIZE },
  quantile: { least: 0.01, most: 0.99 },
  atZero: { least: 0, most: 1 },
  slope: { least: TINY, most: MOST_SIZE },
  learningRate: { least: TINY, most: MOST_SIZE },
  batchSize: { least: 0, most: MOST_COUNT, whole: true },
  clipAt: { least: TINY },
  scheduleEpochs: { least: 1, most: MOST_COUNT, whole: true },
  l1: { least: 0, most: MOST_SIZE },
  l2: { least: 0, most: MOST_SIZE },
  stopEpochs: { least: 0, most: MOST_COUNT, whole: true },
  stopLoss: { least: 0 },
  stopTestLoss: { least: 0 },
  stopGradient: { least: 0 },
  patience: { least: 0, most: MOST_COUNT, whole: true },
};

const live = new Set<string>([
  "optimizer",
  "learningRate",
  "options",
  "batchSize",
  "clip",
  "clipAt",
  "schedule",
  "scheduleEpochs",
  "l1",
  "l2",
  "penaltyOn",
  "stopEpochs",
  "stopLoss",
  "stopTestLoss",
  "stopGradient",
  "patience",
] satisfies (keyof LiveSettings)[]);

/** Whether a method trains under a loss: without curvature only those of first order do. */
export function trainsUnder(loss: LossName, optimizer: string): boolean {
  return !kinked.includes(loss) || optimizerEntry(optimizer).order === 1;
}

/** Settings of which a change starts training anew. */
export const startKeys = (Object.keys(defaults) as (keyof Settings)[]).filter(
  (key): key is keyof StartSettings => !live.has(key),
);

export function isLive(key: string): boolean {
  return live.has(key);
}

/** Something that happened to a run, other than training. */
export type Change =
  | { readonly kind: "set"; readonly set: Partial<LiveSettings> }
  /** Parameters at these indices take these values. */
  | { readonly kind: "edit"; readonly values: readonly (readonly [index: number, value: number])[] }
  /** All weights or biases of a layer take one value. */
  | { readonly kind: "fill"; readonly layer: number; readonly what: "weight" | "bias"; readonly value: number }
  | { readonly kind: "activation"; readonly layer: number; readonly activation: ActivationName }
  | { readonly kind: "batch-norm"; readonly layer: number }
  | { readonly kind: "revive" }
  /**
   * Takes parameters out, by the curvature, until so many are left; what is left makes up for them.
   */
  | { readonly kind: "prune"; readonly parameters: number }
  /** Along the eigenvector of the most negative eigenvalue. */
  | { readonly kind: "escape" }
  /** Back to parameters that were sane, without the optimizer's memory of what came after. */
  | { readonly kind: "back"; readonly parameters: readonly number[]; readonly statistics: readonly number[] };

/** A change before the step after `step`. */
export interface Logged {
  readonly step: number;
  readonly change: Change;
}

/** Why training stands still. */
export interface Halt {
  readonly kind: "goal" | "non-finite" | "done" | "error";
  readonly message: string;
}

/**
 * A run at one of its steps, whole: from here it goes on to the bits that it would have reached.
 */
export interface Snapshot {
  readonly settings: Settings;
  readonly step: number;
  readonly epoch: number;
  readonly evaluations: number;
  readonly parameters: Float64Array;
  readonly statistics: Float64Array;
  readonly optimizer: OptimizerState;
  readonly progress: Checkpoint["progress"] | null;
  readonly halt: Halt | null;
  readonly log: readonly Logged[];
}

/** Where training is: how it started, what was done to it, and how many steps it has taken. */
export interface Course {
  readonly start: Settings;
  readonly log: readonly Logged[];
  readonly at: number;
  /** A run to go on with, in place of a replay from the start. */
  readonly origin?: Snapshot;
}

/** The settings that hold after all changes so far. */
export function currentSettings({ start, log, origin }: Pick<Course, "start" | "log" | "origin">): Settings {
  let settings = origin?.settings ?? start;
  for (const { change } of log.slice(origin?.log.length ?? 0)) settings = settingsAfter(settings, change);
  return settings;
}

export function settingsAfter(settings: Settings, change: Change): Settings {
  const layers = (layer: number, to: Partial<HiddenLayer>): Settings => ({
    ...settings,
    layers: settings.layers.map((old, index) => (index === layer ? { ...old, ...to } : old)),
  });
  if (change.kind === "set") return { ...settings, ...change.set };
  if (change.kind === "activation") return layers(change.layer, { activation: change.activation });
  if (change.kind === "batch-norm") return layers(change.layer, { batchNorm: true });
  return settings;
}

export function problemOf(data: DataName, ownProblem: Problem = "classification"): Problem {
  if (data === "own") return ownProblem;
  return data === "plane" || data === "six-gauss" ? "regression" : "classification";
}

export const MOST_LAYERS = 8;
export const MOST_UNITS = 16;
