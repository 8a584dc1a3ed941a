// The commands that README.md and the pages in docs show (`npx hessia …`), run as they stand there by a shell: they end with 0 and leave the files they name.
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "./run.js";
import { blocksOf, root } from "./samples.js";

const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".md"),
);
const commands = ["README.md", ...pages.map((name) => `docs/${name}`)]
  .flatMap(blocksOf)
  .filter(({ language }) => language === "sh")
  .flatMap(({ name, source }) => source.split("\n").map((line) => ({ name, line })))
  .filter(({ line }) => line.startsWith("npx hessia "));

describe("commands", () => {
  const folder = mkdtempSync(join(tmpdir(), "hessia-commands-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(() => {
    cpSync(join(root, "data"), join(folder, "data"), { recursive: true });
    copyFileSync(join(root, "data/iris.csv"), join(folder, "iris.csv"));
    copyFileSync(join(root, "data/iris.csv"), join(folder, "flowers.csv"));
    copyFileSync(join(root, "data/iris.csv"), join(folder, "new-flowers.csv"));
    mkdirSync(join(folder, "bin"));
    // Stands in for npx, which would fetch the package.
    const npx = join(folder, "bin/npx");
    writeFileSync(npx, `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(root, "dist/cli/main.js")}' "$@"\n`);
    chmodSync(npx, 0o755);
  });

  it("there are some", () => expect(commands.length).toBeGreaterThan(8));

  it.each(commands)(
    "$name: $line",
    ({ line }) => {
      const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
      const { status, stderr } = runToEnd("sh", ["-c", `exec ${line}`], { cwd: folder, env });
      expect({ status, stderr }).toEqual({
        status: 0,
        stderr: expect.stringMatching(/^(\d+ rows with a known .*\n)?$/),
      });
    },
    300_000,
  );

  it("README.md shows what the command prints, but for the numbers", () => {
    const shown = blocksOf("README.md").find(({ language }) => language === "text")?.source ?? "";
    const main = join(root, "dist/cli/main.js");
    const args = [main, "train", "iris.csv", "--target", "species"];
    const { stdout } = runToEnd(process.execPath, args, { cwd: folder });
    const without = (text: string): string => text.replace(/\d+(?:\.\d+)?/g, "#");
    expect(shown.split("\n").length).toBeGreaterThan(3);
    for (const line of shown.split("\n")) expect(without(stdout)).toContain(without(line));
  });

  it("they leave the files that they name", () => {
    const named = commands.flatMap(
      ({ line }) => line.match(/(?<![\w/-])[\w-]+\.(?:safetensors|html|npy|csv|json)/g) ?? [],
    );
    expect(readdirSync(folder)).toEqual(expect.arrayContaining([...new Set(named)]));
  });
});
