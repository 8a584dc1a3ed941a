// Oracle: the bits of this Node for the strict build, and those of Chromium for both.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch, POLICY, printedBy, type Site, serve } from "./browser.js";
import { launchFirefox, printedByFirefox } from "./firefox.js";
import { chromium, firefox } from "./needs.js";

const program = firefox();
const other = chromium();

interface Builds {
  readonly strict: string;
  /** Null where the engine lacks it. */
  readonly relaxed: string | null;
  readonly chosen: string;
}

describe.skipIf(!program)("Firefox", () => {
  const consumer = inject("consumer");
  const sources = join(consumer, "firefox");
  let browser: Browser;
  let site: Site;
  let printed: Builds;

  beforeAll(async () => {
    mkdirSync(sources);
    writeFileSync(join(sources, "package.json"), '{ "type": "module" }');
    copyFileSync("test/package/consumer/builds.js", join(sources, "builds.js"));
    const outdir = join(dirname(consumer), "firefox-site");
    await esbuild.build({
      ...{ absWorkingDir: sources, entryPoints: ["builds.js"], outdir, bundle: true, splitting: true, format: "esm" },
    });
    writeFileSync(join(outdir, "builds.html"), '<!doctype html><script type="module" src="builds.js"></script>');
    site = await serve(outdir, POLICY);
    browser = await launchFirefox(program as string);
    printed = JSON.parse(await printedByFirefox(browser, `${site.origin}/builds.html`)) as Builds;
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it("the strict build gives the bits of Node", () => {
    const here = JSON.parse(
      execFileSync(process.execPath, [join(sources, "builds.js")], { encoding: "utf8" }),
    ) as Builds;
    expect(printed.strict).toMatch(/^[0-9a-f |]{900,}$/);
    expect(printed.strict).toBe(here.strict);
    if (here.relaxed !== null) expect(printed.relaxed).toBe(here.relaxed);
  });

  it.skipIf(!other)("both builds give the bits of Chromium", async () => {
    const chrome = await launch(other as string);
    try {
      const there = JSON.parse((await printedBy(chrome, `${site.origin}/builds.html`)).printed) as Builds;
      expect(printed.strict).toBe(there.strict);
      expect(printed.relaxed).toMatch(/^[0-9a-f |]{900,}$/);
      expect(printed.relaxed).toBe(there.relaxed);
      expect(there.chosen).toBe("relaxed");
    } finally {
      await chrome.close();
    }
  });

  it("init chooses the strict build, which is the faster one there", () => {
    expect(printed.chosen).toBe("strict");
  });
});
