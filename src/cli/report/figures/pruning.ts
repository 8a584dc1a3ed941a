import { line } from "@observablehq/plot";
import type { PruneRecord } from "../../../index.js";
import { count, short } from "../../output/format.js";
import { axis, draw, type Figure, series, spansDecades, stroke } from "../figure.js";

/** The objective while parameters go. */
export function pruningFigure(start: { parameters: number; loss: number }, history: readonly PruneRecord[]): Figure {
  const kept = [start, ...history];
  const values = [start.loss, ...history.flatMap(({ pruned, predicted, loss }) => [pruned, predicted, loss])];
  const finite = values.filter((value) => Number.isFinite(value));
  const logarithmic = spansDecades(finite);
  const shown = ({ y }: { y: number }): boolean => Number.isFinite(y) && (!logarithmic || y > 0);
  const curves = [
    {
      name: "after retraining",
      look: series(0),
      points: kept.map(({ parameters, loss }) => ({ x: parameters, y: loss })),
    },
    {
      name: "before retraining",
      look: series(1),
      points: history.map(({ parameters, pruned }) => ({ x: parameters, y: pruned })),
    },
    {
      name: "predicted",
      look: series(2),
      points: history.map(({ parameters, predicted }) => ({ x: parameters, y: predicted })),
    },
  ];
  const last = kept[kept.length - 1];
  const alt = `Objective against the parameters left, from ${short(start.loss)} with ${count(start.parameters)} to ${short(last.loss)} with ${count(last.parameters)}.`;
  const body = draw(alt, {
    marginLeft: 80,
    x: { label: "parameters left", reverse: true, ticks: 5, nice: true },
    y: axis("objective", finite, logarithmic),
    marks: curves.map(({ points, look }) =>
      line(points.filter(shown), {
        x: "x",
        y: "y",
        ...stroke(look),
        strokeWidth: 2,
        marker: points.length < 3 ? "dot" : "none",
      }),
    ),
  });
  return {
    id: "pruning",
    title: "Objective while parameters go",
    caption:
      "From left to right parameters go. Predicted: by the curvature, before anything goes. Before retraining: once they are gone. After retraining: once the parameters that are left are trained.",
    alt,
    body,
    legend: curves.map(({ name, look }) => ({ name, ...look })),
  };
}
