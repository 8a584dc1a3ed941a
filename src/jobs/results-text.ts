import type { Outcome } from "./pool.js";
import { fromText, toText } from "./wire.js";

/** Results as lines of text, one a task, to the same bits. */
export function toLine(name: string, outcome: Outcome): string {
  return `${toText({ name, outcome })}\n`;
}

/** What such a line says; null for one that was cut off. */
export function fromLine(line: string): { readonly name: string; readonly outcome: Outcome } | null {
  try {
    const { name, outcome } = fromText(line) as { name?: unknown; outcome?: Outcome };
    return typeof name === "string" && outcome?.status === "done" ? { name, outcome } : null;
  } catch {
    return null;
  }
}
