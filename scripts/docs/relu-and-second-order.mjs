// Computes every number of docs/relu-and-second-order.md, with the strict build, and writes it
// there; --check compares.
import {
  adam,
  conjugateGradients,
  dataset,
  deadUnits,
  fit,
  hessianCost,
  hessianOperator,
  init,
  network,
  sgd,
  symmetric,
  training,
} from "hessia";
import { along, digits, distance, dot, irises, minus, norm, stream } from "./data.mjs";
import { below, count, holds, show, table, updatePage } from "./page.mjs";

await init({ simd: "strict" });

const iris = irises();
const relu = (units) => ({ units, activation: "relu" });
const classifier = (hidden = relu, options = {}) =>
  network({ inputs: 4, layers: [hidden(8), hidden(6), { units: 3 }], loss: "cross-entropy", seed: 1, ...options });
const layers = ["0", "1", "2"];
const pairs = layers.flatMap((a, l) => layers.slice(l).map((b) => [a, b]));
const blockNorm = (H, a, b) => norm(H.block(a, b).data);
const inertia = ({ positive, negative, zero }) => `${positive} positive, ${negative} negative, ${zero} zero`;
const traceOf = (H) => Array.from({ length: H.size }, (_, i) => H.get(i, i)).reduce((sum, x) => sum + x, 0);
const shifted = (H, by) => {
  const { data } = H.toDense();
  for (let i = 0; i < H.size; ++i) data[i * (H.size + 1)] += by;
  return symmetric({ rows: H.size, columns: H.size, data });
};

const values = {
  ...(await isItZero()),
  ...whatTheHessianLeavesOut(),
  ...whichTermsVanish(),
  ...newtonOnANeuron(),
  ...deadLayer(),
  ...zeroGradient(),
  ...stationaryPoints(),
  ...(await hessianFree()),
  ...atTheKink(),
  ...cost(),
};
// Where iterations are chaotic, another order of summation in the core moves single counts.
const loose = ["index", "saddles-tanh", "saddles-relu", "descent-tanh", "descent-relu", "relu-zeros"];
updatePage("relu-and-second-order.md", values, loose);

async function isItZero() {
  const { data } = iris;
  const net = classifier();
  const H = net.hessian(data);
  const G = net.hessian(data, { kind: "ggn" });
  const difference = symmetric({ rows: H.size, columns: H.size, data: minus(H.data, G.data) });
  difference.ranges = H.ranges;
  const sameLayer = H.toDense().data.map((x, k) => {
    const within = ({ from, to }, i) => i >= from && i < to;
    const [i, j] = [Math.floor(k / H.size), k % H.size];
    return H.ranges.some((range) => within(range, i) && within(range, j)) ? x : 0;
  });
  const block = symmetric({ rows: H.size, columns: H.size, data: sameLayer });

  const blocks = pairs.map(([a, b]) => {
    const gap = norm(minus(H.block(a, b).data, G.block(a, b).data));
    const largest = norm(H.block(a, b).data);
    return [
      `${a}, ${b}`,
      show(largest),
      show(blockNorm(G, a, b)),
      a === b ? `${below(gap / largest, 1e-14)} × ‖H‖` : show(gap),
    ];
  });
  const spectrum = (name, matrix) => {
    const eigenvalues = matrix.eigenvalues();
    const { positive, negative, zero } = matrix.inertia();
    const least = negative === 0 ? "0" : show(eigenvalues[0]);
    return [
      name,
      String(positive),
      String(negative),
      String(zero),
      least,
      show(eigenvalues.at(-1)),
      show(traceOf(matrix)),
    ];
  };
  const matrices = [
    spectrum("H", H),
    spectrum("same-layer blocks of H alone", block),
    spectrum("G, the Gauss-Newton matrix", G),
  ];
  const rest = difference.eigenvalues();
  holds(matrices[1][2] === "0" && matrices[2][2] === "0", "neither same-layer blocks nor G have negative eigenvalues");

  const course = [];
  let epoch = 0;
  for (const until of [0, 5, 20, 80]) {
    if (until > epoch) {
      await fit(net, data, {
        optimizer: adam({ learningRate: 0.01 }),
        epochs: until - epoch,
        batchSize: 50,
        seed: epoch,
      });
      epoch = until;
    }
    const [now, ggn] = [net.hessian(data), net.hessian(data, { kind: "ggn" })];
    const eigenvalues = now.eigenvalues();
    const threshold = 1e-6 * eigenvalues.at(-1);
    course.push([
      String(until),
      show(net.loss(data)),
      show(distance(now.data, ggn.data)),
      String(eigenvalues.filter((x) => x < -threshold).length),
      show(eigenvalues[0]),
      show(eigenvalues.at(-1)),
    ]);
  }

  return {
    parameters: String(H.size),
    blocks: table(["layers", "‖H‖", "‖G‖", "‖H − G‖"], blocks),
    spectra: table(["matrix", "positive", "negative", "zero", "smallest", "largest", "trace"], matrices),
    "difference-ends": `${show(rest[0])} to ${show(rest.at(-1))}`,
    course: table(["epochs", "loss", "‖H − G‖ / ‖G‖", "negative eigenvalues", "smallest", "largest"], course),
  };
}

