import { open, realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { show, wrongType, wrongValue } from "../../check.js";
import { datasetFromSafetensors } from "../../formats/index.js";
import type { Dataset } from "../../network/dataset.js";
import type { FileReference } from "../lane.js";

const WHERE = "task";

/**
 * Reads a data set from a file inside of a folder. The name is relative; where it leads out of the folder, through dots or links, it is
 * refused.
 */
export async function readDataset(folder: string | null, { file }: FileReference, mostBytes: number): Promise<Dataset> {
  const path = await inside(folder, file);
  const handle = await open(path, "r");
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) wrongValue(WHERE, "file", "a regular file", show(file));
    if (stat.size > mostBytes) wrongValue(WHERE, "file", `at most ${mostBytes} bytes`, String(stat.size));
    return datasetFromSafetensors(new Uint8Array(await handle.readFile()));
  } finally {
    await handle.close();
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
