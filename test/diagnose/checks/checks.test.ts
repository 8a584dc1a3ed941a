// Oracle: every gradient and Hessian of the shared cases is right, those with an error planted are
// wrong; kinks on the way by another algorithm and by hand.

import { beforeAll, describe, expect, it } from "vitest";
import { checkGradient, checkHessian, dataset, init, kinks, network } from "../../../src/index.js";
import { type Case, caseNamed, cases, makeData, makeParameters, makeRunning, Random } from "../../cases.js";
import { builds, dtypes, flatStatistics, snapshot, toDataset } from "../../support.js";

const relu = (units: number) => ({ units, activation: "relu" as const });

function setUp(item: Case, dtype: "f32" | "f64" = "f64") {
  const { inputs, targets } = makeData(item);
  const net = network({ ...item.spec, dtype });
  net.setParameters(makeParameters(item));
  net.setRunningStatistics(flatStatistics(makeRunning(item)));
  return { net, data: toDataset(inputs, targets) };
}

describe.each(builds)("checks, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  describe.each(dtypes)("%s", (dtype) => {
    it.each(cases)("right ones pass, wrong ones fail: $name", (item) => {
      const { net, data } = setUp(item, dtype);
      const before = snapshot(net);
      for (const batchNorm of item.batchNorm ? (["batch", "running"] as const) : (["batch"] as const)) {
        const count = net.parameterCount;
        const options = { batchNorm, coordinates: 40, seed: 3 };
        const first = checkGradient(net, data, options);
        expect(first.worst?.verdict, JSON.stringify(first.worst)).not.toBe("differs");
        expect([first.passed, first.agree, first.differ + first.atKink + first.nonFinite]).toEqual([
          true,
          Math.min(count, 40),
          0,
        ]);
        expect(JSON.parse(JSON.stringify(first))).toEqual(first);
        const second = checkHessian(net, data, { ...options, coordinates: 12 });
        expect(second.worst?.verdict, JSON.stringify(second.worst)).not.toBe("differs");
        expect([second.passed, second.agree]).toEqual([true, Math.min(count, 12)]);
        const H = net.hessian(data, { batchNorm });
        const dense = checkHessian(net, data, { ...options, coordinates: 12, product: (v) => H.multiply(v) });
        expect([dense.passed, dense.agree]).toEqual([true, Math.min(count, 12)]);
        expect(dense.asymmetry).toBeLessThan(1e-6 * Math.max(1, ...H.toDense().data.map(Math.abs)));

        const gradient = Float64Array.from(net.gradient(data, { batchNorm }).gradient);
        const off = first.coordinates[Math.floor(first.coordinates.length / 2)];
        const size = Math.max(...gradient.map(Math.abs));
        gradient[off.parameter] += (dtype === "f64" ? 1e-5 : 1e-2) * size;
        const wrong = checkGradient(net, data, { ...options, gradient });
        expect([wrong.passed, wrong.differ, wrong.worst?.parameter]).toEqual([false, 1, off.parameter]);

        const column = second.columns[second.columns.length - 1].parameter;
        const product = (v: Float64Array) => {
          const out = Float64Array.from(net.hvp(data, v, { batchNorm }));
          const most = Math.max(1, ...out.map(Math.abs));
          out[0] += 1e-2 * most * v[column];
          return out;
        };
        const bad = checkHessian(net, data, { ...options, coordinates: 12, product });
        expect([bad.passed, bad.differ, bad.worst?.parameter, bad.worst?.row]).toEqual([false, 1, column, 0]);
      }
      expect(snapshot(net)).toEqual(before);
    });
  });
});

