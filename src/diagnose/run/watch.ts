import { checkFunction, checkInteger, checkNumber, checkObject, checkPositive } from "../../check.js";
import type { Dataset } from "../../network/dataset.js";
import { checkNetwork, type Network } from "../../network/network.js";
import type { PassOptions } from "../../network/pass.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { inDouble } from "../remedies/copy.js";
import { outputsOf } from "../signals/outputs.js";
import { judge } from "../signals/score.js";
import { sharpness } from "../signals/sharpness.js";
import { deadUnits } from "../units/dead-units.js";
import { findInParameters, findOffence, type Guard, type GuardFinding, resolveGuard } from "./guard.js";
import { Movement, type Oscillation } from "./movement.js";
import { Paces } from "./paces.js";
import { Smoothed } from "./smoothed.js";
import { ValidationTrend } from "./validation-trend.js";

const WHERE = "watch";

/** What `watch` takes beside network and data. */
export interface WatchOptions extends PassOptions {
  /** Which values are refused; null for none. Default: `{}`, with the defaults of `Guard`. */
  guard?: Guard | null;
  /**
   * Epochs without improvement that make a plateau, and updates that have to alternate to make an
   * oscillation. Default: 20.
   */
  window?: number;
  /** The least relative improvement of the best loss that counts. Default: 0.001. */
  improvement?: number;
  /**
   * A loss of at most this share of a constant's loss (the mean, the classes' shares) is
   * effectively 0. Default: 1e-8.
   */
  zero?: number;
  /** Called with each finding when it is made. Default: none. */
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
  | "rising-validation-loss"
  | "steps-too-long"
  | "steps-too-short"
  | "nan"
  | "inf"
  | "big";

/** A fault that a watcher found in a run. */
export interface Finding {
  /** Its kind. */
  readonly code: FindingCode;
  /** What was found, in words. Layers and units are counted from 1 here. */
  readonly message: string;
  /** Index of the layer that it is about, from 0; null where it is about none. */
  readonly layer: number | null;
  /** Indices of the units that it is about, from 0; empty where it is about none. */
  readonly units: readonly number[];
  /** The numbers behind it. */
  readonly evidence: Readonly<Record<string, number | string | readonly number[]>>;
  /** What to do, as code where code can do it. */
  readonly remedy: string;
  /** The step, from 1; null where the watcher gets epochs alone. */
  readonly step: number | null;
  /** The epoch, from 1. */
  readonly epoch: number;
}

/** What a watcher reads of an epoch's record. */
export interface WatchedEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Loss of the epoch. */
  readonly loss: number;
  /** Loss of held-out data, from which overfitting is judged. */
  readonly validationLoss?: number;
  /** Learning rate; quoted in findings. */
  readonly learningRate?: number;
}

