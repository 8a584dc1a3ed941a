import { checkChoice, checkInteger, checkKeys, checkObject, isObject, wrongType, wrongValue } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import type { NetworkSpec } from "../network/spec.js";
import {
  type FitResult,
  type FitTask,
  type LeaveOneOutResult,
  type LeaveOneOutTask,
  runFit,
  runLeaveOneOut,
} from "./fit-task.js";
import { type Blocks, type ProductResult, type ProductTask, quantities, runProduct } from "./product-task.js";
import { checkSetting } from "./setting.js";
import { type FoldResult, type FoldTask, runFold } from "./task.js";

/**
 * A piece of work as plain data, never code. The result depends on the task and the data alone, so
 * any worker may compute it, and repeat it.
 */
export type Task = FoldTask | FitTask | LeaveOneOutTask | ProductTask;

/** The result of a task. */
export type ResultOf<T extends Task> = T extends FoldTask
  ? FoldResult
  : T extends FitTask
    ? FitResult
    : T extends LeaveOneOutTask
      ? LeaveOneOutResult
      : ProductResult;

/**
 * What a task is done on: data, which is read block by block for products alone, and the vectors
 * that a product names.
 */
export interface Material {
  readonly data: Dataset | Blocks;
  readonly vectors: ReadonlyMap<string, Float64Array>;
}

/** Does a task. */
export async function runTask<T extends Task>(task: T, material: Material, signal?: AbortSignal): Promise<ResultOf<T>> {
  const { vectors } = material;
  if (task.kind === "product") return (await runProduct(task, material.data, vectors)) as ResultOf<T>;
  // A worker has refused fits on files.
  const data = material.data as Dataset;
  switch (task.kind) {
    case "fold":
      return (await runFold(task, data, signal)) as ResultOf<T>;
    case "fit":
      return (await runFit(task, data, signal)) as ResultOf<T>;
    case "leave-one-out":
      return (await runLeaveOneOut(task, data, signal)) as ResultOf<T>;
  }
}

const WHERE = "task";
const KINDS = ["fold", "fit", "leave-one-out", "product"] as const satisfies readonly Task["kind"][];
const FITS = ["setting", "base", "seed"];
const KEYS: Record<Task["kind"], readonly string[]> = {
  fold: ["kind", ...FITS, "folds", "fold", "repeat"],
  fit: ["kind", ...FITS],
  "leave-one-out": ["kind", ...FITS, "row"],
  product: ["kind", "quantity", "spec", "at", "vector"],
};
const SPEC = ["inputs", "layers", "loss", "penalty", "dtype", "initializer", "seed", "trainable"];

/**
 * Refuses what is no task, as a worker does with whatever it is sent. Sizes are judged by
 * `checkSize`, and the rest by networks and optimizers.
 */
export function checkTask(value: unknown): asserts value is Task {
  checkObject(WHERE, "task", value);
  checkChoice(WHERE, "kind", value.kind, KINDS);
  checkKeys(WHERE, value, KEYS[value.kind]);
  checkPlain("task", value);
  if (value.kind === "product") return checkProduct(value);
  checkSetting(WHERE, "setting", value.setting);
  checkSpec("base", value.base);
  checkInteger(WHERE, "seed", value.seed, 0);
  if (value.kind === "leave-one-out") checkInteger(WHERE, "row", value.row, 0);
  if (value.kind !== "fold") return;
  checkInteger(WHERE, "folds", value.folds, 2);
  checkInteger(WHERE, "repeat", value.repeat, 0);
  checkInteger(WHERE, "fold", value.fold, 0);
  if (value.fold >= value.folds) wrongValue(WHERE, "fold", `less than the ${value.folds} folds`, String(value.fold));
}

function checkProduct({ quantity, spec, at, vector }: Record<string, unknown>): void {
  checkChoice(WHERE, "quantity", quantity, quantities);
  checkSpec("spec", spec);
  for (const name of vector === null ? [at] : [at, vector]) {
    if (typeof name !== "string") wrongType(WHERE, "vector", "the name of a vector", name);
  }
}

function checkSpec(name: string, spec: unknown): asserts spec is Partial<NetworkSpec> {
  checkObject(WHERE, name, spec);
  checkKeys(`${WHERE}: ${name}`, spec, SPEC);
}

/** Objects within objects that a task may hold. */
const DEEPEST = 12;

/**
 * Refuses functions, and anything else that is not plain data: a loss or an initializer of the
 * caller's stays in its process.
 */
export function checkPlain(name: string, value: unknown, depth = 0): void {
  if (value === null || value === undefined || ["string", "number", "boolean"].includes(typeof value)) return;
  if (typeof value === "function") {
    wrongType(WHERE, name, "plain data", value, "functions cannot be sent to a pool's workers");
  }
  const plain = Array.isArray(value) || (isObject(value) && isPlain(value));
  if (!plain || depth > DEEPEST) wrongType(WHERE, name, "plain data", value);
  for (const [key, part] of Object.entries(value as object)) checkPlain(`${name}.${key}`.slice(0, 80), part, depth + 1);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
