import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { badInput, failed } from "../errors.js";
import type { Io } from "../io.js";
import { suggestion } from "../nearest.js";
import { quote } from "../output/format.js";
import { packaged } from "../package.js";

/** The tables that the package holds. */
const samples = {
  iris: "150 flowers, four measurements, three species: a classification",
  diabetes: "442 patients, ten measurements, the disease a year later",
  digits: "1,797 handwritten digits of 8 × 8 pixels: ten classes",
} as const;

const list = Object.entries(samples)
  .map(([name, what]) => `  ${name.padEnd(9)} ${what}`)
  .join("\n");

const help = `
Samples:
${list}

Examples:
  hessia sample iris
  hessia sample digits --output pixels.csv`;

/** `hessia sample`: writes a table of the package into a file, to try the other commands on. */
export function addSample(program: Command, io: Io): void {
  const command = program
    .command("sample")
    .summary("write a sample table")
    .description("Writes a public table that comes with hessia into the current folder, as a CSV file.");
  command.argument("<name>", Object.keys(samples).join(", "));
  command.option("--output <file>", "where to (default: the name with .csv)");
  command.addHelpText("after", help);
  command.action((name: string, { output = `${name}.csv` }: { output?: string }) => {
    const names = Object.keys(samples);
    if (!names.includes(name)) badInput(`sample: expected a known name, got ${quote(name)}${suggestion(name, names)}`);
    write(output, readFileSync(packaged(`data/${name}.csv`)));
    io.stdout.write(`Wrote ${output}: ${samples[name as keyof typeof samples]}.\n`);
  });
}

/** A file that is there already stays as it is, unless it is the sample itself. */
function write(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes, { flag: "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") failed(`${path} could not be written: ${message}`);
    if (!readFileSync(path).equals(bytes)) {
      badInput(`sample: ${path} is there already and holds something else; name another file by --output`);
    }
  }
}
