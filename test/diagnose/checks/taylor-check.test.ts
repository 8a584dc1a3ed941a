// Oracle: values, slopes and curvatures by the loops and hyper-dual numbers of test/oracle;
// polynomials and exponentials in closed form.

import { beforeAll, describe, expect, it } from "vitest";
import { dataset, init, network, taylorCheck } from "../../../src/index.js";
import { caseNamed, cases, makeData, makeParameters, makeRunning, Random } from "../../cases.js";
import { hessianVectorProduct } from "../../oracle/hessian.js";
import { gradient, loss } from "../../oracle/network.js";
import { builds, flatStatistics, snapshot, toDataset } from "../../support.js";

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);

describe.each(builds)("taylor check, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(cases)("$name", (item) => {
    const { spec } = item;
    const θ = makeParameters(item);
    const { inputs, targets } = makeData(item);
    const running = makeRunning(item);
    const net = network(spec);
    net.setParameters(θ);
    net.setRunningStatistics(flatStatistics(running));
    const before = snapshot(net);
    const random = new Random(item.seed + 2);
    const d = random.normals(θ.length).map((x) => x / Math.sqrt(θ.length));
    for (const mode of item.batchNorm ? (["batch", "running"] as const) : (["batch"] as const)) {
      const options = { mode, running };
      const steps = [1e-3, 1e-5, 1e-4];
      const check = taylorCheck(net, toDataset(inputs, targets), { direction: d, steps, batchNorm: mode });
      expect(JSON.parse(JSON.stringify(check))).toEqual(check);
      const value = loss(spec, θ, inputs, targets, options);
      const slope = dot(gradient(spec, θ, inputs, targets, options), d);
      const curvature = dot(hessianVectorProduct(spec, θ, inputs, targets, d, options), d);
      const scale = Math.max(1, Math.abs(curvature), Math.abs(slope));
      expect(check.value).toBeCloseTo(value, 11);
      expect(Math.abs(check.slope - slope) / scale).toBeLessThan(1e-11);
      expect(Math.abs(check.curvature - curvature) / scale).toBeLessThan(1e-10);
      expect(check.steps.map(({ step }) => step)).toEqual([1e-5, 1e-4, 1e-3]);
      for (const { step, length, value: there, first, second } of check.steps) {
        const moved = θ.map((x, k) => x + step * d[k]);
        const expected = loss(spec, moved, inputs, targets, options);
        expect(there).toBeCloseTo(expected, 11);
        const linear = step * slope;
        expect(first.error).toBeCloseTo(Math.abs(expected - value - linear), 11);
        expect(second.error).toBeCloseTo(Math.abs(expected - value - linear - 0.5 * step ** 2 * curvature), 11);
        expect(length).toBeCloseTo(step * Math.sqrt(dot(d, d)), 14);
      }
    }
    expect(snapshot(net)).toEqual(before);
  });

  it("errors shrink as t² and t³ where nothing switches", () => {
    for (const name of ["tanh mse", "relu mse", "softplus depth 5", "gelu cross-entropy", "batch norm options"]) {
      const item = caseNamed(name);
      const { inputs, targets } = makeData(item);
      const net = network(item.spec);
      net.setParameters(makeParameters(item));
      const direction = new Random(7).normals(net.parameterCount).map((x) => x / Math.sqrt(net.parameterCount));
      const steps = [1, 2, 4, 8].map((factor) => factor * 3e-4);
      const check = taylorCheck(net, toDataset(inputs, targets), { direction, steps });
      expect(check.steps.map(({ switches }) => switches)).toEqual([0, 0, 0, 0]);
      expect(Math.abs((check.first.order as number) - 2), name).toBeLessThan(0.05);
      expect(Math.abs((check.second.order as number) - 3), name).toBeLessThan(0.05);
    }
  });

  it("kinks between make the quadratic model's error one of second order, and are counted", () => {
    const random = new Random(3);
    const inputs = random.rows(3000, 2);
    const net = network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed: 2 });
    const targets = inputs.map(([x, y]) => Math.sin(3 * x) + y);
    const steps = [0.001, 0.002, 0.004, 0.008];
    const check = taylorCheck(net, dataset(inputs, targets), { direction: random.normals(33), steps });
    const counts = check.steps.map(({ switches }) => switches);
    expect(counts).toEqual(counts.slice().sort((a, b) => a - b));
    expect(counts[0]).toBeGreaterThan(5);
    expect(check.second.order as number).toBeLessThan(2.5);
    expect(check.second.order as number).toBeGreaterThan(1.5);
  });
});

