import {
  checkChoice,
  checkInteger,
  checkKeys,
  checkNonNegative,
  checkNumber,
  checkObject,
  isObject,
  wrongType,
} from "../check.js";
import type { Dataset } from "../network/dataset.js";
import type { ActivationName, LayerSpec, Loss, NetworkSpec } from "../network/spec.js";
import type { Dtype } from "../wasm/kernels.js";
import { makeOptimizer, type OptimizerSetting } from "./optimizers.js";
import { type ScheduleName, scheduleNames } from "./schedules.js";

/**
 * How to make and train a network, as plain data. A search varies settings, workers receive them,
 * and model files keep them. Properties that are left out have the library's defaults.
 */
export interface Setting {
  /**
   * Units of the hidden layers; [] for a linear model. Default: those of the specification, else
   * [32].
   */
  hidden?: readonly number[];
  /** Of the hidden layers. Default: that of the specification, else "relu". */
  activation?: ActivationName;
  /** Batch norm before each hidden activation. Default: false. */
  batchNorm?: boolean;
  /** Penalty l1·Σ|w|. Default: 0. */
  l1?: number;
  /** Penalty ½·l2·Σw². Default: 0. */
  l2?: number;
  /** Default: "f64". */
  dtype?: Dtype;
  /** Name or name and options, as in { type: "adam", learningRate: 0.01 }. Default: "adam". */
  optimizer?: OptimizerSetting;
  /** Learning rate of the optimizer. Default: the optimizer's own. */
  learningRate?: number;
  /** Passes over the rows. Default: 60. */
  epochs?: number;
  /** Rows per step. Default: the optimizer's own. */
  batchSize?: number;
  /** Schedule of the learning rate. Default: "constant". */
  schedule?: ScheduleName;
  /**
   * Epochs without improvement on held-out training rows after which a run ends. Default: never.
   */
  patience?: number;
  /**
   * Learns the logarithm of a single target instead of its value; the number is the target's value
   * at which it is 0 in its own unit. Default: no.
   */
  logFrom?: number;
  /** "balanced": classes weigh the same. Default: rows weigh the same. */
  weights?: "balanced";
}

const KEYS = [
  ...["hidden", "activation", "batchNorm", "l1", "l2", "dtype", "optimizer", "learningRate", "epochs"],
  ...["batchSize", "schedule", "patience", "logFrom", "weights"],
];

/** Names of everything that a setting can hold. */
export const settingKeys: readonly string[] = KEYS;

/**
 * Refuses what is not a setting; ranges of values that networks and optimizers check are left to
 * these.
 */
export function checkSetting(where: string, name: string, value: unknown): asserts value is Setting {
  checkObject(where, name, value);
  checkKeys(`${where}: ${name}`, value, KEYS);
  const {
    hidden = [],
    epochs = 1,
    patience = 1,
    learningRate = 0,
    weights = "balanced",
    schedule = "constant",
    logFrom = 0,
  } = value;
  if (!Array.isArray(hidden)) wrongType(where, `${name}.hidden`, "an array of numbers of units", hidden);
  for (const units of hidden) checkInteger(where, `${name}.hidden`, units, 1);
  checkInteger(where, `${name}.epochs`, epochs, 1);
  checkInteger(where, `${name}.patience`, patience, 1);
  checkNonNegative(where, `${name}.learningRate`, learningRate);
  checkNumber(where, `${name}.logFrom`, logFrom, "a finite number", Number.isFinite);
  checkChoice(where, `${name}.weights`, weights, ["balanced"]);
  checkChoice(where, `${name}.schedule`, schedule, scheduleNames);
  makeOptimizer(where, optimizerOf(value as Setting));
}

/** The optimizer with the setting's learning rate. */
export function optimizerOf({ optimizer = "adam", learningRate }: Setting): OptimizerSetting {
  if (learningRate === undefined) return optimizer;
  return isObject(optimizer) ? { ...optimizer, learningRate } : { type: optimizer, learningRate };
}

/**
 * The network that a setting makes for data: its hidden layers, activation, batch norm and penalty
 * over those of a specification, where there is one.
 */
export function specOf(setting: Setting, base: Partial<NetworkSpec>, data: Dataset, seed: number): NetworkSpec {
  const { hidden, activation, batchNorm, l1, l2, dtype } = setting;
  const loss = base.loss ?? lossFor(data);
  const given = base.layers ?? [{ units: 32, activation: "relu" }, { units: outputsFor(data, loss) }];
  const last = given[given.length - 1];
  const before: readonly LayerSpec[] = hidden
    ? hidden.map((units) => ({ ...(given.length > 1 ? given[0] : { activation: "relu" as const }), units }))
    : given.slice(0, -1);
  const over = {
    ...(activation === undefined ? {} : { activation }),
    ...(batchNorm === undefined ? {} : { batchNorm }),
  };
  return {
    ...base,
    inputs: data.inputs.columns,
    layers: [...before.map((layer) => ({ ...layer, ...over })), last],
    loss,
    penalty: { ...base.penalty, ...(l1 === undefined ? {} : { l1 }), ...(l2 === undefined ? {} : { l2 }) },
    ...(dtype === undefined ? {} : { dtype }),
    seed,
  };
}

/**
 * Class labels, that is whole numbers from 0 of which none is missing, ask for cross-entropy;
 * anything else for mse.
 */
function lossFor({ targets }: Dataset): Loss {
  if ("data" in targets) return "mse";
  const kinds = new Set(targets);
  const labels = kinds.size > 1 && Array.from(kinds).every((kind) => Number.isInteger(kind) && kind >= 0);
  return labels && Math.max(...kinds) === kinds.size - 1 ? "cross-entropy" : "mse";
}

function outputsFor({ targets }: Dataset, loss: Loss): number {
  if ("data" in targets) return targets.columns;
  return loss === "cross-entropy" ? Math.max(2, targets.reduce((most, label) => Math.max(most, label), 0) + 1) : 1;
}
