// Oracle: functions of one variable whose values are prescribed, so that each threshold of a search
// can be met from both sides.

import { describe, expect, it } from "vitest";
import type { SmoothFunction } from "../../../src/index.js";
import type { Model, Proposal } from "../../../src/optimize/directions/direction.js";
import { Memory } from "../../../src/optimize/memory.js";
import { ArmijoSearch, shrink } from "../../../src/optimize/searches/armijo.js";
import { DampingSearch, MARTENS } from "../../../src/optimize/searches/damping.js";
import { FallbackSearch } from "../../../src/optimize/searches/fallback.js";
import { FixedSearch } from "../../../src/optimize/searches/fixed.js";
import { IteratesSearch } from "../../../src/optimize/searches/iterates.js";
import { LevenbergSearch } from "../../../src/optimize/searches/levenberg.js";
import { extended, failed, fallsTo, type Move, nothingLeft, scaled } from "../../../src/optimize/searches/search.js";
import { TrustRegionSearch } from "../../../src/optimize/searches/trust-region.js";
import { localAt } from "../local.js";

/**
 * A function of the way from 1, with slope −1 there unless said otherwise; values are those of a
 * table, and what is asked for is written down.
 */
function prescribed(at: (t: number) => number, slope = -1) {
  const asked: number[] = [];
  const f: SmoothFunction = {
    value: ([x]) => {
      asked.push(x - 1);
      return at(x - 1);
    },
    gradient: () => [slope],
  };
  const local = localAt(f, [1]);
  asked.length = 0;
  return { local, asked };
}

const step = (length: number, decrease: number): Proposal => ({
  step: Float64Array.of(length),
  slope: -length,
  decrease,
});

describe("a trust region of radius 4", () => {
  /**
   * A step of that length with a predicted fall of 1, of which the share comes true; what becomes
   * of the radius.
   */
  const radius = (ratio: number, length: number, maxRadius = 100) => {
    const { local, asked } = prescribed((t) => 10 - (t === 0 ? 0 : ratio));
    const model: Model = { damped: () => null, within: (r) => step(Math.min(length, r), Math.min(length, r) / length) };
    const memory = new Memory();
    memory.scalars.set("radius", 4);
    const found = new TrustRegionSearch({ initialRadius: null, maxRadius }).find(local, model, memory) as Move;
    return { radius: memory.scalar("radius", 0), found, asked };
  };

  it("shrinks to half the step where less than a quarter comes true", () => {
    expect(radius(0.24, 2).radius).toBe(1);
    expect(radius(0.26, 2).radius).toBe(4);
    expect(radius(0.24, 4).radius).toBe(2);
  });

  it("doubles where more than three quarters does, over a step to its edge", () => {
    expect(radius(0.76, 4).radius).toBe(8);
    expect(radius(0.74, 4).radius).toBe(4);
    expect(radius(0.76, 3.97).radius).toBe(8);
    expect(radius(0.76, 3.95).radius).toBe(4);
    expect(radius(0.76, 4, 6).radius).toBe(6);
  });

  it("refuses what falls by less than a ten-thousandth of the prediction, and looks within a quarter", () => {
    const taken = radius(1.01e-4, 2);
    expect([taken.asked, taken.radius]).toEqual([[2], 1]);
    const refused = radius(0.99e-4, 2);
    expect(refused.asked[1]).toBe(0.5);
    expect(refused.found.step[0]).toBe(0.5);
  });

  it("no number is no fall", () => {
    const { local, asked } = prescribed((t) => (t > 1.5 ? Number.NaN : 10 - t));
    const model: Model = { damped: () => null, within: (r) => step(r, r) };
    const memory = new Memory();
    memory.scalars.set("radius", 4);
    const found = new TrustRegionSearch({ initialRadius: null, maxRadius: 4 }).find(local, model, memory) as Move;
    expect(asked.slice(0, 2)).toEqual([4, 1]);
    expect(found.value).toBe(9);
  });

  it("that nobody has chosen is a tenth of the parameters, and is widened by tens while the model holds", () => {
    const search = new TrustRegionSearch({ initialRadius: null, maxRadius: 1e6 });
    const run = (until: number, given = search) => {
      const { local, asked } = prescribed((t) => 10 - (t <= until ? t : 0));
      const memory = new Memory();
      const found = given.find(local, { damped: () => null, within: (r) => step(r, r) }, memory) as Move;
      return {
        asked: asked.map((t) => Number(t.toPrecision(6))),
        length: found.step[0],
        radius: memory.scalar("radius", 0),
      };
    };
    const wide = run(20);
    expect(wide.asked.slice(0, 4)).toEqual([0.1, 1, 10, 100]);
    expect(wide.length).toBeCloseTo(10, 12);
    expect(wide.radius).toBeCloseTo(10, 12);
    // The point that was chosen is the one that was looked at last.
    expect(wide.asked.at(-1)).toBe(10);
    const chosen = run(20, new TrustRegionSearch({ initialRadius: 0.1, maxRadius: 1e6 }));
    expect(chosen.asked[0]).toBe(0.1);
    const limited = run(20, new TrustRegionSearch({ initialRadius: null, maxRadius: 2 }));
    expect(limited.length).toBeCloseTo(1, 12);
  });
});

