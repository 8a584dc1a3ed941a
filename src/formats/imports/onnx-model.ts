import { wrongValue } from "../../check.js";
import { clip } from "../plain.js";
import { type Field, fieldsOf, varintsOf } from "../protobuf.js";
import { countOf } from "../tensors.js";
import { fromBrain, fromHalf } from "./half.js";

/**
 * ONNX's messages as they lie in a file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3);
 * the numbers of fields are from there.
 */
export interface OnnxModel {
  /** Version of the operators. */
  readonly operators: number;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  /** Without those that have a constant of the same name. */
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
}

export interface OnnxInput {
  readonly name: string;
  /** null for a size that has a name or is open; null as a whole where nothing is said. */
  readonly shape: readonly (number | null)[] | null;
}

export interface OnnxNode {
  /** For messages: operator and name. */
  readonly label: string;
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

export interface OnnxAttribute {
  readonly number: number;
  readonly text: string;
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
  readonly tensor: OnnxTensor | null;
}

/** A constant of the file. */
export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly type: number;
  /** Numbers, or texts where the type is STRING. */
  readonly data: Float64Array | readonly string[];
}

export const FLOAT = 1;
export const INT64 = 7;
export const STRING = 8;
export const BOOL = 9;
export const HALF = 10;
export const DOUBLE = 11;
export const BRAIN = 16;

const names = [
  "",
  "float",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "double",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
];
/** Bytes a number in raw data. */
const widths: Record<number, number> = { 1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 16: 2 };
const EXTERNAL = 1;
const decoder = new TextDecoder();

/** Reads a file; tensors are decoded, and what they hold is bounded by the file's size. */
export function readModel(where: string, bytes: Uint8Array): OnnxModel {
  let graph: Uint8Array | null = null;
  let operators = 0;
  for (const { field, bytes: inner } of fieldsOf(where, bytes)) {
    if (field === 7) graph = inner;
    if (field === 8) operators = Math.max(operators, readOperators(where, inner));
  }
  if (graph === null)
    return wrongValue(where, "bytes", "an ONNX model with a graph", "none in it", "it is no ONNX file");
  return { operators, ...readGraph(where, graph) };
}

/** The version of the standard's own operators; 0 for those of another domain. */
function readOperators(where: string, bytes: Uint8Array): number {
  let [domain, version] = ["", 0];
  for (const { field, value, bytes: inner } of fieldsOf(where, bytes)) {
    if (field === 1) domain = decoder.decode(inner);
    if (field === 2) version = value;
  }
  return domain === "" || domain === "ai.onnx" ? version : 0;
}

function readGraph(where: string, bytes: Uint8Array): Omit<OnnxModel, "operators"> {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  const inputs: OnnxInput[] = [];
  const outputs: string[] = [];
  for (const { field, bytes: inner } of fieldsOf(where, bytes)) {
    if (field === 1) nodes.push(readNode(where, inner));
    else if (field === 5) {
      const { name, tensor } = readTensor(where, inner);
      constants.set(name, tensor);
    } else if (field === 11) inputs.push(readInput(where, inner));
    else if (field === 12) outputs.push(readInput(where, inner).name);
    else if (field === 15) wrongValue(where, "initializers", "dense tensors", "a sparse one");
  }
  return { nodes, constants, inputs: inputs.filter(({ name }) => !constants.has(name)), outputs };
}

function readNode(where: string, bytes: Uint8Array): OnnxNode {
  const [inputs, outputs] = [[] as string[], [] as string[]];
  const attributes = new Map<string, OnnxAttribute>();
  let [name, operator, domain] = ["", "", ""];
  for (const { field, bytes: inner } of fieldsOf(where, bytes)) {
    if (field === 1) inputs.push(decoder.decode(inner));
    else if (field === 2) outputs.push(decoder.decode(inner));
    else if (field === 3) name = decoder.decode(inner);
    else if (field === 4) operator = decoder.decode(inner);
    else if (field === 5) {
      const { name, ...attribute } = readAttribute(where, inner);
      attributes.set(name, attribute);
    } else if (field === 7) domain = decoder.decode(inner);
  }
  const label = clip(`${operator || "node"} ${name || outputs[0] || "without a name"}`).replaceAll('"', "'");
  return { label, operator, domain: domain === "ai.onnx" ? "" : domain, inputs, outputs, attributes };
}

function readAttribute(where: string, bytes: Uint8Array): OnnxAttribute & { name: string } {
  const [numbers, texts] = [[] as number[], [] as string[]];
  let [name, text, number] = ["", "", 0];
  let tensor: OnnxTensor | null = null;
  for (const at of fieldsOf(where, bytes)) {
    const { field, value, bytes: inner } = at;
    if (field === 1) name = decoder.decode(inner);
    else if (field === 2 || field === 3) number = value;
    else if (field === 4) text = decoder.decode(inner);
    else if (field === 5) ({ tensor } = readTensor(where, inner));
    else if (field === 7) addAll(numbers, inner.length > 0 ? floatsOf(where, inner, 4) : [value]);
    else if (field === 8) addAll(numbers, inner.length > 0 ? varintsOf(where, inner) : [value]);
    else if (field === 9) texts.push(decoder.decode(inner));
  }
  return { name, number, text, numbers, texts, tensor };
}

