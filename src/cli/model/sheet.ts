import type { Dataset, Matrix } from "../../index.js";
import { type Cell, type Columns, columnsFrom } from "../../tables/index.js";
import { named, RAGGED, Widths } from "../../tables/reading/read.js";
import type { Record } from "../../tables/reading/records.js";
import type { Unknown } from "../../tables/unknown.js";
import type { Named } from "../data/names.js";
import { inFile, type Opened, refusedIn } from "../data/source.js";
import { badInput } from "../errors.js";
import { suggestion } from "../nearest.js";
import { counted, printable, quote } from "../output/format.js";
import type { RowModel } from "./file.js";

/** How the columns of a file become those of a model. */
export interface Plan {
  readonly columns: Columns;
  /** Names of the file's own columns. */
  readonly names: readonly string[];
  /**
   * For each of the model's columns its place in the file's rows; −1 where it is not there and is
   * not needed.
   */
  readonly places: readonly number[];
  /** Whether the file has the targets' columns. */
  readonly hasTarget: boolean;
  /** Whether the model does without rows in which something is missing. */
  readonly complete: boolean;
  /** Whether cells that are no numbers count as missing: another program's model has no mean. */
  readonly numbers: boolean;
}

/** Rows of a file with the columns that a model was trained on, in the model's order. */
export interface Sheet {
  /** Every cell of every row, as the file has them. */
  readonly records: readonly (readonly Cell[])[];
  /** Where the rows begin in the file. */
  readonly lines: readonly number[];
  /** Encoded as in training. */
  readonly inputs: Matrix;
  /**
   * Rows that get no prediction: something is missing in them, and the model was trained without
   * such rows.
   */
  readonly incomplete: ReadonlySet<number>;
  /** Rows with a label that the model does not know, and the first such label. */
  readonly strangers: { readonly rows: readonly number[]; readonly label: string } | null;
  /** The rows whose target is known. */
  readonly data: Dataset | null;
}

/** Finds the columns of a model in a file: by name where both have names, else by their places. */
export function planOf(file: Named, { record, table }: Pick<RowModel, "record" | "table">, asked?: boolean): Plan {
  const columns = columnsFrom(table);
  const places = placesIn(file, columns, asked);
  return {
    ...{ columns, names: file.names, places },
    hasTarget: columns.data.targetPlaces.every((place) => places[place] >= 0),
    complete: record?.settings.missing === "drop" || record?.settings.missing === "refuse",
    numbers: record === null,
  };
}

/** Takes rows for a model; `unknown` gathers what their cells hold that its columns do not know. */
export function sheetOf(
  { columns, places, hasTarget, complete, numbers }: Plan,
  rows: Sheet["records"],
  lines: readonly number[],
  unknown?: Unknown,
): Sheet {
  const arranged = rows.map((row) => places.map((place): Cell => (place < 0 ? null : row[place])));
  const { inputs, known } = columns.encode(arranged, unknown);
  const gaps = complete ? columns.gaps(arranged) : [];
  const incomplete = new Set(gaps.flatMap((name, row) => (name === null ? [] : [row])));
  if (numbers) for (const row of withoutNumbers(columns.raw(arranged))) incomplete.add(row);
  const whole = known.filter((row) => !incomplete.has(row));
  return {
    ...{ records: rows, lines, inputs, incomplete },
    strangers: hasTarget ? strangersIn(columns, arranged, known) : null,
    data: hasTarget && whole.length > 0 ? columns.dataset(whole.map((row) => arranged[row])) : null,
  };
}

function withoutNumbers({ rows, columns, data }: Matrix): number[] {
  const bad = (row: number): boolean => data.subarray(row * columns, (row + 1) * columns).some(Number.isNaN);
  return Array.from({ length: rows }, (_, row) => row).filter(bad);
}

/** Rows that are taken at a time. */
const ROWS = 4096;

/** The rows of a file in sheets, as they come; the file is never held as a whole. */
export async function* sheetsOf(opened: Opened, plan: Plan, unknown: Unknown): AsyncGenerator<Sheet> {
  const { file, table } = opened;
  const width = widthOf(opened);
  const batches = table.batches[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await inFile(file, batches.next());
    if (done) return;
    for (let from = 0; from < value.length; from += ROWS) {
      const records = value.slice(from, from + ROWS);
      unknown.placeOf = (row) => `line ${records[row].line}`;
      const rows = records.map((record) => fitted(opened, record, width));
      const lines = records.map(({ line }) => line);
      yield sheetOf(plan, rows, lines, unknown);
    }
  }
}

