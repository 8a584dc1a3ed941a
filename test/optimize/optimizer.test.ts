// Oracle: the documented contract: state in and out, one run at a time, refusals that change
// nothing.

import { beforeAll, describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  gaussNewton,
  hessianFree,
  init,
  kfac,
  lbfgs,
  levenbergMarquardt,
  type NetworkSpec,
  network,
  newton,
  type Optimizer,
  type OptimizerState,
  rmsprop,
  saddleFreeNewton,
  sgd,
  training,
  trustRegion,
} from "../../src/index.js";
import { builds, dtypes, finish, snapshot, take, toDataset } from "../support.js";

const spec: NetworkSpec = { inputs: 2, layers: [{ units: 4, activation: "tanh" }, { units: 1 }], seed: 1 };
const data = toDataset(
  [
    [1, 2],
    [3, -1],
    [0, 1],
    [2, 2],
  ],
  [1, 0, 2, 1],
);

const table: [string, () => Optimizer, string[]][] = [
  ["sgd", () => sgd(), []],
  ["sgd with momentum", () => sgd({ momentum: 0.9 }), ["velocity"]],
  ["adagrad", () => adagrad(), ["sum"]],
  ["adadelta", () => adadelta(), ["squareAverage", "accumulated"]],
  ["rmsprop", () => rmsprop(), ["squareAverage"]],
  [
    "rmsprop, centered with momentum",
    () => rmsprop({ centered: true, momentum: 0.1 }),
    ["squareAverage", "gradientAverage", "velocity"],
  ],
  ["adam", () => adam(), ["m", "v"]],
  ["adam with amsgrad", () => adam({ amsgrad: true }), ["m", "v", "largest"]],
  ["adamw", () => adamw(), ["m", "v"]],
];

