import { checkChoice, checkKeys, checkObject, isObject, wrongType, wrongValue } from "../../check.js";
import { isFloatArray } from "../../linalg/matrix.js";
import type { Activation, ActivationName } from "../../network/spec.js";
import { clip } from "../plain.js";
import { readEntries, readHeader } from "../safetensors.js";
import { checkShape, countOf, dtypeOf, type Tensor } from "../tensors.js";
import { Assembly, checkImport, type Imported, type ImportOptions } from "./assemble.js";
import { fromBrain, fromHalf } from "./half.js";
import { fileOf } from "./onnx.js";
import { Budget, type Stage } from "./stages.js";
import { orderOf } from "./tensor-order.js";

/** Options of `fromTensors`: what tensors alone do not say. */
export interface TensorsImportOptions extends ImportOptions {
  /** Activation of every layer but the last. Default: "relu". */
  activation?: ActivationName | Activation;
  /** Activation of the last layer. Default: "identity". */
  outputActivation?: ActivationName | Activation;
  /**
   * Names of the layers from the inputs to the outputs, as the tensors' names begin. Default: all,
   * by their numbers, or as their shapes fit.
   */
  layers?: readonly string[];
  /**
   * Whether weights are units × inputs (PyTorch) or inputs × units (Keras). Default: derived from
   * shapes and names.
   */
  orientation?: "units-inputs" | "inputs-units";
  /** What batch norm adds to its variance. Default: 1e-5, as PyTorch; Keras has 1e-3. */
  epsilon?: number;
}

const WHERE = "fromTensors";
const OPTIONS = ["activation", "outputActivation", "layers", "orientation", "epsilon", "loss", "dtype"];

/** Tensors by the ends of their names, as PyTorch, Keras and JAX's libraries have them. */
const roles: Record<string, keyof Group> = {
  ...{ weight: "weight", kernel: "weight", w: "weight", gamma: "weight", scale: "weight" },
  ...{ bias: "bias", b: "bias", beta: "bias" },
  ...{ running_mean: "mean", moving_mean: "mean", mean: "mean" },
  ...{ running_var: "variance", moving_variance: "variance", var: "variance" },
};
const IGNORED = ["num_batches_tracked"];

/** A layer's tensors. */
interface Group {
  readonly name: string;
  /** How the weights are called. */
  leaf: string;
  weight?: Tensor;
  bias?: Tensor;
  mean?: Tensor;
  variance?: Tensor;
}

/**
 * A network from the tensors of a multi-layer perceptron that another library saved: PyTorch's
 * state dicts ("0.weight", "fc1.bias") and Keras' weights ("dense/kernel").
 *
 * Tensors do not hold activations, so name them. Order and orientation follow from names and
 * shapes. Batch norm stands between the affine map and the activation.
 *
 * @param tensors a safetensors file, or an object of { shape, data } by name.
 * @param options see `TensorsImportOptions`.
 * @returns the network, in double precision unless all tensors are in single.
 * @throws RangeError where the tensors do not form a chain of layers, and where order or
 * orientation is ambiguous: the message names the option.
 * @example
 * const data = Float64Array.of(1, 2, 3, 4, 5, 6);
 * fromTensors({ "0.weight": { shape: [2, 3], data }, "0.bias": { shape: [2], data: data.slice(0, 2) } }).network.spec.inputs; // 3
 */