/** What the columns of a file are called, as its first rows have them. */
export function namedBy(opened: Opened): Named {
  const { header } = opened.table;
  const width = widthOf(opened);
  const cells = header ? header.cells.slice(0, width) : new Array<string>(width).fill("");
  return { file: opened.file, header: header !== null, names: named(cells) };
}

/** The width of the first rows of a file. */
function widthOf({ file, table: { head } }: Opened): number {
  const widths = new Widths(null);
  for (const { cells, line } of head) widths.see(cells, line);
  try {
    return widths.width();
  } catch (error) {
    return refusedIn(file, error);
  }
}

/** The cells of a row that belong to columns with a name. */
function fitted({ file, table: { head } }: Opened, { cells, line }: Record, width: number): readonly string[] {
  if (cells.length === width) return cells;
  // A row as long as the first one may hold something in a column that has no name.
  const fits = cells.length === head[0].cells.length || cells.slice(width).every((cell) => cell === "");
  if (cells.length > width && fits) return cells.slice(0, width);
  const expected = `expected ${counted(width, "column")}, as in line ${head[0].line}`;
  return badInput(`${file}, line ${line}: ${expected}, got ${cells.length}; ${RAGGED}`);
}

/** Rows whose label is there and is none of the classes. */
function strangersIn(
  columns: Columns,
  rows: readonly (readonly Cell[])[],
  known: readonly number[],
): Sheet["strangers"] {
  if (columns.classes === null) return null;
  const familiar = new Set(known);
  const [place] = columns.data.targetPlaces;
  const strange = rows.flatMap((row, i) => (familiar.has(i) || columns.isMissing(row[place]) ? [] : [i]));
  return strange.length === 0 ? null : { rows: strange, label: String(rows[strange[0]][place]) };
}

/**
 * For each of the model's columns its place in the file's rows; −1 where it is not there and is not
 * needed.
 */
function placesIn(source: Named, columns: Columns, asked: boolean | undefined): number[] {
  const { named, width, targetPlaces } = columns.data;
  const { file, names, header } = source;
  if (named && header) return byName(source, columns);
  if (named && asked === undefined) {
    badInput(
      `${file}: expected a first row with names, as the model has them, got none; --no-header takes the columns by their places, --header takes the first row for names`,
    );
  }
  if (names.length === width) return Array.from(names.keys());
  if (names.length === width - targetPlaces.length) {
    let next = 0;
    return Array.from({ length: width }, (_, place) => (targetPlaces.includes(place) ? -1 : next++));
  }
  const needed = columns.needed.length;
  if (names.length === needed) {
    let next = 0;
    const wanted = new Set(columns.columns.filter(({ encoding }) => encoding).map(({ place }) => place));
    return Array.from({ length: width }, (_, place) => (wanted.has(place) ? next++ : -1));
  }
  const expected = `the ${width} columns that the model was trained on, or its ${needed} inputs`;
  return badInput(`${file}: expected ${expected}, got ${names.length}`);
}

function byName({ file, names }: Named, columns: Columns): number[] {
  const places = new Array<number>(columns.data.width).fill(-1);
  columns.data.targetPlaces.forEach((place, j) => {
    places[place] = names.indexOf(columns.targetNames[j]);
  });
  for (const { name, place, encoding } of columns.columns) {
    // What was twice in the table has its place behind its name.
    const plain = name.replace(/ \(column \d+\)$/, "");
    const index = names.indexOf(names.includes(name) ? name : plain);
    if (encoding !== null) {
      if (index < 0) missingColumn(file, name, names);
      if (
        plain === name &&
        names.lastIndexOf(name) > index &&
        !columns.columns.some((other) => other.name.startsWith(`${name} (column `))
      ) {
        badInput(`${file}: expected one column ${quote(name)}, got several`);
      }
    }
    places[place] = plain === name ? index : nth(names, plain, place, columns);
  }
  return places;
}

/** The last of several columns of a name that is at or before its place in training. */
function nth(names: readonly string[], name: string, place: number, { data }: Columns): number {
  const order = data.columns
    .filter((column) => column.name === name || column.name.startsWith(`${name} (column `))
    .findIndex((column) => column.place === place);
  const found = names.flatMap((own, i) => (own === name ? [i] : []));
  return found[order] ?? -1;
}

function missingColumn(file: string, name: string, names: readonly string[]): never {
  const hint = suggestion(
    name,
    names.map((cell) => printable(cell)),
  );
  return badInput(`${file}: expected the columns that the model was trained on, got none called ${quote(name)}${hint}`);
}
