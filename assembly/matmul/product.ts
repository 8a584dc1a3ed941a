import { activate } from "../network/activation";
import { scale } from "../vector/elementwise";
import { kindOf, PRODUCT } from "../threads/pieces";
import { get, lineOf, mayShare, put, share, startOf, threadCount } from "../threads/share";
import { pack } from "./pack";
import { tilesAdjacent, tilesOfOneRow, tilesStrided, TILE_ROWS, TILE_ROW_BYTES } from "./tile";

/**
 * A block of k: a packed panel of A and a sliver of B of this length share the first-level cache.
 */
const BLOCK_K: i32 = 256;
/** Bytes of packed B that stay in the second-level cache while all rows of A pass by. */
const PACKED_B_BYTES: usize = 512 << 10;
const PACKED_A_BYTES: usize = 6 * 256 * 8;
const EDGE_BYTES: usize = 6 * 32;

/** Columns of C from which on packing A costs less than reading it in place. */
const PACK_A_FROM: i32 = 64;
/**
 * Span in bytes up to which an operand whose vectors are adjacent is read in place; beyond it rows
 * evict each other.
 */
const PLAIN_BYTES: usize = 32 << 10;

/**
 * Multiplications from which on a product is shared among threads, and from which on a thread gets
 * two pieces, and four.
 */
const SHARE_FROM: f64 = 131072;
const TWO_FROM: f64 = 8388608;
const FOUR_FROM: f64 = 67108864;

/** Bytes of scratch that `product` needs, whatever the sizes. */
export function productScratchBytes(): i32 {
  return <i32>(PACKED_B_BYTES + PACKED_A_BYTES + EDGE_BYTES);
}

/**
 * C = α·A·B + β·C (+ bias per row), then h = φ(C), for A (m × k), B (k × n) and a row-major C (m ×
 * n). Strides are elements: A[i,p] at aRow·i + aCol·p, so a transposed operand is a matter of
 * strides. `bias` (m) may be 0 and is for β = 0 only; `kind` < 0 means no activation; h has C's
 * stride and may be C.
 */
export function product<T>(
  m: i32, n: i32, k: i32, alpha: f64,
  a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32,
  beta: f64, c: usize, cRow: i32, bias: usize, kind: i32, param: f64, h: usize, scratch: usize,
): void {
  if (m <= 0 || n <= 0) return;
  if (ASC_FEATURE_THREADS) {
    if (mayShare() && <f64>m * <f64>n * <f64>k >= SHARE_FROM) {
      if (shareProduct<T>(m, n, k, alpha, a, aRow, aCol, b, bRow, bCol, beta, c, cRow, bias, kind, param, h, scratch)) return;
    }
  }
  productAlone<T>(m, n, k, alpha, a, aRow, aCol, b, bRow, bCol, beta, c, cRow, bias, kind, param, h, scratch);
}

function productAlone<T>(
  m: i32, n: i32, k: i32, alpha: f64,
  a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32,
  beta: f64, c: usize, cRow: i32, bias: usize, kind: i32, param: f64, h: usize, scratch: usize,
): void {
  const size = sizeof<T>();
  const cStep = <usize>cRow * size;
  if (beta != 0 && beta != 1) {
    for (let i = 0; i < m; ++i) scale<T>(n, beta, c + <usize>i * cStep);
  }
  const columns = <i32>(PACKED_B_BYTES / (<usize>BLOCK_K * size));
  for (let j = 0; j < n; j += columns) {
    const width = min(columns, n - j);
    const offset = <usize>j * size;
    for (let p = 0; ; p += BLOCK_K) {
      const depth = min(BLOCK_K, k - p);
      const last = p + depth >= k;
      panels<T>(
        m, width, depth, <T>alpha,
        a + <usize>p * aCol * size, <usize>aRow * size, <usize>aCol * size,
        b + (<usize>p * bRow + <usize>j * bCol) * size, <usize>bRow * size, <usize>bCol * size,
        c + offset, cStep, beta != 0 || p > 0, bias,
        last ? kind : -1, param, h + offset, scratch,
      );
      if (last) break;
    }
  }
}

/**
 * Cuts C into rows × columns of pieces, between whole tiles, so that every element is summed as it
 * would be alone. The longer side is halved, until there are enough. False where there is nothing
 * to cut.
 */
function shareProduct<T>(
  m: i32, n: i32, k: i32, alpha: f64,
  a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32,
  beta: f64, c: usize, cRow: i32, bias: usize, kind: i32, param: f64, h: usize, scratch: usize,
): bool {
  const threads = threadCount();
  const each = <f64>m * <f64>n * <f64>k / threads;
  const wanted = threads * (each >= FOUR_FROM ? 4 : each >= TWO_FROM || threads & (threads - 1) ? 2 : 1);
  let rows = 1, columns = 1;
  while (rows * columns < wanted) {
    const tall = m / rows >= 4 * TILE_ROWS, wide = n / columns >= 2 * lineOf<T>();
    if (tall && (m / rows >= n / columns || !wide)) rows *= 2;
    else if (wide) columns *= 2;
    else break;
  }
  if (rows * columns == 1) return false;
  put<i32>(0, m), put<i32>(1, n), put<i32>(2, k), put<f64>(3, alpha);
  put<usize>(4, a), put<i32>(5, aRow), put<i32>(6, aCol), put<usize>(7, b), put<i32>(8, bRow), put<i32>(9, bCol);
  put<f64>(10, beta), put<usize>(11, c), put<i32>(12, cRow), put<usize>(13, bias);
  put<i32>(14, kind), put<f64>(15, param), put<usize>(16, h), put<i32>(17, rows), put<i32>(18, columns);
  share(kindOf<T>(PRODUCT), rows * columns, scratch);
  return true;
}

