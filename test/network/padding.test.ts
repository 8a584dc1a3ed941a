// Oracle: what fills up a tile belongs to no sample, so the gradient and products are finite
// wherever the loss is.
import { beforeAll, describe, expect, it } from "vitest";
import { dataset, hessianOperator, init, network } from "../../src/index.js";
import { Random } from "../../src/random.js";
import { coreMath } from "../../src/wasm/math.js";
import { builds, dtypes } from "../support.js";

const cases = builds.flatMap((build) => dtypes.map((dtype) => ({ build, dtype })));

describe.each(cases)("$build $dtype, 30 normalised layers with weights of N(0, 10²)", ({ build, dtype }) => {
  beforeAll(() => init({ simd: build }));

  it("has finite gradients and products at every number of samples", () => {
    const hidden = Array.from({ length: 30 }, () => ({ units: 16, activation: "relu", batchNorm: true }) as const);
    const net = network({ inputs: 3, layers: [...hidden, { units: 1 }], loss: "mse", dtype, seed: 1 });
    const random = new Random(3);
    const math = coreMath();
    net.setParameters(Float64Array.from({ length: net.parameterCount }, () => 10 * random.normal(math)));
    for (const n of [8, 9, 12, 15]) {
      const rows = Array.from({ length: n }, () => [random.normal(math), random.normal(math), random.normal(math)]);
      const data = dataset(
        rows,
        rows.map(() => random.normal(math)),
      );
      const { gradient } = net.gradient(data);
      expect(gradient.every(Number.isFinite), `${n} samples`).toBe(true);
      expect(hessianOperator(net, data).matvec(gradient).length).toBe(net.parameterCount);
    }
  });
});
