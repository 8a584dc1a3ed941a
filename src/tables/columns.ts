import { type Matrix, matrix } from "../linalg/matrix.js";
import { type Dataset, dataset } from "../network/dataset.js";
import { type Cell, Missing, type Row } from "./cells.js";
import { type Encoding, encode, encodeValue, inputNames, isAbsent } from "./encodings.js";
import { isUsual, type Written } from "./numbers.js";
import { type Scale, scaleOf, standardize } from "./scale.js";
import { encodeTarget, type TargetEncoding, type Task } from "./target.js";
import type { ColumnType } from "./types.js";
import { Unknown } from "./unknown.js";

/** The type that was found for a column, and how it becomes numbers. */
export interface Column {
  /** As the table has it. */
  readonly name: string;
  /** Where it is in a row, from 0. */
  readonly place: number;
  /** What it was taken for. */
  readonly type: ColumnType;
  /** The reason, in a few words. */
  readonly why: string;
  /** What was assumed and what was passed over, a sentence each. */
  readonly notes: readonly string[];
  /** Cells without a value, among the rows described. */
  readonly missing: number;
  /** Null where the column is left out. */
  readonly encoding: Encoding | null;
}

/** A description of a table as plain data, to be saved with a model. */
export interface ColumnsData {
  /** Of this format. */
  readonly version: 1;
  /** All columns but the targets. */
  readonly columns: readonly Column[];
  /** The targets' places in a row. */
  readonly targetPlaces: readonly number[];
  /** How their cells become labels or values. */
  readonly targets: readonly TargetEncoding[];
  /** What was assumed of the targets, a sentence each. */
  readonly targetNotes: readonly string[];
  /** Whether the table had names of its own. */
  readonly named: boolean;
  /** Cells in a row. */
  readonly width: number;
  /** Markers of missing values beside the usual ones. */
  readonly markers: readonly string[];
  /** Means and deviations of the inputs, in their order. */
  readonly inputScale: Scale;
  /** Means and deviations of the targets of a regression. */
  readonly targetScale: Scale | null;
  /** Two classes: the probability of the second from which a row counts as it. */
  readonly threshold: number;
}

/** Rows in numbers. */
export interface Encoded {
  /** One row a row: columns scaled to mean 0 and deviation 1. */
  readonly inputs: Matrix;
  /**
   * Labels, or scaled values with a column a target; null where the rows have no target. NaN where
   * it is missing.
   */
  readonly targets: Float64Array | Matrix | null;
  /** Rows whose target is known. */
  readonly known: readonly number[];
  /** Unknown contents of cells, a line for each column. */
  readonly notes: readonly string[];
}

/** A prediction: a class, or a value a target. */
export type Decoded = string | number | readonly number[];

/**
 * Converts the columns of a table to the inputs and targets of a network, and outputs to
 * predictions. Made by `describe`; `toJSON` and `columnsFrom` save and restore it.
 */
