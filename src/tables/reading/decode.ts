/** The bytes of a file as text, in pieces as they come. */

/** What a file's bytes are not: text in an encoding that is known. */
export class EncodingError extends Error {}

/** How text can be encoded. */
export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

const BOMS: readonly (readonly [name: Encoding, bytes: readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** Share of characters that print nothing, in a text. */
const MOST_CONTROLS = 0.01;
const SAMPLE = 65536;

/** Bytes at the beginning that show what a file is. */
const MARKS = 4096;

/** The same bytes, of which the first piece shows what they are. */
async function* begun(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Uint8Array | null = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (first) first = joined(first, chunk);
    else yield chunk;
    if (!first || first.length < MARKS) continue;
    yield first;
    first = null;
  }
  if (first && first.length > 0) yield first;
}

/** Unpacks gzip, which its first bytes tell. */
export async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = begun(chunks);
  const first = await iterator.next();
  if (first.done) return;
  const all = (async function* () {
    yield first.value;
    yield* iterator;
  })();
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) yield* all;
  else yield* begun(gunzipped(all));
}

async function* gunzipped(all: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    const bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const { done, value } = await all.next();
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      },
    });
    const reader = bytes.pipeThrough(new DecompressionStream("gzip")).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch {
    throw new EncodingError("a gzip file that is cut short or damaged");
  }
}

/**
 * Decodes UTF-8, or UTF-16 by its mark or its zeros, or else Windows-1252, of which ISO-8859-1 is a
 * part. The first piece decides, and between UTF-8 and Windows-1252 the first with a byte that is
 * not ASCII.
 */
export class Decoder {
  #decoder: TextDecoder | null = null;
  #encoding: Encoding = "utf-8";
  #held: Uint8Array = new Uint8Array(0);
  #looked = false;

  /** What was found so far. */
  get encoding(): Encoding {
    return this.#encoding;
  }

  /** The text of all pieces, with "\n" for every kind of line end. */
  async *texts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    let turn = "";
    for await (const chunk of chunks) {
      // Half of a line end waits for the other half.
      const text = turn + this.#text(chunk, true);
      turn = text.endsWith("\r") ? "\r" : "";
      yield lineEnds(turn === "" ? text : text.slice(0, -1));
    }
    yield lineEnds(turn + this.#text(new Uint8Array(0), false));
  }

  #text(chunk: Uint8Array, stream: boolean): string {
    const bytes = joined(this.#held, chunk);
    this.#held = new Uint8Array(0);
    this.#decoder ??= this.#chosen(bytes, stream);
    let text: string;
    if (this.#decoder) text = this.#decoder.decode(bytes, { stream });
    else {
      // ASCII alone, perhaps with the beginning of a character that is not.
      const end = stream ? asciiIn(bytes) : bytes.length;
      this.#held = bytes.slice(end);
      text = new TextDecoder().decode(bytes.subarray(0, end));
    }
    this.#check(text);
    return text;
  }

  #chosen(bytes: Uint8Array, stream: boolean): TextDecoder | null {
    if (!this.#looked && bytes.length > 0) {
      this.#looked = true;
      if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] < 9) {
        throw new EncodingError("a spreadsheet or zip file; save the table as CSV");
      }
      const wide = byMarkOrZeros(bytes);
      if (wide) {
        this.#encoding = wide;
        return new TextDecoder(wide);
      }
    }
    const whole = stream ? bytes.subarray(0, bytes.length - tailOf(bytes)) : bytes;
    if (asciiIn(whole) === whole.length) return null;
    this.#encoding = isUtf8(whole) ? "utf-8" : "windows-1252";
    return new TextDecoder(this.#encoding);
  }

  #check(text: string): void {
    const sample = text.slice(0, SAMPLE);
    const controls = sample.match(/[^\P{Cc}\t\n\v\f\r\u0085]/gu)?.length ?? 0;
    if (text.includes("\0") || controls > MOST_CONTROLS * sample.length) {
      throw new EncodingError("bytes that are no text; save the table as CSV");
    }
  }
}

/** "\n" for "\r\n" and for "\r". */
export function lineEnds(text: string): string {
  return text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text;
}

function byMarkOrZeros(bytes: Uint8Array): Encoding | null {
  const marked = BOMS.find(([, mark]) => mark.every((byte, i) => bytes[i] === byte));
  if (marked) return marked[0];
  const zeros = [0, 0];
  const looked = Math.min(bytes.length, 4096);
  for (let i = 0; i < looked; ++i) if (bytes[i] === 0) ++zeros[i % 2];
  // Latin letters in UTF-16 have a zero each.
  if (zeros[1] > looked / 4 && zeros[0] < looked / 50) return "utf-16le";
  return zeros[0] > looked / 4 && zeros[1] < looked / 50 ? "utf-16be" : null;
}

/** How many bytes there are before the first that is not ASCII. */
function asciiIn(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && bytes[at] < 0x80) ++at;
  return at;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Bytes at the end that begin a character of UTF-8 which is not whole. */
function tailOf(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); ++back) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
