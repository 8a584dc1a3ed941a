import { type Dataset, dataset, matrix, split } from "../../index.js";
import {
  type Cell,
  type Columns,
  type ColumnType,
  columnTypes,
  conflictsIn,
  describe,
  leaksIn,
  repeatedRows,
  TargetError,
} from "../../tables/index.js";
import { findColumns, listOf } from "../data/names.js";
import type { Source } from "../data/source.js";
import { badInput } from "../errors.js";
import { suggestion } from "../nearest.js";
import { counted, quote } from "../output/format.js";
import type { DataSettings } from "./settings.js";

/** A table made ready to learn from: encoded and scaled by the training rows. */
export interface Prepared {
  readonly columns: Columns;
  readonly training: Dataset;
  readonly validation: Dataset | null;
  readonly test: Dataset | null;
  /** Rows of each part, from 0, among those of the file. */
  readonly parts: Readonly<Record<"training" | "validation" | "test", readonly number[]>>;
  /** Rows that can be used. */
  readonly rows: number;
  /** Cells of inputs without a value, filled in. */
  readonly missing: number;
  /** What is suspicious of the data: columns that give the target away, rows in several parts. */
  readonly warnings: readonly string[];
  /** Rows that were left out because something is missing. */
  readonly dropped: number;
}

/** Options that the target has no use for are no decoration. */
function checkTask({ classes, targetNames }: Columns, { threshold, targetScale }: DataSettings): void {
  const target = targetNames.join(", ");
  if (threshold !== undefined && classes?.length !== 2) {
    const got = classes ? counted(classes.length, "class", "classes") : "values";
    badInput(`--threshold: expected a target of two classes, got ${got} in ${quote(target)}`);
  }
  if (targetScale !== undefined && classes) {
    badInput(`--target-scale: expected a target of values, got classes in ${quote(target)}`);
  }
}

/** Splits a table, by class where there are classes, and encodes the parts. */
export function prepare(source: Source, settings: DataSettings, batchNorm: boolean): Prepared {
  const table = source.text;
  checkRows(source, table.rows.length, 0);
  const given = optionsOf(source, settings);
  const first = described(source, given);
  checkTask(first, settings);
  const { rows, usable } = usableRows(source, first, settings);
  const values = usable.map(({ target }) => target);
  const asked = { ...given, threshold: settings.threshold ?? usualThreshold(first, values) };
  const parts = splitRows(values, first.task === "classification", settings);
  if (batchNorm && parts.training.length === 1) {
    badInput("--batch-norm: expected at least two rows to train on, since it needs a variance, got 1");
  }
  const original = (part: readonly number[]): number[] => part.map((row) => usable[row].row);
  // Kinds are those of all rows; scales, medians and what is rare are those of the training rows.
  const columns = described(source, { ...asked, fitOn: original(parts.training) });
  const part = (chosen: readonly number[]): Dataset | null =>
    chosen.length > 0 ? columns.dataset(original(chosen).map((row) => table.rows[row])) : null;
  const rowsOf = (part: readonly number[]) => original(part).map((row) => table.rows[row]);
  return {
    columns,
    warnings: warningsOf(columns, { training: rowsOf(parts.training), test: rowsOf(parts.test) }, table.rows),
    parts: { training: original(parts.training), validation: original(parts.validation), test: original(parts.test) },
    training: part(parts.training) as Dataset,
    validation: part(parts.validation),
    test: part(parts.test),
    rows: usable.length,
    missing:
      settings.missing === "drop"
        ? 0
        : columns.columns.reduce((sum, { encoding, missing }) => sum + (encoding ? missing : 0), 0),
    dropped: rows - usable.length,
  };
}

function warningsOf(columns: Columns, { training, test }: { training: Cells; test: Cells }, all: Cells): string[] {
  const repeated = repeatedRows(test, training).length;
  const twice = `${counted(repeated, "test row")} of ${test.length} ${repeated === 1 ? "stands" : "stand"} among the training rows too, cell by cell: the test score is too good`;
  const conflicts = conflictsIn(columns, all);
  // A row or two are chance.
  const many = repeated >= Math.max(2, REPEATED * test.length);
  return [...leaksIn(columns, all), ...(many ? [twice] : []), ...(conflicts ? [conflicts] : [])];
}

/** Share of the test rows that stand in the training rows too, from which a score is in doubt. */
const REPEATED = 0.05;

type Asked = Parameters<typeof describe>[1] & object;

/** What the options say of the columns. */
function optionsOf(source: Source, settings: DataSettings): Asked {
  const { names } = source;
  const { target, ignore, types, task, decimal, missing, missingMarkers } = settings;
  const targets = target === undefined ? [names.length - 1] : findColumns("--target", target, source);
  const ignored = ignore === undefined ? [] : findColumns("--ignore", ignore, source);
  const found = new Map<number, ColumnType>(types === undefined ? [] : typesIn(types, source));
  for (const place of ignored) found.set(place, "ignored");
  for (const place of targets) {
    if (ignored.includes(place))
      badInput(`--ignore: expected columns other than the target, got ${quote(names[place])}`);
    found.delete(place);
  }
  return {
    ...(source.header ? { names: unique(names) } : {}),
    target: targets,
    types: Object.fromEntries(
      Array.from(found, ([place, type]) => [(source.header ? unique(names) : names)[place], type]),
    ),
    ...(task === undefined ? {} : { task }),
    ...(decimal === undefined ? {} : { decimal }),
    ...(settings.targetScale === "log" ? { logTarget: true } : {}),
    ...(missing === "mean" ? { fill: "mean" } : {}),
    ...(missingMarkers === undefined ? {} : { missing: listOf("--missing-markers", missingMarkers) }),
  };
}

