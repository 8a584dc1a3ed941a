/**
 * Bytes from the text that scripts/build-core.mjs writes. Of the printable characters from # on, the backslash left out, the first 86 stand for the bytes
 * 0xfd, 0xfe, …, 0x52; the two after them put another 86 before the next one.
 */
export function fromText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let count = 0;
  let before = 0;
  for (let i = 0; i < text.length; ++i) {
    const code = text.charCodeAt(i);
    const value = code - (code < 92 ? 35 : 36);
    if (value < 86) {
      bytes[count++] = before + value - 3;
      before = 0;
    } else before = 86 * (value - 85);
  }
  return bytes.slice(0, count);
}
