// The samples for browsers compile, and in Chromium, bundled and under the policy that the page gives, print what their comments state.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as esbuild from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch, printedBy, type Site, serve } from "../package/browser.js";
import { chromium } from "../package/needs.js";
import { browserFilesOf, root, typeErrors } from "./samples.js";

const pages = readdirSync(join(root, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`)
  .filter((page) => browserFilesOf(page).length > 0);
const program = chromium();
const consumer = inject("consumer");

describe("samples for browsers", () => {
  it("there are some, and they compile", () => {
    expect(pages.length).toBeGreaterThan(0);
    expect(typeErrors(pages.flatMap(browserFilesOf), consumer)).toBe("");
  }, 60_000);

  describe.skipIf(!program)("in Chromium", () => {
    let browser: Browser;
    let folder: string;
    let site: Site | undefined;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "hessia-samples-"));
      browser = await launch(program as string);
    });
    afterAll(async () => {
      await browser?.close();
      await site?.close();
      rmSync(folder, { recursive: true });
    });

    it.each(pages)("%s", async (page) => {
      const files = browserFilesOf(page);
      for (const { file, source } of files) writeFileSync(join(folder, file), source);
      await esbuild.build({
        entryPoints: files.map(({ file }) => join(folder, file)),
        alias: { hessia: join(consumer, "node_modules/hessia/dist/index.js") },
        outdir: folder,
        bundle: true,
        format: "esm",
      });
      writeFileSync(join(folder, "page.html"), '<!doctype html><script type="module" src="page.js"></script>');
      const text = readFileSync(join(root, page), "utf8");
      const policy = /^Content-Security-Policy: (.*)$/m.exec(text)?.[1] as string;
      const stated = /console\.log\(.*\); \/\/ "(.*)"/.exec(files.map(({ source }) => source).join("\n"))?.[1];
      site = await serve(folder, policy);
      const { printed, complaints } = await printedBy(browser, `${site.origin}/page.html`);
      expect(complaints).toEqual([]);
      expect(printed).toBe(stated);
    });
  });
});
