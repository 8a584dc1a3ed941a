// Oracle: invariants over random networks (central differences at two steps, samples that do not
// see each other, means that add up), and the loops of test/oracle.

import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { init, type Network, network } from "../../src/index.js";
import { type Case, makeData, makeParameters, makeRunning, Random } from "../cases.js";
import { derivative } from "../oracle/differences.js";
import { hessian } from "../oracle/hessian.js";
import * as oracle from "../oracle/network.js";
import type { ActivationSpec, LossName, NetworkSpec, Targets } from "../oracle/spec.js";
import { builds, type Dtype, distance, flatStatistics, hasBatchNorm, sameBits, toDataset } from "../support.js";

const smooth: ActivationSpec[] = ["identity", "softplus", "gelu", "silu", "tanh", "sigmoid"];
const kinked: ActivationSpec[] = [
  "relu",
  "leaky-relu",
  "elu",
  "step",
  { type: "relu", atZero: 0.5 },
  { type: "elu", alpha: 0.3 },
  { type: "leaky-relu", slope: 0.3 },
];

const losses: [LossName, Case["targets"]][] = [
  ["mse", "rows"],
  ["huber", "rows"],
  ["cross-entropy", "labels"],
  ["cross-entropy", "probabilities"],
  ["binary-cross-entropy", "rows"],
];

function cases(activations: ActivationSpec[], batchNorm: boolean): fc.Arbitrary<Case> {
  const layer = fc.record({
    units: fc.integer({ min: 1, max: 11 }),
    activation: fc.constantFrom(...activations),
    batchNorm: batchNorm ? fc.constantFrom(false, true, { epsilon: 0.01 }) : fc.constant(false),
  });
  return fc
    .record({
      inputs: fc.integer({ min: 1, max: 9 }),
      hidden: fc.array(layer, { maxLength: 4 }),
      outputs: fc.integer({ min: 1, max: 6 }),
      loss: fc.constantFrom(...losses),
      penalty: fc.record({ l2: fc.constantFrom(0, 0.1), on: fc.constantFrom("weights", "all") }),
      samples: fc.integer({ min: batchNorm ? 2 : 1, max: 20 }),
      seed: fc.nat(),
    })
    .map(({ inputs, hidden, outputs, loss: [loss, targets], penalty, samples, seed }) => {
      const units = loss === "cross-entropy" ? outputs + 1 : outputs;
      const spec = { inputs, layers: [...hidden, { units }], loss, penalty } as NetworkSpec;
      return { name: "", spec, samples, seed, targets, batchNorm: hasBatchNorm(spec), margin: 0 };
    });
}

interface Made {
  net: Network;
  inputs: number[][];
  targets: Targets;
  parameters: number[];
}

function make(item: Case, dtype: Dtype = "f64"): Made {
  const net = network({ ...item.spec, dtype });
  const parameters = makeParameters(item);
  net.setParameters(parameters);
  net.setRunningStatistics(flatStatistics(makeRunning(item)));
  return { net, parameters, ...makeData(item) };
}

