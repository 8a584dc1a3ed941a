// Oracles: PyTorch in double precision, by way of test/fixtures/losses.json; test/oracle's loops
// and hyper-dual numbers; central differences of the gradient; for losses of the caller's the
// built-in ones.
import { beforeAll, describe, expect, it } from "vitest";
import { toJson } from "../../src/formats/index.js";
import {
  adam,
  type CustomLoss,
  checkGradient,
  type Dataset,
  dataset,
  fit,
  gaussNewton,
  hessianFree,
  hessianOperator,
  init,
  kfac,
  kinks,
  type Loss,
  lbfgs,
  levenbergMarquardt,
  type Network,
  type NetworkSpec,
  network,
  newton,
  type Optimizer,
  saddleFreeNewton,
  scores,
  sgd,
  training,
  trustRegion,
} from "../../src/index.js";
import { lossNames } from "../../src/network/spec.js";
import { Random } from "../cases.js";
import { jacobianDifferences } from "../oracle/differences.js";
import { fromTriangle, readFixture } from "../oracle/fixtures.js";
import { hessian } from "../oracle/hessian.js";
import * as oracle from "../oracle/network.js";
import type { LossSpec } from "../oracle/spec.js";
import { builds, distance, dtypes, finish, rounded, tolerance } from "../support.js";

/** Losses with what they take for targets. */
const table: { loss: LossSpec; outputs: number; targets: number; spread: number; counts?: boolean }[] = [
  { loss: { type: "huber", delta: 0.4 }, outputs: 2, targets: 2, spread: 1 },
  { loss: "log-cosh", outputs: 2, targets: 2, spread: 2 },
  { loss: "mae", outputs: 2, targets: 2, spread: 1 },
  { loss: "quantile", outputs: 2, targets: 2, spread: 1 },
  { loss: { type: "quantile", at: [0.1, 0.5, 0.9] }, outputs: 6, targets: 2, spread: 1 },
  { loss: "poisson", outputs: 2, targets: 2, spread: 1, counts: true },
];

function setUp({ outputs, targets: width, spread, counts, loss }: (typeof table)[number], batchNorm: boolean) {
  const random = new Random(7);
  const hidden = { units: 5, activation: "tanh" as const, batchNorm };
  const spec = { inputs: 3, layers: [hidden, { ...hidden, units: 4 }, { units: outputs }], loss };
  const inputs = random.rows(9, 3);
  const targets = inputs.map(() => random.normals(width).map((y) => (counts ? random.integer(5) : spread * y)));
  const parameters = Array.from(network(spec).getParameters(), (value) => value + 0.2 * random.normal());
  return { spec, inputs, targets, parameters };
}

