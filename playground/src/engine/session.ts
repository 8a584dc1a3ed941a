import {
  type Checkpoint,
  constant,
  cosine,
  type History,
  type Network,
  type Optimizer,
  oneCycle,
  type Schedule,
  type StepRecord,
  stepDecay,
  training,
  warmUp,
} from "hessia";
import type { OwnData } from "../data/own.ts";
import { optimizerEntry } from "../model/optimizers.ts";
import {
  type Change,
  type Course,
  type Halt,
  type Logged,
  type Settings,
  type Snapshot,
  settingsAfter,
} from "../model/settings.ts";
import { leaveSaddle } from "./curvature.ts";
import { makeOptimizer } from "./makers.ts";
import { edits, repenalised, rescued } from "./rescue.ts";
import { World } from "./world.ts";

/** A run's list of epochs grows with it, so that it is taken up anew after so many. */
const EPOCHS_A_RUN = 4096;
const ENDLESS = 1e9;

type Progress = Checkpoint["progress"];

/**
 * A network in training, to which anything may happen between two steps, and which gives the same
 * bits when all of it happens again.
 */
export class Session {
  readonly world: World;
  settings: Settings;
  net: Network;
  step = 0;
  /** Epochs ended. */
  epoch = 0;
  halt: Halt | null = null;
  last: StepRecord | null = null;
  /** What has been evaluated so far, in gradients over all training data. */
  evaluations = 0;
  #evaluationsOfRun = 0;
  /** Counts what made the network another one, other than training. */
  networks = 0;
  readonly log: Logged[] = [];
  /** Changes that are still to come in a replay. */
  coming: Logged[];
  #optimizer: Optimizer;
  #run: Generator<StepRecord, History> | null = null;
  #epochsOfRun = 0;
  #progress: Progress | null = null;
  /** Samples of the current epoch that have been used. */
  #used = 0;

  constructor({ start, log, origin }: Pick<Course, "start" | "log" | "origin">, own: OwnData | null) {
    this.world = new World(start, own);
    this.settings = origin?.settings ?? start;
    this.net = origin ? this.world.networkAt(origin) : this.world.network(start);
    this.#optimizer = makeOptimizer(this.settings);
    if (origin) this.#resumeAt(origin);
    this.coming = log.slice(origin?.log.length ?? 0).sort((a, b) => a.step - b.step);
    this.#applyComing();
  }

