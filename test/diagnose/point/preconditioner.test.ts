// Oracles: gradients of single batches by the network itself, squared and averaged by a loop;
// condition numbers of diagonal matrices in closed form (orthogonal inputs); optimizers' states
// after hand-made steps.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  dataset,
  init,
  network,
  type Optimizer,
  preconditionerReport,
  rmsprop,
  sgd,
  training,
} from "../../../src/index.js";
import { builds, distance, finish } from "../../support.js";
import { line, perceptron, regression } from "../faults.js";

/** Two inputs at right angles, of length 1 and 10: H = diag(1, 100, 2) for weights and bias. */
function stretched() {
  const net = network({ inputs: 2, layers: [{ units: 1 }], initializer: "zeros" });
  return {
    net,
    data: dataset(
      [
        [1, 0],
        [-1, 0],
        [0, 10],
        [0, -10],
      ],
      [1, 2, 3, 4],
    ),
  };
}

describe.each(builds)("preconditionerReport, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("a state that is the diagonal's square makes the condition 1; one that is constant leaves it", () => {
    const { net, data } = stretched();
    const state = (v: number[]) => ({ name: "rmsprop", step: 3, vectors: { squareAverage: Float64Array.from(v) } });
    const ideal = preconditionerReport(net, data, { state: state([1, 1e4, 4]), epsilon: 0 });
    expect(Array.from(ideal.scaling)).toEqual([1, 100, 2]);
    for (const matrix of [ideal.hessian, ideal.ggn]) {
      expect(matrix).toMatchObject({ compared: 3, notPositive: 0 });
      expect(matrix.before.condition).toBeCloseTo(100, 9);
      expect(matrix.after.condition).toBeCloseTo(1, 9);
      expect(matrix.before.rank).toBe(3);
      expect(matrix.before.dominance).toBeCloseTo((100 * 3) / 103, 9);
      expect(matrix.after.dominance).toBeCloseTo(1, 9);
      expect([matrix.correlation, matrix.slope, matrix.spread]).toEqual([
        expect.closeTo(1),
        expect.closeTo(1),
        expect.closeTo(1),
      ]);
      expect(matrix.spreadWithout).toBeCloseTo(100, 9);
    }
    const blind = preconditionerReport(net, data, { state: state([9, 9, 9]), epsilon: 0 }).hessian;
    expect(blind.after.condition).toBeCloseTo(100, 9);
    expect(blind.slope).toBeCloseTo(0, 12);
    const root = preconditionerReport(net, data, { state: state([1, 100, 2]), epsilon: 0 }).hessian;
    expect(root.slope).toBeCloseTo(0.5, 9);
    expect(root.after.condition).toBeCloseTo(10, 9);
  });

  it("each method's scaling is what its update divides by", () => {
    const data = regression();
    const optimizers: [Optimizer, (i: number, v: Record<string, ArrayLike<number>>) => number][] = [
      [adam(), (i, { v }) => Math.sqrt(v[i] / (1 - 0.999 ** 8)) + 1e-8],
      [adam({ amsgrad: true }), (i, { largest }) => Math.sqrt(largest[i] / (1 - 0.999 ** 8)) + 1e-8],
      [rmsprop(), (i, { squareAverage }) => Math.sqrt(squareAverage[i]) + 1e-8],
      [
        rmsprop({ centered: true }),
        (i, { squareAverage: s, gradientAverage: m }) => Math.sqrt(Math.max(0, s[i] - m[i] ** 2)) + 1e-8,
      ],
      [adagrad(), (i, { sum }) => Math.sqrt(sum[i]) + 1e-10],
    ];
    for (const [optimizer, expected] of optimizers) {
      const net = perceptron(3, [5], 1, "tanh");
      finish(training(net, data, { optimizer, epochs: 2 }));
      expect(optimizer.steps).toBe(8);
      const { vectors } = optimizer.state();
      const report = preconditionerReport(net, data, { optimizer });
      expect(report).toMatchObject({ method: optimizer.name, source: "state", curvature: "dense" });
      expect(
        distance(
          report.scaling,
          Array.from(report.scaling, (_, i) => expected(i, vectors)),
        ),
      ).toBeLessThan(1e-12);
    }
  });

  it("without a state: the root of the mean square of gradients over batches", () => {
    const net = perceptron(3, [5], 1, "tanh");
    const data = regression();
    const whole = preconditionerReport(net, data, { batchSize: 100, epsilon: 0 });
    expect(whole).toMatchObject({ method: "rmsprop", source: "gradients" });
    expect(distance(whole.scaling, net.gradient(data).gradient.map(Math.abs))).toBeLessThan(1e-12);
    const single = preconditionerReport(net, data, { batchSize: 1, epsilon: 0 });
    const squares = new Float64Array(net.parameterCount);
    const { inputs, targets } = data as { inputs: { data: ArrayLike<number> }; targets: { data: ArrayLike<number> } };
    for (let s = 0; s < 100; ++s) {
      const sample = dataset([[0, 1, 2].map((j) => inputs.data[3 * s + j])], [targets.data[s]]);
      net.gradient(sample).gradient.forEach((g: number, i: number) => {
        squares[i] += g * g;
      });
    }
    expect(
      distance(
        single.scaling,
        squares.map((sum) => Math.sqrt(sum / 100)),
      ),
    ).toBeLessThan(1e-12);
    expect(preconditionerReport(net, data, { seed: 2 }).scaling).not.toEqual(
      preconditionerReport(net, data, { seed: 3 }).scaling,
    );
  });

  it("from products alone: the same scaling, and estimates near the exact figures", () => {
    const { net, data } = stretched();
    const state = { name: "adagrad", step: 3, vectors: { sum: Float64Array.of(1, 1e4, 4) } };
    const { hessian } = preconditionerReport(net, data, { state, curvature: "lanczos", epsilon: 0 });
    expect(hessian.before).toEqual({ condition: null, rank: null, dominance: expect.closeTo((100 * 3) / 103, 6) });
    expect(hessian.after.dominance).toBeCloseTo(1, 6);
    expect(hessian.correlation).toBeCloseTo(1, 9);
  });

  it("diagonals of H and of the GGN agree for relu, and only there", () => {
    const report = preconditionerReport(perceptron(3, [6], 1, "relu"), regression());
    expect(report.hessian.correlation).toBeCloseTo(report.ggn.correlation, 9);
    const smooth = preconditionerReport(perceptron(3, [6], 1, "tanh"), regression());
    expect(Math.abs(smooth.hessian.correlation - smooth.ggn.correlation)).toBeGreaterThan(1e-6);
    expect(structuredClone(smooth)).toEqual(smooth);
  });
});

it("refuses what has no scaling", () => {
  const net = perceptron(3, [4], 1, "relu");
  const data = regression();
  const report = (options: object) => () => preconditionerReport(net, data, options);
  expect(() => preconditionerReport(net, line())).toThrow(RangeError);
  expect(report({ optimizer: adam() })).toThrow("has taken no step");
  expect(report({ optimizer: sgd({ momentum: 0.9 }) })).toThrow(RangeError);
  expect(report({ optimizer: adadelta() })).toThrow(RangeError);
  expect(report({ optimizer: {} })).toThrow(TypeError);
  expect(report({ state: 1 })).toThrow(TypeError);
  expect(report({ state: { name: "adam", step: 1, vectors: { v: new Float64Array(3) } } })).toThrow(RangeError);
  expect(report({ state: { name: "adam", step: 1, vectors: { v: [1] } } })).toThrow(TypeError);
  expect(report({ batchSize: 0 })).toThrow(RangeError);
  expect(report({ batches: 0.5 })).toThrow(RangeError);
  expect(report({ epsilon: -1 })).toThrow(RangeError);
  expect(report({ beta2: 1 })).toThrow(RangeError);
  expect(report({ probe: 1 })).toThrow('did you mean "probes"');
});
