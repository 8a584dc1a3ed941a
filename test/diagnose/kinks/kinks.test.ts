// Oracle: pre-activations by the loops of test/oracle at many points of the way, whose signs the
// crossings must account for; closed forms.

import { beforeAll, describe, expect, it } from "vitest";
import { searchKinks } from "../../../src/diagnose/kinks/kink-search.js";
import { evaluate, shift, signChanges } from "../../../src/diagnose/kinks/polynomial.js";
import { dataset, init, type Kinks, kinks, type NetworkSpec, network } from "../../../src/index.js";
import { type Case, caseNamed, cases, makeData, makeParameters, makeRunning, Random } from "../../cases.js";
import { activation } from "../../oracle/activations.js";
import { targetRows } from "../../oracle/losses.js";
import { layerTraces } from "../../oracle/network.js";
import { builds, flatStatistics, sameBits, snapshot, toDataset } from "../../support.js";

const relu = (units: number) => ({ units, activation: "relu" as const });

function setUp(item: Case) {
  const { inputs, targets } = makeData(item);
  const running = makeRunning(item);
  const net = network(item.spec);
  net.setParameters(makeParameters(item));
  net.setRunningStatistics(flatStatistics(running));
  const θ = makeParameters(item);
  const direction = new Random(item.seed + 1).normals(θ.length);
  const { spec } = item;
  const kinked = spec.layers.map((layer) => activation(layer.activation).kinked);

  /** Values that have a kink at 0, by name, at θ + t·d. */
  const valuesAt = (t: number, mode: "batch" | "running") => {
    const there = θ.map((x, k) => x + t * direction[k]);
    const traces = layerTraces(spec, there, inputs, { mode, running });
    const values = new Map<string, number>();
    traces.forEach(({ preactivations, outputs }, l) => {
      preactivations.forEach((row, n) => {
        row.forEach((a, i) => {
          if (kinked[l]) values.set(`unit ${l} ${i} ${n}`, a);
          if (spec.loss === "huber" && l === traces.length - 1) {
            const wanted = targetRows("huber", row.length, targets)[n][i];
            values.set(`loss ${l} ${i} ${n}`, Math.abs(outputs[n][i] - wanted) - 1);
          }
        });
      });
    });
    return values;
  };
  return { net, data: toDataset(inputs, targets), direction, valuesAt };
}

/** Says whether the crossings account for the sign of every value at every one of the points. */
function account(found: Kinks, valuesAt: (t: number) => Map<string, number>, points: number[], near: number) {
  const pairs = new Map<string, Kinks["crossings"][number][]>();
  for (const crossing of found.crossings) {
    const name = `${crossing.kind} ${crossing.layer} ${crossing.unit} ${crossing.sample}`;
    pairs.set(name, [...(pairs.get(name) ?? []), crossing]);
  }
  const start = valuesAt(0);
  // Between two crossings of a pair, too, or one could be missing two at a time.
  const middles = [...pairs.values()].flatMap((pair) =>
    pair.slice(1).flatMap(({ step }, i) => (i < 40 ? [(step + pair[i].step) / 2] : [])),
  );
  let compared = 0;
  for (const t of [...points, ...middles.slice(0, 300)]) {
    for (const [name, value] of valuesAt(t)) {
      const pair = pairs.get(name) ?? [];
      if (pair.some(({ step }) => Math.abs(step - t) < near)) continue;
      const before = pair.filter(({ step }) => step < t);
      const side = before.length > 0 ? before[before.length - 1].to : Math.sign(start.get(name) as number);
      if (side !== 0 || Math.abs(value) > 1e-12) expect(Math.sign(value), `${name} at ${t}`).toBe(side);
      ++compared;
    }
  }
  for (const pair of pairs.values()) {
    pair.forEach(({ from, to }, i) => {
      expect(from).not.toBe(to);
      if (i > 0) expect(from).toBe(pair[i - 1].to);
    });
  }
  expect(compared > 0).toBe(start.size > 0);
}

