// Measures the learning rates that first-order methods start from, over the tables in data/tables
// and three networks: node bench/defaults.mjs For each rate the loss on rows not trained on, after
// 60 epochs of batches of 32 at a constant rate, over that of the table's best rate of any method.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { adadelta, adagrad, adam, adamw, fit, init, network, rmsprop, sgd } from "hessia";
import { commandModule } from "../scripts/docs/command.mjs";
import { tables } from "../scripts/docs/tables-list.mjs";
import { quantile } from "./measure.mjs";

const { readSource } = await commandModule("data/source.ts");
const { prepare } = await commandModule("training/prepare.ts");
const folder = fileURLToPath(new URL("../data/tables", import.meta.url));
const EPOCHS = 60;
/** Larger tables would only take longer. */
const MOST_ROWS = 2000;

const methods = {
  "sgd, momentum 0": [(learningRate) => sgd({ learningRate, momentum: 0 }), [0.01, 0.03, 0.1, 0.3, 1]],
  "sgd, momentum 0.9": [(learningRate) => sgd({ learningRate, momentum: 0.9 }), [0.001, 0.003, 0.01, 0.03, 0.1]],
  adagrad: [(learningRate) => adagrad({ learningRate }), [0.01, 0.03, 0.1, 0.2, 0.5]],
  adadelta: [(learningRate) => adadelta({ learningRate }), [0.3, 1, 2, 4, 10]],
  rmsprop: [(learningRate) => rmsprop({ learningRate }), [3e-4, 1e-3, 3e-3, 0.01, 0.03]],
  adam: [(learningRate) => adam({ learningRate }), [3e-4, 1e-3, 3e-3, 0.01, 0.03]],
  adamw: [(learningRate) => adamw({ learningRate }), [3e-4, 1e-3, 3e-3, 0.01, 0.03]],
};
const hidden = {
  "16 tanh": [{ units: 16, activation: "tanh" }],
  "32 relu": [{ units: 32, activation: "relu" }],
  "32-32 relu": [
    { units: 32, activation: "relu" },
    { units: 32, activation: "relu" },
  ],
};

await init({ simd: "strict" });

async function partsOf({ name, target, ignore }) {
  const settings = { target, ignore: ignore || undefined, missing: "fill", testShare: 0.25, validation: 0, seed: 0 };
  const source = await readSource(join(folder, `${name}.csv`), settings);
  return prepare(source, settings, false);
}

/** Losses on rows not trained on, by method and rate; Infinity where the run diverged. */
async function lossesOn({ columns, training, test }, layers) {
  const classes = columns.task !== "regression";
  const outputs = classes ? columns.classes.length : 1;
  const spec = {
    inputs: training.inputs.columns,
    layers: [...layers, { units: outputs }],
    loss: classes ? "cross-entropy" : "mse",
    dtype: "f32",
    seed: 1,
  };
  const losses = {};
  for (const [name, [make, rates]] of Object.entries(methods)) {
    losses[name] = [];
    for (const rate of rates) {
      const net = network(spec);
      await fit(net, training, { optimizer: make(rate), epochs: EPOCHS, batchSize: 32, seed: 1 });
      const loss = net.loss(test, { batchNorm: "running" });
      losses[name].push(Number.isFinite(loss) ? loss : Infinity);
    }
  }
  return losses;
}

const ratios = Object.fromEntries(Object.keys(methods).map((name) => [name, methods[name][1].map(() => [])]));
for (const table of tables) {
  const parts = await partsOf(table);
  if (parts.training.size > MOST_ROWS) continue;
  for (const layers of Object.values(hidden)) {
    const losses = await lossesOn(parts, layers);
    const best = Math.min(...Object.values(losses).flat());
    for (const [name, all] of Object.entries(losses))
      for (const [i, loss] of all.entries()) ratios[name][i].push(loss / best);
  }
  process.stderr.write(`${table.name}\n`);
}

console.log(
  "| method | rate | median | upper quartile | diverged or worse than 10 × |\n| --- | --: | --: | --: | --: |",
);
for (const [name, [, rates]] of Object.entries(methods)) {
  rates.forEach((rate, i) => {
    const all = ratios[name][i];
    const [median, upper] = [0.5, 0.75].map((share) => quantile(all, share).toFixed(2));
    console.log(
      `| ${name} | ${rate} | ${median} | ${upper} | ${all.filter((ratio) => !(ratio < 10)).length} of ${all.length} |`,
    );
  });
}
