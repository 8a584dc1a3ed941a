// Oracles: test/oracle/activations.ts, and central differences of the kernels themselves.
import { describe, expect, it } from "vitest";
import { activation } from "../oracle/activations.js";
import type { ActivationSpec } from "../oracle/spec.js";
import { Core, ragged, random, targets } from "./harness.js";

const kinds: [kind: number, spec: ActivationSpec, param: number][] = [
  [0, "identity", 0],
  [1, "relu", 0],
  [1, { type: "relu", atZero: 0.5 }, 0.5],
  [2, { type: "leaky-relu", slope: 0.25 }, 0.25],
  [3, { type: "elu", alpha: 1.5 }, 1.5],
  [4, "softplus", 0],
  [5, "gelu", 0],
  [6, "silu", 0],
  [7, "tanh", 0],
  [8, "sigmoid", 0],
  [9, "step", 0],
];
const cases = targets.flatMap((target) =>
  kinds.map(([kind, spec, param]) => ({ ...target, kind, spec, param, name: JSON.stringify(spec) })),
);

function close(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual - expected), `${actual} for ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected)),
  );
}

describe.each(cases)("$build $dtype $name", ({ build, dtype, kind, spec, param }) => {
  const oracle = activation(spec);
  const tolerance = 16 * new Core(build, dtype).epsilon;

  it("gives φ, φ′ and φ″ at every count", () => {
    const core = new Core(build, dtype);
    const next = random(kind);
    for (const count of ragged(core.lanes)) {
      const a = core.alloc(Array.from({ length: count }, (_, i) => (i % 5 === 3 ? 0 : 6 * next())));
      const [h, first, second] = [core.alloc(count), core.alloc(count), core.alloc(count)];
      const delta = core.alloc(Array.from({ length: count }, next));
      const before = [...delta.values];
      core.call("activate", kind, a, h, count, param);
      core.call("activationDerivative", kind, a, h, first, count, param);
      core.call("activationSecondDerivative", kind, a, h, second, count, param);
      core.call("backpropActivation", kind, a, h, delta, count, param);
      a.values.forEach((x, i) => {
        close(h.values[i] as number, oracle.value(x), tolerance);
        close(first.values[i] as number, oracle.first(x), tolerance);
        close(second.values[i] as number, oracle.second(x), tolerance);
        close(delta.values[i] as number, oracle.first(x) * (before[i] as number), tolerance);
      });
    }
  });

  it("works in place", () => {
    const core = new Core(build, dtype);
    const x = Array.from({ length: 11 }, (_, i) => i / 2 - 2.5);
    const [a, h, first, second] = [core.alloc(x), core.alloc(11), core.alloc(11), core.alloc(11)];
    core.call("activate", kind, a, h, 11, param);
    core.call("activationDerivative", kind, a, h, first, 11, param);
    core.call("activationSecondDerivative", kind, a, h, second, 11, param);
    for (const [name, expected] of [
      ["activationDerivative", first],
      ["activationSecondDerivative", second],
    ] as const) {
      const [a2, h2] = [core.alloc(x), core.alloc(h.values)];
      core.call(name, kind, a2, h, a2, 11, param);
      core.call(name, kind, a, h2, h2, 11, param);
      expect([...a2.values]).toEqual([...expected.values]);
      expect([...h2.values]).toEqual([...expected.values]);
    }
    core.call("activate", kind, a, a, 11, param);
    expect([...a.values]).toEqual([...h.values]);
  });

  it.runIf(dtype === "f64")("has derivatives that central differences agree with", () => {
    const core = new Core(build, dtype);
    const step = 1e-5;
    const x = Array.from({ length: 81 }, (_, i) => (i - 40) / 8 + 0.01);
    const at = (shift: number) => {
      const a = core.alloc(x.map((v) => v + shift));
      const [h, first, second] = [core.alloc(81), core.alloc(81), core.alloc(81)];
      core.call("activate", kind, a, h, 81, param);
      core.call("activationDerivative", kind, a, h, first, 81, param);
      core.call("activationSecondDerivative", kind, a, h, second, 81, param);
      return [h.values.slice(), first.values.slice(), second.values.slice()] as const;
    };
    const [low, middle, high] = [at(-step), at(0), at(step)];
    x.forEach((_, i) => {
      for (const order of [0, 1] as const) {
        const slope = ((high[order][i] as number) - (low[order][i] as number)) / (2 * step);
        close(middle[(order + 1) as 1 | 2][i] as number, slope, 1e-8);
      }
    });
  });
});

describe.each(targets)("backpropagation through relu, $build $dtype", ({ build, dtype }) => {
  it("lets nothing through where the unit is off, and NaN through where a is NaN", () => {
    const core = new Core(build, dtype);
    const a = core.alloc([-1, 0, -0, 2, Number.NaN, -3, 4]);
    const delta = core.alloc([Number.NaN, Infinity, 5, 6, 7, 8, Number.NaN]);
    core.call("backpropActivation", 1, a, a, delta, 7, 0);
    expect([...delta.values]).toEqual([0, 0, 0, 6, 7, 0, Number.NaN]);
  });
});

describe.each(cases)("$build $dtype $name at the ends", ({ build, dtype, kind, param }) => {
  it("is finite with its derivatives for every finite number", () => {
    const core = new Core(build, dtype);
    const most = dtype === "f32" ? 3.4e38 : 1.79e308;
    const sizes = [0, most, most / 2, 1e30, 1e20, 1e19, 1e10, 1000, 89, 39, 1e-30, dtype === "f32" ? 1e-45 : 5e-324];
    const x = sizes.flatMap((size) => [size, -size]);
    const a = core.alloc(x);
    const [h, first, second] = [core.alloc(x.length), core.alloc(x.length), core.alloc(x.length)];
    core.call("activate", kind, a, h, x.length, param);
    core.call("activationDerivative", kind, a, h, first, x.length, param);
    core.call("activationSecondDerivative", kind, a, h, second, x.length, param);
    x.forEach((value, i) => {
      const all = [first.values[i], second.values[i], h.values[i]];
      expect(all.every(Number.isFinite), `${value}: ${all}`).toBe(true);
    });
  });
});
