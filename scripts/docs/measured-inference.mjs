// Measures what docs/uncertainty.md claims, on the tables of data/, and writes it there: node
// scripts/docs/measured-inference.mjs [section …]. Sections: intervals, ranking, penalty, suspects,
// leave-one-out, sine, monks, digits. All of them take some minutes.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  adam,
  dataset,
  fit,
  influence,
  laplace,
  lbfgs,
  levenbergMarquardt,
  mixture,
  network,
  prune,
  split,
} from "hessia";
import { readTable } from "hessia/tables";
import { digits } from "./data.mjs";
import { root, table } from "./page.mjs";

/** Numbers in [0, 1) from a linear congruential generator. */
function stream(seed) {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled(count, seed) {
  const random = stream(seed);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; --i) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Seconds of the processor: others may be at work on the machine. */
const clock = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Columns of numbers, and the target as it stands; rows with gaps are left out. */
async function columnsOf(file, inputs, target) {
  const { rows } = await readTable(readFileSync(join(root, "data", file)));
  const numbers = rows.map((row) => inputs.map((j) => (row[j] === "" ? Number.NaN : Number(row[j]))));
  const whole = rows.map((_, i) => i).filter((i) => numbers[i].every(Number.isFinite) && rows[i][target] !== "");
  return { inputs: whole.map((i) => numbers[i]), targets: whole.map((i) => rows[i][target]) };
}

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** Mean and deviation of each column. */
function scaleOf(rows) {
  return rows[0].map((_, j) => {
    const m = mean(rows.map((row) => row[j]));
    return { m, s: Math.sqrt(mean(rows.map((row) => (row[j] - m) ** 2))) || 1 };
  });
}

const scaled = (rows, scale) => rows.map((row) => row.map((value, j) => (value - scale[j].m) / scale[j].s));

const REGRESSIONS = {
  concrete: () => columnsOf("tables/concrete.csv", range(2, 10), 10),
  energy: () => columnsOf("tables/energy.csv", range(0, 8), 8),
  yacht: () => columnsOf("tables/yacht-comment-header.csv", range(0, 6), 6),
  "red wine": () => columnsOf("tables/winequality-red-semicolons.csv", range(0, 11), 11),
  airfoil: () => columnsOf("tables/airfoil.csv", range(0, 5), 5),
  mpg: () => columnsOf("tables/mpg.csv", range(1, 7), 0),
  diabetes: () => columnsOf("diabetes.csv", range(0, 10), 10),
};

const CLASSIFICATIONS = {
  iris: () => columnsOf("iris.csv", range(0, 4), 4),
  penguins: () => columnsOf("tables/penguins.csv", range(2, 6), 0),
  "breast cancer": () => columnsOf("tables/wdbc.csv", range(2, 32), 1),
  banknote: () => columnsOf("tables/banknote.csv", range(0, 4), 4),
};

async function regression(name) {
  const { inputs, targets } = await REGRESSIONS[name]();
  return inputs.map((row, i) => [...row, Number(targets[i])]).filter((row) => row.every(Number.isFinite));
}

async function classes(name) {
  const { inputs, targets } = await CLASSIFICATIONS[name]();
  const names = [...new Set(targets)];
  return { inputs: scaled(inputs, scaleOf(inputs)), labels: targets.map((label) => names.indexOf(label)), names };
}

/** Training and test rows of a split in tenths, scaled by the training rows. */
function parts(rows, seed) {
  const order = shuffled(rows.length, seed);
  const count = Math.round(rows.length / 10);
  const scale = scaleOf(order.slice(count).map((i) => rows[i]));
  const take = (which) => {
    const own = scaled(
      which.map((i) => rows[i]),
      scale,
    );
    return dataset(
      own.map((row) => row.slice(0, -1)),
      own.map((row) => row.at(-1)),
    );
  };
  return { training: take(order.slice(count)), test: take(order.slice(0, count)), unit: scale.at(-1).s };
}

async function byEvidence(training, units, seed, epochs = 200) {
  const net = network({ inputs: training.inputs.columns, layers: [{ units, activation: "tanh" }, { units: 1 }], seed });
  await fit(net, training, { optimizer: levenbergMarquardt(), epochs, penalty: "evidence" });
  return { net, posterior: laplace(net, training) };
}

/**
 * RMSE, mean log-likelihood and the shares of targets in the intervals of 90 and 95 %, in the
 * targets' unit.
 */
function scoresOf(posterior, test, unit) {
  const { mean: f, deviation, noise } = posterior.predict(test.inputs);
  const rows = Array.from(test.targets, (y, i) => ({ e: y - f.data[i], s: Math.hypot(deviation.data[i], noise) }));
  return {
    rmse: unit * Math.sqrt(mean(rows.map(({ e }) => e * e))),
    logLikelihood:
      mean(rows.map(({ e, s }) => -0.5 * (e / s) ** 2 - Math.log(s * Math.sqrt(2 * Math.PI)))) - Math.log(unit),
    in90: mean(rows.map(({ e, s }) => Number(Math.abs(e) < 1.6449 * s))),
    in95: mean(rows.map(({ e, s }) => Number(Math.abs(e) < 1.96 * s))),
  };
}

const SIZES = [5, 10, 20];
const PUBLISHED = {
  concrete: ["5.67 / −3.16", "5.23 / −3.04", "6.03 / −3.06"],
  energy: ["1.80 / −2.04", "1.66 / −1.99", "2.09 / −1.38"],
  yacht: ["1.02 / −1.63", "1.11 / −1.55", "1.58 / −1.18"],
  "red wine": ["0.64 / −0.97", "0.62 / −0.93", "0.64 / −0.94"],
};

const minus = (text) => text.replace(/-/g, "−");
const percent = (share) => `${(100 * share).toFixed(0)} %`;

async function intervals() {
  const lines = [];
  for (const name of Object.keys(PUBLISHED)) {
    const rows = await regression(name);
    const [found, single] = [[], []];
    const start = clock();
    for (let seed = 0; seed < 20; ++seed) {
      const { training, test, unit } = parts(rows, seed);
      const tried = [];
      for (const units of SIZES) tried.push((await byEvidence(training, units, seed)).posterior);
      found.push(scoresOf(mixture(tried), test, unit));
      const best = tried.reduce((a, b) => (b.logEvidence > a.logEvidence ? b : a));
      single.push(scoresOf(best, test, unit));
    }
    const seconds = (clock() - start) / 20;
    const both = (scores) =>
      minus(["rmse", "logLikelihood"].map((key) => mean(scores.map((score) => score[key])).toFixed(2)).join(" / "));
    const [in90, in95] = ["in90", "in95"].map((key) => percent(mean(found.map((score) => score[key]))));
    lines.push([name, `**${both(found)}**`, both(single), ...PUBLISHED[name], in90, in95, seconds.toFixed(1)]);
    progress(lines.at(-1));
  }
  const head = [
    "table",
    "hessia, mixture of three",
    "hessia, one network",
    "probabilistic backpropagation",
    "dropout",
    "deep ensembles",
    "in 90 %",
    "in 95 %",
    "seconds",
  ];
  return table(head, lines);
}

/** Spearman's. */
function rankCorrelation(a, b) {
  const ranks = (values) => values.map((value) => values.filter((other) => other < value).length);
  return correlation(ranks(a), ranks(b));
}

function correlation(a, b) {
  const [ma, mb] = [mean(a), mean(b)];
  const [sa, sb] = [a, b].map((values, k) => Math.sqrt(mean(values.map((v) => (v - [ma, mb][k]) ** 2))));
  return mean(a.map((value, i) => (value - ma) * (b[i] - mb))) / (sa * sb);
}

async function ranking() {
  const sizes = [2, 4, 8, 16, 32];
  const lines = [];
  for (const name of ["concrete", "energy", "yacht", "red wine", "mpg", "diabetes"]) {
    const rows = await regression(name);
    const [evidence, test] = [sizes.map(() => 0), sizes.map(() => 0)];
    for (let seed = 0; seed < 3; ++seed) {
      const { training, test: held, unit } = parts(rows, seed);
      for (const [k, units] of sizes.entries()) {
        const { posterior } = await byEvidence(training, units, seed, 150);
        evidence[k] += posterior.logEvidence / 3;
        test[k] += scoresOf(posterior, held, unit).logLikelihood / 3;
      }
    }
    const best = (values) => sizes[values.indexOf(Math.max(...values))];
    const short = test.map((value) => minus(value.toFixed(2))).join(", ");
    lines.push([name, short, best(evidence), best(test), minus(rankCorrelation(evidence, test).toFixed(1))]);
    progress(lines.at(-1));
  }
  const head = [
    "table",
    `log-likelihood on test rows with ${sizes.join(", ")} units`,
    "best by evidence",
    "best on test rows",
    "rank correlation",
  ];
  return table(head, lines);
}

const GRID = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

/** The penalty of the grid with the least loss over five folds, and a network trained with it. */
async function crossValidated(training, make, optimizer, epochs) {
  const order = shuffled(training.size, 99);
  const rowsOf = (which) => {
    const { columns, data } = training.inputs;
    return dataset(
      which.map((i) => Array.from(data.subarray(i * columns, (i + 1) * columns))),
      which.map((i) => training.targets[i]),
    );
  };
  let best = null;
  for (const l2 of GRID) {
    let loss = 0;
    for (let fold = 0; fold < 5; ++fold) {
      const net = make(l2);
      await fit(net, rowsOf(order.filter((_, i) => i % 5 !== fold)), { optimizer: optimizer(), epochs });
      loss += net.evaluate(rowsOf(order.filter((_, i) => i % 5 === fold))).loss;
    }
    if (!best || loss < best.loss) best = { l2, loss };
  }
  const net = make(best.l2);
  await fit(net, training, { optimizer: optimizer(), epochs });
  return net;
}

const SPLITS = 8;

/** Two networks of ten units for a split: by the evidence, and by five folds. */
async function bothWays({ training, test, layers, loss, seed }) {
  const values = loss === "mse";
  const make = (l2) => network({ inputs: training.inputs.columns, layers, loss, seed, penalty: { l2 } });
  const optimizer = values ? levenbergMarquardt : lbfgs;
  const epochs = values ? 60 : 100;
  const own = make(0);
  const starts = [clock()];
  await fit(own, training, { optimizer: optimizer(), epochs: 3 * epochs, penalty: "evidence" });
  starts.push(clock());
  const other = await crossValidated(training, make, optimizer, epochs);
  starts.push(clock());
  const [a, b] = [own, other].map((net) => net.evaluate(test));
  return {
    losses: [a.loss, b.loss],
    errors: values ? [a.loss, b.loss] : [1 - a.accuracy, 1 - b.accuracy],
    seconds: [starts[1] - starts[0], starts[2] - starts[1]],
  };
}

/** Mean of the differences over the splits, in their standard errors; 0 where there are none. */
function pairedDifference(pairs) {
  const differences = pairs.map(([a, b]) => a - b);
  const m = mean(differences);
  const variance = differences.reduce((sum, value) => sum + (value - m) ** 2, 0) / (pairs.length - 1);
  return m === 0 ? 0 : m / Math.sqrt(variance / pairs.length);
}

async function penalty() {
  const lines = [];
  const [byError, byLoss, times] = [[], [], []];
  const names = [...Object.keys(REGRESSIONS).filter((name) => name !== "airfoil"), ...Object.keys(CLASSIFICATIONS)];
  for (const name of names) {
    const values = name in REGRESSIONS;
    const rows = values ? await regression(name) : null;
    const data = values ? null : await classes(name);
    const layers = [{ units: 10, activation: "tanh" }, { units: values ? 1 : data.names.length }];
    const loss = values ? "mse" : "cross-entropy";
    const found = [];
    for (let seed = 0; seed < SPLITS; ++seed) {
      const divided = values
        ? parts(rows, seed)
        : split(dataset(data.inputs, data.labels), { test: 0.2, seed, stratify: true });
      found.push(await bothWays({ ...divided, layers, loss, seed }));
    }
    const of = (key, k) => mean(found.map((one) => one[key][k]));
    const difference = pairedDifference(found.map(({ errors }) => errors));
    byError.push(difference);
    byLoss.push(pairedDifference(found.map(({ losses }) => losses)));
    times.push(of("seconds", 1) / of("seconds", 0));
    const shown = values
      ? [0, 1].map((k) => of("losses", k).toPrecision(3))
      : [0, 1].map((k) => `${percent1(of("errors", k))}, ${of("losses", k).toPrecision(2)}`);
    lines.push([name, ...shown, minus(difference.toFixed(1)), of("seconds", 0).toFixed(2), times.at(-1).toFixed(1)]);
    progress(lines.at(-1));
  }
  const head = [
    "table",
    "by evidence",
    "by five folds",
    "difference in standard errors",
    "seconds, by evidence",
    "times as long by five folds",
  ];
  const least = (differences) => differences.filter((value) => value <= 1).length;
  const ordered = times.toSorted((a, b) => a - b);
  const [low, middle, high] = [0, times.length >> 1, times.length - 1].map((k) => ordered[k].toFixed(0));
  return (
    `${table(head, lines)}\nBy evidence the test error is no greater, within one standard error of the differences, ` +
    `on ${least(byError)} of ${names.length} tables; the test loss on ${least(byLoss)}. Five folds and ${GRID.length} ` +
    `penalties take ${middle} times as long in the median, ${low} to ${high}.`
  );
}

async function suspects() {
  const lines = [];
  const run = async (name, inputs, labels, count, units, seeds) => {
    let [hits, flips] = [0, 0];
    for (let seed = 0; seed < seeds; ++seed) {
      const random = stream(seed + 50);
      const wrong = new Set(shuffled(labels.length, seed + 7).slice(0, Math.round(0.05 * labels.length)));
      const given = labels.map((label, i) =>
        wrong.has(i) ? (label + 1 + Math.floor(random() * (count - 1))) % count : label,
      );
      const data = dataset(inputs, given);
      const net = network({
        inputs: inputs[0].length,
        layers: [{ units, activation: "tanh" }, { units: count }],
        loss: "cross-entropy",
        seed,
      });
      await fit(net, data, { optimizer: lbfgs(), epochs: 300, penalty: "evidence" });
      hits += firstTenth(influence(net, data)).filter((row) => wrong.has(row)).length;
      flips += wrong.size;
    }
    lines.push([name, "5 % of labels flipped", percent(hits / flips)]);
    progress(lines.at(-1));
  };
  for (const name of ["iris", "penguins", "breast cancer"]) {
    const { inputs, labels, names } = await classes(name);
    await run(name, inputs, labels, names.length, 8, 5);
  }
  const { inputs, labels } = digits();
  await run("digits", inputs, labels, 10, 8, 1);
  for (const name of ["concrete", "energy", "yacht", "mpg"]) {
    const rows = await regression(name);
    let [hits, shifts] = [0, 0];
    for (let seed = 0; seed < 3; ++seed) {
      const random = stream(seed + 60);
      const own = scaled(rows, scaleOf(rows));
      const wrong = new Set(shuffled(rows.length, seed + 8).slice(0, Math.round(0.05 * rows.length)));
      for (const i of wrong) own[i][own[i].length - 1] += random() < 0.5 ? 2 : -2;
      const data = dataset(
        own.map((row) => row.slice(0, -1)),
        own.map((row) => row.at(-1)),
      );
      const { net } = await byEvidence(data, 8, seed);
      hits += firstTenth(influence(net, data)).filter((row) => wrong.has(row)).length;
      shifts += wrong.size;
    }
    lines.push([name, "5 % of targets shifted by two deviations", percent(hits / shifts)]);
    progress(lines.at(-1));
  }
  return table(["table", "mistakes", "found among the first tenth of the rows"], lines);
}

/**
 * The suspects in their order, then the rows of the greatest leave-one-out loss: a tenth of all.
 */
function firstTenth({ mislabelled, leaveOneOutLoss }) {
  const first = mislabelled.map(({ row }) => row);
  const rest = [...leaveOneOutLoss.keys()].sort((a, b) => leaveOneOutLoss[b] - leaveOneOutLoss[a]);
  return [...new Set([...first, ...rest])].slice(0, Math.round(0.1 * leaveOneOutLoss.length));
}

async function leaveOneOut() {
  const lines = [];
  const run = async (name, spec, data, optimizer, rows) => {
    const train = async (own, from) => {
      const net = network(spec);
      if (from) net.setParameters(from);
      await fit(net, own, { optimizer: optimizer(), epochs: 400 });
      return net;
    };
    const net = await train(data, null);
    const { leaveOneOutLoss } = influence(net, data);
    const pick = (which) => {
      const { columns, data: x } = data.inputs;
      return dataset(
        which.map((i) => Array.from(x.subarray(i * columns, (i + 1) * columns))),
        which.map((i) => data.targets[i]),
      );
    };
    const real = [];
    for (const row of rows) {
      const other = await train(pick(range(0, data.size).filter((i) => i !== row)), net.getParameters());
      real.push(other.evaluate(pick([row])).loss);
    }
    lines.push([
      name,
      rows.length,
      correlation(
        rows.map((row) => leaveOneOutLoss[row]),
        real,
      ).toFixed(3),
    ]);
    progress(lines.at(-1));
  };
  const iris = await classes("iris");
  const own = dataset(iris.inputs, iris.labels);
  const rows = range(0, 150).filter((i) => i % 3 === 0);
  const penalised = { penalty: { l2: 0.01 } };
  await run(
    "softmax regression, iris",
    { inputs: 4, layers: [{ units: 3 }], loss: "cross-entropy", ...penalised },
    own,
    lbfgs,
    rows,
  );
  const small = [{ units: 4, activation: "tanh" }, { units: 3 }];
  await run(
    "4 tanh units, iris",
    { inputs: 4, layers: small, loss: "cross-entropy", ...penalised, seed: 1 },
    own,
    lbfgs,
    rows,
  );
  const yacht = scaled(await regression("yacht"), scaleOf(await regression("yacht")));
  const data = dataset(
    yacht.map((row) => row.slice(0, -1)),
    yacht.map((row) => row.at(-1)),
  );
  await run(
    "linear regression, yacht",
    { inputs: 6, layers: [{ units: 1 }] },
    data,
    levenbergMarquardt,
    range(0, 300).filter((i) => i % 6 === 0),
  );
  const net = { inputs: 6, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], penalty: { l2: 1e-4 }, seed: 1 };
  await run(
    "4 tanh units, yacht",
    net,
    data,
    levenbergMarquardt,
    range(0, 300).filter((i) => i % 6 === 0),
  );
  return table(["model", "rows left out", "correlation of predicted and retrained losses"], lines);
}

