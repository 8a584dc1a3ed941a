// Oracle: signs made by hand, of a network with which nothing is wrong but what a case says, on
// both sides of each threshold.

import { describe, expect, it } from "vitest";
import { counted, figure, percent, type Signs } from "../../src/diagnose/advice/table.js";
import { adviceOn } from "../../src/diagnose/advice.js";

type Loose = Record<string, unknown>;

const unit = { saturated: 0 as number | null, preActivation: { maximum: 1 } };
const layerOf = (count: number, rest: Loose = {}) => ({
  layer: 0,
  type: "tanh",
  units: new Array(count).fill(unit),
  saturated: 0,
  dead: [],
  alwaysActive: [],
  neverActive: [],
  ...rest,
});
const flowLayer = {
  gradientNorm: 1,
  parameterNorm: 1,
  parameters: 100,
  layer: 0,
  singlePrecision: { zero: 0, subnormal: 0 },
};
const output = { output: 0, error: 0.5, score: 0.5, mean: 0, deviation: 1, outputMean: 0, outputDeviation: 1 };
const values = {
  kind: "values",
  score: 0.5,
  baselineScore: 0,
  loss: 0.5,
  baselineLoss: 1,
  floor: 0,
  skill: 0.5,
  outputs: [output],
  classes: [],
};
const classes = { ...values, kind: "classes", score: 0.7, baselineScore: 0.5, outputs: [] };
const judgedOf = (report: Loose = {}, rest: Loose = {}) => ({
  report: { ...values, ...report },
  errors: new Float64Array(10).fill(0.5),
  odds: null,
  ...rest,
});
const target = {
  output: 0,
  farthest: 0.1,
  farthestSamples: [3, 5],
  skewness: 0,
  logSkewness: 0,
  unreachable: 0,
  unbounded: true,
};
const drawn = { untouched: false, trained: false, outputs: 1, asDrawn: 1, targets: 1 };
const trainedNet = { drawn: { ...drawn, trained: true } };
const critical = (kind: string, rest: Loose = {}) => ({
  kind,
  reason: "why",
  index: 2,
  smallest: -1,
  gradientNorm: 0,
  zeroModes: { count: 1, explained: 0 },
  ...rest,
});

/** All signs of a network that is well, but for these. */
function signs(over: Loose = {}): Signs {
  const { statistics = {}, flow = {}, inputs = {}, ...rest } = over as Record<string, Loose>;
  return {
    statistics: { samples: 100, saturation: 0.01, blocked: [], layers: [layerOf(8), layerOf(1)], ...statistics },
    flow: {
      loss: 0.5,
      objectiveNorm: 1,
      nonFinite: 0,
      dtype: "f64",
      growth: { verdict: "steady" },
      layers: [flowLayer, flowLayer],
      ...flow,
    },
    inputs: { largest: 1, column: 0, constant: [], shifted: [], tiny: [], ...inputs },
    growth: { rate: 1, total: 1 },
    duplicates: [[], []],
    point: null,
    offence: null,
    judged: judgedOf(),
    judgedAsUsed: judgedOf(),
    validation: null,
    fits: false,
    targets: [target],
    conflicts: { samples: 0, pair: [], floor: 0 },
    rates: null,
    penalty: null,
    drawn,
    batchNorm: [false, false],
    affine: false,
    ...rest,
  } as unknown as Signs;
}

const advice = (over: Loose) => adviceOn(signs(over));
const codes = (over: Loose) => advice(over).map(({ code }) => code);
const one = (over: Loose) => {
  const all = advice(over);
  expect(all).toHaveLength(1);
  return all[0];
};

/** `at` makes signs of a number: the code is advised at the first and not at the second. */
function between(code: string, at: (x: number) => Loose, [yes, no]: readonly [number, number]): void {
  expect(codes(at(yes)), `${code} at ${yes}`).toContain(code);
  expect(codes(at(no)), `${code} at ${no}`).not.toContain(code);
}

it("signs of a network that is well ask for nothing", () => {
  expect(codes({})).toEqual([]);
});

