/** The error function, good to about 1e-15, relative in the tails too. */

/** e^(−s·x²), with x² split so that its rounding does not reach the exponent. */
function gaussian(x: number, s: number): number {
  if (Math.abs(x) > 100) return 0; // below the smallest number
  const high = Math.round(x * 1024) / 1024;
  return Math.exp(-s * high * high) * Math.exp(-s * (x - high) * (x + high));
}

/**
 * erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!: every term has the sign of x, so nothing
 * cancels.
 */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * gaussian(x, 1) * sum;
}

/** x + s/(x + 2s/(x + 3s/(x + …))) for x > 0, from a depth that suffices upwards. */
function continuedFraction(x: number, s: number): number {
  let value = x;
  for (let k = Math.ceil(50 + 400 / (x * x)); k >= 1; k--) value = x + (k * s) / value;
  return value;
}

/** erfc x = e^(−x²)/√π / (x + ½/(x + 1/(x + 1½/(x + …)))) for x > 0. */
function erfcTail(x: number): number {
  return gaussian(x, 1) / Math.sqrt(Math.PI) / continuedFraction(x, 1 / 2);
}

const SWITCH = 0.6;

export function erf(x: number): number {
  if (Math.abs(x) <= SWITCH) return series(x);
  return x > 0 ? 1 - erfcTail(x) : erfcTail(-x) - 1;
}

/** 1 − erf x. */
export function erfc(x: number): number {
  if (Math.abs(x) <= SWITCH) return 1 - series(x);
  return x > 0 ? erfcTail(x) : 2 - erfcTail(-x);
}

/** The standard normal density. */
export function normalDensity(x: number): number {
  return gaussian(x, 1 / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * The standard normal distribution function; far to the left it is density(x) / (−x + 1/(−x +
 * 2/(−x + …))).
 */
export function normalDistribution(x: number): number {
  return x < -1 ? normalDensity(x) / continuedFraction(-x, 1) : erfc(-x / Math.SQRT2) / 2;
}
