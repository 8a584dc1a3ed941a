import { checkKeys, checkObject, isObject, show, tagOf, wrongType, wrongValue } from "../../check.js";
import { clip } from "../plain.js";
import { Assembly, checkImport, type Imported, type ImportOptions } from "./assemble.js";
import { chainOf, type KerasLayer } from "./keras-chain.js";
import { type KerasStages, stagesOfLayer, type Weights } from "./keras-stages.js";
import { Budget, type Ending, type Stage } from "./stages.js";

const WHERE = "fromLayersModel";

/**
 * A multi-layer perceptron of TensorFlow.js or Keras in the layers format, as a network: what
 * `model.save` of TensorFlow.js and tensorflowjs_converter write.
 *
 * The model, sequential or functional, is a chain of these layers: Dense, Activation and activation
 * layers, BatchNormalization, Dropout, Rescaling, Normalization; at the beginning also Flatten and
 * Reshape. A softmax or sigmoid at the end becomes part of the loss.
 *
 * @param model the contents of model.json, parsed or as text.
 * @param weights the weight files' bytes, in the manifest's order, or joined.
 * @param options see `ImportOptions`.
 * @returns the network; see `Imported`. `predictor` takes it as it is.
 * @throws RangeError for other files, and for layers that a multi-layer perceptron does not have:
 * the message names the layer.
 * @example
 * const layers = [{ class_name: "Dense", config: { name: "d", units: 1, activation: "relu", batch_input_shape: [null, 2] } }];
 * const topology = { class_name: "Sequential", config: { layers } };
 * const manifest = [{ paths: ["w"], weights: [{ name: "d/kernel", shape: [2, 1], dtype: "float32" }, { name: "d/bias", shape: [1], dtype: "float32" }] }];
 * const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
 * fromLayersModel({ modelTopology: topology, weightsManifest: manifest }, bytes).network.predict([[1, 1]]).data[0]; // 6
 */
export function fromLayersModel(
  model: string | object,
  weights: Uint8Array | ArrayBuffer | readonly (Uint8Array | ArrayBuffer)[],
  options: ImportOptions = {},
): Imported {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["loss", "dtype"]);
  checkImport(WHERE, options);
  const document = documentOf(model);
  const topology = topologyOf(document);
  const bytes = joined(weights);
  const tensors = weightsOf(document, bytes);
  const budget = new Budget(WHERE, bytes.byteLength);
  const { inputs, layers } = chainOf(WHERE, topology);
  const { stages, ending } = behindOneAnother(layers, tensors);
  const width = inputs ?? widthOf(stages);
  if (width === null) return wrongValue(WHERE, "model", "a layer with weights", "none");
  budget.take(width);
  const assembly = new Assembly(WHERE, width, budget, stages);
  return { network: assembly.network(ending, 0, options, "f32"), classes: null };
}

function documentOf(model: unknown): Record<string, unknown> {
  if (typeof model === "string") {
    try {
      return documentOf(JSON.parse(model));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      wrongValue(WHERE, "model", "JSON", "other text");
    }
  }
  if (!isObject(model)) wrongType(WHERE, "model", "what model.json holds", model);
  return model;
}

/** TensorFlow.js has the model itself there, or Keras' document around it. */
function topologyOf({ modelTopology, format }: Record<string, unknown>): Record<string, unknown> {
  if (format === "graph-model") {
    const remedy = "convert it with --output_format tfjs_layers_model, or to ONNX for fromOnnx";
    wrongValue(WHERE, "model", 'the format "layers-model"', '"graph-model"', remedy);
  }
  if (!isObject(modelTopology)) wrongValue(WHERE, "model.modelTopology", "an object", show(modelTopology));
  const inner = modelTopology.model_config;
  return isObject(inner) ? inner : modelTopology;
}

function joined(weights: unknown): Uint8Array {
  const parts = (Array.isArray(weights) ? weights : [weights]).map((part: unknown) => {
    if (tagOf(part) === "ArrayBuffer") return new Uint8Array(part as ArrayBuffer);
    if (ArrayBuffer.isView(part) && tagOf(part) === "Uint8Array") return part as Uint8Array;
    return wrongType(WHERE, "weights", "a Uint8Array or an ArrayBuffer, or a list of them", part);
  });
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The tensors by name, as the manifest lists them. */
function weightsOf({ weightsManifest, weightSpecs }: Record<string, unknown>, bytes: Uint8Array): Weights {
  const groups = Array.isArray(weightsManifest) ? weightsManifest : [{ weights: weightSpecs }];
  const specs = groups.flatMap((group: unknown) =>
    isObject(group) && Array.isArray(group.weights) ? group.weights : [],
  );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tensors: Weights = new Map();
  let at = 0;
  for (const spec of specs) {
    const { name, shape, dtype, quantization } = isObject(spec) ? spec : {};
    if (typeof name !== "string" || !Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= 0)) {
      wrongValue(WHERE, "model.weightsManifest", "weights with a name and a shape", show(spec));
    }
    if (dtype !== "float32" || quantization !== undefined) {
      wrongValue(WHERE, clip(name), "numbers in float32, not quantized", show(quantization ?? dtype));
    }
    const count = shape.reduce((product: number, n: number) => product * n, 1);
    if (at + 4 * count > bytes.byteLength) {
      wrongValue(
        WHERE,
        "weights",
        `bytes for ${clip(name)}, ${count} numbers from ${at} on`,
        `${bytes.byteLength} bytes`,
      );
    }
    const from = at;
    tensors.set(name, {
      shape,
      data: Float64Array.from({ length: count }, (_, i) => view.getFloat32(from + 4 * i, true)),
    });
    at += 4 * count;
  }
  if (at !== bytes.byteLength) {
    wrongValue(WHERE, "weights", `${at} bytes, as the manifest has`, `${bytes.byteLength}`);
  }
  return tensors;
}

/** All layers' stages; a softmax is an ending and has nothing behind it. */
function behindOneAnother(layers: readonly KerasLayer[], tensors: Weights): { stages: Stage[]; ending: Ending } {
  const stages: Stage[] = [];
  let ending: Ending = null;
  for (const layer of layers) {
    const found: KerasStages = stagesOfLayer(WHERE, layer, tensors, stages.length > 0);
    if (ending !== null && found.stages.length > 0) {
      if (ending === "softmax")
        wrongValue(WHERE, "model", "a softmax at the end alone", `${clip(layer.name)} behind it`);
      stages.push({ kind: "activation", activation: { type: "sigmoid" } });
      ending = null;
    }
    stages.push(...found.stages);
    if (found.ending) ending = found.ending;
  }
  return { stages, ending };
}

function widthOf(stages: readonly Stage[]): number | null {
  for (const stage of stages) if (stage.kind === "affine") return stage.inputs;
  return null;
}
