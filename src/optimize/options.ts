import { checkBoolean, checkKeys, checkNonNegative, checkObject, checkPositive, checkShare } from "../check.js";

type Kind = "positive" | "non-negative" | "share" | "closed share" | "boolean";

/** An option's default and what it may be. */
type Row = readonly [fallback: number | boolean, kind: Kind];

type Values<T extends Record<string, Row>> = { [K in keyof T]: T[K][0] extends boolean ? boolean : number };

/** Checks an optimizer's options against its table and fills in the defaults. */
export function resolveOptions<T extends Record<string, Row>>(
  where: string,
  table: T,
  given: unknown,
  others: readonly string[] = [],
): Values<T> {
  checkObject(where, "options", given);
  checkKeys(where, given, [...Object.keys(table), ...others]);
  const values: Record<string, number | boolean> = {};
  for (const [name, [fallback, kind]] of Object.entries(table)) {
    const { [name]: value = fallback } = given;
    checkOption(where, name, value, kind);
    values[name] = value as number | boolean;
  }
  return values as Values<T>;
}

function checkOption(where: string, name: string, value: unknown, kind: Kind): void {
  if (kind === "positive") checkPositive(where, name, value);
  else if (kind === "non-negative") checkNonNegative(where, name, value);
  else if (kind === "boolean") checkBoolean(where, name, value);
  else checkShare(where, name, value, kind === "closed share");
}
