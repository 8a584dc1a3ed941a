import { isObject } from "../../check.js";
import { scheduleNames } from "../../jobs/schedules.js";
import { columnTypes } from "../../tables/index.js";
import { methodNames } from "../training/optimizer.js";
import { missingChoices, tasks } from "../training/settings.js";

/**
 * Where in a value something is not as it should be, as in `settings.seed`; null where all is well.
 */
type Shape = (value: unknown, place: string) => string | null;

/** What a model's metadata has to look like; numbers of columns and classes are looked at apart. */
export function misplaced(metadata: unknown): string | null {
  return record(metadata, "");
}

function where(accept: (value: unknown) => boolean): Shape {
  return (value, place) => (accept(value) ? null : place);
}

function oneOf(names: readonly unknown[]): Shape {
  return where((value) => names.includes(value));
}

function nullable(shape: Shape): Shape {
  return (value, place) => (value === null ? null : shape(value, place));
}

/** Of a key that may be left out. */
function optional(shape: Shape): Shape {
  return (value, place) => (value === undefined ? null : shape(value, place));
}

function list(shape: Shape): Shape {
  return (value, place) => (Array.isArray(value) ? first(value.map((one, i) => shape(one, `${place}.${i}`))) : place);
}

function object(shapes: Record<string, Shape>): Shape {
  return (value, place) => {
    if (!isObject(value)) return place;
    return first(
      Object.entries(shapes).map(([key, shape]) => shape(value[key], place === "" ? key : `${place}.${key}`)),
    );
  };
}

function first(places: readonly (string | null)[]): string | null {
  return places.find((place) => place !== null) ?? null;
}

const number = where(Number.isFinite);
const nonNegative = where((value) => Number.isFinite(value) && (value as number) >= 0);
const positive = where((value) => Number.isFinite(value) && (value as number) > 0);
const share = where((value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) < 1);
const probability = where((value) => Number.isFinite(value) && (value as number) > 0 && (value as number) < 1);
const count = where((value) => Number.isSafeInteger(value) && (value as number) >= 0);
const positiveCount = where((value) => Number.isSafeInteger(value) && (value as number) >= 1);
const text = where((value) => typeof value === "string");
const flag = oneOf([true, false]);

const scale = object({ mean: list(number), deviation: list(nonNegative) });

/** Of a run that has diverged, not finite; JSON has null for it. */
const measure = nullable(where((value) => typeof value === "number"));
const score = object({
  rows: count,
  loss: measure,
  ...measures(),
  baseline: optional(object(measures())),
  verdict: optional(oneOf(["better", "worse", "unclear"])),
});

function measures(): Record<string, Shape> {
  const names = ["accuracy", "balancedAccuracy", "auc", "logLoss", "rmse", "mae", "r2"];
  return Object.fromEntries(names.map((name) => [name, optional(measure)]));
}

/** The optimizer itself refuses values that it cannot use. */
const options: Shape = (value, place) =>
  isObject(value)
    ? first(
        Object.entries(value).map(([key, option]) =>
          ["number", "string", "boolean"].includes(typeof option) ? null : list(number)(option, `${place}.${key}`),
        ),
      )
    : place;

const decimal = oneOf(["point", "comma"]);
const order = oneOf(["dmy", "mdy", "seconds", "milliseconds"]);

/** Numbers by any names. */
const factors: Shape = (value, place) =>
  isObject(value) ? first(Object.entries(value).map(([key, one]) => number(one, `${place}.${key}`))) : place;
const written = { decimal, units: optional(factors), absent: optional(list(number)) };

/** One of several kinds of object, identified by a key. */
function tagged(key: string, kinds: Record<string, Record<string, Shape>>): Shape {
  return (value, place) => {
    if (!isObject(value) || typeof value[key] !== "string" || !Object.hasOwn(kinds, value[key])) return place;
    return object(kinds[value[key]])(value, place);
  };
}

const encoding = tagged("kind", {
  number: { ...written, median: nullable(number), flag, unit: nullable(positive), reach: nullable(positive) },
  boolean: { yes: text, no: text, flag },
  category: { kinds: list(text), other: flag, flag },
  ordered: { levels: list(text), flag },
  date: { order, median: nullable(number), parts: list(oneOf(["days", "year", "week", "day"])), flag },
});

const column = object({
  ...{ name: text, place: count, type: oneOf([...columnTypes, "constant", "empty"]), why: text, notes: list(text) },
  ...{ missing: count, encoding: nullable(encoding) },
});

const target = tagged("task", {
  classification: { name: text, classes: list(text), numeric: flag },
  regression: { name: text, ...written, unit: nullable(positive) },
});

const someOf =
  (shape: Shape): Shape =>
  (value, place) =>
    Array.isArray(value) && value.length > 0 ? list(shape)(value, place) : place;

const table = object({
  ...{ version: oneOf([1]), columns: list(column), targetPlaces: list(count), targets: someOf(target) },
  ...{ targetNotes: list(text), named: flag, width: count, markers: list(text), inputScale: scale },
  targetScale: nullable(scale),
  threshold: probability,
});

const settings = object({
  ...{ target: optional(text), ignore: optional(text), header: optional(flag), task: optional(oneOf(tasks)) },
  ...{ types: optional(text), decimal: optional(decimal), missingMarkers: optional(text) },
  targetScale: optional(oneOf(["linear", "log"])),
  threshold: (value, place) => (value === undefined || value === "balanced" ? null : probability(value, place)),
  separator: optional(oneOf([",", ";", "\t", "|", "space"])),
  ...{ missing: oneOf(missingChoices), testShare: share, validation: share, seed: count },
  ...{ hidden: list(positiveCount), activation: text, batchNorm: flag, l1: nonNegative, l2: nonNegative },
  ...{ dtype: oneOf(["f32", "f64"]), simd: oneOf(["auto", "strict", "relaxed"]) },
  optimizer: object({ method: oneOf(methodNames), options }),
  ...{ schedule: oneOf(scheduleNames), epochs: positiveCount, clip: optional(positive) },
  batchSize: (value, place) => (value === "all" ? null : positiveCount(value, place)),
  earlyStopping: optional(positiveCount),
  penalty: optional(oneOf(["evidence"])),
});

const record = object({
  data: object({ path: text, sha256: text, rows: count }),
  ...{ table, settings },
  outcome: nullable(
    object({
      ...{ status: text, reason: text, epochs: count, steps: count },
      ...{ training: score, validation: nullable(score), test: nullable(score) },
    }),
  ),
});
