// Oracle: none is needed. Whatever the bytes, what is read is whole and saves again to the same, or
// the error is one of the library's own; and no array is asked for that the file could not fill.

import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { fromJson, fromSafetensors, type Saved, toJson, toSafetensors } from "../../src/formats/index.js";
import { init } from "../../src/index.js";
import { type Anything, expectSame, running } from "./support.js";

beforeAll(() => init({ simd: "strict" }));

const RUNS = 10_000;

/**
 * A network of two layers, one with batch norm, in the middle of a run, and things that belong to
 * it.
 */
const { net, checkpoint } = running("batch norm relu", { dtype: "f32" });
const options = {
  checkpoint,
  metadata: { means: Float64Array.of(1, -0, Number.NaN), classes: ["a", "b"], radius: -0 },
};
const text = toJson(net, options);
const file = toSafetensors(net, options);
const headerLength = Number(new DataView(file.buffer).getBigUint64(0, true));
const header = new TextDecoder().decode(file.subarray(8, 8 + headerLength));
const tensors = file.subarray(8 + headerLength);

let deep: unknown = 0;
for (let i = 0; i < 300; ++i) deep = i % 2 ? [deep] : { deep };

const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      false,
      "",
      "NaN",
      "-0",
      "__proto__",
      "constructor",
      "relu",
      "f32",
      "f64",
      "F64",
      "I32",
      "x".repeat(1000),
    ],
    ...[-1, 0, 1, 2, 0.5, -0, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e308, 5e-324],
    ...[[], {}, [[]], [null], deep, new Array(200).fill({ units: 1 }), new Array(200).fill(2 ** 53 - 1)],
    ...[
      { $number: "NaN" },
      { $number: "-0" },
      { $number: 3 },
      { $tensor: "metadata.means" },
      { $tensor: "layers.0.bias" },
    ],
    ...[
      { $tensor: "checkpoint.optimizer.vectors.m" },
      { $tensor: {} },
      JSON.parse('{"__proto__": {"polluted": true}}'),
    ],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

interface Change {
  at: number;
  how: "replace" | "remove" | "add" | "exchange";
  value: unknown;
  key: string;
  other: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom("replace", "remove", "add", "exchange"),
  value: hostile,
  key: fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "layers.0.weight",
    "$tensor",
    "units",
    "length",
    "spec",
    "x",
  ),
  other: fc.nat(),
});

/** Every place in a document that something hangs on. */
function placesIn(value: Anything, places: [holder: Anything, key: string][] = []): [holder: Anything, key: string][] {
  if (typeof value !== "object" || value === null) return places;
  for (const key of Object.keys(value)) {
    places.push([value, key]);
    placesIn(value[key], places);
  }
  return places;
}

/** A copy with changes made at places that the numbers choose. */
function changed(document: string, changes: readonly Change[]): Anything {
  const copy: Anything = JSON.parse(document);
  for (const { at, how, value, key, other } of changes) {
    const places = placesIn(copy);
    if (places.length === 0) break;
    const [holder, name] = places[at % places.length]!;
    const set = (where: Anything, to: string, what: unknown): void => {
      Object.defineProperty(where, to, { value: what, enumerable: true, configurable: true, writable: true });
    };
    if (how === "replace") set(holder, name, copyOf(value));
    else if (how === "remove") delete holder[name];
    else if (how === "add") set(holder, Array.isArray(holder) ? String(holder.length) : key, copyOf(value));
    else {
      const [second, nameThere] = places[other % places.length]!;
      set(holder, name, copyOf(second[nameThere]));
    }
  }
  return copy;
}

