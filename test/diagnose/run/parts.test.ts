// Oracle: closed forms. On a parabola (w − 1)² + b² the curvature is 2 in each direction, and every
// threshold can be met from both sides.

import { describe, expect, it } from "vitest";
import { Movement } from "../../../src/diagnose/run/movement.js";
import { Paces } from "../../../src/diagnose/run/paces.js";
import { rateFacts } from "../../../src/diagnose/run/rates.js";
import { Smoothed } from "../../../src/diagnose/run/smoothed.js";
import { ValidationTrend } from "../../../src/diagnose/run/validation-trend.js";
import { adam, dataset, lbfgs, network, type Optimizer, rmsprop, sgd } from "../../../src/index.js";

const data = dataset([[-1], [1]], [-1, 1]);

function parabola(w: number, b = 0) {
  const net = network({ inputs: 1, layers: [{ units: 1 }] });
  net.setParameters([w, b]);
  return net;
}

describe("losses of batches over an epoch", () => {
  const fed = (samples: number, records: [loss: number, samples?: number | undefined, ends?: boolean][]) => {
    const smoothed = new Smoothed(samples);
    return records.map(([loss, of, ends = false]) => {
      const record = { loss, epochRecord: ends ? {} : null, ...(of === undefined ? {} : { samples: of }) };
      const { length } = smoothed.add(record);
      return [length, smoothed.mean, smoothed.median];
    });
  };

  it("an epoch has as many batches as their size says", () => {
    expect(
      fed(10, [
        [1, 4],
        [5, 4],
        [3, 2],
        [10, 4],
      ]),
    ).toEqual([
      [3, null, null],
      [3, null, null],
      [3, 3, 3],
      [3, 6, 5],
    ]);
    expect(
      fed(2, [
        [1, 5],
        [7, 5],
      ]),
    ).toEqual([
      [1, 1, 1],
      [1, 7, 7],
    ]);
  });

  it("else as many as came before the first epoch's end, where that is known", () => {
    expect(fed(10, [[9], [1], [2, undefined, true], [0]])).toEqual([
      [0, null, null],
      [0, null, null],
      [3, null, null],
      [3, 1, 1],
    ]);
    // A longer epoch is believed, a shorter one is not.
    expect(
      fed(4, [
        [1, 2],
        [2, 2],
        [3, 2, true],
        [4, 2, true],
      ]).map(([length]) => length),
    ).toEqual([2, 2, 3, 3]);
  });

  it("the median is one of numbers, and leaves their order alone", () => {
    const losses = [100, 9, 20, 1, 3];
    expect(
      fed(
        5,
        losses.map((loss) => [loss, 1]),
      ).at(-1),
    ).toEqual([5, 26.6, 9]);
    expect(
      fed(
        5,
        [...losses, 2].map((loss) => [loss, 1]),
      ).at(-1),
    ).toEqual([5, 7, 3]);
  });
});

describe("a validation loss that rises", () => {
  /** Whether it is seen in the last epoch: `last` in the three last ones, the best in the first. */
  const seen = (epochs: number, best: number, last: number, { training = 0.9, reference = 1, window = 20 } = {}) => {
    const trend = new ValidationTrend(window, reference);
    const found: boolean[] = [trend.observe(1, 1, best)];
    for (let epoch = 2; epoch <= epochs; ++epoch) found.push(trend.observe(epoch, training, last));
    expect(trend.best).toMatchObject({ loss: best, epoch: 1 });
    return found.indexOf(true) + 1;
  };

  it("needs half a window of epochs, five at least", () => {
    expect(seen(20, 1, 2)).toBe(11);
    expect(seen(20, 1, 2, { window: 4 })).toBe(6);
    expect(seen(20, 1, 2, { window: 12 })).toBe(7);
  });

  it("a rise by a tenth of the best", () => {
    expect(seen(12, 4, 4.39)).toBe(0);
    expect(seen(12, 4, 4.41)).toBe(11);
  });

  it("and of a tenth of what a constant loses", () => {
    expect(seen(12, 0.25, 0.34)).toBe(0);
    expect(seen(12, 0.25, 0.36)).toBe(11);
    expect(seen(12, 0.25, 0.56, { reference: 3 })).toBe(11);
    expect(seen(12, 0.25, 0.54, { reference: 3 })).toBe(0);
    expect(seen(12, 0.25, 0.5, { reference: 2.5 })).toBe(0);
  });

  it("while the training loss falls by a twentieth", () => {
    expect(seen(12, 1, 2, { training: 0.96 })).toBe(0);
    expect(seen(12, 1, 2, { training: 0.95 })).toBe(0);
    expect(seen(12, 1, 2, { training: 0.94 })).toBe(11);
  });

  it("in the mean of three epochs, and since the last best one", () => {
    const trend = new ValidationTrend(10, 0.001);
    const losses = [4, 1, 1, 1, 1, 1, 1, 1, 1.3, 1.0, 1.0, 1.03, 1.3, 1];
    const found = losses.map((loss, k) => trend.observe(k + 1, 1 - 0.01 * k, loss));
    expect(found.indexOf(true)).toBe(12);
    expect(trend.best).toMatchObject({ epoch: 4, loss: 1 });
    expect(new ValidationTrend(10, 1).observe(7, 0, 5)).toBe(false);
  });
});

