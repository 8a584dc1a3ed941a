import type { Network, Posterior } from "../../index.js";
import { intervalOf } from "../study/posterior.js";
import { type Score, scoreOf } from "../training/score.js";
import type { Sheet } from "./sheet.js";

/** What is asked for beside the prediction. */
export interface Asked {
  readonly probabilities?: boolean;
  /** Ends between which so many of 100 lie. */
  readonly interval?: number;
  /** The file's own columns first. */
  readonly append?: boolean;
}

/** What a model says of the rows of a sheet. */
export interface Predictions {
  /** Names of the columns, the prediction itself first. */
  readonly names: readonly string[];
  /** A row of cells for each row; empty ones where nothing can be told. */
  readonly cells: readonly (readonly (string | number | null)[])[];
  readonly score: Score | null;
}

/** Predicts the rows of a sheet; `sure`: with intervals or calibrated probabilities. */
export function predict(net: Network, sheet: Sheet, given: Asked, sure: Posterior | null): Predictions {
  const { columns } = sheet;
  const score = sheet.data && withStrangers(scoreOf(net, sheet.data, columns), sheet);
  const { classes, targetNames } = columns;
  const taken = new Set(sheet.source.names);
  const free = (name: string): string => {
    let own = name;
    for (let k = 2; taken.has(own); ++k) own = `${name} ${k}`;
    taken.add(own);
    return own;
  };
  const decoded = columns.decode(net.predict(sheet.inputs));
  const own = (name: string): string =>
    free(sheet.source.names.includes(name) || !columns.data.named ? "prediction" : name);
  if (classes === null) {
    const names =
      targetNames.length === 1 ? [own(targetNames[0])] : targetNames.map((name) => free(`prediction of ${name}`));
    if (!sure) return { names, cells: rowsOf(sheet, (row) => [decoded[row]].flat() as number[]), score };
    const { low, high } = intervalOf(sure, sheet.inputs, columns, (given.interval as number) / 100);
    const ends = names.flatMap((one) => [free(`${one} low`), free(`${one} high`)]);
    const cells = (row: number): number[] => low[row].flatMap((value, j) => [value, high[row][j]]);
    return {
      names: [...names, ...ends],
      cells: rowsOf(sheet, (row) => [...([decoded[row]].flat() as number[]), ...cells(row)]),
      score,
    };
  }
  const name = own(targetNames[0]);
  if (!given.probabilities && !sure)
    return { names: [name], cells: rowsOf(sheet, (row) => [decoded[row] as string]), score };
  const probabilities = sure ? sure.probabilities(sheet.inputs) : net.probabilities(sheet.inputs);
  const names = [name, ...classes.map((label) => free(`probability of ${label}`))];
  const cells = rowsOf(sheet, (row) => [
    decoded[row] as string,
    ...classes.map((_, k) => probabilities.data[row * classes.length + k]),
  ]);
  return { names, cells, score };
}

/** Rows whose label is no class of the model count as wrong. */
function withStrangers(score: Score, { strangers }: Sheet): Score {
  if (!strangers || score.accuracy === undefined) return score;
  const rows = score.rows + strangers.rows.length;
  return { ...score, rows, accuracy: (score.accuracy * score.rows) / rows };
}

function rowsOf(sheet: Sheet, cells: (row: number) => (string | number)[]): (string | number | null)[][] {
  return sheet.records.map((_, row) => (sheet.incomplete.has(row) ? [null] : cells(row)));
}

/** The predictions as a table. */
export function csvOf({ source, records }: Sheet, { names, cells }: Predictions, { append }: Asked): string {
  const head = [...(append ? source.names : []), ...names];
  const lines = records.map((record, row) => {
    const predicted = names.map((_, k) => cells[row][k] ?? "");
    return [...(append ? record : []), ...predicted].map(cellOf).join(",");
  });
  return `${[head.map(cellOf).join(","), ...lines].join("\n")}\n`;
}

/** Quoted where it has to be (RFC 4180). */
export function cellOf(value: string | number): string {
  const text = String(value);
  return /[",\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
