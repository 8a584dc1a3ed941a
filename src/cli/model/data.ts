import type { Dataset } from "../../index.js";
import { readText } from "../data/csv.js";
import { fingerprint, readSource } from "../data/source.js";
import { badInput } from "../errors.js";
import { printable } from "../output/format.js";
import { prepare } from "../training/prepare.js";
import type { TableModel } from "./file.js";
import { knownRows, readSheet } from "./sheet.js";

export const parts = ["training", "validation", "test", "all"] as const;
export type Part = (typeof parts)[number];

/** Rows to look at a model on. */
export interface ModelData {
  readonly data: Dataset;
  readonly part: Part;
  readonly path: string;
}

/**
 * The rows that a model was trained on, split as then, or others.
 *
 * @param file the data that the model was trained on where left out.
 * @param asked the training rows by default, and all rows of another file.
 */
export async function dataFor(model: TableModel, file: string | undefined, asked?: Part): Promise<ModelData> {
  const { record } = model;
  const path = file ?? record.data.path;
  const bytes = await readText(path);
  const same = fingerprint(bytes) === record.data.sha256;
  if (same && asked !== "all") return { ...(await splitAsThen(model, path, asked ?? "training")), path };
  if (!same && file === undefined) {
    badInput(`${printable(path)}: expected the data that the model was trained on, got another content; name a file`);
  }
  if (!same && asked !== undefined && asked !== "all") {
    badInput(`--part: expected all for rows that the model was not trained on, got ${asked}`);
  }
  const data = knownRows(readSheet(path, bytes, record), record);
  return {
    data: data ?? badInput(`${printable(path)}: expected rows with a known target, got none`),
    part: "all",
    path,
  };
}

async function splitAsThen(
  { record }: TableModel,
  path: string,
  part: Exclude<Part, "all">,
): Promise<{ data: Dataset; part: Part }> {
  const { table } = await readSource(path, record.settings);
  const prepared = prepare(table, record.settings, record.settings.batchNorm);
  const data = prepared[part];
  return {
    data: data ?? badInput(`--part: expected a part that the model has, got ${part}, of which there are no rows`),
    part,
  };
}
