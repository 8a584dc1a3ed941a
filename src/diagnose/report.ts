import { figure, percent } from "./advice/table.js";
import type { Diagnosis, LayerDiagnosis, PointDiagnosis } from "./diagnosis.js";

/** Columns that text is broken at. */
const WIDTH = 100;

/** A diagnosis for a terminal. */
export function render(diagnosis: Omit<Diagnosis, "toString">): string {
  const { parameters, samples, dtype, loss, gradientNorm, advice, layers, point, curvature, curvatureReason } =
    diagnosis;
  const lines = [
    `${parameters} parameters, ${samples} samples, ${dtype}: loss ${figure(loss)}, ‖gradient‖ ${figure(gradientNorm)}`,
    "",
    ...table(layers),
    "",
    ...scoreLines(diagnosis),
    ...(point ? pointLines(point) : []),
    ...wrapped(`Curvature: ${curvatureReason}${curvature === "dense" ? "" : hint(curvature)}`, ""),
    "",
  ];
  if (advice.length === 0) lines.push("Nothing to advise.");
  for (const { code, message, remedy, source } of advice) {
    lines.push(
      ...wrapped(`${code}: ${message}`, "  "),
      ...wrapped(`  Remedy: ${remedy}`, "    "),
      ...wrapped(`  Source: ${source}`, "    "),
    );
  }
  return lines.join("\n");
}

function scoreLines({ score, validation }: Omit<Diagnosis, "toString">): string[] {
  const values = score.kind === "values";
  const name = values ? "R²" : "accuracy";
  const said = (of: number): string => (values ? figure(of) : percent(of));
  const beside = values ? "0 for the mean alone" : `${percent(score.baselineScore)} for the majority alone`;
  const held = validation ? `; on the validation data ${said(validation.score)}` : "";
  return [`Fit: ${name} ${said(score.score)} (${beside})${held}`];
}

function hint(curvature: string): string {
  return curvature === "none" ? "; the kind of point is unknown" : "; counts of eigenvalues are lower bounds";
}

function table(layers: readonly LayerDiagnosis[]): string[] {
  const rows = layers.map((layer) => [
    String(layer.layer + 1),
    `${layer.type}${layer.batchNorm ? " + bn" : ""}`,
    String(layer.units),
    layer.deadUnits.length > 0 ? String(layer.deadUnits.length) : "-",
    percent(layer.active),
    percent(layer.sparsity),
    layer.saturated === null ? "-" : percent(layer.saturated),
    figure(layer.activation.deviation),
    figure(layer.gradientNorm),
    figure(layer.signal),
  ]);
  const head = [
    "layer",
    "activation",
    "units",
    "dead",
    "active",
    "zeros",
    "saturated",
    "deviation",
    "‖∂L/∂θ‖",
    "‖∂L/∂a‖",
  ];
  const widths = head.map((title, j) => Math.max(title.length, ...rows.map((row) => row[j].length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, j) => (j === 1 ? cell.padEnd(widths[j]) : cell.padStart(widths[j])))
      .join("  ")
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

function pointLines({ kind, reason, smallest, largest, zeroModes, inertia }: PointDiagnosis): string[] {
  const counts = inertia ? ` (${inertia.positive} positive, ${inertia.negative} negative, ${inertia.zero} zero)` : "";
  const families = zeroModes.families
    .filter(({ verified }) => verified > 0)
    .map(({ family, verified }) => `${family} ${verified}`)
    .join(", ");
  return [
    ...wrapped(`Point: ${kind}; ${reason}`, "  "),
    `  eigenvalues from ${figure(smallest)} to ${figure(largest)}${counts}`,
    ...(families ? wrapped(`  zero modes explained: ${zeroModes.explained} (${families})`, "    ") : []),
  ];
}

function wrapped(text: string, indent: string): string[] {
  const [start] = /^ */.exec(text) as RegExpExecArray;
  const lines: string[] = [];
  let line = start;
  for (const word of text.trim().split(" ")) {
    if (line.trim() !== "" && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
