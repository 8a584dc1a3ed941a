// Oracle: the moments and bounds that He et al. (2015) and Glorot and Bengio (2010) state, at five
// standard errors of their estimates.

import { beforeAll, describe, expect, it } from "vitest";
import { init, network, type WeightPlace } from "../../src/index.js";
import { builds, dtypes, sameBits } from "../support.js";

const inputs = 120;
const units = 150;
const count = inputs * units;

const table = [
  ["he-normal", 2 / inputs, Infinity],
  ["he-uniform", 2 / inputs, Math.sqrt(6 / inputs)],
  ["glorot-normal", 2 / (inputs + units), Infinity],
  ["glorot-uniform", 2 / (inputs + units), Math.sqrt(6 / (inputs + units))],
] as const;

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(table)("%s", (initializer, variance, bound) => {
    for (const dtype of dtypes) {
      const net = network({ inputs, layers: [{ units, batchNorm: true }], initializer, seed: 11, dtype });
      const parameters = Array.from(net.getParameters());
      const weights = parameters.slice(0, count);
      const mean = weights.reduce((s, w) => s + w, 0) / count;
      const spread = weights.reduce((s, w) => s + (w - mean) ** 2, 0) / count;
      const fourth = Number.isFinite(bound) ? 1.8 : 3; // kurtosis
      expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / count));
      expect(Math.abs(spread / variance - 1)).toBeLessThan(5 * Math.sqrt((fourth - 1) / count));
      const largest = Math.max(...weights.map(Math.abs));
      if (Number.isFinite(bound)) {
        expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-7));
        expect(largest).toBeGreaterThan(0.99 * bound);
      } else {
        const normal = largest / Math.sqrt(variance);
        expect(normal).toBeGreaterThan(3);
        expect(normal).toBeLessThan(6);
        const within = weights.filter((w) => Math.abs(w) < Math.sqrt(variance)).length / count;
        expect(Math.abs(within - 0.6827)).toBeLessThan(0.02);
      }
      const rest = parameters.slice(count);
      expect(rest).toEqual([...new Array(units).fill(0), ...new Array(units).fill(1), ...new Array(units).fill(0)]);
      const lag = weights.slice(1).reduce((s, w, k) => s + w * weights[k], 0) / count / variance;
      expect(Math.abs(lag)).toBeLessThan(5 / Math.sqrt(count));
    }
  });

  it("zeros", () => {
    const net = network({ inputs: 3, layers: [{ units: 4 }], initializer: "zeros" });
    expect(net.getParameters().every((w) => Object.is(w, 0))).toBe(true);
  });

  it("a seed gives the same weights again, another gives others", () => {
    const make = (seed?: number) =>
      network({
        inputs: 4,
        layers: [{ units: 5 }, { units: 2 }],
        ...(seed === undefined ? {} : { seed }),
      }).getParameters();
    expect(sameBits(make(3), make(3))).toBe(true);
    expect(sameBits(make(), make(0))).toBe(true);
    const seen = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map((seed) => make(seed).join());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("a function sees every weight's place once, in order, and its layer's size", () => {
    const places: number[][] = [];
    const initializer = ({ layer, unit, input, units, inputs }: WeightPlace) => {
      places.push([layer, unit, input, units, inputs]);
      return 100 * layer + 10 * unit + input;
    };
    const net = network({ inputs: 2, layers: [{ units: 2, batchNorm: true }, { units: 1 }], initializer });
    expect(places).toEqual([
      [0, 0, 0, 2, 2],
      [0, 0, 1, 2, 2],
      [0, 1, 0, 2, 2],
      [0, 1, 1, 2, 2],
      [1, 0, 0, 1, 2],
      [1, 0, 1, 1, 2],
    ]);
    expect(Array.from(net.getParameters())).toEqual([0, 1, 10, 11, 0, 0, 1, 1, 0, 0, 100, 101, 0]);
  });

  it("a function may draw, and so give what the named ones do", () => {
    const spec = { inputs: 6, layers: [{ units: 5 }, { units: 3 }], seed: 8 };
    const normal = network({ ...spec, initializer: ({ inputs, normal }) => normal() * Math.sqrt(2 / inputs) });
    expect(sameBits(normal.getParameters(), network({ ...spec, initializer: "he-normal" }).getParameters())).toBe(true);
    const drawn: number[] = [];
    network({ ...spec, initializer: ({ uniform }) => drawn[drawn.push(uniform()) - 1] });
    expect(drawn.every((u) => u >= 0 && u < 1)).toBe(true);
    expect(new Set(drawn).size).toBe(drawn.length);
  });
});

it("the first weights of seed 1 stay what they are", async () => {
  await init({ simd: "strict" });
  const net = network({ inputs: 2, layers: [{ units: 2 }], seed: 1 });
  expect(Array.from(net.getParameters())).toMatchInlineSnapshot(`
    [
      0.8591063275922979,
      -1.6153119663456714,
      0.49014328109140604,
      -2.4629604761604615,
      0,
      0,
    ]
  `);
});
