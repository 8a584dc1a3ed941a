// The commands that README.md and the pages in docs show (`npx hessia …`), run by a shell as they stand there, one page after another in empty folders,
// by the package as it is installed: they end with 0 and leave the files they name.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { runToEnd } from "./run.js";
import { blocksOf, root } from "./samples.js";

const names = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".md"),
);
const pages = ["README.md", ...names.map((name) => `docs/${name}`)].flatMap((page) => {
  const lines = blocksOf(page)
    .filter(({ language }) => language === "sh")
    .flatMap(({ source }) => source.split("\n"))
    .filter((line) => line.startsWith("npx hessia "));
  return lines.length > 0 ? [{ page, lines }] : [];
});

const folder = mkdtempSync(join(tmpdir(), "hessia-commands-"));
afterAll(() => rmSync(folder, { recursive: true }));

const main = join(inject("consumer"), "node_modules/hessia/dist/cli/main.js");
mkdirSync(join(folder, "bin"));
// Stands in for npx, which would fetch the package.
writeFileSync(join(folder, "bin/npx"), `#!/bin/sh\nshift\nexec '${process.execPath}' '${main}' "$@"\n`);
chmodSync(join(folder, "bin/npx"), 0o755);
const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}` };

function emptyFolder(name: string): string {
  const at = join(folder, name.replaceAll("/", "-"));
  mkdirSync(at);
  return at;
}

it("there are some", () => expect(pages.flatMap(({ lines }) => lines).length).toBeGreaterThan(8));

describe.each(pages)("$page", ({ page, lines }) => {
  const cwd = emptyFolder(page);

  it.each(lines)(
    "%s",
    (line) => {
      const { status, stderr } = runToEnd("sh", ["-c", `exec ${line}`], { cwd, env });
      expect({ status, stderr }).toEqual({
        status: 0,
        stderr: expect.stringMatching(/^(\d+ rows with a known .*\n)?$/),
      });
    },
    300_000,
  );

  it("leaves the files that it names", () => {
    const named = lines.flatMap((line) => line.match(/(?<![\w/-])[\w-]+\.(?:safetensors|html|npy|csv|json)/g) ?? []);
    expect(readdirSync(cwd)).toEqual(expect.arrayContaining([...new Set(named)]));
  });
});

it("README.md shows what the command prints, but for the numbers", () => {
  const shown = blocksOf("README.md").find(({ language }) => language === "text")?.source ?? "";
  const cwd = emptyFolder("shown");
  const commands = "npx hessia sample iris && npx hessia train iris.csv --target species";
  const { stdout } = runToEnd("sh", ["-c", commands], { cwd, env });
  const without = (text: string): string => text.replace(/\d+(?:\.\d+)?/g, "#");
  expect(shown.split("\n").length).toBeGreaterThan(3);
  for (const line of shown.split("\n")) expect(without(stdout)).toContain(without(line));
});
