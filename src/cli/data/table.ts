import { type Matrix, matrix } from "../../index.js";
import { badInput } from "../errors.js";
import { suggestion } from "../nearest.js";
import { printable, quote } from "../output/format.js";
import { parseCsv, readText } from "./csv.js";
import { isMissing, notNumber, toNumber } from "./number.js";

/** Which columns of a file mean what. */
export interface Columns {
  /** Name of the target column, or its number from 1; the last column by default. */
  readonly target?: string | undefined;
  /** Names or numbers of columns to leave out. */
  readonly ignore?: readonly string[] | undefined;
  /** Whether the first line holds names; found out by default. */
  readonly header?: boolean | undefined;
  /** What to do about values that are missing; "refuse" by default. */
  readonly missing?: Missing | undefined;
}

export const missingChoices = ["refuse", "mean", "drop"] as const;
/** Refuse them; put the training rows' mean in their place, and leave rows without a target out; or leave rows with any out. */
export type Missing = (typeof missingChoices)[number];

/** A file of numbers with one column to learn, which may be text. */
export interface Table {
  readonly path: string;
  /** Of the inputs; "column 3" where the file has no header. */
  readonly names: readonly string[];
  /** NaN where a value is missing. */
  readonly inputs: Matrix;
  readonly target: TargetColumn;
  /** Where the inputs and the target are among the file's columns. */
  readonly places: Places;
  /** Of inputs, put in later. */
  readonly missing: number;
  /** Rows that were left out because something is missing. */
  readonly dropped: number;
}

export interface Places {
  readonly width: number;
  readonly header: boolean;
  /** From 0. */
  readonly inputs: readonly number[];
  readonly target: number;
}

export interface TargetColumn {
  readonly path: string;
  readonly name: string;
  /** How messages call the column. */
  readonly label: string;
  readonly cells: readonly string[];
  /** The line that each row begins in. */
  readonly lines: readonly number[];
}

/** Reads a CSV file of numbers. */
export async function readTable(path: string, columns: Columns): Promise<Table> {
  return parseTable(path, await readText(path), columns);
}

export function parseTable(path: string, bytes: Buffer, columns: Columns): Table {
  let reader: TableReader | null = null;
  parseCsv(path, bytes, (cells, line) => {
    if (reader) return reader.add(cells, line);
    const header = columns.header ?? looksLikeHeader(cells, columns.target);
    reader = new TableReader(printable(path), layOut(printable(path), cells, header, columns), line, columns.missing);
    if (!header) reader.add(cells, line);
  });
  const table = (reader as TableReader | null)?.table();
  return table ?? badInput(`${printable(path)}: expected rows of data, got only empty lines`);
}

/** Names are not numbers; but a column whose name was asked for makes a header in any case. */
function looksLikeHeader(cells: readonly string[], target: string | undefined): boolean {
  if (target !== undefined && toNumber(target) === null && cells.includes(target)) return true;
  return cells.every((cell) => toNumber(cell) === null);
}

/** Where in a row to find what. */
interface Plan {
  readonly width: number;
  readonly names: readonly string[];
  /** How messages call the columns. */
  readonly labels: readonly string[];
  readonly header: boolean;
  readonly target: number;
  readonly inputs: readonly number[];
}

function layOut(path: string, cells: readonly string[], header: boolean, columns: Columns): Plan {
  const width = cells.length;
  const names = header ? cells.slice() : cells.map((_, index) => `column ${index + 1}`);
  const find = (option: string, wanted: string): number => findColumn(path, option, wanted, names, header);
  const target = columns.target === undefined ? width - 1 : find("--target", columns.target);
  const ignored = new Set(columns.ignore?.map((name) => find("--ignore", name)));
  if (ignored.has(target)) badInput(`--ignore: expected columns other than the target, got ${quote(names[target])}`);
  const inputs = Array.from(names.keys()).filter((index) => index !== target && !ignored.has(index));
  if (inputs.length === 0) badInput(`${path}: expected at least one input column beside the target, got none`);
  const labels = header ? names.map((name) => `column ${quote(name)}`) : names;
  return { width, names, labels, header, target, inputs };
}

