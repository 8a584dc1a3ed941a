// Oracle: the conditions that each search promises, checked on random functions of one variable
// with exact derivatives.

import { describe, expect, it } from "vitest";
import type { SmoothFunction } from "../../../src/index.js";
import type { Model } from "../../../src/optimize/directions/direction.js";
import { Memory } from "../../../src/optimize/memory.js";
import { ArmijoSearch, shrink } from "../../../src/optimize/searches/armijo.js";
import { DampingSearch, dampingAt, judged, MARTENS } from "../../../src/optimize/searches/damping.js";
import { FixedSearch } from "../../../src/optimize/searches/fixed.js";
import type { Move, Search } from "../../../src/optimize/searches/search.js";
import { TrustRegionSearch } from "../../../src/optimize/searches/trust-region.js";
import { WolfeSearch } from "../../../src/optimize/searches/wolfe.js";
import { Random } from "../../cases.js";
import { localAt } from "../local.js";

/** Waves on a bowl: Σ aᵢ·sin(bᵢx + cᵢ) + x²/100. */
function waves(seed: number, scale = 1): SmoothFunction & { at(x: number): number; slope(x: number): number } {
  const random = new Random(seed);
  const terms = Array.from({ length: 5 }, () => [random.normal(), 0.3 + 3 * random.uniform(), 6 * random.uniform()]);
  const at = (x: number) => scale * terms.reduce((sum, [a, b, c]) => sum + a * Math.sin(b * x + c), 0.01 * x * x);
  const slope = (x: number) => scale * terms.reduce((sum, [a, b, c]) => sum + a * b * Math.cos(b * x + c), 0.02 * x);
  return { at, slope, value: ([x]) => at(x), gradient: ([x]) => [slope(x)] };
}

/** A model whose step is −g times something, with a fall of half the slope. */
const along = (slope: number, length: number): Model => ({
  damped: (damping) => {
    const step = Float64Array.of((-Math.sign(slope) * length) / (1 + damping));
    return { step, slope: slope * step[0], decrease: -0.5 * slope * step[0] };
  },
  within: (radius) => {
    const step = Float64Array.of(-Math.sign(slope) * Math.min(length, radius));
    return { step, slope: slope * step[0], decrease: -0.5 * slope * step[0] };
  },
});

const lengths = [1e-6, 1e-2, 0.5, 3, 100, 1e6];
const starts = Array.from({ length: 30 }, (_, seed) => seed);

function isMove(found: ReturnType<Search["find"]>): found is Move {
  return typeof found === "object" && "step" in found;
}

