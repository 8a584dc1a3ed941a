import type { Command } from "commander";
import { toJavaScript, toOnnx } from "../../formats/index.js";
import type { Io } from "../io.js";
import { checkOutputs, loadModel, writeOutput } from "../model/file.js";
import { fileEnding } from "../options.js";
import { count } from "../output/format.js";
import { layOut } from "../output/summary.js";
import { add } from "./options.js";

const examples = `
Examples:
  hessia export iris.safetensors --output iris.mjs
  hessia export iris.safetensors --output iris.onnx

The module needs nothing: import { predict } from "./iris.mjs". ONNX holds the
network alone: its inputs are encoded and scaled as info --json says.`;

/** `hessia export`: a model for elsewhere. */
export function addExport(program: Command, io: Io): void {
  const command = program
    .command("export")
    .summary("write a model as a JavaScript module or as ONNX")
    .description(
      "Writes a model as one JavaScript module without dependencies, encoding and classes inside, or as ONNX.",
    );
  command.argument("<model>", "what hessia train --save wrote");
  const ending = fileEnding(".mjs", ".js", ".onnx");
  add(command, "--output <file>", "where to write: .mjs, .js or .onnx", ending);
  command.addHelpText("after", examples);
  command.action(async (path: string, { output = path.replace(/\.[^.]+$/, ".mjs") }: { output?: string }) => {
    const { net, record } = await loadModel(path);
    await checkOutputs([path], { "--output": output });
    const onnx = output.toLowerCase().endsWith(".onnx");
    const bytes = onnx ? toOnnx(net) : toJavaScript(net, record ? { columns: record.table } : {});
    await writeOutput(output, bytes);
    io.stdout.write(layOut([["written to", `${output}, ${count(Buffer.byteLength(bytes))} bytes`]]));
  });
}
