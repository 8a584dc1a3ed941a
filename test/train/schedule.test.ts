// Oracle: the formulas in the papers, and those of PyTorch's OneCycleLR, written out.

import { beforeAll, describe, expect, it } from "vitest";
import {
  constant,
  cosine,
  init,
  network,
  oneCycle,
  type Schedule,
  sgd,
  stepDecay,
  training,
  warmUp,
} from "../../src/index.js";
import { coreMath } from "../../src/wasm/math.js";
import { builds, finish, take, toDataset } from "../support.js";

/** The rates of a whole run. */
function rates(schedule: Schedule, steps: number, perEpoch = 1, learningRate = 0.8): number[] {
  const epochs = steps / perEpoch;
  return Array.from({ length: steps }, (_, step) =>
    schedule({ step, steps, epoch: Math.floor(step / perEpoch), epochs, learningRate, math: coreMath() }),
  );
}

function close(got: number[], expected: number[]): void {
  expect(got.length).toBe(expected.length);
  got.forEach((rate, k) =>
    expect(Math.abs(rate - expected[k])).toBeLessThanOrEqual(1e-14 * Math.abs(expected[k]) + 1e-17),
  );
}

/** PyTorch's two phases: steps are counted from 0, the peak is at `rise`·steps − 1. */
function pytorchOneCycle(steps: number, rise: number, divide: number, divideFinal: number, largest: number): number[] {
  const anneal = (start: number, end: number, share: number) =>
    end + ((start - end) / 2) * (1 + Math.cos(Math.PI * share));
  const initial = largest / divide;
  const peak = rise * steps - 1;
  return Array.from({ length: steps }, (_, step) =>
    step <= peak
      ? anneal(initial, largest, step / peak)
      : anneal(largest, initial / divideFinal, (step - peak) / (steps - 1 - peak)),
  );
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("constant", () => {
    expect(rates(constant(), 3)).toEqual([0.8, 0.8, 0.8]);
  });

  it("step decay: η·factor^⌊epoch / every⌋", () => {
    close(
      rates(stepDecay({ every: 2, factor: 0.5 }), 12, 2),
      [0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.2],
    );
    close(
      rates(stepDecay(), 25),
      Array.from({ length: 25 }, (_, epoch) => 0.8 * 0.1 ** Math.floor(epoch / 10)),
    );
  });

  it("cosine: from η to share·η", () => {
    for (const share of [0, 0.1, 1]) {
      const expected = Array.from(
        { length: 11 },
        (_, t) => 0.8 * (share + ((1 - share) / 2) * (1 + Math.cos((Math.PI * t) / 11))),
      );
      close(rates(cosine({ share }), 11), expected);
    }
    expect(rates(cosine(), 1)).toEqual([0.8]);
    close(rates(cosine(), 2), [0.8, 0.4]);
  });

  it("warm-up: linear, then the other schedule as if from the start", () => {
    close(rates(warmUp({ steps: 4 }), 6), [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]);
    const after = cosine();
    close(
      rates(warmUp({ steps: 5, after }), 12),
      rates(after, 12).map((rate, t) => rate * Math.min(1, (t + 1) / 5)),
    );
    close(rates(warmUp(), 200).slice(98, 101), [0.8 * 0.99, 0.8, 0.8]);
  });

  it("one cycle, as PyTorch's formula has it", () => {
    close(rates(oneCycle(), 20), pytorchOneCycle(20, 0.3, 25, 1e4, 0.8));
    close(rates(oneCycle({ rise: 0.45, divide: 10, divideFinal: 100 }), 37), pytorchOneCycle(37, 0.45, 10, 100, 0.8));
    close(rates(oneCycle(), 1000), pytorchOneCycle(1000, 0.3, 25, 1e4, 0.8));
    const all = rates(oneCycle(), 100);
    expect(Math.max(...all)).toBe(0.8);
    expect(all.indexOf(0.8)).toBe(29);
    expect(all[0]).toBeCloseTo(0.8 / 25, 15);
    expect(all[99]).toBeCloseTo(0.8 / 25 / 1e4, 18);
  });

  it("one cycle of very few steps begins at its peak, and stays finite", () => {
    for (const steps of [1, 2, 3, 4])
      expect(rates(oneCycle(), steps).every((rate) => rate > 0 && rate <= 0.8)).toBe(true);
    expect(rates(oneCycle({ rise: 0 }), 3)[0]).toBe(0.8);
  });

  describe("in a run", () => {
    const data = toDataset([[1], [2], [3], [4], [5]], [1, 2, 3, 4, 5]);
    const make = () => network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });

    it("is told step, steps, epoch, epochs and the optimizer's rate", () => {
      const seen: number[][] = [];
      const schedule: Schedule = ({ step, steps, epoch, epochs, learningRate }) => {
        seen.push([step, steps, epoch, epochs, learningRate]);
        return learningRate / 2;
      };
      const optimizer = sgd({ learningRate: 0.02 });
      const run = training(make(), data, { optimizer, epochs: 2, batchSize: 2, schedule });
      expect(take(run, 6).map(({ learningRate }) => learningRate)).toEqual(new Array(6).fill(0.01));
      expect(seen).toEqual([0, 1, 2, 3, 4, 5].map((step) => [step, 6, Math.floor(step / 3), 2, 0.02]));
    });

    it("sees the optimizer's rate change", () => {
      const optimizer = sgd({ learningRate: 0.02 });
      const run = training(make(), data, { optimizer, epochs: 2, batchSize: 2, schedule: cosine() });
      const [first] = take(run, 1);
      optimizer.learningRate = 0.01;
      const [second] = take(run, 1);
      expect(first.learningRate).toBe(0.02);
      expect(second.learningRate).toBeCloseTo(0.005 * (1 + Math.cos(Math.PI / 6)), 16);
      expect(() => {
        optimizer.learningRate = -1;
      }).toThrow(RangeError);
      expect(optimizer.learningRate).toBe(0.01);
      finish(run);
    });

    it("a rate of 0 is a step that goes nowhere", () => {
      const net = make();
      const before = Array.from(net.getParameters());
      const { status, steps } = finish(
        training(net, data, { optimizer: sgd({ momentum: 0.9 }), epochs: 1, schedule: () => 0 }),
      );
      expect([status, steps]).toEqual(["completed", 1]);
      expect(Array.from(net.getParameters())).toEqual(before);
    });

    it.each([Number.NaN, -1, Infinity, "0.1", undefined])(
      "a rate of %s ends the run with an error and leaves everything usable",
      (rate) => {
        const net = make();
        const optimizer = sgd({ momentum: 0.9 });
        const run = training(net, data, {
          optimizer,
          epochs: 2,
          batchSize: 2,
          schedule: ({ step }) => (step === 2 ? (rate as number) : 0.01),
        });
        take(run, 2);
        const [parameters, state] = [net.getParameters(), optimizer.state()];
        expect(() => run.next()).toThrow('training: "schedule" expected a finite learning rate of at least 0, got');
        expect(run.next()).toEqual({ value: undefined, done: true });
        expect(net.getParameters()).toEqual(parameters);
        expect(optimizer.state()).toEqual(state);
        expect(finish(training(net, data, { optimizer, epochs: 1 })).status).toBe("completed");
      },
    );

    it("may set the parameters: the step starts from them", () => {
      const net = make();
      const schedule: Schedule = ({ step, learningRate }) => {
        if (step === 1) net.setParameters([0, 0]);
        return learningRate;
      };
      const options = { optimizer: sgd({ learningRate: 0.1 }), epochs: 2, batchSize: 5, shuffle: false, schedule };
      const [, { loss }] = take(training(net, data, options), 2);
      expect(loss).toBe(11);
      expect(net.getParameters()[1]).toBeCloseTo(0.6, 15);
    });
  });
});

