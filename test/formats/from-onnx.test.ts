// Oracle: the network that was exported, and onnxruntime-web on the files of other exporters (scripts/fixtures/onnx_files.py made them).

import { describe, expect, it } from "vitest";
import { fromOnnx, toOnnx } from "../../src/formats/index.js";
import { network } from "../../src/index.js";
import { type ActivationSpec, cases, Random } from "../cases.js";
import { networkOf } from "./support.js";

const activations: ActivationSpec[] = [
  "identity",
  "relu",
  "leaky-relu",
  { type: "leaky-relu", slope: -0.7 },
  { type: "leaky-relu", slope: 1.5 },
  "elu",
  { type: "elu", alpha: 0.3 },
  { type: "elu", alpha: 2.5 },
  "softplus",
  "gelu",
  "silu",
  "tanh",
  "sigmoid",
  "step",
];

describe.each(["f32", "f64"] as const)("what toOnnx wrote in %s", (dtype) => {
  it.each(activations.map((activation) => [JSON.stringify(activation), activation] as const))(
    "%s comes back",
    (_, activation) => {
      const layers = [
        { units: 7, activation, batchNorm: true },
        { units: 5, activation },
        { units: 4 },
      ];
      const net = network({ inputs: 3, layers, seed: 8, dtype });
      const { network: back } = fromOnnx(toOnnx(net));
      expect(back.spec.layers.map(({ activation }) => activation.type)).toEqual(
        net.spec.layers.map(({ activation }) => activation.type),
      );
      expect(back.spec.dtype).toBe(dtype);
      const rows = new Random(3).rows(40, 3);
      const [got, expected] = [back.predict(rows).data, net.predict(rows).data];
      got.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(dtype === "f32" ? 1e-6 : 1e-14));
    },
  );

  it.each(cases)("$name", (item) => {
    const net = networkOf(item, { dtype });
    const { network: back } = fromOnnx(toOnnx(net), { loss: net.spec.loss });
    const rows = new Random(1).rows(9, item.spec.inputs);
    const [got, expected] = [back.predict(rows).data, net.predict(rows).data];
    got.forEach((x, i) => {
      const size = Math.max(1, Math.abs(expected[i]!));
      expect(Math.abs(x - expected[i]!) / size).toBeLessThan(dtype === "f32" ? 3e-6 : 1e-13);
    });
  });
});
