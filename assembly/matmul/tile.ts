import { madd, loadSplat } from "../inline/lanes";
import { splat0, splat1, splat2, splat3, splat4, splat5 } from "../inline/splat";

/**
 * Register tiles: up to TILE_ROWS rows by two vectors of C stay in registers while k runs.
 * The separate multiply needs a register for its product, so the strict build's tile is smaller:
 * 8 accumulators of 15 usable registers, against 12 where multiply and add are one instruction.
 */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Bytes of one tile row: two vectors, whatever the element type. */
export const TILE_ROW_BYTES: usize = 32;

/** C += αacc, or C = αacc + bias. `bias` is the address of this row's bias, or 0. */
// @ts-ignore: decorator
@inline
function finish<T>(c: usize, acc0: v128, acc1: v128, alpha: v128, accumulate: bool, bias: usize): void {
  let lo = v128.mul<T>(acc0, alpha);
  let hi = v128.mul<T>(acc1, alpha);
  if (accumulate) {
    lo = v128.add<T>(lo, v128.load(c));
    hi = v128.add<T>(hi, v128.load(c, 16));
  } else if (bias) {
    const shift = loadSplat<T>(bias);
    lo = v128.add<T>(lo, shift);
    hi = v128.add<T>(hi, shift);
  }
  v128.store(c, lo);
  v128.store(c, hi, 16);
}

// @ts-ignore: decorator
@inline
function step<T>(bias: usize): usize {
  return bias ? bias + sizeof<T>() : 0;
}

/** Stores a whole tile. In the strict build the last two rows do not exist. */
// @ts-ignore: decorator
@inline
function finishRows<T>(
  c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128,
  c30: v128, c31: v128, c40: v128, c41: v128, c50: v128, c51: v128,
  c: usize, cRow: usize, alpha: v128, accumulate: bool, bias: usize,
): void {
  finish<T>(c, c00, c01, alpha, accumulate, bias);
  c += cRow, bias = step<T>(bias);
  finish<T>(c, c10, c11, alpha, accumulate, bias);
  c += cRow, bias = step<T>(bias);
  finish<T>(c, c20, c21, alpha, accumulate, bias);
  c += cRow, bias = step<T>(bias);
  finish<T>(c, c30, c31, alpha, accumulate, bias);
  if (ASC_FEATURE_RELAXED_SIMD) {
    c += cRow, bias = step<T>(bias);
    finish<T>(c, c40, c41, alpha, accumulate, bias);
    c += cRow, bias = step<T>(bias);
    finish<T>(c, c50, c51, alpha, accumulate, bias);
  }
}

/**
 * `count` tiles side by side, for an A whose rows are adjacent in memory (a packed panel, or A
 * transposed). The loop over tiles is here and not in the caller because engines peel and unroll
 * nested loops only.
 */
export function tilesAdjacent<T>(
  count: i32, k: i32, a: usize, aCol: usize, b: usize, bRow: usize, nextB: usize,
  c: usize, cRow: usize, alpha: T, accumulate: bool, bias: usize,
): void {
  for (; count > 0; --count) {
    let c00 = i32x4.splat(0), c01 = i32x4.splat(0), c10 = i32x4.splat(0), c11 = i32x4.splat(0);
    let c20 = i32x4.splat(0), c21 = i32x4.splat(0), c30 = i32x4.splat(0), c31 = i32x4.splat(0);
    let c40 = i32x4.splat(0), c41 = i32x4.splat(0), c50 = i32x4.splat(0), c51 = i32x4.splat(0);
    let p = a, q = b;
    for (let left = k; left > 0; --left) {
      const b0 = v128.load(q), b1 = v128.load(q, 16);
      let x: v128;
      x = splat0<T>(p);
      c00 = madd<T>(x, b0, c00), c01 = madd<T>(x, b1, c01);
      x = splat1<T>(p);
      c10 = madd<T>(x, b0, c10), c11 = madd<T>(x, b1, c11);
      x = splat2<T>(p);
      c20 = madd<T>(x, b0, c20), c21 = madd<T>(x, b1, c21);
      x = splat3<T>(p);
      c30 = madd<T>(x, b0, c30), c31 = madd<T>(x, b1, c31);
      if (ASC_FEATURE_RELAXED_SIMD) {
        x = splat4<T>(p);
        c40 = madd<T>(x, b0, c40), c41 = madd<T>(x, b1, c41);
        x = splat5<T>(p);
        c50 = madd<T>(x, b0, c50), c51 = madd<T>(x, b1, c51);
      }
      p += aCol;
      q += bRow;
    }
    finishRows<T>(
      c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51,
      c, cRow, v128.splat<T>(alpha), accumulate, bias,
    );
    b += nextB, c += TILE_ROW_BYTES;
  }
}

