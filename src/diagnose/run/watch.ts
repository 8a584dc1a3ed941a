import { checkFunction, checkInteger, checkNumber, checkObject, checkPositive } from "../../check.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { deadUnits } from "../units/dead-units.js";
import { findInParameters, findOffence, type Guard, type GuardFinding, resolveGuard } from "./guard.js";
import { Movement } from "./movement.js";

const WHERE = "watch";

/** What `watch` takes beside network and data. */
export interface WatchOptions extends PassOptions {
  /** What values are refused; null for none. See `Guard`. */
  guard?: Guard | null;
  /** Epochs without improvement that are a plateau, and updates that have to alternate to be an oscillation; 20. */
  window?: number;
  /** The least relative improvement of the best loss that counts; 0.001. */
  improvement?: number;
  /** A loss of this share of the first one is effectively 0; 1e-8. */
  zero?: number;
  /** Called with each finding when it is made. */
  onFinding?: (finding: Finding) => void;
}

/** Kinds of findings; docs/diagnostics.md explains each. */
export type FindingCode =
  | "plateau"
  | "divergence"
  | "oscillation"
  | "period-2-cycle"
  | "zero-loss"
  | "dying-units"
  | "nan"
  | "inf"
  | "big";

/** Something that a watcher noticed about a run. */
export interface Finding {
  /** Its kind. */
  readonly code: FindingCode;
  /** What was noticed, in words. */
  readonly message: string;
  /** The numbers behind it. */
  readonly evidence: Readonly<Record<string, number | string | readonly number[]>>;
  /** What to do, as code where code can do it. */
  readonly remedy: string;
  /** In which step; null where the watcher is told of epochs alone. */
  readonly step: number | null;
  /** In which epoch. */
  readonly epoch: number;
}

/** What a watcher reads of an epoch's record. */
export interface WatchedEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Of the epoch. */
  readonly loss: number;
  /** Told in findings. */
  readonly learningRate?: number;
}

/** What a watcher reads of a step's record. */
export interface WatchedStep {
  /** From 1. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Of the batch. */
  readonly loss: number;
  /** Told in findings. */
  readonly learningRate?: number;
  /** The epoch that the step ended, or null. */
  readonly epochRecord: WatchedEpoch | null;
}

/** What a watcher reads of a history. */
export interface WatchedHistory {
  /** How the run ended. */
  readonly status: string;
  /** With status "non-finite". */
  readonly nonFinite?: {
    /** From 1. */
    readonly step: number;
    /** From 1. */
    readonly epoch: number;
    /** Index of the layer, or −1. */
    readonly layer: number;
    /** What it was a value of. */
    readonly quantity: string;
  };
}

/** Tells a watcher of epochs: `onEpoch` of `fit`. */
export interface Watcher {
  (record: WatchedEpoch): void;
  /** Tells it of a step of `training`, and of the epoch that it ends. */
  step(record: WatchedStep): void;
  /** Tells it how the run ended; where that was a NaN or infinity, finds the sample that it came from. */
  finish(history: WatchedHistory): void;
  /** What was noticed so far, each kind once (dying units once a layer). */
  readonly findings: readonly Finding[];
}

/** Times the best loss, and times the first, that a loss is divergence from, when it has been so for so many records. */
const DIVERGED = 10;
const ABOVE_FIRST = 2;
const DIVERGED_FOR = 3;
/** The share of a layer's units that has to die, two at least. */
const DYING = 0.25;
/** ‖θ_t − θ_{t−2}‖ over ‖θ_t − θ_{t−1}‖ up to which a cycle has the period 2. */
const PERIOD = 0.05;

/**
 * Watches a run, epoch by epoch or step by step, for what goes wrong with runs:
 *
 * - "plateau": the best epoch's loss has not improved by 0.1 % for 20 epochs;
 * - "divergence": ten times the best loss and twice the first for three records, or a loss that is not finite;
 * - "oscillation": nearly all of 20 successive updates point against the one before (cosine below −0.7) while the loss stays as it is;
 *   "period-2-cycle" where every second point is the same, as beyond the step length 2/λ on a curvature λ;
 * - "zero-loss": 10⁻⁸ of the first loss is reached: nothing is left to learn;
 * - "dying-units": a quarter of a layer's units, two at least, has died since the beginning;
 * - "nan", "inf", "big": values that the guard refuses, with step, layer, quantity and sample: of the parameters after each record, of all
 *   else on the way of the data through the network at the end of each epoch. A run that broke down names its step itself: see `finish`.
 *
 * @param data what to look for dead units and offending values on: the training data, or a part of it.
 * @param options thresholds; batchNorm: for the guard's pass, "batch" (default, as in training) or "running".
 * @returns a function for `onEpoch` of `fit`, with `step` for the records of `training`, `finish` for the history, and `findings`, plain
 * data. Cost: a gradient and a forward pass over `data` an epoch, and a few passes over the parameters a record.
 * @throws TypeError or RangeError for what is no network, data that does not fit it, and thresholds outside their range.
 * Source: Cohen et al. 2021 (2/λ); Lu et al. 2020 (dying units).
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], initializer: "zeros" });
 * const data = dataset([[-1], [1]], [-1, 1]);
 * const watcher = watch(net, data);
 * for (const record of training(net, data, { optimizer: sgd({ learningRate: 1 }), epochs: 60, batchSize: 2 })) watcher.step(record);
 * watcher.findings[0].code; // "period-2-cycle"
 */
