import type { Command } from "commander";
import { init } from "../../index.js";
import { readSource } from "../data/source.js";
import { readTold } from "../data/told.js";
import { asRefusal, badInput, failed, interrupted } from "../errors.js";
import type { Io } from "../io.js";
import { checkOutputs, loadTableModel, modelEndings, type TableModel } from "../model/file.js";
import { saverOf } from "../model/saver.js";
import { fileEnding } from "../options.js";
import { counted, printable } from "../output/format.js";
import { trainingJson } from "../output/json.js";
import { progressOf, searchBar } from "../output/progress.js";
import { closing, endOf, layOut, opening } from "../output/summary.js";
import { addThreadsOption, flopsOfTraining, shareWork, type ThreadsGiven } from "../threads.js";
import { makeOptimizer } from "../training/optimizer.js";
import { type Prepared, prepare } from "../training/prepare.js";
import { isOpen, search } from "../training/search.js";
import { type Given, resolveSettings, runOptions, type Settings } from "../training/settings.js";
import { makeNetwork, type Outcome, type Run, train, withLimits } from "../training/train.js";
import {
  add,
  addDataOptions,
  addNetworkOptions,
  addOptimizerOptions,
  addPenaltyOption,
  addReportOption,
  addTrainingOptions,
} from "./options.js";

const examples = `
Examples:
  hessia train digits.csv --target digit --hidden 64,32 --optimizer adam
  hessia train iris.csv --target species --hidden 16 --early-stopping 20
  hessia train diabetes.csv --target progression --hidden 32 --l2 0.03
  hessia train iris.csv --hidden 8 --optimizer trust-region --epochs 30
  hessia train iris.csv --hidden 16 --epochs 60 --save iris.safetensors
  hessia train --resume iris.safetensors --epochs 90
  hessia train iris.csv --report iris.html
  hessia train digits.csv --epochs 20 --seed 7 --json > result.json

Exit codes: 0 ended as asked, 1 failed, 2 bad input, 130 interrupted.
Ctrl-C with --save leaves a file that --resume continues from, to the same bits.`;

/** What `hessia train` is given beside what every training is. */
interface TrainGiven extends Given, ThreadsGiven {
  readonly save?: string;
  readonly resume?: string;
}

/** `hessia train`: a table in, a trained network's scores out. */
export function addTrain(program: Command, io: Io): void {
  const command = program
    .command("train")
    .summary("train a network on a CSV file")
    .description(
      "Trains a network to predict one column of a CSV file from the others: a classifier\nwhere the column holds text or few whole numbers, a regression otherwise.",
    );
  command.argument("[file]", "table as CSV, with a header or without");
  addDataOptions(command);
  addNetworkOptions(command);
  addPenaltyOption(command);
  addOptimizerOptions(command);
  addTrainingOptions(command);
  addThreadsOption(command);
  addOutputOptions(command);
  command.option("--no-search", "train with the defaults, without a search for a better network");
  command.addHelpText("after", examples);
  command.action((file: string | undefined, given: TrainGiven) => runTrain(file, given, command, io));
}

function addOutputOptions(command: Command): void {
  const model = fileEnding(...modelEndings);
  command.optionsGroup("Output:");
  add(command, "--save <file>", "the model: .safetensors or .json; about every ten seconds, and at the end", model);
  add(command, "--resume <file>", "resume the run that --save left; more --epochs make it longer", model);
  addReportOption(command);
  command.option("--quiet", "the result alone").option("--json", "the result as JSON");
}

async function runTrain(file: string | undefined, given: TrainGiven, command: Command, io: Io): Promise<void> {
  const { save = given.resume, report } = given;
  const run =
    given.resume === undefined ? await begin(file, given, io) : await goOn(file, given, given.resume, command);
  await checkOutputs([file], { "--save": save, "--report": report });
  await shareWork(given, run.net, flopsOfTraining(run.net, run.settings, run.prepared.training.size));
  const talks = !given.json && !given.quiet;
  if (talks) io.stdout.write(opening(run));
  const progress = progressOf(run.settings.epochs, io, given);
  const saver = saverOf(save, run);
  let outcome: Outcome;
  io.keeps?.(true);
  try {
    outcome = await train(run, io.signal, async (record, handle) => {
      progress.epoch(record);
      await saver.epoch(handle);
    });
  } finally {
    progress.end();
  }
  await saver.end(outcome);
  if (!io.signal.aborted) io.keeps?.(false);
  io.stdout.write(given.json ? trainingJson(run, outcome) : closing(run, outcome, { save }));
  if (report !== undefined && !io.signal.aborted) {
    await writeReport(report, run, outcome, io, given);
    if (!given.json) io.stdout.write(layOut([["report", report]]));
  }
  judge(run, outcome, save);
}

