/** Which character separates the cells of a file. */

/** "space" stands for runs of spaces. */
export type Separator = "," | ";" | "\t" | "|" | "space";

/**
 * In the order of preference where several fit: a comma may be part of a number, a space of a text.
 */
const CANDIDATES: readonly Separator[] = ["\t", ";", "|", ",", "space"];
const LINES = 100;
/** Share of the lines that have to have the same number of cells. */
const ALIKE = 0.9;

/** The cells of a line, as far as is needed to count them. */
export function roughCells(line: string, separator: Separator): string[] {
  const plain = line.replaceAll(/"(?:[^"]|"")*"/g, (text) => text.replaceAll(/[,;\t| ]/g, "_"));
  return separator === "space" ? plain.trim().split(/\s+/) : plain.split(separator);
}

/**
 * The separator that gives most lines the same number of cells, at least two; a comma where none
 * does, since the file has one column then.
 */
export function separatorOf(lines: readonly string[]): Separator {
  const sample = rowsOf(lines)
    .filter((line) => line.trim() !== "")
    .slice(0, LINES);
  if (sample.length === 0) return ",";
  const fits = CANDIDATES.map((separator) => ({ separator, ...fitOf(sample, separator) }));
  const good = fits.filter(({ cells, share }) => cells > 1 && share >= ALIKE);
  if (good.length > 0) return good[0].separator;
  const loose = fits
    .filter(({ cells, separator }) => cells > 1 && separator !== "space")
    .sort((a, b) => b.share - a.share);
  return loose[0]?.separator ?? ",";
}

/** Lines of one row as one: those between quotation marks that are not closed. */
function rowsOf(lines: readonly string[]): readonly string[] {
  const rows: string[] = [];
  let open = false;
  for (const line of lines) {
    if (open) rows[rows.length - 1] += ` ${line}`;
    else rows.push(line);
    if (line.split('"').length % 2 === 0) open = !open;
  }
  // A stray quotation mark, in a text or for inches, opens no cell.
  return open ? lines : rows;
}

function fitOf(lines: readonly string[], separator: Separator): { cells: number; share: number } {
  const counts = new Map<number, number>();
  for (const line of lines) {
    const count = roughCells(line, separator).length;
    counts.set(count, (counts.get(count) ?? 0) + 1);
  }
  const [cells, most] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best));
  return { cells, share: most / lines.length };
}