/** How much of the gradient's change along a step comes from the Hessian on the way. */
function whatTheHessianLeavesOut() {
  const { data } = iris;
  const rows = [];
  for (const type of ["relu", "tanh"]) {
    const net = classifier((units) => ({ units, activation: type }));
    const start = net.getParameters();
    const { gradient } = net.gradient(data);
    for (const length of [0.1, 1]) {
      const step = gradient.map((x) => (-length * x) / norm(gradient));
      const nodes = 1000;
      let integral = step.map(() => 0);
      for (let k = 0; k < nodes; ++k) {
        net.setParameters(along(start, (k + 0.5) / nodes, step));
        integral = along(integral, 1 / nodes, net.hvp(data, step));
      }
      net.setParameters(along(start, 1, step));
      const change = minus(net.gradient(data).gradient, gradient);
      const missing = norm(minus(change, integral)) / norm(change);
      net.setParameters(start);
      rows.push([type, show(length, 1), show(norm(change)), type === "relu" ? show(missing, 2) : below(missing, 1e-5)]);
    }
  }
  return {
    jumps: table(["activation", "length of the step", "‖change of the gradient‖", "share not in ∫H·s dt"], rows),
  };
}

/**
 * With one sample, one output and the residual f − y = ½, mse's gradient is ∇f and its Hessian
 * 2·∇f·∇fᵀ + ∇²f.
 */
function whichTermsVanish() {
  const outputCurvature = (type) => {
    const hidden = (units) => ({ units, activation: type });
    const net = network({ inputs: 4, layers: [hidden(8), hidden(6), { units: 1 }], seed: 1 });
    const inputs = iris.inputs.slice(70, 71);
    const [[output]] = [net.predict(inputs).data];
    const data = dataset(inputs, [output - 0.5]);
    const H = net.hessian(data);
    const { gradient } = net.gradient(data);
    const outer = symmetric({
      rows: H.size,
      columns: H.size,
      data: H.data.map((_, k) => 2 * gradient[Math.floor(k / H.size)] * gradient[k % H.size]),
    });
    outer.ranges = H.ranges;
    return pairs.map(([a, b]) => {
      const output = minus(H.block(a, b).data, outer.block(a, b).data);
      return { loss: blockNorm(H, a, b), output: norm(output) };
    });
  };
  const [rectified, smooth] = ["relu", "tanh"].map(outputCurvature);
  const rows = pairs.map(([a, b], k) => [
    `${a}, ${b}`,
    a === b ? `${below(rectified[k].output / rectified[k].loss, 1e-14)} × ‖∇²ℓ‖` : show(rectified[k].output),
    show(rectified[k].loss),
    a === b && a === "2" ? `${below(smooth[k].output / smooth[k].loss, 1e-14)} × ‖∇²ℓ‖` : show(smooth[k].output),
    show(smooth[k].loss),
  ]);
  return { output: table(["layers", "ReLU: ‖∇²f‖", "ReLU: ‖∇²ℓ‖", "tanh: ‖∇²f‖", "tanh: ‖∇²ℓ‖"], rows) };
}

