// Measures what docs/choosing-an-optimizer.md compares, and writes it to bench/optimizers.json:
// node bench/optimizers.mjs [tanh] [relu] [classifier]
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { adam, dataset, deadUnits, hessianFree, hessianOperator, kfac, lbfgs, network, sgd, training } from "hessia";
import { digits } from "../scripts/docs/data.mjs";
import { quantile } from "./measure.mjs";

const { inputs, labels } = digits();

/** A method with its five settings; `batch` is null for all samples at once. */
const method = (name, batch, option, values, make) => ({ name, batch, option, values, make });
const DAMPINGS = [1e-4, 1e-3, 1e-2, 0.1, 1];
const hessianFreeAt = (damping) => hessianFree({ damping });
const kfacAt = (damping) => kfac({ damping });
const adamAt = (learningRate) => adam({ learningRate });
const whole = [
  method("hessianFree", null, "damping", DAMPINGS, hessianFreeAt),
  method("kfac", null, "damping", DAMPINGS, kfacAt),
  method("lbfgs", null, "history", [5, 10, 20, 50, 100], (history) => lbfgs({ history })),
  method("adam", null, "learningRate", [1e-3, 3e-3, 1e-2, 3e-2, 0.1], adamAt),
];
const miniAdam = method("adam", 32, "learningRate", [3e-4, 1e-3, 3e-3, 1e-2, 3e-2], adamAt);

// ---- the deep autoencoder ----

const LIMITS = {
  tanh: { seconds: [0.2, 0.5, 1, 2, 5], evaluations: [30, 100, 300, 1000] },
  relu: { seconds: [0.2, 0.5, 1, 2, 5], evaluations: [30, 100, 300, 1000] },
};
const autoencoderMethods = [
  ...whole,
  method("hessianFree", 599, "damping", DAMPINGS, hessianFreeAt),
  method("kfac", 256, "damping", DAMPINGS, kfacAt),
  method("sgd, Nesterov", 32, "learningRate", [0.03, 0.1, 0.3, 1, 3], (learningRate) =>
    sgd({ learningRate, momentum: 0.9, nesterov: true }),
  ),
  miniAdam,
];

/** 64-32-8-32-64 with a code layer without activation. */
function autoencoder(activation) {
  const layers = [{ units: 32, activation }, { units: 8 }, { units: 32, activation }, { units: 64 }];
  const initializer = activation === "tanh" ? "glorot-normal" : "he-normal";
  return network({ inputs: 64, layers, loss: "mse", initializer, seed: 1 });
}

/** One change to a method. */
const ABLATIONS = [
  [hessianFree, {}],
  [hessianFree, { progress: 5e-4 }],
  [hessianFree, { progress: 0.05 }],
  [hessianFree, { maxProducts: 20 }],
  [hessianFree, { preconditioner: false }],
  [hessianFree, { warmStart: 0 }],
  [hessianFree, { curvatureShare: 0.25 }],
  [kfac, {}],
  [kfac, { momentum: false }],
  [kfac, { refresh: 1 }],
  [kfac, { refresh: 20 }],
];
const ABLATION_DAMPING = 0.01;

// ---- the classifier ----

const SEEDS = [1, 2, 3];
const MOST_SECONDS = 10;

function classifier(seed) {
  const layers = [{ units: 64, activation: "relu" }, { units: 32, activation: "relu" }, { units: 10 }];
  return network({ inputs: 64, layers, loss: "cross-entropy", seed });
}

// ---- measuring ----

const median = (values) => quantile(values, 0.5);

/**
 * Seconds of the processor, over all threads of this process: other processes take little of it.
 */
