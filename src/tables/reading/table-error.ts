/** What is wrong with a file, and in which line. */
export class TableError extends Error {
  constructor(
    message: string,
    /** From 1; null where it is the file as a whole. */
    readonly line: number | null = null,
  ) {
    super(line === null ? message : `line ${line}: ${message}`);
  }
}
