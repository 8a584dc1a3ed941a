import type { LayerPlaces } from "../model/layout.ts";
import { type Frame, OUTPUT_MAP, type Scenery, UNIT_MAP } from "../model/protocol.ts";
import { classColour, type Palette, signColour } from "./palette.ts";
import { prepared, Raster } from "./raster.ts";

/** Where everything of the drawn network lies, in CSS pixels. */
export interface Plan {
  readonly width: number;
  readonly height: number;
  readonly node: number;
  /** Middles of the nodes: inputs, hidden layers, outputs. */
  readonly columns: readonly { readonly x: number; readonly ys: readonly number[] }[];
}

/** A link or a bias: the parameter's index, and what it joins. */
export interface Part {
  readonly kind: "weight" | "bias";
  readonly index: number;
  readonly layer: number;
  readonly unit: number;
  readonly input: number;
}

/** Between the middles of two columns, so that the controls above them have room. */
const LEAST_COLUMN = 84;
const SMALL_NODE = 30;

/** Fills the width that is there; wider than that only where columns would come too close. */
export function planOf(space: number, counts: readonly number[]): Plan {
  const width = Math.max(space, (counts.length - 1) * LEAST_COLUMN + SMALL_NODE + 20);
  const most = Math.max(...counts);
  const node = width < 560 || most > 10 ? SMALL_NODE : width > 1300 ? 60 : width > 900 ? 48 : 38;
  const gap = node + (most > 10 ? 8 : width > 1300 ? 22 : 14);
  const height = most * gap + 10;
  const first = node / 2 + 10;
  const last = width - node / 2 - 10;
  const columns = counts.map((count, column) => ({
    x: counts.length === 1 ? width / 2 : first + ((last - first) * column) / (counts.length - 1),
    ys: Array.from({ length: count }, (_, i) => height / 2 + (i - (count - 1) / 2) * gap),
  }));
  return { width, height, node, columns };
}

const raster = new Raster(UNIT_MAP);
const outputRaster = new Raster(OUTPUT_MAP);

export interface NetworkLook {
  readonly plan: Plan;
  readonly places: readonly LayerPlaces[];
  readonly inputMaps: readonly Float32Array[];
  readonly inputNames: readonly string[];
  readonly frame: Frame;
  readonly scenery: Scenery;
  readonly palette: Palette;
  readonly hovered: Part | null;
  /** How far the dots on the links have come, in pixels; null where nothing trains. */
  readonly flow: number | null;
  readonly selected: { readonly layer: number; readonly unit: number } | null;
}

export function drawNetwork(canvas: HTMLCanvasElement, look: NetworkLook): void {
  const { plan } = look;
  const context = prepared(canvas, plan.width, plan.height);
  drawLinks(context, look);
  drawNodes(context, look);
}

function drawLinks(context: CanvasRenderingContext2D, look: NetworkLook): void {
  const { plan, places, frame, palette, hovered } = look;
  const { parameters } = frame;
  places.forEach(({ inputs, units, weight }, layer) => {
    const dead = new Set(frame.dead[layer] ?? []);
    for (let unit = 0; unit < units; ++unit) {
      for (let input = 0; input < inputs; ++input) {
        const index = weight + unit * inputs + input;
        const value = parameters[index];
        const strong = hovered?.kind === "weight" && hovered.index === index;
        context.lineWidth = strong ? 5 : Math.min(7, 0.6 + 2.2 * Math.abs(value));
        context.strokeStyle = signColour(value, palette, strong ? 1 : Math.min(0.95, 0.16 + 0.55 * Math.abs(value)));
        context.setLineDash(dead.has(unit) ? [3, 5] : []);
        context.beginPath();
        curve(context, plan, layer, input, unit);
        context.stroke();
      }
    }
  });
  context.setLineDash([]);
  if (look.flow !== null) drawFlow(context, look, look.flow);
}

/** Of a network of more links no dots are drawn: they would take longer than a picture has. */
const MOST_FLOWING = 400;
/** From this weight on a link has dots. */
const FLOWING = 0.15;