export function fromTensors(
  tensors: Uint8Array | ArrayBuffer | Readonly<Record<string, Tensor>>,
  options: TensorsImportOptions = {},
): Imported {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, OPTIONS);
  const {
    activation = "relu",
    outputActivation = "identity",
    layers,
    orientation,
    epsilon = 1e-5,
    ...rest
  } = options as TensorsImportOptions;
  checkImport(WHERE, rest);
  if (orientation !== undefined) checkChoice(WHERE, "orientation", orientation, ["units-inputs", "inputs-units"]);
  const given = isObject(tensors) && !("byteLength" in tensors) ? checkedTensors(tensors) : readTensors(tensors);
  const groups = groupsOf(given);
  const maps = groups.filter(isMap);
  if (maps.length === 0) wrongValue(WHERE, "tensors", "at least one matrix of weights", "none");
  const inward = orientation === undefined ? isInward(maps) : orientation === "inputs-units";
  const chain = layers ? named(groups, layers) : ordered(groups, inward);
  const size = Array.from(given.values()).reduce((sum, { data }) => sum + data.byteLength, 0);
  const stages = stagesOf(chain, inward, [activation, outputActivation], epsilon);
  const inputs = sizesOf(chain.find(isMap) as Map2, inward)[0];
  const dtype = Array.from(given.values()).every(({ data }) => dtypeOf(data) === "f32") ? "f32" : "f64";
  return {
    network: new Assembly(WHERE, inputs, new Budget(WHERE, size), stages).network(null, 0, rest, dtype),
    classes: null,
  };
}

type Map2 = Group & { readonly weight: Tensor };

function isMap(group: Group): group is Map2 {
  return group.weight?.shape.length === 2;
}

/** Types of 16 bits, as messages show them. */
const halves: Record<string, (bits: number) => number> = { '"F16"': fromHalf, '"BF16"': fromBrain };

function widened(data: Uint8Array, begin: number, end: number, read: (bits: number) => number): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset + begin, end - begin);
  return Float32Array.from({ length: (end - begin) / 2 }, (_, i) => read(view.getUint16(2 * i, true)));
}

function readTensors(bytes: unknown): Map<string, Tensor> {
  const { header, data } = readHeader(WHERE, fileOf(WHERE, bytes));
  const { __metadata__: _, ...entries } = header;
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, begin, end, read }] of readEntries(WHERE, entries, data)) {
    if (IGNORED.includes(leafOf(name).leaf)) continue;
    const half = Object.hasOwn(halves, dtype) ? halves[dtype] : undefined;
    if (half && end - begin === 2 * countOf(shape)) tensors.set(name, { shape, data: widened(data, begin, end, half) });
    else if (dtype === "f32" || dtype === "f64") tensors.set(name, { shape, data: read() });
    else wrongValue(WHERE, clip(name), "numbers in F32, F64, F16 or BF16", clip(dtype));
  }
  return tensors;
}

function checkedTensors(given: Readonly<Record<string, unknown>>): Map<string, Tensor> {
  return new Map(
    Object.entries(given)
      .filter(([name]) => !IGNORED.includes(leafOf(name).leaf))
      .map(([name, tensor]) => {
        const label = clip(name);
        checkObject(WHERE, label, tensor);
        const { shape, data } = tensor;
        checkShape(WHERE, `${label}.shape`, shape);
        if (!isFloatArray(data)) wrongType(WHERE, `${label}.data`, "a Float64Array or Float32Array", data);
        const count = countOf(shape);
        if (data.length !== count)
          wrongValue(WHERE, `${label}.data`, `${count} numbers, as its shape has`, `${data.length}`);
        return [name, { shape, data }];
      }),
  );
}

/** "fc1.weight" is the weight of fc1; TensorFlow puts ":0" behind. */
function leafOf(name: string): { group: string; leaf: string } {
  const plain = name.replace(/:0$/, "");
  const at = Math.max(plain.lastIndexOf("."), plain.lastIndexOf("/"));
  return { group: plain.slice(0, Math.max(at, 0)), leaf: plain.slice(at + 1).toLowerCase() };
}

function groupsOf(tensors: ReadonlyMap<string, Tensor>): Group[] {
  const groups = new Map<string, Group>();
  for (const [name, tensor] of tensors) {
    const { group, leaf } = leafOf(name);
    const role = Object.hasOwn(roles, leaf) ? roles[leaf] : undefined;
    if (!role) {
      const known = "names that end in weight, kernel, bias or the parts of a batch norm";
      wrongValue(WHERE, "tensors", known, clip(name), "only multi-layer perceptrons come in");
    }
    const own: Group = groups.get(group) ?? { name: group, leaf: "" };
    if (role === "weight") own.leaf = leaf;
    groups.set(group, { ...own, [role]: tensor });
  }
  return [...groups.values()];
}

