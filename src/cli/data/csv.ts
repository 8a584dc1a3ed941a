import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { CsvError } from "csv-parse";
import { parse } from "csv-parse/sync";
import { badInput } from "../errors.js";
import { printable } from "../output/format.js";

/** A record of a CSV file: its cells, trimmed, and the line of the file that it begins in, from 1. */
export type OnRecord = (cells: string[], line: number) => void;

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "expected a file, got a directory",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  ERR_FS_FILE_TOO_LARGE: "the file is larger than 2 GiB",
};

/** Reads a text file, and refuses what is none. */
export async function readText(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return badInput(`${printable(path)}: ${reasons[code] ?? message}`);
  }
  if (bytes.length === 0) badInput(`${printable(path)}: expected rows of data, got an empty file`);
  if (!isUtf8(bytes) || bytes.includes(0))
    badInput(`${printable(path)}: expected a CSV file, got bytes that are not UTF-8 text`);
  return bytes;
}

/** Goes through the records of a CSV file, whose cells are separated by commas, semicolons or tabs and may be quoted. */
export function parseCsv(path: string, bytes: Buffer, onRecord: OnRecord): void {
  const text = withPlainLineEnds(bytes);
  try {
    parse(text, {
      bom: true,
      delimiter: separatorOf(text),
      record_delimiter: "\n",
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      on_record: (cells: string[], { lines }) => {
        onRecord(cells, lines - breaksIn(cells));
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    badInput(`${printable(path)}, line ${error.lines}: ${explain(error.code)}`);
  }
}

function explain(code: string): string {
  if (code === "CSV_QUOTE_NOT_CLOSED") return "a quoted cell is not closed by the end of the file";
  if (code === "INVALID_OPENING_QUOTE") return "a quotation mark inside a cell that is not quoted";
  if (code === "CSV_INVALID_CLOSING_QUOTE") return "text after the closing quotation mark of a cell";
  return `not readable as CSV (${code})`;
}

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

/** Makes every line end a line feed, in place, so that lines are counted alike whatever they end in. */
function withPlainLineEnds(bytes: Buffer): Buffer {
  if (!bytes.includes(CARRIAGE_RETURN)) return bytes;
  let length = 0;
  for (let i = 0; i < bytes.length; ++i) {
    if (bytes[i] !== CARRIAGE_RETURN) bytes[length++] = bytes[i];
    else if (bytes[i + 1] !== LINE_FEED) bytes[length++] = LINE_FEED;
  }
  return bytes.subarray(0, length);
}

/** What the first line has most of outside of quotes. */
function separatorOf(bytes: Buffer): string {
  const text = bytes
    .subarray(0, 65536)
    .toString()
    .trimStart()
    .replaceAll(/"[^"]*"/g, "");
  const line = text.split("\n", 1)[0];
  const counts = [",", ";", "\t"].map((separator) => ({ separator, count: line.split(separator).length }));
  return counts.reduce((most, next) => (next.count > most.count ? next : most)).separator;
}

function breaksIn(cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) {
    for (let at = cell.indexOf("\n"); at >= 0; at = cell.indexOf("\n", at + 1)) ++count;
  }
  return count;
}
