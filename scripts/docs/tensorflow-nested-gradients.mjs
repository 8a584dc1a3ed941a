// Computes every number of docs/tensorflow-nested-gradients.md and writes it there; --check
// compares. TensorFlow.js works in single precision with the engine's Math; so two digits of what
// is wrong are shown, and of what is right only that it is.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { adam, dataset, fit, init, network } from "hessia";
import { distance, irises, minus, stream } from "./data.mjs";
import { below, count, holds, root, show, table, updatePage } from "./page.mjs";
import { loadTensorflow } from "./tensorflow.mjs";

/** Above rounding in single precision, below any mistake. */
const RIGHT = 1e-5;
const SAMPLES = 30;

await init({ simd: "strict" });
const tf = await loadTensorflow();
const every = (_, i) => i % 5 === 0;
const iris = irises();
const inputs = iris.inputs.filter(every);
const labels = iris.labels.filter(every);
const shares = labels.map((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0)));
const targets = tf.tensor2d(shares);
const data = {
  mse: dataset(inputs, shares),
  "cross-entropy": dataset(inputs, labels),
  "binary-cross-entropy": dataset(inputs, shares),
};

const activations = {
  relu: ["`tf.relu(x)`", tf.relu],
  tanh: ["`tf.tanh(x)`", tf.tanh],
  sigmoid: ["`tf.sigmoid(x)`", tf.sigmoid],
  silu: ["`tf.mul(x, tf.sigmoid(x))`", (x) => tf.mul(x, tf.sigmoid(x))],
  softplus: ["`tf.softplus(x)`", tf.softplus],
  gelu: ["by `tf.erf`", (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))))],
  elu: ["`tf.elu(x)`", tf.elu],
  "leaky-relu": ["`tf.leakyRelu(x, 0.01)`", (x) => tf.leakyRelu(x, 0.01)],
};
const sinhOverCosh = (x) => tf.div(tf.sinh(x), tf.cosh(x));
const mse = (z) => tf.losses.meanSquaredError(targets, z);
const meanOf = (logPartition) => (z) => tf.mean(tf.sub(logPartition(z), tf.sum(tf.mul(targets, z), 1)));
const likelihood = (logProbabilities) => (z) => tf.neg(tf.mean(tf.sum(tf.mul(targets, logProbabilities(z)), 1)));
const softmaxes = [
  ["`tf.log(tf.sum(tf.exp(z), 1))`", meanOf((z) => tf.log(tf.sum(tf.exp(z), 1)))],
  ["`tf.log(tf.softmax(z))`", likelihood((z) => tf.log(tf.softmax(z)))],
  ["`tf.logSoftmax(z)`", likelihood((z) => tf.logSoftmax(z))],
  ["`tf.losses.softmaxCrossEntropy`", (z) => tf.losses.softmaxCrossEntropy(targets, z)],
  ["`tf.logSumExp(z, 1)`", meanOf((z) => tf.logSumExp(z, 1))],
];
const sigmoids = [
  ["`tf.losses.sigmoidCrossEntropy`", (z) => tf.losses.sigmoidCrossEntropy(targets, z)],
  ["`tf.softplus(z) − y·z`", (z) => tf.mean(tf.sub(tf.softplus(z), tf.mul(targets, z)))],
];

const values = { ...operations(), ...(await networks()) };
updatePage("tensorflow-nested-gradients.md", values);

function attempt(compute) {
  try {
    return compute();
  } catch (error) {
    return error.message.replace(/\s+/g, " ");
  }
}

function thrown(message) {
  return `throws: ${message.match(/gradient function not found for \w+|Cannot compute gradient of y=f\(x\) with respect to x/)[0]}`;
}

function operations() {
  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const known = [
    ["exp(x)", tf.exp, Math.exp],
    ["tanh(x)", tf.tanh, (x) => -2 * Math.tanh(x) * (1 - Math.tanh(x) ** 2)],
    ["sigmoid(x)", tf.sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x)) * (1 - 2 * sigmoid(x))],
    ["pow(2, x)", (x) => tf.pow(2, x), (x) => Math.LN2 ** 2 * 2 ** x],
    ["expm1(x)", tf.expm1, Math.exp],
    ["sinh(x)", tf.sinh, Math.sinh],
    ["log(x)", tf.log, (x) => -1 / x ** 2],
    ["softplus(x)", tf.softplus, (x) => sigmoid(x) * (1 - sigmoid(x))],
    ["erf(x)", tf.erf, (x) => (-4 * x * Math.exp(-x * x)) / Math.sqrt(Math.PI)],
  ];
  const at = tf.scalar(0.5);
  const second = (f) => attempt(() => tf.grad(tf.grad(f))(at).dataSync()[0]);
  const rows = known.map(([name, f, truth]) => {
    const alone = second(f);
    const beside = second((x) => tf.add(f(x), tf.square(x)));
    return [`${name}`, typeof alone === "string" ? "throws" : show(alone, 4), show(beside, 4), show(truth(0.5) + 2, 4)];
  });
  const folder = join(root, "node_modules/@tensorflow/tfjs-core/dist/gradients");
  const files = readdirSync(folder).filter((name) => name.endsWith("_grad.js"));
  const saving = files.filter((name) => /outputsToSave: \[true/.test(readFileSync(join(folder, name), "utf8")));
  return {
    version: tf.version_core,
    operations: table(["f(x)", "f″(½)", "(f + x²)″(½)", "truly"], rows),
    saving: saving.map((name) => `\`${name.replace("_grad.js", "")}\``).join(", "),
  };
}

