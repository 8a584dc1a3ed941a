import { percent } from "./advice.js";
import type { Diagnosis, LayerDiagnosis, PointDiagnosis } from "./diagnosis.js";

/** Columns that text is broken at. */
const WIDTH = 100;

/** A diagnosis for a terminal. */
export function render(diagnosis: Omit<Diagnosis, "toString">): string {
  const { parameters, samples, dtype, loss, gradientNorm, advice, layers, point, curvature, curvatureReason } =
    diagnosis;
  const lines = [
    `${parameters} parameters, ${samples} samples, ${dtype}: loss ${short(loss)}, ‖gradient‖ ${short(gradientNorm)}`,
    "",
    ...table(layers),
    "",
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

function hint(curvature: string): string {
  return curvature === "none" ? "; no word on the kind of point" : "; counts of eigenvalues are lower bounds";
}

function table(layers: readonly LayerDiagnosis[]): string[] {
  const rows = layers.map((layer) => [
    String(layer.layer),
    `${layer.type}${layer.batchNorm ? " + bn" : ""}`,
    String(layer.units),
    layer.deadUnits.length > 0 ? String(layer.deadUnits.length) : "-",
    percent(layer.active),
    percent(layer.sparsity),
    layer.saturated === null ? "-" : percent(layer.saturated),
    short(layer.activation.deviation),
    short(layer.gradientNorm),
    short(layer.signal),
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
    `  eigenvalues from ${short(smallest)} to ${short(largest)}${counts}`,
    ...(families ? wrapped(`  zero modes explained: ${zeroModes.explained} (${families})`, "    ") : []),
  ];
}

function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
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
