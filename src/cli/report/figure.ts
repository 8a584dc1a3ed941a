import { type MarkOptions, type PlotOptions, plot, type ScaleOptions } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { evenTicks, logTicks } from "./ticks.js";

/** A picture of a report, with what is said about it. */
export interface Figure {
  /** For links and tests. */
  readonly id: string;
  readonly title: string;
  /** Below it: what is to be seen, and how it was made. */
  readonly caption: string;
  /** For those who cannot see it: what it shows. */
  readonly alt: string;
  /** SVG. */
  readonly body: string;
  /** What the colours and dashes stand for. */
  readonly legend?: readonly LegendEntry[];
  /** A strip of colours from −1 to 1, with what these stand for. */
  readonly scale?: { readonly from: string; readonly middle: string; readonly to: string };
}

export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly dash?: string;
}

/** Pixels of a figure where it is as wide as it gets on a telephone; it is scaled from there. */
export const WIDTH = 420;
export const HEIGHT = 270;

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** Draws a plot: SVG whose colours come from the page, so that it follows light, dark and print. */
export function draw(alt: string, options: PlotOptions): string {
  const svg = plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 62,
    marginBottom: 40,
    marginTop: 26,
    marginRight: 18,
    ...options,
  });
  svg.querySelector("style")?.remove();
  // Names of parts, which have no place within an image.
  for (const part of Array.from(svg.querySelectorAll("[aria-label], [aria-description]"))) {
    part.removeAttribute("aria-label");
    part.removeAttribute("aria-description");
  }
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", alt);
  return shortened(svg.outerHTML);
}

/** Hundredths of a pixel are enough. Text is left alone. */
function shortened(svg: string): string {
  return svg.replaceAll(/ (?:d|x|y|x1|x2|y1|y2|cx|cy|r|width|height|transform|points)="[^"]*"/g, (attribute) =>
    attribute.replaceAll(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(2)))),
  );
}

/** Colours of series, told apart by most kinds of sight (Okabe and Ito), and dashes beside them. */
export function series(index: number): { color: string; dash: string } {
  const dashes = ["", "7 3", "2 3", "9 3 2 3"];
  const dash = index < 4 ? dashes[index] : dashes[Math.floor(index / 8 + index) % 4];
  return { color: `var(--series-${(index % 8) + 1})`, dash };
}

/** Options of a line that is drawn as the legend has it. */
export function stroke({ color, dash }: { color: string; dash: string }): MarkOptions & Record<string, unknown> {
  return { stroke: color, ...(dash ? { strokeDasharray: dash } : {}) };
}

/**
 * Whether values are better shown by their logarithms: all positive, over more than an order of
 * magnitude.
 */
export function spansDecades(values: readonly number[]): boolean {
  if (!values.every((value) => value > 0 && Number.isFinite(value)) || values.length === 0) return false;
  return greatest(values) > 8 * least(values);
}

export function least(values: Iterable<number>): number {
  let found = Infinity;
  for (const value of values) found = Math.min(found, value);
  return found;
}

export function greatest(values: Iterable<number>): number {
  let found = -Infinity;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** A vertical axis for some values with a grid: logarithmic, or even and beginning at 0. */
export function axis(label: string, values: readonly number[], logarithmic: boolean): ScaleOptions {
  const [low, high] = [least(values), greatest(values)];
  if (!logarithmic) {
    const domain = [Math.min(0, low), Math.max(high, low + Number.MIN_VALUE, 0)];
    return { label, grid: true, domain, ...evenTicks(domain[0], domain[1]) };
  }
  const domain = high > low ? [low / 1.15, high * 1.15] : [low / 2, high * 2];
  return { label, type: "log", grid: true, domain, ...logTicks(domain[0], domain[1]) };
}
