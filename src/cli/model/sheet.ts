import type { Dataset, Matrix } from "../../index.js";
import { type Cell, type Columns, columnsFrom } from "../../tables/index.js";
import type { Source } from "../data/source.js";
import { badInput } from "../errors.js";
import { suggestion } from "../nearest.js";
import { printable, quote } from "../output/format.js";
import type { ModelRecord } from "./record.js";

/** Rows of a file with the columns that a model was trained on, in the model's order. */
export interface Sheet {
  readonly source: Source;
  readonly columns: Columns;
  /** Every cell of every row, as the file has them. */
  readonly records: readonly (readonly string[])[];
  readonly lines: readonly number[];
  /** Encoded as in training. */
  readonly inputs: Matrix;
  /**
   * Rows that get no prediction: something is missing in them, and the model was trained without
   * such rows.
   */
  readonly incomplete: ReadonlySet<number>;
  /** Whether the file has the targets' columns. */
  readonly hasTarget: boolean;
  /** Rows with a label that the model does not know, and the first such label. */
  readonly strangers: { readonly rows: readonly number[]; readonly label: string } | null;
  /** What cells held that their columns do not know. */
  readonly notes: readonly string[];
  /** The rows whose target is known. */
  readonly known: readonly number[];
  readonly data: Dataset | null;
}

/**
 * Takes the rows of a file for a model: columns by name where the file and the model have names,
 * else by their places.
 */
export function sheetOf(source: Source, record: ModelRecord, asked?: boolean): Sheet {
  const columns = columnsFrom(record.table);
  const { rows, lines } = source.text;
  if (rows.length === 0) badInput(`${source.file}: expected rows of data, got none`);
  const places = placesIn(source, columns, asked);
  const arranged = rows.map((row) => places.map((place): Cell => (place < 0 ? null : row[place])));
  const hasTarget = columns.data.targetPlaces.every((place) => places[place] >= 0);
  const { inputs, known, notes } = columns.encode(arranged);
  const gaps = record.settings.missing === "drop" || record.settings.missing === "refuse" ? columns.gaps(arranged) : [];
  const incomplete = new Set(gaps.flatMap((name, row) => (name === null ? [] : [row])));
  const complete = known.filter((row) => !incomplete.has(row));
  return {
    ...{ source, columns, records: rows, lines, inputs, incomplete, hasTarget, notes, known: complete },
    strangers: hasTarget ? strangersIn(columns, arranged, known) : null,
    data: hasTarget && complete.length > 0 ? columns.dataset(complete.map((row) => arranged[row])) : null,
  };
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
function placesIn(source: Source, columns: Columns, asked: boolean | undefined): number[] {
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

function byName({ file, names }: Source, columns: Columns): number[] {
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
