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
});
