/** Named networks with seeded parameters and data, shared by the tests. */

import { kinkDistance } from "./oracle/network.js";
import { type LayerSpec, layout, type NetworkSpec, type RunningStatistics, type Targets } from "./oracle/spec.js";

export type { ActivationSpec, LayerSpec, LossName, NetworkSpec, RunningStatistics, Targets } from "./oracle/spec.js";

export interface Case {
  name: string;
  spec: NetworkSpec;
  samples: number;
  seed: number;
  /**
   * The form of the targets: rows by default; "flat" is one column, "labels" and "probabilities"
   * are for cross-entropy.
   */
  targets: "rows" | "flat" | "labels" | "probabilities";
  /** Whether any layer has batch norm, so that the samples are coupled and the two modes differ. */
  batchNorm: boolean;
  /**
   * Pre-activations that see a kink, and Huber residuals, stay at least this far from it, in both
   * modes.
   */
  margin: number;
}

export interface CaseData {
  inputs: number[][];
  targets: Targets;
}

/** A generator of the tests' own: mulberry32 for uniform numbers, Box-Muller for normal ones. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1), a multiple of 2⁻³². */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** 0, 1, …, bound − 1. */
  integer(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  normals(count: number): number[] {
    return Array.from({ length: count }, () => this.normal());
  }

  rows(rows: number, columns: number): number[][] {
    return Array.from({ length: rows }, () => this.normals(columns));
  }
}

function define(
  name: string,
  samples: number,
  spec: NetworkSpec,
  { targets = "rows", margin = 1e-3 }: { targets?: Case["targets"]; margin?: number } = {},
): Case {
  let seed = 17;
  for (const letter of name) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0;
  return {
    name,
    spec,
    samples,
    seed,
    targets,
    margin,
    batchNorm: spec.layers.some((layer) => Boolean(layer.batchNorm)),
  };
}

/** Layers of the given widths that share all else, and a plain output layer. */
function stack(widths: number[], rest: Omit<LayerSpec, "units">, outputs: number): LayerSpec[] {
  return [...widths.map((units) => ({ units, ...rest })), { units: outputs }];
}

