import { valueNoise } from "../linalg/noise.js";
import { countedRows, type Dataset, weighedBy } from "../network/dataset.js";
import { freeCount } from "../network/layout.js";
import type { Network } from "../network/network.js";
import { type Batch, Objective } from "../network/objective.js";
import type { ParameterHolder } from "../network/parameters.js";
import { Score } from "../network/score.js";
import { decidesClasses } from "../network/spec.js";
import { NetworkProblem } from "../optimize/network-problem.js";
import type { Optimizer, StepOutcome } from "../optimize/optimizer.js";
import { acquire, bytesPer, epsilonOf, type FloatArray, release, type Workspace } from "../wasm/workspace.js";
import { Batches, holdOut } from "./batches.js";
import type { Best, Checkpoint, EpochRecord, Seen } from "./checkpoint.js";
import { type Fingerprint, fingerprintOf } from "./fingerprint.js";
import type { ResolvedOptions } from "./options.js";
import type { History, NonFinite, RunHandle } from "./records.js";
import { type SchedulePosition, scheduledRate } from "./schedule.js";

/** A position in a run, overwritten as the run proceeds. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Held-out data with the objective that measures it. */
interface Validation {
  readonly objective: Objective;
  readonly batch: Batch;
  readonly score: Score;
}

/**
 * A run of training: an instance of the core of its own in which parameters, the optimizer's memory
 * and activations stay from step to step. `step` makes no garbage.
 */
export class Run implements ParameterHolder, RunHandle {
  readonly workspace: Workspace;
  readonly problem: NetworkProblem;
  /** What the last step found. */
  outcome: StepOutcome | null = null;
  learningRate = 0;
  /** Samples in the last step's batch. */
  samples = 0;
  /** The epoch that the last step ended, or null. */
  epochRecord: EpochRecord | null = null;
  readonly batches: Batches;
  readonly position: Mutable<SchedulePosition>;
  readonly #where: string;
  readonly #statistics: number;
  readonly #validation: Validation | null;
  readonly #score: Score | null;
  /** The data, with weights as multiples of the training rows' mean. */
  readonly #training: Dataset;
  readonly #optimizer: Optimizer;
  readonly #epochs: EpochRecord[] = [];
  #fingerprint: Fingerprint | null = null;
  /** Steps of an earlier run that the optimizer remembers. */
  #goesOn = 0;
  #version = -1;
  #lossSum = 0;
  #penaltySum = 0;
  #best: Best | null = null;
  /**
   * Where the objective was least, as long as a second-order method on the whole of the data has
   * left there for worse.
   */
  #seen: Seen | null = null;
  #epochStart = 0;
  #end: Pick<History, "status" | "reason" | "nonFinite"> | null = null;
  #history: History | null = null;

  constructor(
    where: string,
    readonly net: Network,
    readonly data: Dataset,
    readonly options: ResolvedOptions,
  ) {
    const { spec, layout } = net;
    const { optimizer, validation, batchSize, shuffle, seed } = options;
    const share = typeof validation === "number" ? validation : 0;
    const held = heldOutOf(countedRows(data), share, seed);
    this.#training = weighedBy(data, held.training);
    this.#where = where;
    this.#optimizer = optimizer;
    // Where a step sees all samples their order is nothing but rounding, and gradients are kept
    // from one step to the next.
    const shuffled = shuffle && !(optimizer.curvature && batchSize >= held.training.length);
    this.batches = new Batches(held.training, batchSize, shuffled, seed, layout.batchNorm);
    optimizer.checkFree(where, freeCount(layout));
    this.workspace = acquire(net.build);
    const before = options.resume || optimizer.steps > 0 ? optimizer.state() : null;
    try {
      this.#statistics = this.workspace.allocate(spec.dtype, layout.statisticsCount);
      const { capacity, perEpoch } = this.batches;
      const second = optimizer.curvature !== null;
      const { workspace, batches } = this;
      const Kind = optimizer.extend?.(NetworkProblem) ?? NetworkProblem;
      this.problem = new Kind(workspace, net, this.#training, this.#statistics, batches, capacity);
      this.problem.stochastic = perEpoch > 1;
      if (second && perEpoch === 1) this.problem.pin();
      this.#validation = this.#openValidation(validation, held.validation);
      if (options.resume) optimizer.restore(options.resume.optimizer);
      else if (optimizer.begin(where, net)) this.#goesOn = optimizer.steps;
      optimizer.attach(where, this.problem);
      optimizer.serve(net);
    } catch (error) {
      release(this.workspace);
      if (before) optimizer.restore(before);
      throw error;
    }
    const score = decidesClasses(spec.loss) ? new Score(spec, layout, data) : null;
    this.#score = score;
    this.position = {
      step: 0,
      steps: this.batches.perEpoch * options.epochs,
      epoch: 0,
      epochs: options.epochs,
      learningRate: optimizer.learningRate,
      math: this.workspace.math,
    };
    this.#start(options.resume);
  }

  #openValidation(validation: Dataset | number | null, held: Uint32Array): Validation | null {
    const { spec, layout } = this.net;
    if (validation === null || (typeof validation === "number" && held.length === 0)) return null;
    const given = typeof validation !== "number";
    const data = given ? validation : weighedBy(this.data, held);
    const batch = given ? { order: null, from: 0, count: data.size } : { order: held, from: 0, count: held.length };
    const needs = { capacity: batch.count, gradients: "none" } as const;
    const objective = new Objective(this.workspace, spec, layout, data, "running", needs);
    return { objective, batch, score: new Score(spec, layout, data) };
  }

