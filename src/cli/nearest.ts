import { nearestOf } from "../check.js";

/**
 * `; did you mean "x"?` where a known word is near, and otherwise the known ones, if they are few.
 */
export function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestOf(word, known);
  if (nearest !== null) return `; did you mean "${nearest}"?`;
  return known.length <= 16 ? `; known: ${known.join(", ")}` : "";
}