describe("units", () => {
  const withLayer = (layer: Loose, rest: Loose = {}) => ({ statistics: { layers: [layer, layerOf(1)] }, ...rest });
  const some = (count: number) => Array.from({ length: count }, (_, i) => i);

  it("dead units are a third of a layer, two at least, and not all", () => {
    const dead = (count: number, of: number, rest = {}) => withLayer(layerOf(of, { dead: some(count) }), rest);
    between("dead-units", (k) => dead(k, 12), [4, 3]);
    between("dead-units", (k) => dead(k, 3), [2, 1]);
    between("dead-units", (k) => dead(k, 8), [7, 8]);
    expect(codes(dead(4, 12, { fits: true }))).toEqual([]);
    const found = one(dead(4, 12));
    expect(found).toMatchObject({ layer: 0, units: [0, 1, 2, 3], evidence: { layer: 0, units: 12 } });
    expect(found.message).toContain("4 of the 12 units of layer 1 give 0");
  });

  it("those above a dead layer see a constant", () => {
    const blocked = { cause: "dead", layer: 0, frozen: [0], learning: [1], message: "layer 1 is dead" };
    const above = (layer: number, cause = "dead") =>
      codes({
        statistics: { layers: [layerOf(8), layerOf(8, { layer, dead: some(4) })], blocked: [{ ...blocked, cause }] },
      });
    expect(above(1)).toEqual(["dead-layer"]);
    expect(above(0)).toEqual(["dead-layer", "dead-units"]);
    expect(above(1, "step")).toEqual(["step-activation", "dead-units"]);
    const found = one({ statistics: { layers: [layerOf(8)], blocked: [blocked] } });
    expect(found).toMatchObject({ layer: 0, message: "layer 1 is dead", evidence: { frozen: [0], learning: [1] } });
    const step = one({ statistics: { layers: [layerOf(8)], blocked: [{ ...blocked, cause: "step" }] } });
    expect(step).toMatchObject({ code: "step-activation", layer: 0, evidence: { frozen: [0], learning: [1] } });
  });

  it("half of the activations of tanh and sigmoid are saturated", () => {
    for (const type of ["tanh", "sigmoid"]) {
      const of = (saturated: number | null, rest = {}) => withLayer(layerOf(8, { type, saturated }), rest);
      between("saturated-units", of, [0.5, 0.499]);
      expect(codes(of(null))).toEqual([]);
      expect(codes(of(1, { fits: true }))).toEqual([]);
      expect(one(of(0.62))).toMatchObject({ layer: 0, evidence: { layer: 0, saturated: 0.62 } });
      expect(one(of(0.62)).message).toBe(
        `62 % of the ${type} activations of layer 1 are saturated (a slope of at most 1 % of the largest)`,
      );
    }
  });

  it("of the others a third of the units never leave their end, which is left of the dip", () => {
    const stuck = (count: number, of: number, { saturated = 1, maximum = -2, type = "gelu" } = {}) => {
      const units = Array.from({ length: of }, (_, i) =>
        i < count ? { saturated, preActivation: { maximum } } : unit,
      );
      return withLayer(layerOf(of, { type, units, saturated: 0.9 }));
    };
    between("saturated-units", (k) => stuck(k, 12), [4, 3]);
    between("saturated-units", (k) => stuck(k, 4), [2, 1]);
    between("saturated-units", (k) => stuck(k, 1), [1, 0]);
    between("saturated-units", (maximum) => stuck(4, 12, { maximum }), [-1.51, -1.49]);
    between("saturated-units", (saturated) => stuck(4, 12, { saturated }), [1, 0.99]);
    expect(codes(stuck(12, 12, { type: "step" }))).toEqual([]);
    const found = one(stuck(4, 12));
    expect(found).toMatchObject({ layer: 0, units: [0, 1, 2, 3], evidence: { stuck: [0, 1, 2, 3], saturated: 0.9 } });
    expect(found.message).toContain("4 of the 12 gelu units of layer 1");
  });

  it("units that begin alike are named from 1", () => {
    const found = one({
      duplicates: [
        [],
        [
          [0, 2],
          [3, 4, 5],
        ],
      ],
    });
    expect(found).toMatchObject({ layer: 1, units: [0, 2, 3, 4, 5], evidence: { layer: 1, groups: 2 } });
    expect(found.message).toContain("layer 2 has units with the same incoming parameters: 1 = 3; 4 = 5 = 6");
  });

  it("a layer is linear where none of four units or more ever switches", () => {
    const straight = (always: number, never: number, dead: number, of: number, type = "relu", rest = {}) =>
      withLayer(
        layerOf(of, {
          type,
          alwaysActive: some(always),
          neverActive: some(never),
          dead: some(dead),
        }),
        rest,
      );
    between("linear-layer", (k) => straight(k, 0, 0, k), [4, 3]);
    between("linear-layer", (k) => straight(k, 0, 0, 8), [8, 7]);
    between("linear-layer", (k) => straight(4, k, k, 6), [2, 1]);
    expect(codes(straight(3, 5, 5, 8))).not.toContain("linear-layer");
    expect(codes(straight(2, 6, 0, 8, "leaky-relu"))).toEqual(["linear-layer"]);
    for (const type of ["elu", "step"]) expect(codes(straight(8, 0, 0, 8, type))).toEqual([]);
    expect(codes(straight(8, 0, 0, 8, "relu", { fits: true }))).toEqual([]);
    expect(one(straight(8, 0, 0, 8)).message).toContain("all 8 units of layer 1 are active for all samples");
    expect(one(straight(7, 1, 1, 8)).message).toContain("none of the 8 units of layer 1 ever switches (1 being dead)");
    expect(one(straight(6, 2, 0, 8)).message).toContain("none of the 8 units of layer 1 ever switches:");
    // Of the last layer it is no fault, and inputs that are far off explain it.
    expect(codes({ statistics: { layers: [layerOf(8, { alwaysActive: some(8), type: "relu" })] } })).toEqual([]);
    expect(codes(straight(8, 0, 0, 8, "relu", { inputs: { largest: 21 } }))).toEqual(["unscaled-inputs"]);
  });
});

