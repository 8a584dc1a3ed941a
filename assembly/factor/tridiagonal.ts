/**
 * A = Q·T·Qᵀ with T tridiagonal and Q = H₀·H₁⋯, Hᵢ = I − τᵢvᵢvᵢᵀ: Householder's reduction in
 * panels. Half of the work is products of the symmetric matrix with a vector, the other half matrix
 * products. Row i of the upper triangle keeps vᵢ.
 */
import { product } from "../matmul/product";
import { lanes, madd, loadSplat, sumLanes } from "../inline/lanes";
import { kindOf, STRIP } from "../threads/pieces";
import { get, mayShare, put, share } from "../threads/share";
import { axpy, scale } from "../vector/elementwise";
import { dot, sumSquares } from "../vector/reduce";
import { addProduct, at, updateUpper } from "./triangular";

/** Reflections in one panel. */
const PANEL: i32 = 32;

/**
 * Rows from which on a product of the symmetric matrix with a vector is summed strip by strip, and
 * the number of strips. Both are functions of the matrix alone, so that bits do not depend on
 * threads.
 */
const STRIPS_FROM: i32 = 256;
const STRIPS: i32 = 8;

/** Panels of reflections of a matrix of n rows. */
export function panelsOf(n: i32): i32 {
  return n > 1 ? (n - 2) / PANEL + 1 : 0;
}

/** Elements of `work` that `tridiagonalize` needs for a matrix of n rows. */
export function tridiagonalWork(n: i32): i32 {
  return (4 * PANEL + STRIPS) * n + 2 * PANEL;
}

/** Elements of `work` that `reflect` needs for m rows of n. */
export function reflectWork(m: i32): i32 {
  return 2 * PANEL * m + 2 * PANEL * PANEL;
}

/**
 * One panel of the reduction of the symmetric A (n × n, upper triangle), which overwrites all of A.
 * `d` (n) and `e` (n − 1) get T in double precision, except the last of `d`, which stays in A.
 * `tau` (n) gets the factors of the reflections. vᵢ = A[i, i + 1 …], its 1 included.
 */
export function tridiagonalize<T>(
  panel: i32, n: i32, a: usize, ld: i32, d: usize, e: usize, tau: usize, work: usize, scratch: usize,
): void {
  const x = work, y = work + <usize>(2 * PANEL * n) * sizeof<T>();
  const from = panel * PANEL, count = min(PANEL, n - 1 - from), end = from + count;
  for (let i = 0; i < count; ++i) {
    reduceRow<T>(n, from + i, 2 * i, a, ld, d, e, tau, x, y, y + <usize>(2 * PANEL * n) * sizeof<T>(), scratch);
  }
  const shift = <usize>end * sizeof<T>();
  updateUpper<T>(n - end, 2 * count, x + shift, n, y + shift, n, at<T>(a, ld, end, end), ld, scratch);
}

/**
 * The reflection of row i. Rows 0 … done − 1 of x are v₀, w₀, v₁, w₁ … of the panel, those of y w₀,
 * v₀, w₁, v₁ …: what the panel has taken from A so far is xᵀy. Appends its own v and w.
 */
function reduceRow<T>(
  n: i32, i: i32, done: i32, a: usize, ld: i32, d: usize, e: usize, tau: usize, x: usize, y: usize, sums: usize,
  scratch: usize,
): void {
  const size = sizeof<T>();
  const row = at<T>(a, ld, i, i), v = row + size, length = n - i - 1;
  if (done) {
    addProduct<T>(1, length + 1, done, -1, at<T>(y, n, 0, i), 1, n, at<T>(x, n, 0, i), n, 1, row, ld, scratch);
  }
  store<f64>(d + (<usize>i << 3), <f64>load<T>(row));
  const factor = reflection<T>(length, v, e + (<usize>i << 3));
  store<f64>(tau + (<usize>i << 3), factor);
  const shift = <usize>(i + 1) * size;
  const newV = at<T>(x, n, done, 0) + shift, w = newV + <usize>n * size, bytes = <usize>length * size;
  memory.copy(newV, v, bytes);
  if (factor == 0) memory.fill(w, 0, bytes);
  else {
    multiplySymmetric<T>(length, at<T>(a, ld, i + 1, i + 1), ld, v, w, sums + <usize>(2 * PANEL) * size, scratch);
    if (done) {
      for (let r = 0; r < done; ++r) {
        store<T>(sums + <usize>r * size, <T>dot<T>(at<T>(y, n, r, 0) + shift, v, length));
      }
      addProduct<T>(1, length, done, -1, sums, done, 1, x + shift, n, 1, w, n, scratch);
    }
    scale<T>(length, factor, w);
    axpy<T>(length, -0.5 * factor * dot<T>(w, v, length), v, w);
  }
  const other = at<T>(y, n, done, 0) + shift;
  memory.copy(other, w, bytes);
  memory.copy(other + <usize>n * size, v, bytes);
}

