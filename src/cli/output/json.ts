import { labelOf } from "../training/optimizer.js";
import type { Outcome, Run } from "../training/train.js";
import { endOf } from "./summary.js";

/** A run for machines; numbers in full, null for what is not finite. */
export function trainingJson(run: Run, outcome: Outcome): string {
  const { source, prepared, settings, net, optimizer } = run;
  const { columns, training, validation, test } = prepared;
  const { history } = outcome;
  return `${JSON.stringify({
    command: "train",
    data: {
      path: source.path,
      rows: prepared.rows,
      inputs: columns.needed,
      encodedInputs: columns.inputNames,
      inputScale: columns.data.inputScale,
      columns: columns.columns.map(({ name, type, why, notes }) => ({ name, type, why, notes })),
      notes: source.text.notes,
      warnings: prepared.warnings,
      missing: prepared.missing,
      dropped: prepared.dropped,
    },
    target: {
      name: columns.targetNames.join(", "),
      task: columns.task,
      notes: columns.data.targetNotes,
      ...(columns.classes ? { classes: columns.classes } : { scale: columns.data.targetScale }),
    },
    split: { training: training.size, validation: validation?.size ?? 0, test: test?.size ?? 0, seed: settings.seed },
    network: { ...net.spec, parameters: net.parameterCount },
    optimizer: { name: labelOf(settings.optimizer), learningRate: optimizer.learningRate, schedule: settings.schedule },
    search: run.search ?? null,
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
