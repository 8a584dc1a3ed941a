import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Saved } from "../../formats/index.js";
import { type ActivationName, type Checkpoint, init, type Network } from "../../index.js";
import { type FileData, loadNetwork, saveNetwork, writeFileAtomically } from "../../node/index.js";
import type { ColumnsData } from "../../tables/index.js";
import { STDIN } from "../data/file.js";
import { asRefusal, badInput, failed } from "../errors.js";
import { printable, quote } from "../output/format.js";
import { type OtherModel, readOther } from "./others.js";
import { type ModelRecord, readRecord } from "./record.js";

/** A saved model, read and made ready. */
export interface Model {
  readonly path: string;
  readonly net: Network;
  readonly checkpoint: Checkpoint | null;
  /** Null for a network that another program than the command line saved. */
  readonly record: ModelRecord | null;
  /** What its rows are like; null for a network that holds nothing of the kind. */
  readonly table: ColumnsData | null;
  /** Of the classes, as another program's model has them. */
  readonly labels: OtherModel["labels"];
  /** The format of another program's model; null for hessia's own. */
  readonly format: string | null;
}

/** Endings of a model's file. */
export const modelEndings = [".safetensors", ".json"];

/** How a model is read. */
export interface Loading {
  /** Use the build of the core that the model was trained on, for the same bits. */
  readonly sameBuild?: boolean;
  /** Of another program's model, whose file does not hold it. */
  readonly activation?: ActivationName | undefined;
}

/** Reads a saved model, of hessia or of another program. */
export async function loadModel(path: string, { sameBuild = false, activation }: Loading = {}): Promise<Model> {
  let saved = await load(path, activation);
  if ("format" in saved) return { ...saved, path, checkpoint: null, record: null };
  if (sameBuild && saved.network.build !== saved.build) {
    await init({ simd: saved.build }).catch((error) => {
      throw asRefusal(error);
    });
    saved = (await load(path)) as Saved;
  }
  const { network: net, checkpoint, metadata } = saved;
  const { inputs, layers } = net.spec;
  const record =
    metadata.tool === undefined ? null : readRecord(path, metadata, inputs, layers[layers.length - 1].units);
  return { path, net, checkpoint, record, table: record?.table ?? null, labels: null, format: null };
}

/** A model with the columns of its data. */
export type TableModel = Model & { readonly record: ModelRecord };

/** A model that knows what its rows are like. */
export type RowModel = Model & { readonly table: ColumnsData };

export async function loadRowModel(path: string, loading: Loading = {}): Promise<RowModel> {
  const model = await loadModel(path, loading);
  return { ...model, table: model.table ?? readRecord(path, {}, 0, 0).table };
}

/** The same, where it is one that `hessia train` saved. */
export function trained(model: RowModel, option: string): RowModel & TableModel {
  const { record, format } = model;
  if (record) return { ...model, record };
  return badInput(`${option}: expected a model that hessia train saved, got one in the format ${format}`);
}

export async function loadTableModel(path: string, loading: Loading = {}): Promise<TableModel> {
  const model = await loadModel(path, loading);
  if (model.format) {
    badInput(
      `${printable(path)}: expected a model that hessia train saved, got one in the format ${model.format}; info, predict, export and serve take it`,
    );
  }
  return { ...model, record: model.record ?? readRecord(path, {}, 0, 0) };
}

async function load(path: string, activation?: ActivationName): Promise<Saved | OtherModel> {
  try {
    return (await readOther(path, activation)) ?? (await loadNetwork(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") badInput(`${printable(path)}: there is no such file`);
    if (code === "EISDIR") badInput(`${printable(path)}: expected a file, got a directory`);
    if (code === "EACCES" || code === "EPERM") badInput(`${printable(path)}: no permission to read it`);
    if (error instanceof RangeError && error.message.startsWith('loadNetwork: "path"')) {
      badInput(
        `${printable(path)}: expected a model, a file that ends in .safetensors or .json, or another program's .onnx`,
      );
    }
    throw asRefusal(error);
  }
}

/** Writes a model, whole or not at all. */
export async function saveModel(
  path: string,
  net: Network,
  checkpoint: Checkpoint,
  record: ModelRecord,
): Promise<void> {
  try {
    await saveNetwork(path, net, { checkpoint, metadata: record as unknown as Record<string, unknown> });
  } catch (error) {
    notWritten(path, error);
  }
}

/** Writes a file, whole or not at all. */
export async function writeOutput(path: string, data: FileData): Promise<void> {
  await writeFileAtomically(path, data).catch((error) => notWritten(path, error));
}

function notWritten(path: string, error: unknown): never {
  if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  return failed(`${printable(path)}: could not be written: ${(error as Error).message}`);
}

/**
 * Refuses outputs that are also read or written twice, and finds out before any work is done
 * whether they can be written.
 */
export async function checkOutputs(
  inputs: readonly (string | undefined)[],
  outputs: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const named = Object.entries(outputs).flatMap(([option, path]) => (path === undefined ? [] : [{ option, path }]));
  const given = await Promise.all(named.map(async (one) => ({ ...one, at: await identityOf(one.path) })));
  const files = inputs.filter((path) => path !== undefined && path !== STDIN) as string[];
  const read = await Promise.all(files.map(identityOf));
  for (const [i, { option, path, at }] of given.entries()) {
    if (read.includes(at)) badInput(`${option}: expected another file than those that are read, got ${quote(path)}`);
    const other = given.slice(0, i).find((before) => before.at === at);
    if (other) badInput(`${option}: expected another file than ${other.option}, got ${quote(path)}`);
  }
  await checkWritable(...given.map(({ path }) => path));
}

/** What tells a file from others, under whatever name or link; its path where there is none yet. */
async function identityOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile()) return `${found.dev}:${found.ino}`;
  const folder = dirname(resolve(path));
  return join(await realpath(folder).catch(() => folder), basename(path));
}

/** Finds out before any work is done that a file could not be written. */
export async function checkWritable(...paths: readonly (string | undefined)[]): Promise<void> {
  for (const path of paths) {
    if (path === undefined) continue;
    const folder = dirname(path);
    try {
      const there = await stat(path).catch(() => null);
      if (there?.isDirectory()) throw new Error("it is a directory");
      // A device is written to as it stands; a file is replaced.
      await access(there && !there.isFile() ? path : folder, constants.W_OK);
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      const reason = missing ? `there is no folder ${folder}` : (error as Error).message;
      failed(`${printable(path)}: could not be written: ${reason}`);
    }
  }
}
