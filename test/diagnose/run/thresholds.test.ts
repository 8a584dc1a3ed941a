// Oracle: records made by hand, on both sides of each threshold of `watch`, on a parabola whose
// losses are known: (w − 1)² + b², for a constant 1.

import { describe, expect, it } from "vitest";
import {
  type Dataset,
  dataset,
  type Finding,
  type Network,
  network,
  sharpness,
  type WatchedEpoch,
  type WatchOptions,
  watch,
} from "../../../src/index.js";

const data = dataset([[-1], [1]], [-1, 1]);

function parabola(w: number, b = 0): Network {
  const net = network({ inputs: 1, layers: [{ units: 1 }] });
  net.setParameters([w, b]);
  return net;
}

const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

interface Course {
  net?: Network;
  on?: Dataset;
  options?: WatchOptions;
}

/** Losses of whole batches, one after another, within one epoch. */
function byStep(losses: number[], { net = parabola(0), on = data, options = {} }: Course = {}): readonly Finding[] {
  const watcher = watch(net, on, { guard: null, ...options });
  losses.forEach((loss, k) => {
    watcher.step({ step: k + 1, epoch: 1, loss, samples: on.size, epochRecord: null });
  });
  return watcher.findings;
}

type Epoch = number | Omit<WatchedEpoch, "epoch">;

/** Records of epochs, before each of which `change` may move the network. */
function byEpoch(
  records: Epoch[],
  { net = parabola(0), on = data, options = {} }: Course = {},
  change?: (k: number) => void,
) {
  const watcher = watch(net, on, { guard: null, ...options });
  records.forEach((record, k) => {
    change?.(k);
    watcher({ epoch: k + 1, ...(typeof record === "number" ? { loss: record } : record) });
  });
  return watcher.findings;
}

describe("divergence", () => {
  it.each<[string, number, number[], number | null]>([
    ["ten times the best", 0, [0.5, 5, 5, 5], 4],
    ["less than ten times", 0, [0.5, 4.99, 4.99, 4.99], null],
    ["two records only", 0, [0.5, 5, 5, 0.6, 5, 5], null],
    ["a third after two", 0, [0.5, 5, 5, 0.6, 5, 5, 5], 7],
    ["twice the first loss, which is 4", -1, [0.5, 8, 8, 8], 4],
    ["less than twice the first", -1, [0.5, 7.99, 7.99, 7.99], null],
    ["twice the first loss, which is 1/4, and as much as a constant's", 0.5, [0.05, 1, 1, 1], 4],
    ["less than a constant's", 0.5, [0.05, 0.99, 0.99, 0.99], null],
    ["no number", 0, [0.5, Number.NaN], 2],
    ["infinite", 0, [Infinity], 1],
  ])("%s", (_, w, losses, step) => {
    const findings = byStep(losses, { net: parabola(w) });
    expect(codes(findings)).toEqual(step === null ? [] : ["divergence"]);
    if (step === null) return;
    expect(findings[0]).toMatchObject({ step, epoch: 1, layer: null, units: [], evidence: { first: (w - 1) ** 2 } });
  });

  it("a single bad batch is none, a batch that is no number is one at once", () => {
    const on = dataset([[-1], [1], [-1], [1], [1]], [-1, 1, -1, 1, 1]);
    const feed = (losses: number[]) => {
      const watcher = watch(parabola(0), on, { guard: null });
      losses.forEach((loss, k) => {
        watcher.step({ step: k + 1, epoch: 1 + Math.floor(k / 5), loss, samples: 1, epochRecord: null });
      });
      return watcher.findings;
    };
    expect(feed([1, 1, 1, 1, 1, 90, 90, 1, 1, 1, 1, 1])).toEqual([]);
    expect(codes(feed([1, 1, 1, 1, 1, 90, 90, 90, 90, 90]))).toEqual(["divergence"]);
    expect(feed([1, 1, NaN])[0]).toMatchObject({ code: "divergence", step: 3 });
  });
});