/** Through JSON, so that no circle comes of changing what was put in before. */
function copyOf(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

const cuts = fc.record({ from: fc.nat(), to: fc.nat() });
const flips = fc.array(fc.record({ at: fc.nat(), to: fc.nat(255) }), { minLength: 1, maxLength: 6 });

const texts: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.json() },
  {
    weight: 2,
    arbitrary: cuts.map(
      ({ from, to }) => text.slice(0, to % text.length) + (from % 2 ? text.slice(from % text.length) : ""),
    ),
  },
  {
    weight: 2,
    arbitrary: flips.map((list) =>
      list.reduce(
        (t, { at, to }) => t.slice(0, at % t.length) + String.fromCharCode(to) + t.slice((at % t.length) + 1),
        text,
      ),
    ),
  },
  {
    weight: 6,
    arbitrary: fc
      .array(change, { minLength: 1, maxLength: 3 })
      .map((changes) => JSON.stringify(changed(text, changes))),
  },
);

function fileOf(head: string, length = -1, behind: Uint8Array = tensors): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(head);
  const made = new Uint8Array(8 + bytes.length + behind.length);
  new DataView(made.buffer).setBigUint64(0, BigInt(length < 0 ? bytes.length : length), true);
  made.set(bytes, 8);
  made.set(behind, 8 + bytes.length);
  return made;
}

/** Metadata are strings of JSON: the changes are made inside of them. */
function withMetadata(changes: readonly Change[], which: string): string {
  const document = JSON.parse(header);
  document.__metadata__[which] = JSON.stringify(changed(document.__metadata__[which], changes)) ?? "";
  return JSON.stringify(document);
}

const files: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.json(), fc.uint8Array({ maxLength: 40 })).map(([head, behind]) => fileOf(head, -1, behind)),
  },
  { weight: 1, arbitrary: fc.maxSafeNat().map((length) => fileOf(header, length)) },
  { weight: 1, arbitrary: fc.nat(600).map((length) => fileOf(header, headerLength + length - 300)) },
  { weight: 2, arbitrary: cuts.map(({ to }) => file.slice(0, to % file.length)) },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ minLength: 1, maxLength: 50 }).map((more) => Uint8Array.of(...file, ...more)),
  },
  {
    weight: 3,
    arbitrary: flips.map((list) => {
      const copy = file.slice();
      for (const { at, to } of list) copy[at % copy.length] = to;
      return copy;
    }),
  },
  {
    weight: 4,
    arbitrary: fc
      .array(change, { minLength: 1, maxLength: 3 })
      .map((changes) => fileOf(JSON.stringify(changed(header, changes)))),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.array(change, { minLength: 1, maxLength: 3 }), fc.constantFrom("spec", "checkpoint", "metadata"))
      .map(([changes, which]) => fileOf(withMetadata(changes, which))),
  },
);

/** Bytes of all arrays that have been made by length while `counting`. */
let allocated = 0;

/**
 * Runs something while every constructor of the arrays that the library makes counts their bytes.
 */
function counting(run: () => void): void {
  const names = ["Float64Array", "Float32Array", "Uint8Array", "ArrayBuffer"] as const;
  const originals = names.map((name) => globalThis[name]);
  const install = (constructors: readonly unknown[]): void => {
    names.forEach((name, i) => {
      Object.defineProperty(globalThis, name, { value: constructors[i], configurable: true, writable: true });
    });
  };
  const counted = originals.map((original) => {
    const size = "BYTES_PER_ELEMENT" in original ? original.BYTES_PER_ELEMENT : 1;
    return new Proxy(original, {
      construct(target, args: [unknown]) {
        if (typeof args[0] === "number") allocated += args[0] * size;
        return Reflect.construct(target, args);
      },
    });
  });
  install(counted);
  try {
    run();
  } finally {
    install(originals);
  }
}

/**
 * Reads what may be anything. Counts what was read, so that a test can tell that it was not all
 * refused at the door.
 */