describe("steps far too long", () => {
  const verdicts = (losses: number[], { moved = 3, first = 1, reference = 2 } = {}) => {
    const net = parabola(3);
    const paces = new Paces(net, data, "batch", first, reference);
    net.setParameters([3 + moved, 0]);
    return losses.map((loss) => paces.observe(loss)?.verdict ?? "");
  };
  const long = "too high";

  it("three epochs above both the first and a constant's loss", () => {
    expect(verdicts([2.3, 2.3, 2.3])).toEqual(["", "", long]);
    expect(verdicts([2.19, 2.19, 2.19])).toEqual(["", "", ""]);
    expect(verdicts([2.3, 2.3, 2.3], { first: 2, reference: 1 })).toEqual(["", "", long]);
    expect(verdicts([2.19, 2.19, 2.19], { first: 2, reference: 1 })).toEqual(["", "", ""]);
    expect(verdicts([2.3, 2.3, 1, 2.3, 2.3, 2.3])).toEqual(["", "", "", "", "", long]);
    // What is equal to the bound is within it.
    expect(verdicts([8.8, 8.8, 8.8], { reference: 8 })).toEqual(["", "", ""]);
  });

  it("that do not grow all the while, which is divergence", () => {
    expect(verdicts([2.3, 2.4, 2.5])).toEqual(["", "", ""]);
    expect(verdicts([2.3, 2.4, 2.4])).toEqual(["", "", long]);
    expect(verdicts([2.3, 2.4, 2.5, 2.6, 2.55])).toEqual(["", "", "", "", long]);
    expect(verdicts([2.5, 2.4, 2.5, 2.6])).toEqual(["", "", long, ""]);
  });

  it("with parameters that have gone as far as their own length", () => {
    expect(verdicts([2.3, 2.3, 2.3], { moved: -3 })).toEqual(["", "", long]);
    expect(verdicts([2.3, 2.3, 2.3], { moved: 2.99 })).toEqual(["", "", ""]);
    expect(verdicts([2.3, 2.3, 2.3], { moved: -2.99 })).toEqual(["", "", ""]);
  });
});

