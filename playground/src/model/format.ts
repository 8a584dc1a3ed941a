/** Numbers as the page shows them. */
export function short(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value).replace("-", "−");
  const size = Math.abs(value);
  if (size >= 1e4 || size < 1e-3)
    return value
      .toExponential(Math.max(0, digits - 2))
      .replace("-", "−")
      .replace("e+", "e");
  return value.toPrecision(digits).replace("-", "−");
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const thousands = new Intl.NumberFormat("en-GB");

export function count(value: number): string {
  return thousands.format(value).replaceAll(",", "\u202f");
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
