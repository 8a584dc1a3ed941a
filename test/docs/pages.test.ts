// The numbers on the pages are those that their scripts compute today.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isFresh } from "../../scripts/freshness.mjs";
import { runToEnd } from "./run.js";
import { root } from "./samples.js";

const computed = readdirSync(`${root}/docs`).filter(
  (name) => name.endsWith(".md") && readFileSync(`${root}/docs/${name}`, "utf8").includes("<!-- computed:"),
);

describe("computed pages", () => {
  it("the build they are computed with is today's", () => {
    expect(isFresh(), "`npm run build` first").toBe(true);
  });

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