export const cases: Case[] = [
  // one layer
  define("linear mse", 7, { inputs: 3, layers: [{ units: 2 }], loss: "mse" }),
  define("linear, one of everything", 1, { inputs: 1, layers: [{ units: 1 }], loss: "mse" }, { targets: "flat" }),
  define(
    "logistic regression",
    9,
    { inputs: 5, layers: [{ units: 1 }], loss: "binary-cross-entropy" },
    { targets: "flat" },
  ),
  define("softmax regression", 10, { inputs: 4, layers: [{ units: 3 }], loss: "cross-entropy" }, { targets: "labels" }),

  // every activation, widths off the lanes' grid
  define("relu mse", 11, { inputs: 3, layers: stack([5], { activation: "relu" }, 2), loss: "mse" }),
  define("relu 0.5 at zero", 6, {
    inputs: 3,
    layers: stack([5, 3], { activation: { type: "relu", atZero: 0.5 } }, 1),
    loss: "mse",
  }),
  define("relu on the output", 6, {
    inputs: 4,
    layers: [
      { units: 5, activation: "relu" },
      { units: 3, activation: "relu" },
    ],
    loss: "mse",
  }),
  define("leaky-relu huber", 8, {
    inputs: 3,
    layers: stack([6], { activation: { type: "leaky-relu", slope: 0.2 } }, 2),
    loss: "huber",
  }),
  define(
    "leaky-relu default slope",
    5,
    { inputs: 2, layers: stack([7], { activation: "leaky-relu" }, 1), loss: "mse" },
    { targets: "flat" },
  ),
  define("elu mse", 6, { inputs: 3, layers: stack([5], { activation: "elu" }, 2), loss: "mse" }),
  define("elu alpha 0.5", 6, {
    inputs: 2,
    layers: stack([3, 3], { activation: { type: "elu", alpha: 0.5 } }, 1),
    loss: "huber",
  }),
  define("softplus mse", 6, { inputs: 3, layers: stack([5, 3], { activation: "softplus" }, 2), loss: "mse" }),
  define(
    "gelu cross-entropy",
    7,
    { inputs: 3, layers: stack([5], { activation: "gelu" }, 3), loss: "cross-entropy" },
    { targets: "labels" },
  ),
  define("silu mse", 5, { inputs: 2, layers: stack([6, 5], { activation: "silu" }, 1), loss: "mse" }),
  define("tanh mse", 5, {
    inputs: 3,
    layers: [
      { units: 5, activation: "tanh" },
      { units: 2, activation: "tanh" },
    ],
    loss: "mse",
  }),
  define("sigmoid huber", 6, {
    inputs: 3,
    layers: [
      { units: 5, activation: "sigmoid" },
      { units: 2, activation: "sigmoid" },
    ],
    loss: "huber",
  }),
  define("step then linear", 6, { inputs: 3, layers: stack([5], { activation: "step" }, 2), loss: "mse" }),
  define("mixed activations", 5, {
    inputs: 3,
    layers: [
      { units: 5, activation: "tanh" },
      { units: 6, activation: "relu" },
      { units: 3, activation: "gelu" },
      { units: 2 },
    ],
    loss: "mse",
  }),

  // losses
  define(
    "relu cross-entropy",
    13,
    { inputs: 6, layers: stack([7], { activation: "relu" }, 3), loss: "cross-entropy" },
    { targets: "labels" },
  ),
  define(
    "relu class probabilities",
    6,
    { inputs: 3, layers: stack([5], { activation: "relu" }, 4), loss: "cross-entropy" },
    { targets: "probabilities" },
  ),
  define("relu binary, three outputs", 7, {
    inputs: 3,
    layers: stack([6], { activation: "relu" }, 3),
    loss: "binary-cross-entropy",
  }),
  define("relu huber", 9, { inputs: 3, layers: stack([5], { activation: "relu" }, 3), loss: "huber" }),

  // depth and size
  define("relu depth 3", 6, { inputs: 3, layers: stack([5, 6], { activation: "relu" }, 2), loss: "mse" }),
  define("relu depth 5", 5, { inputs: 2, layers: stack([5, 3, 6, 5], { activation: "relu" }, 2), loss: "mse" }),
  define("softplus depth 5", 4, {
    inputs: 3,
    layers: stack([3, 5, 2, 3], { activation: "softplus" }, 1),
    loss: "huber",
  }),
  define(
    "relu one sample",
    1,
    { inputs: 5, layers: stack([7], { activation: "relu" }, 3), loss: "cross-entropy" },
    { targets: "labels" },
  ),
  define("relu two samples", 2, { inputs: 4, layers: stack([8], { activation: "relu" }, 4), loss: "mse" }),
  define("relu one unit wide", 5, { inputs: 1, layers: stack([1, 1], { activation: "relu" }, 1), loss: "mse" }),
  define(
    "relu many samples",
    67,
    { inputs: 5, layers: stack([9], { activation: "relu" }, 3), loss: "cross-entropy" },
    { targets: "labels" },
  ),
  define(
    "relu wider",
    13,
    { inputs: 9, layers: stack([11, 7], { activation: "relu" }, 5), loss: "cross-entropy" },
    { targets: "labels" },
  ),

  // penalties
  define("relu l2 on the weights", 6, {
    inputs: 3,
    layers: stack([5], { activation: "relu" }, 2),
    loss: "mse",
    penalty: { l2: 0.1 },
  }),
  define("relu l1 on the weights", 6, {
    inputs: 3,
    layers: stack([5], { activation: "relu" }, 2),
    loss: "mse",
    penalty: { l1: 0.05, on: "weights" },
  }),
  define(
    "tanh l1 and l2 on all",
    6,
    {
      inputs: 3,
      layers: stack([5], { activation: "tanh" }, 3),
      loss: "cross-entropy",
      penalty: { l1: 0.02, l2: 0.2, on: "all" },
    },
    { targets: "labels" },
  ),

  // batch norm
  define("batch norm relu", 7, {
    inputs: 3,
    layers: stack([5], { activation: "relu", batchNorm: true }, 2),
    loss: "mse",
  }),
  define(
    "batch norm twice",
    6,
    {
      inputs: 3,
      layers: stack([5, 3], { activation: "relu", batchNorm: true }, 3),
      loss: "cross-entropy",
    },
    { targets: "labels" },
  ),
  define(
    "batch norm options",
    5,
    {
      inputs: 2,
      layers: stack([6], { activation: "silu", batchNorm: { momentum: 0.3, epsilon: 1e-2 } }, 1),
      loss: "binary-cross-entropy",
    },
    { targets: "flat" },
  ),
  define("batch norm on the output", 6, {
    inputs: 3,
    layers: [
      { units: 5, activation: "tanh" },
      { units: 2, batchNorm: true },
    ],
    loss: "huber",
  }),
  define("batch norm two rows", 2, {
    inputs: 3,
    layers: stack([3], { activation: "softplus", batchNorm: { epsilon: 0.1 } }, 2),
    loss: "mse",
  }),
  define("batch norm depth 4, penalty on all", 5, {
    inputs: 2,
    layers: [
      { units: 3, activation: "gelu", batchNorm: true },
      { units: 5, activation: "leaky-relu" },
      { units: 3, activation: "tanh", batchNorm: true },
      { units: 2 },
    ],
    loss: "mse",
    penalty: { l1: 0.01, l2: 0.1, on: "all" },
  }),
];

