/**
 * Blocks of the Hessian, unit by unit. For unit i of layer l, R{·} is the derivative along its
 * pre-activation, sample by sample; then for the weights j into i and the weights q into unit p of
 * layer m ≥ l
 *
 * ∂²ℓ/∂W_l[i,j]∂W_m[p,q] = Σ_s h_{l−1}[s,j]·(R{δ_m}[s,p]·h_{m−1}[s,q] + δ_m[s,p]·R{h_{m−1}}[s,q]),
 *
 * a matrix product over the samples whose right factor is formed on the way. Under batch norm the
 * left factor has the derivatives of the pre-activation in all of the unit's parameters instead.
 * Here activations lie sample by sample. What belongs to all samples is indexed by `list`; R{·} is
 * kept for the listed samples alone, which are those with φ′_l[s,i] ≠ 0: of the others nothing is
 * left.
 */
import { madd } from "../inline/lanes";
import { tilesAdjacent, tilesOfOneRow, TILE_ROWS, TILE_ROW_BYTES } from "../matmul/tile";
import { transpose } from "../vector/transpose";

/**
 * Samples that one pass over a pair of units gathers: what a row of tiles reads of both factors
 * then stays in the first-level cache.
 */
const BLOCK: i32 = 128;

/**
 * The samples s < n with x[s·ld] ≠ 0, as 32-bit indices; all of them for x = 0. Returns their
 * number.
 */
export function activeSamples<T>(x: usize, ld: i32, n: i32, list: usize): i32 {
  let count = 0;
  for (let s = 0; s < n; ++s) {
    store<i32>(list + (<usize>count << 2), s);
    count += i32(!x || load<T>(x + <usize>s * ld * sizeof<T>()) != 0);
  }
  return count;
}

/** out[k] = x[list[k]], rows of `width` numbers. */
export function gatherRows<T>(list: usize, count: i32, x: usize, ld: i32, width: i32, out: usize, ldo: i32): void {
  for (let k = 0; k < count; ++k) {
    const s = load<i32>(list + (<usize>k << 2));
    memory.copy(out + <usize>k * ldo * sizeof<T>(), x + <usize>s * ld * sizeof<T>(), <usize>width * sizeof<T>());
  }
}

/**
 * out[k] = x[list[k]]·row, with x a column of numbers ld apart: how the layer above unit i moves.
 * Writes and reads whole vectors.
 */
export function seedRows<T>(list: usize, count: i32, x: usize, ld: i32, row: usize, width: i32, out: usize, ldo: i32): void {
  const bytes = <usize>width * sizeof<T>();
  for (let k = 0; k < count; ++k) {
    const s = load<i32>(list + (<usize>k << 2));
    const factor = v128.splat<T>(x ? load<T>(x + <usize>s * ld * sizeof<T>()) : <T>1);
    const target = out + <usize>k * ldo * sizeof<T>();
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(target + at, v128.mul<T>(factor, v128.load(row + at)));
    }
  }
}

/**
 * out[k] = x[list[k]] ⊙ v[k], or += ; out and v alike laid out. out may be v; for ld = 0 x is one
 * row for all. Writes and reads whole vectors.
 */
export function multiplyRows<T>(
  list: usize, count: i32, x: usize, ld: i32, width: i32, v: usize, out: usize, ldo: i32, accumulate: i32,
): void {
  const bytes = <usize>width * sizeof<T>();
  for (let k = 0; k < count; ++k) {
    const source = x + <usize>load<i32>(list + (<usize>k << 2)) * ld * sizeof<T>();
    const from = v + <usize>k * ldo * sizeof<T>();
    const to = out + <usize>k * ldo * sizeof<T>();
    if (accumulate) {
      for (let at: usize = 0; at < bytes; at += 16) {
        v128.store(to + at, madd<T>(v128.load(source + at), v128.load(from + at), v128.load(to + at)));
      }
    } else {
      for (let at: usize = 0; at < bytes; at += 16) {
        v128.store(to + at, v128.mul<T>(v128.load(source + at), v128.load(from + at)));
      }
    }
  }
}

