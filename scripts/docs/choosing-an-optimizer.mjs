// Computes docs/choosing-an-optimizer.md: timed figures are those of bench/optimizers.json, where bench/optimizers.mjs writes them;
// Levenberg and Marquardt's steps are taken anew, with the strict build. Draws docs/autoencoder-*.svg. --check compares.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { adam, dataset, gaussNewton, init, lbfgs, levenbergMarquardt, network, training } from "hessia";
import { lineCharts, updateChart } from "./chart.mjs";
import { count, holds, root, show, table, updatePage } from "./page.mjs";

await init({ simd: "strict" });

const measured = JSON.parse(readFileSync(join(root, "bench/optimizers.json"), "utf8"));
const { tanh, relu, classifier: digits } = measured;
const median = (values) => values.slice().sort((a, b) => a - b)[values.length >> 1];
const number = (x) => (x === null ? "–" : show(x));
const named = ({ name, batch }) =>
  `${name.includes(",") ? name : `\`${name}\``}${batch ? `, batches of ${batch}` : ""}`;

// ---- the deep autoencoder ----

/** Of each limit the lowest loss that one of the settings reached by then. */
function best({ settings }, what) {
  return settings[0][what].map((_, k) => {
    const reached = settings.map((setting) => setting[what][k]).filter((loss) => loss !== null);
    return reached.length ? Math.min(...reached) : null;
  });
}

/** A table of what the best settings reached by each limit, the least of each column bold. */
function comparison({ methods, limits }, what) {
  const unit = what === "seconds" ? " s" : "";
  const figures = methods.map((one) => best(one, what));
  const least = limits[what].map((_, k) => Math.min(...figures.map((row) => row[k] ?? Infinity)));
  const rows = methods.map((one, i) => [
    named(one),
    ...figures[i].map((loss, k) => (loss === least[k] ? `**${number(loss)}**` : number(loss))),
    ...(what === "seconds" ? [`\`${one.option}: ${one.best}\``] : []),
  ]);
  const last = what === "seconds" ? ["best in the end"] : [];
  return table(["method", ...limits[what].map((limit) => `${count(limit)}${unit}`), ...last], rows);
}

function deadAtTheEnd({ methods }) {
  const rows = methods.map((one) => {
    const { dead, seconds } = one.settings.find(({ value }) => value === one.best);
    return [named(one), `${dead} of 64`, number(seconds.at(-1))];
  });
  return table(["method", "dead units", "error"], rows);
}

function changes(activations) {
  const [{ ablations }] = activations;
  const head = ["method", "change"];
  for (const [name, { limits }] of Object.entries({ tanh, ReLU: relu })) {
    head.push(`${name}: 300 evaluations`, `${limits.seconds.at(-1)} s`);
  }
  const rows = ablations.map(({ name, change }, i) => {
    const [option, value] = Object.entries(change)[0] ?? [];
    const figures = activations.flatMap(({ ablations: all }) => [all[i].evaluations[2], all[i].seconds.at(-1)]);
    return [`\`${name}\``, option ? `\`${option}: ${value}\`` : "none", ...figures.map(number)];
  });
  return table(head, rows);
}

const CHARTED = [
  ...["hessianFree", "kfac", "lbfgs", "adam"],
  ...["kfac, batches of 256", "sgd, Nesterov, batches of 32", "adam, batches of 32"],
];
function charts({ methods, limits }, title) {
  const plain = (one) => named(one).replaceAll("`", "");
  const chosen = CHARTED.map((name) => ({ name, curve: methods.find((one) => plain(one) === name).curve }));
  const along = (column) => chosen.map(({ name, curve }) => ({ name, points: curve.map((at) => [at[column], at[2]]) }));
  return lineCharts(title, [
    { x: "seconds of processor time", from: 0.03, to: limits.seconds.at(-1), lines: along(0) },
    { x: "evaluations", from: 5, to: limits.evaluations.at(-1), lines: along(1) },
  ]);
}

// ---- the classifier ----

function classifier({ methods, most }) {
  const rows = methods.map((one) => {
    const { runs } = one.settings.find(({ value }) => value === one.best);
    holds(
      runs.every((run) => run !== null),
      `${one.name} reaches no errors within ${most} s from each seed`,
    );
    const range = (column, digits) => {
      const values = runs.map((run) => run[column]);
      const [low, high] = [Math.min(...values), Math.max(...values)].map((x) =>
        digits ? show(x, digits) : count(Math.round(x)),
      );
      return low === high ? low : `${low} to ${high}`;
    };
    return [named(one), `\`${one.option}: ${one.best}\``, range(0), range(1), range(2, 2)];
  });
  return table(["method", "best setting", "steps", "evaluations", "seconds"], rows);
}

// ---- Levenberg and Marquardt ----

const POINTS = 200;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const X = Array.from({ length: POINTS }, (_, i) => -1 + (2 * i) / (POINTS - 1));

/** Of plain sums and products, which no engine rounds its own way: the series of a 64th of x, doubled six times. */
function sine(x) {
  const t = x / 64;
  let [term, s] = [t, t];
  for (let k = 1; k < 12; ++k) {
    term *= (-t * t) / (2 * k * (2 * k + 1));
    s += term;
  }
  let c = Math.sqrt(1 - s * s);
  for (let k = 0; k < 6; ++k) [s, c] = [2 * s * c, 1 - 2 * s * s];
  return s;
}

