// Oracles: matrices built from their eigenvalues, diagonal operators (sorted entries), residuals
// and inner products by plain loops.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type LanczosOptions,
  type LanczosResult,
  type LinearOperator,
  lanczos,
  spectralDensity,
  type Which,
} from "../../src/index.js";
import { Krylov } from "../../src/linalg/krylov.js";
import { Products } from "../../src/linalg/operator.js";
import { fillNormal } from "../../src/linalg/vector.js";
import { Random } from "../../src/random.js";
import { coreMath } from "../../src/wasm/math.js";
import { diagonalOperator, inner, length, operatorOf, orthogonality, withSpectrum } from "../oracle/spectra.js";
import { sameBits } from "../support.js";

const sequence = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));

function expected(spectrum: ArrayLike<number>, k: number, which: Which): number[] {
  const sorted = Array.from(spectrum).sort((a, b) => a - b);
  const count = Math.min(k, sorted.length);
  if (which === "magnitude") {
    const byMagnitude = [...sorted].sort((a, b) => Math.abs(b) - Math.abs(a) || b - a);
    return byMagnitude.slice(0, count).sort((a, b) => a - b);
  }
  const top = which === "largest" ? count : which === "smallest" ? 0 : Math.ceil(count / 2);
  return [...sorted.slice(0, count - top), ...sorted.slice(sorted.length - top)];
}

/** The largest distance of true residuals, relative to the norm. */
function worstResidual(op: LinearOperator, { values, vectors }: LanczosResult, norm: number): number {
  let worst = 0;
  vectors.forEach((x, i) => {
    worst = Math.max(worst, length(Array.from(op.matvec(x), (y, j) => (y - values[i] * x[j]) / norm)));
  });
  return worst;
}

function expectEigenvalues(op: LinearOperator, spectrum: ArrayLike<number>, options: LanczosOptions): LanczosResult {
  const { k = 6, which = "magnitude", tolerance = 1e-8 } = options;
  const result = lanczos(op, options);
  const values = expected(spectrum, k, which);
  const norm = Math.max(...Array.from(spectrum, Math.abs), 1e-300);
  expect(result.status, result.reason).toBe("converged");
  expect(result.values.length).toBe(values.length);
  values.forEach((value, i) => {
    expect(Math.abs(result.values[i] - value) / norm).toBeLessThan(tolerance);
  });
  expect(worstResidual(op, result, norm)).toBeLessThan(Math.max(tolerance, 1e-13));
  expect(orthogonality(result.vectors)).toBeLessThan(1e-12);
  expect(Math.max(...result.residuals, 0)).toBeLessThanOrEqual(Math.max(tolerance, 1e-13) * norm * 1.1);
  return result;
}

const whiches: Which[] = ["magnitude", "largest", "smallest", "both"];

const spectra: [string, number[]][] = [
  ["distinct", sequence(60, (i) => i - 20)],
  ["a bulk and outliers", sequence(200, (i) => (i < 5 ? 10 * (i + 1) : i < 8 ? -i : Math.sin(i) / 10))],
  ["rank 3", sequence(50, (i) => (i < 3 ? i - 1.5 : 0))],
  ["repeated, few distinct", sequence(60, (i) => i % 4)],
  ["repeated at the ends", sequence(150, (i) => (i < 4 ? 3 : i < 7 ? -2 : Math.cos(i)))],
  ["pairs", sequence(100, (i) => i >> 1)],
  ["graded", sequence(40, (i) => 10 ** (-i / 2))],
  ["the identity", sequence(30, () => 1)],
  ["minus the identity", sequence(30, () => -1)],
  ["zero", sequence(30, () => 0)],
  ["±1", sequence(40, (i) => (i % 2 ? 1 : -1))],
];

describe.each(spectra)("%s", (_, spectrum) => {
  const dense = operatorOf(withSpectrum(spectrum, 3));
  it.each(whiches)("%s, dense and diagonal", (which) => {
    for (const k of [1, 2, 7]) {
      // Of eigenvalues of one size and either sign it is open which are taken.
      if (which === "magnitude" && spectrum.some((x) => x !== 0 && spectrum.includes(-x))) continue;
      expectEigenvalues(dense, spectrum, { k, which });
      expectEigenvalues(diagonalOperator(spectrum), spectrum, { k, which, seed: 5 });
    }
  });

  it("all of them, multiplicities and all, where k is the size or more", () => {
    for (const k of [spectrum.length, spectrum.length + 10]) {
      const result = expectEigenvalues(dense, spectrum, { k, tolerance: 1e-12 });
      expect(result.steps).toBe(spectrum.length);
    }
  });

  it.skipIf(spectrum.length > 100)("with a basis so small that it restarts all the time", () => {
    expectEigenvalues(dense, spectrum, { k: 2, which: "largest", basis: 12, steps: 5000 });
  });
});

