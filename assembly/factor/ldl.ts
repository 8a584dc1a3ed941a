/**
 * Bunch–Kaufman: P·A·Pᵀ = L·D·Lᵀ with D of 1 × 1 and 2 × 2 blocks, partial pivoting, panel by
 * panel. Row k of the upper triangle holds column k of L, so that columns lie adjacent in memory.
 */
import { at, addProduct, solveTransposed, solveUpper, swap, updateUpper } from "./triangular";
import { scale } from "../vector/elementwise";

/** Columns eliminated before the rest of the matrix is updated. */
const PANEL: i32 = 48;
/** (1 + √17) / 8: the growth of a 1 × 1 and of two steps of a 2 × 2 pivot are bounded alike. */
const ALPHA: f64 = 0.6403882032022076;

/** Elements of `work` that `ldl` needs. */
export function ldlWork<T>(n: i32): i32 {
  return PANEL * n;
}

/**
 * Overwrites the upper triangle of the symmetric A (n × n) with Lᵀ, whose unit diagonal is not
 * stored; the lower triangle is destroyed. `d` (n) gets D's diagonal, `e` (n) its off-diagonal:
 * e[k] ≠ 0 where k and k + 1 are one block. `swaps` (n, i32): row k has changed places with row
 * swaps[k], for k from 0. A has elements of about 1; a column without any above 10⁻¹⁵⁰ (10⁻²⁰ in
 * single precision) counts as 0, as L would leave the type's range. Returns 0, or the number, from
 * 1, of the first pivot that is 0.
 */
export function ldl<T>(n: i32, a: usize, ld: i32, d: usize, e: usize, swaps: usize, work: usize, scratch: usize): i32 {
  let info = 0;
  for (let from = 0; from < n; ) {
    const end = from + panel<T>(n, from, a, ld, d, e, swaps, work, scratch);
    for (let k = from; k < end && !info; ++k) {
      if (load<T>(d + <usize>k * sizeof<T>()) == 0 && load<T>(e + <usize>k * sizeof<T>()) == 0) {
        const second = k > 0 && load<T>(e + <usize>(k - 1) * sizeof<T>()) != 0;
        if (!second) info = k + 1;
      }
    }
    // Rows of earlier panels follow the interchanges of this one; each stays in the first-level
    // cache meanwhile.
    for (let p = 0; p < from; ++p) {
      const row = at<T>(a, ld, p, 0);
      for (let k = from; k < end; ++k) swapElements<T>(row, k, load<i32>(swaps + (<usize>k << 2)));
    }
    const rest = at<T>(a, ld, from, end);
    updateUpper<T>(
      n - end, end - from, rest, ld, work + <usize>end * sizeof<T>(), n, at<T>(a, ld, end, end), ld, scratch,
    );
    from = end;
  }
  return info;
}

/**
 * Eliminates up to PANEL columns, the last ones all; w (PANEL × n) gets D·Lᵀ. Returns how many it
 * were.
 */
function panel<T>(
  n: i32, from: i32, a: usize, ld: i32, d: usize, e: usize, swaps: usize, w: usize, scratch: usize,
): i32 {
  const size = sizeof<T>();
  const columns = n - from <= PANEL ? n - from : PANEL - 1;
  let k = from;
  while (k < from + columns) {
    const first = at<T>(w, n, k - from, 0);
    const diagonal = first + <usize>k * size;
    memory.copy(diagonal, at<T>(a, ld, k, k), <usize>(n - k) * size);
    subtractEliminated<T>(n, from, k, k, a, ld, w, scratch);
    const here = abs<f64>(<f64>load<T>(diagonal));
    const r = largest<T>(first, k + 1, n);
    const below = r < n ? abs<f64>(<f64>load<T>(first + <usize>r * size)) : 0;
    let pivot = k, steps = 1;
    if (max(here, below) < (sizeof<T>() == 4 ? 1e-20 : 1e-150)) memory.fill(diagonal, 0, <usize>(n - k) * size);
    else if (here < ALPHA * below) {
      const second = first + <usize>n * size;
      for (let j = k; j < r; ++j) store<T>(second + <usize>j * size, load<T>(at<T>(a, ld, j, r)));
      memory.copy(second + <usize>r * size, at<T>(a, ld, r, r), <usize>(n - r) * size);
      subtractEliminated<T>(n, from, k, r, a, ld, w, scratch);
      const left = largest<T>(second, k, r), right = largest<T>(second, r + 1, n);
      let across = left < r ? abs<f64>(<f64>load<T>(second + <usize>left * size)) : 0;
      if (right < n) across = max(across, abs<f64>(<f64>load<T>(second + <usize>right * size)));
      if (here * across < ALPHA * below * below) {
        pivot = r;
        if (abs<f64>(<f64>load<T>(second + <usize>r * size)) >= ALPHA * across) {
          memory.copy(diagonal, second + <usize>k * size, <usize>(n - k) * size);
        } else {
          steps = 2;
        }
      }
    }
    const last = k + steps - 1;
    if (pivot != last) {
      interchange<T>(n, last, pivot, a, ld);
      for (let p = from; p < k; ++p) swapElements<T>(at<T>(a, ld, p, 0), last, pivot);
      for (let p = from; p <= last; ++p) swapElements<T>(at<T>(w, n, p - from, 0), last, pivot);
    }
    store<i32>(swaps + (<usize>k << 2), steps == 1 ? pivot : k);
    if (steps == 2) store<i32>(swaps + (<usize>last << 2), pivot);
    const row = at<T>(a, ld, k, 0);
    if (steps == 1) eliminateOne<T>(n, k, row, first, d, e);
    else eliminateTwo<T>(n, k, row, row + <usize>ld * size, first, first + <usize>n * size, d, e);
    k += steps;
  }
  return k - from;
}