/** out[k] += x[list[k]], columns of numbers ldo and ld apart. */
export function addColumn<T>(list: usize, count: i32, x: usize, ld: i32, out: usize, ldo: i32): void {
  for (let k = 0; k < count; ++k) {
    const target = out + <usize>k * ldo * sizeof<T>();
    store<T>(target, load<T>(target) + load<T>(x + <usize>load<i32>(list + (<usize>k << 2)) * ld * sizeof<T>()));
  }
}

/**
 * out[k] = ∇²ℓ·u[k] of the listed samples, from the curvatures d and, under softmax, the
 * probabilities p: d ⊙ (u − p·u). Where a class has more than half, its u is first subtracted from
 * all (see softmaxHessianProduct). `out` may be u.
 */
export function lossCurvatureRows<T>(
  list: usize, count: i32, d: usize, p: usize, ld: i32, width: i32, u: usize, out: usize, ldo: i32,
): void {
  for (let k = 0; k < count; ++k) {
    const from = <usize>load<i32>(list + (<usize>k << 2)) * ld * sizeof<T>();
    const row = <usize>k * ldo * sizeof<T>();
    const bytes = <usize>width * sizeof<T>();
    let origin: T = 0;
    let mean: T = 0;
    if (p) {
      for (let q: usize = 0; q < bytes; q += sizeof<T>()) {
        if (load<T>(p + from + q) > 0.5) origin = load<T>(u + row + q);
      }
      for (let q: usize = 0; q < bytes; q += sizeof<T>()) mean += load<T>(p + from + q) * (load<T>(u + row + q) - origin);
    }
    for (let q: usize = 0; q < bytes; q += sizeof<T>()) {
      store<T>(out + row + q, load<T>(d + from + q) * (load<T>(u + row + q) - origin - mean));
    }
  }
}

/** Bytes of scratch that `hessianRows` needs for factors of these widths (left and right). */
export function hessianScratchBytes(left: i32, right: i32, size: i32): i32 {
  return <i32>TILE_ROW_BYTES * 6 + 2 * 4 * BLOCK + BLOCK * size * (padded(left + TILE_ROWS, size) + padded(right, size)) + 64;
}

/** Bytes of the whole tiles that a row of so many numbers takes. */
// @ts-ignore: decorator
@inline
function tileBytes<T>(width: i32): usize {
  return (<usize>width * sizeof<T>() + TILE_ROW_BYTES - 1) / TILE_ROW_BYTES * TILE_ROW_BYTES;
}

/**
 * Whole tiles, and an odd number of them: rows a power of two apart would share a few sets of the
 * first-level cache.
 */
// @ts-ignore: decorator
@inline
function padded(width: i32, size: i32): i32 {
  const tile = <i32>TILE_ROW_BYTES / size;
  return ((width + tile - 1) / tile | 1) * tile;
}

/**
 * The rows of `rows` weights into one unit of layer l, against the weights into units `first` …
 * `units` − 1 of layer m. They are written to `panel` (stride ldp, the columns of unit `first`
 * first), or added to it. Up to 5 rows behind those are overwritten, too.
 *
 * - left: h_{l−1} (stride ldl), of which this takes `rows` columns
 * - right: h_{m−1} (stride ldr, width `inputs`)
 * - tangent: R{h_{m−1}} (stride ldt), or 0
 * - bump: for m = l + 1, where R{h_l} is φ′_l[s,i] in column i alone: that column of slopes (stride
 *   ldb, at `bumpAt`), or 0 (with bumpAt ≥ 0: slope 1)
 * - change: R{δ_m} (stride ldc)
 * - delta: δ_m (stride ldd), or 0 for the Gauss-Newton matrix
 * - slope: φ′_m (stride lds), whose zeros leave samples out, or 0
 * - symmetric: l = m with all rows, where a block is symmetric and half of it is computed
 */
