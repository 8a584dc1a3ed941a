import { EXTENT, type Sample } from "../data/generators.ts";
import {
  type Frame,
  KINK_MAP,
  OUTPUT_MAP,
  type Scenery,
  STUDY_MAP,
  type Study,
  type Suspects,
  UNIT_MAP,
} from "../model/protocol.ts";
import type { View } from "../model/view.ts";
import { categories, classColour, css, type Palette } from "./palette.ts";
import { prepared, Raster } from "./raster.ts";
import { strokeSegments } from "./strokes.ts";

const output = new Raster(OUTPUT_MAP);
const unit = new Raster(UNIT_MAP);
const regions = new Raster(KINK_MAP);
const uncertainty = new Raster(STUDY_MAP);

export interface PlaneLook {
  readonly frame: Frame;
  readonly scenery: Scenery;
  readonly view: View;
  readonly palette: Palette;
  /** A unit's map to show instead of the output. */
  readonly unit: Float32Array | null;
  /** Whether it is one class's probability. */
  readonly probable?: boolean;
  /** What the curvature decided here, to show over it. */
  readonly study?: Study | null;
}

/** The plane: the network's output or a unit's, regions, kinks and data. */
export function drawPlane(canvas: HTMLCanvasElement, size: number, look: PlaneLook): void {
  const { frame, view, palette } = look;
  const context = prepared(canvas, size, size);
  context.imageSmoothingEnabled = !(view.overlay === "regions" && !look.unit);
  const background = backgroundOf(look);
  if (background) context.drawImage(background.canvas, 0, 0, size, size);
  if (view.kinkLines && frame.kinks) drawKinks(context, frame, size, palette);
  context.drawImage(samplesOf(size, look), 0, 0, size, size);
  if (look.study?.kind === "suspects") drawSuspects(context, look.study, size, look);
}

/** The samples drawn once: they stay where they are while the network learns. */
const drawn = { canvas: document.createElement("canvas"), mark: [] as readonly unknown[] };

function samplesOf(size: number, look: PlaneLook): HTMLCanvasElement {
  const { scenery, view, palette } = look;
  const mark = [scenery, palette, view.showTest, size, window.devicePixelRatio];
  if (mark.every((value, i) => value === drawn.mark[i])) return drawn.canvas;
  drawn.mark = mark;
  const context = prepared(drawn.canvas, size, size);
  if (view.showTest) drawSamples(context, scenery.test, size, look, true);
  drawSamples(context, scenery.train, size, look, false);
  return drawn.canvas;
}

function backgroundOf({ frame, scenery, view, palette, unit: map, probable, study }: PlaneLook): Raster | null {
  // Paler than the data on it.
  const look = { discretize: view.discretize, strength: 0.62 };
  if (map) return probable ? unit.probability(map, palette) : unit.diverging(map, palette, look);
  if (study?.kind === "uncertainty") return uncertainty.sequential(shares(study.deviation), palette);
  if (study?.kind === "along" && scenery.outputs === 1) return output.diverging(study.outputMap, palette, look);
  if (study?.kind === "along") return output.classes(study.outputMap, scenery.outputs, palette, view.discretize);
  if (view.overlay === "regions" && frame.regions) return regions.regions(frame.regions.of, palette);
  if (!frame.outputMap) return null;
  if (scenery.outputs > 1) return output.classes(frame.outputMap, scenery.outputs, palette, view.discretize);
  return output.diverging(frame.outputMap, palette, look);
}

/** Deviations as shares of the largest. */
function shares(deviation: Float32Array): Float32Array {
  const largest = deviation.reduce((most, value) => Math.max(most, value), 0);
  return largest > 0 ? deviation.map((value) => value / largest) : deviation;
}

/** How many suspects are ringed. */
export const RINGED = 10;

function drawSuspects(context: CanvasRenderingContext2D, { rows }: Suspects, size: number, look: PlaneLook): void {
  const radius = Math.max(6, size / 42);
  context.lineWidth = 2.5;
  context.font = `bold ${Math.round(radius * 1.4)}px system-ui, sans-serif`;
  rows.slice(0, RINGED).forEach(({ row }, index) => {
    const { x, y } = look.scenery.train[row];
    const px = ((x / EXTENT + 1) / 2) * size;
    const py = ((1 - y / EXTENT) / 2) * size;
    context.strokeStyle = look.palette.ink;
    context.beginPath();
    context.arc(px, py, radius, 0, 2 * Math.PI);
    context.stroke();
    context.fillStyle = look.palette.ink;
    context.fillText(String(index + 1), px + radius, py - radius);
  });
}

function drawKinks(context: CanvasRenderingContext2D, frame: Frame, size: number, palette: Palette): void {
  for (const { layer, lines } of frame.kinks ?? []) {
    context.lineWidth = Math.max(1.1, 2.4 - 0.4 * layer);
    context.strokeStyle = palette.dark ? "rgba(255,255,255,.75)" : "rgba(20,28,38,.7)";
    context.setLineDash(layer === 0 ? [] : layer === 1 ? [7, 4] : [2, 3]);
    for (const line of lines) strokeSegments(context, line, size / KINK_MAP);
  }
  context.setLineDash([]);
}

function drawSamples(
  context: CanvasRenderingContext2D,
  samples: readonly Sample[],
  size: number,
  { scenery, palette }: PlaneLook,
  test: boolean,
): void {
  const radius = Math.max(2.2, Math.min(4, size / 110)) * (samples.length > 800 ? 0.8 : 1);
  context.lineWidth = 1;
  for (const { x, y, label } of samples) {
    const px = ((x / EXTENT + 1) / 2) * size;
    const py = ((1 - y / EXTENT) / 2) * size;
    context.fillStyle = sampleColour(label, scenery, palette);
    context.strokeStyle = test ? palette.ink : scenery.problem === "regression" ? palette.faint : palette.paper;
    context.beginPath();
    // Test samples are diamonds, so that no colour is needed to tell them.
    if (test) diamond(context, px, py, radius * 1.15);
    else context.arc(px, py, radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}

function diamond(context: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  context.moveTo(x, y - r);
  context.lineTo(x + r, y);
  context.lineTo(x, y + r);
  context.lineTo(x - r, y);
  context.closePath();
}

function sampleColour(label: number, { problem, classes }: Scenery, palette: Palette): string {
  if (problem === "classification")
    return classes.length > 2 ? categories[label % categories.length] : classColour(label, 2, palette);
  const target = label < 0 ? palette.negative : palette.positive;
  const share = Math.min(1, Math.abs(label));
  return css(
    [0, 1, 2].map((i) => Math.round(palette.middle[i] + (target[i] - palette.middle[i]) * share)) as unknown as [
      number,
      number,
      number,
    ],
  );
}
