import { dot, line, rect, text } from "@observablehq/plot";
import type { ActivationStatistics, GradientFlow } from "../../../index.js";
import { count, percent, short } from "../../output/format.js";
import { axis, draw, type Figure, series, stroke, WIDTH } from "../figure.js";

const COLUMNS = 32;
/** Units of a layer that are drawn. */
const MOST_UNITS = 512;
const CELL = 11;

interface Cell {
  readonly x: number;
  readonly y: number;
  /** In [0, 1]: how strong its colour is. */
  readonly strength: number;
  readonly crossed: boolean;
  readonly title: string;
}

interface Band {
  readonly name: string;
  readonly cells: readonly Omit<Cell, "x" | "y">[];
}

/** Which units are silent, and for how many rows. */
export function sparsityFigure({ layers, samples }: ActivationStatistics): Figure {
  const dead = layers.reduce((sum, layer) => sum + layer.dead.length, 0);
  const hidden = layers.length > 1 ? layers.slice(0, -1) : layers;
  const bands = hidden.map(
    (layer): Band => ({
      name: `${layerName(layer.layer, layers.length)}: ${layer.type}, ${percent(layer.sparsity)} zeros, ${layer.dead.length} dead`,
      cells: layer.units.map((unit, i) => ({
        strength: unit.sparsity,
        crossed: layer.dead.includes(i),
        title: `unit ${i + 1}: ${percent(unit.sparsity)} zeros${layer.dead.includes(i) ? ", dead" : ""}`,
      })),
    }),
  );
  const alt = `Units of each hidden layer by their share of zero activations; ${dead} dead. ${bands.map(({ name }) => name).join("; ")}.`;
  return {
    id: "sparsity",
    title: "Dead units and sparsity",
    caption: `A square a unit; the stronger its colour, the more of the ${count(samples)} rows give exactly 0. A cross: dead, 0 for all rows.${cut(bands)}`,
    alt,
    body: drawBands(alt, bands, "var(--series-1)", "var(--on-accent)"),
  };
}

/** Which units learn. */
export function unitGradientFigure(flow: GradientFlow): Figure {
  const norms = flow.layers.flatMap(({ units }) => units.map(({ weights, bias }) => Math.hypot(weights, bias)));
  const positive = norms.filter((norm) => norm > 0);
  const top = Math.log10(positive.reduce((most, norm) => Math.max(most, norm), Number.MIN_VALUE));
  const span = 4;
  const down =
    positive.length > 0
      ? `, by its logarithm over ${span} orders of magnitude down from ${short(10 ** top)}`
      : "; none is finite and more than 0";
  const bands = flow.layers.map(
    (layer): Band => ({
      name: `${layerName(layer.layer, flow.layers.length)}: ‖∂L/∂θ‖ ${short(layer.gradientNorm)}${layer.frozenUnits.length > 0 ? `, ${layer.frozenUnits.length} frozen` : ""}`,
      cells: layer.units.map(({ weights, bias }, i) => {
        const norm = Math.hypot(weights, bias);
        const strength = norm > 0 ? Math.max(0.04, 1 + (Math.log10(norm) - top) / span) : 0;
        return {
          strength,
          crossed: layer.frozenUnits.includes(i),
          title: `unit ${i + 1}: gradient norm ${short(norm)}`,
        };
      }),
    }),
  );
  const alt = `Units of each layer by the norm of their gradient. ${bands.map(({ name }) => name).join("; ")}.`;
  return {
    id: "unit-gradients",
    title: "Gradient of each unit",
    caption: `A square a unit; the stronger its colour, the larger the gradient of its weights${down}. A cross: exactly 0.${cut(bands)}`,
    alt,
    body: drawBands(alt, bands, "var(--series-3)", "currentColor"),
  };
}