describe("inputs", () => {
  it("the largest is between a thousandth and twenty", () => {
    const largest = (x: number, rest = {}) => ({ inputs: { largest: x, column: 2 }, ...rest });
    between("unscaled-inputs", largest, [20.1, 20]);
    between("unscaled-inputs", largest, [0.99e-3, 1e-3]);
    between("unscaled-inputs", largest, [100, 0]);
    for (const rest of [{ fits: true }, { batchNorm: [true, false] }, { point: critical("minimum") }]) {
      expect(codes(largest(100, rest))).toEqual([]);
    }
    expect(codes(largest(100, { point: critical("not-critical") }))).toEqual(["unscaled-inputs"]);
    expect(one(largest(30))).toMatchObject({ layer: null, units: [], evidence: { column: 2, rootMeanSquare: 30 } });
    expect(one(largest(30)).message).toContain("input 3 has a root mean square of 30.0");
  });

  it.each([
    ["shifted", "shifted-inputs", "far from 0 beside", true],
    ["tiny", "tiny-inputs", "next to nothing", false],
    ["constant", "constant-inputs", "the same for every sample", false],
  ])("%s ones", (name, code, words, normed) => {
    const of = (columns: number[], rest = {}) => ({ inputs: { [name]: columns }, ...rest });
    const found = one(of([1]));
    expect(found).toMatchObject({ code, evidence: { columns: [1] } });
    expect(found.message).toContain(`input 2 is ${words}`);
    expect(one(of([0, 2])).message).toContain(`inputs 1, 3 are ${words}`);
    for (const rest of [{ fits: true }, { point: critical("minimum") }]) expect(codes(of([1], rest))).toEqual([]);
    expect(codes(of([1], { batchNorm: [true] }))).toEqual(normed ? [] : [code]);
    expect(codes(of([1], { point: critical("not-critical") }))).toEqual([code]);
  });

  it("at a minimum that beats no constant, unless the network is affine", () => {
    const minimum = (skill: number, rest = {}) => ({
      inputs: { largest: 100 },
      point: critical("minimum"),
      judged: judgedOf({ skill }),
      ...rest,
    });
    between("unscaled-inputs", minimum, [0.1, 0.11]);
    expect(codes(minimum(0, { affine: true }))).toEqual([]);
  });

  it("what the largest explains is left out", () => {
    expect(codes({ inputs: { largest: 21, shifted: [0], tiny: [1] } })).toEqual(["unscaled-inputs"]);
    expect(codes({ inputs: { shifted: [0] } })[0]).toBe("shifted-inputs");
  });
});