  #start(resume: Checkpoint | null): void {
    if (resume) {
      const { step, epoch, used, lossSum, right, epochs, best } = resume.progress;
      this.net.setParameters(resume.parameters);
      this.net.setRunningStatistics(resume.statistics);
      this.position.step = step;
      this.position.epoch = epoch;
      this.#lossSum = lossSum;
      this.#penaltySum = resume.progress.penaltySum ?? 0;
      this.batches.seek(epoch, used);
      this.#score?.resume(right, this.#weightOf(0, used));
      this.#epochs.push(...epochs);
      this.#best = best;
      this.#seen = resume.progress.seen ?? null;
      if (epoch >= this.options.epochs) this.#finish();
    } else {
      this.batches.seek(0, 0);
    }
    this.#epochStart = performance.now();
  }

  /** Whether there is another step to take. */
  get going(): boolean {
    if (this.#end === null && this.options.signal?.aborted) {
      this.#end = { status: "aborted", reason: `aborted by its signal after ${this.position.step} steps` };
    }
    return this.#end === null;
  }

  /**
   * Whether the last step was taken, and does not wait, nor was left out because the run ended with
   * it.
   */
  get moved(): boolean {
    return this.outcome !== null && !this.outcome.breakdown && !this.outcome.end && !this.outcome.waits;
  }

  get #waits(): boolean {
    return this.outcome?.waits ?? false;
  }

  /** Ends the run on behalf of a callback, unless it has ended already. */
  abort(by: string): void {
    this.#end ??= { status: "aborted", reason: `ended by ${by} after ${this.position.step} steps` };
  }

  /**
   * One step on the next batch, or as much of it as there is time for, and at the end of an epoch
   * its record.
   */
  step(): void {
    if (this.#history) throw new Error("training: the run has ended");
    this.epochRecord = null;
    const { problem, batches } = this;
    // Parameters that were set while a step waits begin it anew.
    if (this.#waits) this.#upload();
    else this.#open();
    const start = problem.theta;
    const penalty = problem.objective.penalty(problem.place(start));
    this.outcome = this.#optimizer.step(problem, this.learningRate, this.options.clip);
    if (this.outcome.waits) return;
    const { breakdown, end, value } = this.outcome;
    if (breakdown) {
      this.#breakDown();
      return;
    }
    if (end) {
      this.#end = end;
      return;
    }
    problem.updateRunning();
    this.#version = this.net.heldBy(this);
    this.#lossSum += value * this.samples;
    this.#penaltySum += penalty * this.samples;
    if (this.#score) {
      this.#score.addRight(problem.rightAt(start), this.#weightOf(batches.from, batches.from + batches.count));
    }
    ++this.position.step;
    if (this.#optimizer.curvature && !problem.stochastic) this.#remember(start);
    if (this.batches.last) this.#endEpoch();
  }

  /** Makes the next batch the one to step on. */
  #open(): void {
    const { problem } = this;
    this.position.learningRate = this.#optimizer.learningRate;
    // First, because a function of the caller's may throw, or set the parameters.
    this.learningRate = scheduledRate(this.#where, this.options.schedule, this.position);
    this.#upload();
    this.batches.advance();
    this.samples = this.batches.count;
    if (problem.stochastic) problem.changed();
    problem.drawn = [this.options.seed, this.position.step];
  }

  /** Σ w over places of the epoch's order. */
  #weightOf(from: number, to: number): number {
    const { weights } = this.data;
    if (!weights) return to - from;
    return this.batches.order.subarray(from, to).reduce((sum, row) => sum + weights[row], 0);
  }

  download(parameters: FloatArray, statistics: FloatArray): void {
    const { problem, workspace } = this;
    parameters.set(workspace.slice(this.net.spec.dtype, problem.place(problem.theta), parameters.length));
    statistics.set(this.workspace.slice(this.net.spec.dtype, this.#statistics, statistics.length));
  }

  /** Takes over parameters that were set from outside since the last step. */
  #upload(): void {
    if (this.#version === this.net.version) return;
    const { parameters, statistics } = this.net.current();
    const { dtype } = this.net.spec;
    this.problem.write(parameters);
    this.workspace.write(dtype, this.#statistics, statistics);
    this.problem.changed();
    if (this.#version >= 0) {
      this.#seen = null;
      this.#optimizer.displaced();
    }
    this.#version = this.net.version;
  }

  #endEpoch(): void {
    const { position, batches } = this;
    const validation = this.#validate();
    const now = performance.now();
    const accuracy = this.#score?.accuracy;
    const record: EpochRecord = {
      epoch: position.epoch + 1,
      loss: this.#lossSum / batches.samples.length,
      ...(this.#penaltySum > 0 ? { penalty: this.#penaltySum / batches.samples.length } : {}),
      ...(validation ? { validationLoss: validation.loss } : {}),
      ...(accuracy === undefined ? {} : { accuracy }),
      ...(validation?.accuracy === undefined ? {} : { validationAccuracy: validation.accuracy }),
      learningRate: this.learningRate,
      seconds: (now - this.#epochStart) / 1000,
    };
    this.#epochStart = now;
    this.#epochs.push(record);
    this.epochRecord = record;
    this.#lossSum = 0;
    this.#penaltySum = 0;
    this.#score?.reset();
    ++position.epoch;
    this.#watch(record);
    if (this.#end === null && position.epoch >= this.options.epochs) this.#finish();
    if (this.#end === null) batches.seek(position.epoch, 0);
  }

  #finish(): void {
    const { epochs } = this.options;
    this.#end = { status: "completed", reason: `all ${epochs} ${epochs === 1 ? "epoch" : "epochs"} done` };
  }

  #validate(): { loss: number; accuracy?: number } | null {
    if (!this.#validation) return null;
    const { objective, batch, score } = this.#validation;
    score.reset();
    const { problem } = this;
    const loss = objective.dataLoss(problem.place(problem.theta), this.#statistics, batch, (from) =>
      score.add(objective.propagation, batch.order, from),
    );
    return score.evaluation(loss);
  }

  /** Keeps the best epoch, and ends the run when the last improvement is too long ago. */
  #watch(record: EpochRecord): void {
    const { earlyStopping } = this.options;
    if (!earlyStopping) return;
    const { monitor, minimumImprovement, patience } = earlyStopping;
    const value = record[monitor] as number;
    const score = monitor === "validationAccuracy" ? -value : value;
    // A loss that is not finite makes no best epoch, however many samples happen to be right.
    const finite = Number.isFinite(score) && Number.isFinite(record.validationLoss ?? 0);
    if (finite && (!this.#best || score < this.#best.score - minimumImprovement)) {
      this.#best = { epoch: record.epoch, score, ...this.#snapshot() };
    } else if (record.epoch - (this.#best?.epoch ?? 0) >= patience) {
      this.#end = {
        status: "early-stopped",
        reason: this.#best
          ? `${monitor} has not improved for ${patience} epochs; the parameters are those of epoch ${this.#best.epoch}`
          : `${monitor} was not finite for ${patience} epochs`,
      };
    }
  }

  #breakDown(): void {
    const nonFinite = this.#locate();
    const { step, epoch, layer, quantity } = nonFinite;
    const place = layer >= 0 ? ` in the ${quantity}s of layer ${layer + 1}` : ` in the ${quantity}`;
    this.#end = {
      status: "non-finite",
      reason:
        `NaN or infinity at step ${step} (epoch ${epoch}), first${place}; the parameters are those before that step. ` +
        "Try a smaller learning rate, clipping or inputs of unit scale",
      nonFinite,
    };
  }

  /** Where the step that broke down first met a NaN or infinity. */
  #locate(): NonFinite {
    const { breakdown } = this.outcome as StepOutcome;
    const place = { step: this.position.step + 1, epoch: this.position.epoch + 1 };
    if (breakdown === "value") {
      const { problem } = this;
      const at = problem.place(problem.theta);
      const layer = problem.objective.firstNonFiniteLayer(at, this.#statistics, this.batches);
      return { ...place, layer, quantity: layer >= 0 ? "pre-activation" : "loss" };
    }
    const { layers } = this.net.layout;
    const { dtype } = this.net.spec;
    const kernels = this.workspace.kernels(dtype);
    const size = bytesPer(dtype);
    const at = this.problem.spread(breakdown === "gradient" ? this.#optimizer.gradient : this.problem.next);
    const holds = ({ weight, end }: (typeof layers)[number]): boolean =>
      kernels.firstNonFinite(at + weight * size, end - weight) >= 0;
    // Backpropagation meets the last layer first; an update has no order, so the first layer is
    // named.
    const layer = breakdown === "gradient" ? layers.findLastIndex(holds) : layers.findIndex(holds);
    return { ...place, layer, quantity: breakdown === "gradient" ? "gradient" : "parameter" };
  }

  /** Keeps the point that the last step started from, if the step led up from the best so far. */
  #remember(start: number): void {
    const { objective, ahead } = this.outcome as StepOutcome;
    const least = this.#seen?.objective ?? Infinity;
    const noise = valueNoise(objective, epsilonOf(this.net.spec.dtype));
    if (ahead <= Math.min(least, objective + noise)) this.#seen = null;
    else if (objective < least) {
      this.#seen = { step: this.position.step, objective, ...this.#snapshot(start) };
    }
  }

  /**
   * Whether the run's end puts the best point that was seen in place; early stopping, if it has
   * one, has the better claim.
   */
  #goesBack(): boolean {
    const status = this.#end?.status;
    return status !== undefined && status !== "aborted" && (status === "non-finite" || !this.#best);
  }

  #snapshot(at = this.problem.theta): { parameters: FloatArray; statistics: FloatArray } {
    return {
      parameters: this.workspace.read(this.net.spec.dtype, this.problem.place(at), this.net.parameterCount),
      statistics: this.workspace.read(this.net.spec.dtype, this.#statistics, this.net.layout.statisticsCount),
    };
  }

  checkpoint(): Checkpoint {
    const { position, batches } = this;
    const { parameters, statistics } = this.net.current();
    const failed = this.#end?.status === "non-finite";
    return {
      parameters: parameters.slice() as FloatArray,
      statistics: statistics.slice() as FloatArray,
      optimizer: this.#optimizer.state(),
      progress: {
        step: position.step,
        epoch: position.epoch,
        used: failed || this.#waits ? batches.from : batches.last ? 0 : batches.from + batches.count,
        lossSum: this.#lossSum,
        ...(this.#penaltySum > 0 ? { penaltySum: this.#penaltySum } : {}),
        right: this.#score?.right ?? 0,
        epochs: this.#epochs.slice(),
        best: this.#best,
        // The cause of a broken run has to be changed: other data, a smaller rate.
        ...(failed ? {} : { fingerprint: this.#madeOf() }),
        ...(this.#seen ? { seen: this.#seen } : {}),
      },
    };
  }

  /** Computed once: it reads all of the data. */
  #madeOf(): Fingerprint {
    this.#fingerprint ??= fingerprintOf(this.net, this.data, this.options);
    return this.#fingerprint;
  }

  #notes(): string[] {
    const { name, fullBatch, rated } = this.#optimizer;
    const notes: string[] = [];
    if (this.#goesOn > 0) {
      notes.push(`${name} continued from its ${this.#goesOn} earlier steps; a new optimizer starts fresh`);
    }
    if (fullBatch && this.problem.stochastic) {
      notes.push(`${name} is for full batches only: one batch misleads it on the next; leave batchSize out`);
    }
    if (!rated && this.options.scheduled) notes.push(`${name} has no learning rate: the schedule changes nothing`);
    if (this.#seen && this.#end && this.#goesBack()) {
      notes.push(
        `the parameters are those before step ${this.#seen.step}, the least objective: ${this.#seen.objective.toPrecision(3)}`,
      );
    }
    return [...notes, ...this.#optimizer.notes(this.net.layout)];
  }

  #put({ parameters, statistics }: { parameters: FloatArray; statistics: FloatArray }): void {
    this.net.setParameters(parameters);
    this.net.setRunningStatistics(statistics);
  }

  /** Gives everything back, once, and returns how the run went. */
  close(): History {
    if (this.#history) return this.#history;
    const end = this.#end ?? { status: "aborted", reason: `ended by the caller after ${this.position.step} steps` };
    const checkpoint = this.checkpoint();
    this.#optimizer.detach();
    release(this.workspace);
    if (this.#seen && this.#goesBack()) this.#put(this.#seen);
    // A run that has ended by itself, and not because something broke.
    else if (this.#best && end.status !== "aborted" && end.status !== "non-finite") {
      this.#put(this.#best);
    }
    const evaluations = { ...this.problem.evaluations };
    this.#history = {
      ...end,
      epochs: this.#epochs,
      steps: this.position.step,
      evaluations,
      notes: this.#notes(),
      checkpoint,
    };
    return this.#history;
  }
}

/** Which of the rows are trained on and which are held out. */
function heldOutOf(rows: Uint32Array, share: number, seed: number): ReturnType<typeof holdOut> {
  const { training, validation } = holdOut(rows.length, share, seed);
  return { training: training.map((i) => rows[i]), validation: validation.map((i) => rows[i]) };
}