const CURVES = [
  { name: "sin 3x, 1-10-1", f: (x) => sine(3 * x), units: 10, target: 1e-6 },
  { name: "sin(10x)/(10x), 1-20-1", f: (x) => sine(10 * x) / (10 * x), units: 20, target: 1e-7 },
];
const FITTERS = [
  ["`levenbergMarquardt`", () => levenbergMarquardt(), 300],
  ["…without acceleration", () => levenbergMarquardt({ acceleration: false }), 300],
  ["…`muInc: 10, muDec: 0.1`", () => levenbergMarquardt({ muInc: 10, muDec: 0.1 }), 300],
  ["`gaussNewton`", () => gaussNewton(), 300],
  ["`lbfgs`", () => lbfgs(), 3000],
  ["`adam`, learningRate 0.01", () => adam({ learningRate: 0.01 }), 3000],
];

/** Steps until the target is reached; Infinity where it is not. */
function stepsTo({ f, units, target }, seed, optimizer, most) {
  const net = network({ inputs: 1, layers: [{ units, activation: "tanh" }, { units: 1 }], seed });
  const data = dataset(
    X.map((x) => [x]),
    X.map(f),
  );
  const options = { optimizer, epochs: most + 1, batchSize: POINTS };
  for (const { loss, step } of training(net, data, options)) if (loss <= target) return step - 1;
  return Infinity;
}

const fits = FITTERS.map(([name, make, most]) => ({
  name,
  most,
  curves: CURVES.map((curve) => SEEDS.map((seed) => stepsTo(curve, seed, make(), most))),
}));

function fitTable() {
  const rows = fits.map(({ name, most, curves }) => [
    name,
    count(most),
    ...curves.flatMap((steps) => {
      const reached = steps.filter((one) => one < Infinity).sort((a, b) => a - b);
      const spread = reached.length
        ? `${count(median(reached))} (${count(reached[0])} to ${count(reached.at(-1))})`
        : "–";
      return [`${reached.length} of ${SEEDS.length}`, spread];
    }),
  ]);
  return table(["method", "at most", ...CURVES.flatMap(({ name }) => [name, "steps"])], rows);
}

// ---- the page ----

const cost = (which) => [tanh, relu, digits].map(({ costs }) => costs[which]);
const span = (values) => `${show(Math.min(...values), 2)} to ${show(Math.max(...values), 2)}`;

// What the text says in words.
const find = ({ methods }, name, batch) => methods.find((one) => one.name === name && one.batch === batch);
const last = (net, name, batch, what = "seconds") => best(find(net, name, batch), what).at(-1);
const runsOf = (name, batch) => {
  const { best: value, settings } = find(digits, name, batch);
  return settings.find((setting) => setting.value === value).runs;
};
for (const net of [tanh, relu]) {
  const others = ["lbfgs", "adam"].map((name) => last(net, name, null));
  const curved = ["hessianFree", "kfac"].map((name) => last(net, name, null));
  holds(Math.min(...curved) < Math.min(...others), "one with curvature is the best on full batches");
  holds(last(net, "hessianFree", 599) < 1.02 * last(net, "hessianFree", null), "Hessian-free takes batches of 599");
}
for (const { name, batch } of digits.methods.slice(0, -1)) {
  const slowest = Math.max(...runsOf("adam", 32).map(([, , time]) => time));
  holds(
    runsOf(name, batch).every(([, , time]) => time > slowest),
    "Adam on small batches wins on the classifier",
  );
}
holds(last(tanh, "kfac", null, "evaluations") < 1.03 * last(tanh, "adam", 32, "evaluations"), "K-FAC catches up");
holds(
  relu.methods.every((one) => best(one, "seconds").at(-1) >= last(relu, "hessianFree", 599)),
  "Hessian-free on batches of 599 is the best on the ReLU autoencoder",
);
holds(last(relu, "kfac", 256) < last(relu, "adam", 32), "K-FAC on batches is level with Adam");
const changed = ({ ablations }, name, option) =>
  ablations.find(
    (one) => one.name === name && (option in one.change || (option === "" && !Object.keys(one.change).length)),
  );
for (const net of [tanh, relu]) {
  const [own, martens] = ["", "progress"].map((option) => changed(net, "hessianFree", option));
  holds(own.evaluations[2] < 0.85 * martens.evaluations[2], "solves cut short earlier get further");
  holds(own.seconds.at(-1) < changed(net, "hessianFree", "preconditioner").seconds.at(-1), "the preconditioner helps");
  const momentum = changed(net, "kfac", "momentum").evaluations[2];
  holds(momentum > changed(net, "kfac", "").evaluations[2], "momentum helps");
}
const typical = (fitter, curve) => median(fits[fitter].curves[curve]);
holds(
  [0, 1].every((curve) => typical(0, curve) < 0.67 * typical(1, curve)),
  "the acceleration saves a third of the steps and more",
);
const dead = (name, batch) => {
  const one = find(relu, name, batch);
  return one.settings.find(({ value }) => value === one.best).dead;
};
holds(
  relu.methods.every(({ name, batch }) => name === "lbfgs" || dead(name, batch) < dead("lbfgs", null)),
  "L-BFGS loses the most units",
);

updatePage("choosing-an-optimizer.md", {
  machine: tanh.machine,
  "value-cost": span(cost("value")),
  "product-cost": span(cost("product")),
  "tanh-seconds": comparison(tanh, "seconds"),
  "tanh-evaluations": comparison(tanh, "evaluations"),
  "relu-seconds": comparison(relu, "seconds"),
  "relu-evaluations": comparison(relu, "evaluations"),
  dead: deadAtTheEnd(relu),
  changes: changes([tanh, relu]),
  damping: String(tanh.damping),
  classifier: classifier(digits),
  fits: fitTable(),
});
updateChart("autoencoder-tanh.svg", charts(tanh, "tanh"));
updateChart("autoencoder-relu.svg", charts(relu, "ReLU"));
