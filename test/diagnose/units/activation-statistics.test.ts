// Oracle: pre-activations by the loops of test/oracle, counted one by one; closed forms for what
// random networks do on average.

import { beforeAll, describe, expect, it } from "vitest";
import { activationStatistics, dataset, deadUnits, init, type NetworkSpec, network } from "../../../src/index.js";
import { cases, makeData, makeParameters, makeRunning, Random } from "../../cases.js";
import { activation } from "../../oracle/activations.js";
import { gradient, layerTraces } from "../../oracle/network.js";
import { layout } from "../../oracle/spec.js";
import { builds, dtypes, flatStatistics, snapshot, toDataset } from "../../support.js";

const modes = ["batch", "running"] as const;
const relu = (units: number, more: object = {}) => ({ units, activation: "relu" as const, ...more });

function moments(values: number[]) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return { mean, deviation, minimum: Math.min(...values), maximum: Math.max(...values) };
}

/** |φ′| at its steepest, by looking. */
function steepest(φ: { first(x: number): number }): number {
  let most = 0;
  for (let x = -10; x <= 10; x += 1e-3) most = Math.max(most, Math.abs(φ.first(x)));
  return most;
}

describe.each(builds)("activation statistics, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(cases)("$name", (item) => {
    const { spec } = item;
    const { inputs, targets } = makeData(item);
    const running = makeRunning(item);
    for (const dtype of dtypes) {
      const net = network({ ...spec, dtype });
      net.setParameters(makeParameters(item));
      net.setRunningStatistics(flatStatistics(running));
      const before = snapshot(net);
      for (const mode of item.batchNorm ? modes : modes.slice(0, 1)) {
        const traces = layerTraces(spec, makeParameters(item), inputs, { mode, running });
        const found = activationStatistics(net, toDataset(inputs, targets), { batchNorm: mode, saturation: 0.2 });
        expect(JSON.parse(JSON.stringify(found))).toEqual(found);
        expect([found.samples, found.batchNorm, found.layers.length]).toEqual([
          inputs.length,
          mode,
          spec.layers.length,
        ]);
        const digits = dtype === "f64" ? 10 : 3;
        traces.forEach(({ preactivations, outputs }, l) => {
          const φ = activation(spec.layers[l].activation);
          const layer = found.layers[l];
          const share = (of: number[], accept: (x: number) => boolean) => of.filter(accept).length / of.length;
          const compare = (got: typeof layer.activation, values: number[]) => {
            const expected = moments(values);
            for (const key of ["mean", "deviation", "minimum", "maximum"] as const) {
              expect(got[key], `${dtype} ${mode} layer ${l} ${key}`).toBeCloseTo(expected[key], digits);
            }
          };
          const check = (got: Omit<typeof layer, "layer" | "type">, a: number[], h: number[]) => {
            compare(got.preActivation, a);
            compare(got.activation, h);
            expect(got.active).toBeCloseTo(
              share(a, (x) => x > 0),
              10,
            );
            expect(got.sparsity).toBeCloseTo(
              share(h, (x) => x === 0),
              10,
            );
            expect(got.exactZeros).toBe(a.filter((x) => x === 0).length);
            expect(got.nonFinite).toBe(0);
            if (got.saturated !== null) {
              const limit = 0.2 * steepest(φ);
              const below = (factor: number) => share(a, (x) => Math.abs(φ.first(x)) <= factor * limit);
              expect(got.saturated).toBeGreaterThanOrEqual(below(0.999) - 1e-12);
              expect(got.saturated).toBeLessThanOrEqual(below(1.001) + 1e-12);
            } else expect(layer.type).toMatch(/^(identity|relu|leaky-relu)$/);
          };
          layer.units.forEach((unit, i) => {
            const column = (rows: number[][]) => rows.map((row) => row[i]);
            check(unit as typeof layer, column(preactivations), column(outputs));
          });
          check(layer, preactivations.flat(), outputs.flat());
          const columns = preactivations[0].map((_, i) => preactivations.map((row) => row[i]));
          const often = columns.map((values) => share(values, (x) => x > 0));
          const where = (accept: (x: number) => boolean) =>
            φ.kinked ? often.flatMap((x, i) => (accept(x) ? [i] : [])) : [];
          expect(layer.neverActive).toEqual(where((x) => x === 0));
          expect(layer.rarelyActive).toEqual(where((x) => x > 0 && x < 0.01));
          expect(layer.alwaysActive).toEqual(where((x) => x === 1));
        });
      }
      expect(snapshot(net)).toEqual(before);
    }
  });

  it("sums chunks up as if they were one, and finds what one sample of many does", () => {
    const random = new Random(5);
    const inputs = random.rows(3000, 2).map((row) => row.map((x) => 1000 + x));
    const spec: NetworkSpec & { loss: "mse" } = { inputs: 2, layers: [relu(3), { units: 1 }], loss: "mse" };
    const net = network(spec);
    // A unit that is active for about half of the samples, one for the largest only, and one never.
    const first = inputs.map(([x]) => x).sort((a, b) => b - a);
    const threshold = (first[0] + first[1]) / 2;
    const θ = [1, 0, 1, 0, -1, 0, -1000, -threshold, 0, 1, 1, 1, 0];
    net.setParameters(θ);
    const data = toDataset(inputs, new Array(3000).fill(0));
    const [layer] = activationStatistics(net, data).layers;
    const [trace] = layerTraces(spec as never, θ, inputs);
    layer.units.forEach((unit, i) => {
      const expected = moments(trace.preactivations.map((row) => row[i]));
      expect(unit.preActivation.deviation).toBeCloseTo(expected.deviation, 11);
      expect(unit.preActivation.mean).toBeCloseTo(expected.mean, 9);
    });
    expect(layer.rarelyActive).toEqual([1]);
    expect(layer.units[1].active).toBe(1 / 3000);
    expect([layer.neverActive, layer.dead, layer.alwaysActive]).toEqual([[2], [2], []]);
    expect(deadUnits(net, data)[0]).toEqual([2]);
  });

  it("counts pre-activations that are exactly 0, and constants have no deviation", () => {
    for (const dtype of dtypes) {
      const net = network({ inputs: 2, layers: [relu(2), { units: 1 }], dtype });
      net.setParameters([1, -1, 0, 0, 0, 0.1, 1, 1, 0]);
      const inputs = Array.from({ length: 7 }, (_, n) => (n < 3 ? [n, n] : [n, 0.3]));
      const [layer] = activationStatistics(net, toDataset(inputs, new Array(7).fill(0))).layers;
      expect(layer.units.map(({ exactZeros }) => exactZeros)).toEqual([3, 0]);
      expect(layer.exactZeros).toBe(3);
      expect(layer.units[1].activation.deviation).toBe(0);
      expect(layer.alwaysActive).toEqual([1]);
    }
  });

  it("leaves what is not finite out, and says so", () => {
    const net = network({ inputs: 1, layers: [relu(2), { units: 1 }], dtype: "f32" });
    net.setParameters([1e38, 1, 0, 0, 1, 1, 0]);
    const found = activationStatistics(net, toDataset([[1], [100], [-1]], [0, 0, 0]));
    const [first, second] = found.layers[0].units;
    expect([first.nonFinite, second.nonFinite]).toEqual([1, 0]);
    expect(first.preActivation.maximum).toBeCloseTo(1e38, -33);
    expect(found.layers[1].nonFinite).toBe(1);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});