function newtonOnANeuron() {
  const x = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];
  const first = [-0.3, -0.1, 0, 0.2, -0.4, 0.1, 1, 1.3, 1.3];
  const second = [-0.2, -0.4, 0.3, -0.1, -0.4, 0.4, 1, 1.7, 1.3];
  const net = network({ inputs: 1, layers: [relu(1)] });
  const run = (y, start, most = 12) => {
    const data = dataset(
      x.map((value) => [value]),
      y,
    );
    net.setParameters(start);
    const steps = [];
    for (;;) {
      const [w, b] = net.getParameters();
      const { loss, gradient } = net.gradient(data);
      const H = net.hessian(data);
      const solution = H.solve(gradient);
      const active = x.map((value) => (w * value + b > 0 ? "●" : "·")).join("");
      steps.push({ w, b, active, loss, gradient: norm(gradient), inertia: H.inertia(), status: solution.status });
      const seen = steps.slice(0, -1).some((step) => step.active === active && Math.abs(step.loss - loss) < 1e-12);
      if (solution.status !== "converged" || norm(gradient) < 1e-12 || seen || steps.length > most) return steps;
      net.setParameters(minus([w, b], solution.x));
    }
  };
  const history = (steps) =>
    table(
      ["step", "w", "b", "active samples", "loss", "‖gradient‖", "solve"],
      steps.map(({ w, b, active, loss, gradient, status }, k) => [
        String(k),
        show(w),
        show(b),
        `\`${active}\``,
        show(loss),
        gradient === 0 ? "0" : gradient < 1e-12 ? below(gradient, 1e-14) : show(gradient),
        `"${status}"`,
      ]),
    );

  const inside = run(first, [1.4, 0]);
  const wrong = run(first, [-0.5, 0.5]);
  const cycle = run(second, [-2.8, 3]);
  const singular = run(first, [0.8, -1.5]);
  const dead = run(first, [0.2, -1.7]);
  holds(inside.length === 2 && inside[1].gradient < 1e-14, "one step is enough inside the region");
  holds(inside[0].active === inside[1].active, "the first start has the minimum's active set");
  const last = cycle.at(-1);
  const turn = cycle.findIndex(({ active, loss }) => active === last.active && Math.abs(loss - last.loss) < 1e-12);
  holds(turn < cycle.length - 1 && last.gradient > 1e-3, "Newton's method goes round in a circle");

  const positive = x.flatMap((value, i) => (value > 0 ? [i] : []));
  const bottom = [
    positive.reduce((sum, i) => sum + x[i] * second[i], 0) / positive.reduce((sum, i) => sum + x[i] ** 2, 0),
    0,
  ];
  const kinked = dataset(
    x.map((value) => [value]),
    second,
  );
  const lossAt = (point) => {
    net.setParameters(point);
    return net.loss(kinked);
  };
  for (let k = 0; k < 64; ++k) {
    const around = [bottom[0] + 0.01 * Math.cos((k * Math.PI) / 32), 0.01 * Math.sin((k * Math.PI) / 32)];
    holds(lossAt(around) > lossAt(bottom), "the point on the kink is a minimum");
  }
  const gradientsThere = [0, 1].map((atZero) => {
    const same = network({ inputs: 1, layers: [{ units: 1, activation: { type: "relu", atZero } }] });
    same.setParameters(bottom);
    return norm(same.gradient(kinked).gradient);
  });

  const ends = { first: 0, later: 0, dead: 0, singular: 0, cycle: 0 };
  let killed = 0;
  const random = stream(1);
  const trials = 2000;
  for (let k = 0; k < trials; ++k) {
    const y = x.map((value) => Math.max(0, value - 0.25) + 0.5 * random());
    const steps = run(y, [3 * random(), 3 * random()], 60);
    const end = steps.at(-1);
    const alive = end.active.includes("●");
    if (!alive) {
      ends.dead += 1;
      if (steps.length > 1) killed += 1;
    } else if (end.gradient < 1e-12) ends[steps.length <= 2 ? "first" : "later"] += 1;
    else if (end.status === "converged") ends.cycle += 1;
    else ends.singular += 1;
  }
  const percent = (n) => `${show((100 * n) / trials, 2)} %`;
  return {
    "newton-inside": history(inside),
    "newton-wrong": history(wrong),
    "newton-cycle": history(cycle),
    "kink-minimum": `w = ${show(bottom[0])}, b = 0`,
    "kink-minimum-loss": show(lossAt(bottom)),
    "kink-minimum-gradients": gradientsThere.map((size) => show(size)).join(" and "),
    "newton-stuck": history([singular[0], dead[0]]).replace("| 1 |", "| 0 |"),
    "newton-inertia": `${inertia(singular[0].inertia)}; ${inertia(dead[0].inertia)}`,
    "newton-trials": table(
      ["where Newton's method ends", `of ${count(trials)} runs`],
      [
        ["stationary point after one step", percent(ends.first)],
        ["stationary point after several steps", percent(ends.later)],
        ["a cycle between regions", percent(ends.cycle)],
        ["H singular: one active sample, or two alike", percent(ends.singular)],
        [`no active sample (${killed} of these ${ends.dead} began with some)`, percent(ends.dead)],
      ],
    ),
  };
}

