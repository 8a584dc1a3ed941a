/** Where an axis is marked, and how. */
export interface Ticks {
  readonly ticks: number[];
  readonly tickFormat: (value: number) => string;
}

/**
 * About so many multiples of 1, 2 or 5 times a power of ten, with just the digits that tell them
 * apart.
 */
export function evenTicks(low: number, high: number, most = 6): Ticks {
  if (!(high > low)) return { ticks: [low], tickFormat: plain };
  const step = stepOf((high - low) / most);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (digits > 5 || size >= 1e6) return { ticks, tickFormat: (value) => power(value, step) };
  return { ticks, tickFormat: (value) => (Math.abs(value) < step / 2 ? "0" : minus(value.toFixed(digits))) };
}

/**
 * Powers of ten, thinned out where there are many, with 2 and 5 (or all digits) between where there
 * are few.
 */
export function logTicks(low: number, high: number, most = 7): Ticks {
  const decades = Math.log10(high / low);
  const multiples = decades < 0.8 ? [1, 1.5, 2, 3, 4, 5, 7] : decades < 1.6 ? [1, 2, 5] : decades < 3 ? [1, 3] : [1];
  const from = Math.floor(Math.log10(low)) - 1;
  // From the top down, which is where the eye goes.
  const to = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil(decades / most));
  const ticks: number[] = [];
  for (let exponent = from; exponent <= to; ++exponent) {
    if ((((exponent - to) % every) + every) % every !== 0) continue;
    for (const multiple of multiples) {
      const value = Number(`${multiple}e${exponent}`);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push(value);
    }
  }
  return { ticks, tickFormat: plain };
}

function stepOf(least: number): number {
  const scale = 10 ** Math.floor(Math.log10(least));
  const multiple = [1, 2, 5, 10].find((m) => m * scale >= least * (1 - 1e-9)) as number;
  return multiple * scale;
}

function plain(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  return size >= 1e-3 && size < 1e5 ? minus(String(Number(value.toPrecision(3)))) : power(value, value);
}

/** Few digits and a power of ten; as many as the step needs. */
function power(value: number, step: number): string {
  if (Math.abs(value) < Math.abs(step) / 2) return "0";
  const digits = Math.max(
    0,
    Math.floor(Math.log10(Math.abs(value)) + 1e-9) - Math.floor(Math.log10(Math.abs(step)) + 1e-9),
  );
  const text = value.toExponential(Math.min(4, step === value ? 2 : digits));
  return minus(text.replace(/\.?0+e/, "e").replace("e+", "e"));
}

function minus(text: string): string {
  return text.replace("-", "−").replace("e−", "e-");
}
