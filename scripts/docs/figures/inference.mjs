// Error bars of a fitted curve, evidence against the strength of the penalty, and the loss while weights are pruned.
import { adam, dataset, fit, laplace, levenbergMarquardt, network, prune } from "hessia";
import { irises, stream } from "../data.mjs";
import { dot, figure, path, plot, text } from "../figure.mjs";

const random = stream(4);
/** A bend with noise, and a gap in the middle. */
const X = Array.from({ length: 40 }, (_, i) => (i < 20 ? -2 + i / 18 : 0.95 + (i - 20) / 18));
const Y = X.map((x) => x ** 3 / 4 - x / 2 + 0.15 * (random() + random()));
const data = dataset(
  X.map((x) => [x]),
  Y.map((y) => [y]),
);

async function fitted(l2) {
  const net = network({
    inputs: 1,
    layers: [{ units: 8, activation: "tanh" }, { units: 1 }],
    penalty: { l2, on: "all" },
    seed: 2,
  });
  await fit(net, data, { optimizer: levenbergMarquardt(), epochs: 150, batchSize: data.size, seed: 1 });
  return net;
}

export async function draw() {
  return { "bands.svg": await bands(), "pruning.svg": await pruning() };
}

async function bands() {
  const net = await fitted(1e-3);
  const posterior = laplace(net, data, { prior: "evidence", noise: "evidence" });
  const xs = Array.from({ length: 101 }, (_, i) => -3 + (6 * i) / 100);
  const { mean, deviation } = posterior.predict(xs.map((x) => [x]));
  const [m, d] = [mean.data, deviation.data];
  const place = plot(
    40,
    40,
    340,
    230,
    { from: -3, to: 3, ticks: [-2, 0, 2], label: "input" },
    { from: -4, to: 4, ticks: [-4, -2, 0, 2, 4], label: "" },
  );
  const clip = (y) => Math.max(-4, Math.min(4, y));
  const upper = xs.map((x, i) => [x, clip(m[i] + 2 * d[i])]);
  const lower = xs.map((x, i) => [x, clip(m[i] - 2 * d[i])]).reverse();
  const band = [
    place.frame,
    text(40, 24, "a fit, and two standard deviations", "b"),
    path(place.at([...upper, ...lower]), "bluef", 'style="opacity:.22"'),
    path(place.at(xs.map((x, i) => [x, clip(m[i])])), "blues"),
    X.map((x, i) => dot(place.sx(x), place.sy(Y[i]), "inkf", 2.6)),
  ];
  const powers = [-6, -5, -4, -3, -2, -1];
  const evidences = [];
  for (const power of powers) {
    const one = await fitted(10 ** power);
    evidences.push(laplace(one, data, { noise: "evidence" }).logEvidence);
  }
  const [low, high] = [Math.min(...evidences), Math.max(...evidences)];
  const format = (v) => `1e${v}`;
  const y = {
    from: low - 0.1 * (high - low),
    to: high + 0.1 * (high - low),
    ticks: [Math.round(low), Math.round(high)],
  };
  const chart = plot(444, 40, 176, 230, { from: -6, to: -1, ticks: [-6, -4, -2], format, label: "penalty l2" }, y);
  const points = powers.map((power, i) => [power, evidences[i]]);
  const evidence = [
    chart.frame,
    text(444, 24, "log evidence", "b"),
    path(chart.at(points), "oranges"),
    points.map(([a, b]) => dot(chart.sx(a), chart.sy(b), "orangef", b === high ? 6 : 3)),
  ];
  const alt =
    "Left: points with a gap in the middle, a curve through them, and a band that is narrow at the points and wide in the gap and beyond. " +
    "Right: the log evidence against the penalty has its maximum between no penalty and a strong one.";
  return figure(640, 316, "Error bars and evidence", alt, band, evidence);
}

/** On the irises, without training in between, so that the methods' choices alone make the difference. */
async function pruning() {
  const { data: flowers } = irises();
  const layers = [{ units: 8, activation: "relu" }, { units: 3 }];
  const net = network({ inputs: 4, layers, loss: "cross-entropy", penalty: { l2: 1e-3 }, seed: 1 });
  const options = { optimizer: adam({ learningRate: 0.01 }), epochs: 300, batchSize: flowers.size, seed: 1 };
  await fit(net, flowers, options);
  const methods = [
    ["obs", "Optimal Brain Surgeon", "green"],
    ["obd", "Optimal Brain Damage", "orange"],
    ["magnitude", "magnitude", "purple"],
  ];
  const [from, to] = [net.parameterCount, 6];
  const y = { from: 0.05, to: 2, ticks: [0.05, 0.1, 0.2, 0.5, 1, 2], label: "loss", scale: Math.log10 };
  const ticks = [60, 50, 40, 30, 20, 10];
  const place = plot(56, 40, 560, 220, { from, to, ticks, label: "parameters left" }, y);
  const drawn = methods.map(([method, name, colour], i) => {
    const { history } = prune(net, flowers, { method, until: { parameters: to }, retrain: false });
    const points = history.map(({ parameters, pruned }) => [parameters, pruned]);
    return [path(place.at(points), `${colour}s`), text(130 + i * 185, 26, name, `b ${colour}f`)];
  });
  const alt =
    "The loss of a network on the irises against the number of parameters that are left, for three methods without training in between. " +
    "Optimal Brain Surgeon keeps the loss until 15 of 67 are left; Optimal Brain Damage until 40; magnitude until 50.";
  return figure(640, 306, "Loss while weights are pruned", alt, place.frame, drawn);
}
