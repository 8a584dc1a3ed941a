/** The rows of a text that comes in pieces. */
import type { parse } from "./csv.js";
import type { Separator } from "./separator.js";
import { TableError } from "./table-error.js";

/** A row of a file, as text. */
export interface Record {
  readonly cells: readonly string[];
  /** The line that it begins in, from 1. */
  readonly line: number;
}

/** A row of more characters has a quotation mark that is not closed. */
const LONGEST = 1 << 26;

/**
 * The rows in pieces of text, as they come.
 *
 * @param csv csv-parse's parser.
 * @param texts with line ends of "\n" alone.
 * @param offset lines before the first piece.
 */
export async function* recordsIn(
  csv: typeof parse,
  texts: AsyncIterable<string>,
  separator: Separator,
  offset: number,
): AsyncGenerator<Record[]> {
  let [rest, line, wanted] = ["", offset, 0];
  for await (const text of texts) {
    rest += text;
    if (rest.length < wanted) continue;
    const end = rest.lastIndexOf("\n") + 1;
    const { records, used } = recordsOf(csv, rest.slice(0, end), separator, line, true);
    if (records.length > 0) yield records;
    line += breaksIn(rest.slice(0, used));
    rest = rest.slice(used);
    // An unfinished cell is read again when there is twice as much of it.
    wanted = used === end ? 0 : 2 * rest.length;
    if (rest.length > LONGEST) throw new TableError("a row, or a quoted cell, that does not end", line + 1);
  }
  if (rest !== "") yield recordsOf(csv, rest, separator, line, false).records;
}

/**
 * The rows of whole lines; `goesOn`: the last of them may be within a quoted cell. `used`: the
 * characters of the rows that are whole.
 */
function recordsOf(
  csv: typeof parse,
  text: string,
  separator: Separator,
  offset: number,
  goesOn: boolean,
): { records: Record[]; used: number } {
  if (!text.includes('"')) return { records: unquoted(text, separator, offset), used: text.length };
  const records: Record[] = [];
  let done = 0;
  try {
    csv(separator === "space" ? spaced(text) : text, {
      delimiter: separator === "space" ? " " : separator,
      record_delimiter: "\n",
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      relax_quotes: true,
      on_record: (cells: string[], { lines }) => {
        done = lines;
        records.push({ cells, line: offset + lines - cells.reduce((sum, cell) => sum + breaksIn(cell), 0) });
        return null;
      },
    });
  } catch (error) {
    const { code, lines } = error as { code?: unknown; lines?: number };
    if (typeof code !== "string" || lines === undefined) throw error;
    if (goesOn && code === "CSV_QUOTE_NOT_CLOSED") return { records, used: afterLines(text, done) };
    throw new TableError(explain(code), offset + (code === "CSV_QUOTE_NOT_CLOSED" ? done + 1 : lines));
  }
  return { records, used: text.length };
}

/** As the parser has them, in a tenth of its time. */
function unquoted(text: string, separator: Separator, offset: number): Record[] {
  const records: Record[] = [];
  const lines = text.split("\n");
  for (const [i, line] of lines.entries()) {
    if (line === "") continue;
    const cells = separator === "space" ? spaced(line).split(" ") : line.split(separator);
    records.push({ cells: cells.map((cell) => cell.trim()), line: offset + i + 1 });
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
  const remedy = 'within a quoted cell "" stands for a quotation mark';
  if (code === "CSV_QUOTE_NOT_CLOSED") return `a quoted cell is not closed by the end of the file; ${remedy}`;
  if (code === "INVALID_OPENING_QUOTE") return `a quotation mark inside a cell that is not quoted; ${remedy}`;
  if (/_AFTER_CLOSING_QUOTE$|^CSV_INVALID_CLOSING_QUOTE$/.test(code)) {
    return `text after the closing quotation mark of a cell; ${remedy}`;
  }
  return `not readable as a table (${code})`;
}

function breaksIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) ++count;
  return count;
}

function afterLines(text: string, lines: number): number {
  let at = 0;
  for (let k = 0; k < lines; ++k) at = text.indexOf("\n", at) + 1;
  return at;
}
