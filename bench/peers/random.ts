import { type DType, type Numbers, numbers } from "./peer.ts";

/** A stream of numbers in [0, 1): the same ones in every run. */
export type Random = () => number;

/** Mulberry32. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Uniform on [−scale, scale). */
export function uniform(dtype: DType, count: number, next: Random, scale = 1): Numbers {
  return numbers(dtype, count).map(() => (2 * next() - 1) * scale);
}
