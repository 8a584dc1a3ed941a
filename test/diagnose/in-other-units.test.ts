// Oracle: the same network and data in other units, for which the advice must be the same.

import { describe, expect, it } from "vitest";
import { nearMisses, plantedFaults } from "../../scripts/docs/planted-faults.mjs";
import * as hessia from "../../src/index.js";

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
