import type { Command } from "commander";
import { type Dataset, init, type Network } from "../index.js";
import { flopsOfFit, isDense } from "../jobs/cost.js";
import { add } from "./commands/options.js";
import { failed } from "./errors.js";
import { threadCount } from "./options.js";
import type { Settings } from "./training/settings.js";

/**
 * Flops, of operations large enough to be shared, from which threads are worth their start: a
 * second of one core and a tenth of one.
 */
const WORTH_THREADS = 4e9;
/** Multiply-adds of a step's largest product from which two threads are clearly faster than one. */
const WORTH_SHARING = 1 << 19;
/**
 * Products with the curvature, each 12·N·P flops, that stand for what is done where no matrix is
 * made.
 */
const PRODUCTS = 200;

/** What commands whose computations threads may share are given. */
export interface ThreadsGiven {
  readonly threads?: number;
}

export function addThreadsOption(command: Command): void {
  const meaning = "that share each computation; results stay the same (default: one a core where it pays, else 1)";
  add(command, "--threads <number>", `threads ${meaning}`, threadCount);
}

/**
 * Lets as many threads as were asked for share what follows; where none were, as many as there are
 * cores, if so many operations are worth it.
 */
export async function shareWork({ threads }: ThreadsGiven, { build }: Network, flops: number): Promise<void> {
  const wanted = threads ?? (flops < WORTH_THREADS ? 1 : "auto");
  if (wanted === 1) return;
  const { threads: running, reason } = await init({ simd: build, threads: wanted });
  if (threads !== undefined && running !== threads) failed(`--threads: ${threads} are not available: ${reason}`);
}

/**
 * About how many flops a training takes that threads can share; 0 where its steps are too small.
 */
export function flopsOfTraining(net: Network, { optimizer, epochs, batchSize }: Settings, rows: number): number {
  const { spec, parameterCount } = net;
  const batch = batchSize === "all" ? rows : Math.min(rows, batchSize);
  const setting = { optimizer: optimizer.method, epochs, batchSize: batch };
  const widths = [spec.inputs, ...spec.layers.map(({ units }) => units)];
  const largest = batch * Math.max(...spec.layers.map(({ units }, l) => units * widths[l]));
  const shared = isDense(setting) ? batch * parameterCount ** 2 : largest;
  return shared < WORTH_SHARING ? 0 : flopsOfFit(setting, spec, rows);
}

/**
 * About how many flops the curvature at a point takes: of its matrix and a factorization, or of
 * products, whatever is less.
 */
export function flopsOfCurvature({ parameterCount: size }: Network, { size: rows }: Dataset): number {
  return Math.min(rows * size ** 2 + 2 * size ** 3, 12 * PRODUCTS * rows * size);
}