export class Columns {
  readonly #missing: Missing;
  /** The columns that are not left out, with the first of their inputs. */
  readonly #plan: readonly {
    readonly name: string;
    readonly place: number;
    readonly encoding: Encoding;
    readonly at: number;
  }[];
  /** Names of the network's inputs, such as "age", "sex = male" and "deck missing". */
  readonly inputNames: readonly string[];

  /** @param data what `describe` found, as plain data. */
  constructor(
    /** What `describe` found. */
    readonly data: ColumnsData,
  ) {
    this.#missing = new Missing(data.markers);
    let at = 0;
    this.#plan = data.columns.flatMap(({ name, place, encoding }) => {
      if (encoding === null) return [];
      const own = { name, place, encoding, at };
      at += inputNames(name, encoding).length;
      return [own];
    });
    this.inputNames = this.#plan.flatMap(({ name, encoding }) => inputNames(name, encoding));
  }

  /** All columns but the targets, with what they were taken for. */
  get columns(): readonly Column[] {
    return this.data.columns;
  }

  /** Classes or values. */
  get task(): Task {
    return this.data.targets[0].task;
  }

  /** The classes in the order of the outputs; null in regression. */
  get classes(): readonly string[] | null {
    const [target] = this.data.targets;
    return target.task === "classification" ? target.classes : null;
  }

  /** Names of the targets. */
  get targetNames(): readonly string[] {
    return this.data.targets.map(({ name }) => name);
  }

  /** The first input of each column that is not left out, by the column's name. */
  get inputPlaces(): ReadonlyMap<string, number> {
    return new Map(this.#plan.map(({ name, at }) => [name, at]));
  }

  /** The names, in order, of the columns that predictions need. */
  get needed(): readonly string[] {
    return this.#plan.map(({ name }) => name);
  }

  /**
   * Rows as numbers.
   *
   * @param rows arrays with all of the table's cells (or without those of the targets), or objects
   * by column names.
   * @param unknown collects unknown contents of cells over several calls. Default: a new collection
   * for these rows.
   * @throws RangeError for rows of another width, and for objects without a column.
   */
  encode(rows: readonly Row[], unknown: Unknown = new Unknown()): Encoded {
    const raw = this.raw(rows, unknown);
    const targets = this.#targets(rows);
    const known = targets === null ? [] : knownRows(targets, rows.length);
    return {
      inputs: this.#scaled(raw),
      targets: targets && this.#scaledTargets(targets),
      known,
      notes: unknown.notes(),
    };
  }

  /** The rows whose target is known, as data for a network. */
  dataset(rows: readonly Row[]): Dataset {
    const { inputs, targets, known } = this.encode(rows);
    return datasetOf(inputs, targets, known);
  }

  /** Whether a cell stands for a value that is not known. */
  isMissing(cell: Cell): boolean {
    return this.#missing.read(cell) === null;
  }

  /**
   * Labels, or values of the first target in its own unit; NaN where they are missing or unknown.
   */
  targetValues(rows: readonly Row[]): Float64Array {
    const values = this.#targets(rows) ?? new Float64Array(rows.length * this.data.targets.length).fill(Number.NaN);
    const count = this.data.targets.length;
    if (count === 1) return values;
    // A row lacks its targets where it lacks one of them.
    return Float64Array.from(rows, (_, row) => {
      const own = values.subarray(row * count, (row + 1) * count);
      return own.every((value) => !Number.isNaN(value)) ? own[0] : Number.NaN;
    });
  }

  /**
   * For each row the name of a needed column whose value is missing; null where there is none.
   */
  gaps(rows: readonly Row[]): (string | null)[] {
    return rows.map((row, r) => {
      const cellAt = this.#cellsOf(row, r);
      const isGap = ({ name, place, encoding }: { name: string; place: number; encoding: Encoding }): boolean => {
        const cell = this.#missing.read(cellAt(place, name));
        return cell === null || isAbsent(encoding, cell);
      };
      return this.#plan.find(isGap)?.name ?? null;
    });
  }

  /** Inputs before they are scaled. */
  raw(rows: readonly Row[], unknown?: Unknown): Matrix {
    const width = this.inputNames.length;
    const data = new Float64Array(rows.length * width);
    rows.forEach((row, r) => {
      const cellAt = this.#cellsOf(row, r);
      for (const { name, place, encoding, at } of this.#plan) {
        const given = cellAt(place, name);
        if (typeof given === "number" && encoding.kind === "number" && this.#asItIs(given, encoding)) {
          encodeValue(encoding, given, data, r * width + at);
          continue;
        }
        const cell = this.#missing.read(given);
        encode(encoding, cell, data, r * width + at, unknown && ((text) => unknown.note(name, text, r)));
      }
    });
    return matrix(rows.length, width, data);
  }

  /** Whether a number is what its text would be read as. */
  #asItIs(value: number, { decimal, units, absent }: Written): boolean {
    if (units || absent || this.#missing.asked) return false;
    return (decimal === "point" || Number.isInteger(value)) && isUsual(value);
  }

  /** Raw inputs at mean 0 and deviation 1; what is far away comes nearer. */
  scaled({ rows, columns, data }: Matrix): Matrix {
    return this.#scaled({ rows, columns, data: data.slice() });
  }

  /** Raw inputs at mean 0 and deviation 1, where they stand; what is far away comes nearer. */
  #scaled(raw: Matrix): Matrix {
    const { data } = standardize(raw, this.data.inputScale);
    for (const { encoding, at } of this.#plan) {
      if (encoding.kind !== "number" || encoding.reach === null) continue;
      for (let i = at; i < data.length; i += raw.columns) {
        if (Math.abs(data[i]) > encoding.reach) data[i] = nearer(data[i], encoding.reach);
      }
    }
    return raw;
  }

  /**
   * Outputs as predictions: the class of the largest output, or values in the targets' own units.
   *
   * @param outputs what `net.predict` returns, a row a row.
   */
  decode(outputs: Matrix): Decoded[] {
    const { rows, columns, data } = outputs;
    const { classes } = this;
    const { threshold } = this.data;
    const bound = Math.log(threshold / (1 - threshold));
    return Array.from({ length: rows }, (_, row) => {
      const own = data.subarray(row * columns, (row + 1) * columns);
      if (classes?.length === 2) return classes[Number((columns === 1 ? own[0] : own[1] - own[0]) > bound)];
      if (classes) return classes[largest(own)];
      const values = Array.from(own, (value, j) => this.inUnits(value, j));
      return values.length === 1 ? values[0] : values;
    });
  }

  /** Whether targets are learned by their logarithms. */
  get learnsLogs(): boolean {
    return this.data.targets.some((target) => target.task === "regression" && target.unit !== null);
  }

  /** An output of a regression in its target's unit. */
  inUnits(value: number, target = 0): number {
    const { targetScale, targets } = this.data;
    const encoding = targets[target];
    const unit = encoding.task === "regression" ? encoding.unit : null;
    const t = (targetScale?.mean[target] ?? 0) + (targetScale?.deviation[target] ?? 1) * value;
    return unit === null ? t : Math.sign(t) * unit * Math.expm1(Math.abs(t));
  }

  /** Plain data, for `columnsFrom`. */
  toJSON(): ColumnsData {
    return this.data;
  }

  /** A cell of a row by place or name. */
  #cellsOf(row: Row, index: number): (place: number, name: string) => Cell {
    const { width, targetPlaces } = this.data;
    if (!Array.isArray(row)) {
      return (_, name) => {
        const cell = (row as Readonly<Record<string, Cell>>)[name];
        if (cell === undefined && !(name in row)) {
          throw new RangeError(`encode: row ${index + 1} expected a property ${JSON.stringify(name)}, got none`);
        }
        return cell;
      };
    }
    if (row.length === width) return (place) => row[place];
    if (row.length === width - targetPlaces.length) {
      return (place) => row[place - targetPlaces.filter((target) => target < place).length];
    }
    throw new RangeError(`encode: row ${index + 1} expected ${width} cells, got ${row.length}`);
  }

  /** Labels or values in their own units; null where the rows have no targets. */
  #targets(rows: readonly Row[]): Float64Array | null {
    const { width, targetPlaces, targets } = this.data;
    const [first] = rows;
    const has = Array.isArray(first) ? first.length === width : rows.some((row) => targets[0].name in row);
    if (!first || !has) return null;
    const count = targets.length;
    const values = new Float64Array(rows.length * count);
    rows.forEach((row, r) => {
      targets.forEach((target, j) => {
        const cell = Array.isArray(row) ? row[targetPlaces[j]] : (row as Readonly<Record<string, Cell>>)[target.name];
        values[r * count + j] = encodeTarget(target, this.#missing.read(cell));
      });
    });
    return values;
  }

  #scaledTargets(values: Float64Array): Float64Array | Matrix {
    const { targets, targetScale } = this.data;
    if (targetScale === null) return values;
    const count = targets.length;
    const scaled = values.map((value, i) => {
      const j = i % count;
      const t = learned(targets[j], value);
      const deviation = targetScale.deviation[j];
      return deviation > 0 || Number.isNaN(t) ? (t - targetScale.mean[j]) / deviation : 0;
    });
    return count === 1 ? scaled : matrix(values.length / count, count, scaled);
  }
}

