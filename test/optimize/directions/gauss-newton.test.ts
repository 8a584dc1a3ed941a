// Oracles: normal equations by elimination, the shortest solution Jᵀ(JJᵀ)⁻¹r, second directional
// derivatives in closed form, and for networks Jacobians by hyper-dual numbers.

import { beforeAll, describe, expect, it } from "vitest";
import {
  dataset,
  gaussNewton,
  init,
  type LeastSquares,
  levenbergMarquardt,
  type MinimizeRecord,
  minimize,
  network,
  training,
} from "../../../src/index.js";
import { Random } from "../../cases.js";
import { jacobian } from "../../oracle/hessian.js";
import { forward } from "../../oracle/network.js";
import type { NetworkSpec } from "../../oracle/spec.js";
import { inner, length, type Rows, solve, times, transposed } from "../../oracle/spectra.js";
import { builds, distance, take, toDataset } from "../../support.js";

/** Residuals a + Bx + ½·xᵀC_i·x. */
function curved(m: number, n: number, seed: number, bend: number) {
  const random = new Random(seed);
  const a = random.normals(m);
  const B = random.rows(m, n);
  const C = Array.from({ length: m }, () => {
    const M = random.rows(n, n);
    return M.map((row, i) => row.map((value, j) => 0.5 * bend * (value + M[j][i])));
  });
  const f = {
    residuals: (x) => a.map((value, k) => value + inner(B[k], x) + 0.5 * inner(x, times(C[k], x))),
    jacobian: (x) => B.map((row, k) => row.map((value, i) => value + times(C[k], x)[i])),
  } satisfies LeastSquares;
  return { f, C };
}

function normal(J: Rows, damping: number): Rows {
  const T = transposed(J);
  return T.map((row, i) => T.map((other, j) => inner(row, other) + (i === j ? damping : 0)));
}

const minus = (x: number[]): number[] => x.map((value) => -value);