describe("how far models are trusted", () => {
  // L = (1 + t)², of which the linear model predicts 2t and misses t²: a share of t/2.
  const square = network({ inputs: 1, layers: [{ units: 1 }] });
  square.setParameters([1, 0]);
  const data = dataset([[1]], [0]);

  it("is the largest step up to which the error is a tenth of what they predict", () => {
    const check = taylorCheck(square, data, { direction: [1, 0], steps: [0.05, 0.1, 0.19, 0.21, 1] });
    expect(check.first.trusted).toBe(0.19);
    expect(check.second.trusted).toBe(1);
    check.steps.forEach(({ step, first, second }) => {
      expect(first.error).toBeCloseTo(step ** 2, 12);
      expect(first.relative).toBeCloseTo(step / 2, 12);
      expect(second.error).toBeLessThan(1e-14);
    });
    expect(check.second.order).toBe(null);
    expect(taylorCheck(square, data, { direction: [1, 0], steps: [0.5], tolerance: 0.2 }).first.trusted).toBe(0);
    expect(taylorCheck(square, data, { direction: [1, 0], steps: [0.3], tolerance: 0.2 }).first.trusted).toBe(0.3);
  });

  it("steps down the gradient by shares of the parameters' norm unless told otherwise", () => {
    const { steps, slope, norm } = taylorCheck(square, data);
    // The gradient is (2, 2), the parameters' norm is 1.
    expect(norm).toBeCloseTo(Math.sqrt(8), 12);
    expect(slope).toBeCloseTo(-8, 12);
    expect(steps.map(({ length }) => Number(length.toPrecision(10)))).toEqual([1e-4, 1e-3, 1e-2, 0.03, 0.1]);
  });

  it("says nothing where the gradient is 0", () => {
    square.setParameters([0, 0]);
    const check = taylorCheck(square, data);
    expect(check).toMatchObject({
      value: 0,
      slope: 0,
      curvature: 0,
      norm: 0,
      steps: [],
      first: { order: null, trusted: 0 },
    });
    expect(taylorCheck(square, data, { direction: [1, 0], steps: [1] }).steps[0].first.relative).toBe(null);
    square.setParameters([1, 0]);
  });

  it("is the same for single precision, which is looked at in double", () => {
    const item = caseNamed("relu depth 3");
    const { inputs, targets } = makeData(item);
    const single = network({ ...item.spec, dtype: "f32" });
    single.setParameters(makeParameters(item));
    const double = network(item.spec);
    double.setParameters(single.getParameters());
    expect(taylorCheck(single, toDataset(inputs, targets))).toEqual(taylorCheck(double, toDataset(inputs, targets)));
  });

  it.each<[string, () => unknown, typeof TypeError, string]>([
    ["no network", () => taylorCheck([] as never, data), TypeError, 'taylorCheck: "net" expected'],
    ["no data", () => taylorCheck(square, [] as never), TypeError, 'taylorCheck: "data" expected'],
    ["an unknown option", () => taylorCheck(square, data, { step: 1 } as never), TypeError, 'did you mean "steps"'],
    ["one step", () => taylorCheck(square, data, { steps: 1 as never }), TypeError, "an array of positive numbers"],
    ["no steps", () => taylorCheck(square, data, { steps: [] }), RangeError, "at least one"],
    ["a step back", () => taylorCheck(square, data, { steps: [1, -1] }), RangeError, '"steps[1]" expected a positive'],
    ["a tolerance of 0", () => taylorCheck(square, data, { tolerance: 0 }), RangeError, '"tolerance" expected'],
    ["a short direction", () => taylorCheck(square, data, { direction: [1] }), RangeError, "2 numbers"],
    [
      "a direction beyond the range",
      () => taylorCheck(square, data, { direction: [1e308, 1e308] }),
      RangeError,
      "a length whose square is in the range of doubles",
    ],
    ["no direction", () => taylorCheck(square, data, { direction: [0, 0] }), RangeError, "a vector of zeros"],
  ])("refuses %s", (_, call, kind, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(kind);
  });
});