/** Dots that run along the links of units that live, from the inputs on. */
function drawFlow(
  context: CanvasRenderingContext2D,
  { plan, places, frame, palette }: NetworkLook,
  flow: number,
): void {
  const { parameters } = frame;
  if (parameters.length > MOST_FLOWING) return;
  context.beginPath();
  places.forEach(({ inputs, units, weight }, layer) => {
    for (let unit = 0; unit < units; ++unit) {
      if (frame.dead[layer]?.includes(unit)) continue;
      for (let input = 0; input < inputs; ++input)
        if (Math.abs(parameters[weight + unit * inputs + input]) >= FLOWING) curve(context, plan, layer, input, unit);
    }
  });
  // One path and one stroke for all: it costs little beside the links themselves.
  context.lineWidth = 2;
  context.lineCap = "round";
  context.strokeStyle = palette.paper;
  context.setLineDash([1, 19]);
  context.lineDashOffset = -(flow % 20);
  context.stroke();
  context.setLineDash([]);
  context.lineDashOffset = 0;
  context.lineCap = "butt";
}

function curve(context: CanvasRenderingContext2D, plan: Plan, layer: number, input: number, unit: number): void {
  const [x0, y0, x1, y1] = ends(plan, layer, input, unit);
  const bend = (x1 - x0) / 2;
  context.moveTo(x0, y0);
  context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
}

function ends({ columns, node }: Plan, layer: number, input: number, unit: number): [number, number, number, number] {
  const from = columns[layer];
  const to = columns[layer + 1];
  return [from.x + node / 2, from.ys[input], to.x - node / 2, to.ys[unit]];
}

function drawNodes(context: CanvasRenderingContext2D, look: NetworkLook): void {
  const { plan, frame, inputMaps, inputNames, palette, selected, scenery } = look;
  const { columns, node } = plan;
  context.imageSmoothingEnabled = true;
  columns.forEach(({ x, ys }, column) => {
    const layer = column - 1;
    const dead = new Set(frame.dead[layer] ?? []);
    ys.forEach((y, unit) => {
      const left = x - node / 2;
      const top = y - node / 2;
      context.save();
      context.beginPath();
      context.roundRect(left, top, node, node, 5);
      context.clip();
      fillNode(context, look, column, unit, left, top);
      if (dead.has(unit)) strikeOut(context, left, top, node, palette);
      context.restore();
      const chosen = selected?.layer === layer && selected.unit === unit;
      context.lineWidth = chosen ? 3 : 1.5;
      context.strokeStyle = dead.has(unit) ? palette.warning : chosen ? palette.ink : palette.faint;
      context.beginPath();
      context.roundRect(left, top, node, node, 5);
      context.stroke();
      if (layer >= 0) drawBias(context, look, layer, unit, left, top);
      else drawName(context, look, inputNames[unit] ?? "", left, top);
    });
  });

  function fillNode(
    to: CanvasRenderingContext2D,
    now: NetworkLook,
    column: number,
    unit: number,
    left: number,
    top: number,
  ): void {
    const map = column === 0 ? inputMaps[unit] : now.frame.unitMaps?.[column - 1]?.[unit];
    const ofClass = column === columns.length - 1 ? now.frame.classMaps?.[unit] : undefined;
    if (map) to.drawImage(raster.diverging(map, palette).canvas, left, top, node, node);
    else if (ofClass) to.drawImage(raster.probability(ofClass, palette).canvas, left, top, node, node);
    else if (column === columns.length - 1 && scenery.outputs === 1 && frame.outputMap) {
      to.drawImage(outputRaster.diverging(frame.outputMap, palette).canvas, left, top, node, node);
    } else {
      to.fillStyle = column === columns.length - 1 ? classColour(unit, scenery.classes.length, palette) : palette.faint;
      to.fillRect(left, top, node, node);
    }
  }
}

