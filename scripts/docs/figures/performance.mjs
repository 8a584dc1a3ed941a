// Prices by size with the limit of dense matrices, and hessia beside other libraries: from bench/prices.json and bench/peers.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dot, figure, path, plot, rect, text } from "../figure.mjs";
import { root } from "../page.mjs";

const read = (name) => JSON.parse(readFileSync(join(root, "bench", name), "utf8"));

export function draw() {
  return { "limit.svg": limit(read("prices.json").prices), "peers.svg": peers(read("peers.json").rows) };
}

const power = (v) => `1e${Math.round(Math.log10(v))}`;

function limit(prices) {
  const x = {
    from: 100,
    to: 1e6,
    ticks: [100, 1e3, 1e4, 1e5, 1e6],
    format: power,
    label: "parameters P",
    scale: Math.log10,
  };
  const memory = {
    from: 1e4,
    to: 1e13,
    ticks: [1e4, 1e6, 1e9, 1e12],
    format: (v) => ({ 1e4: "10 kB", 1e6: "1 MB", 1e9: "1 GB", 1e12: "1 TB" })[v],
    scale: Math.log10,
  };
  const left = plot(64, 44, 230, 230, x, memory);
  const bytes = (size) => [100, 1e6].map((p) => [p, size * p * p]);
  const most = 2 ** 31;
  const drawn = [
    left.frame,
    text(64, 24, "memory of a dense Hessian", "b"),
    path(left.at(bytes(8).map(([p, b]) => [p, Math.min(b, 1e13)])), "blues"),
    path(
      left.at([
        [100, 1e4 * 4],
        [1e6, 4e12],
      ]),
      "blues",
      'stroke-dasharray="5 4"',
    ),
    path(
      left.at([
        [100, most],
        [1e6, most],
      ]),
      "reds",
    ),
    text(left.sx(130), left.sy(most) - 7, "2 GiB, the default limit", "redf"),
    text(left.sx(2.2e4), left.sy(4e6), "f64; f32 dashed", "soft"),
  ];
  const time = {
    from: 0.01,
    to: 1e4,
    ticks: [0.01, 1, 100, 1e4],
    format: (v) => (v < 1000 ? `${v} ms` : `${v / 1000} s`),
    scale: Math.log10,
  };
  const right = plot(390, 44, 230, 230, x, time);
  const kinds = [
    ["gradient", "green"],
    ["product", "blue"],
    ["hessian", "orange"],
    ["eigenvalues", "purple"],
  ];
  const times = kinds.map(([kind, colour], i) => {
    const points = prices.filter((row) => row[kind] !== null).map((row) => [row.parameters, row[kind]]);
    return [
      path(right.at(points), `${colour}s`, 'style="stroke-width:1.2"'),
      points.map(([p, t]) => dot(right.sx(p), right.sy(t), `${colour}f`)),
      text(right.sx(9e3), 206 + i * 17, kind === "hessian" ? "Hessian" : kind, `${colour}f b`),
    ];
  });
  const alt =
    "Left: the memory of a dense Hessian grows with the square of the number of parameters and crosses the limit of 2 GiB at 16,384 parameters in double precision. " +
    "Right: measured times of gradient, product, Hessian and eigenvalues by the number of parameters.";
  return figure(640, 320, "Will it fit?", alt, drawn, right.frame, text(390, 24, "time, measured", "b"), times);
}

const CHOSEN = [
  ["512×512×512", "f32", "product 512 × 512, f32"],
  ["1×256×256", "f32", "product 1 × 256 × 256, f32"],
  ["8×8×8", "f64", "product 8 × 8, f64"],
  ["784-256-128-10 relu cross-entropy ×128", "f32", "step 784-256-128-10, batch 128"],
  ["2-8-8-1 tanh mse ×32", "f32", "step 2-8-8-1, batch 32"],
  ["2-16-16-1 relu mse ×256 f64", "f64", "Hessian 2-16-16-1, N = 256"],
  ["eigenvectors, n = 337", "f64", "eigenvectors, n = 337"],
  ["1-10-1 tanh, sin 3x", "f64", "nine Levenberg-Marquardt fits"],
];
const NAMES = {
  "hessia strict": "hessia",
  "tfjs wasm": "TensorFlow.js wasm",
  "tfjs cpu": "TensorFlow.js cpu",
  onnxruntime: "onnxruntime-web",
};
const LEFT_OUT = ["hessia relaxed", "jax-js linearize"];

function peers(rows) {
  const scale = (ms) => 60 * (Math.log10(ms) + 4);
  let y = 34;
  const said = [];
  const drawn = CHOSEN.map(([title, dtype, label]) => {
    const row = rows.find((one) => one.title === title && one.dtype === dtype);
    const times = Object.entries(row.milliseconds).filter(([name]) => !LEFT_OUT.includes(name));
    said.push(`${label}: ${times.map(([name, ms]) => `${NAMES[name] ?? name} ${ms} ms`).join(", ")}`);
    y += 12;
    const parts = [text(16, y + 6, label, "b")];
    y += 14;
    for (const [name, ms] of times) {
      const own = name.startsWith("hessia");
      parts.push(
        text(164, y + 11, NAMES[name] ?? name, own ? "b end" : "soft end"),
        rect(172, y, Math.max(2, scale(ms)), 14, own ? "bluef" : "softf"),
        text(178 + Math.max(2, scale(ms)), y + 11, `${ms} ms`, "soft"),
      );
      y += 17;
    }
    return parts;
  });
  const note = text(16, 22, "milliseconds, logarithmic; shorter is faster; strict build", "soft");
  return figure(640, y + 16, "hessia beside other libraries", `Bars. ${said.join("; ")}.`, note, drawn);
}
