import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { badInput } from "../errors.js";
import { printable } from "../output/format.js";

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "expected a file, got a directory",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  ERR_FS_FILE_TOO_LARGE: "the file is larger than 2 GiB",
};

/** What stands for standard input among files. */
export const STDIN = "-";

/** How messages call a file. */
export function fileName(path: string): string {
  return path === STDIN ? "standard input" : printable(path);
}

/** The bytes of a file, or of standard input. */
export async function readBytes(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = path === STDIN ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return badInput(`${fileName(path)}: ${reasons[code] ?? message}`);
  }
  if (bytes.length === 0) badInput(`${fileName(path)}: expected rows of data, got an empty file`);
  return bytes;
}
