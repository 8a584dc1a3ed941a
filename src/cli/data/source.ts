import { createHash } from "node:crypto";
import { type Cell, type Separator, TableError } from "../../tables/index.js";
import type { OpenTable } from "../../tables/reading/open.js";
import { type Collected, collected, named, tableFrom } from "../../tables/reading/read.js";
import { badInput } from "../errors.js";
import { Cells } from "./cells.js";
import { bytesOf, fileName, type OnBytes } from "./file.js";
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
  /** Numbers in place of text that is a number's own. */
  readonly text: Collected<Cell>;
}

/** A file of which the beginning was read. */
export interface Opened {
  readonly path: string;
  readonly file: string;
  readonly table: OpenTable;
  /** Of all bytes, once they are read. */
  sha256(): string;
}

/** All rows of a file. Its text is not kept, but for cells that are no numbers. */
export async function readSource(path: string, reading: Reading, onBytes?: OnBytes): Promise<Source> {
  return sourceOf(await openSource(path, reading, onBytes));
}

/** All rows of a file that was opened. */
export async function sourceOf({ path, file, table, sha256 }: Opened): Promise<Source> {
  const cells = new Cells();
  const text = await inFile(
    file,
    collected(table, (row) => cells.kept(row)),
  );
  // A header alone is refused where rows are counted.
  const names = text.names ?? named(text.rows[0].map(() => ""));
  return { path, file, sha256: sha256(), text, names, header: text.names !== null };
}

/** The first part of a file, from which its format is found. */
export async function openSource(path: string, reading: Reading, onBytes?: OnBytes): Promise<Opened> {
  return openBytes(path, bytesOf(path, onBytes), reading);
}

/** Bytes as those of a file. */
export async function openBytes(path: string, bytes: AsyncIterable<Uint8Array>, reading: Reading): Promise<Opened> {
  const file = fileName(path);
  const hash = createHash("sha256");
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      hash.update(piece);
      yield piece;
    }
  };
  const table = await inFile(file, tableFrom(hashed(), optionsOf(reading)));
  return { path, file, table, sha256: () => hash.digest("hex") };
}

/** A text as if it were a file. */
export async function openText(file: string, text: string, reading: Reading): Promise<Opened> {
  const table = await inFile(file, tableFrom(text, optionsOf(reading)));
  return { path: file, file, table, sha256: () => "" };
}

function optionsOf({ separator, header, target, missingMarkers }: Reading): Parameters<typeof tableFrom>[1] {
  return {
    ...(separator === undefined ? {} : { separator }),
    ...(header === undefined ? {} : { header }),
    ...(target === undefined || /^\d+$/.test(target) ? {} : { expects: [target] }),
    ...(missingMarkers === undefined ? {} : { missing: listOf("--missing-markers", missingMarkers) }),
  };
}

/** Says in which file something is wrong. */
export async function inFile<T>(file: string, reading: Promise<T>): Promise<T> {
  return reading.catch((error) => refusedIn(file, error));
}

/** Says in which file a row is wrong; other errors stay as they are. */
export function refusedIn(file: string, error: unknown): never {
  if (!(error instanceof TableError)) throw error;
  return badInput(error.line === null ? `${file}: ${error.message}` : `${file}, ${error.message}`);
}
