import { type Command, Option } from "commander";
import type { ActivationName } from "../../index.js";
import { scheduleNames } from "../../jobs/schedules.js";
import { columnTypes, type Separator } from "../../tables/index.js";
import {
  fileEnding,
  layers,
  nonNegative,
  oneOf,
  type Parser,
  positive,
  positiveInteger,
  probability,
  share,
  wholeNumber,
} from "../options.js";
import { method, methodNames, optimizerOptions, takersOf, usualRates } from "../training/optimizer.js";
import { missingChoices, tasks } from "../training/settings.js";

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

/** Adds an option whose text is checked when it is read. */
export function add<T>(
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

/** For the help of commands that take models of other programs. */
export const otherModels = `Models of other programs come in as ONNX, as TensorFlow.js's model.json with its
weights beside it, or as safetensors, for which --activation names what stands
between the layers.`;

export function addHiddenActivation(command: Command): void {
  add(command, "--activation <name>", "of the hidden layers of another program's safetensors", oneOf(activations));
}

const separators = { comma: ",", semicolon: ";", tab: "\t", bar: "|", space: "space" } as const satisfies Record<
  string,
  Separator
>;

/** By its name, or as the character that it is. */
const separator: Parser<Separator> = (option, text) => {
  const named = Object.entries(separators).find(([name, sign]) => text === name || text === sign);
  return named ? named[1] : separators[oneOf(Object.keys(separators) as (keyof typeof separators)[])(option, text)];
};

const threshold: Parser<number | "balanced"> = (option, text) =>
  text === "balanced" ? text : probability(option, text);

export function addDataOptions(command: Command): void {
  command.optionsGroup("Data:");
  add(command, "--target <columns>", "what to learn: a name, or a number from 1 (default: the last column)");
  add(command, "--ignore <columns>", "columns to leave out, with commas between");
  add(command, "--types <column=type>", `what columns are: ${columnTypes.join(", ")}`);
  command
    .option("--header", "the first line holds names (default: detected)")
    .option("--no-header", "there is no header");
  add(
    command,
    "--missing <what>",
    "fill missing values in (the median, and an input that says so), mean (without), drop their rows, or refuse them (default: fill)",
    oneOf(missingChoices),
  );
  add(command, "--missing-markers <texts>", "texts that stand for missing values, beside the usual ones");
  add(command, "--separator <what>", `${Object.keys(separators).join(", ")} (default: detected)`, separator);
  add(command, "--decimal <sign>", "point or comma, where a column is ambiguous", oneOf(["point", "comma"] as const));
  add(command, "--task <task>", `${tasks.join(" or ")} (default: detected)`, oneOf(tasks));
  add(
    command,
    "--target-scale <scale>",
    "linear, or log for values of very different sizes (default: linear, or what a search finds)",
    oneOf(["linear", "log"] as const),
  );
  add(
    command,
    "--threshold <probability>",
    "two classes: probability from which a row counts as the second, or balanced (default: 0.5; balanced where one has under 10 % of the rows)",
    threshold,
  );
  add(command, "--test-share <share>", "share of the rows to test on", share, 0.2);
  add(
    command,
    "--validation <share>",
    "share of the rows to validate on (default: 0; 0.1 with --early-stopping)",
    share,
  );
}

export function addNetworkOptions(command: Command): void {
  command.optionsGroup("Network:");
  add(command, "--hidden <units>", "units of the hidden layers, or none (default: 64,32)", layers);
  add(command, "--activation <name>", `${activations.join(", ")} (default: relu)`, oneOf(activations));
  command.option("--batch-norm", "batch norm before each activation");
  add(command, "--l1 <factor>", "penalty on the weights' absolute values (default: 0)", nonNegative);
  add(command, "--l2 <factor>", "penalty on half the weights' squares (default: 0.003)", nonNegative);
  add(
    command,
    "--dtype <type>",
    "f32, or f64 for double precision (default: f32; f64 for second order)",
    oneOf(["f32", "f64"]),
  );
}

export function addPenaltyOption(command: Command): void {
  add(
    command,
    "--penalty <how>",
    "evidence: estimate l2 while training, without rows held out",
    oneOf(["evidence"] as const),
  );
}

export function addOptimizerOptions(command: Command): void {
  command.optionsGroup("Optimizer:");
  add(command, "--optimizer <name>", `${methodNames.join(", ")} (default: adam)`, method);
  for (const [key, { flags, description, parse }] of Object.entries(optimizerOptions)) {
    const usual =
      key === "learningRate"
        ? ` (default: ${usualRates()}; 1 for second order)`
        : key === "momentum"
          ? " (default: 0)"
          : "";
    const takers = key === "learningRate" || key === "weightDecay" ? "" : `; of ${takersOf(key)}`;
    add(command, flags, `${description}${takers}${usual}`, parse);
  }
}

export function addTrainingOptions(command: Command): void {
  command.optionsGroup("Training:");
  add(
    command,
    "--schedule <name>",
    `${scheduleNames.join(", ")} (default: cosine; constant for second order)`,
    oneOf(scheduleNames),
  );
  add(command, "--epochs <number>", "passes over the training rows (default: 60)", positiveInteger);
  add(command, "--batch-size <rows>", "rows a step (default: 32; all for second order)", positiveInteger);
  add(command, "--clip <norm>", "largest norm of a step's gradient", positive);
  add(
    command,
    "--early-stopping <epochs>",
    "stop after this many without improvement, and keep the best",
    positiveInteger,
  );
  add(command, "--seed <number>", "of the split, the weights and the order of the rows", wholeNumber, 0);
  add(
    command,
    "--simd <build>",
    "strict (reproducible), relaxed (faster) or auto (default: strict with --save)",
    oneOf(["auto", "strict", "relaxed"]),
  );
}

export const htmlFile = fileEnding(".html", ".htm");

export function addReportOption(command: Command): void {
  add(command, "--report <file.html>", "figures and advice in one HTML file", htmlFile);
}