/** `count` tiles side by side, for an A with any strides, read in place. */
export function tilesStrided<T>(
  count: i32, k: i32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, nextB: usize,
  c: usize, cRow: usize, alpha: T, accumulate: bool, bias: usize,
): void {
  for (; count > 0; --count) {
    let c00 = i32x4.splat(0), c01 = i32x4.splat(0), c10 = i32x4.splat(0), c11 = i32x4.splat(0);
    let c20 = i32x4.splat(0), c21 = i32x4.splat(0), c30 = i32x4.splat(0), c31 = i32x4.splat(0);
    let c40 = i32x4.splat(0), c41 = i32x4.splat(0), c50 = i32x4.splat(0), c51 = i32x4.splat(0);
    let p0 = a, p1 = a + aRow, p2 = p1 + aRow, p3 = p2 + aRow, p4 = p3 + aRow, p5 = p4 + aRow, q = b;
    for (let left = k; left > 0; --left) {
      const b0 = v128.load(q), b1 = v128.load(q, 16);
      let x: v128;
      x = loadSplat<T>(p0);
      c00 = madd<T>(x, b0, c00), c01 = madd<T>(x, b1, c01);
      x = loadSplat<T>(p1);
      c10 = madd<T>(x, b0, c10), c11 = madd<T>(x, b1, c11);
      x = loadSplat<T>(p2);
      c20 = madd<T>(x, b0, c20), c21 = madd<T>(x, b1, c21);
      x = loadSplat<T>(p3);
      c30 = madd<T>(x, b0, c30), c31 = madd<T>(x, b1, c31);
      p0 += aCol, p1 += aCol, p2 += aCol, p3 += aCol;
      if (ASC_FEATURE_RELAXED_SIMD) {
        x = loadSplat<T>(p4);
        c40 = madd<T>(x, b0, c40), c41 = madd<T>(x, b1, c41);
        x = loadSplat<T>(p5);
        c50 = madd<T>(x, b0, c50), c51 = madd<T>(x, b1, c51);
        p4 += aCol, p5 += aCol;
      }
      q += bRow;
    }
    finishRows<T>(
      c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51,
      c, cRow, v128.splat<T>(alpha), accumulate, bias,
    );
    b += nextB, c += TILE_ROW_BYTES;
  }
}

/**
 * Two slivers at once of a row that fills no tile, for a B in place: whole cache lines of it are
 * used as they come. Each sum runs in the order of `tilesOfOneRow`, so that its bits do not depend
 * on the number of columns.
 */
function wideRow<T>(
  k: i32, a: usize, aCol: usize, b: usize, bRow: usize, c: usize, alpha: T, accumulate: bool, bias: usize,
): void {
  let even0 = i32x4.splat(0), even1 = i32x4.splat(0), even2 = i32x4.splat(0), even3 = i32x4.splat(0);
  let odd0 = i32x4.splat(0), odd1 = i32x4.splat(0), odd2 = i32x4.splat(0), odd3 = i32x4.splat(0);
  for (; k > 1; k -= 2) {
    let x = loadSplat<T>(a);
    even0 = madd<T>(x, v128.load(b), even0), even1 = madd<T>(x, v128.load(b, 16), even1);
    even2 = madd<T>(x, v128.load(b, 32), even2), even3 = madd<T>(x, v128.load(b, 48), even3);
    a += aCol, b += bRow;
    x = loadSplat<T>(a);
    odd0 = madd<T>(x, v128.load(b), odd0), odd1 = madd<T>(x, v128.load(b, 16), odd1);
    odd2 = madd<T>(x, v128.load(b, 32), odd2), odd3 = madd<T>(x, v128.load(b, 48), odd3);
    a += aCol, b += bRow;
  }
  if (k) {
    const x = loadSplat<T>(a);
    even0 = madd<T>(x, v128.load(b), even0), even1 = madd<T>(x, v128.load(b, 16), even1);
    even2 = madd<T>(x, v128.load(b, 32), even2), even3 = madd<T>(x, v128.load(b, 48), even3);
  }
  const scale = v128.splat<T>(alpha);
  finish<T>(c, v128.add<T>(even0, odd0), v128.add<T>(even1, odd1), scale, accumulate, bias);
  finish<T>(c + TILE_ROW_BYTES, v128.add<T>(even2, odd2), v128.add<T>(even3, odd3), scale, accumulate, bias);
}

/** A row that fills no tile; two accumulator pairs hide the latency of the add. */
export function tilesOfOneRow<T>(
  count: i32, k: i32, a: usize, aCol: usize, b: usize, bRow: usize, nextB: usize,
  c: usize, alpha: T, accumulate: bool, bias: usize,
): void {
  if (nextB == TILE_ROW_BYTES) {
    for (; count >= 2; count -= 2) {
      wideRow<T>(k, a, aCol, b, bRow, c, alpha, accumulate, bias);
      b += 2 * TILE_ROW_BYTES, c += 2 * TILE_ROW_BYTES;
    }
  }
  for (; count > 0; --count) {
    let even0 = i32x4.splat(0), even1 = i32x4.splat(0), odd0 = i32x4.splat(0), odd1 = i32x4.splat(0);
    let p = a, q = b, left = k;
    for (; left > 1; left -= 2) {
      let x = loadSplat<T>(p);
      even0 = madd<T>(x, v128.load(q), even0), even1 = madd<T>(x, v128.load(q, 16), even1);
      p += aCol, q += bRow;
      x = loadSplat<T>(p);
      odd0 = madd<T>(x, v128.load(q), odd0), odd1 = madd<T>(x, v128.load(q, 16), odd1);
      p += aCol, q += bRow;
    }
    if (left) {
      const x = loadSplat<T>(p);
      even0 = madd<T>(x, v128.load(q), even0), even1 = madd<T>(x, v128.load(q, 16), even1);
    }
    const lo = v128.add<T>(even0, odd0), hi = v128.add<T>(even1, odd1);
    finish<T>(c, lo, hi, v128.splat<T>(alpha), accumulate, bias);
    b += nextB, c += TILE_ROW_BYTES;
  }
}
