import { cell, dot, link, rectY, ruleX, text } from "@observablehq/plot";
import type { Dataset, Network } from "../../../index.js";
import type { Columns } from "../../../tables/index.js";
import { count, percent, short } from "../../output/format.js";
import { draw, type Figure, greatest, least, WIDTH } from "../figure.js";

/** Cells with a number in each; more classes get colours alone, and only so many of them. */
const NUMBERED_CLASSES = 12;
const MOST_CLASSES = 40;
const MOST_POINTS = 1500;
const BINS = 24;

/** What a network says of some rows against what is right: a confusion matrix, or residuals. */
export function outputFigures(net: Network, data: Dataset, part: string, columns: Columns): Figure[] {
  const { classes } = columns;
  if (classes) return [confusionFigure(net, data, part, columns, classes)];
  // Several targets have no unit in common.
  return "data" in data.targets ? [] : residualFigures(net, data, part, columns);
}

function confusionFigure(
  net: Network,
  data: Dataset,
  part: string,
  columns: Columns,
  classes: readonly string[],
): Figure {
  const guesses = columns.decode(net.predict(data.inputs)).map((name) => classes.indexOf(name as string));
  const labels = data.targets as Float64Array;
  const counts = classes.map(() => new Float64Array(classes.length));
  for (let row = 0; row < data.size; ++row) ++counts[labels[row]][guesses[row]];
  const wrong = (k: number): number => counts[k].reduce((sum, n, j) => sum + (j === k ? 0 : n + counts[j][k]), 0);
  const shown = Array.from(classes.keys())
    .sort((a, b) => wrong(b) - wrong(a) || a - b)
    .slice(0, MOST_CLASSES)
    .sort((a, b) => a - b);
  const short = classes.map((label) => (label.length > 12 ? `${label.slice(0, 11)}…` : label));
  // Classes that agree so far are told apart by their number.
  const name = (k: number): string =>
    short.indexOf(short[k]) === short.lastIndexOf(short[k]) ? short[k] : `${short[k].slice(0, 8)}… ${k + 1}`;
  const cells = shown.flatMap((actual) => {
    const total = counts[actual].reduce((sum, n) => sum + n, 0);
    return shown.map((guess) => {
      const number = counts[actual][guess];
      return { actual: name(actual), guess: name(guess), number, share: total > 0 ? number / total : 0 };
    });
  });
  const right = classes.reduce((sum, _, k) => sum + counts[k][k], 0);
  const worst = cells.filter(({ actual, guess }) => actual !== guess).sort((a, b) => b.number - a.number)[0];
  const mistake =
    worst && worst.number > 0
      ? ` The most frequent mistake is ${worst.guess} for ${worst.actual} (${count(worst.number)}).`
      : "";
  const alt = `Confusion matrix of the ${part} rows: ${count(right)} of ${count(data.size)} right, ${percent(right / data.size)}.${mistake}`;
  const numbered = shown.length <= NUMBERED_CLASSES;
  const domain = shown.map(name);
  const longest = Math.min(12, greatest(domain.map((label) => label.length)));
  const few =
    classes.length > shown.length ? ` The ${shown.length} classes with most mistakes of ${classes.length}.` : "";
  const every = Math.ceil(shown.length / NUMBERED_CLASSES);
  const ticks = domain.filter((_, i) => i % every === 0);
  const margin = Math.max(44, 36 + 8 * longest);
  const turned = 9 * longest > (WIDTH - margin - 18) / ticks.length;
  const body = draw(alt, {
    height: WIDTH - 20,
    marginLeft: margin,
    marginBottom: turned ? 44 + 5 * longest : 44,
    padding: 0.06,
    x: { label: "predicted", domain, ticks, tickRotate: turned ? -40 : 0, labelAnchor: "right" },
    y: { label: "actual", domain, ticks },
    marks: [
      cell(cells, { x: "guess", y: "actual", fill: "currentColor", fillOpacity: 0.06 }),
      cell(
        cells.filter(({ number }) => number > 0),
        {
          x: "guess",
          y: "actual",
          fill: ({ actual, guess }: (typeof cells)[number]) =>
            actual === guess ? "var(--series-1)" : "var(--series-2)",
          fillOpacity: ({ share }: (typeof cells)[number]) => 0.15 + 0.85 * Math.sqrt(share),
          title: ({ actual, guess, number }: (typeof cells)[number]) => `${actual} predicted as ${guess}: ${number}`,
        },
      ),
      ...(numbered
        ? [
            text(
              cells.filter(({ number }) => number > 0),
              {
                x: "guess",
                y: "actual",
                text: "number",
                fill: ({ share }: (typeof cells)[number]) => (share > 0.3 ? "var(--on-accent)" : "currentColor"),
                fontWeight: "bold",
              },
            ),
          ]
        : []),
    ],
    color: { type: "identity" },
    opacity: { type: "identity" },
  });
  const caption = `${count(right)} of ${count(data.size)} ${part} rows right (blue, on the diagonal), the others in orange; the stronger, the larger the share of the row.${mistake}${few}`;
  return { id: "confusion", title: `Confusion matrix (${part})`, caption, alt, body };
}