/** How gradients change from layer to layer. */
export function gradientFlowFigure({ layers, growth, loss }: GradientFlow): Figure {
  const kinds = [
    { name: "‖∂L/∂θ‖, of the parameters", of: (layer: (typeof layers)[number]) => layer.gradientNorm },
    { name: "‖∂L/∂a‖, of the pre-activations", of: (layer: (typeof layers)[number]) => layer.signal },
  ].map((kind, i) => ({ ...kind, look: series(i) }));
  const points = kinds.flatMap(({ of, look }) =>
    layers.map((layer) => ({ layer: layer.layer + 1, norm: of(layer), look })).filter(({ norm }) => norm > 0),
  );
  const alt = `Gradient norms of ${layers.length} layers: ${layers.map(({ gradientNorm }) => short(gradientNorm)).join(", ")}. The signal is ${growth.verdict}.`;
  const rate = growth.rate === null ? "" : `, by a factor of ${short(growth.rate)} a layer on its way down`;
  const zeros = points.length < 2 * layers.length ? " Norms that are 0 are left out." : "";
  const body = (): string =>
    draw(alt, {
      x: {
        label: "layer",
        domain: layers.length > 1 ? [1, layers.length] : [0, 2],
        ticks: layers.map(({ layer }) => layer + 1),
        tickFormat: String,
        inset: 12,
      },
      y: axis(
        "norm",
        points.map(({ norm }) => norm),
        true,
      ),
      marks: kinds.flatMap(({ look }) => {
        const own = points.filter((point) => point.look === look);
        return [
          line(own, { x: "layer", y: "norm", ...stroke(look), strokeWidth: 2 }),
          dot(own, { x: "layer", y: "norm", fill: look.color, r: 4 }),
        ];
      }),
    });
  return {
    id: "gradient-flow",
    title: "Gradient flow",
    caption: `At a loss of ${short(loss)}. The signal is ${growth.verdict}${rate}.${zeros}`,
    alt,
    body: points.length > 0 ? body() : draw(alt, { marks: [text(["all gradients are 0"], { frameAnchor: "middle" })] }),
    legend: kinds.map(({ name, look }) => ({ name, ...look })),
  };
}

function layerName(layer: number, layers: number): string {
  return layer === layers - 1 ? `layer ${layer + 1} (output)` : `layer ${layer + 1}`;
}

function cut(bands: readonly Band[]): string {
  return bands.some(({ cells }) => cells.length > MOST_UNITS)
    ? ` The first ${MOST_UNITS} units of each layer are drawn.`
    : "";
}

function drawBands(alt: string, bands: readonly Band[], color: string, cross: string): string {
  const labels: { y: number; name: string }[] = [];
  const cells: Cell[] = [];
  let y = 0;
  for (const band of bands) {
    labels.push({ y: y + 0.8, name: band.name });
    y += 1.7;
    band.cells.slice(0, MOST_UNITS).forEach((unit, i) => {
      cells.push({ ...unit, x: i % COLUMNS, y: y + Math.floor(i / COLUMNS) });
    });
    y += Math.ceil(Math.min(band.cells.length, MOST_UNITS) / COLUMNS) + 0.6;
  }
  const margin = 8;
  const step = (WIDTH - 2 * margin) / COLUMNS;
  const corners = { x1: "x", x2: (d: Cell) => d.x + 1, y1: "y", y2: (d: Cell) => d.y + 1 };
  return draw(alt, {
    height: Math.ceil(y * step) + 2 * margin,
    ...{ marginLeft: margin, marginRight: margin, marginTop: margin, marginBottom: margin },
    x: { axis: null, domain: [0, COLUMNS] },
    y: { axis: null, domain: [y, 0] },
    opacity: { type: "identity" },
    marks: [
      rect(cells, {
        ...corners,
        inset: 0.75,
        stroke: "currentColor",
        strokeOpacity: 0.35,
        strokeWidth: 0.5,
        title: "title",
      }),
      rect(cells, { ...corners, inset: 0.75, fill: color, fillOpacity: "strength" }),
      dot(
        cells.filter(({ crossed }) => crossed),
        {
          x: (d: Cell) => d.x + 0.5,
          y: (d: Cell) => d.y + 0.5,
          symbol: "times",
          r: CELL / 3,
          stroke: cross,
          strokeWidth: 2.2,
        },
      ),
      text(labels, { x: 0, y: "y", text: "name", textAnchor: "start" }),
    ],
  });
}