describe("targets", () => {
  const outputs = (rest: Loose, over: Loose = {}) => ({
    judged: judgedOf({ outputs: [{ ...output, ...rest }], ...over }),
  });

  it("far off: five deviations, most of the error, farther from 0 than the outputs", () => {
    const far = (mean: number, rest = {}) => outputs({ mean, error: mean ** 2, ...rest });
    between("targets-far-off", far, [5.01, 4.99]);
    between("targets-far-off", far, [-5.01, -4.99]);
    between("targets-far-off", (deviation) => far(10, { deviation }), [1.99, 2]);
    between("targets-far-off", (error) => far(10, { error }), [199, 201]);
    between("targets-far-off", (outputMean) => far(10, { outputMean, error: 1 }), [-9.9, -10.1]);
    expect(codes(far(10, { score: null }))).toEqual([]);
    expect(one(far(10)).evidence).toEqual({ output: 0, mean: 10, deviation: 1, outputMean: 0 });
    expect(one(far(10)).message).toContain(
      "targets of output 1 have mean 10 and deviation 1, and the outputs have mean 0",
    );
  });

  it("far off: twenty deviations from 0, where the way there has cost the hidden units", () => {
    const harmed = { layers: [layerOf(4, { saturated: 0.6 })] };
    const shifted = (mean: number, rest = {}) => ({
      ...outputs({ mean, outputMean: mean }),
      targets: [target],
      statistics: harmed,
      ...rest,
    });
    const far = (signs: Loose) => codes(signs).filter((code) => code === "targets-far-off").length;
    for (const [mean, count] of [
      [20.1, 1],
      [20, 0],
      [-20.1, 1],
      [-20, 0],
    ] as const) {
      expect([mean, far(shifted(mean))]).toEqual([mean, count]);
    }
    expect(far(shifted(100, { fits: true }))).toBe(0);
    expect(far(shifted(100, { point: critical("minimum") }))).toBe(0);
    expect(far(shifted(100, { targets: [{ ...target, unbounded: false }] }))).toBe(0);
    expect(far(shifted(100, { statistics: {} }))).toBe(0);
    expect(far(shifted(100, { drawn: { ...drawn, untouched: true } }))).toBe(0);
  });

  it("of another size: a thousand times the outputs', which fit hardly better than a constant", () => {
    const sized = (deviation: number, rest = {}) => outputs({ deviation, score: 0, ...rest });
    between("targets-of-another-size", sized, [1001, 1000]);
    between("targets-of-another-size", sized, [0.999e-3, 1e-3]);
    between("targets-of-another-size", (score) => sized(2000, { score }), [0.1, 0.11]);
    expect(codes(sized(2000, { score: null }))).toEqual([]);
    expect(codes(sized(2000, { outputDeviation: 0 }))).toEqual([]);
    expect(one(sized(2000)).evidence).toEqual({ output: 0, deviation: 2000, outputDeviation: 1 });
    expect(one(sized(2000)).message).toContain("targets of output 1 have deviation 2000");
  });

  const facts = (rest: Loose, over: Loose = {}) => ({ targets: [{ ...target, ...rest }], ...over });
  const few = { statistics: { samples: 29 } };
  const enough = { statistics: { samples: 30 } };

  it("a twentieth cannot be reached", () => {
    between("unreachable-targets", (unreachable) => facts({ unreachable }), [0.05, 0.049]);
    expect(codes(facts({ unreachable: 1 }, { fits: true }))).toEqual([]);
    expect(one(facts({ unreachable: 0.5 }))).toMatchObject({ evidence: { output: 0, unreachable: 0.5 } });
    expect(one(facts({ unreachable: 0.5 })).message).toContain("50 % of the targets of output 1");
  });

  it("half of the spread is of a hundredth of the samples", () => {
    between("outlying-targets", (farthest) => facts({ farthest }), [0.5, 0.49]);
    expect(codes(facts({ farthest: null }))).toEqual([]);
    expect(codes(facts({ farthest: 1 }, { fits: true }))).toEqual([]);
    expect(codes(facts({ farthest: 1 }, few))).toEqual([]);
    expect(codes(facts({ farthest: 1 }, enough))).toEqual(["outlying-targets"]);
    const found = one(facts({ farthest: 0.75, skewness: 9 }));
    expect(found.evidence).toEqual({ output: 0, share: 0.75, samples: [3, 5] });
    expect(found.message).toContain("75 % of the spread of output 1's targets is that of 2 of the 100 samples");
  });

  it("skewed, and their logarithms are not", () => {
    between("skewed-targets", (skewness) => facts({ skewness }), [3, 2.99]);
    between("skewed-targets", (skewness) => facts({ skewness }), [-3, -2.99]);
    between("skewed-targets", (logSkewness) => facts({ skewness: 4, logSkewness }), [1, 1.01]);
    between("skewed-targets", (logSkewness) => facts({ skewness: 4, logSkewness }), [-1, -1.01]);
    for (const rest of [{ logSkewness: null }, { skewness: null }]) {
      expect(codes(facts({ skewness: 4, ...rest }))).toEqual([]);
    }
    expect(codes(facts({ skewness: 4 }, { fits: true }))).toEqual([]);
    expect(codes(facts({ skewness: 4 }, few))).toEqual([]);
    expect(codes(facts({ skewness: 4 }, enough))).toEqual(["skewed-targets"]);
    expect(one(facts({ skewness: 4, logSkewness: 0.5 })).evidence).toEqual({
      output: 0,
      skewness: 4,
      logSkewness: 0.5,
    });
    expect(one(facts({ skewness: 4 })).message).toContain("targets of output 1 have skewness 4");
  });

  it("rows that contradict each other leave a twentieth of the variance", () => {
    const of = (floor: number, rest = {}) => ({ conflicts: { samples: 12, pair: [3, 8], floor }, ...rest });
    between("conflicting-rows", of, [0.05, 0.049]);
    expect(codes(of(1, { fits: true }))).toEqual([]);
    expect(one(of(0.3)).evidence).toEqual({ samples: 12, pair: [3, 8], floor: 0.3 });
    expect(one(of(0.3)).message).toContain("as samples 3 and 8 have: at least 30 %");
  });
});

