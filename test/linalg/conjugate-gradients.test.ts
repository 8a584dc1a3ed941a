// Oracles: Gaussian elimination, matrices built from their eigenvalues, the model's value and
// trust-region optimality by plain loops.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ConjugateGradientsOptions,
  type ConjugateGradientsResult,
  conjugateGradients,
  type LinearOperator,
} from "../../src/index.js";
import { Random } from "../cases.js";
import {
  diagonalOperator,
  inner,
  length,
  operatorOf,
  type Rows,
  randomOrthogonal,
  solve,
  times,
  withSpectrum,
} from "../oracle/spectra.js";
import { distance } from "../support.js";

const sequence = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));
const normals = (n: number, seed: number): number[] => new Random(seed).normals(n);

function modelAt(A: Rows, b: ArrayLike<number>, x: ArrayLike<number>): number {
  return inner(x, times(A, x)) / 2 - inner(b, x);
}

function residualAt(A: Rows, b: ArrayLike<number>, x: ArrayLike<number>): number {
  return length(times(A, x).map((y, i) => b[i] - y));
}

function expectHonest(A: Rows, b: number[], result: ConjugateGradientsResult): void {
  const size = length(b) * Math.max(1, length(result.x));
  expect(Math.abs(result.residualNorm - residualAt(A, b, result.x))).toBeLessThan(1e-9 * Math.max(size, 1e-9));
  expect(Math.abs(result.model - modelAt(A, b, result.x))).toBeLessThan(1e-9 * Math.max(size, 1e-9));
}

const definite = withSpectrum(
  sequence(40, (i) => 1 + i),
  1,
);

