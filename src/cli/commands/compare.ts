import type { Command } from "commander";
import { init } from "../../index.js";
import { readTold } from "../data/told.js";
import { asRefusal, badInput, failed, interrupted } from "../errors.js";
import type { Io } from "../io.js";
import { checkOutputs } from "../model/file.js";
import { positive } from "../options.js";
import { headOf, rowOf } from "../output/comparison.js";
import { counted } from "../output/format.js";
import { finiteJson } from "../output/json.js";
import { comparisonBar } from "../output/progress.js";
import { layOut, shapeOf } from "../output/summary.js";
import { type Comparison, type Trace, trace, type Weights, weightsOf } from "../study/compare.js";
import { addThreadsOption, flopsOfTraining, shareWork, type ThreadsGiven } from "../threads.js";
import { type Choice, choices, methodNames, takesWholeData } from "../training/optimizer.js";
import { type Prepared, prepare } from "../training/prepare.js";
import { type Given, resolveSettings, type Settings } from "../training/settings.js";
import { makeNetwork } from "../training/train.js";
import { add, addDataOptions, addNetworkOptions, addReportOption, addTrainingOptions } from "./options.js";

const examples = `
Examples:
  hessia compare iris.csv --hidden 8 --optimizers adam,lbfgs,levenberg-marquardt
  hessia compare diabetes.csv --hidden 16 --optimizers adam,kfac
  hessia compare iris.csv --optimizers sgd:momentum=0,sgd:momentum=0.5
  hessia compare digits.csv --time-limit 2 --report compare.html

All begin at the same weights and see the same rows. An optimizer's settings
come after colons; betas have a slash between them: adam:betas=0.9/0.99.`;

interface CompareGiven extends Given, ThreadsGiven {
  readonly optimizers?: readonly Choice[];
  readonly timeLimit?: number;
}

/** `hessia compare`: several optimizers from the same start. */
export function addCompare(program: Command, io: Io): void {
  const command = program
    .command("compare")
    .summary("train by several optimizers from the same start")
    .description("Trains the same network from the same start by several optimizers, and puts them side by side.");
  command.argument("<file>", "table as CSV, with a header or without");
  command.optionsGroup("Optimizers:");
  add(command, "--optimizers <names>", `of ${methodNames.join(", ")} (default: sgd,adam,lbfgs,kfac)`, choices);
  add(command, "--time-limit <seconds>", "for each of them", positive);
  addDataOptions(command);
  addNetworkOptions(command);
  addTrainingOptions(command);
  addThreadsOption(command);
  command.optionsGroup("Output:");
  addReportOption(command);
  command.option("--quiet", "the result alone").option("--json", "the result as JSON");
  command.addHelpText("after", examples);
  command.action((file: string, given: CompareGiven) => run(file, given, io));
}

async function run(file: string, given: CompareGiven, io: Io): Promise<void> {
  const chosen = given.optimizers ?? choices("--optimizers", "sgd,adam,lbfgs,kfac");
  // One precision and one network for all.
  const dtype = given.dtype ?? (chosen.some(({ method }) => takesWholeData(method)) ? "f64" : "f32");
  const settings = chosen.map((choice) => resolveSettings({ ...given, dtype }, choice));
  const [first] = settings;
  await checkOutputs([file], { "--report": given.report });
  await init({ simd: first.simd }).catch((error) => {
    throw asRefusal(error);
  });
  const source = await readTold(file, first, io, given);
  const prepared = prepare(source, first, first.batchNorm);
  const net = makeNetwork(prepared, first);
  const flops = settings.map((one) => flopsOfTraining(net, one, prepared.training.size));
  await shareWork(given, net, Math.max(0, ...flops));
  const weights = weightsOf(net, prepared.training.size);
  io.keeps?.(true);
  const traces = await traceAll(prepared, settings, weights, given, io);
  if (!io.signal.aborted) io.keeps?.(false);
  const parameters = net.parameterCount;
  const comparison = {
    path: source.path,
    target: prepared.columns.targetNames.join(", "),
    prepared,
    shape: shapeOf(net),
    parameters,
    weights,
    traces,
  };
  if (given.report !== undefined && !io.signal.aborted) {
    const { comparisonReport } = await import("../report/comparison.js");
    await comparisonReport(given.report, comparison);
  }
  io.stdout.write(given.json ? jsonOf(comparison) : textOf(comparison, given.report));
  if (io.signal.aborted) interrupted(`interrupted after ${counted(traces.length, "optimizer")}`);
  if (traces.every(({ status }) => status === "non-finite")) failed("every optimizer met NaN or infinity");
}

async function traceAll(
  prepared: Prepared,
  settings: readonly Settings[],
  weights: Weights,
  { timeLimit, quiet }: CompareGiven,
  io: Io,
): Promise<Trace[]> {
  const traces: Trace[] = [];
  for (const one of settings) {
    if (io.signal.aborted) break;
    const bar = comparisonBar(one.optimizer.method, one.epochs, io, quiet);
    try {
      const limits = { seconds: timeLimit, signal: io.signal, onEpoch: bar.epoch };
      traces.push(await trace(prepared, one, weights, limits));
    } finally {
      bar.end();
    }
  }
  if (traces.length === 0 && !io.signal.aborted) badInput("--optimizers: expected at least one, got none");
  return traces;
}

function textOf(comparison: Comparison, report: string | undefined): string {
  const { path, target, prepared, shape, parameters, traces } = comparison;
  const about = layOut([
    ["data", `${path}: ${counted(prepared.training.size, "row")} to train on, target ${target}`],
    ["network", `${shape}, ${counted(parameters, "parameter")}`],
    ...(report === undefined ? [] : ([["report", report]] as const)),
  ]);
  const rows = [headOf(comparison), ...traces.map(rowOf)];
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, j) => (j < 2 ? cell.padEnd(widths[j]) : cell.padStart(widths[j])))
      .join("  ")
      .trimEnd(),
  );
  const notes = traces.flatMap(({ label, reason, notes: told, status }) => [
    ...(status === "completed" ? [] : [`${label}: ${reason}`]),
    ...told.map((note) => `${label}: ${note}`),
  ]);
  return `${about}${lines.join("\n")}\n${notes.length > 0 ? `\n${notes.join("\n")}\n` : ""}`;
}

function jsonOf({ path, target, prepared, parameters, weights, traces }: Comparison): string {
  const split = {
    training: prepared.training.size,
    validation: prepared.validation?.size ?? 0,
    test: prepared.test?.size ?? 0,
  };
  return finiteJson({ command: "compare", data: path, target, split, parameters, weights, optimizers: traces });
}