function clock() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What a loss and a product with G cost, in gradients over the same data; medians over turns. */
function relativeCosts(net, data) {
  const op = hessianOperator(net, data, { kind: "ggn" });
  const v = new Float64Array(net.parameterCount).fill(1e-2);
  const turns = Array.from({ length: 31 }, () =>
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

/**
 * Drives a run and shows `look` each point reached, with the seconds and evaluations it took; until
 * `look` says so or the run ends. `share` is what products are taken over. True where it ended by
 * itself.
 */
function drive(net, data, { batch, share = 1, make }, value, costs, look) {
  const run = training(net, data, { optimizer: make(value), epochs: 1e6, batchSize: batch ?? data.size });
  const before = { value: 0, gradient: 0, hvp: 0 };
  let [seconds, steps, evaluated] = [0, 0, 0];
  for (;;) {
    const start = clock();
    const { value: record, done } = run.next();
    seconds += clock() - start;
    if (done) return true;
    ++steps;
    const { evaluations: now, samples } = record;
    const values = costs.value * (now.value - before.value);
    const products = share * costs.product * (now.hvp - before.hvp);
    evaluated += ((now.gradient - before.gradient + values + products) * samples) / data.size;
    Object.assign(before, now);
    if (look({ steps, seconds, evaluated, record })) {
      run.return(undefined);
      return false;
    }
  }
}

/** Losses over all data on the way: [seconds, evaluations, loss], some twenty a decade. */
function trace(net, data, one, value, costs, limits) {
  const most = limits.seconds.at(-1);
  const points = [[0, 0, net.loss(data)]];
  let [nextSeconds, nextEvaluated, last] = [0.01, 1, null];
  const ended = drive(net, data, one, value, costs, ({ seconds, evaluated }) => {
    last = [seconds, evaluated];
    if (seconds >= nextSeconds || evaluated >= nextEvaluated) {
      points.push([seconds, evaluated, net.loss(data)]);
      while (nextSeconds <= seconds) nextSeconds *= 1.12;
      while (nextEvaluated <= evaluated) nextEvaluated *= 1.12;
    }
    return seconds >= most;
  });
  if (last) points.push([...last, net.loss(data)]);
  const at = (column) => (limit) => {
    if (!ended && points.at(-1)[column] < 0.9 * limit) return null;
    return points.filter((point) => point[column] <= limit).at(-1)[2];
  };
  return { points, seconds: limits.seconds.map(at(0)), evaluations: limits.evaluations.map(at(1)) };
}

const rounded = (x) => (typeof x === "number" ? Number(x.toPrecision(4)) : x);
const all = (values) => values.map(rounded);
const log = (...words) => console.error(...words);

function measureAutoencoder(activation) {
  const limits = LIMITS[activation];
  const data = dataset(inputs, inputs);
  const costs = relativeCosts(autoencoder(activation), data);
  log(activation, costs);
  const run = (one, value) => {
    const net = autoencoder(activation);
    const { points, seconds, evaluations } = trace(net, data, one, value, costs, limits);
    log(activation, one.name, one.batch ?? "whole", value, all(points.at(-1)).join(" "));
    const dead = deadUnits(net, data).reduce((sum, units) => sum + units.length, 0);
    const figures = { seconds: all(seconds), evaluations: all(evaluations), dead };
    return { value, ...figures, points };
  };
  const methods = autoencoderMethods.map((one) => {
    const runs = one.values.map((value) => run(one, value));
    const end = ({ seconds }) => seconds.at(-1) ?? Infinity;
    const best = runs.reduce((a, b) => (end(b) < end(a) ? b : a));
    const { name, batch, option } = one;
    const settings = runs.map(({ points: _, ...figures }) => figures);
    return { name, batch, option, best: best.value, settings, curve: best.points.map(all) };
  });
  const ablations = ABLATIONS.map(([factory, change]) => {
    const make = () => factory({ damping: ABLATION_DAMPING, ...change });
    const one = { name: factory.name, batch: null, share: change.curvatureShare, make };
    const { seconds, evaluations } = run(one, JSON.stringify(change));
    return { name: factory.name, change, seconds, evaluations };
  });
  return { machine: machine(), limits, damping: ABLATION_DAMPING, costs, methods, ablations };
}

/** Steps, evaluations and seconds to no training error; null where it takes too long. */
function toNoErrors(net, data, one, value, costs) {
  let found = null;
  drive(net, data, one, value, costs, ({ steps, seconds, evaluated, record }) => {
    const asked = one.batch === null || record.epochRecord;
    if (asked && net.evaluate(data).accuracy === 1) found = all([steps, evaluated, seconds]);
    return found !== null || seconds > MOST_SECONDS;
  });
  return found;
}

function measureClassifier() {
  const data = dataset(inputs, labels);
  const costs = relativeCosts(classifier(1), data);
  log("classifier", costs);
  const methods = [...whole, miniAdam].map((one) => {
    const settings = one.values.map((value) => {
      const runs = SEEDS.map((seed) => toNoErrors(classifier(seed), data, one, value, costs));
      log(one.name, one.batch ?? "whole", value, JSON.stringify(runs));
      return { value, runs };
    });
    const typical = ({ runs }) => median(runs.map((run) => run?.[2] ?? 1e9));
    const best = settings.reduce((a, b) => (typical(b) < typical(a) ? b : a));
    return { name: one.name, batch: one.batch, option: one.option, best: best.value, settings };
  });
  return { machine: machine(), seeds: SEEDS, most: MOST_SECONDS, costs, methods };
}

function machine() {
  return `${cpus()[0].model.trim()}, Node ${process.versions.node}`;
}

const measures = {
  tanh: () => measureAutoencoder("tanh"),
  relu: () => measureAutoencoder("relu"),
  classifier: measureClassifier,
};
const file = new URL("optimizers.json", import.meta.url);
/** The file as it is now: another process may have measured something else meanwhile. */
function known() {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
}
const asked = process.argv.slice(2);
for (const name of asked.length ? asked : Object.keys(measures)) {
  const measured = measures[name]();
  const results = { ...known(), [name]: measured };
  // Lists of numbers in a line.
  const text = JSON.stringify(results, null, 1).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, " "));
  writeFileSync(file, `${text}\n`);
}
