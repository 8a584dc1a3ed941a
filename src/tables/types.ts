import { type DateOrder, isCompactDate, orderOf, toMoment } from "./dates.js";
import { affixed, type Decimal, isCode, readNumber, toNumber, type Written, writingOf } from "./numbers.js";
import { levelsOf } from "./order.js";
import { cellsWith, sentinelsIn, writtenWith } from "./units.js";

/** The types of columns. Columns of the last five types are left out. */
export type ColumnType =
  | "number"
  | "category"
  | "ordered"
  | "boolean"
  | "date"
  | "text"
  | "identifier"
  | "constant"
  | "empty"
  | "ignored";

/** Types that a caller may ask for. */
export const columnTypes: readonly ColumnType[] = [
  ...(["number", "category", "ordered", "boolean", "date", "text", "identifier", "ignored"] as const),
];

/** What a column was taken for, and why. */
export interface Finding {
  readonly type: ColumnType;
  readonly why: string;
  /** Something that a reader should know: what was assumed, and what was passed over. */
  readonly notes: readonly string[];
  /** Of numbers. */
  readonly written?: Written;
  /** Of dates. */
  readonly order?: DateOrder;
  /** Of categories, the most frequent first; of ordered ones from the least to the greatest. */
  readonly kinds?: readonly string[];
  /** Of yes and no: the kinds that mean no and yes. */
  readonly pair?: readonly [no: string, yes: string];
}

/** A column as it is looked at. */
export interface Look {
  readonly name: string;
  /** Whether the table has names of its own. */
  readonly named: boolean;
  readonly first: boolean;
  /** Null where a value is missing. */
  readonly cells: readonly (string | null)[];
  /** The decimal sign that other columns decide for. */
  readonly likely: Decimal;
}

/**
 * Share of the known cells that make a column of numbers or dates; the others are taken for
 * mistakes.
 */
const MOSTLY = 0.8;
/** Kinds in fewer rows than this, or than this share of them, go to "other". */
const LEAST_ROWS = 3;
const LEAST_SHARE = 0.005;
const MOST_KINDS = 50;
/** Share of the rows whose kinds are frequent enough, below which text is no category. */
const COVERED = 0.5;

/** Of two words: yes, Yes, YES. */
const MOST_SPELLINGS = 8;
const PAIRS: readonly (readonly [string, string])[] = [
  ["no", "yes"],
  ["n", "y"],
  ["false", "true"],
  ["f", "t"],
  ["off", "on"],
  ["nein", "ja"],
  ["non", "oui"],
  ["no", "sí"],
  ["no", "si"],
  ["no", "sì"],
  ["não", "sim"],
  ["nao", "sim"],
  ["nee", "ja"],
  ["nej", "ja"],
  ["nei", "ja"],
  ["ei", "kyllä"],
  ["nie", "tak"],
  ["ne", "ano"],
  ["nem", "igen"],
  ["hayır", "evet"],
  ["нет", "да"],
  ["否", "是"],
  ["いいえ", "はい"],
  ["falsch", "wahr"],
  ["faux", "vrai"],
  ["falso", "verdadero"],
  ["falso", "verdadeiro"],
  ["falso", "vero"],
];

/** Takes a column for something: what its cells say, unless a type is asked for. */
export function findingOf(look: Look, asked?: ColumnType): Finding {
  const known = look.cells.filter((cell): cell is string => cell !== null);
  if (asked === "ignored") return { type: "ignored", why: "left out by option", notes: [] };
  if (known.length === 0) return { type: "empty", why: "no cell has a value", notes: [] };
  if (asked !== undefined) return asFound(look, known, asked);
  const kinds = countKinds(known);
  if (kinds.size === 1 && known.length === look.cells.length) {
    return { type: "constant", why: `every cell is ${short(known[0])}`, notes: [] };
  }
  if (kinds.size > 1 && every(kinds, isCompactDate)) return dates(kinds, "dmy");
  return (
    pairOf(kinds) ??
    secondsOf(look, kinds) ??
    identifierOf(look, known, kinds) ??
    numberOf(look, kinds) ??
    dateOf(kinds) ??
    orderedOf(kinds) ??
    categoryOf(known, kinds, look.cells.length)
  );
}