describe("classes", () => {
  const odds = (high: number, wrong: number, { value = 1.39, of = 100 } = {}) => ({
    odds: Float64Array.from({ length: of }, (_, i) => (i < high ? value + i : 0)),
    errors: Float64Array.from({ length: of }, (_, i) => (i < wrong ? 1 : 0)),
  });
  const skilled = { ...classes, score: 0.9, skill: 0.5 };
  const noisy = (of: Loose, report: Loose = {}, rest: Loose = {}) => ({
    judged: judgedOf({ ...skilled, ...report }, of),
    ...rest,
  });

  it("labels are noisy where the network contradicts a 25th of them, and half of its errors", () => {
    between("label-noise", (k) => noisy(odds(k, 4)), [4, 3]);
    between("label-noise", (wrong) => noisy(odds(5, wrong)), [10, 11]);
    between("label-noise", (value) => noisy(odds(1, 1, { value, of: 25 })), [1.386, 1.385]);
    between("label-noise", (score) => noisy(odds(5, 5), { score }), [0.76, 0.75]);
    between("label-noise", (skill) => noisy(odds(5, 5), { skill }), [0.01, 0]);
    expect(codes(noisy({ odds: null }))).toEqual([]);
    expect(codes(noisy(odds(5, 5), {}, { drawn: { ...drawn, untouched: true } }))).toEqual([]);
    const found = one(noisy(odds(30, 30)));
    expect(found.evidence.share).toBe(0.3);
    // The most contradicted first, twenty of them.
    expect(found.evidence.samples).toEqual(Array.from({ length: 20 }, (_, i) => 29 - i));
    expect(found.message).toContain("30 samples (30 %), sample 29 most");
  });

  const classList = (rest: Loose, others: Loose[] = [{}]) => {
    const plain = { output: 0, label: 0, count: 50, share: 0.5, predicted: 50, recall: 1 };
    return [{ ...plain, label: 1, ...rest }, ...others.map((other) => ({ ...plain, ...other }))];
  };
  const ofClasses = (rest: Loose, report: Loose = {}, over: Loose = {}, others: Loose[] = [{}]) => ({
    judged: judgedOf({ ...classes, classes: classList(rest, others), ...report }),
    ...over,
  });

  it("classes are out of balance where a rare one is mostly missed", () => {
    const rare = (rest: Loose, report: Loose = {}, over: Loose = {}, others: Loose[] = [{}]) =>
      ofClasses({ share: 0.05, predicted: 3, recall: 0.3, ...rest }, report, over, others);
    // A fifth of one in two.
    between("imbalanced-classes", (share) => rare({ share }), [0.099, 0.101]);
    between("imbalanced-classes", (recall) => rare({ recall }), [0.49, 0.5]);
    between("imbalanced-classes", (predicted) => rare({ predicted }), [1, 0]);
    expect(codes(rare({ recall: null }))).toEqual([]);
    expect(codes(rare({ count: 0 }))).toEqual([]);
    expect(codes(rare({}, {}, { fits: true }))).toEqual([]);
    expect(codes(rare({}, {}, { drawn: { ...drawn, untouched: true } }))).toEqual([]);
    // Of three classes that are there a fifteenth is rare; those without samples and of other
    // outputs do not count.
    const three = (others: Loose[]) => codes(rare({ share: 0.08 }, {}, {}, others));
    expect(three([{}, {}])).toEqual([]);
    expect(three([{}, { count: 0 }])).toEqual(["imbalanced-classes"]);
    expect(three([{}, { output: 1 }])).toEqual(["imbalanced-classes"]);
    const found = one(rare({}));
    expect(found.evidence).toEqual({ output: 0, label: 1, share: 0.05, recall: 0.3 });
    expect(found.message).toBe("class 1 has 5 % of the samples, and the network finds 30 % of them");
    expect(one(rare({ output: 1 }, {}, {}, [{ output: 1 }])).message).toContain("class 1 of output 2 has");
  });

  it("a class is never predicted by a network that has learned something", () => {
    const never = (rest: Loose = {}, report: Loose = {}, over: Loose = {}) =>
      ofClasses({ predicted: 0, count: 9, recall: 0, ...rest }, { skill: 0.5, ...report }, over);
    const code = "class-never-predicted";
    between(code, (predicted) => never({ predicted }), [0, 1]);
    between(code, (count) => never({ count }), [2, 1]);
    between(code, (skill) => never({}, { skill }), [0.021, 0.02]);
    // Or the majority alone.
    between(code, (score) => never({}, { skill: 0, score, baselineScore: 0.8 }), [0.8, 0.79]);
    between(code, (baselineScore) => never({}, { skill: 0, score: 0.9, baselineScore }), [0.8, 0.79]);
    // Or one that has been trained, or has ended somewhere.
    expect(codes(never({}, { skill: 0 }, trainedNet))).toContain(code);
    expect(codes(never({}, { skill: 0 }, { point: critical("minimum") }))).toContain(code);
    expect(codes(never({}, { skill: 0 }, { point: critical("not-critical") }))).not.toContain(code);
    const found = one(never({ share: 0.09 }));
    expect(found.evidence).toEqual({ output: 0, label: 1, share: 0.09, count: 9 });
    expect(found.message).toBe("the network never predicts class 1, which 9 samples have");
  });
});

describe("a penalty", () => {
  const strong = { from: "penalty", cosine: -0.9, ratio: 1, value: 0.1, fall: 0.3, left: 1 };
  const of = (rest: Loose, report: Loose = {}, over: Loose = {}) => ({
    penalty: { ...strong, ...rest },
    judged: judgedOf(report),
    ...over,
  });
  const code = "penalty-too-strong";

  it("cancels the data's gradient, of which a step would take off a fifth", () => {
    between(code, (cosine) => of({ cosine }), [-0.71, -0.69]);
    between(code, (ratio) => of({ ratio }), [0.51, 0.5]);
    between(code, (fall) => of({ fall }), [0.11, 0.1]);
    between(code, (value) => of({ fall: 0, value }), [0.51, 0.5]);
    between(code, (loss) => of({}, { loss }), [0.021, 0.02]);
    // All beside the least loss that the targets allow.
    between(code, (fall) => of({ fall }, { loss: 1.5, baselineLoss: 2, floor: 1 }), [0.11, 0.09]);
    between(code, (loss) => of({}, { loss, baselineLoss: 2, floor: 1 }), [1.021, 1.019]);
    for (const over of [{ penalty: null }, { fits: true }, { drawn: { ...drawn, untouched: true } }]) {
      expect(codes(of({}, {}, over))).toEqual([]);
    }
    const found = one(of({}));
    expect(found.evidence).toEqual({ cosine: -0.9, ratio: 1, value: 0.1, fall: 0.3, left: 1 });
    expect(found.message).toContain("the penalty's gradient cancels the data's: their cosine is -0.90");
    expect(found.message).toContain("would take off 60 %");
    expect(one(of({ from: "weightDecay" })).message).toContain("the weight decay cancels");
  });

  it("has shrunk the outputs to a hundredth, and nothing has been learned", () => {
    const shrunk = (rest: Loose, report: Loose = {}) =>
      of({ cosine: 0, left: 0.001, ...rest }, { skill: 0, ...report });
    between(code, (left) => shrunk({ left }), [0.0099, 0.01]);
    between(code, (skill) => shrunk({}, { skill }), [0.019, 0.02]);
    between(code, (skill) => shrunk({}, { skill }), [-0.019, -0.02]);
    between(code, (ratio) => shrunk({ ratio }), [0.51, 0.5]);
    expect(one(shrunk({})).message).toContain("has shrunk the outputs' spread to 0.001 of a fresh network's");
  });
});