describe("armijo", () => {
  const model = (decrease = 0.5): Model => ({ damped: () => step(1, decrease) });
  const run = (at: (t: number) => number, rate = 1) => {
    const { local, asked } = prescribed(at);
    return { found: new ArmijoSearch(0).find(local, model(), new Memory(), rate), asked };
  };

  it("asks for a ten-thousandth of the slope", () => {
    expect(run((t) => 10 - 1.01e-4 * t).asked).toEqual([1]);
    expect(run((t) => 10 - 0.99e-4 * t).asked.length).toBeGreaterThan(1);
  });

  it("shortens to the parabola's minimum", () => {
    const { found, asked } = run((t) => 10 - t + 2 * t * t);
    expect(asked).toEqual([1, 0.25]);
    expect((found as Move).value).toBe(10 - 0.25 + 0.125);
  });

  it("gives up where the fall that it asks for cannot be seen", () => {
    const { found, asked } = run((t) => 10 + t);
    expect(found).toMatchObject({ status: "stalled" });
    const least = Math.min(...asked);
    expect(least).toBeGreaterThan(10 * 2 ** -50);
    expect(least).toBeLessThan(2 * 10 * 10 * 2 ** -50 * 10);
  });

  it("shrinks between a tenth and a half", () => {
    // −slope / (2·(rise − slope)) is a tenth where the rise is 4, a half where it is 0.
    expect(shrink(0, 4.01, -1)).toBe(0.1);
    expect(shrink(0, 3.99, -1)).toBeCloseTo(1 / 9.98, 12);
    expect(shrink(0, 0.01, -1)).toBeCloseTo(1 / 2.02, 12);
    expect(shrink(0, -0.01, -1)).toBe(0.5);
    expect(shrink(0, -2, -1)).toBe(0.1);
    expect(shrink(0, Infinity, -1)).toBe(0.1);
    expect(shrink(0, -Infinity, -1)).toBe(0.5);
  });
});

describe("a longer step", () => {
  const longer = (at: (t: number) => number, curvature: number, most = Infinity) => {
    const { local, asked } = prescribed(at);
    return { ...extended(local, { ...step(1, 1), curvature }, { scale: 1, value: at(1) }, most), asked };
  };

  it("is tried where the model's minimum is ten steps away or more", () => {
    const line = (t: number) => 10 - (t < 50 ? t : 0);
    expect(longer(line, 0.11)).toMatchObject({ scale: 1, asked: [] });
    expect(longer(line, 0.09)).toMatchObject({ scale: 10, value: 0, asked: [10, 100, 10] });
    expect(longer(line, -1)).toMatchObject({ scale: 10 });
    expect(longer(line, 0.09, 9.9)).toMatchObject({ scale: 1, asked: [] });
  });

  it("has to fall by a ten-thousandth of the slope further", () => {
    const falls = (share: number) => longer((t) => 10 - share * t, 0).scale;
    expect(falls(1.01e-4)).toBeCloseTo(1e30, -18);
    expect(falls(0.99e-4)).toBe(1);
  });
});

