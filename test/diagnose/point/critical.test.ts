// Oracles: points whose kind, index and zero modes are known in closed form; the dense matrix's own
// eigenvalues; and products H·t of constructed directions. Minima of networks are searched for with
// steps along |H|⁻¹g.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  classifyCriticalPoint,
  type Dataset,
  dataset,
  deadUnits,
  type InvarianceFamily,
  init,
  type Network,
  network,
  training,
} from "../../../src/index.js";
import { Random } from "../../cases.js";
import { builds, finish, snapshot } from "../../support.js";
import { evenFunction, exclusiveOr, line, perceptron, plant, regression, samples, wave } from "../faults.js";

const methods = ["dense", "lanczos"] as const;

/** Down along |H|⁻¹g, eigenvalues that are next to 0 left out, until nothing moves. */
function descend(net: Network, data: Dataset, steps = 200): Network {
  for (let step = 0; step < steps; ++step) {
    const { loss, gradient } = net.gradient(data);
    const { values, vectors } = net.hessian(data).eigen();
    const n = values.length;
    const at = net.getParameters();
    const most = Math.max(...values.map(Math.abs));
    const direction = new Float64Array(n);
    for (let k = 0; k < n; ++k) {
      if (Math.abs(values[k]) < 1e-9 * most) continue;
      let along = 0;
      for (let i = 0; i < n; ++i) along += vectors.data[i * n + k] * gradient[i];
      for (let i = 0; i < n; ++i) direction[i] += (along / Math.abs(values[k])) * vectors.data[i * n + k];
    }
    let length = 1;
    do {
      net.setParameters(at.map((value, i) => value - length * direction[i]));
      length /= 2;
    } while (net.loss(data) > loss && length > 1e-9);
    if (length <= 1e-9) {
      net.setParameters(at);
      break;
    }
  }
  return net;
}

function count(net: Network, data: Dataset, family: InvarianceFamily): { dimension: number; verified: number } {
  const { families } = classifyCriticalPoint(net, data).zeroModes;
  return families.find((found) => found.family === family) ?? ({ dimension: 0, verified: 0 } as never);
}