export function watch(net: Network, data: Dataset, options: WatchOptions = {}): Watcher {
  checkNetwork(WHERE, net);
  const names = ["guard", "window", "improvement", "zero", "onFinding"];
  const mode = net.mode(WHERE, data, options, names);
  const { guard = {}, window = 20, improvement = 1e-3, zero = 1e-8, onFinding } = options;
  const resolved = guard === null ? null : resolveGuard(WHERE, net.spec.dtype, guard);
  checkInteger(WHERE, "window", window, 2);
  checkNumber(WHERE, "improvement", improvement, "a number in [0, 1)", (x) => x >= 0 && x < 1);
  checkPositive(WHERE, "zero", zero);
  if (onFinding !== undefined) checkFunction(WHERE, "onFinding", onFinding);
  const watching = new Watching(net, data, mode, {
    guard: resolved,
    window,
    improvement,
    zero,
    onFinding: onFinding ?? null,
  });
  const watcher = (record: WatchedEpoch): void => watching.epoch(record, null);
  const step = (record: WatchedStep): void => watching.step(record);
  const finish = (history: WatchedHistory): void => watching.finish(history);
  return Object.assign(watcher, { step, finish, findings: watching.findings as readonly Finding[] });
}

interface Settings {
  readonly guard: Required<Guard> | null;
  readonly window: number;
  readonly improvement: number;
  readonly zero: number;
  readonly onFinding: ((finding: Finding) => void) | null;
}

type Place = Pick<Finding, "step" | "epoch">;

class Watching {
  readonly findings: Finding[] = [];
  readonly #made = new Set<string>();
  readonly #deadAtFirst: readonly (readonly number[])[];
  readonly #movement: Movement;
  /** Of records of whichever kind the run is told by. */
  #first = Number.NaN;
  #best = Infinity;
  #above = 0;
  /** Of epochs. */
  #bestEpoch = { loss: Infinity, epoch: 0 };

  constructor(
    readonly net: Network,
    readonly data: Dataset,
    readonly mode: BatchNormMode,
    readonly settings: Settings,
  ) {
    this.#deadAtFirst = deadUnits(net, data);
    this.#movement = new Movement(net, settings.window, settings.improvement);
  }

  step(record: WatchedStep): void {
    checkObject(`${WHERE}.step`, "record", record);
    const place = { step: record.step, epoch: record.epoch };
    this.#record(record.loss, record.learningRate, place);
    if (record.epochRecord) this.#epoch(record.epochRecord, place);
    else if (this.settings.guard) {
      const found = findInParameters(this.net, this.settings.guard);
      if (found) this.#noteOffence(found, place);
    }
  }

  epoch(record: WatchedEpoch, step: number | null): void {
    checkObject(WHERE, "record", record);
    const place = { step, epoch: record.epoch };
    this.#record(record.loss, record.learningRate, place);
    this.#epoch(record, place);
  }