/** Name and shape of what comes in or out. */
function readInput(where: string, bytes: Uint8Array): OnnxInput {
  let name = "";
  let shape: (number | null)[] | null = null;
  for (const { field, bytes: inner } of fieldsOf(where, bytes)) {
    if (field === 1) name = decoder.decode(inner);
    if (field !== 2) continue;
    const dimensions = within(where, within(where, inner, 1), 2);
    if (dimensions) shape = Array.from(fieldsOf(where, dimensions), (dimension) => readDimension(where, dimension));
  }
  return { name, shape };
}

function readDimension(where: string, { bytes }: Field): number | null {
  let size: number | null = null;
  for (const { field, value } of fieldsOf(where, bytes)) if (field === 1 && value > 0) size = value;
  return size;
}

/** The message in a field of another. */
function within(where: string, bytes: Uint8Array | null, wanted: number): Uint8Array | null {
  if (bytes) for (const { field, bytes: inner } of fieldsOf(where, bytes)) if (field === wanted) return inner;
  return null;
}

interface Parts {
  readonly shape: number[];
  readonly numbers: number[];
  readonly texts: string[];
  name: string;
  type: number;
  raw: Uint8Array | null;
}

function readTensor(where: string, bytes: Uint8Array): { name: string; tensor: OnnxTensor } {
  const parts: Parts = { shape: [], numbers: [], texts: [], name: "", type: 0, raw: null };
  for (const field of fieldsOf(where, bytes)) readPart(where, field, parts);
  const { name, type, shape, texts } = parts;
  const label = clip(`tensor ${name}`).replaceAll('"', "'");
  if (type !== STRING && !(type in widths)) {
    wrongValue(where, label, "numbers of type float, double, int or bool", names[type] || `type ${type}`);
  }
  // Half precision lies as its bits, also where it is not raw.
  const bits = type === HALF ? fromHalf : type === BRAIN ? fromBrain : Number;
  const numbers = (): Float64Array =>
    parts.raw ? rawNumbers(where, label, type, parts.raw) : Float64Array.from(parts.numbers, bits);
  const data = type === STRING ? texts : numbers();
  const count = countOf(shape);
  if (count !== data.length || shape.some((size) => size < 0)) {
    wrongValue(where, label, `${count} elements, as its shape has`, String(data.length));
  }
  return { name, tensor: { shape, type, data } };
}

function readPart(where: string, { field, value, bytes }: Field, parts: Parts): void {
  const many = bytes.length > 0;
  if (field === 1) addAll(parts.shape, many ? varintsOf(where, bytes) : [value]);
  else if (field === 2) parts.type = value;
  else if (field === 4) addAll(parts.numbers, many ? floatsOf(where, bytes, 4) : [value]);
  else if (field === 5 || field === 7) addAll(parts.numbers, many ? varintsOf(where, bytes) : [value]);
  else if (field === 6) parts.texts.push(decoder.decode(bytes));
  else if (field === 8) parts.name = decoder.decode(bytes);
  else if (field === 9) parts.raw = bytes;
  else if (field === 10) addAll(parts.numbers, many ? floatsOf(where, bytes, 8) : [value]);
  else if (field === 13 || (field === 14 && value === EXTERNAL)) {
    const remedy = "save the model with its weights in one file";
    wrongValue(
      where,
      clip(`tensor ${parts.name}`).replaceAll('"', "'"),
      "numbers in the file",
      "external data, in another file",
      remedy,
    );
  }
}

function addAll(list: number[], values: Iterable<number>): void {
  for (const value of values) list.push(value);
}

function floatsOf(where: string, bytes: Uint8Array, size: 4 | 8): Float64Array {
  return rawNumbers(where, "floats", size === 4 ? FLOAT : DOUBLE, bytes);
}

/** Little-endian. */
function rawNumbers(where: string, label: string, type: number, bytes: Uint8Array): Float64Array {
  const width = widths[type];
  if (bytes.length % width !== 0) {
    wrongValue(where, label, `bytes in groups of ${width}`, String(bytes.length), "the file is damaged");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read = readers[type];
  const numbers = new Float64Array(bytes.length / width);
  for (let i = 0; i < numbers.length; ++i) numbers[i] = read(view, i * width);
  return numbers;
}

const readers: Record<number, (view: DataView, at: number) => number> = {
  1: (view, at) => view.getFloat32(at, true),
  2: (view, at) => view.getUint8(at),
  3: (view, at) => view.getInt8(at),
  6: (view, at) => view.getInt32(at, true),
  7: (view, at) => Number(view.getBigInt64(at, true)),
  9: (view, at) => view.getUint8(at),
  10: (view, at) => fromHalf(view.getUint16(at, true)),
  16: (view, at) => fromBrain(view.getUint16(at, true)),
  11: (view, at) => view.getFloat64(at, true),
};
