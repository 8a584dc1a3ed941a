// Networks, tables and runs with one fault each, and their near misses: what has to be advised, and
// what must not be.
import { source } from "./healthy-runs.mjs";

/** Rows of normal inputs, and targets of them. */
function rows(seed, count, width, target, change = (row) => row) {
  const random = source(seed);
  const inputs = Array.from({ length: count }, () => Array.from({ length: width }, () => random.normal()));
  return { inputs: inputs.map((row) => change(row, random)), targets: inputs.map((row) => target(row, random)) };
}

const bend = ([a, b, c]) => [a * Math.abs(a) + b - 0.5 * (c ?? 0)];
const noisy = ([a, b], { normal }) => [Math.abs(a) + b + 0.5 * normal()];

/**
 * Every fault: `code` is what has to be among the advice. `make` gives the arguments of `diagnose`.
 */
export function plantedFaults(hessia) {
  return cases(hessia).filter(({ miss }) => !miss);
}

/** What is next to a fault and none: `code` must not be among the advice. */
export function nearMisses(hessia) {
  return cases(hessia).filter(({ miss }) => miss);
}

function cases(hessia) {
  const { adam, dataset, levenbergMarquardt, network, sgd, sharpness, training } = hessia;

  const net = (inputs, hidden, outputs, activation, rest = {}) =>
    network({
      inputs,
      layers: [...hidden.map((units) => ({ units, activation })), { units: outputs }],
      seed: 1,
      ...rest,
    });
  const trained = (made, data, optimizer, epochs, batchSize = 32) => {
    const run = training(made, data, { optimizer, epochs, batchSize, seed: 1 });
    while (!run.next().done);
    return made;
  };
  const scaled = (made, factor, from = 0, to = Infinity) => {
    made.setParameters(made.getParameters().map((x, i) => (i >= from && i < to ? factor * x : x)));
    return made;
  };
  const of = ({ inputs, targets }) => dataset(inputs, targets);
  const table = (seed = 1, count = 120, target = bend, change) => of(rows(seed, count, 3, target, change));
  const relu = (rest) => net(3, [8], 1, "relu", rest);

  /** Samples of classes, each with its centre and share; labels of `flip` of them are wrong. */
  const classes = (seed, counts, { distance = 3, flip = 0, scale = 1 } = {}) => {
    const random = source(seed);
    const labels = counts.flatMap((count, label) => new Array(count).fill(label));
    const inputs = labels.map((label) => [
      scale * (distance * (label % 2) + random.normal()),
      scale * (distance * Math.floor(label / 2) + random.normal()),
    ]);
    const given = labels.map((label) => (random.uniform() < flip ? (label + 1) % counts.length : label));
    return { inputs, labels: given };
  };
  const softmax = ({ inputs, labels }) => dataset(inputs, labels);
  const binary = ({ inputs, labels }) =>
    dataset(
      inputs,
      labels.map((label) => [label]),
    );
  const fitted = (data, outputs, loss, hidden = [8], epochs = 60) =>
    trained(net(2, hidden, outputs, "tanh", { loss }), data, adam({ learningRate: 0.02 }), epochs);

  const cut = (all, from, to) => dataset(all.inputs.slice(from, to), all.targets.slice(from, to));

  const list = [];
  const fault = (code, name, make) => list.push({ code, name, make });
  const miss = (code, name, make) => list.push({ code, name, make, miss: true });

  // ---- a run that has diverged ----
  fault("diverged", "parameters at 1e121, linear", () => ({
    net: scaled(net(3, [], 1, "relu"), 1e121),
    data: table(),
  }));
  fault("diverged", "parameters at 1e60, relu", () => ({ net: scaled(relu(), 1e60), data: table() }));
  fault("diverged", "logits at 1e100", () => {
    const data = softmax(classes(2, [40, 40, 40], { distance: 1 }));
    return { net: scaled(net(2, [], 3, "relu", { loss: "cross-entropy" }), 1e100), data };
  });
  fault("diverged", "sixty steps at 50 times the edge", () => {
    const [made, data] = [net(3, [], 1, "relu"), table()];
    return { net: trained(made, data, sgd({ learningRate: 50 }), 15), data };
  });
  miss("diverged", "outputs thirty times too large", () => ({ net: scaled(net(3, [], 1, "relu"), 30), data: table() }));
  miss("diverged", "as drawn, on inputs of size 1e5", () => ({
    net: relu(),
    data: table(1, 120, bend, (row) => row.map((x) => 1e5 * x)),
  }));

  // ---- columns ----
  const large = (factor) => () => {
    const data = of(
      rows(
        3,
        200,
        3,
        ([a, b, c]) => [a + b + c],
        ([a, b, c]) => [factor * a, b, c],
      ),
    );
    return { net: trained(net(3, [], 1, "relu"), data, sgd({ learningRate: 0.5 / factor ** 2 }), 200, 200), data };
  };
  fault("unscaled-inputs", "a linear regression with a column of 1e4, after 200 steps", large(1e4));
  fault("unscaled-inputs", "a column of 30", large(30));
  miss("unscaled-inputs", "a column of 10", large(10));
  const shifted = (mean) => () => ({ net: relu(), data: table(4, 120, bend, ([a, b, c]) => [a, b + mean, c]) });
  fault("shifted-inputs", "a column 14 deviations from 0", shifted(14));
  miss("shifted-inputs", "a column 7 deviations from 0", shifted(7));
  const tiny = (size) => () => ({ net: relu(), data: table(5, 120, bend, ([a, b, c]) => [size * a, b, c]) });
  fault("tiny-inputs", "a column of 3e-4", tiny(3e-4));
  fault("tiny-inputs", "a column of 1e-9", tiny(1e-9));
  miss("tiny-inputs", "a column of 5e-3", tiny(5e-3));
  miss("tiny-inputs", "a column of 3e-4 that the weights make up for", () => {
    const made = relu();
    made.setParameters(made.getParameters().map((x, i) => (i < 24 && i % 3 === 0 ? x / 3e-4 : x)));
    return { net: made, data: tiny(3e-4)().data };
  });
  fault("constant-inputs", "a column of ones", () => ({
    net: relu(),
    data: table(6, 120, bend, ([a, b]) => [a, b, 1]),
  }));
  miss("constant-inputs", "a column that is 1 but once", () => ({
    net: relu(),
    data: of(
      (({ inputs, targets }) => ({ inputs: inputs.map(([a, b], i) => [a, b, i === 3 ? 0 : 1]), targets }))(
        rows(6, 120, 3, bend),
      ),
    ),
  }));

  // ---- targets ----
  const moved =
    (mean, factor = 1, optimizer = null) =>
    () => {
      const data = table(7, 120, (row) => [factor * bend(row)[0] + mean]);
      const made = relu();
      if (optimizer) trained(made, data, optimizer, 20);
      return { net: made, data };
    };
  fault("targets-far-off", "targets + 10,000", moved(1e4));
  fault("targets-far-off", "targets + 10,000, after 20 epochs of adam", moved(1e4, 1, adam()));
  fault("targets-far-off", "targets in the thousands of millions, below 0", moved(-3e9, 1e7));
  fault("targets-far-off", "the second of two outputs", () => ({
    net: net(3, [8], 2, "relu"),
    data: table(7, 120, (row) => [bend(row)[0], 40 + row[1]]),
  }));
  miss("targets-far-off", "targets 4 deviations from 0", moved(7));
  miss("targets-far-off", "targets + 10,000, and a bias that is there", () => {
    const { net: made, data } = moved(1e4)();
    const parameters = made.getParameters();
    parameters[parameters.length - 1] = 1e4;
    made.setParameters(parameters);
    return { net: made, data };
  });
  fault("targets-of-another-size", "targets × 10,000", moved(0, 1e4));
  fault("targets-of-another-size", "targets × 1e-4", moved(0, 1e-4));
  miss("targets-of-another-size", "targets × 30", moved(0, 30));
  miss("targets-of-another-size", "targets × 0.03", moved(0, 0.03));
  const reach = (activation, target) => () => ({
    net: network({
      inputs: 3,
      layers: [
        { units: 8, activation: "tanh" },
        { units: 1, activation },
      ],
      seed: 1,
    }),
    data: table(8, 120, target),
  });
  fault("unreachable-targets", "tanh, and targets up to 5", reach("tanh", bend));
  fault(
    "unreachable-targets",
    "sigmoid, and targets of both signs",
    reach("sigmoid", ([a]) => [Math.abs(a) > 1 ? 1 : -1]),
  );
  fault("unreachable-targets", "relu, and targets of both signs", reach("relu", bend));
  miss(
    "unreachable-targets",
    "tanh, and targets of ±1",
    reach("tanh", ([a]) => [a > 0 ? 1 : -1]),
  );
  const outlier = (size) => () => {
    const { inputs, targets } = rows(9, 150, 3, bend);
    targets[17] = [size];
    return { net: relu(), data: dataset(inputs, targets) };
  };
  fault("outlying-targets", "one target at 1,000", outlier(1000));
  fault("outlying-targets", "one target at −60", outlier(-60));
  miss("outlying-targets", "one target at 6", outlier(6));
  const powers =
    (size) =>
    ([a, b]) => [Math.exp(size * (a + 0.2 * b))];
  fault("skewed-targets", "lognormal targets", () => ({ net: relu(), data: table(11, 400, powers(0.9)) }));
  miss("skewed-targets", "mildly lognormal targets", () => ({ net: relu(), data: table(11, 400, powers(0.4)) }));
  miss("skewed-targets", "sizes of normal numbers", () => ({
    net: relu(),
    data: table(11, 400, ([a]) => [Math.abs(a) + 0.01]),
  }));

  // ---- rows ----
  const twice = (share, change) => () => {
    const { inputs, targets } = rows(12, 150, 3, bend);
    const again = Math.floor(share * inputs.length);
    const rest = targets.slice(0, again).map(([y]) => [change(y)]);
    return { net: relu(), data: dataset([...inputs, ...inputs.slice(0, again)], [...targets, ...rest]) };
  };
  fault(
    "conflicting-rows",
    "a third of the rows again, with the other sign",
    twice(1 / 3, (y) => -y),
  );
  fault("conflicting-rows", "labels that contradict each other", () => {
    const { inputs, labels } = classes(13, [60, 60]);
    return {
      net: net(2, [8], 2, "relu", { loss: "cross-entropy" }),
      data: dataset(
        [...inputs, ...inputs.slice(40, 80)],
        [...labels, ...labels.slice(40, 80).map((label) => 1 - label)],
      ),
    };
  });
  miss(
    "conflicting-rows",
    "a third of the rows again, as they are",
    twice(1 / 3, (y) => y),
  );
  miss(
    "conflicting-rows",
    "a third of the rows again, a little noisy",
    twice(1 / 3, (y) => y + 0.1),
  );
  const flipped = (flip, distance) => () => {
    const data = softmax(classes(14, [80, 80, 80, 80], { distance, flip }));
    return { net: fitted(data, 4, "cross-entropy"), data };
  };
  fault("label-noise", "one label in eight wrong", flipped(0.125, 8));
  fault("label-noise", "one label in eight wrong, yes or no", () => {
    const data = binary(classes(15, [160, 160], { distance: 8, flip: 0.125 }));
    return { net: fitted(data, 1, "binary-cross-entropy", [4], 40), data };
  });
  miss("label-noise", "classes that overlap", flipped(0, 2.2));

  // ---- classes ----
  const rare =
    (count, distance, make = softmax, outputs = 2, loss = "cross-entropy") =>
    () => {
      const data = make(classes(16, [200 - count, count], { distance }));
      return { net: fitted(data, outputs, loss, [4], 30), data };
    };
  fault("class-never-predicted", "3 of 200, never said", rare(3, 0.5));
  fault("class-never-predicted", "3 of 200, yes or no", rare(3, 0.5, binary, 1, "binary-cross-entropy"));
  fault(
    "class-never-predicted",
    "3 of 200 as probabilities",
    rare(3, 0.5, ({ inputs, labels }) =>
      dataset(
        inputs,
        labels.map((label) => (label ? [0.1, 0.9] : [0.95, 0.05])),
      ),
    ),
  );
  fault("class-never-predicted", "one of four classes", () => {
    const data = softmax(classes(17, [100, 100, 100, 6], { distance: 1.5 }));
    return { net: fitted(data, 4, "cross-entropy", [4], 30), data };
  });
  fault("class-never-predicted", "the second of two questions", () => {
    const { inputs, labels } = classes(18, [100, 100], { distance: 3 });
    const data = dataset(
      inputs,
      labels.map((label, i) => [label, +(i % 40 === 0)]),
    );
    return { net: fitted(data, 2, "binary-cross-entropy", [4], 30), data };
  });
  fault("class-never-predicted", "3 of 200, six of eight units dead, inputs × 1000", () => {
    const data = binary(classes(16, [197, 3], { distance: 0.5, scale: 1000 }));
    const made = net(2, [8], 1, "relu", { loss: "binary-cross-entropy" });
    const parameters = made.getParameters();
    for (let unit = 0; unit < 6; ++unit) parameters[16 + unit] = -1e5;
    parameters.fill(-0.001, 24, 32);
    parameters[32] = -4;
    made.setParameters(parameters);
    return { net: made, data };
  });
  miss("class-never-predicted", "3 of 200, far away", rare(3, 9));
  miss("class-never-predicted", "as drawn", () => ({
    net: net(2, [4], 2, "tanh", { loss: "cross-entropy" }),
    data: softmax(classes(16, [197, 3])),
  }));
  fault("imbalanced-classes", "one in 25, of which a third is found", rare(10, 2));
  miss("imbalanced-classes", "one in 25, far away", rare(10, 9));
  miss("imbalanced-classes", "one in three", rare(66, 1));

  // ---- penalties and rates ----
  const penalised =
    (penalty, optimizer, hidden = [8]) =>
    () => {
      const data = table(19, 160, bend);
      const made = net(3, hidden, 1, "relu", penalty ? { penalty } : {});
      return { net: trained(made, data, optimizer, 60), data, options: { optimizer } };
    };
  fault("penalty-too-strong", "l2 of 3, linear", penalised({ l2: 3 }, adam({ learningRate: 0.02 }), []));
  fault("penalty-too-strong", "l2 of 1", penalised({ l2: 1 }, adam({ learningRate: 0.02 })));
  fault("penalty-too-strong", "l2 of 3, that leaves nothing", penalised({ l2: 3 }, adam({ learningRate: 0.02 })));
  fault("penalty-too-strong", "l1 of 1", penalised({ l1: 1 }, adam({ learningRate: 0.02 })));
  fault("penalty-too-strong", "a weight decay of 0.5", penalised(null, sgd({ learningRate: 0.02, weightDecay: 0.5 })));
  miss("penalty-too-strong", "l2 of 0.003", penalised({ l2: 0.003 }, adam({ learningRate: 0.02 })));
  miss("penalty-too-strong", "a weight decay of 1e-4", penalised(null, sgd({ learningRate: 0.02, weightDecay: 1e-4 })));
  const rate =
    (factor, make, size = 1) =>
    () => {
      const [made, data] = [relu(), table(20, 120, bend, (row) => row.map((x) => size * x))];
      return { net: made, data, options: { optimizer: make(factor * sharpness(made, data).edge) } };
    };
  const plain = (learningRate) => sgd({ learningRate });
  const heavy = (learningRate) => sgd({ learningRate, momentum: 0.9 });
  fault("learning-rate-too-high", "twice 2/λmax", rate(2, plain));
  fault("learning-rate-too-high", "twice 2/λmax, inputs of 0.01", rate(2, plain, 0.01));
  fault("learning-rate-too-high", "four times 2/λmax with momentum", rate(4, heavy));
  fault("learning-rate-too-high", "adam at 10", () => ({
    net: relu(),
    data: table(),
    options: { optimizer: adam({ learningRate: 10 }) },
  }));
  miss("learning-rate-too-high", "nine tenths of 2/λmax", rate(0.9, plain));
  miss("learning-rate-too-high", "1.5 times 2/λmax with momentum, which bears 1.9", rate(1.5, heavy));
  miss("learning-rate-too-high", "adam at 0.03", () => ({
    net: relu(),
    data: table(),
    options: { optimizer: adam({ learningRate: 0.03 }) },
  }));
  fault("learning-rate-too-low", "1e-5 of 2/λmax", rate(1e-5, plain));
  fault("learning-rate-too-low", "adam at 1e-6", () => ({
    net: relu(),
    data: table(),
    options: { optimizer: adam({ learningRate: 1e-6 }) },
  }));
  miss("learning-rate-too-low", "a hundredth of 2/λmax", rate(0.01, plain));
  miss("learning-rate-too-low", "adam at 1e-3", () => ({ net: relu(), data: table(), options: { optimizer: adam() } }));

  // ---- other data ----
  const held =
    (count, hidden, target = noisy, epochs = 30) =>
    () => {
      const all = rows(21, count + 200, 3, target);
      const data = cut(all, 0, count);
      return {
        net: trained(net(3, hidden, 1, "tanh"), data, levenbergMarquardt(), epochs, count),
        data,
        options: { validation: cut(all, count, count + 200) },
      };
    };
  fault("overfitting", "40 noisy rows, 13 units", held(40, [13]));
  fault("overfitting", "labels learned by heart", () => {
    const random = source(22);
    const [made, other] = [classes(22, [30, 30], { distance: 1.2 }), classes(23, [100, 100], { distance: 1.2 })];
    const data = softmax(made);
    random.uniform();
    return { net: fitted(data, 2, "cross-entropy", [24, 24], 400), data, options: { validation: softmax(other) } };
  });
  miss("overfitting", "600 noisy rows, 4 units", held(600, [4], noisy, 12));
  miss(
    "overfitting",
    "80 rows without noise, 4 units",
    held(80, [4], ([a, b]) => [Math.abs(a) + b]),
  );
  miss("worse-than-baseline", "as drawn", () => ({ net: relu(), data: table(24) }));
  fault("worse-than-baseline", "trained on the opposite", () => {
    const optimizer = adam({ learningRate: 0.02 });
    const made = trained(relu(), table(24), optimizer, 40);
    return { net: made, data: table(24, 120, (row) => [-bend(row)[0]]), options: { optimizer } };
  });

  // ---- units ----
  const biased =
    (activation, bias, hidden = 8) =>
    () => {
      const made = net(3, [hidden], 1, activation);
      const parameters = made.getParameters();
      for (let unit = 0; unit < hidden; ++unit) parameters[3 * hidden + unit] = bias(unit);
      made.setParameters(parameters);
      return { net: made, data: table(25) };
    };
  fault(
    "linear-layer",
    "leaky relu, on either side of its kink",
    biased("leaky-relu", (unit) => (unit % 2 ? 40 : -40)),
  );
  fault(
    "linear-layer",
    "six units active, two dead",
    biased("relu", (unit) => (unit < 2 ? -40 : 40)),
  );
  miss(
    "linear-layer",
    "one unit of eight that switches",
    biased("relu", (unit) => (unit === 0 ? 0 : 40)),
  );
  miss(
    "linear-layer",
    "elu, which bends",
    biased("elu", () => -2),
  );
  for (const activation of ["gelu", "silu", "elu", "softplus"]) {
    fault(
      "saturated-units",
      `${activation}, six of eight units at their end`,
      biased(activation, (unit) => (unit < 6 ? -40 : 0)),
    );
    miss(
      "saturated-units",
      `${activation}, one of eight units at its end`,
      biased(activation, (unit) => (unit < 1 ? -40 : 0)),
    );
  }
  const ends = (size) => () => ({ net: scaled(net(3, [8], 1, "tanh"), size, 0, 24), data: table(26) });
  fault("saturated-units", "tanh, 56 % saturated", ends(5.5));
  miss("saturated-units", "tanh, 43 % saturated", ends(3));
  return list;
}
