import {
  grad,
  hessian as hessianOf,
  init,
  jit,
  linearize,
  nn,
  numpy as np,
  type Array as Tensor,
  tree,
  valueAndGrad,
  vmap,
} from "@jax-js/jax";
import { adam, type DType, type Numbers, numbers, type Peer, type Product, type Training } from "../peer.ts";
import { batchesOf, layersOf } from "./layers.ts";

const tensor = (data: Numbers, shape: number[]) => np.array(data).reshape(shape);

function product({ rows, inner, columns, transposeA, transposeB, a, b }: Product) {
  const left = tensor(a, transposeA ? [inner, rows] : [rows, inner]);
  const right = tensor(b, transposeB ? [columns, inner] : [inner, columns]);
  const multiply = jit((x: Tensor, y: Tensor) =>
    np.matmul(transposeA ? x.transpose() : x, transposeB ? y.transpose() : y),
  );
  return {
    call: () => multiply(left.ref, right.ref).dataSync(),
    dispose: () => {
      left.dispose();
      right.dispose();
      multiply.dispose();
    },
  };
}

type Layers = { w: Tensor; b: Tensor }[];

function outputOf(layers: Layers, x: Tensor, activation: Training["activation"]): Tensor {
  return layers.reduce((h, { w, b }, index) => {
    const a = np.matmul(h, w.transpose()).add(b);
    if (index === layers.length - 1) return a;
    return activation === "relu" ? nn.relu(a) : np.tanh(a);
  }, x);
}

function lossOf({ activation, loss }: Training) {
  return (layers: Layers, x: Tensor, y: Tensor): Tensor => {
    const output = outputOf(layers, x, activation);
    if (loss === "mse") return np.square(output.sub(y)).mean();
    return nn.logSoftmax(output).mul(y).sum(1).mean().mul(-1);
  };
}

function scalar(dtype: DType, value: number): Tensor {
  return np.array(numbers(dtype, 1).fill(value)).reshape([]);
}

/** Gradient and Adam compiled as one function; every tensor handed to it is consumed. */
function compiledStep(training: Training) {
  const { learningRate, beta1, beta2, epsilon } = adam;
  const lossAndGradient = valueAndGrad(lossOf(training));
  return jit(
    (layers: Layers, first: Layers, second: Layers, x: Tensor, y: Tensor, correction1: Tensor, correction2: Tensor) => {
      const [loss, gradient] = lossAndGradient(tree.ref(layers), x, y);
      const update = (parameter: Tensor, g: Tensor, m: Tensor, v: Tensor) => {
        const nextM = m.mul(beta1).add(g.ref.mul(1 - beta1));
        const nextV = v.mul(beta2).add(np.square(g).mul(1 - beta2));
        const direction = nextM.ref.div(correction1.ref).div(np.sqrt(nextV.ref.div(correction2.ref)).add(epsilon));
        return [parameter.sub(direction.mul(learningRate)), nextM, nextV] as const;
      };
      const next = layers.map((layer, index) => {
        const [g, m, v] = [gradient[index]!, first[index]!, second[index]!];
        return { w: update(layer.w, g.w, m.w, v.w), b: update(layer.b, g.b, m.b, v.b) };
      });
      correction1.dispose();
      correction2.dispose();
      const pick = (which: 0 | 1 | 2): Layers => next.map(({ w, b }) => ({ w: w[which], b: b[which] }));
      return { loss, layers: pick(0), first: pick(1), second: pick(2) };
    },
  );
}

function step(training: Training) {
  const { dtype, sizes, batchSize } = training;
  const zeros = (): Layers =>
    layersOf(training).map(({ inputs, units }) => ({
      w: tensor(numbers(dtype, units * inputs), [units, inputs]),
      b: tensor(numbers(dtype, units), [units]),
    }));
  let state = {
    layers: layersOf(training).map(({ inputs, units, weight, bias }) => ({
      w: tensor(weight, [units, inputs]),
      b: tensor(bias, [units]),
    })),
    first: zeros(),
    second: zeros(),
  };
  const batches = batchesOf(training).map(({ x, y }) => ({
    x: tensor(x, [batchSize, sizes[0]!]),
    y: tensor(y, [batchSize, sizes.at(-1)!]),
  }));
  const advance = compiledStep(training);

  let count = 0;
  return {
    call: () => {
      const { x, y } = batches[count++ % batches.length]!;
      const correction = (beta: number) => scalar(dtype, 1 - beta ** count);
      const { loss, ...next } = advance(
        state.layers,
        state.first,
        state.second,
        x.ref,
        y.ref,
        correction(adam.beta1),
        correction(adam.beta2),
      );
      state = next;
      return loss.item() as number;
    },
    dispose: () => {
      tree.dispose(state);
      tree.dispose(batches);
      advance.dispose();
    },
  };
}

type Curvature = (cost: (flat: Tensor) => Tensor) => (flat: Tensor) => Tensor;

/** One linearisation of the gradient, applied to every unit vector at once. */
const linearized: Curvature = (cost) => (flat) => {
  const [size] = flat.shape;
  const unitVectors = np.eye(size!, undefined, { dtype: flat.dtype });
  const [gradient, pushForward] = linearize(grad(cost), [flat]);
  gradient.dispose();
  return vmap((vector: Tensor): Tensor => pushForward(vector) as Tensor)(unitVectors);
};

function hessianBy(curvature: Curvature) {
  return (training: Training) => {
    const { dtype, sizes, batchSize, activation, parameters } = training;
    const batch = batchesOf(training)[0]!;
    const x = tensor(batch.x, [batchSize, sizes[0]!]);
    const y = tensor(batch.y, [batchSize, sizes.at(-1)!]);
    // A tensor: in f64, with a constant number here or with mean(), the compiled second derivatives
    // are wrong.
    const scale = scalar(dtype, 1 / batch.y.length);
    const cost = (flat: Tensor): Tensor => {
      let offset = 0;
      const take = (count: number) => {
        offset += count;
        return flat.ref.slice([offset - count, offset]);
      };
      const layers = sizes.slice(1).map((units, index) => {
        const inputs = sizes[index]!;
        return { w: take(units * inputs).reshape([units, inputs]), b: take(units) };
      });
      flat.dispose();
      return np
        .square(outputOf(layers, x.ref, activation).sub(y.ref))
        .sum()
        .mul(scale.ref);
    };
    const compiled = jit(curvature(cost));
    const flat = tensor(parameters, [parameters.length]);
    return {
      call: () => compiled(flat.ref).dataSync(),
      dispose: () => {
        compiled.dispose();
        tree.dispose([x, y, scale, flat]);
      },
    };
  };
}

/**
 * A second way to the Hessian: `hessian` carries a tangent for each parameter through activations
 * and loss as well.
 */
export async function openLinearize(version: string): Promise<Peer> {
  const { name, dtypes, coarse } = await open(version);
  return { name: `${name} linearize`, version, dtypes, coarse, hessian: hessianBy(linearized) };
}

export async function open(version: string): Promise<Peer> {
  if (typeof Worker !== "undefined") throw new Error("jax-js would start workers here; one thread is the rule");
  await init("wasm");
  return {
    name: "jax-js",
    version,
    dtypes: ["f32", "f64"],
    coarse: true,
    product,
    read: (result) => result as ArrayLike<number>,
    step,
    hessian: hessianBy(hessianOf),
  };
}
