import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  checkNonNegative,
  checkNumber,
  checkObject,
  checkPositive,
  checkShare,
  isObject,
  wrongType,
  wrongValue,
} from "../check.js";
import type { Dtype } from "../wasm/kernels.js";
import { type Initializer, initializers } from "./initializer.js";

/**
 * φ by name: identity a; relu max(0, a); leaky-relu and elu as in `Activation`; softplus ln(1 + eᵃ); gelu a·Φ(a), Φ being the standard normal
 * distribution; silu a/(1 + e⁻ᵃ); tanh; sigmoid 1/(1 + e⁻ᵃ); step 1 for a > 0 and 0 otherwise, with a derivative of 0.
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

/** In the order of the core's numbering. */
export const activations: readonly ActivationName[] = [
  "identity",
  "relu",
  "leaky-relu",
  "elu",
  "softplus",
  "gelu",
  "silu",
  "tanh",
  "sigmoid",
  "step",
];

/** An activation with its parameter. */
export type Activation =
  | { type: Exclude<ActivationName, "relu" | "leaky-relu" | "elu"> }
  /** max(0, a); `atZero` is the value used for ReLU′(0), 0 by default. */
  | { type: "relu"; atZero?: number }
  /** a for a > 0 and slope·a otherwise; 0.01 by default, at 0 too (PyTorch's). */
  | { type: "leaky-relu"; slope?: number }
  /** a for a > 0 and alpha·(eᵃ − 1) otherwise; 1 by default. */
  | { type: "elu"; alpha?: number };

/** Batch normalisation as in PyTorch: momentum 0.1, epsilon 1e-5. */
export interface BatchNorm {
  /** Weight of the batch in the running statistics; 0.1. */
  momentum?: number;
  /** Added to the variance; 1e-5. */
  epsilon?: number;
}

/** A layer: a = W·h + b, batch norm where asked for, φ(a). */
export interface LayerSpec {
  /** How many outputs it has. */
  units: number;
  /** "identity" by default. */
  activation?: ActivationName | Activation;
  /** Between the affine map and the activation. */
  batchNorm?: boolean | BatchNorm;
}

/**
 * ℓ by name, reduced as PyTorch does: mse r², huber ½r² for |r| ≤ 1 and |r| − ½ beyond, and binary-cross-entropy are means over samples and
 * outputs; cross-entropy is a mean over samples. Both cross-entropies take logits.
 */
export type Loss = "mse" | "huber" | "cross-entropy" | "binary-cross-entropy";

export const losses: readonly Loss[] = ["mse", "huber", "cross-entropy", "binary-cross-entropy"];

/** l1·Σ|θ| + ½·l2·Σθ² over the weights, or over all parameters. */
export interface Penalty {
  /** 0. */
  l1?: number;
  /** 0. */
  l2?: number;
  /** "weights" by default: batch norm's scales and shifts, and biases, are left out. */
  on?: "weights" | "all";
}

/** What a network is made of. */
export interface NetworkSpec {
  /** Numbers in a sample. */
  inputs: number;
  /** The first one first; the last one gives the outputs. */
  layers: readonly LayerSpec[];
  /** "mse" by default. */
  loss?: Loss;
  /** Part of the objective; none by default. */
  penalty?: Penalty;
  /** "f64" by default, because curvature is delicate; "f32" for speed. */
  dtype?: Dtype;
  /** "he-normal" by default (He et al. 2015). */
  initializer?: Initializer;
  /** Of the initial weights; 0. */
  seed?: number;
}

/** A layer with every default filled in. */
export interface ResolvedLayer {
  /** How many outputs it has. */
  readonly units: number;
  /** With its parameter. */
  readonly activation: Readonly<Activation>;
  /** False for none. */
  readonly batchNorm: false | Readonly<Required<BatchNorm>>;
}

/** A specification with every default filled in. */
export interface ResolvedSpec {
  /** Numbers in a sample. */
  readonly inputs: number;
  /** The first one first. */
  readonly layers: readonly ResolvedLayer[];
  /** Of the outputs. */
  readonly loss: Loss;
  /** Part of the objective. */
  readonly penalty: Readonly<Required<Penalty>>;
  /** Of parameters and activations. */
  readonly dtype: Dtype;
  /** What drew the initial weights. */
  readonly initializer: Initializer;
  /** What it drew them from. */
  readonly seed: number;
}

const WHERE = "network";

