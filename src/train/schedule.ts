import {
  checkFunction,
  checkInteger,
  checkKeys,
  checkNumber,
  checkObject,
  checkPositive,
  checkShare,
  wrongType,
} from "../check.js";
import type { ScalarMath } from "../wasm/kernels.js";

/**
 * Where a run is when it asks for a learning rate. The object is reused: read it, and do not keep
 * it.
 */
export interface SchedulePosition {
  /** Steps taken. */
  readonly step: number;
  /** Steps in the whole run. */
  readonly steps: number;
  /** Epochs ended. */
  readonly epoch: number;
  /** Epochs in the whole run. */
  readonly epochs: number;
  /** The optimizer's learning rate. */
  readonly learningRate: number;
  /**
   * exp, log, cos and pow of the run's build: unlike the engine's `Math`, the strict build's have
   * the same bits on every machine.
   */
  readonly math: ScalarMath;
}

/** The learning rate of the coming step. */
export type Schedule = (position: SchedulePosition) => number;

/** The optimizer's learning rate throughout. */
export function constant(): Schedule {
  return ({ learningRate }) => learningRate;
}

/**
 * Step decay: η·factor^⌊epoch / every⌋.
 *
 * @param options every: epochs between decays, 10; factor: 0.1 (PyTorch's gamma).
 */
export function stepDecay(options: { every?: number; factor?: number } = {}): Schedule {
  const { every = 10, factor = 0.1 } = checkOptions("stepDecay", options, ["every", "factor"]);
  checkInteger("stepDecay", "every", every, 1);
  checkPositive("stepDecay", "factor", factor);
  return ({ learningRate, epoch, math }) => learningRate * math.pow(factor, Math.floor(epoch / every));
}

/**
 * Cosine annealing without restarts (Loshchilov and Hutter 2017; PyTorch's with T_max = steps):
 * from η towards `share`·η along half a cosine over the whole run, η·(share + ½(1 − share)(1 +
 * cos(π·step / steps))).
 *
 * @param options share: 0.
 */
export function cosine(options: { share?: number } = {}): Schedule {
  const { share = 0 } = checkOptions("cosine", options, ["share"]);
  checkShare("cosine", "share", share, true);
  return ({ learningRate, step, steps, math }) => learningRate * between(1, share, step / steps, math);
}

/**
 * Linear warm-up: another schedule, times (step + 1) / `steps` for the first steps.
 *
 * @param options steps: 100; after: `constant()`.
 */
export function warmUp(options: { steps?: number; after?: Schedule } = {}): Schedule {
  const { steps: warm = 100, after = constant() } = checkOptions("warmUp", options, ["steps", "after"]);
  checkInteger("warmUp", "steps", warm, 1);
  checkFunction("warmUp", "after", after);
  return (position) => after(position) * Math.min(1, (position.step + 1) / warm);
}

/**
 * One cycle (Smith and Topin 2018; PyTorch's defaults): up from η/`divide` to η over the share
 * `rise` of the run, then down to η/(`divide`·`divideFinal`), both along half a cosine. η is the
 * largest rate.
 *
 * @param options rise: 0.3; divide: 25; divideFinal: 1e4.
 */
export function oneCycle(options: { rise?: number; divide?: number; divideFinal?: number } = {}): Schedule {
  const names = ["rise", "divide", "divideFinal"];
  const { rise = 0.3, divide = 25, divideFinal = 1e4 } = checkOptions("oneCycle", options, names);
  checkShare("oneCycle", "rise", rise);
  checkPositive("oneCycle", "divide", divide);
  checkPositive("oneCycle", "divideFinal", divideFinal);
  return ({ learningRate, step, steps, math }) => {
    const peak = rise * steps - 1;
    if (step < peak) return learningRate * between(1 / divide, 1, step / peak, math);
    const left = steps - 1 - Math.max(0, peak);
    return (
      learningRate * between(1, 1 / (divide * divideFinal), left > 0 ? (step - Math.max(0, peak)) / left : 1, math)
    );
  };
}

/** From `start` to `end` along half a cosine, as `share` runs from 0 to 1. */
function between(start: number, end: number, share: number, math: ScalarMath): number {
  return end + 0.5 * (start - end) * (1 + math.cos(Math.PI * share));
}

function checkOptions<T extends object>(where: string, options: T, names: readonly string[]): T {
  checkObject(where, "options", options);
  checkKeys(where, options, names);
  return options as T;
}

export function checkSchedule(where: string, schedule: unknown): asserts schedule is Schedule {
  if (typeof schedule !== "function")
    wrongType(where, "schedule", "a schedule, as in cosine(), or a function", schedule);
}

/** Asks a schedule, and refuses what cannot be a learning rate. */
export function scheduledRate(where: string, schedule: Schedule, position: SchedulePosition): number {
  const rate: unknown = schedule(position);
  checkNumber(where, "schedule", rate, "a finite learning rate of at least 0", (x) => x >= 0 && x < Infinity);
  return rate;
}
