import {
  checkBoolean,
  checkChoice,
  checkFunction,
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
 * φ by name:
 *
 * - identity: a
 * - relu: max(0, a)
 * - leaky-relu and elu: as in `Activation`
 * - softplus: ln(1 + eᵃ)
 * - gelu: a·Φ(a), Φ being the standard normal distribution
 * - silu: a/(1 + e⁻ᵃ)
 * - tanh: tanh a
 * - sigmoid: 1/(1 + e⁻ᵃ)
 * - step: 1 for a > 0 and 0 otherwise, with a derivative of 0
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
  /** max(0, a); `atZero` is the value used for ReLU′(0). Default: 0. */
  | { type: "relu"; atZero?: number }
  /** a for a > 0 and slope·a otherwise; its derivative at 0 is the slope. Default: 0.01. */
  | { type: "leaky-relu"; slope?: number }
  /** a for a > 0 and alpha·(eᵃ − 1) otherwise. Default: 1. */
  | { type: "elu"; alpha?: number };

/** Batch normalisation as in PyTorch: momentum 0.1, epsilon 1e-5. */
export interface BatchNorm {
  /** Weight of the batch in the running statistics. Default: 0.1. */
  momentum?: number;
  /** Added to the variance. Default: 1e-5. */
  epsilon?: number;
}

/** A layer: a = W·h + b, batch norm where asked for, φ(a). */
export interface LayerSpec {
  /** How many outputs it has. */
  units: number;
  /** The activation φ. Default: "identity". */
  activation?: ActivationName | Activation;
  /** Batch norm between the affine map and the activation. Default: false. */
  batchNorm?: boolean | BatchNorm;
  /**
   * Whether its parameters stay fixed; they still count in `parameterCount`. As in Keras, its batch
   * norm then uses the running statistics and leaves them unchanged. Default: false.
   */
  frozen?: boolean;
  /**
   * Share of its outputs that training sets to 0, redrawn for each sample and step, while the
   * others are divided by 1 − share (inverted dropout, Srivastava et al. 2014). Not in the last
   * layer, and not with second-order methods, which need a fixed objective. Default: 0.
   */
  dropout?: number;
}

/**
 * ℓ by name, z being an output, y its target and r = z − y; reduced as PyTorch does.
 *
 * Means over samples and outputs:
 *
 * - mse: r²
 * - huber: ½r² for |r| ≤ δ and δ·(|r| − ½δ) beyond
 * - log-cosh: ln cosh r
 * - mae: |r|
 * - quantile: level·(y − z) where z ≤ y and (1 − level)·(z − y) elsewhere (the pinball loss,
 *   Koenker and Bassett 1978)
 * - poisson: eᶻ − y·z, z being the logarithm of a rate. The term ln y! is left out (PyTorch's
 *   `log_input=True, full=False`)
 * - binary-cross-entropy: of logits
 *
 * A mean over samples:
 *
 * - cross-entropy: of logits
 *
 * mae and quantile have a kink at r = 0, where 0 is taken for their slope, and no curvature:
 * second-order methods refuse them.
 */
export type LossName =
  | "mse"
  | "huber"
  | "log-cosh"
  | "mae"
  | "quantile"
  | "poisson"
  | "cross-entropy"
  | "binary-cross-entropy";

/**
 * A loss of your own: the loss of one sample, given its outputs and its target, and its derivatives
 * with respect to the outputs.
 */
export interface CustomLoss {
  /** ℓ; the loss of a data set is its mean over samples. */
  value(outputs: Float64Array, target: Float64Array): number;
  /** ∂ℓ/∂z, a number for each output. */
  gradient(outputs: Float64Array, target: Float64Array): ArrayLike<number>;
  /** ∂²ℓ/∂z∂z, a row for each output. */
  hessian(outputs: Float64Array, target: Float64Array): ArrayLike<ArrayLike<number>>;
}

/** A loss by name, with its parameter, or your own. */
export type Loss =
  | LossName
  | { type: Exclude<LossName, "huber" | "quantile"> }
  /** `delta`, δ, is where the parabola ends. Default: 1. */
  | { type: "huber"; delta?: number }
  /**
   * `at`: one level in (0, 1) or several. Outputs are the first target's levels, then the second
   * target's, and so on. Default: 0.5.
   */
  | { type: "quantile"; at?: number | readonly number[] }
  | CustomLoss;

/** A loss with its parameter filled in; a name where it has none, or the default. */
export type ResolvedLoss =
  | LossName
  | { readonly type: "huber"; readonly delta: number }
  | { readonly type: "quantile"; readonly at: readonly number[] }
  | Readonly<CustomLoss>;

/** What there is to know of a loss. */
export interface LossTraits {
  /**
   * In the core's numbering; that of cross-entropy is for labels, and the next one for
   * probabilities.
   */
  readonly kernel: number;
  /** What the kernel gives is multiplied by it. */
  readonly factor: number;
  /**
   * What outputs are: values in the targets' unit, one of their quantiles, logarithms of rates,
   * logits or what the caller says.
   */
  readonly outputs: "values" | "quantiles" | "rates" | "logits" | "custom";
  /** Whether the mean is over samples alone, and not over outputs too. */
  readonly perSample: boolean;
  /** Whether it curves, as second-order methods need it. */
  readonly curved: boolean;
}

const values = { factor: 1, outputs: "values", perSample: false, curved: true } as const;

/** The one table of losses. mae is twice the quantile at ½. */
export const lossTable: Readonly<Record<LossName, LossTraits>> = {
  mse: { ...values, kernel: 0 },
  huber: { ...values, kernel: 1 },
  "log-cosh": { ...values, kernel: 6 },
  mae: { ...values, kernel: 7, factor: 2, curved: false },
  quantile: { ...values, kernel: 7, outputs: "quantiles", curved: false },
  poisson: { ...values, kernel: 5, outputs: "rates" },
  "cross-entropy": { ...values, kernel: 3, outputs: "logits", perSample: true },
  "binary-cross-entropy": { ...values, kernel: 2, outputs: "logits" },
};

const CUSTOM: LossTraits = { ...values, kernel: -1, outputs: "custom", perSample: true };

/** Names of the built-in losses. */
export const lossNames = Object.keys(lossTable) as readonly LossName[];

/** The name of a loss, or "custom". */
export function lossName(loss: ResolvedLoss): LossName | "custom" {
  return typeof loss === "string" ? loss : "type" in loss ? loss.type : "custom";
}

/** What there is to know of a loss. */
export function lossTraits(loss: ResolvedLoss): LossTraits {
  const name = lossName(loss);
  return name === "custom" ? CUSTOM : lossTable[name];
}

/** Whether outputs are logits, of which classes are decided. */
export function decidesClasses(loss: ResolvedLoss): boolean {
  return lossTraits(loss).outputs === "logits";
}

/** δ or levels; one number for each output of a target. */
export function lossParameters(loss: ResolvedLoss): readonly number[] {
  if (typeof loss === "object" && "type" in loss) return loss.type === "huber" ? [loss.delta] : loss.at;
  return loss === "mae" || loss === "quantile" ? [0.5] : [1];
}

/** Residuals at which a loss has a kink: its gradient jumps there, or its curvature. */
export function lossKinks(loss: ResolvedLoss): readonly number[] {
  const name = lossName(loss);
  if (name === "huber") return lossParameters(loss).flatMap((delta) => [delta, -delta]);
  return name === "mae" || name === "quantile" ? [0] : [];
}

/** A penalty l1·Σ|θ| + ½·l2·Σθ² over the weights, or over all parameters. */
export interface Penalty {
  /** Factor of the sum of absolute values. Default: 0. */
  l1?: number;
  /** Factor of half the sum of squares: a number for all layers, or one for each. Default: 0. */
  l2?: number | readonly number[];
  /**
   * Which parameters: "weights" leaves out biases and batch norm's scales and shifts. Default:
   * "weights".
   */
  on?: "weights" | "all";
}

/** The specification of a network. */
export interface NetworkSpec {
  /** Numbers in a sample. */
  inputs: number;
  /** Layers from the inputs to the outputs. */
  layers: readonly LayerSpec[];
  /** The loss of a sample. Default: "mse". */
  loss?: Loss;
  /** A term of the objective. Default: none. */
  penalty?: Penalty;
  /** Precision: "f64" for curvature, "f32" for speed. Default: "f64". */
  dtype?: Dtype;
  /** How the initial weights are drawn. Default: "he-normal" (He et al. 2015). */
  initializer?: Initializer;
  /** Seed of the initial weights. Default: 0. */
  seed?: number;
  /**
   * Runs [from, to) of the parameters that are trained, as `withParameters` makes them. Default:
   * all parameters of layers that are not frozen.
   */
  trainable?: readonly (readonly [from: number, to: number])[];
}

/** A layer with every default filled in. */
export interface ResolvedLayer {
  /** How many outputs it has. */
  readonly units: number;
  /** With its parameter. */
  readonly activation: Readonly<Activation>;
  /** Batch norm with every default filled in; false where there is none. */
  readonly batchNorm: false | Readonly<Required<BatchNorm>>;
  /** True where its parameters stay fixed; otherwise left out. */
  readonly frozen?: true;
  /** Share of its outputs that training sets to 0; left out where it is 0. */
  readonly dropout?: number;
}

/** A specification with every default filled in. */
export interface ResolvedSpec {
  /** Numbers in a sample. */
  readonly inputs: number;
  /** Layers from the inputs to the outputs. */
  readonly layers: readonly ResolvedLayer[];
  /** The loss of a sample. */
  readonly loss: ResolvedLoss;
  /** The penalty of the objective. */
  readonly penalty: Readonly<Required<Penalty>>;
  /** Precision of parameters and activations. */
  readonly dtype: Dtype;
  /** The rule that drew the initial weights. */
  readonly initializer: Initializer;
  /** The seed that they were drawn from. */
  readonly seed: number;
  /**
   * Runs of trained parameters, where these are not whole layers; otherwise left out.
   */
  readonly trainable?: readonly (readonly [from: number, to: number])[];
}

const WHERE = "network";

/** Checks a specification and fills in its defaults. */
export function resolveSpec(spec: unknown): ResolvedSpec {
  checkObject(WHERE, "spec", spec);
  checkKeys(WHERE, spec, ["inputs", "layers", "loss", "penalty", "dtype", "initializer", "seed", "trainable"]);
  const { inputs, layers, loss = "mse", dtype = "f64", initializer = "he-normal", seed = 0 } = spec;
  checkInteger(WHERE, "inputs", inputs, 1);
  if (!Array.isArray(layers)) wrongType(WHERE, "layers", "an array of layers", layers);
  if (layers.length === 0) wrongValue(WHERE, "layers", "at least one layer", "none");
  checkChoice(WHERE, "dtype", dtype, ["f64", "f32"]);
  if (typeof initializer !== "function") checkChoice(WHERE, "initializer", initializer, Object.keys(initializers));
  checkInteger(WHERE, "seed", seed, 0);
  const resolved = layers.map((layer, index) => resolveLayer(layer, `layers[${index}]`));
  const resolvedLoss = resolveLoss(loss);
  checkOutputs(resolvedLoss, resolved[resolved.length - 1]);
  return deepFreeze({
    inputs,
    layers: resolved,
    loss: resolvedLoss,
    penalty: resolvePenalty(spec.penalty, layers.length),
    dtype,
    initializer: initializer as Initializer,
    seed,
    ...(spec.trainable === undefined ? {} : { trainable: resolveRuns(spec.trainable) }),
  });
}

function resolveLoss(given: unknown): ResolvedLoss {
  if (isObject(given) && given.type === undefined) return resolveCustom(given);
  const options = isObject(given) ? given : { type: given };
  checkChoice(WHERE, "loss", options.type, lossNames);
  const { type } = options;
  const parameter = type === "huber" ? "delta" : type === "quantile" ? "at" : undefined;
  checkKeys(`${WHERE}: loss`, options, parameter ? ["type", parameter] : ["type"]);
  const { delta = 1, at = 0.5 } = options;
  if (type === "huber") {
    checkPositive(WHERE, "loss.delta", delta);
    return delta === 1 ? type : { type, delta };
  }
  if (type !== "quantile") return type;
  const levels: unknown[] = Array.isArray(at) ? at.slice() : [at];
  if (levels.length === 0) wrongValue(WHERE, "loss.at", "at least one level", "none");
  for (const level of levels) checkNumber(WHERE, "loss.at", level, "levels in (0, 1)", (x) => x > 0 && x < 1);
  return levels.length === 1 && levels[0] === 0.5 ? type : { type, at: levels as number[] };
}

/** Functions of the object's own, so that it is not frozen. */
function resolveCustom(given: Record<string, unknown>): CustomLoss {
  checkKeys(`${WHERE}: loss`, given, ["value", "gradient", "hessian"]);
  const { value, gradient, hessian } = given as unknown as CustomLoss;
  for (const [name, method] of Object.entries({ value, gradient, hessian })) {
    checkFunction(WHERE, `loss.${name}`, method);
  }
  return { value: value.bind(given), gradient: gradient.bind(given), hessian: hessian.bind(given) };
}

/** Refuses a last layer that the loss cannot have. */
function checkOutputs(loss: ResolvedLoss, { units, activation, dropout }: ResolvedLayer): void {
  if (dropout) wrongValue(WHERE, "dropout", "none in the last layer", String(dropout));
  if (decidesClasses(loss) && activation.type === "sigmoid") {
    const remedy = 'leave the last activation at "identity" and read probabilities from net.probabilities';
    wrongValue(WHERE, "loss", `a loss of outputs after a sigmoid (${loss} takes logits)`, `"${loss}"`, remedy);
  }
  if (loss === "cross-entropy" && units === 1) {
    wrongValue(WHERE, "loss", "at least two outputs under cross-entropy", "one", 'use "binary-cross-entropy"');
  }
  const levels = lossName(loss) === "quantile" ? lossParameters(loss).length : 1;
  if (units % levels !== 0) {
    wrongValue(WHERE, "loss.at", `levels of which ${units} outputs are a multiple`, `${levels} levels`);
  }
}

function resolveLayer(layer: unknown, name: string): ResolvedLayer {
  checkObject(WHERE, name, layer);
  checkKeys(`${WHERE}: ${name}`, layer, ["units", "activation", "batchNorm", "frozen", "dropout"]);
  const { units, activation = "identity", batchNorm = false, frozen = false, dropout = 0 } = layer;
  checkInteger(WHERE, `${name}.units`, units, 1);
  checkBoolean(WHERE, `${name}.frozen`, frozen);
  checkShare(WHERE, `${name}.dropout`, dropout);
  return {
    units,
    activation: resolveActivation(activation, `${name}.activation`),
    batchNorm: resolveBatchNorm(batchNorm, `${name}.batchNorm`),
    ...(frozen ? { frozen } : {}),
    ...(dropout > 0 ? { dropout } : {}),
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

/** Ascending and apart; the layout says whether the network has them. */
function resolveRuns(given: unknown): [number, number][] {
  if (!Array.isArray(given)) wrongType(WHERE, "trainable", "runs [from, to) of parameters", given);
  let end = -1;
  return given.map((run: unknown) => {
    const [from, to]: unknown[] = Array.isArray(run) ? run : [];
    checkInteger(WHERE, "trainable", from, end + 1);
    checkInteger(WHERE, "trainable", to, from + 1);
    end = to;
    return [from, to];
  });
}

function resolvePenalty(given: unknown = {}, layers: number): Required<Penalty> {
  checkObject(WHERE, "penalty", given);
  checkKeys(`${WHERE}: penalty`, given, ["l1", "l2", "on"]);
  const { l1 = 0, l2 = 0, on = "weights" } = given;
  checkNonNegative(WHERE, "penalty.l1", l1);
  checkChoice(WHERE, "penalty.on", on, ["weights", "all"]);
  if (!Array.isArray(l2)) {
    checkNonNegative(WHERE, "penalty.l2", l2);
    return { l1, l2, on };
  }
  if (l2.length !== layers)
    wrongValue(WHERE, "penalty.l2", `a number, or one for each of ${layers} layers`, String(l2.length));
  for (const value of l2) checkNonNegative(WHERE, "penalty.l2", value);
  return { l1, l2: [...l2], on };
}

/** Whether the objective has a penalty. */
export function isPenalised({ penalty: { l1, l2 } }: ResolvedSpec): boolean {
  return l1 > 0 || (typeof l2 === "number" ? l2 > 0 : l2.some((value) => value > 0));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
