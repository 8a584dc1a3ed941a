/** What a cell holds, whatever a reader or a caller made of it. */

/** A value of a table: text as a file has it, or what a program has. */
export type Cell = string | number | boolean | Date | null | undefined;

/** A row: cells in the order of the columns, or an object with a property per column. */
export type Row = readonly Cell[] | Readonly<Record<string, Cell>>;

/**
 * What spreadsheets, pandas, R, SQL and Weka write for a value that is not known, in lower case.
 */
const MARKERS: ReadonlySet<string> = new Set([
  ...[
    "",
    "?",
    "-",
    "--",
    "–",
    "—",
    ".",
    "na",
    "n/a",
    "n.a.",
    "#n/a",
    "#na",
    "<na>",
    "nan",
    "-nan",
    "null",
    "(null)",
    "none",
    "nil",
  ],
  ...["missing", "#null!", "#value!", "#div/0!", "#ref!", "#num!", "#name?", "\\n"],
]);

/** Which texts stand for an unknown value. */
export class Missing {
  readonly #more: ReadonlySet<string>;

  /** `more`: markers beside the usual ones; case counts for neither. */
  constructor(more: readonly string[] = []) {
    this.#more = new Set(more.map((marker) => marker.trim().toLowerCase()));
  }

  /** Whether numbers may be markers. */
  get asked(): boolean {
    return this.#more.size > 0;
  }

  has(text: string): boolean {
    if (text.length > 8 && this.#more.size === 0) return false;
    const plain = text.toLowerCase();
    return MARKERS.has(plain) || this.#more.has(plain);
  }

  /** The cell as text, or null where it is missing. */
  read(cell: Cell): string | null {
    const text = textOf(cell);
    return text === null || this.has(text) ? null : text;
  }
}

/** A cell as text without spaces around it; null for what a program has where there is nothing. */
export function textOf(cell: Cell): string | null {
  if (typeof cell === "string") return cell.trim();
  if (cell === null || cell === undefined) return null;
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : null;
  // Dates of other realms, too.
  if (Object.prototype.toString.call(cell) !== "[object Date]") return String(cell).trim();
  const time = (cell as Date).getTime();
  return Number.isFinite(time) ? new Date(time).toISOString() : null;
}
