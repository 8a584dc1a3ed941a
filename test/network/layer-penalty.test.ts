// Oracles: one number for all layers, to the bit; ½·Σ l2·θ² by a loop; central differences of the
// gradient.

import { beforeAll, describe, expect, it } from "vitest";
import { dataset, diagnose, influence, init, network, prune } from "../../src/index.js";
import { sameBits } from "../support.js";

beforeAll(() => init({ simd: "strict" }));

const wave = (i: number): number => Math.cos(12.9898 * i + 78.233 * i * i);
const inputs = Array.from({ length: 30 }, (_, i) => [wave(i), wave(i + 100)]);
const data = dataset(
  inputs,
  inputs.map(([a, b], i) => a * b + 0.2 * wave(i + 500)),
);
const layers = [{ units: 3, activation: "tanh" as const }, { units: 2, activation: "softplus" as const }, { units: 1 }];
const l2 = [0.5, 0, 0.02];
const make = (penalty: object) => network({ inputs: 2, layers, seed: 3, penalty });

describe("a penalty for each layer", () => {
  it.each(["weights", "all"] as const)("is half the sum of l2·θ² over each, on %s", (on) => {
    const net = make({ l2, on });
    const theta = net.getParameters();
    let expected = make({}).loss(data);
    net.layout.layers.forEach(({ weight, bias, end }, layer) => {
      for (let i = weight; i < (on === "all" ? end : bias); ++i) expected += 0.5 * l2[layer] * theta[i] ** 2;
    });
    expect(net.loss(data)).toBeCloseTo(expected, 14);
  });

  it("is in gradient, Hessian and products", () => {
    const net = make({ l2, on: "all" });
    const theta = net.getParameters();
    const n = net.parameterCount;
    const { gradient } = net.gradient(data);
    const H = net.hessian(data);
    const h = 1e-5;
    for (let i = 0; i < n; ++i) {
      const at = (step: number) => {
        net.setParameters(theta.map((value, k) => (k === i ? value + step : value)));
        return { loss: net.loss(data), gradient: net.gradient(data).gradient };
      };
      const [up, down] = [at(h), at(-h)];
      expect(gradient[i]).toBeCloseTo((up.loss - down.loss) / (2 * h), 8);
      for (let j = 0; j < n; ++j) expect(H.get(i, j)).toBeCloseTo((up.gradient[j] - down.gradient[j]) / (2 * h), 6);
    }
    net.setParameters(theta);
    const v = Float64Array.from({ length: n }, (_, i) => wave(i));
    const product = net.hvp(data, v);
    product.forEach((value, i) =>
      expect(value).toBeCloseTo(
        v.reduce((sum, x, j) => sum + H.get(i, j) * x, 0),
        12,
      ),
    );
  });

  it("with one number for all is the penalty of that number, to the bit", () => {
    const [one, each] = [make({ l2: 0.03 }), make({ l2: [0.03, 0.03, 0.03] })];
    expect(each.loss(data)).toBe(one.loss(data));
    expect(sameBits(each.gradient(data).gradient, one.gradient(data).gradient)).toBe(true);
    expect(sameBits(each.hessian(data).data, one.hessian(data).data)).toBe(true);
    expect(influence(each, data).leaveOneOutLoss).toEqual(influence(one, data).leaveOneOutLoss);
    const removed = (net: typeof one) => prune(net, data, { until: { parameters: 12 } }).mask;
    expect(removed(each)).toEqual(removed(one));
    expect(diagnose(each, data).score).toEqual(diagnose(one, data).score);
  });

  it("has as many numbers as there are layers, none below 0", () => {
    expect(() => make({ l2: [0.1, 0.2] })).toThrow(
      'network: "penalty.l2" expected a number, or one for each of 3 layers, got 2',
    );
    expect(() => make({ l2: [0.1, 0.2, -1] })).toThrow(RangeError);
    expect(() => make({ l2: [0.1, 0.2, "1"] })).toThrow(TypeError);
  });
});
