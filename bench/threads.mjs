// The same calls on one thread and on several, in turns: ratios of their times. Run by itself, it
// writes what docs/threads.md shows to threads.json.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { adam, dataset, hessianOperator, init, matrix, network, training } from "../dist/index.js";
import { SymmetricMatrix } from "../dist/linalg/symmetric.js";
import { borrow } from "../dist/wasm/workspace.js";
import { quantile, show, summary } from "./measure.mjs";

const PRODUCTS = [32, 48, 64, 96, 128, 256, 512, 1024];
const FACTORS = [500, 1000, 1500];
const HESSIANS = [
  { widths: [10, 32, 32, 5], samples: 256, activation: "relu" },
  { widths: [16, 64, 64, 10], samples: 512, activation: "relu" },
  { widths: [64, 64, 32, 10], samples: 1797, activation: "relu" },
  { widths: [16, 64, 64, 10], samples: 512, activation: "tanh" },
];
const STEPS = [
  { widths: [784, 256, 128, 10], batch: 512 },
  { widths: [784, 256, 128, 10], batch: 128 },
  { widths: [20, 64, 64, 3], batch: 1024 },
  { widths: [2, 8, 8, 1], batch: 32 },
];

export async function run({ quick, threads = availableParallelism() }) {
  for (const simd of ["strict", "relaxed"]) {
    for (const dtype of ["f64", "f32"]) {
      const made = tasks(simd, dtype, quick);
      try {
        await init({ simd });
      } catch {
        console.log(`\n${simd}: not in this engine`);
        break;
      }
      console.log(
        `\n${threads} threads against one, ${simd} ${dtype}: ratio, median (p10–p90), and milliseconds on one`,
      );
      await compare(simd, threads, made, quick ? 3 : 7);
    }
  }
}

function tasks(simd, dtype, quick) {
  return [
    ...(quick ? [128, 512] : PRODUCTS).map((n) => product(simd, dtype, n)),
    ...(quick ? [1000] : FACTORS).flatMap((n) => factors(simd, dtype, n)),
    ...(quick ? HESSIANS.slice(0, 1) : HESSIANS).map((shape) => hessian(dtype, shape)),
    ...(quick ? STEPS.slice(1, 2) : STEPS).flatMap((shape) => steps(dtype, shape)),
  ];
}

/** Rounds in which every task runs on one thread and on several. */
async function compare(simd, threads, made, rounds) {
  const times = made.map(() => ({ one: [], many: [] }));
  for (let round = 0; round < rounds; ++round) {
    for (const count of [1, threads]) {
      const running = await init({ simd, threads: count });
      if (running.threads !== count) throw new Error(running.reason);
      made.forEach(({ open }, i) => {
        times[i][count === 1 ? "one" : "many"].push(seconds(open()));
      });
    }
  }
  return made.map(({ title }, i) => {
    const { one, many } = times[i];
    const ratio = summary(one.map((time, round) => time / many[round]));
    const milliseconds = Number((1000 * quantile(one, 0.5)).toPrecision(3));
    console.log(`  ${title.padEnd(44)}${show(ratio).padEnd(22)}${milliseconds}`);
    return { title, ratio, milliseconds };
  });
}

/** Median seconds of a call, after as many that are not counted, for about 30 ms each. */
function seconds(call) {
  const times = [];
  for (const counted of [false, true]) {
    const start = performance.now();
    do {
      const before = performance.now();
      call();
      if (counted) times.push((performance.now() - before) / 1000);
    } while (performance.now() - start < 30);
  }
  return quantile(times, 0.5);
}

function product(simd, dtype, n) {
  const open = () => () =>
    borrow(simd, (workspace) => {
      const [a, b, c] = [0, 0, 0].map(() => workspace.allocate(dtype, n * n));
      const { product: call } = workspace.kernels(dtype);
      // Several at once, so that borrowing does not weigh.
      for (let i = 0; i < repeat; ++i) call(n, n, n, 1, a, n, 1, b, n, 1, 0, c, n, 0, -1, 0, c, workspace.scratch);
    });
  const repeat = Math.max(1, Math.ceil(1e6 / n ** 3));
  return { title: `product, n = ${n}`, open };
}

function factors(simd, dtype, n) {
  const data = new (dtype === "f32" ? Float32Array : Float64Array)(n * n);
  for (let i = 0; i < n; ++i) {
    for (let j = 0; j <= i; ++j) {
      data[i * n + j] = data[j * n + i] = Math.sin(i * i + 3 * j) + (i === j ? n : 0);
    }
  }
  const made = () => new SymmetricMatrix(n, data, simd);
  return [
    { title: `Cholesky, n = ${n}`, open: () => () => made().cholesky() },
    { title: `eigenvectors, n = ${n}`, open: () => () => made().eigen() },
    { title: `eigenvalues, n = ${n}`, open: () => () => made().eigenvalues() },
    { title: `LDLᵀ solution, n = ${n}`, open: () => () => made().solve(data.subarray(0, n)) },
  ];
}

function open({ widths, activation = "relu" }, samples, dtype) {
  const outputs = widths.at(-1);
  const layers = widths
    .slice(1)
    .map((units, l) => ({ units, activation: l < widths.length - 2 ? activation : "identity" }));
  const loss = outputs === 1 ? "mse" : "cross-entropy";
  const net = network({ inputs: widths[0], layers, loss, dtype, seed: 1 });
  const count = samples * widths[0];
  const inputs = matrix(
    samples,
    widths[0],
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * i)),
  );
  const targets =
    outputs === 1
      ? Float64Array.from({ length: samples }, (_, i) => Math.sin(i))
      : Int32Array.from({ length: samples }, (_, i) => i % outputs);
  return { net, inputs, data: dataset(inputs, targets) };
}

function hessian(dtype, shape) {
  return {
    title: `Hessian ${shape.widths.join("-")}, ${shape.activation}, N = ${shape.samples}`,
    open: () => {
      const { net, data } = open(shape, shape.samples, dtype);
      return () => net.hessian(data);
    },
  };
}

function steps(dtype, shape) {
  const name = shape.widths.join("-");
  const all = {
    [`step ${name}, batch ${shape.batch}`]: ({ net, data }) => {
      const generator = training(net, data, { optimizer: adam(), batchSize: shape.batch, epochs: 1e9 });
      return () => generator.next();
    },
    [`gradient ${name}, N = ${4 * shape.batch}`]: ({ net, data }) => {
      return () => net.gradient(data);
    },
    [`predictions ${name}, N = ${4 * shape.batch}`]: ({ net, inputs }) => {
      return () => net.predict(inputs);
    },
    [`H·v ${name}, N = ${4 * shape.batch}`]: ({ net, data }) => {
      const operator = hessianOperator(net, data);
      const v = new Float64Array(net.parameterCount).fill(0.01);
      return () => operator.matvec(v);
    },
  };
  return Object.entries(all).map(([title, make]) => ({ title, open: () => make(open(shape, 4 * shape.batch, dtype)) }));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const threads = availableParallelism();
  const node = `Node ${process.versions.node.split(".").slice(0, 2).join(".")}`;
  const figures = await compare("strict", threads, tasks("strict", "f64", false), 7);
  const text = JSON.stringify({ node, build: "strict", dtype: "f64", threads, figures }, null, 2);
  writeFileSync(new URL("threads.json", import.meta.url), `${text}\n`);
}