describe("overfitting", () => {
  const spread = (mean: number, deviation: number) =>
    Float64Array.from({ length: 100 }, (_, i) => mean + (i % 2 ? deviation : -deviation));
  const on = (here: Loose, there: Loose, errors: [Float64Array, Float64Array] = [spread(0.1, 0), spread(0.5, 0)]) => ({
    judgedAsUsed: judgedOf(here, { errors: errors[0] }),
    validation: judgedOf(there, { errors: errors[1] }),
  });

  it("a tenth more of the error is left on other data, and twice as much", () => {
    between("overfitting", (score) => on({ score: 0.95 }, { score }), [0.84, 0.86]);
    between("overfitting", (score) => on({ score: 0.7 }, { score }), [0.39, 0.41]);
    const found = one(on({ score: 0.95, loss: 0.1 }, { score: 0.5, loss: 0.6 }));
    expect(found.evidence).toEqual({ training: 0.95, validation: 0.5, trainingLoss: 0.1, validationLoss: 0.6 });
    expect(found.message).toBe("R² is 0.95 on the training data and 0.5 on the validation data");
    expect(codes({ ...on({ score: 0.95 }, { score: 0 }), validation: null })).toEqual([]);
  });

  it("of the majority's errors, where there are classes", () => {
    const kinds = { ...classes, baselineScore: 0.6 };
    // 0.05/0.4 and 0.1/0.4 are twice apart.
    const of = (score: number) => on({ ...kinds, score: 0.95 }, { ...kinds, score });
    between("overfitting", of, [0.89, 0.91]);
    expect(one(of(0.8)).message).toContain("accuracy is 0.95");
    const certain = { ...kinds, baselineScore: 1 };
    between("overfitting", (score) => on({ ...certain, score: 0.95 }, { ...certain, score }), [0.84, 0.86]);
  });

  it("by more than chance", () => {
    // The difference is 0.4, its standard error d·√(2/99).
    const apart = (errors: number, score: number) => {
      const deviation = 0.4 / errors / Math.sqrt(2 / 99);
      return on({ score: 0.95 }, { score }, [spread(0.1, deviation), spread(0.5, deviation)]);
    };
    between("overfitting", (z) => apart(z, 0.5), [2.51, 2.49]);
    // Worse than a constant: one standard error is enough.
    between("overfitting", (z) => apart(z, -0.1), [1.01, 0.99]);
    expect(codes(apart(1.5, 0))).toEqual([]);
    expect(codes(on({ score: 0.95 }, { score: 0.5 }, [spread(0.5, 0), spread(0.5, 0)]))).toEqual([]);
    expect(codes(on({ score: 0.95 }, { score: 0.5 }, [spread(0.6, 0), spread(0.5, 0)]))).toEqual([]);
  });

  it("right classes said with too much confidence", () => {
    const kinds = { ...classes, score: 0.9 };
    const of = (skill: number, there: number) => on({ ...kinds, skill }, { ...kinds, skill: there, baselineLoss: 0.7 });
    between("overfitting", (skill) => of(skill, -0.1), [0.51, 0.5]);
    between("overfitting", (skill) => of(0.9, skill), [-0.01, 0]);
    expect(codes(on({ score: 0.9, skill: 0.9 }, { score: 0.9, skill: -0.1 }))).toEqual([]);
    expect(one(of(0.9, -0.1)).message).toContain("where the classes' shares alone have 0.7");
  });
});

describe("worse than a constant", () => {
  const worse = (skill: number, over: Loose = trainedNet, report: Loose = {}) => ({
    judged: judgedOf({ skill, loss: 1.5, score: -0.5, ...report }),
    ...over,
  });
  const code = "worse-than-baseline";

  it("by a tenth, after training, at a critical point, or by a hundred times", () => {
    between(code, worse, [-0.11, -0.1]);
    expect(codes(worse(-1, {}))).toEqual([]);
    expect(codes(worse(-1, { point: critical("minimum") }))).toEqual([code]);
    expect(codes(worse(-1, { point: critical("not-critical") }))).toEqual([]);
    between(code, (loss) => worse(-1, {}, { loss }), [101, 100]);
    expect(codes(worse(-1, { drawn: { ...drawn, trained: true, untouched: true } }))).toEqual([]);
    expect(one(worse(-1)).evidence).toEqual({ loss: 1.5, baselineLoss: 1, score: -0.5 });
    expect(one(worse(-1)).message).toContain("where the mean alone has 1");
    expect(one(worse(-1, trainedNet, { kind: "classes" })).message).toContain("the classes' shares alone");
  });

  it("is only said where nothing else is", () => {
    expect(codes(worse(-1, { ...trainedNet, inputs: { constant: [0] } }))).toEqual(["constant-inputs"]);
  });
});