function deadLayer() {
  const { data } = iris;
  const rows = [];
  const kill = (net, layer, units) => {
    const parameters = net.getParameters();
    const { layers: shapes } = net.spec;
    let at = 0;
    let inputs = net.spec.inputs;
    shapes.slice(0, layer).forEach(({ units: width }) => {
      at += (inputs + 1) * width;
      inputs = width;
    });
    for (const unit of units) parameters[at + inputs * shapes[layer].units + unit] = -100;
    net.setParameters(parameters);
  };
  const cases = [
    ["none", relu, []],
    ["unit 0 of layer 1", relu, [0]],
    ["all of layer 1", relu, [0, 1, 2, 3, 4, 5]],
    ["all of layer 1, leaky (slope 0.01)", (units) => ({ units, activation: "leaky-relu" }), [0, 1, 2, 3, 4, 5]],
  ];
  let reach = 0;
  for (const [name, hidden, units] of cases) {
    const net = classifier(hidden);
    kill(net, 1, units);
    const H = net.hessian(data);
    const { gradient } = net.gradient(data);
    const isZero = (i) =>
      H.toDense()
        .data.subarray(i * H.size, (i + 1) * H.size)
        .every((x) => x === 0);
    const zeroRows = Array.from({ length: H.size }, (_, i) => i).filter(isZero);
    holds(
      zeroRows.every((i) => gradient[i] === 0),
      "where H has a zero row the gradient is zero",
    );
    const step = shifted(H, 10).solve(gradient).x;
    if (hidden === relu) reach = Math.max(reach, ...zeroRows.map((i) => Math.abs(step[i])));
    rows.push([
      name,
      String(deadUnits(net, data).flat().length),
      String(gradient.filter((x) => x === 0).length),
      String(zeroRows.length),
      inertia(H.inertia()),
      `"${H.solve(gradient).status}"`,
    ]);
  }
  holds(reach === 0, "a damped step leaves dead rows in place");
  return {
    "dead-layer": table(
      ["dead", "`deadUnits`", "zeros in the gradient", "zero rows of H", "inertia of H", "`H.solve`"],
      rows,
    ),
    "damped-step": String(reach),
  };
}

