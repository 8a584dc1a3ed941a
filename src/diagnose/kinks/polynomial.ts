/** Polynomials c₀ + c₁s + … as `count` coefficients from an offset on. */

/** The value at s, by Horner's rule. */
export function evaluate(c: Float64Array, from: number, count: number, s: number): number {
  let value = 0;
  for (let k = count - 1; k >= 0; --k) value = value * s + c[from + k];
  return value;
}

/** c(s + by), in place, by repeated synthetic division. */
export function shift(c: Float64Array, from: number, count: number, by: number): void {
  for (let done = 0; done < count - 1; ++done) {
    for (let k = count - 2; k >= done; --k) c[from + k] += by * c[from + k + 1];
  }
}

/**
 * Where in (0, width) the polynomial changes its sign, ascending, each to the last bit of what
 * Horner's rule gives. Between the sign changes of its derivative it is monotone, so that none is
 * missed; a zero it only touches is none.
 */
export function signChanges(c: Float64Array, from: number, count: number, width: number): number[] {
  if (staysAway(c, from, count, width)) return [];
  while (count > 1 && c[from + count - 1] === 0) --count;
  if (count < 2) return [];
  if (count === 2) {
    const root = -c[from] / c[from + 1];
    return root > 0 && root < width ? [root] : [];
  }
  const derivative = new Float64Array(count - 1);
  for (let k = 1; k < count; ++k) derivative[k - 1] = k * c[from + k];
  const turns = signChanges(derivative, 0, count - 1, width);
  const changes: number[] = [];
  let before = 0;
  let sign = Math.sign(c[from]);
  let zero = Number.NaN;
  for (const at of [...turns, width]) {
    const there = Math.sign(evaluate(c, from, count, at));
    if (there === 0) {
      zero = at;
      continue;
    }
    if (sign !== 0 && there !== sign) changes.push(zero > before ? zero : bisect(c, from, count, before, at, sign));
    sign = there;
    before = at;
  }
  return changes.filter((s) => s > 0 && s < width);
}

/** Whether the constant term outweighs all others. */
function staysAway(c: Float64Array, from: number, count: number, width: number): boolean {
  let rest = 0;
  for (let k = count - 1; k > 0; --k) rest = (rest + Math.abs(c[from + k])) * width;
  return Math.abs(c[from]) > rest;
}

/**
 * Between two neighbouring floats, the one where the value is nearer to 0; `sign` is that at `low`.
 */
function bisect(c: Float64Array, from: number, count: number, low: number, high: number, sign: number): number {
  for (;;) {
    const middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) break;
    const there = Math.sign(evaluate(c, from, count, middle));
    if (there === 0) return middle;
    if (there === sign) low = middle;
    else high = middle;
  }
  const [below, above] = [low, high].map((s) => Math.abs(evaluate(c, from, count, s)));
  return below < above ? low : high;
}
