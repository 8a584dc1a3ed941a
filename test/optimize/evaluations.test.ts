// Oracle: spies on what computes: passes that give gradients, passes that give values, products.
// Each method asks for its own kinds, and counts all of it.

import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { adam, init, minimize, network, sgd, training } from "../../src/index.js";
import { OutputBend } from "../../src/network/bend.js";
import { CurvatureProducts } from "../../src/network/curvature.js";
import { SecondMoments } from "../../src/network/fisher.js";
import { Objective } from "../../src/network/objective.js";
import { Random } from "../cases.js";
import type { NetworkSpec } from "../oracle/spec.js";
import { builds, finish, toDataset } from "../support.js";
import { methods } from "./methods.js";

const inputs = new Random(2).rows(30, 2);
const data = toDataset(
  inputs,
  inputs.map(([a, b]) => [Math.sin(2 * a), a * b]),
);
const spec: NetworkSpec = {
  inputs: 2,
  layers: [{ units: 5, activation: "tanh" }, { units: 2 }],
  loss: "mse",
  seed: 1,
};

/** Which of products and dense matrices a method takes. */
const kinds: Record<string, "hessian" | "hvp" | "neither"> = {
  newton: "hessian",
  saddleFreeNewton: "hessian",
  trustRegion: "hessian",
  gaussNewton: "hessian",
  levenbergMarquardt: "hessian",
  hessianFree: "hvp",
  kfac: "hvp",
  lbfgs: "neither",
};

const first = [
  { name: "sgd", make: () => sgd({ learningRate: 0.01, momentum: 0.9 }) },
  { name: "adam", make: () => adam() },
];

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));
  afterEach(() => vi.restoreAllMocks());

  it.each(methods)("$name: on a network", ({ make, name, dense }) => {
    const spies = {
      gradient: vi.spyOn(Objective.prototype, "valueAndGradient"),
      bend: vi.spyOn(OutputBend.prototype, "pullBack"),
      value: vi.spyOn(Objective.prototype, "dataLoss"),
      hvp: vi.spyOn(CurvatureProducts.prototype, "multiply"),
      squares: vi.spyOn(SecondMoments.prototype, "curvatureDiagonal"),
      factors: vi.spyOn(SecondMoments.prototype, "factors"),
    };
    const optimizer = make();
    const net = network(spec);
    const { evaluations, steps } = finish(training(net, data, { optimizer, epochs: 6, batchSize: 30 }));
    expect(steps).toBe(6);
    const calls = Object.fromEntries(Object.entries(spies).map(([key, spy]) => [key, spy.mock.calls.length]));
    expect(evaluations.hvp).toBe(calls.hvp);
    // A bend is two values and a gradient's way back.
    expect(evaluations.gradient).toBe(calls.gradient + calls.bend + calls.squares + calls.factors);
    // Squares and factors are a pass forward and one back each, and so gradients.
    expect(evaluations.value).toBe(calls.value - calls.squares - calls.factors + 2 * calls.bend);
    const kind = name === "trustRegion, products" ? "hvp" : kinds[optimizer.name];
    expect(evaluations.hessian).toBe(kind === "hessian" ? 6 : 0);
    expect(evaluations.hvp > 0).toBe(kind === "hvp");
    expect(dense).toBe(kind === "hessian");
    expect(calls.factors).toBe(optimizer.name === "kfac" ? 6 : 0);
    expect(calls.squares).toBe(name === "hessianFree" ? 6 : 0);
    expect(calls.bend > 0).toBe(name === "levenbergMarquardt");
    // A gradient a step, but for those that line searches look ahead with and have left over at the
    // end.
    if (optimizer.name !== "lbfgs" && !name.includes("wolfe")) expect(calls.gradient).toBe(6);
  });

  it.each(first)("$name: gradients alone, one a step", ({ make }) => {
    const products = vi.spyOn(CurvatureProducts.prototype, "multiply");
    const { evaluations, steps } = finish(
      training(network(spec), data, { optimizer: make(), epochs: 3, batchSize: 10 }),
    );
    expect(steps).toBe(9);
    expect(evaluations).toEqual({ value: 0, gradient: 9, hvp: 0, hessian: 0 });
    expect(products).not.toHaveBeenCalled();
  });

  it.each(first)("$name: and on a function", ({ make }) => {
    const calls = { value: 0, gradient: 0 };
    const f = {
      value: ([x]: Float64Array) => {
        ++calls.value;
        return x * x;
      },
      gradient: ([x]: Float64Array) => {
        ++calls.gradient;
        return [2 * x];
      },
    };
    const { evaluations } = minimize(f, [3], { optimizer: make(), maxSteps: 5 });
    // One more each where the last step has led; the value that is returned is looked up once
    // again.
    expect(calls).toEqual({ value: 7, gradient: 6 });
    expect(evaluations).toEqual({ value: 6, gradient: 6, hvp: 0, hessian: 0 });
  });
});
