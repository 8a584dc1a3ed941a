/** 1234567 as 1,234,567. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A count with its noun. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** 0.97531 as 97.5 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Four significant digits, without an exponent where that is short. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return value.toExponential(2);
  return size >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}

/** A duration: 12 ms, 3.45 s, 2 min 5 s. */
export function duration(value: number): string {
  if (value < 1) return `${Math.round(1000 * value)} ms`;
  if (value < 60) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  return `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;
}

/** Text of the user's that fits into a message: one line, no control characters, not long. */
export function printable(text: string, longest = 120): string {
  const plain = text.replaceAll(/\p{C}/gu, "\uFFFD");
  return plain.length > longest ? `${plain.slice(0, longest - 3)}...` : plain;
}

/** Such text, in quotation marks. */
export function quote(text: string): string {
  return JSON.stringify(printable(text, 40));
}
