import { type Dataset, dataset, type Matrix, matrix, split } from "../../index.js";
import { type Scale, scaleOf, standardize } from "../data/scale.js";
import type { Table } from "../data/table.js";
import { readTarget, type Target } from "../data/target.js";
import { badInput } from "../errors.js";
import { counted } from "../output/format.js";
import { type Settings, validationShare } from "./settings.js";

/** A table made ready to learn from. Everything is standardised by the training rows. */
export interface Prepared {
  readonly target: Target;
  readonly inputScale: Scale;
  /** In regression; its deviation turns errors back into the target's units. */
  readonly targetScale: Scale | null;
  readonly training: Dataset;
  readonly validation: Dataset | null;
  readonly test: Dataset | null;
}

/** Splits a table, by class where there are classes, and standardises the parts. */
export function prepare(table: Table, settings: Settings): Prepared {
  const target = readTarget(table.target, settings.task);
  const whole = dataset(table.inputs, target.task === "classification" ? target.labels : target.values);
  const stratify = target.task === "classification";
  const { seed, testShare } = settings;
  const held = validationShare(settings);
  const outer = takePart(whole, testShare, seed, stratify, () =>
    badInput(
      `--test-share: expected a share that leaves rows to train and to test on, got ${testShare} of ` +
        counted(whole.size, "row"),
    ),
  );
  // The share is of all rows; what is left to take it from is smaller.
  const inner = takePart(outer.rest, held / (1 - testShare), seed, stratify, () =>
    badInput(
      `--validation: expected a share that leaves rows to train and to validate on, got ${held} of ` +
        `${counted(whole.size, "row")} beside a test share of ${testShare}`,
    ),
  );
  const training = inner.rest;
  if (settings.batchNorm && training.size === 1) {
    badInput("--batch-norm: expected at least two rows to train on, since it needs a variance, got 1");
  }
  const inputScale = scaleOf(training.inputs);
  const targetScale = stratify ? null : scaleOf(columnOf(training));
  const ready = (part: Dataset): Dataset => {
    const targets = targetScale ? standardize(columnOf(part), targetScale).data : part.targets;
    return dataset(standardize(part.inputs, inputScale), targets);
  };
  return {
    target,
    inputScale,
    targetScale,
    training: ready(training),
    validation: inner.part && ready(inner.part),
    test: outer.part && ready(outer.part),
  };
}

/** Takes a share of the rows out; `refuse` where that leaves a part empty. */
function takePart(
  data: Dataset,
  share: number,
  seed: number,
  stratify: boolean,
  refuse: () => never,
): { rest: Dataset; part: Dataset | null } {
  if (share === 0) return { rest: data, part: null };
  const count = Math.round(data.size * share);
  if (count === 0 || count === data.size) refuse();
  const { training: rest, test: part } = split(data, { test: share, seed, stratify });
  return { rest, part };
}

function columnOf({ targets, size }: Dataset): Matrix {
  return matrix(size, 1, targets as Float64Array);
}
