import { toMoment } from "../dates.js";
import { toNumber } from "../numbers.js";

/** Whether the first row holds names, and whether that is sure. */
export interface HeaderFinding {
  readonly header: boolean;
  /** What was assumed, where the rows do not tell. */
  readonly note: string | null;
}

const ROWS = 200;
const MOSTLY = 0.8;
/** Rows below words of which none comes again, from which they are names for sure. */
const SURE = 20;

/** Rows with so many cells filled in have no title among them. */
const TABLE = 3;
const MOST_TITLES = 10;

/**
 * How many rows at the beginning are titles, as spreadsheets have above a table: a text in the
 * first cell alone, where the rows below fill in more.
 */
export function titlesIn(rows: readonly { readonly cells: readonly string[] }[]): number {
  const filled = rows.map(({ cells }) => cells.filter((cell) => cell !== "").length);
  const usual = filled.slice().sort((a, b) => a - b)[filled.length >> 1];
  const isTitle = (row: number): boolean => {
    const { cells } = rows[row];
    const alone = filled[row] === 1 && /\p{L}/u.test(cells[0]) && usual >= (cells.length === 1 ? 2 : TABLE);
    return alone && rows.every((other, i) => i === row || other.cells[0] !== cells[0]);
  };
  let titles = 0;
  while (titles < Math.min(MOST_TITLES, rows.length - 2) && isTitle(titles)) ++titles;
  return titles;
}

/** Whether a cell holds a number or a date. */
export function isValue(cell: string): boolean {
  return (
    toNumber(cell) !== null ||
    toNumber(cell, "comma") !== null ||
    toMoment(cell, "dmy") !== null ||
    toMoment(cell, "mdy") !== null
  );
}

/**
 * Names differ from what is below them: text over numbers, or words that never come again. Where
 * nothing tells, the first row is taken for names if it has no numbers, and a note says so.
 */
export function headerOf(
  first: readonly string[],
  rows: readonly (readonly string[])[],
  isMissing: (cell: string) => boolean,
): HeaderFinding {
  const sample = withoutRepeats(first, rows.slice(0, ROWS));
  let [over, under, outside, repeated, value, apart] = [0, 0, 0, 0, 0, 0];
  first.forEach((cell, j) => {
    const column = sample.map((row) => row[j] ?? "").filter((text) => !isMissing(text));
    const values = column.length > 0 && column.filter(isValue).length >= MOSTLY * column.length;
    if (isMissing(cell)) return;
    if (isValue(cell)) ++value;
    if (values && !isValue(cell)) ++over;
    if (values && isValue(cell)) {
      if (isOutside(cell, column)) ++outside;
      else ++under;
    }
    if (values) return;
    if (column.includes(cell)) ++repeated;
    else if (recurs(column)) ++apart;
  });
  if (repeated === 0 && under === 0 && outside > 0 && value < first.length) {
    return {
      header: true,
      note: `the first row is taken for names, although ${value} of them ${value === 1 ? "is a number" : "are numbers"}`,
    };
  }
  if (over > 0 && repeated === 0) {
    if (under + outside === 0) return { header: true, note: null };
    const numbers = `${under + outside} of them ${under + outside === 1 ? "is a number" : "are numbers"}`;
    return over >= under
      ? { header: true, note: `the first row is taken for names, although ${numbers}` }
      : { header: false, note: "the first row is taken for data" };
  }
  if (value === first.length) return numbered(first, sample);
  // A column may be called what one of its cells holds; among kinds that recur other words are
  // names.
  if (apart > repeated && repeated > 0 && value === 0) {
    return {
      header: true,
      note: `the first row is taken for names, although ${repeated} of them ${repeated === 1 ? "stands" : "stand"} below too`,
    };
  }
  if (repeated > 0 || value > 0) return { header: false, note: null };
  // Words over words.
  const distinct = new Set(first).size === first.length && first.every((cell) => cell !== "");
  if (!distinct) return { header: false, note: null };
  const sure = sample.length >= SURE;
  return { header: true, note: sure ? null : "the first row is taken for names, which nothing below it confirms" };
}

/** Without rows that say the same as the first one, where that is text above numbers. */
function withoutRepeats(
  first: readonly string[],
  rows: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const others = rows.filter((row) => row.length !== first.length || row.some((cell, j) => cell !== first[j]));
  if (others.length === rows.length || first.some(isValue)) return rows;
  const above = first.some((_, j) => others.filter((row) => isValue(row[j] ?? "")).length >= MOSTLY * others.length);
  return above ? others : rows;
}

/** Whether a column has few kinds, so that a word that is none of them is no data. */
function recurs(column: readonly string[]): boolean {
  return column.length >= SURE && 4 * new Set(column).size <= column.length;
}

/**
 * A whole number, a year say, that lies farther from the numbers below it than these from one
 * another.
 */
function isOutside(cell: string, column: readonly string[]): boolean {
  const own = toNumber(cell);
  if (own === null || !Number.isInteger(own)) return false;
  const numbers = column.map((text) => toNumber(text)).filter((number) => number !== null);
  const [least, greatest] = [Math.min(...numbers), Math.max(...numbers)];
  return own > greatest + (greatest - least) || own < least - (greatest - least);
}

/** 0, 1, 2, … over other numbers are the names that programs give. */
function numbered(first: readonly string[], rows: readonly (readonly string[])[]): HeaderFinding {
  const counting = first.length > 2 && first.every((cell, j) => cell === String(Number(first[0]) + j));
  if (!counting || !["0", "1"].includes(first[0])) return { header: false, note: null };
  const again = rows.some((row) => row.every((cell, j) => cell === first[j]));
  return again
    ? { header: false, note: null }
    : { header: true, note: `the first row (${first[0]}, ${first[1]}, ${first[2]}, …) is taken for names` };
}
