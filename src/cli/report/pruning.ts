import type { Network, Pruning } from "../../index.js";
import { writeOutput } from "../model/file.js";
import { count, percent, short } from "../output/format.js";
import { shapeOf } from "../output/summary.js";
import type { Score } from "../training/score.js";
import { pruningFigure } from "./figures/pruning.js";
import { render, table } from "./page.js";
import { scoreFact } from "./training.js";

/** A network before and after. */
export interface Pruned {
  readonly model: string;
  readonly net: Network;
  readonly found: Pruning;
  /** The objective on the training rows before anything went. */
  readonly loss: number;
  /** Parameters other than 0 that are left. */
  readonly left: number;
  /** Of the rows that both are judged on. */
  readonly part: string;
  readonly before: Score;
  readonly after: Score;
}

/** Writes what came of a pruning as a page. */
export async function pruningReport(path: string, pruned: Pruned): Promise<void> {
  const { model, net, found, loss, left, part, before, after } = pruned;
  const [name, was] = scoreFact(part, before);
  const [, is] = scoreFact(part, after);
  const total = net.parameterCount;
  const rows = [
    ["network", shapeOf(net), shapeOf(found.network)],
    ["parameters other than 0", count(total), count(left)],
    [name, was, is],
    [`${part} loss`, short(before.loss), short(after.loss)],
  ];
  const page = render({
    title: `Pruning of ${model}`,
    summary: `${count(total - left)} of ${count(total)} parameters went: ${found.reason}.`,
    facts: [
      ["parameters left", `${count(left)} (${percent(left / total)})`],
      [`${name} before`, was],
      [`${name} after`, is],
    ],
    sections: [
      {
        id: "results",
        title: "Before and after",
        html: table(["measure", "before", "after"], rows, "Before and after"),
      },
      { id: "progress", title: "Progress", figures: [pruningFigure({ parameters: total, loss }, found.history)] },
    ],
  });
  await writeOutput(path, page);
}
