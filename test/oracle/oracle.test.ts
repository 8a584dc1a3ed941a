// Oracles of the oracle: torch in f64 (fixtures), 50-digit arithmetic (fixtures), central
// differences, invariants.

import { describe, expect, it } from "vitest";
import { caseNamed, cases, makeData, makeParameters, makeRunning, Random } from "../cases.js";
import { activation } from "./activations.js";
import { derivative, differences, jacobianDifferences, numericalGradient } from "./differences.js";
import { fromTriangle, polynomialGradient, polynomialValue, readFixture } from "./fixtures.js";
import { directional, hessian, hessianVectorProduct, jacobian } from "./hessian.js";
import { dataLoss, softmax } from "./losses.js";
import { forward, gradient, kinkDistance, layerTraces, loss, updateRunning } from "./network.js";
import { optimizers, type Step } from "./optimizers.js";
import { type LossName, layout, type Mode, parameterCount, type Targets } from "./spec.js";
import { erf, erfc } from "./special.js";

/** The largest difference over the largest size of what is expected, at least `floor`. */
function error(got: ArrayLike<number>, expected: ArrayLike<number>, floor = 1e-3): number {
  expect(got.length).toBe(expected.length);
  let difference = 0;
  let size = floor;
  for (let k = 0; k < expected.length; k++) {
    difference = Math.max(difference, Number.isNaN(got[k]) ? Number.POSITIVE_INFINITY : Math.abs(got[k] - expected[k]));
    size = Math.max(size, Math.abs(expected[k]));
  }
  return difference / size;
}

/** The largest relative difference entry by entry, where both are 0 counting as equal. */
function entrywise(got: number[], expected: number[]): number {
  return Math.max(...expected.map((e, k) => (got[k] === e ? 0 : Math.abs(got[k] - e) / Math.abs(e))));
}

const networks = readFixture("networks");
const byName = new Map(networks.items.map((item) => [item.name, item]));

function modesOf(results: { running?: unknown }): Mode[] {
  return results.running ? ["batch", "running"] : ["batch"];
}

describe("special functions and activations, against 50 digits", () => {
  const { points, items, ...columns } = readFixture("activations");

  it("erf and erfc", () => {
    expect(entrywise(points.map(erf), columns.erf)).toBeLessThan(1e-15);
    expect(error(points.map(erfc), columns.erfc)).toBeLessThan(1e-15);
    const normal = points.map((x, k) => [x, columns.erfc[k]]).filter(([, e]) => e > 1e-300);
    expect(
      entrywise(
        normal.map(([x]) => erfc(x)),
        normal.map(([, e]) => e),
      ),
    ).toBeLessThan(1.5e-15);
  });

  it.each(items)("$activation", ({ activation: spec, ...expected }) => {
    const φ = activation(spec);
    expect(error(points.map(φ.value), expected.value, 1)).toBeLessThan(1e-15);
    expect(error(points.map(φ.first), expected.first, 1)).toBeLessThan(1e-15);
    expect(error(points.map(φ.second), expected.second, 1)).toBeLessThan(1e-15);
    points.forEach((x, k) => {
      if (Math.abs(expected.value[k]) < 1e-300 && expected.value[k] !== 0) return; // few bits are left so far down
      expect(Math.abs(φ.value(x) - expected.value[k])).toBeLessThanOrEqual(2e-15 * Math.abs(expected.value[k]));
    });
  });

  it("every activation's derivatives are its own", () => {
    for (const { activation: spec } of items) {
      const φ = activation(spec);
      for (const x of [-2.25, -0.5, 0.7, 3]) {
        expect(derivative(φ.value, x, 1e-3)).toBeCloseTo(φ.first(x), 11);
        expect(derivative(φ.first, x, 1e-3)).toBeCloseTo(φ.second(x), 11);
      }
    }
  });
});

