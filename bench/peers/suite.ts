import { type Contestant, race, type Settings, type Times } from "./measure.ts";
import type { DType, Peer, Work } from "./peer.ts";
import { ratios, type Spread, spread } from "./statistics.ts";
import { type Column, table } from "./table.ts";

/** One case's figures: seconds per call, and those over each base's, by peer. */
export interface Row {
  readonly title: string;
  readonly dtype: DType;
  readonly seconds: Record<string, Spread>;
  readonly ratios: Record<string, Record<string, Spread>>;
}

export interface Report {
  readonly text: string;
  readonly rows: readonly Row[];
  /** Who was left out of what, and why. */
  readonly failures: readonly string[];
}

export type Suite = (peers: readonly Peer[], settings: Settings) => Promise<Report>;

/** The peers whose times the others' are divided by. */
const isBase = (name: string) => name.startsWith("hessia");

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/**
 * Prepares and checks each peer; who fails is named and left out, who has nothing to prepare only
 * left out.
 */
export async function enter<Result>(
  title: string,
  peers: readonly Peer[],
  prepare: (peer: Peer) => Work<Result> | Promise<Work<Result>> | undefined,
  check: (contestant: Contestant<Result>) => Promise<string | undefined>,
) {
  const contestants: Contestant<Result>[] = [];
  const failures: string[] = [];
  for (const peer of peers) {
    try {
      await peer.select?.();
      const work = await prepare(peer);
      if (!work) continue;
      const start = performance.now();
      const complaint = await check({ peer, work });
      const checkSeconds = (performance.now() - start) / 1000;
      if (complaint === undefined) contestants.push({ peer, work, checkSeconds });
      else failures.push(`${title}, ${peer.name}: ${complaint}`);
    } catch (error) {
      failures.push(`${title}, ${peer.name}: ${messageOf(error)}`);
    }
  }
  return { contestants, failures };
}

export async function run<Result>(
  title: string,
  dtype: DType,
  contestants: readonly Contestant<Result>[],
  settings: Settings,
): Promise<Row> {
  const times = await race(contestants, settings);
  for (const { peer, work } of contestants) {
    await peer.select?.();
    await work.dispose?.();
  }
  const byName = <Value>(give: (times: Times) => Value) =>
    Object.fromEntries(contestants.map(({ peer }, index) => [peer.name, give(times[index]!)]));
  const bases = contestants.flatMap(({ peer }, index) =>
    isBase(peer.name) ? [[peer.name, times[index]!] as const] : [],
  );
  return {
    title,
    dtype,
    seconds: byName(spread),
    ratios: Object.fromEntries(bases.map(([name, base]) => [name, byName((own) => ratios(own, base))])),
  };
}

/**
 * A table of speeds, then for each base one of ratios; `speed` turns seconds into what is shown.
 */
export function tables(
  heading: string,
  rows: readonly Row[],
  unit: string,
  speed: (row: Row, seconds: number) => number,
): string {
  const names = [...new Set(rows.flatMap(({ seconds }) => Object.keys(seconds)))];
  const bases = [...new Set(rows.flatMap((row) => Object.keys(row.ratios)))];
  const columns = (give: (row: Row, name: string) => Spread | undefined): Column[] =>
    names.map((name) => ({ name, cells: rows.map((row) => give(row, name)) }));
  const titles = rows.map(({ title }) => title);
  const speeds = columns((row, name) => {
    const own = row.seconds[name];
    if (!own) return undefined;
    const [one, other] = [speed(row, own.p10), speed(row, own.p90)];
    return { ...own, median: speed(row, own.median), p10: Math.min(one, other), p90: Math.max(one, other) };
  });
  return [
    table(`${heading}: ${unit}, median (p10–p90)`, titles, speeds),
    ...bases.map((base) =>
      table(
        `${heading}: time over ${base}'s, above 1 where ${base} is faster`,
        titles,
        columns((row, name) => row.ratios[base]?.[name]),
      ),
    ),
  ].join("\n\n");
}
