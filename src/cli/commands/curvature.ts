import type { Command } from "commander";
import { hessianCost, type Spectrum, spectrum } from "../../index.js";
import { badInput, failed, refusals } from "../errors.js";
import type { Io } from "../io.js";
import { dataFor, type ModelData, parts } from "../model/data.js";
import { checkOutputs, loadTableModel, type TableModel, writeOutput } from "../model/file.js";
import { fileEnding, oneOf, positiveInteger, wholeNumber } from "../options.js";
import { count, counted, duration, short } from "../output/format.js";
import { finiteJson } from "../output/json.js";
import { stepsOf } from "../output/progress.js";
import { type Line, layOut } from "../output/summary.js";
import { type CurvatureGiven, spectrumOptions } from "../study/curvature-given.js";
import { checkMatrixFile, matrixEndings, matrixFile, spectrumFile } from "../study/matrix-file.js";
import { addThreadsOption, flopsOfCurvature, shareWork } from "../threads.js";
import { add, addReportOption } from "./options.js";

const examples = `
Examples:
  hessia curvature iris.safetensors
  hessia curvature iris.safetensors --hessian H.npy --spectrum spectrum.csv
  hessia curvature iris.safetensors --curvature dense --report curvature.html
  hessia curvature iris.safetensors --kind ggn --spectrum spectrum.json --json

Files end in .npy (numpy.load reads them), .json or .csv.`;

/** `hessia curvature`: a model's Hessian, Gauss-Newton matrix and spectrum. */
export function addCurvature(program: Command, io: Io): void {
  const command = program
    .command("curvature")
    .summary("write a model's Hessian, Gauss-Newton matrix and spectrum")
    .description(
      "Computes the spectrum of the exact Hessian of a model's training objective, and\nwrites it and the matrices to files.",
    );
  const file = fileEnding(...matrixEndings);
  command.argument("<model>", "what hessia train --save wrote");
  command.argument("[file]", "CSV file (default: the one that the model was trained on)");
  add(command, "--part <rows>", `${parts.join(", ")} (default: training; all of another file)`, oneOf(parts));
  add(
    command,
    "--kind <kind>",
    "spectrum of the exact Hessian, or the ggn",
    oneOf(["exact", "ggn"] as const),
    "exact" as const,
  );
  add(command, "--curvature <how>", "lanczos or dense (default: by size)", oneOf(["lanczos", "dense"] as const));
  add(command, "--eigenvalues <number>", "that lanczos looks for (default: 10)", positiveInteger);
  add(command, "--seed <number>", "of random vectors", wholeNumber, 0);
  add(command, "--hessian <file>", "where to write the dense Hessian", file);
  add(command, "--ggn <file>", "where to write the generalised Gauss-Newton matrix", file);
  add(command, "--spectrum <file>", "where to write the eigenvalues, and the density (.json)", file);
  addThreadsOption(command);
  addReportOption(command);
  command.option("--quiet", "no progress").option("--json", "as JSON");
  command.addHelpText("after", examples);
  command.action((path: string, data: string | undefined, given: CurvatureGiven) => run(path, data, given, io));
}

async function run(path: string, file: string | undefined, given: CurvatureGiven, io: Io): Promise<void> {
  const model = await loadTableModel(path);
  const { net } = model;
  const { hessian, ggn, spectrum: spectrumPath, report } = given;
  checkMatrixFile("--hessian", hessian, net.parameterCount);
  checkMatrixFile("--ggn", ggn, net.parameterCount);
  if (given.eigenvalues === 1) badInput("--eigenvalues: expected at least 2, from both ends of the spectrum, got 1");
  await checkOutputs([path, file], {
    "--hessian": hessian,
    "--ggn": ggn,
    "--spectrum": spectrumPath,
    "--report": report,
  });
  const rows = await dataFor(model, file, given.part);
  await shareWork(given, net, flopsOfCurvature(net, rows.data));
  const steps = stepsOf([hessian, ggn, "spectrum"].filter((step) => step !== undefined).length, io, given.quiet);
  let found: Spectrum;
  try {
    await writeMatrix("exact", hessian, model, rows, steps.next);
    await writeMatrix("ggn", ggn, model, rows, steps.next);
    await steps.next("spectrum");
    found = refusals(() => spectrum(net, rows.data, spectrumOptions(given)));
  } finally {
    steps.end();
  }
  if (spectrumPath !== undefined) await writeOutput(spectrumPath, spectrumFile(spectrumPath, found));
  if (report !== undefined) {
    const { curvatureReport } = await import("../report/curvature.js");
    await curvatureReport(report, model, rows, given, io);
  }
  io.stdout.write(given.json ? jsonOf(model, rows, found) : textOf(model, rows, found, given));
  if (found.status === "non-finite") failed(`the spectrum could not be computed: ${found.reason}`);
}

async function writeMatrix(
  kind: "exact" | "ggn",
  path: string | undefined,
  { net }: TableModel,
  { data }: ModelData,
  next: (name: string) => Promise<void>,
): Promise<void> {
  if (path === undefined) return;
  await next(path);
  const H = refusals(() => net.hessian(data, { kind }));
  await writeOutput(path, matrixFile(path, H));
}

function textOf(model: TableModel, { data, part, path }: ModelData, found: Spectrum, given: CurvatureGiven): string {
  const { net } = model;
  const { bytes, seconds } = hessianCost(net, data.size);
  const { inertia, smallest, largest, values, mean, status, reason, curvatureReason } = found;
  const name = found.kind === "ggn" ? "Gauss-Newton matrix" : "Hessian";
  const lines: Line[] = [
    ["model", `${model.path}, ${counted(net.parameterCount, "parameter")}`],
    ["data", `${path}, ${counted(data.size, "row")} (${part})`],
    ["dense matrix", `${(bytes / 1e6).toPrecision(3)} MB, about ${duration(seconds)} to make`],
    ["spectrum", `of the ${name}: ${curvatureReason}`],
    ["eigenvalues", `from ${short(smallest)} to ${short(largest)}, mean ${short(mean)}`],
    [
      "counts",
      inertia
        ? `${count(inertia.positive)} positive, ${count(inertia.negative)} negative, ${count(inertia.zero)} zero`
        : `${count(values.length)} found at the ends, of ${count(found.size)}`,
    ],
    ["largest", listText(Array.from(values).reverse())],
    ["smallest", listText(values)],
  ];
  if (status !== "converged") lines.push(["note", reason]);
  for (const option of ["hessian", "ggn", "spectrum", "report"] as const) {
    const file = given[option];
    if (file !== undefined) lines.push([`${option} in`, file]);
  }
  return layOut(lines);
}

function listText(values: ArrayLike<number>): string {
  return Array.from(values).slice(0, 5).map(short).join(", ");
}

function jsonOf({ path, net }: TableModel, { data, part, path: file }: ModelData, found: Spectrum): string {
  const about = { command: "curvature", model: path, data: { path: file, part, rows: data.size } };
  return finiteJson({ ...about, cost: hessianCost(net, data.size), spectrum: found });
}
