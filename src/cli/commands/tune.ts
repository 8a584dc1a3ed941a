import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { init } from "../../index.js";
import { identity } from "../../jobs/cluster/identity.js";
import {
  type Metric,
  type Pool,
  type Runner,
  resumable,
  type Setting,
  type Space,
  type Trial,
} from "../../jobs/index.js";
import { portfolioFor } from "../../jobs/portfolio.js";
import { chooseSetting } from "../../jobs/tune.js";
import { addClusterOptions, addWorkersOption, asClusterError, type ClusterGiven, poolOf } from "../cluster/options.js";
import { readTold } from "../data/told.js";
import { asRefusal, badInput, interrupted } from "../errors.js";
import type { Io } from "../io.js";
import { checkOutputs, modelEndings } from "../model/file.js";
import { saverOf } from "../model/saver.js";
import { fileEnding, oneOf, positiveInteger, wholeNumber } from "../options.js";
import { counted, printable } from "../output/format.js";
import { finiteJson } from "../output/json.js";
import { searchBar } from "../output/progress.js";
import { closing, layOut } from "../output/summary.js";
import { trialsTable } from "../output/trials.js";
import { ResultsFile } from "../study/results-file.js";
import { makeOptimizer } from "../training/optimizer.js";
import { type Prepared, prepare } from "../training/prepare.js";
import { settingsOf } from "../training/search.js";
import { type Given, resolveSettings, type Settings } from "../training/settings.js";
import { makeNetwork, type Outcome, type Run, train } from "../training/train.js";
import { add, addDataOptions } from "./options.js";

const examples = `
Examples:
  hessia tune iris.csv
  hessia tune diabetes.csv --resume diabetes.results --save diabetes.json
  hessia tune iris.csv --space space.json --trials 30 --workers 2
  hessia tune iris.csv --redis redis://localhost:6379

A space is JSON: lists of values or ranges for parts of a setting, as in
{"hidden": [[8], [16, 8]], "l2": {"from": 1e-4, "to": 1, "scale": "log"}}.
Ctrl-C leaves the results in the file of --resume, from which it continues.`;

const metrics = ["loss", "accuracy", "balancedAccuracy", "auc", "logLoss", "rmse", "mae", "r2"] as const;
/** Trials that are shown. */
const SHOWN = 12;

interface TuneGiven extends Given, ClusterGiven {
  readonly space?: string;
  readonly trials?: number;
  readonly folds?: number;
  readonly metric?: Metric;
  readonly halving: boolean;
  readonly resume?: string;
  readonly save?: string;
  readonly workers?: number;
}

/** `hessia tune`: tries settings on folds, on all cores or many machines. */
export function addTune(program: Command, io: Io): void {
  const command = program
    .command("tune")
    .summary("search for the best network and training")
    .description(
      "Scores settings of network and training by cross-validation on the training rows,\nand trains a network with the best.",
    );
  command.argument("<file>", "table as CSV, with a header or without");
  command.optionsGroup("Search:");
  add(command, "--space <file.json>", "what to try (default: a list that suits most tables)", fileEnding(".json"));
  add(command, "--trials <number>", "settings to draw from the space (default: 20)", positiveInteger);
  add(
    command,
    "--folds <number>",
    "parts that the rows are divided into (default: 4; 5 for few rows)",
    positiveInteger,
  );
  add(command, "--metric <name>", `${metrics.join(", ")} (default: logLoss or rmse)`, oneOf(metrics));
  command.option("--no-halving", "try all settings on all folds");
  add(command, "--resume <file>", "keep results in a file, and reuse those that it has");
  addWorkersOption(command);
  addClusterOptions(command);
  addDataOptions(command);
  command.optionsGroup("Training:");
  add(command, "--seed <number>", "of the split, the weights and the order of the rows", wholeNumber, 0);
  add(
    command,
    "--simd <build>",
    "strict (reproducible), relaxed (faster) or auto",
    oneOf(["auto", "strict", "relaxed"] as const),
    "strict",
  );
  command.optionsGroup("Output:");
  add(command, "--save <file>", "the model: .safetensors or .json", fileEnding(...modelEndings));
  command.option("--quiet", "the result alone").option("--json", "the result as JSON");
  command.addHelpText("after", examples);
  command.action((file: string, given: TuneGiven) => runTune(file, given, io));
}

async function runTune(file: string, given: TuneGiven, io: Io): Promise<void> {
  const settings = resolveSettings(given);
  const space = given.space === undefined ? null : await readSpace(given.space);
  if (space === null && given.trials !== undefined) badInput("--trials: expected --space beside it, got none");
  await checkOutputs([file], { "--save": given.save });
  await init({ simd: settings.simd }).catch((error) => {
    throw asRefusal(error);
  });
  const source = await readTold(file, settings, io, given);
  const prepared = prepare(source, settings, false);
  const pool = poolOf(given, io);
  try {
    const found = await searched(prepared, settings, space, given, pool, io);
    const talks = !given.json && !given.quiet;
    if (talks) io.stdout.write(headOf(source.file, prepared, found));
    if (!given.json) io.stdout.write(trialsTable(found.trials, found.metric, SHOWN));
    if (io.signal.aborted) stop(found, given);
    const chosen = { ...settings, ...settingsOf(found.trials[0].setting) };
    const outcome = await trainBest(source, prepared, settings, chosen, given, io);
    io.stdout.write(
      given.json
        ? jsonOf(file, found, outcome.outcome)
        : talks
          ? `\n${closing(outcome.run, outcome.outcome, given)}`
          : "",
    );
    if (io.signal.aborted) interrupted("interrupted in the last training");
  } finally {
    await pool.close();
  }
}

