import { line, link, ruleY } from "@observablehq/plot";
import { type CurvePoint, curvePoints, type Dataset, type Network } from "../../../index.js";
import type { Columns } from "../../../tables/index.js";
import { short } from "../../output/format.js";
import { draw, type Figure, series, stroke } from "../figure.js";

/** More classes than colours are not told apart. */
const MOST_CLASSES = 8;
/** Points of a curve beyond which they are thinned out. */
const MOST_POINTS = 300;

interface ClassCurve {
  readonly name: string;
  readonly points: readonly CurvePoint[];
  readonly share: number;
}

/**
 * What every threshold of the probability would give: ROC and precision-recall curves, of the
 * second class or of each against the others.
 */
export function decisionFigures(net: Network, data: Dataset, part: string, columns: Columns): Figure[] {
  const { classes } = columns;
  if (classes === null || classes.length > MOST_CLASSES) return [];
  const curves = curvesOf(net, data, classes);
  if (curves.length === 0) return [];
  const legend = curves.length > 1 ? { legend: curves.map(({ name }, i) => ({ name, ...series(i) })) } : {};
  const of = curves.length > 1 ? "each class against the others" : curves[0].name;
  return [rocFigure(curves, part, of, legend), precisionFigure(curves, part, of, legend)];
}

function curvesOf(net: Network, { inputs, targets, size }: Dataset, classes: readonly string[]): ClassCurve[] {
  const probabilities = net.probabilities(inputs);
  const shown = classes.length === 2 ? [1] : Array.from(classes.keys());
  return shown.flatMap((k) => {
    const positive = Uint8Array.from(targets as Float64Array, (label) => Number(label === k));
    const found = positive.reduce((sum, one) => sum + one, 0);
    if (found === 0 || found === size) return [];
    const marks = Float64Array.from({ length: size }, (_, row) => probabilities.data[row * classes.length + k]);
    return [{ name: classes[k], points: thinned(curvePoints(marks, positive)), share: found / size }];
  });
}

function thinned(points: readonly CurvePoint[]): CurvePoint[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

const share = { domain: [0, 1], grid: true, ticks: 5 };

function rocFigure(curves: readonly ClassCurve[], part: string, of: string, legend: object): Figure {
  const alt = `ROC curve of the ${part} rows: ${of}.`;
  const start = { recall: 0, fallOut: 0 };
  const body = draw(alt, {
    x: { label: "false positive rate", ...share },
    y: { label: "true positive rate", ...share },
    marks: [
      link([0], { x1: 0, y1: 0, x2: 1, y2: 1, strokeOpacity: 0.6, strokeDasharray: "4 3" }),
      ...curves.map(({ points }, i) =>
        line([start, ...points], { x: "fallOut", y: "recall", ...stroke(series(i)), strokeWidth: 2 }),
      ),
    ],
  });
  const caption = `Share of the class that is found against the share of the others that is taken for it, for every threshold: ${of}. On the dashed line the network would guess.`;
  return { id: "roc", title: `ROC curve (${part})`, caption, alt, body, ...legend };
}

function precisionFigure(curves: readonly ClassCurve[], part: string, of: string, legend: object): Figure {
  const alt = `Precision-recall curve of the ${part} rows: ${of}.`;
  const body = draw(alt, {
    x: { label: "recall", ...share },
    y: { label: "precision", ...share },
    marks: [
      ...(curves.length === 1 ? [ruleY([curves[0].share], { strokeOpacity: 0.6, strokeDasharray: "4 3" })] : []),
      ...curves.map(({ points }, i) =>
        line(points, { x: "recall", y: "precision", ...stroke(series(i)), strokeWidth: 2 }),
      ),
    ],
  });
  const floor = curves.length === 1 ? ` The dashed line is its share of the rows, ${short(curves[0].share)}.` : "";
  const caption = `Share of the rows taken for the class that belong to it, against the share of the class that is found: ${of}.${floor}`;
  return { id: "precision-recall", title: `Precision and recall (${part})`, caption, alt, body, ...legend };
}
