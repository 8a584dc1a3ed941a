/**
 * Cells as the inputs of a network, for modules that leave the library: scripts/reading-cells.mjs
 * makes one text of this file and of what it imports.
 */
import { type Cell, Missing } from "./cells.js";
import { type Encoding, encode } from "./encodings.js";

/** Reads cells, where `markers` stand for missing values beside the usual ones. */
export function readerOf(markers: readonly string[]): (encoding: Encoding, cell: Cell) => number[] {
  const missing = new Missing(markers);
  return (encoding, cell) => {
    const inputs: number[] = [];
    encode(encoding, missing.read(cell), inputs, 0);
    return inputs;
  };
}
