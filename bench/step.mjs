// Training steps: against the time that their matrix products alone need, and in microseconds for a
// tiny network.
import { adam, dataset, init, matrix, network, training } from "../dist/index.js";
import { bytesPer, openBuilds } from "./core.mjs";
import { interleave, show, summary } from "./measure.mjs";

const LARGE = [784, 256, 128, 10];
const BATCH = 128;

export async function run({ quick }) {
  for (const { build, core } of await openBuilds()) {
    await init({ simd: build });
    await large(build, core, quick);
    for (const dtype of ["f32", "f64"]) await small(build, dtype, quick);
  }
}

async function large(build, core, quick) {
  const random = uniform();
  const rows = 8 * BATCH;
  const inputs = matrix(rows, LARGE[0], Float32Array.from({ length: rows * LARGE[0] }, random));
  const data = dataset(
    inputs,
    Int32Array.from({ length: rows }, () => Math.floor(10 * (random() + 0.5))),
  );
  const layers = LARGE.slice(1).map((units, i) => ({ units, activation: i < 2 ? "relu" : "identity" }));
  const net = network({ inputs: LARGE[0], layers, loss: "cross-entropy", dtype: "f32", seed: 1 });
  const run = training(net, data, { optimizer: adam(), batchSize: BATCH, epochs: 1e6 });
  const seconds = await interleave(
    { step: () => run.next(), products: products(core) },
    { rounds: quick ? 5 : 21, milliseconds: 100 },
  );
  run.return();
  const ratio = summary(seconds.step.map((s, i) => s / seconds.products[i]));
  console.log(`\nstep ${LARGE.join("-")}, batch ${BATCH}, relu, Adam, f32, ${build}`);
  console.log(`  ${show(summary(seconds.step.map((s) => 1000 * s)))} ms; ${show(ratio)} × its matrix products alone`);
}

/** The eight products of a step, forward and backward, on buffers that lie as the network's do. */
function products(core) {
  const size = bytesPer.f32;
  const scratch = Math.ceil(core.heapBase() / 64) * 64;
  let top = Math.ceil((scratch + core.productScratchBytes()) / 64) * 64;
  const allocate = (count) => {
    const at = top;
    top += Math.ceil((count * size) / 64) * 64;
    return at;
  };
  const layers = LARGE.slice(1).map((units, l) => ({
    units,
    inputs: LARGE[l],
    weight: allocate(units * LARGE[l]),
    gradient: allocate(units * LARGE[l]),
    below: allocate(LARGE[l] * BATCH),
    out: allocate(units * BATCH),
  }));
  const missing = top - core.memory.buffer.byteLength;
  if (missing > 0) core.memory.grow(Math.ceil(missing / 65536));
  new Float32Array(core.memory.buffer, scratch, (top - scratch) / size).fill(0.01);
  const call = core.product_f32;
  return () => {
    layers.forEach(({ units, inputs, weight, gradient, below, out }, l) => {
      const [row, column] = l === 0 ? [1, inputs] : [BATCH, 1];
      call(units, BATCH, inputs, 1, weight, inputs, 1, below, row, column, 0, out, BATCH, 0, -1, 0, out, scratch);
      call(
        units,
        inputs,
        BATCH,
        1,
        out,
        BATCH,
        1,
        below,
        column,
        row,
        0,
        gradient,
        inputs,
        0,
        -1,
        0,
        gradient,
        scratch,
      );
      if (l > 0)
        call(inputs, BATCH, units, 1, weight, 1, inputs, out, BATCH, 1, 0, below, BATCH, 0, -1, 0, below, scratch);
    });
  };
}

async function small(build, dtype, quick) {
  const random = uniform();
  const data = dataset(
    Array.from({ length: 320 }, () => [random(), random()]),
    Float64Array.from({ length: 320 }, random),
  );
  const layers = [8, 8, 1].map((units) => ({ units, activation: "tanh" }));
  const net = network({ inputs: 2, layers, loss: "mse", dtype, seed: 1 });
  const run = training(net, data, { optimizer: adam(), batchSize: 32, epochs: 1e9 });
  const steps = 500;
  const seconds = await interleave(
    {
      step: () => {
        for (let i = 0; i < steps; ++i) run.next();
      },
    },
    { rounds: quick ? 5 : 21, milliseconds: 50 },
  );
  run.return();
  const micro = summary(seconds.step.map((s) => (1e6 * s) / steps));
  console.log(`step 2-8-8-1, batch 32, tanh, Adam, ${dtype}, ${build}: ${show(micro)} µs`);
}

function uniform() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296 - 0.5;
  };
}