/** Checks a specification and fills in its defaults. */
export function resolveSpec(spec: unknown): ResolvedSpec {
  checkObject(WHERE, "spec", spec);
  checkKeys(WHERE, spec, ["inputs", "layers", "loss", "penalty", "dtype", "initializer", "seed"]);
  const { inputs, layers, loss = "mse", dtype = "f64", initializer = "he-normal", seed = 0 } = spec;
  checkInteger(WHERE, "inputs", inputs, 1);
  if (!Array.isArray(layers)) wrongType(WHERE, "layers", "an array of layers", layers);
  if (layers.length === 0) wrongValue(WHERE, "layers", "at least one layer", "none");
  checkChoice(WHERE, "loss", loss, losses);
  checkChoice(WHERE, "dtype", dtype, ["f64", "f32"]);
  if (typeof initializer !== "function") checkChoice(WHERE, "initializer", initializer, Object.keys(initializers));
  checkInteger(WHERE, "seed", seed, 0);
  const resolved = layers.map((layer, index) => resolveLayer(layer, `layers[${index}]`));
  const last = resolved[resolved.length - 1].activation.type;
  if (loss.endsWith("cross-entropy") && last === "sigmoid") {
    const remedy = 'leave the last activation at "identity" and read probabilities from net.probabilities';
    wrongValue(WHERE, "loss", `a loss of outputs after a sigmoid (${loss} takes logits)`, `"${loss}"`, remedy);
  }
  if (loss === "cross-entropy" && resolved[resolved.length - 1].units === 1) {
    wrongValue(WHERE, "loss", "at least two outputs under cross-entropy", "one", 'use "binary-cross-entropy"');
  }
  return deepFreeze({
    inputs,
    layers: resolved,
    loss,
    penalty: resolvePenalty(spec.penalty),
    dtype,
    initializer: initializer as Initializer,
    seed,
  });
}

function resolveLayer(layer: unknown, name: string): ResolvedLayer {
  checkObject(WHERE, name, layer);
  checkKeys(`${WHERE}: ${name}`, layer, ["units", "activation", "batchNorm"]);
  const { units, activation = "identity", batchNorm = false } = layer;
  checkInteger(WHERE, `${name}.units`, units, 1);
  return {
    units,
    activation: resolveActivation(activation, `${name}.activation`),
    batchNorm: resolveBatchNorm(batchNorm, `${name}.batchNorm`),
  };
}

const parameters: Partial<Record<ActivationName, readonly [name: string, value: number]>> = {
  relu: ["atZero", 0],
  "leaky-relu": ["slope", 0.01],
  elu: ["alpha", 1],
};

function resolveActivation(given: unknown, name: string): Activation {
  const options = isObject(given) ? given : { type: given };
  checkChoice(WHERE, name, options.type, activations);
  const parameter = parameters[options.type];
  checkKeys(`${WHERE}: ${name}`, options, ["type", ...(parameter ? [parameter[0]] : [])]);
  if (!parameter) return { type: options.type } as Activation;
  const [key, usual] = parameter;
  const { [key]: value = usual } = options;
  if (key === "atZero") checkShare(WHERE, `${name}.atZero`, value, true);
  else checkNumber(WHERE, `${name}.${key}`, value, "a finite number", Number.isFinite);
  return { type: options.type, [key]: value } as Activation;
}

/** What the core takes beside the kind: atZero, slope or alpha. */
export function activationParameter(activation: Activation): number {
  const parameter = parameters[activation.type];
  return parameter ? (activation as unknown as Record<string, number>)[parameter[0]] : 0;
}

function resolveBatchNorm(given: unknown, name: string): ResolvedLayer["batchNorm"] {
  if (!isObject(given)) {
    checkBoolean(WHERE, name, given);
    if (!given) return false;
    return { momentum: 0.1, epsilon: 1e-5 };
  }
  checkKeys(`${WHERE}: ${name}`, given, ["momentum", "epsilon"]);
  const { momentum = 0.1, epsilon = 1e-5 } = given;
  checkShare(WHERE, `${name}.momentum`, momentum, true);
  checkPositive(WHERE, `${name}.epsilon`, epsilon);
  return { momentum, epsilon };
}

function resolvePenalty(given: unknown = {}): Required<Penalty> {
  checkObject(WHERE, "penalty", given);
  checkKeys(`${WHERE}: penalty`, given, ["l1", "l2", "on"]);
  const { l1 = 0, l2 = 0, on = "weights" } = given;
  checkNonNegative(WHERE, "penalty.l1", l1);
  checkNonNegative(WHERE, "penalty.l2", l2);
  checkChoice(WHERE, "penalty.on", on, ["weights", "all"]);
  return { l1, l2, on };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
