// Oracles: Poisson regression in loops of this file; retraining without a row.

import { beforeAll, describe, expect, it } from "vitest";
import { dataset, fit, influence, init, laplace, type Network, network, newton } from "../../src/index.js";
import { logFactorial } from "../../src/infer/likelihood.js";
import { determinant, inverse } from "../oracle/dense.js";

beforeAll(() => init({ simd: "strict" }));

type Loss = NonNullable<Parameters<typeof network>[0]["loss"]>;

const wave = (i: number): number => Math.cos(12.9898 * i + 78.233 * i * i);
const inputs = Array.from({ length: 40 }, (_, i) => [wave(i), wave(i + 100)]);
const counts = inputs.map(([a, b], i) => Math.max(0, Math.round(Math.exp(0.8 + 0.6 * a! - 0.3 * b!) + wave(i + 300))));
const values = inputs.map(([a, b], i) => 1.5 * a! - 0.5 * b! + 0.3 * wave(i + 500) + (i % 13 === 0 ? 3 : 0));
const ALPHA = 0.3;

async function trained(loss: Loss, targets: readonly number[], rows = inputs, l2 = 0): Promise<Network> {
  const net = network({ inputs: 2, layers: [{ units: 1 }], loss, penalty: { l2, on: "all" } });
  await fit(net, dataset(rows, targets), { optimizer: newton(), epochs: 60 });
  return net;
}

/** The mean loss times the rows is the negative log-likelihood, so that this is the prior α. */
const penaltyFor = (rows: number): number => ALPHA / rows;

describe("counts", () => {
  it("have the posterior and the evidence of Poisson regression", async () => {
    const net = await trained("poisson", counts, inputs, penaltyFor(40));
    const theta = Array.from(net.getParameters());
    const z = inputs.map(([a, b]) => theta[0]! * a! + theta[1]! * b! + theta[2]!);
    const A = [0, 1, 2].map((j) =>
      [0, 1, 2].map((k) =>
        inputs.reduce((sum, row, i) => sum + Math.exp(z[i]!) * [...row, 1][j]! * [...row, 1][k]!, j === k ? ALPHA : 0),
      ),
    );
    const factorials = counts.map((y) =>
      Array.from({ length: y }, (_, k) => Math.log(k + 1)).reduce((a, b) => a + b, 0),
    );
    const fitted = z.reduce((sum, one, i) => sum + counts[i]! * one - Math.exp(one) - factorials[i]!, 0);
    const evidence =
      fitted +
      1.5 * Math.log(ALPHA) -
      (ALPHA / 2) * theta.reduce((sum, t) => sum + t * t, 0) -
      0.5 * Math.log(determinant(A));
    const posterior = laplace(net, dataset(inputs, counts), { prior: ALPHA });
    expect(posterior.status).toBe("converged");
    expect(posterior.logEvidence).toBeCloseTo(evidence, 9);
    const S = inverse(A);
    const covariance = posterior.covariance();
    for (let i = 0; i < 9; ++i) expect(covariance.data[i]! / S[Math.floor(i / 3)]![i % 3]!).toBeCloseTo(1, 9);
    const { deviation, noise } = posterior.predict([[1, -2]]);
    const x = [1, -2, 1];
    const variance = x.reduce((sum, a, i) => sum + x.reduce((inner, b, j) => inner + a * b * S[i]![j]!, 0), 0);
    expect(deviation.data[0]! / Math.sqrt(variance)).toBeCloseTo(1, 9);
    expect(noise).toBeNaN();
    expect(() => posterior.probabilities([[0, 0]])).toThrow(TypeError);
  });

  it("of weight 2 count twice", async () => {
    const net = await trained("poisson", counts, inputs, penaltyFor(40));
    const weights = inputs.map((_, i) => 1 + (i % 2));
    const twice = inputs.flatMap((row, i) => (i % 2 ? [row, row] : [row]));
    const again = counts.flatMap((y, i) => (i % 2 ? [y, y] : [y]));
    const one = laplace(net, dataset(inputs, counts, { weights }), { prior: ALPHA });
    const other = laplace(net, dataset(twice, again), { prior: ALPHA });
    expect(one.logEvidence).toBeCloseTo(other.logEvidence, 9);
  });

  it("choose their penalty by the evidence", async () => {
    const net = network({
      inputs: 2,
      layers: [{ units: 4, activation: "tanh" }, { units: 1 }],
      loss: "poisson",
      seed: 3,
    });
    const data = dataset(inputs, counts);
    const { status } = await fit(net, data, { optimizer: newton(), epochs: 200, penalty: "evidence" });
    expect(["converged", "completed"]).toContain(status);
    expect([net.spec.penalty.l2].flat().every((l2) => l2 > 0)).toBe(true);
    const { effectiveParameters } = laplace(net, data);
    expect(effectiveParameters).toBeGreaterThan(1);
    expect(effectiveParameters).toBeLessThan(12);
  });
});

