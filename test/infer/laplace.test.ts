// Oracles: the closed forms of linear and logistic regression in loops of this file; draws against
// closed forms; invariance to units.

import { beforeAll, describe, expect, it } from "vitest";
import {
  dataset,
  fit,
  init,
  laplace,
  lbfgs,
  type Network,
  network,
  newton,
  type Structure,
  withParameters,
} from "../../src/index.js";
import { determinant, inverse, type Rows } from "../oracle/dense.js";

beforeAll(() => init({ simd: "strict" }));

const wave = (i: number): number => Math.cos(12.9898 * i + 78.233 * i * i);
const inputs = Array.from({ length: 30 }, (_, i) => [wave(i), wave(i + 100)]);
const design = inputs.map((row) => [...row, 1]);
const values = inputs.map(([a, b], i) => 1.5 * a - 0.5 * b + 0.3 + 0.2 * wave(i + 500));
const labels = inputs.map(([a, b], i) => Number(a + b + 0.8 * wave(i + 900) > 0));

/** Σ wᵢ·xᵢ·xᵢᵀ + α·I. */
function precisionOf(weights: readonly number[], alpha: number): Rows {
  return [0, 1, 2].map((j) =>
    [0, 1, 2].map((k) => design.reduce((sum, x, i) => sum + weights[i] * x[j] * x[k], j === k ? alpha : 0)),
  );
}

function quadratic(A: Rows, x: readonly number[]): number {
  return x.reduce((sum, a, i) => sum + x.reduce((inner, b, j) => inner + a * A[i][j] * b, 0), 0);
}

async function line(l2 = 0): Promise<Network> {
  const net = network({ inputs: 2, layers: [{ units: 1 }], penalty: { l2, on: "all" } });
  await fit(net, dataset(inputs, values), { optimizer: newton(), epochs: 3 });
  return net;
}

describe("a line", () => {
  it("has the posterior, the evidence and the deviations of Bayesian linear regression", async () => {
    const [alpha, noise] = [0.7, 0.05];
    const net = await line();
    const theta = Array.from(net.getParameters());
    const A = precisionOf(
      inputs.map(() => 1 / noise),
      alpha,
    );
    const rss = design.reduce((sum, x, i) => sum + (x.reduce((f, v, j) => f + v * theta[j], 0) - values[i]) ** 2, 0);
    const evidence =
      -rss / (2 * noise) -
      15 * Math.log(2 * Math.PI * noise) +
      1.5 * Math.log(alpha) -
      (alpha / 2) * theta.reduce((sum, t) => sum + t * t, 0) -
      0.5 * Math.log(determinant(A));
    const S = inverse(A);
    for (const structure of ["full", "last-layer", "kronecker"] as const) {
      const posterior = laplace(net, dataset(inputs, values), { structure, prior: alpha, noise });
      expect(posterior.status).toBe("converged");
      expect(posterior.logEvidence).toBeCloseTo(evidence, 8);
      expect(posterior.effectiveParameters).toBeCloseTo(3 - alpha * (S[0][0] + S[1][1] + S[2][2]), 9);
      const { deviation, noise: sigma } = posterior.predict([
        [0.3, -0.2],
        [10, 4],
      ]);
      expect(deviation.data[0]).toBeCloseTo(Math.sqrt(quadratic(S, [0.3, -0.2, 1])), 9);
      expect(deviation.data[1]).toBeCloseTo(Math.sqrt(quadratic(S, [10, 4, 1])), 9);
      expect(sigma).toBeCloseTo(Math.sqrt(noise), 12);
      S.flat().forEach((value, i) => expect(posterior.covariance().data[i]).toBeCloseTo(value, 9));
      posterior.standardErrors().forEach((value, i) => expect(value).toBeCloseTo(Math.sqrt(S[i][i]), 9));
    }
  });

  it("has the prior and the noise at which the evidence is greatest", async () => {
    const net = await line();
    const data = dataset(inputs, values);
    const best = laplace(net, data);
    expect(best.status).toBe("converged");
    const [a, b, bias] = net.getParameters();
    const errors = best.standardErrors();
    const gamma = errors.map((error, i) => 1 - best.prior[i < 2 ? 0 : 1] * error ** 2);
    expect(best.effectiveParameters).toBeCloseTo(gamma[0] + gamma[1] + gamma[2], 9);
    expect(best.prior[0]).toBeCloseTo((gamma[0] + gamma[1]) / (a * a + b * b), 8);
    expect(best.prior[1]).toBeCloseTo(gamma[2] / bias ** 2, 8);
    expect(best.noise).toBeCloseTo((30 * net.loss(data)) / (30 - best.effectiveParameters), 8);
    const [weights, alone] = best.prior;
    for (const factor of [0.7, 1.4]) {
      for (const prior of [
        [factor * weights, alone],
        [weights, factor * alone],
      ]) {
        expect(laplace(net, data, { prior, noise: best.noise }).logEvidence).toBeLessThan(best.logEvidence);
      }
      const noisier = laplace(net, data, { prior: best.prior, noise: factor * best.noise });
      expect(noisier.logEvidence).toBeLessThan(best.logEvidence);
    }
  });

  it("has priors by group, and more of them are never worse", async () => {
    const net = await line();
    const data = dataset(inputs, values);
    const found = (["all", "layers", "tensors", "inputs", "parameters"] as const).map((groups) =>
      laplace(net, data, { groups }),
    );
    expect(found.map(({ prior }) => prior.length)).toEqual([1, 1, 2, 3, 3]);
    for (let i = 1; i < found.length; ++i)
      expect(found[i].logEvidence).toBeGreaterThanOrEqual(found[i - 1].logEvidence - 1e-9);
    expect(laplace(net, data).prior).toEqual(found[2].prior);
    // As many numbers as a kind of groups has name the kind.
    const given = laplace(net, data, { prior: found[3].prior, noise: found[3].noise });
    expect(given.logEvidence).toBeCloseTo(found[3].logEvidence, 9);
  });

  it("settles where nothing is determined: parameters of 0, outputs that do not change", () => {
    const net = network({ inputs: 2, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], initializer: "zeros" });
    const constant = laplace(net, dataset(inputs, new Float64Array(30)));
    expect(constant.status).toBe("converged");
    expect(Number.isFinite(constant.logEvidence)).toBe(true);
    net.setParameters([...new Array<number>(12).fill(0), 1.5]);
    for (const y of [new Float64Array(30).fill(1.5), values]) {
      const { status, reason, logEvidence } = laplace(net, dataset(inputs, y));
      expect(["saddle", "converged", "not-converged"], reason).toContain(status);
      expect(Number.isFinite(logEvidence)).toBe(true);
    }
  });
});