/** Plotting is loaded by those who want a report alone. */
async function writeReport(path: string, run: Run, outcome: Outcome, io: Io, given: Given): Promise<void> {
  const { trainingReport } = await import("../report/training.js");
  await trainingReport(path, run, outcome, io, given);
}

async function begin(file: string | undefined, given: TrainGiven, io: Io): Promise<Run> {
  if (file === undefined) badInput("missing required argument 'file'");
  // First what costs nothing to refuse.
  const settings = resolveSettings(given);
  makeOptimizer(settings.optimizer);
  await init({ simd: settings.simd }).catch((error) => {
    throw asRefusal(error);
  });
  const source = await readTold(file, settings, io, given);
  const prepared = prepare(source, settings, settings.batchNorm);
  const chosen = isOpen(given) ? await searched(prepared, settings, given, io) : { settings };
  const optimizer = makeOptimizer(chosen.settings.optimizer);
  const rescaled = chosen.settings.targetScale === settings.targetScale;
  const encoded = rescaled ? prepared : prepare(source, chosen.settings, settings.batchNorm);
  const data = withLimits(encoded, chosen.settings);
  return { source, prepared: data, ...chosen, net: makeNetwork(data, chosen.settings), optimizer, resume: null };
}

async function searched(
  prepared: Prepared,
  settings: Settings,
  given: TrainGiven,
  io: Io,
): Promise<Pick<Run, "settings" | "search">> {
  const bar = searchBar(io, given);
  try {
    const found = await search(prepared, settings, given, io, bar.progress);
    if (io.signal.aborted) interrupted("interrupted in the search for a network; --no-search leaves it out");
    return found;
  } catch (error) {
    if (io.signal.aborted) interrupted("interrupted in the search for a network; --no-search leaves it out");
    throw error;
  } finally {
    bar.end();
  }
}

/** A saved run as it was, but for its length. */
async function goOn(file: string | undefined, given: TrainGiven, path: string, command: Command): Promise<Run> {
  const changed = runOptions.find((name) => command.getOptionValueSource(name) === "cli");
  if (changed !== undefined) {
    const flag = command.options.find((option) => option.attributeName() === changed)?.long;
    badInput(`${flag}: expected nothing beside --resume, since the run that was saved has its own`);
  }
  const model = await loadTableModel(path, { sameBuild: true });
  const { checkpoint, record, net } = model;
  if (checkpoint === null) badInput(`${printable(path)}: expected a run to resume, got a network alone`);
  const settings: Settings = { ...record.settings, epochs: given.epochs ?? record.settings.epochs };
  if (settings.penalty === "evidence")
    badInput(
      `${printable(path)}: expected a run that can be resumed, got one by --penalty evidence, which trains in parts`,
    );
  const done = checkpoint.progress.epoch;
  if (settings.epochs <= done) {
    badInput(`--epochs: expected more than the ${done} that the run has behind it, got ${settings.epochs}`);
  }
  const source = await readSource(file ?? record.data.path, settings);
  checkSame(source.sha256, model, file ?? record.data.path);
  const prepared = withLimits(prepare(source, settings, settings.batchNorm), settings);
  return { source, prepared, settings, net, optimizer: makeOptimizer(settings.optimizer), resume: checkpoint };
}

function checkSame(sha256: string, { path, record }: TableModel, file: string): void {
  if (sha256 === record.data.sha256) return;
  const remedy = "restore that data, or train anew without --resume";
  badInput(
    `${printable(file)}: expected the data that ${printable(path)} was trained on, got another content; ${remedy}`,
  );
}

/** An end before the last epoch that was not asked for as an option has an exit code of its own. */
function judge(run: Run, { history }: Outcome, save: string | undefined): void {
  const { status, epochs } = history;
  if (status === "non-finite") failed(`training failed: ${endOf(run, history)}`);
  if (status !== "aborted") return;
  const hint = save === undefined ? "" : `; hessia train --resume ${printable(save)} continues`;
  interrupted(`interrupted after ${counted(epochs.length, "epoch")}${hint}`);
}
