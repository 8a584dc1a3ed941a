import { afterEach, describe, expect, it, vi } from "vitest";
import {
  dataset,
  fit,
  gaussNewton,
  type History,
  hessianFree,
  kfac,
  lbfgs,
  levenbergMarquardt,
  type Network,
  network,
  newton,
  type Optimizer,
  saddleFreeNewton,
  training,
  trustRegion,
} from "../../src/index.js";
import { resolveTraining } from "../../src/train/options.js";
import { Run } from "../../src/train/run.js";

/** All second-order methods. */
const methods: Record<string, () => Optimizer> = {
  newton: () => newton(),
  saddleFreeNewton: () => saddleFreeNewton(),
  trustRegion: () => trustRegion(),
  "trustRegion, products": () => trustRegion({ products: true }),
  gaussNewton: () => gaussNewton(),
  levenbergMarquardt: () => levenbergMarquardt({ weightDecay: 1e-4 }),
  hessianFree: () => hessianFree(),
  kfac: () => kfac(),
  lbfgs: () => lbfgs(),
};

const rows = Array.from({ length: 400 }, (_, s) => Array.from({ length: 8 }, (_x, i) => Math.sin(1 + s * (i + 1))));
const data = dataset(
  rows,
  rows.map((row) => [Math.sin(row[0] + row[1]), row[2] * row[3]]),
);

function fresh(dtype: "f64" | "f32" = "f64"): Network {
  const layers = [{ units: 14, activation: "tanh" as const }, { units: 14, activation: "relu" as const }, { units: 2 }];
  return network({ inputs: 8, layers, dtype, seed: 3 });
}

afterEach(() => {
  vi.restoreAllMocks();
});

/**
 * A run whose every step waits wherever it may, since no time passes; calls `waiting` each time.
 */
function impatient(net: Network, optimizer: Optimizer, epochs: number, waiting: (run: Run) => void): History {
  const run = new Run("fit", net, data, resolveTraining("fit", net, data, { optimizer, epochs }));
  run.problem.due = () => true;
  vi.spyOn(performance, "now").mockReturnValue(0);
  while (run.going) {
    run.step();
    if (run.outcome?.waits) waiting(run);
  }
  return run.close();
}

function plain(net: Network, optimizer: Optimizer, epochs: number): History {
  const run = training(net, data, { optimizer, epochs });
  for (;;) {
    const { done, value } = run.next();
    if (done) return value;
  }
}

const bare = ({ epochs, checkpoint, ...rest }: History): unknown => ({
  ...rest,
  losses: epochs.map(({ loss }) => loss),
  optimizer: checkpoint.optimizer,
});

describe.each(["f64", "f32"] as const)("a step that lets the event loop have its turn, %s", (dtype) => {
  it.each(Object.keys(methods))("%s takes the same steps, to the bit, as one that does not", (name) => {
    const [one, other] = [fresh(dtype), fresh(dtype)];
    const epochs = name === "lbfgs" ? 12 : 4;
    let waits = 0;
    const history = impatient(one, methods[name](), epochs, () => ++waits);
    // A step of L-BFGS is one gradient, and has nowhere to wait but in a search.
    expect(waits).toBeGreaterThanOrEqual(name === "lbfgs" ? 1 : epochs);
    expect(bare(history)).toEqual(bare(plain(other, methods[name](), epochs)));
    expect(one.getParameters()).toEqual(other.getParameters());
  });

  it.each(Object.keys(methods))("%s: while a step waits, nothing has changed", (name) => {
    const net = fresh(dtype);
    const optimizer = methods[name]();
    let before = net.getParameters();
    let known = 0;
    impatient(net, optimizer, 2, ({ position }) => {
      if (position.step !== known) before = net.getParameters();
      known = position.step;
      expect(net.getParameters()).toEqual(before);
      expect(optimizer.steps).toBe(position.step);
    });
  });

  it.each(Object.keys(methods).filter((name) => name !== "lbfgs"))(
    "%s: parameters that are set meanwhile begin the step anew",
    (name) => {
      const [one, other] = [fresh(dtype), fresh(dtype)];
      const values = one.getParameters().map((value) => value / 2);
      other.setParameters(values);
      let waits = 0;
      impatient(one, methods[name](), 1, () => {
        if (++waits === 2) one.setParameters(values);
      });
      expect(waits).toBeGreaterThanOrEqual(2);
      plain(other, methods[name](), 1);
      expect(one.getParameters()).toEqual(other.getParameters());
    },
  );
});

describe("an abort", () => {
  const long = Array.from({ length: 4000 }, (_, s) => rows[s % rows.length].map((x, i) => x + Math.cos(s * i)));
  const much = dataset(
    long,
    long.map((row) => row.slice(0, 2)),
  );

  it.each(["newton", "hessianFree", "trustRegion, products"])(
    "is heard inside of a long step of %s, which then is not taken",
    async (name) => {
      const layers = [{ units: 40, activation: "tanh" as const }, { units: 2 }];
      const net = network({ inputs: 8, layers, seed: 3 });
      const before = net.getParameters();
      const controller = new AbortController();
      setImmediate(() => controller.abort());
      const { signal } = controller;
      const history = await fit(net, much, { optimizer: methods[name](), epochs: 3, signal });
      expect([history.status, history.steps]).toEqual(["aborted", 0]);
      expect(net.getParameters()).toEqual(before);
      const { checkpoint } = history;
      const resumed = await fit(net, much, { optimizer: methods[name](), epochs: 1, resume: checkpoint });
      expect(resumed.status).toBe("completed");
      const straight = network({ inputs: 8, layers, seed: 3 });
      await fit(straight, much, { optimizer: methods[name](), epochs: 1 });
      expect(net.getParameters()).toEqual(straight.getParameters());
    },
  );
});
