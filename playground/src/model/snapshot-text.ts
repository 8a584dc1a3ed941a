import { currentSettings, type Settings, type Snapshot } from "./settings.ts";

/**
 * A run as text for a link: JSON, its numbers' bits as base64. What has gone before is not in it.
 */
export function snapshotText({ settings, log: _, ...rest }: Snapshot, start: Settings): string {
  const changed = Object.entries(settings).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(start[key as keyof Settings]),
  );
  return base64(new TextEncoder().encode(JSON.stringify({ ...rest, settings: Object.fromEntries(changed) }, written)));
}

/** Reads what `snapshotText` wrote; null for anything else. */
export function snapshotIn(text: string, start: Settings): Snapshot | null {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytesIn(text)), read) as Snapshot;
    const settings = currentSettings({ start: { ...start, ...value.settings }, log: [] });
    const counts = [value.step, value.epoch, value.evaluations];
    const numbers = [value.parameters, value.statistics];
    if (!counts.every((count) => Number.isFinite(count) && count >= 0)) return null;
    if (!numbers.every((array) => array instanceof Float64Array && array.every(Number.isFinite))) return null;
    if (typeof value.optimizer !== "object") return null;
    return { ...value, settings, log: [] };
  } catch {
    return null;
  }
}

function written(_: string, value: unknown): unknown {
  if (
    value instanceof Float64Array ||
    value instanceof Float32Array ||
    value instanceof Int32Array ||
    value instanceof Uint32Array
  )
    return { [value.constructor.name]: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  // JSON has neither of them.
  if (typeof value === "number" && !Number.isFinite(value)) return { number: String(value) };
  return value;
}

const arrays = { Float64Array, Float32Array, Int32Array, Uint32Array };

function read(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const [[key, text] = ["", ""], ...others] = Object.entries(value);
  if (others.length > 0 || typeof text !== "string") return value;
  if (key === "number") return Number(text);
  if (!Object.hasOwn(arrays, key)) return value;
  return new arrays[key as keyof typeof arrays](bytesIn(text).buffer as ArrayBuffer);
}

/** With the letters that stay as they are in an address. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function bytesIn(text: string): Uint8Array {
  const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}
