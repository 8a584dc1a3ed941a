// Oracle: the documented behaviour, by counting: every sample once an epoch, in batches of the
// asked size.

import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { init, network, sgd, training } from "../../src/index.js";
import { Batches, holdOut } from "../../src/train/batches.js";
import { caseNamed, makeData, makeParameters } from "../cases.js";
import * as oracle from "../oracle/network.js";
import type { Targets } from "../oracle/spec.js";
import { builds, distance, finish, sameBits, take, toDataset } from "../support.js";

const identity = (size: number) => Uint32Array.from({ length: size }, (_, i) => i);

/** The batches of an epoch, as lists of samples. */
function collect(batches: Batches, epoch: number, used = 0): number[][] {
  const all: number[][] = [];
  batches.seek(epoch, used);
  while (batches.advance()) all.push(Array.from(batches.order.slice(batches.from, batches.from + batches.count)));
  return all;
}

describe("batches", () => {
  it("of every size cover every sample once, the last being what is left, or one more where one would be left alone", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 80 }),
        fc.boolean(),
        fc.boolean(),
        (size, batchSize, shuffle, joins) => {
          const batches = new Batches(identity(size), batchSize, shuffle, 3, joins && batchSize > 1);
          const all = collect(batches, 0);
          expect(all.flat().sort((a, b) => a - b)).toEqual(Array.from(identity(size)));
          expect(all.length).toBe(batches.perEpoch);
          expect(Math.max(...all.map(({ length }) => length))).toBe(batches.capacity);
          const sizes = all.map(({ length }) => length);
          const single = joins && batchSize > 1 && size > batchSize && size % batchSize === 1;
          const expected = new Array(Math.floor(size / batchSize)).fill(batchSize);
          if (single) expected[expected.length - 1]++;
          else if (size % batchSize > 0) expected.push(size % batchSize);
          expect(sizes).toEqual(expected);
        },
      ),
      { seed: 2 },
    );
  });

  it("shuffled anew each epoch, the same way for the same seed; in order without", () => {
    const order = (seed: number, epoch: number, shuffle = true) =>
      collect(new Batches(identity(20), 4, shuffle, seed, false), epoch)
        .flat()
        .join();
    expect(order(1, 0)).toBe(order(1, 0));
    const all = [order(1, 0), order(1, 1), order(1, 2), order(2, 0), order(2, 1), order(2 ** 32 + 1, 0)];
    expect(new Set(all).size).toBe(all.length);
    expect(order(1, 0, false)).toBe(identity(20).join());
    expect(order(9, 7, false)).toBe(identity(20).join());
  });

  it("taken up in the middle of an epoch are those that were left", () => {
    const batches = new Batches(identity(23), 5, true, 4, false);
    const all = collect(batches, 6);
    for (let done = 0; done < all.length; done++)
      expect(collect(new Batches(identity(23), 5, true, 4, false), 6, 5 * done)).toEqual(all.slice(done));
  });

  it("every sample is as likely to come first", () => {
    const first = new Array(5).fill(0);
    for (let epoch = 0; epoch < 2000; epoch++) {
      const batches = new Batches(identity(5), 5, true, 8, false);
      batches.seek(epoch, 0);
      first[batches.order[0]]++;
    }
    first.forEach((n) => expect(Math.abs(n - 400)).toBeLessThan(5 * Math.sqrt(320)));
  });
});

