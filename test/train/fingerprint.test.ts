// Oracle: the same run without a break; and what differs by construction.

import { describe, expect, it } from "vitest";
import { adam, type Checkpoint, fit, lbfgs, type NetworkSpec, network, sgd, training } from "../../src/index.js";
import { finish, snapshot, take, toDataset } from "../support.js";

const spec: NetworkSpec = { inputs: 2, layers: [{ units: 5, activation: "tanh" }, { units: 1 }], seed: 2 };
const rows = Array.from({ length: 20 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const outputs = rows.map(([a, b]) => [a * b + a]);
const data = toDataset(rows, outputs);
const options = { epochs: 3, batchSize: 8, seed: 4 };

function saved(): Checkpoint {
  const run = training(network(spec), data, { ...options, optimizer: adam() });
  return take(run, 4)[3].checkpoint();
}

describe("resume compares what the run is made of", () => {
  const resume = saved();
  const go = (more: object, on = data, optimizer = adam()) => {
    const net = network(spec);
    finish(training(net, on, { ...options, optimizer, resume, ...more }));
    return net;
  };

  it("and goes on where all is the same, for longer too, and with equal copies of the data", () => {
    expect(() => go({})).not.toThrow();
    expect(() => go({ epochs: 5 })).not.toThrow();
    expect(snapshot(go({}, toDataset(rows, outputs)))).toEqual(snapshot(go({})));
  });

  it.each<[string, object, RegExp]>([
    ["the batch size", { batchSize: 9 }, /differs in batchSize \(then 8, now 9\)/],
    ["the seed", { seed: 5 }, /differs in seed \(then 4, now 5\)/],
    ["shuffling", { shuffle: false }, /differs in shuffle \(then true, now false\)/],
    ["clipping", { clip: { norm: 1 } }, /differs in clip/],
    ["validation", { validation: 0.2 }, /differs in validation/],
    ["the schedule", { schedule: ({ learningRate }: { learningRate: number }) => learningRate }, /differs in schedule/],
    ["the optimizer's options", { optimizer: adam({ betas: [0.8, 0.999] }) }, /differs in optimizer/],
  ])("and names %s", (_, more, message) => {
    expect(() => go(more)).toThrow(message);
  });

  it("and names the data, for one value in its last digit", () => {
    const others = outputs.map(([y], i) => [i === 11 ? y * (1 + 2 ** -52) : y]);
    expect(() => go({}, toDataset(rows, others))).toThrow(/differs in data \(then 20 rows, checksum \w+, now 20 rows/);
    expect(() => go({}, toDataset(rows.slice(1), outputs.slice(1)))).toThrow(/now 19 rows/);
  });

  it("and refuses before anything is changed", () => {
    const net = network(spec);
    const before = snapshot(net);
    expect(() => training(net, data, { ...options, seed: 9, optimizer: adam(), resume })).toThrow(RangeError);
    expect(snapshot(net)).toEqual(before);
  });
});

describe("an optimizer that another run has used", () => {
  const train = async (optimizer = adam(), net = network(spec)) => {
    const history = await fit(net, data, { ...options, optimizer });
    return { net, notes: history.notes };
  };

  it("starts fresh on another network", async () => {
    const optimizer = adam();
    await train(optimizer);
    const { net, notes } = await train(optimizer);
    expect(snapshot(net)).toEqual(snapshot((await train()).net));
    expect(notes).toEqual([]);
    const wide = network({ ...spec, layers: [{ units: 9 }, { units: 1 }] });
    expect(() => training(wide, data, { ...options, optimizer }).next()).toThrow("make a new optimizer");
  });

  it("goes on with the same network, and a note says so", async () => {
    const optimizer = adam();
    const { net } = await train(optimizer);
    expect((await train(optimizer, net)).notes).toEqual([expect.stringMatching(/^adam continued .* 9 earlier steps/)]);
    expect(optimizer.steps).toBe(18);
  });

  it("keeps what was restored", async () => {
    const optimizer = adam().restore(saved().optimizer);
    await train(optimizer);
    expect(optimizer.steps).toBe(4 + 9);
  });
});

it("lbfgs learns no pair across setParameters", () => {
  const net = network(spec);
  const optimizer = lbfgs();
  const run = training(net, data, { optimizer, epochs: 8 });
  take(run, 3);
  const pairs = optimizer.state().scalars?.pairs ?? 0;
  net.setParameters(net.getParameters().map((x) => 0.5 * x));
  run.next();
  expect(optimizer.state().scalars?.pairs ?? 0).toBe(pairs);
  run.next();
  expect(optimizer.state().scalars?.pairs ?? 0).toBe(pairs + 1);
  run.return(undefined as never);
});

it("an epoch whose validation loss is not finite is never the best", () => {
  const net = network({ ...spec, layers: [{ units: 5 }, { units: 2 }], loss: "cross-entropy" });
  const labelled = toDataset(
    rows,
    rows.map(([a]) => (a > 0 ? 1 : 0)),
  );
  const far = toDataset([[1e308, 1e308]], [0]);
  const early = { patience: 2, monitor: "validationAccuracy" as const };
  const history = finish(
    training(net, labelled, { optimizer: sgd(), epochs: 5, validation: far, earlyStopping: early }),
  );
  const finite = history.epochs.some(({ validationLoss }) => Number.isFinite(validationLoss));
  expect(finite || history.checkpoint.progress.best === null).toBe(true);
});
