import { createHash } from "node:crypto";
import { readText } from "./csv.js";
import { type Columns, parseTable, type Table } from "./table.js";

/** A table and what tells its file from others. */
export interface Source {
  readonly table: Table;
  readonly sha256: string;
}

export async function readSource(path: string, columns: Columns): Promise<Source> {
  const bytes = await readText(path);
  const sha256 = fingerprint(bytes);
  return { table: parseTable(path, bytes, columns), sha256 };
}

/** Taken before the bytes are parsed, which changes their line ends in place. */
export function fingerprint(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