export function productPiece<T>(piece: i32, scratch: usize): void {
  const size = sizeof<T>();
  const m = get<i32>(0), n = get<i32>(1);
  const aRow = get<i32>(5), bCol = get<i32>(9), cRow = get<i32>(12), bias = get<usize>(13);
  const rows = get<i32>(17), columns = get<i32>(18);
  const row = piece / columns, column = piece % columns;
  const i = startOf(row, rows, m, TILE_ROWS), iEnd = startOf(row + 1, rows, m, TILE_ROWS);
  const j = startOf(column, columns, n, lineOf<T>()), jEnd = startOf(column + 1, columns, n, lineOf<T>());
  const shift = (<usize>i * cRow + j) * size;
  if (i == iEnd || j == jEnd) return;
  productAlone<T>(
    iEnd - i, jEnd - j, get<i32>(2), get<f64>(3),
    get<usize>(4) + <usize>i * aRow * size, aRow, get<i32>(6), get<usize>(7) + <usize>j * bCol * size, get<i32>(8), bCol,
    get<f64>(10), get<usize>(11) + shift, cRow, bias ? bias + <usize>i * size : 0,
    get<i32>(14), get<f64>(15), get<usize>(16) + shift, scratch,
  );
}

/**
 * One block of k and of columns: B is packed where that pays, then each panel of rows runs over all
 * of it.
 */
function panels<T>(
  m: i32, n: i32, k: i32, alpha: T,
  a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, bCol: usize,
  c: usize, cRow: usize, accumulate: bool, bias: usize, kind: i32, param: f64, h: usize, scratch: usize,
): void {
  const size = sizeof<T>();
  const tileColumns = <i32>(TILE_ROW_BYTES / size);
  const sliverBytes = <usize>k * TILE_ROW_BYTES;
  const packedA = scratch + EDGE_BYTES;
  const packedB = packedA + PACKED_A_BYTES;
  const whole = n - n % tileColumns;
  const plainB = bCol == size && (m < 2 * TILE_ROWS || <usize>k * bRow <= PLAIN_BYTES);
  for (let j = plainB ? whole : 0, at = packedB; j < n; j += tileColumns, at += sliverBytes) {
    pack<T>(k, min(tileColumns, n - j), tileColumns, b + <usize>j * bCol, bCol, bRow, at);
  }
  const wholeB = plainB ? b : packedB;
  const wholeBRow = plainB ? bRow : TILE_ROW_BYTES;
  const nextSliver = plainB ? TILE_ROW_BYTES : sliverBytes;
  const edgeB = plainB ? packedB : packedB + <usize>(whole / tileColumns) * sliverBytes;
  const packA = n >= PACK_A_FROM && (aRow != size || <usize>k * aCol > PLAIN_BYTES);
  for (let i = 0; i < m; ) {
    const rows = m - i >= TILE_ROWS ? TILE_ROWS : 1;
    let from = a, fromRow = aRow, fromCol = aCol;
    if (packA && rows > 1) {
      pack<T>(k, TILE_ROWS, TILE_ROWS, a, aRow, aCol, packedA);
      from = packedA, fromRow = size, fromCol = <usize>TILE_ROWS * size;
    }
    tiles<T>(
      rows, whole / tileColumns, k, from, fromRow, fromCol, wholeB, wholeBRow, nextSliver,
      c, cRow, alpha, accumulate, bias,
    );
    if (whole < n) {
      tiles<T>(
        rows, 1, k, from, fromRow, fromCol, edgeB, TILE_ROW_BYTES, 0,
        scratch, TILE_ROW_BYTES, alpha, false, 0,
      );
      copyEdge<T>(rows, n - whole, scratch, c + <usize>whole * size, cRow, accumulate, bias);
    }
    if (kind >= 0) {
      for (let r = 0; r < rows; ++r) activate<T>(kind, c + <usize>r * cRow, h + <usize>r * cRow, n, param);
    }
    i += rows, a += <usize>rows * aRow, c += <usize>rows * cRow, h += <usize>rows * cRow;
    if (bias) bias += <usize>rows * size;
  }
}

function tiles<T>(
  rows: i32, count: i32, k: i32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize, nextB: usize,
  c: usize, cRow: usize, alpha: T, accumulate: bool, bias: usize,
): void {
  if (rows == 1) tilesOfOneRow<T>(count, k, a, aCol, b, bRow, nextB, c, alpha, accumulate, bias);
  else if (aRow == sizeof<T>()) {
    tilesAdjacent<T>(count, k, a, aCol, b, bRow, nextB, c, cRow, alpha, accumulate, bias);
  } else tilesStrided<T>(count, k, a, aRow, aCol, b, bRow, nextB, c, cRow, alpha, accumulate, bias);
}

/**
 * The last columns, fewer than a tile's, go through a tile of scratch so that nothing beyond them
 * is touched.
 */
function copyEdge<T>(
  rows: i32, columns: i32, edge: usize, c: usize, cRow: usize, accumulate: bool, bias: usize,
): void {
  for (let i = 0; i < rows; ++i) {
    const shift: T = bias ? load<T>(bias + <usize>i * sizeof<T>()) : 0;
    for (let j: usize = 0; j < <usize>columns * sizeof<T>(); j += sizeof<T>()) {
      const value = load<T>(edge + j);
      store<T>(c + j, accumulate ? load<T>(c + j) + value : value + shift);
    }
    edge += TILE_ROW_BYTES;
    c += cRow;
  }
}