describe("intervals that meet a kink", () => {
  /** Whether something of the coordinate's interval is found by the polynomials of `kinks`. */
  const met = (net: ReturnType<typeof network>, data: ReturnType<typeof dataset>, k: number, h: number) => {
    const θ = Float64Array.from(net.getParameters());
    const start = network(net.spec as never);
    start.setParameters(θ.map((x, i) => (i === k ? x - h : x)));
    start.setRunningStatistics(net.getRunningStatistics());
    const direction = θ.map((_, i) => (i === k ? 1 : 0));
    const { crossings, exact } = kinks(start, data, { direction, length: 2 * h, batchNorm: "running" });
    expect(exact).toBe(true);
    return crossings.length > 0;
  };

  it.each([
    "relu depth 5",
    "leaky-relu huber",
    "relu huber",
    "step then linear",
    "relu many samples",
    "relu on the output",
    "batch norm twice",
  ])("are those on which a crossing lies: %s", (name) => {
    const { net, data } = setUp(caseNamed(name));
    const flags = { true: 0, false: 0 };
    for (const step of [1e-3, 0.02, 0.1]) {
      const options = { step, coordinates: net.parameterCount, batchNorm: "running" } as const;
      for (const check of [checkGradient(net, data, options).coordinates, checkHessian(net, data, options).columns]) {
        for (const { parameter, verdict } of check) {
          const h = step * Math.max(1, Math.abs(net.getParameters()[parameter]));
          const expected = met(net, data, parameter, h);
          expect(verdict === "atKink", `${parameter}, ${step}`).toBe(expected);
          ++flags[`${expected}`];
        }
      }
    }
    expect(Math.min(flags.true, flags.false)).toBeGreaterThan(10);
  });

  it("and nothing else is passed over: at usual steps all of a large network is judged but what lies on kinks", () => {
    const random = new Random(2);
    const inputs = random.rows(300, 6);
    const net = network({ inputs: 6, layers: [relu(30), relu(20), { units: 1 }], seed: 2 });
    const data = dataset(inputs, random.normals(300));
    const check = checkGradient(net, data, { coordinates: 300 });
    expect([check.passed, check.coordinates.length]).toEqual([true, 300]);
    expect(check.agree).toBeGreaterThan(270);
    for (const { parameter, verdict } of check.coordinates.filter((c) => c.verdict === "atKink")) {
      const h = 2 ** -17 * Math.max(1, Math.abs(net.getParameters()[parameter]));
      expect([verdict, met(net, data, parameter, h)]).toEqual(["atKink", true]);
    }
  });

  it("exactly at a kink backpropagation may be off both slopes, and is not judged", () => {
    // relu(x) − relu(−x) is x: its slope is 1, backpropagation with atZero 0 says 0.
    const net = network({ inputs: 1, layers: [relu(2), { units: 1 }] });
    net.setParameters([0, 0, 0, 0, 1, -1, 0]);
    const check = checkGradient(net, dataset([[1]], [-1]));
    expect(check.passed).toBe(true);
    expect(check.coordinates.map(({ verdict }) => verdict)).toEqual([
      ...["atKink", "atKink", "atKink", "atKink"],
      ...["agrees", "agrees", "agrees"],
    ]);
    const [first] = check.coordinates;
    expect(first).toMatchObject({ analytic: 0, layer: 0, kind: "weight", unit: 0, input: 0 });
    expect(first.numeric).toBeCloseTo(1, 4);
  });

  it("a unit whose pre-activation is 0 whatever the coordinate does not stand in its way", () => {
    // The second input is 0 for all samples, and so is the second unit.
    const net = network({ inputs: 2, layers: [relu(2), { units: 1 }] });
    net.setParameters([1, 1, 0, 5, 0.5, 0, 1, 1, 0]);
    const data = dataset([[1, 0], [2, 0]], [0, 0]); // biome-ignore format: as rows
    const check = checkGradient(net, data);
    const kinked = check.coordinates.filter(({ verdict }) => verdict === "atKink").map(({ parameter }) => parameter);
    // What moves the second unit: its first weight and its bias.
    expect(kinked).toEqual([2, 5]);
    expect(check.agree).toBe(7);
  });

  it("an l1 penalty has its kink at 0, where it is on", () => {
    const spec = { inputs: 1, layers: [{ units: 1 }] };
    const data = dataset([[1], [2]], [1, 1]);
    for (const [on, expected] of [
      ["weights", ["atKink", "agrees"]],
      ["all", ["atKink", "atKink"]],
    ] as const) {
      const net = network({ ...spec, penalty: { l1: 0.3, on } });
      net.setParameters([1e-6, -1e-6]);
      expect(checkGradient(net, data).coordinates.map(({ verdict }) => verdict)).toEqual(expected);
      net.setParameters([1e-3, -1e-3]);
      expect(checkGradient(net, data).agree).toBe(2);
    }
  });

  it("what single precision sees on the other side of a kink is not judged", () => {
    const w = 1 + 2 ** -23;
    const net = network({ inputs: 1, layers: [relu(1), { units: 1 }], dtype: "f32" });
    // 1·(1 + 2⁻²³ + 2⁻⁴⁰) − (1 + 2⁻²³) is 2⁻⁴⁰ in double precision, and 0 in single, where the
    // input is rounded.
    net.setParameters([1, -w, 1, 0]);
    const check = checkGradient(net, dataset([[w + 2 ** -40]], [-1]));
    expect(check.coordinates.map(({ verdict }) => verdict)).toEqual(["atKink", "atKink", "agrees", "agrees"]);
  });

  it("with smooth layers below and batch statistics as well", () => {
    const net = network({ inputs: 1, layers: [{ units: 1, activation: "tanh" }, relu(1), { units: 1 }] });
    // tanh(t)² − ish: the second unit touches 0 from above at t = 0 only through its bias.
    net.setParameters([0.3, 0.1, 1, -Math.tanh(0.4), 1, 0]);
    const check = checkGradient(net, dataset([[1]], [-1]));
    expect(check.coordinates.map(({ verdict }) => verdict).slice(0, 4)).toEqual(new Array(4).fill("atKink"));
    expect(check.differ).toBe(0);
  });
});

