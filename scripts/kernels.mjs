// What assembly/kernels.ts lists, as exports for both element types (build/kernels.ts, which the
// core is compiled from) and as types (src/wasm/generated/kernels.ts).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const LIST = "assembly/kernels.ts";
const DTYPES = ["f32", "f64"];

/** @returns the path of the exports, an entry for the compiler. */
export function writeKernels() {
  const modules = Array.from(readFileSync(LIST, "utf8").matchAll(/^export \{([^}]*)\} from "([^"]+)";/gm), (found) => {
    const path = join(dirname(LIST), `${found[2]}.ts`);
    const names = found[1].match(/\w+/g);
    return { path, kernels: names.map((name) => signature(path, name)) };
  });
  const entry = "build/kernels.ts";
  write(entry, exportsOf(modules));
  write("src/wasm/generated/kernels.ts", typesOf(modules.flatMap(({ kernels }) => kernels)));
  return entry;
}

/** Of the generic function of that name: its comment, parameters without a default, and result. */
function signature(path, name) {
  const source = readFileSync(path, "utf8");
  const found = new RegExp(
    `((?:/\\*\\*(?:(?!\\*/)[^])*\\*/\n)?)export function ${name}<T>\\(([^)]*)\\): (\\w+) \\{`,
  ).exec(source);
  if (!found) throw new Error(`${LIST}: ${path} has no function ${name}<T>`);
  const parameters = Array.from(found[2].matchAll(/(\w+): (\w+)( = )?/g)).filter(([, , , optional]) => !optional);
  return { name, comment: found[1], parameters: parameters.map(([, as, type]) => ({ as, type })), result: found[3] };
}

function exportsOf(modules) {
  const imports = modules.map(({ path, kernels }) => {
    const names = kernels.map(({ name }) => name).join(", ");
    return `import { ${names} } from "../${path.slice(0, -3)}";\n`;
  });
  const kernels = modules.flatMap((module) => module.kernels);
  return imports.join("") + kernels.flatMap((kernel) => DTYPES.map((dtype) => exported(kernel, dtype))).join("");
}

function exported({ name, parameters, result }, dtype) {
  const taken = parameters.map(({ as, type }) => `${as}: ${type}`).join(", ");
  const given = parameters.map(({ as }) => as).join(", ");
  const call = `${name}<${dtype}>(${given});`;
  return `\nexport function ${name}_${dtype}(${taken}): ${result} {\n  ${result === "void" ? "" : "return "}${call}\n}\n`;
}

function typesOf(kernels) {
  const methods = kernels.map(({ name, comment, parameters, result }) => {
    const taken = parameters.map(({ as, type }) => `${as}: ${type === "usize" ? "Pointer" : "number"}`).join(", ");
    const lines = `${comment}${name}(${taken}): ${result === "void" ? "void" : "number"};`.split("\n");
    return lines.map((line) => `  ${line}\n`).join("");
  });
  return `/** Written by scripts/kernels.mjs, from ${LIST}. */

/** A byte address in an instance's memory. */
export type Pointer = number;

/** The kernels of one element type. Counts, strides and leading dimensions are elements. */
export interface Kernels {
${methods.join("\n")}}
`;
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
