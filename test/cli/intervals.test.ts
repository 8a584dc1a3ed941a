// Oracle: new values from the same source, which have to lie in the intervals as often as asked.

import { beforeAll, expect, it } from "vitest";
import { intervalsOf } from "../../src/cli/study/posterior.js";
import { type Dataset, dataset, fit, init, laplace, network, newton } from "../../src/index.js";
import { Random } from "../../src/random.js";
import type { Columns } from "../../src/tables/index.js";

beforeAll(() => init({ simd: "strict" }));

type Noise = (x: number, random: () => number) => number;

const normal: Noise = (_, u) => Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u());
const columns = { inUnits: (value: number) => value } as unknown as Columns;

/** Shares of new values below, in and above intervals of 90 %, over many small samples. */
async function shares(count: number, repeats: number, noise: Noise, unit = 1, weighted = false) {
  const random = new Random(5);
  const u = (): number => random.uniform();
  const draw = (n: number): [number[][], number[]] => {
    const xs = Array.from({ length: n }, () => [2 * u() - 1]);
    return [xs, xs.map(([x]) => unit * (1 + 3 * x + noise(x, u)))];
  };
  const found = { below: 0, above: 0 };
  for (let k = 0; k < repeats; ++k) {
    const net = network({ inputs: 1, layers: [{ units: 1 }] });
    const [xs, ys] = draw(count);
    // Rows of no weight are not there, whatever they hold.
    const data: Dataset = weighted
      ? dataset([...xs, [0.3], [-0.2]], [...ys, 1e3 * unit, -1e4 * unit], {
          weights: [...xs.map(() => 1), 0, 0],
        })
      : dataset(xs, ys);
    await fit(net, data, { optimizer: newton(), epochs: 2 });
    const [news, values] = draw(50);
    const { low, high } = intervalsOf(
      { posterior: laplace(net, data), training: data },
      columns,
      0.9,
    )(dataset(news, values).inputs);
    values.forEach((value, i) => {
      found.below += Number(value < low[i][0]) / 50 / repeats;
      found.above += Number(value > high[i][0]) / 50 / repeats;
    });
  }
  return found;
}

it.each<[string, number, Noise]>([
  ["normal noise, 8 rows", 8, normal],
  ["normal noise, 30 rows", 30, normal],
  ["normal noise", 100, normal],
  ["skewed noise", 100, (_, u) => -Math.log(1 - u()) - 1],
  ["much skewed noise", 100, (_, u) => Math.log(1 - u()) ** 2 - 2],
  ["noise that grows with the column", 100, (x, u) => (1 + 2 * x * x) * normal(x, u)],
  ["long tails", 100, (x, u) => normal(x, u) / Math.sqrt(0.1 + u())],
])("%s: nine of ten new values lie within, as many below as above", async (_, count, noise) => {
  const { below, above } = await shares(count, 150, noise);
  expect(1 - below - above).toBeGreaterThan(0.87);
  expect(1 - below - above).toBeLessThan(0.95);
  expect(Math.abs(below - above)).toBeLessThan(0.04);
});

it("units and rows of no weight change nothing", async () => {
  const one = await shares(60, 10, normal);
  for (const unit of [1e-6, 1e6]) expect(await shares(60, 10, normal, unit)).toEqual(one);
  const weighted = await shares(60, 10, normal, 1, true);
  expect(weighted.below).toBeCloseTo(one.below, 9);
  expect(weighted.above).toBeCloseTo(one.above, 9);
});