/** The matrix of nested gradients of a network's loss, row by row: ∂/∂θ (∂L/∂θ · e_j). */
function nested(widths, activation, loss, parameters) {
  const x = tf.tensor2d(inputs);
  const objective = (theta) => {
    let at = 0;
    let h = x;
    for (let l = 1; l < widths.length; ++l) {
      const [from, to] = [widths[l - 1], widths[l]];
      const weight = tf.reshape(tf.slice(theta, [at], [from * to]), [to, from]);
      const bias = tf.slice(theta, [at + from * to], [to]);
      at += from * to + to;
      h = tf.add(tf.matMul(h, weight, false, true), bias);
      if (l < widths.length - 1) h = activation(h);
    }
    return loss(h);
  };
  const theta = tf.tensor1d(Array.from(parameters));
  const gradient = tf.grad(objective);
  const rows = (size) => {
    const matrix = [];
    for (let j = 0; j < size; ++j) {
      const unit = tf.oneHot(tf.scalar(j, "int32"), parameters.length).asType("float32");
      matrix.push(
        ...tf.tidy(() =>
          tf
            .grad((t) => tf.sum(tf.mul(gradient(t), unit)))(theta)
            .dataSync(),
        ),
      );
    }
    return matrix;
  };
  const first = (point) => tf.tidy(() => Array.from(gradient(tf.tensor1d(Array.from(point))).dataSync()));
  return { matrix: attempt(() => rows(parameters.length)), first };
}

/**
 * Points to compare at: three initialisations, and the first of them after training. The parameters
 * are numbers of single precision.
 */
async function points(activation, loss, widths = [4, 6, 5, 3]) {
  const found = [];
  for (const [seed, epochs] of [
    [1, 0],
    [2, 0],
    [3, 0],
    [1, 30],
    [1, 200],
  ]) {
    const layers = widths.slice(1).map((units, l) => (l < widths.length - 2 ? { units, activation } : { units }));
    const net = network({ inputs: widths[0], layers, loss, seed });
    if (epochs) await fit(net, data[loss], { optimizer: adam({ learningRate: 0.01 }), epochs, seed: 1 });
    net.setParameters(Float32Array.from(net.getParameters()));
    found.push(net);
  }
  return found;
}

