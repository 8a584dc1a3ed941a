import { isObject, show, wrongValue } from "../../check.js";
import type { Activation } from "../../network/spec.js";
import { clip } from "../plain.js";
import type { KerasLayer } from "./keras-chain.js";
import type { Ending, Stage } from "./stages.js";

/** Tensors of a file by their names. */
export type Weights = Map<string, { readonly shape: readonly number[]; readonly data: Float64Array }>;

/** What one layer does to a row. */
export interface KerasStages {
  readonly stages: readonly Stage[];
  /** Where the layer ends in a softmax or a sigmoid, which may be the loss's. */
  readonly ending: Ending;
}

/** Self-normalizing ELU (Klambauer et al. 2017): λ·elu(x, α). */
const SELU = { alpha: 1.6732632423543772, factor: 1.0507009873554805 };

const activations: Record<string, readonly Stage[]> = {
  linear: [],
  relu: [of({ type: "relu" })],
  tanh: [of({ type: "tanh" })],
  elu: [of({ type: "elu" })],
  selu: [of({ type: "elu", alpha: SELU.alpha }), scaled(SELU.factor, 0)],
  gelu: [of({ type: "gelu" })],
  silu: [of({ type: "silu" })],
  swish: [of({ type: "silu" })],
  softplus: [of({ type: "softplus" })],
  leaky_relu: [of({ type: "leaky-relu", slope: 0.2 })],
};

/** Layers that change nothing at inference. */
const SILENT = ["InputLayer", "GaussianNoise", "GaussianDropout", "ActivityRegularization"];
/** Layers that only arrange an image's numbers in a row, where they stand before all weights. */
const SHAPES = ["Flatten", "Reshape"];

function of(activation: Activation): Stage {
  return { kind: "activation", activation };
}

function scaled(factor: number, shift: number): Stage {
  return { kind: "scale", factor: Float64Array.of(factor), shift: Float64Array.of(shift) };
}

/**
 * The stages of a layer.
 *
 * @param behind whether something has been done to the row already.
 * @throws RangeError for a layer that no multi-layer perceptron has.
 */
export function stagesOfLayer(where: string, layer: KerasLayer, weights: Weights, behind: boolean): KerasStages {
  const { type, name, config } = layer;
  const number = (key: string, fallback: number): number => numberOf(where, layer, key, fallback);
  if (SILENT.includes(type) || (SHAPES.includes(type) && !behind)) return { stages: [], ending: null };
  switch (type) {
    case "Dense":
      return dense(where, layer, weights);
    case "Activation":
      return activated(where, layer, config.activation);
    case "Softmax":
      return { stages: [], ending: "softmax" };
    case "ReLU":
      return { stages: [relu(where, layer)], ending: null };
    case "LeakyReLU":
      return {
        stages: [of({ type: "leaky-relu", slope: number("negative_slope", number("alpha", 0.3)) })],
        ending: null,
      };
    case "ELU":
      return { stages: [of({ type: "elu", alpha: number("alpha", 1) })], ending: null };
    case "BatchNormalization":
      return { stages: [normed(where, layer, weights)], ending: null };
    case "Dropout":
      return { stages: [{ kind: "dropout", share: number("rate", 0.5) }], ending: null };
    case "Rescaling":
      return { stages: [scaled(number("scale", 1), number("offset", 0))], ending: null };
    case "Normalization":
      return { stages: [normalized(where, layer, weights)], ending: null };
    default:
      return wrongValue(where, "model", "layers of a multi-layer perceptron", `${clip(type)} (${clip(name)})`);
  }
}

function dense(where: string, layer: KerasLayer, weights: Weights): KerasStages {
  const { name, config } = layer;
  const kernel = tensorOf(where, weights, name, "kernel");
  const [inputs, units] = kernel.shape;
  if (kernel.shape.length !== 2) wrongValue(where, clip(`${name}/kernel`), "two dimensions", `${kernel.shape.length}`);
  const bias = config.use_bias === false ? new Float64Array(units) : tensorOf(where, weights, name, "bias").data;
  if (bias.length !== units) wrongValue(where, clip(`${name}/bias`), `${units} numbers`, `${bias.length}`);
  const turned = kernel.data.map((_, at) => kernel.data[(at % inputs) * units + Math.floor(at / inputs)]);
  const affine: Stage = { kind: "affine", inputs, units, weights: turned, biases: bias };
  const { stages, ending } = activated(where, layer, config.activation ?? "linear");
  return { stages: [affine, ...stages], ending };
}

