// Inference: deviations of 1,000 predictions beside the predictions alone, by structure; pruning
// steps beside an assembly of the Gauss-Newton matrix.
import { adam, dataset, fit, laplace, lbfgs, network, prune } from "hessia";
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
  await fit(net, data, { optimizer: lbfgs(), epochs: 300 });
  const P = net.parameterCount;
  const without = (count) => prune(net, data, { until: { parameters: P - count }, retrain: false });
  const seconds = await interleave(
    {
      assembly: () => net.hessian(data, { kind: "ggn" }),
      one: () => without(1),
      twenty: () => without(20),
      forty: () => without(40),
    },
    { rounds: 7, milliseconds: 5 },
  );
  const ratio = (of) => show(summary(seconds.assembly.map((value, i) => of(i) / value)));
  const { one, twenty, forty } = seconds;
  console.log(`\nweights by obs at P = ${P}, N = 1,000, in assemblies' time`);
  console.log(`one, with assembly and inverse      ${ratio((i) => one[i])}`);
  console.log(`40 downdates of the same inverse    ${ratio((i) => (40 / 19) * (twenty[i] - one[i]))}`);
  console.log(`39 more, with the matrices they need ${ratio((i) => forty[i] - one[i])}`);
  console.log(`matrices made for twenty and for forty: ${without(20).history.length}, ${without(40).history.length}`);
}

export async function run({ quick }) {
  await deviations(quick);
  await removals();
}
