import { type Dataset, dataset } from "../network/dataset.js";
import type { Build } from "../wasm/load.js";
import type { FloatArray } from "../wasm/workspace.js";
import type { Limits } from "./limits.js";
import type { Outcome } from "./pool.js";
import type { Task } from "./tasks.js";

/** A data set as plain data, which threads send each other. */
export interface PackedDataset {
  readonly inputs: { readonly rows: number; readonly columns: number; readonly data: FloatArray };
  readonly targets: Float64Array | { readonly rows: number; readonly columns: number; readonly data: FloatArray };
  readonly weights: Float64Array | null;
}

export function packed({ inputs, targets, weights }: Dataset): PackedDataset {
  return { inputs, targets, weights };
}

export function unpacked({ inputs, targets, weights }: PackedDataset): Dataset {
  return dataset(inputs, targets, { weights });
}

/** A file that a worker reads itself, by its name in the folder that the worker was given. */
export interface FileReference {
  /** Its name, relative to the folder. */
  readonly file: string;
}

/** What a thread is sent with a task. */
export interface Order {
  readonly task: Task;
  /** The name of data that the thread holds or is given, or a file. */
  readonly data: string | FileReference;
  /** Names of vectors. */
  readonly vectors: readonly string[];
  /** What the thread does not hold yet, by name. */
  readonly gives: ReadonlyMap<string, PackedDataset | Float64Array>;
  /** What it need not hold any longer. */
  readonly drops: readonly string[];
  readonly build: Build;
  /** The only place that files are read from; null where none are. */
  readonly folder: string | null;
  readonly limits: Limits;
}

/** A thread that does one task at a time, and keeps what it was given. */
export interface Lane {
  /** Whether there is a thread, which holds what it was given; one that idles may end. */
  readonly alive: boolean;
  /** Resolves to what came of the task; rejects where the thread has died. */
  run(order: Order, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/** Files of this folder, which bundlers of pages must not follow. */
export function besides(name: string): string {
  return `${import.meta.url.slice(0, import.meta.url.lastIndexOf("/") + 1)}${name}`;
}

/** Imports what only Node and its like can. */
export function importHere<T>(specifier: string): Promise<T> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ specifier) as Promise<T>;
}