describe("positive definite", () => {
  it.each<[string, number[]]>([
    ["well conditioned", sequence(40, (i) => 1 + i / 10)],
    ["condition 10⁶", sequence(40, (i) => 10 ** ((-6 * i) / 39))],
    ["five distinct eigenvalues", sequence(40, (i) => 1 + (i % 5))],
    ["the identity", sequence(40, () => 1)],
  ])("%s: as Gaussian elimination solves it", (_, spectrum) => {
    const A = withSpectrum(spectrum, 2);
    const b = normals(40, 3);
    const op = operatorOf(A);
    const result = conjugateGradients(op, b, { tolerance: 1e-12 });
    expect(result.status).toBe("converged");
    expect(result.boundary).toBe(false);
    expect(residualAt(A, b, result.x) / length(b)).toBeLessThan(1e-10);
    expect(distance(result.x, solve(A, b))).toBeLessThan(1e-9 * Math.max(...spectrum.map((x) => 1 / x)));
    expect(result.products).toBe(op.products);
    expect(result.steps).toBe(op.products);
    expect(result.leastCurvature).toBeGreaterThan(Math.min(...spectrum) * (1 - 1e-9));
    expectHonest(A, b, result);
    const distinct = new Set(spectrum).size;
    if (distinct <= 5) expect(result.steps).toBe(distinct);
  });

  it("stops at the tolerance, and at the most steps", () => {
    const b = normals(40, 4);
    const loose = conjugateGradients(operatorOf(definite), b, { tolerance: 1e-2 });
    expect(loose.residualNorm).toBeLessThanOrEqual(1e-2 * length(b));
    const short = conjugateGradients(operatorOf(definite), b, { maxSteps: loose.steps - 1 });
    expect([short.status, short.steps]).toEqual(["max-steps", loose.steps - 1]);
    expect(short.residualNorm).toBeGreaterThan(1e-2 * length(b));
    expectHonest(definite, b, short);
    const none = conjugateGradients(operatorOf(definite), b, { maxSteps: 0 });
    expect([none.status, none.products, none.leastCurvature]).toEqual(["max-steps", 0, Infinity]);
  });

  it("goes on from x0", () => {
    const b = normals(40, 5);
    const first = conjugateGradients(operatorOf(definite), b, { maxSteps: 8 });
    const x0 = first.x.slice();
    const op = operatorOf(definite);
    const second = conjugateGradients(op, b, { x0 });
    expect(second.status).toBe("converged");
    expect(second.products).toBe(second.steps + 1);
    expect(op.products).toBe(second.products);
    expect(distance(second.x, solve(definite, b))).toBeLessThan(1e-7);
    expect(Array.from(x0)).toEqual(Array.from(first.x));
    const there = conjugateGradients(operatorOf(definite), b, { x0: second.x, tolerance: 1e-7 });
    expect([there.status, there.steps]).toEqual(["converged", 0]);
  });

  it("a preconditioner that is the inverse needs one step; a good one fewer", () => {
    const scales = sequence(60, (i) => 10 ** (i / 10));
    const core = withSpectrum(
      sequence(60, (i) => 1 + i / 60),
      6,
    );
    const A = core.map((row, i) => row.map((x, j) => x * Math.sqrt(scales[i] * scales[j])));
    const b = normals(60, 7);
    const plain = conjugateGradients(operatorOf(A), b);
    const preconditioner = diagonalOperator(scales.map((x) => 1 / x));
    const better = conjugateGradients(operatorOf(A), b, { preconditioner });
    expect(better.status).toBe("converged");
    expect(better.steps).toBeLessThan(plain.steps / 3);
    expectHonest(A, b, better);
    expect(residualAt(A, b, better.x) / length(b)).toBeLessThan(1e-7);
    const inverse: LinearOperator = { size: 60, matvec: (v) => Float64Array.from(solve(A, v)) };
    expect(conjugateGradients(operatorOf(A), b, { preconditioner: inverse }).steps).toBeLessThanOrEqual(2);
    const twentyOrders = [1e-20, 1, 1e20];
    const exact = conjugateGradients(diagonalOperator(twentyOrders), [1, 1, 1], {
      preconditioner: diagonalOperator(twentyOrders.map((x) => 1 / x)),
    });
    expect(Array.from(exact.x).map((x, i) => x * twentyOrders[i])).toEqual([1, 1, 1]);
  });

  it("sizes 0, 1 and 2, and b = 0", () => {
    expect(conjugateGradients({ size: 0, matvec: (v) => v }, [])).toMatchObject({ status: "converged", steps: 0 });
    expect(Array.from(conjugateGradients(diagonalOperator([4]), [2]).x)).toEqual([0.5]);
    const two = conjugateGradients(
      operatorOf([
        [2, 1],
        [1, 3],
      ]),
      [3, 4],
    );
    expect(distance(two.x, [1, 1])).toBeLessThan(1e-14);
    const zero = conjugateGradients(diagonalOperator([1, 2]), [0, 0], { x0: [1, 1] });
    expect([zero.status, zero.products, ...zero.x]).toEqual(["converged", 0, 0, 0]);
  });

  it.each([1e200, 1e-200, 1e-300])("b of size %d gives as much of x", (unit) => {
    const b = normals(40, 8);
    const plain = conjugateGradients(operatorOf(definite), b, { keepIterates: true });
    const scaled = conjugateGradients(
      operatorOf(definite),
      b.map((x) => x * unit),
      { keepIterates: true },
    );
    expect(scaled.status).toBe("converged");
    expect(
      distance(
        scaled.x.map((x) => x / unit),
        plain.x,
      ),
    ).toBeLessThan(1e-10);
    expect(scaled.residualNorm / unit).toBeLessThan(1e-8 * length(b));
    expect(scaled.iterates?.at(-1)?.x).toEqual(scaled.x);
  });

  it("tolerance 0 ends all the same", () => {
    const { status, x } = conjugateGradients(operatorOf(definite), normals(40, 9), { tolerance: 0 });
    expect(["converged", "max-steps"]).toContain(status);
    expect(distance(x, solve(definite, normals(40, 9)))).toBeLessThan(1e-12);
    expect(conjugateGradients(diagonalOperator([1, 2]), [1, 1], { tolerance: 0, maxSteps: 1000 }).status).toBe(
      "converged",
    );
  });
});

