// Oracle: values to 50 digits (test/fixtures/special.json). Errors are in units in the last place
// of the element type; the bounds are a little above the largest errors over 40,000 points, which
// the kernels' comments state.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { builds, Core, type Dtype, targets } from "./harness.js";

type Point = [x: number, high: number, low: number];
const fixture: { items: { name: string; points: Point[] }[] } = JSON.parse(
  readFileSync(new URL("../fixtures/special.json", import.meta.url), "utf8"),
);

function points(name: string, dtype: Dtype): Point[] {
  const all = fixture.items.find((item) => item.name === name)?.points ?? [];
  return dtype === "f64" ? all : all.filter(([x]) => Math.fround(x) === x && Math.abs(x) < 88.72);
}

/** Distance between numbers of this size, also where they are subnormal. */
function ulp(x: number, dtype: Dtype): number {
  const [digits, smallest] = dtype === "f32" ? [23, -149] : [52, -1074];
  let e = Math.floor(Math.log2(Math.abs(x)));
  if (2 ** e > Math.abs(x)) e--;
  return 2 ** Math.max(e - digits, smallest);
}

function largestError(given: Point[], results: ArrayLike<number>, dtype: Dtype): number {
  return Math.max(
    ...given.map(([, high, low], i) => {
      if (high === 0) return results[i] === 0 ? 0 : Infinity;
      return Math.abs((results[i] as number) - high - low) / ulp(high, dtype);
    }),
  );
}

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  const run = (
    kernel: (core: Core, a: ReturnType<Core["alloc"]>, h: ReturnType<Core["alloc"]>) => void,
    x: number[],
  ) => {
    const core = new Core(build, dtype);
    const a = core.alloc(x);
    const h = core.alloc(x.length);
    kernel(core, a, h);
    return h.values;
  };
  const activate = (kind: number, x: number[]) =>
    run((core, a, h) => core.call("activate", kind, a, h, x.length, 1), x);
  /** e^x is elu′ for x ≤ 0. */
  const exp = (x: number[]) => run((core, a, h) => core.call("activationDerivative", 3, a, a, h, x.length, 1), x);

  it.each([
    ["tanh", 7, 2.5],
    ["expm1", 3, 1.1],
    ["sigmoid", 8, 2.1],
    ["softplus", 4, 2],
    ["silu", 6, 2.8],
    ["gelu", 5, 4.5],
  ])("%s stays within its bound", (name, kind, bound) => {
    const given = points(name, dtype);
    expect(given.length).toBeGreaterThan(50);
    expect(
      largestError(
        given,
        activate(
          kind,
          given.map(([x]) => x),
        ),
        dtype,
      ),
    ).toBeLessThan(bound);
  });

  it("exp stays within 1.1 ulp", () => {
    const given = points("exp", dtype).filter(([x]) => x <= 0);
    expect(largestError(given, exp(given.map(([x]) => x)), dtype)).toBeLessThan(1.1);
  });

  it("exp underflows through the subnormal numbers", () => {
    const x = dtype === "f32" ? [-87.5, -90, -100, -103, -103.9] : [-708.5, -720, -740, -744, -745.1];
    const smallest = dtype === "f32" ? 2 ** -149 : 2 ** -1074;
    const reference = dtype === "f32" ? x.map((v) => Math.exp(Math.fround(v))) : x.map(Math.exp);
    exp(x).forEach((value, i) => {
      expect(Math.abs(value - (reference[i] as number))).toBeLessThanOrEqual(smallest);
      expect(value).toBeGreaterThan(0);
    });
    expect([...exp([-746, -1e4, -3e38, -Infinity])]).toEqual([0, 0, 0, 0]);
  });

  it("NaN goes through every activation but is not made of infinities that have a limit", () => {
    for (let kind = 0; kind < 10; kind++) {
      for (const value of activate(kind, [Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN]))
        expect(value).toBeNaN();
    }
    expect([...activate(7, [Infinity, -Infinity])]).toEqual([1, -1]);
    expect([...activate(8, [Infinity, -Infinity])]).toEqual([1, 0]);
    expect([...activate(4, [Infinity, -Infinity])]).toEqual([Infinity, 0]);
    expect([...activate(3, [Infinity, -Infinity])]).toEqual([Infinity, -1]);
    expect([...activate(1, [Infinity, -Infinity])]).toEqual([Infinity, 0]);
  });

  it("tanh is odd and keeps the sign of zero", () => {
    const x = Array.from({ length: 101 }, (_, i) => 2 ** (i / 8 - 8));
    expect([
      ...activate(
        7,
        x.map((v) => -v),
      ),
    ]).toEqual([...activate(7, x)].map((v) => -v));
    expect(Object.is(activate(7, [-0])[0], -0)).toBe(true);
    expect(Object.is(activate(1, [-0])[0], -0)).toBe(true);
  });
});

describe.each(builds)("scalars, %s", (build) => {
  const core = new Core(build, "f64");
  const call = (name: string) => (x: number) => core.scalar(name, x);

  it.each([
    ["exp", 1.1],
    ["log", 1.4],
    ["cos", 1.6],
  ])("%s stays within %d ulp", (name, bound) => {
    const given = points(name, "f64");
    expect(
      largestError(
        given,
        given.map(([x]) => call(name)(x)),
        "f64",
      ),
    ).toBeLessThan(bound);
  });

  it("has the values that schedules and initializers count on", () => {
    const [exp, log, cos] = ["exp", "log", "cos"].map(call) as [
      (x: number) => number,
      (x: number) => number,
      (x: number) => number,
    ];
    expect([exp(0), exp(-Infinity), exp(Infinity), exp(709.79)]).toEqual([1, 0, Infinity, Infinity]);
    expect([log(1), log(0), log(-0), log(Infinity)]).toEqual([0, -Infinity, -Infinity, Infinity]);
    expect([cos(0), cos(Math.PI), cos(2 * Math.PI), cos(-Math.PI)]).toEqual([1, -1, 1, -1]);
    for (const value of [exp(Number.NaN), log(Number.NaN), log(-1), log(-Infinity), cos(Number.NaN)])
      expect(value).toBeNaN();
  });

  it("pow is exact for exponents 0 and 1 and within its stated error elsewhere", () => {
    const pow = (x: number, y: number) => core.scalar("pow", x, y);
    for (const x of [0.1, 0.9, 0.999, 1, 2, 1e300]) expect([pow(x, 0), pow(x, 1)]).toEqual([1, x]);
    expect(pow(1, 12345.678)).toBe(1);
    for (const [x, y] of [
      [0.9, 3],
      [0.999, 1000],
      [0.9, 500],
      [10, -3.5],
      [2, 0.5],
      [0.95, 1e4],
    ] as const) {
      const bound = (3 + 4 * Math.abs(y * Math.log(x)) + 2) * 2 ** -53; // the 2 at the end are Math.pow's
      expect(Math.abs(pow(x, y) / x ** y - 1)).toBeLessThan(bound);
    }
  });
});
