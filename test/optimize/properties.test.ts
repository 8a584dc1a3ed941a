// Oracle: the contract, on networks and data drawn at random, of hostile sizes and with hostile
// options: every run ends with a status and a reason, parameters are finite, and the objective is
// no greater than the least that the run has told of.

import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  gaussNewton,
  type History,
  hessianFree,
  init,
  kfac,
  lbfgs,
  levenbergMarquardt,
  network,
  newton,
  type Optimizer,
  saddleFreeNewton,
  training,
  trustRegion,
} from "../../src/index.js";
import { Random } from "../cases.js";
import type { ActivationSpec, LayerSpec, NetworkSpec, Targets } from "../oracle/spec.js";
import { builds, finish, sameBits, snapshot, take, toDataset } from "../support.js";
import { methods } from "./methods.js";

const hostile: { name: string; make: () => Optimizer }[] = [
  ...methods.map(({ name, make }) => ({ name, make: () => make() })),
  { name: "newton, error", make: () => newton({ indefinite: "error" }) },
  { name: "newton, fixed", make: () => newton({ search: "fixed" }) },
  { name: "newton, fixed and far too long", make: () => newton({ search: "fixed", learningRate: 30 }) },
  { name: "newton, begins far out", make: () => newton({ learningRate: 1e6 }) },
  { name: "newton, wolfe, begins far out", make: () => newton({ search: "wolfe", learningRate: 1e12 }) },
  { name: "saddleFreeNewton, fixed", make: () => saddleFreeNewton({ search: "fixed" }) },
  { name: "gaussNewton, fixed", make: () => gaussNewton({ search: "fixed", learningRate: 3 }) },
  { name: "trustRegion, begins far out", make: () => trustRegion({ initialRadius: 1e100, maxRadius: 1e200 }) },
  { name: "levenbergMarquardt, hardly damped", make: () => levenbergMarquardt({ mu: 1e-19 }) },
  { name: "hessianFree, hardly damped", make: () => hessianFree({ damping: 1e-12, maxProducts: 2 }) },
  { name: "kfac, hardly damped", make: () => kfac({ damping: 1e-12, refresh: 50 }) },
  { name: "lbfgs, begins far out", make: () => lbfgs({ learningRate: 1e9 }) },
];

const activations: ActivationSpec[] = [
  "relu",
  "tanh",
  "sigmoid",
  "softplus",
  "elu",
  "gelu",
  "identity",
  { type: "leaky-relu", slope: 0.1 },
];

interface Drawn {
  spec: NetworkSpec;
  samples: number;
  seed: number;
  inputs: number;
  targets: number;
  parameters: number;
}