/** What a network learns of a target's value. */
export function learned(target: TargetEncoding, value: number): number {
  const unit = target.task === "regression" ? target.unit : null;
  return unit === null ? value : Math.sign(value) * Math.log1p(Math.abs(value) / unit);
}

/** The rows whose target is known, as data. */
export function datasetOf(inputs: Matrix, targets: Encoded["targets"], known: readonly number[]): Dataset {
  if (targets === null) throw new RangeError("dataset: expected rows with a target, got rows without");
  if (known.length === inputs.rows) return dataset(inputs, targets);
  const chosen = pickRows(inputs, known);
  if ("data" in targets) return dataset(chosen, pickRows(targets, known));
  return dataset(
    chosen,
    Float64Array.from(known, (row) => targets[row]),
  );
}

export function pickRows({ columns, data }: Matrix, rows: ArrayLike<number>): Matrix {
  const chosen = new Float64Array(rows.length * columns);
  for (let i = 0; i < rows.length; ++i) {
    chosen.set(data.subarray(rows[i] * columns, (rows[i] + 1) * columns), i * columns);
  }
  return matrix(rows.length, columns, chosen);
}

/** Restores a description from `toJSON`. */
export function columnsFrom(data: ColumnsData): Columns {
  if (typeof data !== "object" || data === null || data.version !== 1 || !Array.isArray(data.columns)) {
    throw new TypeError('columnsFrom: "data" expected what toJSON of a description returned, got something else');
  }
  return new Columns(data);
}

