import { checkInteger, isObject, wrongType, wrongValue } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import type { NetworkSpec } from "../network/spec.js";
import { flopsOfFit, isDense, parametersOf } from "./cost.js";
import { specOf } from "./setting.js";
import type { Task } from "./tasks.js";

/** The largest tasks that a worker accepts. */
export interface Limits {
  /** Most parameters of a network; 10⁷. */
  readonly parameters: number;
  /** Most bytes of a P × P matrix, where the optimizer makes one; 2 GiB. */
  readonly matrixBytes: number;
  /** Most floating-point operations of a task, as estimated; 10¹⁶, some days on one core. */
  readonly flops: number;
  /** Most bytes of a data set; 2 GiB. */
  readonly dataBytes: number;
}

/** What a worker takes where nothing was said. */
export const usualLimits: Limits = { parameters: 1e7, matrixBytes: 2 ** 31, flops: 1e16, dataBytes: 2 ** 31 };

const LAYERS = 1000;

/** Refuses a task that is too large, before anything of its size is made. */
export function checkSize(task: Task, data: Dataset | null, limits: Limits): void {
  if (task.kind === "product") {
    checkParameters(sizeOf(task.spec), limits);
    return;
  }
  if (!data) wrongValue("task", "data", "a data set for a fit", "a file, which products alone are taken over");
  const spec = specFor(task, data);
  const parameters = sizeOf(spec);
  checkParameters(parameters, limits);
  const { setting } = task;
  if (isDense(setting)) {
    const bytes = 8 * parameters ** 2;
    if (!(bytes <= limits.matrixBytes)) tooLarge("bytes of a matrix", limits.matrixBytes, bytes);
  }
  const flops = flopsOfFit(setting, spec, data.size);
  if (!(flops <= limits.flops)) tooLarge("operations", limits.flops, flops);
}

function checkParameters(parameters: number, limits: Limits): void {
  if (!(parameters <= limits.parameters)) tooLarge("parameters", limits.parameters, parameters);
}

function specFor(task: Exclude<Task, { kind: "product" }>, data: Dataset): NetworkSpec {
  const { setting, base, seed } = task;
  checkLayers(base.layers ?? []);
  if ((setting.hidden?.length ?? 0) > LAYERS) tooLarge("layers", LAYERS, setting.hidden?.length ?? 0);
  return specOf(setting, base, data, seed);
}

function sizeOf(spec: NetworkSpec): number {
  checkInteger("task", "inputs", spec.inputs, 1);
  checkLayers(spec.layers);
  return parametersOf(spec);
}

function checkLayers(layers: unknown): void {
  if (!Array.isArray(layers)) wrongType("task", "layers", "an array of layers", layers);
  if (layers.length > LAYERS) tooLarge("layers", LAYERS, layers.length);
  for (const layer of layers as unknown[]) {
    if (!isObject(layer)) wrongType("task", "layers", "an array of layers", layer);
    checkInteger("task", "units", layer.units, 1);
  }
}

function tooLarge(what: string, most: number, got: number): never {
  wrongValue("task", "size", `at most ${most.toPrecision(3)} ${what}`, got.toPrecision(3), "this worker takes no more");
}