/** Trains for so many steps, to the run's end. */
function end(optimizer: Optimizer, steps: number, net = network(spec)): ReturnType<typeof network> {
  finish(training(net, data, { optimizer, epochs: steps, batchSize: 4, shuffle: false }));
  return net;
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  describe.each(table)("%s", (_, make, names) => {
    it("remembers what its rule needs, in the network's type", () => {
      expect(make().state()).toEqual({ name: make().name, step: 0, vectors: {} });
      for (const dtype of dtypes) {
        const optimizer = make();
        end(optimizer, 3, network({ ...spec, dtype }));
        const { step, vectors } = optimizer.state();
        expect([step, optimizer.steps]).toEqual([3, 3]);
        expect(Object.keys(vectors)).toEqual(names);
        for (const vector of Object.values(vectors)) {
          expect(vector).toBeInstanceOf(dtype === "f32" ? Float32Array : Float64Array);
          expect(vector.length).toBe(17);
        }
      }
    });

    it("state and restore alone take a trajectory over", () => {
      const straight = end(make(), 6);
      const first = make();
      const net = end(first, 3);
      const second = make().restore(structuredClone(first.state()));
      expect(second.state()).toEqual(first.state());
      end(second, 3, net);
      expect(snapshot(net)).toEqual(snapshot(straight));
    });

    it("goes on where it was when it serves another run", () => {
      const straight = end(make(), 5);
      const optimizer = make();
      const net = end(optimizer, 2);
      end(optimizer, 3, net);
      expect(snapshot(net)).toEqual(snapshot(straight));
    });

    it("state is a copy, in the middle of a run and after it", () => {
      const optimizer = make();
      const net = network(spec);
      const steps = training(net, data, { optimizer, epochs: 4, batchSize: 4, shuffle: false });
      take(steps, 2);
      const middle = optimizer.state();
      const kept = structuredClone(middle);
      take(steps, 1);
      expect(middle).toEqual(kept);
      steps.return(undefined as never);
      const after = optimizer.state();
      for (const vector of Object.values(after.vectors)) vector.fill(7);
      expect(optimizer.state()).not.toEqual(names.length ? after : null);
    });
  });

  it("serves one run at a time, and says so", () => {
    const optimizer = adam();
    const net = network(spec);
    const first = training(net, data, { optimizer, epochs: 3 });
    const second = training(net, data, { optimizer, epochs: 3 });
    take(first, 1);
    const [before, state] = [snapshot(net), optimizer.state()];
    const message = 'training: "optimizer" expected one that serves no other run, got one whose run has not ended';
    expect(() => second.next()).toThrow(message);
    expect(() => training(net, data, { optimizer, epochs: 3 })).toThrow(message);
    expect(() => optimizer.restore(state)).toThrow("adam.restore: the optimizer is in use by a run that has not ended");
    expect(() => optimizer.restore(state)).toThrow(Error);
    expect([snapshot(net), optimizer.state()]).toEqual([before, state]);
    take(first, 2);
    expect(first.next().done).toBe(true);
    expect(optimizer.restore(state)).toBe(optimizer);
    const served = snapshot(end(optimizer, 1));
    expect(optimizer.steps).toBe(state.step + 1);
    expect(served.every(Number.isFinite)).toBe(true);
    expect(served).not.toEqual(snapshot(network(spec)));
  });

  it("is refused for a network of another size, and free for one of its own", () => {
    const optimizer = adam();
    end(optimizer, 1);
    const other = network({ inputs: 2, layers: [{ units: 1 }] });
    const message =
      'training: "optimizer" expected a memory of 3 parameters, got 17; make a new optimizer for another network';
    expect(() => training(other, data, { optimizer, epochs: 1 })).toThrow(message);
    expect(() => training(other, data, { optimizer, epochs: 1 })).toThrow(RangeError);
    end(optimizer, 1);
    const plain = sgd();
    end(plain, 1);
    expect(end(plain, 1, other)).toBe(other);
  });

  it("a state of another kind is refused, and the optimizer's own stays", () => {
    const optimizer = adam();
    end(optimizer, 2);
    const state = optimizer.state();
    const refused: [unknown, typeof TypeError, string][] = [
      [null, TypeError, 'adam.restore: "state" expected an object, got null'],
      [{ ...state, name: "adamw" }, RangeError, 'adam.restore: "state.name" expected "adam", got "adamw"'],
      [{ ...state, name: undefined }, RangeError, "got undefined"],
      [{ ...state, step: -1 }, RangeError, 'adam.restore: "state.step" expected an integer of at least 0, got -1'],
      [{ ...state, step: 1.5 }, RangeError, "got 1.5"],
      [{ ...state, step: "2" }, TypeError, 'got "2"'],
      [{ ...state, vectors: null }, TypeError, 'adam.restore: "state.vectors" expected an object of vectors, got null'],
      [
        { ...state, vectors: { m: state.vectors.m } },
        RangeError,
        'adam.restore: "state.vectors" expected m, v, got m; the options must be the same',
      ],
      [
        { ...state, vectors: { ...state.vectors, largest: state.vectors.v } },
        RangeError,
        "expected m, v, got m, v, largest",
      ],
      [
        { ...state, vectors: { m: [1, 2], v: state.vectors.v } },
        TypeError,
        'adam.restore: "state.vectors.m" expected a Float64Array or Float32Array, got an array of 2',
      ],
      [
        { ...state, vectors: { m: state.vectors.m, v: new Float64Array(100_000) } },
        RangeError,
        'adam.restore: "state.vectors.v" expected 17 numbers, got 100000',
      ],
    ];
    for (const [given, kind, message] of refused) {
      expect(() => optimizer.restore(given as OptimizerState), message).toThrow(kind);
      expect(() => optimizer.restore(given as OptimizerState)).toThrow(message);
    }
    expect(optimizer.state()).toEqual(state);
  });

  it("restoring the state of an unused optimizer makes it forget", () => {
    const optimizer = adam();
    end(optimizer, 2);
    optimizer.restore(adam().state());
    expect(snapshot(end(optimizer, 3))).toEqual(snapshot(end(adam(), 3)));
  });

  it("a state of one precision serves a network of the other", () => {
    const optimizer = adam();
    end(optimizer, 2);
    const [net, straight] = [network({ ...spec, dtype: "f32" }), network({ ...spec, dtype: "f32" })];
    const before = snapshot(net);
    end(adam().restore(optimizer.state()), 2, net);
    expect(snapshot(net).every(Number.isFinite)).toBe(true);
    expect(snapshot(net)).not.toEqual(before);
    // And it is the memory that made the difference.
    expect(snapshot(net)).not.toEqual(snapshot(end(adam(), 2, straight)));
  });
});

