// The numbers on the pages are those that their scripts compute today.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isFresh } from "../../scripts/freshness.mjs";
import { runToEnd } from "./run.js";
import { root } from "./samples.js";

const computed = readdirSync(`${root}/docs`).filter(
  (name) => name.endsWith(".md") && readFileSync(`${root}/docs/${name}`, "utf8").includes("<!-- computed:"),
);

/** All that the pages say. */
const shown = ["README.md", ...readdirSync(`${root}/docs`).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith(".md"))
  .map((path) => readFileSync(`${root}/${path}`, "utf8"))
  .join("\n");

describe("computed pages", () => {
  it("the build they are computed with is today's", () => {
    expect(isFresh(), "`npm run build` first").toBe(true);
  });

  it("the figures are what their script draws", () => {
    const { status, stderr } = runToEnd(process.execPath, ["scripts/docs/figures.mjs", "--check"], { cwd: root });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  }, 300_000);

  it.each(readdirSync(`${root}/docs/figures`).filter((name) => name.endsWith(".svg")))(
    "%s is shown, and told in words",
    (name) => {
      const svg = readFileSync(`${root}/docs/figures/${name}`, "utf8");
      expect(/<desc id="d">(.*?)<\/desc>/.exec(svg)?.[1].length).toBeGreaterThan(60);
      expect(svg).toContain("prefers-color-scheme:dark");
      expect(shown).toMatch(new RegExp(`!\\[[^\\]]{20,}\\]\\((?:docs/)?figures/${name}\\)`));
    },
  );

  it.each(computed)(
    "docs/%s",
    (name) => {
      const script = `scripts/docs/${name.replace(/md$/, "mjs")}`;
      const { status, stdout, stderr } = runToEnd(process.execPath, [script, "--check"], { cwd: root });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toContain("agree");
    },
    300_000,
  );
});