const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    inputs: fc.integer({ min: 1, max: 4 }),
    hidden: fc.array(
      fc.record({
        units: fc.integer({ min: 1, max: 5 }),
        activation: fc.constantFrom(...activations),
        batchNorm: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
    outputs: fc.integer({ min: 1, max: 3 }),
    loss: fc.constantFrom("mse", "huber", "cross-entropy", "binary-cross-entropy"),
    dtype: fc.constantFrom("f64", "f32"),
    l2: fc.constantFrom(0, 0.1),
    initializer: fc.constantFrom("he-normal", "zeros"),
    samples: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(1e6),
    scale: fc.constantFrom(1, 1, 1, 1e-8, 1e8, 1e15, 1e120),
    targets: fc.constantFrom(1, 1, 1e10),
    parameters: fc.constantFrom(1, 1, 1e3),
  })
  .map(({ inputs, hidden, outputs, loss, dtype, l2, initializer, samples, seed, scale, targets, parameters }) => {
    const normed = hidden.some(({ batchNorm }) => batchNorm);
    const layers: LayerSpec[] = [...hidden, { units: loss === "cross-entropy" ? outputs + 1 : outputs }];
    const spec = { inputs, layers, loss, dtype, initializer, penalty: { l2 }, seed } as NetworkSpec;
    return {
      spec,
      samples: normed ? samples + 1 : samples,
      seed,
      inputs: dtype === "f32" ? Math.min(scale, 1e15) : scale,
      targets,
      parameters,
    };
  });

function open({ spec, samples, seed, inputs, targets, parameters }: Drawn) {
  const random = new Random(seed);
  const rows = random.rows(samples, spec.inputs).map((row) => row.map((value) => inputs * value));
  const { units } = spec.layers[spec.layers.length - 1];
  const wanted: Targets =
    spec.loss === "cross-entropy"
      ? rows.map((_, n) => n % units)
      : random
          .rows(samples, units)
          .map((row) =>
            row.map((value) => (spec.loss === "binary-cross-entropy" ? Number(value > 0) : targets * value)),
          );
  const net = network(spec);
  net.setParameters(net.getParameters().map((value) => parameters * value));
  return { net, data: toDataset(rows, wanted) };
}

const STATUSES = ["completed", "converged", "stalled", "unbounded", "non-finite", "not-positive-definite"];

describe.each(builds)("%s build", (build) => {
  beforeAll(() => init({ simd: build }));

  it.each(hostile)("$name: finite, no worse than the best seen, with a reason", ({ make, name }) => {
    fc.assert(
      fc.property(drawn, (given) => {
        const { net, data } = open(given);
        const first = net.loss(data);
        fc.pre(Number.isFinite(first));
        const run = training(net, data, { optimizer: make(), epochs: 10, batchSize: data.size });
        let least = first;
        let history: History | null = null;
        while (!history) {
          const { value, done } = run.next();
          if (done) history = value;
          else least = Math.min(least, value.loss);
        }
        expect(STATUSES).toContain(history.status);
        expect(history.reason.length).toBeGreaterThan(8);
        expect(snapshot(net).every(Number.isFinite)).toBe(true);
        const rounding = given.spec.dtype === "f32" ? 1e-5 : 1e-11;
        expect(net.loss(data)).toBeLessThanOrEqual(least * (1 + rounding));
        // A Gauss-Newton matrix of a convex loss has no negative eigenvalues; but damping drowns in
        // the rounding of huge ones.
        if (/^(gauss|leven|hessianFree|kfac)/.test(name) && Math.max(given.inputs, given.targets) <= 1) {
          expect(history.status).not.toBe("not-positive-definite");
        }
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  describe("a method without a search that leaves a good point for worse ones", () => {
    const inputs = new Random(3).rows(20, 2);
    const data = toDataset(
      inputs,
      inputs.map(([a, b]) => [Math.sin(2 * a) + b]),
    );
    const spec: NetworkSpec = {
      inputs: 2,
      layers: [{ units: 6, activation: "tanh", batchNorm: true }, { units: 1 }],
      loss: "mse",
      seed: 5,
    };
    const options = { epochs: 9, batchSize: 20 };
    const make = () => newton({ search: "fixed", learningRate: 2.5 });
    /** Parameters and losses at the start of each step. */
    const walk = (): { points: number[][]; losses: number[]; last: number[]; history: History } => {
      const net = network(spec);
      const run = training(net, data, { ...options, optimizer: make() });
      const points = [Array.from(net.getParameters())];
      const losses: number[] = [];
      for (;;) {
        const { value, done } = run.next();
        if (done) return { points, losses, last: Array.from(net.getParameters()), history: value };
        losses.push(value.loss);
        points.push(Array.from(net.getParameters()));
      }
    };

    it("goes back there at its end, and says so", () => {
      const { points, losses, last, history } = walk();
      const best = losses.indexOf(Math.min(...losses));
      expect(history.status).toBe("completed");
      // The walk does climb: this test is of nothing else.
      expect(losses[losses.length - 1]).toBeGreaterThan(losses[best]);
      expect(last).toEqual(points[best]);
      expect(history.notes.join()).toContain(`those before step ${best + 1}`);
      // The checkpoint has where the run was.
      expect(Array.from(history.checkpoint.parameters)).toEqual(points[points.length - 1]);
    });

    it("broken off, it leaves what was reached", () => {
      const { points } = walk();
      const net = network(spec);
      const run = training(net, data, { ...options, optimizer: make() });
      take(run, 7);
      run.return(undefined as never);
      expect(Array.from(net.getParameters())).toEqual(points[7]);
    });

    it("resumed, it ends where the run without a break does", () => {
      const straight = network(spec);
      finish(training(straight, data, { ...options, optimizer: make() }));
      for (const steps of [1, 4, 8]) {
        const run = training(network(spec), data, { ...options, optimizer: make() });
        const saved = structuredClone(take(run, steps)[steps - 1].checkpoint());
        run.return(undefined as never);
        const resumed = network({ ...spec, seed: 77 });
        finish(training(resumed, data, { ...options, optimizer: make(), resume: saved }));
        expect(sameBits(snapshot(resumed), snapshot(straight))).toBe(true);
      }
    });

    it("parameters that the caller has set are a new beginning", () => {
      const net = network(spec);
      const run = training(net, data, { ...options, optimizer: make() });
      take(run, 4);
      const far = net.getParameters().map((value, i) => value + 3 * Math.sin(i));
      net.setParameters(far);
      const losses: number[] = [];
      for (;;) {
        const { value, done } = run.next();
        if (done) break;
        losses.push(value.loss);
      }
      expect(net.loss(data)).toBeLessThanOrEqual(Math.min(...losses) * (1 + 1e-11));
    });
  });
});
