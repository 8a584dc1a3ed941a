// Oracle: the naive loops in each test, in double precision.
import { describe, expect, it } from "vitest";
import { Core, ragged, random, targets } from "./harness.js";

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  const { lanes, epsilon } = new Core(build, dtype);
  const counts = [...ragged(lanes), 16 * lanes, 16 * lanes + 5];

  function each(run: (core: Core, n: number, draw: () => number[]) => void): void {
    for (const n of counts) {
      const core = new Core(build, dtype);
      const next = random(n);
      run(core, n, () => Array.from({ length: n }, () => core.round(next())));
    }
  }
  const close = (actual: number, expected: number, tolerance: number) =>
    expect(Math.abs(actual - expected), `${actual} for ${expected}`).toBeLessThanOrEqual(tolerance);

  it("reduces in double precision", () => {
    each((core, n, draw) => {
      const [a, b] = [draw(), draw()];
      const [x, y] = [core.alloc(a), core.alloc(b)];
      const tolerance = n * 2 ** -52;
      close(
        core.call("dot", x, y, n),
        a.reduce((s, v, i) => s + v * (b[i] as number), 0),
        tolerance,
      );
      close(
        core.call("sumSquares", x, n),
        a.reduce((s, v) => s + v * v, 0),
        tolerance,
      );
      close(
        core.call("sumAbs", x, n),
        a.reduce((s, v) => s + Math.abs(v), 0),
        tolerance,
      );
      expect(core.call("maxAbs", x, n)).toBe(Math.max(0, ...a.map(Math.abs)));
    });
  });

  it("lets NaN through every reduction, wherever it is", () => {
    each((core, n, draw) => {
      const x = core.alloc(draw());
      for (let i = 0; i < n; i++) {
        const kept = x.values[i] as number;
        x.values[i] = Number.NaN;
        for (const name of ["sumSquares", "sumAbs", "maxAbs"]) expect(core.call(name, x, n)).toBeNaN();
        x.values[i] = kept;
      }
    });
  });

  it("finds the first element that is not finite", () => {
    each((core, n, draw) => {
      const x = core.alloc(draw());
      expect(core.call("firstNonFinite", x, n)).toBe(-1);
      for (let i = 0; i < n; i++) {
        const kept = x.values.slice();
        x.values[i] = [Number.NaN, Infinity, -Infinity][i % 3] as number;
        x.values[n - 1] = Number.NaN;
        expect(core.call("firstNonFinite", x, n)).toBe(i);
        x.values.set(kept);
      }
      x.values.fill(dtype === "f32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE);
      expect(core.call("firstNonFinite", x, n)).toBe(-1);
    });
  });

  it("adds and scales", () => {
    each((core, n, draw) => {
      const [a, b] = [draw(), draw()];
      const [x, y] = [core.alloc(a), core.alloc(b)];
      core.call("axpy", n, 0.75, x, y);
      a.forEach((v, i) => close(y.values[i] as number, 0.75 * v + (b[i] as number), 2 * epsilon));
      expect([...x.values]).toEqual(a);
      core.call("scale", n, -0.5, x);
      expect([...x.values]).toEqual(a.map((v) => -0.5 * v));
    });
  });

  it("adds the gradient of the penalty, with sign(0) = 0", () => {
    each((core, n, draw) => {
      const theta = draw().map((v, i) => (i % 4 === 1 ? 0 : v));
      const before = draw();
      const g = core.alloc(before);
      core.call("penaltyGradient", core.alloc(theta), g, n, 0.25, 0.5);
      theta.forEach((v, i) =>
        close(g.values[i] as number, (before[i] as number) + 0.25 * Math.sign(v) + 0.5 * v, 4 * epsilon),
      );
    });
  });

  it("clips, and leaves NaN", () => {
    each((core, n, draw) => {
      const values = draw();
      const x = core.alloc(values);
      if (n > 0) x.values[n - 1] = Number.NaN;
      core.call("clipValue", x, n, 0.5);
      values.forEach((v, i) => {
        if (i === n - 1) expect(x.values[i]).toBeNaN();
        else expect(x.values[i]).toBe(Math.max(-0.5, Math.min(v, 0.5)));
      });
    });
  });

  it("sums rows over the valid columns", () => {
    for (const n of counts) {
      const core = new Core(build, dtype);
      const next = random(n);
      const ld = n + 3;
      const x = core.alloc(Array.from({ length: 3 * ld }, (_, k) => (k % ld < n ? next() : Number.NaN)));
      const out = core.alloc([1, 2, 3]);
      const sums = [0, 1, 2].map((r) => [...x.values.subarray(r * ld, r * ld + n)].reduce((s, v) => s + v, 0));
      core.call("rowSums", x, 3, n, ld, out, 1);
      sums.forEach((s, r) => close(out.values[r] as number, s + r + 1, (n + 8) * 2 * epsilon));
      core.call("rowSums", x, 3, n, ld, out, 0);
      sums.forEach((s, r) => close(out.values[r] as number, s, (n + 8) * 2 * epsilon));
    }
  });

  it("transposes any size, and nothing but the matrix", () => {
    for (const rows of ragged(lanes)) {
      for (const cols of ragged(lanes)) {
        const core = new Core(build, dtype);
        const [ldx, ldo] = [cols + 1, rows + 2];
        const x = core.alloc(Array.from({ length: rows * ldx }, (_, k) => k + 1));
        const out = core.alloc(cols * ldo);
        core.call("transpose", x, rows, cols, ldx, out, ldo);
        const expected = Array.from({ length: cols * ldo }, (_, k) => {
          const [j, i] = [Math.floor(k / ldo), k % ldo];
          return i < rows ? i * ldx + j + 1 : -777;
        });
        expect([...out.values]).toEqual(expected);
      }
    }
  });
});
