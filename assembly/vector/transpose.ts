/**
 * out[j, i] = x[i, j] for rows × cols elements with leading dimensions ldx and ldo: square tiles in
 * registers, then the edges.
 */
import { lanes } from "../inline/lanes";

/**
 * Rows that fill a cache line of out: a line is finished before the next is begun, whatever the
 * strides.
 */
// @ts-ignore: decorator
@inline
function block<T>(): i32 {
  return 64 / sizeof<T>();
}

export function transpose<T>(x: usize, rows: i32, cols: i32, ldx: i32, out: usize, ldo: i32): void {
  const rowX = <usize>ldx * sizeof<T>();
  const rowOut = <usize>ldo * sizeof<T>();
  const fullRows = rows & -lanes<T>();
  const fullCols = cols & -lanes<T>();
  for (let start = 0; start < fullRows; start += block<T>()) {
    const end = min(start + block<T>(), fullRows);
    for (let j = 0; j < fullCols; j += lanes<T>()) {
      let from = x + <usize>start * rowX + <usize>j * sizeof<T>();
      let to = out + <usize>j * rowOut + <usize>start * sizeof<T>();
      for (let i = start; i < end; i += lanes<T>()) {
        tile<T>(from, rowX, to, rowOut);
        from += <usize>lanes<T>() * rowX;
        to += 16;
      }
    }
  }
  edge<T>(x, rowX, out, rowOut, fullRows, rows, 0, cols);
  edge<T>(x, rowX, out, rowOut, 0, fullRows, fullCols, cols);
}

// @ts-ignore: decorator
@inline
function tile<T>(x: usize, rowX: usize, out: usize, rowOut: usize): void {
  const a = v128.load(x);
  const b = v128.load(x + rowX);
  if (sizeof<T>() == 8) {
    v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
    v128.store(out + rowOut, v128.shuffle<f64>(a, b, 1, 3));
    return;
  }
  const c = v128.load(x + 2 * rowX);
  const d = v128.load(x + 3 * rowX);
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(abLow, cdLow, 0, 2));
  v128.store(out + rowOut, v128.shuffle<f64>(abLow, cdLow, 1, 3));
  v128.store(out + 2 * rowOut, v128.shuffle<f64>(abHigh, cdHigh, 0, 2));
  v128.store(out + 3 * rowOut, v128.shuffle<f64>(abHigh, cdHigh, 1, 3));
}

function edge<T>(
  x: usize, rowX: usize, out: usize, rowOut: usize, i0: i32, i1: i32, j0: i32, j1: i32,
): void {
  for (let i = i0; i < i1; ++i) {
    for (let j = j0; j < j1; ++j) {
      store<T>(out + <usize>j * rowOut + <usize>i * sizeof<T>(), load<T>(x + <usize>i * rowX + <usize>j * sizeof<T>()));
    }
  }
}
