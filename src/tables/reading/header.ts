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

/**
 * Names differ from what is below them: text over numbers, or words that never come again. Where nothing tells, the first row is taken for
 * names if it has no numbers, and a note says so.
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
  let [over, under, repeated, value] = [0, 0, 0, 0];
  first.forEach((cell, j) => {
    const column = sample.map((row) => row[j] ?? "").filter((text) => !isMissing(text));
    const values = column.length > 0 && column.filter(isValue).length >= MOSTLY * column.length;
    if (isMissing(cell)) return;
    if (isValue(cell)) ++value;
    if (values && !isValue(cell)) ++over;
    if (values && isValue(cell)) ++under;
    if (!values && column.includes(cell)) ++repeated;
  });
  if (over > 0 && repeated === 0) {
    const odd = under > 0 ? ` although ${under} of them ${under === 1 ? "is a number" : "are numbers"}` : "";
    return over >= under || under === 0
      ? { header: true, note: odd ? `the first row is taken for names,${odd}` : null }
      : { header: false, note: "the first row is taken for data" };
  }
  if (value === first.length) return numbered(first, sample);
  if (repeated > 0 || value > 0) return { header: false, note: null };
  // Words over words.
  const distinct = new Set(first).size === first.length && first.every((cell) => cell !== "");
  if (!distinct) return { header: false, note: null };
  const sure = sample.length >= 20;
  return { header: true, note: sure ? null : "the first row is taken for names, which nothing below it confirms" };
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
