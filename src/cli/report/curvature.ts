import type { Io } from "../io.js";
import type { ModelData } from "../model/data.js";
import { type TableModel, writeOutput } from "../model/file.js";
import { count, counted } from "../output/format.js";
import { stepsOf } from "../output/progress.js";
import { shapeOf } from "../output/summary.js";
import { type CurvatureGiven, spectrumOptions } from "../study/curvature-given.js";
import { scoreOf } from "../training/score.js";
import { render } from "./page.js";
import { curvatureSection } from "./sections.js";
import { scoreFact } from "./training.js";

const STEPS = 7;

/** Writes the curvature of both matrices as a page, over all of the rows. */
export async function curvatureReport(
  path: string,
  model: TableModel,
  rows: ModelData,
  given: CurvatureGiven,
  io: Io,
): Promise<void> {
  const { net } = model;
  const { data, part, columns } = rows;
  const steps = stepsOf(STEPS, io, given.quiet);
  try {
    const { kind: _, ...options } = spectrumOptions(given);
    const look = { seed: given.seed, kinds: ["exact", "ggn"] as const, options, steps };
    const section = await curvatureSection(net, { data, total: data.size }, look);
    await steps.next("page");
    const page = render({
      title: `Curvature of ${model.path}`,
      summary: `${shapeOf(net)} on ${counted(data.size, "row")} (${part}) of ${rows.path}.`,
      facts: [
        scoreFact(part, scoreOf(net, data, columns)),
        ["parameters", count(net.parameterCount)],
        ["precision", net.spec.dtype],
      ],
      sections: [section],
    });
    await writeOutput(path, page);
  } finally {
    steps.end();
  }
}
