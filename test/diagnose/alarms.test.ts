// Oracle: the faults are planted by construction, and near misses lie just short of each threshold.

import { describe, expect, it } from "vitest";
import { source } from "../../scripts/docs/healthy-runs.mjs";
import { nearMisses, plantedFaults } from "../../scripts/docs/planted-faults.mjs";
import * as hessia from "../../src/index.js";
import { finish } from "../support.js";

const { dataset, diagnose, network } = hessia;

interface Planted {
  net: hessia.Network;
  data: hessia.Dataset;
  options?: hessia.DiagnoseOptions;
}
interface Named {
  code: hessia.AdviceCode;
  name: string;
  make(): Planted;
}
const faults: Named[] = plantedFaults(hessia);
const misses: Named[] = nearMisses(hessia);

const codesOf = ({ net, data, options }: Planted): string[] =>
  diagnose(net, data, options).advice.map(({ code }) => code);

describe("planted faults", () => {
  it.each(faults)("$code: $name", ({ code, make }) => {
    const { net, data, options } = make();
    const { advice } = diagnose(net, data, options);
    expect(advice.map((one) => one.code)).toContain(code);
    for (const { layer, units, message, remedy, source } of advice) {
      expect([message, remedy, source].every((text) => text.length > 10)).toBe(true);
      expect(layer === null || (layer >= 0 && layer < net.spec.layers.length)).toBe(true);
      expect(units.every((unit) => unit >= 0 && unit < net.spec.layers[layer ?? 0].units)).toBe(true);
      expect(message).not.toMatch(/layer 0|unit 0|input 0|output 0|NaN|undefined/);
    }
  });
});

describe("near misses", () => {
  it.each(misses)("no $code: $name", ({ code, make }) => {
    expect(codesOf(make())).not.toContain(code);
  });
});

describe("the best fit of noisy data, 1-6-1 tanh", () => {
  it.each([1, 2, 3, 4, 5, 6])("seed %i: saturated units explain their zero modes", (seed) => {
    const random = source(seed + 40);
    const xs = Array.from({ length: 60 }, () => [2 * random.normal()]);
    const data = dataset(
      xs,
      xs.map(([x]) => [Math.sin(x) + random.normal()]),
    );
    const net = network({ inputs: 1, layers: [{ units: 6, activation: "tanh" }, { units: 1 }], seed });
    const run = { optimizer: hessia.levenbergMarquardt(), epochs: 500, batchSize: 60 };
    finish(hessia.training(net, data, run));
    expect(codesOf({ net, data })).not.toContain("degenerate-point");
  });
});
