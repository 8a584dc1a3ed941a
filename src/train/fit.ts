import type { Dataset } from "../network/dataset.js";
import { checkNetwork, type Network } from "../network/network.js";
import type { StepOutcome } from "../optimize/optimizer.js";
import {
  checkCallback,
  type FitOptions,
  type ResolvedOptions,
  resolveTraining,
  type TrainingOptions,
} from "./options.js";
import type { History, StepRecord } from "./records.js";
import { Run } from "./run.js";
import { aside, enter, isTurnDue, leave, turn } from "./turns.js";

/**
 * Trains a network. The event loop runs about 80 times a second meanwhile, however many runs there
 * are at once.
 *
 * Each step computes the gradient of the objective (mean loss plus penalty) over a mini-batch, and
 * the optimizer updates the parameters.
 *
 * @param net the network; changed in place. Its parameters may be read and set while it trains.
 * @param data the samples to train on.
 * @param options see `FitOptions`; `optimizer` and `epochs` are required.
 * @returns (resolves to) the history of the run. A second-order method that ends by itself on all
 * of the data leaves the best point that it has seen; the checkpoint resumes from the last one.
 * Statuses: "completed": all epochs are done. "early-stopped": the best parameters are in place.
 * "aborted": the signal or `onStep` ended the run. "non-finite": a NaN or infinity appeared at
 * `nonFinite`, and the parameters are the last finite ones. Second-order methods also end as
 * "converged", "stalled" or "unbounded".
 * @throws (rejects) TypeError or RangeError for bad input, with nothing changed; Error for an
 * optimizer that serves another run.
 * @example
 * const net = network({ inputs: 2, layers: [{ units: 8, activation: "relu" }, { units: 1 }], seed: 1 });
 * const data = dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]);
 * const history = await fit(net, data, { optimizer: adam({ learningRate: 0.05 }), epochs: 200, batchSize: 4 });
 * history.status; // "completed"
 */
export async function fit(net: Network, data: Dataset, options: FitOptions): Promise<History> {
  checkNetwork("fit", net);
  if (options?.penalty !== undefined) {
    const { penalty: _, restarts: __, ...rest } = options;
    resolveTraining("fit", net, data, rest, ["onEpoch", "onStep"]);
    return (await import("../infer/fit-evidence.js")).fitByEvidence(net, data, options, fit);
  }
  const resolved = resolveTraining("fit", net, data, options, ["onEpoch", "onStep"]);
  const { onEpoch, onStep } = options;
  checkCallback("fit", "onEpoch", onEpoch);
  checkCallback("fit", "onStep", onStep);
  const { optimizer } = resolved;
  optimizer.claimed = true;
  await enter();
  optimizer.claimed = false;
  try {
    const run = new Run("fit", net, data, resolved);
    run.problem.due = isTurnDue;
    try {
      while (run.going) {
        run.step();
        if (onStep && run.moved && (await result(onStep(recordOf(run)))) === true) run.abort("onStep");
        if (onEpoch && run.epochRecord) await result(onEpoch(run.epochRecord, run));
        if (isTurnDue()) await turn();
      }
    } finally {
      run.close();
    }
    return run.close();
  } finally {
    leave();
  }
}

/** What a callback gives; where that is a promise, other runs may start meanwhile. */
async function result<T>(given: T | PromiseLike<T>): Promise<T> {
  return isPromise(given) ? aside(given) : given;
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined | null)?.then === "function";
}

/**
 * Trains step by step: a generator that yields a record for each step and returns the history.
 * Leave the loop to stop. Everything else is as in `fit`, but nothing yields to the event loop.
 *
 * The run takes an instance of the core at its first step and gives it back at its end. A generator
 * that is dropped half-way is garbage collected with its instance.
 *
 * @throws as `fit`, at once for bad input.
 * @example
 * const net = network({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
 * const data = dataset([[1], [2], [3]], [2, 4, 6]);
 * for (const { step, loss } of training(net, data, { optimizer: sgd({ learningRate: 0.05 }), epochs: 100 })) {
 *   if (loss < 1e-3) break;
 * }
 */
export function training(net: Network, data: Dataset, options: TrainingOptions): Generator<StepRecord, History> {
  checkNetwork("training", net);
  return drive(net, data, resolveTraining("training", net, data, options));
}

function* drive(net: Network, data: Dataset, options: ResolvedOptions): Generator<StepRecord, History> {
  const run = new Run("training", net, data, options);
  try {
    while (run.going) {
      run.step();
      if (!run.moved) break;
      yield recordOf(run);
    }
  } finally {
    run.close();
  }
  return run.close();
}

function recordOf(run: Run): StepRecord {
  const { value, gradientNorm, report } = run.outcome as StepOutcome;
  return {
    step: run.position.step,
    epoch: run.epochRecord?.epoch ?? run.position.epoch + 1,
    loss: value,
    gradientNorm,
    learningRate: run.learningRate,
    samples: run.samples,
    evaluations: { ...run.problem.evaluations },
    ...report,
    epochRecord: run.epochRecord,
    checkpoint: () => run.checkpoint(),
  };
}