describe("a loss that is effectively 0", () => {
  it("is one of what a constant loses", () => {
    const on = dataset([[-1], [1]], [-2, 2]);
    expect(codes(byStep([4e-8], { on }))).toEqual(["zero-loss"]);
    expect(byStep([4.1e-8], { on })).toEqual([]);
    expect(codes(byStep([0.39], { on, options: { zero: 0.1 } }))).toEqual(["zero-loss"]);
    expect(byStep([0.41], { on, options: { zero: 0.1 } })).toEqual([]);
  });

  it("where a constant loses nothing, of the loss before the first step", () => {
    const on = dataset([[-1], [1]], [3, 3]);
    const net = parabola(1, 1);
    // 1 + 4 before the first step.
    expect(codes(byStep([5e-8], { net, on }))).toEqual(["zero-loss"]);
    expect(byStep([5.1e-8], { net, on })).toEqual([]);
  });
});

describe("a plateau", () => {
  const options = { window: 5, improvement: 0.1 };
  const still = (last: number, count = 5): number[] => [1, ...new Array(count).fill(last)];

  it("is a window of epochs without an improvement of the best", () => {
    const findings = byEpoch(still(0.91), { options });
    expect(codes(findings)).toEqual(["plateau"]);
    expect(findings[0]).toMatchObject({ epoch: 6, step: null, evidence: { best: 1, bestEpoch: 1, window: 5 } });
    expect(findings[0].message).toContain("for 5 epochs");
    expect(byEpoch(still(0.91, 4), { options })).toEqual([]);
    expect(codes(byEpoch(still(0.9), { options }))).toEqual(["plateau"]);
    expect(byEpoch(still(0.89), { options })).toEqual([]);
  });

  it("is none where the loss is effectively 0", () => {
    const on = dataset([[-1], [1]], [-2, 2]);
    const zero = { options: { ...options, zero: 0.1 }, on };
    expect(
      codes(
        byEpoch(
          still(1).map((loss) => 0.39 * loss),
          zero,
        ),
      ),
    ).toEqual(["zero-loss"]);
    expect(
      codes(
        byEpoch(
          still(1).map((loss) => 0.41 * loss),
          zero,
        ),
      ),
    ).toEqual(["plateau"]);
    expect(byEpoch(still(1), { options: { ...options, improvement: 0 } })).toHaveLength(1);
  });
});

describe("an oscillation", () => {
  const options = { window: 2 };
  /** Steps to and fro, each `growth` times as long as the last; the loss stays the same. */
  const swing = (loss: number, growth = 1, learningRate?: number) => {
    const net = parabola(1 + 1 / growth);
    const watcher = watch(net, data, { guard: null, ...options });
    for (let k = 0; k < 4; ++k) {
      net.setParameters([1 + (k % 2 ? 1 : -1) * growth ** k, 0]);
      const rate = learningRate === undefined ? {} : { learningRate };
      watcher.step({ step: k + 1, epoch: 1, loss, samples: 2, epochRecord: null, ...rate });
    }
    return watcher.findings;
  };

  it("matters where the walls are a hundredth of the loss high", () => {
    // ⅛·uᵀGu = ⅛·2·2² = 1.
    expect(codes(swing(99))).toContain("period-2-cycle");
    expect(codes(swing(101))).not.toContain("period-2-cycle");
  });

  it("is a cycle where it returns to a twentieth of an update", () => {
    expect(codes(swing(1, 1.045))).toEqual(["period-2-cycle"]);
    expect(codes(swing(1, 1.06))).toEqual(["oscillation"]);
  });

  it("is told with the rate and the edge", () => {
    const [finding] = swing(1, 1, 0.7);
    expect(finding.evidence).toMatchObject({ learningRate: 0.7, cosine: -1 });
    expect(finding.evidence.edge).toBeCloseTo(1, 4);
    expect("learningRate" in swing(1)[0].evidence).toBe(false);
  });

  it("is one of epochs where an epoch has many batches", () => {
    /** Two batches an epoch; a swing from epoch to epoch, or within each of them. */
    const run = (within: boolean) => {
      const net = parabola(2);
      const watcher = watch(net, data, { guard: null, ...options });
      for (let k = 0; k < 8; ++k) {
        const turns = within ? k : k >> 1;
        net.setParameters([1 + (turns % 2 ? 1 : -1), 0]);
        const epochRecord = k % 2 === 1 ? { epoch: (k + 1) / 2, loss: 1 } : null;
        watcher.step({ step: k + 1, epoch: 1 + (k >> 1), loss: 1, samples: 1, epochRecord });
      }
      return codes(watcher.findings);
    };
    expect(run(false)).toContain("period-2-cycle");
    expect(run(true)).not.toContain("period-2-cycle");
  });
});

