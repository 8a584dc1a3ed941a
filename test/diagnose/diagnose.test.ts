// Oracle: the parts that a diagnosis gathers, each asked for by itself; and networks of every kind,
// which all get a report.

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  activationStatistics,
  adam,
  type CurvatureChoice,
  classifyCriticalPoint,
  dataset,
  deadUnits,
  diagnose,
  diagnosisCost,
  gradientFlow,
  hessianCost,
  type NetworkSpec,
  network,
  training,
} from "../../src/index.js";
import { CurvatureProducts } from "../../src/network/curvature.js";
import { Propagation } from "../../src/network/propagation.js";
import { cases, makeData, makeParameters, makeRunning } from "../cases.js";
import { finish, flatStatistics, snapshot, toDataset } from "../support.js";
import { clouds, duplicate, line, perceptron, regression, shiftBiases } from "./faults.js";

const choices: CurvatureChoice[] = ["none", "lanczos", "dense"];

describe("diagnose", () => {
  it.each(choices)("%s: gathers its parts, and changes nothing", (curvature) => {
    const net = shiftBiases(duplicate(perceptron(3, [8, 6], 1, "relu"), 0, 1, 2), 0, -100, (unit) => unit === 5);
    const before = snapshot(net);
    const data = regression();
    const found = diagnose(net, data, { curvature });
    const statistics = activationStatistics(net, data);
    const flow = gradientFlow(net, data);
    expect(found).toMatchObject({
      parameters: net.parameterCount,
      samples: 100,
      dtype: "f64",
      batchNorm: "batch",
      curvature,
    });
    expect([found.loss, found.gradientNorm]).toEqual([flow.loss, flow.objectiveNorm]);
    expect(found.layers.map(({ deadUnits: units }) => units)).toEqual(deadUnits(net, data));
    found.layers.forEach((layer, l) => {
      const { active, sparsity, preActivation, activation, exactZeros } = statistics.layers[l];
      expect(layer).toMatchObject({ layer: l, active, sparsity, preActivation, activation, exactZeros });
      const { gradientNorm, parameterNorm, signal, frozenUnits } = flow.layers[l];
      expect(layer).toMatchObject({ gradientNorm, parameterNorm, signal, frozenUnits });
    });
    expect(found.layers[0].duplicates).toEqual([[1, 2]]);
    expect(found.signal).toEqual(flow.growth);
    if (curvature === "none") expect(found.point).toBeNull();
    else {
      const point = classifyCriticalPoint(net, data, { curvature });
      expect(found.point).toEqual({ ...point, escape: point.escape && Array.from(point.escape) });
    }
    expect(snapshot(net)).toEqual(before);
  });

  it("is plain data: JSON and structured cloning keep all but toString()", () => {
    const data = { ...diagnose(perceptron(3, [8], 1, "relu"), regression()) };
    const found = diagnose(perceptron(3, [8], 1, "relu"), regression());
    expect(Object.keys(found)).not.toContain("toString");
    expect(structuredClone(found)).toEqual(data);
    expect(JSON.parse(JSON.stringify(found))).toEqual(data);
    expect(Object.hasOwn(found, "toString")).toBe(true);
  });

  it("the fit: accuracy, or the share of variance explained", () => {
    const net = perceptron(2, [12], 3, "relu", { loss: "cross-entropy" });
    expect(diagnose(net, clouds()).fit).toBe(net.evaluate(clouds()).accuracy);
    const flat = network({ inputs: 1, layers: [{ units: 1 }], initializer: "zeros" });
    // Targets of mean 0 and variance 2, met by 0: nothing explained.
    expect(diagnose(flat, line()).fit).toBe(0);
    flat.setParameters([1, 0]);
    expect(diagnose(flat, line())).toMatchObject({ fit: 1, point: { kind: "minimum" }, advice: [] });
  });

  it.each([
    ["a small network: dense", perceptron(3, [8], 1, "relu"), "dense"],
    ["a middling one: the ends", perceptron(3, [36, 36], 1, "relu"), "lanczos"],
    ["a large one: none", perceptron(3, [600, 600], 1, "relu"), "none"],
  ] as const)("%s by itself, and says why", (_, net, curvature) => {
    const found = diagnose(net, regression());
    expect(found.curvature).toBe(curvature);
    expect(found.curvatureReason.startsWith({ dense: "dense", lanczos: "the ends", none: "none" }[curvature])).toBe(
      true,
    );
    expect(found.curvatureReason).toContain("N·P²");
  });

  it.each(cases)("$name: a report", (item) => {
    const { inputs, targets } = makeData(item);
    const data = toDataset(inputs, targets);
    for (const dtype of ["f64", "f32"] as const) {
      const net = network({ ...item.spec, dtype } as NetworkSpec);
      net.setParameters(makeParameters(item));
      net.setRunningStatistics(flatStatistics(makeRunning(item)));
      const batchNorm = inputs.length === 1 ? "running" : "batch";
      for (const curvature of choices) {
        const found = diagnose(net, data, { curvature, batchNorm });
        const text = found.toString();
        expect(text).toContain(`${net.parameterCount} parameters, ${inputs.length} samples, ${dtype}: loss `);
        expect(text).not.toMatch(/undefined|\[object/);
        expect(text.split("\n").every((row) => row.length <= 130)).toBe(true);
        expect(Number.isFinite(found.loss)).toBe(true);
      }
    }
  });

  it("reads well in a terminal", () => {
    const net = shiftBiases(perceptron(3, [8, 4], 1, "relu"), 0, -100);
    finish(training(net, regression(), { optimizer: adam(), epochs: 1 }));
    const text = String(diagnose(net, regression()));
    expect(text).toMatch(
      /^73 parameters, 100 samples, f64: loss [\d.]+, ‖gradient‖ [\d.]+\n\nlayer {2}activation {2}units {2}dead /,
    );
    expect(text).toMatch(/\n {4}1 {2}relu +8 +8 +0 % +100 % /);
    expect(text).toMatch(/\nPoint: [a-z-]+; /);
    expect(text).toMatch(/\ndead-layer: layer 1 gives 0 for every sample/);
    expect(text).toContain("  Remedy: net.setParameters(reviveUnits(net, data)");
    expect(String(diagnose(perceptron(3, [8], 1, "relu"), regression()))).toMatch(/\nNothing to advise\.$/);
  });

  it("refuses bad input", () => {
    const net = perceptron(3, [4], 1, "relu");
    expect(() => diagnose({} as never, regression())).toThrow(TypeError);
    expect(() => diagnose(net, line())).toThrow(RangeError);
    expect(() => diagnose(net, regression(), { curvature: "lanczo" as never })).toThrow('did you mean "lanczos"');
    expect(() => diagnose(net, regression(), { curve: "none" } as never)).toThrow(TypeError);
    expect(() => diagnose(perceptron(3, [4], 1, "relu", { batchNorm: true }), dataset([[1, 2, 3]], [1]))).toThrow(
      RangeError,
    );
  });
});

describe("what a diagnosis takes, counted, on part of the digits", () => {
  const [, ...lines] = readFileSync(new URL("../../data/digits.csv", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .slice(0, 301);
  const digits = lines.map((row) => row.split(",").map(Number));
  const data = dataset(
    digits.map((row) => row.slice(0, 64).map((pixel) => pixel / 16)),
    digits.map((row) => row[64]),
  );
  const trained = perceptron(64, [64, 32], 10, "relu", { loss: "cross-entropy" });
  finish(training(trained, data, { optimizer: adam(), epochs: 15 }));

  afterEach(() => vi.restoreAllMocks());

  it("none: fewer than ten gradients, a pass forward being a third of one and a pass back two thirds", () => {
    const forward = vi.spyOn(Propagation.prototype, "forward");
    const back = [
      vi.spyOn(Propagation.prototype, "backward"),
      vi.spyOn(Propagation.prototype, "pullBack"),
      vi.spyOn(CurvatureProducts.prototype, "multiply"),
    ];
    trained.gradient(data);
    const chunks = forward.mock.calls.length;
    expect([chunks, back[0].mock.calls.length]).toEqual([chunks, chunks]);
    forward.mockClear();
    for (const spy of back) spy.mockClear();
    diagnose(trained, data, { curvature: "none" });
    const [backward, pulled, products] = back.map((spy) => spy.mock.calls.length);
    // Backward passes pull back by pullBack where that is what they call.
    const gradients = (forward.mock.calls.length / 3 + (2 / 3) * Math.max(backward, pulled)) / chunks;
    expect(products).toBe(0);
    expect(gradients).toBeGreaterThan(1);
    expect(gradients).toBeLessThan(10);
  });

  it("lanczos: between half and twice of the 240 products that it is said to take", () => {
    const products = vi.spyOn(CurvatureProducts.prototype, "multiply");
    expect(diagnose(trained, data, { curvature: "lanczos" }).point).not.toBeNull();
    expect(products.mock.calls.length).toBeGreaterThan(120);
    expect(products.mock.calls.length).toBeLessThan(480);
    // The price is two gradients a product, four for the looks, and the orthogonalisation.
    expect(diagnosisCost(trained, 300, { curvature: "lanczos" }).gradients).toBeGreaterThan(2 * 240 + 4 - 1e-6);
  });
});

describe("diagnosisCost", () => {
  it("is made of hessianCost's parts: gradients, products and eigenvalues", () => {
    const net = perceptron(64, [64, 32], 10, "relu", { loss: "cross-entropy" });
    const { product, seconds, bytes } = hessianCost(net, 1797);
    const [none, lanczos, dense] = choices.map((curvature) => diagnosisCost(net, 1797, { curvature }));
    expect(none.gradients).toBeLessThan(10);
    expect(none.seconds).toBeCloseTo((none.gradients * product.seconds) / 2, 9);
    expect(lanczos.gradients).toBeGreaterThan(100);
    expect(lanczos.gradients).toBeCloseTo((2 * lanczos.seconds) / product.seconds, 6);
    expect(lanczos.bytes).toBeLessThan(bytes / 4);
    expect(dense.seconds).toBeGreaterThan(seconds);
    expect(dense.bytes).toBe(2 * bytes);
    expect(() => diagnosisCost(net, 0)).toThrow(RangeError);
    expect(() => diagnosisCost(net, 10, { curvature: "all" as never })).toThrow(RangeError);
    expect(() => diagnosisCost(6570 as never, 10)).toThrow(TypeError);
  });
});
