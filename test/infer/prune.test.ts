// Oracles: for least squares the best of all fits without each weight (what Optimal Brain Surgeon
// promises); the masked network for the smaller one.

import { beforeAll, describe, expect, it } from "vitest";
import { dataset, fit, init, laplace, lbfgs, network, newton, prune, withParameters } from "../../src/index.js";

beforeAll(() => init({ simd: "strict" }));

const wave = (i: number): number => Math.cos(12.9898 * i + 78.233 * i * i);
const inputs = Array.from({ length: 60 }, (_, i) => [wave(i), wave(i + 100), wave(i) + 0.2 * wave(i + 300)]);
const values = inputs.map(([a, b], i) => 1.2 * a + 0.3 * b + 0.1 * wave(i + 500));
const data = dataset(inputs, values);

it("of a linear model obs takes the weight without which the best fit of the others is best, and gives that fit", async () => {
  const net = network({ inputs: 3, layers: [{ units: 1 }] });
  await fit(net, data, { optimizer: newton(), epochs: 3 });
  const refitted = await Promise.all(
    [0, 1, 2, 3].map(async (gone) => {
      const zero = network({ inputs: 3, layers: [{ units: 1 }] });
      zero.setParameters([1, 1, 1, 1].map((_, i) => (i === gone ? 0 : 1)));
      const other = withParameters(
        zero,
        [0, 1, 2, 3].map((i) => i !== gone),
      );
      await fit(other, data, { optimizer: newton(), epochs: 3 });
      return other.loss(data);
    }),
  );
  const best = refitted.indexOf(Math.min(...refitted));
  const { mask, masked, history } = prune(net, data, { until: { parameters: 3 }, retrain: false });
  expect(Array.from(mask)).toEqual([0, 1, 2, 3].map((i) => Number(i !== best)));
  expect(masked.loss(data)).toBeCloseTo(refitted[best], 6);
  expect(history[0].predicted).toBeCloseTo(history[0].pruned, 6);
});

