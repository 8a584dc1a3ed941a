import {
  activationStatistics,
  type Dataset,
  type DiagnoseOptions,
  type Diagnosis,
  diagnose,
  gradientFlow,
  type Network,
  type SpectrumOptions,
  spectrum,
} from "../../index.js";
import { count, duration, percent, short } from "../output/format.js";
import type { Steps } from "../output/progress.js";
import { inOptions } from "../output/remedies.js";
import { Surroundings } from "../study/along.js";
import { matrixPicture } from "../study/picture.js";
import { affordableRows, rowsText, type Sample, tooLong } from "../study/rows.js";
import type { Figure } from "./figure.js";
import { alongFigure } from "./figures/along.js";
import { matrixFigure } from "./figures/matrix.js";
import { spectrumFigures } from "./figures/spectrum.js";
import { gradientFlowFigure, sparsityFigure, unitGradientFigure } from "./figures/units.js";
import { escaped, type Section, table } from "./page.js";

/** Pieces of work that a look at a network's health and curvature has, for a progress bar. */
export const EXAMINATION_STEPS = 6;

/** A network looked at from all sides: advice first, then units, signals and curvature. */
export interface Examination {
  readonly diagnosis: Diagnosis;
  readonly sections: readonly Section[];
}

/** Everything that `diagnose` has to say, with figures. */
export async function examine(
  net: Network,
  data: Dataset,
  { seed, options = {}, steps }: { seed: number; options?: DiagnoseOptions; steps: Steps },
): Promise<Examination> {
  await steps.next("units and gradients");
  const statistics = activationStatistics(net, data);
  const flow = gradientFlow(net, data);
  await steps.next("advice");
  const diagnosis = inOptions(diagnose(net, data, { seed, ...options }));
  const health: Section = {
    id: "health",
    title: "Units and gradients",
    html: layerTable(diagnosis),
    figures: [sparsityFigure(statistics), gradientFlowFigure(flow), unitGradientFigure(flow)],
  };
  const sections = [adviceSection(diagnosis), health];
  // Where something is not finite, curvature has no meaning.
  if (flow.nonFinite === 0 && Number.isFinite(flow.loss)) {
    const sample = affordableRows(net, data, seed);
    const seconds = tooLong(net, sample);
    if (seconds === null) sections.push(await curvatureSection(net, sample, { seed, kinds: ["exact"], steps }));
    else sections.push(leftOut(seconds));
  }
  return { diagnosis, sections };
}

function leftOut(seconds: number): Section {
  const html = `<p>Left out, since it would take about ${duration(seconds)}; <code>hessia curvature --report</code> computes it.</p>`;
  return { id: "curvature", title: "Curvature", html };
}

/** What is asked of the curvature's figures. */
export interface CurvatureLook {
  readonly seed: number;
  readonly kinds: readonly ("exact" | "ggn")[];
  readonly options?: SpectrumOptions;
  readonly steps: Steps;
}

/** Spectra, matrices as pictures, and the loss along two directions. */
export async function curvatureSection(
  net: Network,
  sample: Sample,
  { seed, kinds, options = {}, steps }: CurvatureLook,
): Promise<Section> {
  const { data } = sample;
  const rows = rowsText(sample);
  const figures: Figure[] = [];
  for (const kind of kinds) {
    const exact = kind === "exact";
    const name = exact ? "Hessian" : "Gauss-Newton matrix";
    await steps.next(`${name}: picture`);
    const id = exact ? "hessian" : "ggn";
    figures.push(matrixFigure(net, matrixPicture(net, data, kind), { id, title: `The ${name}`, rows }));
    await steps.next(`${name}: spectrum`);
    figures.push(...spectrumFigures(spectrum(net, data, { seed, kind, ...options }), rows));
  }
  const surroundings = new Surroundings(net, data);
  await steps.next("loss along the gradient");
  const down = surroundings.downhill();
  if (down) {
    const about = {
      id: "along-gradient",
      title: "Loss along the gradient",
      direction: "the negative gradient",
      rows,
      total: data.size,
    };
    figures.push(alongFigure(down, about));
  }
  await steps.next("loss along the most negative direction");
  const lowest = surroundings.lowest(seed);
  if (lowest) {
    const { along, eigenvalue } = lowest;
    const negative = eigenvalue < 0;
    const direction = `the unit eigenvector of the smallest eigenvalue found, ${short(eigenvalue)}${negative ? "" : ", which is not negative"}`;
    const title = negative ? "Loss along the most negative direction" : "Loss along the flattest direction";
    figures.push(alongFigure(along, { id: "along-negative", title, direction, rows, total: data.size }));
  }
  return { id: "curvature", title: "Curvature", figures };
}

/** The advice in words. */
export function adviceSection({ advice, point, curvatureReason }: Diagnosis): Section {
  const kind = point
    ? `<p>The point is <strong>${escaped(point.kind)}</strong>: ${escaped(point.reason)}.</p>`
    : `<p>Curvature: ${escaped(curvatureReason)}; so the kind of point is unknown.</p>`;
  if (advice.length === 0) {
    return { id: "advice", title: "Advice", html: `<p class="well">Nothing to advise.</p>\n${kind}` };
  }
  const items = advice.map(({ code, message, remedy, source }) =>
    [
      `<li id="advice-${escaped(code)}"><strong>${escaped(code)}</strong>: ${escaped(message)}.`,
      `<br>What helps: ${escaped(remedy)}.`,
      `<br><span class="source">${escaped(source)}</span></li>`,
    ].join("\n"),
  );
  return {
    id: "advice",
    title: "Advice",
    html: `<ul class="advice">\n${items.join("\n")}\n</ul>\n<p>Layers, units, inputs and outputs are counted from 1.</p>\n${kind}`,
  };
}

function layerTable({ layers }: Diagnosis): string {
  const head = ["layer", "activation", "units", "dead", "active", "zeros", "saturated", "‖θ‖", "‖∂L/∂θ‖"];
  const rows = layers.map((layer) => [
    String(layer.layer + 1),
    `${layer.type}${layer.batchNorm ? " after batch norm" : ""}`,
    count(layer.units),
    count(layer.deadUnits.length),
    percent(layer.active),
    percent(layer.sparsity),
    layer.saturated === null ? "–" : percent(layer.saturated),
    short(layer.parameterNorm),
    short(layer.gradientNorm),
  ]);
  return table(head, rows);
}
