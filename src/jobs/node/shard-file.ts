import { type FileHandle, open, realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { show, wrongType, wrongValue } from "../../check.js";
import { readDatasetHeader, type TensorPlace } from "../../formats/dataset.js";
import { dataset } from "../../network/dataset.js";
import type { FloatArray } from "../../wasm/workspace.js";
import type { FileReference } from "../lane.js";
import type { OpenFile } from "../workshop.js";

const WHERE = "task";
/** Bytes of a header: a data set has three tensors at most. */
const LARGEST_HEADER = 1 << 16;

/**
 * Opens a data set in a file inside of a folder; rows are read as they are needed. The name is
 * relative; where it leads out of the folder, through dots or links, it is refused.
 */
export async function openShard(folder: string | null, { file }: FileReference): Promise<OpenFile> {
  const handle = await open(await inside(folder, file), "r");
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) wrongValue(WHERE, "file", "a regular file", show(file));
    const head = new Uint8Array(Math.min(stat.size, LARGEST_HEADER));
    await readFully(handle, head, 0);
    const { inputs, targets, weights } = readDatasetHeader(WHERE, head, stat.size);
    const rows = inputs.shape[0];
    const tensors = [inputs, targets, ...(weights ? [weights] : [])].map((place) => new Rows(handle, place));
    return {
      rows,
      close: () => handle.close(),
      async block(from, to) {
        const [x, y, w] = await Promise.all(tensors.map((tensor) => tensor.read(from, to)));
        if (w && !w.some((weight) => weight > 0)) return null;
        const flat = targets.shape.length === 1;
        return dataset(
          { rows: to - from, columns: inputs.shape[1], data: x },
          flat ? y : { rows: to - from, columns: targets.shape[1], data: y },
          { weights: w ?? null },
        );
      },
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The rows of a tensor, in memory that is used again. */
class Rows {
  readonly #handle: FileHandle;
  readonly #place: TensorPlace;
  readonly #width: number;
  #memory: FloatArray = new Float64Array();

  constructor(handle: FileHandle, place: TensorPlace) {
    this.#handle = handle;
    this.#place = place;
    this.#width = place.shape.length === 1 ? 1 : place.shape[1];
  }

  async read(from: number, to: number): Promise<FloatArray> {
    const { dtype, begin } = this.#place;
    const count = (to - from) * this.#width;
    if (this.#memory.length < count) this.#memory = dtype === "f64" ? new Float64Array(count) : new Float32Array(count);
    const values = this.#memory.subarray(0, count) as FloatArray;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    await readFully(this.#handle, bytes, begin + from * this.#width * values.BYTES_PER_ELEMENT);
    return values;
  }
}

async function readFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, position + at);
    if (bytesRead === 0) throw new Error("task: a file became shorter while it was read");
    at += bytesRead;
  }
}

/** The path of a file in a folder. */
export async function inside(folder: string | null, file: unknown): Promise<string> {
  if (typeof file !== "string") return wrongType(WHERE, "file", "the name of a file", file);
  if (folder === null) {
    wrongValue(WHERE, "file", "data that comes along", show(file), "this worker was given no folder");
  }
  const refuse = (): never => wrongValue(WHERE, "file", "a file inside of the worker's folder", show(file));
  if (file === "" || file.includes("\0") || isAbsolute(file) || /^[a-z]:|\\/i.test(file)) refuse();
  const root = await realpath(folder);
  const path = resolve(root, file);
  if (!isWithin(root, path)) refuse();
  let real: string;
  try {
    real = await realpath(path);
  } catch {
    // It may come: no refusal, so the task is tried again.
    throw new Error(
      `task: "file" expected a file inside of the worker's folder, got ${show(file)}, which is not there`,
    );
  }
  if (!isWithin(root, real)) refuse();
  return real;
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