const runs = (numRuns: number) => ({ numRuns, seed: 20 });

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("the gradient is the slope of the loss along any direction", () => {
    fc.assert(
      fc.property(cases(smooth, true), (item) => {
        const { net, parameters, inputs, targets } = make({
          ...item,
          spec: { ...item.spec, loss: item.spec.loss === "huber" ? "mse" : item.spec.loss },
        });
        const data = toDataset(inputs, targets);
        const direction = new Random(item.seed + 1).normals(parameters.length);
        const length = Math.hypot(...direction);
        for (const batchNorm of hasBatchNorm(item.spec) ? (["batch", "running"] as const) : (["running"] as const)) {
          net.setParameters(parameters);
          const { gradient } = net.gradient(data, { batchNorm });
          const along = Array.from(gradient).reduce((sum, g, k) => sum + (g * direction[k]) / length, 0);
          const slope = derivative((t) => {
            net.setParameters(parameters.map((p, k) => p + (t * direction[k]) / length));
            return net.loss(data, { batchNorm });
          }, 0);
          // Units with few and almost equal samples make batch norm steep, and differences of it
          // poor.
          const limit = batchNorm === "batch" ? 1e-4 : 1e-8;
          expect(Math.abs(along - slope) / Math.max(1, Math.hypot(...gradient))).toBeLessThan(limit);
        }
      }),
      runs(120),
    );
  });

  it("loss, gradient and predictions are the oracle's", () => {
    fc.assert(
      fc.property(cases([...smooth, ...kinked], false), fc.constantFrom<Dtype>("f64", "f32"), (item, dtype) => {
        const { net, inputs, targets } = make(item, dtype);
        const parameters = Array.from(net.getParameters());
        const given = net.gradient(toDataset(inputs, targets));
        const expected = oracle.gradient(item.spec, parameters, inputs, targets);
        const value = oracle.loss(item.spec, parameters, inputs, targets);
        const limit = dtype === "f32" ? 1e-4 : 1e-12;
        expect(distance([given.loss], [value], 1)).toBeLessThan(limit);
        expect(distance(given.gradient, expected, 1)).toBeLessThan(limit);
        expect(
          distance(net.predict(inputs).data, oracle.forward(item.spec, parameters, inputs).flat(), 1),
        ).toBeLessThan(limit);
      }),
      runs(200),
    );
  });

  it("batch norm's loss and gradient are the oracle's", () => {
    fc.assert(
      fc.property(cases([...smooth, "leaky-relu"], true), (item) => {
        const { net, inputs, targets, parameters } = make(item);
        for (const mode of ["batch", "running"] as const) {
          const options = { mode, running: makeRunning(item) };
          const given = net.gradient(toDataset(inputs, targets), { batchNorm: mode });
          const expected = oracle.gradient(item.spec, parameters, inputs, targets, options);
          expect(
            distance([given.loss], [oracle.loss(item.spec, parameters, inputs, targets, options)], 1),
          ).toBeLessThan(1e-10);
          expect(distance(given.gradient, expected, 1)).toBeLessThan(1e-8);
        }
      }),
      runs(100),
    );
  });

  describe("curvature", () => {
    /** Small enough for hyper-dual numbers, with every penalty. */
    const small = (batchNorm: boolean) =>
      fc
        .tuple(
          cases([...smooth, ...kinked], batchNorm),
          fc.constantFrom(0, 0.1),
          fc.constantFrom(0, 0.2),
          fc.constantFrom<"weights" | "all">("weights", "all"),
        )
        .map(([item, l1, l2, on]): Case => {
          const least = item.spec.loss === "cross-entropy" ? 2 : 1;
          const last = item.spec.layers.length - 1;
          const layers = item.spec.layers.map((layer, l) => ({
            ...layer,
            units: Math.max(l === last ? least : 1, Math.min(layer.units, 4)),
          }));
          const spec = { ...item.spec, inputs: Math.min(item.spec.inputs, 4), layers, penalty: { l1, l2, on } };
          return { ...item, spec, samples: Math.min(item.samples, 6) };
        });

    function expectOracle(item: Case, dtype: Dtype, mode: "batch" | "running", limit: number): void {
      const { net, inputs, targets } = make(item, dtype);
      const parameters = Array.from(net.getParameters());
      const running = makeRunning(item);
      const data = toDataset(inputs, targets);
      const v = new Random(item.seed + 2).normals(parameters.length);
      for (const kind of ["exact", "ggn"] as const) {
        const expected = hessian(item.spec, parameters, inputs, targets, { kind, mode, running });
        const size = Math.max(1, ...expected.flat().map(Math.abs));
        const H = net.hessian(data, { kind, batchNorm: mode });
        expect(distance(H.data, expected.flat(), size)).toBeLessThan(limit);
        const product = (kind === "exact" ? net.hvp : net.ggnvp).call(net, data, v, { batchNorm: mode });
        const wanted = expected.map((row) => row.reduce((sum, value, k) => sum + value * v[k], 0));
        expect(distance(product, wanted, size)).toBeLessThan(limit);
      }
    }

    it("dense matrices and products, both kinds, are the oracle's", () => {
      fc.assert(
        fc.property(small(false), fc.constantFrom<Dtype>("f64", "f32"), (item, dtype) => {
          expectOracle(item, dtype, "batch", dtype === "f32" ? 1e-4 : 1e-12);
        }),
        runs(80),
      );
    });

    it("batch norm under running statistics, too, in both precisions", () => {
      fc.assert(
        fc.property(small(true), fc.constantFrom<Dtype>("f64", "f32"), (item, dtype) => {
          expectOracle(item, dtype, "running", dtype === "f32" ? 1e-4 : 1e-12);
        }),
        runs(80),
      );
    });

    it("and under the batch's", () => {
      fc.assert(
        fc.property(small(true), (item) => {
          // Two or three almost equal samples make batch norm steep; its curvature has few digits
          // there.
          expectOracle({ ...item, samples: 6 }, "f64", "batch", 1e-7);
        }),
        runs(80),
      );
    });
  });

  it("a sample's prediction does not depend on those around it", () => {
    fc.assert(
      fc.property(cases([...smooth, ...kinked], true), fc.constantFrom<Dtype>("f64", "f32"), (item, dtype) => {
        const { net, inputs } = make(item, dtype);
        const { data, columns } = net.predict(inputs);
        const reversed = net.predict([...inputs].reverse()).data;
        inputs.forEach((row, i) => {
          const expected = data.slice(i * columns, (i + 1) * columns);
          expect(sameBits(net.predict([row]).data, expected)).toBe(true);
          const at = (inputs.length - 1 - i) * columns;
          expect(sameBits(reversed.slice(at, at + columns), expected)).toBe(true);
        });
      }),
      runs(60),
    );
  });

  it("the loss of data put together is the mean, weighted by their sizes; so is the gradient", () => {
    fc.assert(
      fc.property(cases([...smooth, ...kinked], false), fc.nat(), (given, cut) => {
        const item = { ...given, spec: { ...given.spec, penalty: {} }, samples: given.samples + 1 };
        const { net, inputs, targets } = make(item);
        const split = 1 + (cut % (item.samples - 1));
        const [first, second, all] = [
          [0, split],
          [split, item.samples],
          [0, item.samples],
        ].map(([from, to]) => net.gradient(toDataset(inputs.slice(from, to), targets.slice(from, to) as Targets)));
        const share = split / item.samples;
        expect(distance([share * first.loss + (1 - share) * second.loss], [all.loss])).toBeLessThan(1e-12);
        const mean = first.gradient.map((g, k) => share * g + (1 - share) * second.gradient[k]);
        expect(distance(mean, all.gradient)).toBeLessThan(1e-12);
      }),
      runs(60),
    );
  });

  it("the same question has the same answer to the bit, whatever was asked between", () => {
    fc.assert(
      fc.property(cases([...smooth, ...kinked], true), cases([...smooth, ...kinked], true), (item, other) => {
        const first = make(item);
        const data = toDataset(first.inputs, first.targets);
        const { gradient, loss } = first.net.gradient(data);
        const second = make(other, "f32");
        second.net.gradient(toDataset(second.inputs, second.targets));
        const again = make(item).net.gradient(data);
        expect(again.loss).toBe(loss);
        expect(sameBits(again.gradient, gradient)).toBe(true);
      }),
      runs(40),
    );
  });
});
