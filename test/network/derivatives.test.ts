// Oracle: central differences of the outputs.

import { beforeAll, describe, expect, it } from "vitest";
import { dataset, fit, init, type NetworkSpec, network, sgd } from "../../src/index.js";
import { supportsRelaxed } from "../../src/wasm/load.js";

const inputs = Array.from({ length: 9 }, (_, i) => [Math.cos(3 * i * i), Math.sin(5 * i) + 0.1, Math.cos(7 * i + 1)]);

const specs: [string, NetworkSpec][] = [
  ["a linear layer", { inputs: 3, layers: [{ units: 2 }] }],
  ["relu", { inputs: 3, layers: [{ units: 5, activation: "relu" }, { units: 2 }], seed: 1 }],
  [
    "tanh and gelu",
    {
      inputs: 3,
      layers: [
        { units: 5, activation: "tanh" },
        { units: 4, activation: "gelu" },
        { units: 3, activation: "sigmoid" },
      ],
      seed: 2,
    },
  ],
  [
    "batch norm",
    {
      inputs: 3,
      layers: [
        { units: 4, activation: "tanh", batchNorm: true },
        { units: 3, activation: "silu", batchNorm: true },
        { units: 1 },
      ],
      seed: 3,
    },
  ],
];

describe.skipIf(!supportsRelaxed())("relaxed", () => derivatives("relaxed"));
describe("strict", () => derivatives("strict"));

function derivatives(simd: "strict" | "relaxed"): void {
  beforeAll(() => init({ simd }));

  it.each(specs)("jacobian and sensitivity of %s", async (_, spec) => {
    const net = network(spec);
    const outputs = spec.layers[spec.layers.length - 1].units;
    const targets = inputs.map((_, i) => Array.from({ length: outputs }, (_, c) => i + c));
    // Running statistics that differ from 0 and 1.
    await fit(net, dataset(inputs, targets), { optimizer: sgd({ learningRate: 1e-3 }), epochs: 2, batchSize: 9 });
    const theta = Float64Array.from(net.getParameters());
    const J = net.jacobian(inputs);
    expect([J.rows, J.columns]).toEqual([9 * outputs, theta.length]);
    const h = 1e-5;
    theta.forEach((value, p) => {
      const at = (x: number): Float64Array => {
        net.setParameters(theta.map((other, i) => (i === p ? x : other)));
        return Float64Array.from(net.predict(inputs).data);
      };
      const [ahead, behind] = [at(value + h), at(value - h)];
      ahead.forEach((f, i) => expect(J.data[i * theta.length + p]).toBeCloseTo((f - behind[i]) / (2 * h), 6));
    });
    net.setParameters(theta);
    const S = net.sensitivity(dataset(inputs, targets));
    expect([S.rows, S.columns]).toEqual([9 * outputs, 3]);
    inputs.forEach((row, s) => {
      row.forEach((value, j) => {
        const at = (x: number) => net.predict([row.map((other, i) => (i === j ? x : other))]).data;
        const [ahead, behind] = [at(value + h), at(value - h)];
        for (let c = 0; c < outputs; ++c)
          expect(S.data[(s * outputs + c) * 3 + j]).toBeCloseTo((ahead[c] - behind[c]) / (2 * h), 6);
      });
    });
  });

  it("single precision gives doubles near those of double precision", () => {
    const [, spec] = specs[2];
    const [double, single] = [network(spec), network({ ...spec, dtype: "f32" })];
    double.setParameters(single.getParameters());
    const [a, b] = [double.jacobian(inputs).data, single.jacobian(inputs).data];
    expect(b).toBeInstanceOf(Float64Array);
    a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 5));
  });

  it("is nothing for no rows, and refuses rows of another width", () => {
    const net = network(specs[0][1]);
    expect(net.jacobian([]).rows).toBe(0);
    expect(() => net.sensitivity([[1, 2]])).toThrow('sensitivity: "inputs" expected rows of width 3');
  });
}
