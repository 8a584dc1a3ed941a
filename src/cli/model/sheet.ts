import { type Dataset, type Matrix, matrix } from "../../index.js";
import { parseCsv } from "../data/csv.js";
import { isMissing, notNumber, toNumber } from "../data/number.js";
import { standardize } from "../data/scale.js";
import { badInput } from "../errors.js";
import { suggestion } from "../nearest.js";
import { printable, quote } from "../output/format.js";
import { standardized } from "../training/prepare.js";
import type { ModelRecord } from "./record.js";

/** Rows of a file with the columns that a model was trained on, in the model's order. */
export interface Sheet {
  readonly path: string;
  /** Null where the file has none. */
  readonly header: readonly string[] | null;
  /** Every cell of every row. */
  readonly records: readonly (readonly string[])[];
  readonly lines: readonly number[];
  /** Standardised as in training. */
  readonly inputs: Matrix;
  /** Rows whose prediction is not to be told, since something is missing and the model does without such rows. */
  readonly incomplete: ReadonlySet<number>;
  /** Whether the file has the target's column. */
  readonly hasTarget: boolean;
  /** Labels, or values in their own units; NaN where the target is missing or none that the model knows. */
  readonly targets: Float64Array;
}

/** Where in a file's rows the model's columns are. */
interface Plan {
  readonly width: number;
  readonly header: readonly string[] | null;
  readonly inputs: readonly number[];
  /** −1 where there is none. */
  readonly target: number;
}

/** Reads rows for a model: columns by name where the file and the model have names, else by their places. */
export function readSheet(path: string, bytes: Buffer, record: ModelRecord, header?: boolean): Sheet {
  const name = printable(path);
  let plan: Plan | null = null;
  const records: string[][] = [];
  const lines: number[] = [];
  parseCsv(path, bytes, (cells, line) => {
    if (plan === null) {
      plan = planOf(name, cells, record, header);
      if (plan.header) return;
    }
    if (cells.length !== plan.width) {
      badInput(`${name}, line ${line}: expected ${plan.width} columns, as in the first line, got ${cells.length}`);
    }
    records.push(cells);
    lines.push(line);
  });
  if (plan === null || records.length === 0) return badInput(`${name}: expected rows of data, got none`);
  return sheetOf(name, plan, records, lines, record);
}

function sheetOf(path: string, plan: Plan, records: string[][], lines: number[], record: ModelRecord): Sheet {
  const { inputs, target } = plan;
  const incomplete = new Set<number>();
  const values = new Float64Array(records.length * inputs.length);
  records.forEach((cells, row) => {
    inputs.forEach((column, j) => {
      const value = toNumber(cells[column]);
      if (value === null) {
        const place = `${path}, line ${lines[row]}, column ${quote(record.columns.names[j])}`;
        if (!isMissing(cells[column])) badInput(`${place}: ${notNumber(cells[column])}`);
        if (record.missing === "refuse") {
          badInput(`${place}: the value is missing; a model trained with --missing mean or drop takes such rows`);
        }
        if (record.missing === "drop") incomplete.add(row);
      }
      values[row * inputs.length + j] = value ?? Number.NaN;
    });
  });
  return {
    path,
    header: plan.header,
    records,
    lines,
    inputs: standardize(matrix(records.length, inputs.length, values), record.inputScale),
    incomplete,
    hasTarget: target >= 0,
    targets: Float64Array.from(records, (cells) => (target < 0 ? Number.NaN : targetIn(cells[target], record))),
  };
}

function targetIn(cell: string, { classes }: ModelRecord): number {
  if (isMissing(cell)) return Number.NaN;
  const number = toNumber(cell);
  if (classes === null) return number ?? Number.NaN;
  const label = classes.indexOf(cell);
  // 1, 1.0 and 01 are one class.
  const index = label >= 0 ? label : number === null ? -1 : classes.indexOf(String(number));
  return index >= 0 ? index : Number.NaN;
}

function planOf(path: string, cells: readonly string[], { columns }: ModelRecord, asked?: boolean): Plan {
  const { names, targetName } = columns;
  const named = columns.header && new Set(names).size === names.length;
  const holdsNames = named && names.some((name) => cells.includes(name));
  const header = asked ?? (holdsNames || cells.every((cell) => toNumber(cell) === null));
  const width = cells.length;
  if (header && named) {
    const inputs = names.map((name) => findColumn(path, name, cells));
    return { width, header: cells.slice(), inputs, target: cells.indexOf(targetName) };
  }
  const head = header ? cells.slice() : null;
  if (width === columns.width) return { width, header: head, inputs: columns.inputs, target: columns.target };
  if (width === names.length) return { width, header: head, inputs: Array.from(names.keys()), target: -1 };
  const expected = `the ${columns.width} columns that the model was trained on, or its ${names.length} inputs`;
  return badInput(`${path}: expected ${expected}, got ${width}${named ? " without their names in a header" : ""}`);
}

function findColumn(path: string, name: string, cells: readonly string[]): number {
  const index = cells.indexOf(name);
  if (index < 0) {
    const hint = suggestion(
      name,
      cells.map((cell) => printable(cell)),
    );
    badInput(`${path}: expected the columns that the model was trained on, got none called ${quote(name)}${hint}`);
  }
  if (cells.lastIndexOf(name) > index) badInput(`${path}: expected one column ${quote(name)}, got several`);
  return index;
}

/** The rows of a sheet whose target is known, as data to measure the model on; null where there are none. */
export function knownRows({ inputs, targets, incomplete }: Sheet, record: ModelRecord): Dataset | null {
  const rows = Array.from(targets.keys()).filter((row) => !Number.isNaN(targets[row]) && !incomplete.has(row));
  if (rows.length === 0) return null;
  const { columns, data } = inputs;
  const chosen = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => {
    chosen.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  // Already standardised.
  const inputScale = { mean: new Array(columns).fill(0), deviation: new Array(columns).fill(1) };
  const known = Float64Array.from(rows, (row) => targets[row]);
  return standardized(matrix(rows.length, columns, chosen), known, { inputScale, targetScale: record.targetScale });
}
