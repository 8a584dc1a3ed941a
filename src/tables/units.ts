/** Units behind the numbers of a column, and numbers that mean that nothing was measured. */
import { affixed, type Decimal, readNumber, toNumber, type Written } from "./numbers.js";

/** The different cells of a column, and how often each comes. */
type Kinds = ReadonlyMap<string, number>;

/** Units that a column may mix, with what each is of the first one. */
const FAMILIES: readonly Readonly<Record<string, number>>[] = [
  {
    ...{ "": 1, k: 1e3, thousand: 1e3, tsd: 1e3, m: 1e6, mn: 1e6, mio: 1e6, mln: 1e6, million: 1e6 },
    ...{ b: 1e9, bn: 1e9, mrd: 1e9, billion: 1e9 },
  },
  { mm: 1e-3, cm: 1e-2, dm: 0.1, m: 1, km: 1e3 },
  { in: 1, inch: 1, ft: 12, foot: 12, feet: 12, yd: 36, yard: 36, mi: 63360, mile: 63360 },
  { µg: 1e-6, mg: 1e-3, g: 1, kg: 1e3, t: 1e6 },
  { oz: 1, lb: 16, lbs: 16 },
  {
    ...{ ms: 1e-3, s: 1, sec: 1, second: 1, min: 60, minute: 60, h: 3600, hr: 3600, hour: 3600 },
    ...{ d: 86400, day: 86400, wk: 604800, week: 604800 },
  },
  { month: 1, year: 12, yr: 12 },
  { ml: 1e-3, cl: 1e-2, dl: 0.1, l: 1, liter: 1, litre: 1 },
  { kb: 1, mb: 1e3, gb: 1e6, tb: 1e9 },
  { hz: 1, khz: 1e3, mhz: 1e6, ghz: 1e9 },
  { w: 1, kw: 1e3 },
  { "°n": 1, n: 1, "°s": -1, s: -1 },
  { "°e": 1, e: 1, "°w": -1, w: -1 },
];
/** Behind a bare number these multiply; other units are left out at times. */
const MULTIPLIER = /\d\s*(?:[kKMB]|bn|mn|mio|mln|mrd|tsd)\.?$/i;
const MILLI = /\d\s*[mb]$/;

/** How a column's numbers are written, with its units, where some cells are no plain numbers. */
export function writtenWith(kinds: Kinds, decimal: Decimal): Written {
  const units = new Map<string, number>();
  let [limits, trimmed, plain, multiplied] = [0, 0, 0, false];
  for (const [cell, count] of kinds) {
    if (toNumber(cell, decimal) !== null) {
      plain += count;
      continue;
    }
    const found = affixed(cell);
    if (!found || toNumber(found.digits, decimal) === null) continue;
    if (found.limit) limits += count;
    else if (found.unit === "") trimmed += count;
    if (found.unit !== "") units.set(found.unit, (units.get(found.unit) ?? 0) + count);
    multiplied ||= MULTIPLIER.test(cell) && !MILLI.test(cell);
  }
  if (units.size === 0) {
    const around = trimmed > 0 || limits > 0;
    return around && limits < plain + trimmed ? { decimal, units: { "": 1 } } : { decimal };
  }
  const bare = plain > 0 ? [""] : [];
  const names = [...units.keys(), ...bare];
  const one = units.size === 1 && !(multiplied && bare.length > 0);
  const [behind] = units.values();
  // A letter behind a few of many numbers is a slip, as in 1l for 11.
  if (one && behind < plain) return { decimal };
  const factors = one
    ? {}
    : FAMILIES.find((family) => names.every((name) => Object.hasOwn(family, name) || name === ""));
  if (!factors || (bare.length > 0 && !one && !Object.hasOwn(factors, ""))) return { decimal };
  return {
    decimal,
    units: Object.fromEntries(names.map((name) => [name, Object.hasOwn(factors, name) ? factors[name] : 1])),
  };
}

/** Cells that are read as something less than they say, and the first of them. */
export function cellsWith(kinds: Kinds, written: Written, what: "limit" | "trimmed"): { count: number; first: string } {
  let [count, first] = [0, ""];
  for (const [cell, times] of kinds) {
    if (!written.units || toNumber(cell, written.decimal) !== null) continue;
    if (!affixed(cell)?.[what] || readNumber(cell, written) === null) continue;
    if (count === 0) first = cell;
    count += times;
  }
  return { count, first };
}

/** Nines as people and programs write them where nothing was measured. */
const NINES = /^-?(?:99|999|9999|99999|999999|99\.9|999\.9|9999\.9|99\.99|999\.99)$/;
const LEAST = 2;
/** Ranges of all others between them and such a number: prices end in nines, too. */
const FAR_ABOVE = 5;
const FAR_BELOW = 1;

/**
 * Numbers such as −999 and 9999 that come more than once and stand far from all others.
 *
 * @param values how often each number comes.
 */
export function sentinelsIn(values: ReadonlyMap<number, number>): number[] {
  const rest = [...values.keys()].sort((a, b) => a - b);
  const found: number[] = [];
  const isNines = (value: number): boolean => NINES.test(String(value)) && (values.get(value) as number) >= LEAST;
  while (rest.length > 2) {
    const [least, second] = rest;
    const [last, most] = rest.slice(-2);
    if (isNines(most) && most - last > FAR_ABOVE * (last - least)) found.push(rest.pop() as number);
    else if (isNines(least) && least < 0 && second - least > FAR_BELOW * (most - second)) {
      found.push(rest.shift() as number);
    } else break;
  }
  return found;
}
