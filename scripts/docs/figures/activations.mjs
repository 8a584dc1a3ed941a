// ReLU, its derivatives, and a loss with kinks along a line of parameters.
import { dataset, network } from "hessia";
import { stream } from "../data.mjs";
import { dot, figure, path, plot, text } from "../figure.mjs";

export function draw() {
  const axis = { from: -2, to: 2, ticks: [-2, 0, 2] };
  const panels = [
    [
      "ReLU(x)",
      { from: -1, to: 2, ticks: [0, 1, 2] },
      [
        [
          [-2, 0],
          [0, 0],
          [2, 2],
        ],
      ],
      [],
    ],
    [
      "ReLU′(x)",
      { from: -1, to: 2, ticks: [0, 1, 2] },
      [
        [
          [-2, 0],
          [0, 0],
        ],
        [
          [0, 1],
          [2, 1],
        ],
      ],
      [
        [0, 0, true],
        [0, 1, false],
      ],
    ],
    [
      "ReLU″(x)",
      { from: -1, to: 2, ticks: [0, 1, 2] },
      [
        [
          [-2, 0],
          [0, 0],
        ],
        [
          [0, 0],
          [2, 0],
        ],
      ],
      [[0, 0, false]],
    ],
  ];
  const drawn = panels.map(([name, y, lines, dots], i) => {
    const place = plot(40 + i * 210, 40, 160, 130, axis, y);
    return [
      place.frame,
      text(40 + i * 210, 26, name, "b"),
      lines.map((points) => path(place.at(points), "blues", 'style="stroke-width:3"')),
      dots.map(([a, b, solid]) =>
        solid
          ? dot(place.sx(a), place.sy(b), "bluef", 4.5)
          : dot(place.sx(a), place.sy(b), "blues", 4.5, 'style="fill:var(--paper)"'),
      ),
    ];
  });
  const alt =
    "Three panels and a curve. ReLU is 0 left of 0 and x right of it. Its first derivative jumps from 0 to 1 at 0; hessia uses 0 there. " +
    "Its second derivative is 0 everywhere but at 0, where there is none. Below, the loss of a ReLU network along a line of parameters: arcs of parabolas that meet at kinks.";
  const svg = figure(640, 420, "ReLU, its derivatives and a loss with kinks", alt, drawn, loss());
  return { "relu.svg": svg };
}

/** A mean squared error along a random direction, with the places where a pre-activation changes sign. */
function loss() {
  const random = stream(11);
  const net = network({ inputs: 1, layers: [{ units: 4, activation: "relu" }, { units: 1 }] });
  const xs = [-1.5, -0.7, 0.2, 0.9, 1.6];
  const data = dataset(
    xs.map((x) => [x]),
    xs.map(() => random()),
  );
  const [from, along] = [0, 1].map(() => Float64Array.from({ length: net.parameterCount }, random));
  const at = (t) => {
    net.setParameters(from.map((x, i) => x + t * along[i]));
    return net.loss(data);
  };
  const points = Array.from({ length: 241 }, (_, i) => [-1 + i / 120, at(-1 + i / 120)]);
  // Unit i sees sample x at (w + t·dw)·x + b + t·db, which is linear in t.
  const kinks = [0, 1, 2, 3].flatMap((i) =>
    xs.map((x) => -(from[i] * x + from[4 + i]) / (along[i] * x + along[4 + i])).filter((t) => t > -1 && t < 1),
  );
  const top = Math.max(...points.map(([, y]) => y));
  const place = plot(
    40,
    235,
    580,
    130,
    { from: -1, to: 1, ticks: [-1, 0, 1], label: "t, along a direction" },
    { from: Math.min(...points.map(([, y]) => y)) - 0.05 * top, to: top },
  );
  return [
    place.frame,
    text(40, 221, "Loss of a ReLU network, and the kinks on its way", "b"),
    path(place.at(points), "oranges"),
    kinks.map((t) => dot(place.sx(t), place.sy(at(t)), "orangef", 3.5)),
  ];
}
