// Computes the numbers of docs/answers.md, with the strict build; --check compares.
import {
  activationStatistics,
  adam,
  dataset,
  deadUnits,
  fit,
  gaussNewton,
  gradientFlow,
  hessianCost,
  hessianFree,
  init,
  kfac,
  kinks,
  lbfgs,
  levenbergMarquardt,
  network,
  newton,
  preconditionerReport,
  rmsprop,
  saddleFreeNewton,
  sgd,
  sharpness,
  taylorCheck,
  training,
  trustRegion,
} from "hessia";
import { digits, irises } from "./data.mjs";
import { count, holds, show, table, updatePage } from "./page.mjs";
import { EPOCHS, rescues, SEEDS } from "./rescues.mjs";

await init({ simd: "strict" });

const iris = irises();
const relu = (units) => ({ units, activation: "relu" });
const classifier = (seed = 1) =>
  network({ inputs: 4, layers: [relu(8), relu(6), { units: 3 }], loss: "cross-entropy", seed });
const median = (values) => values.slice().sort((a, b) => a - b)[values.length >> 1];
const percent = (share) => `${show(100 * share, 2)} %`;

updatePage("answers.md", {
  ...(await secondOrder()),
  ...rescued(),
  ...(await rms()),
  ...(await crossed()),
  ...(await inactive()),
  ...blocked(),
  ...numbers(),
  ...oscillation(),
  ...taylor(),
  ...squares(),
});

/** Every method on the irises, a hundred steps over all rows from five starts. */
async function secondOrder() {
  const methods = {
    newton,
    saddleFreeNewton,
    trustRegion,
    gaussNewton,
    levenbergMarquardt,
    hessianFree,
    kfac,
    lbfgs,
    "adam, rate 0.01": () => adam({ learningRate: 0.01 }),
    "sgd, rate 0.1, momentum 0.9": () => sgd({ learningRate: 0.1, momentum: 0.9 }),
  };
  const rows = [];
  for (const [name, make] of Object.entries(methods)) {
    const runs = [];
    for (let seed = 1; seed <= 5; ++seed) {
      const net = classifier(seed);
      const options = { optimizer: make(), epochs: 100, batchSize: iris.data.size, seed: 1 };
      const { status } = await fit(net, iris.data, options);
      const accuracy = net.evaluate(iris.data).accuracy;
      runs.push({
        loss: net.loss(iris.data),
        accuracy,
        stalled: status === "stalled",
        dead: deadUnits(net, iris.data),
      });
    }
    const losses = runs.map(({ loss }) => loss).sort((a, b) => a - b);
    const accuracies = runs.map(({ accuracy }) => accuracy).sort((a, b) => a - b);
    rows.push([
      name.includes(",") ? name : `\`${name}\``,
      show(losses[0], 2),
      show(median(losses), 2),
      show(losses[4], 2),
      `${show(100 * accuracies[0])} % to ${show(100 * accuracies[4])} %`,
      `${runs.filter(({ stalled }) => stalled).length} of 5`,
      String(runs.reduce((sum, { dead }) => sum + dead.flat().length, 0)),
    ]);
  }
  const at = (name) => rows.find(([first]) => first === `\`${name}\``);
  const worst = (row) => Number(row[3].replace("−", "-"));
  holds(worst(at("gaussNewton")) > 0.5, "gaussNewton is far from the end on some seed");
  holds(at("levenbergMarquardt")[5] !== "0 of 5", "levenbergMarquardt stalls on some seeds");
  return {
    "second-order": table(["method", "best loss", "median", "worst", "accuracy", "stalled", "dead units"], rows),
  };
}

function rescued() {
  const ends = rescues();
  const of = (name) => ends.find((one) => one.name === name).alive;
  holds(of("weight decay on all parameters") === 0, "decay on all parameters rescues nothing");
  const rows = ends.map(({ name, alive, accuracies }) => [
    name,
    `${alive} of ${SEEDS.length}`,
    percent(median(accuracies)),
  ]);
  return {
    rescues: table(["what was tried", "layers alive in the end", "median accuracy"], rows),
    "rescue-epochs": count(EPOCHS),
  };
}

/** RMSProp's scaling beside curvature, after ten epochs on the irises. */
async function rms() {
  const net = classifier();
  const optimizer = rmsprop({ learningRate: 0.003 });
  await fit(net, iris.data, { optimizer, epochs: 10, batchSize: 16, seed: 1 });
  const { ggn } = preconditionerReport(net, iris.data, { optimizer, curvature: "dense" });
  return {
    "rms-correlation": show(ggn.correlation, 2),
    "rms-slope": show(ggn.slope, 2),
    "rms-before": show(ggn.before.condition, 2),
    "rms-after": show(ggn.after.condition, 2),
  };
}

