// Oracle: the damped Kronecker products put together densely and solved by elimination.

import { expect, it } from "vitest";
import { network } from "../../../src/index.js";
import { KroneckerInverse } from "../../../src/optimize/directions/kronecker.js";
import { Random } from "../../cases.js";
import { type Rows, solve, withSpectrum } from "../../oracle/spectra.js";
import { distance } from "../../support.js";

const mean = (A: Rows): number => A.reduce((sum, row, i) => sum + row[i], 0) / A.length;

it.each([0.3, 1e-3, 10])("solves (A + πγI) ⊗ (G + γ/π·I) block by block, γ = %d", (gamma) => {
  const { layout, parameterCount } = network({
    inputs: 3,
    layers: [{ units: 4, activation: "relu", batchNorm: true }, { units: 2 }],
  });
  const random = new Random(3);
  const factors = layout.layers.map(({ inputs, units, batchNorm }, l) => ({
    A: withSpectrum(
      Array.from({ length: inputs + 1 }, (_, i) => i * 0.7),
      l,
    ),
    G: withSpectrum(
      Array.from({ length: units }, (_, i) => 0.1 + i),
      l + 10,
    ),
    norm: batchNorm ? Float64Array.from({ length: 2 * units }, () => Math.abs(random.normal())) : new Float64Array(0),
  }));
  const inverse = new KroneckerInverse(
    layout.layers,
    factors.map(({ A, G, norm }) => ({
      inputs: Float64Array.from(A.flat()),
      outputs: Float64Array.from(G.flat()),
      norm,
    })),
  );
  const b = Float64Array.from(random.normals(parameterCount));
  const x = inverse.solve(b, gamma);
  layout.layers.forEach(({ inputs, units, weight, bias, scale }, l) => {
    const { A, G, norm } = factors[l];
    const pi = Math.sqrt(mean(A) / mean(G));
    const places: [unit: number, input: number, at: number][] = [];
    for (let u = 0; u < units; ++u) {
      for (let j = 0; j <= inputs; ++j) places.push([u, j, j < inputs ? weight + u * inputs + j : bias + u]);
    }
    const dense = places.map(([u, i]) =>
      places.map(([v, j]) => (A[i][j] + (i === j ? pi * gamma : 0)) * (G[u][v] + (u === v ? gamma / pi : 0))),
    );
    const expected = solve(
      dense,
      places.map(([, , at]) => b[at]),
    );
    expect(
      distance(
        places.map(([, , at]) => x[at]),
        expected,
      ),
    ).toBeLessThan(1e-9);
    norm.forEach((value, i) => {
      expect(x[scale + i]).toBeCloseTo(b[scale + i] / (value + gamma ** 2), 10);
    });
  });
});

it("factors of 0 are no obstacle, and NaN in one is told", () => {
  const { layout, parameterCount } = network({ inputs: 2, layers: [{ units: 2 }] });
  const zeros = { inputs: new Float64Array(9), outputs: new Float64Array(4), norm: new Float64Array(0) };
  const inverse = new KroneckerInverse(layout.layers, [zeros]);
  expect(inverse.finite).toBe(true);
  expect(Array.from(inverse.solve(new Float64Array(parameterCount).fill(1), 0.5))).toEqual(new Array(6).fill(4));
  const broken = { ...zeros, outputs: Float64Array.of(1, 0, 0, Number.NaN) };
  expect(new KroneckerInverse(layout.layers, [broken]).finite).toBe(false);
});