function zeroGradient() {
  const line = dataset([[-2], [-1], [0], [1], [2]], [-2, -1, 0, 1, 2]);
  const xor = dataset(
    [
      [-1, -1],
      [-1, 1],
      [1, -1],
      [1, 1],
    ],
    [-1, 1, 1, -1],
  );
  const zeros = (inputs, activation) =>
    network({ inputs, layers: [{ units: 3, activation }, { units: 1 }], initializer: "zeros" });
  const kinds = [
    ["tanh, y = x", zeros(1, "tanh"), line],
    ["tanh, exclusive or", zeros(2, "tanh"), xor],
    ["ReLU, `atZero` 0, y = x", zeros(1, "relu"), line],
    ["ReLU, `atZero` 1, y = x", zeros(1, { type: "relu", atZero: 1 }), line],
  ];
  const rows = kinds.map(([name, net, data]) => {
    const H = net.hessian(data);
    const { gradient } = net.gradient(data);
    holds(norm(gradient) === 0, "the gradient at zero is exactly zero");
    return [name, "0", inertia(H.inertia()), show(H.eigenvalues()[0]), show(H.eigenvalues().at(-1))];
  });

  const [, net, data] = kinds[0];
  const start = net.getParameters();
  const { values, vectors } = net.hessian(data).eigen();
  const direction = Array.from({ length: start.length }, (_, i) => vectors.data[i * start.length]);
  const losses = [-0.5, -0.1, -0.01, 0.01, 0.1, 0.5].map((t) => {
    net.setParameters(along(start, t, direction));
    const change = net.loss(data) - 2;
    return [show(t, 1), show(change), show((t * t * values[0]) / 2)];
  });

  const steps = (from) => {
    net.setParameters(from);
    const run = training(net, data, { optimizer: sgd({ learningRate: 0.05 }), epochs: 500, seed: 1 });
    for (const _ of run);
    return net.loss(data);
  };
  const stayed = steps(start);
  holds(stayed === 2, "gradient descent stays where the gradient is zero");
  const escaped = steps(along(start, 0.01, direction));

  const hidden = network({ inputs: 1, layers: [relu(3), { units: 1 }], initializer: "zeros" });
  const away = hidden.getParameters();
  away[0] = 0.1;
  away[6] = 0.1;
  hidden.setParameters(away);
  const real = hidden.loss(line) - 2;

  return {
    "zero-gradient": table(["network, data", "‖gradient‖", "inertia of H", "smallest", "largest"], rows),
    escape: table(["t", "change of the loss", "½·λ·t²"], losses),
    "sgd-stays": show(stayed),
    "sgd-escapes": show(escaped),
    "relu-escape": show(real),
  };
}

/**
 * Stationary points by Levenberg-Marquardt on ‖∇L‖², and ends of a descent on L along −(|H| +
 * μI)⁻¹∇L, from the same starts.
 */
