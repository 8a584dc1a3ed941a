// Invariant: a network keeps the build that it was made with, whatever `init` chooses afterwards.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataset, fit, init, type Network, network, sgd, stepDecay } from "../../src/index.js";
import { builds, sameBits } from "../support.js";

const inputs = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const data = dataset(
  inputs,
  inputs.map(([x, y]) => x * y),
);

async function trained(meanwhile: () => Promise<unknown>): Promise<Network> {
  const net = network({ inputs: 2, layers: [{ units: 6, activation: "tanh" }, { units: 1 }], seed: 1 });
  await meanwhile();
  const schedule = stepDecay({ every: 1, factor: 0.97 });
  await fit(net, data, { optimizer: sgd({ learningRate: 0.1 }), epochs: 60, batchSize: 8, schedule });
  return net;
}

describe.skipIf(builds.length < 2)("a strict network", () => {
  beforeAll(() => init({ simd: "strict" }));
  afterAll(() => init({ simd: "strict" }));

  it("reaches the same bits after the relaxed build has come in", async () => {
    const before = await trained(async () => {});
    const after = await trained(() => init({ simd: "relaxed" }));
    expect(after.build).toBe("strict");
    expect(sameBits(after.getParameters(), before.getParameters())).toBe(true);
    expect(network({ inputs: 1, layers: [{ units: 1 }] }).build).toBe("relaxed");
  });
});