describe.each(builds)("losses, %s", (build) => {
  beforeAll(async () => {
    await init({ simd: build });
  });

  it.each(table.flatMap((row) => [false, true].map((batchNorm) => ({ ...row, batchNorm }))))(
    "$loss, batch norm $batchNorm: value, gradient, Hessian, Gauss-Newton matrix and products are the oracle's",
    ({ batchNorm, ...row }) => {
      for (const dtype of dtypes) {
        const { spec, ...given } = setUp(row, batchNorm);
        const [inputs, targets] = [rounded(given.inputs, dtype), rounded(given.targets, dtype)];
        const parameters = rounded(given.parameters, dtype);
        const net = network({ ...spec, dtype } as NetworkSpec);
        net.setParameters(parameters);
        const data = dataset(inputs, targets);
        const limit = 10 * tolerance[dtype];
        expect(distance([net.loss(data)], [oracle.loss(spec, parameters, inputs, targets)])).toBeLessThan(limit);
        const gradient = oracle.gradient(spec, parameters, inputs, targets);
        expect(distance(net.gradient(data).gradient, gradient)).toBeLessThan(limit);
        const v = parameters.map((_, i) => Math.cos(i));
        for (const kind of ["exact", "ggn"] as const) {
          const expected = hessian(spec, parameters, inputs, targets, { kind, mode: "batch" });
          const H = net.hessian(data, { kind });
          expect(distance(H.data, expected.flat()), `${kind} ${dtype}`).toBeLessThan(limit);
          const product = expected.map((line) => line.reduce((sum, h, j) => sum + h * v[j], 0));
          expect(distance(hessianOperator(net, data, { kind }).matvec(v), product)).toBeLessThan(limit);
        }
      }
    },
  );

  it.each(readFixture("losses").items)("$name: value, gradient and Hessian are PyTorch's", (item) => {
    const net = network(item.spec as NetworkSpec);
    net.setParameters(item.parameters);
    const data = dataset(item.inputs, item.targets, { weights: item.weights });
    const { loss, gradient } = net.gradient(data);
    expect(distance([net.loss(data), loss], [item.loss, item.loss])).toBeLessThan(1e-12);
    expect(distance(gradient, item.gradient)).toBeLessThan(1e-12);
    expect(distance(net.hessian(data).data, fromTriangle(item.hessian).flat())).toBeLessThan(1e-12);
  });

  it.each(table)("$loss: central differences of the gradient are the Hessian", (row) => {
    const { spec, inputs, targets, parameters } = setUp(row, false);
    const net = network(spec as NetworkSpec);
    const data = dataset(inputs, targets);
    const gradientAt = (at: number[]): number[] => {
      net.setParameters(at);
      return Array.from(net.gradient(data).gradient);
    };
    const expected = jacobianDifferences(gradientAt, parameters, 1e-5);
    net.setParameters(parameters);
    expect(distance(net.hessian(data).data, expected.flat())).toBeLessThan(1e-6);
  });

  /** Targets of three normal numbers. */
  const drawn = {
    rows: (row: number[]) => row,
    counts: (row: number[]) => row.map((y) => Math.floor(Math.exp(y))),
    marks: (row: number[]) => row.map((y) => Number(y > 0)),
    shares: (row: number[]) => {
      const sum = row.reduce((total, y) => total + Math.exp(y), 0);
      return row.map((y) => Math.exp(y) / sum);
    },
  };

  /** Built-in losses once more, as a caller would write them. */
  const twins: Record<string, { built: Loss; own: CustomLoss; targets: keyof typeof drawn }> = {
    mse: {
      built: "mse",
      targets: "rows",
      own: {
        value: (z, y) => z.reduce((sum, x, j) => sum + (x - y[j]) ** 2, 0) / z.length,
        gradient: (z, y) => z.map((x, j) => (2 * (x - y[j])) / z.length),
        hessian: (z) => Array.from(z, (_, i) => Array.from(z, (_x, j) => (i === j ? 2 / z.length : 0))),
      },
    },
    "huber of δ ½": {
      built: { type: "huber", delta: 0.5 },
      targets: "rows",
      own: elementwise(
        (r) => (Math.abs(r) <= 0.5 ? (r * r) / 2 : 0.5 * (Math.abs(r) - 0.25)),
        (r) => Math.max(-0.5, Math.min(0.5, r)),
        (r) => Number(Math.abs(r) <= 0.5),
      ),
    },
    "log-cosh": {
      built: "log-cosh",
      targets: "rows",
      own: elementwise(
        (r) => Math.log(Math.cosh(r)),
        Math.tanh,
        (r) => Math.cosh(r) ** -2,
      ),
    },
    poisson: {
      built: "poisson",
      targets: "counts",
      own: elementwise(
        (_, z, y) => Math.exp(z) - y * z,
        (_, z, y) => Math.exp(z) - y,
        (_, z) => Math.exp(z),
      ),
    },
    "binary-cross-entropy": {
      built: "binary-cross-entropy",
      targets: "marks",
      own: elementwise(
        (_, z, y) => Math.log(1 + Math.exp(z)) - y * z,
        (_, z, y) => 1 / (1 + Math.exp(-z)) - y,
        (_, z) => 1 / (2 + Math.exp(z) + Math.exp(-z)),
      ),
    },
    "cross-entropy": { built: "cross-entropy", targets: "shares", own: softmaxLoss() },
  };
  const twinData = (targets: keyof typeof drawn, weights: number[] | null = null): Dataset => {
    const random = new Random(3);
    const inputs = random.rows(12, 3);
    const rows = inputs.map(() => drawn[targets](random.normals(3)));
    return dataset(inputs, rows, { weights });
  };
  const make = (loss: Loss, batchNorm = false): Network => {
    const hidden = { units: 4, activation: "tanh" as const, batchNorm };
    return network({ inputs: 3, layers: [hidden, { units: 3 }], loss, penalty: { l2: 0.01, on: "all" }, seed: 2 });
  };

  it.each(Object.keys(twins))("a loss of the caller's is the built-in %s", (name) => {
    const { built, own, targets } = twins[name];
    for (const weights of [null, [1, 2, 0, 1, 1, 3, 1, 1, 0.5, 1, 1, 1]]) {
      for (const batchNorm of [false, true]) {
        const data = twinData(targets, weights);
        const [a, b] = [make(own, batchNorm), make(built, batchNorm)];
        expect(distance([a.loss(data)], [b.loss(data)])).toBeLessThan(1e-12);
        expect(distance(a.gradient(data).gradient, b.gradient(data).gradient)).toBeLessThan(1e-12);
        const v = Array.from({ length: a.parameterCount }, (_, i) => Math.sin(i));
        for (const mode of ["batch", "running"] as const) {
          for (const kind of ["exact", "ggn"] as const) {
            const options = { kind, batchNorm: mode };
            expect(distance(a.hessian(data, options).data, b.hessian(data, options).data)).toBeLessThan(1e-12);
            const [p, q] = [a, b].map((net) => hessianOperator(net, data, options).matvec(v));
            expect(distance(p, q)).toBeLessThan(1e-12);
          }
        }
      }
    }
  });

  const methods: Record<string, () => Optimizer> = {
    sgd: () => sgd({ learningRate: 0.05 }),
    adam: () => adam({ learningRate: 0.05 }),
    lbfgs: () => lbfgs(),
    newton: () => newton(),
    saddleFreeNewton: () => saddleFreeNewton(),
    trustRegion: () => trustRegion(),
    gaussNewton: () => gaussNewton(),
    levenbergMarquardt: () => levenbergMarquardt(),
  };
  it.each(Object.keys(methods))("%s takes the same steps under a loss of the caller's", (name) => {
    for (const [loss, { built, own, targets }] of Object.entries(twins)) {
      const data = twinData(targets, [1, 2, 0, 1, 1, 3, 1, 1, 0.5, 1, 1, 1]);
      const [a, b] = [own, built].map((loss) => {
        const net = make(loss);
        finish(training(net, data, { optimizer: methods[name](), epochs: 4, batchSize: data.size }));
        return net.getParameters();
      });
      expect(distance(a, b), loss).toBeLessThan(1e-8);
    }
  });

  it.each([
    ["kfac", kfac],
    ["hessianFree", hessianFree],
  ] as const)("%s brings a loss of the caller's down", async (_, method) => {
    for (const { own, targets } of Object.values(twins)) {
      const data = twinData(targets);
      const net = make(own);
      const before = net.loss(data);
      await fit(net, data, { optimizer: method(), epochs: 20 });
      expect(net.loss(data)).toBeLessThan(0.9 * before);
    }
  });

  it("draws derivatives whose second moments are the curvature of a loss of the caller's", async () => {
    const { SecondMoments } = await import("../../src/network/fisher.js");
    const { wholeBatch } = await import("../../src/network/objective.js");
    const data = twinData("shares");
    const net = network({ inputs: 3, layers: [{ units: 3 }], loss: softmaxLoss(), seed: 2 });
    const rounds = 4000;
    const mean = net.resident((workspace, theta, statistics) => {
      const moments = new SecondMoments(workspace, net.spec, net.layout, data, data.size);
      const sum = new Float64Array(9);
      for (let seed = 0; seed < rounds; ++seed) {
        const [{ outputs }] = moments.factors(theta, statistics, wholeBatch(data), seed);
        outputs.forEach((value, i) => {
          sum[i] += value / rounds;
        });
      }
      return sum;
    });
    // The biases' block of the Gauss-Newton matrix is the mean of the curvature.
    const G = net.hessian(data, { kind: "ggn" });
    const block = [9, 10, 11].flatMap((i) => [9, 10, 11].map((j) => G.data[i * 12 + j]));
    expect(distance(mean, block)).toBeLessThan(0.05);
  });

  it("learns quantiles: a share of the targets as large as the level lies below", async () => {
    const random = new Random(5);
    const inputs = random.rows(600, 1);
    const data = dataset(
      inputs,
      inputs.map(([x]) => x + random.normal()),
    );
    const at = [0.1, 0.5, 0.9];
    const net = network({ inputs: 1, layers: [{ units: 3 }], loss: { type: "quantile", at }, seed: 1 });
    await fit(net, data, { optimizer: adam({ learningRate: 0.02 }), epochs: 100, seed: 1 });
    const { data: outputs } = net.predict(inputs);
    const targets = data.targets as Float64Array;
    at.forEach((level, q) => {
      const below = targets.filter((y, i) => y < outputs[3 * i + q]).length / targets.length;
      expect(Math.abs(below - level)).toBeLessThan(0.04);
    });
    const found = scores(net, data);
    expect(found.task === "regression" && found.r2).toBeGreaterThan(0.4);
  });

  it("learns rates of counts: the mean rate is the mean count, to the gradient of the bias", () => {
    const random = new Random(6);
    const inputs = random.rows(80, 2);
    const data = dataset(
      inputs,
      inputs.map(() => random.integer(6)),
    );
    const net = network({ inputs: 2, layers: [{ units: 1 }], loss: "poisson", seed: 1 });
    finish(training(net, data, { optimizer: newton(), epochs: 30 }));
    const rates = Array.from(net.predict(inputs).data, Math.exp);
    const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0) / 80;
    expect(mean(rates)).toBeCloseTo(mean(data.targets as Float64Array), 8);
  });
});