describe("a logistic regression", () => {
  it("has the posterior and the evidence of the closed forms", async () => {
    const alpha = 0.5;
    const net = network({
      inputs: 2,
      layers: [{ units: 1 }],
      loss: "binary-cross-entropy",
      penalty: { l2: alpha / 30, on: "all" },
    });
    const data = dataset(inputs, labels);
    await fit(net, data, { optimizer: newton(), epochs: 30 });
    const theta = Array.from(net.getParameters());
    const z = design.map((x) => x.reduce((sum, v, j) => sum + v * theta[j], 0));
    const p = z.map((value) => 1 / (1 + Math.exp(-value)));
    const A = precisionOf(
      p.map((q) => q * (1 - q)),
      alpha,
    );
    const fitOf = labels.reduce((sum, y, i) => sum + Math.log(y ? p[i] : 1 - p[i]), 0);
    const evidence =
      fitOf +
      1.5 * Math.log(alpha) -
      (alpha / 2) * theta.reduce((sum, t) => sum + t * t, 0) -
      0.5 * Math.log(determinant(A));
    const posterior = laplace(net, data, { prior: alpha });
    expect(posterior.status).toBe("converged");
    expect(posterior.logEvidence).toBeCloseTo(evidence, 8);
    const S = inverse(A);
    const row = [2, -1, 1];
    const [own] = [row.reduce((sum, v, j) => sum + v * theta[j], 0)];
    const probit = 1 / (1 + Math.exp(-own / Math.sqrt(1 + (Math.PI / 8) * quadratic(S, row))));
    expect(posterior.probabilities([[2, -1]]).data[0]).toBeCloseTo(probit, 9);
  });

  it("says the same as a softmax of two classes", async () => {
    const one = network({ inputs: 2, layers: [{ units: 1 }], loss: "binary-cross-entropy" });
    const two = network({ inputs: 2, layers: [{ units: 2 }], loss: "cross-entropy" });
    one.setParameters([1, -0.5, 0.2]);
    two.setParameters([-0.5, 0.25, 0.5, -0.25, -0.1, 0.1]);
    // Half the weights on either side: twice the precision on each is once on their difference.
    const [a, b] = [
      laplace(one, dataset(inputs, labels), { prior: 1 }),
      laplace(two, dataset(inputs, labels), { prior: 2 }),
    ];
    const rows = [
      [0.2, 0.4],
      [3, -5],
    ];
    const [pa, pb] = [a.probabilities(rows).data, b.probabilities(rows).data];
    expect(pb[1]).toBeCloseTo(pa[0], 9);
    expect(pb[3]).toBeCloseTo(pa[1], 9);
  });
});

