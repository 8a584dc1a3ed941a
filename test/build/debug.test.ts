// The debug build keeps assertions, names and a source map; nothing runs it unless someone is
// looking for a fault.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import asc from "assemblyscript/asc";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "hessia-debug-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the debug target builds, with a source map of assembly/", async () => {
  const out = relative(".", join(folder, "debug"));
  const { error, stderr } = await asc.main([
    "--config",
    "asconfig.json",
    "--target",
    "debug",
    "--outFile",
    `${out}.wasm`,
    "--textFile",
    `${out}.wat`,
  ]);
  expect(error, stderr.toString()).toBeNull();
  const bytes = readFileSync(join(folder, "debug.wasm"));
  const module = new WebAssembly.Module(bytes);
  expect(WebAssembly.Module.imports(module)).toEqual([]);
  expect(WebAssembly.Module.customSections(module, "sourceMappingURL")).toHaveLength(1);
  const map = JSON.parse(readFileSync(join(folder, "debug.wasm.map"), "utf8")) as { sources: string[] };
  expect(map.sources).toContain("assembly/index.ts");
});
