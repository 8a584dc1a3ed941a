// Oracles: eigenvalues of the dense matrix (themselves tested against closed forms), traces by
// summing diagonals, and linear regression's closed form.

import { beforeAll, describe, expect, it } from "vitest";
import { dataset, init, network, spectrum } from "../../../src/index.js";
import { builds, distance } from "../../support.js";
import { line, perceptron, regression } from "../faults.js";

function integral(
  { grid, values }: { grid: Float64Array; values: Float64Array },
  weigh = (_: number): number => 1,
): number {
  let sum = 0;
  for (let i = 0; i < grid.length; ++i) {
    sum += (i === 0 || i === grid.length - 1 ? 0.5 : 1) * (grid[1] - grid[0]) * values[i] * weigh(grid[i]);
  }
  return sum;
}

describe.each(builds)("spectrum, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(["exact", "ggn"] as const)("%s: all eigenvalues, counts, moments and a curve of area 1", (kind) => {
    const net = perceptron(3, [6], 1, "tanh");
    const H = net.hessian(regression(), { kind });
    const found = spectrum(net, regression(), { kind });
    expect(found).toMatchObject({ curvature: "dense", kind, size: 31, products: 0, status: "converged" });
    expect(found.values).toEqual(H.eigenvalues());
    expect(found.inertia).toEqual(H.inertia());
    expect([found.smallest, found.largest]).toEqual([found.values[0], found.values[30]]);
    const dense = H.toDense().data;
    let trace = 0;
    for (let i = 0; i < 31; ++i) trace += dense[32 * i];
    expect(found.mean).toBeCloseTo(trace / 31, 12);
    expect(found.meanSquare).toBeCloseTo(Array.from(dense).reduce((sum, x) => sum + x * x, 0) / 31, 12);
    expect(integral(found.density)).toBeCloseTo(1, 12);
    expect(integral(found.density, (x) => x)).toBeCloseTo(found.mean, 5);
  });

  it("ends and density from products alone agree with the dense matrix", () => {
    const net = perceptron(3, [12, 8], 1, "tanh", { seed: 4 });
    const dense = spectrum(net, regression(), { curvature: "dense" });
    const found = spectrum(net, regression(), { curvature: "lanczos", k: 6, probes: 60, steps: 60, seed: 3 });
    expect(found.status).toBe("converged");
    expect(found.inertia).toBeNull();
    const ends = [...dense.values.slice(0, 3), ...dense.values.slice(-3)];
    expect(distance(found.values, ends)).toBeLessThan(1e-6);
    found.values.forEach((value, i) => expect(Math.abs(value - ends[i])).toBeLessThan(found.residuals[i] + 1e-10));
    expect(Math.abs(found.mean - dense.mean)).toBeLessThan(0.5 * Math.sqrt(dense.meanSquare));
    expect(integral(found.density)).toBeCloseTo(1, 12);
    expect(found.products).toBeGreaterThan(60);
  });

  it("single precision is looked at in double precision", () => {
    const net = perceptron(3, [6], 1, "tanh", { dtype: "f32" });
    const double = perceptron(3, [6], 1, "tanh", { initializer: "zeros" });
    double.setParameters(net.getParameters());
    expect(spectrum(net, regression()).values).toEqual(spectrum(double, regression()).values);
  });

  it("batch norm's running statistics, where asked for", () => {
    const net = perceptron(3, [4], 1, "relu", { batchNorm: true });
    const running = spectrum(net, regression(), { batchNorm: "running" });
    expect(running.values).toEqual(net.hessian(regression(), { batchNorm: "running" }).eigenvalues());
  });
});

it("says which way it takes and why", () => {
  const small = spectrum(perceptron(3, [4], 1, "relu"), regression());
  expect(small.curvatureReason).toMatch(/^dense, since N·P² \+ 4\/3·P³ = .* are at most 3e\+10$/);
  const large = spectrum(perceptron(60, [50], 1, "tanh"), dataset([new Array(60).fill(1)], [1]), {
    steps: 5,
    probes: 1,
    k: 2,
  });
  expect(large.curvature).toBe("lanczos");
  expect(large.curvatureReason).toContain("matrix-free");
  expect(spectrum(perceptron(3, [4], 1, "relu"), regression(), { curvature: "lanczos" }).curvatureReason).toContain(
    "as asked for",
  );
});

it("refuses what it cannot take; numerical trouble is a status", () => {
  const net = perceptron(3, [4], 1, "relu");
  expect(() => spectrum({} as never, regression())).toThrow(TypeError);
  expect(() => spectrum(net, line())).toThrow(RangeError);
  expect(() => spectrum(net, regression(), { kind: "gnn" as never })).toThrow('did you mean "ggn"');
  expect(() => spectrum(net, regression(), { curvature: "full" as never })).toThrow(RangeError);
  for (const options of [{ k: 1 }, { probes: 0 }, { steps: 0 }, { seed: -1 }]) {
    expect(() => spectrum(net, regression(), options)).toThrow(RangeError);
  }
  const far = network({ inputs: 1, layers: [{ units: 1 }, { units: 1 }] });
  far.setParameters([1e200, 0, 1e200, 0]);
  const data = dataset([[1], [2]], [0, 0]);
  for (const curvature of ["dense", "lanczos"] as const)
    expect(spectrum(far, data, { curvature }).status).toBe("non-finite");
});