/**
 * Takes what the columns from … k − 1 have eliminated from column r, which lies in the panel's row
 * for k, or in the one after it where r is not k.
 */
function subtractEliminated<T>(
  n: i32, from: i32, k: i32, r: i32, a: usize, ld: i32, w: usize, scratch: usize,
): void {
  const target = at<T>(w, n, r > k ? k + 1 - from : k - from, k);
  const left = at<T>(a, ld, from, k);
  addProduct<T>(1, n - k, k - from, -1, w + <usize>r * sizeof<T>(), 1, n, left, ld, 1, target, n, scratch);
}

/** Index of the largest magnitude in x[from … to − 1]; `to` if there is none above 0. */
function largest<T>(x: usize, from: i32, to: i32): i32 {
  let most: T = 0, index = to;
  for (let i = from; i < to; ++i) {
    const size = abs<T>(load<T>(x + <usize>i * sizeof<T>()));
    if (size > most) most = size, index = i;
  }
  return index;
}

/**
 * Column i of the part of A that is not eliminated yet moves to column r > i; column i itself is
 * about to be overwritten.
 */
function interchange<T>(n: i32, i: i32, r: i32, a: usize, ld: i32): void {
  store<T>(at<T>(a, ld, r, r), load<T>(at<T>(a, ld, i, i)));
  for (let j = i + 1; j < r; ++j) store<T>(at<T>(a, ld, j, r), load<T>(at<T>(a, ld, i, j)));
  memory.copy(at<T>(a, ld, r, r + 1), at<T>(a, ld, i, r + 1), <usize>(n - r - 1) * sizeof<T>());
}

// @ts-ignore: decorator
@inline
function swapElements<T>(row: usize, i: i32, j: i32): void {
  swap<T>(1, row + <usize>i * sizeof<T>(), row + <usize>j * sizeof<T>());
}

function eliminateOne<T>(n: i32, k: i32, row: usize, w: usize, d: usize, e: usize): void {
  const size = sizeof<T>();
  const pivot = load<T>(w + <usize>k * size);
  store<T>(d + <usize>k * size, pivot);
  store<T>(e + <usize>k * size, 0);
  // A pivot of 0 has a column of zeros.
  for (let j = <usize>(k + 1) * size; j < <usize>n * size; j += size) {
    store<T>(row + j, pivot == 0 ? 0 : load<T>(w + j) / pivot);
  }
}

function eliminateTwo<T>(
  n: i32, k: i32, row0: usize, row1: usize, w0: usize, w1: usize, d: usize, e: usize,
): void {
  const size = sizeof<T>(), here = <usize>k * size, next = here + size;
  const beside = load<T>(w0 + next), d0 = load<T>(w0 + here), d1 = load<T>(w1 + next);
  store<T>(d + here, d0);
  store<T>(d + next, d1);
  store<T>(e + here, beside);
  store<T>(e + next, 0);
  store<T>(row0 + next, 0);
  const p = d1 / beside, q = d0 / beside;
  const factor = <T>1 / (p * q - 1);
  for (let j = next + size; j < <usize>n * size; j += size) {
    const x = load<T>(w0 + j) / beside, y = load<T>(w1 + j) / beside;
    store<T>(row0 + j, factor * (p * x - y));
    store<T>(row1 + j, factor * (q * y - x));
  }
}

/** X = A⁻¹X for X (n × m), with what `ldl` left. No pivot may be 0. */
export function ldlSolve<T>(
  n: i32, m: i32, u: usize, ldu: i32, d: usize, e: usize, swaps: usize, x: usize, ldx: i32, scratch: usize,
): void {
  for (let k = 0; k < n; ++k) swap<T>(m, at<T>(x, ldx, k, 0), at<T>(x, ldx, load<i32>(swaps + (<usize>k << 2)), 0));
  solveTransposed<T>(n, m, true, u, ldu, 1, x, ldx, scratch);
  const size = sizeof<T>();
  for (let k = 0; k < n; ++k) {
    const d0 = <f64>load<T>(d + <usize>k * size), beside = <f64>load<T>(e + <usize>k * size);
    const row = at<T>(x, ldx, k, 0);
    if (beside == 0) {
      scale<T>(m, 1 / d0, row);
      continue;
    }
    ++k;
    const p = <f64>load<T>(d + <usize>k * size) / beside, q = d0 / beside;
    const factor = 1 / (p * q - 1);
    for (let j = row; j < row + <usize>m * size; j += size) {
      const other = j + <usize>ldx * size;
      const above = <f64>load<T>(j) / beside, below = <f64>load<T>(other) / beside;
      store<T>(j, <T>(factor * (p * above - below)));
      store<T>(other, <T>(factor * (q * below - above)));
    }
  }
  solveUpper<T>(n, m, true, u, ldu, 1, x, ldx, scratch);
  for (let k = n - 1; k >= 0; --k) {
    swap<T>(m, at<T>(x, ldx, k, 0), at<T>(x, ldx, load<i32>(swaps + (<usize>k << 2)), 0));
  }
}
