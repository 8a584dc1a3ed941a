// Oracle: what README.md and the pages promise a newcomer, step by step, in an empty folder; and Chromium for what is to be looked at.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { firstMinutes } from "../../scripts/first-minutes.mjs";
import { launch } from "./browser.js";
import { chromium } from "./needs.js";

const program = chromium();

describe("a newcomer's first minutes", () => {
  const folder = mkdtempSync(join(tmpdir(), "hessia-newcomer-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let seen: ReturnType<typeof firstMinutes>;
  beforeAll(() => {
    seen = firstMinutes(inject("tarball"), folder);
  });

  it("installing brings two packages and no warning", () => {
    expect(seen.installed).toMatch(/added 2 packages/);
    expect(seen.installed).not.toMatch(/warn/i);
  });

  it("sample, train and predict work as the README shows", () => {
    expect(seen.sampled).toContain("Wrote iris.csv");
    expect(seen.trained).toMatch(/^test +accuracy/m);
    expect(seen.trained).toMatch(/^baseline +majority/m);
    expect(seen.predicted.trim().split("\n").length).toBe(151);
    expect(seen.printed).toMatch(/^completed\n1\n\{ positive: 10, negative: 5, zero: 27 \}/);
    expect(seen.guides.length).toBe(2);
  });

  describe.skipIf(!program)("in Chromium", () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch(program as string);
    });
    afterAll(() => browser?.close());

    it("the report opens from the disk and shows its figures", async () => {
      const page = await browser.newPage();
      await page.goto(`file://${seen.report}`);
      expect(await page.locator("svg").count()).toBeGreaterThan(4);
      expect(readFileSync(seen.report, "utf8")).not.toMatch(/<script/);
      await page.close();
    });
  });
});
