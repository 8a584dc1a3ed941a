import { type Command, Option } from "commander";
import { type ActivationName, init } from "../../index.js";
import { readTable } from "../data/table.js";
import { tasks } from "../data/target.js";
import { asRefusal, failed, interrupted } from "../errors.js";
import type { Io } from "../io.js";
import {
  layers,
  names,
  nonNegative,
  oneOf,
  type Parser,
  positive,
  positiveInteger,
  share,
  wholeNumber,
} from "../options.js";
import { counted } from "../output/format.js";
import { toJson } from "../output/json.js";
import { progressOf } from "../output/progress.js";
import { closing, endOf, opening } from "../output/report.js";
import { makeOptimizer, methodNames, usualRates } from "../training/optimizer.js";
import { prepare } from "../training/prepare.js";
import { scheduleNames } from "../training/schedule.js";
import { checkSettings, type Settings } from "../training/settings.js";
import { makeNetwork, type Outcome, type Run, train } from "../training/train.js";

const examples = `
Examples:
  hessia train data/digits.csv --target digit --hidden 64,32 --optimizer adam
  hessia train data/iris.csv --target species --hidden 16 --early-stopping 20
  hessia train data/diabetes.csv --target progression --hidden 32 --l2 0.03
  hessia train data/digits.csv --epochs 20 --seed 7 --json > result.json`;

/** A record, so that the compiler sees to it that none is left out. */
const activations = Object.keys({
  relu: true,
  "leaky-relu": true,
  elu: true,
  softplus: true,
  gelu: true,
  silu: true,
  tanh: true,
  sigmoid: true,
  step: true,
  identity: true,
} satisfies Record<ActivationName, true>) as ActivationName[];

/** `hessia train`: a table in, a trained network's scores out. */
export function addTrain(program: Command, io: Io): void {
  const command = program
    .command("train")
    .summary("train a network on a CSV file")
    .description(
      "Trains a network to tell one column of a CSV file from the others: a classifier\nwhere the column holds text or few whole numbers, a regression otherwise.",
    );
  command.argument("<file>", "CSV file of numbers, with a header or without; the target may be text");
  addDataOptions(command);
  addNetworkOptions(command);
  addTrainingOptions(command);
  addOutputOptions(command);
  command.addHelpText("after", examples);
  command.action((file: string, settings: Settings) => runTrain(file, settings, io));
}

function addDataOptions(command: Command): void {
  command.optionsGroup("Data:");
  add(command, "--target <column>", "what to learn: a name, or a number from 1 (default: the last column)");
  add(command, "--ignore <columns>", "columns to leave out, with commas between", names);
  command
    .option("--header", "the first line holds names (default: found out)")
    .option("--no-header", "there is no header");
  add(command, "--task <task>", `${tasks.join(" or ")} (default: found out)`, oneOf(tasks));
  add(command, "--test-share <share>", "share of the rows to test on", share, 0.2);
  add(
    command,
    "--validation <share>",
    "share of the rows to validate on (default: 0; 0.1 with --early-stopping)",
    share,
  );
}

function addNetworkOptions(command: Command): void {
  command.optionsGroup("Network:");
  add(command, "--hidden <units>", "units of the hidden layers, or none", layers, [64, 32], "64,32");
  add(command, "--activation <name>", activations.join(", "), oneOf(activations), "relu");
  command.option("--batch-norm", "batch norm before each activation");
  add(command, "--l1 <factor>", "penalty on the weights' absolute values", nonNegative, 0);
  add(command, "--l2 <factor>", "penalty on half the weights' squares", nonNegative, 0.003);
  add(command, "--dtype <type>", "f32, or f64 for double precision", oneOf(["f32", "f64"]), "f32");
}

function addTrainingOptions(command: Command): void {
  command.optionsGroup("Training:");
  add(command, "--optimizer <name>", methodNames.join(", "), oneOf(methodNames), "adam");
  add(command, "--learning-rate <rate>", `step length (default: ${usualRates()})`, positive);
  add(command, "--momentum <share>", "of sgd and rmsprop (default: 0.9 for sgd, 0 for rmsprop)", share);
  add(command, "--weight-decay <factor>", "the optimizer's (default: 0.01 for adamw, else 0)", nonNegative);
  add(command, "--schedule <name>", scheduleNames.join(", "), oneOf(scheduleNames), "cosine");
  add(command, "--epochs <number>", "passes over the training rows", positiveInteger, 60);
  add(command, "--batch-size <rows>", "rows a step", positiveInteger, 32);
  add(command, "--clip <norm>", "largest norm of a step's gradient", positive);
  add(
    command,
    "--early-stopping <epochs>",
    "stop after so many without improvement, and keep the best",
    positiveInteger,
  );
  add(command, "--seed <number>", "of the split, the weights and the order of the rows", wholeNumber, 0);
  add(
    command,
    "--simd <build>",
    "auto, strict (same bits everywhere) or relaxed",
    oneOf(["auto", "strict", "relaxed"]),
    "auto",
  );
}

function addOutputOptions(command: Command): void {
  command.optionsGroup("Output:");
  command.option("--quiet", "the result alone").option("--json", "the result as JSON");
}

function add<T>(
  command: Command,
  flags: string,
  description: string,
  parse?: Parser<T>,
  fallback?: T,
  shown?: string,
): void {
  const option = new Option(flags, description);
  const [name] = flags.split(" ");
  if (parse) option.argParser((text) => parse(name, text));
  if (fallback !== undefined) option.default(fallback, shown ?? String(fallback));
  command.addOption(option);
}

async function runTrain(file: string, settings: Settings, io: Io): Promise<void> {
  const run = await begin(file, settings);
  const talks = !settings.json && !settings.quiet;
  if (talks) io.stdout.write(opening(run));
  const progress = progressOf(settings.epochs, io, settings);
  let outcome: Outcome;
  try {
    outcome = await train(run, io.signal, (record) => progress.epoch(record));
  } finally {
    progress.end();
  }
  io.stdout.write(settings.json ? toJson(run, outcome) : closing(run, outcome));
  judge(run, outcome);
}

async function begin(file: string, settings: Settings): Promise<Run> {
  // First what costs nothing to refuse.
  checkSettings(settings);
  const optimizer = makeOptimizer(settings);
  await init({ simd: settings.simd }).catch((error) => {
    throw asRefusal(error);
  });
  const table = await readTable(file, settings);
  const prepared = prepare(table, settings);
  return { table, prepared, settings, net: makeNetwork(prepared, settings), optimizer };
}

/** An end before the last epoch that was not asked for as an option has an exit code of its own. */
function judge(run: Run, { history }: Outcome): void {
  const { status, epochs } = history;
  if (status === "non-finite") failed(`training failed: ${endOf(run, history)}`);
  if (status === "aborted") interrupted(`interrupted after ${counted(epochs.length, "epoch")}`);
}
