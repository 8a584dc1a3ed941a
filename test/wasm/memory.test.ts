// Oracle: the process's own counters over two halves of the same work, nothing in between that
// would let finalizers run.

import { beforeAll, describe, expect, it } from "vitest";
import { adam, dataset, fit, init, matrix, multiply, network, sgd, training } from "../../src/index.js";
import { builds, finish, take } from "../support.js";

const data = dataset(
  [
    [1, 2],
    [3, 4],
    [5, 6],
    [0, 1],
  ],
  [1, 2, 3, 0],
);
const make = (seed: number) => network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed });

const MiB = 2 ** 20;

/**
 * Does the work in two halves, after a first run of a quarter, and compares the least that is held
 * in each: how far it rises in between is for the engine's collector to say, and differs widely
 * from run to run; what leaks raises the least as well. The resident set has slack of its own: the
 * engine sizes its young generation as it goes, and takes long to give pages back.
 */
function expectFlat(work: (i: number) => void, count: number): void {
  let i = 0;
  let highest = 0;
  for (; i < count / 4; i++) work(i);
  const half = (to: number) => {
    let resident = Number.POSITIVE_INFINITY;
    let external = Number.POSITIVE_INFINITY;
    for (; i < to; i++) {
      work(i);
      if (i % 10 !== 0) continue;
      const usage = process.memoryUsage();
      resident = Math.min(resident, usage.rss / MiB);
      external = Math.min(external, usage.external / MiB);
      highest = Math.max(highest, usage.external / MiB);
    }
    return { resident, external };
  };
  const first = half(count / 2);
  const second = half(count);
  expect(second.resident - first.resident, "growth of the least resident set, MiB").toBeLessThan(150);
  expect(second.external - first.external, "growth of the least external memory, MiB").toBeLessThan(60);
  expect(highest, "external memory, MiB").toBeLessThan(600);
}

/** WebAssembly memories made while `work` runs. */
function memoriesMadeBy(work: () => void): number {
  const { instances, restore } = count();
  try {
    work();
  } finally {
    restore();
  }
  return instances();
}

function count(): { instances: () => number; restore: () => void } {
  const { Instance } = WebAssembly;
  let made = 0;
  WebAssembly.Instance = new Proxy(Instance, {
    construct: (target, given) => {
      made++;
      return Reflect.construct(target, given);
    },
  });
  const restore = () => {
    WebAssembly.Instance = Instance;
  };
  return { instances: () => made, restore };
}

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it("ten thousand networks made, trained for a step and dropped", () => {
    expectFlat((i) => {
      for (const _ of training(make(i), data, { optimizer: adam(), epochs: 2 })) break;
    }, 10_000);
  });

  it("two thousand generators abandoned after their first step", () => {
    expectFlat((i) => void training(make(i), data, { optimizer: adam(), epochs: 2 }).next(), 2000);
  });

  it("two thousand generators of one network abandoned", () => {
    const net = make(1);
    expectFlat(() => void training(net, data, { optimizer: sgd(), epochs: 2 }).next(), 2000);
    expect(net.getParameters().every(Number.isFinite)).toBe(true);
  });

  it("generators that are never started take nothing", () => {
    finish(training(make(0), data, { optimizer: sgd(), epochs: 1 }));
    const optimizer = sgd();
    const net = make(1);
    expect(
      memoriesMadeBy(() => {
        for (let i = 0; i < 100; i++) training(net, data, { optimizer, epochs: 1 });
      }),
    ).toBe(0);
  });

  it("runs that have not ended have an instance each", () => {
    const open: unknown[] = [];
    const start = () => {
      const run = training(make(1), data, { optimizer: sgd(), epochs: 2 });
      run.next();
      open.push(run);
    };
    for (let i = 0; i < 4; i++) start(); // no more are kept in the pool
    expect(
      memoriesMadeBy(() => {
        for (let i = 0; i < 3; i++) start();
      }),
    ).toBeGreaterThanOrEqual(3);
  });

  it("one-shot calls and runs that end share instances, however they end", () => {
    const net = make(1);
    const optimizer = adam();
    const ways = [
      () => net.predict([[1, 2]]),
      () => net.gradient(data),
      () => multiply(matrix([[1]]), matrix([[1]])),
      () => make(2),
      () => finish(training(net, data, { optimizer, epochs: 2 })),
      () => {
        for (const _ of training(net, data, { optimizer, epochs: 2 })) break;
      },
      () => {
        const run = training(net, data, { optimizer, epochs: 2 });
        take(run, 1);
        run.return(undefined as never);
      },
      () => {
        const run = training(net, data, { optimizer, epochs: 2 });
        take(run, 1);
        expect(() => run.throw(new Error("out"))).toThrow("out");
      },
      () =>
        expect(() => finish(training(net, data, { optimizer, epochs: 2, schedule: () => Number.NaN }))).toThrow(
          RangeError,
        ),
      () =>
        expect(finish(training(net, data, { optimizer, epochs: 2, schedule: () => 1e308 })).status).toBe("non-finite"),
      () => expect(() => take(training(net, data, { optimizer: "x" as never, epochs: 2 }), 1)).toThrow(TypeError),
      () =>
        expect(() => network({ inputs: 1, layers: [{ units: 1 }], initializer: () => Number.NaN })).toThrow(RangeError),
      () => {
        const holder = training(make(3), data, { optimizer, epochs: 3 });
        const waiting = training(make(3), data, { optimizer, epochs: 3 });
        take(holder, 1);
        expect(() => waiting.next()).toThrow("serves no other run");
        holder.return(undefined as never);
      },
    ];
    for (const way of ways) way();
    ways.forEach((way, k) =>
      expect(
        memoriesMadeBy(() => {
          for (let i = 0; i < 5; i++) way();
        }),
        `way ${k}`,
      ).toBe(0),
    );
  });

  it("fit gives its instance back, also where it rejects", async () => {
    await fit(make(1), data, { optimizer: adam(), epochs: 1 });
    const { instances, restore } = count();
    try {
      for (let i = 0; i < 20; i++) {
        await fit(make(i), data, { optimizer: adam(), epochs: 2 });
        await expect(
          fit(make(i), data, { optimizer: adam(), epochs: 2, onEpoch: () => Promise.reject(new Error("no")) }),
        ).rejects.toThrow("no");
      }
    } finally {
      restore();
    }
    expect(instances()).toBe(0);
  });

  it("a call that needed much does not keep it", () => {
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 6; i++) {
      const side = matrix(2200, 2200, new Float64Array(2200 * 2200));
      multiply(matrix(1, 2200, new Float64Array(2200)), side);
      make(i);
    }
    expect((process.memoryUsage().rss - before) / MiB).toBeLessThan(900);
    const [small] = [multiply(matrix([[2]]), matrix([[3]]))];
    expect(small.data[0]).toBe(6);
  });
});
