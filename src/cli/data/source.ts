import { createHash } from "node:crypto";
import { readTable, type Separator, TableError, type TextTable } from "../../tables/index.js";
import { badInput } from "../errors.js";
import { fileName, readBytes } from "./file.js";
import { listOf, type Named } from "./names.js";

/** How a file is to be read. */
export interface Reading {
  readonly separator?: Separator | undefined;
  /** Whether the first row holds names; found out by default. */
  readonly header?: boolean | undefined;
  /** Texts that stand for missing values, with commas between. */
  readonly missingMarkers?: string | undefined;
  /** A column whose name makes the first row a header. */
  readonly target?: string | undefined;
}

/** A file's cells, and what tells it from others. */
export interface Source extends Named {
  readonly path: string;
  readonly sha256: string;
  readonly text: TextTable;
}

export async function readSource(path: string, reading: Reading): Promise<Source> {
  return sourceOf(path, await readBytes(path), reading);
}

export async function sourceOf(
  path: string,
  bytes: Buffer,
  { separator, header, target, missingMarkers }: Reading,
): Promise<Source> {
  const file = fileName(path);
  try {
    const text = await readTable(bytes, {
      ...(separator === undefined ? {} : { separator }),
      ...(header === undefined ? {} : { header }),
      ...(target === undefined || /^\d+$/.test(target) ? {} : { expects: [target] }),
      ...(missingMarkers === undefined ? {} : { missing: listOf("--missing-markers", missingMarkers) }),
    });
    const names = text.names ?? text.rows[0].map((_, j) => `column ${j + 1}`);
    return { path, file, sha256: fingerprint(bytes), text, names, header: text.names !== null };
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    return badInput(error.line === null ? `${file}: ${error.message}` : `${file}, ${error.message}`);
  }
}

export function fingerprint(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
