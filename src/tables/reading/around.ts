/** What stands around the rows of data: their names, units under the header, notes at the end. */
import { short } from "../types.js";
import { isValue } from "./header.js";
import type { Record } from "./records.js";

const MOSTLY = 0.8;
/** Columns with a unit; one text above numbers may be a slip. */
const LEAST = 2;
/** Characters of a unit. */
const LONGEST = 16;

/** What stands in front of the sums of columns. */
const TOTAL =
  /^(?:grand\s+)?(?:totals?|sum|average|mean|summe|gesamt|insgesamt|mittelwert|durchschnitt|totale?|totaal|suma|media|moyenne|итого)\s*:?$/iu;

/**
 * R and others write the rows' names without a name above them: the header lacks a cell. Names are
 * words that differ, or count from 1: a decimal comma makes a cell more, too.
 */
export function lacksRowNames(header: Record, rows: readonly Record[]): boolean {
  const width = header.cells.length + 1;
  const fits = rows.filter(({ cells }) => cells.length === width && cells[width - 1] !== "").length;
  if (rows.length < 2 || header.cells.includes("") || fits < MOSTLY * rows.length) return false;
  const names = rows.map(({ cells }) => cells[0]);
  const counting = names.every((name, i) => name === String(i + 1));
  return counting || (new Set(names).size === names.length && !names.some(isValue));
}

/**
 * Whether the row under the header holds units: text above two columns of numbers or more, and no
 * number. `isMissing`: cells that say nothing.
 */
export function holdsUnits(row: Record, rows: readonly Record[], isMissing: (cell: string) => boolean): boolean {
  const filled = row.cells.flatMap((cell, j) => (isMissing(cell) ? [] : [j]));
  if (rows.length < 2 || filled.some((j) => isValue(row.cells[j]) || row.cells[j].length > LONGEST)) return false;
  const numeric = row.cells.map((_, j) => {
    const column = rows.map(({ cells }) => cells[j] ?? "").filter((cell) => !isMissing(cell));
    return column.length > 0 && column.filter(isValue).length >= MOSTLY * column.length;
  });
  const above = filled.filter((j) => numeric[j]).length;
  const again = filled.some((j) => !numeric[j] && rows.some(({ cells }) => cells[j] === row.cells[j]));
  return above >= LEAST && 2 * above >= numeric.filter(Boolean).length && !again;
}

/** Passes rows on, without those that repeat the header and without notes below the last one. */
export class Around {
  #repeated = 0;
  #notes = 0;
  #first = "";

  constructor(readonly header: Record) {}

  async *rows(batches: AsyncIterable<readonly Record[]>): AsyncGenerator<readonly Record[]> {
    let held: Record[] = [];
    for await (const batch of batches) {
      const kept: Record[] = [];
      for (const row of batch) {
        if (this.#repeats(row)) {
          ++this.#repeated;
          continue;
        }
        if (this.#isNote(row)) {
          held.push(row);
          continue;
        }
        // What is followed by a row of data is one that lacks cells.
        kept.push(...held, row);
        held = [];
      }
      if (kept.length > 0) yield kept;
    }
    this.#notes = held.length;
    if (held.length > 0) [this.#first] = held[0].cells;
  }

  #repeats({ cells }: Record): boolean {
    const { header } = this;
    return cells.length === header.cells.length && cells.every((cell, j) => cell === header.cells[j]);
  }

  /** A text in the first cell, in a line with fewer cells than the table; or the columns' sums. */
  #isNote({ cells }: Record): boolean {
    if (TOTAL.test(cells.find((cell) => cell !== "") ?? "")) return true;
    return cells.length < this.header.cells.length && /\p{L}/u.test(cells[0]) && cells.slice(1).every((c) => c === "");
  }

  /** What was passed over, a sentence each; after the last row. */
  told(): string[] {
    const lines = (count: number): string => `${count} ${count === 1 ? "line" : "lines"}`;
    return [
      ...(this.#repeated > 0 ? [`${lines(this.#repeated)} with the names again passed over`] : []),
      ...(this.#notes > 0 ? [`${lines(this.#notes)} below the table passed over, such as ${short(this.#first)}`] : []),
    ];
  }
}
