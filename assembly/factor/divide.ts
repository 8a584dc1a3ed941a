/**
 * Eigenvalues and vectors of a tridiagonal matrix: Cuppen's divide and conquer. A coupling is torn,
 * which leaves two matrices of half the size; the secular equation joins their eigenvalues. The
 * vectors come from the z that has the computed roots exactly (Gu and Eisenstat), so that they are
 * orthogonal without more precision. Vectors of nearly equal values, or with no share in the
 * coupling, stay the same.
 */
import { product } from "../matmul/product";
import { lanes, madd, sumLanes } from "../inline/lanes";
import { implicit, MOST_ROWS, rotate } from "./implicit";
import { secularRoot } from "./secular";
import { at } from "./triangular";

/** Rows of the joining matrix that exist at a time. */
const STRIP: i32 = 128;

/** Bytes of `work` for n rows: n² and n·STRIP elements, and vectors of doubles and integers. */
export function divideWorkBytes<T>(n: i32): f64 {
  return <f64>n * ((<f64>n + <f64>STRIP) * sizeof<T>() + 10 * 8 + 7 * 4) + 64;
}

// The vectors in work: doubles first.
const Z = 0, SORTED = 1, WEIGHT = 2, GROUPED = 3, GROUPED_WEIGHT = 4, TAU = 5, ROOT = 6, SHARE = 7, ORIGIN = 8, LEFT = 9;
const DOUBLES = 10;
const PERM = 0, ORDER = 1, KEPT = 2, DEFLATED = 3, TYPE = 4, GROUP = 5, OTHER = 6, INTEGERS = 7;

// @ts-ignore: decorator
@inline
function doubles(work: usize, n: i32, which: i32): usize {
  return work + (<usize>(n * which) << 3);
}

// @ts-ignore: decorator
@inline
function integers(work: usize, n: i32, which: i32): usize {
  return work + (<usize>(n * DOUBLES) << 3) + (<usize>(n * which) << 2);
}

// @ts-ignore: decorator
@inline
function get(p: usize, i: i32): f64 {
  return load<f64>(p + (<usize>i << 3));
}

// @ts-ignore: decorator
@inline
function set(p: usize, i: i32, x: f64): void {
  store<f64>(p + (<usize>i << 3), x);
}

