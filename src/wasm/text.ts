/**
 * Printable characters from # on, the backslash left out: so many stand for a byte each, and the
 * two after them put so many before the next one.
 */
const SINGLE = 89;

/**
 * Bytes from the text that scripts/build-core.mjs writes: 64 digits that mark the bytes of a single
 * character, then the bytes.
 */
export function fromText(text: string): Uint8Array<ArrayBuffer> {
  const all = Array.from(new Array(256).keys());
  const isSingle = (byte: number): boolean => ((Number.parseInt(text[byte >> 2], 16) >> (byte & 3)) & 1) > 0;
  const order = [...all.filter(isSingle), ...all.filter((byte) => !isSingle(byte))];
  const bytes = new Uint8Array(text.length);
  let count = 0;
  let before = 0;
  for (let i = 64; i < text.length; ++i) {
    const code = text.charCodeAt(i);
    const value = code - (code < 92 ? 35 : 36);
    if (value < SINGLE) {
      bytes[count++] = order[before + value];
      before = 0;
    } else before = SINGLE * (value - SINGLE + 1);
  }
  return bytes.slice(0, count);
}
