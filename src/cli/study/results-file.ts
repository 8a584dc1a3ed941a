import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Outcome, Results } from "../../jobs/index.js";
import { fromLine, toLine } from "../../jobs/results-text.js";
import { badInput, failed } from "../errors.js";
import { printable } from "../output/format.js";

const HEAD = "hessia results 1\n";

/**
 * Results of fits in a file: each is written as soon as it is known, so that a search that is
 * broken off loses none.
 */
export class ResultsFile implements Results {
  readonly #path: string;
  readonly #known = new Map<string, Outcome>();

  constructor(path: string) {
    this.#path = path;
    const text = textOf(path);
    if (text !== "" && !text.startsWith(HEAD)) {
      badInput(`${printable(path)}: expected results that hessia tune wrote, got another file`);
    }
    for (const line of text.slice(HEAD.length).split("\n")) {
      const found = line === "" ? null : fromLine(line);
      if (found) this.#known.set(found.name, found.outcome);
    }
    if (text === "") this.#append(HEAD);
    // A line that was cut off ends here.
    else if (!text.endsWith("\n")) this.#append("\n");
  }

  /** Results that were there, and came. */
  get size(): number {
    return this.#known.size;
  }

  get(name: string): Outcome | undefined {
    return this.#known.get(name);
  }

  set(name: string, outcome: Outcome): void {
    this.#known.set(name, outcome);
    this.#append(toLine(name, outcome));
  }

  #append(text: string): void {
    try {
      appendFileSync(this.#path, text);
    } catch (error) {
      failed(`${printable(this.#path)}: results could not be written: ${(error as Error).message}`);
    }
  }
}

function textOf(path: string): string {
  try {
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  } catch (error) {
    return badInput(`${printable(path)}: ${(error as Error).message}`);
  }
}
