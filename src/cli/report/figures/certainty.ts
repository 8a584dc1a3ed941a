import { dot, line, link, ruleX } from "@observablehq/plot";
import { type Dataset, laplace, type Network, type Posterior } from "../../../index.js";
import type { Columns } from "../../../tables/index.js";
import { count, percent, short } from "../../output/format.js";
import { type Certainty, intervalsOf } from "../../study/posterior.js";
import { draw, type Figure, least, series, stroke } from "../figure.js";
import { logTicks } from "../ticks.js";

/** Share of the values that an interval of the report holds. */
const SHARE = 0.95;
const MOST_POINTS = 150;
const BINS = 10;
/** Strengths of the prior that are tried, as multiples of the one that was found. */
const STRENGTHS = Array.from({ length: 13 }, (_, i) => 10 ** (i / 6 - 1));
/** Evidence below the greatest by more is as good as none: a factor of e⁵⁰. */
const DEEPEST = 50;

/** What a network says of rows, with how sure it is, against what is right. */
export function certaintyFigures(sure: Certainty, data: Dataset, part: string, columns: Columns): Figure[] {
  if (columns.classes) return [reliabilityFigure(sure.posterior, data, part, columns.classes)];
  return columns.targetNames.map((name, j) => intervalFigure(sure, data, part, { columns, name, j }));
}

interface Target {
  readonly columns: Columns;
  readonly name: string;
  readonly j: number;
}

function intervalFigure(sure: Certainty, data: Dataset, part: string, { columns, name, j }: Target): Figure {
  const { mean } = sure.posterior.predict(data.inputs);
  const { low, high } = intervalsOf(sure, columns, SHARE)(data.inputs);
  const targets = "data" in data.targets ? data.targets.data : data.targets;
  const rows = Array.from({ length: data.size }, (_, row) => {
    const at = row * mean.columns + j;
    const [from, to] = [low[row][j], high[row][j]];
    const actual = columns.inUnits(targets[at], j);
    return { from, to, actual, guess: columns.inUnits(mean.data[at], j), held: actual >= from && actual <= to };
  });
  const inside = rows.filter(({ held }) => held).length;
  const widths = rows.map(({ from, to }) => to - from).sort((a, b) => a - b);
  const every = Math.ceil(rows.length / MOST_POINTS);
  const drawn = rows.filter((_, row) => row % every === 0);
  const [held, missed] = [series(0), series(1)];
  const alt = `95 % intervals of ${count(rows.length)} ${part} rows; ${count(inside)} of them hold the actual value.`;
  const colour = ({ held: one }: (typeof rows)[number]): string => (one ? held : missed).color;
  const body = draw(alt, {
    marginLeft: 80,
    x: { label: "predicted", grid: true, ticks: 4, nice: true },
    y: { label: "actual", grid: true, ticks: 6, nice: true },
    color: { type: "identity" },
    marks: [
      link(drawn, { x1: "guess", x2: "guess", y1: "from", y2: "to", stroke: colour, strokeOpacity: 0.45 }),
      dot(drawn, { x: "guess", y: "actual", r: 2.2, fill: colour }),
    ],
  });
  const thinned = every > 1 ? ` One row in ${every} is drawn.` : "";
  const half = widths[Math.floor(widths.length / 2)];
  return {
    id: `intervals-${j + 1}`,
    title: columns.targetNames.length > 1 ? `95 % intervals of ${name} (${part})` : `95 % intervals (${part})`,
    caption: `Lines: where the model expects new values with a probability of 95 %. Dots: the actual values. ${count(inside)} of ${count(rows.length)} rows (${percent(inside / rows.length)}) lie inside. The median width is ${short(half)}.${thinned}`,
    alt,
    body,
    legend: [
      { name: "inside", color: held.color },
      { name: "outside", color: missed.color },
    ],
  };
}