describe("sizes", () => {
  it("0", () => {
    const { status, values, vectors, residuals, steps } = lanczos({ size: 0, matvec: (v) => v });
    expect([status, values.length, vectors.length, residuals.length, steps]).toEqual(["converged", 0, 0, 0, 0]);
  });

  it.each(whiches)("1 and 2, %s", (which) => {
    for (const k of [1, 2, 3]) {
      expectEigenvalues(diagonalOperator([-3]), [-3], { k, which });
      expectEigenvalues(operatorOf(withSpectrum([-3, 2], 1)), [-3, 2], { k, which });
      expectEigenvalues(diagonalOperator([2, 2]), [2, 2], { k, which });
      expectEigenvalues(diagonalOperator([0, 0]), [0, 0], { k, which });
    }
  });

  it("100,000, of which few lie apart", () => {
    const spectrum = sequence(100_000, (i) => (i < 3 ? 10 + i : i === 3 ? -5 : Math.sin(i)));
    const result = expectEigenvalues(diagonalOperator(spectrum), spectrum, { k: 4 });
    expect(result.steps).toBeLessThan(150);
  });
});

describe("scales", () => {
  it.each([1e300, 1e150, 1e-150, 1e-300])("%d times the matrix has as many times the eigenvalues", (factor) => {
    const spectrum = sequence(60, (i) => (i - 20) / 40);
    const result = lanczos(diagonalOperator(spectrum.map((x) => x * factor)), { k: 3, which: "both" });
    expect(result.status).toBe("converged");
    [-0.5, 38 / 40, 39 / 40].forEach((value, i) => {
      expect(Math.abs(result.values[i] / factor - value)).toBeLessThan(1e-8);
    });
  });
});

describe("further copies", () => {
  const spectrum = sequence(400, (i) => (i < 3 ? 5 : i / 400));

  it("are found by searching again, without an invariant subspace to tell of them", () => {
    expectEigenvalues(diagonalOperator(spectrum), spectrum, { k: 1 });
    expectEigenvalues(diagonalOperator(spectrum), spectrum, { k: 4, which: "largest" });
    expectEigenvalues(diagonalOperator(spectrum), spectrum, { k: 3, tolerance: 1e-4 });
  });

  it("`verify: false` takes fewer products", () => {
    const plain = lanczos(diagonalOperator(spectrum), { k: 1, verify: false });
    expect(plain.status).toBe("converged");
    expect(plain.values[0]).toBeCloseTo(5, 10);
    expect(plain.steps).toBeLessThan(lanczos(diagonalOperator(spectrum), { k: 1 }).steps);
  });

  it("from many seeds, none is missed", () => {
    for (let seed = 0; seed < 40; seed++) {
      const two = sequence(200, (i) => (i < 2 ? -1 : Math.abs(Math.sin(i))));
      const { values, status } = lanczos(diagonalOperator(two), { k: 2, which: "smallest", seed });
      expect(status).toBe("converged");
      expect(Math.abs(values[1] + 1)).toBeLessThan(1e-8);
    }
  });

  it("a start within an invariant subspace does not confine the search", () => {
    const start = new Float64Array(400);
    start[399] = 1;
    expectEigenvalues(diagonalOperator(spectrum), spectrum, { k: 4, start });
  });
});