export function hessianRows<T>(
  list: usize, count: i32, left: usize, ldl: i32, rows: i32, right: usize, ldr: i32, inputs: i32,
  tangent: usize, ldt: i32, bump: usize, ldb: i32, bumpAt: i32,
  change: usize, ldc: i32, delta: usize, ldd: i32, slope: usize, lds: i32, first: i32, units: i32,
  panel: usize, ldp: i32, accumulate: i32, symmetric: i32, scratch: usize,
): void {
  const size = sizeof<T>();
  const picked = scratch + TILE_ROW_BYTES * 6;
  const a = picked + 8 * <usize>BLOCK;
  const lda = padded(rows + TILE_ROWS - 1, <i32>size);
  const b = a + <usize>BLOCK * lda * size;
  const ldw = padded(inputs, <i32>size);
  const groups = slope ? units - first : 1;
  for (let g = 0; g < groups; ++g) {
    // With zeros to leave out, each unit of layer m has samples of its own; without, all share them
    // and the left factor.
    const start = slope ? first + g : first;
    const end = slope ? start + 1 : units;
    let k = 0;
    let more = accumulate != 0;
    do {
      let chosen = 0;
      for (; k < count && chosen < BLOCK; ++k) {
        const s = load<i32>(list + (<usize>k << 2));
        store<i32>(picked + (<usize>chosen << 3), s);
        store<i32>(picked + (<usize>chosen << 3), k, 4);
        chosen += i32(!slope || load<T>(slope + (<usize>s * lds + start) * size) != 0);
      }
      formLeft<T>(picked, chosen, left, ldl, tileBytes<T>(rows), a, <usize>lda * size);
      for (let p = start; p < end; ++p) {
        formRight<T>(
          picked, chosen, right, ldr, tileBytes<T>(inputs), tangent, ldt, bump, ldb, bumpAt,
          change + <usize>p * size, ldc, delta ? delta + <usize>p * size : 0, ldd, b, <usize>ldw * size,
        );
        const block = panel + <usize>(p - first) * inputs * size;
        tiles<T>(rows, inputs, chosen, a, lda, b, ldw, block, ldp, more, symmetric != 0, scratch);
      }
      more = true;
    } while (k < count);
  }
  if (symmetric) {
    for (let p = first; p < units; ++p) mirror<T>(rows, panel + <usize>(p - first) * inputs * size, ldp);
  }
}

/** The chosen samples' left rows, side by side. */
function formLeft<T>(picked: usize, chosen: i32, left: usize, ldl: i32, bytes: usize, a: usize, stride: usize): void {
  for (; chosen > 0; --chosen) {
    const source = left + <usize>load<i32>(picked) * ldl * sizeof<T>();
    for (let at: usize = 0; at < bytes; at += 32) {
      v128.store(a + at, v128.load(source + at));
      v128.store(a + at, v128.load(source + at, 16), 16);
    }
    picked += 8;
    a += stride;
  }
}

/** Their right rows: R{δ}·h + δ·R{h}. */
function formRight<T>(
  picked: usize, chosen: i32, right: usize, ldr: i32, bytes: usize,
  tangent: usize, ldt: i32, bump: usize, ldb: i32, bumpAt: i32,
  change: usize, ldc: i32, delta: usize, ldd: i32, b: usize, stride: usize,
): void {
  const size = sizeof<T>();
  for (; chosen > 0; --chosen) {
    const s = <usize>load<i32>(picked);
    const k = <usize>load<i32>(picked, 4);
    const source = right + s * ldr * size;
    const moved = v128.splat<T>(load<T>(change + k * ldc * size));
    if (tangent && delta) {
      const push = v128.splat<T>(load<T>(delta + s * ldd * size));
      const turn = tangent + k * ldt * size;
      for (let at: usize = 0; at < bytes; at += 32) {
        v128.store(b + at, madd<T>(push, v128.load(turn + at), v128.mul<T>(moved, v128.load(source + at))));
        v128.store(b + at, madd<T>(push, v128.load(turn + at, 16), v128.mul<T>(moved, v128.load(source + at, 16))), 16);
      }
    } else {
      for (let at: usize = 0; at < bytes; at += 32) {
        v128.store(b + at, v128.mul<T>(moved, v128.load(source + at)));
        v128.store(b + at, v128.mul<T>(moved, v128.load(source + at, 16)), 16);
      }
      if (bumpAt >= 0 && delta) {
        const target = b + <usize>bumpAt * size;
        const share: T = bump ? load<T>(bump + s * ldb * size) : 1;
        store<T>(target, load<T>(target) + load<T>(delta + s * ldd * size) * share);
      }
    }
    picked += 8;
    b += stride;
  }
}

