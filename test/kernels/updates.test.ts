// Oracle: test/oracle/optimizers.ts, PyTorch's rules one number at a time, over several steps.
import { describe, expect, it } from "vitest";
import { adadelta, adagrad, adam, adamw, rmsprop, type Step, sgd } from "../oracle/optimizers.js";
import { type Block, Core, ragged, random, targets } from "./harness.js";

const STATES = 3;

interface Rule {
  name: string;
  oracle: () => Step;
  kernel: (core: Core, theta: Block, out: Block, g: Block, states: Block[], n: number, step: number) => number;
}

function sgdRule(
  learningRate: number,
  momentum: number,
  dampening: number,
  weightDecay: number,
  nesterov: boolean,
): Rule {
  return {
    name: `sgd ${momentum} ${dampening} ${weightDecay} ${nesterov}`,
    oracle: () => sgd({ learningRate, momentum, dampening, weightDecay, nesterov }),
    kernel: (core, theta, out, g, [velocity], n, step) =>
      core.call(
        "sgd",
        theta,
        out,
        g,
        momentum === 0 ? 0 : (velocity as Block),
        n,
        learningRate,
        momentum,
        dampening,
        weightDecay,
        nesterov,
        step === 1,
      ),
  };
}

function rmspropRule(momentum: number, centered: boolean, weightDecay: number): Rule {
  return {
    name: `rmsprop ${momentum} ${centered}`,
    oracle: () => rmsprop({ momentum, centered, weightDecay, decay: 0.9 }),
    kernel: (core, theta, out, g, [s, m, v], n) =>
      core.call(
        "rmsprop",
        theta,
        out,
        g,
        s as Block,
        centered ? (m as Block) : 0,
        momentum === 0 ? 0 : (v as Block),
        n,
        1e-2,
        0.9,
        1e-8,
        weightDecay,
        momentum,
      ),
  };
}

function adamRule(decoupled: boolean, amsgrad: boolean, weightDecay: number, betas: [number, number]): Rule {
  return {
    name: `adam ${decoupled ? "decoupled" : "coupled"} ${amsgrad}`,
    oracle: () => (decoupled ? adamw : adam)({ learningRate: 0.05, betas, weightDecay, amsgrad }),
    kernel: (core, theta, out, g, [m, v, vmax], n, step) =>
      core.call(
        "adam",
        theta,
        out,
        g,
        m as Block,
        v as Block,
        amsgrad ? (vmax as Block) : 0,
        n,
        0.05,
        ...betas,
        1e-8,
        weightDecay,
        decoupled,
        1 - betas[0] ** step,
        1 - betas[1] ** step,
      ),
  };
}

const rules: Rule[] = [
  sgdRule(0.1, 0, 0, 0, false),
  sgdRule(0.1, 0, 0, 0.1, false),
  sgdRule(0.1, 0.9, 0, 0, false),
  sgdRule(0.1, 0.9, 0.25, 0.1, false),
  sgdRule(0.1, 0.9, 0, 0.1, true),
  {
    name: "adagrad",
    oracle: () => adagrad({ learningRate: 0.1, lrDecay: 0.5, weightDecay: 0.1 }),
    kernel: (core, theta, out, g, [sum], n, step) =>
      core.call("adagrad", theta, out, g, sum as Block, n, 0.1 / (1 + (step - 1) * 0.5), 0.1, 1e-10),
  },
  {
    name: "adadelta",
    oracle: () => adadelta({ rho: 0.8, weightDecay: 0.1, epsilon: 1e-4 }),
    kernel: (core, theta, out, g, [s, a], n) =>
      core.call("adadelta", theta, out, g, s as Block, a as Block, n, 1, 0.8, 1e-4, 0.1),
  },
  rmspropRule(0, false, 0),
  rmspropRule(0.5, false, 0.1),
  rmspropRule(0, true, 0),
  rmspropRule(0.5, true, 0.1),
  adamRule(false, false, 0, [0.9, 0.999]),
  adamRule(false, true, 0.1, [0.3, 0.7]),
  adamRule(true, false, 0.5, [0.9, 0.99]),
  adamRule(true, true, 0.5, [0.9, 0.6]),
];
const cases = targets.flatMap((target) => rules.map((rule) => ({ ...target, ...rule })));

