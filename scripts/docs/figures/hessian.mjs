// The Hessian of a small ReLU network, its Gauss-Newton part and the difference, as pictures of their entries.
import { encode } from "fast-png";
import { network } from "hessia";
import { irises } from "../data.mjs";
import { figure, path, rect, text } from "../figure.mjs";

const SIZE = 200;

export function draw() {
  const net = network({
    inputs: 4,
    layers: [{ units: 5, activation: "relu" }, { units: 4, activation: "relu" }, { units: 3 }],
    loss: "cross-entropy",
    seed: 3,
  });
  const { data } = irises();
  const [H, G] = ["exact", "ggn"].map((kind) => net.hessian(data, { kind }));
  const n = H.size;
  const rest = H.toDense().data.map((x, k) => x - G.toDense().data[k]);
  const largest = H.toDense().data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const { negative } = H.inertia();
  const panels = [
    ["Hessian H", H.toDense().data, `${n} × ${n}, ${negative} eigenvalues < 0`],
    ["Gauss-Newton part G", G.toDense().data, "no eigenvalue < 0"],
    ["the difference H − G", rest, "0 within each layer"],
  ];
  const drawn = panels.map(([name, entries, note], k) => {
    const [x, y] = [12 + k * (SIZE + 16), 40];
    const at = (i) => (i / n) * SIZE;
    const borders = H.ranges.slice(1).flatMap(({ from }) => [
      path(
        [
          [x + at(from), y],
          [x + at(from), y + SIZE],
        ],
        "axis",
      ),
      path(
        [
          [x, y + at(from)],
          [x + SIZE, y + at(from)],
        ],
        "axis",
      ),
    ]);
    return [
      text(x, 26, name, "b"),
      `<image x="${x}" y="${y}" width="${SIZE}" height="${SIZE}" style="image-rendering:pixelated" href="data:image/png;base64,${picture(entries, n, largest)}"/>`,
      borders,
      rect(x, y, SIZE, SIZE, "axis"),
      text(x, y + SIZE + 20, note, "soft"),
    ];
  });
  const legend = [
    rect(12, 278, 12, 12, "orangef"),
    text(30, 289, "positive", "soft"),
    rect(102, 278, 12, 12, "bluef"),
    text(120, 289, "negative", "soft"),
    text(192, 289, `lines: the three layers of a network 4-5-4-3 on the irises, at its start`, "soft"),
  ];
  const alt =
    "Three square matrices with a row and a column for each parameter, divided by layer. The Hessian has entries in all blocks. Its Gauss-Newton " +
    "part has entries in all blocks too. Their difference is zero within each layer and not zero between layers.";
  return { "hessian.svg": figure(668, 304, "The Hessian of a ReLU network", alt, drawn, legend) };
}

/** Orange where positive, blue where negative, the stronger the larger; nothing where 0, so that any background shows. */
function picture(entries, n, largest) {
  const data = new Uint8Array(4 * n * n);
  entries.forEach((x, k) => {
    data.set(x > 0 ? [226, 106, 26] : [66, 118, 222], 4 * k);
    data[4 * k + 3] = Math.round(255 * Math.sqrt(Math.abs(x) / largest));
  });
  return Buffer.from(encode({ width: n, height: n, data, channels: 4, depth: 8 })).toString("base64");
}
