// Oracle: runs whose course is known by arithmetic (a parabola of curvature λ under steps of length
// η), or by where a fault was planted.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  type Dataset,
  dataset,
  deadUnits,
  type Finding,
  fit,
  init,
  type Network,
  type NetworkSpec,
  network,
  type StepRecord,
  sgd,
  training,
  watch,
} from "../../../src/index.js";
import { builds, finish } from "../../support.js";
import { clouds, perceptron, regression, samples, shiftBiases, wave } from "../faults.js";

/** (w − 1)² from w = 0; the curvature is 2. */
function parabola(): { net: Network; data: Dataset } {
  const net = network({ inputs: 1, layers: [{ units: 1 }], initializer: "zeros" });
  return { net, data: dataset([[-1], [1]], [-1, 1]) };
}

function codes(findings: readonly Finding[]): string[] {
  return findings.map(({ code }) => code);
}

function stepThrough(run: Generator<StepRecord, unknown>, step: (record: StepRecord) => void): void {
  for (const record of run) step(record);
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("a period-2 cycle at η = 2/λ, epoch by epoch and step by step", async () => {
    const { net, data } = parabola();
    const byEpoch = watch(net, data);
    await fit(net, data, { optimizer: sgd({ learningRate: 1 }), epochs: 40, batchSize: 2, onEpoch: byEpoch });
    const [finding] = byEpoch.findings;
    expect(codes(byEpoch.findings)).toEqual(["period-2-cycle"]);
    expect(finding).toMatchObject({
      step: null,
      epoch: 21,
      evidence: { cosine: -1, signFlips: 1, returnRatio: 0, learningRate: 1 },
    });
    net.setParameters([0, 0]);
    const byStep = watch(net, data);
    stepThrough(training(net, data, { optimizer: sgd({ learningRate: 1 }), epochs: 40, batchSize: 2 }), byStep.step);
    expect(codes(byStep.findings)).toEqual(["period-2-cycle"]);
    expect(byStep.findings[0]).toMatchObject({ step: 21, epoch: 21 });
  });

  it("reversals that lead downhill are no fault: η just below 2/λ", () => {
    const { net, data } = parabola();
    const watcher = watch(net, data);
    stepThrough(
      training(net, data, { optimizer: sgd({ learningRate: 0.97 }), epochs: 100, batchSize: 2 }),
      watcher.step,
    );
    expect(codes(watcher.findings)).toEqual([]);
  });

  it("divergence at η > 2/λ", () => {
    const { net, data } = parabola();
    const watcher = watch(net, data);
    stepThrough(training(net, data, { optimizer: sgd({ learningRate: 1.5 }), epochs: 20, batchSize: 2 }), watcher.step);
    // The loss grows by (1 − 2·1.5)² = 4 a step: 16 times the first at record 3, three such records
    // at 5.
    expect(codes(watcher.findings)).toEqual(["divergence"]);
    expect(watcher.findings[0]).toMatchObject({ step: 5, evidence: { loss: 256, first: 1, best: 1 } });
  });

  it("a loss that is effectively 0", () => {
    const { net, data } = parabola();
    const watcher = watch(net, data);
    stepThrough(
      training(net, data, { optimizer: sgd({ learningRate: 0.45 }), epochs: 30, batchSize: 2 }),
      watcher.step,
    );
    // (1 − 0.9)² a step: 10⁻⁸ at record 5.
    expect(codes(watcher.findings)).toEqual(["zero-loss"]);
    expect(watcher.findings[0].step).toBe(5);
  });

  it("a plateau: a dead layer, once the bias above has learned the mean", async () => {
    const net = shiftBiases(perceptron(3, [8], 1, "relu"), 0, -100);
    const data = regression();
    const watcher = watch(net, data);
    await fit(net, data, { optimizer: sgd({ learningRate: 0.3 }), epochs: 60, batchSize: 100, onEpoch: watcher });
    expect(codes(watcher.findings)).toEqual(["plateau"]);
    expect(watcher.findings[0].evidence.window).toBe(20);
  });

  it("units that die of a learning rate that is too large; with smaller steps they live and the network learns", () => {
    const data = samples(200, 3, (x) => 3 * wave(x));
    const run = (learningRate: number): { found: string[]; dead: number; loss: number } => {
      const net = perceptron(3, [16, 16], 1, "relu", { seed: 2 });
      const watcher = watch(net, data);
      stepThrough(
        training(net, data, { optimizer: sgd({ learningRate, momentum: 0.9 }), epochs: 40, clip: { norm: 5 } }),
        watcher.step,
      );
      return { found: codes(watcher.findings), dead: deadUnits(net, data).flat().length, loss: net.loss(data) };
    };
    const before = run(1);
    expect(before.found).toContain("dying-units");
    expect(before.dead).toBeGreaterThan(8);
    const after = run(0.01);
    expect(after.found).toEqual([]);
    expect(after.dead).toBeLessThan(4);
    expect(before.loss / after.loss).toBeGreaterThan(20);
  });

  it.each(["f64", "f32"] as const)("a NaN from one sample: step, layer, quantity and sample, %s", async (dtype) => {
    const big = dtype === "f64" ? 1e200 : 1e25;
    const inputs = Array.from({ length: 9 }, (_, i) => [i === 6 ? big : 1, 1]);
    // Two units of layer 1 get +∞ and −∞ of layer 0's; layer 2 takes their difference: ∞ − ∞.
    const net = network({ inputs: 2, layers: [{ units: 2 }, { units: 2 }, { units: 1 }], dtype });
    net.setParameters([1, 0, 1, 0, 0, 0, big, 0, 0, big, 0, 0, 1, -1, 0]);
    const data = dataset(inputs, new Array(9).fill(0));
    const watcher = watch(net, data, { guard: null });
    const small = dtype === "f64" ? 1e-300 : 1e-35;
    const history = await fit(net, data, {
      optimizer: sgd({ learningRate: small }),
      epochs: 1,
      batchSize: 1,
      shuffle: false,
      onEpoch: watcher,
    });
    expect(history.status).toBe("non-finite");
    watcher.finish(history);
    const [finding] = watcher.findings.filter(({ code }) => code === "inf" || code === "nan");
    expect(finding).toMatchObject({
      code: "inf",
      step: history.nonFinite!.step,
      epoch: 1,
      evidence: { layer: 1, unit: 0, quantity: "pre-activation", sample: 6 },
    });
    const healed = dataset(
      inputs.map(([, one], i) => [i === 6 ? 1 : 1, one]),
      new Array(9).fill(0),
    );
    const calm = watch(net, healed, { guard: { big: Infinity } });
    calm.finish(
      await fit(net, healed, { optimizer: sgd({ learningRate: small }), epochs: 1, batchSize: 1, clip: { norm: 1 } }),
    );
    expect(codes(calm.findings)).toEqual([]);
  });

  it("the guard's bound names the first value beyond it, in forward order, epoch by epoch", async () => {
    const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
    net.setParameters([1, 10, 0, 0, 0, 0, 0]);
    const data = dataset([[1], [3], [-5], [20]], [1, 1, 1, 1]);
    const watcher = watch(net, data, { guard: { big: 25 } });
    await fit(net, data, { optimizer: sgd({ learningRate: 1e-9 }), epochs: 1, onEpoch: watcher });
    expect(watcher.findings[0]).toMatchObject({
      code: "big",
      evidence: { quantity: "pre-activation", layer: 0, unit: 1, sample: 1, value: "30" },
    });
    for (const [guard, found] of [
      [{ big: 9 }, { quantity: "parameter", layer: 0, unit: 1, sample: -1 }],
      [{ big: 1e3 }, null],
    ] as const) {
      const other = watch(net, data, { guard });
      await fit(net, data, { optimizer: sgd({ learningRate: 1e-9 }), epochs: 1, onEpoch: other });
      if (found) expect(other.findings[0].evidence).toMatchObject(found);
      else expect(other.findings).toEqual([]);
    }
  });

  it("step by step the guard names the step after which a parameter is too big, in the middle of an epoch", () => {
    const { net } = parabola();
    const data = dataset(
      Array.from({ length: 10 }, (_, i) => [i % 2 ? 1 : -1]),
      Array.from({ length: 10 }, (_, i) => (i % 2 ? 1 : -1)),
    );
    // 1 − w goes −2 times as far each step: w is 0, 3, −3, 9, −15, 33 where η = 1.5 and λ = 2,
    // whichever two samples are in the batch.
    const watcher = watch(net, data, { guard: { big: 10 } });
    const run = { optimizer: sgd({ learningRate: 1.5 }), epochs: 1, batchSize: 2, shuffle: false };
    stepThrough(training(net, data, run), watcher.step);
    const [finding] = watcher.findings.filter(({ code }) => code === "big");
    expect(finding).toMatchObject({
      step: 4,
      epoch: 1,
      evidence: { quantity: "parameter", layer: 0, unit: 0, sample: -1, value: "-15" },
    });
  });

  it("runs that are well: nothing", async () => {
    const specs: Partial<NetworkSpec & { batchNorm: boolean }>[] = [{}, { dtype: "f32" }, { batchNorm: true }];
    for (const rest of specs) {
      for (const activation of ["relu", "tanh", "gelu"]) {
        const net = perceptron(3, [16, 8], 1, activation, rest);
        const watcher = watch(net, regression());
        const history = await fit(net, regression(), {
          optimizer: adam({ learningRate: 3e-3 }),
          epochs: 40,
          onEpoch: watcher,
        });
        watcher.finish(history);
        expect(codes(watcher.findings)).toEqual([]);
        const classes = perceptron(2, [12], 3, activation, { loss: "cross-entropy", ...rest });
        const steps = watch(classes, clouds());
        stepThrough(
          training(classes, clouds(), { optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }), epochs: 20 }),
          steps.step,
        );
        expect(codes(steps.findings)).toEqual([]);
      }
    }
  });

  it("findings are plain data, told once, and the network is left alone", () => {
    const { net, data } = parabola();
    const heard: Finding[] = [];
    const watcher = watch(net, data, { onFinding: (finding) => heard.push(finding) });
    const other = parabola();
    const run = { optimizer: sgd({ learningRate: 1 }), epochs: 200, batchSize: 2 };
    stepThrough(training(net, data, run), watcher.step);
    finish(training(other.net, other.data, { ...run, optimizer: sgd({ learningRate: 1 }) }));
    expect(net.getParameters()).toEqual(other.net.getParameters());
    expect(heard).toEqual(watcher.findings);
    expect(heard).toHaveLength(1);
    expect(structuredClone(heard)).toEqual(heard);
    expect(JSON.parse(JSON.stringify(heard))).toEqual(heard);
  });
});

it("refuses what it cannot watch by", () => {
  const { net, data } = parabola();
  expect(() => watch({} as never, data)).toThrow(TypeError);
  expect(() => watch(net, regression())).toThrow(RangeError);
  expect(() => watch(net, data, { window: 1 })).toThrow(RangeError);
  expect(() => watch(net, data, { guard: { big: 0 } })).toThrow(RangeError);
  expect(() => watch(net, data, { guard: { bigg: 1 } as never })).toThrow('did you mean "big"');
  expect(() => watch(net, data, { improvement: 1 })).toThrow(RangeError);
  expect(() => watch(net, data, { onFinding: 1 as never })).toThrow(TypeError);
  expect(() => watch(net, data).step(1 as never)).toThrow(TypeError);
});
