/** `; did you mean "x"?` where a known word is near, and otherwise the known ones, if they are few. */
export function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestOf(word, known);
  if (nearest !== null) return `; did you mean "${nearest}"?`;
  return known.length <= 12 ? `; known: ${known.join(", ")}` : "";
}

/** The known word that takes the fewest edits to reach, if that is less than half of it. */
export function nearestOf(word: string, known: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = Math.max(2, word.length / 2);
  for (const candidate of known) {
    const distance = edits(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** Levenshtein's distance, one row at a time. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    const next = [i];
    for (let j = 1; j <= b.length; ++j) {
      next.push(Math.min(row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1), row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
