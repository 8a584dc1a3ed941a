import { isFloat32, isFloat64, isObject, wrongType, wrongValue } from "../check.js";
import { datasetToSafetensors } from "../formats/index.js";
import type { Dataset } from "../network/dataset.js";

/** Marks what JSON cannot say. No plain data of ours has such a key. */
const NUMBER = "$number";
const VECTOR = "$f64";

/**
 * Plain data as JSON, to the same bits: numbers that JSON has no word for, and vectors of doubles,
 * are marked.
 */
export function toText(value: unknown): string {
  return JSON.stringify(marked(value));
}

function marked(value: unknown): unknown {
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [NUMBER]: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (isFloat64(value)) return { [VECTOR]: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (isFloat32(value)) wrongType("pool", "result", "double precision", value);
  if (Array.isArray(value)) return value.map(marked);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, marked(part)]));
}

/** What `toText` wrote. */
export function fromText(text: string): unknown {
  return JSON.parse(text, (_, value) => {
    if (!isObject(value)) return value;
    if (typeof value[NUMBER] === "string") return Number(value[NUMBER]);
    return typeof value[VECTOR] === "string" ? vectorOf(fromBase64(value[VECTOR])) : value;
  });
}

/** The doubles of some bytes, copied. */
export function vectorOf(bytes: Uint8Array): Float64Array {
  if (bytes.length % 8 !== 0) wrongValue("pool", "vector", "a multiple of 8 bytes", String(bytes.length));
  const values = new Float64Array(bytes.length / 8);
  new Uint8Array(values.buffer).set(bytes);
  return values;
}

const PIECE = 0x8000;

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** SHA-256, in hexadecimal digits. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) throw new Error("pool: no crypto.subtle here; serve the page by https or from localhost");
  const given = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const digest = new Uint8Array(await subtle.digest("SHA-256", given));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A data set as bytes, with their digest. */
export interface Bundle {
  readonly digest: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const bundles = new WeakMap<Dataset, Promise<Bundle>>();

/** The bytes of a data set and their digest, made once. */
export function bundleOf(data: Dataset): Promise<Bundle> {
  let found = bundles.get(data);
  if (!found) {
    found = (async () => {
      const bytes = datasetToSafetensors(data);
      return { bytes, digest: await digestOf(bytes) };
    })();
    bundles.set(data, found);
  }
  return found;
}

/** The name of a task on some data: the same for the same task, whoever asks for it and when. */
export function taskName(task: unknown, data: string, build: string): Promise<string> {
  return digestOf(toText({ task: sorted(task), data, build }));
}

/** The order of an object's keys says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return Object.fromEntries(keys.sort().map((key) => [key, sorted(value[key])]));
}
