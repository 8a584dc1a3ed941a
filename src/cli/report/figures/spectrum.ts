import { areaY, dot, line, ruleX, tickX } from "@observablehq/plot";
import type { Spectrum } from "../../../index.js";
import { count, short } from "../../output/format.js";
import { axis, draw, type Figure, greatest, HEIGHT } from "../figure.js";
import { evenTicks, logTicks } from "../ticks.js";

/** The density is drawn down to this share of its peak. */
const FLOOR = 1e-6;
/** Eigenvalues so much smaller than the largest are rounding, or the tolerance of products. */
const NOISE = 1e-12;
const MOST_DOTS = 700;

/** How the eigenvalues are distributed, and how large they are one by one. */
export function spectrumFigures(found: Spectrum, rows: string): Figure[] {
  if (found.values.length === 0 || found.status === "non-finite") return [];
  return [densityFigure(found, rows), rankFigure(found)];
}

function nameOf({ kind }: Spectrum): string {
  return kind === "ggn" ? "Gauss-Newton matrix" : "Hessian";
}

function idOf(found: Spectrum, id: string): string {
  return found.kind === "ggn" ? `ggn-${id}` : id;
}

function methodText({ curvature, curvatureReason, products, reason, status }: Spectrum): string {
  const how =
    curvature === "dense"
      ? "All eigenvalues of the dense matrix"
      : `Lanczos's method: the ends and an estimate of the density from ${products} products`;
  const trouble = status === "converged" ? "" : ` ${reason}.`;
  return `${how} (${curvatureReason}).${trouble}`;
}

function densityFigure(found: Spectrum, rows: string): Figure {
  const { density, values, smallest, largest, size } = found;
  const peak = greatest(density.values);
  const points = Array.from(density.grid, (x, i) => ({ x, y: Math.max(density.values[i], peak * FLOOR) }));
  const alt = `Spectral density of the ${nameOf(found)}, eigenvalues from ${short(smallest)} to ${short(largest)}.`;
  const [from, to] = [density.grid[0], density.grid[density.grid.length - 1]];
  const ticks = Array.from(values, (x) => ({ x, color: x < 0 ? "var(--series-1)" : "var(--series-2)" }));
  const body = draw(alt, {
    height: HEIGHT,
    x: { label: "eigenvalue", domain: [from, to], ...evenTicks(from, to) },
    y: {
      label: "density",
      type: "log",
      domain: [peak * FLOOR, peak * 2],
      grid: true,
      ...logTicks(peak * FLOOR, peak * 2),
    },
    marks: [
      areaY(points, { x: "x", y1: peak * FLOOR, y2: "y", fill: "var(--series-2)", fillOpacity: 0.2 }),
      line(points, { x: "x", y: "y", stroke: "var(--series-2)", strokeWidth: 2 }),
      ruleX([0], { strokeDasharray: "4 3", strokeOpacity: 0.6 }),
      tickX(ticks, {
        x: "x",
        stroke: ({ color }: (typeof ticks)[number]) => color,
        insetTop: HEIGHT - 66 - 14,
        strokeWidth: 1,
      }),
    ],
    color: { type: "identity" },
  });
  return {
    id: idOf(found, "spectrum"),
    title: `Spectrum of the ${nameOf(found)}`,
    caption: `Density of the ${count(size)} eigenvalues over ${rows}, each smoothed by a Gaussian of deviation ${short(density.sigma)}; ticks at the bottom: eigenvalues found. ${methodText(found)}`,
    alt,
    body,
  };
}

function rankFigure(found: Spectrum): Figure {
  const { values, inertia, curvature } = found;
  const sorted = Array.from(values).sort((a, b) => b - a);
  const bound = NOISE * Math.max(Math.abs(found.smallest), Math.abs(found.largest));
  const all = sorted
    .map((value, i) => ({ rank: i + 1, value, size: Math.abs(value) }))
    .filter(({ size }) => size > bound);
  const every = Math.ceil(all.length / MOST_DOTS);
  const drawn = all.filter((_, i) => i % every === 0 || i === all.length - 1);
  const counts = inertia
    ? `${count(inertia.positive)} positive, ${count(inertia.negative)} negative, ${count(inertia.zero)} zero to rounding.`
    : `${sorted.filter((value) => value > 0).length} of those found are positive, ${sorted.filter((value) => value < 0).length} negative; the rest lies between them.`;
  const alt = `Sizes of the eigenvalues, largest first. ${counts}`;
  const positive = drawn.filter(({ value }) => value > 0);
  const negative = drawn.filter(({ value }) => value < 0);
  const body = draw(alt, {
    x: {
      label: curvature === "dense" ? "rank" : "rank among those found",
      ...evenTicks(1, Math.max(2, all.length), 5),
      inset: 6,
    },
    y: axis(
      "|eigenvalue|",
      drawn.map(({ size }) => size),
      true,
    ),
    marks: [
      dot(positive, { x: "rank", y: "size", r: 2.4, fill: "var(--series-2)" }),
      dot(negative, { x: "rank", y: "size", r: 3, symbol: "triangle", stroke: "var(--series-1)", strokeWidth: 1.4 }),
    ],
  });
  const thinned = every > 1 ? ` One in ${every} is drawn.` : "";
  const which = curvature === "dense" ? "All eigenvalues" : "The eigenvalues found at both ends";
  return {
    id: idOf(found, "eigenvalues"),
    title: `Eigenvalues of the ${nameOf(found)}, one by one`,
    caption: `${which}, largest first: dots are positive, triangles negative. ${counts}${thinned}`,
    alt,
    body,
  };
}