describe("losses", () => {
  const random = new Random(3);
  const outputs = random.rows(4, 3).map((row) => row.map((v) => 2 * v));
  const table: [LossName, string, Targets][] = [
    ["mse", "rows", random.rows(4, 3)],
    ["huber", "rows", random.rows(4, 3)],
    [
      "binary-cross-entropy",
      "rows",
      [
        [1, 0, 1],
        [0, 0, 0.3],
        [1, 1, 1],
        [0.5, 0, 1],
      ],
    ],
    ["cross-entropy", "labels", [2, 0, 1, 1]],
    ["cross-entropy", "probabilities", random.rows(4, 3).map(softmax)],
    [
      "cross-entropy",
      "weights that do not sum to 1",
      [
        [1, 2, 3],
        [0, 0, 0],
        [0.1, 0.2, 0.3],
        [0, 4, 0],
      ],
    ],
  ];

  it.each(table)("%s with %s: derivatives against differences", (name, _, targets) => {
    const { gradient: g, hessian: H } = dataLoss(name, outputs, targets);
    const reshape = (flat: number[]) => outputs.map((row, n) => row.map((_, k) => flat[n * row.length + k]));
    const value = (flat: number[]) => dataLoss(name, reshape(flat), targets).value;
    expect(error(differences(value, outputs.flat(), 1e-3), g.flat())).toBeLessThan(1e-9);
    const J = jacobianDifferences(
      (flat) => dataLoss(name, reshape(flat), targets).gradient.flat(),
      outputs.flat(),
      1e-3,
    );
    const dense = J.map((row, r) =>
      row.map((_, c) => (Math.floor(r / 3) === Math.floor(c / 3) ? H[Math.floor(r / 3)][r % 3][c % 3] : 0)),
    );
    expect(error(J.flat(), dense.flat())).toBeLessThan(1e-9);
  });

  it("stay finite at extreme logits", () => {
    const far = [[1000, -1000]];
    expect(dataLoss("cross-entropy", far, [1]).value).toBe(2000);
    expect(dataLoss("binary-cross-entropy", far, [[0, 1]]).value).toBe(1000);
    for (const name of ["cross-entropy", "binary-cross-entropy"] as const) {
      const { gradient: g, hessian: H } = dataLoss(name, far, [[1, 0]]);
      for (const v of [...g.flat(), ...H.flat(2)]) expect(Number.isFinite(v)).toBe(true);
    }
  });

  it("flat targets are one column", () => {
    expect(dataLoss("mse", [[1], [2]], [0, 0]).value).toBe(2.5);
    expect(dataLoss("huber", [[0.5], [3]], [0, 0]).value).toBe((0.125 + 2.5) / 2);
  });
});

describe("networks, against torch", () => {
  it.each(networks.items)("$name", ({ spec, parameters, inputs, targets, running, results, runningAfter }) => {
    expect(parameterCount(spec)).toBe(parameters.length);
    for (const mode of modesOf(results)) {
      const expected = results[mode];
      if (!expected) throw new Error(`no results in mode ${mode}`);
      const options = { mode, running };
      expect(error(forward(spec, parameters, inputs, options).flat(), expected.predictions.flat())).toBeLessThan(1e-14);
      expect(error([loss(spec, parameters, inputs, targets, options)], [expected.loss])).toBeLessThan(1e-14);
      const predictions = forward(spec, parameters, inputs, options);
      expect(error([dataLoss(spec.loss, predictions, targets).value], [expected.dataLoss])).toBeLessThan(1e-14);
      expect(error(gradient(spec, parameters, inputs, targets, options), expected.gradient)).toBeLessThan(1e-13);
    }
    if (runningAfter) {
      const after = updateRunning(spec, parameters, inputs, running);
      runningAfter.forEach((statistics, l) => {
        expect(after[l] === null).toBe(statistics === null);
        if (!statistics) return;
        expect(error(after[l]?.mean ?? [], statistics.mean)).toBeLessThan(1e-14);
        expect(error(after[l]?.variance ?? [], statistics.variance)).toBeLessThan(1e-14);
      });
    }
  });
});