const grid = (length: number, count: number) => Array.from({ length: count }, (_, i) => (length * (i + 0.5)) / count);
const straight = (item: Case) =>
  item.spec.layers.every(
    ({ activation: a = "identity" }) =>
      !["elu", "softplus", "gelu", "silu", "tanh", "sigmoid"].includes(typeof a === "string" ? a : a.type),
  );

describe.each(builds)("kinks, %s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(cases.filter(straight))("are all found, to rounding: $name", (item) => {
    const { net, data, direction, valuesAt } = setUp(item);
    const before = snapshot(net);
    const found = kinks(net, data, { direction, length: 3, batchNorm: "running" });
    expect([found.exact, found.uncertainty, found.length]).toEqual([true, 0, 3]);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    account(found, (t) => valuesAt(t, "running"), grid(3, 150), 1e-9);
    const jumps = item.spec.layers.some(({ activation: a }) => a === "step");
    const steps = found.crossings.map(({ step }) => step);
    expect(steps).toEqual(steps.slice().sort((a, b) => a - b));
    found.crossings.slice(0, 60).forEach(({ step, kind, layer, unit, sample, from, to }) => {
      const values = valuesAt(step, "running");
      const value = values.get(`${kind} ${layer} ${unit} ${sample}`) as number;
      if (!(jumps && layer > 0)) expect(Math.abs(value)).toBeLessThan(1e-12);
      expect([from, to]).not.toContain(undefined);
    });
    expect(found.layers.reduce((sum, n) => sum + n, found.loss)).toBe(found.crossings.length);
    const without = [
      "relu one unit wide",
      "linear mse",
      "linear, one of everything",
      "logistic regression",
      "softmax regression",
    ];
    expect(steps.length > 0).toBe(!without.includes(item.name));
    expect(snapshot(net)).toEqual(before);
  });

  it.each([
    "mixed activations",
    "elu mse",
    "elu alpha 0.5",
    "batch norm relu",
    "batch norm twice",
    "batch norm on the output",
    "batch norm depth 4, penalty on all",
  ])("are searched for where there is no polynomial: %s", (name) => {
    const item = caseNamed(name);
    const { net, data, direction, valuesAt } = setUp(item);
    const found = kinks(net, data, { direction, length: 1 });
    expect(found.exact).toBe(name === "elu mse");
    expect(found.uncertainty).toBeLessThan(1e-9);
    expect(found.crossings.length).toBeGreaterThan(0);
    const seen = Array.from({ length: 65 }, (_, i) => i / 64);
    account(found, (t) => valuesAt(t, "batch"), seen, 1e-7);
  });

  it.each(["relu depth 5", "batch norm twice", "relu huber"])("the search agrees with the exact way: %s", (name) => {
    const { net, data, direction } = setUp(caseNamed(name));
    const exact = kinks(net, data, { direction, length: 0.2, batchNorm: "running" });
    expect(exact.crossings.length).toBeGreaterThan(2);
    const found: Kinks["crossings"][number][] = [];
    const theta = Float64Array.from(net.getParameters());
    const along = Float64Array.from(direction);
    searchKinks(net, data, "running", theta, along, 0.2, (sample) => (step, layer, unit, residual, from, to) => {
      found.push({ step, kind: residual === null ? "unit" : "loss", layer, unit, sample, from, to });
    });
    found.sort((a, b) => a.step - b.step);
    expect(found.map(({ step: _, ...rest }) => rest)).toEqual(exact.crossings.map(({ step: _, ...rest }) => rest));
    found.forEach(({ step }, i) => expect(step).toBeCloseTo(exact.crossings[i].step, 11));
  });

  it("networks without kinks have none", () => {
    for (const name of ["linear mse", "softmax regression", "tanh mse", "batch norm options"]) {
      const { net, data, direction } = setUp(caseNamed(name));
      const found = kinks(net, data, { direction, length: 5 });
      expect([found.crossings, found.startsOnKink, found.uncertainty]).toEqual([[], 0, 0]);
    }
  });

  it("goes down the gradient by default, a hundredth of the parameters' norm", () => {
    const { net, data } = setUp(caseNamed("relu many samples"));
    const found = kinks(net, data);
    const { gradient } = net.gradient(data);
    const given = kinks(net, data, { direction: gradient.map((g) => -g), length: found.length });
    expect(given).toEqual(found);
    const size = Math.sqrt(Array.from(net.getParameters()).reduce((sum, x) => sum + x * x, 0));
    expect((found.length * found.norm) / size).toBeCloseTo(0.01, 12);
  });
});

