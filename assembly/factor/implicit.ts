/** Eigenvalues of a tridiagonal matrix by the implicit QL method, with or without vectors. */
import { lanes, madd } from "../inline/lanes";
import { maxAbs } from "../vector/reduce";

/**
 * Rows that can have vectors: the rotations of a sweep wait here, so that they are found by one
 * loop for all types.
 */
export const MOST_ROWS: i32 = 24;
const ROTATIONS = memory.data(MOST_ROWS * 16, 16);

/** Sweeps for one eigenvalue, of which about two are the rule. */
const SWEEPS: i32 = 60;
const EPSILON: f64 = 2.220446049250313e-16;
/**
 * Beside a matrix of norm 1, what is smaller than this is nothing; its square is far from
 * underflow.
 */
const NOTHING: f64 = 1e-60;

/**
 * d (n) becomes the eigenvalues of the tridiagonal matrix with diagonal d and off-diagonal e (n −
 * 1, and one more to work in), in no order. The rows of q (n ≤ MOST_ROWS rows of n) undergo the
 * rotations unless q is 0. A coupling below ε times the largest element counts as none: it is no
 * more than what rounding does elsewhere, and without this, small values among large ones might not
 * converge. Returns 0, or the number, from 1, of the eigenvalue that has not converged.
 */
export function implicit<T>(n: i32, d: usize, e: usize, q: usize, ldq: i32): i32 {
  if (n > 0) store<f64>(e + (<usize>(n - 1) << 3), 0);
  const least = max(NOTHING, EPSILON * max(maxAbs<f64>(d, n), maxAbs<f64>(e, n)));
  for (let l = 0; l < n; ++l) {
    for (let sweeps = 0; ; ++sweeps) {
      const end = coupled(l, n, e, least);
      if (end == l) break;
      if (sweeps == SWEEPS) return l + 1;
      const first = sweep(l, end, d, e, q != 0);
      if (q) {
        let at = ROTATIONS;
        for (let i = end - 1; i >= first; --i) {
          const row = q + <usize>(i * ldq) * sizeof<T>();
          rotate<T>(n, row + <usize>ldq * sizeof<T>(), row, load<f64>(at), load<f64>(at, 8));
          at += 16;
        }
      }
    }
  }
  return 0;
}

/** Last index of the block that begins at l. */
function coupled(l: i32, n: i32, e: usize, least: f64): i32 {
  let m = l;
  for (; m < n - 1; ++m) {
    if (abs<f64>(load<f64>(e + (<usize>m << 3))) <= least) break;
  }
  return m;
}

/**
 * One sweep over rows l … m with Wilkinson's shift: (c, s) rotates rows i and i + 1 for i from m −
 * 1 down to l, or to what is returned where the block falls apart. Keeps the rotations if asked to.
 */
function sweep(l: i32, m: i32, d: usize, e: usize, keep: bool): i32 {
  let at = ROTATIONS;
  const dl = d + (<usize>l << 3), el = e + (<usize>l << 3), dm = d + (<usize>m << 3), em = e + (<usize>m << 3);
  const first = load<f64>(dl), coupling = load<f64>(el);
  let g = (load<f64>(dl, 8) - first) / (2 * coupling);
  const root = sqrt(g * g + 1);
  g = load<f64>(dm) - first + coupling / (g + (g < 0 ? -root : root));
  let c: f64 = 1, s: f64 = 1, p: f64 = 0;
  for (let i = m - 1; i >= l; --i) {
    const di = d + (<usize>i << 3), ei = e + (<usize>i << 3);
    const f = s * load<f64>(ei), b = c * load<f64>(ei);
    const r = sqrt(f * f + g * g);
    store<f64>(ei, r, 8);
    if (r < NOTHING) {
      store<f64>(di, load<f64>(di, 8) - p, 8);
      store<f64>(em, 0);
      return i + 1;
    }
    const inverse = 1 / r;
    s = f * inverse, c = g * inverse;
    g = load<f64>(di, 8) - p;
    const t = (load<f64>(di) - g) * s + 2 * c * b;
    p = s * t;
    store<f64>(di, g + p, 8);
    g = c * t - b;
    if (keep) {
      store<f64>(at, c);
      store<f64>(at, s, 8);
      at += 16;
    }
  }
  store<f64>(dl, load<f64>(dl) - p);
  store<f64>(el, g);
  store<f64>(em, 0);
  return l;
}

/** (x, y) = (c·x + s·y, c·y − s·x) */
export function rotate<T>(n: i32, x: usize, y: usize, c: f64, s: f64): void {
  const cs = v128.splat<T>(<T>c), sn = v128.splat<T>(<T>s), minus = v128.splat<T>(<T>-s);
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    const u = v128.load(x), v = v128.load(y);
    v128.store(x, madd<T>(sn, v, v128.mul<T>(cs, u)));
    v128.store(y, madd<T>(minus, u, v128.mul<T>(cs, v)));
    x += 16, y += 16;
  }
  for (; n > 0; --n) {
    const u = load<T>(x), v = load<T>(y);
    store<T>(x, <T>c * u + <T>s * v);
    store<T>(y, <T>c * v - <T>s * u);
    x += sizeof<T>(), y += sizeof<T>();
  }
}
