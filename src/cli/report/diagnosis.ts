import type { Diagnosis } from "../../index.js";
import type { DiagnoseGiven } from "../commands/diagnose.js";
import type { Io } from "../io.js";
import { diagnoseOptions, type ModelData } from "../model/data.js";
import { type TableModel, writeOutput } from "../model/file.js";
import { count, counted, short } from "../output/format.js";
import { stepsOf } from "../output/progress.js";
import { shapeOf } from "../output/summary.js";
import { scoreOf } from "../training/score.js";
import { curveFigures } from "./figures/curves.js";
import { outputFigures } from "./figures/outputs.js";
import { render, type Section } from "./page.js";
import { EXAMINATION_STEPS, examine } from "./sections.js";
import { scoreFact } from "./training.js";

/** Writes a diagnosis as a page; gives the diagnosis. */
export async function diagnosisReport(
  path: string,
  model: TableModel,
  rows: ModelData,
  { curvature, seed, quiet }: DiagnoseGiven,
  io: Io,
): Promise<Diagnosis> {
  const { net, checkpoint } = model;
  const { data, part, columns } = rows;
  const steps = stepsOf(EXAMINATION_STEPS + 1, io, quiet);
  try {
    const options = { ...diagnoseOptions(model, rows), ...(curvature === undefined ? {} : { curvature }) };
    const { diagnosis, sections } = await examine(net, data, { seed, options, steps });
    await steps.next("page");
    const learned: Section[] = checkpoint
      ? [{ id: "learning", title: "Learning", figures: curveFigures(checkpoint.progress.epochs) }]
      : [];
    const outputs: Section = {
      id: "outputs",
      title: "Predictions",
      figures: outputFigures(net, data, part, columns),
    };
    const page = render({
      title: `Diagnosis of ${model.path}`,
      summary: `${shapeOf(net)} on ${counted(data.size, "row")} (${part}) of ${rows.path}.`,
      facts: [
        scoreFact(part, scoreOf(net, data, columns)),
        ["loss", short(diagnosis.loss)],
        ["‖gradient‖", short(diagnosis.gradientNorm)],
        ["point", diagnosis.point?.kind ?? "not looked at"],
        ["advice", count(diagnosis.advice.length)],
        ["parameters", count(net.parameterCount)],
      ],
      sections: [...sections.slice(0, 1), ...learned, outputs, ...sections.slice(1)],
    });
    await writeOutput(path, page);
    return diagnosis;
  } finally {
    steps.end();
  }
}