function stationaryPoints() {
  const MOST_INDEX = 4;
  const random = stream(7);
  const inputs = Array.from({ length: 12 }, () => [2 * random(), 2 * random()]);
  const data = dataset(
    inputs,
    inputs.map(() => random()),
  );
  const starts = 500;
  const solve = (net, descend) => {
    let point = net.getParameters();
    let { loss, gradient } = net.gradient(data);
    let eigen = net.hessian(data).eigen();
    let damping = 0.01;
    const size = point.length;
    for (let k = 0; k < 400 && norm(gradient) > 1e-10 && damping < 1e10; ++k) {
      const step = new Float64Array(size);
      for (let i = 0; i < size; ++i) {
        let slope = 0;
        for (let r = 0; r < size; ++r) slope += eigen.vectors.data[r * size + i] * gradient[r];
        const value = eigen.values[i];
        const share = descend ? slope / (Math.abs(value) + damping) : (slope * value) / (value * value + damping);
        for (let r = 0; r < size; ++r) step[r] -= share * eigen.vectors.data[r * size + i];
      }
      const next = along(point, 1, step);
      net.setParameters(next);
      const there = net.gradient(data);
      const better = descend ? there.loss < loss : norm(there.gradient) < norm(gradient);
      if (better) {
        point = next;
        ({ loss, gradient } = there);
        eigen = net.hessian(data).eigen();
        damping = Math.max(damping / 4, 1e-18);
      } else {
        damping *= 4;
      }
    }
    net.setParameters(point);
    return { loss, eigen, stationary: norm(gradient) <= (descend ? 1e-7 : 1e-10) };
  };

  const rows = [];
  const found = {};
  let leastZeros = Infinity;
  for (const [way, descend] of [
    ["‖∇L‖² made small", false],
    ["L made small", true],
  ]) {
    for (const type of ["tanh", "relu"]) {
      const groups = new Map();
      let others = 0;
      for (let seed = 0; seed < starts; ++seed) {
        const initializer = ({ normal }) => normal();
        const net = network({ inputs: 2, layers: [{ units: 4, activation: type }, { units: 1 }], seed, initializer });
        const { loss, eigen, stationary } = solve(net, descend);
        if (!stationary) {
          others += 1;
          continue;
        }
        const tolerance = 1e-6 * eigen.values.at(-1);
        const index = Math.min(MOST_INDEX, eigen.values.filter((x) => x < -tolerance).length);
        const zeros = eigen.values.filter((x) => Math.abs(x) <= tolerance).length;
        if (type === "relu") leastZeros = Math.min(leastZeros, zeros);
        const group = groups.get(index) ?? { count: 0, losses: [] };
        group.count += 1;
        group.losses.push(loss);
        groups.set(index, group);
      }
      const total = [...groups.values()].reduce((sum, group) => sum + group.count, 0);
      const saddles = total - (groups.get(0)?.count ?? 0);
      found[`${type} ${descend}`] = { total, saddles };
      for (const [index, { count, losses }] of [...groups].sort(([a], [b]) => a - b)) {
        const median = losses.sort((a, b) => a - b)[count >> 1];
        const name = index === MOST_INDEX ? `${index} or more` : String(index);
        rows.push([way, type, name, String(count), median < 1e-12 ? "0 to rounding" : show(median, 2)]);
      }
      rows.push([way, type, "not stationary", String(others), ""]);
    }
  }
  for (const type of ["tanh", "relu"]) {
    const [first, descent] = [found[`${type} false`], found[`${type} true`]];
    holds(first.saddles > 0.8 * first.total, "most stationary points near random starts are saddles");
    holds(descent.saddles < 0.05 * descent.total, "descent does not end at saddles");
  }
  const share = ({ total, saddles }) => `${saddles} of ${total}`;
  const variance = (() => {
    const mean = data.targets.reduce((sum, y) => sum + y, 0) / data.size;
    return data.targets.reduce((sum, y) => sum + (y - mean) ** 2, 0) / data.size;
  })();
  return {
    starts: String(starts),
    index: table(["search", "activation", "index", "points", "median loss"], rows),
    "saddles-tanh": share(found["tanh false"]),
    "saddles-relu": share(found["relu false"]),
    "descent-tanh": share(found["tanh true"]),
    "descent-relu": share(found["relu true"]),
    "constant-loss": show(variance),
    "relu-zeros": String(leastZeros),
  };
}

