import { parse } from "../../tables/reading/csv.js";
import { badInput } from "../errors.js";
import { suggestion } from "../nearest.js";
import { printable, quote } from "../output/format.js";

/** The columns of a file, for finding those that an option names. */
export interface Named {
  /** How messages call the file. */
  readonly file: string;
  readonly names: readonly string[];
  readonly header: boolean;
}

/**
 * Places, from 0, of the columns that an option names: by name or by number from 1, with commas
 * between; names with commas in quotation marks.
 */
export function findColumns(option: string, text: string, columns: Named): number[] {
  // A name may hold commas.
  if (columns.names.includes(text)) return [findColumn(option, text, columns)];
  return listOf(option, text).map((name) => findColumn(option, name, columns));
}

/** Texts with commas between. */
export function listOf(option: string, text: string): string[] {
  try {
    const [record = []] = parse(text, { trim: true, relax_quotes: false }) as string[][];
    return record.filter((name) => name !== "");
  } catch {
    return badInput(
      `${option}: expected names with commas between, those with commas in quotation marks, got ${quote(text)}`,
    );
  }
}

export function findColumn(option: string, wanted: string, { file, names, header }: Named): number {
  const index = header ? names.indexOf(wanted) : -1;
  if (index >= 0) {
    if (names.lastIndexOf(wanted) > index) {
      badInput(
        `${option}: ${file} has more than one column ${quote(wanted)}; give its number, from 1 to ${names.length}`,
      );
    }
    return index;
  }
  const number = /^\d+$/.test(wanted) ? Number(wanted) : null;
  if (number !== null && number >= 1 && number <= names.length) return number - 1;
  const byNumber = `; give a number from 1 to ${names.length}${header ? "" : ", as it has no header"}`;
  const hint =
    header && number === null
      ? suggestion(
          wanted,
          names.map((name) => printable(name)),
        )
      : byNumber;
  return badInput(`${option}: ${file} has no column ${quote(wanted)}${hint}`);
}
