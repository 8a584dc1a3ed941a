import { wrongValue } from "../check.js";
import { describeBytes } from "../wasm/workspace.js";
import { activationParameter, activations, type ResolvedSpec } from "./spec.js";

/** Where a layer's parameters lie in the flat vector, and what the core needs to know of it. */
export interface LayerLayout {
  readonly inputs: number;
  readonly units: number;
  /** Offsets in elements; scale and shift are −1 without batch norm. */
  readonly weight: number;
  readonly bias: number;
  readonly scale: number;
  readonly shift: number;
  /**
   * Offset of the running mean in the vector of running statistics, the running variance following;
   * −1 without batch norm.
   */
  readonly statistics: number;
  readonly end: number;
  readonly kind: number;
  readonly parameter: number;
  readonly batchNorm: false | { readonly momentum: number; readonly epsilon: number };
  /** Whether none of its parameters takes steps: it works as at inference then. */
  readonly frozen: boolean;
  /** Share of outputs that training drops; 0 where frozen. */
  readonly dropout: number;
}

/** Parameters behind each other that share an l2. */
export interface PenalisedRun {
  readonly offset: number;
  readonly count: number;
  readonly l2: number;
}

export interface Layout {
  readonly layers: readonly LayerLayout[];
  readonly inputs: number;
  readonly outputs: number;
  readonly parameterCount: number;
  readonly statisticsCount: number;
  /** Whether samples of a batch are coupled: a layer that is not frozen has batch norm. */
  readonly batchNorm: boolean;
  /** Places of the parameters that take steps, where these are not all of them. */
  readonly free: Uint32Array | null;
  /** Runs of parameters that the penalty is on, with their l2. */
  readonly penalised: readonly PenalisedRun[];
}

/** Weight (units × inputs, row-major), bias, scale, shift; layer by layer. */
export function layoutOf(spec: ResolvedSpec): Layout {
  const layers: LayerLayout[] = [];
  let inputs = spec.inputs;
  let offset = 0;
  let statistics = 0;
  for (const { units, activation, batchNorm, frozen = false, dropout = 0 } of spec.layers) {
    const bias = offset + units * inputs;
    const end = bias + units * (batchNorm ? 3 : 1);
    layers.push({
      inputs,
      units,
      weight: offset,
      bias,
      scale: batchNorm ? bias + units : -1,
      shift: batchNorm ? bias + 2 * units : -1,
      statistics: batchNorm ? statistics : -1,
      end,
      kind: activations.indexOf(activation.type),
      parameter: activationParameter(activation),
      batchNorm,
      frozen,
      dropout: frozen ? 0 : dropout,
    });
    if (batchNorm) statistics += 2 * units;
    inputs = units;
    offset = end;
  }
  checkSize(offset, spec);
  return {
    layers,
    inputs: spec.inputs,
    outputs: inputs,
    parameterCount: offset,
    statisticsCount: statistics,
    batchNorm: layers.some(({ batchNorm, frozen }) => batchNorm && !frozen),
    free: freeOf(spec, layers, offset),
    penalised: penalisedRuns(spec, layers),
  };
}

/** Runs of the penalty, in the parameters' order. */
function penalisedRuns({ penalty: { on, l2 } }: ResolvedSpec, layers: readonly LayerLayout[]): PenalisedRun[] {
  if (typeof l2 === "number" && on === "all") return [{ offset: 0, count: layers[layers.length - 1].end, l2 }];
  return layers.map(({ weight, bias, end }, layer) => ({
    offset: weight,
    count: (on === "all" ? end : bias) - weight,
    l2: typeof l2 === "number" ? l2 : l2[layer],
  }));
}

/** l2 of each parameter, 0 where there is none. */
export function penaltyOf({ penalised, parameterCount }: Layout): Float64Array {
  const all = new Float64Array(parameterCount);
  for (const { offset, count, l2 } of penalised) all.fill(l2, offset, offset + count);
  return all;
}

/** How many parameters take steps. */
export function freeCount({ free, parameterCount }: Layout): number {
  return free?.length ?? parameterCount;
}

function freeOf({ trainable }: ResolvedSpec, layers: readonly LayerLayout[], count: number): Uint32Array | null {
  if (!trainable && !layers.some(({ frozen }) => frozen)) return null;
  const runs = trainable ?? layers.flatMap(({ weight, end, frozen }) => (frozen ? [] : [[weight, end] as const]));
  const last = runs.length > 0 ? runs[runs.length - 1][1] : 0;
  if (last > count) wrongValue("network", "trainable", `places up to ${count}`, String(last));
  return Uint32Array.from(
    runs.flatMap(([from, to]) => Array.from({ length: Math.min(to, count) - from }, (_, i) => from + i)),
  );
}

/**
 * Offsets of a unit's parameters behind its weights: bias and, with batch norm, scale and shift.
 */
export function behindWeights({ bias, scale, shift }: LayerLayout, unit: number): number[] {
  return scale < 0 ? [bias + unit] : [bias + unit, scale + unit, shift + unit];
}

function checkSize(count: number, { dtype }: ResolvedSpec): void {
  const bytes = count * (dtype === "f32" ? 4 : 8);
  if (bytes > 2 ** 32) {
    throw new RangeError(
      `network: "layers" expected parameters that fit into WebAssembly's 4 GiB, got ${count}, ` +
        `which need ${describeBytes(bytes)}; use fewer units${dtype === "f64" ? " or dtype f32" : ""}`,
    );
  }
}
