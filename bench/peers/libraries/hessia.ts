import { adam as adamOptimizer, dataset, init, matrix, multiply, network, training as run } from "hessia";
import { adam, type Peer, type Product, type Training } from "../peer.ts";

function product({ rows, inner, columns, transposeA, transposeB, a, b }: Product) {
  const left = transposeA ? matrix(inner, rows, a) : matrix(rows, inner, a);
  const right = transposeB ? matrix(columns, inner, b) : matrix(inner, columns, b);
  return { call: () => multiply(left, right, { transposeA, transposeB }) };
}

function step({ dtype, sizes, activation, loss, batchSize, batches, x, y, parameters }: Training) {
  const last = sizes.length - 1;
  const net = network({
    inputs: sizes[0]!,
    layers: sizes.slice(1).map((units, index) => (index + 1 < last ? { units, activation } : { units })),
    loss,
    dtype,
  });
  net.setParameters(parameters);
  const { learningRate, beta1, beta2, epsilon } = adam;
  const steps = run(net, dataset(matrix(batchSize * batches, sizes[0]!, x), y), {
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
  };
}