it("coincidences: small whole numbers make kinks meet, touch and stay", () => {
  let compared = 0;
  for (let trial = 0; trial < 300; trial++) {
    const random = new Random(trial);
    const half = () => random.integer(5) / 2 - 1;
    const layers = Array.from({ length: 1 + random.integer(4) }, () => relu(1 + random.integer(4)));
    const spec = { inputs: 2, layers: [...layers, { units: 1 }], loss: "mse" as const };
    const net = network(spec);
    const θ = Array.from({ length: net.parameterCount }, half);
    const direction = θ.map((_, k) => (k === 0 ? 1 : half()));
    net.setParameters(θ);
    const inputs = [...Array.from({ length: 3 }, () => [half(), half()]), [0, 0]];
    const { crossings } = kinks(net, dataset(inputs, [0, 0, 0, 0]), { direction, length: 3 });
    for (let k = 0; k < 12; k++) {
      const t = (3 * (k + 0.37)) / 12;
      const there = θ.map((x, i) => x + t * direction[i]);
      const traces = layerTraces(spec, there, inputs);
      for (const { step, layer, unit, sample, from, to } of crossings) {
        const pair = crossings.filter((c) => c.layer === layer && c.unit === unit && c.sample === sample);
        const value = traces[layer].preactivations[sample][unit];
        const later = pair.find((c) => c.step > step);
        if (Math.abs(value) < 1e-12 || pair.some((c) => Math.abs(c.step - t) < 1e-9)) continue;
        if (t > step && (!later || t < later.step)) expect(Math.sign(value)).toBe(to);
        else if (t < step && pair[0].step === step) expect(Math.sign(value)).toBe(from);
        else continue;
        ++compared;
      }
    }
  }
  expect(compared).toBeGreaterThan(10_000);
});

