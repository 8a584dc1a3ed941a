/**
 * Every argument assertion. Messages are built only on failure:
 * `where: "name" expected X, got Y; remedy`.
 */

/** How a value looks in a message: short, and telling its type where that matters. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}...` : value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${(value as Float64Array).length}`;
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "an object";
  return String(value);
}

function message(where: string, name: string, expected: string, got: string, remedy?: string): string {
  return `${where}: "${name}" expected ${expected}, got ${got}${remedy ? `; ${remedy}` : ""}`;
}

/** The wrong kind of value. */
export function wrongType(where: string, name: string, expected: string, value: unknown, remedy?: string): never {
  throw new TypeError(message(where, name, expected, show(value), remedy));
}

/** The right kind with a value that cannot be used. */
export function wrongValue(where: string, name: string, expected: string, got: string, remedy?: string): never {
  throw new RangeError(message(where, name, expected, got, remedy));
}

/**
 * The name that a value's class gives itself, whatever realm it comes from (frames and test runners
 * have classes of their own).
 */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

export function isFloat64(value: unknown): value is Float64Array {
  return ArrayBuffer.isView(value) && tagOf(value) === "Float64Array";
}

export function isFloat32(value: unknown): value is Float32Array {
  return ArrayBuffer.isView(value) && tagOf(value) === "Float32Array";
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

export function checkObject(where: string, name: string, value: unknown): asserts value is Record<string, unknown> {
  if (!isObject(value)) wrongType(where, name, "an object", value);
}

/** Refuses properties that are not in `known`, and names the nearest one. */
export function checkKeys(where: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new TypeError(`${where}: unknown option ${show(key)}; ${suggestion(key, known)}`);
    }
  }
}

export function checkChoice<T extends string>(
  where: string,
  name: string,
  value: unknown,
  known: readonly T[],
): asserts value is T {
  if (typeof value !== "string") wrongType(where, name, `one of ${known.join(", ")}`, value);
  if (!known.includes(value as T)) {
    wrongValue(where, name, "a known name", show(value), suggestion(value, known));
  }
}

export function checkNumber(
  where: string,
  name: string,
  value: unknown,
  expected: string,
  accept: (value: number) => boolean,
): asserts value is number {
  if (typeof value !== "number") wrongType(where, name, expected, value);
  if (!accept(value)) wrongValue(where, name, expected, String(value));
}

export function checkPositive(where: string, name: string, value: unknown): asserts value is number {
  checkNumber(where, name, value, "a positive finite number", (x) => x > 0 && x < Infinity);
}

export function checkNonNegative(where: string, name: string, value: unknown): asserts value is number {
  checkNumber(where, name, value, "a finite number of at least 0", (x) => x >= 0 && x < Infinity);
}

/** A number in [0, 1), or in [0, 1] where `closed`. */
export function checkShare(where: string, name: string, value: unknown, closed = false): asserts value is number {
  checkNumber(where, name, value, closed ? "a number in [0, 1]" : "a number in [0, 1)", (x) =>
    closed ? x >= 0 && x <= 1 : x >= 0 && x < 1,
  );
}

export function checkInteger(where: string, name: string, value: unknown, least: number): asserts value is number {
  const expected = least === 1 ? "a positive integer" : `an integer of at least ${least}`;
  checkNumber(where, name, value, expected, (x) => Number.isSafeInteger(x) && x >= least);
}

export function checkBoolean(where: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") wrongType(where, name, "true or false", value);
}

export function checkFunction(where: string, name: string, value: unknown): void {
  if (typeof value !== "function") wrongType(where, name, "a function", value);
}

/** A vector of `count` numbers that are finite, in single precision if `dtype` says so. */
export function checkVector(
  where: string,
  name: string,
  values: unknown,
  count: number,
  dtype: "f32" | "f64",
): ArrayLike<number> {
  if (!Array.isArray(values) && !ArrayBuffer.isView(values)) wrongType(where, name, "an array of numbers", values);
  const vector = values as ArrayLike<number>;
  if (vector.length !== count) wrongValue(where, name, `${count} numbers`, String(vector.length));
  const single = dtype === "f32";
  for (let i = 0; i < count; ++i) {
    const value: unknown = vector[i];
    if (typeof value !== "number") wrongType(where, name, `a number at index ${i}`, value);
    if (!Number.isFinite(single ? Math.fround(value) : value)) {
      wrongValue(
        where,
        name,
        single ? "numbers that are finite in single precision" : "finite numbers",
        `${value} at index ${i}`,
      );
    }
  }
  return vector;
}

/** Index of the first NaN or infinity, or −1. */
export function firstNonFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; ++i) {
    if (!Number.isFinite(values[i])) return i;
  }
  return -1;
}

function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestOf(word, known);
  return nearest === null ? `known: ${known.join(", ")}` : `did you mean "${nearest}"?`;
}

/** The known word that takes the fewest edits to reach, if that is about half of it or less. */
export function nearestOf(word: string, known: readonly string[]): string | null {
  let nearest: string | null = null;
  // Two letters swapped are a distance of 2.
  let least = Math.max(1, Math.floor(word.length / 2)) + 1;
  for (const candidate of known) {
    if (Math.abs(word.length - candidate.length) >= least) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    const next = [i];
    for (let j = 1; j <= b.length; ++j) {
      const substituted = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
