// Oracles: publint, Are the types wrong?, the TypeScript compiler and Node, on the packed package installed elsewhere.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
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

test("the library loads nothing of what the command line depends on", () => {
  // Not inside of the other folder, where the packages are.
  const folder = join(dirname(consumer), "library-alone");
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@assemblyscript"), { recursive: true });
  // A copy: through a link Node would find the packages beside the original.
  cpSync(join(consumer, "node_modules/hessia"), join(modules, "hessia"), { recursive: true });
  symlinkSync(resolve("node_modules/@assemblyscript/loader"), join(modules, "@assemblyscript/loader"), "junction");
  const load = (name: string): string => `await import(${JSON.stringify(name)})`;
  const program = ["hessia", "hessia/formats", "hessia/jobs", "hessia/tables", "hessia/node"].map(load).join("; ");
  expect(node(folder, "--input-type=module", ["-e", program])).toBe("");
  const command = join(modules, "hessia/dist/cli/main.js");
  expect(() => node(folder, command, ["--help"])).toThrow(/Cannot find package 'commander'/);
});

test("require() takes all of it, where Node lets modules be required", () => {
  const program = `
    const { network } = require("hessia");
    const { fromSafetensors, toSafetensors } = require("hessia/formats");
    const { saveNetwork } = require("hessia/node");
    const net = network({ inputs: 2, layers: [{ units: 3 }] });
    console.log(fromSafetensors(toSafetensors(net)).network.parameterCount, typeof saveNetwork);`;
  expect(node(consumer, "--no-warnings", ["--input-type=commonjs", "-e", program])).toBe("9 function\n");
});

test("what the README says of the package's size and dependencies", () => {
  const readme = readFileSync("README.md", "utf8");
  const stated = /At most ([\d.]+) MB to download and ([\d.]+) MB installed, ([\d.]+) MB with dependencies/.exec(
    readme,
  );
  const installed = bytesOf(join(consumer, "node_modules/hessia"));
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: object };
  const names = Object.keys(dependencies);
  const withOthers = [...dependenciesOf(names)].reduce(
    (sum, name) => sum + bytesOf(resolve("node_modules", name)),
    installed,
  );
  for (const [i, bytes] of [statSync(tarball).size, installed, withOthers].entries()) {
    const most = Number(stated?.[i + 1]) * 1e6;
    expect(bytes).toBeLessThan(most);
    expect(bytes).toBeGreaterThan(most / 2);
  }
  for (const name of names) expect(readme).toContain(`\`${name}\``);
});

test("ARCHITECTURE.md says what each dependency at run time is for, and names no other", () => {
  const [, section] =
    /## Dependencies at run time\n([\s\S]*?)(?:\n## |$)/.exec(readFileSync("ARCHITECTURE.md", "utf8")) ?? [];
  const named = [...(section ?? "").matchAll(/^\| ([^|]*) \|/gm)].slice(2).flatMap(([, cell]) => cell.split(", "));
  const { dependencies, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  const copied = readdirSync("dist/vendor");
  expect(named.sort()).toEqual([...Object.keys({ ...dependencies, ...peerDependencies }), ...copied].sort());
  for (const name of copied) expect(readdirSync(join("dist/vendor", name))).toContain("LICENSE");
});

/** These packages and those that they need in turn. */
function dependenciesOf(names: readonly string[], found = new Set<string>()): Set<string> {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    const { dependencies = {} } = JSON.parse(readFileSync(resolve("node_modules", name, "package.json"), "utf8")) as {
      dependencies?: object;
    };
    dependenciesOf(Object.keys(dependencies), found);
  }
  return found;
}

function bytesOf(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

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
