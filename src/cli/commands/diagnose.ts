import type { Command } from "commander";
import { render } from "../../diagnose/report.js";
import { type CurvatureChoice, type Diagnosis, diagnose } from "../../index.js";
import { refusals } from "../errors.js";
import type { Io } from "../io.js";
import { dataFor, diagnoseOptions, type ModelData, parts } from "../model/data.js";
import { checkOutputs, loadTableModel, type TableModel } from "../model/file.js";
import { oneOf, wholeNumber } from "../options.js";
import { counted } from "../output/format.js";
import { finiteJson } from "../output/json.js";
import { inOptions } from "../output/remedies.js";
import { layOut, scoreText } from "../output/summary.js";
import { scoreOf } from "../training/score.js";
import type { OutputSettings } from "../training/settings.js";
import { add, addReportOption } from "./options.js";

const examples = `
Examples:
  hessia diagnose iris.safetensors
  hessia diagnose iris.safetensors --curvature dense --report iris.html
  hessia diagnose iris.safetensors iris.csv --json`;

export interface DiagnoseGiven extends OutputSettings {
  readonly curvature?: CurvatureChoice;
  readonly part?: ModelData["part"];
  readonly seed: number;
}

/** `hessia diagnose`: why a model does not learn, and what to do about it. */
export function addDiagnose(program: Command, io: Io): void {
  const command = program
    .command("diagnose")
    .summary("find out why a model does not learn, and what helps")
    .description(
      "Examines a trained model on its data: dead and saturated units, gradients, the kind of\npoint, and remedies.",
    );
  command.argument("<model>", "what hessia train --save wrote");
  command.argument("[file]", "CSV file (default: the one that the model was trained on)");
  add(command, "--part <rows>", `${parts.join(", ")} (default: training; all of another file)`, oneOf(parts));
  add(
    command,
    "--curvature <how>",
    "none, lanczos or dense (default: by size)",
    oneOf(["none", "lanczos", "dense"] as const),
  );
  add(command, "--seed <number>", "of random vectors", wholeNumber, 0);
  addReportOption(command);
  command.option("--quiet", "no progress").option("--json", "as JSON");
  command.addHelpText("after", examples);
  command.action((path: string, file: string | undefined, given: DiagnoseGiven) => run(path, file, given, io));
}

async function run(path: string, file: string | undefined, given: DiagnoseGiven, io: Io): Promise<void> {
  const model = await loadTableModel(path);
  await checkOutputs([path, file], { "--report": given.report });
  const rows = await dataFor(model, file, given.part);
  const diagnosis =
    given.report === undefined ? diagnosisOf(model, rows, given) : await reported(model, rows, given, io);
  io.stdout.write(given.json ? jsonOf(model, rows, diagnosis) : textOf(model, rows, diagnosis, given.report));
}

function diagnosisOf(model: TableModel, rows: ModelData, { curvature, seed }: DiagnoseGiven): Diagnosis {
  const options = { seed, ...diagnoseOptions(model, rows), ...(curvature ? { curvature } : {}) };
  return inOptions(refusals(() => diagnose(model.net, rows.data, options)));
}

async function reported(model: TableModel, rows: ModelData, given: DiagnoseGiven, io: Io): Promise<Diagnosis> {
  const { diagnosisReport } = await import("../report/diagnosis.js");
  return diagnosisReport(given.report as string, model, rows, given, io);
}

function textOf(model: TableModel, rows: ModelData, diagnosis: Diagnosis, report: string | undefined): string {
  const { data, part, path } = rows;
  return `${layOut([
    ["model", model.path],
    ["data", `${path}, ${counted(data.size, "row")} (${part})`],
    ["score", scoreText(scoreOf(model.net, data, rows.columns))],
    ...(report === undefined ? [] : ([["report", report]] as const)),
  ])}${render(diagnosis)}\n`;
}

function jsonOf(
  { path, net }: TableModel,
  { data, columns, part, path: file }: ModelData,
  diagnosis: Diagnosis,
): string {
  const about = { command: "diagnose", model: path, data: { path: file, part, rows: data.size } };
  return finiteJson({ ...about, score: scoreOf(net, data, columns), diagnosis });
}