function norm(v: ArrayLike<number>): number {
  return Math.hypot(...Array.from(v));
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(methods)("%s: the origin of three tanhs is a saddle of index 3 with eigenvalues ±4", (curvature) => {
    const net = perceptron(1, [3], 1, "tanh", { initializer: "zeros" });
    const before = snapshot(net);
    const point = classifyCriticalPoint(net, line(), { curvature });
    expect(point).toMatchObject({ kind: "saddle", index: 3, indexIsExact: true, gradientNorm: 0, loss: 2, curvature });
    expect(point.smallest).toBeCloseTo(-4, 12);
    expect(point.largest).toBeCloseTo(4, 12);
    expect(point.inertia).toEqual(curvature === "dense" ? { positive: 4, negative: 3, zero: 3 } : null);
    // The escape direction is an eigenvector: H·v = −4·v, and leads down.
    const v = point.escape!;
    const product = net.hvp(line(), v);
    expect(norm(product.map((value, i) => value + 4 * v[i]))).toBeLessThan(1e-5);
    expect(norm(v)).toBeCloseTo(1, 12);
    expect(snapshot(net)).toEqual(before);
    net.setParameters(v.map((value) => 0.1 * value));
    expect(net.loss(line())).toBeLessThan(2 - 0.019);
  });

  it.each(methods)("%s: exclusive or there is degenerate, for its zero modes do not go together", (curvature) => {
    const net = perceptron(2, [3], 1, "tanh", { initializer: "zeros" });
    const point = classifyCriticalPoint(net, exclusiveOr(), { curvature });
    expect(point).toMatchObject({ kind: "degenerate", index: 0, escape: null });
    expect(point.zeroModes.explained).toBeLessThan(12);
  });

  it.each(methods)("%s: least squares has a strict minimum, H = 2/(N·C)·I ⊗ X̃ᵀX̃", (curvature) => {
    const data = dataset(
      [
        [-1, 0],
        [1, 0],
        [0, 2],
        [0, -2],
      ],
      [1, 2, 3, 5],
    );
    const net = network({ inputs: 2, layers: [{ units: 1 }] });
    // By normal equations: w = (½, −½), b = 11/4.
    net.setParameters([0.5, -0.5, 2.75]);
    const point = classifyCriticalPoint(net, data, { curvature });
    expect(point).toMatchObject({
      kind: "minimum",
      index: 0,
      zeroModes: { explained: 0, families: [], fitted: false },
    });
    expect([point.smallest, point.largest]).toEqual([expect.closeTo(1, 12), expect.closeTo(4, 12)]);
    net.setParameters([0.5, -0.5, 2.75 + 1e-4]);
    expect(classifyCriticalPoint(net, data, { curvature }).kind).toBe("not-critical");
    expect(classifyCriticalPoint(net, data, { curvature, tolerance: { gradient: 1e-3 } }).kind).toBe("minimum");
  });

  it.each(methods)("%s: an output at the top of its loss is a maximum", (curvature) => {
    const net = network({ inputs: 1, layers: [{ units: 1, activation: "gelu" }] });
    net.setParameters([0, -0.7517915246935645]);
    const point = classifyCriticalPoint(net, dataset([[-1], [1]], [1, 1]), { curvature });
    expect(point).toMatchObject({ kind: "maximum", index: 2 });
  });

  it.each(methods)("%s: where the loss is linear, H = 0 and g is in its kernel", (curvature) => {
    // Huber's loss beyond its bend.
    const net = network({ inputs: 2, layers: [{ units: 1 }], loss: "huber", initializer: "zeros" });
    const point = classifyCriticalPoint(
      net,
      dataset(
        [
          [1, 2],
          [2, 1],
        ],
        [100, 100],
      ),
      { curvature },
    );
    expect(point).toMatchObject({ kind: "gradient-flat", flatness: 0 });
    expect(point.gradientNorm).toBeGreaterThan(1);
  });

  it("where ‖g‖² is least and g is not 0, H·g = 0: gradient-flat", () => {
    // (tanh w − 2)² alone has its inflection where (1 − t²)(1 − t·(t − 2)·…) changes sign: found by
    // bisection on g′ = L″.
    const net = network({ inputs: 1, layers: [{ units: 1, activation: "tanh" }] });
    const data = dataset([[0]], [2]);
    const curvatureAt = (b: number): number => {
      const t = Math.tanh(b);
      return 2 * (1 - t * t) * (1 - t * t - 2 * t * (t - 2));
    };
    let low = -3;
    let high = 0;
    for (let i = 0; i < 200; ++i) {
      const middle = (low + high) / 2;
      if (curvatureAt(middle) < 0) low = middle;
      else high = middle;
    }
    net.setParameters([0, low]);
    expect(classifyCriticalPoint(net, data).kind).toBe("gradient-flat");
    net.setParameters([0, low + 0.3]);
    expect(classifyCriticalPoint(net, data).kind).toBe("not-critical");
    // Beside it an output with curvature and no gradient.
    const two = network({ inputs: 1, layers: [{ units: 2, activation: "tanh" }] });
    two.setParameters([0, 0, low, 0]);
    const point = classifyCriticalPoint(two, dataset([[0]], [[2, 0]]));
    expect(point.kind).toBe("gradient-flat");
    expect(point.largest).toBeCloseTo(1, 12);
  });

  describe("zero modes are counted by families, and all zero eigenvalues of these minima explained", () => {
    const rows: {
      name: string;
      net(): Network;
      data: Dataset;
      families: Partial<Record<InvarianceFamily, number>>;
      zero: number;
    }[] = [
      {
        name: "a linear network: rescaling 2, mixing 2, shifts 2",
        net: () => network({ inputs: 3, layers: [{ units: 2 }, { units: 2 }], seed: 3 }),
        data: dataset(new Random(1).rows(40, 3), new Random(2).rows(40, 2)),
        families: { rescaling: 2, "same-pattern": 4 },
        zero: 6,
      },
      {
        name: "softmax regression: one a feature and one for the bias",
        net: () => network({ inputs: 2, layers: [{ units: 3 }], loss: "cross-entropy", seed: 1 }),
        data: dataset(
          new Random(5).rows(90, 2),
          Array.from({ length: 90 }, (_, i) => i % 3),
        ),
        families: { "softmax-shift": 3 },
        zero: 3,
      },
      {
        name: "constant inputs, 0 and not, of least squares",
        net: () => network({ inputs: 4, layers: [{ units: 2 }], seed: 1 }),
        data: dataset(
          new Random(3).rows(30, 2).map(([a, b]) => [a, 0, b, 5]),
          new Random(4).rows(30, 2),
        ),
        families: { "constant-inputs": 4 },
        zero: 4,
      },
      {
        name: "dependent inputs",
        net: () => network({ inputs: 3, layers: [{ units: 2 }], seed: 1 }),
        data: dataset(
          new Random(3).rows(30, 2).map(([a, b]) => [a, b, a - 2 * b + 1]),
          new Random(4).rows(30, 2),
        ),
        families: { "dependent-inputs": 2 },
        zero: 2,
      },
      {
        name: "batch norm: a bias before it, the length of weights",
        net: () => network({ inputs: 2, layers: [{ units: 1, batchNorm: true }], seed: 1 }),
        data: samples(40, 2, wave, { seed: 6 }),
        families: { "bias-before-batch-norm": 1, "batch-norm-scale": 1 },
        zero: 2,
      },
      {
        name: "a wholly dead layer: all of it, and the weights it gives to",
        net: () => {
          const net = perceptron(3, [4], 1, "relu");
          return plant(net, ({ layer, kind, value }) => (layer === 0 && kind === "bias" ? -100 : value));
        },
        data: regression(),
        families: { "dead-units": 4 * 4 + 4 },
        zero: 20,
      },
    ];

    it.each(rows)("$name", ({ net: make, data, families, zero }) => {
      const net = descend(make(), data);
      for (const curvature of methods) {
        const point = classifyCriticalPoint(net, data, { curvature });
        expect(point.kind).toBe("minimum");
        expect(Object.fromEntries(point.zeroModes.families.map(({ family, verified }) => [family, verified]))).toEqual(
          families,
        );
        expect(point.zeroModes.explained).toBe(zero);
        if (curvature === "dense")
          expect(point.inertia).toEqual({ positive: net.parameterCount - zero, negative: 0, zero });
      }
    });

    it("relu: one rescaling a live unit; l2 breaks it", () => {
      // Two units, each for one side, that meet the least squares of their side: kinks at samples'
      // gaps.
      const inputs = [-3, -2, -1, 1, 2, 3];
      const data = dataset(
        inputs.map((x) => [x]),
        inputs.map((x) => [Math.abs(x) + (x % 2 === 0 ? 0.3 : 0), x]),
      );
      const make = (penalty = {}): Network => {
        const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 2 }], penalty });
        net.setParameters([1, -1, 0.1, 0.1, 1, 1, 1, -1, 0, 0]);
        return descend(net, data);
      };
      const point = classifyCriticalPoint(make(), data);
      expect(point.kind).toBe("minimum");
      expect(point.zeroModes.families.find(({ family }) => family === "rescaling")).toMatchObject({
        dimension: 2,
        verified: 2,
      });
      const broken = classifyCriticalPoint(make({ l2: 0.01 }), data);
      expect(broken.kind).toBe("minimum");
      expect(broken.inertia!.zero).toBe(0);
      expect(broken.zeroModes.families).toEqual([]);
    });
  });

  it("outputs that meet the targets are a minimum, whatever the zero modes", () => {
    for (const dtype of ["f64", "f32"] as const) {
      const net = perceptron(3, [10], 1, "tanh", { dtype });
      const data = samples(6, 3, wave);
      finish(training(net, data, { optimizer: adam({ learningRate: 0.02 }), epochs: 1500, batchSize: 6 }));
      finish(training(net, data, { optimizer: adam({ learningRate: 1e-4 }), epochs: 1500, batchSize: 6 }));
      const { kind, zeroModes } = classifyCriticalPoint(net, data, { tolerance: { gradient: 1e-3 } });
      expect([kind, zeroModes.fitted]).toEqual(["minimum", true]);
    }
  });

  it("constructed directions are zero modes wherever the point is, for those that are so everywhere", () => {
    // Dead units, constant inputs and the softmax's shift do not need a critical point.
    const inputs = new Random(9).rows(50, 3).map((row) => [...row, 0, 2]);
    const data = dataset(
      inputs,
      inputs.map((_, i) => i % 3),
    );
    const net = perceptron(5, [6, 4], 3, "relu", { loss: "cross-entropy" });
    plant(net, ({ layer, unit, kind, value }) => (layer === 0 && unit === 2 && kind === "bias" ? -100 : value));
    const [first, second] = deadUnits(net, data).map((units) => units.length);
    const dead = first * (6 + 4) + second * (7 + 3);
    expect(dead).toBeGreaterThanOrEqual(10);
    expect(count(net, data, "dead-units")).toMatchObject({ dimension: dead, verified: dead });
    const constant = 2 * (6 - first);
    expect(count(net, data, "constant-inputs")).toMatchObject({ dimension: constant, verified: constant });
    expect(count(net, data, "softmax-shift")).toMatchObject({ dimension: 5, verified: 5 });
    expect(count(net, data, "rescaling")).toMatchObject({ verified: 0 });
  });

  it("the index is that of the dense matrix; from products it is a lower bound that says so", () => {
    const net = perceptron(1, [8], 1, "tanh");
    net.setParameters([...Array.from({ length: 8 }, (_, i) => 0.3 * (i + 1)), ...new Array(17).fill(0)]);
    const data = evenFunction();
    const dense = classifyCriticalPoint(net, data, { curvature: "dense" });
    const tolerance = dense.tolerance.eigenvalue;
    expect(dense.index).toBe(
      net
        .hessian(data)
        .eigenvalues()
        .filter((value) => value < -tolerance).length,
    );
    const few = classifyCriticalPoint(net, data, { curvature: "lanczos", k: 2 });
    expect(few.index).toBeLessThanOrEqual(dense.index);
    expect(few.smallest).toBeCloseTo(dense.smallest, 6);
    expect(few.indexIsExact).toBe(false);
  });
});

