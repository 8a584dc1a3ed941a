// Oracle: the unweighted data set in which each row stands as often as its weight says.
import { beforeAll, describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  type CustomLoss,
  type Dataset,
  dataset,
  fit,
  gaussNewton,
  hessianFree,
  hessianOperator,
  init,
  kfac,
  type LayerSpec,
  type Loss,
  laplace,
  lbfgs,
  levenbergMarquardt,
  type Network,
  network,
  newton,
  type Optimizer,
  rmsprop,
  saddleFreeNewton,
  scores,
  sgd,
  split,
  training,
  trustRegion,
} from "../../src/index.js";
import { samplesOf } from "../../src/network/dataset.js";
import { SecondMoments } from "../../src/network/fisher.js";
import { wholeBatch } from "../../src/network/objective.js";
import { activations } from "../../src/network/spec.js";
import { Random } from "../cases.js";
import { builds, distance, dtypes, finish, snapshot } from "../support.js";

const WEIGHTS = [2, 1, 0, 3, 1, 2, 0, 1, 1];
const TIMES = WEIGHTS.flatMap((weight, row) => new Array<number>(weight).fill(row));

type Draw = (random: Random, outputs: number) => number | number[];
const normals: Draw = (random, outputs) => random.normals(outputs).map((y) => 3 * y);

/** Pseudo-Huber with a term that couples the outputs, as a caller would write it. */
const own: CustomLoss = {
  value: (z, y) => z.reduce((sum, x, j) => sum + Math.sqrt(1 + (x - y[j]) ** 2), 0) + 0.1 * z[0] * z[z.length - 1],
  gradient: (z, y) => {
    const slopes = z.map((x, j) => (x - y[j]) / Math.sqrt(1 + (x - y[j]) ** 2));
    slopes[0] += 0.1 * z[z.length - 1];
    slopes[z.length - 1] += 0.1 * z[0];
    return slopes;
  },
  hessian: (z, y) => {
    const rows = Array.from(z, (x, i) => Array.from(z, (_, j) => (i === j ? (1 + (x - y[i]) ** 2) ** -1.5 : 0)));
    rows[0][z.length - 1] += 0.1;
    rows[z.length - 1][0] += 0.1;
    return rows;
  },
};

/** Every loss, with what it takes for targets. */
const losses: Record<string, { loss: Loss; draw: Draw; outputs?: number }> = {
  mse: { loss: "mse", draw: (random, outputs) => random.normals(outputs) },
  huber: { loss: "huber", draw: normals },
  "huber of another delta": { loss: { type: "huber", delta: 0.3 }, draw: normals },
  "log-cosh": { loss: "log-cosh", draw: normals },
  mae: { loss: "mae", draw: normals },
  quantile: { loss: { type: "quantile", at: 0.2 }, draw: normals },
  "several quantiles": { loss: { type: "quantile", at: [0.2, 0.5] }, draw: (random) => random.normals(2), outputs: 4 },
  poisson: { loss: "poisson", draw: (random, outputs) => Array.from({ length: outputs }, () => random.integer(5)) },
  "binary-cross-entropy": {
    loss: "binary-cross-entropy",
    draw: (random, outputs) => random.normals(outputs).map((y) => (y > 0 ? 1 : 0)),
  },
  labels: { loss: "cross-entropy", draw: (random, outputs) => random.integer(outputs) },
  probabilities: {
    loss: "cross-entropy",
    draw: (random, outputs) => {
      const shares = Array.from({ length: outputs }, () => 0.1 + random.uniform());
      const sum = shares.reduce((total, share) => total + share, 0);
      return shares.map((share) => share / sum);
    },
  },
  "of the caller's": { loss: own, draw: normals },
};
type Kind = keyof typeof losses;
const kinds: Kind[] = Object.keys(losses);
const outputsOf = (kind: Kind): number => losses[kind].outputs ?? 2;

/** Weighted rows, and the same rows as often as their weights say. */
function twins(kind: Kind, seed = 1, outputs = outputsOf(kind)): { weighted: Dataset; repeated: Dataset } {
  const random = new Random(seed);
  const inputs = random.rows(WEIGHTS.length, 3);
  const targets = inputs.map(() => losses[kind].draw(random, outputs)) as number[];
  const plain = dataset(inputs, targets);
  return { weighted: dataset(inputs, targets, { weights: WEIGHTS }), repeated: samplesOf(plain, TIMES) };
}

