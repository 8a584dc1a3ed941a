// Oracle: binaryen's disassembly of the release binaries, and the interfaces in
// src/wasm/kernels.ts.
import { readFileSync } from "node:fs";
import binaryen from "binaryen";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const NOT_KERNELS = [
  "memory",
  "fused",
  "heapBase",
  "productScratchBytes",
  "hessianScratchBytes",
  "exp",
  "log",
  "cos",
  "pow",
];

const builds = (["strict", "relaxed"] as const).map((name) => {
  const bytes = readFileSync(`build/${name}.wasm`);
  const module = binaryen.readBinary(bytes);
  return { name, module, text: module.emitText() };
});

const strict = new WebAssembly.Module(readFileSync("build/strict.wasm"));

describe.each(builds)("$name", ({ name, module, text }) => {
  const exported = Array.from({ length: module.getNumExports() }, (_, i) =>
    binaryen.getExportInfo(module.getExportByIndex(i)),
  );

  test("works on vectors of both element types", () => {
    for (const instruction of ["v128.load", "v128.store", "f64x2.mul", "f32x4.mul", "f64x2.add", "f32x4.add"]) {
      expect(text).toContain(`(${instruction}`);
    }
  });

  test("fuses multiply and add only where it is called relaxed", () => {
    for (const instruction of ["f64x2.relaxed_madd", "f32x4.relaxed_madd"]) {
      expect(text.includes(`(${instruction}`)).toBe(name === "relaxed");
    }
    if (name === "strict") expect(text).not.toMatch(/relaxed_/);
  });

  test("imports nothing, starts nothing and leaves memory's size to its owner", () => {
    expect(text).not.toMatch(/^ *\((import|start)\b/m);
    expect(text).not.toContain("(memory.grow");
  });

  test("exports a memory, a flag and functions", () => {
    const kinds = new Map(exported.map(({ name, kind }) => [name, kind]));
    for (const [name, kind] of kinds) {
      const expected =
        name === "memory"
          ? binaryen.ExternalMemory
          : name === "fused"
            ? binaryen.ExternalGlobal
            : binaryen.ExternalFunction;
      expect(kind, name).toBe(expected);
    }
    for (const name of NOT_KERNELS) expect(kinds.has(name), name).toBe(true);
  });

  test("has every kernel for f32 and for f64, and no other", () => {
    const names = exported.map((e) => e.name).filter((name) => !NOT_KERNELS.includes(name));
    const wanted = [...parametersOf("Kernels").keys()].flatMap((kernel) => [`${kernel}_f32`, `${kernel}_f64`]);
    expect(names.sort()).toEqual(wanted.sort());
  });
});

test("both builds export the same", () => {
  const [a, b] = builds.map(({ module }) =>
    Array.from({ length: module.getNumExports() }, (_, i) => {
      const { name, kind } = binaryen.getExportInfo(module.getExportByIndex(i));
      return `${name} ${kind}`;
    }).sort(),
  );
  expect(a).toEqual(b);
});

test("kernels take as many parameters as their TypeScript signatures say", () => {
  const { exports } = new WebAssembly.Instance(strict);
  const taken = (name: string): number => (exports[name] as CallableFunction).length;
  for (const [kernel, count] of parametersOf("Kernels")) {
    expect([kernel, taken(`${kernel}_f32`), taken(`${kernel}_f64`)]).toEqual([kernel, count, count]);
  }
  for (const [name, count] of parametersOf("ScalarMath")) expect([name, taken(name)]).toEqual([name, count]);
});

/** Method names of an interface, with their numbers of parameters. */
function parametersOf(name: "Kernels" | "ScalarMath"): Map<string, number> {
  const path = name === "Kernels" ? "src/wasm/generated/kernels.ts" : "src/wasm/kernels.ts";
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const found = source.statements.find((s) => ts.isInterfaceDeclaration(s) && s.name.text === name);
  const { members } = found as ts.InterfaceDeclaration;
  return new Map(
    members.filter(ts.isMethodSignature).map((m) => [(m.name as ts.Identifier).text, m.parameters.length] as const),
  );
}
