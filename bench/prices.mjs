// What calls take on this machine, in milliseconds, by the size of the network:
// `node bench/prices.mjs` writes bench/prices.json, of which docs/performance.md is made.
import { writeFileSync } from "node:fs";
import { adam, dataset, diagnose, hessianOperator, init, matrix, network, training } from "../dist/index.js";

const build = "strict";
await init({ simd: build });
const SIZES = [
  { widths: [4, 16, 3], samples: 150, dtype: "f64" },
  { widths: [10, 32, 32, 5], samples: 500, dtype: "f64" },
  { widths: [20, 64, 32, 2], samples: 2000, dtype: "f64" },
  { widths: [64, 64, 32, 10], samples: 1797, dtype: "f64" },
  { widths: [784, 128, 10], samples: 5000, dtype: "f32" },
];
/** Dense matrices beyond it take minutes. */
const MOST_DENSE = 5000;

function open({ widths, samples, dtype }) {
  const layers = widths
    .slice(1)
    .map((units, l) => ({ units, activation: l < widths.length - 2 ? "relu" : "identity" }));
  const net = network({ inputs: widths[0], layers, loss: "cross-entropy", dtype, seed: 1 });
  const inputs = Float64Array.from({ length: samples * widths[0] }, (_, i) => Math.sin(i * i));
  const classes = widths.at(-1);
  return {
    net,
    data: dataset(
      matrix(samples, widths[0], inputs),
      Int32Array.from({ length: samples }, (_, i) => i % classes),
    ),
  };
}

/** The median over some calls, in milliseconds. */
async function milliseconds(call) {
  const times = [];
  const end = performance.now() + 1500;
  do {
    const begin = performance.now();
    await call();
    times.push(performance.now() - begin);
  } while (performance.now() < end && times.length < 200);
  return times.sort((a, b) => a - b)[times.length >> 1];
}

const rows = [];
for (const size of SIZES) {
  const { net, data } = open(size);
  const P = net.parameterCount;
  const row = { network: size.widths.join("-"), samples: size.samples, dtype: size.dtype, parameters: P };
  row.gradient = await milliseconds(() => net.gradient(data));
  row.epoch = await milliseconds(() => {
    for (const _ of training(net, data, { optimizer: adam(), epochs: 1, batchSize: 32 }));
  });
  row.step = row.epoch / Math.ceil(size.samples / 32);
  const operator = hessianOperator(net, data);
  const v = net.getParameters();
  row.product = await milliseconds(() => operator.matvec(v));
  const dense = P <= MOST_DENSE;
  row.hessian = dense ? await milliseconds(() => net.hessian(data)) : null;
  row.eigenvalues = dense ? (await milliseconds(() => net.hessian(data).eigenvalues())) - row.hessian : null;
  row.diagnose = await milliseconds(() => diagnose(net, data));
  rows.push(row);
  console.log(row);
}
const rounded = (x) => (typeof x === "number" && !Number.isInteger(x) ? Number(x.toPrecision(3)) : x);
const prices = rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, rounded(value)])));
const node = `Node ${process.versions.node.split(".").slice(0, 2).join(".")}`;
writeFileSync(new URL("prices.json", import.meta.url), `${JSON.stringify({ node, build, prices }, null, 2)}\n`);