/** block += or = aᵀ·b; with `upper` only the tiles that reach the diagonal or lie right of it. */
function tiles<T>(
  rows: i32, columns: i32, k: i32, a: usize, lda: i32, b: usize, ldw: i32,
  block: usize, ldp: i32, accumulate: bool, upper: bool, edge: usize,
): void {
  const size = sizeof<T>();
  const width = <i32>(TILE_ROW_BYTES / size);
  const whole = columns / width;
  const ragged = columns % width;
  const tall = <usize>lda * size;
  const wide = <usize>ldw * size;
  const stride = <usize>ldp * size;
  for (let j = 0; j < rows; ) {
    // Rows that fill no tile still go through one: what lands behind the last row is garbage, for
    // which the panel has room.
    const height = rows - j > 1 ? TILE_ROWS : 1;
    const skip = upper ? min(j / width, whole) : 0;
    const from = a + <usize>j * size;
    const to = block + <usize>j * stride + <usize>skip * TILE_ROW_BYTES;
    const at = b + <usize>skip * TILE_ROW_BYTES;
    if (height > 1) {
      tilesAdjacent<T>(whole - skip, k, from, tall, at, wide, TILE_ROW_BYTES, to, stride, 1, accumulate, 0);
    } else {
      tilesOfOneRow<T>(whole - skip, k, from, tall, at, wide, TILE_ROW_BYTES, to, 1, accumulate, 0);
    }
    if (ragged) {
      const last = b + <usize>whole * TILE_ROW_BYTES;
      if (height > 1) tilesAdjacent<T>(1, k, from, tall, last, wide, 0, edge, TILE_ROW_BYTES, 1, false, 0);
      else tilesOfOneRow<T>(1, k, from, tall, last, wide, 0, edge, 1, false, 0);
      addEdge<T>(height, ragged, edge, block + <usize>j * stride + <usize>whole * TILE_ROW_BYTES, stride, accumulate);
    }
    j += height;
  }
}

function addEdge<T>(rows: i32, columns: i32, edge: usize, block: usize, stride: usize, accumulate: bool): void {
  for (let j = 0; j < rows; ++j) {
    for (let q: usize = 0; q < <usize>columns * sizeof<T>(); q += sizeof<T>()) {
      const value = load<T>(edge + q);
      store<T>(block + q, accumulate ? load<T>(block + q) + value : value);
    }
    edge += TILE_ROW_BYTES;
    block += stride;
  }
}

/** Copies what is right of the diagonal to the left of it. */
function mirror<T>(rows: i32, block: usize, ldp: i32): void {
  const step = 16;
  const stride = <usize>ldp * sizeof<T>();
  for (let j = 0; j < rows; j += step) {
    const height = min(step, rows - j);
    const corner = block + <usize>j * sizeof<T>();
    if (j > 0) transpose<T>(corner, j, height, ldp, block + <usize>j * stride, ldp);
    for (let r = 1; r < height; ++r) {
      for (let q = 0; q < r; ++q) {
        store<T>(
          corner + <usize>(j + r) * stride + <usize>q * sizeof<T>(),
          load<T>(corner + <usize>(j + q) * stride + <usize>r * sizeof<T>()),
        );
      }
    }
  }
}