describe("units that die", () => {
  /** A layer of units that are all alive, of which `dead[k]` are dead in epoch k + 1. */
  const dying = (units: number, dead: number[], { loss = 1, before = 0 } = {}) => {
    const net = network({ inputs: 1, layers: [{ units, activation: "relu" }, { units: 1 }], seed: 3 });
    const alive = new Array(2 * units + units + 1).fill(1);
    const kill = (count: number): void => {
      net.setParameters(alive.map((x, i) => (i >= units && i < units + count ? -100 : x)));
    };
    kill(before);
    return byEpoch(new Array(dead.length).fill(loss), { net }, (k) => kill(dead[k]));
  };

  it("are a quarter of a layer, two at least, for three epochs", () => {
    const findings = dying(12, [3, 3, 3]);
    expect(codes(findings)).toEqual(["dying-units"]);
    expect(findings[0]).toMatchObject({
      epoch: 3,
      layer: 0,
      units: [0, 1, 2],
      evidence: { layer: 0, units: 12, before: 0, now: 3, dead: [0, 1, 2] },
    });
    expect(findings[0].message).toContain("3 of the 12 units of layer 1");
    expect(dying(12, [3, 3])).toEqual([]);
    expect(dying(12, [2, 2, 2, 2])).toEqual([]);
    expect(dying(3, [1, 1, 1, 1])).toEqual([]);
    expect(dying(12, [3, 3, 0, 3, 3])).toEqual([]);
    expect(codes(dying(12, [3, 3, 0, 3, 3, 3]))).toEqual(["dying-units"]);
  });

  it("or half of it at once", () => {
    expect(dying(12, [6])[0]).toMatchObject({ epoch: 1, evidence: { now: 6 } });
    expect(dying(12, [5, 5])).toEqual([]);
  });

  it("beside those that were dead before", () => {
    expect(dying(12, [4, 4, 4], { before: 2 })).toEqual([]);
    expect(dying(12, [5, 5, 5], { before: 2 })[0]).toMatchObject({ evidence: { before: 2, now: 5 } });
  });

  it("do no harm where the loss is a tenth of a constant's", () => {
    const found = (loss: number) => codes(dying(12, [6, 6, 6], { loss }));
    expect(found(0.11)).toContain("dying-units");
    expect(found(0.1)).toEqual([]);
  });
});

it("a rising validation loss is told with its best epoch", () => {
  const records = Array.from({ length: 7 }, (_, k) => ({ loss: 1 - 0.1 * k, validationLoss: [0.7, 0.6, 0.5][k] ?? 2 }));
  const findings = byEpoch(records, { options: { window: 4 } });
  expect(findings).toEqual([]);
  const longer = byEpoch([...records, { loss: 0.3, validationLoss: 2 }], { options: { window: 4 } });
  expect(codes(longer)).toEqual(["rising-validation-loss"]);
  expect(longer[0].evidence).toMatchObject({ loss: 0.3, validationLoss: 2, bestEpoch: 3 });
  expect(longer[0].evidence.best).toBeCloseTo(0.6, 12);
  expect(byEpoch(records.map(({ loss }) => loss).concat(0.3), { options: { window: 4 } })).toEqual([]);
});