/** `zip=category,"city, state"=text`: the type of each column. */
function typesIn(text: string, source: Source): [number, ColumnType][] {
  return (
    text.match(/(?:"[^"]*"|[^,"])+/g)?.flatMap((part): [number, ColumnType][] => {
      const at = part.lastIndexOf("=");
      const type = part.slice(at + 1).trim();
      if (at < 0 || !columnTypes.includes(type as ColumnType)) {
        badInput(
          `--types: expected columns and what they are, as in zip=category,age=number, got ${quote(part)}${suggestion(type, columnTypes)}`,
        );
      }
      return findColumns("--types", part.slice(0, at).trim(), source).map((place) => [place, type as ColumnType]);
    }) ?? []
  );
}

/**
 * Two classes of which one has fewer than this share of the rows: accuracy is high for whoever
 * never finds it.
 */
const RARE = 0.1;

function usualThreshold({ classes }: Columns, labels: readonly number[]): number | "balanced" {
  if (classes?.length !== 2) return 0.5;
  const share = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  return Math.min(share, 1 - share) < RARE ? "balanced" : 0.5;
}

/** Names that occur once each. */
function unique(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map((name, j) => {
    const own = seen.has(name) ? `${name} (column ${j + 1})` : name;
    seen.add(own);
    return own;
  });
}

function described(source: Source, asked: Asked): Columns {
  const { text, names, file } = source;
  try {
    const columns = describe(text.rows, asked);
    if (columns.needed.length === 0) {
      badInput(`${file}: expected at least one input column beside the target, got ${whatIsLeft(columns)}`);
    }
    return columns;
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    const name = source.header ? `column ${quote(error.column)}` : error.column;
    const hint =
      error.row !== null && error.why.startsWith("expected a number")
        ? "; --task classification takes text for classes"
        : "";
    const line = error.row === null ? "" : `, line ${text.lines[error.row]}`;
    return badInput(
      `${file}${line}, ${name}: ${error.why}${hint}${names.length > 1 && hint === "" ? " (--target names another)" : ""}`,
    );
  }
}

function whatIsLeft({ columns }: Columns): string {
  if (columns.length === 0) return "none; --separator says what stands between columns";
  const [{ name, type, why }] = columns;
  return `none: ${quote(name)} is left out as ${type} (${why})${columns.length > 1 ? ", and so on" : ""}; --types says otherwise`;
}

/** Rows with a target, and, with --missing drop, without any gap. */
function usableRows(
  source: Source,
  columns: Columns,
  { missing }: DataSettings,
): { rows: number; usable: { row: number; target: number }[] } {
  const { rows } = source.text;
  const targets = columns.targetValues(rows);
  const gaps = missing === "drop" || missing === "refuse" ? columns.gaps(rows) : [];
  if (missing === "refuse") refuseGaps(source, columns, gaps, targets);
  const usable = rows.flatMap((_, row) => {
    const target = targets[row];
    return Number.isNaN(target) || (missing === "drop" && gaps[row] !== null) ? [] : [{ row, target }];
  });
  checkRows(source, usable.length, rows.length - usable.length);
  return { rows: rows.length, usable };
}

function refuseGaps(source: Source, columns: Columns, gaps: readonly (string | null)[], targets: Float64Array): void {
  const row = gaps.findIndex((name, i) => name !== null || Number.isNaN(targets[i]));
  if (row < 0) return;
  const name = gaps[row] ?? columns.targetNames[0];
  const place = `${source.file}, line ${source.text.lines[row]}, ${source.header ? `column ${quote(name)}` : name}`;
  badInput(
    `${place}: the value is missing; --missing fill puts the median in its place, --missing drop leaves the row out`,
  );
}

function checkRows(source: Source, rows: number, dropped: number): void {
  if (rows >= 2) return;
  const without = dropped > 0 ? ` (and ${dropped} with something missing)` : "";
  const expected = `at least two rows of data${source.header ? " after the header" : ""}`;
  badInput(`${source.file}: expected ${expected}, got ${rows}${without}`);
}

interface Rows {
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

function splitRows(
  values: readonly number[],
  stratify: boolean,
  { seed, testShare, validation: held }: DataSettings,
): Rows {
  const rows = values.length;
  const numbers = matrix(
    rows,
    1,
    Float64Array.from({ length: rows }, (_, row) => row),
  );
  const whole = dataset(numbers, Float64Array.from(values));
  const outer = takePart(whole, testShare, seed, stratify, () =>
    badInput(
      `--test-share: expected a share that leaves rows to train and to test on, got ${testShare} of ` +
        counted(rows, "row"),
    ),
  );
  // The share is of all rows; what is left to take it from is smaller.
  const inner = takePart(outer.rest, held / (1 - testShare), seed, stratify, () =>
    badInput(
      `--validation: expected a share that leaves rows to train and to validate on, got ${held} of ` +
        `${counted(rows, "row")} beside a test share of ${testShare}`,
    ),
  );
  const chosen = (part: Dataset | null): number[] => (part ? Array.from(part.inputs.data) : []);
  return { training: chosen(inner.rest), validation: chosen(inner.part), test: chosen(outer.part) };
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

type Cells = readonly (readonly Cell[])[];