describe("saturation", () => {
  const saturated = (type: "tanh" | "sigmoid" | "step" | "silu", bias: number, saturation?: number) => {
    const net = network({ inputs: 1, layers: [{ units: 1, activation: type }, { units: 1 }] });
    net.setParameters([0, bias, 1, 0]);
    const data = dataset([[0], [0]], [0, 0]);
    return activationStatistics(net, data, saturation ? { saturation } : {}).layers[0].saturated;
  };

  it("begins where the slope is a hundredth of the largest: |a| = artanh(√0.99) for tanh, twice that for the sigmoid", () => {
    const edge = Math.atanh(Math.sqrt(0.99));
    for (const sign of [1, -1]) {
      expect(saturated("tanh", sign * (edge - 1e-9))).toBe(0);
      expect(saturated("tanh", sign * (edge + 1e-9))).toBe(1);
      expect(saturated("sigmoid", sign * 2 * (edge - 1e-9))).toBe(0);
      expect(saturated("sigmoid", sign * 2 * (edge + 1e-9))).toBe(1);
      expect(saturated("step", sign)).toBe(1);
    }
    expect(saturated("silu", 10)).toBe(0);
    expect(saturated("silu", -10)).toBe(1);
    expect(saturated("tanh", 1, 0.9)).toBe(1);
  });
});

