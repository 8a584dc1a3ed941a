import type { Command } from "commander";
import type { ActivationName } from "../../index.js";
import type { Columns } from "../../tables/index.js";
import { type Opened, openSource } from "../data/source.js";
import { badInput } from "../errors.js";
import { type Io, isTerminal } from "../io.js";
import { checkOutputs, loadRowModel, trained, writeOutput } from "../model/file.js";
import { csvOf, type PredictedCell, Predictions, predictionOf } from "../model/predictions.js";
import { namedBy, type Plan, planOf } from "../model/sheet.js";
import { percentage } from "../options.js";
import { count, counted, quote } from "../output/format.js";
import { readingBar } from "../output/progress.js";
import { scoreText } from "../output/summary.js";
import { certaintyOf } from "../study/posterior.js";
import { add, addHiddenActivation, otherModels } from "./options.js";

const examples = `
Examples:
  hessia predict iris.safetensors iris.csv
  hessia predict iris.safetensors iris.csv --probabilities --output out.csv
  hessia predict iris.safetensors iris.csv --append > named.csv
  hessia predict iris.safetensors iris.csv --interval 95 --quiet

With --interval the column "far" says yes for rows far from those that the model
was trained on.

${otherModels} Their columns are taken by their places: the
inputs, in the model's order, and behind them the target, where the file has it.

Columns are found by their names where the model was trained on a file with a
header, in any order and among others. Where the file has the target too, the
score is printed on stderr.`;

interface Given {
  readonly output?: string;
  readonly probabilities?: true;
  readonly append?: true;
  readonly interval?: number;
  readonly trainingData?: string;
  readonly activation?: ActivationName;
  readonly header?: boolean;
  readonly json?: true;
  readonly quiet?: true;
}

/** `hessia predict`: a model and rows in, predictions out. */
export function addPredict(program: Command, io: Io): void {
  const command = program
    .command("predict")
    .summary("predict with a trained model, as CSV")
    .description("Predicts the target of each row of a CSV file with a model that hessia train saved.");
  command.argument("<model>", "what hessia train --save wrote, or another program's model");
  command.argument("<file>", "CSV file with the columns that the model was trained on");
  add(command, "--output <file>", "where to write (default: stdout)");
  command.option("--probabilities", "the probability of each class, too");
  add(
    command,
    "--interval <percent>",
    "values: the interval that holds this many of 100; classes: calibrated probabilities",
    percentage,
  );
  add(command, "--training-data <file>", "for --interval: what the model was trained on, where it has moved");
  addHiddenActivation(command);
  command.option("--append", "the file's own columns first");
  command
    .option("--header", "the first line holds names (default: detected)")
    .option("--no-header", "there is no header");
  command.option("--quiet", "no score on stderr").option("--json", "JSON instead of CSV");
  command.addHelpText("after", examples);
  command.action((model: string, file: string, given: Given) => runPredict(model, file, given, io));
}

async function runPredict(path: string, file: string, given: Given, io: Io): Promise<void> {
  if (given.append && given.json) badInput("--append: expected nothing beside --json, whose rows have line numbers");
  if (given.trainingData !== undefined && given.interval === undefined) {
    badInput("--training-data: expected --interval beside it, which alone needs the data");
  }
  const model = await loadRowModel(path, { activation: given.activation });
  const { net, record } = model;
  await checkOutputs([path, file], { "--output": given.output });
  const { target: _, ...reading } = record?.settings ?? {};
  // A bar among rows on the same terminal would be no help.
  const bar = readingBar(io, { quiet: given.quiet || (given.output === undefined && isTerminal(io.stdout, io)) });
  const opened = await openSource(file, { ...reading, separator: undefined, header: given.header }, bar.read);
  const plan = planOf(namedBy(opened), model, given.header);
  if (model.format && !given.quiet) io.stderr.write(`${file}: ${placesText(plan)}\n`);
  if (given.probabilities && plan.columns.classes === null) {
    badInput("--probabilities: expected a model of classes, got a regression, whose predictions are values");
  }
  const sure =
    given.interval === undefined ? null : await certaintyOf(trained(model, "--interval"), given.trainingData);
  if (sure && !given.quiet && sure.posterior.status !== "converged")
    io.stderr.write(`${path}: ${sure.posterior.reason}; so the intervals are too narrow\n`);
  const asked = { ...given, score: !given.quiet || given.json === true };
  const predictions = new Predictions(net, plan, asked, sure);
  const texts = given.json ? jsonOf(predictions, opened) : csvOf(predictions, opened, given.append);
  try {
    if (given.output !== undefined) await writeOutput(given.output, texts);
    else {
      for await (const text of texts) {
        io.stdout.write(text);
        await io.stdout.written?.();
      }
    }
  } finally {
    bar.end();
  }
  if (!given.quiet) tell(predictions, opened.file, given, io);
}

/** Which columns go into another program's model, whose inputs have no names. */
function placesText({ columns, names, hasTarget }: Plan): string {
  const { inputNames, targetNames } = columns;
  const rest = names.slice(inputNames.length);
  const target = hasTarget
    ? `, then ${targetNames.length === 1 ? "the target" : "the targets"} (${rest.join(", ")})`
    : "";
  return `its columns are taken by their places: ${counted(inputNames.length, "input")} (${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""})${target}`;
}

/** What was not known, and how good the predictions are where the file has the target. */
function tell(predictions: Predictions, file: string, { json }: Given, io: Io): void {
  for (const note of predictions.notes()) io.stderr.write(`${file}: ${note}\n`);
  const { far } = predictions;
  if (far) {
    io.stderr.write(
      `${file}: ${counted(far.count, "row")} far from those that the model was trained on, the first in line ${far.line}; do not rely on their predictions\n`,
    );
  }
  const score = predictions.score();
  if (!score || json) return;
  const { strangers, plan } = predictions;
  if (strangers) {
    const labels = `${counted(strangers.count, "row")} with a label that the model does not know, the first ${quote(strangers.label)}`;
    io.stderr.write(`${file}: ${labels}; ${strangers.count === 1 ? "it counts" : "they count"} as wrong\n`);
  }
  const part = score.rows < predictions.known ? ` of ${count(predictions.known)}` : "";
  io.stderr.write(
    `${counted(score.rows, "row").replace(" ", `${part} `)} with a known ${plan.columns.targetNames.join(", ")}: ${scoreText(score)}\n`,
  );
}

/** One document, piece by piece. */
async function* jsonOf(predictions: Predictions, opened: Opened): AsyncGenerator<string> {
  const { columns } = predictions.plan;
  const { classes, targetNames } = columns;
  const about = { command: "predict", data: opened.path, target: targetNames.join(", "), classes };
  yield `${JSON.stringify(about).slice(0, -1)},"rows":[`;
  let first = true;
  for await (const { sheet, cells, far } of predictions.of(opened)) {
    const rows = cells.map((own, i) => {
      return JSON.stringify({ ...rowOf(own, sheet.lines[i], columns), ...(far?.has(i) ? { far: true } : {}) });
    });
    yield `${first ? "" : ","}${rows.join(",")}`;
    first = false;
  }
  yield `],"notes":${JSON.stringify(predictions.notes())},"score":${JSON.stringify(predictions.score())}}\n`;
}

function rowOf(cells: readonly PredictedCell[], line: number, columns: Columns): object {
  const more = cells.slice(columns.targetNames.length);
  return {
    line,
    prediction: predictionOf(cells, columns),
    ...(more.length === 0 ? {} : columns.classes === null ? { interval: more } : { probabilities: more }),
  };
}