describe.each([1, 1e-12, 1e12])("values of the size of %d", (scale) => {
  it("the strong Wolfe conditions hold", () => {
    let moves = 0;
    for (const seed of starts) {
      for (const length of lengths) {
        const f = waves(seed, scale);
        const x = 3 * new Random(seed + 1000).normal();
        const local = localAt(f, [x]);
        const found = new WolfeSearch(0).find(local, along(f.slope(x), length), new Memory(), 1);
        if (!isMove(found)) continue;
        moves++;
        const unit = -Math.sign(f.slope(x));
        const t = found.step[0] * unit;
        expect(t).toBeGreaterThan(0);
        expect(found.value).toBe(f.at(local.theta[0] + found.step[0]));
        expect(found.value).toBeLessThanOrEqual(f.at(x) - 1e-4 * t * Math.abs(f.slope(x)) + local.noise);
        expect(Math.abs(f.slope(x + found.step[0]))).toBeLessThanOrEqual(0.9 * Math.abs(f.slope(x)) * (1 + 1e-9));
        // What was looked at last is where the point moves to.
        expect(local.problem.workspace.read("f64", local.problem.next, 1)[0]).toBe(x + found.step[0]);
      }
    }
    expect(moves).toBe(starts.length * lengths.length);
  });

  it("Armijo's condition holds, and the step is no longer than asked for", () => {
    for (const seed of starts) {
      for (const length of lengths) {
        const f = waves(seed, scale);
        const x = 3 * new Random(seed + 1000).normal();
        const local = localAt(f, [x]);
        const found = new ArmijoSearch(0).find(local, along(f.slope(x), length), new Memory(), 0.5);
        expect(isMove(found)).toBe(true);
        const { step, value, report } = found as Move;
        const t = Math.abs(step[0]);
        expect(t).toBeLessThanOrEqual(0.5 * length);
        expect(value).toBe(f.at(x + step[0]));
        expect(value).toBeLessThanOrEqual(f.at(x) - 1e-4 * t * Math.abs(f.slope(x)));
        // The model is −t·|slope|·(1 − t/(2·length)) along the step.
        const predicted = t * Math.abs(f.slope(x)) * (1 - t / (2 * length));
        expect(report.gainRatio).toBeCloseTo((f.at(x) - value) / predicted, 4);
      }
    }
  });

  it("a trust region takes what falls, within its radius, and moves the radius by the gain ratio", () => {
    for (const seed of starts) {
      for (const length of lengths) {
        const f = waves(seed, scale);
        const x = 3 * new Random(seed + 1000).normal();
        const memory = new Memory();
        memory.scalars.set("radius", 2);
        const found = new TrustRegionSearch({ initialRadius: null, maxRadius: 3 }).find(
          localAt(f, [x]),
          along(f.slope(x), length),
          memory,
        );
        expect(isMove(found)).toBe(true);
        const { step, value, report } = found as Move;
        const t = Math.abs(step[0]);
        expect(t).toBeLessThanOrEqual(2);
        expect(value).toBeLessThan(f.at(x));
        const ratio = (f.at(x) - value) / (0.5 * t * Math.abs(f.slope(x)));
        expect(Math.abs(Number(report.gainRatio) / ratio - 1)).toBeLessThan(1e-6);
        const radius = memory.scalar("radius", 0);
        expect(report.radius).toBe(radius);
        expect(radius).toBeLessThanOrEqual(3);
        if (ratio < 0.25) expect(radius).toBeCloseTo(0.5 * t, 12);
        else if (t < 1) expect(radius).toBeLessThanOrEqual(2);
      }
    }
  });

  it("damping grows until something falls, and follows the gain ratio", () => {
    for (const seed of starts) {
      for (const length of lengths) {
        const f = waves(seed, scale);
        const x = 3 * new Random(seed + 1000).normal();
        const memory = new Memory();
        const search = new DampingSearch({ start: 1, ...MARTENS });
        const found = search.find(localAt(f, [x]), along(f.slope(x), length), memory);
        expect(isMove(found)).toBe(true);
        const { step, value, report } = found as Move;
        expect(value).toBeLessThan(f.at(x));
        const used = length / Math.abs(step[0]) - 1;
        const factor = Number(report.damping) / used;
        const expected = Number(report.gainRatio) > 0.75 ? 2 / 3 : Number(report.gainRatio) < 0.25 ? 3 / 2 : 1;
        expect(Math.abs(factor / expected - 1)).toBeLessThan(1e-6);
        // 1·(3/2)^k.
        const k = Math.log(used) / Math.log(1.5);
        expect(Math.abs(k - Math.round(k))).toBeLessThan(1e-6);
      }
    }
  });
});

describe("damping on a batch among others", () => {
  const bowl = (curvature: number, minimum = 0): SmoothFunction => ({
    value: ([x]) => 0.5 * curvature * (x - minimum) ** 2,
    gradient: ([x]) => [curvature * (x - minimum)],
  });
  /**
   * A step of −1 from 3 that a model of curvature 1 has made on one batch, judged on the next at 2.
   */
  const factorOn = (next: SmoothFunction, scale: number, solvesBatch = false) => {
    const settings = { start: 1, ...MARTENS, solvesBatch };
    const memory = new Memory();
    const first = localAt(scaledBy(bowl(1), scale), [3]);
    first.problem.stochastic = true;
    const predicted = 2.5 * scale;
    const taken = { local: first, memory, damping: 8, ratio: 1, step: Float64Array.of(-1), predicted };
    expect(judged(settings, taken)).toBe(8);
    const second = localAt(scaledBy(next, scale), [2]);
    second.problem.stochastic = true;
    const damping = dampingAt(settings, second, memory);
    expect(memory.vectors.has("judged")).toBe(false);
    return damping / 8;
  };
  const scaledBy = ({ value, gradient }: SmoothFunction, scale: number): SmoothFunction => ({
    value: (x) => scale * value(x),
    gradient: (x) => Array.from(gradient?.(x) ?? [], (slope) => scale * slope),
  });

  it.each([1, 1e-9, 1e9])("the next batch judges the curvature, in units of %d", (scale) => {
    // 1 − |c − 1| for a curvature c there, wherever its minimum lies, as long as the value falls.
    for (const minimum of [0, -40, 1]) {
      expect(factorOn(bowl(1, minimum), scale)).toBeCloseTo(2 / 3, 12);
      expect(factorOn(bowl(1.24, minimum), scale)).toBeCloseTo(2 / 3, 12);
      expect(factorOn(bowl(1.26, minimum), scale)).toBe(1);
      expect(factorOn(bowl(0.26, minimum), scale)).toBe(1);
      expect(factorOn(bowl(1.74, minimum), scale)).toBe(1);
      expect(factorOn(bowl(1.76, minimum), scale)).toBeCloseTo(3 / 2, 12);
      expect(factorOn(bowl(0.24, minimum), scale)).toBeCloseTo(3 / 2, 12);
    }
    // There the step leads up, which is the gradient's noise and nothing that damping cures, but
    // where a step is made to solve its batch.
    expect(factorOn(bowl(1, 2.6), scale)).toBeCloseTo(2 / 3, 12);
    expect(factorOn(bowl(1, 2.6), scale, true)).toBeCloseTo(3 / 2, 12);
    expect(factorOn(bowl(1, 2.4), scale, true)).toBeCloseTo(2 / 3, 12);
  });

  it("the first step begins as asked, and on all rows the step's own ratio counts", () => {
    const local = localAt(bowl(1), [3]);
    const memory = new Memory();
    expect(dampingAt({ start: 0.3, ...MARTENS }, local, memory)).toBe(0.3);
    const taken = { local, memory, damping: 8, step: Float64Array.of(-1), predicted: 2.5 };
    expect(judged({ start: 1, ...MARTENS }, { ...taken, ratio: 0.2 })).toBe(12);
    expect(memory.vectors.size).toBe(0);
    expect(dampingAt({ start: 1, ...MARTENS }, local, memory)).toBe(12);
  });
});