describe.each(cases)("$build $dtype $name", ({ build, dtype, oracle, kernel }) => {
  const { lanes, epsilon } = new Core(build, dtype);

  it("follows the rule over five steps at every count", () => {
    for (const n of ragged(lanes)) {
      const core = new Core(build, dtype);
      const next = random(n);
      const theta = core.alloc(Array.from({ length: n }, next));
      const out = core.alloc(n);
      const g = core.alloc(n);
      const states = Array.from({ length: STATES }, () => core.alloc(new Float64Array(n)));
      const step = oracle();
      let truth = [...theta.values];
      for (let t = 1; t <= 5; t++) {
        // Gradients of both signs and away from 0, so that no second moment is lost in rounding.
        g.values.forEach((_, i, all) => (all[i] = (i % 2 ? 1 : -1) * (1 + next() / 2)));
        truth = step(truth, g.values);
        const before = [...theta.values];
        expect(kernel(core, theta, out, g, states, n, t)).toBe(0);
        expect([...theta.values]).toEqual(before);
        theta.values.set(out.values);
        truth.forEach((v, i) => expect(Math.abs((out.values[i] as number) - v)).toBeLessThan(200 * epsilon));
      }
    }
  });

  it("works in place", () => {
    const core = new Core(build, dtype);
    const n = 2 * lanes + 1;
    const values = Array.from({ length: n }, (_, i) => i / 4 - 1);
    const run = (same: boolean) => {
      const theta = core.alloc(values);
      const out = same ? theta : core.alloc(n);
      kernel(
        core,
        theta,
        out,
        core.alloc(values.map((v) => v + 3)),
        Array.from({ length: STATES }, () => core.alloc(new Float64Array(n))),
        n,
        1,
      );
      return [...out.values];
    };
    expect(run(true)).toEqual(run(false));
  });

  it("tells when an element it wrote is not finite", () => {
    const n = 2 * lanes + 1;
    for (let i = 0; i < n; i++) {
      for (const value of [Number.NaN, Infinity, -Infinity]) {
        const core = new Core(build, dtype);
        const theta = core.alloc(new Float64Array(n).fill(1));
        theta.values[i] = value;
        const g = core.alloc(new Float64Array(n).fill(1));
        expect(
          kernel(
            core,
            theta,
            theta,
            g,
            Array.from({ length: STATES }, () => core.alloc(new Float64Array(n))),
            n,
            1,
          ),
        ).toBe(1);
      }
    }
  });
});

describe.each(targets)("$build $dtype", ({ build, dtype }) => {
  it("does not take the lanes beyond the end for elements, where ε = 0 makes them 0/0", () => {
    const core = new Core(build, dtype);
    const [theta, g, m, v] = [1, 1, 0, 0].map((value) => core.alloc([value])) as [Block, Block, Block, Block];
    expect(core.call("adam", theta, theta, g, m, v, 0, 1, 0.1, 0.9, 0.999, 0, 0, 0, 0.1, 0.001)).toBe(0);
    expect(theta.values[0]).toBeCloseTo(0.9, 5);
  });

  it("takes the largest number for finite", () => {
    const core = new Core(build, dtype);
    const largest = dtype === "f32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
    const theta = core.alloc([largest, -largest, largest, -largest, largest]);
    expect(core.call("sgd", theta, theta, core.alloc([0, 0, 0, 0, 0]), 0, 5, 0.1, 0, 0, 0, 0, 0)).toBe(0);
  });

  it("does not make NaN of a centred second moment that rounding has made negative", () => {
    const core = new Core(build, dtype);
    const [theta, g, s, m] = [1, 1 / 3, 0, 0].map((value) => core.alloc(new Float64Array(7).fill(value))) as [
      Block,
      Block,
      Block,
      Block,
    ];
    for (let t = 0; t < 5000; t++)
      expect(core.call("rmsprop", theta, theta, g, s, m, 0, 7, 1e-12, 0.99, 1e-8, 0, 0)).toBe(0);
  });
});
