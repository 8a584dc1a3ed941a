import { barX, line, ruleX } from "@observablehq/plot";
import { percent, short } from "../../output/format.js";
import type { Comparison, Trace, TracePoint } from "../../study/compare.js";
import { axis, draw, type Figure, greatest, least, series, stroke, WIDTH } from "../figure.js";
import { evenTicks, logTicks, type Ticks } from "../ticks.js";

type Measure = "seconds" | "gradients" | "epoch";

/** How many times longer than another a run may take on an even axis. */
const FAR = 20;

/** Losses over time, over work and over epochs, and the scores at the end. */
export function comparisonFigures(comparison: Comparison): Figure[] {
  const { weights, traces } = comparison;
  const { value, hvp, hessian } = weights;
  const unit = `Work in gradients over all of the training rows: a value counts ${short(value)}, a product with the curvature ${hvp}, a dense matrix ${short(hessian)}; factorizations are not counted.`;
  return [
    overMeasure(traces, "seconds", "Loss over time", "seconds", "Time of the steps alone, on this machine."),
    overMeasure(traces, "gradients", "Loss over evaluations", "gradient evaluations", unit),
    overMeasure(
      traces,
      "epoch",
      "Loss over epochs",
      "epoch",
      "A second-order method takes one step an epoch unless a batch size is given.",
    ),
    scoreFigure(comparison),
  ];
}

function overMeasure(traces: readonly Trace[], measure: Measure, title: string, label: string, note: string): Figure {
  const looks = traces.map((_, i) => series(i));
  const drawn = traces.map(({ points }) => points.filter(({ loss }) => Number.isFinite(loss) && loss > 0));
  const ends = traces.map(({ label: name, points }) => `${name} ${short(points[points.length - 1].loss)}`);
  const alt = `Training loss over ${label} by ${traces.length} optimizers, at the end ${ends.join(", ")}.`;
  const losses = drawn.flatMap((points) => points.map(({ loss }) => loss));
  const x = extent(drawn.map((points) => points.map((point) => point[measure])));
  const body = draw(alt, {
    x: { label, ...x },
    y: axis("loss", clipped(losses, drawn), true),
    clip: true,
    marks: drawn.map((points, i) =>
      line(
        points.filter((point) => point[measure] >= x.domain[0]),
        {
          x: (point: TracePoint) => point[measure],
          y: "loss",
          ...stroke(looks[i]),
          strokeWidth: 2,
          marker: points.length < 4 ? "dot" : "none",
        },
      ),
    ),
  });
  return {
    id: `compare-${measure}`,
    title,
    caption: `The training objective over all training rows, penalty included. ${note}`,
    alt,
    body,
    legend: traces.map(({ label: name }, i) => ({ name, ...looks[i] })),
  };
}

/**
 * From 0 on; by powers of ten, and from the first step on, where one took so much longer that the
 * others would be a line.
 */
function extent(places: readonly (readonly number[])[]): { type: "linear" | "log"; domain: number[] } & Ticks {
  const ends = places.filter((along) => along.length > 0).map((along) => along[along.length - 1]);
  const most = Math.max(greatest(ends), 1e-6);
  const steps = places.flat().filter((place) => place > 0);
  if (steps.length === 0 || least(ends) * FAR > most) {
    return { type: "linear", domain: [0, most], ...evenTicks(0, most, 5) };
  }
  const first = least(steps);
  return { type: "log", domain: [first, most], ...logTicks(first, most, 5) };
}

/** One that diverges must not flatten the others: the axis ends at ten times the common start. */
function clipped(losses: readonly number[], drawn: readonly (readonly TracePoint[])[]): number[] {
  const start = drawn.find((points) => points.length > 0)?.[0].loss ?? 1;
  const kept = losses.filter((loss) => loss <= 10 * start);
  return kept.length > 0 ? [least(kept), greatest(kept)] : [0.1, 1];
}

function scoreFigure({ traces, prepared }: Comparison): Figure {
  const part = prepared.test ? "test" : prepared.validation ? "validation" : "training";
  const scores = traces.map(({ label, test, validation, training }, i) => {
    const score = test ?? validation ?? training;
    return { label, value: score.accuracy ?? score.rmse ?? 0, look: series(i) };
  });
  const classification = traces[0]?.training.accuracy !== undefined;
  const text = (value: number): string => (classification ? percent(value) : short(value));
  const name = classification ? "accuracy" : "RMSE";
  const alt = `Final ${name} on the ${part} rows: ${scores.map(({ label, value }) => `${label} ${text(value)}`).join(", ")}.`;
  const finite = scores.filter(({ value }) => Number.isFinite(value));
  const most = Math.max(classification ? 1 : greatest(finite.map(({ value }) => value)), 1e-9);
  const longest = greatest(scores.map(({ label }) => Math.min(22, label.length)));
  const body = draw(alt, {
    height: 70 + 34 * scores.length,
    width: WIDTH,
    marginLeft: 16 + 8 * longest,
    x: { label: name, domain: [0, most], grid: true, ...evenTicks(0, most, 4) },
    y: {
      label: null,
      domain: scores.map(({ label }) => label),
      padding: 0.3,
      tickFormat: (label: string) => (label.length > 22 ? `${label.slice(0, 21)}…` : label),
    },
    color: { type: "identity" },
    marks: [
      barX(finite, { x: "value", y: "label", fill: ({ look }: (typeof scores)[number]) => look.color }),
      ruleX([0]),
    ],
  });
  return {
    id: "compare-scores",
    title: `Final ${name} (${part})`,
    caption: scores
      .map(({ label, value }) => `${label}: ${text(value)}`)
      .join(". ")
      .concat("."),
    alt,
    body,
  };
}
