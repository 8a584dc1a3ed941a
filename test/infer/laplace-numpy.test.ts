// Oracle: NumPy with complex steps for every derivative, by way of test/fixtures/laplace.json
// (scripts/fixtures/laplace.py).

import { beforeAll, describe, expect, it } from "vitest";
import { init, type LaplaceOptions, laplace, network } from "../../src/index.js";
import { type LaplaceResult, readFixture } from "../oracle/fixtures.js";
import { builds, distance, toDataset } from "../support.js";

const { items } = readFixture("laplace");
const all = items.flatMap(({ results, ...item }) =>
  results.map((result) => ({ name: `${item.name}: ${describeOptions(result)}`, item, result })),
);

function describeOptions({ options: { structure, hessian, groups, prior } }: LaplaceResult): string {
  return `${structure}, ${hessian}, ${groups}, prior ${Array.isArray(prior) ? "given each" : prior}`;
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(all)("$name", ({ item, result }) => {
    const net = network(item.spec);
    net.setParameters(item.parameters);
    const posterior = laplace(net, toDataset(item.inputs, item.targets), result.options as LaplaceOptions);
    if (result.status) {
      expect(posterior.status).toBe(result.status);
      expect(posterior.logEvidence).toBeNaN();
      return;
    }
    const near = (got: ArrayLike<number>, expected: ArrayLike<number>) =>
      expect(distance(got, expected, 1e-6)).toBeLessThan(1e-8);
    near(posterior.prior, result.prior);
    if (result.noise !== undefined) near([posterior.noise], [result.noise]);
    near([posterior.logEvidence], [result.logEvidence]);
    near([posterior.effectiveParameters], [result.effectiveParameters]);
    near(posterior.standardErrors(), result.standardErrors);
    const diagonal = result.standardErrors.map((_, i) => posterior.covariance().get(i, i));
    near(diagonal.map(Math.sqrt), result.standardErrors);
    near(posterior.predict(item.test).deviation.data, result.deviation.flat());
    if (result.probabilities) near(posterior.probabilities(item.test).data, result.probabilities.flat());
  });
});