function findColumn(path: string, option: string, wanted: string, names: readonly string[], header: boolean): number {
  const index = header ? names.indexOf(wanted) : -1;
  if (index >= 0) {
    if (names.lastIndexOf(wanted) > index) {
      badInput(
        `${option}: ${path} has more than one column ${quote(wanted)}; give its number, from 1 to ${names.length}`,
      );
    }
    return index;
  }
  const number = toNumber(wanted);
  if (number !== null && Number.isInteger(number) && number >= 1 && number <= names.length) return number - 1;
  const byNumber = `; give a number from 1 to ${names.length}${header ? "" : ", as it has no header"}`;
  const hint =
    header && number === null
      ? suggestion(
          wanted,
          names.map((name) => printable(name)),
        )
      : byNumber;
  return badInput(`${option}: ${path} has no column ${quote(wanted)}${hint}`);
}

/** Collects the rows of a table as numbers. */
class TableReader {
  readonly #path: string;
  readonly #plan: Plan;
  readonly #firstLine: number;
  readonly #cells: string[] = [];
  readonly #lines: number[] = [];
  readonly #policy: Missing;
  #values = new Float64Array(4096);
  #count = 0;
  #missing = 0;
  #dropped = 0;

  constructor(path: string, plan: Plan, firstLine: number, policy: Missing = "refuse") {
    this.#path = path;
    this.#plan = plan;
    this.#firstLine = firstLine;
    this.#policy = policy;
  }

  add(cells: readonly string[], line: number): void {
    const { width, inputs, target } = this.#plan;
    if (cells.length !== width) {
      const expected = `${width} ${width === 1 ? "column" : "columns"}, as in line ${this.#firstLine}`;
      badInput(`${this.#path}, line ${line}: expected ${expected}, got ${cells.length}`);
    }
    if (this.#leavesOut(cells)) {
      ++this.#dropped;
      return;
    }
    this.#makeRoom(inputs.length);
    for (const column of inputs) this.#values[this.#count++] = this.#numberIn(cells[column], column, line);
    if (isMissing(cells[target])) this.#refuse(cells[target], target, line);
    this.#cells.push(cells[target]);
    this.#lines.push(line);
  }

  #leavesOut(cells: readonly string[]): boolean {
    if (this.#policy === "refuse") return false;
    const { inputs, target } = this.#plan;
    return isMissing(cells[target]) || (this.#policy === "drop" && inputs.some((column) => isMissing(cells[column])));
  }

  #numberIn(cell: string, column: number, line: number): number {
    const value = toNumber(cell);
    if (value !== null) return value;
    if (this.#policy !== "mean" || !isMissing(cell)) return this.#refuse(cell, column, line);
    ++this.#missing;
    return Number.NaN;
  }

  table(): Table {
    const { names, labels, inputs, target, header } = this.#plan;
    const rows = this.#lines.length;
    if (rows < 2) {
      const without = this.#dropped > 0 ? ` (and ${this.#dropped} with something missing)` : "";
      const expected = `at least two rows of data${header ? " after the header" : ""}`;
      badInput(`${this.#path}: expected ${expected}, got ${rows}${without}`);
    }
    return {
      path: this.#path,
      names: inputs.map((column) => printable(names[column])),
      inputs: matrix(rows, inputs.length, this.#values.slice(0, this.#count)),
      target: {
        path: this.#path,
        name: printable(names[target]),
        label: labels[target],
        cells: this.#cells,
        lines: this.#lines,
      },
      places: { width: this.#plan.width, header, inputs, target },
      missing: this.#missing,
      dropped: this.#dropped,
    };
  }

  #makeRoom(more: number): void {
    if (this.#count + more <= this.#values.length) return;
    const larger = new Float64Array(2 * (this.#values.length + more));
    larger.set(this.#values);
    this.#values = larger;
  }

  #refuse(cell: string, column: number, line: number): never {
    const { header, names, labels, target } = this.#plan;
    const place = `${this.#path}, line ${line}, ${labels[column]}`;
    if (isMissing(cell)) {
      badInput(
        `${place}: the value is missing (${quote(cell)}); --missing mean fills it in, --missing drop leaves the row out`,
      );
    }
    const leaveOut = `; --ignore ${header ? quote(names[column]) : column + 1} leaves the column out`;
    return badInput(`${place}: ${notNumber(cell)}${column === target ? "" : leaveOut}`);
  }
}
