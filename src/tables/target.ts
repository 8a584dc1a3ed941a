import { toMoment } from "./dates.js";
import { affixed, type Decimal, isCode, readNumber, toNumber, type Written, writingOf } from "./numbers.js";
import { bare, byNumberOrName, countKinds, short } from "./types.js";
import { writtenWith } from "./units.js";

/** The kind of a target: classes or values. */
export type Task = "classification" | "regression";

/** How the cells of a target become labels or values. */
export type TargetEncoding =
  | {
      /** Classes. */
      readonly task: "classification";
      /** Of the column. */
      readonly name: string;
      /** In the order of the outputs. */
      readonly classes: readonly string[];
      /** Whether 1, 1.0 and 1e0 are one class. */
      readonly numeric: boolean;
    }
  | (Written & {
      /** Values. */
      readonly task: "regression";
      /** Of the column. */
      readonly name: string;
      /** ln(1 + y/unit) is learned in place of y; null for y itself. */
      readonly unit: number | null;
    });

/** A target as it was taken, and what was assumed. */
export interface TargetFinding {
  readonly encoding: TargetEncoding;
  readonly why: string;
  readonly notes: readonly string[];
}

/** Whole numbers of at most so many kinds are taken for classes. */
const MOST_CLASSES = 10;
/** Text in fewer of the rows is taken for a mistake among numbers. */
const LEAST_TEXT = 0.1;
/**
 * Share of the whole numbers, or of the multiples of a step, that occur where most rows are, from
 * which they count or measure something.
 */
const CONSECUTIVE = 0.5;
/** Of the rows at either end: a long tail of counts has gaps. */
const TAIL = 0.1;
const MOST_CODES = 20;

/** A column that cannot be the target: where, and why. */
export class TargetError extends RangeError {
  /** The column, and the row (from 0) where one cell is at fault. */
  constructor(
    /** What was expected, and what there was. */
    readonly why: string,
    /** Name of the column. */
    readonly column: string,
    /** From 0; null where it is the column as a whole. */
    readonly row: number | null = null,
  ) {
    super(`describe: the target ${JSON.stringify(column)}${row === null ? "" : `, row ${row + 1}`}: ${why}`);
  }
}

/** Takes a target column for classes or for values; null where a cell is missing. */
export function targetOf(
  name: string,
  column: readonly (string | null)[],
  asked?: Task,
  likely: Decimal = "point",
): TargetFinding {
  const cells = column.filter((cell): cell is string => cell !== null);
  if (cells.length === 0) throw new TargetError("expected values, got none", name);
  const kinds = countKinds(cells);
  const { decimal, ambiguous } = writingOf(bare(kinds), likely);
  // A limit is no value that could be learned.
  const limited = cells.some((cell) => affixed(cell)?.limit);
  const written = limited ? { decimal } : writtenWith(kinds, decimal);
  const assumed = assumption(
    cells,
    cells.map((cell) => readNumber(cell, written)),
  );
  const task = asked ?? assumed.task;
  const finding = task === "regression" ? values(name, column, written) : classes(name, cells, decimal);
  const notes: string[] = [];
  if (ambiguous !== null && task === "regression") {
    const other = toNumber(ambiguous, decimal === "point" ? "comma" : "point");
    notes.push(
      `${short(ambiguous)} is read as ${toNumber(ambiguous, decimal)}; with the other decimal sign it would be ${other}`,
    );
  }
  return { encoding: finding, why: asked === undefined ? assumed.why : "by option", notes };
}

function assumption(cells: readonly string[], numbers: readonly (number | null)[]): { task: Task; why: string } {
  const texts = numbers.filter((value) => value === null).length;
  const kinds = new Set(numbers);
  if (texts > 0) {
    return texts >= LEAST_TEXT * cells.length
      ? { task: "classification", why: "text" }
      : { task: "regression", why: "numbers, but for some cells" };
  }
  if (cells.some(isCode) && cells.every((cell) => /^\d+$/.test(cell)) && 2 * countKinds(cells).size <= cells.length) {
    return { task: "classification", why: "codes" };
  }
  if (!numbers.every(Number.isInteger)) return { task: "regression", why: "numbers with fractions" };
  const most = isConsecutive(numbers as number[]) ? MOST_CLASSES : MOST_CODES;
  if (kinds.size <= most && 2 * kinds.size <= numbers.length) {
    return { task: "classification", why: `${kinds.size} different whole numbers` };
  }
  return { task: "regression", why: `${kinds.size} different whole numbers` };
}

/** Whether whole numbers stand close together, in whatever unit: 1, 2, 3 and 100, 200, 300. */
function isConsecutive(numbers: readonly number[]): boolean {
  const sorted = numbers.slice().sort((a, b) => a - b);
  const cut = Math.floor(TAIL * sorted.length);
  const kinds = Array.from(new Set(sorted.slice(cut, sorted.length - cut)));
  const step = kinds.reduce((divisor, kind) => commonDivisor(divisor, kind - kinds[0]), 0) || 1;
  return kinds.length >= CONSECUTIVE * ((kinds[kinds.length - 1] - kinds[0]) / step + 1);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

function values(name: string, column: readonly (string | null)[], written: Written): TargetEncoding {
  const numbers = column.map((cell) => (cell === null ? null : readNumber(cell, written)));
  const bad = column.findIndex((cell, row) => cell !== null && numbers[row] === null);
  if (bad >= 0) throw new TargetError(`expected a number, got ${short(column[bad] as string)}`, name, bad);
  const [first, ...rest] = numbers.filter((value) => value !== null);
  if (rest.every((value) => value === first)) {
    throw new TargetError(`expected a target whose values differ, got ${first} in every row`, name);
  }
  return { task: "regression", name, ...written, unit: null };
}

function classes(name: string, cells: readonly string[], decimal: Decimal): TargetEncoding {
  const numbers = cells.map((cell) => toNumber(cell, decimal));
  // Digits that say more than their number are names.
  const numeric = numbers.every((value) => value !== null) && !cells.some(isCode);
  const kinds = countKinds(numeric ? numbers.map(String) : cells);
  const names = [...kinds.keys()].sort(numeric ? byNumberOrName : undefined);
  if (names.length === 1)
    throw new TargetError(`expected at least two classes to tell apart, got ${short(names[0])} in every row`, name);
  if (2 * names.length > cells.length && cells.every((cell) => toMoment(cell, "dmy") || toMoment(cell, "mdy"))) {
    const remedy = "a column with the days since some date, as numbers, can be";
    throw new TargetError(
      `expected classes or numbers, got dates, which cannot be learned as they are; ${remedy}`,
      name,
    );
  }
  if (2 * names.length > cells.length) {
    throw new TargetError(
      `expected classes that have at least two rows each on average, got ${names.length} classes in ${cells.length} rows`,
      name,
    );
  }
  return { task: "classification", name, classes: names, numeric };
}

/** The label or the value of a cell; NaN where it is missing, or no class that is known. */
export function encodeTarget(encoding: TargetEncoding, cell: string | null): number {
  if (cell === null) return Number.NaN;
  if (encoding.task === "regression") return readNumber(cell, encoding) ?? Number.NaN;
  const { classes, numeric } = encoding;
  const number = numeric ? toNumber(cell) : null;
  const label = classes.indexOf(number === null ? cell : String(number));
  return label >= 0 ? label : Number.NaN;
}