describe("second derivatives, against torch", () => {
  it.each(readFixture("hessians").items)("$name", ({ name, results }) => {
    const item = byName.get(name);
    if (!item) throw new Error(`no network is named ${name}`);
    const { spec, parameters, inputs, targets, running } = item;
    for (const mode of modesOf(results)) {
      for (const kind of ["exact", "ggn"] as const) {
        const got = hessian(spec, parameters, inputs, targets, { mode, running, kind });
        expect(error(got.flat(), fromTriangle(results[mode]?.[kind] ?? []).flat())).toBeLessThan(1e-13);
      }
    }
  });
});

describe("optimizers, against torch", () => {
  const { function: polynomial, start, items } = readFixture("optimizers");

  it("the polynomial's gradient is its own", () => {
    const numerical = differences((x) => polynomialValue(polynomial, x), start, 1e-3);
    expect(error(numerical, polynomialGradient(polynomial, start))).toBeLessThan(1e-11);
  });

  it.each(items)("$optimizer $options $dtype", ({ optimizer, options, dtype, iterates }) => {
    const step = (optimizers[optimizer] as (given: object) => Step)(options);
    let x = start.slice();
    for (const expected of iterates) {
      x = step(x, polynomialGradient(polynomial, x));
      expect(error(x, expected)).toBeLessThan(dtype === "f64" ? 1e-13 : 2e-6);
    }
  });
});

describe("cases", () => {
  it("have distinct names and cover every activation and loss", () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    const types = cases.flatMap(({ spec }) =>
      spec.layers.map(({ activation: a = "identity" }) => (typeof a === "string" ? a : a.type)),
    );
    expect(new Set(types).size).toBe(10);
    expect(new Set(cases.map(({ spec }) => spec.loss)).size).toBe(4);
    expect(() => caseNamed("no such case")).toThrow(RangeError);
  });

  describe.each(cases)("$name", (item) => {
    const { spec, margin, samples } = item;
    const θ = makeParameters(item);
    const { inputs: X, targets: Y } = makeData(item);
    const running = makeRunning(item);
    const modes = modesOf({ running: item.batchNorm || undefined });
    const random = new Random(item.seed + 1);

    it("is reproducible and keeps its margin", () => {
      expect(makeData(item)).toEqual({ inputs: X, targets: Y });
      expect(X.length).toBe(samples);
      expect(Y.length).toBe(samples);
      expect(θ.length).toBe(parameterCount(spec));
      for (const mode of modes) expect(kinkDistance(spec, θ, X, Y, { mode, running })).toBeGreaterThanOrEqual(margin);
    });

    it("gradient: backpropagation, hyper-duals and differences agree", () => {
      for (const mode of modes) {
        const options = { mode, running };
        const g = gradient(spec, θ, X, Y, options);
        expect(error(numericalGradient(spec, θ, X, Y, options), g)).toBeLessThan(2e-10);
        const u = random.normals(θ.length);
        const along = directional(spec, θ, X, Y, u, u, options);
        expect(error([along.v], [loss(spec, θ, X, Y, options)])).toBeLessThan(1e-14);
        expect(error([along.a], [g.reduce((sum, d, k) => sum + d * u[k], 0)], 1e-1)).toBeLessThan(1e-13);
      }
    });

    it("curvature along a direction: hyper-duals and differences of the gradient agree", () => {
      for (const mode of modes) {
        const options = { mode, running };
        const v = random.normals(θ.length);
        const length = Math.hypot(...v);
        const unit = v.map((d) => d / length);
        const at = ([t]: number[]) =>
          gradient(
            spec,
            θ.map((p, k) => p + t * unit[k]),
            X,
            Y,
            options,
          );
        const expected = jacobianDifferences(at, [0]).map(([d]) => d);
        const { l1 = 0 } = spec.penalty ?? {};
        if (l1 !== 0) expect(Math.min(...θ.map(Math.abs))).toBeGreaterThan(1e-4); // no sign changes on the way
        expect(error(hessianVectorProduct(spec, θ, X, Y, unit, options), expected)).toBeLessThan(1e-9);
      }
    });

    it("gauss-newton products are those of the matrix", () => {
      if (θ.length > 120) return;
      for (const mode of modes) {
        const options = { mode, running, kind: "ggn" as const };
        const v = random.normals(θ.length);
        const G = hessian(spec, θ, X, Y, options);
        const expected = G.map((row) => row.reduce((sum, g, k) => sum + g * v[k], 0));
        expect(error(hessianVectorProduct(spec, θ, X, Y, v, options), expected)).toBeLessThan(1e-13);
      }
    });
  });
});