function make(
  kind: Kind,
  hidden: Omit<LayerSpec, "units">,
  dtype: "f64" | "f32" = "f64",
  outputs = outputsOf(kind),
  on: "weights" | "all" = "weights",
): Network {
  const { loss } = losses[kind];
  const layers = [{ units: 4, ...hidden }, { units: 3, ...hidden }, { units: outputs }];
  const net = network({ inputs: 3, layers, loss, dtype, penalty: { l2: 0.01, on }, seed: 5 });
  net.setParameters(net.getParameters().map((value, i) => value + 0.1 * Math.sin(i)));
  return net;
}

/** Everything that is computed over a data set, as vectors. */
function quantities(net: Network, data: Dataset): Record<string, ArrayLike<number>> {
  const v = Array.from({ length: net.parameterCount }, (_, i) => Math.cos(1 + i));
  const found: Record<string, ArrayLike<number>> = {
    evaluation: Object.values(net.evaluate(data)),
  };
  for (const batchNorm of ["batch", "running"] as const) {
    const { loss, gradient } = net.gradient(data, { batchNorm });
    found[`${batchNorm} loss`] = [net.loss(data, { batchNorm }), loss];
    found[`${batchNorm} gradient`] = gradient;
    found[`${batchNorm} hvp`] = net.hvp(data, v, { batchNorm });
    found[`${batchNorm} ggnvp`] = net.ggnvp(data, v, { batchNorm });
    for (const kind of ["exact", "ggn"] as const) {
      found[`${batchNorm} ${kind} hessian`] = net.hessian(data, { batchNorm, kind }).data;
      found[`${batchNorm} ${kind} operator`] = hessianOperator(net, data, { batchNorm, kind }).matvec(v);
    }
  }
  return found;
}

function expectTwins(got: Record<string, ArrayLike<number>>, wanted: Record<string, ArrayLike<number>>, least = 1e-12) {
  for (const [name, values] of Object.entries(wanted)) {
    expect(distance(got[name], values), name).toBeLessThanOrEqual(least);
  }
}