describe("layers that block", () => {
  const θ = (spec: NetworkSpec, seed = 3) => {
    const net = network({ ...spec, seed });
    return Array.from(net.getParameters(), (x, k) => (x === 0 ? 0.1 + 0.01 * (k % 7) : x));
  };
  const inputs = new Random(2).rows(9, 3);
  const targets = new Random(3).normals(9);

  /** Layers whose gradients are all exactly 0, and those where only weights are. */
  const still = (spec: NetworkSpec, parameters: number[]) => {
    const g = gradient({ loss: "mse", ...spec } as never, parameters, inputs, targets);
    const places = layout(spec as never);
    const zero = (from: number, to: number) => g.slice(from, to).every((x) => x === 0);
    const end = (l: number) => places[l + 1]?.weight ?? parameters.length;
    return {
      frozen: places.flatMap(({ weight }, l) => (zero(weight, end(l)) ? [l] : [])),
      weightless: places.flatMap(({ weight, bias }, l) => (zero(weight, bias) && !zero(bias, end(l)) ? [l] : [])),
    };
  };
  const spec: NetworkSpec = { inputs: 3, layers: [relu(4), relu(5), relu(4), { units: 3 }, { units: 1 }] };

  it("a dead layer freezes itself and all before it; after it a bias, and then weights, learn", () => {
    for (const dead of [[0], [1], [2], [0, 1]]) {
      const parameters = θ(spec);
      const places = layout(spec as never);
      for (const l of dead) for (let i = 0; i < spec.layers[l].units; i++) parameters[places[l].bias + i] = -100;
      const top = Math.max(...dead);
      const net = network(spec);
      net.setParameters(parameters);
      const { blocked, layers } = activationStatistics(net, dataset(inputs, targets));
      const expected = still(spec, parameters);
      const last = blocked[blocked.length - 1];
      expect(last.frozen).toEqual(expected.frozen);
      expect(last.biasOnly).toEqual(expected.weightless);
      expect(last.learning).toEqual(spec.layers.map((_, l) => l).slice(top + 1));
      expect(blocked.map(({ layer, cause }) => [layer, cause])).toEqual(dead.map((l) => [l, "dead"]));
      for (const l of dead) expect(layers[l].sparsity).toBe(1);
    }
    const parameters = θ(spec);
    const at = layout(spec as never)[1].bias;
    for (let i = 0; i < 5; i++) parameters[at + i] = -100;
    const net = network(spec);
    net.setParameters(parameters);
    expect(activationStatistics(net, dataset(inputs, targets)).blocked[0].message).toBe(
      "layer 2 gives 0 for every sample, so it and layer 1 get no gradient; layers 3 to 5 still learn, but only a constant (of layer 3, the bias alone)",
    );
  });

  it("a step freezes itself and all before it, and what is after learns in full", () => {
    const stepped: NetworkSpec = { inputs: 3, layers: [relu(4), { units: 5, activation: "step" }, { units: 1 }] };
    const net = network(stepped);
    net.setParameters(θ(stepped));
    const [only, ...rest] = activationStatistics(net, dataset(inputs, targets)).blocked;
    expect(rest).toEqual([]);
    expect([only.cause, only.frozen, only.biasOnly, only.learning]).toEqual(["step", [0, 1], [], [2]]);
    expect(still(stepped, θ(stepped)).frozen).toEqual([0, 1]);
  });

  it("nothing is blocked where one unit lives, or where all that is not positive is 0 and atZero lets it through", () => {
    const net = network(spec);
    net.setParameters(θ(spec));
    expect(activationStatistics(net, dataset(inputs, targets)).blocked).toEqual([]);
    for (const atZero of [0, 0.5]) {
      const zero = network({ inputs: 3, layers: [{ units: 2, activation: { type: "relu", atZero } }, { units: 1 }] });
      zero.setParameters([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0]);
      const { blocked } = activationStatistics(zero, dataset(inputs, targets));
      expect(blocked.length).toBe(atZero === 0 ? 1 : 0);
      const reached = Array.from(zero.gradient(dataset(inputs, targets)).gradient.slice(0, 6)).some((g) => g !== 0);
      expect(reached).toBe(atZero !== 0);
    }
  });
});

