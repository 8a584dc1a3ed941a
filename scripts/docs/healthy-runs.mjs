// Runs that nothing is wrong with, over tables, sizes, activations, optimizers, batch sizes and
// units; and what is said of them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Numbers in [0, 1) from a linear congruential generator (Numerical Recipes), and sums of twelve of
 * them: nothing that an engine may round its own way.
 */
export function source(seed) {
  let state = (Math.imul(seed, 747796405) + 12345) >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = () => {
    let sum = -6;
    for (let i = 0; i < 12; ++i) sum += uniform();
    return sum;
  };
  return { uniform, normal };
}

function csv(name) {
  const [, ...lines] = readFileSync(join(root, "data", name), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => line.split(","));
}

/** Each column with mean 0 and variance 1. */
export function standardised(rows) {
  const width = rows[0].length;
  const result = rows.map((row) => row.slice());
  for (let j = 0; j < width; ++j) {
    const mean = rows.reduce((sum, row) => sum + row[j], 0) / rows.length;
    const deviation = Math.sqrt(rows.reduce((sum, row) => sum + (row[j] - mean) ** 2, 0) / rows.length) || 1;
    for (const row of result) row[j] = (row[j] - mean) / deviation;
  }
  return result;
}

/** Rows and targets by name; a mixed order, so that the first three quarters are a fair sample. */
const tables = {
  "a curve": () => values(1, 300, 1, ([x]) => [x * Math.abs(x) - x]),
  "a noisy curve": () => values(2, 400, 1, ([x], { normal }) => [Math.abs(x) + 0.5 * normal()]),
  "a plane": () => values(3, 240, 3, ([a, b, c]) => [a - 2 * b + 0.5 * c]),
  "a noisy plane": () => values(4, 480, 4, ([a, b], { normal }) => [a + b + normal()]),
  "a saddle surface": () => values(5, 400, 2, ([a, b]) => [a * b]),
  "two outputs": () => values(6, 400, 3, ([a, b, c]) => [Math.abs(a) + b, b * c]),
  "three outputs of other sizes": () => values(7, 400, 2, ([a, b]) => [a, 3 * b + Math.abs(a), 0.3 * a * b]),
  "noise alone": () => values(8, 480, 2, (_, { normal }) => [normal()]),
  "one column of counts": () =>
    values(9, 400, 2, ([a, b], { normal }) => [Math.floor(3 * Math.abs(a)) + b + 0.2 * normal()]),
  "three clouds": () =>
    clouds(
      10,
      360,
      [
        [0, 2],
        [2, -1],
        [-2, -1],
      ],
      0.7,
    ),
  "two clouds that overlap": () =>
    clouds(
      11,
      480,
      [
        [-1, 0],
        [1, 0],
      ],
      1,
    ),
  "four clouds": () =>
    clouds(
      12,
      480,
      [
        [2, 2],
        [2, -2],
        [-2, 2],
        [-2, -2],
      ],
      0.9,
    ),
  "one class in five": () =>
    clouds(
      13,
      500,
      [
        [-1, 0],
        [-1, 0],
        [-1, 0],
        [-1, 0],
        [2, 1],
      ],
      0.7,
      [0, 0, 0, 0, 1],
    ),
  "yes or no": () => binary(14, 400, ([a, b]) => a + b > 0, 0),
  "yes or no, with doubt": () => binary(15, 480, ([a, b]) => a * b > 0, 0.3),
  iris: () => {
    const rows = csv("iris.csv");
    const species = [...new Set(rows.map((row) => row[4]))];
    return {
      inputs: standardised(rows.map((row) => row.slice(0, 4).map(Number))),
      targets: rows.map((row) => species.indexOf(row[4])),
      loss: "cross-entropy",
    };
  },
  "iris in centimetres": () => {
    const rows = csv("iris.csv");
    const species = [...new Set(rows.map((row) => row[4]))];
    return {
      inputs: rows.map((row) => row.slice(0, 4).map(Number)),
      targets: rows.map((row) => species.indexOf(row[4])),
      loss: "cross-entropy",
    };
  },
  diabetes: () => {
    const rows = csv("diabetes.csv").map((row) => row.map(Number));
    const last = rows[0].length - 1;
    return {
      inputs: standardised(rows.map((row) => row.slice(0, last))),
      targets: standardised(rows.map((row) => [row[last]])),
      loss: "mse",
    };
  },
};

