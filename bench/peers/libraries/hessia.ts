import {
  adam as adamOptimizer,
  dataset,
  init,
  levenbergMarquardt,
  matrix,
  multiply,
  network,
  training as run,
  symmetric,
} from "hessia";
import { adam, type Curve, type Peer, type Product, type Symmetric, type Training } from "../peer.ts";
import { batchesOf } from "./layers.ts";

function product({ rows, inner, columns, transposeA, transposeB, a, b }: Product) {
  const left = transposeA ? matrix(inner, rows, a) : matrix(rows, inner, a);
  const right = transposeB ? matrix(columns, inner, b) : matrix(inner, columns, b);
  return { call: () => multiply(left, right, { transposeA, transposeB }) };
}

function networkOf({ dtype, sizes, activation, loss, parameters }: Training) {
  const last = sizes.length - 1;
  const net = network({
    inputs: sizes[0]!,
    layers: sizes.slice(1).map((units, index) => (index + 1 < last ? { units, activation } : { units })),
    loss,
    dtype,
  });
  net.setParameters(parameters);
  return net;
}

function step(training: Training) {
  const { sizes, batchSize, batches, x, y } = training;
  const { learningRate, beta1, beta2, epsilon } = adam;
  const steps = run(networkOf(training), dataset(matrix(batchSize * batches, sizes[0]!, x), y), {
    optimizer: adamOptimizer({ learningRate, betas: [beta1, beta2], epsilon }),
    batchSize,
    epochs: 1e9,
    shuffle: false,
  });
  return {
    call: () => {
      const { done, value } = steps.next();
      if (done) throw new Error("the run ended");
      return value.loss;
    },
    dispose: () => steps.return(undefined as never),
  };
}

function hessian(training: Training) {
  const net = networkOf(training);
  const { x, y } = batchesOf(training)[0]!;
  const data = dataset(matrix(training.batchSize, training.sizes[0]!, x), y);
  return { call: () => net.hessian(data).data };
}

function leastSquares({ units, x, y, starts, target, steps }: Curve) {
  const net = network({ inputs: 1, layers: [{ units, activation: "tanh" }, { units: 1 }] });
  const data = dataset(matrix(x.length, 1, x), y);
  const fitFrom = (start: Float64Array) => {
    net.setParameters(start);
    for (const { loss } of run(net, data, { optimizer: levenbergMarquardt(), epochs: steps }))
      if (Math.sqrt(loss) <= target) break;
    return net.getParameters();
  };
  return { call: () => starts.map(fitFrom) };
}

function eigen({ size, data }: Symmetric) {
  const a = symmetric(matrix(size, size, data));
  return {
    call: () => {
      const { values, vectors } = a.eigen();
      return { values, vectors: () => vectors.data };
    },
  };
}

function cholesky({ size, data }: Symmetric) {
  const a = symmetric(matrix(size, size, data));
  return {
    call: () => {
      const { factor, reason } = a.cholesky();
      if (!factor) throw new Error(reason);
      return () => factor.data;
    },
  };
}

export async function open(simd: "strict" | "relaxed", version: string): Promise<Peer> {
  const select = () => init({ simd });
  await select();
  return {
    name: `hessia ${simd}`,
    version,
    dtypes: ["f32", "f64"],
    select,
    product,
    read: (result) => (result as ReturnType<typeof multiply>).data,
    step,
    hessian,
    leastSquares,
    eigen,
    cholesky,
  };
}