async function hessianFree() {
  const { data } = iris;
  const rows = [];
  for (const dtype of ["f64", "f32"]) {
    const net = classifier(relu, { dtype });
    await fit(net, data, { optimizer: adam({ learningRate: 0.01 }), epochs: 5, batchSize: 50, seed: 0 });
    const random = stream(3);
    const v = Array.from({ length: net.parameterCount }, random);
    const bound = dtype === "f64" ? 1e-14 : 1e-5;
    const H = net.hessian(data);
    const G = net.hessian(data, { kind: "ggn" });
    const exact = H.multiply(v);
    const start = net.getParameters();
    const differences = [-2, -3, -4, -5, -6, -7, -8, -9].map((power) => {
      const h = 10 ** power;
      const at = (t) => {
        net.setParameters(along(start, t, v));
        return net.gradient(data).gradient;
      };
      const quotient = minus(Float64Array.from(at(h)), at(-h)).map((x) => x / (2 * h));
      return distance(quotient, Float64Array.from(exact));
    });
    net.setParameters(start);
    rows.push([
      dtype,
      below(distance(net.hvp(data, v), exact), bound),
      below(distance(net.ggnvp(data, v), G.multiply(v)), bound),
      `1e${Math.ceil(Math.log10(Math.min(...differences)))}`.replace("-", "−"),
      show(distance(G.multiply(v), exact)),
    ]);
  }

  const net = classifier();
  await fit(net, data, { optimizer: adam({ learningRate: 0.01 }), epochs: 5, batchSize: 50, seed: 0 });
  const { gradient } = net.gradient(data);
  const b = gradient.map((x) => -x);
  const damping = 1e-3;
  const op = hessianOperator(net, data, { kind: "ggn" });
  const damped = { size: op.size, matvec: (v) => along(op.matvec(v), damping, v) };
  const G = shifted(net.hessian(data, { kind: "ggn" }), damping);
  const model = (x) => dot(x, G.multiply(x)) / 2 - dot(b, x);
  const best = G.cholesky().solve(b);
  const solves = [1, 3, 10, 30, 100].map((maxSteps) => {
    const { x, steps } = conjugateGradients(damped, b, { maxSteps, tolerance: 0 });
    return [
      String(steps),
      show(distance(G.multiply(x), b), 2),
      show(distance(x, best), 2),
      `${show((100 * model(x)) / model(best))} %`,
    ];
  });
  const H = net.hessian(data);
  const newton = conjugateGradients(hessianOperator(net, data), b, { tolerance: 1e-8 });
  holds(newton.status === "not-positive-definite", "conjugate gradients meet negative curvature in H");

  return {
    products: table(
      ["type", "`hvp` against H·v", "`ggnvp` against G·v", "best central difference", "G·v against H·v"],
      rows,
    ),
    solves: table(["products", "residual ‖(G + λI)x − b‖ / ‖b‖", "‖x − x*‖ / ‖x*‖", "of the model's decrease"], solves),
    "cg-negative": `${newton.steps + 1}`,
    "cg-eigenvalue": show(H.eigenvalues()[0]),
  };
}

