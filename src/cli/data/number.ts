const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A decimal number, or null for anything else; never infinite. */
export function toNumber(text: string): number | null {
  if (!DECIMAL.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** What stands for a value that is not known: the markers that spreadsheets, pandas, R, SQL and Weka write. */
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null"]);

export function isMissing(text: string): boolean {
  return text.length <= 4 && MISSING.has(text.toLowerCase());
}
