/** Work that yields where it may be left, to be taken up again later: all of it at once. */
export function finish<T>(parts: Generator<void, T>): T {
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}