/** Deviations below this would blow up kinds that a few rows have. */
const LEAST_DEVIATION = 0.25;

/** Means and deviations of the inputs of some rows, a column of the table at a time. */
export function inputScaleOf(data: ColumnsData, rows: readonly Row[]): Scale {
  const scales = data.columns.flatMap((column) => {
    if (column.encoding === null) return [];
    return scaleOf(new Columns({ ...data, columns: [column] }).raw(rows));
  });
  const [mean, deviation] = [scales.flatMap((scale) => scale.mean), scales.flatMap((scale) => scale.deviation)];
  return limited({ mean, deviation }, data.columns);
}

/** Rare kinds are not blown up. */
function limited({ mean, deviation }: Scale, columns: readonly Column[]): Scale {
  const measured = columns.flatMap(({ name, encoding }) => {
    if (!encoding) return [];
    const own = encoding.kind === "number" || encoding.kind === "date";
    return inputNames(name, encoding).map((_, i) => own && i === 0);
  });
  return {
    mean,
    deviation: deviation.map((value, i) => (value > 0 && !measured[i] ? Math.max(value, LEAST_DEVIATION) : value)),
  };
}

/** Beyond the reach distances grow by their logarithm, without a jump and without a kink. */
function nearer(value: number, reach: number): number {
  return Math.sign(value) * (reach + Math.log1p(Math.abs(value) - reach));
}

function knownRows(values: Float64Array, rows: number): number[] {
  const count = values.length / rows;
  return Array.from({ length: rows }, (_, row) => row).filter((row) =>
    values.subarray(row * count, (row + 1) * count).every((value) => !Number.isNaN(value)),
  );
}

function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; ++k) if (values[k] > values[best]) best = k;
  return best;
}
