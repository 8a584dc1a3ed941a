import type { OwnData } from "../data/own.ts";
import { Plain } from "../model/plainly.ts";

/** Reads a table as `hessia train` does; the reader is fetched when it is first needed. */
export async function readTable(text: string, target?: number): Promise<OwnData> {
  const [tables, { ownData }] = await Promise.all([import("hessia/tables"), import("../data/own.ts")]);
  try {
    return ownData(await tables.readTable(text.trim()), text.trim(), target);
  } catch (error) {
    if (!(error instanceof tables.TableError)) throw error;
    const { message } = error;
    throw new Plain(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
  }
}
