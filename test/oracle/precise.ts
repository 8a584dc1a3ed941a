/**
 * The cross-entropies and their derivatives by a thousand binary digits of fixed-point arithmetic:
 * textbook formulas, which may cancel here.
 */

const BITS = 1400n;
const ONE = 1n << BITS;

/** A double, exactly. */
function fixed(x: number): bigint {
  let exponent = 0;
  while (!Number.isInteger(x)) {
    x *= 2;
    ++exponent;
  }
  return (BigInt(x) << BITS) >> BigInt(exponent);
}

function toNumber(x: bigint): number {
  if (x < 0n) return -toNumber(-x);
  const extra = Math.max(0, x.toString(2).length - 64);
  const shift = extra - Number(BITS);
  const half = Math.trunc(shift / 2);
  return Number(x >> BigInt(extra)) * 2 ** half * 2 ** (shift - half);
}

const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
const over = (a: bigint, b: bigint): bigint => (a << BITS) / b;
const sum = (values: bigint[]): bigint => values.reduce((total, x) => total + x, 0n);

/** eˣ by its series at x/2²⁰, squared twenty times. */
function exp(x: bigint): bigint {
  const small = x >> 20n;
  let result = ONE;
  let term = ONE;
  for (let k = 1n; term !== 0n && term !== -1n; ++k) {
    term = times(term, small) / k;
    result += term;
  }
  for (let k = 0; k < 20; ++k) result = times(result, result);
  return result;
}

/** ln x for 1 ≤ x by Newton's steps from the double nearest to it. */
function log(x: bigint): bigint {
  let y = fixed(Math.log1p(toNumber(x - ONE)));
  for (let k = 0; k < 6; ++k) {
    const e = exp(y);
    y += 2n * over(x - e, x + e);
  }
  return y;
}

export interface Precise {
  value: number;
  gradient: number[];
  /** ∇²ℓ·u for a direction. */
  product(u: number[]): number[];
}

/** ℓ = Σ t·(ln Σe^z − z), of one sample. */
export function crossEntropy(logits: number[], targets: number[]): Precise {
  const z = logits.map(fixed);
  const t = targets.map(fixed);
  // biome-ignore lint/complexity/useMathMinMax: whole numbers of any length, which Math.max does not take
  const largest = z.reduce((a, b) => (a > b ? a : b));
  const e = z.map((x) => exp(x - largest));
  const total = sum(e);
  const p = e.map((x) => over(x, total));
  const weight = sum(t);
  const logTotal = log(total);
  return {
    value: toNumber(sum(z.map((x, c) => times(t[c], logTotal - x + largest)))),
    gradient: p.map((x, c) => toNumber(times(weight, x) - t[c])),
    product(direction) {
      const u = direction.map(fixed);
      const mean = sum(p.map((x, c) => times(x, u[c])));
      return p.map((x, c) => toNumber(times(weight, times(x, u[c] - mean))));
    },
  };
}

/** −t·ln σ(z) − (1 − t)·ln σ(−z): the same with logits (z, 0), of which the first moves. */
export function binaryCrossEntropy(z: number, target: number): { value: number; slope: number; curvature: number } {
  const x = fixed(z);
  const t = fixed(target);
  const size = x < 0n ? -x : x;
  const e = exp(-size);
  const p = x < 0n ? over(e, ONE + e) : over(ONE, ONE + e);
  const linear = x < 0n ? times(size, t) : times(size, ONE - t);
  return {
    value: toNumber(linear + log(ONE + e)),
    slope: toNumber(p - t),
    curvature: toNumber(times(p, ONE - p)),
  };
}
