import {
  type Dataset,
  type Evaluations,
  type History,
  hessianCost,
  type Network,
  type Status,
  type StepRecord,
  training,
} from "../../index.js";
import { makeSchedule } from "../../jobs/schedules.js";
import { asRefusal } from "../errors.js";
import { type Choice, labelOf, makeOptimizer } from "../training/optimizer.js";
import type { Prepared } from "../training/prepare.js";
import { type Score, scoreOf } from "../training/score.js";
import type { Settings } from "../training/settings.js";
import { batchSizeOf, makeNetwork } from "../training/train.js";

/** Where a method was after an epoch. */
export interface TracePoint {
  readonly epoch: number;
  /** Spent on steps; measuring is not counted. */
  readonly seconds: number;
  /** Work, in gradients over all of the training rows. */
  readonly gradients: number;
  /** The training objective over all rows, penalty included. */
  readonly loss: number;
}

/** What became of a method. */
export interface Trace {
  readonly label: string;
  readonly choice: Choice;
  readonly status: Status;
  readonly reason: string;
  readonly notes: readonly string[];
  readonly points: readonly TracePoint[];
  readonly steps: number;
  readonly batchSize: number;
  readonly evaluations: Evaluations;
  readonly training: Score;
  readonly validation: Score | null;
  readonly test: Score | null;
}

/** Methods side by side. */
export interface Comparison {
  readonly path: string;
  readonly target: string;
  readonly prepared: Prepared;
  readonly shape: string;
  readonly parameters: number;
  readonly weights: Weights;
  readonly traces: readonly Trace[];
}

/** When a method has had its turn. */
export interface Limits {
  readonly seconds: number | undefined;
  readonly signal: AbortSignal;
  /** Called after every epoch. */
  readonly onEpoch: (epoch: number, loss: number) => void;
}

/** How many gradients a value, a product and a dense matrix are worth. */
export interface Weights {
  readonly value: number;
  readonly hvp: number;
  readonly hessian: number;
}

/** Between looks at whether Ctrl-C was pressed. */
const SLICE_MILLISECONDS = 12;

/**
 * By flops: a gradient takes 6·N·P, a value a third of that, a product twice as much, a dense
 * matrix N·P², or P products with batch norm.
 */
export function weightsOf(net: Network, rows: number): Weights {
  const { flops, product } = hessianCost(net, rows);
  const batchNorm = net.spec.layers.some((layer) => layer.batchNorm);
  return { value: 1 / 3, hvp: 2, hessian: batchNorm ? 2 * net.parameterCount : flops / (product.flops / 2) };
}

/** Trains one method from the start that all have in common, on the network of its own. */
export async function trace(prepared: Prepared, settings: Settings, weights: Weights, limits: Limits): Promise<Trace> {
  const { columns, training: data, validation, test } = prepared;
  const net = makeNetwork(prepared, settings);
  const recorder = new Recorder(net, prepared, weights, limits);
  const history = await drive(net, prepared, settings, recorder);
  recorder.end();
  const { status, notes, steps, evaluations } = history;
  return {
    label: labelOf(settings.optimizer),
    choice: settings.optimizer,
    status,
    reason: recorder.overtime ? `the ${limits.seconds} s of --time-limit are over` : history.reason,
    notes,
    points: recorder.points,
    steps,
    batchSize: batchSizeOf(settings, data.size),
    evaluations,
    training: scoreOf(net, data, columns),
    validation: validation && scoreOf(net, validation, columns, data),
    test: test && scoreOf(net, test, columns, data),
  };
}

async function drive(net: Network, prepared: Prepared, settings: Settings, recorder: Recorder): Promise<History> {
  const { training: data, validation } = prepared;
  const { epochs, seed, clip, earlyStopping } = settings;
  const batchSize = batchSizeOf(settings, data.size);
  const schedule = makeSchedule(settings.schedule, epochs, epochs * Math.ceil(data.size / batchSize));
  try {
    const run = training(net, data, {
      optimizer: makeOptimizer(settings.optimizer),
      ...{ epochs, batchSize, seed, signal: recorder.signal },
      ...(schedule ? { schedule } : {}),
      ...(validation ? { validation } : {}),
      ...(earlyStopping === undefined ? {} : { earlyStopping: { patience: earlyStopping } }),
      ...(clip === undefined ? {} : { clip: { norm: clip } }),
    });
    for (;;) {
      recorder.go();
      const { value, done } = run.next();
      recorder.pause();
      if (done) return value;
      await recorder.step(value);
    }
  } catch (error) {
    throw asRefusal(error);
  }
}

/** Keeps the time and the work of a method, and stops it where it has had its turn. */
class Recorder {
  readonly points: TracePoint[] = [];
  overtime = false;
  readonly #net: Network;
  readonly #data: Dataset;
  readonly #weights: Weights;
  readonly #limits: Limits;
  readonly #controller = new AbortController();
  #evaluations: Evaluations = { value: 0, gradient: 0, hvp: 0, hessian: 0 };
  #last: StepRecord | null = null;
  #gradients = 0;
  #seconds = 0;
  #started = 0;
  #breathed = performance.now();

  constructor(net: Network, { training: data }: Prepared, weights: Weights, limits: Limits) {
    this.#net = net;
    this.#data = data;
    this.#weights = weights;
    this.#limits = limits;
    this.#mark(0);
    if (limits.signal.aborted) this.#controller.abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  go(): void {
    this.#started = performance.now();
  }

  pause(): void {
    this.#seconds += (performance.now() - this.#started) / 1000;
  }

  async step(record: StepRecord): Promise<void> {
    this.#count(record);
    this.#last = record;
    if (record.epochRecord) {
      const { loss } = this.#mark(record.epochRecord.epoch);
      this.#limits.onEpoch(record.epochRecord.epoch, loss);
    }
    if (performance.now() - this.#breathed > SLICE_MILLISECONDS) {
      // Ctrl-C is heard, and bars are drawn.
      await new Promise((resolve) => setImmediate(resolve));
      this.#breathed = performance.now();
    }
    this.overtime ||= this.#limits.seconds !== undefined && this.#seconds >= this.#limits.seconds;
    if (this.overtime || this.#limits.signal.aborted) this.#controller.abort();
  }

  /** Where it ended in the middle of an epoch. */
  end(): void {
    if (this.#last && !this.#last.epochRecord) this.#mark(this.#last.epoch);
  }

  #mark(epoch: number): TracePoint {
    const loss = this.#net.loss(this.#data);
    const point = { epoch, seconds: this.#seconds, gradients: this.#gradients, loss };
    this.points.push(point);
    return point;
  }

  /** What a step asked for counts by its share of the rows. */
  #count({ evaluations, samples }: StepRecord): void {
    const before = this.#evaluations;
    const { value, hvp, hessian } = this.#weights;
    const work =
      evaluations.gradient -
      before.gradient +
      value * (evaluations.value - before.value) +
      hvp * (evaluations.hvp - before.hvp) +
      hessian * (evaluations.hessian - before.hessian);
    this.#gradients += (work * samples) / this.#data.size;
    this.#evaluations = evaluations;
  }
}