/** Rows in bins of the probability that they were given, with the share of them that is right. */
function reliabilityFigure(posterior: Posterior, data: Dataset, part: string, classes: readonly string[]): Figure {
  const { data: p } = posterior.probabilities(data.inputs);
  const bins = Array.from({ length: BINS }, () => ({ rows: 0, sum: 0, right: 0 }));
  for (let row = 0; row < data.size; ++row) {
    const own = Array.from(p.subarray(row * classes.length, (row + 1) * classes.length));
    const best = own.indexOf(Math.max(...own));
    const bin = bins[Math.min(BINS - 1, Math.floor(own[best] * BINS))];
    ++bin.rows;
    bin.sum += own[best];
    bin.right += Number((data.targets as Float64Array)[row] === best);
  }
  const filled = bins.filter(({ rows }) => rows > 0);
  const points = filled.map(({ rows, sum, right }) => ({
    ...{ rows, expected: sum / rows, actual: right / rows },
    // One standard error of a share, never 0 for a bin of few rows (Agresti and Coull 1998).
    error: Math.sqrt((((right + 2) / (rows + 4)) * (1 - (right + 2) / (rows + 4))) / (rows + 4)),
  }));
  const total = (of: "sum" | "right"): number => bins.reduce((all, bin) => all + bin[of], 0) / data.size;
  const [expected, actual] = [total("sum"), total("right")];
  const from = Math.min(least(points.map((point) => point.expected)), least(points.map((point) => point.actual)));
  const low = Math.max(0, Math.floor(10 * (from - 0.05)) / 10);
  const alt = `Calibration on ${count(data.size)} ${part} rows: mean probability ${percent(expected)}, right ${percent(actual)}.`;
  const look = series(0);
  const body = draw(alt, {
    x: { label: "probability of the predicted class", domain: [low, 1], grid: true, ticks: 5 },
    y: { label: "share of rows that are right", domain: [low, 1], grid: true, ticks: 5 },
    marks: [
      link([0], { x1: low, y1: low, x2: 1, y2: 1, strokeOpacity: 0.6, strokeDasharray: "4 3" }),
      link(points, {
        x1: "expected",
        x2: "expected",
        y1: ({ actual: share, error }: (typeof points)[number]) => Math.max(low, share - error),
        y2: ({ actual: share, error }: (typeof points)[number]) => Math.min(1, share + error),
        stroke: look.color,
      }),
      dot(points, { x: "expected", y: "actual", r: 3.5, fill: look.color }),
    ],
  });
  return {
    id: "calibration",
    title: `Calibration (${part})`,
    caption: `Rows in bins of the probability of the predicted class, as the posterior gives it, with one standard error. On the dashed line the probabilities are right. Mean probability ${percent(expected)}; ${percent(actual)} of the rows are right.`,
    alt,
    body,
  };
}

/** The log evidence of a network with weaker and stronger priors than the one that was found. */
export function evidenceFigure(net: Network, data: Dataset, { prior, noise, structure }: Posterior): Figure | null {
  if (structure !== "full") return null;
  const fixed = Number.isNaN(noise) ? {} : { noise };
  const all = STRENGTHS.map((strength) => {
    const scaled = prior.map((alpha) => alpha * strength);
    return { strength, evidence: laplace(net, data, { prior: scaled, groups: "tensors", ...fixed }).logEvidence };
  }).filter(({ evidence }) => Number.isFinite(evidence));
  const best = all.reduce((most, point) => (point.evidence > most.evidence ? point : most), all[0]);
  const points = all.filter(({ evidence }) => evidence > best.evidence - DEEPEST);
  if (points.length < 2) return null;
  const look = series(0);
  const [from, to] = [STRENGTHS[0], STRENGTHS[STRENGTHS.length - 1]];
  const alt = `Log evidence against the strength of the prior; the greatest is ${short(best.evidence)}, at ${short(best.strength)} times the strength found.`;
  const body = draw(alt, {
    marginLeft: 80,
    x: { label: "strength of the prior, as a multiple", type: "log", domain: [from, to], ...logTicks(from, to) },
    y: { label: "log evidence", grid: true, ticks: 5, nice: true },
    marks: [
      ruleX([1], { strokeDasharray: "4 3", strokeOpacity: 0.6 }),
      line(points, { x: "strength", y: "evidence", ...stroke(look), strokeWidth: 2 }),
      dot([best], { x: "strength", y: "evidence", r: 3.5, fill: look.color }),
    ],
  });
  const caption =
    "How probable the targets are under the network, its weights averaged over their posterior, for weaker and stronger priors of all weights. Dashed: the prior found. Where the top is flat, the data hardly decide the penalty.";
  return { id: "evidence", title: "Evidence", caption, alt, body };
}