/** The type that was asked for, with what it needs to know of the cells. */
function asFound(look: Look, known: readonly string[], type: ColumnType): Finding {
  const why = "by option";
  const kinds = countKinds(known);
  if (type === "number") return { ...numbers(kinds, look.likely, false), why };
  if (type === "date") {
    return { ...(sinceEpoch(kinds) ?? dates(kinds, orderOf([...kinds.keys()])?.order ?? "dmy")), why };
  }
  if (type === "ordered") {
    const levels = levelsOf([...kinds.keys()]) ?? [...kinds.keys()].sort(byNumberOrName);
    return { type, why, notes: [], kinds: levels };
  }
  if (type === "boolean" && kinds.size <= 2) {
    const [no, yes = no] = [...kinds.keys()].sort(byNumberOrName);
    return { ...(pairOf(kinds) ?? { type: "boolean", notes: [], pair: [no, yes] }), why };
  }
  if (type === "category" || type === "boolean") {
    return { type: "category", why, notes: [], kinds: frequent(kinds, known.length) };
  }
  return { type, why, notes: [] };
}

function pairOf(kinds: Kinds): Finding | null {
  const names = [...kinds.keys()];
  const words = names.length > MOST_SPELLINGS ? [] : [...new Set(names.map((name) => name.toLowerCase()))];
  if (words.length < 1 || words.length > 2) return null;
  const pair = PAIRS.find(([no, yes]) => words.every((word) => word === no || word === yes));
  if (!pair) return null;
  const [no, yes] = pair.map((word) => names.find((name) => name.toLowerCase() === word) ?? word);
  return { type: "boolean", why: names.map(short).join(" or "), notes: [], pair: [no, yes] };
}

const NAMED_IDENTIFIER =
  /(?:^|[^a-z])(?:id|ids|pid|uid|uuid|guid|key|index|row|row ?number|record|no|nr|num|number|serial|instant|obs|observation|order|case|sno|s\.no|unnamed.*|)#?$/i;

/** All cells differ, and they count rows or are named like it. */
function identifierOf(look: Look, known: readonly string[], kinds: Kinds): Finding | null {
  const { cells, named, name, first } = look;
  if (kinds.size < cells.length || cells.length < 10) return null;
  const found = (why: string): Finding => ({ type: "identifier", why, notes: [] });
  const whole = known.every((cell) => /^\d+$/.test(cell));
  if (whole) {
    const values = known.map(Number);
    const counts = values.every((value, i) => i === 0 || value === values[i - 1] + 1);
    const says = named ? NAMED_IDENTIFIER.test(name) : first;
    if (says && counts) return found("it numbers the rows");
    if (named && says) return found("every row has another whole number, and the name says so");
    if (known.some(isCode)) return found("every row has another code");
    const long = values.every((value) => value >= 1000);
    return !named && first && long ? found("the first column, with another whole number in every row") : null;
  }
  const digits = affixed(known[0])?.digits ?? known[0];
  if (toNumber(digits) !== null || toNumber(digits, "comma") !== null) return null;
  if (toMoment(known[0], "dmy") !== null || toMoment(known[0], "mdy") !== null) return null;
  if (known.some((cell) => / \S+ /.test(cell))) return null;
  return found("every row has another text");
}

function numberOf(look: Look, kinds: Kinds): Finding | null {
  if (some(kinds, isCode) && every(kinds, (cell) => /^\d+$/.test(cell))) return null;
  const finding = numbers(kinds, look.likely);
  const { decimal } = finding.written;
  const [fine, plain, all] = [
    cellsIn(kinds, (cell) => readNumber(cell, { ...finding.written, absent: [] }) !== null),
    cellsIn(kinds, (cell) => toNumber(cell, decimal) !== null),
    cellsIn(kinds),
  ];
  if (fine < MOSTLY * all) return null;
  // One kind that comes often, as 1Fam among Duplex and Twnhs, makes no column of numbers.
  const read = [...kinds.keys()].filter((cell) => readNumber(cell, { ...finding.written, absent: [] }) !== null);
  if (plain < MOSTLY * all && read.length < MOSTLY * kinds.size) return null;
  // A few words among few numbers are kinds of their own.
  if (plain < all && levelsOf([...kinds.keys()])) return null;
  // 5 May and 12:30 h are numbers with something behind them, too.
  if (plain < MOSTLY * all && dateOf(kinds)) return null;
  return finding;
}