/**
 * Makes v (n > 0) of x in place, so that (I − τvvᵀ)x = (β, 0 …), v₀ = 1. Stores β at e and returns
 * τ, 0 where nothing is to be done. Beside a matrix with elements of about 1, what is smaller than
 * 10⁻³⁰ (10⁻¹⁵ in single precision) counts as 0, since squares and reciprocals of it would leave
 * the type's range.
 */
function reflection<T>(n: i32, x: usize, e: usize): f64 {
  const size = sizeof<T>();
  const first = <f64>load<T>(x);
  const rest = sumSquares<T>(x + size, n - 1);
  store<T>(x, 1);
  if (rest < (sizeof<T>() == 4 ? 1e-30 : 1e-60)) {
    store<f64>(e, first);
    memory.fill(x + size, 0, <usize>(n - 1) * size);
    return 0;
  }
  const norm = sqrt(first * first + rest);
  const beta = first > 0 ? -norm : norm;
  scale<T>(n - 1, 1 / (first - beta), x + size);
  store<f64>(e, beta);
  return (beta - first) / beta;
}

/**
 * y = A·x, from A's upper triangle: each element is read once and used twice. `sums`: STRIPS·n
 * elements.
 */
function multiplySymmetric<T>(n: i32, a: usize, ld: i32, x: usize, y: usize, sums: usize, scratch: usize): void {
  if (n < STRIPS_FROM) {
    multiplyRows<T>(0, n, n, a, ld, x, y);
    return;
  }
  if (ASC_FEATURE_THREADS && mayShare()) {
    put<i32>(0, n), put<usize>(1, a), put<i32>(2, ld), put<usize>(3, x), put<usize>(4, sums);
    share(kindOf<T>(STRIP), STRIPS, scratch);
  } else {
    for (let i = 0; i < STRIPS; ++i) multiplyStrip<T>(i, n, a, ld, x, sums);
  }
  memory.copy(y, sums, <usize>n * sizeof<T>());
  for (let i = 1; i < STRIPS; ++i) {
    const from = stripStart(i, n);
    axpy<T>(n - from, 1, at<T>(sums, n, i, from), y + <usize>from * sizeof<T>());
  }
}

/** Rows before strip i; strips are of about the same area. */
function stripStart(i: i32, n: i32): i32 {
  return i == STRIPS ? n : <i32>(<f64>n * (1 - sqrt<f64>(1 - <f64>i / STRIPS))) & ~3;
}

export function stripPiece<T>(strip: i32): void {
  multiplyStrip<T>(strip, get<i32>(0), get<usize>(1), get<i32>(2), get<usize>(3), get<usize>(4));
}

/** What strip i adds to A·x, in row i of the sums. */
function multiplyStrip<T>(i: i32, n: i32, a: usize, ld: i32, x: usize, sums: usize): void {
  multiplyRows<T>(stripStart(i, n), stripStart(i + 1, n), n, a, ld, x, at<T>(sums, n, i, 0));
}

/** y[from …] = what rows `from` … `end` − 1 of A's upper triangle add to A·x. Four rows a step. */
function multiplyRows<T>(from: i32, end: i32, n: i32, a: usize, ld: i32, x: usize, y: usize): void {
  const size = sizeof<T>(), step = <usize>ld * size;
  memory.fill(y + <usize>from * size, 0, <usize>(n - from) * size);
  let i = from;
  for (; i + 4 <= end; i += 4) {
    const corner = at<T>(a, ld, i, i), here = x + <usize>i * size, out = y + <usize>i * size;
    fourRows<T>(n - i - 4, corner + 4 * size, step, here, out);
    for (let r: usize = 0; r < 4; ++r) {
      const row = corner + r * step;
      const own = load<T>(here + r * size);
      let sum = load<T>(out + r * size) + load<T>(row + r * size) * own;
      for (let c = r + 1; c < 4; ++c) {
        const value = load<T>(row + c * size);
        sum += value * load<T>(here + c * size);
        store<T>(out + c * size, load<T>(out + c * size) + value * own);
      }
      store<T>(out + r * size, sum);
    }
  }
  for (; i < end; ++i) {
    const row = at<T>(a, ld, i, i), here = x + <usize>i * size, out = y + <usize>i * size;
    const own = load<T>(here);
    let sum = load<T>(out) + load<T>(row) * own;
    for (let c: usize = size; c < <usize>(n - i) * size; c += size) {
      sum += load<T>(row + c) * load<T>(here + c);
      store<T>(out + c, load<T>(out + c) + load<T>(row + c) * own);
    }
    store<T>(out, sum);
  }
}

