// Files as bytes and on disk, in runtimes that have Node's file system. Prints the size of each and
// whether a run went on to the same bits.
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adam, dataset, fit, network } from "hessia";
import { loadNetwork, saveNetwork, saveNpy, saveOnnx } from "hessia/node";

const folder = await mkdtemp(join(tmpdir(), "hessia-consumer-"));
const data = dataset(
  [
    [1, 2],
    [0, 1],
    [2, 1],
    [3, 3],
  ],
  [0, 1, 0, 1],
);
const options = { batchSize: 2, seed: 3 };
const make = () =>
  network({ inputs: 2, layers: [{ units: 4, activation: "relu" }, { units: 2 }], loss: "cross-entropy", seed: 2 });

const straight = make();
await fit(straight, data, { ...options, optimizer: adam(), epochs: 6 });
const broken = make();
const { checkpoint } = await fit(broken, data, { ...options, optimizer: adam(), epochs: 3 });
await saveNetwork(join(folder, "run.safetensors"), broken, { checkpoint });
await saveNetwork(join(folder, "run.json"), broken, { checkpoint });
await saveOnnx(join(folder, "net.onnx"), broken);
await saveNpy(join(folder, "weights.npy"), broken.getParameters());

const same = [];
for (const name of ["run.safetensors", "run.json"]) {
  const { network: net, checkpoint: resume } = await loadNetwork(join(folder, name));
  await fit(net, data, { ...options, optimizer: adam(), epochs: 6, resume });
  const [got, expected] = [net.getParameters(), straight.getParameters()];
  same.push(got.every((x, i) => Object.is(x, expected[i])));
}
const names = (await readdir(folder)).sort();
const sizes = await Promise.all(["net.onnx", "weights.npy"].map(async (name) => (await stat(join(folder, name))).size));
await rm(folder, { recursive: true });
console.log(JSON.stringify({ names, sizes, same }));
