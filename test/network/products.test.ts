// Oracle: the hyper-dual oracle's Hessian and generalised Gauss-Newton matrix, column by column,
// and PyTorch's Hessians.
import { beforeAll, describe, expect, it } from "vitest";
import { dataset, hessianOperator, init, type Matrix, network } from "../../src/index.js";
import { caseNamed, cases, makeData, makeParameters, makeRunning, Random } from "../cases.js";
import { fromTriangle, type NetworkFixture, readFixture } from "../oracle/fixtures.js";
import { hessian } from "../oracle/hessian.js";
import { builds, distance, dtypes, flatStatistics, hasBatchNorm, toDataset, tolerance } from "../support.js";

const kinds = ["exact", "ggn"] as const;

function times(matrix: number[][], v: ArrayLike<number>): number[] {
  return matrix.map((row) => row.reduce((sum, x, j) => sum + x * v[j], 0));
}

describe.each(builds)("%s", (build) => {
  beforeAll(() => init({ simd: build }));

  describe.each(cases.map((c) => ({ name: c.name, c })))("$name", ({ c }) => {
    const parameters = makeParameters(c);
    const { inputs, targets } = makeData(c);
    const modes = hasBatchNorm(c.spec)
      ? inputs.length > 1
        ? (["batch", "running"] as const)
        : (["running"] as const)
      : (["batch"] as const);

    it.each(kinds)("%s products are the oracle's", (kind) => {
      const running = makeRunning(c);
      const v = new Random(7).normals(parameters.length);
      for (const mode of modes) {
        const expected = times(hessian(c.spec, parameters, inputs, targets, { kind, mode, running }), v);
        for (const dtype of dtypes) {
          const net = network({ ...c.spec, dtype } as never);
          net.setParameters(parameters);
          net.setRunningStatistics(flatStatistics(running));
          const data = toDataset(inputs, targets);
          const product =
            kind === "exact" ? net.hvp(data, v, { batchNorm: mode }) : net.ggnvp(data, v, { batchNorm: mode });
          expect(distance(product, expected), `${mode} ${dtype}`).toBeLessThan(tolerance[dtype] * 10);
          const op = hessianOperator(net, data, { kind, batchNorm: mode });
          expect(Array.from(op.matvec(Float64Array.from(v)))).toEqual(Array.from(product));
          expect(Array.from(op.matvec(Float64Array.from(v)))).toEqual(Array.from(product));
        }
      }
    });
  });

  const networks = new Map(readFixture("networks").items.map((item) => [item.name, item]));

  it.each(readFixture("hessians").items)("PyTorch's $name", ({ name, results }) => {
    const item = networks.get(name) as NetworkFixture;
    const net = network(item.spec as never);
    net.setParameters(item.parameters);
    net.setRunningStatistics(flatStatistics(item.running));
    const data = toDataset(item.inputs, item.targets);
    for (const [mode, matrices] of Object.entries(results)) {
      for (const kind of kinds) {
        const v = new Random(3).normals(net.parameterCount);
        const op = hessianOperator(net, data, { kind, batchNorm: mode as "batch" });
        expect(distance(op.matvec(Float64Array.from(v)), times(fromTriangle(matrices[kind]), v))).toBeLessThan(1e-12);
      }
    }
  });

  it("follows the network to new parameters", () => {
    const c = caseNamed(cases[3].name);
    const { inputs, targets } = makeData(c);
    const data = toDataset(inputs, targets);
    const net = network(c.spec as never);
    const op = hessianOperator(net, data);
    const v = Float64Array.from(new Random(1).normals(net.parameterCount));
    net.setParameters(makeParameters(c));
    expect(Array.from(op.matvec(v))).toEqual(Array.from(net.hvp(data, v)));
    net.setParameters(makeParameters(c).map((x) => x * 1.5));
    expect(Array.from(op.matvec(v))).toEqual(Array.from(net.hvp(data, v)));
  });

  it("follows data that are changed in place: inputs, targets and weights", () => {
    const random = new Random(2);
    const weights = Float64Array.from(random.rows(7, 1).flat(), (x) => 1 + Math.abs(x));
    const data = dataset(random.rows(7, 3), random.rows(7, 2), { weights });
    const net = network({ inputs: 3, layers: [{ units: 4, activation: "tanh" }, { units: 2 }], seed: 1 });
    const v = Float64Array.from(random.normals(net.parameterCount));
    for (const kind of kinds) {
      const op = hessianOperator(net, data, { kind });
      const product = () => (kind === "ggn" ? net.ggnvp(data, v) : net.hvp(data, v));
      let before = op.matvec(v);
      for (const values of [data.inputs.data, (data.targets as Matrix).data, data.weights as Float64Array]) {
        values[values.length - 1] *= 1.5;
        const after = op.matvec(v);
        expect(after).toEqual(product());
        // The targets move the exact Hessian alone.
        if (kind === "exact" || values !== (data.targets as Matrix).data) expect(after).not.toEqual(before);
        before = after;
      }
    }
  });

  it("sums over chunks", () => {
    const random = new Random(5);
    const net = network({ inputs: 3, layers: [{ units: 9, activation: "relu" }, { units: 2 }], loss: "mse", seed: 1 });
    const inputs = random.rows(2500, 3);
    const targets = random.rows(2500, 2);
    const v = Float64Array.from(random.normals(net.parameterCount));
    const whole = net.hvp(dataset(inputs, targets), v);
    const parts = [0, 700, 2500].slice(1).map((end, i) => {
      const start = [0, 700][i];
      const part = net.hvp(dataset(inputs.slice(start, end), targets.slice(start, end)), v);
      return Array.from(part, (x) => (x * (end - start)) / 2500);
    });
    expect(
      distance(
        whole,
        parts[0].map((x, i) => x + parts[1][i]),
      ),
    ).toBeLessThan(1e-13);
  });

  it("refuses vectors of the wrong length", () => {
    const net = network({ inputs: 1, layers: [{ units: 1 }] });
    const data = dataset([[1], [2]], [1, 2]);
    expect(() => net.hvp(data, [1])).toThrow('hvp: "v" expected 2 numbers, got 1');
    expect(() => net.ggnvp(data, [1, Number.NaN])).toThrow(RangeError);
  });
});
