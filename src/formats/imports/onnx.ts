import { checkKeys, checkObject, tagOf, wrongType, wrongValue } from "../../check.js";
import type { Dtype } from "../../wasm/kernels.js";
import { clip } from "../plain.js";
import { Assembly, checkImport, type Imported, type ImportOptions } from "./assemble.js";
import { DOUBLE, type OnnxModel, type OnnxNode, readModel } from "./onnx-model.js";
import { operators } from "./onnx-operators.js";
import { describe, endingOf, type Rows, refuse, rowsBehind, type Step, type Value } from "./onnx-values.js";
import { Budget, type Ending, inputsOf, type Link, stagesOf } from "./stages.js";

/** Options of `fromOnnx`. */
export interface OnnxImportOptions extends ImportOptions {
  /**
   * The name of the output to read. Default: all outputs, which must then come from one layer, such
   * as a label and its probabilities.
   */
  output?: string;
}

const WHERE = "fromOnnx";

/**
 * A multi-layer perceptron in ONNX (https://onnx.ai) as a network: files of PyTorch, of
 * scikit-learn by skl2onnx, of Keras by tf2onnx, and `toOnnx`'s own.
 *
 * Affine maps (Gemm, MatMul, Add), batch norm, dropout and activations become layers. Activations
 * are recognised by their values where the file spells them out as formulas. Scalings before and
 * between layers become part of the weights, so that the network takes rows as the model does. A
 * softmax or sigmoid at the end becomes part of the loss: `net.predict` returns logits, and
 * `net.probabilities` the model's outputs.
 *
 * @param bytes the file, whole, with its weights in it.
 * @param options see `OnnxImportOptions`.
 * @returns the network and its classes; see `Imported`. `predictor` takes it as it is. Allocates a
 * small multiple of the file's size.
 * @throws RangeError for files that are not ONNX, and for models that are not a chain of layers:
 * the message names the node.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed: 1 });
 * fromOnnx(toOnnx(net)).network.parameterCount; // 33
 */
export function fromOnnx(bytes: Uint8Array | ArrayBuffer, options: OnnxImportOptions = {}): Imported {
  const file = fileOf(WHERE, bytes);
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["loss", "dtype", "output"]);
  const { output, ...rest } = options as OnnxImportOptions;
  checkImport(WHERE, rest);
  const model = readModel(WHERE, file);
  const budget = new Budget(WHERE, file.length);
  const end = endOf(model, evaluate(model, budget), output);
  const inputs = inputsOf(end.link);
  if (inputs === null) return wrongValue(WHERE, "model", "a layer with weights", "none");
  budget.take(inputs);
  const assembly = new Assembly(WHERE, inputs, budget, stagesOf(end.link));
  const length = end.classes?.length ?? (end.decides ? assembly.width : 0);
  const network = assembly.network(end.ending, length, rest, dtypeOf(model));
  const wanted = network.layout.outputs === 1 ? 2 : network.layout.outputs;
  return { network, classes: length === wanted ? end.classes : null };
}

/** Whole files come as bytes of either kind. */
export function fileOf(where: string, bytes: unknown): Uint8Array {
  const file = tagOf(bytes) === "ArrayBuffer" ? new Uint8Array(bytes as ArrayBuffer) : bytes;
  if (ArrayBuffer.isView(file) && tagOf(file) === "Uint8Array") return file as Uint8Array;
  return wrongType(where, "bytes", "a Uint8Array or an ArrayBuffer", bytes);
}

function dtypeOf({ constants, nodes }: OnnxModel): Dtype {
  const inNodes = nodes.some(({ attributes }) => attributes.get("value")?.tensor?.type === DOUBLE);
  return inNodes || Array.from(constants.values()).some(({ type }) => type === DOUBLE) ? "f64" : "f32";
}

interface Evaluated {
  readonly values: ReadonlyMap<string, Value>;
  /** The step that made a value. */
  readonly steps: ReadonlyMap<string, Step>;
}