describe("kinks in closed form", () => {
  it("where a bias makes the way one along the input: breakpoints at −b/w", () => {
    const [w, b] = [
      [1, -2, 0.5, 3],
      [0.5, 1, -0.2, 4],
    ];
    const a = 1.5;
    const net = network({ inputs: 1, layers: [relu(4), { units: 1 }] });
    net.setParameters([...w, ...b, 1, 1, 1, 1, 0]);
    const direction = [0, 0, 0, 0, ...w, 0, 0, 0, 0, 0];
    const { crossings } = kinks(net, dataset([[-a]], [0]), { direction, length: 2 * a });
    const expected = w
      .map((weight, unit) => ({ unit, step: -b[unit] / weight + a, to: Math.sign(weight) }))
      .filter(({ step }) => step > 0 && step < 2 * a)
      .sort((p, q) => p.step - q.step);
    expect(crossings.map(({ unit }) => unit)).toEqual(expected.map(({ unit }) => unit));
    crossings.forEach(({ step, to }, i) => {
      expect(step).toBeCloseTo(expected[i].step, 14);
      expect(to).toBe(expected[i].to);
    });
  });

  it("a one-hidden-layer network has n·(2/π)·atan(a·σ_w/σ_b) breakpoints on [−a, a] on average", () => {
    const random = new Random(12);
    const n = 50;
    for (const [a, weights, biases] of [
      [1, 1, 1],
      [2, 0.5, 3],
      [0.7, 2, 0.4],
    ]) {
      const expected = (2 / Math.PI) * Math.atan((a * weights) / biases);
      const trials = 200;
      let count = 0;
      for (let trial = 0; trial < trials; trial++) {
        const w = random.normals(n).map((x) => weights * x);
        const b = random.normals(n).map((x) => biases * x);
        const net = network({ inputs: 1, layers: [relu(n), { units: 1 }], initializer: "zeros" });
        net.setParameters([...w, ...b, ...new Array(n + 1).fill(1)]);
        const direction = [...new Array(n).fill(0), ...w, ...new Array(n + 1).fill(0)];
        count += kinks(net, dataset([[-a]], [0]), { direction, length: 2 * a }).crossings.length;
      }
      const error = Math.sqrt((expected * (1 - expected)) / (n * trials));
      expect(Math.abs(count / (n * trials) - expected)).toBeLessThan(3 * error);
    }
  });

  it("a deep pre-activation is a polynomial: w₁ = w₂ = 1 − t at x = 1 against a threshold", () => {
    // a₂ = (1 − t)² − ¼ changes its sign at ½; a₁ = 1 − t at 1, where a₂ stays −¼.
    const net = network({ inputs: 1, layers: [relu(1), relu(1), { units: 1 }] });
    net.setParameters([1, 0, 1, -0.25, 1, 0]);
    const { crossings } = kinks(net, dataset([[1]], [0]), { direction: [-1, 0, -1, 0, 0, 0], length: 3 });
    expect(crossings).toEqual([
      { step: 0.5, kind: "unit", layer: 1, unit: 0, sample: 0, from: 1, to: -1 },
      { step: 1, kind: "unit", layer: 0, unit: 0, sample: 0, from: 1, to: -1 },
    ]);
  });

  it("a unit behind a unit that stops is 0 from then on, and a kink that is only touched is not crossed", () => {
    const net = network({ inputs: 1, layers: [relu(1), relu(1), { units: 1 }] });
    net.setParameters([1, 0, 1, 0, 1, 0]);
    const stop = kinks(net, dataset([[1]], [0]), { direction: [-1, 0, 0, 0, 0, 0], length: 2 });
    expect(stop.crossings).toEqual([
      { step: 1, kind: "unit", layer: 0, unit: 0, sample: 0, from: 1, to: -1 },
      { step: 1, kind: "unit", layer: 1, unit: 0, sample: 0, from: 1, to: 0 },
    ]);
    // a₂ = (1 − t)² by way of identities, which touches 0 at 1.
    const square = network({ inputs: 1, layers: [{ units: 1 }, relu(1), { units: 1 }] });
    square.setParameters([1, 0, 1, 0, 1, 0]);
    for (const length of [2, 3]) {
      const touch = kinks(square, dataset([[1]], [0]), { direction: [-1, 0, -1, 0, 0, 0], length });
      expect(touch.crossings).toEqual([]);
    }
    // (1 − t)² − t/4 goes through 0, and back.
    const line = kinks(square, dataset([[1]], [0]), { direction: [-1, 0, -1, -0.25, 0, 0], length: 4 });
    expect(line.crossings.map(({ from, to }) => [from, to])).toEqual([
      [1, -1],
      [-1, 1],
    ]);
  });

  it("what starts on its kink is counted, not crossed", () => {
    const net = network({ inputs: 1, layers: [relu(2), { units: 1 }] });
    net.setParameters([1, 1, 0, 1, 1, 1, 0]);
    const found = kinks(net, dataset([[0]], [0]), { direction: [0, 0, 1, -1, 0, 0, 0], length: 2 });
    expect(found.startsOnKink).toBe(1);
    expect(found.crossings.map(({ unit, step }) => [unit, step])).toEqual([[1, 1]]);
  });

  it("huber's loss turns where the residual passes 1, inwards and outwards", () => {
    const net = network({ inputs: 1, layers: [{ units: 1 }], loss: "huber" });
    net.setParameters([0, -3]);
    const { crossings, loss, layers } = kinks(net, dataset([[1]], [0]), { direction: [0, 2], length: 4 });
    expect(crossings.map(({ step, kind, from, to }) => [step, kind, from, to])).toEqual([
      [1, "loss", 1, -1],
      [2, "loss", -1, 1],
    ]);
    expect([loss, layers]).toEqual([2, [0]]);
  });

  it("along no gradient there is no way", () => {
    const net = network({ inputs: 1, layers: [relu(1), { units: 1 }] });
    net.setParameters([1, -5, 1, 0]);
    expect(kinks(net, dataset([[1]], [0]))).toMatchObject({ norm: 0, length: 0, crossings: [], exact: true });
  });

  it("single precision is looked at in double", () => {
    const item = caseNamed("relu depth 3");
    const { net, data, direction } = setUp(item);
    const single = network({ ...item.spec, dtype: "f32" });
    single.setParameters(net.getParameters());
    net.setParameters(single.getParameters());
    expect(kinks(single, data, { direction, length: 1 })).toEqual(kinks(net, data, { direction, length: 1 }));
  });
});