function residualFigures(net: Network, data: Dataset, part: string, columns: Columns): Figure[] {
  const { data: outputs } = net.predict(data.inputs);
  const targets = data.targets as Float64Array;
  const unscaled = (value: number): number => columns.inUnits(value);
  const points = Array.from(targets, (target, row) => ({ actual: unscaled(target), guess: unscaled(outputs[row]) }));
  const every = Math.ceil(points.length / MOST_POINTS);
  const drawn = points.filter((_, row) => row % every === 0);
  const values = points.flatMap(({ actual, guess }) => [actual, guess]);
  const ends = [least(values), greatest(values)];
  const residuals = points.map(({ actual, guess }) => guess - actual);
  // In units of the largest, so that squares do not overflow.
  const unit = greatest(residuals.map(Math.abs)) || 1;
  const rmse = unit * Math.sqrt(residuals.reduce((sum, r) => sum + (r / unit) ** 2, 0) / residuals.length);
  const bias = residuals.reduce((sum, r) => sum + r, 0) / residuals.length;
  const thinned = every > 1 ? ` One row in ${every} is drawn.` : "";
  const alt = `Predicted against actual values of ${count(data.size)} ${part} rows; root mean squared error ${short(rmse)}.`;
  const exponents = Math.max(-ends[0], ends[1]) >= 1e6 || ends[1] - ends[0] < 1e-4;
  const against = draw(alt, {
    marginLeft: exponents ? 80 : 62,
    x: { label: "actual", grid: true, ticks: exponents ? 3 : 6, nice: true },
    y: { label: "predicted", grid: true, ticks: 6, nice: true },
    marks: [
      link([0], { x1: ends[0], y1: ends[0], x2: ends[1], y2: ends[1], strokeOpacity: 0.6, strokeDasharray: "4 3" }),
      dot(drawn, { x: "actual", y: "guess", r: 2.2, fill: "var(--series-1)", fillOpacity: 0.6 }),
    ],
  });
  const histogramAlt = `Histogram of the residuals: mean ${short(bias)}, root mean square ${short(rmse)}.`;
  const histogram = draw(histogramAlt, {
    x: { label: "predicted − actual", ticks: exponents ? 3 : 6 },
    y: { label: "rows", grid: true, ticks: 5 },
    marks: [
      rectY(binned(residuals), { x1: "from", x2: "to", y: "number", fill: "var(--series-1)", inset: 0.5 }),
      ruleX([0], { strokeDasharray: "4 3" }),
    ],
  });
  return [
    {
      id: "predictions",
      title: `Predicted against actual (${part})`,
      caption: `On the dashed line a prediction is right. RMSE ${short(rmse)}.${thinned}`,
      alt,
      body: against,
    },
    {
      id: "residuals",
      title: `Residuals (${part})`,
      caption: `Predicted minus actual values of ${count(data.size)} rows; their mean is ${short(bias)}.`,
      alt: histogramAlt,
      body: histogram,
    },
  ];
}

function binned(values: readonly number[]): { from: number; to: number; number: number }[] {
  const [from, to] = [least(values), greatest(values)];
  const width = (to - from || 1) / BINS;
  const bins = Array.from({ length: BINS }, (_, i) => ({
    from: from + i * width,
    to: from + (i + 1) * width,
    number: 0,
  }));
  for (const value of values) ++bins[Math.min(BINS - 1, Math.floor((value - from) / width))].number;
  return bins;
}