// @ts-ignore: decorator
@inline
function index(p: usize, i: i32): i32 {
  return load<i32>(p + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function setIndex(p: usize, i: i32, x: i32): void {
  store<i32>(p + (<usize>i << 2), x);
}

/**
 * d (n) becomes the eigenvalues of the tridiagonal matrix (d, e) of norm about 1, in no order; row
 * i of q (n × n) the vector of d[i]. The n integers at `sortedOrder` say which comes first. Returns
 * 0, or a positive number where a value has not converged.
 */
export function divide<T>(n: i32, d: usize, e: usize, q: usize, ldq: i32, work: usize, scratch: usize): i32 {
  for (let i = 0; i < n; ++i) memory.fill(at<T>(q, ldq, i, 0), 0, <usize>n * sizeof<T>());
  return conquer<T>(n, 0, n, d, e, q, ldq, work, scratch);
}

export function sortedOrder(n: i32, work: usize): usize {
  return integers(work, n, PERM);
}

/** The n rows from row `from` of the `all`. */
function conquer<T>(
  n: i32, from: i32, all: i32, d: usize, e: usize, q: usize, ldq: i32, work: usize, scratch: usize,
): i32 {
  const perm = integers(work, all, PERM) + (<usize>from << 2);
  if (n <= MOST_ROWS) {
    for (let i = 0; i < n; ++i) store<T>(at<T>(q, ldq, i, i), 1);
    const info = implicit<T>(n, d, e, q, ldq);
    for (let i = 0; i < n; ++i) setIndex(perm, i, i);
    sort(n, perm, d);
    return info ? from + info : 0;
  }
  const top = n >> 1, size = sizeof<T>();
  const coupling = get(e, top - 1), strength = abs<f64>(coupling);
  set(d, top - 1, get(d, top - 1) - strength);
  set(d, top, get(d, top) - strength);
  let info = conquer<T>(top, from, all, d, e, q, ldq, work, scratch);
  if (info) return info;
  const below = <usize>top << 3;
  info = conquer<T>(n - top, from + top, all, d + below, e + below, at<T>(q, ldq, top, top), ldq, work, scratch);
  if (info) return info;
  join<T>(n, top, coupling, perm, all, d, q, ldq, work, scratch);
  return 0;
}

/** Sorts n indices by d, by insertion: for few, or nearly sorted ones. */
export function sort(n: i32, indices: usize, d: usize): void {
  for (let i = 1; i < n; ++i) {
    const own = index(indices, i);
    let j = i;
    for (; j > 0 && get(d, index(indices, j - 1)) > get(d, own); --j) setIndex(indices, j, index(indices, j - 1));
    setIndex(indices, j, own);
  }
}

/** Merges two sorted lists of indices, the second shifted. */
function merge(n: i32, first: usize, m: i32, second: usize, shift: i32, d: usize, out: usize): void {
  let i = 0, j = 0;
  while (i < n || j < m) {
    const takeFirst = j >= m || (i < n && get(d, index(first, i)) <= get(d, index(second, j) + shift));
    setIndex(out, i + j, takeFirst ? index(first, i) : index(second, j) + shift);
    if (takeFirst) ++i;
    else ++j;
  }
}

/**
 * Where, among the kept rows in groups, those begin that are not zero in both halves, and in the
 * second alone.
 */
const GROUPS = memory.data(8, 8);

function join<T>(
  n: i32, top: i32, coupling: f64, perm: usize, all: i32, d: usize, q: usize, ldq: i32, work: usize, scratch: usize,
): void {
  const size = sizeof<T>();
  const order = integers(work, all, ORDER), group = integers(work, all, GROUP);
  const deflated = integers(work, all, DEFLATED);
  merge(top, perm, n - top, perm + (<usize>top << 2), top, d, order);
  const k = deflate<T>(n, top, coupling, all, d, q, ldq, work);
  if (k == 0) {
    memory.copy(perm, order, <usize>n << 2);
    sort(n, perm, d);
    return;
  }
  arrange(k, all, d, work);
  const both = load<i32>(GROUPS), second = load<i32>(GROUPS, 4);
  const strip = work + (<usize>(all * (2 * DOUBLES + INTEGERS)) << 2) + 15 & ~15;
  const firstHalf = strip + <usize>(all * STRIP) * size;
  const secondHalf = firstHalf + <usize>(second * top) * size;
  const untouched = secondHalf + <usize>((k - both) * (n - top)) * size;
  takeRows<T>(second, top, group, q, ldq, firstHalf);
  takeRows<T>(k - both, n - top, group + (<usize>both << 2), q + <usize>top * size, ldq, secondHalf);
  takeRows<T>(n - k, n, deflated, q, ldq, untouched);
  for (let i = 0; i < n - k; ++i) memory.copy(at<T>(q, ldq, k + i, 0), at<T>(untouched, n, i, 0), <usize>n * size);
  solveSecular(n, k, 2 * abs<f64>(coupling), all, work);
  for (let from = 0; from < k; from += STRIP) {
    const rows = min(STRIP, k - from);
    joiningRows<T>(from, rows, k, all, work, strip);
    let out = at<T>(q, ldq, from, 0);
    product<T>(rows, top, second, 1, strip, k, 1, firstHalf, top, 1, 0, out, ldq, 0, -1, 0, out, scratch);
    out += <usize>top * size;
    product<T>(
      rows, n - top, k - both, 1, strip + <usize>both * size, k, 1, secondHalf, n - top, 1,
      0, out, ldq, 0, -1, 0, out, scratch,
    );
  }
  settle(n, k, perm, all, d, work);
}

/** Copies the first `width` elements of the listed rows. */
function takeRows<T>(count: i32, width: i32, rows: usize, q: usize, ldq: i32, out: usize): void {
  for (let i = 0; i < count; ++i) {
    memory.copy(at<T>(out, width, i, 0), at<T>(q, ldq, index(rows, i), 0), <usize>width * sizeof<T>());
  }
}

/**
 * Puts the kept rows into groups by the half in which they are not zero: the first, both, the
 * second.
 */
function arrange(k: i32, all: i32, d: usize, work: usize): void {
  const kept = integers(work, all, KEPT), type = integers(work, all, TYPE);
  const group = integers(work, all, GROUP), other = integers(work, all, OTHER);
  const sorted = doubles(work, all, SORTED), weight = doubles(work, all, WEIGHT);
  let count = 0;
  for (let t = 0; t < 3; ++t) {
    if (t) store<i32>(GROUPS - 4 + (<usize>t << 2), count);
    for (let i = 0; i < k; ++i) {
      const row = index(kept, i);
      if (index(type, row) != t) continue;
      const value = get(d, row);
      set(sorted, i, value);
      set(weight, i, get(doubles(work, all, Z), row));
      set(doubles(work, all, GROUPED), count, value);
      setIndex(group, count, row);
      setIndex(other, count, i);
      ++count;
    }
  }
}

/** Values and order after a join: the roots first, then what was left as it was. */
function settle(n: i32, k: i32, perm: usize, all: i32, d: usize, work: usize): void {
  const kept = integers(work, all, KEPT), deflated = integers(work, all, DEFLATED), left = doubles(work, all, LEFT);
  for (let i = 0; i < n - k; ++i) {
    set(left, i, get(d, index(deflated, i)));
    setIndex(deflated, i, k + i);
  }
  memory.copy(d, doubles(work, all, ROOT), <usize>k << 3);
  memory.copy(d + (<usize>k << 3), left, <usize>(n - k) << 3);
  for (let i = 0; i < k; ++i) setIndex(kept, i, i);
  sort(n - k, deflated, d);
  merge(k, kept, n - k, deflated, 0, d, perm);
}

/** Sets z, sorts out the rows that the coupling does not change, and returns how many it does. */
function deflate<T>(
  n: i32, top: i32, coupling: f64, all: i32, d: usize, q: usize, ldq: i32, work: usize,
): i32 {
  const z = doubles(work, all, Z);
  const order = integers(work, all, ORDER), kept = integers(work, all, KEPT), deflated = integers(work, all, DEFLATED);
  const type = integers(work, all, TYPE);
  const half = Math.SQRT1_2;
  let largest: f64 = 0;
  for (let i = 0; i < n; ++i) {
    const sign = i >= top && coupling < 0 ? -half : half;
    const value = sign * <f64>load<T>(at<T>(q, ldq, i, i < top ? top - 1 : top));
    set(z, i, value);
    setIndex(type, i, i < top ? 0 : 2);
    largest = max(largest, max(abs<f64>(value), abs<f64>(get(d, i))));
  }
  const rho = 2 * abs<f64>(coupling);
  const tolerance = (sizeof<T>() == 4 ? 9.5367431640625e-7 : 1.7763568394002505e-15) * largest;
  let k = 0, gone = 0, before = -1;
  for (let t = 0; t < n; ++t) {
    const i = index(order, t);
    if (rho * abs<f64>(get(z, i)) <= tolerance) {
      setIndex(deflated, gone++, i);
      continue;
    }
    if (before >= 0) {
      const x = get(z, before), y = get(z, i), norm = sqrt(x * x + y * y);
      const c = y / norm, s = -x / norm, gap = get(d, i) - get(d, before);
      if (abs<f64>(gap * c * s) <= tolerance) {
        set(z, i, norm);
        set(z, before, 0);
        if (index(type, i) != index(type, before)) setIndex(type, i, 1);
        rotate<T>(n, at<T>(q, ldq, before, 0), at<T>(q, ldq, i, 0), c, s);
        const low = get(d, before), high = get(d, i);
        set(d, before, low * c * c + high * s * s);
        set(d, i, low * s * s + high * c * c);
        setIndex(deflated, gone++, before);
      } else {
        setIndex(kept, k++, before);
      }
    }
    before = i;
  }
  if (before >= 0) setIndex(kept, k++, before);
  return k;
}

/**
 * The k roots, the poles they are measured from, and the z that has these roots exactly, in the
 * order of the groups.
 */
function solveSecular(n: i32, k: i32, rho: f64, all: i32, work: usize): void {
  const sorted = doubles(work, all, SORTED), weight = doubles(work, all, WEIGHT), share = doubles(work, all, SHARE);
  const tau = doubles(work, all, TAU), root = doubles(work, all, ROOT), origin = doubles(work, all, ORIGIN);
  const other = integers(work, all, OTHER), regrouped = doubles(work, all, GROUPED_WEIGHT);
  let norm: f64 = 0;
  for (let i = 0; i < k; ++i) norm += get(weight, i) * get(weight, i);
  for (let i = 0; i < k; ++i) set(share, i, 1);
  for (let j = 0; j < k; ++j) {
    const pole = secularRoot(k, j, sorted, weight, 1 / rho, norm, tau + (<usize>j << 3));
    const o = get(sorted, pole), t = get(tau, j);
    set(origin, j, o);
    set(root, j, o + t);
    multiplyShares(0, j, sorted, o, t, get(sorted, j), share);
    set(share, j, get(share, j) * (get(sorted, j) - o - t));
    multiplyShares(j + 1, k, sorted, o, t, get(sorted, j), share);
  }
  for (let i = 0; i < k; ++i) {
    const from = index(other, i);
    const size = sqrt(abs<f64>(get(share, from)));
    set(regrouped, i, get(weight, from) < 0 ? -size : size);
  }
}

/** shareᵢ *= (dᵢ − λ) / (dᵢ − own) */
function multiplyShares(from: i32, to: i32, d: usize, origin: f64, tau: f64, own: f64, share: usize): void {
  const o = f64x2.splat(origin), t = f64x2.splat(tau), pole = f64x2.splat(own);
  let i = from;
  for (; i + 2 <= to; i += 2) {
    const p = <usize>i << 3;
    const x = v128.load(d + p);
    const ratio = f64x2.div(f64x2.sub(f64x2.sub(x, o), t), f64x2.sub(x, pole));
    v128.store(share + p, f64x2.mul(v128.load(share + p), ratio));
  }
  if (i < to) {
    const x = get(d, i);
    set(share, i, get(share, i) * ((x - origin - tau) / (x - own)));
  }
}

/**
 * Rows from … of the orthogonal matrix of the joined problem, its columns in the order of the
 * groups: zᵢ / (dᵢ − λ), normalised.
 */
function joiningRows<T>(from: i32, rows: i32, k: i32, all: i32, work: usize, out: usize): void {
  const grouped = doubles(work, all, GROUPED), weight = doubles(work, all, GROUPED_WEIGHT);
  const temporary = doubles(work, all, SHARE);
  for (let r = 0; r < rows; ++r) {
    const origin = get(doubles(work, all, ORIGIN), from + r), tau = get(doubles(work, all, TAU), from + r);
    const o = f64x2.splat(origin), t = f64x2.splat(tau);
    let squares = f64x2.splat(0);
    let i = 0;
    for (; i + 2 <= k; i += 2) {
      const p = <usize>i << 3;
      const value = f64x2.div(v128.load(weight + p), f64x2.sub(f64x2.sub(v128.load(grouped + p), o), t));
      v128.store(temporary + p, value);
      squares = madd<f64>(value, value, squares);
    }
    let norm = sumLanes<f64>(squares);
    if (i < k) {
      const value = get(weight, i) / (get(grouped, i) - origin - tau);
      set(temporary, i, value);
      norm += value * value;
    }
    const factor = 1 / sqrt(norm);
    let p = at<T>(out, k, r, 0);
    for (i = 0; i < k; ++i) {
      store<T>(p, <T>(get(temporary, i) * factor));
      p += sizeof<T>();
    }
  }
}