describe("a network", () => {
  const trained = async () => {
    const net = network({
      inputs: 3,
      layers: [{ units: 8, activation: "tanh", batchNorm: false }, { units: 1 }],
      penalty: { l2: 1e-3 },
      seed: 1,
    });
    await fit(net, data, { optimizer: lbfgs(), epochs: 400 });
    return net;
  };

  it.each(["obs", "obd", "magnitude"] as const)(
    "loses weights by %s, and is the same when its idle units are gone",
    async (method) => {
      const net = await trained();
      const before = net.getParameters();
      const { network: small, masked, mask, status, history } = prune(net, data, { method, until: { share: 0.7 } });
      expect(status).toBe("converged");
      expect(net.getParameters()).toEqual(before);
      const theta = masked.getParameters();
      mask.forEach((kept, i) => {
        if (!kept) expect(theta[i]).toBe(0);
      });
      expect(mask.filter((kept) => !kept).length).toBeGreaterThanOrEqual(0.7 * 32);
      expect(small.parameterCount).toBeLessThanOrEqual(net.parameterCount);
      small
        .predict(data.inputs)
        .data.forEach((value, i) => expect(value).toBeCloseTo(masked.predict(data.inputs).data[i], 10));
      expect(history.at(-1)?.loss).toBeCloseTo(masked.loss(data), 10);
    },
  );

  it("is trained further without what went, and has no posterior of it", async () => {
    const { network: small, masked, mask } = prune(await trained(), data, { until: { share: 0.7 } });
    for (const net of [masked, small]) {
      const before = net.getParameters();
      await fit(net, data, { optimizer: lbfgs(), epochs: 200 });
      const after = net.getParameters();
      expect(after.some((value, i) => value !== before[i])).toBe(true);
      before.forEach((value, i) => expect(value !== 0 || after[i] === 0).toBe(true));
    }
    const left = mask.reduce((sum, kept) => sum + kept, 0);
    expect(laplace(masked, data).standardErrors()).toHaveLength(left);
    expect(laplace(masked, data).status).toBe("converged");
  });

  it("goes on where it stopped", async () => {
    const net = await trained();
    const options = { until: { parameters: 20 } };
    const half = prune(net, data, { until: { parameters: 30 } });
    const rest = prune(half.masked, data, options);
    const left = (mask: Uint8Array): number => mask.reduce((sum, kept) => sum + kept, 0);
    expect(left(half.mask)).toBeLessThanOrEqual(30);
    expect(left(rest.mask)).toBeLessThanOrEqual(20);
    rest.mask.forEach((kept, i) => expect(kept).toBeLessThanOrEqual(half.mask[i]));
    expect(prune(half.masked, data, { until: { parameters: 30 } })).toMatchObject({ status: "converged", history: [] });
  });

  it("in single precision comes out in it, computed in double", async () => {
    const net = await trained();
    const single = network({ ...net.spec, dtype: "f32" } as never);
    single.setParameters(net.getParameters());
    const found = prune(single, data, { until: { share: 0.5 } });
    expect([found.network.spec.dtype, found.masked.spec.dtype]).toEqual(["f32", "f32"]);
    expect(found.masked.loss(data)).toBeCloseTo(prune(net, data, { until: { share: 0.5 } }).masked.loss(data), 3);
  });

  it.each([1e-6, 1e6])("takes the same weights with inputs in another unit: × %s", async (unit) => {
    const net = network({ inputs: 3, layers: [{ units: 6, activation: "tanh" }, { units: 1 }], seed: 1 });
    await fit(net, data, { optimizer: lbfgs(), epochs: 100 });
    const other = network(net.spec as never);
    other.setParameters(net.getParameters().map((value, i) => (i < 18 ? value / (i % 3 === 1 ? unit : 1) : value)));
    const rows = dataset(
      inputs.map(([a, b, c]) => [a, b * unit, c]),
      values,
    );
    for (const method of ["obs", "obd"] as const) {
      const options = { method, until: { share: 0.5 } };
      expect(prune(other, rows, options).mask).toEqual(prune(net, data, options).mask);
    }
  });

  it("by obs keeps a lower loss than by magnitude, nothing being trained in between", async () => {
    const net = await trained();
    const loss = (method: "obs" | "magnitude"): number =>
      prune(net, data, { method, until: { share: 0.4 }, retrain: false }).masked.loss(data);
    expect(loss("obs")).toBeLessThan(loss("magnitude"));
  });

  it("stops before its loss has risen by more than is allowed", async () => {
    const net = await trained();
    const first = net.loss(data);
    for (const of of ["weights", "units", "inputs"] as const) {
      const { masked, network: small, history } = prune(net, data, { until: { lossIncrease: 0.5 }, of });
      expect(masked.loss(data)).toBeLessThanOrEqual(1.5 * first);
      if (of !== "units") expect(history.length, of).toBeGreaterThan(0);
      expect(small.parameterCount).toBeLessThanOrEqual(net.parameterCount);
    }
  });

  it("with batch norm is as small and the same", async () => {
    const net = network({
      inputs: 3,
      layers: [{ units: 6, activation: "relu", batchNorm: true }, { units: 1 }],
      seed: 3,
    });
    await fit(net, data, { optimizer: lbfgs(), epochs: 50 });
    const { network: small, masked } = prune(net, data, { until: { share: 0.5 }, of: "units" });
    expect(small.spec.layers[0].units).toBeLessThan(6);
    small
      .predict(data.inputs)
      .data.forEach((value, i) => expect(value).toBeCloseTo(masked.predict(data.inputs).data[i], 9));
  });
});

it("bad options are refused", () => {
  const net = network({ inputs: 3, layers: [{ units: 1 }] });
  expect(() => prune(net, data, { until: {} })).toThrow(
    'prune: "until" expected { share }, { parameters } or { lossIncrease }',
  );
  expect(() => prune(net, data, { until: { share: 2 } })).toThrow("a share in (0, 1]");
  expect(() => prune(net, data, { until: { share: 0.5 }, method: "obss" as never })).toThrow('did you mean "obs"?');
  expect(() => prune(net, data, { until: { share: 0.5 }, maxBytes: 10 })).toThrow(
    'method "magnitude" with retrain: false',
  );
});
