import { isObject, show, wrongType, wrongValue } from "../check.js";
import { isFloatArray } from "../linalg/matrix.js";
import type { FloatArray } from "../wasm/workspace.js";

/**
 * Plain data (numbers, strings, booleans, null, arrays, objects and float arrays) as JSON has it,
 * to the same bits: a number that JSON has no word for becomes { "$number": "NaN" }, and a float
 * array { "$tensor": name }, its numbers being kept elsewhere.
 */

/** Deeper than anything that is saved, and far from the end of any stack. */
const DEEPEST = 32;

const UNSPEAKABLE = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** Names in files may be of any length, those in messages not. */
export function clip(name: string): string {
  return name.length > 100 ? `${name.slice(0, 97)}...` : name;
}

/** A number where JSON can say it, else its name. */
export function speak(value: number): number | string {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The number that `speak` gave, or undefined. */
export function listen(spoken: unknown): number | undefined {
  return typeof spoken === "number" ? spoken : UNSPEAKABLE.get(spoken as string);
}

/**
 * Plain data as JSON has it; `keep` takes float arrays away and gives the names to find them by.
 */
export function encode(
  where: string,
  name: string,
  value: unknown,
  keep: (path: string, data: FloatArray) => string,
  depth = 0,
): unknown {
  if (depth > DEEPEST) wrongValue(where, name, `data nested at most ${DEEPEST} deep`, "deeper");
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    const spoken = speak(value);
    return typeof spoken === "number" ? spoken : { $number: spoken };
  }
  if (isFloatArray(value)) return { $tensor: keep(name, value) };
  if (Array.isArray(value)) {
    return Array.from(value, (item: unknown, i) => encode(where, `${name}[${i}]`, item, keep, depth + 1));
  }
  if (!isPlain(value)) {
    wrongType(where, name, "plain data: numbers, strings, booleans, null, arrays, objects and float arrays", value);
  }
  const encoded: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    checkKey(where, name, key);
    // As JSON has it: what is undefined is left out.
    if (inner !== undefined) encoded[key] = encode(where, `${name}.${key}`, inner, keep, depth + 1);
  }
  return encoded;
}

/** Plain data again; `take` gives the float array of a name. */
export function decode(
  where: string,
  name: string,
  value: unknown,
  take: (tensor: string) => FloatArray,
  depth = 0,
): unknown {
  if (depth > DEEPEST) wrongValue(where, name, `data nested at most ${DEEPEST} deep`, "deeper");
  if (Array.isArray(value)) {
    return value.map((item: unknown, i) => decode(where, clip(`${name}[${i}]`), item, take, depth + 1));
  }
  if (!isObject(value)) return value;
  if ("$number" in value) {
    const number = UNSPEAKABLE.get(value.$number as string);
    return number ?? wrongValue(where, name, [...UNSPEAKABLE.keys()].join(", "), show(value.$number));
  }
  if ("$tensor" in value) {
    if (typeof value.$tensor !== "string") wrongType(where, name, "the name of a tensor", value.$tensor);
    return take(value.$tensor);
  }
  const decoded: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    checkKey(where, name, key);
    decoded[key] = decode(where, clip(`${name}.${key}`), inner, take, depth + 1);
  }
  return decoded;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm, as structured cloning in a test's sandbox makes them, have a
  // prototype of their own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** `__proto__` would set the prototype of the object that it is read into. */
function checkKey(where: string, name: string, key: string): void {
  if (key === "__proto__" || key.startsWith("$")) {
    wrongValue(where, name, 'names other than "__proto__" that do not begin with "$"', show(key));
  }
}