async function networks() {
  const widths = [4, 6, 5, 3];
  const compare = async (activation, loss, f, lossOf) => {
    const errors = [];
    for (const net of await points(activation, loss)) {
      const { matrix, first } = nested(widths, f, lossOf, net.getParameters());
      if (typeof matrix === "string") return { errors: [], says: thrown(matrix) };
      holds(distance(first(net.getParameters()), [...net.gradient(data[loss]).gradient]) < 1e-2, "the gradients agree");
      const turned = matrix.map(
        (_, k) => matrix[(k % net.parameterCount) * net.parameterCount + Math.floor(k / net.parameterCount)],
      );
      holds(distance(turned, matrix) < 1e-4, "the matrix is symmetric");
      errors.push(distance(matrix, [...net.hessian(data[loss]).data]));
    }
    const right = Math.max(...errors) < RIGHT;
    holds(right || Math.min(...errors) > 1e-3, "the nested gradients are either right or wrong");
    return { errors, says: right ? "right" : "wrong" };
  };
  const percent = (x) => `${x > 1 ? count(Number((100 * x).toPrecision(2))) : show(100 * x, 2)} %`;
  const cells = ({ errors, says }) => {
    if (errors.length === 0) return [says, "", "", ""];
    if (says === "right")
      return [says, below(Math.max(...errors.slice(0, 3)), RIGHT), ...errors.slice(3).map((x) => below(x, RIGHT))];
    const start = errors.slice(0, 3).sort((a, b) => a - b);
    return [says, `${percent(start[0])} to ${percent(start[2])}`, ...errors.slice(3).map(percent)];
  };
  const head = ["at initialisation, 3 seeds", "after 30 epochs", "after 200 epochs"];

  const results = {};
  const withMse = [];
  for (const [name, [written, f]] of Object.entries(activations)) {
    results[name] = await compare(name, "mse", f, mse);
    withMse.push([name, written, ...cells(results[name])]);
  }
  const withSoftmax = [];
  for (const name of ["relu", "tanh"]) {
    for (const [written, lossOf] of softmaxes) {
      const result = await compare(name, "cross-entropy", activations[name][1], lossOf);
      results[`${name} ${written}`] = result;
      withSoftmax.push([name, written, ...cells(result)]);
    }
  }
  const withSigmoid = [];
  for (const [written, lossOf] of sigmoids) {
    withSigmoid.push(["relu", written, ...cells(await compare("relu", "binary-cross-entropy", tf.relu, lossOf))]);
  }
  holds(results.relu.says === "right" && results.tanh.says === "wrong", "ReLU with mse is right and tanh is not");

  // What softmaxCrossEntropy leaves is the Hessian without the loss's curvature.
  const [, , , [, own], [, sumExp]] = softmaxes;
  let remainder = 0;
  for (const net of (await points("relu", "cross-entropy")).slice(0, 3)) {
    const { matrix } = nested(widths, tf.relu, own, net.getParameters());
    const rest = minus(
      net.hessian(data["cross-entropy"]).data,
      net.hessian(data["cross-entropy"], { kind: "ggn" }).data,
    );
    remainder = Math.max(remainder, distance(matrix, [...rest]));
  }
  // Of ∇² log Σ exp(z) = diag(p) − p·pᵀ the second term.
  const z = [0.5, -1, 2];
  const sum = z.reduce((total, x) => total + Math.exp(x), 0);
  const outer = z.flatMap((x) => z.map((y) => (-Math.exp(x) * Math.exp(y)) / sum ** 2));
  const partition = tf.grad((x) => tf.log(tf.sum(tf.exp(x))));
  const left = z.flatMap((_, j) => [
    ...tf
      .grad((x) => tf.sum(tf.mul(partition(x), tf.oneHot(tf.scalar(j, "int32"), 3))))(tf.tensor1d(z))
      .dataSync(),
  ]);
  const partitionError = distance(left, outer);

  const single = network({ inputs: 4, layers: [{ units: 3 }], loss: "cross-entropy", seed: 1 });
  const regression = nested([4, 3], null, own, single.getParameters()).matrix;

  // Ways round it.
  const [net] = await points("tanh", "mse");
  const rewritten = nested(widths, sinhOverCosh, mse, net.getParameters()).matrix;
  const logSum = meanOf((z) => tf.log(tf.sum(tf.add(tf.expm1(z), 1), 1)));
  const [classifier] = await points("relu", "cross-entropy");
  const parameters = classifier.getParameters();
  const exact = classifier.hessian(data["cross-entropy"]);
  const rewrittenLoss = nested(widths, tf.relu, logSum, parameters).matrix;
  const v = Array.from({ length: parameters.length }, stream(5));
  const product = [...exact.multiply(v)];
  const { first } = nested(widths, tf.relu, own, parameters);
  const differences = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5].map((h) => {
    const [up, down] = [h, -h].map((t) => first(Array.from(parameters, (x, i) => x + t * v[i])));
    return distance(
      minus(up, down).map((x) => x / (2 * h)),
      product,
    );
  });

  // The order of the tape: what makes a tensor goes before what uses it.
  const engine = tf.engine();
  const { addTapeNode } = engine;
  engine.addTapeNode = function add(...node) {
    addTapeNode.apply(this, node);
    const tape = this.state.activeTape;
    const made = new Set(node[2].map(({ id }) => id));
    const at = tape.findIndex(({ inputs: used }) => Object.values(used).some(({ id }) => made.has(id)));
    if (at >= 0 && at < tape.length - 1) tape.splice(at, 0, tape.pop());
  };
  const reordered = [];
  for (const [name, lossName, f, lossOf, written] of [
    ["tanh", "mse", tf.tanh, mse, "mse"],
    ["relu", "cross-entropy", tf.relu, softmaxes[0][1], softmaxes[0][0]],
    ["relu", "cross-entropy", tf.relu, softmaxes[1][1], softmaxes[1][0]],
    ["relu", "cross-entropy", tf.relu, softmaxes[2][1], softmaxes[2][0]],
    ["relu", "cross-entropy", tf.relu, own, softmaxes[3][0]],
    ["relu", "cross-entropy", tf.relu, sumExp, softmaxes[4][0]],
  ]) {
    const { errors, says } = await compare(name, lossName, f, lossOf);
    reordered.push([name, written, says, errors.length && says === "right" ? below(Math.max(...errors), RIGHT) : ""]);
  }
  engine.addTapeNode = addTapeNode;

  return {
    samples: String(SAMPLES),
    parameters: String(parameters.length),
    mse: table(["activation", "written as", "nested gradients", ...head], withMse),
    softmax: table(["activation", "log Σ exp written as", "nested gradients", ...head], withSoftmax),
    sigmoid: table(["activation", "written as", "nested gradients", ...head], withSigmoid),
    remainder: below(remainder, RIGHT),
    partition: below(partitionError, RIGHT),
    regression: thrown(regression),
    reordered: table(["activation", "loss", "with the tape in order", "relative error"], reordered),
    "sinh-cosh": below(distance(rewritten, [...net.hessian(data.mse).data]), RIGHT),
    expm1: below(distance(rewrittenLoss, [...exact.data]), RIGHT),
    difference: `${Number((100 * Math.min(...differences)).toPrecision(1))} %`,
    hvp: below(distance([...classifier.hvp(data["cross-entropy"], v)], product), 1e-14),
  };
}