/** The case of that name. */
export function caseNamed(name: string): Case {
  const found = cases.find((item) => item.name === name);
  if (!found) throw new RangeError(`no case is named "${name}"`);
  return found;
}

/**
 * A parameter vector in the library's order: weights of He's scale, small biases and shifts, scales
 * about 1.
 */
export function makeParameters({ spec, seed }: Pick<Case, "spec" | "seed">): number[] {
  const random = new Random(seed);
  return layout(spec).flatMap(({ inputs, units, scale }) => [
    ...random.normals(units * inputs).map((v) => v * Math.sqrt(2 / inputs)),
    ...random.normals(units).map((v) => 0.3 * v),
    ...(scale < 0 ? [] : random.normals(units).map((v) => 1 + 0.2 * v)),
    ...(scale < 0 ? [] : random.normals(units).map((v) => 0.3 * v)),
  ]);
}

/** Running statistics that differ from every batch's: means about 0, variances in [0.5, 2). */
export function makeRunning({ spec, seed }: Pick<Case, "spec" | "seed">): RunningStatistics {
  const random = new Random(seed ^ 0x5eed);
  return spec.layers.map(({ units, batchNorm }) =>
    batchNorm
      ? {
          mean: random.normals(units).map((v) => 0.3 * v),
          variance: Array.from({ length: units }, () => 0.5 + 1.5 * random.uniform()),
        }
      : null,
  );
}

function targetOf(item: Case, random: Random): number | number[] {
  const { spec, targets } = item;
  const outputs = spec.layers[spec.layers.length - 1].units;
  if (targets === "labels") return random.integer(outputs);
  if (targets === "probabilities") {
    const shares = Array.from({ length: outputs }, () => 0.05 + random.uniform());
    const sum = shares.reduce((s, v) => s + v, 0);
    return shares.map((v) => v / sum);
  }
  const spread = spec.loss === "huber" ? 2 : 1; // so that residuals fall on both sides of Huber's δ
  const row = random.normals(outputs).map((v) => (spec.loss === "binary-cross-entropy" ? (v > 0 ? 1 : 0) : spread * v));
  return targets === "flat" ? row[0] : row;
}

/**
 * Inputs and targets that suit the loss, the same for the same case. Together with `makeParameters`
 * and `makeRunning` they keep the case's margin from every kink: what comes too close is drawn
 * again, sample by sample without batch norm and all together with it.
 */
export function makeData(item: Case): CaseData {
  const { spec, samples, batchNorm, margin } = item;
  const random = new Random(item.seed ^ 0xda7a);
  const θ = makeParameters(item);
  const running = makeRunning(item);
  const together = batchNorm ? samples : 1;
  const data: { inputs: number[][]; targets: (number | number[])[] } = { inputs: [], targets: [] };
  for (let attempt = 0; data.inputs.length < samples; attempt++) {
    if (attempt > 1000 * samples) throw new Error(`makeData: no data keep "${item.name}" ${margin} from its kinks`);
    const inputs = random.rows(together, spec.inputs);
    const targets = inputs.map(() => targetOf(item, random)) as Targets;
    const distances = (batchNorm ? (["batch", "running"] as const) : (["batch"] as const)).map((mode) =>
      kinkDistance(spec, θ, inputs, targets, { mode, running }),
    );
    if (Math.min(...distances) < margin) continue;
    data.inputs.push(...inputs);
    data.targets.push(...targets);
  }
  return data as CaseData;
}
