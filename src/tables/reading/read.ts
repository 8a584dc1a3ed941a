import { checkChoice, checkKeys, checkObject, wrongType } from "../../check.js";
import { Missing } from "../cells.js";
import type { parse } from "./csv.js";
import { decode, EncodingError, unpacked } from "./decode.js";
import { headerOf } from "./header.js";
import { roughCells, type Separator, separatorOf } from "./separator.js";

/** What `readTable` takes beside the file. */
export interface ReadOptions {
  /** What separates cells. Default: found out. */
  separator?: Separator;
  /** Whether the first row holds names. Default: found out. */
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
  /** Cells as they stand there, without spaces around them. */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file that each row begins in, from 1. */
  readonly lines: readonly number[];
  /** What separates its cells. */
  readonly separator: Separator;
  /** How its text is encoded. */
  readonly encoding: string;
  /** What was passed over and what was assumed. */
  readonly notes: readonly string[];
}

/** What is wrong with a file, and in which line. */
export class TableError extends Error {
  constructor(
    message: string,
    /** From 1; null where it is the file as a whole. */
    readonly line: number | null = null,
  ) {
    super(line === null ? message : `line ${line}: ${message}`);
  }
}

const WHERE = "readTable";
const separators: readonly Separator[] = [",", ";", "\t", "|", "space"];

/**
 * Reads a table from the bytes or the text of a file: UTF-8, UTF-16 or Windows-1252, gzip or not;
 * cells separated by commas, semicolons, tabs, bars or runs of spaces, in quotation marks or not;
 * any line ends; comment lines and `sep=` at the beginning. Rows and unnamed columns without any
 * value are passed over.
 *
 * @param file bytes or text.
 * @param options see `ReadOptions`.
 * @returns (resolves to) the cells as text. Cost: linear in the file; it is held in memory.
 * @throws (rejects) TableError, with the line, for what is no table. TypeError for bad options.
 * @example
 * (await readTable("a;b\n1,5;x\n")).rows; // [["1,5", "x"]]
 */
export async function readTable(file: Uint8Array | string, options: ReadOptions = {}): Promise<TextTable> {
  // Loaded by those who read files alone.
  const csv = await import("./csv.js");
  if (typeof file === "string") return parseTable(csv.parse, file, "utf-8", options);
  if (!ArrayBuffer.isView(file)) wrongType(WHERE, "file", "bytes or text", file);
  try {
    const { text, encoding } = decode(await unpacked(file));
    return parseTable(csv.parse, text, encoding, options);
  } catch (error) {
    if (error instanceof EncodingError) throw new TableError(`expected a table as text, got ${error.message}`);
    throw error;
  }
}

interface Record {
  readonly cells: readonly string[];
  readonly line: number;
}

function parseTable(csv: typeof parse, text: string, encoding: string, options: ReadOptions): TextTable {
  checkObject(WHERE, "options", options);
  checkKeys(WHERE, options, ["separator", "header", "expects", "missing"]);
  const { separator: asked, header: asHeader, expects = [], missing = [] } = options as ReadOptions;
  if (asked !== undefined) checkChoice(WHERE, "separator", asked, separators);
  const notes: string[] = encoding === "utf-8" ? [] : [`read as ${encoding}`];
  const start = beginning(text, asked);
  if (start.passed > 0) notes.push(`${start.passed} comment ${start.passed === 1 ? "line" : "lines"} passed over`);
  const separator = asked ?? start.separator ?? separatorOf(start.lines);
  const records = trimmed(recordsOf(csv, start.text, separator, start.offset), notes);
  if (records.length === 0) throw new TableError("expected rows of data, got only empty lines");
  const [first, ...rest] = records;
  const reader = new Missing(missing);
  const expected = expects.length > 0 && expects.every((name) => first.cells.includes(name));
  const found =
    asHeader !== undefined || expected
      ? { header: asHeader ?? true, note: null }
      : headerOf(
          first.cells,
          rest.map(({ cells }) => cells),
          (cell) => reader.has(cell),
        );
  if (found.note) notes.push(found.note);
  checkWidths(records);
  const data = found.header ? rest : records;
  return {
    names: found.header ? first.cells.map((name, j) => name || `column ${j + 1}`) : null,
    rows: data.map(({ cells }) => cells),
    lines: data.map(({ line }) => line),
    separator,
    encoding,
    notes,
  };
}

interface Beginning {
  readonly text: string;
  /** Lines before it. */
  readonly offset: number;
  readonly passed: number;
  readonly separator: Separator | null;
  /** Some lines to look at. */
  readonly lines: readonly string[];
}

