// Eight dead layers and what brings them back: the experiment behind docs/answers.md and its figure.
import {
  adam,
  dataset,
  deadUnits,
  network,
  newton,
  reviveUnits,
  sgd,
  training,
  withActivation,
  withBatchNorm,
} from "hessia";
import { irises } from "./data.mjs";

export const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
export const EPOCHS = 3000;
const UNITS = 8;

/** The irises with every measurement between 0 and 1. */
const { inputs: standard, labels } = irises();
const columns = [0, 1, 2, 3].map((j) => standard.map((row) => row[j]));
const ends = columns.map((column) => [Math.min(...column), Math.max(...column)]);
const inputs = standard.map((row) => row.map((x, j) => (x - ends[j][0]) / (ends[j][1] - ends[j][0])));
export const positive = dataset(inputs, labels);

function make(seed, penalty) {
  const layers = [{ units: UNITS, activation: "relu" }, { units: 3 }];
  return network({ inputs: 4, layers, loss: "cross-entropy", seed, ...(penalty ? { penalty } : {}) });
}

/** All weights into the hidden layer negative, and its biases as given: with inputs from 0 to 1 no unit is active. */
function struck(seed, bias, penalty) {
  const net = make(seed, penalty);
  const parameters = net.getParameters();
  for (let i = 0; i < 4 * UNITS; ++i) parameters[i] = -1 - Math.abs(parameters[i]);
  for (let i = 0; i < UNITS; ++i) parameters[4 * UNITS + i] = bias;
  net.setParameters(parameters);
  return net;
}

function train(net, optimizer, epochs = EPOCHS) {
  for (const _ of training(net, positive, { optimizer, epochs, batchSize: positive.size, seed: 1 }));
  return net;
}

const descent = () => sgd({ learningRate: 0.3 });
const LOW = -9;

/** How far below 0 the largest pre-activation of each unit lies after a blow. */
const MARGIN = 0.02;

/** A blow in full run: after 20 steps every bias is lowered until no sample reaches its unit. The velocity is kept, or not. */
function blow(seed, kept) {
  const net = make(seed);
  const optimizer = sgd({ learningRate: 0.03, momentum: 0.95 });
  let step = 0;
  for (const _ of training(net, positive, { optimizer, epochs: EPOCHS, batchSize: positive.size, seed: 1 })) {
    if (++step !== 20) continue;
    lower(net);
    if (!kept) break;
  }
  return kept ? net : train(net, descent());
}

function lower(net) {
  const parameters = net.getParameters();
  for (let i = 0; i < UNITS; ++i) {
    const weights = parameters.subarray(4 * i, 4 * i + 4);
    const sums = inputs.map((row) => row.reduce((sum, x, j) => sum + x * weights[j], 0));
    parameters[4 * UNITS + i] = -Math.max(...sums) - MARGIN;
  }
  net.setParameters(parameters);
  if (deadUnits(net, positive)[0].length < UNITS) throw new Error("a unit is alive after the blow");
}

/** What was tried: its name, and the network that it ends with. */
export const attempts = [
  ["gradient descent", (seed) => train(struck(seed, LOW), descent())],
  ["Adam", (seed) => train(struck(seed, LOW), adam({ learningRate: 0.01 }))],
  ["Newton's method, 100 steps", (seed) => train(struck(seed, LOW), newton(), 100)],
  ["weight decay on all parameters", (seed) => train(struck(seed, 0.1, { l2: 0.01, on: "all" }), descent())],
  ["weight decay on weights, biases −9", (seed) => train(struck(seed, LOW, { l2: 0.01 }), descent())],
  ["weight decay on weights, biases 0.1", (seed) => train(struck(seed, 0.1, { l2: 0.01 }), descent())],
  ["a velocity that is left, momentum 0.95", (seed) => blow(seed, true)],
  ["the same without the velocity", (seed) => blow(seed, false)],
  ["batch norm", (seed) => train(normed(seed, 0), descent())],
  ["batch norm with shifts of −9", (seed) => train(normed(seed, LOW), descent())],
  ["leaky ReLU, slope 0.01", (seed) => train(leaky(seed), descent())],
  ["`reviveUnits`", (seed) => train(reviveUnits(struck(seed, LOW), positive, { seed }).network, descent())],
];

function leaky(seed) {
  return withActivation(struck(seed, LOW), { type: "leaky-relu", slope: 0.01 }).network;
}

function normed(seed, shift) {
  const { network: net } = withBatchNorm(struck(seed, LOW), positive);
  const parameters = net.getParameters();
  // Behind the layer's weights and biases: its scales, its shifts.
  for (let i = 0; i < UNITS; ++i) {
    parameters[5 * UNITS + i] = 1;
    parameters[6 * UNITS + i] = shift;
  }
  net.setParameters(parameters);
  return net;
}

/** For each attempt, of how many of the seeds some unit is alive at the end, and the accuracies. */
export function rescues() {
  return attempts.map(([name, run]) => {
    const ends = SEEDS.map((seed) => run(seed));
    const alive = ends.filter((net) => deadUnits(net, positive)[0].length < UNITS).length;
    return { name, alive, accuracies: ends.map((net) => net.evaluate(positive).accuracy).sort((a, b) => a - b) };
  });
}
