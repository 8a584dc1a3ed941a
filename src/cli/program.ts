import { Command, CommanderError } from "commander";
import { addAudit } from "./commands/audit.js";
import { addCompare } from "./commands/compare.js";
import { addCurvature } from "./commands/curvature.js";
import { addDiagnose } from "./commands/diagnose.js";
import { addExport } from "./commands/export.js";
import { addInfo } from "./commands/info.js";
import { addJobs } from "./commands/jobs.js";
import { addPredict } from "./commands/predict.js";
import { addPrune } from "./commands/prune.js";
import { addSample } from "./commands/sample.js";
import { addServe } from "./commands/serve.js";
import { addTrain } from "./commands/train.js";
import { addTune } from "./commands/tune.js";
import { addWorker } from "./commands/worker.js";
import { CommandError, exitCodes } from "./errors.js";
import type { Io } from "./io.js";
import { printable } from "./output/format.js";
import { version } from "./package.js";

/**
 * Runs the command line.
 *
 * @param args what comes after the program's name.
 * @returns the exit code; whatever went wrong has been said on `io.stderr`, in one line where it
 * was to be expected.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    const program = build(io);
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
    return exitCodes.ended;
  } catch (error) {
    return report(error, io);
  }
}

const examples = `
Examples:
  hessia sample iris
  hessia train iris.csv --save iris.safetensors --report iris.html
  hessia predict iris.safetensors iris.csv > predicted.csv
  hessia diagnose iris.safetensors
  hessia train --help`;

/** The command with all of its subcommands. */
export function build(io: Io): Command {
  const program = new Command("hessia")
    .description("Trains ReLU networks and other multi-layer perceptrons on this machine.")
    .version(version(), "-v, --version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Errors are reported once, by `report`.
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(io.stdout.columns ?? 80, 100),
    });
  program.addHelpText("after", examples);
  addTrain(program, io);
  addTune(program, io);
  addDiagnose(program, io);
  addCompare(program, io);
  addCurvature(program, io);
  addPredict(program, io);
  addAudit(program, io);
  addPrune(program, io);
  addExport(program, io);
  addServe(program, io);
  addInfo(program, io);
  addWorker(program, io);
  addJobs(program, io);
  addSample(program, io);
  return program;
}

function report(error: unknown, io: Io): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.ended;
    return tell(exitCodes.badInput, error.message, io);
  }
  if (error instanceof CommandError) return tell(error.exitCode, error.message, io);
  io.stderr.write(`hessia: an internal error; please report it\n${(error as Error)?.stack ?? String(error)}\n`);
  return exitCodes.failed;
}

function tell(code: number, message: string, io: Io): number {
  const line = message.replace(/^(?:error|hessia): /, "").replaceAll(/\s*\n\s*/g, " ");
  io.stderr.write(`hessia: ${printable(line, 1000)}\n`);
  return code;
}
