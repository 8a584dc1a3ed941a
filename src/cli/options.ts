import { badInput } from "./errors.js";
import { suggestion } from "./nearest.js";
import { quote } from "./output/format.js";

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A decimal number, or null for anything else; never infinite. */
function toNumber(text: string): number | null {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

/** Turns the text given for an option into its value, or ends with what was expected. */
export type Parser<T> = (option: string, text: string) => T;

function expected(option: string, what: string, text: string): never {
  return badInput(`${option}: expected ${what}, got ${quote(text)}`);
}

function numberWhere(what: string, accept: (value: number) => boolean): Parser<number> {
  return (option, text) => {
    const value = toNumber(text.trim());
    return value !== null && accept(value) ? value : expected(option, what, text);
  };
}

export const positive = numberWhere("a positive number", (x) => x > 0);
export const nonNegative = numberWhere("a number of at least 0", (x) => x >= 0);
export const share = numberWhere("a share in [0, 1), as in 0.2", (x) => x >= 0 && x < 1);
export const probability = numberWhere('a probability in (0, 1), or "balanced"', (x) => x > 0 && x < 1);
export const percentage = numberWhere("a percentage between 0 and 100, as in 95", (x) => x > 0 && x < 100);
export const positiveInteger = numberWhere("a positive whole number", (x) => Number.isSafeInteger(x) && x >= 1);
export const threadCount = numberWhere("a whole number from 1 to 64", (x) => Number.isInteger(x) && x >= 1 && x <= 64);
export const wholeNumber = numberWhere("a whole number of at least 0", (x) => Number.isSafeInteger(x) && x >= 0);

export function oneOf<T extends string>(names: readonly T[]): Parser<T> {
  return (option, text) => {
    const name = names.find((known) => known === text);
    return name ?? badInput(`${option}: expected a known name, got ${quote(text)}${suggestion(text, names)}`);
  };
}

/** Units of the hidden layers: `64,32`, or `none`. */
export const layers: Parser<readonly number[]> = (option, text) => {
  if (text === "none") return [];
  return text.split(",").map((part) => {
    const units = toNumber(part.trim());
    if (units !== null && Number.isSafeInteger(units) && units >= 1) return units;
    return expected(option, 'positive whole numbers with commas between, as in 64,32, or "none"', text);
  });
};

/** Two shares with a comma between. */
export const shares: Parser<readonly number[]> = (option, text) => {
  const parts = text.split(",").map((part) => toNumber(part.trim()));
  const fine = parts.length === 2 && parts.every((value) => value !== null && value >= 0 && value < 1);
  return fine ? (parts as number[]) : expected(option, "two shares in [0, 1), as in 0.9,0.999", text);
};

export const trueOrFalse: Parser<boolean> = (option, text) => {
  if (["true", "yes"].includes(text)) return true;
  return ["false", "no"].includes(text) ? false : expected(option, "yes or no", text);
};

/** The name of a file, with one of some endings. */
export function fileEnding(...endings: readonly string[]): Parser<string> {
  return (option, text) => {
    if (endings.some((ending) => text.toLowerCase().endsWith(ending) && text.length > ending.length)) return text;
    return expected(option, `a file name that ends in ${endings.join(", ").replace(/, ([^,]*)$/, " or $1")}`, text);
  };
}