describe("a small network", () => {
  const three = inputs.map(([a, b], i) => (a > 0.3 ? 0 : b + 0.3 * wave(i) > 0 ? 1 : 2));
  const spec = {
    inputs: 2,
    layers: [{ units: 5, activation: "tanh" as const }, { units: 3 }],
    loss: "cross-entropy" as const,
    penalty: { l2: 0.02, on: "all" as const },
    seed: 2,
  };

  it("has probabilities that its draws confirm", async () => {
    const net = network(spec);
    const data = dataset(inputs, three);
    await fit(net, data, { optimizer: lbfgs(), epochs: 2000 });
    for (const structure of ["full", "last-layer", "kronecker", "diagonal"] as const) {
      const posterior = laplace(net, data, { structure, prior: 0.6 });
      const rows = inputs.slice(0, 8);
      const closed = posterior.probabilities(rows).data;
      const drawn = posterior.probabilities(rows, { samples: 20_000, seed: 1 }).data;
      closed.forEach((p, i) => expect(Math.abs(p - drawn[i])).toBeLessThan(0.03));
      const plain = net.probabilities({ rows: 8, columns: 2, data: Float64Array.from(rows.flat()) }).data;
      // Never surer than the network alone.
      for (let s = 0; s < 8; ++s) {
        const most = (values: ArrayLike<number>): number =>
          Math.max(values[3 * s], values[3 * s + 1], values[3 * s + 2]);
        expect(most(closed)).toBeLessThanOrEqual(most(plain) + 1e-9);
      }
    }
  });

  it("has draws whose deviations are those of `predict`", async () => {
    const net = network({ ...spec, layers: [spec.layers[0], { units: 1 }], loss: "mse" });
    const data = dataset(inputs, values);
    await fit(net, data, { optimizer: lbfgs(), epochs: 2000 });
    for (const structure of ["full", "kronecker", "diagonal"] as const) {
      const posterior = laplace(net, data, { structure });
      const { mean, deviation } = posterior.predict(inputs.slice(0, 3));
      const draws = posterior.sample(inputs.slice(0, 3), { count: 4000, seed: 3 });
      for (let s = 0; s < 3; ++s) {
        const square = draws.reduce((sum, { data: f }) => sum + (f[s] - mean.data[s]) ** 2, 0) / draws.length;
        expect(Math.sqrt(square) / deviation.data[s]).toBeCloseTo(1, 1);
      }
    }
  });

  it("in single precision is computed in double", async () => {
    const data = dataset(inputs, three);
    const net = network(spec);
    await fit(net, data, { optimizer: lbfgs(), epochs: 500 });
    const single = network({ ...spec, dtype: "f32" });
    single.setParameters(net.getParameters());
    const [a, b] = [net, single].map((one) => laplace(one, data, { prior: 1 }));
    expect(b.logEvidence).toBeCloseTo(a.logEvidence, 3);
  });

  /** The same function with inputs and targets in other units, for two sizes of network. */
  const inUnits = async (loss: "mse" | "cross-entropy", structure: Structure, input: number, target: number) => {
    const made = [];
    for (const units of [2, 3]) {
      const outputs = loss === "mse" ? 1 : 3;
      const layers = [{ units, activation: "tanh" as const }, { units: outputs }];
      const net = network({ inputs: 2, layers, loss, seed: 2 });
      // Labels that no network this small can separate.
      const y = loss === "mse" ? values : three.map((label, i) => (i % 3 ? label : (label + 1) % 3));
      await fit(net, dataset(inputs, y), { optimizer: lbfgs(), epochs: 300 });
      const theta = Float64Array.from(net.getParameters());
      for (let i = 0; i < 2 * units; ++i) theta[i] /= input;
      for (let i = 3 * units; i < theta.length; ++i) theta[i] *= target;
      net.setParameters(theta);
      const rows = (some: number[][]) => some.map((row) => row.map((x) => x * input));
      const posterior = laplace(
        net,
        dataset(
          rows(inputs),
          y.map((value) => value * target),
        ),
        { structure },
      );
      made.push({ posterior, test: rows(inputs.slice(0, 4)) });
    }
    const [small, large] = made;
    const { posterior, test } = large;
    return {
      status: posterior.status,
      difference: posterior.logEvidence - small.posterior.logEvidence,
      effective: posterior.effectiveParameters,
      predictions:
        loss === "mse"
          ? posterior.predict(test).deviation.data.map((value) => value / target)
          : posterior.probabilities(test).data,
    };
  };

  it.each([
    ["mse", "full"],
    ["mse", "kronecker"],
    ["mse", "diagonal"],
    ["mse", "last-layer"],
    ["cross-entropy", "full"],
    ["cross-entropy", "kronecker"],
  ] as const)("under %s, structure %s: units of inputs and targets change nothing", async (loss, structure) => {
    const one = await inUnits(loss, structure, 1, 1);
    for (const input of [1e-6, 1e6]) {
      for (const target of loss === "mse" ? [1e-9, 1, 1e9] : [1]) {
        const other = await inUnits(loss, structure, input, target);
        expect(other.status).toBe(one.status);
        expect(other.difference).toBeCloseTo(one.difference, 5);
        expect(other.effective / one.effective).toBeCloseTo(1, 6);
        other.predictions.forEach((value, i) => expect(value).toBeCloseTo(one.predictions[i], 6));
      }
    }
  });
});