interface Found {
  readonly trials: readonly Trial[];
  readonly metric: Metric;
  readonly folds: number;
  readonly rows: number;
  readonly fits: number;
  readonly known: number;
}

async function searched(
  prepared: Prepared,
  settings: Settings,
  given: Space | readonly Setting[] | null,
  { trials, folds, metric, halving, resume, quiet }: TuneGiven,
  pool: Pool,
  io: Io,
): Promise<Found> {
  const { columns, training } = prepared;
  const classes = columns.task === "classification";
  const outputs = columns.classes?.length ?? columns.targetNames.length;
  const loss = classes ? ("cross-entropy" as const) : ("mse" as const);
  const spec = { inputs: training.inputs.columns, layers: [{ units: outputs }], loss };
  const usual = portfolioFor(training, spec, settings.seed);
  const data = given === null ? usual.data : training;
  const results = resume === undefined ? null : new ResultsFile(resume);
  const known = results?.size ?? 0;
  const runner: Runner = results ? resumable(pool, results, codeOf()) : pool;
  const compared = metric ?? (classes ? "logLoss" : "rmse");
  const bar = searchBar(io, quiet ? { quiet } : {});
  let fits = 0;
  io.keeps?.(true);
  try {
    const options = { folds: folds ?? usual.folds, metric: compared, halving, spec, seed: settings.seed };
    const found = await chooseSetting(data, {
      ...options,
      space: given ?? usual.settings,
      ...(trials === undefined ? {} : { trials }),
      pool: runner,
      signal: io.signal,
      onFit(done, of) {
        fits = done;
        bar.fit(done, of);
      },
      onProgress: (progress) => void bar.progress(progress),
    });
    return { trials: found, metric: compared, folds: options.folds, rows: data.size, fits, known };
  } catch (error) {
    if (io.signal.aborted) interrupted(`interrupted after ${counted(fits, "fit")}${hintOf(resume)}`);
    throw asRefusal(asClusterError(error));
  } finally {
    bar.end();
    if (!io.signal.aborted) io.keeps?.(false);
  }
}

/** Results of another version are not those of this one. */
function codeOf(): string {
  const { version, code } = identity();
  return `${version} ${code}`;
}

async function trainBest(
  source: Run["source"],
  prepared: Prepared,
  settings: Settings,
  chosen: Settings,
  { save }: TuneGiven,
  io: Io,
): Promise<{ run: Run; outcome: Outcome }> {
  const same = chosen.targetScale === settings.targetScale && chosen.validation === settings.validation;
  const data = same ? prepared : prepare(source, chosen, chosen.batchNorm);
  const net = makeNetwork(data, chosen);
  const run: Run = {
    source,
    prepared: data,
    settings: chosen,
    net,
    optimizer: makeOptimizer(chosen.optimizer),
    resume: null,
  };
  const saver = saverOf(save, run);
  io.keeps?.(true);
  const outcome = await train(run, io.signal, (_, handle) => saver.epoch(handle));
  await saver.end(outcome);
  if (!io.signal.aborted) io.keeps?.(false);
  return { run, outcome };
}

function headOf(file: string, { columns }: Prepared, { trials, folds, rows, fits, known }: Found): string {
  const failed = trials.reduce((sum, { failures }) => sum + failures.length, 0);
  const reasons = [...new Set(trials.flatMap(({ failures }) => failures.map(({ reason }) => reason)))];
  return layOut([
    ["data", `${file}: ${counted(rows, "row")}, target ${columns.targetNames.join(", ")}`],
    ["search", `${counted(trials.length, "setting")} on ${folds} folds: ${counted(fits, "fit")}`],
    ...(known > 0 ? ([["resumed", `from ${counted(known, "result")}`]] as const) : []),
    ...(failed > 0 ? ([["failed", `${counted(failed, "fit")}: ${printable(reasons[0], 200)}`]] as const) : []),
  ]);
}

function stop({ fits }: Found, { resume }: TuneGiven): never {
  return interrupted(`interrupted after ${counted(fits, "fit")}${hintOf(resume)}`);
}

function hintOf(resume: string | undefined): string {
  return resume === undefined
    ? "; with --resume it would continue from there"
    : `; --resume ${printable(resume)} continues`;
}

function jsonOf(file: string, { trials, metric, folds, rows, fits }: Found, outcome: Outcome): string {
  const { training, validation, test, history } = outcome;
  const best = { status: history.status, training, validation, test };
  return finiteJson({ command: "tune", data: file, rows, folds, metric, fits, trials, best });
}

/** Parts of a setting that the command line has no word for. */
const NOT_HERE = ["weights", "logFrom"];

async function readSpace(path: string): Promise<Space | readonly Setting[]> {
  let found: unknown;
  try {
    found = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    return badInput(`--space: ${printable(path)}: ${(error as Error).message}`);
  }
  if (typeof found !== "object" || found === null) badInput("--space: expected an object or a list of settings");
  for (const part of Array.isArray(found) ? found : [found]) {
    const key = Object.keys(part ?? {}).find((name) => NOT_HERE.includes(name));
    if (key) badInput(`--space: expected parts of a setting other than ${key}, which is for the library`);
  }
  return found as Space | readonly Setting[];
}
