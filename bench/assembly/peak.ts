import { madd } from "../../assembly/inline/lanes";

/**
 * The yardstick: a multiply-add loop that never leaves the registers. Twelve chains are enough to
 * hide the latency of a separate multiply and add, and few enough that nothing is spilled.
 */
function chains<T>(n: i32, at: usize): void {
  const x = v128.load(at, 192), y = v128.load(at, 208);
  let c0 = v128.load(at), c1 = v128.load(at, 16), c2 = v128.load(at, 32), c3 = v128.load(at, 48);
  let c4 = v128.load(at, 64), c5 = v128.load(at, 80), c6 = v128.load(at, 96), c7 = v128.load(at, 112);
  let c8 = v128.load(at, 128), c9 = v128.load(at, 144), c10 = v128.load(at, 160), c11 = v128.load(at, 176);
  for (; n > 0; --n) {
    c0 = madd<T>(c0, x, y), c1 = madd<T>(c1, x, y), c2 = madd<T>(c2, x, y), c3 = madd<T>(c3, x, y);
    c4 = madd<T>(c4, x, y), c5 = madd<T>(c5, x, y), c6 = madd<T>(c6, x, y), c7 = madd<T>(c7, x, y);
    c8 = madd<T>(c8, x, y), c9 = madd<T>(c9, x, y), c10 = madd<T>(c10, x, y), c11 = madd<T>(c11, x, y);
  }
  v128.store(at, c0), v128.store(at, c1, 16), v128.store(at, c2, 32), v128.store(at, c3, 48);
  v128.store(at, c4, 64), v128.store(at, c5, 80), v128.store(at, c6, 96), v128.store(at, c7, 112);
  v128.store(at, c8, 128), v128.store(at, c9, 144), v128.store(at, c10, 160), v128.store(at, c11, 176);
}

/** Vector multiply-adds in one pass. */
export const chainCount: i32 = 12;

export function peak_f32(n: i32, at: usize): void {
  chains<f32>(n, at);
}

export function peak_f64(n: i32, at: usize): void {
  chains<f64>(n, at);
}
