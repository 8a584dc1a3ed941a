// Oracle: the same tasks one after another in this thread; operators over all rows at once;
// counting.

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as built from "../../dist/jobs/index.js";
import { datasetFromSafetensors, datasetToSafetensors } from "../../src/formats/index.js";
import {
  conjugateGradients,
  hessianFree,
  hessianOperator,
  type LinearOperator,
  lanczos,
  lbfgs,
  minimize,
  network,
  spectralDensity,
  trace,
} from "../../src/index.js";
import { Crew } from "../../src/jobs/crew.js";
import { crossValidate, ensemble, leaveOneOut, restarts, resumable, type Setting, tune } from "../../src/jobs/index.js";
import type { Lane, Order } from "../../src/jobs/lane.js";
import { usualLimits } from "../../src/jobs/limits.js";
import { inside, openShard } from "../../src/jobs/node/shard-file.js";
import { type Outcome, type Runner, serial } from "../../src/jobs/pool.js";
import type { Task } from "../../src/jobs/tasks.js";
import { fromText, taskName, toText } from "../../src/jobs/wire.js";
import { Workshop } from "../../src/jobs/workshop.js";
import { runToEnd } from "../docs/run.js";
import { curve, shardsOf, space } from "./data.js";

const data = curve(60);
const build = "strict" as const;

/** The same tasks by threads of the built package, whose data sets are of its own making. */
function threads(workers: number): Runner {
  const pool = built.threads({ workers });
  return {
    run: (tasks, data, options) => pool.run(tasks, datasetHere(data), options) as ReturnType<Runner["run"]>,
  } as Runner;
}

/** Bytes are the way from one copy of the library to the other. */
function datasetHere(data: ReturnType<typeof curve>): never {
  return datasetFromSafetensors(datasetToSafetensors(data)) as never;
}

describe.each([1, 2, 4])("threads: %i", (workers) => {
  const pool = threads(workers);

  it("give the bits of one thread, in searches, restarts, ensembles and leave-one-out", async () => {
    const found = async (pool: Runner) => {
      const searched = await tune(data, { space, folds: 3, halving: false, pool });
      const best = await restarts(data, { setting: space[1], count: 3, pool });
      const left = await leaveOneOut(data, { setting: space[3], rows: [0, 59], pool });
      const { predict } = await ensemble(data, { setting: space[2], count: 2, pool });
      const values = [best.best.network.getParameters(), predict(data.inputs)];
      return {
        trials: searched.trials,
        order: best.members.map(({ seed, objective }) => [seed, objective]),
        left,
        values,
      };
    };
    expect(await found(pool)).toEqual(await found(serial));
  });
});

