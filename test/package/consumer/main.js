// What a user writes first. Prints the bits of a gradient and of a short training, before and after
// `init`.
import { adam, dataset, fit, init, network } from "hessia";

const data = dataset(
  [
    [1, 2, 3],
    [-0.5, 0.25, 4],
    [0.1, -3, 0.7],
  ],
  [0, 1, 1],
);

const bitsOf = (values) =>
  Array.from(new BigUint64Array(values.buffer), (bits) => bits.toString(16).padStart(16, "0")).join(" ");

function make() {
  return network({
    inputs: 3,
    layers: [{ units: 5, activation: "relu" }, { units: 2 }],
    loss: "cross-entropy",
    seed: 7,
  });
}

async function trained() {
  const net = make();
  await fit(net, data, { optimizer: adam({ learningRate: 0.01 }), epochs: 5, batchSize: 2, seed: 3 });
  return bitsOf(net.getParameters());
}

const gradient = bitsOf(make().gradient(data).gradient);
const before = await trained();
await init({ simd: "strict" });
const strict = await trained();
await init();
console.log(JSON.stringify({ gradient, before, strict, best: await trained() }));
