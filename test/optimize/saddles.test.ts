// Oracle: saddles whose escape direction is known: closed forms, and the dense Hessian by
// hyper-dual numbers with Jacobi's eigenvalues.

import { beforeAll, describe, expect, it } from "vitest";
import {
  init,
  minimize,
  network,
  newton,
  type Optimizer,
  type SmoothFunction,
  saddleFreeNewton,
  training,
  trustRegion,
} from "../../src/index.js";
import { hessian } from "../oracle/hessian.js";
import { jacobi } from "../oracle/jacobi.js";
import type { NetworkSpec } from "../oracle/spec.js";
import { inner, length, times } from "../oracle/spectra.js";
import { builds, finish, take, toDataset } from "../support.js";

/** 5x² − y². */
const saddle: SmoothFunction = {
  value: ([x, y]) => 5 * x * x - y * y,
  gradient: ([x, y]) => [10 * x, -2 * y],
  hessian: () => [
    [10, 0],
    [0, -2],
  ],
};

/** x³ − 3xy²: three valleys meet at 0, where gradient and Hessian are 0. */
const monkey: SmoothFunction = {
  value: ([x, y]) => x ** 3 - 3 * x * y * y,
  gradient: ([x, y]) => [3 * x * x - 3 * y * y, -6 * x * y],
  hessian: ([x, y]) => [
    [6 * x, -6 * y],
    [-6 * y, -6 * x],
  ],
};

const leaving: [string, () => Optimizer][] = [
  ["saddleFreeNewton", () => saddleFreeNewton()],
  ["newton, abs", () => newton()],
  ["newton, shift", () => newton({ indefinite: "shift" })],
  ["newton, clip", () => newton({ indefinite: "clip" })],
  ["trustRegion", () => trustRegion()],
  ["trustRegion, products", () => trustRegion({ products: true })],
];

/**
 * One hidden layer of tanh: with all parameters 0 and targets of mean 0 the gradient is exactly 0.
 */
const spec: NetworkSpec = {
  inputs: 2,
  layers: [{ units: 3, activation: "tanh" }, { units: 1 }],
  loss: "mse",
  initializer: "zeros",
};
const inputs = [
  [1, 0.5],
  [-1, 2],
  [0.25, -1],
  [2, 1],
  [-0.5, -2],
  [1, -1],
  [0.5, 1],
  [-2, 0.25],
];
/** Halves and eights of them add up without rounding. */
const targets = [1, -1, 2, 0.5, -2, -0.5, 1.5, -1.5];
const data = toDataset(inputs, targets);

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  describe.each(leaving)("%s", (_, make) => {
    it("leaves 5x² − y² along y", () => {
      const result = minimize(saddle, [0, 0], { optimizer: make(), maxSteps: 1 });
      expect(result.steps).toBe(1);
      expect(Math.abs(result.x[0])).toBeLessThan(1e-12 * Math.abs(result.x[1]));
      expect(result.value).toBeLessThanOrEqual(-1);
      const on = minimize(saddle, [0, 0], { optimizer: make(), maxSteps: 12 });
      expect(on.value).toBeLessThan(-10);
    });

    it("tells the smallest eigenvalue of the step out", () => {
      const seen: (number | undefined)[] = [];
      const onStep = ({ smallestEigenvalue }: { smallestEigenvalue?: number }) => {
        seen.push(smallestEigenvalue);
        return true;
      };
      expect(minimize(saddle, [0, 0], { optimizer: make(), onStep }).status).toBe("aborted");
      expect(seen[0]).toBeCloseTo(-2, 10);
    });

    it("leaves within the tolerance, too: the gradient need not be 0", () => {
      const near = minimize(saddle, [1e-11, -1e-10], { optimizer: make(), maxSteps: 1 });
      expect(near.x[1]).toBeLessThan(-0.5);
    });

    it("at x³ − 3xy² it stalls, for gradient and Hessian are 0", () => {
      const { status, reason, steps, x } = minimize(monkey, [0, 0], { optimizer: make() });
      expect([status, steps, Array.from(x)]).toEqual(["stalled", 0, [0, 0]]);
      expect(reason).toContain("degenerate");
    });

    it("leaves x³ − 3xy² from 1e-3 away, in every direction", () => {
      for (let k = 0; k < 12; ++k) {
        const angle = 0.1 + (k * Math.PI) / 6;
        const start = [1e-3 * Math.cos(angle), 1e-3 * Math.sin(angle)];
        expect(minimize(monkey, start, { optimizer: make(), maxSteps: 40 }).value).toBeLessThan(-1);
      }
    });

    it("leaves a network of zeros along an eigenvector of the smallest eigenvalue", () => {
      const net = network(spec);
      const H = hessian(spec, net.getParameters(), inputs, targets);
      const { values } = jacobi(H);
      expect(net.gradient(data).gradient.every((g) => g === 0)).toBe(true);
      expect(values[0]).toBeLessThan(-0.1);

      const run = training(net, data, { optimizer: make(), epochs: 60 });
      const before = net.loss(data);
      const [record] = take(run, 1);
      const step = Array.from(net.getParameters());
      const drift = times(H, step).map((value, i) => value - values[0] * step[i]);
      expect(length(drift)).toBeLessThan(1e-7 * length(step));
      expect(inner(step, times(H, step)) / inner(step, step)).toBeCloseTo(values[0], 8);
      expect(record.smallestEigenvalue).toBeCloseTo(values[0], 8);
      expect(record.stepNorm).toBeCloseTo(length(step), 10);
      expect(net.loss(data)).toBeLessThan(before);
      finish(run);
      expect(net.loss(data)).toBeLessThan(0.5 * before);
    });
  });

  it('plain newton with "error" says that it is at a saddle', () => {
    const make = () => newton({ indefinite: "error" });
    const result = minimize(saddle, [0, 0], { optimizer: make() });
    expect([result.status, result.steps]).toEqual(["not-positive-definite", 0]);
    expect(result.reason).toContain("at a saddle");
    const net = network(spec);
    const history = finish(training(net, data, { optimizer: make(), epochs: 5 }));
    expect([history.status, history.steps]).toEqual(["not-positive-definite", 0]);
    expect(history.reason).toContain("at a saddle");
    expect(net.getParameters().every((value) => value === 0)).toBe(true);
  });

  it('"error" elsewhere names the eigenvalue, and "gradient" stalls at a saddle', () => {
    const { status, reason } = minimize(saddle, [1, 1], { optimizer: newton({ indefinite: "error" }) });
    expect(status).toBe("not-positive-definite");
    expect(reason).toMatch(/smallest eigenvalue is -2\.00/);
    expect(reason).not.toContain("at a saddle");
    const at = minimize(saddle, [0, 0], { optimizer: newton({ indefinite: "gradient" }) });
    expect([at.status, at.steps]).toEqual(["stalled", 0]);
    expect(at.reason).toContain("at a saddle");
  });
});
