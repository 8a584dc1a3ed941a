// What docs/choosing-an-optimizer.md compares, and how it is measured: training errors over processor time and over evaluations.
import { cpus } from "node:os";
import {
  adam,
  dataset,
  hessianFree,
  hessianOperator,
  kfac,
  lbfgs,
  levenbergMarquardt,
  network,
  sgd,
  training,
} from "hessia";
import { digits } from "./data.mjs";

const DAMPINGS = [1e-3, 1e-2, 0.1, 1, 10];
const HISTORIES = [5, 10, 20, 50, 100];

/** A method with its five settings; `batch` is null for all samples at once. */
const method = (name, batch, option, values, make) => ({ name, batch, option, values, make });
const secondOrder = [
  method("hessianFree", null, "damping", DAMPINGS, (damping) => hessianFree({ damping })),
  method("kfac", null, "damping", DAMPINGS, (damping) => kfac({ damping })),
  method("lbfgs", null, "history", HISTORIES, (history) => lbfgs({ history })),
];
const adamAt = (learningRate) => adam({ learningRate });

// ---- the deep autoencoder ----

export const autoencoders = ["tanh", "relu"];
export const autoencoderMethods = [
  ...secondOrder,
  method("sgd, Nesterov", 32, "learningRate", [0.03, 0.1, 0.3, 1, 3], (learningRate) =>
    sgd({ learningRate, momentum: 0.9, nesterov: true }),
  ),
  method("adam", 32, "learningRate", [3e-4, 1e-3, 3e-3, 1e-2, 3e-2], adamAt),
];
export const SECONDS = [0.3, 1, 3, 10];
export const EVALUATIONS = [30, 100, 300, 1000];

export function autoencoder(activation, seed = 1) {
  const units = [32, 8, 32].map((count) => ({ units: count, activation }));
  const initializer = activation === "tanh" ? "glorot-normal" : "he-normal";
  return network({ inputs: 64, layers: [...units, { units: 64 }], loss: "mse", initializer, seed });
}

export function pictures() {
  const { inputs } = digits();
  return dataset(inputs, inputs);
}

// ---- the classifier ----

export const classifierMethods = [
  ...secondOrder,
  method("adam", 32, "learningRate", [3e-4, 1e-3, 3e-3, 1e-2, 3e-2], adamAt),
  method("adam, full batches", null, "learningRate", [1e-3, 3e-3, 1e-2, 3e-2, 0.1], adamAt),
];
export const SEEDS = [1, 2, 3];

export function classifier(seed) {
  const layers = [{ units: 64, activation: "relu" }, { units: 32, activation: "relu" }, { units: 10 }];
  return network({ inputs: 64, layers, loss: "cross-entropy", seed });
}

export function labelled() {
  const { inputs, labels } = digits();
  return dataset(inputs, labels);
}

// ---- measurements ----

const median = (values) => values.slice().sort((a, b) => a - b)[values.length >> 1];

/** Seconds of the processor, over all threads of this process: other processes take nothing of it. */
function clock() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What a loss and a product with G cost, in gradients over the same data; medians over turns. */
export function relativeCosts(net, data) {
  const op = hessianOperator(net, data, { kind: "ggn" });
  const v = new Float64Array(net.parameterCount).fill(1e-2);
  const turns = Array.from({ length: 21 }, () =>
    [() => net.gradient(data), () => net.loss(data), () => op.matvec(v)].map((call) => {
      const start = performance.now();
      for (let k = 0; k < 3; ++k) call();
      return performance.now() - start;
    }),
  );
  return {
    value: median(turns.map(([gradient, value]) => value / gradient)),
    product: median(turns.map(([gradient, , product]) => product / gradient)),
  };
}

/** Drives a run and shows `look` each point reached, with the seconds and evaluations it took; until `look` says so or the run ends. */
function drive(net, data, { batch, make }, value, costs, epochs, look) {
  const batchSize = batch ?? data.size;
  const run = training(net, data, { optimizer: make(value), epochs, batchSize });
  let [seconds, steps, samples] = [0, 0, 0];
  for (;;) {
    const start = clock();
    const { value: record, done } = run.next();
    seconds += clock() - start;
    if (done) return record;
    ++steps;
    samples += record.samples;
    const { evaluations } = record;
    const evaluated =
      batch === null
        ? evaluations.gradient + costs.value * evaluations.value + costs.product * evaluations.hvp
        : samples / data.size;
    if (look({ steps, seconds, evaluated, record })) return run.return(undefined).value;
  }
}

/** Losses over all data on the way: [seconds, evaluations, loss], some twenty a decade. */
export function trace(net, data, one, value, costs, seconds) {
  const points = [[0, 0, net.loss(data)]];
  let [nextSeconds, nextEvaluated] = [0.01, 1];
  drive(net, data, one, value, costs, 1e6, (at) => {
    if (at.seconds >= nextSeconds || at.evaluated >= nextEvaluated) {
      points.push([at.seconds, at.evaluated, net.loss(data)]);
      while (nextSeconds <= at.seconds) nextSeconds *= 1.12;
      while (nextEvaluated <= at.evaluated) nextEvaluated *= 1.12;
    }
    return at.seconds >= seconds;
  });
  return points;
}

