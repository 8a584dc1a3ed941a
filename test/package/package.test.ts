// Oracles: publint, Are the types wrong?, the TypeScript compiler and Node, on the packed package installed elsewhere.
import { execFileSync, spawnSync } from "node:child_process";
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
import * as esbuild from "esbuild";
import { publint } from "publint";
import { expect, inject, test } from "vitest";
import { runLikeJest } from "./jest-like.js";

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

test("types resolve for every importer of modules and of CommonJS", () => {
  // The raw cores have no types: whoever imports them asks a bundler for their address.
  node(process.cwd(), resolve("node_modules/@arethetypeswrong/cli/dist/index.js"), [
    ...[tarball, "--profile", "node16", "--exclude-entrypoints", "core.wasm", "core-relaxed.wasm"],
  ]);
});

test.each([
  ["Node16", "Node16"],
  ["NodeNext", "NodeNext"],
  ["ESNext", "Bundler"],
])("types compile strictly with module %s, resolution %s", (module, moduleResolution) => {
  const folder = join(consumer, `types-${moduleResolution}`);
  mkdirSync(folder);
  for (const name of ["types.ts", "undefined.ts"]) copyFileSync(`test/package/consumer/${name}`, join(folder, name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const compilerOptions = {
    ...{ module, moduleResolution, target: "ES2022", lib: ["ES2022", "DOM"], types: [], noEmit: true },
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  node(folder, resolve("node_modules/typescript/bin/tsc"), ["-p", "."]);
});

test("library and command need the loader and nothing else", () => {
  const folder = alone();
  const load = (name: string): string => `await import(${JSON.stringify(name)})`;
  const program = ["hessia", "hessia/formats", "hessia/jobs", "hessia/tables", "hessia/node"].map(load).join("; ");
  expect(node(folder, "--input-type=module", ["-e", program])).toBe("");
  const command = join(folder, "node_modules/hessia/dist/cli/main.js");
  const hessia = (...args: string[]): string => node(folder, command, args);
  expect(hessia("--help")).toContain("Commands:");
  hessia("sample", "iris");
  expect(hessia("train", "iris.csv", "--epochs", "3", "--report", "iris.html")).toContain("test");
  expect(readFileSync(join(folder, "iris.html"), "utf8")).toContain("<svg");
});

test("npm installs the package and the loader, runs none of their scripts and warns of nothing", () => {
  const folder = join(dirname(consumer), "by-npm");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
  const { stderr } = spawnSync("npm", ["install", ...quiet, tarball], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  const { packages } = JSON.parse(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"));
  expect(Object.keys(packages)).toEqual(["node_modules/@assemblyscript/loader", "node_modules/hessia"]);
});

test("the licences of all that is bundled are beside it", () => {
  const text = readFileSync(join(consumer, "node_modules/hessia/dist/THIRD-PARTY-LICENSES.txt"), "utf8");
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { devDependencies: Record<string, string> };
  for (const name of ["@observablehq/plot", "cli-progress", "commander", "csv-parse", "fast-png", "linkedom"]) {
    expect(text).toContain(`\n${name} ${manifest.devDependencies[name]} (`);
  }
  for (const part of text.split(/^-{80}$/m).slice(1)) expect(part).toMatch(/copyright|\(c\)|licensed/i);
});

test("Jest's CommonJS mode requires it, in a realm of its own", async () => {
  const told = runLikeJest(
    consumer,
    `const { adam, dataset, fit, init, network } = require("hessia");
     const { readTable } = require("hessia/tables");
     const { fromJson, toJson } = require("hessia/formats");
     module.exports = (async () => {
       await init();
       const net = network({ inputs: 2, layers: [{ units: 3, activation: "relu" }, { units: 1 }], seed: 1 });
       const { status } = await fit(net, dataset([[0, 1], [1, 0]], [1, 0]), { optimizer: adam(), epochs: 2, seed: 1 });
       const { rows } = await readTable("a;b\\n1,5;x\\n");
       return JSON.stringify([status, rows, fromJson(toJson(net)).network.parameterCount]);
     })();`,
  );
  expect(await told).toBe('["completed",[["1,5","x"]],13]');
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

/** The package and the loader in an otherwise empty folder, which is not inside of the one with the packages. */
function alone(): string {
  const folder = join(dirname(consumer), "library-alone");
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@assemblyscript"), { recursive: true });
  // A copy: through a link Node would find the packages beside the original.
  cpSync(join(consumer, "node_modules/hessia"), join(modules, "hessia"), { recursive: true });
  symlinkSync(resolve("node_modules/@assemblyscript/loader"), join(modules, "@assemblyscript/loader"), "junction");
  return folder;
}

test("settings that are undefined are as good as none", async () => {
  const outfile = join(consumer, "undefined.mjs");
  const platform = { format: "esm", platform: "node", target: "es2022" } as const;
  await esbuild.build({ entryPoints: ["test/package/consumer/undefined.ts"], outfile, ...platform });
  const program = `
    import { data, train } from ${JSON.stringify(outfile)};
    const settings = { seed: undefined, rate: undefined, validation: undefined };
    console.log(await train({}, data), await train(settings, data));`;
  const [left, given] = node(consumer, "--input-type=module", ["-e", program]).split(/\s+/);
  expect(Number(left)).toBeGreaterThan(0);
  expect(given).toBe(left);
});

test("what docs/install.md says of the package's size", () => {
  const page = readFileSync("docs/install.md", "utf8").replaceAll("\n", " ");
  const stated = /At most ([\d.]+) MB to download and ([\d.]+) MB installed/.exec(page);
  const installed = bytesOf(join(consumer, "node_modules/hessia"));
  for (const [i, bytes] of [statSync(tarball).size, installed].entries()) {
    const most = Number(stated?.[i + 1]) * 1e6;
    expect(bytes).toBeLessThan(most);
    expect(bytes).toBeGreaterThan(most / 2);
  }
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