function reader(where: string, read: (given: never) => Saved, again: (saved: Saved) => Saved) {
  const seen = { read: 0, refused: new Set<string>() };
  const attempt = (given: { length: number }): void => {
    let saved: Saved | undefined;
    const before = allocated;
    try {
      saved = read(given as never);
    } catch (error) {
      const { constructor: kind, message, stack } = error as Error;
      expect([TypeError, RangeError], stack).toContain(kind);
      expect(message).toMatch(new RegExp(`^${where}: ("[^]{0,200}" expected [^]+, got [^]|unknown option )`));
      expect(message.length).toBeLessThan(1000);
      seen.refused.add(message.replace(/, got [\s\S]*|\d+/g, ""));
    }
    expect(allocated - before).toBeLessThan(1000 + 100 * given.length);
    expect(({} as Anything).polluted).toBeUndefined();
    if (!saved) return;
    ++seen.read;
    const { network, ...rest } = again(saved);
    expectSame(network.getParameters(), saved.network.getParameters());
    expectSame(rest, { checkpoint: saved.checkpoint, metadata: saved.metadata, build: saved.build });
  };
  return { attempt, seen };
}

function optionsOf({ checkpoint, metadata }: Saved) {
  return { metadata, ...(checkpoint ? { checkpoint } : {}) };
}

describe("anything", () => {
  it("as safetensors", () => {
    const { attempt, seen } = reader("fromSafetensors", fromSafetensors, (saved) =>
      fromSafetensors(toSafetensors(saved.network, optionsOf(saved))),
    );
    counting(() => fc.assert(fc.property(files, attempt), { seed: 6, numRuns: RUNS }));
    expect(seen.read).toBeGreaterThan(100);
    expect(seen.refused.size).toBeGreaterThan(100);
  }, 60_000);

  it("as JSON", () => {
    const { attempt, seen } = reader("fromJson", fromJson, (saved) =>
      fromJson(toJson(saved.network, optionsOf(saved))),
    );
    counting(() => fc.assert(fc.property(texts, attempt), { seed: 6, numRuns: RUNS }));
    expect(seen.read).toBeGreaterThan(100);
    expect(seen.refused.size).toBeGreaterThan(100);
  }, 60_000);
});

describe("large claims in small files are refused before anything is allocated", () => {
  const spec = (layers: unknown): string => {
    const document = JSON.parse(text);
    document.spec.layers = layers;
    return JSON.stringify(document);
  };

  it.each<[string, () => unknown]>([
    ["a layer of 2³¹ units", () => fromJson(spec([{ units: 2 ** 31 }]))],
    ["layers of 30,000 units", () => fromJson(spec([{ units: 20_000 }, { units: 20_000 }]))],
    ["a million layers", () => fromJson(spec(new Array(1_000_000).fill({ units: 1 })))],
    ["a header of 2⁵³ bytes", () => fromSafetensors(fileOf(header, 2 ** 53 - 1))],
    ["a property's name of ten million letters", () => fromJson(`{"${"x".repeat(1e7)}": 1}`)],
    ["a million brackets", () => fromJson("[".repeat(1e6))],
    [
      "a million objects, one in the other",
      () => fromJson(text.replace('"classes":', `"deep":${'{"a":'.repeat(1e6)}1${"}".repeat(1e6)},"classes":`)),
    ],
  ])(
    "%s",
    (_, read) => {
      let message = "";
      const before = allocated;
      counting(() => {
        try {
          read();
        } catch (error) {
          ({ message } = error as Error);
        }
      });
      expect(message).toMatch(/^from(Json|Safetensors): ("[^"]{1,80}" expected .*, got |unknown option "x{37}\.\.\.")/);
      expect(allocated - before).toBeLessThan(100_000);
    },
    30_000,
  );

  it("a tensor that a checkpoint asks for a thousand times", () => {
    const document = JSON.parse(text);
    document.metadata.many = new Array(1000).fill({ $tensor: "metadata.means" });
    expect(() => fromJson(JSON.stringify(document))).toThrow(
      /"metadata.means" expected a tensor of this name that is used once, got none$/,
    );
  });
});
