import { type OwnData, ownData } from "../data/own.ts";

/** Reads a table of comma, semicolon or tab separated values; the parser is fetched when it is first needed. */
export async function readTable(text: string, target?: number): Promise<OwnData> {
  const { default: papa } = await import("papaparse");
  const { data } = papa.parse<string[]>(text.trim(), { skipEmptyLines: "greedy" });
  return ownData(data, text.trim(), target);
}