function numbers(kinds: Kinds, likely: Decimal, guessing = true): Finding & { written: Written } {
  const { decimal, ambiguous } = writingOf(bare(kinds), likely);
  let written = writtenWith(kinds, decimal);
  const notes: string[] = [];
  const absent = guessing ? sentinelsIn(valuesIn(kinds, written)) : [];
  for (const value of absent) {
    const count = cellsIn(kinds, (cell) => readNumber(cell, written) === value);
    notes.push(`${count} cells of ${value}, far from all others, count as missing; the type "number" keeps them`);
  }
  const isStray = (cell: string): boolean => readNumber(cell, written) === null;
  const strays = cellsIn(kinds, isStray);
  if (strays > 0) {
    const first = short(firstOf(kinds, isStray));
    notes.push(`${strays} of ${cellsIn(kinds)} cells are no numbers and count as missing, the first ${first}`);
  }
  const limits = cellsWith(kinds, written, "limit");
  if (limits.count > 0) {
    notes.push(`${limits.count} cells are limits and count as the number itself, the first ${short(limits.first)}`);
  }
  const trimmed = cellsWith(kinds, written, "trimmed");
  if (trimmed.count > 0) {
    notes.push(`${trimmed.count} cells have more than a number, which is left out, the first ${short(trimmed.first)}`);
  }
  if (ambiguous !== null) {
    const [one, other] = [toNumber(ambiguous, decimal), toNumber(ambiguous, decimal === "point" ? "comma" : "point")];
    notes.push(`${short(ambiguous)} is read as ${one}; with the other decimal sign it would be ${other}`);
  }
  if (absent.length > 0) written = { ...written, absent };
  return { type: "number", why: reasonOf(written), notes, written };
}

function reasonOf({ decimal, units = {} }: Written): string {
  const commas = decimal === "comma" ? " with decimal commas" : "";
  const names = Object.keys(units).filter((unit) => unit !== "");
  const behind = names.length > 0 ? `, with ${names.slice(0, 4).map(short).join(", ")} behind them` : "";
  return `numbers${commas}${behind}`;
}

/** The cells without their units. */
export function bare(kinds: Kinds): Kinds {
  const digits = new Map<string, number>();
  for (const [cell, count] of kinds) {
    const text = affixed(cell)?.digits ?? cell;
    digits.set(text, (digits.get(text) ?? 0) + count);
  }
  return digits;
}

function valuesIn(kinds: Kinds, written: Written): Map<number, number> {
  const values = new Map<number, number>();
  for (const [cell, count] of kinds) {
    const value = readNumber(cell, written);
    if (value !== null) values.set(value, (values.get(value) ?? 0) + count);
  }
  return values;
}

/** Names of columns that hold moments. */
const NAMED_MOMENT =
  /(?:^|[^a-z])(?:ts|time|date|datetime|epoch|unix|utc|created|updated|at)(?:[^a-z]|$)|timestamp|epoch|unixtime/i;
/** From 1990 to 2040, in seconds. */
const SECONDS = [631_152_000, 2_208_988_800] as const;

/** Seconds or milliseconds since 1970, in a column that is named like it. */
function secondsOf({ named, name }: Look, kinds: Kinds): Finding | null {
  return named && NAMED_MOMENT.test(name) ? sinceEpoch(kinds) : null;
}

