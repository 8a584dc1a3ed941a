import { open } from "node:fs/promises";
import { badInput } from "../errors.js";
import { printable } from "../output/format.js";

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "expected a file, got a directory",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
};

/** What stands for standard input among files. */
export const STDIN = "-";

/** How messages call a file. */
export function fileName(path: string): string {
  return path === STDIN ? "standard input" : printable(path);
}

/**
 * Bytes that are read at a time: their rows, as text and encoded, take some thirty times as much.
 */
const PIECE = 1 << 18;

/**
 * Hears of bytes that were read, and of how many there are; null where that is not known
 * beforehand.
 */
export type OnBytes = (read: number, of: number | null) => void;

/** The bytes of a file, or of standard input, in pieces. */
export async function* bytesOf(path: string, onBytes: OnBytes = () => {}): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    const { stream, size } = path === STDIN ? { stream: process.stdin, size: null } : await opened(path);
    for await (const piece of stream as AsyncIterable<Buffer>) {
      read += piece.length;
      onBytes(read, size);
      yield piece;
    }
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code === "") throw error;
    badInput(`${fileName(path)}: ${reasons[code] ?? message}`);
  }
  if (read === 0) badInput(`${fileName(path)}: expected rows of data, got an empty file`);
}

async function opened(path: string): Promise<{ stream: AsyncIterable<unknown>; size: number | null }> {
  const file = await open(path);
  const found = await file.stat();
  return {
    stream: file.createReadStream({ highWaterMark: PIECE }),
    size: found.isFile() ? found.size : null,
  };
}