describe("what random networks do", () => {
  it("the last of k layers of width n is all zero with probability 1 − (1 − 2⁻ⁿ)ᵏ, bias-free, at one input", () => {
    const trials = 4000;
    for (const [n, k] of [
      [1, 2],
      [2, 5],
      [3, 4],
      [4, 10],
    ]) {
      const expected = 1 - (1 - 2 ** -n) ** k;
      const layers = [...Array.from({ length: k }, () => relu(n)), { units: 1 }];
      const data = dataset([[0.3, -1.2, 0.7]], [1]);
      let dead = 0;
      for (let seed = 0; seed < trials; seed++) {
        const net = network({ inputs: 3, layers, seed });
        const statistics = activationStatistics(net, data);
        if (statistics.layers[k - 1].dead.length === n) {
          dead += 1;
          expect(statistics.blocked.map(({ layer }) => layer)).toContain(k - 1);
        }
      }
      const error = Math.sqrt((expected * (1 - expected)) / trials);
      expect(Math.abs(dead / trials - expected), `${n}, ${k}`).toBeLessThan(3 * error);
    }
  });

  it("half of the units are 0 at a symmetric start", () => {
    const inputs = new Random(8).rows(50, 6);
    let mean = 0;
    const seeds = 200;
    for (let seed = 0; seed < seeds; seed++) {
      const net = network({ inputs: 6, layers: [relu(40), { units: 1 }], seed });
      mean += activationStatistics(net, dataset(inputs, new Array(50).fill(0))).layers[0].sparsity / seeds;
    }
    // A unit's share of zeros lies in [0, 1], so that its deviation is at most ½.
    expect(Math.abs(mean - 0.5)).toBeLessThan((3 * 0.5) / Math.sqrt(40 * seeds));
  });
});

describe("refusals", () => {
  const net = network({ inputs: 1, layers: [relu(1, { batchNorm: true }), { units: 1 }] });
  const data = dataset([[1], [2]], [1, 2]);

  it.each<[string, () => unknown, typeof TypeError, string]>([
    ["no network", () => activationStatistics({} as never, data), TypeError, 'activationStatistics: "net" expected'],
    ["no data", () => activationStatistics(net, [] as never), TypeError, 'activationStatistics: "data" expected'],
    [
      "other data",
      () => activationStatistics(net, dataset([[1, 2]], [1])),
      RangeError,
      'activationStatistics: "data" expected inputs of width 1',
    ],
    [
      "one row under batch statistics",
      () => activationStatistics(net, dataset([[1]], [1])),
      RangeError,
      'activationStatistics: "data" expected at least two rows',
    ],
    [
      "an unknown option",
      () => activationStatistics(net, data, { saturated: 1 } as never),
      TypeError,
      'activationStatistics: unknown option "saturated"; did you mean "saturation"?',
    ],
    [
      "a threshold of 0",
      () => activationStatistics(net, data, { saturation: 0 }),
      RangeError,
      'activationStatistics: "saturation" expected a number in (0, 1], got 0',
    ],
  ])("%s", (_, call, kind, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(kind);
  });
});
