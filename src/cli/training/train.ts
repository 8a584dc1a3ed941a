import type { Checkpoint, Dataset } from "../../index.js";
import {
  deadUnits,
  type EpochRecord,
  fit,
  type History,
  type LayerSpec,
  type Network,
  network,
  type Optimizer,
  type RunHandle,
} from "../../index.js";
import { makeSchedule } from "../../jobs/schedules.js";
import type { Source } from "../data/source.js";
import { asRefusal, refusals } from "../errors.js";
import type { Prepared } from "./prepare.js";
import { type Score, scoreOf } from "./score.js";
import type { Search } from "./search.js";
import type { NetworkSettings, Settings } from "./settings.js";

/** A network with what it is to be trained on and how. */
export interface Run {
  readonly source: Source;
  readonly prepared: Prepared;
  readonly settings: Settings;
  readonly net: Network;
  readonly optimizer: Optimizer;
  /** What chose the settings, where nobody did. */
  readonly search?: Search | undefined;
  /** Where to resume. */
  readonly resume: Checkpoint | null;
}

/** What came of a run. */
export interface Outcome {
  readonly history: History;
  readonly training: Score;
  readonly validation: Score | null;
  readonly test: Score | null;
  /**
   * For each ReLU layer but the output, the units that no training row reaches; null for other
   * activations.
   */
  readonly deadUnits: readonly number[][] | null;
  /** Of this session, and the samples that were used in it. */
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

/** The network that settings and data ask for. */
export function makeNetwork({ columns, training }: Prepared, settings: NetworkSettings & { seed: number }): Network {
  const { hidden, activation, batchNorm, dtype, seed, l1, l2 } = settings;
  const layers: LayerSpec[] = hidden.map((units) => ({ units, activation, batchNorm }));
  layers.push({ units: columns.classes?.length ?? columns.targetNames.length });
  const loss = columns.task === "classification" ? "cross-entropy" : "mse";
  return refusals(() => network({ inputs: training.inputs.columns, layers, loss, dtype, seed, penalty: { l1, l2 } }));
}

/** Trains, and measures what came of it; an interrupted run is measured too. */
export async function train(
  run: Run,
  signal: AbortSignal,
  onEpoch: (record: EpochRecord, handle: RunHandle) => void | Promise<void>,
): Promise<Outcome> {
  const { net, prepared, settings, resume } = run;
  const { columns, training, validation, test } = prepared;
  const before = resume ? samplesIn(resume.progress.epochs.length, resume.progress.step, run) : 0;
  const start = performance.now();
  const history = await fitted(run, signal, onEpoch);
  const seconds = (performance.now() - start) / 1000;
  return {
    history,
    training: scoreOf(net, training, columns),
    validation: validation && scoreOf(net, validation, columns, training),
    test: test && scoreOf(net, test, columns, training),
    deadUnits: settings.activation === "relu" ? deadUnits(net, training).slice(0, -1) : null,
    seconds,
    samplesPerSecond: (samplesIn(history.epochs.length, history.steps, run) - before) / seconds,
  };
}

/** Rows a step. */
export function batchSizeOf({ batchSize }: Pick<Settings, "batchSize">, rows: number): number {
  return batchSize === "all" ? rows : batchSize;
}

/** Validation rows below which chance would decide when to stop. */
const LEAST_TO_STOP = 10;

function tooFewToStop(validation: Dataset | null): boolean {
  return validation !== null && validation.size < LEAST_TO_STOP;
}

/** The data with a word on what is asked of it that it cannot do. */
export function withLimits(prepared: Prepared, { earlyStopping }: Pick<Settings, "earlyStopping">): Prepared {
  const { validation, warnings } = prepared;
  if (earlyStopping === undefined || !tooFewToStop(validation)) return prepared;
  const few = `${validation?.size} rows to validate on are too few to stop by: all epochs are done; a larger --validation, at least ${LEAST_TO_STOP} rows, lets --early-stopping decide`;
  return { ...prepared, warnings: [...warnings, few] };
}

async function fitted(
  { net, optimizer, prepared: { training, validation }, settings, resume }: Run,
  signal: AbortSignal,
  onEpoch: (record: EpochRecord, handle: RunHandle) => void | Promise<void>,
): Promise<History> {
  const { epochs, seed, clip, earlyStopping, penalty } = settings;
  const batchSize = batchSizeOf(settings, training.size);
  const schedule = makeSchedule(settings.schedule, epochs, epochs * Math.ceil(training.size / batchSize));
  try {
    return await fit(net, training, {
      optimizer,
      ...(schedule && penalty === undefined ? { schedule } : {}),
      ...(penalty === undefined ? {} : { penalty }),
      epochs,
      batchSize,
      seed,
      signal,
      onEpoch,
      ...(validation ? { validation } : {}),
      ...(earlyStopping === undefined || tooFewToStop(validation)
        ? {}
        : { earlyStopping: { patience: earlyStopping } }),
      ...(clip === undefined ? {} : { clip: { norm: clip } }),
      ...(resume ? { resume } : {}),
    });
  } catch (error) {
    throw asRefusal(error);
  }
}

function samplesIn(epochs: number, steps: number, { prepared: { training }, settings }: Run): number {
  const batchSize = batchSizeOf(settings, training.size);
  const stepsAnEpoch = Math.ceil(training.size / batchSize);
  return epochs * training.size + Math.max(0, steps - epochs * stepsAnEpoch) * batchSize;
}
