import { show, tagOf, wrongType, wrongValue } from "../check.js";
import { type Dataset, dataset } from "../network/dataset.js";
import type { Dtype } from "../wasm/kernels.js";
import { type Entry, readEntries, readHeader, write } from "./safetensors.js";
import type { Tensor } from "./tensors.js";

const METADATA = "__metadata__";
const FORMAT = "hessia dataset";

/**
 * A data set as a safetensors file, which Python's `safetensors.numpy` reads and writes too. Large
 * tables are kept as several such files: the shards of `pool.operator`.
 *
 * Tensors, row-major: `inputs` (rows × columns), `targets` (rows, or rows × columns) and, where
 * samples have weights, `weights` (rows). Inputs and targets are F32 or F64.
 *
 * @param data what `dataset` returns.
 * @returns the bytes of the file, owned by the caller: 4 or 8 a number, and a header of a few
 * hundred.
 * @throws TypeError for what is no data set.
 * @example
 * const bytes = datasetToSafetensors(dataset([[0, 1], [2, 3]], [0, 1]));
 * datasetFromSafetensors(bytes).size; // 2
 */
export function datasetToSafetensors(data: Dataset): Uint8Array<ArrayBuffer> {
  const { inputs, targets, weights } = data;
  const tensors: [string, Tensor][] = [["inputs", { shape: [inputs.rows, inputs.columns], data: inputs.data }]];
  if ("data" in targets) {
    tensors.push(["targets", { shape: [targets.rows, targets.columns], data: targets.data }]);
  } else tensors.push(["targets", { shape: [targets.length], data: targets }]);
  if (weights) tensors.push(["weights", { shape: [weights.length], data: weights }]);
  // Double precision first, so that every tensor lies at a multiple of its numbers' size.
  const ordered = tensors.sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  return write({ format: FORMAT }, ordered);
}

/**
 * Reads what `datasetToSafetensors` wrote, to the same bits, or a safetensors file with such
 * tensors from elsewhere.
 *
 * @param bytes the file, whole.
 * @returns a new data set, owned by the caller. Never allocates more than a small multiple of the
 * file's size.
 * @throws TypeError or RangeError for bytes that are truncated or not of this format, for tensors
 * that are missing or of another type or shape, and for data that `dataset` refuses.
 */
export function datasetFromSafetensors(bytes: Uint8Array | ArrayBuffer): Dataset {
  const where = "datasetFromSafetensors";
  const file = tagOf(bytes) === "ArrayBuffer" ? new Uint8Array(bytes as ArrayBuffer) : bytes;
  if (!(ArrayBuffer.isView(file) && tagOf(file) === "Uint8Array")) {
    wrongType(where, "bytes", "a Uint8Array or an ArrayBuffer", bytes);
  }
  const { inputs, targets, weights } = tensorsOf(where, file, file.length);
  const [rows, columns] = inputs.shape;
  const values = targets.read();
  const flat = targets.shape.length === 1;
  return dataset(
    { rows, columns, data: inputs.read() },
    flat ? values : { rows, columns: targets.shape[1], data: values },
    { weights: weights ? weights.read() : null },
  );
}

/** Where a tensor's numbers lie in a file. */
export interface TensorPlace {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Its first byte, counted from the file's. */
  readonly begin: number;
}

/**
 * Where the numbers of a data set lie in a file, for whoever reads some of its rows alone.
 *
 * @param head the beginning of the file, with the whole of its header.
 * @param size bytes of the file.
 */
export function readDatasetHeader(
  where: string,
  head: Uint8Array,
  size: number,
): { inputs: TensorPlace; targets: TensorPlace; weights: TensorPlace | null } {
  const { inputs, targets, weights, start } = tensorsOf(where, head, size);
  const place = ({ dtype, shape, begin }: Entry): TensorPlace => ({
    dtype: dtype as Dtype,
    shape,
    begin: start + begin,
  });
  return { inputs: place(inputs), targets: place(targets), weights: weights && place(weights) };
}

/** The tensors of a data set, with as many rows each. */
function tensorsOf(
  where: string,
  file: Uint8Array,
  size: number,
): { inputs: Entry; targets: Entry; weights: Entry | null; start: number } {
  const { header, data } = readHeader(where, file);
  const { [METADATA]: _, ...entries } = header;
  const start = file.length - data.length;
  const tensors = readEntries(where, entries, data, size - start);
  const inputs = found(where, tensors, "inputs", [2]);
  const targets = found(where, tensors, "targets", [1, 2]);
  const weights = tensors.has("weights") ? found(where, tensors, "weights", [1]) : null;
  for (const [name, tensor] of Object.entries({ targets, ...(weights ? { weights } : {}) })) {
    if (tensor.shape[0] !== inputs.shape[0]) {
      wrongValue(where, name, `${inputs.shape[0]} rows, as many as the inputs have`, String(tensor.shape[0]));
    }
  }
  return { inputs, targets, weights, start };
}

function found(where: string, tensors: Map<string, Entry>, name: string, dimensions: readonly number[]): Entry {
  const tensor = tensors.get(name);
  if (!tensor) return wrongValue(where, name, "a tensor of this name", "none");
  const { dtype, shape } = tensor;
  if (dtype !== "f32" && dtype !== "f64") wrongValue(where, `${name}.dtype`, "F32 or F64", show(dtype));
  if (!dimensions.includes(shape.length)) {
    wrongValue(where, `${name}.shape`, `${dimensions.join(" or ")} sizes`, String(shape.length));
  }
  return tensor;
}
