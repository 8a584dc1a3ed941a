import { type Dataset, dataset, type Matrix, matrix, split } from "../../index.js";
import { type Scale, scaleOf, standardize } from "../data/scale.js";
import type { Table } from "../data/table.js";
import { readTarget, type Target } from "../data/target.js";
import { badInput } from "../errors.js";
import { counted } from "../output/format.js";
import type { DataSettings } from "./settings.js";

/** A table made ready to learn from. Everything is standardised by the training rows. */
export interface Prepared extends Scales {
  readonly target: Target;
  readonly training: Dataset;
  readonly validation: Dataset | null;
  readonly test: Dataset | null;
}

export interface Scales {
  readonly inputScale: Scale;
  /** In regression; its deviation turns errors back into the target's units. */
  readonly targetScale: Scale | null;
}

/** Splits a table, by class where there are classes, and standardises the parts. */
export function prepare(table: Table, settings: DataSettings, batchNorm: boolean): Prepared {
  const target = readTarget(table.target, settings.task);
  const rows = splitRows(table, target, settings);
  if (batchNorm && rows.training.length === 1) {
    badInput("--batch-norm: expected at least two rows to train on, since it needs a variance, got 1");
  }
  const scales = {
    inputScale: scaleOf(rowsOf(table.inputs, rows.training)),
    targetScale: target.task === "classification" ? null : scaleOf(columnOf(pick(target.values, rows.training))),
  };
  const part = (chosen: readonly number[]): Dataset | null =>
    chosen.length > 0 ? standardized(rowsOf(table.inputs, chosen), targetsOf(target, chosen), scales) : null;
  return {
    target,
    ...scales,
    training: part(rows.training) as Dataset,
    validation: part(rows.validation),
    test: part(rows.test),
  };
}

/** Rows as a network sees them: 0 for what is missing, its column's mean. Targets are labels, or values in their own units. */
export function standardized(inputs: Matrix, targets: Float64Array, { inputScale, targetScale }: Scales): Dataset {
  const scaled = targetScale ? standardize(columnOf(targets), targetScale).data : targets;
  return dataset(standardize(inputs, inputScale), scaled);
}

interface Rows {
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

function splitRows(table: Table, target: Target, { seed, testShare, validation: held }: DataSettings): Rows {
  const { rows } = table.inputs;
  const numbers = matrix(
    rows,
    1,
    Float64Array.from({ length: rows }, (_, row) => row),
  );
  const stratify = target.task === "classification";
  const whole = dataset(numbers, stratify ? target.labels : target.values);
  const outer = takePart(whole, testShare, seed, stratify, () =>
    badInput(
      `--test-share: expected a share that leaves rows to train and to test on, got ${testShare} of ` +
        counted(rows, "row"),
    ),
  );
  // The share is of all rows; what is left to take it from is smaller.
  const inner = takePart(outer.rest, held / (1 - testShare), seed, stratify, () =>
    badInput(
      `--validation: expected a share that leaves rows to train and to validate on, got ${held} of ` +
        `${counted(rows, "row")} beside a test share of ${testShare}`,
    ),
  );
  const chosen = (part: Dataset | null): number[] => (part ? Array.from(part.inputs.data) : []);
  return { training: chosen(inner.rest), validation: chosen(inner.part), test: chosen(outer.part) };
}

/** Takes a share of the rows out; `refuse` where that leaves a part empty. */
function takePart(
  data: Dataset,
  share: number,
  seed: number,
  stratify: boolean,
  refuse: () => never,
): { rest: Dataset; part: Dataset | null } {
  if (share === 0) return { rest: data, part: null };
  const count = Math.round(data.size * share);
  if (count === 0 || count === data.size) refuse();
  const { training: rest, test: part } = split(data, { test: share, seed, stratify });
  return { rest, part };
}

function targetsOf(target: Target, rows: readonly number[]): Float64Array {
  return pick(target.task === "classification" ? target.labels : target.values, rows);
}

function pick(values: Float64Array, rows: readonly number[]): Float64Array {
  return Float64Array.from(rows, (row) => values[row]);
}

function rowsOf({ columns, data }: Matrix, rows: readonly number[]): Matrix {
  const chosen = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => {
    chosen.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  return matrix(rows.length, columns, chosen);
}

function columnOf(values: Float64Array): Matrix {
  return matrix(values.length, 1, values);
}
