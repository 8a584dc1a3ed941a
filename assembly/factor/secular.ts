/**
 * The roots of 1/ρ + Σ zᵢ²/(dᵢ − λ) for d₀ < d₁ < …, ρ > 0: one in each interval between poles and
 * one beyond the last. A root is kept as its distance τ from the nearer pole, so that its distance
 * from every pole is known to full relative precision.
 */
import { madd, sumLanes } from "../inline/lanes";

const EPSILON: f64 = 2.220446049250313e-16;
/** Steps for one root, of which about four are the rule. */
const STEPS: i32 = 80;

/** What `poleSums` gives: Σ zᵢ²/δᵢ and Σ zᵢ²/δᵢ². */
const SUMS = memory.data(16, 16);

/** Sums over the poles from … to − 1, with δᵢ = (dᵢ − origin) − τ. */
function poleSums(from: i32, to: i32, d: usize, z: usize, origin: f64, tau: f64): void {
  const o = f64x2.splat(origin), t = f64x2.splat(tau);
  let sum = f64x2.splat(0), slope = sum;
  let i = from;
  for (; i + 2 <= to; i += 2) {
    const at = <usize>i << 3;
    const delta = f64x2.sub(f64x2.sub(v128.load(d + at), o), t), weight = v128.load(z + at);
    const share = f64x2.div(weight, delta);
    sum = madd<f64>(weight, share, sum);
    slope = madd<f64>(share, share, slope);
  }
  let psi = sumLanes<f64>(sum), dpsi = sumLanes<f64>(slope);
  if (i < to) {
    const weight = load<f64>(z + (<usize>i << 3));
    const share = weight / (load<f64>(d + (<usize>i << 3)) - origin - tau);
    psi += weight * share;
    dpsi += share * share;
  }
  store<f64>(SUMS, psi);
  store<f64>(SUMS, dpsi, 8);
}

/**
 * Root j of the k: stores its τ there and returns the index of the pole it is measured from. `norm`
 * is Σ zᵢ². Rational interpolation with both neighbouring poles kept in place (Li's "middle way"),
 * inside a bracket that bisection narrows where the step would leave it.
 */
export function secularRoot(k: i32, j: i32, d: usize, z: usize, inverseRho: f64, norm: f64, result: usize): i32 {
  const last = j == k - 1;
  const left = last ? max(j - 1, 0) : j, right = last ? j : j + 1;
  const dl = load<f64>(d + (<usize>left << 3)), dr = load<f64>(d + (<usize>right << 3));
  let zl = load<f64>(z + (<usize>left << 3)), zr = load<f64>(z + (<usize>right << 3));
  zl *= zl, zr *= zr;
  const gap = last ? norm / inverseRho : dr - dl;
  if (k == 1) {
    store<f64>(result, gap);
    return 0;
  }
  // The sign in the middle shows which pole is nearer. The poles on both sides, with the rest as it
  // is in the middle, give a start.
  const base = last ? dr : dl;
  poleSums(0, k, d, z, base, gap / 2);
  const middle = inverseRho + load<f64>(SUMS);
  const atLeft = !last && middle >= 0, atRight = !last && !atLeft;
  const origin = atRight ? dr : base;
  let low: f64, high: f64, tau: f64;
  if (last) {
    low = middle > 0 ? 0 : gap / 2, high = middle > 0 ? gap / 2 : gap;
    tau = middle > 0 ? gap / 4 : gap / 2;
  } else {
    low = atLeft ? 0 : -gap / 2, high = atLeft ? gap / 2 : 0;
    const rest = middle + 2 * (zl - zr) / gap;
    const a = (atLeft ? rest : -rest) * gap + zl + zr, b = (atLeft ? zl : -zr) * gap;
    const root = sqrt(abs<f64>(a * a - 4 * b * rest));
    tau = a > 0 ? 2 * b / (a + root) : (a - root) / (2 * rest);
    if (!(tau > low && tau < high)) tau = (low + high) / 2;
  }
  const gapLeft = dl - origin, gapRight = dr - origin;
  for (let step = 0; step < STEPS; ++step) {
    poleSums(0, right, d, z, origin, tau);
    const psi = load<f64>(SUMS), dpsi = load<f64>(SUMS, 8);
    poleSums(right, k, d, z, origin, tau);
    const phi = load<f64>(SUMS), dphi = load<f64>(SUMS, 8);
    const value = inverseRho + psi + phi, slope = dpsi + dphi;
    if (abs<f64>(value) <= EPSILON * (8 * (inverseRho + abs<f64>(psi) + abs<f64>(phi)) + abs<f64>(tau) * slope)) break;
    if (value < 0) low = tau;
    else high = tau;
    const p = gapLeft - tau, q = gapRight - tau;
    const c = value - dpsi * p - dphi * q, a = (p + q) * value - p * q * slope, b = p * q * value;
    const root = sqrt(abs<f64>(a * a - 4 * b * c));
    let change: f64;
    if (last) change = a >= 0 ? (a + root) / (2 * c) : 2 * b / (a - root);
    else change = a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
    // Newton's step, where the interpolation goes the wrong way.
    if (!(value * change < 0)) change = -value / slope;
    let next = tau + change;
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    if (abs<f64>(next - tau) <= EPSILON * abs<f64>(next)) {
      tau = next;
      break;
    }
    tau = next;
  }
  store<f64>(result, tau);
  return last || atRight ? right : left;
}