const COMMENT = /^\s*(?:#|\/\/|%|--\s)/;

/**
 * Without comment lines and `sep=` at the beginning. A comment that has as many cells as the lines
 * below it holds their names.
 */
function beginning(text: string, asked: Separator | undefined): Beginning {
  let rest = text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  let [offset, passed] = [0, 0];
  let separator: Separator | null = null;
  const cut = (): void => {
    const end = rest.indexOf("\n");
    rest = end < 0 ? "" : rest.slice(end + 1);
    ++offset;
  };
  for (;;) {
    const line = rest.split("\n", 1)[0];
    const mark = /^"?sep=(.)"?\s*$/i.exec(line);
    if (mark && offset === passed) {
      separator = mark[1] === " " ? "space" : (mark[1] as Separator);
      cut();
      continue;
    }
    if (rest === "" || (line.trim() !== "" && !COMMENT.test(line))) break;
    if (COMMENT.test(line) && holdsNames(rest, asked ?? separator)) {
      rest = rest.replace(COMMENT, "").trimStart();
      break;
    }
    if (line.trim() !== "") ++passed;
    cut();
  }
  return { text: rest, offset, passed, separator, lines: rest.slice(0, 200_000).split("\n") };
}

function holdsNames(text: string, asked: Separator | null): boolean {
  const [line, ...lines] = text.slice(0, 200_000).split("\n");
  if (COMMENT.test(lines[0] ?? "#")) return false;
  const separator = asked ?? separatorOf(lines);
  const names = roughCells(line.replace(COMMENT, "").trim(), separator);
  const [next, after] = [lines[0] ?? "", lines[1] ?? ""].map((one) => roughCells(one, separator));
  // Names below it make it a remark.
  const below = next.every((cell) => !/\d/.test(cell));
  return names.length > 1 && names.length === next.length && names.length === after.length && !below;
}

function recordsOf(csv: typeof parse, text: string, separator: Separator, offset: number): Record[] {
  const records: Record[] = [];
  try {
    csv(separator === "space" ? spaced(text) : text, {
      delimiter: separator === "space" ? " " : separator,
      record_delimiter: "\n",
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      relax_quotes: true,
      on_record: (cells: string[], { lines }) => {
        records.push({ cells, line: offset + lines - breaksIn(cells) });
        return null;
      },
    });
  } catch (error) {
    const { code, lines } = error as { code?: unknown; lines?: number };
    if (typeof code !== "string" || lines === undefined) throw error;
    throw new TableError(explain(code), offset + lines);
  }
  return records;
}

/** Runs of spaces as one space each, and none at the ends, outside of quotation marks. */
function spaced(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim().replaceAll(/"[^"]*"|[ \t]+/g, (run) => (run.startsWith('"') ? run : " ")))
    .join("\n");
}

function explain(code: string): string {
  if (code === "CSV_QUOTE_NOT_CLOSED") return "a quoted cell is not closed by the end of the file";
  if (code === "INVALID_OPENING_QUOTE") return "a quotation mark inside a cell that is not quoted";
  if (code === "CSV_INVALID_CLOSING_QUOTE") return "text after the closing quotation mark of a cell";
  return `not readable as a table (${code})`;
}

function breaksIn(cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) {
    for (let at = cell.indexOf("\n"); at >= 0; at = cell.indexOf("\n", at + 1)) ++count;
  }
  return count;
}

/** Without rows that hold nothing, and without unnamed columns at the end that hold nothing. */
function trimmed(records: readonly Record[], notes: string[]): Record[] {
  const kept = records.filter(({ cells }) => cells.some((cell) => cell !== ""));
  const empty = records.length - kept.length;
  if (empty > 0) notes.push(`${empty} ${empty === 1 ? "row" : "rows"} without any value passed over`);
  const lengths = kept.map(({ cells }) => cells.findLastIndex((cell) => cell !== "") + 1);
  const width = lengths.reduce((most, length) => Math.max(most, length), 0);
  // Rows may lack what is empty at their end.
  const most = kept.reduce((longest, { cells }) => Math.max(longest, cells.length), 0);
  if (kept.every(({ cells }) => cells.length === most)) {
    return width === most ? kept : kept.map(({ cells, line }) => ({ cells: cells.slice(0, width), line }));
  }
  return kept.map(({ cells, line }) => ({ cells: cells.length > width ? cells.slice(0, width) : cells, line }));
}

function checkWidths(records: readonly Record[]): void {
  const [{ cells: first, line: from }] = records;
  const bad = records.find(({ cells }) => cells.length !== first.length);
  if (!bad) return;
  const expected = `${first.length} ${first.length === 1 ? "column" : "columns"}, as in line ${from}`;
  throw new TableError(`expected ${expected}, got ${bad.cells.length}`, bad.line);
}