describe("invariants", () => {
  it("linear network under mse: H = 2/(N·C) · I ⊗ X̃ᵀX̃, per unit [w b]", () => {
    const item = caseNamed("linear mse");
    const { inputs: X, targets: Y } = makeData(item);
    const H = hessian(item.spec, makeParameters(item), X, Y);
    const [{ inputs, units, weight, bias }] = layout(item.spec);
    const place = (i: number, j: number) => (j < inputs ? weight + i * inputs + j : bias + i);
    const extended = X.map((row) => [...row, 1]);
    for (let i = 0; i < units; i++) {
      for (let p = 0; p < units; p++) {
        for (let j = 0; j <= inputs; j++) {
          for (let q = 0; q <= inputs; q++) {
            const product = extended.reduce((sum, row) => sum + row[j] * row[q], 0);
            const expected = i === p ? (2 / (X.length * units)) * product : 0;
            expect(H[place(i, j)][place(p, q)]).toBeCloseTo(expected, 14);
          }
        }
      }
    }
  });

  it("relu without batch norm: same-layer blocks of H and G agree, the rest differs", () => {
    const item = caseNamed("relu depth 3");
    const { inputs: X, targets: Y } = makeData(item);
    const θ = makeParameters(item);
    const H = hessian(item.spec, θ, X, Y);
    const G = hessian(item.spec, θ, X, Y, { kind: "ggn" });
    const layerOf = layout(item.spec).flatMap(({ inputs, units }, l) => new Array(units * (inputs + 1)).fill(l));
    let across = 0;
    H.forEach((row, i) => {
      row.forEach((h, j) => {
        if (layerOf[i] === layerOf[j]) expect(h).toBeCloseTo(G[i][j], 14);
        else across = Math.max(across, Math.abs(h - G[i][j]));
      });
    });
    expect(across).toBeGreaterThan(1e-2);
  });

  it("the Jacobian is that of the outputs", () => {
    const item = caseNamed("batch norm relu");
    const { inputs: X } = makeData(item);
    const θ = makeParameters(item);
    const J = jacobian(item.spec, θ, X).flat();
    const expected = jacobianDifferences((point) => forward(item.spec, point, X).flat(), θ);
    expect(error(J.flat(), expected.flat())).toBeLessThan(1e-9);
  });

  it("atZero is the slope used at 0", () => {
    const spec = (atZero: number) => ({
      inputs: 1,
      layers: [{ units: 1, activation: { type: "relu" as const, atZero } }, { units: 1 }],
      loss: "mse" as const,
    });
    // a = 0, f = 0 against y = −½: ∂ℓ/∂f = 1, so the first layer's gradient is 3·atZero·[x, 1]
    for (const atZero of [0, 0.5, 1]) {
      expect(gradient(spec(atZero), [1, -2, 3, 0], [[2]], [-0.5])).toEqual([6 * atZero, 3 * atZero, 0, 1]);
    }
  });

  it("batch norm gives mean 0 and variance 1, and refuses one row", () => {
    const item = caseNamed("batch norm relu");
    const { inputs: X } = makeData(item);
    const [{ normalized, variance }] = layerTraces(item.spec, makeParameters(item), X);
    variance?.forEach((v, i) => {
      const column = (normalized ?? []).map((row) => row[i]);
      expect(column.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 13);
      expect(column.reduce((sum, x) => sum + x * x, 0) / X.length).toBeCloseTo(v / (v + 1e-5), 13);
    });
    expect(() => forward(item.spec, makeParameters(item), X.slice(0, 1))).toThrow("two rows");
  });
});