it("ln y! is that of the factorial and of Γ", () => {
  let product = 1;
  for (let y = 0; y <= 40; ++y) {
    if (y > 0) product *= y;
    expect(Math.abs(logFactorial(y, Math) - Math.log(product))).toBeLessThanOrEqual(1e-14 * (1 + Math.log(product)));
  }
  expect(logFactorial(-0.5, Math)).toBeCloseTo(0.5 * Math.log(Math.PI), 14);
  expect(logFactorial(1e6, Math) / (1e6 * Math.log(1e6) - 1e6 + 0.5 * Math.log(2 * Math.PI * 1e6))).toBeCloseTo(1, 8);
});

describe("influence without a likelihood", () => {
  it.each<[Loss, readonly number[]]>([
    ["poisson", counts],
    [{ type: "huber", delta: 0.7 }, values],
    ["log-cosh", values],
  ])("agrees with retraining: %s", async (loss, targets) => {
    const net = await trained(loss, targets);
    const found = influence(net, dataset(inputs, targets));
    expect(found.status).toBe("converged");
    const [predicted, retrained]: [number[], number[]] = [[], []];
    for (const row of inputs.keys()) {
      const others = inputs.filter((_, i) => i !== row);
      const without = await trained(
        loss,
        targets.filter((_, i) => i !== row),
        others,
      );
      const own = dataset([inputs[row]!], [targets[row]!]);
      retrained.push(without.loss(own));
      predicted.push(found.leaveOneOutLoss[row]!);
      const moved = network(net.spec);
      moved.setParameters(found.parametersWithout(row));
      expect(Math.abs(moved.loss(own) - predicted.at(-1)!)).toBeLessThan(1e-9);
    }
    expect(correlation(predicted, retrained)).toBeGreaterThan(0.99);
  });

  it("finds planted rows among counts and among values", async () => {
    const planted = counts.map((y, i) => (i === 7 || i === 22 ? y + 12 : y));
    const rates = influence(await trained("poisson", planted), dataset(inputs, planted)).mislabelled;
    expect(
      rates
        .slice(0, 2)
        .map(({ row }) => row)
        .sort(),
    ).toEqual([22, 7]);
    const robust = influence(await trained({ type: "huber", delta: 0.5 }, values), dataset(inputs, values)).mislabelled;
    expect(robust.slice(0, 4).map(({ row }) => row % 13)).toEqual([0, 0, 0, 0]);
  });
});

it.each<[Loss, string]>([
  ["mae", 'the loss "mae"'],
  [{ type: "quantile", at: [0.1] }, 'the loss "quantile"'],
  [
    {
      value: ([f], [y]) => (f! - y!) ** 4,
      gradient: ([f], [y]) => [4 * (f! - y!) ** 3],
      hessian: ([f], [y]) => [[12 * (f! - y!) ** 2]],
    },
    "a loss of the caller's",
  ],
])("%s is refused by its name", (loss, name) => {
  const net = network({ inputs: 2, layers: [{ units: 1 }], loss });
  const data = dataset(inputs, values);
  expect(() => laplace(net, data)).toThrow(
    `laplace: "net" expected mse, poisson or a cross-entropy, which are likelihoods, got ${name}`,
  );
  expect(() => influence(net, data)).toThrow(
    `influence: "net" expected mse, poisson, huber, log-cosh or a cross-entropy, whose curvature is known here, got ${name}`,
  );
});

it("huber has no evidence to damp by", () => {
  const net = network({ inputs: 2, layers: [{ units: 1 }], loss: "huber" });
  expect(() => influence(net, dataset(inputs, values), { damping: "evidence" })).toThrow(
    /which are likelihoods, got the loss "huber"/,
  );
});

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;
  const [mx, my] = [mean(x), mean(y)];
  const sum = (f: (i: number) => number): number => x.reduce((total, _, i) => total + f(i), 0);
  return (
    sum((i) => (x[i]! - mx) * (y[i]! - my)) / Math.sqrt(sum((i) => (x[i]! - mx) ** 2) * sum((i) => (y[i]! - my) ** 2))
  );
}