/** y[0 … 3] += A·x[4 …] and y[4 …] += Aᵀ·x[0 … 3] for A (4 × n). */
function fourRows<T>(n: i32, a: usize, step: usize, x: usize, y: usize): void {
  const size = sizeof<T>();
  const x0 = loadSplat<T>(x), x1 = loadSplat<T>(x + size);
  const x2 = loadSplat<T>(x + 2 * size), x3 = loadSplat<T>(x + 3 * size);
  let s0 = i32x4.splat(0), s1 = i32x4.splat(0), s2 = i32x4.splat(0), s3 = i32x4.splat(0);
  let p0 = a, p1 = a + step, p2 = p1 + step, p3 = p2 + step;
  let q = x + 4 * size, out = y + 4 * size;
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    const other = v128.load(q);
    let sum = v128.load(out);
    const a0 = v128.load(p0);
    s0 = madd<T>(a0, other, s0), sum = madd<T>(a0, x0, sum);
    const a1 = v128.load(p1);
    s1 = madd<T>(a1, other, s1), sum = madd<T>(a1, x1, sum);
    const a2 = v128.load(p2);
    s2 = madd<T>(a2, other, s2), sum = madd<T>(a2, x2, sum);
    const a3 = v128.load(p3);
    s3 = madd<T>(a3, other, s3), sum = madd<T>(a3, x3, sum);
    v128.store(out, sum);
    p0 += 16, p1 += 16, p2 += 16, p3 += 16, q += 16, out += 16;
  }
  let t0 = load<T>(y) + sumLanes<T>(s0), t1 = load<T>(y + size) + sumLanes<T>(s1);
  let t2 = load<T>(y + 2 * size) + sumLanes<T>(s2), t3 = load<T>(y + 3 * size) + sumLanes<T>(s3);
  for (; n > 0; --n) {
    const other = load<T>(q);
    const b0 = load<T>(p0), b1 = load<T>(p1), b2 = load<T>(p2), b3 = load<T>(p3);
    t0 += b0 * other, t1 += b1 * other, t2 += b2 * other, t3 += b3 * other;
    const below = b0 * load<T>(x) + b1 * load<T>(x + size) + b2 * load<T>(x + 2 * size) + b3 * load<T>(x + 3 * size);
    store<T>(out, load<T>(out) + below);
    p0 += size, p1 += size, p2 += size, p3 += size, q += size, out += size;
  }
  store<T>(y, t0), store<T>(y + size, t1), store<T>(y + 2 * size, t2), store<T>(y + 3 * size, t3);
}

/**
 * One panel of: each row z of X (n × n) becomes Qz, by blocks of reflections as I − V·F·Vᵀ with F
 * upper triangular, the last panel first. Clears what lies left of the vectors in A.
 */
export function reflect<T>(
  panel: i32, n: i32, a: usize, ld: i32, tau: usize, x: usize, ldx: i32, work: usize, scratch: usize,
): void {
  const size = sizeof<T>();
  const factor = work, gram = factor + <usize>(PANEL * PANEL) * size;
  const g = gram + <usize>(PANEL * PANEL) * size, h = g + <usize>(PANEL * n) * size;
  const from = panel * PANEL, count = min(PANEL, n - 1 - from), length = n - 1 - from;
  const v = at<T>(a, ld, from, from + 1), target = x + <usize>(from + 1) * size;
  for (let i = 1; i < count; ++i) memory.fill(at<T>(v, ld, i, 0), 0, <usize>i * size);
  product<T>(count, count, length, 1, v, ld, 1, v, 1, ld, 0, gram, PANEL, 0, -1, 0, gram, scratch);
  blockFactor<T>(count, gram, tau + (<usize>from << 3), factor);
  product<T>(n, count, length, 1, target, ldx, 1, v, 1, ld, 0, g, PANEL, 0, -1, 0, g, scratch);
  product<T>(n, count, count, 1, g, PANEL, 1, factor, 1, PANEL, 0, h, PANEL, 0, -1, 0, h, scratch);
  addProduct<T>(n, length, count, -1, h, PANEL, 1, v, ld, 1, target, ldx, scratch);
}

/** F (n × n, upper triangular) of H₀⋯Hₙ₋₁ = I − V·F·Vᵀ, from the reflections' inner products. */
function blockFactor<T>(n: i32, gram: usize, tau: usize, factor: usize): void {
  memory.fill(factor, 0, <usize>(PANEL * PANEL) * sizeof<T>());
  for (let i = 0; i < n; ++i) {
    const t = load<f64>(tau + (<usize>i << 3));
    for (let r = 0; r < i; ++r) {
      let sum: f64 = 0;
      for (let c = r; c < i; ++c) {
        sum += <f64>load<T>(at<T>(factor, PANEL, r, c)) * <f64>load<T>(at<T>(gram, PANEL, c, i));
      }
      store<T>(at<T>(factor, PANEL, r, i), <T>(-t * sum));
    }
    store<T>(at<T>(factor, PANEL, i, i), <T>t);
  }
}
