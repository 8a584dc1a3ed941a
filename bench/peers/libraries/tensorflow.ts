import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // for the gradients: the core's build for Node registers none by itself
import { setThreadsCount, version_wasm } from "@tensorflow/tfjs-backend-wasm";
import { adam, type Peer, type Product, type Training } from "../peer.ts";
import { batchesOf, layersOf, transposed } from "./layers.ts";

setThreadsCount(1);

/** Operands stay on the backend; what is read back is the result. */
function product({ rows, inner, columns, transposeA, transposeB, a, b }: Product) {
  const left = tf.tensor2d(a as Float32Array, transposeA ? [inner, rows] : [rows, inner]);
  const right = tf.tensor2d(b as Float32Array, transposeB ? [columns, inner] : [inner, columns]);
  return {
    call: () => {
      const result = tf.matMul(left, right, transposeA, transposeB);
      const values = result.dataSync();
      result.dispose();
      return values;
    },
    dispose: () => tf.dispose([left, right]),
  };
}

function step(training: Training) {
  const { sizes, batchSize, activation, loss } = training;
  const outputs = sizes.at(-1)!;
  const layers = layersOf(training).map((layer) => ({
    weight: tf.variable(tf.tensor2d(transposed(layer) as Float32Array, [layer.inputs, layer.units])),
    bias: tf.variable(tf.tensor1d(layer.bias as Float32Array)),
  }));
  const variables = layers.flatMap(({ weight, bias }) => [weight, bias]);
  const batches = batchesOf(training).map(({ x, y }) => ({
    x: tf.tensor2d(x as Float32Array, [batchSize, sizes[0]!]),
    y: tf.tensor2d(y as Float32Array, [batchSize, outputs]),
  }));
  const optimizer = tf.train.adam(adam.learningRate, adam.beta1, adam.beta2, adam.epsilon);

  // The fused kernel is the faster one, but has a gradient for relu only.
  const forward = (x: tf.Tensor2D) =>
    layers.reduce<tf.Tensor>((h, { weight, bias }, index) => {
      const affine = { a: h, b: weight, bias };
      if (index === layers.length - 1) return tf.fused.matMul(affine);
      return activation === "relu" ? tf.fused.matMul({ ...affine, activation }) : tf.tanh(tf.fused.matMul(affine));
    }, x);
  const cost = (batch: { x: tf.Tensor2D; y: tf.Tensor2D }): tf.Scalar =>
    loss === "mse"
      ? tf.losses.meanSquaredError(batch.y, forward(batch.x))
      : tf.losses.softmaxCrossEntropy(batch.y, forward(batch.x));

  let count = 0;
  return {
    call: () => {
      const batch = batches[count++ % batches.length]!;
      const value = optimizer.minimize(() => cost(batch), true, variables)!;
      const number = value.dataSync()[0]!;
      value.dispose();
      return number;
    },
    dispose: () => {
      optimizer.dispose();
      tf.dispose([...variables, ...batches.flatMap(({ x, y }) => [x, y])]);
    },
  };
}

/**
 * Column by column, the gradient of the gradient's dot product with a unit vector: right for relu
 * and mse.
 */
function hessian(training: Training) {
  const { sizes, batchSize, activation, loss, parameters } = training;
  if (activation !== "relu" || loss !== "mse") return undefined;
  const batch = batchesOf(training)[0]!;
  const x = tf.tensor2d(batch.x as Float32Array, [batchSize, sizes[0]!]);
  const y = tf.tensor2d(batch.y as Float32Array, [batchSize, sizes.at(-1)!]);
  const flat = tf.tensor1d(parameters as Float32Array);
  const last = sizes.length - 2;
  const cost = (flat: tf.Tensor): tf.Scalar => {
    let offset = 0;
    const take = (count: number) => {
      offset += count;
      return tf.slice(flat as tf.Tensor1D, [offset - count], [count]);
    };
    const output = sizes.slice(1).reduce<tf.Tensor>((h, units, index) => {
      const weight = tf.reshape(take(units * sizes[index]!), [units, sizes[index]!]);
      const a = tf.add(tf.matMul(h, weight, false, true), take(units));
      return index < last ? tf.relu(a) : a;
    }, x);
    return tf.losses.meanSquaredError(y, output);
  };
  const size = parameters.length;
  const column = (index: number) =>
    tf.tidy(() => {
      const unit = tf.oneHot(tf.scalar(index, "int32"), size);
      const dot = (flat: tf.Tensor): tf.Scalar => tf.sum(tf.mul(tf.grad(cost)(flat), unit));
      return tf.grad(dot)(flat).dataSync();
    });
  return {
    call: () => {
      const out = new Float32Array(size * size);
      for (let index = 0; index < size; index++) out.set(column(index), index * size);
      return out;
    },
    dispose: () => tf.dispose([x, y, flat]),
  };
}

export async function open(backend: "wasm" | "cpu"): Promise<Peer> {
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} backend here`);
  return {
    name: `tfjs ${backend}`,
    version: backend === "wasm" ? version_wasm : tf.version_core,
    dtypes: ["f32"],
    ...(backend === "wasm" && { settles: 5 }),
    select: () => tf.setBackend(backend),
    product,
    read: (result) => result as Float32Array,
    step,
    ...(backend === "cpu" && { hessian }),
  };
}
