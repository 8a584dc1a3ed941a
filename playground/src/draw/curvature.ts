import { contour } from "../model/contour.ts";
import { short } from "../model/format.ts";
import type { HessianPicture, SharedSurface, Surface } from "../model/protocol.ts";
import type { MatrixKind, Model } from "../model/view.ts";
import { css, type Palette } from "./palette.ts";
import { prepared, Raster } from "./raster.ts";
import { strokeSegments } from "./strokes.ts";

let raster: Raster | null = null;

/**
 * Entries by sign and size, logarithmic over four powers of ten, with the layers' blocks ruled off.
 */
export function drawMatrix(
  canvas: HTMLCanvasElement,
  side: number,
  picture: HessianPicture,
  kind: MatrixKind,
  palette: Palette,
): void {
  const context = prepared(canvas, side, side);
  const { matrices, size, blocks } = picture;
  if (!matrices) return;
  if (raster?.width !== size) raster = new Raster(size);
  const largest = largestOf(matrices);
  const small = largest * 1e-4;
  const whole = Math.log1p(1e4);
  const values = entries(matrices, kind).map((value) =>
    value === 0 ? 0 : (Math.sign(value) * Math.log1p(Math.abs(value) / small)) / whole,
  );
  context.imageSmoothingEnabled = size > side;
  context.drawImage(raster.diverging(values, palette).canvas, 0, 0, side, side);
  context.strokeStyle = palette.ink;
  context.globalAlpha = 0.45;
  context.lineWidth = 1;
  for (const { to } of blocks.slice(0, -1)) {
    const at = Math.round((to / size) * side) + 0.5;
    context.beginPath();
    context.moveTo(at, 0);
    context.lineTo(at, side);
    context.moveTo(0, at);
    context.lineTo(side, at);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** The largest entry of either matrix, so that all three pictures have one scale. */
export function largestOf({ exact, ggn }: NonNullable<HessianPicture["matrices"]>): number {
  let largest = 0;
  for (const value of exact) largest = Math.max(largest, Math.abs(value));
  for (const value of ggn) largest = Math.max(largest, Math.abs(value));
  return largest;
}

export function entries({ exact, ggn }: NonNullable<HessianPicture["matrices"]>, kind: MatrixKind): Float32Array {
  if (kind === "exact") return exact;
  if (kind === "ggn") return ggn;
  // What differs by the rounding of single precision is 0.
  return exact.map((value, i) => (Math.abs(value - ggn[i]) <= 1e-6 * Math.abs(value) ? 0 : value - ggn[i]));
}

/** A scale that is linear around 0 and logarithmic beyond, from −1 to 1. */
export function symlog(largest: number): (value: number) => number {
  const small = largest * 1e-5;
  const whole = Math.log1p(1e5);
  return (value) => (largest === 0 ? 0 : (Math.sign(value) * Math.log1p(Math.abs(value) / small)) / whole);
}

export function drawEigenvalues(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  values: Float64Array,
  palette: Palette,
): void {
  const context = prepared(canvas, width, height);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = symlog(largest);
  const middle = height / 2;
  const bar = width / values.length;
  values.forEach((value, index) => {
    const length = scale(value) * (middle - 3);
    context.fillStyle = css(value < 0 ? palette.negative : palette.positive);
    context.fillRect(
      index * bar,
      length > 0 ? middle - length : middle,
      Math.max(1, bar - 1),
      Math.max(1, Math.abs(length)),
    );
  });
  context.strokeStyle = palette.ink;
  context.globalAlpha = 0.5;
  context.beginPath();
  context.moveTo(0, middle);
  context.lineTo(width, middle);
  context.stroke();
  context.globalAlpha = 1;
}

/** Left and right of the columns, as wide as beside the chart below them. */
const GUTTER = { left: 46, right: 18 };

/** Every eigenvalue of every look, a column a look. */
export function drawSpectra(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  columns: readonly { readonly eigenvalues: Float64Array; readonly step: number }[],
  palette: Palette,
): void {
  const context = prepared(canvas, width, height);
  let largest = 0;
  for (const { eigenvalues } of columns) for (const value of eigenvalues) largest = Math.max(largest, Math.abs(value));
  const scale = symlog(largest);
  const middle = height / 2;
  const last = Math.max(1, columns.at(-1)?.step ?? 1);
  const first = columns[0]?.step ?? 0;
  const room = width - GUTTER.left - GUTTER.right;
  const dot = Math.max(1.5, Math.min(4, room / Math.max(1, columns.length)));
  for (const { eigenvalues, step } of columns) {
    const x = GUTTER.left + (last === first ? 0 : ((step - first) / (last - first)) * (room - dot));
    for (const value of eigenvalues) {
      const at = scale(value);
      context.fillStyle = css(value < 0 ? palette.negative : palette.positive, 0.55);
      context.fillRect(x, middle - at * (middle - 3) - 1, dot, 2);
    }
  }
  context.strokeStyle = palette.ink;
  context.globalAlpha = 0.4;
  context.beginPath();
  context.moveTo(GUTTER.left, middle);
  context.lineTo(width - GUTTER.right, middle);
  context.stroke();
  context.globalAlpha = 1;
  if (largest === 0) return;
  context.fillStyle = palette.ink;
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "right";
  for (const [text, y, baseline] of [
    [short(largest, 2), 2, "top"],
    ["0", middle, "middle"],
    [short(-largest, 2), height - 2, "bottom"],
  ] as const) {
    context.textBaseline = baseline;
    context.fillText(text, GUTTER.left - 7, y);
  }
}

let plane: Raster | null = null;
const LEVELS = 12;

/** The loss around the network, contours of a Taylor model over it, and the path that led here. */
export function drawSurface(
  canvas: HTMLCanvasElement,
  side: number,
  surface: Surface,
  model: Model,
  palette: Palette,
): void {
  const context = prepared(canvas, side, side);
  const { size, radius } = surface;
  const levels = drawLoss(context, side, surface, palette);
  if (model !== "none") {
    const values = Float64Array.from(surface.loss, (_, i) => modelAt(surface, model, i));
    context.lineWidth = 2;
    context.strokeStyle = "#ff8a1f";
    context.setLineDash([6, 4]);
    for (const level of levels) strokeSegments(context, contour(values, size, level), side / size);
    context.setLineDash([]);
  }
  drawPath(context, [...surface.path, [0, 0]], side, radius, "#ffffff");
}

/** The loss and two paths on it, each in its colour. */
export function drawShared(
  canvas: HTMLCanvasElement,
  side: number,
  surface: SharedSurface,
  colours: readonly string[],
  palette: Palette,
): void {
  const context = prepared(canvas, side, side);
  drawLoss(context, side, surface, palette);
  surface.paths.forEach((path, index) => {
    drawPath(context, path, side, surface.radius, colours[index], index === 1 ? [7, 4] : []);
  });
}

/** The loss in colours, with contours; gives back their levels. */
function drawLoss(
  context: CanvasRenderingContext2D,
  side: number,
  { size, loss }: Pick<Surface, "size" | "loss">,
  palette: Palette,
): number[] {
  if (plane?.width !== size) plane = new Raster(size);
  const finite = loss.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity);
  const high = finite.reduce((most, value) => Math.max(most, value), -Infinity);
  // The square root spreads the low ground.
  const height = (value: number): number => (high > low ? Math.sqrt(Math.max(0, (value - low) / (high - low))) : 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(
    plane.sequential(
      loss.map((value) => (Number.isFinite(value) ? height(value) : 1)),
      palette,
    ).canvas,
    0,
    0,
    side,
    side,
  );
  const levels = Array.from({ length: LEVELS }, (_, i) => low + ((i + 0.5) / LEVELS) ** 2 * (high - low));
  context.lineWidth = 1;
  context.strokeStyle = "rgba(255,255,255,.45)";
  for (const level of levels) strokeSegments(context, contour(loss, size, level), side / size);
  return levels;
}

/** Where training went, to where it is: a point, larger than the line. */
function drawPath(
  context: CanvasRenderingContext2D,
  path: readonly (readonly [number, number])[],
  side: number,
  radius: number,
  colour: string,
  dash: number[] = [],
): void {
  const places = path.map(([s, t]) => [((s / radius + 1) / 2) * side, ((1 - t / radius) / 2) * side] as const);
  for (const [width, stroke, pattern] of [
    [4, "rgba(0,0,0,.75)", []],
    [2, colour, dash],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = stroke;
    context.setLineDash([...pattern]);
    context.beginPath();
    for (const [x, y] of places) context.lineTo(x, y);
    context.stroke();
  }
  context.setLineDash([]);
  const [x, y] = places[places.length - 1];
  context.fillStyle = colour;
  context.strokeStyle = "rgba(0,0,0,.75)";
  context.beginPath();
  context.lineWidth = 2;
  context.arc(x, y, 6, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

/** The model at a point of the raster: value, slope and, but for the first order, curvature. */
function modelAt({ size, radius, value, slope, exact, ggn }: Surface, model: Model, i: number): number {
  const s = ((2 * (i % size)) / (size - 1) - 1) * radius;
  const t = (1 - (2 * Math.floor(i / size)) / (size - 1)) * radius;
  return along(value, slope, model === "first" ? [0, 0, 0] : model === "exact" ? exact : ggn, s, t);
}

export function along(
  value: number,
  slope: readonly [number, number],
  [a, b, c]: readonly [number, number, number],
  s: number,
  t: number,
): number {
  return value + slope[0] * s + slope[1] * t + 0.5 * (a * s * s + 2 * b * s * t + c * t * t);
}
