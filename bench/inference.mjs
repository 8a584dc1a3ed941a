// Inference: deviations of 1,000 predictions beside the predictions alone, by structure; pruning steps beside an assembly of the Gauss-Newton matrix.
import { adam, dataset, fit, laplace, network, prune } from "hessia";
import { interleave, show, summary } from "./measure.mjs";

/** A network of one hidden layer after some epochs on rows of cosines. */
async function trained(inputs, units, rows, activation) {
  const net = network({ inputs, layers: [{ units, activation }, { units: 1 }], seed: 1, penalty: { l2: 1e-4 } });
  const xs = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: inputs }, (_, j) => Math.cos(i * j * 1.3 + i + j)),
  );
  const data = dataset(
    xs,
    xs.map((row) => row[0] * row[1]),
  );
  await fit(net, data, { optimizer: adam(), epochs: 20 });
  return { net, data };
}

async function deviations(quick) {
  const { net, data } = await trained(10, quick ? 50 : 166, 1000, "tanh");
  console.log(`\ndeviations of 1,000 predictions, P = ${net.parameterCount}`);
  console.log("structure         ms   × predict");
  for (const structure of ["full", "last-layer", "kronecker", "diagonal"]) {
    const posterior = laplace(net, data, { structure, prior: 1, noise: 0.1 });
    const seconds = await interleave(
      { predict: () => net.predict(data.inputs), deviation: () => posterior.predict(data.inputs) },
      { rounds: 5, milliseconds: 5 },
    );
    const ratio = summary(seconds.deviation.map((value, i) => value / seconds.predict[i]));
    const milliseconds = 1000 * summary(seconds.deviation).median;
    console.log(`${structure.padEnd(12)} ${milliseconds.toFixed(0).padStart(7)}   ${show(ratio, 0)}`);
  }
}

async function removals() {
  const { net, data } = await trained(18, 25, 1000, "tanh");
  const P = net.parameterCount;
  const seconds = await interleave(
    {
      assembly: () => net.hessian(data, { kind: "ggn" }),
      // One matrix, its inverse and forty weights.
      removals: () => prune(net, data, { until: { parameters: P - 40 }, retrain: false }),
    },
    { rounds: 5, milliseconds: 5 },
  );
  const ratio = summary(seconds.removals.map((value, i) => value / seconds.assembly[i]));
  console.log(`\n40 weights by obs at P = ${P}, N = 1,000: ${show(ratio)} assemblies' time`);
}

export async function run({ quick }) {
  await deviations(quick);
  await removals();
}