describe("rows with weights, and fixed parameters", () => {
  const layers = [{ units: 3, activation: "tanh" as const }, { units: 1 }];

  it.each(["full", "last-layer", "kronecker", "diagonal"] as const)(
    "a weight of 2 is the row twice: %s",
    async (structure) => {
      const weights = inputs.map((_, i) => [1, 2, 0, 3][i % 4]);
      const repeat = <T>(rows: readonly T[]): T[] => rows.flatMap((row, i) => new Array<T>(weights[i]).fill(row));
      const net = network({ inputs: 2, layers, penalty: { l2: 0.01 }, seed: 1 });
      const [weighted, repeated] = [dataset(inputs, values, { weights }), dataset(repeat(inputs), repeat(values))];
      await fit(net, repeated, { optimizer: lbfgs(), epochs: 300 });
      const [a, b] = [laplace(net, weighted, { structure }), laplace(net, repeated, { structure })];
      expect(a.status).toBe(b.status);
      expect(a.logEvidence).toBeCloseTo(b.logEvidence, 7);
      expect(a.noise).toBeCloseTo(b.noise, 9);
      a.standardErrors().forEach((value, i) => expect(value / b.standardErrors()[i]).toBeCloseTo(1, 7));
    },
  );

  it("with the layers before fixed is that of the last layer", async () => {
    const net = network({ inputs: 2, layers, seed: 1 });
    const data = dataset(inputs, values);
    const head = withParameters(net, 1);
    await fit(head, data, { optimizer: lbfgs(), epochs: 300 });
    net.setParameters(head.getParameters());
    const whole = laplace(head, data);
    const last = laplace(net, data, { structure: "last-layer" });
    // The others would still move: only for the head is this a minimum.
    expect([whole.status, last.status]).toEqual(["converged", "not-converged"]);
    expect(whole.logEvidence).toBeCloseTo(last.logEvidence, 9);
    expect(whole.predict(inputs).deviation.data).toEqual(last.predict(inputs).deviation.data);
    expect(laplace(head, data, { structure: "kronecker" }).standardErrors()).toHaveLength(4);
  });

  it("with a weight fixed at 0 is that of the model without it", async () => {
    const small = network({ inputs: 1, layers: [{ units: 1 }] });
    const alone = dataset(
      inputs.map(([a]) => [a]),
      values,
    );
    await fit(small, alone, { optimizer: newton(), epochs: 3 });
    const [slope, bias] = small.getParameters();
    const plain = network({ inputs: 2, layers: [{ units: 1 }] });
    plain.setParameters([slope, 0, bias]);
    const masked = withParameters(plain, [1, 0, 1]);
    const data = dataset(inputs, values);
    for (const structure of ["full", "diagonal"] as const) {
      const [a, b] = [laplace(masked, data, { structure }), laplace(small, alone, { structure })];
      expect(a.status).toBe("converged");
      expect(a.logEvidence).toBeCloseTo(b.logEvidence, 9);
      a.standardErrors().forEach((value, i) => expect(value).toBeCloseTo(b.standardErrors()[i], 9));
    }
    expect(() => laplace(masked, data, { structure: "kronecker" })).toThrow('"full" or "diagonal" where single');
  });
});

