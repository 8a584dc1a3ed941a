import { line, rectY, ruleX, tickX } from "@observablehq/plot";
import { count, short } from "../../output/format.js";
import type { Along } from "../../study/along.js";
import { draw, type Figure, greatest, HEIGHT, least, series, stroke } from "../figure.js";
import { evenTicks } from "../ticks.js";

/** Up to so many kinks are marked one by one. */
const MOST_TICKS = 150;
const BINS = 48;
/** Share of the height for the kinks. */
const STRIP = 0.16;

/** The loss along a line, its quadratic model, and the kinks that are crossed. */
export function alongFigure(
  along: Along,
  about: { id: string; title: string; direction: string; rows: string; total: number },
): Figure {
  const { points, crossings, curvature, slope, exact } = along;
  const losses = points.map(({ loss }) => loss);
  const [low, high] = [least(losses), greatest(losses)];
  const room = high - low || Math.abs(high) || 1;
  // As much of the model as is near, and the strip of kinks below.
  const floor = Math.max(least(points.map((point) => point.model)), low - 0.4 * room);
  const shown = high + 0.05 * room - Math.min(low, floor);
  const domain = [Math.min(low, floor) - (STRIP + 0.06) * shown, high + 0.05 * room];
  const [loss, model] = [series(1), series(0)];
  const visible = (model: number): boolean => model <= domain[1] && model >= domain[0] + STRIP * shown;
  const inside = points.map(({ t, model }) => ({ t, model: visible(model) ? model : Number.NaN }));
  const [from, to] = [points[0].t, points[points.length - 1].t];
  const marked = exact ? "" : ", located between 65 points";
  const alt = `Loss along ${about.direction}, from ${short(low)} to ${short(high)}, with ${count(crossings.length)} kinks.`;
  const body = draw(alt, {
    height: HEIGHT,
    marginLeft: 60,
    x: { label: "t", domain: [from, to], ...evenTicks(from, to, 5) },
    y: { label: "loss", grid: true, domain, ...evenTicks(domain[0] + STRIP * shown, domain[1]) },
    marks: [
      ...kinkMarks(along, domain[0], shown),
      ruleX([0], { strokeDasharray: "4 3", strokeOpacity: 0.6 }),
      line(inside, { x: "t", y: "model", ...stroke(model), strokeWidth: 2, strokeDasharray: "7 3" }),
      line(points, { x: "t", y: "loss", ...stroke(loss), strokeDasharray: "none", strokeWidth: 2.2 }),
    ],
  });
  const kinks =
    crossings.length === 0
      ? "No kink is crossed."
      : `Grey, at the bottom: the ${count(crossings.length)} kinks${marked}, where a unit switches for a row${along.rows < about.total ? ` (of the first ${count(along.rows)} rows)` : ""}${crossings.length > MOST_TICKS ? `, by ${BINS} intervals` : ""}.`;
  return {
    id: about.id,
    title: about.title,
    caption: `Parameters θ + t·d, d being ${about.direction}; slope ${short(slope)}, curvature ${short(curvature)} at t = 0; over ${about.rows}. ${kinks}`,
    alt,
    body,
    legend: [
      { name: "loss", color: loss.color },
      { name: "quadratic model", color: model.color, dash: "7 3" },
      ...(crossings.length > 0 ? [{ name: "kinks", color: "var(--series-8)" }] : []),
    ],
  };
}

function kinkMarks({ points, crossings }: Along, bottom: number, shown: number): ReturnType<typeof line>[] {
  const top = STRIP * shown;
  if (crossings.length === 0) return [];
  if (crossings.length <= MOST_TICKS) {
    const insetTop = Math.round((HEIGHT - 66) * (1 - STRIP * 0.75));
    return [tickX(crossings, { x: (t: number) => t, stroke: "var(--series-8)", insetTop })];
  }
  const [from, to] = [points[0].t, points[points.length - 1].t];
  const width = (to - from) / BINS;
  const bins = Array.from({ length: BINS }, (_, i) => ({
    x1: from + i * width,
    x2: from + (i + 1) * width,
    number: 0,
  }));
  for (const t of crossings) ++bins[Math.max(0, Math.min(BINS - 1, Math.floor((t - from) / width)))].number;
  const most = greatest(bins.map(({ number }) => number));
  return [
    rectY(bins, {
      x1: "x1",
      x2: "x2",
      y1: bottom,
      y2: ({ number }: (typeof bins)[number]) => bottom + (top * number) / most,
      fill: "var(--series-8)",
      insetLeft: 0.5,
    }),
  ];
}
