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

/**
 * Names differ from what is below them: text over numbers, or words that never come again. Where
 * nothing tells, the first row is taken for names if it has no numbers, and a note says so.
 */
export function headerOf(
  first: readonly string[],
  rows: readonly (readonly string[])[],
  isMissing: (cell: string) => boolean,
): HeaderFinding {
  const sample = rows.slice(0, ROWS);
  const isValue = (cell: string): boolean =>
    toNumber(cell) !== null ||
    toNumber(cell, "comma") !== null ||
    toMoment(cell, "dmy") !== null ||
    toMoment(cell, "mdy") !== null;
  let [over, under, outside, repeated, value] = [0, 0, 0, 0, 0];
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
    if (!values && column.includes(cell)) ++repeated;
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
  if (repeated > 0 || value > 0) return { header: false, note: null };
  // Words over words.
  const distinct = new Set(first).size === first.length && first.every((cell) => cell !== "");
  if (!distinct) return { header: false, note: null };
  const sure = sample.length >= SURE;
  return { header: true, note: sure ? null : "the first row is taken for names, which nothing below it confirms" };
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