describe("what is broken", () => {
  it("a value that is not finite silences all else", () => {
    const offence = { quantity: "pre-activation", layer: 1, unit: 2, sample: 4, value: Number.NaN };
    const all = { offence, inputs: { largest: 1e9 } };
    const found = one(all);
    expect(found).toMatchObject({ code: "non-finite", layer: 1, units: [2], evidence: { sample: 4, value: "NaN" } });
    expect(found.message).toContain("NaN of layer 2, unit 3 for sample 4");
    const nowhere = one({ offence: { ...offence, quantity: "loss", layer: -1, unit: -1, sample: -1 } });
    expect(nowhere).toMatchObject({ layer: null, units: [], message: "the first loss that is not finite: NaN" });
    expect(one({ offence: { ...offence, layer: 0, unit: 0, sample: 0 } }).message).toContain(
      "layer 1, unit 1 for sample 0",
    );
  });

  it("a run has diverged where outputs are a thousand times as far out as anything", () => {
    const far = (outputs: number, rest: Loose = {}, over: Loose = {}) => ({
      drawn: { ...drawn, outputs, ...rest },
      judged: judgedOf({ skill: -1 }),
      ...over,
    });
    between("diverged", far, [1001, 1000]);
    between("diverged", (outputs) => far(outputs, { asDrawn: 3 }), [3001, 2999]);
    between("diverged", (outputs) => far(outputs, { targets: 3 }), [3001, 2999]);
    // What grows from layer to layer: 2³ of 10 layers and more.
    const growth = { rate: 8, total: 64 };
    between("diverged", (outputs) => far(outputs, {}, { growth }), [5121, 5119]);
    between("diverged", (outputs) => far(outputs, {}, { growth: { rate: 0.1, total: 0.1 } }), [1001, 999]);
    between("diverged", (outputs) => far(outputs, {}, { growth: null }), [1001, 999]);
    between("diverged", (skill) => far(2000, {}, { judged: judgedOf({ skill }) }), [-0.01, 0]);
    expect(codes(far(2000, { untouched: true }))).not.toContain("diverged");
    const found = one(far(2000, {}, { inputs: { constant: [0] } }));
    expect(found.evidence).toEqual({ outputs: 2000, asDrawn: 1, targets: 1 });
    expect(codes(far(2000, {}, { inputs: { largest: 1e4 } }))).toEqual(["diverged", "unscaled-inputs"]);
  });
});

describe("signals", () => {
  const grown = (total: number, over: Loose = {}) => ({ growth: { rate: 2, total }, ...over });

  it("vanish by a thousand, explode by a thousand", () => {
    between("vanishing-gradients", grown, [1e-3, 1.01e-3]);
    between("exploding-gradients", grown, [1e3, 0.99e3]);
    expect(codes(grown(1e-4, { fits: true }))).toEqual([]);
    expect(codes(grown(1e4, { fits: true }))).toEqual(["exploding-gradients"]);
    for (const total of [1e-4, 1e4]) {
      expect(codes(grown(total, { flow: { growth: { verdict: "blocked" } } }))).toEqual([]);
      expect(codes(grown(total, { growth: null }))).toEqual([]);
    }
    expect(one(grown(1e-4)).evidence).toEqual({ rate: 2, total: 1e-4 });
    expect(one(grown(1e-4)).message).toContain("shrinks by 2.0 a layer");
    expect(one(grown(1e4)).message).toContain("grows by 2.0 a layer");
  });

  it("with batch norm the products of gradient and parameters have to differ as much", () => {
    const normed = (first: number, last = 1, total = 1e-4) =>
      grown(total, {
        batchNorm: [true, false],
        flow: {
          layers: [
            { ...flowLayer, gradientNorm: first },
            { ...flowLayer, parameterNorm: last },
          ],
        },
      });
    between("vanishing-gradients", normed, [1e-3, 1.01e-3]);
    between("vanishing-gradients", (last) => normed(1, last), [1e3, 0.99e3]);
    between("exploding-gradients", (first) => normed(first, 1, 1e4), [1e3, 0.99e3]);
  });

  it("half of a layer's gradients underflow in single precision", () => {
    const lost = (zero: number, subnormal: number, dtype = "f32", over: Loose = {}) => ({
      flow: { dtype, layers: [{ ...flowLayer, singlePrecision: { zero, subnormal } }] },
      ...over,
    });
    between("underflow", (zero) => lost(zero, 20), [30, 29]);
    expect(codes(lost(90, 0, "f64"))).toEqual([]);
    expect(codes(lost(90, 0, "f32", { fits: true }))).toEqual([]);
    expect(one(lost(40, 20))).toMatchObject({ layer: 0, evidence: { zero: 40, subnormal: 20, parameters: 100 } });
    expect(one(lost(40, 20)).message).toContain("of the 100 gradients of layer 1 40 are 0 and 20 subnormal");
  });
});

