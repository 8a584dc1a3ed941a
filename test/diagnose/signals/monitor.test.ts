// Oracle: forward passes and pre-activation derivatives by the loops and differences of
// test/oracle.

import { beforeAll, describe, expect, it } from "vitest";
import { adam, fit, init, monitor, network } from "../../../src/index.js";
import { makeData, makeParameters, makeRunning } from "../../cases.js";
import { layerTraces } from "../../oracle/network.js";
import { builds, distance, dtypes, flatStatistics, toDataset, tolerance } from "../../support.js";

const spec = {
  inputs: 3,
  layers: [
    { units: 5, activation: "relu" as const, batchNorm: true },
    { units: 4, activation: "tanh" as const },
    { units: 2 },
  ],
  loss: "mse" as const,
};
const item = { name: "", spec, samples: 1300, seed: 5, targets: "rows" as const, batchNorm: true, margin: 0 };

describe.each(builds)("monitor, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("shows every layer before and after its activation, in both modes", () => {
    const { inputs, targets } = makeData(item);
    const running = makeRunning(item);
    for (const mode of ["batch", "running"] as const) {
      const traces = layerTraces(spec, makeParameters(item), inputs, { mode, running });
      for (const dtype of dtypes) {
        const net = network({ ...spec, dtype });
        net.setParameters(makeParameters(item));
        net.setRunningStatistics(flatStatistics(running));
        let layer = 0;
        const look = monitor(
          net,
          toDataset(inputs, targets),
          (signals) => {
            expect(signals.layer).toBe(layer);
            const { preactivations } = traces[layer];
            const activations = traces[layer + 1]?.inputs ?? preactivations;
            expect(distance(signals.preActivations.data, preactivations.flat())).toBeLessThan(10 * tolerance[dtype]);
            expect(distance(signals.activations.data, activations.flat())).toBeLessThan(10 * tolerance[dtype]);
            expect([signals.errors.rows, signals.errors.columns]).toEqual([1300, spec.layers[layer].units]);
            layer += 1;
          },
          { batchNorm: mode },
        );
        look();
        expect(layer).toBe(3);
      }
    }
  });

  it("errors sum to the biases' gradients, and shape the weights'", () => {
    const net = network({ inputs: 2, layers: [{ units: 3, activation: "gelu" }, { units: 2 }], seed: 2 });
    const inputs = [
      [1, 2],
      [0.5, -1],
      [-2, 0.3],
    ];
    const data = toDataset(inputs, [
      [1, 0],
      [0, 1],
      [2, 2],
    ]);
    const { gradient } = net.gradient(data);
    const sums: number[] = [];
    const weights: number[] = [];
    let below = { rows: 3, columns: 2, data: Float64Array.from(inputs.flat()) as Float64Array | Float32Array };
    monitor(net, data, ({ errors, activations }) => {
      for (let unit = 0; unit < errors.columns; ++unit) {
        for (let j = 0; j < below.columns; ++j) {
          let sum = 0;
          for (let s = 0; s < 3; ++s) sum += errors.data[s * errors.columns + unit] * below.data[s * below.columns + j];
          weights.push(sum);
        }
        sums.push([0, 1, 2].reduce((sum, s) => sum + errors.data[s * errors.columns + unit], 0));
      }
      below = activations;
    })();
    expect(
      distance([...weights.slice(0, 6), ...sums.slice(0, 3), ...weights.slice(6), ...sums.slice(3)], gradient),
    ).toBeLessThan(1e-12);
  });
});

it("serves as onEpoch, with the record, for the layers asked for", async () => {
  const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }], seed: 1 });
  const data = toDataset([[1], [2]], [[1], [2]]);
  const seen: [number, number][] = [];
  const onEpoch = monitor<{ epoch: number }>(net, data, ({ layer, record }) => seen.push([record!.epoch, layer]), {
    layers: [1],
  });
  await fit(net, data, { optimizer: adam(), epochs: 3, onEpoch });
  expect(seen).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
  expect(() => monitor(net, data, 1 as never)).toThrow(TypeError);
  expect(() => monitor(net, data, () => {}, { layers: [2] })).toThrow(RangeError);
});
