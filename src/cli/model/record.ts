import { isObject } from "../../check.js";
import type { Status } from "../../index.js";
import type { Scale } from "../data/scale.js";
import type { Missing, Places } from "../data/table.js";
import type { Task } from "../data/target.js";
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
  readonly columns: Places & { readonly names: readonly string[]; readonly targetName: string };
  readonly missing: Missing;
  readonly task: Task;
  /** In classification: the classes, in the order of the outputs. */
  readonly classes: readonly string[] | null;
  readonly inputScale: Scale;
  /** In regression. */
  readonly targetScale: Scale | null;
  readonly settings: Settings;
  /** Null while the run goes on. */
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
  const { table, sha256 } = source;
  const { target, inputScale, targetScale } = prepared;
  return {
    tool: TOOL,
    data: { path: table.path, sha256, rows: table.inputs.rows },
    columns: { ...table.places, names: table.names, targetName: table.target.name },
    missing: settings.missing ?? "refuse",
    task: target.task,
    classes: target.task === "classification" ? target.classes : null,
    inputScale,
    targetScale,
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
  const place = misplaced(metadata);
  if (place !== null) return refuse(`one whose ${quote(place)} is missing or no such thing`);
  const record = metadata as unknown as ModelRecord;
  const { columns, task, classes, inputScale, targetScale } = record;
  const { names, inputs: places, width, target } = columns;
  if (names.length !== inputs) return refuse(`one without names for its ${inputs} inputs`);
  if (places.length !== inputs || [...places, target].some((place) => place >= width)) {
    return refuse("one without the places of its columns");
  }
  if (!isOf(inputScale, inputs)) return refuse("one without the scales of its inputs");
  const fits =
    task === "classification"
      ? classes?.length === outputs && targetScale === null
      : classes === null && targetScale !== null && isOf(targetScale, outputs);
  if (!fits) return refuse("one whose classes or scales do not fit its outputs");
  return record;
}

function isOf({ mean, deviation }: Scale, length: number): boolean {
  return mean.length === length && deviation.length === length;
}