function values(seed, count, width, target) {
  const random = source(seed);
  const inputs = Array.from({ length: count }, () => Array.from({ length: width }, () => random.normal()));
  return { inputs, targets: inputs.map((row) => target(row, random)), loss: "mse" };
}

function clouds(seed, count, centres, size, labels = centres.map((_, i) => i)) {
  const random = source(seed);
  const which = Array.from({ length: count }, (_, i) => i % centres.length);
  const inputs = which.map((k) => centres[k].map((x) => x + size * random.normal()));
  return { inputs, targets: which.map((k) => labels[k]), loss: "cross-entropy" };
}

function binary(seed, count, decide, doubt) {
  const random = source(seed);
  const inputs = Array.from({ length: count }, () => [random.normal(), random.normal()]);
  return {
    inputs,
    targets: inputs.map((row) => [+(decide(row) !== random.uniform() < doubt / 2)]),
    loss: "binary-cross-entropy",
  };
}

const optimizers = [
  ["sgd, momentum", ({ sgd }) => sgd({ learningRate: 0.003, momentum: 0.9 }), 40],
  ["adam", ({ adam }) => adam({ learningRate: 0.01 }), 40],
  ["sgd", ({ sgd }) => sgd({ learningRate: 0.02 }), 60],
  ["adamw", ({ adamw }) => adamw({ learningRate: 0.01 }), 40],
  ["rmsprop", ({ rmsprop }) => rmsprop({ learningRate: 0.003 }), 40],
  ["lbfgs", ({ lbfgs }) => lbfgs(), 20],
  ["levenbergMarquardt", ({ levenbergMarquardt }) => levenbergMarquardt(), 8],
];
const activations = ["relu", "tanh", "gelu", "leaky-relu", "sigmoid", "elu", "silu", "softplus"];
const sizes = [[8], [12], [6, 6], [], [16], [8, 4]];
const batches = [32, 16, 8, 1, 64];

/**
 * The runs, the same ones each time: one of each table, activation, optimizer, size and batch size
 * in turn.
 */
export function healthyRuns(count) {
  const names = Object.keys(tables);
  const random = source(77);
  const pick = (list) => list[Math.floor(random.uniform() * list.length)];
  return Array.from({ length: count }, (_, index) => {
    const table = names[index % names.length];
    const [optimizer, make, epochs] = pick(optimizers);
    const whole = optimizer === "lbfgs" || optimizer === "levenbergMarquardt";
    const batch = whole ? "all" : pick(batches);
    return {
      index,
      table,
      optimizer,
      make: batch === 1 && optimizer === "sgd" ? ({ sgd }) => sgd({ learningRate: 0.003 }) : make,
      // Steps of one sample at a time are many: fewer epochs do.
      epochs: batch === 1 ? 6 : epochs,
      batch,
      activation: pick(activations),
      hidden: pick(sizes),
      batchNorm: batch !== 1 && pick([false, false, false, true]),
      dtype: pick(["f64", "f64", "f32"]),
      // Units of inputs and targets, as a table may have them.
      inputUnit: pick([1, 1, 3, 0.3]),
      targetUnit: pick([1, 1, 2, 0.5]),
    };
  });
}