/** Every node in the file's order, in which inputs come before what they go into. */
function evaluate(model: OnnxModel, budget: Budget): Evaluated {
  const values = new Map<string, Value>();
  const steps = new Map<string, Step>();
  for (const [name, tensor] of model.constants) values.set(name, { kind: "constant", ...tensor });
  for (const { name, shape } of model.inputs) values.set(name, inputRows(name, shape));
  for (const node of model.nodes) {
    const step = stepOf(model, node, values, budget);
    const results = [operatorOf(step)(step)].flat();
    node.outputs.forEach((name, i) => {
      if (name === "" || !results[i]) return;
      values.set(name, results[i]);
      steps.set(name, step);
    });
  }
  return { values, steps };
}

function stepOf(model: OnnxModel, node: OnnxNode, values: ReadonlyMap<string, Value>, budget: Budget): Step {
  const inputs = node.inputs.map((name) => {
    if (name === "") return null;
    const value = values.get(name);
    return value ?? wrongValue(WHERE, node.label, "inputs that were made before it", clip(name));
  });
  return { where: WHERE, node, operators: model.operators, budget, inputs };
}

function operatorOf(step: Step) {
  const { operator, domain } = step.node;
  const found = domain === "" || domain === "ai.onnx.ml" ? operators.get(operator) : undefined;
  if (found) return found;
  const remedy = "only chains of affine maps, batch norm and activations are multi-layer perceptrons";
  return refuse(step, "an operator of a multi-layer perceptron", clip(operator || "none"), remedy);
}

/** All sizes but the first are features. */
function inputRows(name: string, shape: readonly (number | null)[] | null): Rows {
  const sizes = shape?.slice(1) ?? [];
  const known = sizes.length > 0 && sizes.every((size) => size !== null);
  const width = known ? (sizes as number[]).reduce((a, b) => a * b, 1) : null;
  return { ...rowsBehind({ stage: null, below: null, width }), columns: [name] };
}

interface End {
  readonly link: Link;
  readonly ending: Ending;
  readonly classes: readonly (string | number)[] | null;
  /** Whether a class is an output. */
  readonly decides: boolean;
}

/** What the model's outputs have in common: probabilities before labels, labels before nothing. */
function endOf(model: OnnxModel, { values, steps }: Evaluated, wanted: string | undefined): End {
  const names = wanted === undefined ? model.outputs : model.outputs.filter((name) => name === wanted);
  if (names.length === 0) {
    wrongValue(WHERE, "output", `one of ${model.outputs.slice(0, 8).map(clip).join(", ")}`, clip(wanted ?? "none"));
  }
  const ends = names.map((name) => endAt(name, values.get(name), steps.get(name)));
  const [best] = [...ends].sort((a, b) => Number(b.ending !== null) - Number(a.ending !== null));
  const base = baseOf(best.link);
  if (ends.some(({ link }) => baseOf(link) !== base)) {
    const remedy = "choose one with the option output";
    wrongValue(WHERE, "outputs", "outputs that come of one layer", names.slice(0, 8).map(clip).join(", "), remedy);
  }
  const classes = ends.find(({ classes }) => classes)?.classes ?? null;
  return { ...best, classes, decides: ends.some(({ decides }) => decides) };
}

/** The last affine map: labels of a sigmoid stand behind the same one as its probabilities. */
function baseOf(link: Link): Link {
  let at = link;
  while (at.below && at.stage?.kind !== "affine") at = at.below;
  return at;
}

function endAt(name: string, value: Value | undefined, step: Step | undefined): End {
  if (!value || !step || (value.kind !== "rows" && value.kind !== "labels")) {
    const label = clip(`output ${name}`).replaceAll('"', "'");
    return wrongValue(WHERE, label, "an output that layers compute", value ? describe(value) : "none");
  }
  const rows = value.kind === "labels" ? value.rows : value;
  return { ...endingOf(step, rows), classes: value.classes, decides: value.kind === "labels" };
}