describe("a learning rate", () => {
  const rate = (rest: Loose, over: Loose = {}) => ({
    rates: { optimizer: "sgd", learningRate: 0.1, edge: 0.2, above: 0.5, below: 0.5, ...rest },
    ...over,
  });

  it("is too high half beyond the edge, or where it keeps the loss above a constant's", () => {
    between("learning-rate-too-high", (above) => rate({ above }), [1.51, 1.5]);
    between("learning-rate-too-high", (above) => rate({ above, edge: null }), [1.01, 1]);
    expect(one(rate({ above: 2 })).evidence).toEqual({ learningRate: 0.1, edge: 0.2, above: 2 });
    expect(one(rate({ above: 2, edge: null })).evidence).toEqual({ learningRate: 0.1, edge: 0.05, above: 2 });
  });

  it("is too low below a ten-thousandth of what would do", () => {
    between("learning-rate-too-low", (below) => rate({ below }), [0.99e-4, 1e-4]);
    for (const over of [{ fits: true }, { point: critical("minimum") }]) {
      expect(codes(rate({ below: 1e-6 }, over))).toEqual([]);
    }
    expect(codes(rate({ below: 1e-6 }, { point: critical("not-critical") }))).toEqual(["learning-rate-too-low"]);
    expect(one(rate({ below: 1e-6 })).evidence).toEqual({ learningRate: 0.1, edge: 0.2, below: 1e-6 });
    expect(one(rate({ below: 1e-6, edge: null })).evidence).toEqual({ learningRate: 0.1, below: 1e-6 });
    expect(one(rate({ below: 1e-6 })).message).toContain("of the largest rate that would do");
    expect(one(rate({ below: 1e-6, edge: null })).message).toContain("of the parameters' size");
  });
});

describe("points", () => {
  it.each([
    ["saddle", "saddle", { index: 2, smallest: -1, gradientNorm: 0 }],
    ["maximum", "maximum", { index: 2, smallest: -1 }],
    ["degenerate", "degenerate-point", { gradientNorm: 0, zero: 100, explained: 0 }],
  ])("%s", (kind, code, evidence) => {
    const found = one({ point: critical(kind, { zeroModes: { count: 100, explained: 0 } }) });
    expect(found).toMatchObject({ code, evidence });
    expect(codes({ point: critical("minimum") })).toEqual([]);
  });

  it("units at their ends explain as many zero modes as they have incoming parameters", () => {
    const flat = (count: number | null, explained: number, saturated: number | null) => {
      const units = [{ ...unit, saturated }, unit, unit];
      return {
        statistics: { layers: [layerOf(3, { units }), layerOf(2, { units: [{ ...unit, saturated }, unit] })] },
        point: critical("degenerate", { zeroModes: { count, explained } }),
      };
    };
    // One of the first layer with a weight and a bias, one above three units and its bias.
    between("degenerate-point", (count) => flat(count, 3, 0.5), [10, 9]);
    between("degenerate-point", (saturated) => flat(4, 0, saturated), [0.49, 0.5]);
    expect(codes(flat(4, 0, null))).toEqual(["degenerate-point"]);
    expect(codes(flat(null, 0, 0.5))).toEqual([]);
    expect(codes(flat(null, 0, 0))).toEqual(["degenerate-point"]);
    expect(one(flat(null, 0, 0)).evidence.zero).toBe(-1);
    expect(codes({ ...flat(99, 0, 0), fits: true })).toEqual([]);
  });

  it("a gradient of 0 where nobody has looked at the curvature", () => {
    const zero = (flow: Loose = {}, over: Loose = {}) => ({ flow: { objectiveNorm: 0, ...flow }, ...over });
    expect(one(zero())).toMatchObject({ code: "zero-gradient", evidence: { loss: 0.5 } });
    for (const quiet of [
      zero({ objectiveNorm: 1e-300 }),
      zero({ nonFinite: 1 }),
      zero({}, { fits: true }),
      zero({}, { point: critical("minimum") }),
    ]) {
      expect(codes(quiet)).toEqual([]);
    }
    const blocked = [{ cause: "dead", layer: 0, frozen: [0], learning: [1], message: "dead" }];
    expect(codes({ flow: { objectiveNorm: 0 }, statistics: { blocked } })).toEqual(["dead-layer"]);
    expect(
      codes({ point: critical("degenerate", { zeroModes: { count: 99, explained: 0 } }), statistics: { blocked } }),
    ).toEqual(["dead-layer"]);
  });
});

it("numbers in sentences", () => {
  expect([percent(0.1234), percent(0), percent(1)]).toEqual(["12 %", "0 %", "100 %"]);
  expect([0, 1e-3, 0.99e-3, 99999, 1e5, -2e-4, 1 / 3].map(figure)).toEqual([
    "0",
    "0.001",
    "9.9e-4",
    "100000",
    "1.0e+5",
    "-2.0e-4",
    "0.333",
  ]);
  expect(counted([0, 4])).toBe("1, 5");
  expect(counted(Array.from({ length: 10 }, (_, i) => i))).toBe("1, 2, 3, 4, 5, 6, 7, 8, 9, 10");
  expect(counted(Array.from({ length: 12 }, (_, i) => i))).toContain("9, 10 and 2 more");
});
