// Oracle: pre-activations by the loops of test/oracle, and networks whose dead units are known by
// construction.

import { beforeAll, describe, expect, it } from "vitest";
import { deadUnits, init, network } from "../../../src/index.js";
import { type Case, makeData, makeParameters, makeRunning } from "../../cases.js";
import { layerTraces } from "../../oracle/network.js";
import { builds, dtypes, flatStatistics, snapshot, toDataset } from "../../support.js";

describe.each(builds)("dead units, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("are those whose pre-activation is never positive", () => {
    for (const batchNorm of [false, true]) {
      for (const samples of [2, 3, 5, 1500]) {
        const spec = {
          inputs: 3,
          layers: [
            { units: 20, activation: "relu" as const, batchNorm },
            { units: 9, activation: "tanh" as const },
            { units: 12, activation: { type: "relu" as const, atZero: 0.5 } },
            { units: 2 },
          ],
          loss: "mse" as const,
        };
        const item: Case = {
          name: "",
          spec,
          samples,
          seed: samples,
          targets: "rows",
          batchNorm,
          margin: samples > 5 ? 0 : 1e-5,
        };
        const { inputs, targets } = makeData(item);
        const running = makeRunning(item);
        const traces = layerTraces(spec, makeParameters(item), inputs, { mode: "running", running });
        const expected = traces.map(({ preactivations }, l) =>
          l === 0 || l === 2
            ? preactivations[0].flatMap((_, unit) => (preactivations.every((row) => row[unit] <= 0) ? [unit] : []))
            : [],
        );
        for (const dtype of dtypes) {
          const net = network({ ...spec, dtype });
          net.setParameters(makeParameters(item));
          net.setRunningStatistics(flatStatistics(running));
          const before = snapshot(net);
          expect(deadUnits(net, toDataset(inputs, targets))).toEqual(expected);
          expect(snapshot(net)).toEqual(before);
        }
      }
    }
  });

  it("one sample that reaches it keeps a unit alive, be it the last of many", () => {
    const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
    net.setParameters([1, 1, 0, -2, 1, 1, 0]);
    const inputs = Array.from({ length: 2500 }, () => [-1]);
    expect(deadUnits(net, toDataset(inputs, new Array(2500).fill(0)))).toEqual([[0, 1], []]);
    inputs[2499] = [1];
    expect(deadUnits(net, toDataset(inputs, new Array(2500).fill(0)))).toEqual([[1], []]);
    inputs[1100] = [3];
    expect(deadUnits(net, toDataset(inputs, new Array(2500).fill(0)))).toEqual([[], []]);
  });
});
