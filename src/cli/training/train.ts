import {
  deadUnits,
  type EpochRecord,
  fit,
  type History,
  type LayerSpec,
  type Network,
  network,
  type Optimizer,
} from "../../index.js";
import type { Table } from "../data/table.js";
import { asRefusal, refusals } from "../errors.js";
import type { Prepared } from "./prepare.js";
import { makeSchedule } from "./schedule.js";
import { type Score, scoreOf } from "./score.js";
import type { Settings } from "./settings.js";

/** A network with what it is to be trained on and how. */
export interface Run {
  readonly table: Table;
  readonly prepared: Prepared;
  readonly settings: Settings;
  readonly net: Network;
  readonly optimizer: Optimizer;
}

/** What came of a run. */
export interface Outcome {
  readonly history: History;
  readonly training: Score;
  readonly validation: Score | null;
  readonly test: Score | null;
  /** For each ReLU layer but the output, the units that no training row reaches; null for other activations. */
  readonly deadUnits: readonly number[][] | null;
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

/** The network that settings and data ask for. */
export function makeNetwork({ target, training }: Prepared, settings: Settings): Network {
  const { hidden, activation, batchNorm = false, dtype, seed, l1, l2 } = settings;
  const layers: LayerSpec[] = hidden.map((units) => ({ units, activation, batchNorm }));
  layers.push({ units: target.task === "classification" ? target.classes.length : 1 });
  const loss = target.task === "classification" ? "cross-entropy" : "mse";
  return refusals(() => network({ inputs: training.inputs.columns, layers, loss, dtype, seed, penalty: { l1, l2 } }));
}

/** Trains, and measures what came of it; an interrupted run is measured too. */
export async function train(run: Run, signal: AbortSignal, onEpoch: (record: EpochRecord) => void): Promise<Outcome> {
  const { net, prepared, settings } = run;
  const { training, validation, test } = prepared;
  const start = performance.now();
  const history = await fitted(run, signal, onEpoch);
  const seconds = (performance.now() - start) / 1000;
  return {
    history,
    training: scoreOf(net, training, prepared),
    validation: validation && scoreOf(net, validation, prepared),
    test: test && scoreOf(net, test, prepared),
    deadUnits: settings.activation === "relu" ? deadUnits(net, training).slice(0, -1) : null,
    seconds,
    samplesPerSecond: samplesIn(history, training.size, settings.batchSize) / seconds,
  };
}

async function fitted(
  { net, optimizer, prepared: { training, validation }, settings }: Run,
  signal: AbortSignal,
  onEpoch: (record: EpochRecord) => void,
): Promise<History> {
  const { epochs, batchSize, seed, clip, earlyStopping } = settings;
  const schedule = makeSchedule(settings.schedule, epochs, epochs * Math.ceil(training.size / batchSize));
  try {
    return await fit(net, training, {
      optimizer,
      schedule,
      epochs,
      batchSize,
      seed,
      signal,
      onEpoch,
      ...(validation ? { validation } : {}),
      ...(earlyStopping === undefined ? {} : { earlyStopping: { patience: earlyStopping } }),
      ...(clip === undefined ? {} : { clip: { norm: clip } }),
    });
  } catch (error) {
    throw asRefusal(error);
  }
}

function samplesIn({ epochs, steps }: History, size: number, batchSize: number): number {
  const stepsAnEpoch = Math.ceil(size / batchSize);
  return epochs.length * size + Math.max(0, steps - epochs.length * stepsAnEpoch) * batchSize;
}
