import type { Cell } from "../../tables/index.js";

/** Texts of a file that are kept once each; more different ones are kept as often as they come. */
const MOST_TEXTS = 100_000;

/**
 * What is kept of a file's cells: numbers where they say all that the text does, and every other
 * text once.
 */
export class Cells {
  readonly #texts = new Map<string, string>();

  kept(cells: readonly string[]): Cell[] {
    return cells.map((text) => {
      const number = isDigit(text.charCodeAt(text.startsWith("-") ? 1 : 0)) ? Number(text) : Number.NaN;
      return String(number) === text ? number : this.#text(text);
    });
  }

  #text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const own = detached(text);
    if (this.#texts.size < MOST_TEXTS) this.#texts.set(own, own);
    return own;
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The same text with memory of its own: a part of a long text keeps all of it. */
function detached(text: string): string {
  return text.length < 13 ? text : ` ${text}`.slice(1);
}
