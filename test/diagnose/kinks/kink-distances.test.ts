// Oracle: the nearest change of sign along many directions of the input space, by the loops of
// test/oracle; closed forms.

import { beforeAll, describe, expect, it } from "vitest";
import { activationPatterns, dataset, init, kinkDistances, network } from "../../../src/index.js";
import { type Case, cases, makeData, makeParameters, makeRunning, Random } from "../../cases.js";
import { activation } from "../../oracle/activations.js";
import { layerTraces } from "../../oracle/network.js";
import { builds, dtypes, flatStatistics, snapshot, toDataset } from "../../support.js";

const relu = (units: number) => ({ units, activation: "relu" as const });

function setUp(item: Case, dtype: "f32" | "f64" = "f64") {
  const { inputs, targets } = makeData(item);
  const running = makeRunning(item);
  const net = network({ ...item.spec, dtype });
  net.setParameters(makeParameters(item));
  net.setRunningStatistics(flatStatistics(running));
  const kinked = item.spec.layers.map((layer) => activation(layer.activation).kinked);
  /** Signs of a sample's kinked pre-activations, layer by layer. */
  const signs = (rows: number[][], mode: "batch" | "running") => {
    const traces = layerTraces(item.spec, makeParameters(item), rows, { mode, running });
    return rows.map((_, n) => traces.map((t, l) => (kinked[l] ? t.preactivations[n].map((a) => a > 0) : [])));
  };
  const values = (x: number[]) => {
    const traces = layerTraces(item.spec, makeParameters(item), [x], { mode: "running", running });
    return traces.map(({ preactivations }) => preactivations[0]);
  };
  return { net, inputs, data: toDataset(inputs, targets), signs, values, kinked };
}

const modes = ["batch", "running"] as const;

describe.each(builds)("distances to kinks, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  const straight = cases.filter(({ spec }) =>
    spec.layers.every(({ activation: a = "identity" }) =>
      ["identity", "relu", "leaky-relu", "step"].includes(typeof a === "string" ? a : a.type),
    ),
  );

  it.each(straight)("$name", (item) => {
    const { net, inputs, data, signs, values, kinked } = setUp(item);
    const before = snapshot(net);
    const found = kinkDistances(net, data, { batchNorm: "running" });
    expect(found.exact).toBe(true);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    const random = new Random(item.seed);
    inputs.forEach((x, n) => {
      const { distance, layer, unit } = found.samples[n];
      if (!kinked.includes(true)) {
        expect([distance, layer, unit]).toEqual([null, -1, -1]);
        return;
      }
      if (distance === null) return;
      // No sign changes closer by, whatever the direction …
      for (let k = 0; k < 20; k++) {
        const u = random.normals(x.length);
        const size = Math.sqrt(u.reduce((sum, y) => sum + y * y, 0));
        const near = x.map((y, j) => y + (0.999 * distance * u[j]) / size);
        expect(signs([near], "running")[0]).toEqual(signs([x], "running")[0]);
      }
      // … and one does along the gradient of the unit named, at that distance.
      const h = Math.min(1e-4, distance / 4);
      const gradient = x.map((_, j) => {
        const moved = (by: number) => values(x.map((y, k) => (k === j ? y + by : y)))[layer][unit];
        return (moved(h) - moved(-h)) / (2 * h);
      });
      const size = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
      const value = values(x)[layer][unit];
      const at = (factor: number) =>
        values(x.map((y, j) => y - (Math.sign(value) * factor * distance * gradient[j]) / size))[layer][unit];
      expect(Math.sign(at(0.999))).toBe(Math.sign(value));
      expect(Math.sign(at(1.001))).toBe(-Math.sign(value));
    });
    const all = found.samples.flatMap(({ distance }) => (distance === null ? [] : [distance])).sort((a, b) => a - b);
    expect(found.minimum).toBe(all[0] ?? null);
    if (all.length % 2 === 1) expect(found.median).toBe(all[(all.length - 1) / 2]);
    expect(snapshot(net)).toEqual(before);
  });

  it("are of first order with smooth activations, and hold batch norm's statistics", () => {
    for (const item of cases.filter(({ name }) =>
      ["mixed activations", "batch norm twice", "batch norm relu"].includes(name),
    )) {
      const { net, data } = setUp(item);
      const found = kinkDistances(net, data);
      expect(found.exact).toBe(item.name !== "mixed activations");
      for (const { distance } of found.samples) expect(distance).toBeGreaterThan(0);
      expect(found.minimum).toBe(Math.min(...found.samples.map(({ distance }) => distance as number)));
    }
  });

  it("patterns are those of the loops, in both precisions and modes", () => {
    for (const item of cases) {
      for (const dtype of dtypes) {
        const { net, inputs, data, signs, kinked } = setUp(item, dtype);
        const before = snapshot(net);
        for (const mode of item.batchNorm ? modes : modes.slice(1)) {
          const found = activationPatterns(net, data, { batchNorm: mode });
          const rows = signs(inputs, mode);
          const counts = new Map<string, number>();
          for (const row of rows) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1);
          const layers = item.spec.layers.map(({ units }, layer) => ({
            layer,
            units: kinked[layer] ? units : 0,
            distinct: new Set(rows.map((row) => JSON.stringify(row[layer]))).size,
          }));
          expect(found).toEqual({
            samples: inputs.length,
            batchNorm: mode,
            units: layers.reduce((sum, { units }) => sum + units, 0),
            distinct: counts.size,
            alone: [...counts.values()].filter((count) => count === 1).length,
            most: Math.max(...counts.values()),
            layers,
          });
        }
        expect(snapshot(net)).toEqual(before);
      }
    }
  });

  it("patterns of many units and samples", () => {
    const random = new Random(6);
    const inputs = random.rows(2500, 2);
    const net = network({ inputs: 2, layers: [relu(19), relu(35), { units: 1 }], seed: 4 });
    const found = activationPatterns(net, dataset(inputs, new Array(2500).fill(0)));
    const traces = layerTraces({ ...net.spec, loss: "mse" } as never, net.getParameters(), inputs);
    const words = [0, 1].map((l) => traces[l].preactivations.map((row) => row.map((a) => (a > 0 ? 1 : 0)).join("")));
    expect(found.layers.map(({ distinct }) => distinct)).toEqual([new Set(words[0]).size, new Set(words[1]).size, 1]);
    expect(found.distinct).toBe(new Set(words[0].map((word, n) => word + words[1][n])).size);
    // 19 lines through the origin cut the plane into 38 pieces.
    expect(found.layers[0].distinct).toBeLessThanOrEqual(38);
  });
});