describe("the basis", () => {
  it("stays orthonormal to 1e-12 where plain Lanczos would lose it", () => {
    const spectrum = sequence(300, (i) => (i === 0 ? 1e6 : i === 1 ? -1e5 : Math.sin(i)));
    const krylov = new Krylov(new Products("test", operatorOf(withSpectrum(spectrum, 9))), 120, "");
    krylov.begin((v) => fillNormal(v, new Random(1), coreMath()));
    while (krylov.steps < 120) expect(krylov.step()).toBe(true);
    expect(orthogonality(krylov.basis)).toBeLessThan(1e-12);
  });

  it("stays so through restarts and fresh vectors, and H = VᵀAV", () => {
    const spectrum = sequence(80, (i) => (i < 20 ? 7 : Math.sin(i)));
    const op = operatorOf(withSpectrum(spectrum, 9));
    const krylov = new Krylov(new Products("test", op), 24, "");
    const random = new Random(2);
    krylov.begin((v) => fillNormal(v, random, coreMath()));
    for (let round = 0; round < 6; round++) {
      while (krylov.steps < 24 && !krylov.closed) expect(krylov.step()).toBe(true);
      expect(orthogonality(krylov.basis)).toBeLessThan(1e-12);
      const ritz = krylov.ritz();
      const chosen = Array.from({ length: 10 }, (_, i) => ritz.values.length - 10 + i);
      const vectors = krylov.vectors(ritz, chosen);
      vectors.forEach((x, i) => {
        const residual = Array.from(op.matvec(x), (y, j) => y - ritz.values[chosen[i]] * x[j]);
        expect(inner(x, residual)).toBeLessThan(1e-12);
        const claimed = Math.abs(ritz.open[chosen[i]]) + ritz.fixed(chosen[i]);
        expect(length(residual)).toBeLessThan(claimed * (1 + 1e-6) + 1e-12);
      });
      krylov.compress(ritz, chosen);
      if (round % 2 === 1 || krylov.closed) krylov.inject(random, coreMath());
    }
  });
});

describe("trouble is a status", () => {
  it("runs out of steps, with the best so far and honest residuals", () => {
    const spectrum = sequence(1000, (i) => i / 1000);
    const op = diagonalOperator(spectrum);
    const result = lanczos(op, { k: 3, steps: 20 });
    expect(result.status).toBe("max-steps");
    expect(result.reason).toMatch(/^\d of 3 residuals are within the tolerance after 20 products$/);
    expect(result.steps).toBe(20);
    result.vectors.forEach((x, i) => {
      const residual = length(Array.from(op.matvec(x), (y, j) => y - result.values[i] * x[j]));
      expect(Math.abs(residual - result.residuals[i])).toBeLessThan(1e-10);
    });
    expect(lanczos(op, { k: 3, steps: 2 }).values.length).toBe(2);
  });

  it.each([NaN, Infinity, -Infinity])("a product with %d", (bad) => {
    const values = sequence(20, (i) => i);
    let products = 0;
    const op = {
      size: 20,
      matvec: (v: ArrayLike<number>) =>
        Float64Array.from(v, (x, i) => (++products > 200 && i === 3 ? bad : x * values[i])),
    };
    const result = lanczos(op, { k: 2, verify: false });
    expect(result.status).toBe("non-finite");
    expect(result.reason).toBe(`op.matvec gave ${bad} at index 3 of product ${result.steps}`);
    for (const x of result.values) expect(Number.isFinite(x)).toBe(true);
    expect(lanczos(diagonalOperator([bad, 1])).values.length).toBe(0);
  });

  it("products that are not symmetric", () => {
    const A = sequence(900, (i) => Math.sin(i * i));
    const op = operatorOf(sequence(30, (i) => i).map((i) => A.slice(30 * i, 30 * i + 30)));
    const result = lanczos(op, { k: 2 });
    expect(result.status).toBe("stalled");
    expect(result.reason).toMatch(/symmetric only to within/);
  });

  it("a tolerance beyond single precision; the default is not", () => {
    const A = withSpectrum(
      sequence(100, (i) => (i < 3 ? 5 + i : Math.sin(i))),
      4,
    ).map((row) => Float32Array.from(row));
    const op = { size: 100, matvec: (v: ArrayLike<number>) => Float32Array.from(A, (row) => inner(row, v)) };
    const result = lanczos(op, { k: 3 });
    expect(result.status).toBe("converged");
    [5, 6, 7].forEach((value, i) => expect(Math.abs(result.values[i] - value)).toBeLessThan(1e-5));
    expect(lanczos(op, { k: 3, tolerance: 1e-12 }).status).toBe("stalled");
  });
});

