import type { Command } from "commander";
import { influence, type Suspect } from "../../index.js";
import { conflictsIn, leaksIn } from "../../tables/index.js";
import { readSource } from "../data/source.js";
import { failed, refusals } from "../errors.js";
import type { Io } from "../io.js";
import { dataFor } from "../model/data.js";
import { checkOutputs, loadTableModel, type TableModel, writeOutput } from "../model/file.js";
import { cellOf } from "../model/predictions.js";
import { count, counted, printable, short } from "../output/format.js";
import { finiteJson } from "../output/json.js";
import { layOut } from "../output/summary.js";
import { addThreadsOption, flopsOfCurvature, shareWork, type ThreadsGiven } from "../threads.js";
import { prepare } from "../training/prepare.js";
import { add, addReportOption } from "./options.js";

const examples = `
Examples:
  hessia audit iris.safetensors
  hessia audit iris.safetensors --output suspects.csv --report audit.html

A row is a suspect where the model, trained without it, would give it another
class, or a value that is far off. It may be wrong; or it may be rare.`;

interface Given extends ThreadsGiven {
  readonly output?: string;
  readonly report?: string;
  readonly json?: true;
}

/** `hessia audit`: rows of the training data to look at. */
export function addAudit(program: Command, io: Io): void {
  const command = program
    .command("audit")
    .summary("find rows of the training data that may be wrong")
    .description("Finds rows whose target the other rows contradict: it predicts the model without each row.");
  command.argument("<model>", "what hessia train --save wrote");
  command.argument("[file]", "the data that the model was trained on, where it has moved");
  add(command, "--output <file>", "all suspects as CSV");
  addReportOption(command);
  addThreadsOption(command);
  command.option("--json", "as JSON");
  command.addHelpText("after", examples);
  command.action((path: string, file: string | undefined, given: Given) => runAudit(path, file, given, io));
}

interface Finding extends Suspect {
  readonly line: number;
  readonly target: string;
  readonly suggestion: string;
}

async function runAudit(path: string, file: string | undefined, given: Given, io: Io): Promise<void> {
  const model = await loadTableModel(path);
  await checkOutputs([path, file], { "--output": given.output, "--report": given.report });
  const { data, columns, path: table } = await dataFor(model, file, "training");
  await shareWork(given, model.net, flopsOfCurvature(model.net, data));
  const source = await readSource(file ?? model.record.data.path, model.record.settings);
  const { parts } = prepare(source, model.record.settings, model.record.settings.batchNorm);
  const found = refusals(() => influence(model.net, data, { damping: "evidence" }));
  if (found.status !== "converged") failed(`the rows could not be examined: ${found.reason}`);
  const label = (value: number): string => (columns.classes ? columns.classes[value] : short(columns.inUnits(value)));
  const lineOf = (row: number): number => source.text.lines[parts.training[row]];
  const findings = found.mislabelled.map(
    (suspect): Finding => ({
      ...suspect,
      line: lineOf(suspect.row),
      target: label(suspect.given),
      suggestion: label(suspect.likely),
    }),
  );
  const notes = [...leaksIn(columns, source.text.rows), conflictsIn(columns, source.text.rows)].filter(
    (note) => note !== null,
  );
  if (given.output !== undefined) await writeOutput(given.output, csvOf(findings));
  if (given.report !== undefined) {
    const suspects = new Set(found.mislabelled.map(({ row }) => row));
    const rows = Array.from(found.leaveOneOutLoss, (loss, row) => ({
      line: lineOf(row),
      loss,
      suspect: suspects.has(row),
    }));
    // Plotting is loaded by those who want a report alone.
    const { auditReport } = await import("../report/audit.js");
    await auditReport(given.report, { model: path, data: table, rows, suspects: findings, notes });
  }
  io.stdout.write(given.json ? jsonOf(model, findings, notes) : textOf(model, data.size, findings, notes, given));
}

function csvOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ line, target, suggestion, score }) =>
    [line, target, suggestion, score].map(cellOf).join(","),
  );
  return `${["line,target,suggestion,score", ...rows].join("\n")}\n`;
}

const SHOWN = 12;

function textOf(
  model: TableModel,
  rows: number,
  findings: readonly Finding[],
  notes: readonly string[],
  { output, report }: Given,
): string {
  const shown = findings.slice(0, SHOWN).map(({ line, target, suggestion, score }) => {
    return [
      `line ${line}`,
      `${printable(target, 24)}; the others suggest ${printable(suggestion, 24)} (${score.toFixed(2)})`,
    ] as const;
  });
  const more =
    findings.length > SHOWN
      ? ([
          ["", `and ${count(findings.length - SHOWN)} more${output === undefined ? "; --output writes all" : ""}`],
        ] as const)
      : [];
  return layOut([
    ["model", model.path],
    ["rows", `${counted(rows, "row")} trained on, ${counted(findings.length, "suspect")}`],
    ...notes.map((note) => ["note", note] as const),
    ...shown,
    ...more,
    ...(output === undefined ? [] : ([["written to", output]] as const)),
    ...(report === undefined ? [] : ([["report", report]] as const)),
  ]);
}

function jsonOf(model: TableModel, findings: readonly Finding[], notes: readonly string[]): string {
  const suspects = findings.map(({ line, target, suggestion, score }) => ({ line, target, suggestion, score }));
  return finiteJson({ command: "audit", model: model.path, notes, suspects });
}
