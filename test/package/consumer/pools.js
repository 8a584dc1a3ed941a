// A pool of threads in a page, a worker of its, or Node: fits, and products over shards.
import { dataset, network } from "hessia";
import { crossValidate, threads } from "hessia/jobs";

const xs = Array.from({ length: 40 }, (_, i) => [i / 20 - 1]);
const data = dataset(
  xs,
  xs.map(([x]) => [x * x]),
);
const pool = threads({ workers: 2 });
const setting = { hidden: [4], activation: "tanh", optimizer: "lbfgs", epochs: 20 };
const { folds } = await crossValidate(data, { setting, folds: 4, pool });
const net = network({ inputs: 1, layers: [{ units: 3, activation: "tanh" }, { units: 1 }], seed: 1 });
const op = await pool.operator(net, [data, data]);
const v = Float64Array.from({ length: op.size }, (_, i) => i + 1);
const product = Array.from(await op.product(v));
let waited;
try {
  waited = Array.from(op.matvec(v));
} catch (error) {
  waited = error.message;
}
op.close();
await pool.close();
console.log(JSON.stringify({ folds, product, waited }));