/** Kinks that steps of Adam cross, and pre-activations that are 0. */
async function crossed() {
  const net = classifier();
  const counts = [];
  let before = net.getParameters();
  let zeros = 0;
  let probe = classifier();
  for (const _ of training(net, iris.data, {
    optimizer: adam({ learningRate: 0.01 }),
    epochs: 20,
    batchSize: 16,
    seed: 1,
  })) {
    const after = net.getParameters();
    probe.setParameters(before);
    const { crossings } = kinks(probe, iris.data, { direction: after.map((x, i) => x - before[i]), length: 1 });
    counts.push(crossings.length);
    zeros += activationStatistics(net, iris.data).layers.reduce((sum, { exactZeros }) => sum + exactZeros, 0);
    before = after;
  }
  probe = null;
  return {
    pairs: count(14 * iris.data.size),
    "adam-steps": count(counts.length),
    "kinks-a-step": show(counts.reduce((sum, x) => sum + x, 0) / counts.length, 2),
    "kinks-most": count(Math.max(...counts)),
    "exact-zeros": count(zeros),
  };
}

/** Zeros in the hidden codes of a trained digits network, and pairs of units that are both active. */
async function inactive() {
  const { inputs, labels } = digits();
  const data = dataset(inputs, labels);
  const net = network({ inputs: 64, layers: [relu(64), relu(32), { units: 10 }], loss: "cross-entropy", seed: 1 });
  await fit(net, data, { optimizer: adam({ learningRate: 0.003 }), epochs: 10, batchSize: 32, seed: 1 });
  const { layers } = activationStatistics(net, data);
  const parameters = net.getParameters();
  // Weights into layers 1 to 3, without their biases.
  const runs = [
    [0, 4096],
    [4160, 6208],
    [6240, 6560],
  ];
  const weights = runs.flatMap(([from, to]) => Array.from(parameters.subarray(from, to)));
  return {
    "zero-codes": `${percent(layers[0].sparsity)} and ${percent(layers[1].sparsity)}`,
    "zero-weights": count(weights.filter((x) => x === 0).length),
    "both-active": percent((1 - layers[0].sparsity) * (1 - layers[1].sparsity)),
  };
}

/** Gradients of the layers where layer 2 is dead. */
function blocked() {
  const net = classifier();
  const parameters = net.getParameters();
  for (let i = 0; i < 6; ++i) parameters[40 + 48 + i] = -100;
  parameters[parameters.length - 1] = 1;
  net.setParameters(parameters);
  const { layers } = gradientFlow(net, iris.data);
  const rows = layers.map(({ layer, gradientNorm, zeroGradients, parameters: all }) => [
    String(layer + 1),
    show(gradientNorm),
    `${zeroGradients.count} of ${all}`,
  ]);
  return { blocked: table(["layer", "gradient norm", "gradients exactly 0"], rows) };
}

/** The first layer's gradient under many sigmoids, in both precisions. */
function numbers() {
  const normOf = (depth, dtype) => {
    const hidden = Array.from({ length: depth }, () => ({ units: 4, activation: "sigmoid" }));
    const spec = { inputs: 4, layers: [...hidden, { units: 3 }], loss: "cross-entropy", seed: 1, dtype };
    return gradientFlow(network(spec), iris.data).layers[0].gradientNorm;
  };
  const rows = [4, 16, 80].map((depth) => [
    String(depth),
    show(normOf(depth, "f32"), 2),
    show(normOf(depth, "f64"), 2),
  ]);
  return { underflow: table(["sigmoid layers", "f32", "f64"], rows) };
}

/** Gradient descent below and above the edge 2/λmax, on a network whose curvature does not change. */
function oscillation() {
  const make = () => network({ inputs: 4, layers: [{ units: 1 }], seed: 1 });
  const data = dataset(iris.inputs, iris.labels);
  const { edge } = sharpness(make(), data);
  const after = (share) => {
    const net = make();
    const optimizer = sgd({ learningRate: share * edge });
    for (const _ of training(net, data, { optimizer, epochs: 100, batchSize: data.size, seed: 1 }));
    return show(net.loss(data), 2);
  };
  return { edge: show(edge), "loss-below": after(0.9), "loss-above": after(1.1) };
}

/** Orders of the errors of linear and quadratic models. */
function taylor() {
  const orders = (activation) => {
    const layers = [{ units: 8, activation }, { units: 3 }];
    const net = network({ inputs: 4, layers, loss: "cross-entropy", seed: 1 });
    const steps = [0.01, 0.02, 0.05, 0.1, 0.2];
    const { first, second } = taylorCheck(net, iris.data, { steps });
    return [show(first.order, 2), show(second.order, 2)];
  };
  const rows = ["tanh", "relu"].map((activation) => [activation, ...orders(activation)]);
  return { taylor: table(["activation", "gradient alone", "gradient and Hessian"], rows) };
}

function squares() {
  const rows = [1_000, 10_000, 100_000].map((parameters) => {
    const { bytes, flops, product } = hessianCost(parameters, 1_000);
    return [count(parameters), `${show(bytes / 1e6, 3)} MB`, show(flops), show(product.flops)];
  });
  return { squares: table(["P", "Hessian in f64", "flops of the Hessian", "flops of a product"], rows) };
}
