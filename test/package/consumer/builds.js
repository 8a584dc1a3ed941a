// Prints the bits of a Hessian and of a short training by each build that this engine has, and
// which one `init` chooses by itself.
import { adam, dataset, fit, init, network } from "hessia";

const rows = Array.from({ length: 40 }, (_, i) => [((i * 7) % 11) / 4 - 1, ((i * 5) % 13) / 5 - 1, (i % 3) - 0.7]);
const data = dataset(
  rows,
  rows.map((_, i) => i % 2),
);

const bitsOf = (values) =>
  Array.from(new BigUint64Array(values.buffer.slice(0)), (bits) => bits.toString(16).padStart(16, "0")).join(" ");

async function bits() {
  const net = network({
    inputs: 3,
    layers: [{ units: 9, activation: "relu" }, { units: 5, activation: "tanh" }, { units: 2 }],
    loss: "cross-entropy",
    seed: 7,
  });
  await fit(net, data, { optimizer: adam({ learningRate: 0.01 }), epochs: 3, batchSize: 8, seed: 3 });
  return `${bitsOf(net.getParameters())} | ${bitsOf(net.hessian(data).data)}`;
}

const printed = {};
for (const simd of ["strict", "relaxed"]) {
  try {
    await init({ simd });
    printed[simd] = await bits();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    printed[simd] = null;
  }
}
console.log(JSON.stringify({ ...printed, chosen: (await init()).build }));