describe("options", () => {
  it.each<[() => unknown, typeof TypeError, string]>([
    [() => sgd({ learningRate: 0 }), RangeError, 'sgd: "learningRate" expected a positive finite number, got 0'],
    [() => sgd({ learningRate: -1 }), RangeError, 'sgd: "learningRate" expected a positive finite number, got -1'],
    [
      () => adam({ learningRate: Number.NaN }),
      RangeError,
      'adam: "learningRate" expected a positive finite number, got NaN',
    ],
    [() => adam({ learningRate: Infinity }), RangeError, "got Infinity"],
    [
      () => adam({ learningRate: "0.1" as never }),
      TypeError,
      'adam: "learningRate" expected a positive finite number, got "0.1"',
    ],
    [() => adam({ learningRate: null as never }), TypeError, "got null"],
    [
      () => adam({ lr: 0.1 } as never),
      TypeError,
      'adam: unknown option "lr"; known: learningRate, epsilon, weightDecay, amsgrad, betas',
    ],
    [
      () => adam({ learningrate: 0.1 } as never),
      TypeError,
      'adam: unknown option "learningrate"; did you mean "learningRate"?',
    ],
    [() => sgd({ momentun: 0.1 } as never), TypeError, 'did you mean "momentum"?'],
    [() => sgd({ momentum: -0.1 }), RangeError, 'sgd: "momentum" expected a finite number of at least 0, got -0.1'],
    [() => sgd({ dampening: 1.1, momentum: 0.5 }), RangeError, 'sgd: "dampening" expected a number in [0, 1], got 1.1'],
    [() => sgd({ weightDecay: -1 }), RangeError, "weightDecay"],
    [
      () => sgd({ nesterov: true }),
      RangeError,
      'sgd: "nesterov" expected a momentum and no dampening with it, got true',
    ],
    [() => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }), RangeError, "nesterov"],
    [() => sgd({ nesterov: 1 as never, momentum: 0.9 }), TypeError, 'sgd: "nesterov" expected true or false, got 1'],
    [() => sgd(0.1 as never), TypeError, 'sgd: "options" expected an object, got 0.1'],
    [() => adagrad({ epsilon: -1 }), RangeError, "adagrad"],
    [() => adagrad({ initialAccumulator: -1 }), RangeError, "adagrad"],
    [() => adadelta({ rho: 1.5 }), RangeError, 'adadelta: "rho" expected a number in [0, 1], got 1.5'],
    [() => rmsprop({ decay: -0.5 }), RangeError, "rmsprop"],
    [() => rmsprop({ alpha: 0.9 } as never), TypeError, 'rmsprop: unknown option "alpha"'],
    [() => adam({ betas: [0.9, 1] }), RangeError, 'adam: "betas[1]" expected a number in [0, 1), got 1'],
    [
      () => adam({ betas: [0.9] as never }),
      TypeError,
      'adam: "betas" expected two numbers in [0, 1), got an array of 1',
    ],
    [() => adam({ betas: null as never }), TypeError, 'adam: "betas" expected two numbers in [0, 1), got null'],
    [
      () => adamw({ weightDecay: Number.NaN }),
      RangeError,
      'adamw: "weightDecay" expected a finite number of at least 0, got NaN',
    ],
    [() => newton({ damping: -1 }), RangeError, 'newton: "damping" expected a finite number of at least 0, got -1'],
    [() => newton({ indefinite: "ignore" as never }), RangeError, 'newton: "indefinite"'],
    [() => newton({ search: "golden" as never }), RangeError, 'newton: "search"'],
    [() => saddleFreeNewton({ indefinite: "abs" } as never), TypeError, 'unknown option "indefinite"'],
    [() => gaussNewton({ learningRate: 0 }), RangeError, 'gaussNewton: "learningRate" expected a positive'],
    [() => trustRegion({ initialRadius: 0 }), RangeError, 'trustRegion: "initialRadius"'],
    [() => trustRegion({ maxRadius: Infinity }), RangeError, 'trustRegion: "maxRadius"'],
    [() => trustRegion({ products: 1 as never }), TypeError, 'trustRegion: "products" expected true or false, got 1'],
    [() => trustRegion({ learningRate: 1 } as never), TypeError, 'unknown option "learningRate"'],
    [() => levenbergMarquardt({ mu: 0 }), RangeError, 'levenbergMarquardt: "mu" expected a positive finite number'],
    [() => levenbergMarquardt({ muInc: 1 }), RangeError, 'levenbergMarquardt: "muInc" expected more than 1, got 1'],
    [() => levenbergMarquardt({ muDec: 1.5 }), RangeError, 'levenbergMarquardt: "muDec" expected at most 1, got 1.5'],
    [
      () => levenbergMarquardt({ mu: 1, muMax: 0.1 }),
      RangeError,
      'levenbergMarquardt: "muMax" expected at least mu, 1, got 0.1',
    ],
    [() => levenbergMarquardt({ mu_inc: 3 } as never), TypeError, 'unknown option "mu_inc"; did you mean "muInc"?'],
    [() => hessianFree({ maxProducts: 0 }), RangeError, 'hessianFree: "maxProducts" expected a positive integer'],
    [() => hessianFree({ curvatureShare: 2 }), RangeError, 'hessianFree: "curvatureShare"'],
    [() => hessianFree({ warmStart: -1 }), RangeError, 'hessianFree: "warmStart"'],
    [() => kfac({ refresh: 0 }), RangeError, 'kfac: "refresh" expected a positive integer'],
    [() => kfac({ damping: 0 }), RangeError, 'kfac: "damping" expected a positive finite number, got 0'],
    [() => lbfgs({ history: 1.5 }), RangeError, 'lbfgs: "history" expected a positive integer, got 1.5'],
    [() => lbfgs(null as never), TypeError, 'lbfgs: "options" expected an object, got null'],
  ])("%#", (call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  it("undefined is the default", () => {
    expect(adam({ learningRate: undefined as never, betas: undefined as never }).learningRate).toBe(1e-2);
    expect(
      [sgd(), adagrad(), adadelta(), rmsprop(), adam(), adamw()].map(({ name, learningRate }) => [name, learningRate]),
    ).toEqual([
      ["sgd", 0.05],
      ["adagrad", 0.1],
      ["adadelta", 2],
      ["rmsprop", 0.01],
      ["adam", 0.01],
      ["adamw", 0.01],
    ]);
  });
});
