/** Numbers as people write them: 1,234.5 and 1.234,5, with signs, currencies and per cent. */

/** What separates whole units from fractions. */
export type Decimal = "point" | "comma";

/** What programs write; most cells of most files. */
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const THOUSANDS = /^[+-]?\d{1,3}\.\d{3}(?:e[+-]?\d+)?$/i;
const SPACES = /[\s\u00a0\u2007\u2009\u202f]+/g;
const CURRENCY =
  /^(?:[\p{Sc}]|(?:usd|eur|gbp|chf|jpy|cny|inr|brl|rub|sek|nok|dkk|pln|czk|aud|cad|us\$|rs\.?|kr\.?|r\$)(?![a-z]))/iu;
const CURRENCY_AFTER =
  /(?:[\p{Sc}]|(?<![a-z])(?:usd|eur|gbp|chf|jpy|cny|inr|brl|rub|sek|nok|dkk|pln|czk|aud|cad|kr\.?))$/iu;
/**
 * Groups of thousands; the first of them may be shorter, and the others have two digits in India.
 */
const GROUPED: Record<Decimal, RegExp> = {
  point: /^(?:\d{1,3}(?:[,'’_]\d{2,3})*[,'’_]\d{3}|\d+)?(?:\.\d*)?(?:e[+-]?\d+)?$/i,
  comma: /^(?:\d{1,3}(?:[.'’_]\d{2,3})*[.'’_]\d{3}|\d+)?(?:,\d*)?(?:e[+-]?\d+)?$/i,
};

/**
 * The number without sign, currency, per cent and spaces, and its sign; null where that leaves no
 * digit.
 */
function core(text: string): { digits: string; negative: boolean } | null {
  if (!/\d/.test(text)) return null;
  let rest = text.replaceAll("\u2212", "-").replaceAll(SPACES, " ").trim();
  let negative = false;
  const within = /^\((.*)\)$/.exec(rest);
  if (within) [rest, negative] = [within[1].trim(), true];
  rest = rest.replace(/\s?%$/, "").trim();
  for (let pass = 0; pass < 2; ++pass) {
    const sign = /^[+-]/.exec(rest)?.[0];
    if (sign) {
      if (sign === "-") negative = !negative;
      rest = rest.slice(1).trim();
    }
    rest = rest.replace(CURRENCY, "").trim();
  }
  rest = rest.replace(CURRENCY_AFTER, "").trim();
  if (/^\d+(?: \d{3})+(?:[.,]\d*)?$/.test(rest)) rest = rest.replaceAll(" ", "");
  return /\d/.test(rest) && !/\s/.test(rest) ? { digits: rest, negative } : null;
}

/**
 * A number of at most 10^150 in size, or null for anything else. Per cent stay per cent: 12 %
 * is 12.
 */
export function toNumber(text: string, decimal: Decimal = "point"): number | null {
  if (PLAIN.test(text)) {
    if (decimal === "point" || !text.includes(".")) return finite(Number(text));
    // A point among decimal commas stands before thousands.
    return THOUSANDS.test(text) ? finite(Number(text.replace(".", ""))) : null;
  }
  const found = core(text);
  if (!found || !GROUPED[decimal].test(found.digits)) return null;
  const [thousands, comma] = decimal === "point" ? [/[,'’_]/g, "."] : [/[.'’_]/g, ","];
  const value = Number(found.digits.replaceAll(thousands, "").replace(comma, "."));
  return finite(found.negative ? -value : value);
}

/** How a column's numbers are written: plain data, kept with a model. */
export interface Written {
  /** What separates whole units from fractions. */
  readonly decimal: Decimal;
  /** Factors of the units behind the numbers, in lower case; "" for none. Absent: no units. */
  readonly units?: Readonly<Record<string, number>>;
  /** Numbers that stand for missing values. Absent: none. */
  readonly absent?: readonly number[];
}

/**
 * A limit or a mark, a number, its unit or what it is out of, and an addition: "<0.5 mg/l", "7.5/10
 * **".
 */
const AFFIXED =
  /^(?<limit>[<>≤≥]=?)?\s*(?<mark>~|≈|ca\.|approx\.)?\s*(?<digits>\(?[^\p{L}<>≤≥~≈/±*()]*\d[.,]?\)?)\s*(?<unit>°?[\p{L}µ‰°][\p{L}µ²³°/·.]{0,14}|\/\d{1,4})?\s*(?<addition>±[^\p{L}]*|\([^()]*\)|[*†‡]+)?$/u;

/** No number with its unit takes more characters; matching long texts would take long. */
const LONGEST = 60;

/** A number with what stands around it. */
export interface Affixed {
  readonly digits: string;
  /** In lower case; "" for none. */
  readonly unit: string;
  readonly limit: boolean;
  /** Whether a mark, or an addition such as ± 0.2, is left out. */
  readonly trimmed: boolean;
}

/** A number without what stands around it; null where nothing does, or the rest is no number. */
export function affixed(text: string): Affixed | null {
  if (text.length > LONGEST) return null;
  const { limit, mark, digits, unit = "", addition } = AFFIXED.exec(text)?.groups ?? {};
  const trimmed = mark !== undefined || addition !== undefined;
  if (digits === undefined || (limit === undefined && unit === "" && !trimmed)) return null;
  return { digits: digits.trim(), unit: plainUnit(unit), limit: limit !== undefined, trimmed };
}

/** hours and hour, KG. and kg are one. */
function plainUnit(unit: string): string {
  const plain = unit.toLowerCase().replace(/\.$/, "");
  return plain.length > 3 ? plain.replace(/s$/, "") : plain;
}

/** The number of a cell, or null where it holds none or one that stands for a missing value. */
export function readNumber(text: string, { decimal, units, absent }: Written): number | null {
  const plain = toNumber(text, decimal);
  if (plain !== null) return absent?.includes(plain) ? null : plain * (units?.[""] ?? 1);
  const found = units && affixed(text);
  if (!found || !Object.hasOwn(units, found.unit)) return null;
  const value = toNumber(found.digits, decimal);
  return value === null ? null : finite(value * units[found.unit]);
}

/** Beyond it squares, ranges and quotients of a column's numbers may be infinite. */
const LARGEST = 1e150;

function finite(value: number): number | null {
  if (isUsual(value)) return value;
  return Math.abs(value) < 1 ? 0 : null;
}

/** Whether a number is 0, or of a size that a column may hold. */
export function isUsual(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size <= LARGEST && size >= 1 / LARGEST);
}

/** How the numbers of a column are written. */
export interface Writing {
  readonly decimal: Decimal;
  /**
   * A cell that would be another number with the other decimal sign, where no cell decides which is
   * meant.
   */
  readonly ambiguous: string | null;
}

/**
 * Decides by the whole column: the decimal sign that makes numbers of more cells. Where both do,
 * points are decimal signs, and so are commas only if `likely` says so: a column of 1,234 alone
 * does not tell.
 */
export function writingOf(kinds: ReadonlyMap<string, number>, likely: Decimal = "point"): Writing {
  let [point, comma] = [0, 0];
  let ambiguous: string | null = null;
  for (const [cell, count] of kinds) {
    const [a, b] = [toNumber(cell, "point"), toNumber(cell, "comma")];
    if (a !== null) point += count;
    if (b !== null) comma += count;
    if (a !== null && b !== null && a !== b) ambiguous ??= cell;
  }
  if (point !== comma) return { decimal: point > comma ? "point" : "comma", ambiguous: null };
  if (ambiguous === null) return { decimal: likely, ambiguous };
  // 1.234 is how programs write a fraction; 1,234 may be either.
  const holds = (sign: string): boolean => Array.from(kinds.keys()).some((cell) => cell.includes(sign));
  const decimal = holds(".") ? "point" : likely;
  return { decimal, ambiguous: decimal === "point" && !holds(",") ? null : ambiguous };
}

/**
 * Whether a text of digits says more than its number: a leading zero, or more digits than a double
 * has.
 */
export function isCode(text: string): boolean {
  return /^0\d+$/.test(text) || (/^\d{16,}$/.test(text) && String(Number(text)) !== text);
}