describe("the pace", () => {
  it("steps too long: with the edge where the run began, unless it has diverged", () => {
    const net = parabola(3);
    const records = [5, 5, 5].map((loss) => ({ loss, learningRate: 2 }));
    const findings = byEpoch(records, { net: parabola(3), options: {} }, () => undefined);
    expect(findings).toEqual([]);
    const moved = byEpoch(records, { net }, () => net.setParameters([-4, 0]));
    expect(codes(moved)).toEqual(["steps-too-long"]);
    const { edge, ...rest } = moved[0].evidence;
    expect(rest).toEqual({ loss: 5, first: 4, reference: 1, learningRate: 2 });
    expect(edge).toBeCloseTo(sharpness(parabola(3), data).edge, 4);
    const wild = parabola(3);
    const diverged = byEpoch([0.1, 9, 8.9, 8.9, 8.9], { net: wild }, () => wild.setParameters([-4, 0]));
    expect(codes(diverged)).toEqual(["divergence"]);
  });

  it("steps too short: how far the run could go, without a rate where none is known", () => {
    const net = parabola(0);
    const findings = byEpoch([1, 1, 1], { net }, (k) => net.setParameters([(k + 1) * 2 ** -20, 0]));
    expect(codes(findings)).toEqual(["steps-too-short"]);
    const { further, ...rest } = findings[0].evidence;
    expect(rest).toEqual({ loss: 1, first: 1 });
    expect(Number(further)).toBeCloseTo((1 - 3 * 2 ** -20) * 2 ** 20, 2);
  });

  it("a wrong pace, as an oscillation, is a plateau whose cause is known", () => {
    const net = parabola(0);
    const options = { window: 4 };
    const move = (k: number) => net.setParameters([(k + 1) * 2 ** -20, 0]);
    expect(codes(byEpoch(new Array(8).fill(1), { net, options }, move))).toEqual(["steps-too-short"]);
  });
});

describe("the end", () => {
  const broken = (layer: number) => ({
    status: "non-finite",
    nonFinite: { step: 7, epoch: 2, layer, quantity: layer < 0 ? "loss" : "activation" },
  });

  it("of a run that broke down where nothing is left to see", () => {
    for (const layer of [-1, 0, 2]) {
      const watcher = watch(parabola(0), data);
      watcher.finish(broken(layer));
      expect(watcher.findings).toHaveLength(1);
      const [{ code, layer: of, evidence, message, step, epoch }] = watcher.findings;
      expect([code, of, step, epoch]).toEqual(["inf", layer < 0 ? null : layer, 7, 2]);
      expect(evidence).toEqual({ layer, quantity: layer < 0 ? "loss" : "activation", sample: -1, unit: -1 });
      expect(message).toContain(layer < 0 ? "a loss ceased" : `of layer ${layer + 1} ceased`);
    }
  });

  it("of any other run says nothing", () => {
    const watcher = watch(parabola(0), data);
    watcher.finish({ ...broken(0), status: "completed" });
    watcher.finish({ status: "non-finite" });
    expect(watcher.findings).toEqual([]);
  });

  it("an offence names layer, unit and sample from 1 in words, from 0 as data", () => {
    const net = network({ inputs: 1, layers: [{ units: 2, activation: "relu" }, { units: 1 }] });
    net.setParameters([1, 10, 0, 0, 0, 0, 0]);
    const seen = dataset([[1], [3]], [1, 1]);
    const watcher = watch(net, seen, { guard: { big: 25 } });
    watcher({ epoch: 1, loss: 1 });
    expect(watcher.findings[0]).toMatchObject({ code: "big", layer: 0, units: [1], evidence: { sample: 1 } });
    expect(watcher.findings[0].message).toBe("a large pre-activation of layer 1, unit 2 for sample 1: 30");
    const input = watch(net, dataset([[1], [30]], [1, 1]), { guard: { big: 25 } });
    input({ epoch: 1, loss: 1 });
    expect(input.findings[0].layer === null || input.findings[0].layer >= 0).toBe(true);
  });
});
