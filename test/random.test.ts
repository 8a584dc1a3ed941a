// Oracle: the published algorithm (xoshiro128** from Blackman and Vigna's C code, written again
// with BigInt), and statistics at five standard errors.

import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../src/index.js";
import { Random } from "../src/random.js";
import { coreMath } from "../src/wasm/math.js";
import { builds } from "./support.js";

const draws = 20_000;

/** xoshiro128** on four words of state. */
function reference(state: bigint[]): () => number {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  return () => {
    const result = (rotate((state[1] * 5n) & mask, 7n) * 9n) & mask;
    const t = (state[1] << 9n) & mask;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 11n);
    return Number(result);
  };
}

/**
 * The four words that a seed becomes: splitmix32's outputs, the seed's halves mixed in one after
 * the other.
 */
function seeded(...seeds: number[]): bigint[] {
  const mask = 0xffffffffn;
  let state = 0x9e3779b9n;
  const mix = () => {
    state = (state + 0x9e3779b9n) & mask;
    let z = state;
    z = ((z ^ (z >> 16n)) * 0x85ebca6bn) & mask;
    z = ((z ^ (z >> 13n)) * 0xc2b2ae35n) & mask;
    return z ^ (z >> 16n);
  };
  for (const seed of seeds) {
    state = mix() ^ (BigInt(seed) & mask);
    state = mix() ^ (BigInt(seed) >> 32n);
  }
  return [mix(), mix(), mix(), mix() | 1n];
}

describe("the stream", () => {
  it("is xoshiro128** over splitmix32", () => {
    for (const seeds of [[0], [1], [2 ** 32], [2 ** 40 + 12345], [1, 2], [7, 2, 3], [Number.MAX_SAFE_INTEGER]]) {
      const random = new Random(...seeds);
      const expected = reference(seeded(...seeds));
      for (let i = 0; i < 200; i++) expect(random.next()).toBe(expected());
    }
  });

  it("starts as it always has", () => {
    const first = (random: Random) => [random.next(), random.next(), random.next()];
    expect([first(new Random(0)), first(new Random(1)), first(new Random(1, 2, 3))]).toMatchInlineSnapshot(`
      [
        [
          3570436797,
          2995898386,
          1897941014,
        ],
        [
          1327119764,
          2730207970,
          26971906,
        ],
        [
          2381878357,
          2259039988,
          1959102269,
        ],
      ]
    `);
    expect(new Random(42).uniform()).toMatchInlineSnapshot(`0.20682476256984983`);
  });

  it("depends on every seed and on their order", () => {
    const seeds = [[], [0], [1], [0, 0], [0, 1], [1, 0], [1, 1], [0, 0, 1], [2 ** 32], [2 ** 32 + 1], [2 ** 52]];
    expect(new Set(seeds.map((given) => new Random(...given).next())).size).toBe(seeds.length);
  });

  it("neighbouring seeds and streams are uncorrelated, at every lag up to 3", () => {
    for (const [a, b] of [
      [[1], [2]],
      [
        [5, 1],
        [5, 2],
      ],
      [
        [5, 2, 0],
        [5, 2, 1],
      ],
      [[0], [2 ** 32]],
    ]) {
      for (let lag = 0; lag < 4; lag++) {
        const [left, right] = [new Random(...a), new Random(...b)];
        for (let i = 0; i < lag; i++) right.next();
        let sum = 0;
        for (let i = 0; i < draws; i++) sum += (left.uniform() - 0.5) * (right.uniform() - 0.5);
        expect(Math.abs((sum / draws) * 12)).toBeLessThan(5 / Math.sqrt(draws));
      }
    }
  });
});

describe("uniform", () => {
  it("is in [0, 1), with the moments and the spread over 64 bins of a uniform number", () => {
    const random = new Random(3);
    const bins = new Array(64).fill(0);
    let mean = 0;
    let square = 0;
    for (let i = 0; i < draws; i++) {
      const u = random.uniform();
      if (!(u >= 0 && u < 1)) expect.fail(`${u}`);
      mean += u / draws;
      square += (u * u) / draws;
      bins[Math.floor(64 * u)]++;
    }
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / draws));
    expect(Math.abs(square - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / draws));
    const chi = bins.reduce((sum, n) => sum + (n - draws / 64) ** 2 / (draws / 64), 0);
    expect(chi).toBeGreaterThan(63 - 5 * Math.sqrt(126));
    expect(chi).toBeLessThan(63 + 5 * Math.sqrt(126));
  });

  it("has 53 bits", () => {
    const random = new Random(4);
    let low = 0;
    for (let i = 0; i < 1000; i++) low += (random.uniform() * 2 ** 53) % 2;
    expect(Math.abs(low - 500)).toBeLessThan(5 * Math.sqrt(250));
  });
});

describe("below", () => {
  it("is unbiased, also where the limit does not divide 2³²", () => {
    for (const limit of [2, 3, 7, 1000, 3 * 2 ** 30]) {
      const random = new Random(limit);
      const third = new Array(3).fill(0);
      for (let i = 0; i < draws; i++) {
        const value = random.below(limit);
        if (!(Number.isInteger(value) && value >= 0 && value < limit)) expect.fail(`${value} below ${limit}`);
        third[limit < 10 ? value % 3 : Math.floor((3 * value) / limit)]++;
      }
      // What `next() % limit` gives instead at 3·2³⁰: a half, a quarter and a quarter.
      const expected = limit === 2 ? [1 / 2, 1 / 2, 0] : limit === 7 ? [3 / 7, 2 / 7, 2 / 7] : [1 / 3, 1 / 3, 1 / 3];
      third.forEach((n, k) =>
        expect(Math.abs(n / draws - expected[k])).toBeLessThan(5 * Math.sqrt(0.25 / draws) + 1e-3),
      );
    }
  });

  it("takes 1 and 2³²", () => {
    expect(new Random(1).below(1)).toBe(0);
    expect(new Random(1).below(2 ** 32)).toBe(new Random(1).next());
  });
});

describe("shuffle", () => {
  it("permutes in place, whatever the length", () => {
    for (const length of [0, 1, 2, 3, 10, 1000]) {
      const values = Uint32Array.from({ length }, (_, i) => i);
      const shuffled = new Random(length).shuffle(values);
      expect(shuffled).toBe(values);
      expect(Array.from(values.slice().sort())).toEqual(Array.from({ length }, (_, i) => i));
    }
  });

  it("gives each of the 24 orders of four as often", () => {
    const random = new Random(6);
    const seen = new Map<string, number>();
    for (let i = 0; i < draws; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    const chi = [...seen.values()].reduce((sum, n) => sum + (n - draws / 24) ** 2 / (draws / 24), 0);
    expect(chi).toBeLessThan(23 + 5 * Math.sqrt(46));
  });
});

describe.each(builds)("normal numbers, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("have mean 0, variance 1, no skew and kurtosis 3", () => {
    const random = new Random(7);
    const math = coreMath();
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < draws; i++) {
      const x = random.normal(math);
      moments.forEach((m, k) => {
        moments[k] = m + x ** (k + 1) / draws;
      });
    }
    [1, 2, 15, 96].forEach((variance, k) => {
      expect(Math.abs(moments[k] - [0, 1, 0, 3][k])).toBeLessThan(5 * Math.sqrt(variance / draws));
    });
  });

  it("are finite even where the uniform one is the largest there is", () => {
    const random = new Random(1);
    random.next = () => 0xffffffff;
    expect(Number.isFinite(random.normal(coreMath()))).toBe(true);
  });
});