function sinceEpoch(kinds: Kinds): Finding | null {
  const within = (scale: number) => (cell: string) =>
    /^\d{10}(?:\d{3})?(?:\.\d+)?$/.test(cell) &&
    Number(cell) >= SECONDS[0] * scale &&
    Number(cell) <= SECONDS[1] * scale;
  const order = every(kinds, within(1)) ? "seconds" : every(kinds, within(1000)) ? "milliseconds" : null;
  return order && { type: "date", why: `${order} since 1970`, notes: [], order };
}

function dateOf(kinds: Kinds): Finding | null {
  const order = orderOf(kinds.keys());
  if (order === null) return null;
  const fine = cellsIn(kinds, (cell) => toMoment(cell, order.order) !== null);
  return fine < MOSTLY * cellsIn(kinds) ? null : dates(kinds, order.order, order.ambiguous);
}

function dates(kinds: Kinds, order: DateOrder, ambiguous = false): Finding {
  const notes: string[] = [];
  const isStray = (cell: string): boolean => toMoment(cell, order) === null;
  if (some(kinds, isStray)) {
    notes.push(`cells that are no dates count as missing, the first ${short(firstOf(kinds, isStray))}`);
  }
  if (ambiguous) {
    notes.push(
      `days and months cannot be told apart; ${order === "mdy" ? "the month" : "the day"} is taken to come first`,
    );
  }
  return { type: "date", why: "dates or times", notes, order };
}

/** The different cells of a column in the order in which they come, and how often each does. */
type Kinds = ReadonlyMap<string, number>;

function cellsIn(kinds: Kinds, fits: (cell: string) => boolean = () => true): number {
  let cells = 0;
  for (const [cell, count] of kinds) if (fits(cell)) cells += count;
  return cells;
}

function some(kinds: Kinds, fits: (cell: string) => boolean): boolean {
  for (const cell of kinds.keys()) if (fits(cell)) return true;
  return false;
}

function every(kinds: Kinds, fits: (cell: string) => boolean): boolean {
  return !some(kinds, (cell) => !fits(cell));
}

function firstOf(kinds: Kinds, fits: (cell: string) => boolean): string {
  for (const cell of kinds.keys()) if (fits(cell)) return cell;
  return "";
}

function orderedOf(kinds: Kinds): Finding | null {
  const levels = levelsOf([...kinds.keys()]);
  return levels && { type: "ordered", why: levels.map(short).join(" < "), notes: [], kinds: levels };
}

function categoryOf(known: readonly string[], kinds: Kinds, rows: number): Finding {
  const kept = frequent(kinds, known.length);
  const covered = kept.reduce((sum, kind) => sum + (kinds.get(kind) as number), 0);
  if (kept.length === 0 || covered < COVERED * known.length) {
    return { type: "text", why: `${kinds.size} different texts in ${rows} rows`, notes: [] };
  }
  const rare = kinds.size - kept.length;
  const notes = rare > 0 ? [`${rare} of ${kinds.size} kinds are rare and count as other`] : [];
  return { type: "category", why: `${kinds.size} ${kinds.size === 1 ? "kind" : "kinds"}`, notes, kinds: kept };
}

/** Kinds that are not rare, the most frequent first. */
function frequent(kinds: Kinds, rows: number): string[] {
  const least = Math.min(Math.max(LEAST_ROWS, LEAST_SHARE * rows), rows / 2);
  return [...kinds]
    .filter(([, count]) => count >= least)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_KINDS)
    .map(([kind]) => kind);
}

export function countKinds(cells: readonly string[]): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const cell of cells) kinds.set(cell, (kinds.get(cell) ?? 0) + 1);
  return kinds;
}

/** Numbers by size, then texts by their letters. */
export function byNumberOrName(a: string, b: string): number {
  const [x, y] = [toNumber(a), toNumber(b)];
  if (x !== null && y !== null) return x - y || (a < b ? -1 : 1);
  if (x !== null || y !== null) return x !== null ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Text of a table that fits into a sentence. */
export function short(text: string): string {
  const plain = text.replaceAll(/\p{C}/gu, "\uFFFD");
  return JSON.stringify(plain.length > 30 ? `${plain.slice(0, 27)}...` : plain);
}