describe("polynomials", () => {
  const random = new Random(31);

  it("sign changes are the roots of odd order inside, to the last bits", () => {
    for (let trial = 0; trial < 400; trial++) {
      const degree = 1 + (trial % 7);
      const roots = Array.from({ length: degree }, () => Math.round(random.uniform() * 40 - 12) / 8);
      let c = [1];
      for (const root of roots) c = [...c, 0].map((_, k) => (c[k - 1] ?? 0) - root * (c[k] ?? 0));
      const width = 2.0625;
      const expected = [...new Set(roots)].filter(
        (root) => root > 0 && root < width && roots.filter((other) => other === root).length % 2 === 1,
      );
      const found = signChanges(Float64Array.from(c), 0, c.length, width);
      const simple = new Set(roots).size === roots.length;
      if (simple) {
        expect(found.length).toBe(expected.length);
        expected.sort((a, b) => a - b).forEach((root, i) => expect(found[i]).toBeCloseTo(root, 9));
      }
    }
  });

  it("about another point they have the same values", () => {
    const c = Float64Array.from(random.normals(6));
    const moved = c.slice();
    shift(moved, 0, 6, 0.75);
    for (const s of [0, 0.3, -1.2]) expect(evaluate(moved, 0, 6, s)).toBeCloseTo(evaluate(c, 0, 6, s + 0.75), 12);
    expect(sameBits(signChanges(Float64Array.from([0, 0, 0]), 0, 3, 1), [])).toBe(true);
  });
});

describe("refusals", () => {
  const net = network({ inputs: 1, layers: [relu(1), { units: 1 }] } satisfies NetworkSpec);
  const data = dataset([[1], [2]], [1, 2]);

  it.each<[string, () => unknown, typeof TypeError, string]>([
    ["no network", () => kinks(1 as never, data), TypeError, 'kinks: "net" expected'],
    ["no data", () => kinks(net, 1 as never), TypeError, 'kinks: "data" expected'],
    ["an unknown option", () => kinks(net, data, { lenght: 1 } as never), TypeError, 'did you mean "length"'],
    [
      "no length",
      () => kinks(net, data, { length: 0 }),
      RangeError,
      'kinks: "length" expected a positive finite number',
    ],
    [
      "a short direction",
      () => kinks(net, data, { direction: [1] }),
      RangeError,
      'kinks: "direction" expected 4 numbers',
    ],
    [
      "a direction with NaN",
      () => kinks(net, data, { direction: [1, 0, Number.NaN, 0] }),
      RangeError,
      "finite numbers",
    ],
    [
      "a direction beyond the range",
      () => kinks(net, data, { direction: [1e308, 1e308, 1e308, 1e308] }),
      RangeError,
      "a length whose square is in the range of doubles",
    ],
    ["no direction", () => kinks(net, data, { direction: [0, 0, 0, 0] }), RangeError, "got a vector of zeros"],
    ["directions as text", () => kinks(net, data, { direction: "down" as never }), TypeError, "an array of numbers"],
  ])("%s", (_, call, kind, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(kind);
  });
});
