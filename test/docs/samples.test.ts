// The code samples of README.md and of the pages in docs, with the package as it is installed: they compile, run, and give the values that their comments state.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { isFresh } from "../../scripts/freshness.mjs";
import { runToEnd } from "./run.js";
import { type Program, programsOf, promises, root, runnable, typeErrors } from "./samples.js";

const pages = [
  ...["README.md"].filter((name) => existsSync(join(root, name))),
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const programs = pages.flatMap(programsOf);

/** A folder outside of the repository with the installed package, and with another that a sample shows beside it. */
const folder = mkdtempSync(join(tmpdir(), "hessia-samples-"));
mkdirSync(join(folder, "node_modules"));
symlinkSync(join(inject("consumer"), "node_modules/hessia"), join(folder, "node_modules/hessia"), "junction");
symlinkSync(join(root, "node_modules/onnxruntime-web"), join(folder, "node_modules/onnxruntime-web"), "junction");
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: Program): { status: number | null; errors: string } {
  const args = ["--input-type=module", "--eval", runnable(program)];
  const { status, stderr } = runToEnd(process.execPath, args, { cwd: folder });
  return { status, errors: stderr };
}

describe("what finds and runs samples", () => {
  const program = (source: string): Program => ({ name: "here", source });

  it("takes values in comments for promises, and words for words", () => {
    const source =
      'const a = 1; // 1\na + 1; // 2.0\n[a]; // Float64Array [1]\nf(); // the rest\na; // 1 or 2\nlet { b } = c; // 1\nconsole.log(a); // { "x": [-1e3, true] }';
    expect(promises(source).map(({ expression, promised }) => [expression, promised])).toEqual([
      ["a", "1"],
      ["a + 1", "2.0"],
      ["[a]", "[1]"],
      ["a", '{ "x": [-1e3, true] }'],
    ]);
  });

  it.each([
    ["1 / 3; // 0.333", true],
    ["1 / 3; // 0.334", false],
    ["-2e-7; // -2e-7", true],
    ["-2.6e-7; // -2e-7", false],
    ["1234567; // 1234567", true],
    ["[1, 2]; // [1, 2]", true],
    ["[1, 2, 3]; // [1, 2]", false],
    ["new Float32Array([0.1]); // Float32Array [0.1]", true],
    ["({ a: 1, b: 'x', c: 0 }); // { a: 1, b: \"x\" }", true],
    ["({ a: 1 }); // { a: 1, b: 2 }", false],
    ["const x: number = 3; // 3", true],
    ["true; // false", false],
    ["NaN; // NaN", true],
  ])("%s: %s", (source, right) => {
    expect(run(program(source)).status === 0).toBe(right);
  });

  it("sees type errors", () => {
    expect(typeErrors([program('import { matrix } from "hessia";\nmatrix("x");')], folder)).toMatch(
      /^here, line 2 of it: /,
    );
    expect(typeErrors([program('import { matrix } from "hessia";\nmatrix([[1]]);')], folder)).toBe("");
  }, 60_000);
});

describe("samples", () => {
  it("there are some, and the build they run on is today's", () => {
    expect(isFresh(), "`npm run build` first").toBe(true);
    expect(programs.length).toBeGreaterThan(0);
  });

  it("compile", () => {
    expect(typeErrors(programs, folder)).toBe("");
  }, 60_000);

  it.each(programs)(
    "$name runs",
    (program) => {
      expect(run(program)).toEqual({ status: 0, errors: "" });
    },
    300_000,
  );
});