describe("a network too large for a dense look at its point", () => {
  it("is looked at by products, which tell a minimum from a place before it", async () => {
    const net = network({
      inputs: 2,
      layers: [{ units: 160, activation: "tanh" }, { units: 1 }],
      penalty: { l2: 0.01 },
      seed: 1,
    });
    const data = dataset(inputs, values);
    const options = { structure: "diagonal", prior: 1, noise: 0.05 } as const;
    expect(laplace(net, data, options).status).toBe("not-converged");
    await fit(net, data, { optimizer: lbfgs(), epochs: 300 });
    const { status, reason } = laplace(net, data, options);
    expect(status).toBe("converged");
    expect(reason).toMatch(/too many parameters to check for a saddle$/);
  });
});

describe("what is no place for a posterior", () => {
  it("is said", async () => {
    const data = dataset(inputs, values);
    const untrained = network({ inputs: 2, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], seed: 1 });
    expect(laplace(untrained, data).status).toBe("not-converged");
    const saddle = network({
      inputs: 1,
      layers: [{ units: 3, activation: "tanh" }, { units: 1 }],
      initializer: "zeros",
    });
    const odd = dataset([[-2], [-1], [0], [1], [2]], [-2, -1, 0, 1, 2]);
    expect(laplace(saddle, odd).status).toBe("saddle");
    const broken = network({ inputs: 2, layers: [{ units: 1 }] });
    broken.setParameters([1e200, 1e200, 0]);
    const nothing = laplace(
      broken,
      dataset(
        inputs.map(([a, b]) => [a * 1e200, b]),
        values,
      ),
    );
    expect([nothing.status, nothing.logEvidence]).toEqual(["non-finite", Number.NaN]);
    expect(nothing.predict([[1, 1]]).deviation.data[0]).toBe(Number.NaN);
  });

  it("a matrix beyond maxBytes is not begun with, and a structure that fits is named", () => {
    const net = network({ inputs: 2, layers: [{ units: 300, activation: "relu" }, { units: 1 }] });
    const data = dataset(inputs, values);
    const large = laplace(net, data, { maxBytes: 1e6 });
    expect([large.status, large.logEvidence]).toEqual(["too-large", Number.NaN]);
    expect(large.reason).toMatch(/1201 parameters takes 11\.0 MiB.*use structure "last-layer" or "kronecker"$/);
    expect(large.predict([[1, 1]]).deviation.data[0]).toBeNaN();
    for (const structure of ["last-layer", "kronecker", "diagonal"] as const)
      expect(laplace(net, data, { structure, maxBytes: 1e6 }).logEvidence).toBeLessThan(Infinity);
    const small = laplace(net, data, { structure: "last-layer", maxBytes: 1e4 });
    expect(small.reason).toMatch(/use structure "kronecker" or "diagonal"$/);
  });

  it("one row and a perfect fit give a posterior, or a reason", async () => {
    const net = network({ inputs: 1, layers: [{ units: 1 }] });
    net.setParameters([1, 0]);
    for (const data of [dataset([[1]], [1]), dataset([[1], [2]], [1, 2])]) {
      const { status, reason } = laplace(net, data);
      expect(reason.length).toBeGreaterThan(0);
      expect(["converged", "max-steps", "not-positive-definite"]).toContain(status);
    }
  });

  it("bad options are refused", () => {
    const net = network({ inputs: 2, layers: [{ units: 1 }] });
    const data = dataset(inputs, values);
    expect(() => laplace(net, data, { prior: -1 })).toThrow('laplace: "prior" expected positive numbers');
    expect(() => laplace(net, data, { structure: "ful" as never })).toThrow('did you mean "full"?');
    expect(() => laplace(net, data, { prior: [1, 2, 3, 4] })).toThrow(
      'one number for each group: 1 ("all"), 1 ("layers"), 2 ("tensors"), 3 ("inputs"), 3 ("parameters"), got 4',
    );
    expect(() => laplace(net, data, { structure: "last-layer", groups: "parameter" as never })).toThrow("did you mean");
    expect(() => laplace(net, data, { structure: "kronecker", groups: "parameters" })).toThrow('"tensors" or "inputs"');
    expect(() => laplace(net, data, { structure: "diagonal", hessian: "exact" })).toThrow('"ggn" with structure');
    expect(() => laplace(net, data).probabilities([[1, 2]])).toThrow("predict has the deviations of values");
  });
});
