// Oracles: the head alone, trained on what the trunk gives; bits before and after; central
// differences of the loss.
import { beforeAll, describe, expect, it } from "vitest";
import { fromJson, fromSafetensors, toJson, toSafetensors } from "../../src/formats/index.js";
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  type Dataset,
  dataset,
  gaussNewton,
  hessianFree,
  init,
  kfac,
  lbfgs,
  levenbergMarquardt,
  type Network,
  network,
  newton,
  type Optimizer,
  rmsprop,
  saddleFreeNewton,
  sgd,
  training,
  trustRegion,
  withBatchNorm,
  withParameters,
} from "../../src/index.js";
import { Random } from "../cases.js";
import { differences } from "../oracle/differences.js";
import { builds, distance, finish, sameBits, take } from "../support.js";

/** Each with how far rounding may take two runs apart. */
const methods: Record<string, { make: () => Optimizer; apart: number }> = {
  sgd: { make: () => sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 0.01 }), apart: 1e-12 },
  adagrad: { make: () => adagrad({ learningRate: 0.05, weightDecay: 0.01 }), apart: 1e-12 },
  adadelta: { make: () => adadelta({ weightDecay: 0.01 }), apart: 1e-12 },
  rmsprop: { make: () => rmsprop({ learningRate: 0.01, weightDecay: 0.01 }), apart: 1e-12 },
  adam: { make: () => adam({ learningRate: 0.02, weightDecay: 0.01 }), apart: 1e-12 },
  adamw: { make: () => adamw({ learningRate: 0.02, weightDecay: 0.1 }), apart: 1e-12 },
  lbfgs: { make: () => lbfgs(), apart: 1e-10 },
  newton: { make: () => newton(), apart: 1e-12 },
  saddleFreeNewton: { make: () => saddleFreeNewton(), apart: 1e-12 },
  trustRegion: { make: () => trustRegion(), apart: 1e-12 },
  gaussNewton: { make: () => gaussNewton(), apart: 1e-9 },
  levenbergMarquardt: { make: () => levenbergMarquardt(), apart: 1e-12 },
  hessianFree: { make: () => hessianFree(), apart: 1e-10 },
  kfac: { make: () => kfac(), apart: 1e-10 },
};
const names = Object.keys(methods);

function data(outputs = 2, count = 24): Dataset {
  const random = new Random(4);
  const inputs = random.rows(count, 3);
  return dataset(
    inputs,
    inputs.map(() => random.normals(outputs)),
  );
}

/** A trunk with batch norm whose running statistics are not those of the data, and a head. */
function whole(frozen: boolean, outputs = 2): Network {
  const trunk = [
    { units: 5, activation: "relu", batchNorm: true, frozen },
    { units: 4, activation: "tanh", frozen },
  ] as const;
  const head = [{ units: 3, activation: "tanh" }, { units: outputs }] as const;
  const net = network({ inputs: 3, layers: [...trunk, ...head], seed: 3 });
  net.setRunningStatistics([0.1, 0.2, 0, -0.1, 0.3, 1, 2, 0.5, 1.5, 0.7]);
  return net;
}

/** Parameters of the trunk: (3 + 1 + 2)·5 and (5 + 1)·4. */
const TRUNK = 54;

/** The head by itself, on what the trunk gives. */
function headOf(net: Network, { inputs, targets }: Dataset, outputs = 2): { head: Network; features: Dataset } {
  const trunk = network({ inputs: 3, layers: net.spec.layers.slice(0, 2) });
  trunk.setParameters(net.getParameters().slice(0, TRUNK));
  trunk.setRunningStatistics(net.getRunningStatistics());
  const head = network({ inputs: 4, layers: [{ units: 3, activation: "tanh" }, { units: outputs }] });
  head.setParameters(net.getParameters().slice(TRUNK));
  return { head, features: dataset(trunk.predict(inputs), targets) };
}

