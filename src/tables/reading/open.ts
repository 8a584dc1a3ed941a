/**
 * The beginning of a file: what separates its cells, whether it has names; and its rows, as they
 * come.
 */
import { Missing } from "../cells.js";
import { short } from "../types.js";
import { Around, holdsUnits, lacksRowNames } from "./around.js";
import type { parse } from "./csv.js";
import { Decoder, EncodingError, lineEnds, unpacked } from "./decode.js";
import { headerOf, titlesIn } from "./header.js";
import { type Record, recordsIn } from "./records.js";
import { roughCells, type Separator, separatorOf } from "./separator.js";
import { TableError } from "./table-error.js";

/** How a file is to be read. */
export interface OpenOptions {
  /** What separates cells. Default: detected. */
  readonly separator?: Separator | undefined;
  /** Whether the first row holds names. Default: detected. */
  readonly header?: boolean | undefined;
  /** Names that the first row has, all of them, if it holds names. Default: none. */
  readonly expects?: readonly string[] | undefined;
  /** Texts that stand for missing values, beside the usual ones. Default: none. */
  readonly missing?: readonly string[] | undefined;
}

/** A file whose first rows have been read. */
export interface OpenTable {
  /** The first row where it holds names, else null. */
  readonly header: Record | null;
  /** The first rows, the header among them. */
  readonly head: readonly Record[];
  readonly separator: Separator;
  /** Rows of data that hold something, as they stand there; to be taken once. */
  readonly batches: AsyncIterable<readonly Record[]>;
  /** What was passed over and assumed, and how the text is encoded: after the last row. */
  notes(): string[];
  encoding(): string;
}

/** Characters that are looked at before the first row is given. */
const HEAD = 200_000;
/** Rows that show whether the first one holds names. */
const ROWS = 201;

/** Reads the first part of a file, from which the format of the rest is found. */
export async function openTable(
  csv: typeof parse,
  file: AsyncIterable<Uint8Array> | string,
  options: OpenOptions,
): Promise<OpenTable> {
  const decoder = new Decoder();
  const texts = inWords(typeof file === "string" ? once(lineEnds(file)) : decoder.texts(unpacked(file)));
  const { text: head, done } = await headOf(texts);
  const start = beginning(head, options.separator);
  const separator = options.separator ?? start.separator ?? separatorOf(start.lines);
  const text = done ? once(start.text) : chain([start.text], texts);
  const rows = { empty: 0 };
  const records = filled(recordsIn(csv, text, separator, start.offset), rows);
  const all = await firstRows(records);
  if (all.length === 0) throw new TableError("expected rows of data, got only empty lines");
  const titles = titlesIn(all);
  const first = all.slice(titles);
  const { header, note } = namesIn(first, options);
  const shifted = header && lacksRowNames(first[0], first.slice(1));
  const names = header ? { ...first[0], cells: [...(shifted ? [""] : []), ...first[0].cells] } : null;
  const missing = new Missing(options.missing);
  const isUnits = names && first.length > 2 && holdsUnits(first[1], first.slice(2), (cell) => missing.has(cell));
  const units = isUnits ? first[1] : null;
  const own = first.slice(Number(header) + Number(units !== null));
  const around = names && new Around(names);
  const batches = chain([own], records);
  return {
    header: names,
    head: names ? [names, ...own] : own,
    separator,
    batches: around ? around.rows(batches) : batches,
    encoding: () => decoder.encoding,
    notes: () => [
      ...(decoder.encoding === "utf-8" ? [] : [`read as ${decoder.encoding}`]),
      ...(start.passed > 0 ? [`${start.passed} comment ${start.passed === 1 ? "line" : "lines"} passed over`] : []),
      ...(titles > 0 ? [titleNote(titles, all[0])] : []),
      ...(shifted ? ["the names lack one for the first column, which is taken for the rows' names"] : []),
      ...(units ? [`line ${units.line} is taken for units and passed over: ${unitsIn(units)}`] : []),
      ...(around?.told() ?? []),
      ...(rows.empty > 0 ? [`${rows.empty} ${rows.empty === 1 ? "row" : "rows"} without any value passed over`] : []),
      ...(note ? [note] : []),
    ],
  };
}

function unitsIn({ cells }: Record): string {
  return cells
    .filter((cell) => cell !== "")
    .slice(0, 3)
    .map(short)
    .join(", ");
}

function titleNote(lines: number, { cells: [title] }: Record): string {
  return `${lines} ${lines === 1 ? "line" : "lines"} above the table passed over, such as ${short(title)}`;
}

function namesIn([first, ...rest]: readonly Record[], { header, expects = [], missing = [] }: OpenOptions) {
  const expected = expects.length > 0 && expects.every((name) => first.cells.includes(name));
  if (header !== undefined || expected) return { header: header ?? true, note: null };
  const reader = new Missing(missing);
  return headerOf(
    first.cells,
    rest.map(({ cells }) => cells),
    (cell) => reader.has(cell),
  );
}

async function headOf(texts: AsyncIterator<string>): Promise<{ text: string; done: boolean }> {
  let text = "";
  while (text.length < HEAD) {
    const { done, value } = await texts.next();
    if (done) return { text, done: true };
    text += value;
  }
  return { text, done: false };
}

async function firstRows(batches: AsyncIterator<Record[]>): Promise<Record[]> {
  const records: Record[] = [];
  while (records.length < ROWS) {
    const { done, value } = await batches.next();
    if (done) break;
    for (const record of value) records.push(record);
  }
  return records;
}

/** Without rows that hold nothing, which are counted. */
async function* filled(batches: AsyncIterable<Record[]>, rows: { empty: number }): AsyncGenerator<Record[]> {
  for await (const batch of batches) {
    const kept = batch.filter(({ cells }) => cells.some((cell) => cell !== ""));
    rows.empty += batch.length - kept.length;
    if (kept.length > 0) yield kept;
  }
}

/** Words of a table's reader for bytes that are no text. */
async function* inWords(texts: AsyncIterable<string>): AsyncGenerator<string> {
  try {
    yield* texts;
  } catch (error) {
    if (error instanceof EncodingError) throw new TableError(`expected a table as text, got ${error.message}`);
    throw error;
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

async function* chain<T>(first: readonly T[], rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield* first;
  yield* rest;
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
  let rest = text.replace(/^\uFEFF/, "");
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