/** The loss at the last point that was looked at before. */
export function lossAt(points, column, limit) {
  const before = points.filter((point) => point[column] <= limit);
  const reached = points.at(-1)[column] >= limit * 0.9;
  return reached ? before.at(-1)[2] : null;
}

/** Steps, evaluations and seconds to no training error; null where it takes too long. */
export function toNoErrors(net, data, one, value, costs, mostEpochs, mostSeconds) {
  let found = null;
  drive(net, data, one, value, costs, mostEpochs, ({ steps, seconds, evaluated, record }) => {
    if (one.batch === null || record.epochRecord) {
      if (net.evaluate(data).accuracy === 1) found = { steps, evaluated, seconds };
    }
    return found !== null || seconds > mostSeconds;
  });
  return found;
}

const log = (...words) => console.error(...words);

function measureAutoencoder(activation) {
  const data = pictures();
  const costs = relativeCosts(autoencoder(activation), data);
  log(activation, costs);
  const methods = autoencoderMethods.map((one) => {
    const runs = one.values.map((value) => {
      const points = trace(autoencoder(activation), data, one, value, costs, SECONDS.at(-1));
      const last = points.at(-1);
      log(activation, one.name, value, last);
      const places = (column, limits) => limits.map((limit) => lossAt(points, column, limit));
      return { value, last: last[2], seconds: places(0, SECONDS), evaluations: places(1, EVALUATIONS) };
    });
    const best = runs.reduce((a, b) => (b.last < a.last ? b : a));
    return { name: one.name, option: one.option, best, others: runs.map(({ value, last }) => [value, last]) };
  });
  return { activation, costs, methods };
}

function measureClassifier() {
  const data = labelled();
  const costs = relativeCosts(classifier(1), data);
  log("classifier", costs);
  const methods = classifierMethods.map((one) => {
    const tried = one.values.map((value) => {
      const runs = SEEDS.map((seed) => toNoErrors(classifier(seed), data, one, value, costs, 3000, 20));
      log(one.name, value, JSON.stringify(runs));
      return { value, runs };
    });
    const typical = ({ runs }) => median(runs.map((run) => run?.seconds ?? Infinity));
    const best = tried.reduce((a, b) => (typical(b) < typical(a) ? b : a));
    return { name: one.name, option: one.option, batch: one.batch, best, settings: tried.map(({ value }) => value) };
  });
  return { costs, methods };
}

/** What one change to a method makes of the autoencoder: [words, loss after the same time]. */
const ABLATIONS = [
  ["hessianFree", "as it is", { damping: 0.1 }, hessianFree],
  ["hessianFree", "no preconditioner", { damping: 0.1, preconditioner: false }, hessianFree],
  ["hessianFree", "no warm start", { damping: 0.1, warmStart: 0 }, hessianFree],
  ["hessianFree", "at most 50 products", { damping: 0.1, maxProducts: 50 }, hessianFree],
  ["hessianFree", "products over a quarter of the samples", { damping: 0.1, curvatureShare: 0.25 }, hessianFree],
  ["kfac", "as it is", { damping: 0.1 }, kfac],
  ["kfac", "no momentum", { damping: 0.1, momentum: false }, kfac],
  ["kfac", "factors decomposed every step", { damping: 0.1, refresh: 1 }, kfac],
  ["kfac", "factors decomposed every 20 steps", { damping: 0.1, refresh: 20 }, kfac],
];

function measureAblations(activation, costs) {
  const data = pictures();
  return ABLATIONS.map(([name, words, options, factory]) => {
    const one = { batch: null, make: () => factory(options) };
    const points = trace(autoencoder(activation), data, one, 0, costs, SECONDS.at(-1));
    log(name, words, points.at(-1));
    return { name, words, loss: points.at(-1)[2], evaluations: points.at(-1)[1] };
  });
}

export function measure() {
  const nets = autoencoders.map(measureAutoencoder);
  return {
    machine: `${cpus()[0].model.trim()}, Node ${process.versions.node}`,
    autoencoders: nets,
    ablations: nets.map(({ activation, costs }) => ({ activation, runs: measureAblations(activation, costs) })),
    classifier: measureClassifier(),
  };
}

// ---- Levenberg and Marquardt ----

const X = Array.from({ length: 200 }, (_, i) => -1 + (2 * i) / 199);
const CURVES = { "sin 3x": (x) => Math.sin(3 * x), "sinc 10x": (x) => Math.sin(10 * x) / (10 * x) };

/** Steps and trials until a curve's target is reached, or null. */
export function fitCurve({ curve, units, seed, target }, options, most) {
  const net = network({ inputs: 1, layers: [{ units, activation: "tanh" }, { units: 1 }], seed });
  const data = dataset(
    X.map((x) => [x]),
    X.map(CURVES[curve]),
  );
  for (const { loss, step } of training(net, data, { optimizer: levenbergMarquardt(options), epochs: most + 1 })) {
    if (loss <= target) return step - 1;
  }
  return null;
}
