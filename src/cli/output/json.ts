import { labelOf } from "../training/optimizer.js";
import type { Outcome, Run } from "../training/train.js";
import { endOf } from "./summary.js";

/** A run for machines; numbers in full, null for what is not finite. */
export function trainingJson(run: Run, outcome: Outcome): string {
  const { source, prepared, settings, net, optimizer } = run;
  const { table } = source;
  const { target, inputScale, targetScale, training, validation, test } = prepared;
  const { history } = outcome;
  return `${JSON.stringify({
    command: "train",
    data: {
      path: table.path,
      rows: table.inputs.rows,
      inputs: table.names,
      inputScale,
      missing: table.missing,
      dropped: table.dropped,
    },
    target: {
      name: table.target.name,
      task: target.task,
      ...(target.task === "classification" ? { classes: target.classes } : { scale: targetScale }),
    },
    split: { training: training.size, validation: validation?.size ?? 0, test: test?.size ?? 0, seed: settings.seed },
    network: { ...net.spec, parameters: net.parameterCount },
    optimizer: { name: labelOf(settings.optimizer), learningRate: optimizer.learningRate, schedule: settings.schedule },
    status: history.status,
    reason: endOf(run, history),
    training: outcome.training,
    validation: outcome.validation,
    test: outcome.test,
    deadUnits: outcome.deadUnits,
    steps: history.steps,
    evaluations: history.evaluations,
    notes: history.notes,
    seconds: outcome.seconds,
    samplesPerSecond: outcome.samplesPerSecond,
    build: net.build,
    epochs: history.epochs,
  })}\n`;
}

/** One line of JSON: typed arrays as lists, and null for NaN and infinities. */
export function finiteJson(value: unknown): string {
  return `${JSON.stringify(value, (_, inner) => (ArrayBuffer.isView(inner) ? Array.from(inner as Float64Array) : inner))}\n`;
}
