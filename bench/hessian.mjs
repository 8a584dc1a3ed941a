// Dense Hessians by their effective rate, N·P² / time, over the multiply-add rate in registers;
// products against gradients.
import { dataset, hessianCost, hessianOperator, init, matrix, network, sgd, training } from "../dist/index.js";
import { openBuilds, runPeak } from "./core.mjs";
import { interleave, show, summary } from "./measure.mjs";

const NETS = [
  { widths: [10, 32, 32, 5], samples: 256, activation: "relu" },
  { widths: [16, 64, 64, 10], samples: 512, activation: "relu" },
  { widths: [64, 64, 32, 10], samples: 1797, activation: "relu" },
  { widths: [10, 32, 32, 5], samples: 256, activation: "tanh" },
  { widths: [16, 64, 64, 10], samples: 512, activation: "tanh" },
];

export async function run({ quick }) {
  for (const { build, peak } of await openBuilds()) {
    await init({ simd: build });
    for (const dtype of ["f64", "f32"]) {
      console.log(
        `\nHessian, ${build} ${dtype}: effective rate N·P²/time over the multiply-add rate in registers, median (p10–p90), in fresh memory and in that of the call before`,
      );
      for (const shape of quick ? NETS.slice(0, 1) : NETS) await assembly(peak, dtype, shape);
    }
    for (const dtype of ["f64", "f32"]) {
      console.log(`\nproducts at one point, ${build} ${dtype}: time over a gradient's`);
      for (const shape of quick ? NETS.slice(0, 1) : NETS) await products(dtype, shape);
    }
  }
}

function open({ widths, samples, activation }, dtype) {
  const layers = widths
    .slice(1)
    .map((units, l) => ({ units, activation: l < widths.length - 2 ? activation : "identity" }));
  const net = network({ inputs: widths[0], layers, loss: "cross-entropy", dtype, seed: 1 });
  const inputs = matrix(
    samples,
    widths[0],
    Float64Array.from({ length: samples * widths[0] }, (_, i) => Math.sin(i * i)),
  );
  return {
    net,
    data: dataset(
      inputs,
      Int32Array.from({ length: samples }, (_, i) => i % widths.at(-1)),
    ),
  };
}

function title({ widths, samples, activation }, { parameterCount }) {
  return `${widths.join("-")}, ${activation}, N = ${samples}, P = ${parameterCount}`.padEnd(46);
}

async function assembly(peak, dtype, shape) {
  const { net, data } = open(shape, dtype);
  let flops = 0;
  const out = net.hessian(data);
  const tasks = {
    peak: () => {
      flops = runPeak(peak, dtype, 5e7);
    },
    hessian: () => net.hessian(data),
    again: () => net.hessian(data, { out }),
  };
  const seconds = await interleave(tasks, { rounds: 9, milliseconds: 1 });
  const work = shape.samples * net.parameterCount ** 2;
  const rates = (name) => show(summary(seconds[name].map((s, i) => work / s / (flops / seconds.peak[i]))));
  const { median } = summary(seconds.hessian);
  const predicted = (hessianCost(net, shape.samples).seconds / median).toFixed(2);
  console.log(
    `${title(shape, net)} ${rates("hessian")}, ${rates("again")}   ${(1000 * median).toFixed(1)} ms; ${predicted} × of it predicted`,
  );
}

/** The gradient is a full-batch step of plain gradient descent, whose update is next to nothing. */
async function products(dtype, shape) {
  const { net, data } = open(shape, dtype);
  const other = open(shape, dtype);
  const run = training(other.net, data, {
    optimizer: sgd({ learningRate: 1e-9 }),
    batchSize: shape.samples,
    epochs: 1e9,
    shuffle: false,
  });
  const v = new Float64Array(net.parameterCount).fill(0.01);
  const exact = hessianOperator(net, data);
  const ggn = hessianOperator(net, data, { kind: "ggn" });
  const seconds = await interleave(
    { gradient: () => run.next(), hvp: () => exact.matvec(v), ggnvp: () => ggn.matvec(v) },
    { rounds: 15, milliseconds: 20 },
  );
  run.return();
  const ratio = (name) => show(summary(seconds[name].map((s, i) => s / seconds.gradient[i])));
  console.log(`${title(shape, net)} hvp ${ratio("hvp")}   ggnvp ${ratio("ggnvp")}`);
}
