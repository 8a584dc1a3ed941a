// Oracles: publint, Are the types wrong?, the TypeScript compiler and Node, on the packed package installed elsewhere.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { publint } from "publint";
import { expect, inject, test } from "vitest";

const consumer = inject("consumer");
const tarball = inject("tarball");

test("publint has nothing to say", async () => {
  const bytes = readFileSync(tarball);
  const { messages } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
    strict: true,
  });
  expect(messages).toEqual([]);
});

test("types resolve for every importer of modules", () => {
  // The raw cores have no types: whoever imports them asks a bundler for their address.
  node(process.cwd(), resolve("node_modules/@arethetypeswrong/cli/dist/index.js"), [
    ...[tarball, "--profile", "esm-only", "--exclude-entrypoints", "core.wasm", "core-relaxed.wasm"],
  ]);
});

test.each([
  ["NodeNext", "NodeNext"],
  ["ESNext", "Bundler"],
])("types compile strictly with module %s, resolution %s", (module, moduleResolution) => {
  const folder = join(consumer, `types-${moduleResolution}`);
  mkdirSync(folder);
  copyFileSync("test/package/consumer/types.ts", join(folder, "types.ts"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const compilerOptions = {
    ...{ module, moduleResolution, target: "ES2022", lib: ["ES2022", "DOM"], types: [], noEmit: true },
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["types.ts"] }));
  node(folder, resolve("node_modules/typescript/bin/tsc"), ["-p", "."]);
});

test("importing changes no global, calls nothing and leaves nothing running", () => {
  copyFileSync("test/package/consumer/globals.mjs", join(consumer, "globals.mjs"));
  expect(JSON.parse(node(consumer, "globals.mjs"))).toEqual({ changed: [], called: [] });
});

test("the raw cores are the builds themselves", () => {
  for (const [file, build] of [
    ["core.wasm", "strict"],
    ["core-relaxed.wasm", "relaxed"],
  ] as const) {
    const url = node(consumer, "--input-type=module", ["-e", `console.log(import.meta.resolve("hessia/${file}"))`]);
    expect(readFileSync(new URL(url.trim())).equals(readFileSync(`build/${build}.wasm`))).toBe(true);
  }
});

/** What a program prints; its output is in the error when it fails. */
function node(cwd: string, program: string, args: string[] = []): string {
  try {
    return execFileSync(process.execPath, [program, ...args], { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} failed:\n${stdout}${stderr}`);
  }
}