it("the distance from a line is |w·x + b|/‖w‖, and there is none where nothing depends on the input", () => {
  const net = network({ inputs: 2, layers: [relu(2), relu(1), { units: 1 }] });
  net.setParameters([3, 4, 0, 0, 5, 2, 1, 0, 7, 1, 0]);
  const { samples } = kinkDistances(net, dataset([[0, 0], [-5, 0]], [0, 0])); // biome-ignore format: as rows
  // The first unit's line is at 5/5 and 10/5; the second's plane is nowhere. The unit above gives
  // relu(3x + 4y + 5) + 7, at 12/5 from 0.
  expect(samples).toEqual([
    { distance: 1, layer: 0, unit: 0 },
    { distance: 2, layer: 0, unit: 0 },
  ]);
  const constant = network({ inputs: 1, layers: [relu(1), { units: 1 }] });
  constant.setParameters([0, 1, 1, 0]);
  expect(kinkDistances(constant, dataset([[1]], [0]))).toMatchObject({ minimum: null, median: null });
});

describe("refusals", () => {
  const net = network({ inputs: 1, layers: [{ units: 1, batchNorm: true }] });
  const data = dataset([[1], [2]], [1, 2]);

  it.each([
    ["kinkDistances", kinkDistances],
    ["activationPatterns", activationPatterns],
  ] as const)("%s", (name, call) => {
    expect(() => call({} as never, data)).toThrow(`${name}: "net" expected`);
    expect(() => call(net, {} as never)).toThrow(`${name}: "data" expected`);
    expect(() => call(net, dataset([[1]], [1]))).toThrow(`${name}: "data" expected at least two rows`);
    expect(() => call(net, data, { mode: "batch" } as never)).toThrow(`${name}: unknown option "mode"`);
    expect(() => call(net, data, { batchNorm: "eval" } as never)).toThrow(RangeError);
  });
});