describe.each(builds)("weights of samples, %s", (build) => {
  beforeAll(async () => {
    await init({ simd: build });
  });

  describe.each(kinds)("%s", (kind) => {
    it.each(activations.flatMap((activation) => [false, true].map((batchNorm) => ({ activation, batchNorm }))))(
      "count rows: $activation, batch norm $batchNorm",
      ({ activation, batchNorm }) => {
        const { weighted, repeated } = twins(kind);
        const net = make(kind, { activation, batchNorm });
        expectTwins(quantities(net, weighted), quantities(net, repeated));
      },
    );

    it("count rows in single precision", () => {
      const { weighted, repeated } = twins(kind);
      const net = make(kind, { activation: "relu", batchNorm: true }, "f32");
      expectTwins(quantities(net, weighted), quantities(net, repeated), 1e-4);
    });

    // What has no values to hold against the targets has no scores.
    it.skipIf(["quantile", "of the caller's"].includes(kind))("count rows in scores", () => {
      const outputs = kind === "binary-cross-entropy" ? 1 : outputsOf(kind);
      const { weighted, repeated } = twins(kind, 3, outputs);
      const net = make(kind, { activation: "relu" }, "f64", outputs);
      const [got, wanted] = [scores(net, weighted), scores(net, repeated)].map((found) =>
        JSON.parse(JSON.stringify(found)),
      );
      expect(flat(got)).toHaveLength(flat(wanted).length);
      expect(distance(flat(got), flat(wanted))).toBeLessThanOrEqual(1e-12);
      expect([got.comparison.verdict, got.rows]).toEqual([wanted.comparison.verdict, TIMES.length]);
    });
  });

  /**
   * Each with how far rounding may take two runs apart: steps through an exact Hessian, which is
   * badly conditioned here, and conjugate gradients magnify it.
   */
  const methods: Record<string, { make: () => Optimizer; apart: number }> = {
    sgd: { make: () => sgd({ learningRate: 0.1, momentum: 0.9 }), apart: 1e-12 },
    adagrad: { make: () => adagrad({ learningRate: 0.05 }), apart: 1e-12 },
    adadelta: { make: () => adadelta(), apart: 1e-12 },
    rmsprop: { make: () => rmsprop({ learningRate: 0.01 }), apart: 1e-12 },
    adam: { make: () => adam({ learningRate: 0.05 }), apart: 1e-12 },
    adamw: { make: () => adamw({ learningRate: 0.05, weightDecay: 0.1 }), apart: 1e-12 },
    lbfgs: { make: () => lbfgs(), apart: 1e-12 },
    newton: { make: () => newton(), apart: 1e-8 },
    trustRegion: { make: () => trustRegion({ products: true }), apart: 1e-12 },
    gaussNewton: { make: () => gaussNewton(), apart: 1e-12 },
    levenbergMarquardt: { make: () => levenbergMarquardt(), apart: 1e-10 },
    saddleFreeNewton: { make: () => saddleFreeNewton(), apart: 1e-8 },
    hessianFree: { make: () => hessianFree({ damping: 1 }), apart: 1e-8 },
    kfac: { make: () => kfac(), apart: 1e-12 },
  };
  // A single output, so that the random signs of hessianFree's and kfac's draws cancel; a penalty
  // on all parameters, so that no curvature is 0. Batch norm couples the samples' signs.
  it.each(Object.keys(methods))("%s takes the same steps on all of the rows", (name) => {
    const { make: method, apart } = methods[name];
    for (const batchNorm of ["hessianFree", "kfac"].includes(name) ? [false] : [false, true]) {
      for (const kind of ["mse", "binary-cross-entropy", "poisson", "log-cosh"]) {
        const { weighted, repeated } = twins(kind, 1, 1);
        const [got, wanted] = [weighted, repeated].map((data) => {
          const net = make(kind, { activation: "tanh", batchNorm }, "f64", 1, "all");
          const options = { optimizer: method(), epochs: name === "hessianFree" ? 1 : 3, batchSize: data.size };
          const records = [...training(net, data, options)];
          return { after: snapshot(net), losses: records.map(({ loss }) => loss) };
        });
        expect(distance(got.after, wanted.after), `${kind} ${batchNorm}`).toBeLessThanOrEqual(apart);
        expect(distance(got.losses, wanted.losses), `${kind} ${batchNorm}`).toBeLessThanOrEqual(apart);
      }
    }
  });

  it("a single output's Gauss-Newton matrix from rows of the Jacobian", () => {
    const { weighted, repeated } = twins("mse", 1, 1);
    const [got, wanted] = [weighted, repeated].map((data) => {
      const net = make("mse", { activation: "tanh" }, "f64", 1);
      finish(training(net, data, { optimizer: levenbergMarquardt(), epochs: 4 }));
      return net.getParameters();
    });
    expect(distance(got, wanted)).toBeLessThanOrEqual(1e-9);
  });

  it.each(["mse", "huber", "log-cosh", "poisson", "binary-cross-entropy"])(
    "Kronecker factors and the diagonal under %s: exact for a single output, whose random signs cancel",
    (kind) => {
      const { weighted, repeated } = twins(kind, 1, 1);
      const net = make(kind, { activation: "tanh" }, "f64", 1);
      const [got, wanted] = [weighted, repeated].map((data) =>
        net.resident((workspace, theta, statistics) => {
          const moments = new SecondMoments(workspace, net.spec, net.layout, data, data.size);
          const factors = moments.factors(theta, statistics, wholeBatch(data), 1);
          const diagonal = moments.curvatureDiagonal(theta, statistics, wholeBatch(data), 1);
          return [...factors.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]), ...diagonal];
        }),
      );
      expect(distance(got, wanted)).toBeLessThanOrEqual(1e-12);
    },
  );

  it("moves batch norm's running statistics as repeated rows do", () => {
    const { weighted, repeated } = twins("mse");
    const [got, wanted] = [weighted, repeated].map((data) => {
      const net = make("mse", { activation: "relu", batchNorm: true });
      finish(training(net, data, { optimizer: sgd({ learningRate: 0.01 }), epochs: 1, batchSize: 99 }));
      return net.getRunningStatistics();
    });
    expect(distance(got, wanted)).toBeLessThanOrEqual(1e-12);
  });

  it.each(dtypes)("weights that are all alike change nothing, whatever their unit: %s", (dtype) => {
    for (const unit of [1, 0.25, 1e-9, 1e9]) {
      const { weighted } = twins("mse");
      const plain = dataset(weighted.inputs, weighted.targets);
      const weighed = dataset(weighted.inputs, weighted.targets, { weights: new Array(plain.size).fill(unit) });
      const net = make("mse", { activation: "relu", batchNorm: true }, dtype);
      expectTwins(quantities(net, weighed), quantities(net, plain), dtype === "f64" ? 1e-12 : 1e-5);
    }
  });

  it("leaves rows of weight 0 out of every batch and of what is held out, to the bit", async () => {
    const random = new Random(2);
    const inputs = random.rows(40, 3);
    const targets = inputs.map(() => random.normals(2));
    const weights = inputs.map((_, row) => (row % 3 === 0 ? 0 : 1));
    const kept = Array.from(weights.keys()).filter((row) => weights[row] > 0);
    const whole = dataset(inputs, targets, { weights });
    const less = samplesOf(whole, kept);
    const [a, b] = await Promise.all(
      [whole, less].map(async (data) => {
        const net = make("mse", { activation: "relu", batchNorm: true });
        const history = await fit(net, data, { optimizer: adam(), epochs: 3, batchSize: 7, validation: 0.2, seed: 3 });
        return [...snapshot(net), ...history.epochs.flatMap(({ loss, validationLoss = 0 }) => [loss, validationLoss])];
      }),
    );
    expect(a).toEqual(b);
  });

  it("an epoch's batches add up to the gradient over all rows", () => {
    const random = new Random(4);
    const inputs = random.rows(24, 3);
    const targets = inputs.map(() => random.normals(2));
    const weights = inputs.map((_, row) => (row % 8 === 0 ? 20 : 0.5));
    const data = dataset(inputs, targets, { weights });
    const net = make("mse", { activation: "tanh" });
    const { loss, gradient } = net.gradient(data);
    const before = net.getParameters();
    // Steps of a rate so small that all gradients are those at the start, within rounding.
    const rate = 1e-9;
    const options = { optimizer: sgd({ learningRate: rate }), epochs: 1, batchSize: 4 };
    const records = [...training(net, data, options)];
    const moved = net.getParameters().map((value, i) => (before[i] - value) / rate / 6);
    expect(distance(moved, gradient)).toBeLessThanOrEqual(1e-6);
    expect(records[5].epochRecord?.loss).toBeCloseTo(loss, 6);
  });
});