async function sine() {
  const random = stream(4);
  const xs = range(0, 21).map((i) => [-1 + i / 10]);
  const ys = xs.map(
    ([x]) => Math.sin(Math.PI * x) + 0.1 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
  const data = dataset(xs, ys);
  const found = [];
  for (let seed = 0; seed < 10; ++seed) {
    const net = network({
      inputs: 1,
      layers: [{ units: 20, activation: "tanh" }, { units: 1 }],
      penalty: { on: "all" },
      seed,
    });
    await fit(net, data, { optimizer: levenbergMarquardt(), epochs: 400, penalty: "evidence" });
    const { effectiveParameters, noise } = laplace(net, data, { groups: "all" });
    const fine = range(0, 201).map((i) => [-1 + i / 100]);
    const error = Math.sqrt(
      mean(Array.from(net.predict(fine).data, (f, i) => (f - Math.sin(Math.PI * fine[i][0])) ** 2)),
    );
    found.push({ effectiveParameters, noise: Math.sqrt(noise), l2: net.spec.penalty.l2, error });
  }
  const spread = (key, digits) => {
    const values = found.map((one) => one[key]).sort((a, b) => a - b);
    return [values[0], values[5], values[9]].map((value) => value.toPrecision(digits));
  };
  return table(
    ["over ten seeds", "least", "median", "greatest"],
    [
      ["effective parameters, of 61", ...spread("effectiveParameters", 3)],
      ["l2", ...spread("l2", 2)],
      ["noise, 0.1 in truth", ...spread("noise", 2)],
      ["RMSE to the sine itself", ...spread("error", 2)],
    ],
  );
}

const ATTRIBUTES = [3, 3, 2, 3, 4, 2];
const MONKS = [
  { rule: (a) => a[0] === a[1] || a[4] === 1, rows: 124, units: 3, l2: 1e-3, least: 1, published: "14 at 100 %" },
  {
    rule: (a) => a.filter((value) => value === 1).length === 2,
    rows: 169,
    units: 2,
    l2: 1e-3,
    least: 1,
    published: "15 at 100 %",
  },
  {
    rule: (a) => (a[4] === 3 && a[3] === 1) || (a[4] !== 4 && a[1] !== 3),
    rows: 122,
    units: 4,
    l2: 1e-2,
    least: 0.972,
    published: "4 at 97.2 %",
  },
];

async function monks() {
  let all = [[]];
  for (const size of ATTRIBUTES) all = all.flatMap((row) => range(1, size + 1).map((value) => [...row, value]));
  const encode = (row) => row.flatMap((value, i) => range(1, ATTRIBUTES[i] + 1).map((k) => Number(k === value)));
  const lines = [];
  for (const [m, { rule, rows, units, l2, least, published }] of MONKS.entries()) {
    const test = dataset(
      all.map(encode),
      all.map((row) => Number(rule(row))),
    );
    const counts = [];
    for (let seed = 0; seed < 5; ++seed) {
      const chosen = shuffled(all.length, 10 * m + seed).slice(0, rows);
      const labels = chosen.map((i) => Number(rule(all[i])));
      // The third problem's training rows have six wrong labels.
      if (m === 2) for (let k = 0; k < 6; ++k) labels[k] = 1 - labels[k];
      const data = dataset(
        chosen.map((i) => encode(all[i])),
        labels,
      );
      let best = null;
      for (let start = 0; start < 6; ++start) {
        const layers = [{ units, activation: "tanh" }, { units: 1 }];
        const net = network({ inputs: 17, layers, loss: "binary-cross-entropy", penalty: { l2, on: "all" }, seed: start });
        await fit(net, data, { optimizer: lbfgs(), epochs: 500 });
        if (!best || net.loss(data) < best.loss(data)) best = net;
      }
      let fewest = null;
      let at = best;
      for (let left = best.parameterCount - 1; left > 1; --left) {
        const found = prune(at, data, { until: { parameters: left } });
        at = found.masked;
        left = Math.min(
          left,
          found.mask.reduce((sum, kept) => sum + kept, 0),
        );
        if (at.evaluate(test).accuracy >= least - 5e-4) fewest = left;
      }
      counts.push(fewest);
    }
    const shown = counts.map((count) => count ?? "never").join(", ");
    lines.push([
      `MONK-${m + 1}, 17-${units}-1`,
      17 * units + 2 * units + 1,
      published,
      `${shown} at ${(100 * least).toFixed(1)} %`,
    ]);
    progress(lines.at(-1));
  }
  return table(
    ["problem", "parameters", "published (Hassibi and Stork 1993)", "fewest left, five sets of training rows"],
    lines,
  );
}

async function digitsPruned() {
  const { inputs, labels } = digits();
  const steps = [500, 300, 200, 150, 100, 75];
  const methods = ["obs", "obd", "magnitude"];
  const errors = methods.map(() => [0, ...steps].map(() => []));
  for (const seed of [1, 2, 3]) {
    const { training, test } = split(dataset(inputs, labels), { test: 0.3, seed, stratify: true });
    const layers = [{ units: 12, activation: "relu" }, { units: 10 }];
    const net = network({ inputs: 64, layers, loss: "cross-entropy", penalty: { l2: 1e-3 }, seed });
    await fit(net, training, { optimizer: adam({ learningRate: 0.01 }), epochs: 60, batchSize: 32 });
    await fit(net, training, { optimizer: lbfgs(), epochs: 100 });
    for (const [m, method] of methods.entries()) {
      let at = net;
      for (const [k, parameters] of [net.parameterCount, ...steps].entries()) {
        if (k > 0) at = prune(at, training, { method, until: { parameters } }).masked;
        errors[m][k].push(1 - at.evaluate(test).accuracy);
      }
      progress([seed, method, ...errors[m].map((own) => percent1(own.at(-1)))]);
    }
  }
  const lines = methods.map((method, m) => [method, ...errors[m].map((own) => percent1(mean(own)))]);
  return table(["method", "910 (all)", ...steps.map(String)], lines);
}

const percent1 = (share) => `${(100 * share).toFixed(1)} %`;

function progress(line) {
  process.stderr.write(`${line.join("  ")}\n`);
}

const SECTIONS = {
  intervals,
  ranking,
  penalty,
  suspects,
  "leave-one-out": leaveOneOut,
  sine,
  monks,
  digits: digitsPruned,
};
const asked = process.argv.slice(2);
const page = join(root, "docs/uncertainty.md");
for (const name of asked.length > 0 ? asked : Object.keys(SECTIONS)) {
  if (!(name in SECTIONS)) throw new Error(`no section "${name}"; known: ${Object.keys(SECTIONS).join(", ")}`);
  const text = await SECTIONS[name]();
  const before = readFileSync(page, "utf8");
  const marks = new RegExp(`(<!-- measured:${name} -->)[\\s\\S]*?(<!-- /measured -->)`);
  if (!marks.test(before)) throw new Error(`docs/uncertainty.md: no place for "${name}"`);
  writeFileSync(
    page,
    before.replace(marks, (_, open, close) => `${open}\n${text.trim()}\n${close}`),
  );
}