describe("kinks of losses", () => {
  it.each([
    [{ type: "huber", delta: 0.5 }, [0.5, 1.5]],
    ["mae", [1]],
    [{ type: "quantile", at: [0.5] }, [1]],
  ] as const)("%o turns where the residual does", (loss, steps) => {
    const net = network({ inputs: 1, layers: [{ units: 1 }], loss: loss as Loss });
    net.setParameters([0, 0]);
    // The output is t, the target 1.
    const { crossings } = kinks(net, dataset([[0]], [1]), { direction: [0, 1], length: 2 });
    expect(crossings.map(({ step, kind }) => [step, kind])).toEqual(steps.map((step) => [step, "loss"]));
  });

  it("of quantiles are each output's own, on the target that it shares", () => {
    const net = network({ inputs: 1, layers: [{ units: 4 }], loss: { type: "quantile", at: [0.1, 0.9] } });
    net.setParameters(new Array(8).fill(0));
    const data = dataset([[0]], [[1, 2]]);
    const { crossings } = kinks(net, data, { direction: [0, 0, 0, 0, 1, 1, 1, 1], length: 3 });
    expect(crossings.map(({ step, unit }) => [step, unit])).toEqual([
      [1, 0],
      [1, 1],
      [2, 2],
      [2, 3],
    ]);
    expect(checkGradient(net, data).passed).toBe(true);
  });
});