  #record(loss: number, learningRate: number | undefined, place: Place): void {
    if (Number.isNaN(this.#first)) this.#first = loss;
    this.#best = Math.min(this.#best, loss);
    const diverged = !Number.isFinite(loss) || (loss >= DIVERGED * this.#best && loss >= ABOVE_FIRST * this.#first);
    this.#above = diverged ? this.#above + 1 : 0;
    if (this.#above >= DIVERGED_FOR || !Number.isFinite(loss)) this.#noteDivergence(loss, place);
    if (loss <= this.settings.zero * this.#first) this.#noteZero(loss, place);
    const movement = this.#movement.observe(loss);
    if (movement) this.#noteOscillation(movement, learningRate, place);
  }

  #epoch({ loss, epoch }: WatchedEpoch, place: Place): void {
    const { improvement, window } = this.settings;
    if (loss < this.#bestEpoch.loss * (1 - improvement)) this.#bestEpoch = { loss, epoch };
    else if (epoch - this.#bestEpoch.epoch >= window && loss > this.settings.zero * this.#first)
      this.#notePlateau(loss, place);
    this.#lookForDead(place);
    if (this.settings.guard) this.#look(this.settings.guard, place);
  }

  finish(history: WatchedHistory): void {
    checkObject(`${WHERE}.finish`, "history", history);
    const { status, nonFinite } = history;
    if (status !== "non-finite" || !nonFinite) return;
    const { step, epoch, layer, quantity } = nonFinite;
    const found = findOffence(this.net, this.data, this.mode, { nan: true, inf: true, big: Infinity });
    if (found) {
      this.#noteOffence(found, { step, epoch });
      return;
    }
    this.#note(
      "inf",
      `inf ${layer}`,
      { step, epoch },
      {
        message: `a ${quantity} of layer ${layer} ceased to be finite in step ${step}`,
        evidence: { layer, quantity, sample: -1, unit: -1 },
        remedy: "lower the learning rate, or clip the gradient: clip: { norm: 1 }",
      },
    );
  }

  #note(code: FindingCode, key: string, place: Place, rest: Pick<Finding, "message" | "evidence" | "remedy">): void {
    if (this.#made.has(key)) return;
    this.#made.add(key);
    const finding = { code, ...rest, ...place };
    this.findings.push(finding);
    this.settings.onFinding?.(finding);
  }

  #noteDivergence(loss: number, place: Place): void {
    this.#note("divergence", "divergence", place, {
      message: `the loss is ${loss.toPrecision(3)}, having begun at ${this.#first.toPrecision(3)} and been as low as ${this.#best.toPrecision(3)}`,
      evidence: { loss, first: this.#first, best: this.#best },
      remedy: "divide the learning rate by 3 to 10; clip the gradient: clip: { norm: 1 }",
    });
  }

  #noteZero(loss: number, place: Place): void {
    this.#note("zero-loss", "zero-loss", place, {
      message: `the loss is effectively 0: ${loss.toPrecision(3)} after ${this.#first.toPrecision(3)}`,
      evidence: { loss, first: this.#first },
      remedy: "stop: there is nothing left to learn from these data",
    });
  }

  #noteOscillation(
    { cosine, flips, ratio }: { cosine: number; flips: number; ratio: number },
    learningRate: number | undefined,
    place: Place,
  ): void {
    const cycle = ratio <= PERIOD;
    const rate = learningRate === undefined ? {} : { learningRate };
    this.#note(cycle ? "period-2-cycle" : "oscillation", "oscillation", place, {
      message: cycle
        ? `the parameters return to where they were two updates ago (to ${ratio.toPrecision(2)} of an update)`
        : `successive updates undo each other: their mean cosine is ${cosine.toFixed(2)}`,
      evidence: { cosine, signFlips: flips, returnRatio: ratio, ...rate },
      remedy: "halve the learning rate: it exceeds 2/λ for the largest eigenvalue λ, which spectrum(net, data) shows",
    });
  }

  #notePlateau(loss: number, place: Place): void {
    // An oscillation is a plateau whose cause is known.
    if (this.#made.has("oscillation")) return;
    const { window } = this.settings;
    this.#note("plateau", "plateau", place, {
      message: `for ${place.epoch - this.#bestEpoch.epoch} epochs the loss has been no better than ${this.#bestEpoch.loss.toPrecision(4)}`,
      evidence: { loss, best: this.#bestEpoch.loss, bestEpoch: this.#bestEpoch.epoch, window },
      remedy: "if that is too much, ask diagnose(net, data) why; else stop, or lower the learning rate",
    });
  }

  #lookForDead(place: Place): void {
    deadUnits(this.net, this.data).forEach((dead, layer) => {
      const { units } = this.net.spec.layers[layer];
      const before = this.#deadAtFirst[layer].length;
      if (dead.length - before < Math.max(2, DYING * units)) return;
      this.#note("dying-units", `dying ${layer}`, place, {
        message: `${dead.length} of the ${units} units of layer ${layer} are dead, ${before} at the beginning`,
        evidence: { layer, units, before, now: dead.length, dead },
        remedy: `lower the learning rate; reviveUnits(net, data), or withActivation(net, "leaky-relu")`,
      });
    });
  }

  #look(guard: Required<Guard>, place: Place): void {
    const found = findOffence(this.net, this.data, this.mode, guard);
    if (found) this.#noteOffence(found, place);
  }

  #noteOffence({ offence, quantity, layer, unit, sample, value }: GuardFinding, place: Place): void {
    const of = layer < 0 ? "" : ` of layer ${layer}, unit ${unit}`;
    const at = sample < 0 ? "" : ` for sample ${sample}`;
    this.#note(offence, offence, place, {
      message: `${offence === "big" ? "a large" : "a"} ${quantity}${of}${at}: ${value}`,
      evidence: { quantity, layer, unit, sample, value: String(value) },
      remedy: "look at that sample's inputs; scale inputs to unit size, lower the learning rate, clip the gradient",
    });
  }
}
