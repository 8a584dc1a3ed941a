// Eigenvalues of the Hessian of the irises' network over epochs of Adam.
import { adam, fit, network } from "hessia";
import { irises } from "../data.mjs";
import { figure, plot, text } from "../figure.mjs";

const EPOCHS = [0, 1, 2, 4, 8, 16, 32, 64, 128];

export async function draw() {
  const { data } = irises();
  const relu = (units) => ({ units, activation: "relu" });
  const net = network({ inputs: 4, layers: [relu(8), relu(6), { units: 3 }], loss: "cross-entropy", seed: 1 });
  const columns = [];
  for (const [i, epoch] of EPOCHS.entries()) {
    const more = epoch - (EPOCHS[i - 1] ?? 0);
    if (more)
      await fit(net, data, { optimizer: adam({ learningRate: 0.01 }), epochs: more, batchSize: 16, seed: epoch });
    columns.push({ epoch, values: Array.from(net.hessian(data).eigenvalues()), loss: net.loss(data) });
  }
  // Both signs over several sizes: linear within a hundredth, logarithmic outside.
  const scale = (v) => Math.sign(v) * Math.log10(1 + Math.abs(v) / 0.01);
  const y = { from: -5, to: 20, ticks: [-1, -0.1, 0, 0.1, 1, 10], label: "", scale };
  const place = plot(56, 40, 560, 270, { from: -0.5, to: EPOCHS.length - 0.5, label: "epochs of Adam" }, y);
  const dashes = (values, i, classes) => {
    const d = values.map((v) => `M${Math.round(place.sx(i) - 17)} ${place.sy(v).toFixed(1)}h34`).join("");
    return `<path d="${d}" class="${classes}" style="stroke-width:1.3;opacity:.75"/>`;
  };
  const marks = columns.map(({ epoch, values, loss }, i) => [
    dashes(
      values.filter((v) => v > 1e-9),
      i,
      "oranges",
    ),
    dashes(
      values.filter((v) => v < -1e-9),
      i,
      "blues",
    ),
    text(place.sx(i), 327, String(epoch), "soft mid"),
    text(place.sx(i), 34, loss.toPrecision(2), "soft mid"),
  ]);
  const alt =
    "For each of nine moments of training the eigenvalues as dashes. At the start a third are negative, down to minus two. While the loss falls, the negative ones " +
    "shrink towards zero and the largest positive ones grow.";
  const label = [text(26, 14, "eigenvalues", "soft"), text(616, 14, "above the columns: the loss", "soft end")];
  return {
    "spectrum.svg": figure(
      640,
      360,
      "Eigenvalues of the Hessian while a network learns",
      alt,
      place.frame,
      marks,
      label,
    ),
  };
}
