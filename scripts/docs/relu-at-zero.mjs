// Computes every number of docs/relu-at-zero.md, with the strict build, and writes it there;
// --check compares.
import { activationStatistics, adam, dataset, fit, init, network } from "hessia";
import { digits, distance } from "./data.mjs";
import { count, holds, show, table, updatePage } from "./page.mjs";

await init({ simd: "strict" });

const { inputs, labels } = digits();
const CHOICES = [0, 0.5, 1];
const EPOCHS = 10;
const whole = dataset(inputs, labels);
// The four pixels in a corner, of which most digits leave all blank.
const CORNER = [0, 1, 8, 9];
const corner = dataset(
  inputs.map((row) => CORNER.map((pixel) => row[pixel])),
  labels,
);
const ternary = ({ uniform }) => Math.round(2 * uniform() - 1);
const KINDS = ["f64", "f32"].flatMap((dtype) => [false, true].map((batchNorm) => ({ dtype, batchNorm })));

updatePage("relu-at-zero.md", { ...ordinary(await course(whole, [64, 32])), ...(await elsewhere()) });

/** The same network with each value of relu′(0). */
function networks(data, hidden, { dtype = "f64", batchNorm = false, initializer = "he-normal" } = {}) {
  return CHOICES.map((atZero) =>
    network({
      inputs: data.inputs.columns,
      layers: [...hidden.map((units) => ({ units, activation: { type: "relu", atZero }, batchNorm })), { units: 10 }],
      loss: "cross-entropy",
      initializer,
      dtype,
      seed: 1,
    }),
  );
}

/**
 * Exact zeros of pre-activations at the first one's parameters, and how far apart that makes the
 * gradients.
 */
function measure(nets, data) {
  const { layers, samples } = activationStatistics(nets[0], data);
  const hidden = layers.slice(0, -1);
  const zeros = hidden.reduce((sum, { exactZeros }) => sum + exactZeros, 0);
  const pairs = samples * hidden.reduce((sum, { units }) => sum + units.length, 0);
  const gradients = nets.map((net) => {
    net.setParameters(nets[0].getParameters());
    net.setRunningStatistics(nets[0].getRunningStatistics());
    return Array.from(net.gradient(data).gradient);
  });
  const [half, one] = gradients.slice(1).map((g) => distance(g, gradients[0]));
  return { zeros, pairs, half, one };
}

/**
 * At the start, and after training with relu′(0) = 0; and whether training with the other two ends
 * at the same bits.
 */
async function course(data, hidden) {
  const rows = [];
  for (const kind of KINDS) {
    const before = measure(networks(data, hidden, kind), data);
    const ends = [];
    for (const net of networks(data, hidden, kind)) {
      await fit(net, data, { optimizer: adam(), epochs: EPOCHS, batchSize: 32, seed: 1 });
      ends.push(net);
    }
    const same = ends.slice(1).every((net) => net.getParameters().every((x, k) => x === ends[0].getParameters()[k]));
    const atKink = activationStatistics(ends[0], data)
      .layers.slice(0, -1)
      .flatMap(({ units }) => units.filter(({ exactZeros }) => exactZeros > 0));
    rows.push({ kind, before, after: measure(ends, data), same, atKink, loss: ends[0].loss(data) });
  }
  return rows;
}

function cells({ zeros, pairs, half, one }) {
  const share = zeros === 0 ? "0" : `${count(zeros)} (${show((100 * zeros) / pairs, 2)} %)`;
  return [share, show(half), show(one)];
}

function describeKind({ dtype, batchNorm }) {
  return [dtype, batchNorm ? "yes" : "no"];
}

function courseTable(rows) {
  const head = ["precision", "batch norm", "when", "exact zeros", "½ against 0", "1 against 0", "loss"];
  return table(
    head,
    rows.flatMap(({ kind, before, after, loss }) => [
      [...describeKind(kind), "at the start", ...cells(before), ""],
      [...describeKind(kind), `after ${EPOCHS} epochs`, ...cells(after), show(loss)],
    ]),
  );
}

function ordinary(rows) {
  const same = rows
    .filter((row) => row.same)
    .map(({ kind: { dtype, batchNorm } }) => `${dtype}${batchNorm ? " with batch norm" : ""}`);
  holds(same.length === KINDS.length, "training with 0, ½ and 1 ends at the same bits");
  const zeros = whole.inputs.data.filter((pixel) => pixel === 0).length;
  const columns = Array.from({ length: 64 }, (_, j) => inputs.every((row) => row[j] === 0));
  return {
    zeros: `${show((100 * zeros) / whole.inputs.data.length, 2)} %`,
    always: String(columns.filter(Boolean).length),
    digits: courseTable(rows),
    pairs: count(rows[0].before.pairs),
    runs: String(CHOICES.length * KINDS.length),
  };
}

async function elsewhere() {
  const rows = await course(corner, [64, 32]);
  const blank = inputs.filter((row) => CORNER.every((pixel) => row[pixel] === 0)).length;
  const [{ atKink }] = rows;
  holds(
    atKink.every(({ exactZeros, active }) => exactZeros === blank && active === 0),
    "the zeros that are left are the blank images' at dead units",
  );
  holds(!rows[0].same, "on the corner training with another value ends elsewhere");
  const others = ["f64", "f32"].flatMap((dtype) => [
    [
      "weights −1, 0 and 1",
      dtype,
      ...cells(measure(networks(whole, [64, 32], { dtype, initializer: ternary }), whole)),
    ],
    ["four layers of four units", dtype, ...cells(measure(networks(whole, [4, 4, 4, 4], { dtype }), whole))],
    ["four layers of two units", dtype, ...cells(measure(networks(whole, [2, 2, 2, 2], { dtype }), whole))],
  ]);
  return {
    blank: `${count(blank)} of ${count(corner.size)}`,
    dead: String(atKink.length),
    corner: courseTable(rows),
    others: table(["network, at the start", "precision", "exact zeros", "½ against 0", "1 against 0"], others),
  };
}
