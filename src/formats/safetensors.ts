import { isObject, show, tagOf, wrongType, wrongValue } from "../check.js";
import type { Network } from "../network/network.js";
import type { Dtype } from "../wasm/kernels.js";
import { bytesPer, describeBytes, type FloatArray, floatArray } from "../wasm/workspace.js";
import { HEADER, pack, type Saved, type SaveOptions, unpack } from "./document.js";
import { clip } from "./plain.js";
import { checkShape, countOf, dtypeOf, type StoredTensor, type Tensor, TensorShelf } from "./tensors.js";

/** Bytes of the length that comes first. */
const LENGTH = 8;
/** The reference implementation's limit. */
const LARGEST_HEADER = 100_000_000;
const METADATA = "__metadata__";
const NAMES: Record<Dtype, string> = { f32: "F32", f64: "F64" };
const DTYPES = new Map<unknown, Dtype>([
  ["F32", "f32"],
  ["F64", "f64"],
]);

/** A tensor with the bytes behind the header that it takes. */
export interface Entry extends StoredTensor {
  readonly begin: number;
  readonly end: number;
}

/**
 * A network, optionally with a checkpoint and metadata, as a safetensors file
 * (https://github.com/huggingface/safetensors).
 *
 * Tensors, of the network's dtype, row-major: `layers.0.weight` (units × inputs), `layers.0.bias`,
 * under batch norm `layers.0.scale`, `.shift`, `.runningMean` and `.runningVariance`, and so on for
 * every layer; `checkpoint.optimizer.vectors.m` and the like. The metadata holds the specification
 * and all else as JSON. An initializer that is a function is stored as "he-normal"; the parameters
 * it made are stored.
 *
 * @param options checkpoint and metadata; see `SaveOptions`.
 * @returns the bytes of the file, owned by the caller: 4 or 8 a number, and a header of a few
 * hundred a layer.
 * @throws TypeError or RangeError for a checkpoint of another network and metadata that is not
 * plain data.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed: 1 });
 * fromSafetensors(toSafetensors(net)).network.parameterCount; // 33
 */
export function toSafetensors(net: Network, options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
  const { header, tensors } = pack("toSafetensors", net, options);
  const metadata = Object.entries(header).map(([key, value]) => [
    key,
    key === "format" || key === "build" ? value : JSON.stringify(value),
  ]);
  // Double precision first, so that every tensor lies at a multiple of its numbers' size.
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  return write(Object.fromEntries(metadata), ordered);
}

/** The bytes of a file with such metadata and tensors, in their order. */
export function write(metadata: object, tensors: readonly (readonly [string, Tensor])[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  const entries = tensors.map(([name, { shape, data }]) => {
    const begin = size;
    size += data.byteLength;
    return [name, { dtype: NAMES[dtypeOf(data)], shape, data_offsets: [begin, size] }];
  });
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries([[METADATA, metadata], ...entries])));
  const length = Math.ceil(text.length / LENGTH) * LENGTH;
  const bytes = new Uint8Array(LENGTH + length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, LENGTH + text.length, LENGTH + length);
  bytes.set(text, LENGTH);
  let at = LENGTH + length;
  for (const [, { data }] of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads what `toSafetensors` wrote, to the same bits.
 *
 * @param bytes the file, whole.
 * @returns a new network, made with the build of the core that is current, and what was saved with
 * it; all owned by the caller. Never allocates more than a small multiple of the file's size.
 * @throws TypeError or RangeError for bytes that are truncated, have something appended, are not of
 * this format or from another program, and for specifications, parameters and checkpoints that
 * cannot be.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * fromSafetensors(toSafetensors(net, { metadata: { unit: "metre" } })).metadata.unit; // "metre"
 */
export function fromSafetensors(bytes: Uint8Array | ArrayBuffer): Saved {
  const where = "fromSafetensors";
  const file = tagOf(bytes) === "ArrayBuffer" ? new Uint8Array(bytes as ArrayBuffer) : bytes;
  if (!(ArrayBuffer.isView(file) && tagOf(file) === "Uint8Array"))
    wrongType(where, "bytes", "a Uint8Array or an ArrayBuffer", bytes);
  const { header, data } = readHeader(where, file);
  const { [METADATA]: metadata, ...entries } = header;
  if (!isObject(metadata)) {
    wrongValue(where, METADATA, "what hessia stores with its networks", show(metadata), "toSafetensors writes it");
  }
  const tensors = new TensorShelf(where, readEntries(where, entries, data));
  return unpack(where, readMetadata(where, metadata), tensors);
}

/** The header, and the bytes behind it. */
export function readHeader(where: string, file: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (file.length < LENGTH) {
    wrongValue(where, "bytes", "a safetensors file", `${file.length} bytes`, "the file is truncated");
  }
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const most = Math.min(LARGEST_HEADER, file.length - LENGTH);
  if (length > most) {
    const remedy = "the file is truncated or no safetensors file";
    wrongValue(where, "bytes", `a header of at most ${most} bytes`, `one said to have ${length}`, remedy);
  }
  const text = file.subarray(LENGTH, LENGTH + length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text));
  } catch (error) {
    wrongValue(where, "header", "JSON in UTF-8", (error as Error).message.slice(0, 100));
  }
  if (!isObject(header)) wrongType(where, "header", "an object", header);
  return { header, data: file.subarray(LENGTH + length) };
}

