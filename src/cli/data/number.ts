import { quote } from "../output/format.js";

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A decimal number, or null for anything else; never infinite. */
export function toNumber(text: string): number | null {
  if (!DECIMAL.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** What a cell that is no number is refused with, after its place. */
export function notNumber(cell: string): string {
  const point = cell.replace(",", ".");
  const hint = cell.includes(",") && toNumber(point) !== null ? `; decimals are written with a point, ${point}` : "";
  return `expected a number, got ${quote(cell)}${hint}`;
}

/** What stands for a value that is not known: the markers that spreadsheets, pandas, R, SQL and Weka write. */
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null"]);

export function isMissing(text: string): boolean {
  return text.length <= 4 && MISSING.has(text.toLowerCase());
}