it("a relu network at the origin is at its kinks, and says so", () => {
  const point = classifyCriticalPoint(perceptron(1, [3], 1, "relu", { initializer: "zeros" }), line());
  expect(point.atKink).toBe(15);
  expect(point.kind).toBe("degenerate");
  expect(point.reason).toContain("exactly at a kink");
});

it("what is not finite is no critical point", () => {
  const net = network({ inputs: 1, layers: [{ units: 1 }, { units: 1 }] });
  net.setParameters([1e200, 0, 1e200, 0]);
  const point = classifyCriticalPoint(net, dataset([[1], [2]], [0, 0]));
  expect(point).toMatchObject({ kind: "not-critical", status: "non-finite" });
});

it("tolerances give their reasons, and plain data goes through cloning", () => {
  const point = classifyCriticalPoint(perceptron(3, [4], 1, "relu"), regression());
  expect(point.tolerance.gradientReason).toContain("‖H‖");
  expect(point.tolerance.eigenvalueReason).toContain("rounding");
  expect(point.curvatureReason).toContain("N·P²");
  expect(structuredClone(point)).toEqual(point);
  const given = classifyCriticalPoint(perceptron(3, [4], 1, "relu"), regression(), {
    tolerance: { eigenvalue: 10, gradient: 1e9 },
  });
  expect(given.tolerance).toMatchObject({ gradient: 1e9, eigenvalue: 10, gradientReason: "as asked for" });
});

it("refuses what it cannot take", () => {
  const net = perceptron(3, [4], 1, "relu");
  expect(() => classifyCriticalPoint({} as never, regression())).toThrow(TypeError);
  expect(() => classifyCriticalPoint(net, line())).toThrow(RangeError);
  expect(() => classifyCriticalPoint(net, regression(), { curvature: "none" as never })).toThrow(RangeError);
  expect(() => classifyCriticalPoint(net, regression(), { tolerance: { gradiant: 1 } as never })).toThrow(
    'did you mean "gradient"',
  );
  expect(() => classifyCriticalPoint(net, regression(), { tolerance: { gradient: -1 } })).toThrow(RangeError);
  expect(() => classifyCriticalPoint(net, regression(), { k: 1 })).toThrow(RangeError);
  expect(() => classifyCriticalPoint(net, regression(), { curvature: "dense", maxBytes: 8 })).toThrow(RangeError);
});
