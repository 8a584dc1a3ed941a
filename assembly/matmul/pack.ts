import { lanes } from "../inline/lanes";

/**
 * Copies a panel of `width` lines by k into adjacent memory, k outermost: out[p·full + i] =
 * x[i·line + p·along], with zeros for the lines from `width` to `full`. Strides are bytes. Either
 * stride may be the element's size; the copy then moves whole vectors.
 */
export function pack<T>(k: i32, width: i32, full: i32, x: usize, line: usize, along: usize, out: usize): void {
  if (width < full) {
    memory.fill(out, 0, (<usize>k * full) * sizeof<T>());
  }
  if (along == sizeof<T>()) packAcross<T>(k, width, full, x, line, out);
  else if (line == sizeof<T>()) packAlong<T>(k, width, full, x, along, out);
  else packScalar<T>(k, 0, width, full, x, line, along, out);
}

function packScalar<T>(
  k: i32, from: i32, width: i32, full: i32, x: usize, line: usize, along: usize, out: usize,
): void {
  const row = <usize>full * sizeof<T>();
  for (let i = from; i < width; ++i) {
    let source = x + <usize>i * line;
    let target = out + <usize>i * sizeof<T>();
    for (let p = 0; p < k; ++p) {
      store<T>(target, load<T>(source));
      source += along;
      target += row;
    }
  }
}

/** Lines adjacent in memory: vectors are copied as they are. */
function packAlong<T>(k: i32, width: i32, full: i32, x: usize, along: usize, out: usize): void {
  const row = <usize>full * sizeof<T>();
  let i = 0;
  for (; i + lanes<T>() <= width; i += lanes<T>()) {
    let source = x + <usize>i * sizeof<T>();
    let target = out + <usize>i * sizeof<T>();
    for (let p = 0; p < k; ++p) {
      v128.store(target, v128.load(source));
      source += along;
      target += row;
    }
  }
  packScalar<T>(k, i, width, full, x, sizeof<T>(), along, out);
}

/** k adjacent in memory: squares of lanes × lanes are transposed on the way. */
function packAcross<T>(k: i32, width: i32, full: i32, x: usize, line: usize, out: usize): void {
  const row = <usize>full * sizeof<T>();
  let i = 0;
  for (; i + lanes<T>() <= width; i += lanes<T>()) {
    let source = x + <usize>i * line;
    let target = out + <usize>i * sizeof<T>();
    let p = k;
    for (; p >= lanes<T>(); p -= lanes<T>()) {
      transposeSquare<T>(source, line, target, row);
      source += 16;
      target += row * lanes<T>();
    }
    packScalar<T>(p, 0, lanes<T>(), full, source, line, sizeof<T>(), target);
  }
  packScalar<T>(k, i, width, full, x, line, sizeof<T>(), out);
}

// @ts-ignore: decorator
@inline
function transposeSquare<T>(x: usize, line: usize, out: usize, row: usize): void {
  if (sizeof<T>() == 4) {
    const r0 = v128.load(x), r1 = v128.load(x + line);
    const r2 = v128.load(x + 2 * line), r3 = v128.load(x + 3 * line);
    const lo01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), hi01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const lo23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), hi23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f64>(lo01, lo23, 0, 2));
    v128.store(out + row, v128.shuffle<f64>(lo01, lo23, 1, 3));
    v128.store(out + 2 * row, v128.shuffle<f64>(hi01, hi23, 0, 2));
    v128.store(out + 3 * row, v128.shuffle<f64>(hi01, hi23, 1, 3));
  } else {
    const r0 = v128.load(x), r1 = v128.load(x + line);
    v128.store(out, v128.shuffle<f64>(r0, r1, 0, 2));
    v128.store(out + row, v128.shuffle<f64>(r0, r1, 1, 3));
  }
}