describe("operators of all kinds", () => {
  const spectrum = sequence(50, (i) => i * i);

  it("may work in place, reuse their result, or hand their argument back", () => {
    const shared = new Float64Array(50);
    const scaling = (v: Float64Array | Float32Array) => {
      v.forEach((x, i) => {
        v[i] = x * spectrum[i];
      });
      return v;
    };
    const copying = (v: Float64Array | Float32Array) => {
      shared.set(v.map((x, i) => x * spectrum[i]));
      return shared;
    };
    const reference = lanczos(diagonalOperator(spectrum));
    for (const matvec of [scaling, copying]) {
      expect(sameBits(lanczos({ size: 50, matvec }).values, reference.values)).toBe(true);
    }
    expectEigenvalues(
      { size: 9, matvec: (v) => v },
      sequence(9, () => 1),
      { k: 3 },
    );
  });

  it("same seed, same bits; another seed, the same eigenvalues", () => {
    const op = diagonalOperator(spectrum);
    const [a, b, c] = [1, 1, 2].map((seed) => lanczos(op, { k: 2, seed }));
    expect(sameBits(a.values, b.values) && sameBits(a.vectors[0], b.vectors[0])).toBe(true);
    expect(sameBits(a.vectors[0], c.vectors[0])).toBe(false);
    c.values.forEach((value, i) => expect(Math.abs(value - a.values[i])).toBeLessThan(1e-8 * 2401));
  });

  it("any spectrum, any k", () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -5, max: 5, noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 45 }),
        fc.constantFrom<Which>("largest", "smallest", "both"),
        fc.integer({ min: 0, max: 1e6 }),
        (spectrum, k, which, seed) => {
          expectEigenvalues(operatorOf(withSpectrum(spectrum, seed)), spectrum, { k, which, seed });
        },
      ),
      { numRuns: 60, seed: 2 },
    );
  });

  it("as in the documentation", () => {
    const op: LinearOperator = { size: 3, matvec: (v) => v.map((x, i) => (i + 1) * x) };
    expect(lanczos(op, { k: 1 }).values[0]).toBeCloseTo(3, 12);
  });
});

describe("bad input is refused before any product", () => {
  const never = { size: 5, matvec: () => expect.fail("a product was taken") };
  it.each<[unknown, unknown, typeof TypeError | typeof RangeError, string]>([
    [null, {}, TypeError, 'lanczos: "op" expected an operator { size, matvec(v) }, got null'],
    [{ size: 2.5, matvec() {} }, {}, RangeError, 'lanczos: "op.size" expected an integer of at least 0, got 2.5'],
    [{ size: 5 }, {}, TypeError, 'lanczos: "op.matvec" expected a function, got undefined'],
    [never, { kk: 1 }, TypeError, 'lanczos: unknown option "kk"; did you mean "k"?'],
    [never, { k: 0 }, RangeError, 'lanczos: "k" expected a positive integer, got 0'],
    [never, { which: "top" }, RangeError, 'lanczos: "which" expected a known name'],
    [never, { seed: -1 }, RangeError, 'lanczos: "seed" expected an integer of at least 0, got -1'],
    [never, { tolerance: NaN }, RangeError, 'lanczos: "tolerance" expected a finite number of at least 0, got NaN'],
    [never, { steps: 0 }, RangeError, 'lanczos: "steps" expected a positive integer, got 0'],
    [never, { verify: 1 }, TypeError, 'lanczos: "verify" expected true or false, got 1'],
    [never, { k: 2, basis: 3 }, RangeError, 'lanczos: "basis" expected at least k + 2 = 4 vectors, got 3'],
    [never, { start: [1, 2] }, RangeError, 'lanczos: "start" expected 5 numbers, got 2'],
    [never, { start: [0, 0, 0, 0, 0] }, RangeError, 'lanczos: "start" expected a vector other than 0, got 0'],
  ])("%o, %o", (op, options, kind, message) => {
    const call = () => lanczos(op as LinearOperator, options as LanczosOptions);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  it("products of the wrong kind or length", () => {
    const of = (result: unknown) => () => lanczos({ size: 2, matvec: () => result as Float64Array });
    expect(of([1, 2])).toThrow(
      new TypeError('lanczos: "op.matvec" expected a Float64Array or Float32Array in return, got an array of 2'),
    );
    expect(of(new Float64Array(3))).toThrow(new RangeError('lanczos: "op.matvec" expected 2 numbers in return, got 3'));
  });
});

it("ends where ‖A‖ overflows, and so does the density", () => {
  const op = { size: 2, matvec: (v: Float64Array) => Float64Array.from([0, 1], () => 1e308 * v[0] + 1e308 * v[1]) };
  for (const seed of [0, 1, 2, 3]) {
    const { status, reason } = lanczos(op, { k: 1, seed, start: [1, 1 + seed / 8] });
    expect(status).toBe("non-finite");
    expect(reason).toMatch(/^op\.matvec gave -?Infinity|overflows/);
    expect(["non-finite", "converged"]).toContain(spectralDensity(op, { seed, probes: 2 }).status);
  }
});