describe("dataset", () => {
  it("gives balanced classes the same sum of weights", () => {
    expect(dataset([[0], [1], [2], [3]], [0, 0, 0, 1], { weights: "balanced" }).weights).toEqual(
      Float64Array.of(2 / 3, 2 / 3, 2 / 3, 2),
    );
    const rows = [
      [1, 0],
      [0, 1],
      [0, 1],
    ];
    expect(dataset([[0], [1], [2]], rows, { weights: "balanced" }).weights).toEqual(Float64Array.of(1.5, 0.75, 0.75));
  });

  it("splits weights with the rows", () => {
    const data = dataset([[0], [1], [2], [3]], [0, 1, 2, 3], { weights: [1, 2, 3, 4] });
    const { training: one, test } = split(data, { test: 0.5, seed: 1 });
    for (const part of [one, test]) {
      expect(part.weights).toEqual(part.inputs.data.map((x) => x + 1));
    }
  });

  it.each([
    [{ weights: [1, 1] }, "3 numbers"],
    [{ weights: [1, -1, 1] }, "-1 in row 1"],
    [{ weights: [1, 1, Number.NaN] }, "NaN"],
    [{ weights: [0, 0, 0] }, "positive finite sum"],
    [{ weights: "even" }, "an array of numbers"],
    [{ weights: "balanced" }, "0.5 in row 0"],
    [{ weight: [1, 1, 1] }, "weights"],
  ])("refuses %o", (options, words) => {
    expect(() => dataset([[0], [1], [2]], [0.5, 1, 2], options as never)).toThrow(words);
  });

  it("refuses to train on rows of weight 0 alone", () => {
    const data = samplesOf(dataset([[0], [1], [2]], [0, 1, 2], { weights: [0, 0, 1] }), [0, 1]);
    expect(() => network({ inputs: 1, layers: [{ units: 1 }] }).loss(data)).toThrow("weight is not 0");
  });
});

/** The numbers in plain data, in order. */
function flat(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(flat) : [];
}

describe("inference from weighted rows", () => {
  it.each(["full", "last-layer", "kronecker", "diagonal"] as const)("laplace, %s: counts rows", (structure) => {
    for (const kind of ["mse", "labels"] as const) {
      const { weighted, repeated } = twins(kind, 1, kind === "mse" ? 1 : 2);
      const net = make(kind, { activation: "tanh" }, "f64", kind === "mse" ? 1 : 2);
      const options = { structure, prior: 0.3, ...(kind === "mse" ? { noise: 0.2 } : {}) };
      const [a, b] = [weighted, repeated].map((data) => laplace(net, data, options));
      expect(distance([a.logEvidence], [b.logEvidence])).toBeLessThan(1e-9);
      const [p, q] = [a, b].map((posterior) =>
        kind === "mse" ? posterior.predict([[1, 0, 2]]).deviation.data : posterior.probabilities([[1, 0, 2]]).data,
      );
      expect(distance(p, q)).toBeLessThan(1e-9);
    }
  });
});