/** What a watcher reads of a step's record. */
export interface WatchedStep {
  /** From 1. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Loss of the batch. */
  readonly loss: number;
  /** Samples in the batch; losses are smoothed over as many batches as make an epoch. */
  readonly samples?: number;
  /** Learning rate; quoted in findings. */
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

/** Takes an epoch's record: pass the watcher as `onEpoch` of `fit`. */
export interface Watcher {
  (record: WatchedEpoch): void;
  /** Takes a step's record of `training`, with that of the epoch that the step ends. */
  step(record: WatchedStep): void;
  /**
   * Takes the history when the run has ended. Where a NaN or infinity ended it, finds the sample
   * that this came from.
   */
  finish(history: WatchedHistory): void;
  /** The findings so far, each kind once (dying units once per layer). */
  readonly findings: readonly Finding[];
}

/**
 * Times the best loss, and times the first, that a loss is divergence from, when it has been so for
 * so many records.
 */
const DIVERGED = 10;
const ABOVE_FIRST = 2;
const DIVERGED_FOR = 3;
/** Share of a constant's loss below which dead units do no harm. */
const SMALL = 0.1;
/** The share of a layer's units that has to die, two at least. */
const DYING = 0.25;
/** Epochs that they have to stay dead, unless so large a share has died. */
const DYING_FOR = 3;
const DIED = 0.5;
/**
 * Height of the valley's walls at the last update over the loss, from which on jumping between them
 * matters.
 */
const HEIGHT = 0.01;
/** ‖θ_t − θ_{t−2}‖ over ‖θ_t − θ_{t−1}‖ up to which a cycle has the period 2. */
const PERIOD = 0.05;

/**
 * Watches a run, epoch by epoch or step by step, for faults:
 *
 * - "plateau": the best epoch's loss has not improved by 0.1 % for 20 epochs;
 * - "divergence": for three records the loss is ten times the best, twice the loss before the first
 *   step, and no less than a constant's; or it is not finite. Losses of batches are smoothed over
 *   an epoch;
 * - "oscillation": nearly all of 20 successive updates point against the one before (cosine below
 *   −0.7) while the loss does not fall. It is a "period-2-cycle" where every second point is the
 *   same, as with steps longer than 2/λ on a curvature λ;
 * - "zero-loss": the loss has reached 10⁻⁸ of a constant's, and nothing is left to learn;
 * - "rising-validation-loss": the validation loss has risen by a tenth since its best epoch, while
 *   the training loss fell;
 * - "steps-too-long": the loss stays above both the one before the first step and a constant's,
 *   though the parameters have moved far;
 * - "steps-too-short": along its own direction the run could go a thousand times as far in an
 *   epoch, and the loss has hardly fallen;
 * - "dying-units": a quarter of a layer's units, two at least, has died since the beginning;
 * - "nan", "inf", "big": values that the guard refuses, with step, layer, quantity and sample.
 *   Parameters are checked after each record, all other quantities at the end of each epoch. A run
 *   that broke down names its step itself: see `finish`.
 *
 * @param data the data on which dead units and offending values are searched for: the training
 * data, or a part of it.
 * @param options thresholds; batchNorm: for the guard's pass, "batch" (default, as in training) or
 * "running".
 * @returns a function for `onEpoch` of `fit`, with `step` for the records of `training`, `finish`
 * for the history, and `findings`, plain data. Cost: a gradient and a forward pass over `data` per
 * epoch, and a few passes over the parameters per record.
 * @throws TypeError or RangeError for what is no network, data that does not fit it, and thresholds
 * outside their range.
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
  readonly #dying: number[];
  readonly #movement: Movement;
  readonly #paces: Paces;
  readonly #validation: ValidationTrend;
  readonly #smoothed: Smoothed;
  /** The objective before the first step. */
  readonly #first: number;
  /** What a constant loses: the mean, the classes' shares. */
  readonly #reference: number;
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
    this.#deadAtFirst = deadUnits(net, data, { batchNorm: mode });
    this.#dying = net.spec.layers.map(() => 0);
    this.#first = net.loss(data, { batchNorm: mode });
    const { baselineLoss } = judge(net, data, outputsOf(net, data, mode)).report;
    this.#reference = baselineLoss > 0 ? baselineLoss : this.#first;
    this.#movement = new Movement(net, settings.window, settings.improvement);
    this.#paces = new Paces(net, data, mode, this.#first, this.#reference);
    this.#validation = new ValidationTrend(settings.window, this.#reference);
    this.#smoothed = new Smoothed(data.size);
  }

  step(record: WatchedStep): void {
    checkObject(`${WHERE}.step`, "record", record);
    const place = { step: record.step, epoch: record.epoch };
    const { length } = this.#smoothed.add(record);
    this.#record(this.#smoothed.median, this.#smoothed.mean, record.loss, place);
    // Successive batches pull to and fro; what an epoch does as a whole is the run's movement.
    if (length === 1 || record.epochRecord)
      this.#observe(record.epochRecord?.loss ?? record.loss, record.learningRate, place);
    if (record.epochRecord) this.#epoch(record.epochRecord, place);
    else if (this.settings.guard) {
      const found = findInParameters(this.net, this.settings.guard);
      if (found) this.#noteOffence(found, place);
    }
  }

  epoch(record: WatchedEpoch, step: number | null): void {
    checkObject(WHERE, "record", record);
    const place = { step, epoch: record.epoch };
    this.#record(record.loss, record.loss, record.loss, place);
    this.#observe(record.loss, record.learningRate, place);
    this.#epoch(record, place);
  }

  /**
   * `typical` and `mean` of the losses of an epoch's batches, null while there are fewer; `loss`:
   * the record's own.
   */
  #record(typical: number | null, mean: number | null, loss: number, place: Place): void {
    if (!Number.isFinite(loss)) this.#noteDivergence(loss, place);
    if (typical === null || mean === null) return;
    this.#best = Math.min(this.#best, typical);
    const diverged =
      typical >= DIVERGED * this.#best && typical >= ABOVE_FIRST * this.#first && typical >= this.#reference;
    this.#above = diverged ? this.#above + 1 : 0;
    if (this.#above >= DIVERGED_FOR) this.#noteDivergence(typical, place);
    if (mean <= this.settings.zero * this.#reference) this.#noteZero(mean, place);
  }

  #observe(loss: number, learningRate: number | undefined, place: Place): void {
    const movement = this.#movement.observe(loss);
    if (movement && !this.#made.has("oscillation") && this.#matters(movement, loss)) {
      this.#noteOscillation(movement, learningRate, place);
    }
  }

  /**
   * Whether the walls that the parameters jump between are high: ⅛·uᵀGu above the floor between
   * them.
   */
  #matters({ update }: Oscillation, loss: number): boolean {
    const product = inDouble(this.net).ggnvp(this.data, update, { batchNorm: this.mode });
    const height = update.reduce((sum, u, i) => sum + u * product[i], 0) / 8;
    return height > HEIGHT * loss;
  }

  #epoch(record: WatchedEpoch, place: Place): void {
    const { loss, epoch, validationLoss } = record;
    const { improvement, window } = this.settings;
    if (loss < this.#bestEpoch.loss * (1 - improvement)) this.#bestEpoch = { loss, epoch };
    else if (epoch - this.#bestEpoch.epoch >= window && loss > this.settings.zero * this.#reference)
      this.#notePlateau(loss, place);
    if (validationLoss !== undefined && this.#validation.observe(epoch, loss, validationLoss)) {
      this.#noteOverfitting(loss, validationLoss, place);
    }
    this.#lookAtPace(record, place);
    // Where the loss is a fraction of a constant's, nothing is wrong with what the others do.
    if (loss > SMALL * this.#reference) this.#lookForDead(place);
    if (this.settings.guard) this.#look(this.settings.guard, place);
  }

  #lookAtPace({ loss, learningRate }: WatchedEpoch, place: Place): void {
    const rate = learningRate === undefined ? {} : { learningRate };
    const pace = this.#paces.observe(loss);
    if (pace === null || this.#made.has("divergence")) return;
    if (pace.verdict === "too high") {
      const { edge } = sharpness(this.#paces.start(), this.data, { batchNorm: this.mode, tolerance: 1e-3 });
      this.#note("steps-too-long", "rate", place, {
        message: `the loss is ${loss.toPrecision(3)} and stays above the ${this.#first.toPrecision(3)} before the first step and the ${this.#reference.toPrecision(3)} of a constant, though the parameters have moved far`,
        evidence: { loss, first: this.#first, reference: this.#reference, edge, ...rate },
        remedy: "divide the learning rate by 10; plain descent needs less than the edge 2/λmax in the evidence",
      });
    } else {
      this.#note("steps-too-short", "rate", place, {
        message: `the loss has fallen from ${this.#first.toPrecision(4)} to ${loss.toPrecision(4)} alone; along its direction the run could go ${pace.further.toPrecision(2)} times as far in an epoch`,
        evidence: { loss, first: this.#first, further: pace.further, ...rate },
        remedy: "multiply the learning rate by 10 until the loss falls visibly; sharpness(net, data) shows the edge",
      });
    }
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
        ...(layer < 0 ? {} : { layer }),
        message: `a ${quantity}${layer < 0 ? "" : ` of layer ${layer + 1}`} ceased to be finite in step ${step}`,
        evidence: { layer, quantity, sample: -1, unit: -1 },
        remedy: "lower the learning rate, or clip the gradient: clip: { norm: 1 }",
      },
    );
  }

  #note(
    code: FindingCode,
    key: string,
    place: Place,
    { layer = null, units = [], ...rest }: Pick<Finding, "message" | "evidence" | "remedy"> & Partial<Finding>,
  ): void {
    if (this.#made.has(key)) return;
    this.#made.add(key);
    const finding = { code, ...rest, layer, units, ...place };
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

  #noteOscillation({ cosine, flips, ratio }: Oscillation, learningRate: number | undefined, place: Place): void {
    const cycle = ratio <= PERIOD;
    const rate = learningRate === undefined ? {} : { learningRate };
    this.#note(cycle ? "period-2-cycle" : "oscillation", "oscillation", place, {
      message: cycle
        ? `the parameters return to where they were two updates ago (to ${ratio.toPrecision(2)} of an update)`
        : `successive updates undo each other: their mean cosine is ${cosine.toFixed(2)}`,
      evidence: { cosine, signFlips: flips, returnRatio: ratio, ...rate, edge: this.#edge() },
      remedy:
        "halve the learning rate: it exceeds the edge 2/λ for the largest eigenvalue λ, which sharpness(net, data) shows",
    });
  }

  /** 2/λmax where the run is. */
  #edge(): number {
    return sharpness(this.net, this.data, { batchNorm: this.mode, tolerance: 1e-3 }).edge;
  }

  #noteOverfitting(loss: number, validationLoss: number, place: Place): void {
    const { loss: best, epoch: bestEpoch } = this.#validation.best;
    this.#note("rising-validation-loss", "validation", place, {
      message: `the validation loss was best at ${best.toPrecision(3)} in epoch ${bestEpoch} and is ${validationLoss.toPrecision(3)}, while the training loss fell`,
      evidence: { loss, validationLoss, best, bestEpoch },
      remedy: "earlyStopping on the validation data, a penalty: { l2 }, fewer units or more data",
    });
  }

  #notePlateau(loss: number, place: Place): void {
    // An oscillation, or a wrong learning rate, is a plateau whose cause is known.
    if (this.#made.has("oscillation") || this.#made.has("rate")) return;
    const { window } = this.settings;
    this.#note("plateau", "plateau", place, {
      message: `for ${place.epoch - this.#bestEpoch.epoch} epochs the loss has been no better than ${this.#bestEpoch.loss.toPrecision(4)}`,
      evidence: { loss, best: this.#bestEpoch.loss, bestEpoch: this.#bestEpoch.epoch, window },
      remedy: "if that is too much, ask diagnose(net, data) why; else stop, or lower the learning rate",
    });
  }

  #lookForDead(place: Place): void {
    deadUnits(this.net, this.data, { batchNorm: this.mode }).forEach((dead, layer) => {
      const { units } = this.net.spec.layers[layer];
      const before = this.#deadAtFirst[layer].length;
      const gone = dead.length - before;
      const many = gone >= Math.max(2, DYING * units);
      this.#dying[layer] = many ? this.#dying[layer] + 1 : 0;
      // A few may come back when the layers below them move; half of a layer does not.
      if (!many || (gone < DIED * units && this.#dying[layer] < DYING_FOR)) return;
      this.#note("dying-units", `dying ${layer}`, place, {
        layer,
        units: dead,
        message: `${dead.length} of the ${units} units of layer ${layer + 1} are dead, ${before} at the beginning`,
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
    const of = layer < 0 ? "" : ` of layer ${layer + 1}, unit ${unit + 1}`;
    const at = sample < 0 ? "" : ` for sample ${sample}`;
    this.#note(offence, offence, place, {
      ...(layer < 0 ? {} : { layer, units: [unit] }),
      message: `${offence === "big" ? "a large" : "a"} ${quantity}${of}${at}: ${value}`,
      evidence: { quantity, layer, unit, sample, value: String(value) },
      remedy: "look at that sample's inputs; scale inputs to unit size, lower the learning rate, clip the gradient",
    });
  }
}