describe("one step on least squares", () => {
  it("levenbergMarquardt solves (JᵀJ + μI)p = −Jᵀr", () => {
    for (let seed = 0; seed < 10; ++seed) {
      const { f } = curved(7, 4, seed, 0.1);
      const x0 = new Random(seed + 50).normals(4);
      const [J, r] = [f.jacobian(Float64Array.from(x0)) as Rows, Array.from(f.residuals(Float64Array.from(x0)))];
      for (const mu of [1e-6, 0.3, 100]) {
        const optimizer = levenbergMarquardt({ mu, scaling: "identity", acceleration: false });
        let first = Number.NaN;
        const { x, evaluations } = minimize(f, x0, {
          optimizer,
          maxSteps: 1,
          onStep: (record) => {
            first = record.evaluations.value;
            return false;
          },
        });
        if (first > 2) continue; // the damping has been raised
        const expected = solve(normal(J, mu), times(transposed(J), r)).map((p, i) => x0[i] - p);
        expect(distance(x, expected)).toBeLessThan(1e-8);
        expect(evaluations.hessian).toBe(1);
      }
    }
  });

  it("levenbergMarquardt solves (JᵀJ + μ·diag JᵀJ)p = −Jᵀr, whatever the parameters' units", () => {
    for (let seed = 0; seed < 10; ++seed) {
      const { f } = curved(7, 4, seed, 0.1);
      const x0 = new Random(seed + 50).normals(4);
      const [J, r] = [f.jacobian(Float64Array.from(x0)) as Rows, Array.from(f.residuals(Float64Array.from(x0)))];
      const G = normal(J, 0);
      for (const mu of [1e-3, 0.3, 100]) {
        const step = minus(
          solve(
            G.map((row, i) => row.map((value, j) => value * (i === j ? 1 + mu : 1))),
            times(transposed(J), r),
          ),
        );
        for (const units of [
          [1, 1, 1, 1],
          [1e-6, 1, 1e6, 1e3],
        ]) {
          const scaled = {
            residuals: (x: Float64Array) => f.residuals(x.map((value, i) => value * units[i])),
            jacobian: (x: Float64Array) =>
              f.jacobian(x.map((value, i) => value * units[i])).map((row) => row.map((v, i) => v * units[i])),
          };
          const start = x0.map((value, i) => value / units[i]);
          let trials = 0;
          const { x } = minimize(scaled, start, {
            optimizer: levenbergMarquardt({ mu, acceleration: false }),
            maxSteps: 1,
            onStep: ({ evaluations }) => {
              trials = evaluations.value;
              return false;
            },
          });
          if (trials > 2) continue; // the damping has been raised
          const expected = x0.map((value, i) => value + step[i]);
          expect(
            distance(
              Array.from(x, (value, i) => value * units[i]),
              expected,
            ),
          ).toBeLessThan(1e-8);
        }
      }
    }
  });

  it("mu grows by muInc, its square and so on up to muMax, and shrinks by no more than muDec", () => {
    // r = x − 10 is nothing beyond 0.2, and p = 10/(1 + μ): of μ = 1, 2, 8, 64 the last is the
    // first that falls, as foretold.
    const f: LeastSquares = { residuals: ([x]) => [x > 0.2 ? Number.NaN : x - 10], jacobian: () => [[1]] };
    const first = (muMax: number) => {
      const records: MinimizeRecord[] = [];
      const optimizer = levenbergMarquardt({ mu: 1, muInc: 2, muDec: 0.25, muMax, acceleration: false });
      const onStep = (record: MinimizeRecord): undefined => void records.push(record);
      return { ...minimize(f, [0], { optimizer, maxSteps: 1, onStep }), records };
    };
    const { x, records } = first(64);
    expect(x[0]).toBeCloseTo(10 / 65, 14);
    expect(records[0].gainRatio).toBeCloseTo(1, 12);
    expect(records[0].damping).toBeCloseTo(16, 12);
    const { status, reason, steps } = first(63);
    expect([status, steps]).toEqual(["stalled", 0]);
    expect(reason).toContain("maximum of 63");
  });

  it("and adds half of the acceleration, where that is short enough", () => {
    let [taken, left] = [0, 0];
    for (const bend of [0.02, 0.3, 5]) {
      for (let seed = 0; seed < 10; ++seed) {
        const { f, C } = curved(7, 4, seed, bend);
        const x0 = new Random(seed + 50).normals(4);
        const [J, r] = [f.jacobian(Float64Array.from(x0)) as Rows, Array.from(f.residuals(Float64Array.from(x0)))];
        const mu = 0.2;
        let trials = 0;
        const { x } = minimize(f, x0, {
          optimizer: levenbergMarquardt({ mu, scaling: "identity" }),
          maxSteps: 1,
          onStep: ({ evaluations }) => {
            trials = evaluations.value;
            return false;
          },
        });
        if (trials > 4) continue;
        const p = minus(solve(normal(J, mu), times(transposed(J), r)));
        const second = C.map((matrix) => inner(p, times(matrix, p)));
        const a = minus(solve(normal(J, mu), times(transposed(J), second)));
        const believed = 2 * length(a) <= 0.75 * length(p);
        if (believed) ++taken;
        else ++left;
        const expected = x0.map((value, i) => value + p[i] + (believed ? 0.5 * a[i] : 0));
        expect(distance(x, expected)).toBeLessThan(1e-8);
      }
    }
    expect(taken).toBeGreaterThan(5);
    expect(left).toBeGreaterThan(0);
  });

  it("gaussNewton takes the shortest solution where there are many", () => {
    for (let seed = 0; seed < 10; ++seed) {
      const random = new Random(seed);
      const J = random.rows(3, 6);
      const b = random.normals(3);
      const x0 = random.normals(6);
      const f: LeastSquares = { residuals: (x) => times(J, x).map((value, k) => value - b[k]), jacobian: () => J };
      const { x, status } = minimize(f, x0, { optimizer: gaussNewton({ search: "fixed" }), maxSteps: 1 });
      const r = times(J, x0).map((value, k) => value - b[k]);
      const gram = J.map((row) => J.map((other) => inner(row, other)));
      const p = minus(times(transposed(J), solve(gram, r)));
      expect(
        distance(
          x,
          x0.map((value, i) => value + p[i]),
        ),
      ).toBeLessThan(1e-9);
      expect(status).toBe("converged");
    }
  });

  it("and the plain one where there is one", () => {
    const { f } = curved(9, 4, 3, 0.1);
    const x0 = [0.1, -0.2, 0.3, 0.4];
    const [J, r] = [f.jacobian(Float64Array.from(x0)) as Rows, Array.from(f.residuals(Float64Array.from(x0)))];
    const { x } = minimize(f, x0, { optimizer: gaussNewton({ search: "fixed", damping: 0.5 }), maxSteps: 1 });
    const expected = solve(normal(J, 0.5), times(transposed(J), r)).map((p, i) => x0[i] - p);
    expect(distance(x, expected)).toBeLessThan(1e-10);
  });
});

