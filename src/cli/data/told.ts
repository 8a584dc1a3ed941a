import type { Io } from "../io.js";
import { readingBar } from "../output/progress.js";
import { type Reading, readSource, type Source } from "./source.js";

/** Reads a file, with a bar where it is long. */
export async function readTold(
  file: string,
  reading: Reading,
  io: Io,
  { quiet, json }: { quiet?: boolean | undefined; json?: boolean | undefined },
): Promise<Source> {
  const bar = readingBar(io, { quiet: quiet || json });
  try {
    return await readSource(file, reading, bar.read);
  } finally {
    bar.end();
  }
}
