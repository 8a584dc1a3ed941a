import { readFile } from "node:fs/promises";
import { wrongType, wrongValue } from "../check.js";
import {
  fromJson,
  fromSafetensors,
  type OnnxOptions,
  type Saved,
  type SaveOptions,
  toJson,
  toNpy,
  toOnnx,
  toSafetensors,
} from "../formats/index.js";
import type { Network } from "../network/network.js";
import { writeFileAtomically } from "./atomic.js";

/**
 * Writes a network, optionally with a checkpoint and metadata, to a file; the name's ending decides
 * the format: `.safetensors` or `.json`. The file is replaced as a whole, so that a process killed
 * while it saves a checkpoint leaves the last complete one.
 *
 * @param options as `toSafetensors` takes them: checkpoint and metadata.
 * @throws (rejects) TypeError or RangeError for another ending and as `toSafetensors`, before
 * anything is written; the file system's errors.
 * @example
 * await saveNetwork("model.safetensors", net, { checkpoint: history.checkpoint });
 */
export async function saveNetwork(path: string, net: Network, options: SaveOptions = {}): Promise<void> {
  const ending = endingOf("saveNetwork", path);
  const data = ending === "json" ? toJson(net, options) : toSafetensors(net, options);
  await writeFileAtomically(path, data);
}

/**
 * Reads what `saveNetwork` wrote.
 *
 * @returns as `fromSafetensors`: a new network, and the checkpoint and metadata that were saved
 * with it.
 * @throws (rejects) TypeError or RangeError that names the file for incomplete files and files of
 * other programs; the file system's errors.
 * @example
 * const { network: net, checkpoint } = await loadNetwork("model.safetensors");
 */
export async function loadNetwork(path: string): Promise<Saved> {
  const ending = endingOf("loadNetwork", path);
  const bytes = await readFile(path);
  try {
    return ending === "json" ? fromJson(textOf(bytes)) : fromSafetensors(bytes);
  } catch (error) {
    const Kind = error instanceof TypeError ? TypeError : RangeError;
    throw new Kind(`loadNetwork: ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Writes a network as an ONNX model; see `toOnnx`. The file is replaced as a whole.
 *
 * @throws (rejects) as `toOnnx`, before anything is written; the file system's errors.
 * @example
 * await saveOnnx("model.onnx", net, { dtype: "f32" });
 */
export async function saveOnnx(path: string, net: Network, options: OnnxOptions = {}): Promise<void> {
  await writeFileAtomically(path, toOnnx(net, options));
}

/**
 * Writes a matrix or vector as a NumPy file; see `toNpy`. The file is replaced as a whole.
 *
 * @throws (rejects) as `toNpy`, before anything is written; the file system's errors.
 * @example
 * await saveNpy("hessian.npy", net.hessian(data).toDense());
 */
export async function saveNpy(path: string, values: Parameters<typeof toNpy>[0]): Promise<void> {
  await writeFileAtomically(path, toNpy(values));
}

function endingOf(where: string, path: unknown): "safetensors" | "json" {
  if (typeof path !== "string") wrongType(where, "path", "the name of a file", path);
  const [, ending] = /\.(safetensors|json)$/i.exec(path) ?? [];
  if (!ending) wrongValue(where, "path", "a name that ends in .safetensors or .json", `"${path}"`);
  return ending.toLowerCase() as "safetensors" | "json";
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return wrongValue("fromJson", "text", "UTF-8", "other bytes");
  }
}