describe.each(builds)("frozen parameters, %s", (build) => {
  beforeAll(async () => {
    await init({ simd: build });
  });

  it.each(names)(
    "%s above a frozen trunk is the head alone on what the trunk gives; the trunk keeps its bits",
    (name) => {
      const { make, apart } = methods[name];
      const net = whole(true);
      const set = data();
      const { head, features } = headOf(net, set);
      const [before, statistics] = [net.getParameters(), net.getRunningStatistics()];
      const first = make().curvature === null;
      const options = { epochs: 4, seed: 2, batchSize: first ? 7 : set.size };
      const got = [...training(net, set, { optimizer: make(), ...options })];
      const wanted = [...training(head, features, { optimizer: make(), ...options })];
      expect(got.length).toBe(wanted.length);
      const losses = (records: { loss: number }[]): number[] => records.map(({ loss }) => loss);
      expect(distance(losses(got), losses(wanted))).toBeLessThanOrEqual(apart);
      const after = net.getParameters();
      expect(distance(after.slice(TRUNK), head.getParameters())).toBeLessThanOrEqual(apart);
      expect(distance(after.slice(TRUNK), before.slice(TRUNK))).toBeGreaterThan(1e-4);
      expect(sameBits(after.slice(0, TRUNK), before.slice(0, TRUNK))).toBe(true);
      expect(sameBits(net.getRunningStatistics(), statistics)).toBe(true);
    },
  );

  it("a single output's Jacobian rows and acceleration are the head's", () => {
    const net = whole(true, 1);
    const set = data(1);
    const { head, features } = headOf(net, set, 1);
    finish(training(net, set, { optimizer: levenbergMarquardt(), epochs: 8 }));
    finish(training(head, features, { optimizer: levenbergMarquardt(), epochs: 8 }));
    expect(distance(net.getParameters().slice(TRUNK), head.getParameters())).toBeLessThanOrEqual(1e-11);
  });

  it.each(names.filter((name) => name !== "kfac"))(
    "%s leaves single parameters that a mask fixes to the bit",
    (name) => {
      const random = new Random(8);
      const net = network({
        inputs: 3,
        layers: [{ units: 5, activation: "tanh", batchNorm: true }, { units: 4, activation: "relu" }, { units: 2 }],
        penalty: { l2: 0.01, on: "all" },
        seed: 1,
      });
      const mask = Array.from({ length: net.parameterCount }, () => random.uniform() < 0.5);
      const masked = withParameters(net, mask);
      const before = masked.getParameters();
      expect(sameBits(before, net.getParameters())).toBe(true);
      finish(training(masked, data(), { optimizer: methods[name].make(), epochs: 2 }));
      const after = masked.getParameters();
      mask.forEach((chosen, i) => {
        if (!chosen) expect(Object.is(after[i], before[i])).toBe(true);
      });
      const moved = mask.filter((chosen, i) => chosen && after[i] !== before[i]).length;
      expect(moved).toBeGreaterThan(0.8 * mask.filter(Boolean).length);
    },
  );

  it("a step of sgd moves what is chosen along the whole gradient", () => {
    const net = whole(false);
    const mask = Array.from({ length: net.parameterCount }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const masked = withParameters(net, mask);
    const { gradient } = masked.gradient(data());
    const before = masked.getParameters();
    take(training(masked, data(), { optimizer: sgd({ learningRate: 0.1 }), epochs: 1, batchSize: 24 }), 1);
    const expected = before.map((value, i) => value - 0.1 * mask[i] * gradient[i]);
    expect(distance(masked.getParameters(), expected)).toBeLessThanOrEqual(1e-12);
  });

  it("a frozen layer's batch norm goes by the running statistics, between others that go by the batch", () => {
    const norm = { activation: "tanh", batchNorm: true } as const;
    const net = network({
      inputs: 3,
      layers: [{ units: 4, ...norm }, { units: 3, ...norm, frozen: true }, { units: 2 }],
    });
    net.setRunningStatistics([0, 0, 0, 0, 1, 1, 1, 1, 0.2, -0.1, 0, 2, 0.5, 1]);
    const set = data();
    const at = Array.from(net.getParameters(), (value, i) => value + 0.1 * Math.sin(i));
    const lossAt = (parameters: number[]): number => {
      net.setParameters(parameters);
      return net.loss(set);
    };
    const slopes = differences(lossAt, at, 1e-4);
    net.setParameters(at);
    expect(distance(net.gradient(set).gradient, slopes)).toBeLessThan(1e-7);
    const v = at.map((_, i) => Math.cos(i));
    const step = 1e-5;
    const [up, down] = [step, -step].map((h) => {
      net.setParameters(at.map((value, i) => value + h * v[i]));
      return net.gradient(set).gradient;
    });
    net.setParameters(at);
    const bend = up.map((value, i) => (value - down[i]) / (2 * step));
    expect(distance(net.hvp(set, v), bend)).toBeLessThan(1e-7);
    const H = net.hessian(set);
    const product = at.map((_, i) => at.reduce((sum, _x, j) => sum + H.data[i * at.length + j] * v[j], 0));
    expect(distance(product, bend)).toBeLessThan(1e-7);
    finish(training(net, set, { optimizer: sgd({ learningRate: 0.1 }), epochs: 1 }));
    const statistics = net.getRunningStatistics();
    expect(Array.from(statistics.slice(8))).toEqual([0.2, -0.1, 0, 2, 0.5, 1]);
    expect(statistics[0]).not.toBe(0);
  });

  it("goes on from a checkpoint to the same bits", () => {
    for (const make of [() => adam(), () => lbfgs()]) {
      const [a, b] = [withParameters(whole(false), [1, 3]), withParameters(whole(false), [1, 3])];
      const set = data();
      finish(training(a, set, { optimizer: make(), epochs: 4, seed: 1 }));
      const { checkpoint } = finish(training(b, set, { optimizer: make(), epochs: 2, seed: 1 }));
      const saved = fromSafetensors(toSafetensors(b, { checkpoint }));
      finish(training(saved.network, set, { optimizer: make(), epochs: 4, seed: 1, resume: saved.checkpoint }));
      expect(sameBits(saved.network.getParameters(), a.getParameters())).toBe(true);
      expect(saved.network.spec.layers.map(({ frozen }) => frozen ?? false)).toEqual([true, false, true, false]);
    }
  });
});

describe("withParameters", () => {
  const net = whole(false);

  it("takes a layer, several, and masks of any kind", () => {
    const frozen = (of: Network): boolean[] => of.spec.layers.map((layer) => layer.frozen ?? false);
    expect(frozen(withParameters(net, 3))).toEqual([true, true, true, false]);
    expect(frozen(withParameters(net, [0, 2]))).toEqual([false, true, false, true]);
    const head = Uint8Array.from({ length: net.parameterCount }, (_, i) => (i < TRUNK ? 0 : 1));
    const masked = withParameters(net, head);
    expect([frozen(masked), masked.spec.trainable]).toEqual([[true, true, false, false], undefined]);
    const single = withParameters(
      net,
      Array.from(head, (mark, i) => mark === 1 && i !== TRUNK + 1),
    );
    expect(single.spec.trainable).toEqual([
      [TRUNK, TRUNK + 1],
      [TRUNK + 2, net.parameterCount],
    ]);
    expect(frozen(withParameters(single, [0, 1, 2, 3]))).toEqual([false, false, false, false]);
    expect(withParameters(single, [0, 1, 2, 3]).spec.trainable).toBeUndefined();
    for (const loaded of [fromJson(toJson(single)), fromSafetensors(toSafetensors(single))]) {
      expect(loaded.network.spec).toEqual(single.spec);
    }
  });

  it.each([
    [4, "layers from 0 to 3"],
    [[-1], "layers from 0 to 3"],
    [[true, false], "2 marks"],
    ["all", "layer numbers"],
    [[], "at least one parameter"],
    [[0, 0, 1], "3 marks"],
  ])("refuses %o", (mask, words) => {
    expect(() => withParameters(net, mask as never)).toThrow(words);
  });

  it("refuses runs that no network has, and training without a free parameter", () => {
    const spec = { inputs: 1, layers: [{ units: 1 }] };
    expect(() => network({ ...spec, trainable: [[0, 3]] })).toThrow("places up to 2");
    expect(() => network({ ...spec, trainable: [[1, 1]] })).toThrow("trainable");
    expect(() =>
      network({
        ...spec,
        trainable: [
          [0, 1],
          [1, 2],
        ],
      }),
    ).toThrow("trainable");
    const frozen = network({ inputs: 3, layers: [{ units: 2, frozen: true }] });
    expect(() => training(frozen, data(), { optimizer: adam(), epochs: 1 }).next()).toThrow("not frozen");
    const single = withParameters(
      net,
      Array.from({ length: net.parameterCount }, (_, i) => i === 0),
    );
    expect(() => training(single, data(), { optimizer: kfac(), epochs: 1 }).next()).toThrow("Kronecker");
    expect(() => withBatchNorm(single, data())).toThrow("whole layers");
  });
});
