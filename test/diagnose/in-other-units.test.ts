// Oracle: the same network and data in other units, for which the advice must be the same.

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
  // What kind of point it is, is for classifyCriticalPoint; penalties and learning rates have units
  // of their own.
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

describe("units of columns and of targets change no kind of point and no finding of a run", () => {
  const random = source(91);
  const table = Array.from({ length: 40 }, () => [random.normal(), random.normal()]);
  const mean = (values: number[]): number => values.reduce((sum, y) => sum + y / values.length, 0);
  const centred = (values: number[]): number[] => values.map((y) => y - mean(values));
  const smooth = centred(table.map(([a, b]) => Math.sin(a) + b + 0.3 * random.normal()));

  type Units = readonly [columns: readonly number[], targets: number];
  const plain: Units = [[1, 1], 1];
  const others: Units[] = [
    [[1, 1], 2 ** -30],
    [[1, 1], 1e9],
    [[2 ** 20, 2 ** -20], 1],
    [[1e-6, 1e6], 1],
    [[1e3, 1e-3], 1e-9],
  ];
  const dataIn = ([columns, unit]: Units) =>
    dataset(
      table.map((row) => row.map((x, j) => x * columns[j])),
      smooth.map((y) => [y * unit]),
    );
  /** The same function in other units. */
  const netIn = (net: hessia.Network, [columns, unit]: Units) => {
    const made = network(net.spec);
    const { layers } = net.layout;
    const last = layers[layers.length - 1];
    const parameters = net.getParameters().map((x, k) => {
      const within = k >= layers[0].weight && k < layers[0].weight + layers[0].units * layers[0].inputs;
      const own = within ? x / columns[(k - layers[0].weight) % layers[0].inputs] : x;
      return k >= last.weight && k < last.end ? own * unit : own;
    });
    made.setParameters(parameters);
    return made;
  };
  const fitted = (hidden: number, activation: hessia.ActivationName) => {
    const layers = hidden > 0 ? [{ units: hidden, activation }, { units: 1 }] : [{ units: 1 }];
    const net = network({ inputs: 2, layers, seed: 5 });
    const data = dataIn(plain);
    finish(hessia.training(net, data, { optimizer: hessia.levenbergMarquardt(), epochs: 300, batchSize: data.size }));
    return net;
  };
  const zeros = () => network({ inputs: 2, layers: [{ units: 2 }, { units: 1 }], initializer: "zeros" });

  it.each<[string, () => hessia.Network, string]>([
    ["the least squares line", () => fitted(0, "identity"), "minimum"],
    ["two linear layers of zeros", zeros, "saddle"],
    ["tanh, as fitted", () => fitted(2, "tanh"), "minimum"],
    [
      "as drawn",
      () => network({ inputs: 2, layers: [{ units: 3, activation: "relu" }, { units: 1 }], seed: 2 }),
      "not-critical",
    ],
  ])("%s", (_, make, kind) => {
    const net = make();
    for (const units of [plain, ...others]) {
      const point = hessia.classifyCriticalPoint(netIn(net, units), dataIn(units));
      expect(point.kind, `${units.join(" ")}: ${point.reason}`).toBe(kind);
    }
  });

  it("findings of `watch` under descent with the rate in the loss's unit", () => {
    // Of one layer, targets and parameters in another unit u: the gradient is u times as large, so
    // that the same rate makes the same steps. Plateau, cycle, divergence.
    for (const learningRate of [0.2, 1.9, 3]) {
      const found = [1, 2 ** -30, 2 ** 30, 1e-9].map((unit) => {
        const units: Units = [[1, 1], unit];
        const net = netIn(network({ inputs: 2, layers: [{ units: 1 }], seed: 3 }), units);
        const watcher = hessia.watch(net, dataIn(units), { window: 5, guard: null });
        const run = { optimizer: hessia.sgd({ learningRate }), epochs: 60, batchSize: 40 };
        for (const record of hessia.training(net, dataIn(units), run)) watcher.step(record);
        return watcher.findings.map(({ code, step }) => `${code} ${step}`);
      });
      for (const other of found) expect(other).toEqual(found[0]);
      expect(found[0].length).toBeGreaterThan(0);
    }
  });
});
