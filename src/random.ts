import type { ScalarMath } from "./wasm/kernels.js";

/**
 * The library's own stream of random numbers: xoshiro128** (Blackman and Vigna 2018), seeded
 * through splitmix32. The same seed gives the same numbers on every machine.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Several seeds, as in (run, epoch), give streams that have nothing to do with each other. */
  constructor(...seeds: number[]) {
    let state = 0x9e3779b9;
    const mix = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    };
    for (const seed of seeds) {
      state = mix() ^ (seed >>> 0);
      state = mix() ^ (Math.floor(seed / 4294967296) >>> 0);
    }
    this.#a = mix();
    this.#b = mix();
    this.#c = mix();
    this.#d = mix() | 1;
  }

  /** A whole number in [0, 2³²). */
  next(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number {
    return ((this.next() >>> 5) * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  /** Standard normal, by Box and Muller. */
  normal(math: ScalarMath): number {
    const radius = Math.sqrt(-2 * math.log(1 - this.uniform()));
    return radius * math.cos(2 * Math.PI * this.uniform());
  }

  /** A whole number in [0, limit), without bias. */
  below(limit: number): number {
    const least = (4294967296 % limit) >>> 0;
    for (;;) {
      const value = this.next();
      if (value >= least) return value % limit;
    }
  }

  /** Fisher and Yates's shuffle, in place. */
  shuffle<T extends { length: number; [index: number]: number }>(values: T): T {
    for (let i = values.length - 1; i > 0; --i) {
      const j = this.below(i + 1);
      const kept = values[i];
      values[i] = values[j];
      values[j] = kept;
    }
    return values;
  }
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