function atTheKink() {
  const target = dataset([[0]], [1]);
  const settings = [0, 0.5, 1];
  // h = b, an identity unit; then the functions of h, built from relu(h) and relu(−h), each of
  // which is h itself.
  const once = (atZero) => {
    const net = network({
      inputs: 1,
      layers: [{ units: 1 }, { units: 2, activation: { type: "relu", atZero } }, { units: 1 }],
    });
    net.setParameters([1, 0, 1, -1, 0, 0, 1, -1, 0]);
    return net;
  };
  const twice = (atZero) => {
    const unit = { units: 2, activation: { type: "relu", atZero } };
    const net = network({ inputs: 1, layers: [{ units: 1 }, unit, unit, { units: 1 }] });
    net.setParameters([1, 0, 1, -1, 0, 0, 1, 0, 0, 1, 0, 0, 1, -1, 0]);
    return net;
  };
  // The loss is (f − 1)² and f = 0, so that its derivative is −2·f′.
  const slope = (net) => net.gradient(target).gradient[1] / -2;
  const curvature = (net) => net.hessian(target).get(1, 1);
  const rows = settings.map((atZero) => [
    String(atZero),
    show(slope(once(atZero))),
    show(slope(twice(atZero))),
    show(curvature(once(atZero))),
  ]);

  const { inputs, labels } = digits();
  const counts = [];
  for (const widths of [
    [64, 32],
    [8, 4, 4, 4],
  ]) {
    for (const dtype of ["f64", "f32"]) {
      const zeros = widths.map(() => 0);
      const nets = 10;
      for (let seed = 0; seed < nets; ++seed) {
        const whole = network({
          inputs: 64,
          layers: [...widths.map(relu), { units: 10 }],
          loss: "cross-entropy",
          dtype,
          seed,
        });
        const parameters = whole.getParameters();
        widths.forEach((units, l) => {
          const part = network({ inputs: 64, layers: [...widths.slice(0, l).map(relu), { units }], dtype });
          part.setParameters(parameters.subarray(0, part.parameterCount));
          const found = part.predict(inputs).data.filter((a) => a === 0).length;
          holds(
            found === units * (l > 0 ? samplesOff(widths.slice(0, l), parameters, dtype, inputs) : 0),
            "no sum cancels",
          );
          zeros[l] += found;
        });
      }
      const numbers = widths.map((units) => nets * units * inputs.length);
      counts.push([
        `64-${widths.join("-")}-10`,
        dtype,
        ...[0, 1, 2, 3].map((l) => (l < widths.length ? `${count(zeros[l])} of ${count(numbers[l])}` : "")),
      ]);
    }
  }

  const changes = [];
  const compare = (name, rows, initializer) => {
    const data = dataset(rows, labels.slice(0, rows.length));
    const [none, one] = [0, 1].map((atZero) => {
      const hidden = { units: 16, activation: { type: "relu", atZero } };
      return network({ inputs: 64, layers: [hidden, { units: 10 }], loss: "cross-entropy", initializer, seed: 1 });
    });
    const gradient = distance(one.gradient(data).gradient, none.gradient(data).gradient);
    const curvature = distance(one.hessian(data).data, none.hessian(data).data);
    changes.push([name, show(gradient), show(curvature)]);
  };
  const some = inputs.slice(0, 200);
  compare("200 digits", some, "he-normal");
  compare(
    "every tenth of them blank",
    some.map((row, i) => (i % 10 === 0 ? row.map(() => 0) : row)),
    "he-normal",
  );
  compare("200 digits, all weights 0", some, "zeros");
  return {
    "kink-slopes": table(
      ["`atZero`", "slope of relu(h) − relu(−h)", "slope of relu(relu(h)) − relu(relu(−h))", "∂²ℓ/∂h² of the first"],
      rows,
    ),
    "kink-counts": table(["network", "type", "layer 0", "layer 1", "layer 2", "layer 3"], counts),
    "kink-changes": table(["data and weights", "change of the gradient", "change of the Hessian"], changes),
  };
}

/** How many samples leave a whole layer off. */
function samplesOff(widths, parameters, dtype, inputs) {
  const part = network({ inputs: 64, layers: widths.map(relu), dtype });
  part.setParameters(parameters.subarray(0, part.parameterCount));
  const { rows, columns, data } = part.predict(inputs);
  return Array.from({ length: rows }, (_, s) => data.subarray(s * columns, (s + 1) * columns)).filter((row) =>
    row.every((h) => h === 0),
  ).length;
}

function cost() {
  const bytes = (n) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let k = 0;
    for (; n >= 1024 && k < units.length - 1; ++k) n /= 1024;
    return `${k === 0 ? n : show(n)} ${units[k]}`;
  };
  const samples = 1000;
  const rows = [115, 1_000, 5_898, 10_000, 100_000, 1_000_000].map((P) => {
    const single = hessianCost(P, samples, { dtype: "f32" });
    const double = hessianCost(P, samples);
    return [
      count(P),
      bytes(double.bytes),
      bytes(single.bytes),
      show(double.flops),
      bytes(double.product.bytes),
      show(double.product.flops),
      count(Math.round(double.flops / double.product.flops)),
    ];
  });
  return {
    cost: table(
      [
        "P",
        "H in f64",
        "H in f32",
        "flops of H",
        "product: memory",
        "flops of a product",
        "products for the price of H",
      ],
      rows,
    ),
  };
}