describe.each(builds)("on a network, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  const random = new Random(9);
  const inputs = random.rows(15, 2);

  // With one output f̈ is the forward difference 2/h·((f(θ + hp) − f(θ))/h − Jp), with more the
  // central one.
  it.each([
    [1, false],
    [1, true],
    [2, false],
    [2, true],
  ])(
    "levenbergMarquardt, %i outputs, acceleration %s: G = 2/(N·C)·JᵀJ, f̈ over 0.03 of the step",
    (units, acceleration) => {
      const spec: NetworkSpec = {
        inputs: 2,
        layers: [{ units: 4, activation: "tanh" }, { units }],
        loss: "mse",
        seed: 3,
      };
      const targets = inputs.map(([a, b]) => [Math.sin(a + b), a * b].slice(0, units));
      for (const mu of [0.5, 5]) {
        const net = network(spec);
        const θ = Array.from(net.getParameters());
        const J = jacobian(spec, θ, inputs).flat();
        const scale = 2 / J.length;
        const outputs = (at: number[]): number[] => forward(spec, at, inputs).flat();
        const r = outputs(θ).map((value, k) => value - targets.flat()[k]);
        const G = normal(J, 0).map((row, i) => row.map((value, j) => scale * value + (i === j ? mu : 0)));
        const pull = (v: number[]): number[] => times(transposed(J), v).map((value) => scale * value);
        const p = minus(solve(G, pull(r)));
        const near = (share: number): number[] => outputs(θ.map((value, i) => value + share * p[i]));
        const h = 0.03;
        const [ahead, behind, here, along] = [near(h), near(-h), near(0), times(J, p)];
        const second = here.map((value, k) =>
          units === 1 ? (2 / h) * ((ahead[k] - value) / h - along[k]) : (ahead[k] - 2 * value + behind[k]) / h ** 2,
        );
        const a = minus(solve(G, pull(second)));
        const believed = acceleration && 2 * length(a) <= 0.75 * length(p);
        const run = training(net, toDataset(inputs, targets), {
          optimizer: levenbergMarquardt({ mu, scaling: "identity", acceleration }),
          epochs: 1,
        });
        const [record] = take(run, 1);
        expect(record.evaluations.value).toBeLessThanOrEqual(acceleration ? 3 : 1);
        const expected = θ.map((value, i) => value + p[i] + (believed ? 0.5 * a[i] : 0));
        expect(distance(net.getParameters(), expected)).toBeLessThan(1e-8);
        if (acceleration) expect(believed).toBe(true);

        // f̈ itself: a difference over less of the step says the same.
        const closer = 1e-3;
        const [plus, less] = [near(closer), near(-closer)];
        const finer = here.map((value, k) => (plus[k] - 2 * value + less[k]) / closer ** 2);
        expect(distance(second, finer)).toBeLessThan(0.05);
      }
    },
  );

  it("under Huber's loss beyond δ, where G is 0, gaussNewton and levenbergMarquardt step along the gradient", () => {
    for (const make of [gaussNewton, levenbergMarquardt]) {
      const net = network({ inputs: 1, layers: [{ units: 1 }], loss: "huber", initializer: "zeros" });
      const far = dataset([[1], [2]], [50, 70]);
      for (const _ of training(net, far, { optimizer: make(), epochs: 300 }));
      expect(net.evaluate(far).loss).toBeLessThan(1e-6);
    }
  });
});
