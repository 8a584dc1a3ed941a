import { checkKeys, checkObject, isObject, show, wrongType, wrongValue } from "../check.js";
import type { Network } from "../network/network.js";
import { type FloatArray, floatArray } from "../wasm/workspace.js";
import { HEADER, pack, type Saved, type SaveOptions, unpack } from "./document.js";
import { clip, listen, speak } from "./plain.js";
import { checkShape, countOf, dtypeOf, type StoredTensor, type Tensor, TensorShelf } from "./tensors.js";

/** Significant digits that tell any two numbers in single precision apart. */
const SINGLE_DIGITS = 9;

/**
 * A network, optionally with a checkpoint and metadata, as JSON with exact numbers. The properties
 * are `spec`, `build`, `checkpoint`, `metadata` and `tensors`. `tensors` holds the tensors of
 * `toSafetensors` under the same names, each with dtype, shape and data, row-major.
 *
 * Numbers that JSON cannot write become "NaN", "Infinity", "-Infinity" and "-0" in tensors, and as
 * { "$number": "NaN" } elsewhere. An initializer that is a function is stored as "he-normal"; the
 * parameters it made are stored.
 *
 * @param options checkpoint and metadata; see `SaveOptions`.
 * @returns the text: about 10 bytes a number in single precision and 20 in double. `toSafetensors`
 * needs 4 and 8.
 * @throws TypeError or RangeError for a checkpoint of another network, metadata that is not plain
 * data, and text longer than strings can be.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed: 1 });
 * fromJson(toJson(net)).network.parameterCount; // 33
 */
export function toJson(net: Network, options: SaveOptions = {}): string {
  const { header, tensors } = pack("toJson", net, options);
  const written = Array.from(tensors, ([name, tensor]) => [name, writeTensor(tensor)]);
  try {
    return JSON.stringify({ ...header, tensors: Object.fromEntries(written) });
  } catch (error) {
    return wrongValue("toJson", "net", "what fits into a string", (error as Error).message, "use toSafetensors");
  }
}

function writeTensor({ shape, data }: Tensor): object {
  const dtype = dtypeOf(data);
  return { dtype, shape, data: Array.from(data, dtype === "f32" ? speakSingle : speak) };
}

/** `toPrecision` has no negative zero. */
function speakSingle(value: number): number | string {
  return speak(value === 0 ? value : Number(value.toPrecision(SINGLE_DIGITS)));
}

/**
 * Reads what `toJson` wrote, to the same bits (those of a NaN aside).
 *
 * @param text the text, whole.
 * @returns a new network, made with the build of the core that is current, and what was saved with
 * it; all owned by the caller. Never allocates more than a small multiple of the text's size.
 * @throws TypeError or RangeError for text that is not JSON of this form, and for specifications,
 * parameters and checkpoints that cannot be.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * fromJson(toJson(net, { metadata: { unit: "metre" } })).metadata.unit; // "metre"
 */
export function fromJson(text: string): Saved {
  const where = "fromJson";
  if (typeof text !== "string") wrongType(where, "text", "a string", text);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    wrongValue(where, "text", "JSON", (error as Error).message.slice(0, 100), "the file may be truncated");
  }
  checkObject(where, "text", document);
  checkKeys(where, document, [...HEADER, "tensors"]);
  const { tensors, ...header } = document;
  checkObject(where, "tensors", tensors);
  const read = new Map<string, StoredTensor>();
  for (const [name, tensor] of Object.entries(tensors)) read.set(name, readTensor(where, clip(name), tensor));
  return unpack(where, header, new TensorShelf(where, read));
}

function readTensor(where: string, name: string, tensor: unknown): StoredTensor {
  if (!isObject(tensor)) wrongType(where, name, "an object with dtype, shape and data", tensor);
  const { dtype, shape, data } = tensor;
  if (dtype !== "f32" && dtype !== "f64") wrongValue(where, `${name}.dtype`, '"f32" or "f64"', show(dtype));
  checkShape(where, `${name}.shape`, shape);
  if (!Array.isArray(data)) wrongType(where, `${name}.data`, "an array of numbers", data);
  if (data.length !== countOf(shape)) {
    wrongValue(where, `${name}.data`, `${countOf(shape)} numbers, as its shape has`, String(data.length));
  }
  return { dtype, shape, read: () => readNumbers(where, name, dtype, data) };
}

function readNumbers(where: string, name: string, dtype: "f32" | "f64", data: readonly unknown[]): FloatArray {
  const numbers = floatArray(dtype, data.length);
  for (let i = 0; i < data.length; ++i) {
    const value = listen(data[i]);
    if (value === undefined) wrongType(where, name, `a number at index ${i}`, data[i]);
    numbers[i] = value;
    if (Number.isFinite(value) && !Number.isFinite(numbers[i])) {
      wrongValue(where, name, "numbers within the range of f32", `${value} at index ${i}`);
    }
  }
  return numbers;
}