describe("Levenberg and Marquardt's damping", () => {
  const settings = { start: 1, increase: 2, decrease: 0.25, most: 100 };
  /** A whole step of length 1 with a fall of 1, both divided by 1 + damping. */
  const damped = (damping: number): Proposal => step(1 / (1 + damping), 1 / (1 + damping));
  const dampingAfter = (ratio: number, more = {}) => {
    const { local } = prescribed((t) => 10 - ratio * t);
    const memory = new Memory();
    new LevenbergSearch({ ...settings, ...more }).find(local, { damped }, memory);
    return memory.scalars.get("damping");
  };

  it("falls with the cube of the gain ratio, to a least share", () => {
    expect(dampingAfter(1)).toBe(0.25);
    expect(dampingAfter(0.75)).toBeCloseTo(1 - 0.125, 12);
    expect(dampingAfter(0.5)).toBeCloseTo(1, 12);
    expect(dampingAfter(0.25)).toBeCloseTo(1.125, 12);
    expect(dampingAfter(1, { start: 1e-20 })).toBe(1e-20);
  });

  it("grows by a factor that is squared until the objective falls", () => {
    const { local, asked } = prescribed((t) => (t > 0.02 ? 11 : 10 - t));
    const memory = new Memory();
    const found = new LevenbergSearch(settings).find(local, { damped }, memory) as Move;
    // 1, ×2, ×4, ×8.
    expect(asked.map((t) => Math.round(1 / t - 1))).toEqual([1, 2, 8, 64]);
    expect(found.step[0]).toBeCloseTo(1 / 65, 12);
    const lost = prescribed((t) => (t === 0 ? 10 : 11));
    const ended = new LevenbergSearch(settings).find(lost.local, { damped, whole: step(1, 1) }, new Memory());
    expect(ended).toMatchObject({ status: "stalled", reason: expect.stringContaining("maximum of 100") });
    expect(lost.asked).toHaveLength(4);
  });

  it("a scale from far away is forgotten below a damping of 1e-6", () => {
    const keeps = (start: number) => {
      const { local } = prescribed((t) => 10 - t);
      const memory = new Memory();
      memory.vectors.set("scale", Float64Array.of(1));
      new LevenbergSearch({ ...settings, start }).find(local, { damped }, memory);
      return memory.vectors.has("scale");
    };
    expect(keeps(4.1e-6)).toBe(true);
    expect(keeps(3.9e-6)).toBe(false);
  });

  it("begins at 1e-3, or as strong as keeps the first step within three lengths of the parameters", () => {
    const first = (length: number) => {
      const { local } = prescribed((t) => 10 - 1e-9 * t);
      const memory = new Memory();
      const long = (damping: number): Proposal => step(length / (1 + damping), 1);
      let used = Number.NaN;
      const model: Model = {
        damped: (damping) => {
          used = damping;
          return long(damping);
        },
      };
      new LevenbergSearch({ ...settings, start: null }).find(local, model, memory);
      return used;
    };
    expect(first(2.9)).toBeCloseTo(1e-3, 15);
    expect(first(3.1)).toBeCloseTo(0.1, 12);
    expect(first(100)).toBeCloseTo(100, 10);
  });
});

describe("of a solve's iterates", () => {
  const settings = { start: 1, ...MARTENS };
  const run = (at: (t: number) => number, lengths: number[]) => {
    const { local, asked } = prescribed(at);
    const iterates = lengths.map((length) => ({ x: Float64Array.of(length), decrease: length / 2 }));
    const last = lengths[lengths.length - 1];
    const model: Model = { damped: () => ({ ...step(last, last / 2), iterates }) };
    const found = new IteratesSearch(settings).find(local, model, new Memory());
    return { found: found as Move, asked };
  };

  it("the best is looked for from the last one back while the objective falls", () => {
    const { found, asked } = run((t) => 10 - [0, 1, 3, 2, 1][t], [1, 2, 3, 4]);
    expect(asked.slice(0, 4)).toEqual([4, 3, 2, 1]);
    expect(found.step[0]).toBe(2);
    expect(found.report.gainRatio).toBe(3);
    // A rise on the way ends the look.
    expect(run((t) => 10 - [0, 9, 1, 2, 2][t], [1, 2, 3, 4]).found.step[0]).toBe(4);
  });

  it("it is shortened to four fifths until it falls by a hundredth of its slope", () => {
    expect(run((t) => 10 - 0.011 * t, [1]).asked).toEqual([1, 1]);
    const { found } = run((t) => 10 - (t > 0.65 ? 0.009 : 0.011) * t, [1]);
    expect(found.step[0]).toBeCloseTo(0.64, 12);
  });
});