describe("held-out samples", () => {
  it("are the share, at least one, disjoint from the rest, drawn by the seed", () => {
    for (const [size, share, held] of [
      [10, 0.2, 2],
      [10, 0.25, 3],
      [3, 0.01, 1],
      [100, 0.5, 50],
      [7, 0, 0],
    ]) {
      const { training: rest, validation } = holdOut(size, share, 5);
      expect(validation.length).toBe(held);
      expect([...rest, ...validation].sort((a, b) => a - b)).toEqual(Array.from(identity(size)));
    }
    expect(holdOut(50, 0.2, 1)).toEqual(holdOut(50, 0.2, 1));
    expect(holdOut(50, 0.2, 1).validation).not.toEqual(holdOut(50, 0.2, 2).validation);
  });
});

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("steps tell their batch's size, and a partial batch is averaged over what it has", () => {
    const item = caseNamed("relu wider");
    const { inputs, targets } = makeData(item);
    const net = network(item.spec);
    let θ = makeParameters(item);
    net.setParameters(θ);
    const options = { optimizer: sgd({ learningRate: 0.1 }), epochs: 2, batchSize: 5, shuffle: false };
    const records = take(training(net, toDataset(inputs, targets), options), 6);
    expect(records.map(({ samples }) => samples)).toEqual([5, 5, 3, 5, 5, 3]);
    expect(records.map(({ step, epoch }) => [step, epoch])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 2],
      [6, 2],
    ]);
    let sum = 0;
    records.forEach(({ loss, gradientNorm, samples, epochRecord }, k) => {
      const from = 5 * (k % 3);
      const [x, y] = [inputs.slice(from, from + 5), targets.slice(from, from + 5) as Targets];
      expect(distance([loss], [oracle.loss(item.spec, θ, x, y)])).toBeLessThan(1e-12);
      const g = oracle.gradient(item.spec, θ, x, y);
      expect(distance([gradientNorm], [Math.hypot(...g)])).toBeLessThan(1e-12);
      θ = θ.map((value, i) => value - 0.1 * g[i]);
      sum += loss * samples;
      if (k % 3 === 2) {
        expect(epochRecord?.loss).toBeCloseTo(sum / 13, 14);
        expect(epochRecord?.epoch).toBe((k + 1) / 3);
        sum = 0;
      } else expect(epochRecord).toBe(null);
    });
    expect(distance(net.getParameters(), θ)).toBeLessThan(1e-12);
  });

  it("batches larger than a chunk are one step", () => {
    const spec = { inputs: 2, layers: [{ units: 3, activation: "tanh" as const }, { units: 1 }], loss: "mse" as const };
    const item = { name: "", spec, samples: 2500, seed: 3, targets: "rows" as const, batchNorm: false, margin: 0 };
    const { inputs, targets } = makeData(item);
    const net = network(spec);
    net.setParameters(makeParameters(item));
    const { gradient } = net.gradient(toDataset(inputs, targets));
    const before = net.getParameters();
    const options = { optimizer: sgd({ learningRate: 1 }), epochs: 1, batchSize: 1e9, shuffle: false };
    const [{ samples }] = take(training(net, toDataset(inputs, targets), options), 1);
    expect(samples).toBe(2500);
    expect(
      distance(
        net.getParameters(),
        before.map((value, k) => value - gradient[k]),
      ),
    ).toBeLessThan(1e-14);
  });

  it("under batch norm a last batch of one joins the one before", () => {
    const item = caseNamed("batch norm relu");
    const { inputs, targets } = makeData(item);
    const net = network(item.spec);
    net.setParameters(makeParameters(item));
    const data = toDataset(inputs, targets);
    for (const [batchSize, expected] of [
      [2, [2, 2, 3]],
      [3, [3, 4]],
      [6, [7]],
      [7, [7]],
      [4, [4, 3]],
    ] as const) {
      const records = take(training(net, data, { optimizer: sgd(), epochs: 1, batchSize }), expected.length);
      expect(records.map(({ samples }) => samples)).toEqual(expected);
      expect(records.at(-1)?.epochRecord?.epoch).toBe(1);
    }
    const plain = network({ inputs: 3, layers: [{ units: 2 }] });
    const records = take(training(plain, data, { optimizer: sgd(), epochs: 1, batchSize: 2 }), 4);
    expect(records.map(({ samples }) => samples)).toEqual([2, 2, 2, 1]);
  });

  it("training never sees what is held out", () => {
    const inputs = Array.from({ length: 10 }, (_, i) => Array.from({ length: 10 }, (_, j) => (i === j ? 1 : 0)));
    const net = network({ inputs: 10, layers: [{ units: 1 }], initializer: "zeros" });
    const history = finish(
      training(net, toDataset(inputs, new Array(10).fill(1)), {
        optimizer: sgd({ learningRate: 0.1 }),
        epochs: 3,
        batchSize: 4,
        validation: 0.3,
        seed: 6,
      }),
    );
    const untouched = Array.from(net.getParameters().slice(0, 10).keys()).filter((i) => net.getParameters()[i] === 0);
    expect(untouched).toEqual(Array.from(holdOut(10, 0.3, 6).validation));
    const held = toDataset(
      untouched.map((i) => inputs[i]),
      [1, 1, 1],
    );
    expect(history.epochs.at(-1)?.validationLoss).toBeCloseTo(net.evaluate(held).loss, 14);
  });

  it("the same seed gives the same run, another another", () => {
    const item = caseNamed("relu many samples");
    const { inputs, targets } = makeData(item);
    const run = (seed: number) => {
      const net = network({ ...item.spec, seed: 1 });
      finish(
        training(net, toDataset(inputs, targets), {
          optimizer: sgd({ learningRate: 0.1 }),
          epochs: 3,
          batchSize: 8,
          seed,
        }),
      );
      return net.getParameters();
    };
    expect(sameBits(run(1), run(1))).toBe(true);
    expect(sameBits(run(1), run(2))).toBe(false);
  });
});