describe("steps far too short", () => {
  /**
   * Epochs that move w by `step` and end at 0, where the parabola's least is 1 / step of them away.
   */
  const furthers = (step: number, { epochs = 3, loss = 1, first = 1 } = {}) => {
    const net = parabola(-epochs * step);
    const paces = new Paces(net, data, "batch", first, 1);
    return Array.from({ length: epochs }, (_, k) => {
      net.setParameters([(k + 1 - epochs) * step, 0]);
      const pace = paces.observe(loss);
      return pace?.verdict === "too low" ? pace.further : 0;
    });
  };

  it("the run could go a thousand times as far", () => {
    const [, , further] = furthers(0.00099);
    expect(further).toBeCloseTo(1 / 0.00099, 6);
    expect(furthers(0.00101)).toEqual([0, 0, 0]);
    expect(furthers(-0.0001)).toEqual([0, 0, 0]);
    expect(furthers(0)).toEqual([0, 0, 0]);
  });

  it("which would take off a tenth of the loss, of which nine tenths are still there", () => {
    // ½·slope²/curvature is 1.
    expect(furthers(1e-4, { loss: 9.9, first: 10 })[2]).toBeGreaterThan(0);
    expect(furthers(1e-4, { loss: 10.1, first: 10 })[2]).toBe(0);
    expect(furthers(1e-4, { loss: 1.81, first: 2 })[2]).toBeGreaterThan(0);
    expect(furthers(1e-4, { loss: 1.79, first: 2 })[2]).toBe(0);
    expect(furthers(1e-4, { loss: 0.9, first: 1 })[2]).toBe(0);
  });

  it("is looked at after 3 epochs, 6, 12", () => {
    const looks = furthers(1e-4, { epochs: 13 }).flatMap((further, k) => (further > 0 ? [k + 1] : []));
    expect(looks).toEqual([3, 6, 12]);
  });

  it("knows the network as it began", () => {
    for (const batchNorm of [false, true]) {
      const net = network({ inputs: 1, layers: [{ units: 2, batchNorm }, { units: 1 }], seed: 4 });
      if (batchNorm) net.setRunningStatistics([1, 2, 3, 4]);
      const [parameters, statistics] = [net.getParameters(), net.getRunningStatistics()];
      const paces = new Paces(net, data, "batch", 1, 1);
      net.setParameters(parameters.map((x) => x + 1));
      if (batchNorm) net.setRunningStatistics([5, 6, 7, 8]);
      expect(paces.start().getParameters()).toEqual(parameters);
      expect(paces.start().getRunningStatistics()).toEqual(statistics);
    }
  });
});

describe("a learning rate", () => {
  const facts = (optimizer: Optimizer, { net = parabola(3, 4), baseline = 1, of = data } = {}) =>
    rateFacts(net, of, "batch", optimizer, baseline, 0);

  it("of descent, against 2·(1 ± μ)/λ", () => {
    const found = facts(sgd({ learningRate: 0.3, momentum: 0.5 }));
    expect(found).toMatchObject({ optimizer: "sgd", learningRate: 0.3 });
    for (const [got, expected] of [
      [found?.edge, 1.5],
      [found?.above, 0.2],
      [found?.below, 0.6],
    ]) {
      expect(got).toBeCloseTo(expected as number, 6);
    }
  });

  it("of methods that rescale the gradient, against the parameters and what a constant loses", () => {
    for (const make of [adam, rmsprop]) {
      const found = facts(make({ learningRate: 0.1 }), { baseline: 0.5 });
      expect(found?.edge).toBeNull();
      // ½·η²·trace = ½·0.01·4.
      expect(found?.above).toBeCloseTo(Math.sqrt(0.02 / 0.5), 10);
      expect(found?.below).toBeCloseTo(0.1 / Math.sqrt(25 / 2), 12);
    }
  });

  it("where there is nothing to hold it against", () => {
    expect(facts(lbfgs())).toBeNull();
    expect(facts(adam(), { net: parabola(0) })).toBeNull();
    expect(facts(adam(), { baseline: 0 })).toBeNull();
    const sure = network({ inputs: 1, layers: [{ units: 1 }], loss: "binary-cross-entropy" });
    sure.setParameters([1e5, 0]);
    expect(facts(sgd(), { net: sure, of: dataset([[-1], [1]], [0, 1]) })).toBeNull();
  });

  it("the trace is one of the diagonal alone", () => {
    // All elements of G are 2: a sum of them would be 242.
    const net = network({ inputs: 10, layers: [{ units: 1 }], seed: 1 });
    const ones = dataset([new Array(10).fill(1), new Array(10).fill(1)], [1, 2]);
    const traces = Array.from({ length: 40 }, (_, seed) => {
      const found = rateFacts(net, ones, "batch", adam({ learningRate: 1 }), 0.5, seed);
      return (found?.above ?? 0) ** 2;
    });
    const mean = traces.reduce((sum, one) => sum + one / 40, 0);
    expect(mean).toBeGreaterThan(14);
    expect(mean).toBeLessThan(30);
    expect(new Set(traces).size).toBeGreaterThan(5);
  });
});

