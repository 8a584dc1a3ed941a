// Newton's paths on one ReLU neuron, in the plane of weight and bias: one step, a detour, a circle.
import { dataset, network } from "hessia";
import { dot, figure, path, plot, text } from "../figure.mjs";

const X = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];
/** As in docs/relu-and-second-order.md. */
const hinge = [-0.3, -0.1, 0, 0.2, -0.4, 0.1, 1, 1.3, 1.3];
const circle = [-0.2, -0.4, 0.3, -0.1, -0.4, 0.4, 1, 1.7, 1.3];

/** Plain Newton steps from a start, until they repeat or no longer can be taken. */
function steps(y, start, most = 7) {
  const net = network({ inputs: 1, layers: [{ units: 1, activation: "relu" }] });
  const data = dataset(
    X.map((x) => [x]),
    y,
  );
  const points = [start];
  while (points.length <= most) {
    net.setParameters(points.at(-1));
    const { status, x } = net.hessian(data).solve(net.gradient(data).gradient);
    if (status !== "converged") break;
    points.push(points.at(-1).map((value, i) => value - x[i]));
  }
  return points;
}

export function draw() {
  const panels = [
    ["right region: one step", hinge, [1.4, 0], "blue"],
    ["wrong region: a detour", hinge, [-0.5, 0.5], "green"],
    ["other targets: a cycle", circle, [0.321, 0.246], "orange"],
  ];
  const drawn = panels.map(([name, y, start, colour], k) => {
    const left = 44 + k * 212;
    const place = plot(
      left,
      44,
      170,
      190,
      { from: -1, to: 2, ticks: [-1, 0, 1, 2], label: "w" },
      { from: -1, to: 1, ticks: [-1, 0, 1], label: k === 0 ? "b" : "" },
    );
    const points = steps(y, start);
    return [
      place.frame,
      text(left, 22, name, "b"),
      X.map((x) => kinkOf(x, place)),
      path(place.at(points), `${colour}s`),
      points.map(([w, b], i) => dot(place.sx(w), place.sy(b), `${colour}f`, i === 0 ? 6 : 4)),
    ];
  });
  const alt =
    "Three panels in the plane of a neuron's weight and bias, crossed by lines at which a sample switches on or off. In the first panel one Newton step " +
    "reaches the minimum. In the second a step leads into another region and the next to the minimum. In the third the steps go round between regions without an end.";
  const legend = text(
    44,
    296,
    "Grey lines: at each of them one of nine samples switches. Large dots: the starts.",
    "soft",
  );
  return { "newton.svg": figure(668, 310, "Newton's method on one ReLU neuron", alt, drawn, legend) };
}

/** The line w·x + b = 0 within the panel. */
function kinkOf(x, place) {
  const inside = [];
  for (let i = 0; i <= 300; ++i) {
    const w = -1 + i / 100;
    if (Math.abs(w * x) <= 1) inside.push([w, -w * x]);
  }
  return inside.length > 1 ? path(place.at([inside[0], inside.at(-1)]), "axis", 'style="opacity:.45"') : "";
}
