<<<<<<< HEAD
// The commands that README.md and the pages in docs show (`npx hessia …`) do as they say: they end with 0.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf, root } from "./samples.js";

const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)];
const commands = pages
  .filter((page) => page.endsWith(".md"))
  .flatMap(blocksOf)
  .filter(({ language }) => language === "sh")
  .flatMap(({ name, source }) => source.split("\n").map((line) => ({ name, line: line.replace(/\s+#.*$/, "") })))
  .filter(({ line }) => line.startsWith("npx hessia "));

describe("commands", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hessia-commands-"));
    cpSync(join(root, "data"), join(folder, "data"), { recursive: true });
    cpSync(join(root, "data/iris.csv"), join(folder, "flowers.csv"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("there are some", () => expect(commands.length).toBeGreaterThan(1));

  it.each(commands)("$name: $line", ({ line }) => {
    const words = line.split(/\s+/).slice(2);
    const { status, stderr } = spawnSync(process.execPath, [join(root, "dist/cli/main.js"), ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  });
=======
// The commands of the README's sections, run as they stand there by a shell, on a table of its names.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "./samples.js";

const commands = readFileSync(join(root, "README.md"), "utf8")
  .split("```sh\n")
  .slice(1)
  .flatMap((block) => block.slice(0, block.indexOf("```")).split("\n"))
  .filter((line) => line.startsWith("npx hessia "));

const folder = mkdtempSync(join(tmpdir(), "hessia-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  copyFileSync(join(root, "data/iris.csv"), join(folder, "flowers.csv"));
  copyFileSync(join(root, "data/iris.csv"), join(folder, "new-flowers.csv"));
  mkdirSync(join(folder, "bin"));
  // Stands in for npx, which would fetch the package.
  const npx = join(folder, "bin/npx");
  writeFileSync(npx, `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(root, "dist/cli/main.js")}' "$@"\n`);
  chmodSync(npx, 0o755);
});

it("there are some", () => {
  expect(commands.length).toBeGreaterThan(8);
});

it.each(commands)("%s", (command) => {
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
  const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: folder, env, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^(\d+ rows with a known .*\n)?$/) });
});

it("they leave the files that they name", () => {
  const named = commands.flatMap((command) => command.match(/[\w-]+\.(?:safetensors|html|npy|csv|json)/g) ?? []);
  expect(readdirSync(folder)).toEqual(expect.arrayContaining([...new Set(named)]));
>>>>>>> w-cli
});