function strikeOut(context: CanvasRenderingContext2D, left: number, top: number, node: number, palette: Palette): void {
  context.fillStyle = palette.dark ? "rgba(20,26,34,.72)" : "rgba(255,255,255,.72)";
  context.fillRect(left, top, node, node);
  context.strokeStyle = palette.warning;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(left + 7, top + 7);
  context.lineTo(left + node - 7, top + node - 7);
  context.moveTo(left + node - 7, top + 7);
  context.lineTo(left + 7, top + node - 7);
  context.stroke();
}

/** An input's name at the foot of its tile, as much of it as there is room for. */
function drawName(
  context: CanvasRenderingContext2D,
  { plan: { node }, palette }: NetworkLook,
  name: string,
  left: number,
  top: number,
): void {
  context.font = "bold 11px system-ui, sans-serif";
  const room = node + 24;
  let text = name;
  while (text.length > 1 && context.measureText(text).width > room) text = `${text.replace(/…$/, "").slice(0, -1)}…`;
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = palette.paper;
  context.strokeText(text, left + 2, top + node - 3);
  context.fillStyle = palette.ink;
  context.fillText(text, left + 2, top + node - 3);
}

const BIAS = 8;
/** How far a bias sticks out of its unit, where the pointer finds it beside the unit's button. */
const OUTSIDE = 6;

function drawBias(
  context: CanvasRenderingContext2D,
  { places, frame, palette, hovered, plan }: NetworkLook,
  layer: number,
  unit: number,
  left: number,
  top: number,
): void {
  const index = places[layer].bias + unit;
  const value = frame.parameters[index];
  const strong = hovered?.kind === "bias" && hovered.index === index;
  const size = strong ? BIAS + 4 : BIAS;
  context.fillStyle = palette.paper;
  context.fillRect(left - OUTSIDE, top + plan.node - BIAS + 2, size, size);
  context.fillStyle = signColour(value, palette, Math.min(1, 0.15 + Math.abs(value)));
  context.fillRect(left - OUTSIDE, top + plan.node - BIAS + 2, size, size);
  context.strokeStyle = palette.ink;
  context.lineWidth = strong ? 1.5 : 0.6;
  context.strokeRect(left - OUTSIDE, top + plan.node - BIAS + 2, size, size);
}

/** What lies under the pointer: the nearest link within a few pixels, or a bias. */
export function partAt({ plan, places }: Pick<NetworkLook, "plan" | "places">, x: number, y: number): Part | null {
  const { columns, node } = plan;
  for (let layer = 0; layer < places.length; ++layer) {
    const { x: middle, ys } = columns[layer + 1];
    const unit = ys.findIndex(
      (at) => Math.abs(x - (middle - node / 2 + BIAS / 2 - OUTSIDE)) < 9 && Math.abs(y - (at + node / 2 - 2)) < 9,
    );
    if (unit >= 0) return { kind: "bias", index: places[layer].bias + unit, layer, unit, input: -1 };
  }
  let best: Part | null = null;
  let nearest = 7;
  places.forEach(({ inputs, units, weight }, layer) => {
    for (let unit = 0; unit < units; ++unit) {
      for (let input = 0; input < inputs; ++input) {
        const [x0, y0, x1, y1] = ends(plan, layer, input, unit);
        if (x < x0 || x > x1) continue;
        const t = parameterAt(x, x0, x1);
        const away = Math.abs(y - (y0 + (y1 - y0) * (3 * t * t - 2 * t * t * t)));
        if (away < nearest) {
          nearest = away;
          best = { kind: "weight", index: weight + unit * inputs + input, layer, unit, input };
        }
      }
    }
  });
  return best;
}

/**
 * The curve's parameter at an abscissa: x(t) = x₀ + (x₁ − x₀)·(3t/2 − 3t²/2 + t³) rises, so halving
 * finds it.
 */
function parameterAt(x: number, x0: number, x1: number): number {
  const share = (x - x0) / (x1 - x0);
  let low = 0;
  let high = 1;
  for (let i = 0; i < 12; ++i) {
    const t = (low + high) / 2;
    if (1.5 * t * (1 - t) + t * t * t < share) low = t;
    else high = t;
  }
  return (low + high) / 2;
}
