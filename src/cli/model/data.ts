import type { Dataset, DiagnoseOptions } from "../../index.js";
import { type Columns, columnsFrom } from "../../tables/index.js";
import { readSource } from "../data/source.js";
import { badInput } from "../errors.js";
import { printable } from "../output/format.js";
import { makeOptimizer } from "../training/optimizer.js";
import { prepare } from "../training/prepare.js";
import type { TableModel } from "./file.js";
import { planOf, sheetOf } from "./sheet.js";

export const parts = ["training", "validation", "test", "all"] as const;
export type Part = (typeof parts)[number];

/** Rows to look at a model on. */
export interface ModelData {
  readonly data: Dataset;
  readonly columns: Columns;
  readonly part: Part;
  readonly path: string;
  /** Rows held out, where the model's own data has some: what a fit is judged on. */
  readonly heldOut: Dataset | null;
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
  const source = await readSource(path, record.settings);
  const same = source.sha256 === record.data.sha256;
  if (same && asked !== "all") {
    const part = asked ?? "training";
    const prepared = prepare(source, record.settings, record.settings.batchNorm);
    const data = prepared[part];
    return {
      ...{ columns: prepared.columns, part, path },
      data: data ?? badInput(`--part: expected a part that the model has, got ${part}, of which there are no rows`),
      heldOut: part === "training" ? (prepared.validation ?? prepared.test) : null,
    };
  }
  if (!same && file === undefined) {
    badInput(`${printable(path)}: expected the data that the model was trained on, got another content; name a file`);
  }
  if (!same && asked !== undefined && asked !== "all") {
    badInput(`--part: expected all for rows that the model was not trained on, got ${asked}`);
  }
  const { data } = sheetOf(planOf(source, { record, table: record.table }), source.text.rows, source.text.lines);
  return {
    ...{ columns: columnsFrom(record.table), part: "all", path, heldOut: null },
    data: data ?? badInput(`${printable(path)}: expected rows with a known target, got none`),
  };
}

/**
 * What a diagnosis of a model gets beside the rows to diagnose it on: the rows held out, and the
 * optimizer.
 */
export function diagnoseOptions({ record }: TableModel, { heldOut }: ModelData): DiagnoseOptions {
  return { optimizer: makeOptimizer(record.settings.optimizer), ...(heldOut ? { validation: heldOut } : {}) };
}
