// Small figures of docs/answers.md: RMSProp's scaling beside curvature, the edge of stability,
// conjugate gradients, and a sparse code.

import { encode } from "fast-png";
import {
  adam,
  conjugateGradients,
  dataset,
  fit,
  hessianOperator,
  monitor,
  network,
  preconditionerReport,
  rmsprop,
  sgd,
  sharpness,
  training,
} from "hessia";
import { digits, irises, norm } from "../data.mjs";
import { dot, figure, path, plot, rect, text } from "../figure.mjs";

const iris = irises();
const relu = (units) => ({ units, activation: "relu" });
const classifier = () =>
  network({ inputs: 4, layers: [relu(8), relu(6), { units: 3 }], loss: "cross-entropy", seed: 1 });
const power = (v) => `1e${Math.round(Math.log10(v))}`;

export async function draw() {
  return {
    "rmsprop.svg": await scaling(),
    "edge.svg": edge(),
    "solves.svg": await solves(),
    "code.svg": await code(),
  };
}

/** The logarithms' picture: what RMSProp divides by against the Gauss-Newton matrix's diagonal. */
async function scaling() {
  const net = classifier();
  const optimizer = rmsprop({ learningRate: 0.003 });
  await fit(net, iris.data, { optimizer, epochs: 10, batchSize: 16, seed: 1 });
  const { scaling: D } = preconditionerReport(net, iris.data, { optimizer, curvature: "dense" });
  const G = net.hessian(iris.data, { kind: "ggn" });
  const points = Array.from(D, (d, i) => [G.get(i, i), d]).filter(([g]) => g > 1e-6);
  const x = {
    from: 1e-4,
    to: 10,
    ticks: [1e-4, 1e-2, 1],
    format: power,
    label: "diagonal of the Gauss-Newton matrix",
    scale: Math.log10,
  };
  const y = {
    from: 1e-4,
    to: 10,
    ticks: [1e-4, 1e-2, 1],
    format: power,
    label: "RMSProp divides by",
    scale: Math.log10,
  };
  const place = plot(56, 36, 560, 230, x, y);
  const inside = points.filter(([g, d]) => g >= 1e-4 && g <= 10 && d >= 1e-4 && d <= 10);
  const parts = [
    place.frame,
    path(
      place.at([
        [1e-4, 1e-4],
        [10, 10],
      ]),
      "oranges",
      'stroke-dasharray="5 4"',
    ),
    text(place.sx(0.25), place.sy(4), "curvature itself", "orangef"),
    inside.map(([g, d]) => dot(place.sx(g), place.sy(d), "bluef", 3, 'style="opacity:.65"')),
  ];
  const alt =
    "Dots for each parameter, logarithmic both ways. They scatter widely and rise far less steeply than the line on which scaling and curvature would agree.";
  return figure(640, 316, "RMSProp's scaling beside curvature", alt, parts);
}

/** Gradient descent on a quadratic, a tenth below and above the edge 2/λmax. */
function edge() {
  const make = () => network({ inputs: 4, layers: [{ units: 1 }], seed: 1 });
  const data = dataset(iris.inputs, iris.labels);
  const { edge: limit } = sharpness(make(), data);
  const losses = (share) => {
    const options = { optimizer: sgd({ learningRate: share * limit }), epochs: 30, batchSize: data.size, seed: 1 };
    return Array.from(training(make(), data, options), ({ loss, step }) => [step, loss]);
  };
  const y = { from: 0.03, to: 1e5, ticks: [0.1, 10, 1000, 1e5], format: power, label: "loss", scale: Math.log10 };
  const place = plot(56, 36, 560, 200, { from: 1, to: 30, ticks: [1, 10, 20, 30], label: "steps" }, y);
  const parts = [
    place.frame,
    path(place.at(losses(0.9)), "greens"),
    path(place.at(losses(1.1)), "reds"),
    text(place.sx(20), place.sy(0.3), "0.9 of the edge", "greenf b"),
    text(place.sx(12), place.sy(3000), "1.1 of the edge", "redf b"),
  ];
  const alt =
    "Two lines over 30 steps. At nine tenths of the edge the loss falls and settles. At eleven tenths it grows a thousandfold and more.";
  return figure(640, 286, "Below and above the edge of stability", alt, parts);
}

/** The model's decrease after so many products of conjugate gradients. */
async function solves() {
  const net = classifier();
  await fit(net, iris.data, { optimizer: adam({ learningRate: 0.01 }), epochs: 5, batchSize: 16, seed: 1 });
  const op = hessianOperator(net, iris.data, { kind: "ggn" });
  const damped = { size: op.size, matvec: (u) => op.matvec(u).map((x, i) => x + 1e-3 * u[i]) };
  const right = net.gradient(iris.data).gradient.map((x) => -x);
  const model = ({ x }) => {
    const product = damped.matvec(x);
    return x.reduce((sum, value, i) => sum + value * (right[i] - product[i] / 2), 0);
  };
  const counts = [1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 130];
  const found = counts.map((steps) => model(conjugateGradients(damped, right, { maxSteps: steps, tolerance: 1e-14 })));
  const best = Math.max(...found);
  const points = counts.map((count, i) => [count, (100 * found[i]) / best]);
  const x = { from: 1, to: 130, ticks: [1, 3, 10, 30, 100], label: "products with the matrix", scale: Math.log10 };
  const place = plot(56, 36, 560, 200, x, {
    from: 0,
    to: 100,
    ticks: [0, 50, 100],
    format: (v) => `${v} %`,
    label: "of the model's decrease",
  });
  const parts = [
    place.frame,
    path(place.at(points), "blues"),
    points.map(([a, b]) => dot(place.sx(a), place.sy(b), "bluef")),
  ];
  const alt = `A curve that rises from ${Math.round(points[0][1])} percent after one product to nearly all of the decrease after a dozen of 115.`;
  if (norm(right) === 0) throw new Error("the gradient is 0");
  return figure(640, 286, "Conjugate gradients: most of the step from few products", alt, parts);
}

/** The first layer's activations for a hundred digits: nothing where exactly 0. */
async function code() {
  const { inputs, labels } = digits();
  const net = network({ inputs: 64, layers: [relu(64), relu(32), { units: 10 }], loss: "cross-entropy", seed: 1 });
  await fit(net, dataset(inputs, labels), {
    optimizer: adam({ learningRate: 0.003 }),
    epochs: 10,
    batchSize: 32,
    seed: 1,
  });
  const [width, height] = [100, 64];
  let pixels;
  monitor(
    net,
    dataset(inputs.slice(0, width), labels.slice(0, width)),
    ({ activations }) => {
      pixels = new Uint8Array(4 * width * height);
      const most = Math.max(...activations.data);
      for (let s = 0; s < width; ++s) {
        for (let i = 0; i < height; ++i) {
          const value = activations.data[s * height + i];
          if (value > 0) pixels.set([66, 118, 222, 60 + Math.round((195 * value) / most)], 4 * (i * width + s));
        }
      }
    },
    { layers: [0] },
  )();
  const png = Buffer.from(encode({ width, height, data: pixels, channels: 4, depth: 8 })).toString("base64");
  const parts = [
    text(20, 26, "64 units of layer 1 (rows) for 100 digits (columns); empty: exactly 0", "b"),
    `<image x="20" y="40" width="600" height="256" preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,${png}"/>`,
    rect(20, 40, 600, 256, "axis"),
  ];
  const alt =
    "A grid of activations, one row for each of 64 units and one column for each of 100 digits. Nearly a third of the cells are empty: the unit gives exactly 0.";
  return figure(640, 312, "A sparse code", alt, parts);
}
