import type { Spread } from "./statistics.ts";

export interface Column {
  readonly name: string;
  readonly cells: readonly (Spread | undefined)[];
}

/** Three digits, no exponent. */
function short(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(digits, 4));
}

const shown = (cell: Spread | undefined) =>
  cell ? `${short(cell.median)} (${short(cell.p10)}–${short(cell.p90)})` : "·";

export function table(heading: string, titles: readonly string[], columns: readonly Column[]): string {
  const cells = [["", ...titles], ...columns.map(({ name, cells }) => [name, ...cells.map(shown)])];
  const widths = cells.map((column) => Math.max(...column.map((text) => text.length)));
  const lines = ["", ...titles].map((_, row) =>
    cells
      .map((column, index) =>
        index === 0 ? column[row]!.padEnd(widths[index]!) : column[row]!.padStart(widths[index]!),
      )
      .join("  "),
  );
  return [heading, ...lines].join("\n");
}
