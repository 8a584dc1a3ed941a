/**
 * Trains, and saves a checkpoint after every so many steps: `node killed-child.js FILE EVERY MOST`.
 * Goes on from FILE where there is one. EVERY 0 reads and saves none, for the run without a break.
 * After MOST steps it saves the last checkpoint again and again until it is killed. At the end of
 * the run it prints the bits of what came out.
 */
import { existsSync } from "node:fs";
import { adam, type Checkpoint, dataset, type NetworkSpec, network, training } from "../../src/index.js";
import { loadNetwork, saveNetwork } from "../../src/node/index.js";

const spec: NetworkSpec = {
  inputs: 20,
  layers: [{ units: 100, activation: "relu", batchNorm: true }, { units: 60, activation: "tanh" }, { units: 2 }],
  loss: "cross-entropy",
  seed: 4,
};
const rows = Array.from({ length: 64 }, (_, i) =>
  Array.from({ length: 20 }, (__, j) => Math.round(997 * (i + 1) * (j + 3)) % 13),
);
const data = dataset(
  rows,
  rows.map(([a, b]) => (a! > b! ? 1 : 0)),
);

const [, , path = "", ...counts] = process.argv;
const [every = 0, most = Number.POSITIVE_INFINITY] = counts.map(Number);
let net = network(spec);
let resume: Checkpoint | undefined;
if (every > 0 && existsSync(path)) {
  const saved = await loadNetwork(path);
  if (!saved.checkpoint) throw new Error("no checkpoint");
  net = saved.network;
  resume = saved.checkpoint;
}
process.stdout.write(`from ${resume?.progress.step ?? 0}\n`);
const options = { optimizer: adam(), epochs: 60, batchSize: 4, earlyStopping: { patience: 60 } };

const run = training(net, data, { ...options, ...(resume ? { resume } : {}) });
let steps = 0;
for (const { step, checkpoint } of run) {
  if (every > 0 && step % every === 0) await saveNetwork(path, net, { checkpoint: checkpoint() });
  while (++steps >= most) await saveNetwork(path, net, { checkpoint: checkpoint() });
}
const bits = new BigUint64Array(net.getParameters().buffer);
process.stdout.write(`done ${bits.reduce((sum, x) => (sum * 31n + x) % (2n ** 61n - 1n), 7n)} ${bits.length}\n`);
