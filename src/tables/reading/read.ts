import { checkChoice, checkKeys, checkObject, wrongType } from "../../check.js";
import { type OpenTable, openTable } from "./open.js";
import type { Record } from "./records.js";
import type { Separator } from "./separator.js";
import { TableError } from "./table-error.js";

/** Options of `readTable`. */
export interface ReadOptions {
  /** What separates cells. Default: detected. */
  separator?: Separator;
  /** Whether the first row holds names. Default: detected. */
  header?: boolean;
  /** Names that the first row has, all of them, if it holds names. Default: none. */
  expects?: readonly string[];
  /** Texts that stand for missing values, beside the usual ones. Default: none. */
  missing?: readonly string[];
}

/** The cells of a file. */
export interface TextTable {
  /** Null where the file has none. */
  readonly names: readonly string[] | null;
  /** Cells as text, without spaces around them. */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file that each row begins in, from 1. */
  readonly lines: readonly number[];
  /** What separates its cells. */
  readonly separator: Separator;
  /** How its text is encoded. */
  readonly encoding: string;
  /** What was skipped and what was assumed. */
  readonly notes: readonly string[];
}

const WHERE = "readTable";
const separators: readonly Separator[] = [",", ";", "\t", "|", "space"];

/**
 * Reads a table from the bytes or the text of a file: UTF-8, UTF-16 or Windows-1252, gzip or not;
 * cells separated by commas, semicolons, tabs, bars or runs of spaces, in quotation marks or not;
 * any line ends; comment lines and `sep=` at the beginning. Rows and unnamed columns without any
 * value are skipped. So are a line of units under the names, the names again, and sums and notes at
 * the end; `notes` says so.
 *
 * @param file bytes or text.
 * @param options see `ReadOptions`.
 * @returns (resolves to) the cells as text. Cost: linear in the file; it is held in memory.
 * @throws (rejects) TableError, with the line, for files that are not tables. TypeError for bad
 * options.
 * @example
 * (await readTable("a;b\n1,5;x\n")).rows; // [["1,5", "x"]]
 */
export async function readTable(file: Uint8Array | string, options: ReadOptions = {}): Promise<TextTable> {
  if (typeof file !== "string" && !ArrayBuffer.isView(file)) wrongType(WHERE, "file", "bytes or text", file);
  return collected(await tableFrom(typeof file === "string" ? file : pieces(file), options), (cells) => cells);
}

/** A table whose rows come as its bytes do. */
export async function tableFrom(file: AsyncIterable<Uint8Array> | string, options: ReadOptions): Promise<OpenTable> {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["separator", "header", "expects", "missing"]);
  if (options.separator !== undefined) checkChoice(WHERE, "separator", options.separator, separators);
  // Loaded by those who read files alone.
  const { parse } = await import("./csv.js");
  return openTable(parse, file, options);
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A table as it is kept: names, rows and lines. */
export interface Collected<Cell> extends Omit<TextTable, "rows"> {
  readonly rows: readonly (readonly Cell[])[];
}

/** All rows of a table; `keep`: what is kept of a row's cells. */
export async function collected<Cell>(
  table: OpenTable,
  keep: (cells: readonly string[]) => readonly Cell[],
): Promise<Collected<Cell>> {
  const rows: (readonly Cell[])[] = [];
  const lines: number[] = [];
  const widths = new Widths(table.header);
  for await (const batch of table.batches) {
    for (const { cells, line } of batch) {
      widths.see(cells, line);
      rows.push(keep(cells));
      lines.push(line);
    }
  }
  const width = widths.width();
  const { header, separator } = table;
  return {
    names: header && named(header.cells.slice(0, width)),
    rows: widths.longest === width ? rows : rows.map((cells) => (cells.length > width ? cells.slice(0, width) : cells)),
    lines,
    separator,
    encoding: table.encoding(),
    notes: table.notes(),
  };
}

/** Names, with one for a column that has none. */
export function named(cells: readonly string[]): string[] {
  return cells.map((name, j) => name || `column ${j + 1}`);
}

/** What helps where rows differ in width. */
export const RAGGED = "a cell with the separator in it needs quotation marks";

/**
 * How wide rows are: unnamed columns at the end that hold nothing do not count, and rows may lack
 * what is empty at their end.
 */
export class Widths {
  readonly #seen = new Map<number, number>();
  #filled = 0;
  #first: number | null = null;
  /** Cells of the longest row. */
  longest = 0;

  constructor(header: Record | null) {
    if (header) this.see(header.cells, header.line);
  }

  see(cells: readonly string[], line: number): void {
    const { length } = cells;
    this.#first ??= length;
    if (!this.#seen.has(length)) this.#seen.set(length, line);
    this.longest = Math.max(this.longest, length);
    if (length > this.#filled) {
      const last = cells.findLastIndex((cell) => cell !== "") + 1;
      this.#filled = Math.max(this.#filled, last);
    }
  }

  /**
   * The width of all rows.
   *
   * @throws TableError for the first row of another width.
   */
  width(): number {
    const shown = (length: number): number => Math.min(length, this.#filled);
    const first = shown(this.#first as number);
    for (const [length, line] of this.#seen) {
      if (shown(length) === first) continue;
      const from = this.#seen.get(this.#first as number);
      const expected = `${first} ${first === 1 ? "column" : "columns"}, as in line ${from}`;
      throw new TableError(`expected ${expected}, got ${shown(length)}; ${RAGGED}`, line);
    }
    return first;
  }
}
