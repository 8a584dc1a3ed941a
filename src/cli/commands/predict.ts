import type { Command } from "commander";
import type { Network, Posterior } from "../../index.js";
import { readSource } from "../data/source.js";
import { badInput } from "../errors.js";
import type { Io } from "../io.js";
import { checkOutputs, loadTableModel, writeOutput } from "../model/file.js";
import { type Sheet, sheetOf } from "../model/sheet.js";
import { percentage } from "../options.js";
import { counted, quote } from "../output/format.js";
import { scoreText } from "../output/summary.js";
import { intervalOf, posteriorOf } from "../study/posterior.js";
import { type Score, scoreOf } from "../training/score.js";
import { add } from "./options.js";

const examples = `
Examples:
  hessia predict iris.safetensors iris.csv
  hessia predict iris.safetensors iris.csv --probabilities --output out.csv
  hessia predict iris.safetensors iris.csv --append > named.csv
  hessia predict iris.safetensors iris.csv --interval 95 --quiet

Columns are found by their names where the model was trained on a file with a
header, in any order and among others. Where the file has the target too, the
score is told on stderr.`;

interface Given {
  readonly output?: string;
  readonly probabilities?: true;
  readonly append?: true;
  readonly interval?: number;
  readonly trainingData?: string;
  readonly header?: boolean;
  readonly json?: true;
  readonly quiet?: true;
}

/** What a model says of the rows of a sheet. */
interface Predictions {
  /** Names of the columns, the prediction itself first. */
  readonly names: readonly string[];
  /** A row of cells for each row; empty cells where nothing can be predicted. */
  readonly cells: readonly (readonly (string | number | null)[])[];
  readonly score: Score | null;
}

/** `hessia predict`: a model and rows in, predictions out. */
export function addPredict(program: Command, io: Io): void {
  const command = program
    .command("predict")
    .summary("predict with a trained model, as CSV")
    .description("Predicts the target of each row of a CSV file with a model that hessia train saved.");
  command.argument("<model>", "what hessia train --save wrote");
  command.argument("<file>", "CSV file with the columns that the model was trained on");
  add(command, "--output <file>", "where to write (default: stdout)");
  command.option("--probabilities", "the probability of each class, too");
  add(
    command,
    "--interval <percent>",
    "values: ends between which so many of 100 lie; classes: their probability, calibrated",
    percentage,
  );
  add(command, "--training-data <file>", "for --interval: what the model was trained on, where it has moved");
  command.option("--append", "the file's own columns first");
  command
    .option("--header", "the first line holds names (default: found out)")
    .option("--no-header", "there is no header");
  command.option("--quiet", "no score on stderr").option("--json", "JSON instead of CSV");
  command.addHelpText("after", examples);
  command.action((model: string, file: string, given: Given) => runPredict(model, file, given, io));
}

async function runPredict(path: string, file: string, given: Given, io: Io): Promise<void> {
  const model = await loadTableModel(path);
  const { net, record } = model;
  await checkOutputs([path, file], { "--output": given.output });
  const { target: _, ...reading } = record.settings;
  const source = await readSource(file, { ...reading, separator: undefined, header: given.header });
  const sheet = sheetOf(source, record, given.header);
  const { columns } = sheet;
  if (given.probabilities && columns.classes === null) {
    badInput("--probabilities: expected a model of classes, got a regression, whose predictions are values");
  }
  const sure = given.interval === undefined ? null : await posteriorOf(model, given.trainingData);
  if (sure && !given.quiet && sure.status !== "converged")
    io.stderr.write(`${path}: ${sure.reason}; the intervals are the narrower for it\n`);
  const predictions = predict(net, sheet, given, sure);
  const text = given.json ? jsonOf(sheet, predictions) : csvOf(sheet, predictions, given);
  if (given.output === undefined) io.stdout.write(text);
  else await writeOutput(given.output, text);
  if (!given.quiet) for (const note of sheet.notes) io.stderr.write(`${source.file}: ${note}\n`);
  const { score } = predictions;
  if (score && !given.quiet && !given.json) {
    const unknown = sheet.strangers;
    if (unknown) {
      const labels = `${counted(unknown.rows.length, "row")} with a label that the model does not know, the first ${quote(unknown.label)}`;
      io.stderr.write(
        `${source.file}: ${labels}; ${unknown.rows.length === 1 ? "it counts" : "they count"} as wrong\n`,
      );
    }
    io.stderr.write(
      `${counted(score.rows, "row")} with a known ${columns.targetNames.join(", ")}: ${scoreText(score)}\n`,
    );
  }
}

function predict(net: Network, sheet: Sheet, given: Given, sure: Posterior | null): Predictions {
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

function csvOf({ source, records }: Sheet, { names, cells }: Predictions, { append }: Given): string {
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

function jsonOf({ source, columns, lines, notes }: Sheet, { names, cells, score }: Predictions): string {
  const { classes, targetNames } = columns;
  const several = classes === null && names.length > 1;
  const rows = cells.map((row, i) => ({
    line: lines[i],
    prediction: several && targetNames.length > 1 ? row.slice(0, targetNames.length) : row[0],
    ...(several && names.length > targetNames.length ? { interval: row.slice(targetNames.length) } : {}),
    ...(!several && names.length > 1 ? { probabilities: row.slice(1) } : {}),
  }));
  const about = { command: "predict", data: source.path, target: targetNames.join(", "), classes, notes, score };
  return `${JSON.stringify({ ...about, rows })}\n`;
}
