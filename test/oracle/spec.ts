/**
 * The description of a network, as users write it for `network({...})`, declared again so that the
 * oracle depends on nothing.
 */

export type ActivationName =
  | "identity"
  | "relu"
  | "leaky-relu"
  | "elu"
  | "softplus"
  | "gelu"
  | "silu"
  | "tanh"
  | "sigmoid"
  | "step";

export type ActivationSpec =
  | ActivationName
  | { type: "relu"; atZero?: number }
  | { type: "leaky-relu"; slope?: number }
  | { type: "elu"; alpha?: number };

export type LossName =
  | "mse"
  | "huber"
  | "log-cosh"
  | "mae"
  | "quantile"
  | "poisson"
  | "cross-entropy"
  | "binary-cross-entropy";

/** A loss by name, with δ or levels where these are not 1 and ½. */
export type LossSpec = LossName | { type: "huber"; delta: number } | { type: "quantile"; at: number[] };

export interface LayerSpec {
  units: number;
  activation?: ActivationSpec;
  batchNorm?: boolean | { momentum?: number; epsilon?: number };
}

export interface NetworkSpec {
  inputs: number;
  layers: LayerSpec[];
  loss: LossSpec;
  penalty?: { l1?: number; l2?: number; on?: "weights" | "all" };
  dtype?: "f64" | "f32";
  initializer?: "he-normal" | "he-uniform" | "glorot-normal" | "glorot-uniform" | "zeros";
  seed?: number;
}

/** Class labels or a single column when flat, one row per sample otherwise. */
export type Targets = number[] | number[][];

/** "batch" normalises by the statistics of the batch at hand, "running" by the given ones. */
export type Mode = "batch" | "running";

/** One entry per layer, null where the layer has no batch norm. */
export type RunningStatistics = ({ mean: number[]; variance: number[] } | null)[];

export interface Options {
  mode?: Mode;
  running?: RunningStatistics;
}

/**
 * Where each of a layer's parameters starts in the flat vector; `scale` and `shift` are −1 without
 * batch norm.
 */
export interface LayerLayout {
  inputs: number;
  units: number;
  weight: number;
  bias: number;
  scale: number;
  shift: number;
}

export function layout(spec: NetworkSpec): LayerLayout[] {
  const layers: LayerLayout[] = [];
  let inputs = spec.inputs;
  let next = 0;
  for (const { units, batchNorm } of spec.layers) {
    const weight = next;
    const bias = weight + units * inputs;
    next = bias + units;
    let scale = -1;
    let shift = -1;
    if (batchNorm) {
      scale = next;
      shift = scale + units;
      next = shift + units;
    }
    layers.push({ inputs, units, weight, bias, scale, shift });
    inputs = units;
  }
  return layers;
}

export function parameterCount(spec: NetworkSpec): number {
  let count = 0;
  let inputs = spec.inputs;
  for (const layer of spec.layers) {
    count += layer.units * inputs + layer.units + (layer.batchNorm ? 2 * layer.units : 0);
    inputs = layer.units;
  }
  return count;
}

/** What batch norm uses, with PyTorch's defaults; null where the layer has none. */
export function batchNormOf(layer: LayerSpec): { momentum: number; epsilon: number } | null {
  if (!layer.batchNorm) return null;
  const given = layer.batchNorm === true ? {} : layer.batchNorm;
  return { momentum: given.momentum ?? 0.1, epsilon: given.epsilon ?? 1e-5 };
}

/** For each parameter, whether the penalty counts it. */
export function penalised(spec: NetworkSpec): boolean[] {
  const all = spec.penalty?.on === "all";
  const flags: boolean[] = new Array(parameterCount(spec)).fill(all);
  for (const { weight, bias } of layout(spec)) flags.fill(true, weight, bias);
  return flags;
}

/** Mean 0 and variance 1, where running statistics start. */
export function initialRunning(spec: NetworkSpec): RunningStatistics {
  return spec.layers.map((layer) =>
    layer.batchNorm ? { mean: new Array(layer.units).fill(0), variance: new Array(layer.units).fill(1) } : null,
  );
}