describe("a pool of threads", () => {
  it("lets a process end that has not closed it, and its operators", () => {
    const script = `
      import { dataset, network } from "./dist/index.js";
      import { crossValidate, threads } from "./dist/jobs/index.js";
      const data = dataset([[0], [1], [2], [3]], [[0], [2], [4], [6]]);
      const pool = threads({ workers: 2 });
      const { folds } = await crossValidate(data, { setting: { hidden: [], optimizer: "newton", epochs: 1 }, folds: 2, pool });
      const op = await pool.operator(network({ inputs: 1, layers: [{ units: 1 }] }), [data]);
      console.log(folds.length, op.matvec(Float64Array.of(1, 0)).length);`;
    const { status, stdout } = runToEnd(process.execPath, ["--input-type=module", "-e", script], {
      cwd: process.cwd(),
    });
    expect([status, stdout]).toEqual([0, "2 2\n"]);
  });

  it("breaks off what is under way, and works on afterwards", async () => {
    const pool = built.threads({ workers: 2 });
    const controller = new AbortController();
    const endless: Setting = { hidden: [64, 64], epochs: 1e6 };
    const tasks = [0, 1, 2].map((seed) => ({ kind: "fit" as const, setting: endless, base: {}, seed }));
    const run = pool.run(tasks, datasetHere(data), { signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    expect(await run).toEqual(tasks.map(() => ({ status: "open" })));
    const setting: Setting = { hidden: [], optimizer: "newton", epochs: 1 };
    const [after] = await pool.run([{ kind: "fit", setting, base: {}, seed: 0 }], datasetHere(data));
    expect(after.status).toBe("done");
  });

  it("reports a task that cannot be done, and does the others", async () => {
    const wrong: Setting = { hidden: [3], epochs: 1, optimizer: { type: "adam", betas: 3 } };
    const folds = { setting: wrong, base: {}, folds: 2, repeat: 0, seed: 0 };
    const tasks = [
      { kind: "fold" as const, ...folds, fold: 0 },
      { kind: "fold" as const, ...folds, setting: space[0], fold: 1 },
    ];
    const [first, second] = await threads(2).run(tasks, data);
    const [expected] = await serial.run(tasks, data);
    expect(first).toEqual(expected);
    expect(first).toMatchObject({ status: "failed", kind: "TypeError" });
    expect(second.status).toBe("done");
  });

  it("sends no functions", async () => {
    const loss = { value: () => 0, gradient: () => [0], hessian: () => [0] };
    const pool = built.threads({ workers: 1 });
    const base = { loss } as never;
    await expect(pool.run([{ kind: "fit", setting: {}, base, seed: 0 }], datasetHere(data))).rejects.toThrow(
      "functions cannot be sent to a pool's workers",
    );
  });
});

/**
 * Threads that are none: each does its orders in this one, after some turns, and may die of them.
 */
function crewOf(
  count: number,
  delays: readonly number[],
  dies: (task: Task, attempt: number) => boolean = () => false,
) {
  const attempts = new Map<string, number>();
  const given: string[][] = [];
  let turn = 0;
  const make = async (): Promise<Lane> => {
    const workshop = new Workshop(() => Promise.reject(new Error("no files")));
    const mine: string[] = [];
    given.push(mine);
    return {
      alive: true,
      async run(order: Order) {
        for (const name of order.gives.keys()) mine.push(name);
        for (let wait = delays[turn++ % delays.length]; wait > 0; --wait) await new Promise(setImmediate);
        const name = JSON.stringify(order.task);
        attempts.set(name, (attempts.get(name) ?? 0) + 1);
        if (dies(order.task, attempts.get(name) as number)) throw new Error("the thread has died");
        return workshop.do(structuredClone(order));
      },
      async close() {},
    };
  };
  const crew = new Crew(make, count, { build: () => build });
  const pool: Runner = {
    run: (tasks, data, options) =>
      Promise.all(
        tasks.map((task) => crew.do({ task, source: { name: "rows", data }, vectors: new Map() }, options?.signal)),
      ) as never,
  };
  return { pool, attempts, given };
}

describe("a queue before threads", () => {
  it("gives the same table in any order of completion, and each thread the data once", async () => {
    const expected = (await tune(data, { space, folds: 2 })).trials;
    const orders = fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      delays: fc.array(fc.nat(8), { minLength: 1, maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(orders, async ({ count, delays }) => {
        const { pool, given } = crewOf(count, delays);
        expect((await tune(data, { space, folds: 2, pool })).trials).toEqual(expected);
        for (const names of given) expect(names).toEqual(["rows"]);
      }),
      { numRuns: 12 },
    );
  });

  it("tries a task three times, and reports it then while the others go on", async () => {
    const dies = (task: Task, attempt: number): boolean =>
      task.kind === "fold" && (task.fold === 0 || (task.fold === 1 && attempt < 3));
    const { pool, attempts } = crewOf(2, [1], dies);
    const { folds, failures } = await crossValidate(data, { setting: space[0], folds: 3, pool });
    expect(folds.map(({ fold }) => fold)).toEqual([1, 2]);
    expect(failures).toEqual([{ fold: 0, repeat: 0, reason: "the thread has died" }]);
    expect([...attempts.values()].sort()).toEqual([1, 3, 3]);
  });

  it("throws what the first task did where none could be done", async () => {
    const { pool } = crewOf(2, [1], () => true);
    await expect(crossValidate(data, { setting: space[0], folds: 2, pool })).rejects.toThrow("the thread has died");
  });
});

describe("results", () => {
  it("of a search that was broken off are not computed again, and the table is the same", async () => {
    const expected = (await tune(data, { space, folds: 3 })).trials;
    const results = new Map<string, Outcome>();
    const seen: string[] = [];
    const counting: Runner = {
      run: (tasks, data, options) => {
        seen.push(...tasks.map((task) => JSON.stringify(task)));
        return serial.run(tasks, data, options);
      },
    };
    const controller = new AbortController();
    const onFit = (done: number): void => (done === 5 ? controller.abort() : undefined);
    const options = { space, folds: 3, pool: resumable(counting, results) };
    await tune(data, { ...options, onFit, signal: controller.signal }).catch(() => {});
    expect(results.size).toBe(5);
    const asked = seen.length;
    expect((await tune(data, options)).trials).toEqual(expected);
    const again = seen.slice(asked);
    expect(new Set(again).size).toBe(again.length);
    expect(results.size).toBe(5 + again.length);
    await tune(data, options);
    expect(seen.length).toBe(asked + again.length);
  });

  it("are told apart by task, data and build, and by nothing else", async () => {
    const name = (task: object, data = "a", build = "b"): Promise<string> => taskName(task, data, build);
    const task = { kind: "fit", setting: { l2: 1, hidden: [3] }, seed: 0 };
    const same = { seed: 0, setting: { hidden: [3], l2: 1, epochs: undefined }, kind: "fit" };
    expect(await name(same)).toBe(await name(task));
    const others = await Promise.all([name({ ...task, seed: 1 }), name(task, "c"), name(task, "a", "c")]);
    expect(new Set([await name(task), ...others]).size).toBe(4);
  });

  it("go through text to the same bits", () => {
    const numbers = fc.double();
    const value = fc.oneof(
      numbers,
      fc.float64Array(),
      fc.array(numbers),
      fc.record({ a: numbers, b: fc.string() }, { noNullPrototype: true }),
    );
    fc.assert(
      fc.property(value, (x) => {
        expect(fromText(toText(x))).toStrictEqual(x);
      }),
    );
  });
});

describe("hostile tasks", () => {
  const order = (task: unknown, data: Order["data"] = "rows"): Order =>
    ({ task, data, vectors: [], gives: new Map(), drops: [], build, folder: null, limits: usualLimits }) as never;
  const fit = { kind: "fit", setting: {}, base: {}, seed: 0 };
  const layers = (...units: unknown[]) => units.map((own) => ({ units: own }));

  it.each([
    ["another kind", { kind: "exec", command: "ls" }, 'unknown|"kind"'],
    ["a kind of the prototype's", { kind: "constructor" }, '"kind"'],
    ["more than a task has", { ...fit, command: "ls" }, "unknown option"],
    ["more than a specification has", { ...fit, base: { code: "x" } }, "unknown option"],
    ["huge layers", { ...fit, base: { inputs: 2, layers: layers(1e15, 1) } }, '"size" expected at most'],
    ["layers without end", { ...fit, setting: { hidden: Array(1e5).fill(1) } }, '"size" expected at most'],
    ["layers that are none", { ...fit, base: { inputs: 2, layers: 7 } }, '"layers" expected an array'],
    ["units that are none", { ...fit, base: { inputs: 2, layers: layers("64") } }, '"units" expected'],
    ["epochs without end", { ...fit, setting: { epochs: 1e15 } }, '"size" expected at most'],
    ["a matrix larger than memory", { ...fit, setting: { hidden: [20000], optimizer: "newton" } }, '"size" expected'],
    ["a row that is not there", { ...fit, kind: "leave-one-out", row: 1e9 }, '"row" expected'],
    [
      "a vector that is not there",
      { kind: "product", quantity: "exact", spec: { inputs: 2, layers: layers(1) }, at: "x", vector: null },
      "a vector that came along",
    ],
  ])("%s", async (_, task, reason) => {
    const workshop = new Workshop(() => Promise.reject(new Error("no files")));
    const gives = new Map([["rows", data as never]]);
    const outcome = await workshop.do({ ...order(task), gives });
    expect(outcome).toMatchObject({ status: "failed", reason: expect.stringMatching(reason) });
  });
});

describe("operators over shards", () => {
  const spec = {
    inputs: 2,
    layers: [{ units: 6, activation: "tanh" as const }, { units: 1 }],
    penalty: { l2: 0.05 },
    seed: 3,
  };
  const rows = curve(9000, 8, true);
  const shards = shardsOf(rows, 4);
  const net = network(spec);
  const here = shards.map(datasetHere);
  const v = Float64Array.from({ length: net.parameterCount }, (_, i) => Math.sin(i + 1));
  const folder = mkdtempSync(join(tmpdir(), "hessia-shards-"));
  const files = shards.map((shard, i) => {
    writeFileSync(join(folder, `${i}.safetensors`), datasetToSafetensors(shard));
    return { file: `${i}.safetensors` };
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const open = (workers: number, kind: "exact" | "ggn", given: readonly unknown[] = here) =>
    built.threads({ workers, folder }).operator(net as never, given as never, { kind });

  it.each(["exact", "ggn"] as const)(
    "give products (%s) of the same bits with any number of threads, from files too",
    async (kind) => {
      const products: Float64Array[] = [];
      for (const [workers, given] of [
        [1, here],
        [2, here],
        [4, files],
        [3, files],
      ] as const) {
        const op = await open(workers, kind, given);
        products.push(op.matvec(v), await op.product(v));
        op.close();
      }
      for (const product of products) expect(product).toEqual(products[0]);
      // Sums in another order than over all rows at once.
      const whole = hessianOperator(net, rows, { kind }).matvec(v);
      products[0].forEach((value, i) => expect(value).toBeCloseTo(whole[i], 12));
    },
  );

  it("follow the network, batch norm's running statistics and the build's precision", async () => {
    const layers = [{ units: 5, activation: "relu" as const, batchNorm: true }, { units: 1 }];
    const other = network({ inputs: 2, layers, dtype: "f32", seed: 1 });
    other.setRunningStatistics(other.getRunningStatistics().map((_, i) => 0.5 + 0.1 * i));
    const op = await built.threads({ workers: 2 }).operator(other as never, here);
    const own = hessianOperator(other, rows, { batchNorm: "running" });
    const w = Float64Array.from({ length: other.parameterCount }, (_, i) => Math.cos(i));
    for (const scale of [1, 0.5]) {
      other.setParameters(other.getParameters().map((x) => scale * x));
      const [got, expected] = [op.matvec(w), own.matvec(w)];
      got.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    }
    op.close();
  });

  describe("are taken", () => {
    const few = curve(600, 8, true);
    let op: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      op = await open(2, "ggn", shardsOf(few, 4).map(datasetHere));
    });
    afterAll(() => op.close());
    const own = hessianOperator(net, few, { kind: "ggn" });
    const close = (use: (op: LinearOperator) => ArrayLike<number>): void => {
      const [got, expected] = [use(op), use(own)];
      const unit = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (let i = 0; i < expected.length; ++i) expect(got[i] / unit).toBeCloseTo(expected[i] / unit, 8);
    };

    it("by lanczos", () => close((op) => lanczos(op, { k: 3 }).values));
    it("by trace", () => close((op) => [trace(op, { probes: 10 }).value]));
    it("by spectralDensity", () => close((op) => spectralDensity(op, { probes: 2, steps: 12 }).density));
    it("by conjugateGradients", () => {
      const { x, status } = conjugateGradients(op, v, { tolerance: 1e-9 });
      expect(status).toBe("converged");
      own.matvec(x).forEach((value, i) => expect(value).toBeCloseTo(v[i], 6));
    });

    it("by lbfgs and hessianFree, whose minimum the whole data has too", () => {
      const { objective } = op;
      const { gradient } = net.gradient(few);
      Array.from(objective.gradient(Float64Array.from(net.getParameters()))).forEach((g, i) => {
        expect(g).toBeCloseTo(gradient[i], 12);
      });
      const [first, second] = [lbfgs(), hessianFree()].map((optimizer) =>
        minimize(objective, net.getParameters(), { optimizer, maxSteps: 150 }),
      );
      expect(first.status).toBe("converged");
      expect(second.value).toBeCloseTo(first.value, 5);
      const there = network(spec);
      there.setParameters(first.x);
      expect(there.loss(few)).toBeCloseTo(first.value, 12);
    });
  });

  it("refuse shards that do not fit, are not there or lie elsewhere, before the first product", async () => {
    const narrow = datasetFromSafetensors(
      datasetToSafetensors({ ...curve(5), inputs: { rows: 5, columns: 1, data: new Float64Array(5) } } as never),
    );
    await expect(open(1, "exact", [here[0], narrow])).rejects.toThrow("inputs of width 2");
    await expect(open(1, "exact", [{ file: "none.safetensors" }])).rejects.toThrow("which is not there");
    await expect(open(1, "exact", [{ file: "../x" }])).rejects.toThrow("inside of the worker's folder");
    await expect(open(1, "exact", [])).rejects.toThrow('"shards" expected at least one');
  });

  it("read no file outside of the folder, by whatever way", async () => {
    const outside = mkdtempSync(join(tmpdir(), "hessia-outside-"));
    writeFileSync(join(outside, "x.safetensors"), datasetToSafetensors(shards[0]));
    symlinkSync(join(outside, "x.safetensors"), join(folder, "link.safetensors"));
    symlinkSync(outside, join(folder, "linked"));
    const names = [
      "../x",
      `${outside}/x.safetensors`,
      "link.safetensors",
      "linked/x.safetensors",
      "",
      ".",
      "a\0b",
      "C:\\x",
      "..",
      "\\\\x\\y",
    ];
    for (const name of [...names, `./${"../".repeat(30)}etc/passwd`]) {
      await expect(inside(folder, name), name).rejects.toThrow("inside of the worker's folder");
    }
    await expect(openShard(null, files[0])).rejects.toThrow("was given no folder");
    rmSync(outside, { recursive: true });
  });
});
