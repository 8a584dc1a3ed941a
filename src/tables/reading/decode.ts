/** The bytes of a file as text. */

/** What a file's bytes are not: text in an encoding that is known. */
export class EncodingError extends Error {}

const BOMS: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** Share of characters that print nothing, in a text. */
const MOST_CONTROLS = 0.01;

/** Text, and the encoding that it was in. */
export interface Decoded {
  readonly text: string;
  readonly encoding: "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";
}

/** Unpacks gzip, which its first bytes tell. */
export async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new EncodingError("a gzip file that is cut short or damaged");
  }
}

/** UTF-8, or UTF-16 by its mark or its zeros, or else Windows-1252, of which ISO-8859-1 is a part. */
export function decode(bytes: Uint8Array): Decoded {
  const encoding = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  const sample = text.slice(0, 65536);
  const controls = sample.match(/[^\P{Cc}\t\n\v\f\r\u0085]/gu)?.length ?? 0;
  if (text.includes("\0") || controls > MOST_CONTROLS * sample.length)
    throw new EncodingError("bytes that are no text");
  return { text, encoding };
}

function encodingOf(bytes: Uint8Array): Decoded["encoding"] {
  const marked = BOMS.find(([, mark]) => mark.every((byte, i) => bytes[i] === byte));
  if (marked) return marked[0] as Decoded["encoding"];
  const zeros = [0, 0];
  const looked = Math.min(bytes.length, 4096);
  for (let i = 0; i < looked; ++i) if (bytes[i] === 0) ++zeros[i % 2];
  // Latin letters in UTF-16 have a zero each.
  if (zeros[1] > looked / 4 && zeros[0] < looked / 50) return "utf-16le";
  if (zeros[0] > looked / 4 && zeros[1] < looked / 50) return "utf-16be";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}
