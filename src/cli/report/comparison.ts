import { writeOutput } from "../model/file.js";
import { headOf, rowOf } from "../output/comparison.js";
import { count, counted, short } from "../output/format.js";
import type { Comparison } from "../study/compare.js";
import { comparisonFigures } from "./figures/comparison.js";
import { escaped, render, table } from "./page.js";

/** Writes a comparison as a page. */
export async function comparisonReport(path: string, comparison: Comparison): Promise<void> {
  const { prepared, traces, target, shape, parameters } = comparison;
  const notes = traces.flatMap(({ label, reason, notes: told }) => [reason, ...told].map((text) => [label, text]));
  const list = notes.map(([label, text]) => `<li><strong>${escaped(label)}</strong>: ${escaped(text)}</li>`).join("\n");
  const finite = traces.filter(({ points }) => Number.isFinite(points[points.length - 1].loss));
  const best = [...finite].sort((a, b) => (a.points.at(-1)?.loss ?? 0) - (b.points.at(-1)?.loss ?? 0))[0];
  const page = render({
    title: `Optimizers on ${target} from ${comparison.path}`,
    summary: `${shape} from the same start by ${counted(traces.length, "optimizer")}, on ${counted(prepared.training.size, "row")}.`,
    facts: [
      ["lowest loss", best ? `${short(best.points.at(-1)?.loss ?? Number.NaN)} (${best.label})` : "none is finite"],
      ["parameters", count(parameters)],
      ["rows", count(prepared.training.size)],
    ],
    sections: [
      { id: "results", title: "Results", html: table(headOf(comparison), traces.map(rowOf)) },
      { id: "progress", title: "Progress", figures: comparisonFigures(comparison) },
      { id: "ends", title: "How they ended", html: `<ul>\n${list}\n</ul>` },
    ],
  });
  await writeOutput(path, page);
}
