// Oracle: the dense BFGS formula, applied pair by pair; and PyTorch's pitfall, a small loss.

import { describe, expect, it } from "vitest";
import { lbfgs, minimize, type SmoothFunction } from "../../../src/index.js";
import { LbfgsDirection } from "../../../src/optimize/directions/lbfgs.js";
import { Memory } from "../../../src/optimize/memory.js";
import { Random } from "../../cases.js";
import { problemNamed } from "../../oracle/more-garbow-hillstrom.mjs";
import { inner, length, type Rows, times } from "../../oracle/spectra.js";
import { distance } from "../../support.js";
import { localAt } from "../local.js";

/** (I − ρsyᵀ)·H·(I − ρysᵀ) + ρssᵀ. */
function updated(H: Rows, s: number[], y: number[]): Rows {
  const rho = 1 / inner(s, y);
  const Hy = times(H, y);
  const yHy = inner(y, Hy);
  return H.map((row, i) =>
    row.map((value, j) => value - rho * (s[i] * Hy[j] + Hy[i] * s[j]) + (rho * rho * yHy + rho) * s[i] * s[j]),
  );
}

const identity = (n: number, by: number): Rows =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? by : 0)));

const linear = (g: number[]): SmoothFunction => ({ value: (x) => inner(g, x), gradient: () => g });

describe("the direction", () => {
  it.each([
    [1, 5],
    [3, 5],
    [5, 5],
    [8, 5],
    [11, 3],
  ])("%d pairs, history %d: −H·g of the dense formula with the last ones", (count, history) => {
    const n = 6;
    const random = new Random(count);
    const pairs = Array.from({ length: count }, () => {
      const s = random.normals(n);
      const y = random.normals(n);
      return { s, y: inner(s, y) > 0 ? y : y.map((value) => -value) };
    });
    const memory = new Memory();
    pairs.forEach(({ s, y }, k) => {
      memory.vectors.set(`s${k % history}`, Float64Array.from(s));
      memory.vectors.set(`y${k % history}`, Float64Array.from(y));
    });
    memory.scalars.set("pairs", count);
    const g = random.normals(n);
    const model = new LbfgsDirection(history).model(localAt(linear(g), new Float64Array(n)), memory);
    const { step, slope } = model.damped(0)!;
    const used = pairs.slice(-history);
    const { s, y } = used[used.length - 1];
    let H = identity(n, inner(s, y) / inner(y, y));
    for (const pair of used) H = updated(H, pair.s, pair.y);
    const expected = times(H, g).map((value) => -value);
    expect(distance(step, expected)).toBeLessThan(1e-10);
    expect(Math.abs(slope / inner(g, expected) - 1)).toBeLessThan(1e-10);
  });

  it("begins along −g, a tenth of the parameters' norm, whatever the gradient's size", () => {
    for (const size of [1e-12, 1, 1e12]) {
      const g = [3 * size, 4 * size];
      const step = (x: number[]) =>
        Array.from(new LbfgsDirection(5).model(localAt(linear(g), x), new Memory()).damped(0)!.step);
      expect(distance(step([0, 0]), [-0.06, -0.08])).toBeLessThan(1e-12);
      expect(distance(step([30, 40]), [-3, -4])).toBeLessThan(1e-12);
    }
  });

  it("learns a pair where the gradient's change has a positive share along the step, and forgets the others", () => {
    for (const [change, kept] of [
      [[1, 5], true],
      [[-1, 5], false],
      [[1e-12, 5], false],
      [[1e-6, 5e-6], true],
    ] as const) {
      const memory = new Memory();
      memory.vectors.set("step", Float64Array.of(1, 0));
      memory.vectors.set("gradient", Float64Array.of(1, 1));
      const g = [1 + change[0], 1 + change[1]];
      new LbfgsDirection(5).model(localAt(linear(g), [0, 0]), memory);
      expect(memory.scalar("pairs", 0)).toBe(kept ? 1 : 0);
      expect(memory.vector("step")).toBeUndefined();
    }
  });
});

it("the run is the same whatever the objective is multiplied by", () => {
  const { value, gradient, x0 } = problemNamed("Rosenbrock");
  const runs = [1, 2 ** -40, 2 ** 40].map((by) =>
    minimize({ value: (x) => by * value(x), gradient: (x) => gradient(x).map((d) => by * d) }, x0, {
      optimizer: lbfgs(),
      tolerance: 1e-6,
      maxSteps: 100,
    }),
  );
  for (const { x, steps, status } of runs) {
    expect([status, steps]).toEqual([runs[0].status, runs[0].steps]);
    expect(Array.from(x)).toEqual(Array.from(runs[0].x));
  }
  expect(runs[0].status).toBe("converged");
});

it("the memory is what the history allows", () => {
  const { value, gradient, x0 } = problemNamed("Wood");
  const optimizer = lbfgs({ history: 3 });
  minimize({ value, gradient }, x0, { optimizer, maxSteps: 20 });
  const { vectors, scalars } = optimizer.state();
  expect(Object.keys(vectors).sort()).toEqual(["gradient", "s0", "s1", "s2", "step", "y0", "y1", "y2"]);
  expect(scalars?.pairs).toBeGreaterThan(3);
  expect(length(vectors.step)).toBeGreaterThan(0);
});