describe("what a search ends with", () => {
  it("a failure that predicted something is stalled, else critical", () => {
    const { local } = prescribed(() => 10);
    const seen = 1e4 * local.noise;
    expect(failed(local, 1.01 * seen, "why")).toEqual({ status: "stalled", reason: "why" });
    expect(failed(local, 0.99 * seen, "why")).toBe("critical");
  });

  it("what is left is judged by the whole model, but where that is open", () => {
    const { local } = prescribed(() => 10);
    local.problem.tolerance = 1e-3;
    const damped = () => null;
    const proposal = step(1, 1);
    // tolerance²·|f| = 1e-5.
    expect(nothingLeft(local, { damped }, step(1, 0.99e-5))).toBe(true);
    expect(nothingLeft(local, { damped }, step(1, 1.01e-5))).toBe(false);
    expect(nothingLeft(local, { damped, whole: step(1, 0.99e-5) }, proposal)).toBe(true);
    expect(nothingLeft(local, { damped, whole: step(1, 0.99e-5), open: true }, proposal)).toBe(false);
    expect(nothingLeft(local, { damped, whole: step(1, 1), open: true }, step(1, 0.9 * local.noise))).toBe(true);
    expect(nothingLeft(local, { damped, whole: step(1, 1) }, step(1, 0.9 * local.noise))).toBe(true);
  });

  it("NaN and infinity are no falls, and a step times 1 is the step", () => {
    expect([fallsTo(1, 1), fallsTo(Number.NaN, 1), fallsTo(Infinity, 1)]).toEqual([true, false, false]);
    const one = Float64Array.of(2);
    expect(scaled(one, 1)).toBe(one);
    expect(Array.from(scaled(one, -3))).toEqual([-6]);
  });

  it("damping that passes its maximum", () => {
    const rising = prescribed((t) => 10 + (t > 0 ? 1 : 0));
    const most = { start: 1, ...MARTENS, most: 10 };
    const damped = (damping: number): Proposal => step(1 / (1 + damping), 1 / (1 + damping));
    const found = new DampingSearch(most).find(rising.local, { damped }, new Memory());
    expect(found).toMatchObject({ status: "stalled", reason: expect.stringContaining("maximum of 10") });
    // 1·1.5^k up to 10: k = 0 … 5.
    expect(rising.asked).toHaveLength(6);
    const compounding = prescribed((t) => 10 + (t > 0 ? 1 : 0));
    new DampingSearch({ ...most, increase: 2, compounding: true }).find(compounding.local, { damped }, new Memory());
    // 1, 2, 8.
    expect(compounding.asked.map((t) => Math.round(1 / t - 1))).toEqual([1, 2, 8]);
    const none = new DampingSearch(most).find(rising.local, { damped: () => null }, new Memory());
    expect(none).toMatchObject({ status: "not-positive-definite" });
  });

  it("a line search that found nothing falls back to damping, one that found something does not", () => {
    const relative = (): Model => ({ damped: (damping) => step(0.01 / (1 + damping), 0.01), whole: null });
    const fallback = new FallbackSearch(new ArmijoSearch(0));
    const up = step(-1, 0.5);
    const wrong: Model = { damped: () => ({ ...up, slope: -1 }), relative };
    const { local } = prescribed((t) => 10 - t);
    expect((fallback.find(local, wrong, new Memory(), 1) as Move).step[0]).toBeCloseTo(0.01, 4);
    expect(fallback.find(local, { damped: wrong.damped }, new Memory(), 1)).toMatchObject({ status: "stalled" });
    const right: Model = { damped: () => step(1, 0.5), relative };
    expect((fallback.find(local, right, new Memory(), 1) as Move).step[0]).toBe(1);
    expect([fallback.rated, fallback.scalars]).toEqual([true, ["damping"]]);
    expect(new FallbackSearch(new TrustRegionSearch({ initialRadius: 1, maxRadius: 2 })).scalars).toEqual([
      "radius",
      "damping",
    ]);
  });

  it("a fixed step's gain ratio is against the model of its own length", () => {
    const { local } = prescribed((t) => 10 - t + 0.5 * t * t);
    const found = new FixedSearch(0).find(local, { damped: () => step(1, 0.5) }, new Memory(), 0.5) as Move;
    expect(found).toMatchObject({ value: 9.625, report: { gainRatio: 1 } });
  });
});
