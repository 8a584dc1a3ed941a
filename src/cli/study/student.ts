/** Intervals of Simpson's rule, which leave an error of about 1e-11. */
const INTERVALS = 1000;

/**
 * The quantile of Student's distribution with ν degrees of freedom, by bisection in θ =
 * arctan(t/√ν): P(0 < T < t) = Γ((ν + 1)/2)/(Γ(ν/2)·√π)·∫₀^θ cos^(ν−1).
 */
export function studentQuantile(p: number, freedom: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  const factor = gammaRatio(freedom / 2) / Math.sqrt(Math.PI);
  // Beyond 12 deviations there is nothing left, and steps would be longer than what is to be seen.
  let [low, high] = [0, Math.min(Math.PI / 2, 12 / Math.sqrt(freedom))];
  while (high - low > 1e-15 * high) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (factor * powerOfCosine(middle, freedom - 1) < p - 0.5) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan((low + high) / 2);
}

/** ∫₀^θ cos^power. */
function powerOfCosine(theta: number, power: number): number {
  const step = theta / INTERVALS;
  let sum = 0;
  for (let i = 0; i <= INTERVALS; ++i) {
    const share = i === 0 || i === INTERVALS ? 1 : i % 2 ? 4 : 2;
    // The logarithm of a cosine near 1 keeps its digits.
    sum += share * Math.exp(0.5 * power * Math.log1p(-(Math.sin(i * step) ** 2)));
  }
  return (sum * step) / 3;
}

/** Γ(x + ½)/Γ(x): its series for large x, and from there by x·Γ(x) = Γ(x + 1). */
function gammaRatio(x: number): number {
  if (x < 30) return (gammaRatio(x + 1) * x) / (x + 0.5);
  const u = 1 / (8 * x);
  return Math.sqrt(x) * (1 - u + (u * u) / 2 + 2.5 * u ** 3 - (21 / 8) * u ** 4 - (399 / 8) * u ** 5);
}
