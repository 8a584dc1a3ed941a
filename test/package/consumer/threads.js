// Large calls on one thread and then on two. Prints what is in use and whether the bits are the
// same.
import { dataset, init, matrix, multiply, network } from "hessia";

const square = matrix(
  200,
  200,
  Float64Array.from({ length: 40_000 }, (_, i) => Math.sin(i)),
);
const rows = Array.from({ length: 300 }, (_, s) => Array.from({ length: 12 }, (_, j) => Math.sin(s * j + s)));
const data = dataset(
  rows,
  rows.map((_, s) => s % 3),
);

function compute() {
  const layers = [{ units: 30, activation: "tanh" }, { units: 20, activation: "relu" }, { units: 3 }];
  const net = network({ inputs: 12, layers, loss: "cross-entropy", seed: 1 });
  return [multiply(square, square).data, net.hessian(data).data];
}

const same = (a, b) => a.every((values, i) => values.every((value, j) => Object.is(value, b[i][j])));

const alone = compute();
const running = await init({ simd: "strict", threads: 2, worker: globalThis.workerScript });
const results = [];
for (let round = 0; round < 5; ++round) {
  results.push(same(compute(), alone));
  await new Promise((resolve) => setTimeout(resolve, 5));
}
const { build, threads, reason } = running;
console.log(JSON.stringify({ build, threads, reason, results }));