describe("not positive definite", () => {
  it.each<[string, number[]]>([
    ["indefinite", sequence(30, (i) => i - 4.5)],
    ["one negative eigenvalue among many", sequence(30, (i) => (i === 0 ? -0.5 : i))],
    ["negative definite", sequence(30, (i) => -1 - i)],
  ])("%s: a direction shows it", (_, spectrum) => {
    const A = withSpectrum(spectrum, 3);
    const b = normals(30, 10);
    const result = conjugateGradients(operatorOf(A), b);
    expect(result.status).toBe("not-positive-definite");
    const d = result.direction!;
    expect(length(d)).toBeCloseTo(1, 12);
    const curvature = inner(d, times(A, d));
    expect(curvature).toBeLessThan(0);
    expect(result.leastCurvature).toBeCloseTo(curvature, 10);
    expect(
      inner(
        d,
        times(A, result.x).map((y, i) => b[i] - y),
      ),
    ).toBeGreaterThan(0);
    expectHonest(A, b, result);
  });

  it("singular with a b outside of its range: the curvature is 0", () => {
    const zero = conjugateGradients(diagonalOperator([1, 2, 0]), [0, 0, 1]);
    expect([zero.status, zero.leastCurvature, ...zero.x]).toEqual(["not-positive-definite", 0, 0, 0, 0]);
    expect(Array.from(zero.direction!)).toEqual([0, 0, 1]);
    const A = withSpectrum(
      sequence(20, (i) => (i < 15 ? 1 + i : 0)),
      4,
    );
    const result = conjugateGradients(operatorOf(A), normals(20, 11));
    expect(result.status).toBe("not-positive-definite");
    expect(Math.abs(result.leastCurvature)).toBeLessThan(1e-12);
    const held = conjugateGradients(operatorOf(A), normals(20, 11), { radius: 1e3 });
    expect(held.boundary).toBe(true);
    expect(length(held.x)).toBeCloseTo(1e3, 6);
  });

  it("singular with a b within its range is solved", () => {
    const A = withSpectrum(
      sequence(20, (i) => (i < 15 ? 1 + i : 0)),
      4,
    );
    const b = times(A, normals(20, 12));
    const result = conjugateGradients(operatorOf(A), b);
    expect(result.status).toBe("converged");
    expect(residualAt(A, b, result.x) / length(b)).toBeLessThan(1e-7);
  });

  it("a preconditioner that is not", () => {
    const result = conjugateGradients(operatorOf(definite), normals(40, 1), {
      preconditioner: diagonalOperator(sequence(40, () => -1)),
    });
    expect(result.status).toBe("not-positive-definite");
    expect(result.reason).toBe("the preconditioner is not positive definite");
    expect(result.direction).toBeUndefined();
  });
});