describe("refusals", () => {
  it.each<[() => unknown, typeof TypeError, string]>([
    [() => stepDecay({ every: 0 }), RangeError, 'stepDecay: "every" expected a positive integer, got 0'],
    [() => stepDecay({ every: 1.5 }), RangeError, 'stepDecay: "every" expected a positive integer, got 1.5'],
    [() => stepDecay({ factor: 0 }), RangeError, 'stepDecay: "factor" expected a positive finite number, got 0'],
    [() => stepDecay({ gamma: 0.1 } as never), TypeError, 'stepDecay: unknown option "gamma"; known: every, factor'],
    [() => stepDecay({ facter: 0.1 } as never), TypeError, 'did you mean "factor"?'],
    [() => cosine({ share: 2 }), RangeError, 'cosine: "share" expected a number in [0, 1], got 2'],
    [() => cosine(null as never), TypeError, 'cosine: "options" expected an object, got null'],
    [() => warmUp({ steps: 0 }), RangeError, 'warmUp: "steps" expected a positive integer, got 0'],
    [() => warmUp({ after: "cosine" as never }), TypeError, 'warmUp: "after" expected a function, got "cosine"'],
    [() => oneCycle({ rise: 1 }), RangeError, 'oneCycle: "rise" expected a number in [0, 1), got 1'],
    [
      () => oneCycle({ divide: Number.NaN }),
      RangeError,
      'oneCycle: "divide" expected a positive finite number, got NaN',
    ],
    [() => oneCycle({ divideFinal: -1 }), RangeError, "oneCycle"],
  ])("%#", (call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