  #resumeAt({ step, epoch, evaluations, optimizer, progress, halt, log }: Snapshot): void {
    this.step = step;
    this.epoch = epoch;
    this.evaluations = evaluations;
    this.#optimizer.restore(optimizer);
    this.#progress = progress;
    this.#used = progress?.used ?? 0;
    this.halt = halt;
    this.log.push(...log);
  }

  /** The run as it is now, to be taken up again to the bit. */
  snapshot(): Snapshot {
    const progress = this.#run && this.last ? this.last.checkpoint().progress : this.#progress;
    const { settings, step, epoch, evaluations, net, halt, log } = this;
    return {
      ...{ settings, step, epoch, evaluations, halt, log: log.slice() },
      parameters: Float64Array.from(net.getParameters()),
      statistics: Float64Array.from(net.getRunningStatistics()),
      optimizer: this.#optimizer.state(),
      progress: progress && { ...progress, epochs: [] },
    };
  }

  /** Passes over the data: epochs with the part of the one at hand. */
  get passes(): number {
    return this.epoch + this.#used / this.world.train.size;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.world.train.size / this.batchSize);
  }

  get batchSize(): number {
    const { batchSize, optimizer } = this.settings;
    const { size } = this.world.train;
    return batchSize === 0 || optimizerEntry(optimizer).fullBatch ? size : Math.min(size, batchSize);
  }

  /** Trains on until so many steps have been taken, the time has come, or something halts it. */
  advance(toStep: number, deadline = Number.POSITIVE_INFINITY): void {
    const every = this.#stepsAClock;
    while (this.step < toStep && !this.halt) {
      this.#open();
      const next = (this.#run as Generator<StepRecord, History>).next();
      if (next.done) {
        this.#ended(next.value);
        return;
      }
      this.#took(next.value);
      if (this.step % every === 0 && performance.now() >= deadline) return;
    }
  }

  /** Trains on to the end of the epoch. */
  advanceEpoch(): void {
    const { epoch } = this;
    while (this.epoch === epoch && !this.halt) this.advance(this.step + 1);
  }

  /** Reading the clock takes about as long as a tenth of a small step. */
  get #stepsAClock(): number {
    return optimizerEntry(this.settings.optimizer).fullBatch || this.net.parameterCount * this.batchSize > 20_000
      ? 1
      : 8;
  }

  #took(record: StepRecord): void {
    this.last = record;
    this.step = record.step;
    const evaluations = this.#gradients(record);
    this.evaluations += ((evaluations - this.#evaluationsOfRun) * record.samples) / this.world.train.size;
    this.#evaluationsOfRun = evaluations;
    this.#used = record.epochRecord ? 0 : this.#used + record.samples;
    if (record.epochRecord) {
      this.epoch = record.epochRecord.epoch;
      ++this.#epochsOfRun;
      this.#checkGoals(record);
      if (this.#epochsOfRun >= EPOCHS_A_RUN) this.#close(true);
    }
    this.#applyComing();
  }

  /** By the flops that each takes: a value a third of a gradient, a product three, a matrix P/6. */
  #gradients({ evaluations: { value, gradient, hvp, hessian } }: StepRecord): number {
    return gradient + value / 3 + 3 * hvp + (hessian * this.net.parameterCount) / 6;
  }

  /** Something happens now. */
  change(change: Change): void {
    this.#apply(change);
    this.log.push({ step: this.step, change });
    this.halt = null;
  }

  #applyComing(): void {
    while (this.coming.length > 0 && this.coming[0].step <= this.step)
      this.change((this.coming.shift() as Logged).change);
  }

  #apply(change: Change): void {
    const before = this.settings;
    const after = settingsAfter(before, change);
    if (change.kind === "set") this.#set(before, after);
    else if (change.kind === "activation" || change.kind === "batch-norm") this.#rescue(after, change);
    else if (change.kind === "revive" || change.kind === "prune")
      this.net.setParameters(rescued(this.world, this.net, before, change).getParameters());
    else if (change.kind === "escape") leaveSaddle(this.net, this.world.train);
    else if (change.kind === "back") this.#back(change, before);
    else {
      const parameters = this.net.getParameters();
      for (const [index, value] of edits(this.world, before, change)) {
        if (index >= 0 && index < parameters.length) parameters[index] = value;
      }
      this.net.setParameters(parameters);
    }
    this.settings = after;
    if (change.kind !== "set") ++this.networks;
  }

  #back({ parameters, statistics }: Extract<Change, { kind: "back" }>, settings: Settings): void {
    this.#close(true);
    // A course may have other layers by now: there is nothing to go back to then.
    if (parameters.length !== this.net.parameterCount) return;
    this.net.setParameters(Float64Array.from(parameters));
    if (statistics.length > 0) this.net.setRunningStatistics(Float64Array.from(statistics));
    this.#optimizer = makeOptimizer(settings);
    if (this.#progress) this.#progress = withoutMemory(this.#progress);
  }

  /** Other ways to train: the run is taken up with them where it was. */
  #set(before: Settings, after: Settings): void {
    const { learningRate, optimizer, options, l1, l2, penaltyOn } = after;
    if (optimizer === before.optimizer && JSON.stringify(options) === JSON.stringify(before.options)) {
      if (optimizerEntry(optimizer).learningRate !== null) this.#optimizer.learningRate = learningRate;
      const others = Object.keys(after).filter((key) => key !== "learningRate") as (keyof Settings)[];
      if (others.every((key) => after[key] === before[key])) return;
    }
    this.#close(true);
    if (l1 !== before.l1 || l2 !== before.l2 || penaltyOn !== before.penaltyOn) {
      this.net = repenalised(this.world, this.net, after);
      ++this.networks;
    }
    const state = this.#optimizer.state();
    this.#optimizer = makeOptimizer(after);
    if (optimizer === before.optimizer) restore(this.#optimizer, state);
  }

  /** The same parameters in a network of other layers. */
  #rescue(after: Settings, change: Change): void {
    this.#close(true);
    const size = this.net.parameterCount;
    this.net = rescued(this.world, this.net, after, change);
    if (this.net.parameterCount !== size) {
      this.#optimizer = makeOptimizer(after);
      if (this.#progress) this.#progress = { ...this.#progress, best: null };
    }
  }

  #open(): void {
    if (this.#run) return;
    const { settings, net, world } = this;
    const { clip, clipAt, stopTestLoss, patience } = settings;
    this.#epochsOfRun = 0;
    this.#evaluationsOfRun = 0;
    this.#run = training(net, world.train, {
      optimizer: this.#optimizer,
      epochs: settings.schedule === "cosine" || settings.schedule === "one-cycle" ? settings.scheduleEpochs : ENDLESS,
      batchSize: this.batchSize,
      seed: settings.seed,
      schedule: this.#schedule(),
      ...(stopTestLoss > 0 || patience > 0 ? { validation: world.test } : {}),
      ...(patience > 0 ? { earlyStopping: { patience } } : {}),
      ...(clip === "none" ? {} : { clip: clip === "norm" ? { norm: clipAt } : { value: clipAt } }),
      ...(this.#progress ? { resume: this.#resumed(this.#progress) } : {}),
    });
  }

  #resumed(progress: Progress): Checkpoint {
    const { net } = this;
    // Batch norm needs two samples at least: a rest of one, left by another batch size, is passed
    // over.
    const rest = this.world.train.size - progress.used === 1;
    // Settings may change in the middle of a run here.
    const { fingerprint: _, ...place } = progress;
    return {
      parameters: net.getParameters(),
      statistics: net.getRunningStatistics(),
      optimizer: this.#optimizer.state(),
      progress: {
        ...place,
        epochs: [],
        ...(rest ? { used: 0, lossSum: 0, right: 0, epoch: progress.epoch + 1 } : {}),
      },
    };
  }

  /** Ends the run at hand and remembers where it was. */
  #close(remember: boolean): void {
    if (this.#run && this.last && remember) this.#progress = this.last.checkpoint().progress;
    this.#run?.return(undefined as never);
    this.#run = null;
  }

  #ended(history: History): void {
    this.#progress = history.checkpoint.progress;
    this.#run = null;
    const kind = history.status === "non-finite" ? "non-finite" : history.status === "early-stopped" ? "goal" : "done";
    this.halt = { kind, message: sentence(history.reason) };
  }

  #checkGoals({ epochRecord, gradientNorm }: StepRecord): void {
    if (!epochRecord) return;
    const { stopEpochs, stopLoss, stopTestLoss, stopGradient } = this.settings;
    const { epoch, loss, validationLoss } = epochRecord;
    let message = "";
    if (stopEpochs > 0 && epoch >= stopEpochs) message = `${epoch} epochs done, as asked for`;
    if (stopLoss > 0 && loss <= stopLoss) message = `training loss has come down to ${loss.toPrecision(3)}`;
    if (stopTestLoss > 0 && validationLoss !== undefined && validationLoss <= stopTestLoss) {
      message = `test loss has come down to ${validationLoss.toPrecision(3)}`;
    }
    if (stopGradient > 0 && gradientNorm <= stopGradient)
      message = `gradient norm has come down to ${gradientNorm.toPrecision(3)}`;
    if (message) this.halt = { kind: "goal", message: sentence(message) };
  }

  #schedule(): Schedule {
    const { schedule, scheduleEpochs } = this.settings;
    if (schedule === "step") return stepDecay({ every: scheduleEpochs, factor: 0.1 });
    if (schedule === "cosine") return cosine();
    if (schedule === "one-cycle") return oneCycle();
    if (schedule === "warm-up") return warmUp({ steps: scheduleEpochs * this.stepsPerEpoch });
    return constant();
  }
}

/** Without the points that a run would go back to. */
function withoutMemory(progress: Progress): Progress {
  const { seen: _, ...rest } = progress;
  return { ...rest, best: null };
}

/** Memory that was made under other options does not fit, and is let go. */
function restore(optimizer: Optimizer, state: ReturnType<Optimizer["state"]>): void {
  try {
    optimizer.restore(state);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