/** Trains a run; what `watch` finds on the way, and what `diagnose` advises before it and after. */
export function healthyResult(hessia, run) {
  const { dataset, diagnose, network, training, watch } = hessia;
  const { inputs, targets, loss } = tables[run.table]();
  const random = source(1000 + run.index);
  const order = inputs
    .map((_, i) => [random.uniform(), i])
    .sort(([a], [b]) => a - b)
    .map(([, i]) => i);
  const cut = Math.floor(0.75 * inputs.length);
  const scaled = inputs.map((row) => row.map((x) => x * run.inputUnit));
  const wanted = loss === "mse" ? targets.map((row) => row.map((y) => y * run.targetUnit)) : targets;
  const part = (rows) =>
    dataset(
      rows.map((i) => scaled[i]),
      rows.map((i) => wanted[i]),
    );
  const [train, validation] = [part(order.slice(0, cut)), part(order.slice(cut))];
  const outputs = loss === "cross-entropy" ? 1 + Math.max(...targets) : targets[0].length;
  const layers = [
    ...run.hidden.map((units) => ({ units, activation: run.activation, batchNorm: run.batchNorm })),
    { units: outputs },
  ];
  const initializer = run.activation === "relu" || run.activation === "leaky-relu" ? "he-normal" : "glorot-normal";
  const net = network({ inputs: inputs[0].length, layers, loss, dtype: run.dtype, initializer, seed: run.index });
  const drawn = diagnose(net, train).advice;
  const optimizer = run.make(hessia);
  // What is said of units is checked when it is said: other units may bring them back.
  const dead = new Set();
  const onFinding = (finding) => {
    const { code, layer, units } = finding;
    if (code === "dying-units" && unused(hessia, net, train, layer, units)) dead.add(finding);
  };
  const watcher = watch(net, train, { onFinding });
  const steps = training(net, train, {
    optimizer,
    epochs: run.epochs,
    batchSize: run.batch === "all" ? train.size : run.batch,
    seed: run.index,
    validation,
  });
  let step = steps.next();
  for (; !step.done; step = steps.next()) watcher.step(step.value);
  watcher.finish(step.value);
  const { advice, score, validation: held, point } = diagnose(net, train, { validation, optimizer });
  return { hessia, net, train, dead, drawn, advice, findings: watcher.findings, score, held, point };
}

/** Whether predictions stay the same where nothing is taken from these units. */
function unused(hessia, net, train, layer, units) {
  const cut = hessia.network(net.spec);
  cut.setRunningStatistics(net.getRunningStatistics());
  const parameters = net.getParameters();
  const widths = [net.spec.inputs, ...net.spec.layers.map((one) => one.units)];
  let at = 0;
  for (let l = 0; l <= layer; ++l) at += widths[l + 1] * (widths[l] + (net.spec.layers[l].batchNorm ? 3 : 1));
  for (let row = 0; row < widths[layer + 2]; ++row) {
    for (const unit of units) parameters[at + row * widths[layer + 1] + unit] = 0;
  }
  cut.setParameters(parameters);
  const [before, after] = [net.predict(train.inputs).data, cut.predict(train.inputs).data];
  return before.every((value, k) => value === after[k]);
}

/** Whether what was said is so, by a count of its own. */
export function trueOf(one, { hessia, net, train, dead, score, held, drawn }) {
  const { code, layer, units, evidence } = one;
  switch (code) {
    // What the loss does is on the record.
    case "plateau":
    case "zero-loss":
      return true;
    // Half of the explained share is lost on other data.
    case "overfitting":
      return held.skill < 0.75 * score.skill;
    case "rising-validation-loss":
      return evidence.validationLoss > 1.05 * evidence.best;
    // A constant does better.
    case "worse-than-baseline":
      return score.loss > score.baselineLoss;
    // The layer's outputs themselves are at an end of the activation.
    case "saturated-units":
      return net.spec.layers[layer].activation.type in slopes && atEnds(hessia, net, train, layer) > 0.5;
    // Predictions do without the units that are named, a quarter of the layer's at least.
    case "dying-units":
      return dead.has(one);
    case "dead-units": {
      const then = drawn.includes(one) ? hessia.network(net.spec) : net;
      return units.length >= net.spec.layers[layer].units / 4 && unused(hessia, then, train, layer, units);
    }
    default:
      return false;
  }
}

/** Slopes of bounded activations by their outputs h, over the largest. */
const slopes = { sigmoid: (h) => 4 * h * (1 - h), tanh: (h) => 1 - h * h };

/** Share of a layer's outputs at which its slope is at most a hundredth of the largest. */
function atEnds(hessia, net, train, layer) {
  const { inputs, layers, dtype } = net.spec;
  const cut = hessia.network({ inputs, layers: layers.slice(0, layer + 1), dtype });
  cut.setParameters(net.getParameters().slice(0, cut.parameterCount));
  cut.setRunningStatistics(net.getRunningStatistics().slice(0, cut.getRunningStatistics().length));
  const outputs = cut.predict(train.inputs).data;
  const slope = slopes[layers[layer].activation.type];
  return outputs.filter((h) => slope(h) <= 0.01).length / outputs.length;
}
