import type { Command } from "commander";
import type { ActivationName } from "../../index.js";
import { type Columns, columnsFrom } from "../../tables/index.js";
import type { Io } from "../io.js";
import { loadModel, type Model } from "../model/file.js";
import type { ModelRecord } from "../model/record.js";
import { count, counted } from "../output/format.js";
import { columnLines, type Line, layOut, lossText, scoreText, shapeOf } from "../output/summary.js";
import { labelOf } from "../training/optimizer.js";
import type { MissingChoice } from "../training/settings.js";
import { addHiddenActivation, otherModels } from "./options.js";

const missingNames: Record<MissingChoice, string> = {
  fill: "filled in",
  mean: "replaced by the mean",
  drop: "rows left out",
  refuse: "refused",
};

const examples = `
Examples:
  hessia info iris.safetensors
  hessia info iris.safetensors --json

${otherModels}`;

/** `hessia info`: what is in a saved model. */
export function addInfo(program: Command, io: Io): void {
  const command = program
    .command("info")
    .summary("show what is in a saved model")
    .description("Shows what is in a model: its network, the columns and classes, how it was trained and how well.");
  command.argument("<model>", "what hessia train --save wrote, any network that hessia saved, or another program's");
  addHiddenActivation(command);
  command.option("--json", "as JSON");
  command.addHelpText("after", examples);
  command.action(async (path: string, { json, activation }: { json?: true; activation?: ActivationName }) => {
    const model = await loadModel(path, { activation });
    io.stdout.write(json ? infoJson(model) : infoText(model));
  });
}

function infoText(model: Model): string {
  const { net, path, record } = model;
  const lines: Line[] = [
    ["model", path],
    ["network", `${shapeOf(net)}, ${counted(net.parameterCount, "parameter")}, ${net.spec.dtype}, ${lossText(net)}`],
  ];
  if (record) lines.push(...recordLines(record));
  else if (model.table) lines.push(...otherLines(model.format, columnsFrom(model.table)));
  lines.push(["resumable", resumeText(model)]);
  return layOut(lines);
}

function otherLines(format: string | null, { classes, needed, targetNames }: Columns): Line[] {
  const outputs = counted(targetNames.length, "value");
  return [
    ["format", format ?? ""],
    ["inputs", `${counted(needed.length, "column")}, as they are`],
    ["target", classes ? `one of ${classes.join(", ")}` : outputs],
  ];
}

function recordLines({ data, table, settings, outcome }: ModelRecord): Line[] {
  const columns = columnsFrom(table);
  const { classes, needed } = columns;
  const named = needed.length <= 20 ? `: ${needed.join(", ")}` : "";
  const lines: Line[] = [
    ["data", `${data.path}, ${counted(data.rows, "row")}, SHA-256 ${data.sha256.slice(0, 16)}…`],
    ["inputs", `${counted(needed.length, "column")}${named}, standardised`],
    ...columnLines(columns),
    ["target", `${columns.targetNames.join(", ")} (${classes ? `one of ${classes.join(", ")}` : "regression"})`],
    ["missing values", missingNames[settings.missing]],
    ["optimizer", labelOf(settings.optimizer)],
  ];
  if (outcome === null) return lines;
  lines.push(["training", `${scoreText(outcome.training)}; ${outcome.reason}`]);
  if (outcome.validation) lines.push(["validation", scoreText(outcome.validation)]);
  if (outcome.test) lines.push(["test", scoreText(outcome.test)]);
  return lines;
}

function resumeText({ checkpoint, record }: Model): string {
  if (checkpoint === null || record === null) return "no, it holds no run";
  const { epoch, step } = checkpoint.progress;
  return `after ${count(epoch)} of ${counted(record.settings.epochs, "epoch")}, ${counted(step, "step")}`;
}

function infoJson({ path, net, checkpoint, record, format }: Model): string {
  return `${JSON.stringify({
    command: "info",
    model: path,
    ...(format ? { format } : {}),
    network: { ...net.spec, parameters: net.parameterCount },
    record,
    progress: checkpoint && { epoch: checkpoint.progress.epoch, step: checkpoint.progress.step },
  })}\n`;
}
