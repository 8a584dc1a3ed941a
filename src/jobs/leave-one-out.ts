import { checkInteger, checkKeys, checkObject, wrongType, wrongValue } from "../check.js";
import type { Dataset } from "../network/dataset.js";
import type { EnsembleOptions } from "./ensemble.js";
import type { LeaveOneOutTask } from "./fit-task.js";
import { type Outcome, type Runner, serial } from "./pool.js";
import { checkSetting, type Setting } from "./setting.js";

/** Options of `leaveOneOut`. */
export interface LeaveOneOutOptions extends Omit<EnsembleOptions, "count"> {
  /** The rows to leave out, one at a time. Default: every row. */
  rows?: readonly number[];
}

/**
 * Trains a network again without each of the given rows, and returns that row's loss. `influence`
 * predicts the same without training, so this checks its prediction. Over all rows it is
 * leave-one-out cross-validation.
 *
 * @param data what `dataset` returns.
 * @param options see `LeaveOneOutOptions`.
 * @returns (resolves to) a result for each row, in their order. Cost: one fit for each row.
 * @throws (rejects) TypeError or RangeError for bad options and for rows that do not exist.
 * @example
 * const data = dataset([[0], [1], [2], [3]], [[0], [1], [2], [9]]);
 * const setting = { hidden: [], optimizer: "newton", epochs: 1 };
 * const [left] = await leaveOneOut(data, { setting, rows: [3] });
 * left.status; // "done": the other rows lie on a line, which is 6 below the last one
 */
export async function leaveOneOut(
  data: Dataset,
  options: LeaveOneOutOptions = {},
): Promise<Outcome<LeaveOneOutTask>[]> {
  const where = "leaveOneOut";
  checkObject(where, "options", options);
  checkKeys(where, options, ["spec", "setting", "rows", "seed", "pool", "signal"]);
  const { spec = {}, setting = {}, rows, seed = 0 } = options as LeaveOneOutOptions;
  const { pool = serial, signal } = options as { pool?: Runner; signal?: AbortSignal };
  checkObject(where, "spec", spec);
  checkSetting(where, "setting", setting as Setting);
  checkInteger(where, "seed", seed, 0);
  if (data.size < 2) wrongValue(where, "data", "at least two rows", String(data.size));
  if (rows !== undefined && !Array.isArray(rows)) wrongType(where, "rows", "an array of rows", rows);
  const chosen = rows ?? Array.from({ length: data.size }, (_, row) => row);
  for (const row of chosen) {
    checkInteger(where, "rows", row, 0);
    if (row >= data.size) wrongValue(where, "rows", `rows below ${data.size}`, String(row));
  }
  const tasks = chosen.map((row): LeaveOneOutTask => ({ kind: "leave-one-out", setting, base: spec, seed, row }));
  return pool.run(tasks, data, { signal });
}
