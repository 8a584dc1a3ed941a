import { isObject } from "../../check.js";
import type { Status } from "../../index.js";
import { type ColumnsData, columnsFrom } from "../../tables/index.js";
import { badInput } from "../errors.js";
import { printable, quote } from "../output/format.js";
import type { Score } from "../training/score.js";
import type { Settings } from "../training/settings.js";
import type { Outcome, Run } from "../training/train.js";
import { misplaced } from "./shape.js";

/** What a saved model knows beside its network: plain data, in the file's metadata. */
export interface ModelRecord {
  readonly tool: "hessia train";
  readonly data: { readonly path: string; readonly sha256: string; readonly rows: number };
  /** What each column was taken for, and how it becomes numbers. */
  readonly table: ColumnsData;
  readonly settings: Settings;
  /** Null while the run is under way. */
  readonly outcome: ModelOutcome | null;
}

export interface ModelOutcome {
  readonly status: Status;
  readonly reason: string;
  readonly epochs: number;
  readonly steps: number;
  readonly training: Score;
  readonly validation: Score | null;
  readonly test: Score | null;
}

const TOOL = "hessia train";

/** What belongs into the file of a run's model. */
export function recordOf({ source, prepared, settings }: Run, outcome: Outcome | null): ModelRecord {
  const { path, sha256 } = source;
  return {
    tool: TOOL,
    data: { path, sha256, rows: prepared.rows },
    table: prepared.columns.toJSON(),
    settings,
    outcome: outcome && outcomeOf(outcome),
  };
}

function outcomeOf({ history, training, validation, test }: Outcome): ModelOutcome {
  const { status, reason, steps, epochs } = history;
  return { status, reason, steps, epochs: epochs.length, training, validation, test };
}

/** Refuses metadata that is not of this program's making, or does not fit the network. */
export function readRecord(path: string, metadata: unknown, inputs: number, outputs: number): ModelRecord {
  const refuse = (what: string): never =>
    badInput(`${printable(path)}: expected a model that hessia train saved, got ${what}`);
  if (!isObject(metadata) || metadata.tool !== TOOL) return refuse("a network without the columns of its data");
  if (metadata.table === undefined && metadata.columns !== undefined) {
    return refuse("one of an earlier version; train it again");
  }
  const place = misplaced(metadata);
  if (place !== null) return refuse(`one whose ${quote(place)} is missing or no such thing`);
  const record = metadata as unknown as ModelRecord;
  const columns = columnsFrom(record.table);
  const { columns: own, targetPlaces, targets, width, inputScale, targetScale } = columns.data;
  if (columns.inputNames.length !== inputs) return refuse(`one without columns for its ${inputs} inputs`);
  if ([...own.map(({ place }) => place), ...targetPlaces].some((place) => place >= width)) {
    return refuse("one without the places of its columns");
  }
  if (!isOf(inputScale, inputs)) return refuse("one without the scales of its inputs");
  const fits = columns.classes
    ? columns.classes.length === outputs && targetScale === null && targets.length === 1
    : targetScale !== null &&
      isOf(targetScale, outputs) &&
      targets.length === outputs &&
      targets.every(({ task }) => task === "regression");
  if (!fits || targetPlaces.length !== targets.length)
    return refuse("one whose classes or scales do not fit its outputs");
  return record;
}

function isOf({ mean, deviation }: ColumnsData["inputScale"], length: number): boolean {
  return mean.length === length && deviation.length === length;
}