function named(groups: readonly Group[], layers: readonly string[]): Group[] {
  return layers.map((name) => {
    const found = groups.find((group) => group.name === name);
    return (
      found ??
      wrongValue(
        WHERE,
        "layers",
        `names among ${groups
          .slice(0, 8)
          .map((g) => clip(g.name))
          .join(", ")}`,
        clip(name),
      )
    );
  });
}

/**
 * Keras' inputs × units or PyTorch's units × inputs: decided by the biases where matrices are not
 * square, else by the name of the weights.
 */
function isInward(maps: readonly Map2[]): boolean {
  for (const { weight, bias } of maps) {
    const [rows, columns] = weight.shape;
    if (rows !== columns && bias) return bias.data.length === columns;
  }
  const leaves = new Set(maps.map(({ leaf }) => leaf));
  if (leaves.size === 1 && leaves.has("kernel")) return true;
  if (leaves.size === 1 && leaves.has("weight")) return false;
  const remedy = 'say orientation: "units-inputs" (PyTorch) or "inputs-units" (Keras)';
  return wrongValue(WHERE, "orientation", "shapes or names that show the orientation", "square matrices", remedy);
}

function sizesOf({ weight }: Map2, inward: boolean): [inputs: number, units: number] {
  const [first, second] = weight.shape;
  return inward ? [first, second] : [second, first];
}

/** By names and sizes, where these leave one order alone. */
function ordered(groups: readonly Group[], inward: boolean): readonly Group[] {
  const all = groups.map((group) => ({
    group,
    name: group.name,
    sizes: isMap(group) ? sizesOf(group, inward) : null,
    width: group.mean?.data.length ?? 0,
  }));
  const order = orderOf(all) as typeof all | null;
  if (order) return order.map(({ group }) => group);
  const list = all.slice(0, 8).map(({ name, sizes, width }) => `${clip(name)} (${sizes?.join(" to ") ?? width})`);
  const expected = "layers of which each takes what the one before gives, in one order alone";
  return wrongValue(WHERE, "layers", expected, list.join(", "), "name them in order");
}

function stagesOf(
  groups: readonly Group[],
  inward: boolean,
  [hidden, last]: readonly (ActivationName | Activation)[],
  epsilon: number,
): Stage[] {
  const count = groups.filter(isMap).length;
  let seen = 0;
  return groups.flatMap((group, i): Stage[] => {
    if (isMap(group)) ++seen;
    const stage = isMap(group) ? affineOf(group, inward) : normOf(group, epsilon);
    const next = groups[i + 1];
    // An activation stands behind the last part of a layer.
    if (next && !isMap(next)) return [stage];
    const given = seen === count ? last : hidden;
    const activation = (typeof given === "string" ? { type: given } : given) as Activation;
    return activation.type === "identity" || seen === 0 ? [stage] : [stage, { kind: "activation", activation }];
  });
}

function affineOf(group: Map2, inward: boolean): Stage {
  const [inputs, units] = sizesOf(group, inward);
  const { data } = group.weight;
  const weights = new Float64Array(inputs * units);
  for (let u = 0; u < units; ++u) {
    for (let i = 0; i < inputs; ++i) weights[u * inputs + i] = data[inward ? i * units + u : u * inputs + i];
  }
  const biases = Float64Array.from(group.bias?.data ?? new Float64Array(units));
  if (biases.length !== units) wrongValue(WHERE, clip(`${group.name} bias`), `${units} numbers`, String(biases.length));
  return { kind: "affine", inputs, units, weights, biases };
}

function normOf({ name, weight, bias, mean, variance }: Group, epsilon: number): Stage {
  if (!mean || !variance) {
    return wrongValue(WHERE, clip(name), "a matrix of weights, or a batch norm with mean and variance", "neither");
  }
  const { length } = mean.data;
  return {
    kind: "norm",
    scale: Float64Array.from(weight?.data ?? new Float64Array(length).fill(1)),
    shift: Float64Array.from(bias?.data ?? new Float64Array(length)),
    mean: Float64Array.from(mean.data),
    variance: Float64Array.from(variance.data),
    epsilon,
    momentum: 0.1,
  };
}