describe("losses", () => {
  const net = (loss: unknown, units = 2): Network => network({ inputs: 1, layers: [{ units }], loss } as NetworkSpec);

  it("resolve to a name where the parameter is the default, and resolve again to the same", () => {
    for (const name of lossNames) expect(net(name).spec.loss).toBe(name);
    expect(net({ type: "huber" }).spec.loss).toBe("huber");
    expect(net({ type: "huber", delta: 2 }).spec.loss).toEqual({ type: "huber", delta: 2 });
    expect(net({ type: "quantile", at: 0.5 }).spec.loss).toBe("quantile");
    expect(net({ type: "quantile", at: [0.1, 0.9] }).spec.loss).toEqual({ type: "quantile", at: [0.1, 0.9] });
    for (const loss of [{ type: "huber", delta: 2 }, { type: "quantile", at: [0.1, 0.9] }, softmaxLoss()]) {
      const made = net(loss);
      expect(network(made.spec as NetworkSpec).spec.loss).toEqual(
        "type" in loss ? made.spec.loss : expect.objectContaining({ value: expect.any(Function) }),
      );
    }
  });

  it.each([
    [{ type: "huber", delta: 0 }, "loss.delta"],
    [{ type: "huber", at: 1 }, '"at"'],
    [{ type: "quantile", at: [0.5, 1] }, "levels in (0, 1)"],
    [{ type: "quantile", at: [] }, "at least one level"],
    [{ type: "quantile", at: [0.1, 0.5, 0.9] }, "2 outputs are a multiple"],
    [{ type: "hubert" }, "huber"],
    [{ value: Math.min }, "loss.gradient"],
    [{ value: Math.min, gradient: Array.of, hessian: Array.of, name: "x" }, "name"],
  ])("refuse %o", (loss, words) => {
    expect(() => net(loss)).toThrow(words);
  });

  it("refuse second-order methods where there is no curvature, in a sentence", () => {
    const data = dataset(
      [[1], [2]],
      [
        [1, 2],
        [2, 3],
      ],
    );
    for (const loss of ["mae", "quantile"]) {
      const run = training(net(loss), data, { optimizer: levenbergMarquardt(), epochs: 1 });
      expect(() => run.next()).toThrow(/has a kink and no curvature.*first-order/);
    }
  });

  it("poisson refuses negative counts; quantiles count targets, not outputs", () => {
    expect(() => net("poisson", 1).loss(dataset([[1], [2]], [1, -1]))).toThrow("-1 in row 1");
    const levels = net({ type: "quantile", at: [0.1, 0.9] }, 4);
    expect(() => levels.loss(dataset([[1]], [[1, 2, 3, 4]]))).toThrow("targets of width 2");
  });

  it("a loss of the caller's is compared with differences once, and cannot be saved", () => {
    const own = softmaxLoss();
    let calls = 0;
    const counting = (z: Float64Array, y: Float64Array): number => {
      ++calls;
      return own.value(z, y);
    };
    const counted = net({ ...own, value: counting });
    const data = dataset(
      [[1], [2]],
      [
        [1, 0],
        [0, 1],
      ],
    );
    counted.loss(data);
    const first = calls;
    calls = 0;
    counted.loss(data);
    expect([first > 2, calls]).toEqual([true, 2]);
    const wrong = { ...own, gradient: () => [1, 1] };
    expect(() => net(wrong).loss(data)).toThrow(/"loss.gradient" expected .* differences give/);
    const bent = {
      ...own,
      hessian: () => [
        [1, 0],
        [0, 1],
      ],
    };
    expect(() => net(bent).loss(data)).toThrow(/"loss.hessian" expected .* differences give/);
    expect(() => net({ ...own, gradient: () => [1] }).loss(data)).toThrow(/"loss.gradient" .* got NaN/);
    expect(() => toJson(net(own))).toThrow(/a loss with a name/);
    expect(net(own).evaluate(data)).toEqual({ loss: expect.any(Number) });
    expect(() => scores(net(own), data)).toThrow(/net.evaluate/);
  });
});

