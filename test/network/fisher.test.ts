// Oracles: inputs by the loops of test/oracle; and, for what is drawn, the Gauss-Newton matrix by
// hyper-dual numbers, which the draws' mean has to be: its diagonal, of the biases' blocks for each
// layer, of the whole block where there is one sample.

import { beforeAll, describe, expect, it } from "vitest";
import { init, network } from "../../src/index.js";
import type { Dataset } from "../../src/network/dataset.js";
import { type LayerFactors, SecondMoments } from "../../src/network/fisher.js";
import type { Network } from "../../src/network/network.js";
import { borrow } from "../../src/wasm/workspace.js";
import { type Case, caseNamed, cases, makeData, makeParameters } from "../cases.js";
import { hessian } from "../oracle/hessian.js";
import * as oracle from "../oracle/network.js";
import { layout, type NetworkSpec, type Targets } from "../oracle/spec.js";
import { builds, distance, dtypes, toDataset } from "../support.js";

const bare = (spec: NetworkSpec): NetworkSpec => ({ ...spec, penalty: {} });

function withMoments<T>(
  net: Network,
  data: Dataset,
  use: (moments: SecondMoments, theta: number, statistics: number) => T,
): T {
  const { spec, layout: places, parameterCount } = net;
  return borrow(net.build, (workspace) => {
    const theta = workspace.allocate(spec.dtype, parameterCount);
    const statistics = workspace.allocate(spec.dtype, places.statisticsCount);
    workspace.write(spec.dtype, theta, net.getParameters());
    workspace.write(spec.dtype, statistics, net.getRunningStatistics());
    return use(new SecondMoments(workspace, spec, places, data, data.size), theta, statistics);
  });
}

/** Means of the factors over so many seeds. */
function meanFactors(net: Network, data: Dataset, draws: number): LayerFactors[] {
  return withMoments(net, data, (moments, theta, statistics) => {
    const batch = { order: null, from: 0, count: data.size };
    let mean: LayerFactors[] = [];
    for (let seed = 0; seed < draws; ++seed) {
      const now = moments.factors(theta, statistics, batch, seed);
      if (seed === 0) mean = now;
      else {
        now.forEach((factors, l) => {
          for (const key of ["inputs", "outputs", "norm"] as const) {
            for (let i = 0; i < factors[key].length; ++i) mean[l][key][i] += factors[key][i];
          }
        });
      }
    }
    for (const factors of mean)
      for (const key of ["inputs", "outputs", "norm"] as const)
        factors[key].forEach((value, i, all) => {
          all[i] = value / draws;
        });
    return mean;
  });
}

