import { type Columns, describe, TargetError, type TextTable } from "hessia/tables";
import { plural, short } from "../model/format.ts";
import { Plain } from "../model/plainly.ts";
import type { Problem } from "../model/settings.ts";
import { EXTENT } from "./generators.ts";

/**
 * A user's table, ready to train on: inputs of mean 0 and standard deviation 2, so that the square
 * of the plane holds most of it.
 */
export interface OwnData {
  readonly problem: Problem;
  readonly inputNames: readonly string[];
  readonly targetName: string;
  /** Names of all columns, as the table has them. */
  readonly columnNames: readonly string[];
  readonly rows: readonly (readonly number[])[];
  /** Class indices, or values scaled to [−1, 1]. */
  readonly labels: readonly number[];
  /** Names of the classes; empty under regression. */
  readonly classes: readonly string[];
  /** The inputs that span the plane, and where the plane ends, in their own units. */
  readonly axes: readonly [number, number];
  readonly ends: readonly (readonly [string, string])[];
  /** What was assumed of the table and left out, a sentence each. */
  readonly notes: readonly string[];
  /** The text it came from, for links, and what was chosen in it. */
  readonly text: string;
  readonly target: number;
}

const MOST_ROWS = 5000;
const LEAST_ROWS = 4;
const MOST_INPUTS = 16;
const MOST_CLASSES = 8;
const SPREAD = 2;

/** Turns cells into a table to train on; throws an error in plain words for what cannot be used. */
export function ownData({ names, rows, notes }: TextTable, text: string, target?: number): OwnData {
  const width = rows[0]?.length ?? 0;
  if (width < 3) throw new Plain("The table needs at least three columns: two inputs and a target.");
  if (rows.length > MOST_ROWS)
    throw new Plain(`The table may have ${MOST_ROWS} rows at most, this one has ${rows.length}.`);
  const columnNames = names ?? rows[0].map((_, i) => `column ${i + 1}`);
  const chosen = target !== undefined && target < width ? target : width - 1;
  if (rows.length < LEAST_ROWS) throw new Plain(`The table needs at least four rows, this one has ${rows.length}.`);
  const columns = described(rows, columnNames, chosen);
  const { inputs, known } = columns.encode(rows);
  const inputNames = columns.inputNames;
  checkSizes(inputNames.length, known.length);
  const values = columns.targetValues(rows);
  return {
    ...targetsOf(
      columns,
      Array.from(known, (row) => values[row]),
    ),
    inputNames,
    columnNames,
    targetName: columnNames[chosen],
    rows: Array.from(known, (row) =>
      inputNames.map((_, j) => Math.fround(SPREAD * inputs.data[row * inputs.columns + j])),
    ),
    axes: [0, 1],
    ends: [endsOf(columns, 0), endsOf(columns, 1)],
    notes: notesOf(columns, notes, rows.length - known.length),
    text,
    target: chosen,
  };
}

function described(rows: TextTable["rows"], names: readonly string[], target: number): Columns {
  try {
    const columns = describe(rows, { names, target });
    const { classes } = columns;
    // Many whole numbers are values here: more classes than that cannot be told apart by colour.
    if (!classes || classes.length <= MOST_CLASSES) return columns;
    if (classes.every((name) => Number.isFinite(Number(name))))
      return describe(rows, { names, target, task: "regression" });
    throw new Plain(
      `The target "${names[target]}" has ${classes.length} classes, at most ${MOST_CLASSES} can be shown.`,
    );
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    const where = error.row === null ? "" : `, row ${error.row + 1}`;
    throw new Plain(`The target "${error.column}"${where}: ${error.why}.`);
  }
}

function checkSizes(inputs: number, rows: number): void {
  if (inputs < 2)
    throw new Plain(`The table needs two inputs at least, and this one has ${inputs} whose values tell anything.`);
  if (inputs > MOST_INPUTS)
    throw new Plain(
      `The table may have ${MOST_INPUTS} inputs at most, this one has ${inputs}, kinds counted one by one.`,
    );
  if (rows < LEAST_ROWS) throw new Plain(`The table needs at least four rows with a target, this one has ${rows}.`);
}

/** Labels, or values scaled to [−1, 1]. */
function targetsOf(
  { classes, targetNames }: Columns,
  values: readonly number[],
): Pick<OwnData, "problem" | "labels" | "classes"> {
  if (classes) return { problem: "classification", labels: values, classes };
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (!(high > low)) throw new Plain(`The target "${targetNames[0]}" has one value only.`);
  const labels = values.map((v) => Math.fround((2 * (v - low)) / (high - low) - 1));
  return { problem: "regression", labels, classes: [] };
}

/** Where the plane ends along an input, in the unit of its column. */
function endsOf(columns: Columns, input: number): [string, string] {
  const { mean, deviation } = columns.data.inputScale;
  const encoding = columns.columns.find(({ name }) => columns.inputPlaces.get(name) === input)?.encoding;
  return [-1, 1].map((side) => {
    const raw = mean[input] + ((side * EXTENT) / SPREAD) * deviation[input];
    if (encoding?.kind === "date") return new Date(raw * 86_400_000).toISOString().slice(0, 10);
    if (encoding?.kind !== "number" || encoding.unit === null) return short(raw);
    return short(Math.sign(raw) * encoding.unit * Math.expm1(Math.abs(raw)));
  }) as [string, string];
}

function notesOf(columns: Columns, read: readonly string[], lacking: number): string[] {
  const left = columns.columns.filter(({ encoding }) => encoding === null);
  return [
    ...read,
    ...(lacking > 0 ? [`${plural(lacking, "row")} without a target left out`] : []),
    ...left.map(({ name, why }) => `${name} left out: ${why}`),
    ...columns.columns.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`)),
    ...columns.data.targetNotes,
  ];
}
