// Oracle: TensorFlow.js on its cpu backend, which differentiates the same network, built from its
// own operations, in single precision.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init, network } from "../../src/index.js";
import { type Case, makeData, makeParameters } from "../cases.js";
import { batchNormOf, type LossName, layout, type NetworkSpec, type Targets } from "../oracle/spec.js";
import { builds, distance, rounded, toDataset } from "../support.js";

type Tensorflow = typeof import("@tensorflow/tfjs-core");
type Tensor = import("@tensorflow/tfjs-core").Tensor;

let tf: Tensorflow;
const folder = mkdtempSync(join(tmpdir(), "tfjs-"));

/**
 * The package's entry for Node registers no gradients, and its modules that do are not made for
 * Node; so they are bundled first.
 */
beforeAll(async () => {
  const contents = `
    export * from "@tensorflow/tfjs-core/dist/base.js";
    import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
    import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
    import "@tensorflow/tfjs-backend-cpu/dist/index.js";`;
  const outfile = join(folder, "tfjs.mjs");
  buildSync({
    stdin: { contents, resolveDir: import.meta.dirname },
    mainFields: ["module", "main"],
    bundle: true,
    format: "esm",
    platform: "node",
    outfile,
    logLevel: "error",
  });
  tf = await import(/* @vite-ignore */ pathToFileURL(outfile).href);
  tf.env().set("PROD", true); // else the backend advertises another one
  await tf.setBackend("cpu");
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

function activate(x: Tensor, given: NetworkSpec["layers"][number]["activation"]): Tensor {
  const { type, ...rest } = typeof given === "object" ? given : { type: given ?? "identity" };
  switch (type) {
    case "identity":
      return x;
    case "relu":
      return tf.relu(x);
    case "leaky-relu":
      return tf.leakyRelu(x, (rest as { slope?: number }).slope ?? 0.01);
    case "elu":
      return tf.elu(x);
    case "softplus":
      return tf.softplus(x);
    case "tanh":
      return tf.tanh(x);
    case "sigmoid":
      return tf.sigmoid(x);
    case "silu":
      return tf.mul(x, tf.sigmoid(x));
    case "gelu":
      return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
    case "step":
      return tf.step(x);
  }
}

function lossOf(name: LossName, outputs: Tensor, targets: Targets): Tensor {
  const columns = outputs.shape[1] as number;
  const flat = typeof targets[0] === "number";
  if (name === "cross-entropy") {
    const shares = flat
      ? tf.oneHot(tf.tensor1d(targets as number[], "int32"), columns)
      : tf.tensor2d(targets as number[][]);
    return tf.losses.softmaxCrossEntropy(tf.cast(shares, "float32"), outputs);
  }
  const rows = tf.tensor2d(targets.flat(), [targets.length, columns]);
  if (name === "huber") return tf.losses.huberLoss(rows, outputs, undefined, 1);
  if (name === "mse") return tf.losses.meanSquaredError(rows, outputs);
  return tf.losses.sigmoidCrossEntropy(rows, outputs);
}

/** The objective and its gradient, in the library's order of parameters. */
function differentiate(
  spec: NetworkSpec,
  θ: number[],
  inputs: number[][],
  targets: Targets,
): { loss: number; gradient: number[] } {
  const places = layout(spec);
  const shapes = places.flatMap(({ inputs: width, units, weight, bias, scale, shift }) => [
    [weight, units, width],
    [bias, units],
    ...(scale >= 0
      ? [
          [scale, units],
          [shift, units],
        ]
      : []),
  ]);
  return tf.tidy(() => {
    const parameters = shapes.map(([at, ...shape]) =>
      tf.tensor(θ.slice(at, at + shape.reduce((a, b) => a * b)), shape),
    );
    const objective = (...given: Tensor[]): Tensor => {
      let k = 0;
      let penalty: Tensor = tf.scalar(0);
      const { l1 = 0, l2 = 0, on = "weights" } = spec.penalty ?? {};
      const next = (isWeight: boolean): Tensor => {
        const p = given[k++];
        if (isWeight || on === "all") {
          penalty = tf.add(penalty, tf.add(tf.mul(l1, tf.sum(tf.abs(p))), tf.mul(l2 / 2, tf.sum(tf.square(p)))));
        }
        return p;
      };
      let h: Tensor = tf.tensor2d(inputs);
      for (const layer of spec.layers) {
        h = tf.add(tf.matMul(h, next(true), false, true), next(false));
        const norm = batchNormOf(layer);
        if (norm) {
          const { mean, variance } = tf.moments(h, 0);
          h = tf.mul(tf.sub(h, mean), tf.rsqrt(tf.add(variance, norm.epsilon)));
          h = tf.add(tf.mul(h, next(false)), next(false));
        }
        h = activate(h, layer.activation);
      }
      return tf.add(lossOf(spec.loss as LossName, h, targets), penalty);
    };
    const { value, grads } = tf.valueAndGrads(objective as never)(parameters);
    return { loss: value.dataSync()[0], gradient: grads.flatMap((g) => Array.from(g.dataSync())) };
  });
}

const table: [string, NetworkSpec, Case["targets"]][] = [
  [
    "relu, mse",
    {
      inputs: 5,
      layers: [{ units: 9, activation: "relu" }, { units: 7, activation: "relu" }, { units: 3 }],
      loss: "mse",
    },
    "rows",
  ],
  [
    "relu, class labels",
    { inputs: 6, layers: [{ units: 12, activation: "relu" }, { units: 4 }], loss: "cross-entropy" },
    "labels",
  ],
  [
    "leaky-relu, class probabilities",
    {
      inputs: 4,
      layers: [{ units: 8, activation: { type: "leaky-relu", slope: 0.2 } }, { units: 3 }],
      loss: "cross-entropy",
    },
    "probabilities",
  ],
  [
    "elu, huber",
    {
      inputs: 4,
      layers: [
        { units: 8, activation: "elu" },
        { units: 2, activation: "elu" },
      ],
      loss: "huber",
    },
    "rows",
  ],
  [
    "tanh and sigmoid, binary cross-entropy",
    {
      inputs: 4,
      layers: [{ units: 6, activation: "tanh" }, { units: 5, activation: "sigmoid" }, { units: 3 }],
      loss: "binary-cross-entropy",
    },
    "rows",
  ],
  [
    "softplus, penalty on all",
    {
      inputs: 3,
      layers: [{ units: 6, activation: "softplus" }, { units: 2 }],
      loss: "mse",
      penalty: { l1: 0.03, l2: 0.2, on: "all" },
    },
    "rows",
  ],
  [
    "gelu and silu, penalty on the weights",
    {
      inputs: 3,
      layers: [{ units: 6, activation: "gelu" }, { units: 5, activation: "silu" }, { units: 2 }],
      loss: "huber",
      penalty: { l1: 0.03, l2: 0.2 },
    },
    "rows",
  ],
  ["step below linear", { inputs: 3, layers: [{ units: 6, activation: "step" }, { units: 2 }], loss: "mse" }, "rows"],
  [
    "batch norm twice",
    {
      inputs: 4,
      layers: [
        { units: 8, activation: "relu", batchNorm: true },
        { units: 6, activation: "tanh", batchNorm: { epsilon: 0.01 } },
        { units: 3 },
      ],
      loss: "cross-entropy",
    },
    "labels",
  ],
  [
    "batch norm on the output",
    {
      inputs: 4,
      layers: [
        { units: 8, activation: "silu" },
        { units: 2, batchNorm: true },
      ],
      loss: "mse",
    },
    "rows",
  ],
];

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(table)("%s", (name, spec, targets) => {
    const batchNorm = spec.layers.some((layer) => layer.batchNorm);
    for (const samples of [2, 13, 40]) {
      const item: Case = { name, spec, samples, seed: samples + name.length, targets, batchNorm, margin: 1e-4 };
      const data = makeData(item);
      const inputs = rounded(data.inputs, "f32");
      const rows = rounded(data.targets, "f32");
      const parameters = rounded(makeParameters(item), "f32");
      const expected = differentiate(spec, parameters, inputs, rows);
      for (const dtype of ["f32", "f64"] as const) {
        const net = network({ ...spec, dtype });
        net.setParameters(parameters);
        const given = net.gradient(toDataset(inputs, rows));
        const label = `${samples} samples, ${dtype}`;
        expect(distance([given.loss], [expected.loss]), label).toBeLessThan(1e-5);
        expect(distance(given.gradient, expected.gradient), label).toBeLessThan(
          samples === 2 && batchNorm ? 1e-3 : 2e-5,
        );
      }
    }
  });
});
