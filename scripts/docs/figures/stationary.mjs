// Stationary points of a small tanh network: share of negative eigenvalues against loss.
import { adam, dataset, network, symmetric, training } from "hessia";
import { dot as inner, minus, norm, stream } from "../data.mjs";
import { dot, figure, plot, text } from "../figure.mjs";

const STARTS = 400;

/** Gauss-Newton with damping on ‖∇L‖², whose minima of value 0 are stationary points of L, saddles among them. */
function settle(net, data) {
  let mu = 1;
  let value = net.gradient(data).gradient;
  for (let step = 0; step < 200 && norm(value) > 1e-10; ++step) {
    const dense = net.hessian(data).toDense().data;
    const n = net.parameterCount;
    const square = new Float64Array(n * n);
    for (let i = 0; i < n; ++i) {
      for (let j = 0; j < n; ++j) {
        square[i * n + j] =
          inner(dense.subarray(i * n, i * n + n), dense.subarray(j * n, j * n + n)) + (i === j ? mu : 0);
      }
    }
    const right = Float64Array.from({ length: n }, (_, i) => inner(dense.subarray(i * n, i * n + n), value));
    const { x } = symmetric({ rows: n, columns: n, data: square }).solve(right);
    const before = net.getParameters();
    net.setParameters(minus(before, x));
    const next = net.gradient(data).gradient;
    if (norm(next) < norm(value)) {
      value = next;
      mu = Math.max(mu / 4, 1e-12);
    } else {
      net.setParameters(before);
      mu *= 3;
      if (mu > 1e8) break;
    }
  }
  return norm(value);
}

/** Some steps downhill, so that points of all heights are found. */
function descend(net, data, steps) {
  if (steps === 0) return;
  const options = { optimizer: adam({ learningRate: 0.02 }), epochs: steps, batchSize: data.size, seed: 1 };
  for (const _ of training(net, data, options));
}

export function draw() {
  const random = stream(5);
  const inputs = Array.from({ length: 12 }, () => [2 * random(), 2 * random()]);
  const data = dataset(
    inputs,
    inputs.map(() => random()),
  );
  const net = network({ inputs: 2, layers: [{ units: 4, activation: "tanh" }, { units: 1 }] });
  const points = [];
  for (let start = 0; start < STARTS; ++start) {
    net.setParameters(Array.from({ length: net.parameterCount }, () => 1.7 * random()));
    descend(net, data, 60 * (start % 8));
    if (settle(net, data) > 1e-8) continue;
    const values = net.hessian(data).eigenvalues();
    const least = -1e-6 * Math.max(...values.map(Math.abs));
    points.push([values.filter((v) => v < least).length / net.parameterCount, net.loss(data)]);
  }
  if (points.length < 8) throw new Error(`only ${points.length} stationary points were found`);
  const top = Math.max(...points.map(([, loss]) => loss)) * 1.1;
  const ticks = [0, 0.1, 0.2, 0.3].filter((v) => v <= top);
  const most = Math.max(...points.map(([share]) => share)) + 0.03;
  const place = plot(
    56,
    36,
    560,
    230,
    {
      from: -0.02,
      to: most,
      ticks: [0, 0.1, 0.2, 0.3, 0.4].filter((v) => v < most),
      label: "share of negative eigenvalues",
    },
    { from: 0, to: top, ticks, label: "loss" },
  );
  const marks = points.map(([share, loss]) =>
    dot(place.sx(share), place.sy(loss), "purplef", 4.5, 'style="opacity:.55"'),
  );
  const alt = `${points.length} stationary points as dots. Their loss is the higher the larger the share of negative eigenvalues is.`;
  const note = text(616, 20, `${points.length} stationary points of a tanh network 2-4-1`, "soft end");
  return {
    "index.svg": figure(640, 316, "Loss against the share of negative eigenvalues", alt, place.frame, marks, note),
  };
}
