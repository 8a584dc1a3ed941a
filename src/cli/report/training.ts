import type { Dataset } from "../../index.js";
import type { Io } from "../io.js";
import { writeOutput } from "../model/file.js";
import { count, counted, duration, percent, short } from "../output/format.js";
import { stepsOf } from "../output/progress.js";
import { endOf, shapeOf } from "../output/summary.js";
import { labelOf } from "../training/optimizer.js";
import type { Prepared } from "../training/prepare.js";
import type { Score } from "../training/score.js";
import type { OutputSettings } from "../training/settings.js";
import type { Outcome, Run } from "../training/train.js";
import { certaintySection } from "./certainty.js";
import { curveFigures } from "./figures/curves.js";
import { decisionFigures } from "./figures/decisions.js";
import { effectFigures } from "./figures/effects.js";
import { outputFigures } from "./figures/outputs.js";
import { render, type Section } from "./page.js";
import { EXAMINATION_STEPS, examine } from "./sections.js";
import { classTable, columnSection } from "./table.js";

/** Writes what became of a run, as a page. */
export async function trainingReport(
  path: string,
  run: Run,
  outcome: Outcome,
  io: Io,
  { quiet }: OutputSettings,
): Promise<void> {
  const { net, prepared, settings, source } = run;
  const { history } = outcome;
  const steps = stepsOf(EXAMINATION_STEPS + 3, io, quiet);
  try {
    await steps.next("columns");
    const effects = effectSection(run);
    await steps.next("error bars");
    const certainty = certaintySection({
      ...{ net, training: prepared.training, judged: judged(prepared), columns: prepared.columns },
      evidence: settings.penalty === "evidence" ? history.notes : null,
    });
    const { sections } = await examine(net, prepared.training, { seed: settings.seed, steps });
    await steps.next("page");
    const learning: Section = { id: "learning", title: "Learning", figures: curveFigures(history.epochs) };
    const page = render({
      title: `${prepared.columns.targetNames.join(", ")} from ${source.path}`,
      summary: `${shapeOf(net)} trained by ${labelOf(settings.optimizer)} on ${counted(prepared.training.size, "row")} of ${source.path}: ${endOf(run, history)}.`,
      facts: factsOf(run, outcome),
      sections: [learning, outputSection(run), certainty, effects, ...sections, columnSection(prepared.columns)],
    });
    await writeOutput(path, page);
  } finally {
    steps.end();
  }
}

function factsOf({ net, settings }: Run, outcome: Outcome): [string, string][] {
  const { history, seconds } = outcome;
  const scores: [string, Score | null][] = [
    ["test", outcome.test],
    ["validation", outcome.validation],
    ["training", outcome.training],
  ];
  return [
    ...scores.flatMap(([part, score]) => (score ? [scoreFact(part, score)] : [])),
    ["parameters", count(net.parameterCount)],
    ["epochs", count(history.epochs.length)],
    ["steps", count(history.steps)],
    ["time", duration(seconds)],
    ["precision", settings.dtype],
  ];
}

export function scoreFact(part: string, { accuracy, rmse, r2 }: Score): [string, string] {
  if (accuracy !== undefined) return [`${part} accuracy`, percent(accuracy)];
  return [`${part} RMSE`, `${short(rmse ?? Number.NaN)}${r2 === undefined ? "" : ` (R² ${r2.toFixed(3)})`}`];
}

function outputSection({ net, prepared }: Run): Section {
  const { columns } = prepared;
  const { part, data } = judged(prepared);
  const figures = [...outputFigures(net, data, part, columns), ...decisionFigures(net, data, part, columns)];
  return { id: "outputs", title: "Predictions", html: classTable(net, data, columns), figures };
}

function effectSection({ net, prepared, source, settings }: Run): Section {
  const { part } = judged(prepared);
  const rows = prepared.parts[part].map((row) => source.text.rows[row]);
  return {
    id: "effects",
    title: "What counts",
    figures: effectFigures(net, prepared.columns, rows, part, settings.seed),
  };
}

/** The rows that a network is judged by: test rows, or as near to them as there is. */
function judged({ test, validation, training }: Prepared): {
  part: "test" | "validation" | "training";
  data: Dataset;
} {
  if (test) return { part: "test", data: test };
  return validation ? { part: "validation", data: validation } : { part: "training", data: training };
}