describe("the ends of a search", () => {
  const bowl: SmoothFunction = { value: ([x]) => x * x, gradient: ([x]) => [2 * x] };
  const wrong: SmoothFunction = { value: ([x]) => x * x, gradient: ([x]) => [-2 * x] };
  const nowhere: Model = { damped: () => null };
  const searches: [string, Search][] = [
    ["armijo", new ArmijoSearch(0)],
    ["wolfe", new WolfeSearch(0)],
    ["damping", new DampingSearch({ start: 1, ...MARTENS })],
    ["trust region", new TrustRegionSearch({ initialRadius: null, maxRadius: 10 })],
  ];

  it.each(searches)("%s: nothing falls", (_, search) => {
    const found = search.find(localAt(wrong, [1]), along(-2, 1), new Memory(), 1);
    expect(found).toMatchObject({ status: "stalled" });
  });

  it.each(searches)("%s: a fall too small to be seen is critical", (_, search) => {
    expect(search.find(localAt(bowl, [1]), along(2, 1e-20), new Memory(), 1)).toBe("critical");
  });

  it.each(searches.slice(0, 3))("%s: no step at all", (_, search) => {
    const found = search.find(localAt(bowl, [1]), nowhere, new Memory(), 1);
    expect(found).toMatchObject({ status: "not-positive-definite" });
  });

  it("fixed: the whole step times the rate, wherever it leads, but not out of the range", () => {
    const found = new FixedSearch(0).find(localAt(bowl, [1]), along(2, 8), new Memory(), 0.5) as Move;
    expect([found.step[0], found.value]).toEqual([-4, 9]);
    const far: SmoothFunction = { ...bowl, value: ([x]) => (x < 0 ? Number.NaN : x * x) };
    expect(new FixedSearch(0).find(localAt(far, [1]), along(2, 8), new Memory(), 0.5)).toMatchObject({
      status: "non-finite",
    });
    expect(new FixedSearch(0).find(localAt(bowl, [1]), nowhere, new Memory(), 1)).toMatchObject({
      status: "not-positive-definite",
    });
    expect(new FixedSearch(0).find(localAt(bowl, [1]), along(2, 0), new Memory(), 1)).toBe("critical");
  });

  it("wolfe goes on where the objective falls for ever, and comes back from where it is not finite", () => {
    const slope: SmoothFunction = { value: ([x]) => -x, gradient: () => [-1] };
    const found = new WolfeSearch(0).find(localAt(slope, [0]), along(-1, 1), new Memory(), 1) as Move;
    expect(found.value).toBeLessThan(-1e3);
    const cliff: SmoothFunction = {
      value: ([x]) => (x < 0.1 ? Number.NaN : x - Math.log(x - 0.1)),
      gradient: ([x]) => [x < 0.1 ? Number.NaN : 1 - 1 / (x - 0.1)],
    };
    const back = new WolfeSearch(0).find(localAt(cliff, [5]), along(1, 100), new Memory(), 1) as Move;
    expect(5 + back.step[0]).toBeGreaterThan(0.1);
    expect(5 + back.step[0]).toBeLessThan(5);
  });

  it("a step is shortened to the parabola's minimum, between a tenth and a half", () => {
    expect(shrink(0, 3, -1)).toBeCloseTo(0.125, 12);
    expect(shrink(0, 100, -1)).toBe(0.1);
    expect(shrink(0, 0.1, -1)).toBeCloseTo(1 / 2.2, 12);
    expect(shrink(0, 0, -1)).toBe(0.5);
    expect(shrink(0, Number.NaN, -1)).toBe(0.5);
  });
});
