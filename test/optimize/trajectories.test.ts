// Oracle: PyTorch's trajectories over 25 steps (test/fixtures/optimizers.json), and for whole
// networks the loops of test/oracle with PyTorch's rules one number at a time.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  init,
  network,
  type Optimizer,
  rmsprop,
  sgd,
  training,
} from "../../src/index.js";
import { Problem } from "../../src/optimize/problem.js";
import { acquire, release, type Workspace } from "../../src/wasm/workspace.js";
import { caseNamed, makeData, makeParameters } from "../cases.js";
import { type OptimizerFixture, polynomialGradient, polynomialValue, readFixture } from "../oracle/fixtures.js";
import * as oracle from "../oracle/network.js";
import { type OptimizerName, optimizers as rules } from "../oracle/optimizers.js";
import { layout, type NetworkSpec } from "../oracle/spec.js";
import { builds, distance, dtypes, rounded, take, toDataset } from "../support.js";

const { items, function: polynomial, start } = readFixture("optimizers");
const factories = { sgd, adagrad, adadelta, rmsprop, adam, adamw };

/** PyTorch's default rates, which the library's are not. */
const torchRates = { sgd: 1e-3, adagrad: 1e-2, adadelta: 1, rmsprop: 1e-2, adam: 1e-3, adamw: 1e-3 };

/** The options by the library's names. */
function optimizerOf({ optimizer, options }: Pick<OptimizerFixture, "optimizer" | "options">): Optimizer {
  const { lrDecay, initialAccumulator, ...rest } = options;
  return factories[optimizer]({
    learningRate: torchRates[optimizer],
    ...rest,
    ...(lrDecay === undefined ? {} : { learningRateDecay: lrDecay }),
    ...(initialAccumulator === undefined ? {} : { initialAccumulator }),
  } as never);
}

/** The fixtures' polynomial as an optimizer sees it, in the dtype's precision. */
class PolynomialProblem extends Problem {
  constructor(workspace: Workspace, dtype: "f64" | "f32") {
    super(workspace, dtype, start.length);
    workspace.write(dtype, this.theta, start);
  }

  get point(): number[] {
    return Array.from(this.workspace.slice(this.dtype, this.theta, this.size));
  }

  override checkCurvature(): void {}

  protected override gradientAt(point: number, gradient: number): number {
    const x = Array.from(this.workspace.slice(this.dtype, point, this.size));
    this.workspace.write(this.dtype, gradient, polynomialGradient(polynomial, x));
    return polynomialValue(polynomial, x);
  }

  protected override valueAt = unasked;
  protected override productAt = unasked;
  protected override hessianAt = unasked;
}

function unasked(): never {
  throw new Error("first-order methods take gradients alone");
}

/**
 * Without the biases under batch norm: their gradients are 0 but for rounding, which adaptive
 * methods scale up to whole steps.
 */
function determined(spec: NetworkSpec, parameters: ArrayLike<number>): number[] {
  const values = Array.from(parameters);
  for (const { bias, scale } of layout(spec)) if (scale >= 0) values.fill(0, bias, scale);
  return values;
}

const titled = items.map((item) => ({
  ...item,
  title: `${item.optimizer} ${JSON.stringify(item.options)} ${item.dtype}`,
}));

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(titled)("$title", (item) => {
    const workspace = acquire(build);
    const problem = new PolynomialProblem(workspace, item.dtype);
    const optimizer = optimizerOf(item);
    optimizer.attach("test", problem);
    item.iterates.forEach((expected, step) => {
      const { value, breakdown, gradientNorm } = optimizer.step(problem, optimizer.learningRate, null);
      expect(breakdown).toBe(null);
      const before = step === 0 ? start : item.iterates[step - 1];
      expect(distance([value], [polynomialValue(polynomial, before)])).toBeLessThan(
        item.dtype === "f32" ? 1e-4 : 1e-12,
      );
      const norm = Math.hypot(...polynomialGradient(polynomial, before));
      expect(distance([gradientNorm], [norm])).toBeLessThan(item.dtype === "f32" ? 1e-4 : 1e-12);
      const limit = item.dtype === "f32" ? 1e-5 : 1e-12;
      expect(distance(problem.point, expected), `step ${step + 1}`).toBeLessThan(limit);
    });
    expect(optimizer.steps).toBe(25);
    optimizer.detach();
    release(workspace);
  });

  it("single-precision trajectories follow the double-precision ones for every method", () => {
    for (const item of items.filter(({ dtype }) => dtype === "f64")) {
      const workspace = acquire(build);
      const problem = new PolynomialProblem(workspace, "f32");
      const optimizer = optimizerOf(item);
      optimizer.attach("test", problem);
      for (const expected of item.iterates) {
        optimizer.step(problem, optimizer.learningRate, null);
        expect(distance(problem.point, expected), JSON.stringify(item.options)).toBeLessThan(1e-3);
      }
      release(workspace);
    }
  });

  describe("networks, 25 full-batch steps", () => {
    const named: [OptimizerName, Record<string, unknown>][] = [
      ["sgd", { learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 }],
      ["adagrad", { learningRate: 0.05 }],
      ["adadelta", { learningRate: 1 }],
      ["rmsprop", { learningRate: 3e-3, momentum: 0.5, centered: true }],
      ["adam", { learningRate: 0.02, amsgrad: true }],
      ["adamw", { learningRate: 0.02, weightDecay: 0.05 }],
    ];

    it.each(named)("%s", (name, options) => {
      for (const example of [
        "tanh mse",
        "softmax regression",
        "softplus depth 5",
        "tanh l1 and l2 on all",
        "batch norm on the output",
      ]) {
        const item = caseNamed(example);
        const { inputs, targets } = makeData(item);
        for (const dtype of dtypes) {
          const net = network({ ...item.spec, dtype });
          let θ: number[] = rounded(makeParameters(item), dtype);
          net.setParameters(θ);
          const rule = rules[name](options as never);
          const optimizer = factories[name](options as never);
          const steps = training(net, toDataset(inputs, targets), { optimizer, epochs: 25, batchSize: inputs.length });
          for (const { loss, samples } of steps) {
            expect(samples).toBe(inputs.length);
            const label = `${example} ${dtype}`;
            expect(distance([loss], [oracle.loss(item.spec, θ, inputs, targets)]), label).toBeLessThan(
              dtype === "f32" ? 2e-4 : 1e-11,
            );
            θ = rule(θ, oracle.gradient(item.spec, θ, inputs, targets));
            const off = distance(determined(item.spec, net.getParameters()), determined(item.spec, θ));
            // Adaptive methods divide small gradients by small averages, and so magnify rounding.
            expect(off, label).toBeLessThan(dtype === "f32" ? 5e-3 : 1e-10);
          }
        }
      }
    });
  });

  it("the learning rate of a step scales it", () => {
    const net = network({ inputs: 1, layers: [{ units: 1 }] });
    net.setParameters([1, 0]);
    const data = toDataset([[1]], [0]);
    take(training(net, data, { optimizer: sgd({ learningRate: 0.5 }), epochs: 1, schedule: () => 0.25 }), 1);
    expect(Array.from(net.getParameters())).toEqual([0.5, -0.5]);
  });
});
