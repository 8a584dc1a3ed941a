import { type Dataset, samplesOf } from "../network/dataset.js";
import type { NetworkSpec } from "../network/spec.js";
import { Random } from "../random.js";
import { flopsOfFit } from "./cost.js";
import { type Setting, specOf } from "./setting.js";

/** Settings worth trying on a table, and how. */
export interface Portfolio {
  readonly settings: readonly Setting[];
  readonly folds: number;
  /** The rows to try them on: all, or a sample of a large table. */
  readonly data: Dataset;
}

/** Flops of a search that nobody asked for: a few seconds on one core. */
export const BUDGET = 6e10;
/**
 * A search on fewer rows than this says little about all of them; settings are left out instead.
 */
const LEAST_ROWS = 1000;
const FOLDS = 4;
/** Tables up to this size are divided into more folds, since each holds few rows. */
const SMALL = 400;
/** Not a stream that training, folds or trials draw from. */
const STREAM = 6;

const tanh = { activation: "tanh" } as const;
const relu = { activation: "relu", optimizer: "adam", learningRate: 0.005, schedule: "cosine", dtype: "f32" } as const;

/**
 * Candidates for standardised columns, cheap ones first. They span what tables need: a line, a
 * small smooth network that is trained to the end, and a wider one that is regularised from hardly
 * at all to strongly. bench/tables.mjs measures them.
 */
const everywhere: readonly Setting[] = [
  { hidden: [], optimizer: "lbfgs", epochs: 60, l2: 100 },
  { hidden: [], optimizer: "lbfgs", epochs: 60, l2: 1 },
  { hidden: [], optimizer: "lbfgs", epochs: 60, l2: 0.01 },
  ...[1e-4, 1e-3, 1e-2, 3e-2].map((l2): Setting => ({ ...tanh, hidden: [16], optimizer: "lbfgs", epochs: 300, l2 })),
  ...[1e-3, 1e-2, 3e-2, 0.1, 0.3].map((l2): Setting => ({ ...relu, hidden: [32, 32], epochs: 100, l2 })),
  { ...relu, hidden: [64, 32], epochs: 300, l2: 1e-3 },
];

/** Squared errors suit Levenberg and Marquardt's method. */
const values: readonly Setting[] = [
  ...[1e-4, 1e-3, 1e-2].map(
    (l2): Setting => ({ ...tanh, hidden: [10], optimizer: "levenberg-marquardt", epochs: 60, l2 }),
  ),
  { ...tanh, hidden: [20], optimizer: "levenberg-marquardt", epochs: 60, l2: 1e-3 },
  { ...tanh, hidden: [16, 8], optimizer: "levenberg-marquardt", epochs: 60, l2: 1e-3 },
];

/**
 * The settings to try on a table within a budget of floating-point operations. What is expensive on
 * a large table is left out, and a large table is represented by some of its rows. Both depend on
 * sizes alone, not on the machine.
 */
export function portfolioFor(data: Dataset, base: Partial<NetworkSpec>, seed: number, budget = BUDGET): Portfolio {
  const { loss } = specOf({}, base, data, seed);
  const candidates = loss === "mse" ? [...everywhere, ...values] : everywhere;
  const folds = data.size <= SMALL ? FOLDS + 1 : FOLDS;
  const cost = (setting: Setting, rows: number): number => flopsOfFit(setting, specOf(setting, base, data, seed), rows);
  // With halving every setting is fitted about twice on the rows of all folds but one.
  const share = budget / 2 / candidates.length;
  const rows = Math.min(data.size, Math.max(LEAST_ROWS, rowsWithin(candidates, cost, budget / 2)));
  const settings = candidates.filter((setting) => cost(setting, rows) <= 4 * share);
  return { settings: settings.length > 0 ? settings : [candidates[2]], folds, data: sample(data, rows, seed) };
}

/**
 * The rows on which one fit of each candidate takes the budget; the cost grows with the rows from
 * an intercept on.
 */
function rowsWithin(
  candidates: readonly Setting[],
  cost: (setting: Setting, rows: number) => number,
  budget: number,
): number {
  const total = (rows: number): number => candidates.reduce((sum, setting) => sum + cost(setting, rows), 0);
  const [fixed, one] = [total(0), (total(1e6) - total(0)) / 1e6];
  return Math.floor(Math.max(0, budget - fixed) / one);
}

function sample(data: Dataset, rows: number, seed: number): Dataset {
  if (rows >= data.size) return data;
  const order = new Random(seed, STREAM).shuffle(Uint32Array.from({ length: data.size }, (_, row) => row));
  return samplesOf(data, order.slice(0, rows).sort());
}