/** Keras writes the name, or an object: a layer, or a function with its name as config. */
function activated(where: string, { name }: KerasLayer, given: unknown): KerasStages {
  const { class_name: type, config } = isObject(given) ? given : {};
  if (typeof type === "string" && ["ReLU", "LeakyReLU", "ELU", "Softmax"].includes(type)) {
    return stagesOfLayer(where, { type, name, config: isObject(config) ? config : {} }, new Map(), true);
  }
  const own = isObject(given) ? (typeof config === "string" ? config : type) : given;
  const called = typeof own === "string" ? own : "";
  if (called === "softmax" || called === "sigmoid") return { stages: [], ending: called };
  const stages = Object.hasOwn(activations, called) ? activations[called] : undefined;
  const known = `an activation among ${Object.keys(activations).join(", ")}, sigmoid and softmax`;
  return { stages: stages ?? wrongValue(where, clip(name), known, show(given)), ending: null };
}

/** max(0, x), or a leaky one. */
function relu(where: string, layer: KerasLayer): Stage {
  const { config, name } = layer;
  const threshold = numberOf(where, layer, "threshold", 0);
  if ((config.max_value ?? null) !== null || threshold !== 0) {
    wrongValue(where, clip(name), "a ReLU without a maximum and with threshold 0", show(config.max_value ?? threshold));
  }
  const slope = numberOf(where, layer, "negative_slope", 0);
  return slope === 0 ? of({ type: "relu" }) : of({ type: "leaky-relu", slope });
}

function normed(where: string, layer: KerasLayer, weights: Weights): Stage {
  const { name, config } = layer;
  const mean = tensorOf(where, weights, name, "moving_mean").data;
  const part = (leaf: string, used: unknown, fallback: number): Float64Array =>
    used === false ? new Float64Array(mean.length).fill(fallback) : tensorOf(where, weights, name, leaf).data;
  return {
    kind: "norm",
    scale: part("gamma", config.scale, 1),
    shift: part("beta", config.center, 0),
    mean,
    variance: tensorOf(where, weights, name, "moving_variance").data,
    epsilon: numberOf(where, layer, "epsilon", 1e-3),
    momentum: 1 - numberOf(where, layer, "momentum", 0.99),
  };
}

/** (x − mean)/√variance, with at least 1e-7 to divide by, as Keras has it. */
function normalized(where: string, layer: KerasLayer, weights: Weights): Stage {
  const { name, config } = layer;
  const part = (leaf: string): Float64Array => {
    const given = config[leaf];
    if (given === undefined || given === null) return tensorOf(where, weights, name, leaf).data;
    return Float64Array.from([given].flat(3) as number[]);
  };
  const mean = part("mean");
  const factor = part("variance").map((variance) => 1 / Math.max(Math.sqrt(variance), 1e-7));
  return { kind: "scale", factor, shift: mean.map((value, i) => -value * factor[factor.length === 1 ? 0 : i]) };
}

/** By the layer's own name, whatever stands before it; TensorFlow puts ":0" behind. */
function tensorOf(where: string, weights: Weights, layer: string, leaf: string) {
  const wanted = `${layer}/${leaf}`;
  for (const [name, tensor] of weights) {
    const plain = name.replace(/:0$/, "");
    if (plain === wanted || plain.endsWith(`/${wanted}`)) return tensor;
  }
  return wrongValue(where, "weights", `the tensor ${clip(wanted)}`, "none of that name");
}

function numberOf(where: string, { name, config }: KerasLayer, key: string, fallback: number): number {
  const given = config[key] ?? fallback;
  // Converters write a number of NumPy's as an object.
  const value = isObject(given) ? given.value : given;
  if (typeof value !== "number" || !Number.isFinite(value))
    return wrongValue(where, clip(`${name}.${key}`), "a number", show(given));
  return value;
}
