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

/** Targets times a factor, and the last layer with them. */
function inOtherUnits({ net, data, options = {} }: Planted, factor: number): Planted {
  const other = network(net.spec);
  const { weight, end, units } = net.layout.layers[net.spec.layers.length - 1];
  other.setParameters(net.getParameters().map((x, k) => (k >= weight && k < end ? factor * x : x)));
  const scaled = (of: hessia.Dataset): hessia.Dataset => {
    const values = "data" in of.targets ? of.targets.data : of.targets;
    return dataset(of.inputs, { rows: of.size, columns: units, data: Float64Array.from(values, (y) => factor * y) });
  };
  const { validation } = options;
  return { net: other, data: scaled(data), options: validation ? { validation: scaled(validation) } : {} };
}

describe("the unit of the targets changes nothing", () => {
  // What kind of point it is, is for classifyCriticalPoint; penalties and learning rates have units of their own.
  const owned = (codes: string[]): string[] =>
    codes.filter((code) => !/^(saddle|maximum|degenerate|zero-gradient|unscaled|worse)/.test(code));
  const values = [...faults, ...misses].filter(
    ({ code }) => !/penalty|learning-rate|diverged|worse|unscaled/.test(code),
  );
  it.each(values)("$code: $name", ({ make }) => {
    const planted = make();
    const last = planted.net.spec.layers[planted.net.spec.layers.length - 1].activation.type;
    if (planted.net.spec.loss !== "mse" || last !== "identity") return;
    const { net, data, options } = planted;
    const plain = { net, data, options: options?.validation ? { validation: options.validation } : {} };
    for (const factor of [1e-9, 1e9]) {
      const moved = inOtherUnits(plain, factor);
      // As drawn is as drawn whatever the unit.
      if (codesOf(moved).includes("diverged")) continue;
      expect(owned(codesOf(moved))).toEqual(owned(codesOf(plain)));
    }
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
