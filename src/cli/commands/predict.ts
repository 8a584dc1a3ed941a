import type { Command } from "commander";
import type { Matrix, Network } from "../../index.js";
import { readText } from "../data/csv.js";
import type { Io } from "../io.js";
import { checkWritable, loadTableModel, writeOutput } from "../model/file.js";
import type { ModelRecord } from "../model/record.js";
import { knownRows, readSheet, type Sheet } from "../model/sheet.js";
import { counted } from "../output/format.js";
import { scoreText } from "../output/summary.js";
import { type Score, scoreOf } from "../training/score.js";
import { add } from "./options.js";

const examples = `
Examples:
  hessia predict iris.safetensors flowers.csv
  hessia predict iris.safetensors flowers.csv --probabilities --output out.csv
  hessia predict iris.safetensors flowers.csv --append > named-flowers.csv

Columns are found by their names where the model was trained on a file with a
header, in any order and among others. Where the file has the target too, the
score is told on stderr.`;

interface Given {
  readonly output?: string;
  readonly probabilities?: true;
  readonly append?: true;
  readonly header?: boolean;
  readonly json?: true;
  readonly quiet?: true;
}

/** What a model says of the rows of a sheet. */
interface Predictions {
  /** Names of the columns, the prediction itself first. */
  readonly names: readonly string[];
  /** A row of cells for each row; empty ones where nothing can be told. */
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
  command.option("--append", "the file's own columns first");
  command
    .option("--header", "the first line holds names (default: found out)")
    .option("--no-header", "there is no header");
  command.option("--quiet", "no score on stderr").option("--json", "JSON instead of CSV");
  command.addHelpText("after", examples);
  command.action((model: string, file: string, given: Given) => runPredict(model, file, given, io));
}

async function runPredict(path: string, file: string, given: Given, io: Io): Promise<void> {
  const { net, record } = await loadTableModel(path);
  await checkWritable(given.output);
  const sheet = readSheet(file, await readText(file), record, given.header);
  const predictions = predict(net, sheet, record, given);
  const text = given.json ? jsonOf(sheet, record, predictions) : csvOf(sheet, predictions, given);
  if (given.output === undefined) io.stdout.write(text);
  else await writeOutput(given.output, text);
  const { score } = predictions;
  if (score && !given.quiet && !given.json) {
    io.stderr.write(`${counted(score.rows, "row")} with a known ${record.columns.targetName}: ${scoreText(score)}\n`);
  }
}

function predict(net: Network, sheet: Sheet, record: ModelRecord, given: Given): Predictions {
  const known = sheet.hasTarget ? knownRows(sheet, record) : null;
  const score = known && scoreOf(net, known, record);
  const { classes, columns, targetScale } = record;
  const name = sheet.header?.includes(columns.targetName) || !columns.header ? "prediction" : columns.targetName;
  if (classes === null) {
    const [mean, deviation] = [targetScale?.mean[0] ?? 0, targetScale?.deviation[0] ?? 1];
    const { data } = net.predict(sheet.inputs);
    return { names: [name], cells: rowsOf(sheet, (row) => [mean + deviation * data[row]]), score };
  }
  const probabilities = net.probabilities(sheet.inputs);
  const best = (row: number): string => classes[greatest(probabilities, row)];
  if (!given.probabilities) return { names: [name], cells: rowsOf(sheet, (row) => [best(row)]), score };
  const names = [name, ...classes.map((label) => `probability of ${label}`)];
  const cells = rowsOf(sheet, (row) => [
    best(row),
    ...classes.map((_, k) => probabilities.data[row * classes.length + k]),
  ]);
  return { names, cells, score };
}

function rowsOf(sheet: Sheet, cells: (row: number) => (string | number)[]): (string | number | null)[][] {
  return sheet.records.map((_, row) => (sheet.incomplete.has(row) ? [null] : cells(row)));
}

function greatest({ data, columns }: Matrix, row: number): number {
  let best = 0;
  for (let k = 1; k < columns; ++k) if (data[row * columns + k] > data[row * columns + best]) best = k;
  return best;
}

function csvOf({ header, records }: Sheet, { names, cells }: Predictions, { append }: Given): string {
  const own = header ?? (records[0] ?? []).map((_, i) => `column ${i + 1}`);
  const head = [...(append ? own : []), ...names];
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

function jsonOf(
  { path, lines }: Sheet,
  { columns, classes }: ModelRecord,
  { names, cells, score }: Predictions,
): string {
  const rows = cells.map((row, i) => ({
    line: lines[i],
    prediction: row[0],
    ...(names.length > 1 ? { probabilities: row.slice(1) } : {}),
  }));
  const about = { command: "predict", data: path, target: columns.targetName, classes, score };
  return `${JSON.stringify({ ...about, rows })}\n`;
}
