import { checkChoice, checkKeys, checkNumber, checkObject, wrongType, wrongValue } from "../check.js";
import { Random } from "../random.js";
import type { ScalarMath } from "../wasm/kernels.js";
import { checkSetting, type Setting, settingKeys } from "./setting.js";

/** Numbers from one to another. */
export interface Range {
  /** The least value. */
  from: number;
  /** The largest value. */
  to: number;
  /** "log" tries the same number of values in each power of ten. Default: "linear". */
  scale?: "linear" | "log";
  /** Whole numbers alone. Default: false. */
  whole?: boolean;
}

/** Values to choose from, for each part of a setting. */
export type Space = { readonly [K in keyof Setting]?: readonly NonNullable<Setting[K]>[] | Range };

/** Not a stream that training or folds draw from. */
const STREAM = 5;

/** Refuses what is not a space. */
export function checkSpace(where: string, space: unknown): asserts space is Space {
  checkObject(where, "space", space);
  checkKeys(`${where}: space`, space, settingKeys);
  for (const [key, choices] of Object.entries(space)) {
    const name = `space.${key}`;
    if (Array.isArray(choices)) {
      if (choices.length === 0) wrongValue(where, name, "at least one value", "none");
      for (const value of choices) checkSetting(where, "space", { [key]: value });
    } else checkRange(where, name, choices);
  }
}

function checkRange(where: string, name: string, range: unknown): void {
  if (typeof range !== "object" || range === null) wrongType(where, name, "an array of values or a range", range);
  checkKeys(`${where}: ${name}`, range, ["from", "to", "scale", "whole"]);
  const { from, to, scale = "linear" } = range as Range;
  checkChoice(where, `${name}.scale`, scale, ["linear", "log"]);
  checkNumber(where, `${name}.from`, from, scale === "log" ? "a positive number" : "a finite number", (x) =>
    scale === "log" ? x > 0 && x < Infinity : Number.isFinite(x),
  );
  checkNumber(where, `${name}.to`, to, `a finite number of at least ${from}`, (x) => x >= from && x < Infinity);
}

/**
 * So many settings of a space: all of them where it has no more than that, else a sample in which
 * each range is covered evenly (Latin hypercube: McKay, Beckman and Conover 1979).
 */
export function settingsOf(space: Space, count: number, seed: number, math: ScalarMath): Setting[] {
  const keys = Object.keys(space).sort() as (keyof Space)[];
  const lists = keys.map((key) => space[key] as readonly unknown[] | Range);
  const size = lists.reduce((product, list) => product * (Array.isArray(list) ? list.length : Infinity), 1);
  if (size <= count) return grid(keys, lists as unknown as readonly unknown[][]);
  const random = new Random(seed, STREAM);
  const columns = lists.map((list) => {
    const strata = random.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
    return Array.from(strata, (stratum) => at(list, (stratum + random.uniform()) / count, math));
  });
  return Array.from({ length: count }, (_, i) => Object.fromEntries(keys.map((key, k) => [key, columns[k][i]])));
}

function grid(keys: readonly string[], lists: readonly (readonly unknown[])[]): Setting[] {
  return lists.reduce<Record<string, unknown>[]>(
    (settings, list, k) => settings.flatMap((setting) => list.map((value) => ({ ...setting, [keys[k]]: value }))),
    [{}],
  );
}

/** The value at a share of the way through a list or a range. */
function at(list: readonly unknown[] | Range, share: number, math: ScalarMath): unknown {
  if (Array.isArray(list)) return list[Math.min(list.length - 1, Math.floor(share * list.length))];
  const { from, to, scale = "linear", whole = false } = list as Range;
  const value = scale === "log" ? from * math.exp(share * math.log(to / from)) : from + share * (to - from);
  return whole ? Math.min(Math.floor(to), Math.max(Math.ceil(from), Math.round(value))) : value;
}