describe("the movement of parameters", () => {
  type Point = readonly [number, number];
  const found = (points: Point[], losses: number[] = [], window = 4, improvement = 0.1) => {
    const net = parabola(points[0][0], points[0][1]);
    const movement = new Movement(net, window, improvement);
    return points.slice(1).map((point, k) => {
      net.setParameters(point);
      return movement.observe(losses[k] ?? 1);
    });
  };
  /** Updates of length 1, each turned by the angle against the one before. */
  const turning = (angles: number[]): Point[] => {
    let direction = 0;
    let [w, b] = [1, 0];
    return [
      [0, 0],
      [1, 0],
      ...angles.map((angle): Point => {
        direction += angle;
        w += Math.cos(direction);
        b += Math.sin(direction);
        return [w, b];
      }),
    ];
  };
  const back: Point[] = Array.from({ length: 7 }, (_, k) => [k % 2 ? 2 : 0, 1]);

  it("is an oscillation after a window of turns", () => {
    const all = found(back);
    expect(all.map((one) => one !== null)).toEqual([false, false, false, false, true, true]);
    expect(all[5]).toMatchObject({ cosine: -1, flips: 1, ratio: 0 });
    expect(Array.from(all[5]?.update ?? [])).toEqual([-2, 0]);
  });

  it("where nine of ten turns are reversals", () => {
    const sharp = Math.acos(-0.71);
    const turns = (reversals: number, angle = sharp) =>
      found(turning([...new Array(reversals).fill(angle), ...new Array(10 - reversals).fill(1)]), [], 10).at(-1);
    expect(turns(10)).not.toBeNull();
    expect(turns(9)).not.toBeNull();
    expect(turns(8)).toBeNull();
    expect(turns(10, Math.acos(-0.69))).toBeNull();
    expect(turns(10)?.cosine).toBeCloseTo(-0.71, 10);
    // |u + v|² is 2 + 2·cosine.
    expect(turns(10)?.ratio).toBeCloseTo(Math.sqrt(0.58), 10);
    // Only the last window counts.
    expect(found(turning([1, 1, ...new Array(10).fill(sharp)]), [], 10).at(-1)?.cosine).toBeCloseTo(-0.71, 10);
  });

  it("the share of parameters that change their direction is one of those that move", () => {
    const drift = Array.from({ length: 6 }, (_, k): Point => [k % 2 ? 2 : 0, 0.01 * k]);
    expect(found(drift)[4]?.flips).toBe(0.5);
    const late = back.map(([w, b], k): Point => [w, k === 3 ? b + 0.01 : b]);
    expect(found(late)[4]?.flips).toBeGreaterThan(0.5);
    expect(found(late)[4]?.flips).toBeLessThan(1);
  });

  it("reversals that lead downhill are none", () => {
    const longer: Point[] = Array.from({ length: 9 }, (_, k) => [k % 2 ? 2 : 0, 1]);
    const last = (losses: number[]) => found(longer, losses).at(-1);
    expect(last([1, 1, 1, 1, 0.95, 0.91, 0.95, 0.95])).not.toBeNull();
    expect(last([1, 1, 1, 1, 0.95, 0.89, 0.95, 0.95])).toBeNull();
    expect(last([3, 3, 2, 3, 1.81, 9, 9, 9])).not.toBeNull();
    expect(last([3, 3, 2, 3, 9, 9, 9, 1.79])).toBeNull();
  });

  it("a rest begins anew, and rounding is a rest", () => {
    const rest = back.slice(0, 4).concat([[2, 1]], back.slice(0, 4));
    expect(found(rest).every((one) => one === null)).toBe(true);
    const tiny = back.map(([w, b]): Point => [1 + 1e-14 * w, b]);
    expect(found(tiny).every((one) => one === null)).toBe(true);
    const small = back.map(([w, b]): Point => [1 + 1e-12 * w, b]);
    expect(found(small).at(-1)).not.toBeNull();
  });
});