/** Metadata are strings; all but two hold JSON. */
function readMetadata(where: string, metadata: Record<string, unknown>): Record<string, unknown> {
  const header: Record<string, unknown> = {};
  for (const key of HEADER) {
    if (!Object.hasOwn(metadata, key)) continue;
    const value = metadata[key];
    if (typeof value !== "string") wrongType(where, `${METADATA}.${key}`, "a string", value);
    header[key] = key === "format" || key === "build" ? value : parse(where, `${METADATA}.${key}`, value);
  }
  return header;
}

function parse(where: string, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return wrongValue(where, name, "JSON", (error as Error).message.slice(0, 100));
  }
}

/**
 * The format wants the tensors to cover the rest of the file, without holes, overlaps or bytes left
 * over.
 *
 * @param size bytes behind the header, where `data` holds only the first of them.
 */
export function readEntries(
  where: string,
  entries: Record<string, unknown>,
  data: Uint8Array,
  size = data.length,
): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const [name, entry] of Object.entries(entries)) found.set(name, readEntry(where, name, entry, data));
  let covered = 0;
  for (const { begin, end } of [...found.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) wrongValue(where, "data_offsets", `a tensor that begins at byte ${covered}`, String(begin));
    covered = end;
  }
  if (covered !== size) {
    const remedy = covered < size ? "something is appended to the file" : "the file is truncated";
    wrongValue(where, "bytes", `${describeBytes(covered)} of tensors`, describeBytes(size), remedy);
  }
  return found;
}

function readEntry(where: string, name: string, entry: unknown, data: Uint8Array): Entry {
  const label = clip(name);
  if (!isObject(entry)) wrongType(where, label, "an object with dtype, shape and data_offsets", entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  checkShape(where, `${label}.shape`, shape);
  const [begin, end] = readOffsets(where, `${label}.data_offsets`, offsets);
  const known = DTYPES.get(dtype);
  // A tensor of another type is none of ours; all that matters is where it lies.
  if (known && end - begin !== countOf(shape) * bytesPer(known)) {
    wrongValue(
      where,
      `${label}.data_offsets`,
      `${countOf(shape) * bytesPer(known)} bytes, as its shape has`,
      `${end - begin}`,
    );
  }
  return { dtype: known ?? show(dtype), shape, begin, end, read: () => readNumbers(known as Dtype, data, begin, end) };
}

function readOffsets(where: string, name: string, offsets: unknown): [begin: number, end: number] {
  if (!Array.isArray(offsets) || offsets.length !== 2) wrongType(where, name, "two numbers", offsets);
  const [begin, end] = offsets as unknown[];
  if (
    !Number.isSafeInteger(begin) ||
    !Number.isSafeInteger(end) ||
    (begin as number) < 0 ||
    (end as number) < (begin as number)
  ) {
    wrongValue(where, name, "a range of bytes", `${show(begin)} to ${show(end)}`);
  }
  return [begin as number, end as number];
}

function readNumbers(dtype: Dtype, data: Uint8Array, begin: number, end: number): FloatArray {
  const numbers = floatArray(dtype, (end - begin) / bytesPer(dtype));
  new Uint8Array(numbers.buffer).set(data.subarray(begin, end));
  return numbers;
}
