import type { Command } from "commander";
import { toJavaScript, toOnnx } from "../../formats/index.js";
import type { ActivationName } from "../../index.js";
import type { Io } from "../io.js";
import { checkOutputs, loadModel, writeOutput } from "../model/file.js";
import { fileEnding } from "../options.js";
import { count } from "../output/format.js";
import { layOut } from "../output/summary.js";
import { add, addHiddenActivation, otherModels } from "./options.js";

const examples = `
Examples:
  hessia export iris.safetensors --output iris.mjs
  hessia export iris.safetensors --output iris.onnx

The module needs nothing: import { predict } from "./iris.mjs". ONNX holds the
network alone: its inputs are encoded and scaled as info --json says.

${otherModels}`;

interface Given {
  readonly output?: string;
  readonly activation?: ActivationName;
}

/** `hessia export`: a model for elsewhere. */
export function addExport(program: Command, io: Io): void {
  const command = program
    .command("export")
    .summary("write a model as a JavaScript module or as ONNX")
    .description(
      "Writes a model as one JavaScript module without dependencies, encoding and classes inside, or as ONNX.",
    );
  command.argument("<model>", "what hessia train --save wrote, or another program's model");
  const ending = fileEnding(".mjs", ".js", ".onnx");
  add(command, "--output <file>", "where to write: .mjs, .js or .onnx", ending);
  addHiddenActivation(command);
  command.addHelpText("after", examples);
  command.action(async (path: string, { output = path.replace(/\.[^.]+$/, ".mjs"), activation }: Given) => {
    const { net, record, labels } = await loadModel(path, { activation });
    await checkOutputs([path], { "--output": output });
    const onnx = output.toLowerCase().endsWith(".onnx");
    const moduleOptions = record ? { columns: record.table } : labels ? { classes: labels } : {};
    const bytes = onnx ? toOnnx(net) : toJavaScript(net, moduleOptions);
    await writeOutput(output, bytes);
    io.stdout.write(layOut([["written to", `${output}, ${count(Buffer.byteLength(bytes))} bytes`]]));
  });
}