describe("what checks say", () => {
  const item = caseNamed("relu wider");

  it("a sample is seeded, ascending and without repetition; named coordinates are those named", () => {
    const { net, data } = setUp(item);
    const ofSeed = (seed: number) =>
      checkGradient(net, data, { coordinates: 9, seed }).coordinates.map(({ parameter }) => parameter);
    expect(ofSeed(1)).toEqual(ofSeed(1));
    expect(ofSeed(1)).not.toEqual(ofSeed(2));
    expect(new Set(ofSeed(1)).size).toBe(9);
    expect(ofSeed(1)).toEqual(ofSeed(1).sort((a, b) => a - b));
    const named = checkHessian(net, data, { coordinates: [7, 3, 7] }).columns.map(({ parameter }) => parameter);
    expect(named).toEqual([3, 7]);
  });

  it("where a parameter is", () => {
    const net = network({ inputs: 2, layers: [{ ...relu(3), batchNorm: true }, { units: 1 }] });
    const data = dataset(new Random(1).rows(5, 2), [1, 2, 3, 4, 5]);
    const places = checkGradient(net, data).coordinates.map(
      ({ layer, kind, unit, input }) => `${layer} ${kind} ${unit} ${input}`,
    );
    expect(places).toEqual([
      ...["0 weight 0 0", "0 weight 0 1", "0 weight 1 0", "0 weight 1 1", "0 weight 2 0", "0 weight 2 1"],
      ...["0 bias 0 -1", "0 bias 1 -1", "0 bias 2 -1", "0 scale 0 -1", "0 scale 1 -1", "0 scale 2 -1"],
      ...["0 shift 0 -1", "0 shift 1 -1", "0 shift 2 -1"],
      ...["1 weight 0 0", "1 weight 0 1", "1 weight 0 2", "1 bias 0 -1"],
    ]);
  });

  it("what is no number is neither right nor wrong", () => {
    const net = network({ inputs: 1, layers: [{ units: 1 }] });
    net.setParameters([1e200, 0]);
    const check = checkGradient(net, dataset([[1]], [0]));
    expect([check.passed, check.nonFinite, check.worst]).toEqual([false, 2, null]);
    expect(JSON.parse(JSON.stringify(check.coordinates[0]))).toMatchObject({ numeric: null, verdict: "non-finite" });
    expect(checkHessian(net, dataset([[1]], [0])).nonFinite + checkHessian(net, dataset([[1]], [0])).agree).toBe(2);
  });

  it("at a perfect fit, where all is rounding, right is right", () => {
    for (const scale of [1, 1e6]) {
      const net = network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], seed: 5 });
      net.setParameters(net.getParameters().map((x, k) => (k >= 9 ? scale * (x + 0.1) : x + 0.1)));
      const inputs = new Random(4).rows(6, 2);
      const fitted = dataset(inputs, net.predict(inputs).data);
      expect(checkGradient(net, fitted).differ).toBe(0);
      expect(checkHessian(net, fitted).differ).toBe(0);
    }
  });

  it.each([
    ["checkGradient", checkGradient],
    ["checkHessian", checkHessian],
  ] as const)("%s refuses", (name, check) => {
    const { net, data } = setUp(item);
    const call = (options: object) => () => check(net, data, options as never);
    expect(() => check({} as never, data)).toThrow(`${name}: "net" expected`);
    expect(() => check(net, {} as never)).toThrow(`${name}: "data" expected`);
    expect(call({ coordinate: 1 })).toThrow(`${name}: unknown option "coordinate"; did you mean "coordinates"?`);
    expect(call({ coordinates: 0 })).toThrow(`${name}: "coordinates" expected a positive integer, got 0`);
    expect(call({ coordinates: [] })).toThrow(`${name}: "coordinates" expected at least one, got none`);
    expect(call({ coordinates: [0.5] })).toThrow(`${name}: "coordinates[0]" expected an index from 0 to 233, got 0.5`);
    expect(call({ coordinates: [1, 234] })).toThrow(
      `${name}: "coordinates[1]" expected an index from 0 to 233, got 234`,
    );
    expect(call({ coordinates: ["a"] })).toThrow(TypeError);
    expect(call({ seed: -1 })).toThrow(`${name}: "seed" expected an integer of at least 0, got -1`);
    expect(call({ step: 0 })).toThrow(`${name}: "step" expected a positive finite number`);
    expect(call({ tolerance: -1 })).toThrow(`${name}: "tolerance" expected a positive finite number`);
  });

  it("what is to be checked must be of the right kind and length", () => {
    const { net, data } = setUp(item);
    expect(() => checkGradient(net, data, { gradient: [1] })).toThrow('checkGradient: "gradient" expected 234 numbers');
    expect(() => checkHessian(net, data, { product: 1 as never })).toThrow(
      'checkHessian: "product" expected a function',
    );
    expect(() => checkHessian(net, data, { product: () => [1] })).toThrow(
      'checkHessian: "product" expected 234 numbers',
    );
  });
});