function opened(
  item: Case,
  dtype: "f64" | "f32" = "f64",
): { net: Network; data: Dataset; θ: number[]; inputs: number[][]; targets: Targets } {
  const net = network({ ...bare(item.spec), dtype });
  net.setParameters(makeParameters(item));
  const { inputs, targets } = makeData(item);
  return { net, data: toDataset(inputs, targets), θ: Array.from(net.getParameters()), inputs, targets };
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(cases)("$name: of biases and batch norm the diagonal is what the factors of the same draw have", (item) => {
    for (const dtype of dtypes) {
      const { net, data } = opened(item, dtype);
      const batch = { order: null, from: 0, count: data.size };
      const [diagonal, factors] = withMoments(net, data, (moments, theta, statistics) => [
        moments.curvatureDiagonal(theta, statistics, batch, 3),
        moments.factors(theta, statistics, batch, 3),
      ]);
      net.layout.layers.forEach(({ bias, scale, units, batchNorm }, l) => {
        const own = Array.from({ length: units }, (_, u) => factors[l].outputs[u * units + u]);
        const tolerance = dtype === "f64" ? 1e-11 : 2e-4;
        expect(distance(diagonal.slice(bias, bias + units), own)).toBeLessThan(tolerance);
        if (batchNorm)
          expect(distance(diagonal.slice(scale, scale + 2 * units), factors[l].norm)).toBeLessThan(tolerance);
      });
    }
  });

  it("over some samples in another order, and in more than one chunk", () => {
    const spec: NetworkSpec = { inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 2 }], loss: "mse" };
    const item: Case = { name: "", spec, samples: 2300, seed: 4, targets: "rows", batchNorm: false, margin: 0 };
    const { net, data, θ, inputs } = opened(item);
    const order = Uint32Array.from({ length: 2300 }, (_, i) => (7 * i) % 2300);
    const chosen = Array.from(order.subarray(100, 2200));
    const got = withMoments(net, data, (moments, theta, statistics) => ({
      diagonal: moments.curvatureDiagonal(theta, statistics, { order, from: 100, count: 2100 }, 1),
      factors: moments.factors(theta, statistics, { order, from: 100, count: 2100 }, 1),
    }));
    // Of mse's last layer it has no chance in it: 2/C·E[h²].
    const hidden = oracle.layerTraces(spec, θ, inputs)[1].inputs;
    const last = [0, 1, 2].map((i) => chosen.reduce((sum, n) => sum + hidden[n][i] ** 2 / chosen.length, 0));
    expect(distance(got.diagonal.slice(9), [...last, ...last, 1, 1])).toBeLessThan(1e-11);
    const rows = chosen.map((n) => [...inputs[n], 1]);
    const moment = [0, 1, 2].flatMap((i) =>
      [0, 1, 2].map((j) => rows.reduce((sum, row) => sum + (row[i] * row[j]) / rows.length, 0)),
    );
    expect(distance(got.factors[0].inputs, moment)).toBeLessThan(1e-12);
  });

  it.each(cases)("$name: the factor of the inputs", (item) => {
    for (const dtype of dtypes) {
      const { net, data, θ, inputs } = opened(item, dtype);
      const [factors] = [meanFactors(net, data, 1)];
      oracle.layerTraces(item.spec, θ, inputs).forEach((trace, l) => {
        const rows = trace.inputs.map((row) => [...row, 1]);
        const width = rows[0].length;
        const expected = Array.from({ length: width * width }, (_, k) =>
          rows.reduce((sum, row) => sum + (row[Math.floor(k / width)] * row[k % width]) / rows.length, 0),
        );
        expect(distance(factors[l].inputs, expected)).toBeLessThan(dtype === "f64" ? 1e-12 : 1e-5);
      });
    }
  });

  // Draws of ±1: after n of them the mean is off by about 1/√n.
  const DRAWS = 4000;
  const coupled = cases.filter(({ batchNorm, samples }) => !batchNorm && samples <= 13);
  it.each(coupled)("$name: the mean factor of the outputs is the Gauss-Newton matrix of the biases", (item) => {
    const { net, data, θ, inputs, targets } = opened(item);
    const G = hessian(bare(item.spec), θ, inputs, targets, { kind: "ggn" });
    const factors = meanFactors(net, data, DRAWS);
    layout(item.spec).forEach(({ bias, units }, l) => {
      const block = Array.from(
        { length: units * units },
        (_, k) => G[bias + Math.floor(k / units)][bias + (k % units)],
      );
      const size = Math.max(...block.map(Math.abs));
      expect(distance(factors[l].outputs, block, Math.max(size, 1e-12))).toBeLessThan(6 / Math.sqrt(DRAWS));
    });
  });

  it.each(coupled)("$name: the mean of the diagonals is the Gauss-Newton matrix's", (item) => {
    const { net, data, θ, inputs, targets } = opened(item);
    const G = hessian(bare(item.spec), θ, inputs, targets, { kind: "ggn" });
    const mean = new Float64Array(θ.length);
    withMoments(net, data, (moments, theta, statistics) => {
      const batch = { order: null, from: 0, count: data.size };
      for (let seed = 0; seed < DRAWS; ++seed)
        moments.curvatureDiagonal(theta, statistics, batch, seed).forEach((value, i) => {
          mean[i] += value / DRAWS;
        });
    });
    const diagonal = θ.map((_, i) => G[i][i]);
    expect(distance(mean, diagonal)).toBeLessThan(6 / Math.sqrt(DRAWS));
  });

  it("one sample, one layer: A ⊗ G is in the mean the Gauss-Newton matrix itself", () => {
    for (const loss of ["mse", "cross-entropy", "binary-cross-entropy", "huber"] as const) {
      const spec: NetworkSpec = { inputs: 3, layers: [{ units: 3 }], loss };
      const net = network({ ...spec, seed: 2 });
      const inputs = [[0.3, -0.4, 0.2]];
      const targets = loss === "cross-entropy" ? [1] : [[1, 0, 1]];
      const data = toDataset(inputs, targets as Targets);
      const G = hessian(spec, net.getParameters(), inputs, targets as Targets, { kind: "ggn" });
      const [{ inputs: A, outputs }] = meanFactors(net, data, DRAWS);
      const at = (u: number, i: number): number => (i < 3 ? 3 * u + i : 9 + u);
      const size = Math.max(...G.flat().map(Math.abs));
      for (let u = 0; u < 3; ++u) {
        for (let v = 0; v < 3; ++v) {
          for (let i = 0; i < 4; ++i) {
            for (let j = 0; j < 4; ++j) {
              const product = A[4 * i + j] * outputs[3 * u + v];
              expect(Math.abs(product - G[at(u, i)][at(v, j)]) / size).toBeLessThan(6 / Math.sqrt(DRAWS));
            }
          }
        }
      }
      // ±1 squared is 1: the diagonal of mse's has no chance in it.
      if (loss === "mse") {
        const [single] = meanFactors(net, data, 1);
        for (let u = 0; u < 3; ++u) expect(Math.abs(single.outputs[4 * u] - G[9 + u][9 + u])).toBeLessThan(1e-15);
      }
    }
  });

  it("batch norm's scale and shift: means of squares, where no later layer couples the samples", () => {
    const item = caseNamed("batch norm relu");
    const { net, data, θ, inputs } = opened(item);
    const places = layout(item.spec);
    const [{ normalized, preactivations }] = oracle.layerTraces(item.spec, θ, inputs);
    const { units } = places[0];
    const outputs = places[1].units;
    const [{ norm }] = meanFactors(net, data, DRAWS);
    const expected = new Array(2 * units).fill(0);
    for (let u = 0; u < units; ++u) {
      let weights = 0;
      for (let c = 0; c < outputs; ++c) weights += (2 / outputs) * θ[places[1].weight + c * units + u] ** 2;
      preactivations.forEach((row, n) => {
        const on = row[u] > 0 ? weights / inputs.length : 0;
        expected[u] += on * (normalized as number[][])[n][u] ** 2;
        expected[units + u] += on;
      });
    }
    expect(distance(norm, expected)).toBeLessThan(6 / Math.sqrt(DRAWS));
  });

  it("the same seed draws the same, another seed something else", () => {
    const { net, data } = opened(caseNamed("relu cross-entropy"));
    const batch = { order: null, from: 0, count: data.size };
    const [a, b, c] = withMoments(net, data, (moments, theta, statistics) =>
      [5, 5, 6].map((seed) => moments.factors(theta, statistics, batch, seed)),
    );
    expect(b).toEqual(a);
    expect(c[0].outputs).not.toEqual(a[0].outputs);
    expect(c[0].inputs).toEqual(a[0].inputs);
  });
});