describe("radius", () => {
  const b = normals(40, 13);
  const free = solve(definite, b);

  it("is not felt where the solution lies within", () => {
    const result = conjugateGradients(operatorOf(definite), b, { radius: length(free) * 1.01 });
    expect([result.status, result.boundary]).toEqual(["converged", false]);
    expect(distance(result.x, free)).toBeLessThan(1e-7);
  });

  it.each([0.9, 0.5, 0.1, 1e-3, 1e-6])("%d of the solution's length: x lies on the sphere", (share) => {
    const radius = share * length(free);
    const result = conjugateGradients(operatorOf(definite), b, { radius });
    expect([result.status, result.boundary]).toEqual(["converged", true]);
    expect(length(result.x) / radius).toBeCloseTo(1, 12);
    expectHonest(definite, b, result);
    // At least as good as the steepest descent's best point (Steihaug's theorem), and at least half
    // as good as any (Yuan 2000).
    const slope = length(b);
    const tau = Math.min(radius / slope, inner(b, b) / inner(b, times(definite, b)));
    expect(result.model).toBeLessThanOrEqual(
      modelAt(
        definite,
        b,
        b.map((x) => tau * x),
      ) *
        (1 - 1e-12),
    );
  });

  it("negative curvature leads to the sphere, and down", () => {
    const A = withSpectrum(
      sequence(40, (i) => i - 3.5),
      5,
    );
    for (const radius of [0.1, 10, 1e4]) {
      const result = conjugateGradients(operatorOf(A), b, { radius });
      expect(result.boundary).toBe(true);
      expect(length(result.x) / radius).toBeCloseTo(1, 10);
      expect(result.model).toBeLessThan(0);
      expectHonest(A, b, result);
    }
    const far = conjugateGradients(operatorOf(A), b, { radius: 1e4 });
    expect(far.status).toBe("not-positive-definite");
    expect(far.model).toBeLessThan(conjugateGradients(operatorOf(A), b).model);
  });

  it("is measured in the preconditioner's metric", () => {
    const scales = sequence(40, (i) => 1 + i);
    const preconditioner = diagonalOperator(scales.map((x) => 1 / x));
    for (const radius of [0.01, 0.3, 1]) {
      const result = conjugateGradients(operatorOf(definite), b, { radius, preconditioner });
      expect(result.boundary).toBe(true);
      const norm = Math.sqrt(result.x.reduce((sum, x, i) => sum + scales[i] * x * x, 0));
      expect(norm / radius).toBeCloseTo(1, 9);
    }
  });

  it("any matrix, any radius: never outside, never uphill", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 5, noNaN: true }), { minLength: 1, maxLength: 15 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.integer({ min: 0, max: 1e6 }),
        (spectrum, radius, seed) => {
          const A = withSpectrum(spectrum, seed);
          const c = normals(spectrum.length, seed + 1);
          const result = conjugateGradients(operatorOf(A), c, { radius, keepIterates: true });
          expect(["converged", "not-positive-definite"]).toContain(result.status);
          expect(length(result.x)).toBeLessThanOrEqual(radius * (1 + 1e-9));
          let last = 0;
          for (const { x, model } of result.iterates!) {
            expect(model).toBeLessThanOrEqual(last + 1e-9 * Math.abs(last));
            expect(Math.abs(model - modelAt(A, c, x))).toBeLessThan(1e-8 * Math.max(1, length(x) ** 2));
            last = model;
          }
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });
});

describe("for Hessian-free", () => {
  const spectrum = sequence(300, (i) => 1e-4 + (i / 300) ** 4);
  const Q = randomOrthogonal(20, 1);

  it("stops where the model falls too little, as Martens does", () => {
    const b = normals(300, 14);
    const op = diagonalOperator(spectrum);
    const result = conjugateGradients(op, b, { tolerance: 0, progress: 5e-3 });
    expect(result.status).toBe("converged");
    expect(result.reason).toBe("the model falls too little for more steps");
    const models = sequence(
      result.steps + 1,
      (maxSteps) => conjugateGradients(op, b, { maxSteps, tolerance: 0 }).model,
    );
    const met = (i: number) => {
      const k = Math.max(10, Math.floor(i / 10));
      return i > k && models[i] < 0 && (models[i] - models[i - k]) / models[i] < k * 5e-3;
    };
    expect(sequence(result.steps + 1, (i) => i).findIndex(met)).toBe(result.steps);
  });

  it("keeps iterates that grow apart by 1.3", () => {
    const b = normals(300, 15);
    const { iterates, x, steps } = conjugateGradients(diagonalOperator(spectrum), b, {
      maxSteps: 50,
      keepIterates: true,
    });
    const expected = [...new Set(sequence(20, (j) => Math.ceil(1.3 ** j)).filter((s) => s < steps)), steps];
    expect(iterates!.map(({ step }) => step)).toEqual(expected);
    expect(iterates!.at(-1)!.x).toEqual(x);
    for (const { step, x: kept, model } of iterates!) {
      const stopped = conjugateGradients(diagonalOperator(spectrum), b, { maxSteps: step });
      expect(kept).toEqual(stopped.x);
      expect(model).toBe(stopped.model);
    }
    expect(conjugateGradients(diagonalOperator(spectrum), b).iterates).toBeUndefined();
  });

  it("in any basis the same steps", () => {
    const values = sequence(20, (i) => 1 + i * i);
    const c = normals(20, 16);
    const d = sequence(20, (j) => c.reduce((sum, x, i) => sum + x * Q[i][j], 0));
    const rotated = conjugateGradients(operatorOf(withSpectrum(values, 1)), d, { maxSteps: 10 });
    const plain = conjugateGradients(diagonalOperator(values), c, { maxSteps: 10 });
    expect(rotated.residualNorm / plain.residualNorm).toBeCloseTo(1, 9);
    expect(distance(times(Q, rotated.x), plain.x)).toBeLessThan(1e-10);
  });
});