type Term = (residual: number, z: number, y: number) => number;

/** The mean over the outputs of terms that depend on one output each. */
function elementwise(value: Term, slope: Term, bend: Term): CustomLoss {
  const each = (f: Term, z: Float64Array, y: Float64Array): Float64Array =>
    z.map((x, j) => f(x - y[j], x, y[j]) / z.length);
  return {
    value: (z, y) => each(value, z, y).reduce((sum, x) => sum + x, 0),
    gradient: (z, y) => each(slope, z, y),
    hessian: (z, y) => {
      const bends = each(bend, z, y);
      return Array.from(z, (_, i) => Array.from(z, (_x, j) => (i === j ? bends[i] : 0)));
    },
  };
}

/** −Σ y·ln softmax(z). */
function softmaxLoss(): CustomLoss {
  const share = (z: Float64Array): Float64Array => {
    const largest = Math.max(...z);
    const powers = z.map((x) => Math.exp(x - largest));
    const sum = powers.reduce((total, e) => total + e, 0);
    return powers.map((e) => e / sum);
  };
  const total = (y: Float64Array): number => y.reduce((sum, share) => sum + share, 0);
  return {
    value: (z, y): number => -share(z).reduce((sum, p, j) => sum + y[j] * Math.log(p), 0),
    gradient: (z, y) => share(z).map((p, j) => total(y) * p - y[j]),
    hessian: (z, y) => {
      const p = share(z);
      return Array.from(p, (a, i) => Array.from(p, (b, j) => total(y) * ((i === j ? a : 0) - a * b)));
    },
  };
}