describe("trouble is a status, bad input an error", () => {
  it("a product that is not finite", () => {
    let products = 0;
    const op = {
      size: 40,
      matvec: (v: ArrayLike<number>) => {
        const product = Float64Array.from(times(definite, v));
        if (++products === 5) product[7] = NaN;
        return product;
      },
    };
    const b = normals(40, 17);
    const result = conjugateGradients(op, b);
    expect(result.status).toBe("non-finite");
    expect(result.reason).toBe("op.matvec gave NaN at index 7 of product 5");
    expect(result.steps).toBe(4);
    expectHonest(definite, b, result);
    const preconditioner = diagonalOperator([NaN, 1]);
    const stopped = conjugateGradients(diagonalOperator([1, 2]), [1, 1], { preconditioner });
    expect([stopped.status, ...stopped.x]).toEqual(["non-finite", 0, 0]);
    expect(conjugateGradients(diagonalOperator([NaN, 1]), [1, 1], { x0: [1, 2] }).status).toBe("non-finite");
  });

  it("a solution beyond the largest number", () => {
    const result = conjugateGradients(diagonalOperator([1e-300, 1e-300]), [1e50, 1e50]);
    expect([result.status, ...result.x]).toEqual(["non-finite", 0, 0]);
    const far = conjugateGradients(diagonalOperator([1e-200, 1e-200]), [1e200, 1e200]);
    expect([far.status, ...far.x]).toEqual(["non-finite", 0, 0]);
  });

  it("as in the documentation", () => {
    const example: LinearOperator = { size: 2, matvec: (v) => v.map((x, i) => (i + 1) * x) };
    expect(distance(conjugateGradients(example, [1, 1]).x, [1, 0.5])).toBeLessThan(1e-14);
  });

  it("bad input", () => {
    const op = diagonalOperator([1, 2]);
    const refused = (b: unknown, options: unknown = {}, operator: unknown = op) =>
      expect(() => conjugateGradients(operator as LinearOperator, b as number[], options as ConjugateGradientsOptions));
    refused([1]).toThrow(new RangeError('conjugateGradients: "b" expected 2 numbers, got 1'));
    refused([1, NaN]).toThrow('conjugateGradients: "b" expected finite numbers, got NaN at index 1');
    refused("ab").toThrow(TypeError);
    refused([1, 1], { tol: 1 }).toThrow(TypeError);
    refused([1, 1], { tolerance: -1 }).toThrow(RangeError);
    refused([1, 1], { maxSteps: 1.5 }).toThrow(RangeError);
    refused([1, 1], { x0: [1] }).toThrow(RangeError);
    refused([1, 1], { radius: 0 }).toThrow(RangeError);
    refused([1, 1], { radius: 1, x0: [0, 0] }).toThrow('"x0" expected nothing beside a radius');
    refused([1, 1], { progress: -1 }).toThrow(RangeError);
    refused([1, 1], { keepIterates: 1 }).toThrow(TypeError);
    refused([1, 1], { preconditioner: diagonalOperator([1]) }).toThrow('"preconditioner.size" expected 2');
    refused([1, 1], { preconditioner: () => 1 }).toThrow(TypeError);
    refused([1, 1], {}, {}).toThrow(TypeError);
  });
});
