// Oracle: the bits that this Node gives, in Chromium: on a page and in a worker, under policies
// that allow WebAssembly and nothing more.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch, POLICY, printedBy, type Site, serve } from "./browser.js";
import { chromium } from "./needs.js";

const program = chromium();

describe.skipIf(!program)("Chromium", () => {
  const consumer = inject("consumer");
  const sources = join(consumer, "pages");
  const folder = join(dirname(consumer), "site");
  const sites: Site[] = [];
  let browser: Browser;
  let here: Record<string, string>;

  beforeAll(async () => {
    mkdirSync(sources);
    writeFileSync(join(sources, "package.json"), '{ "type": "module" }');
    const entries = ["main.js", "worker.js", "starts-worker.js", "init-url.js"];
    for (const name of entries) copyFileSync(`test/package/consumer/${name}`, join(sources, name));
    await esbuild.build({
      ...{ absWorkingDir: sources, entryPoints: entries, outdir: folder, bundle: true, splitting: true, format: "esm" },
    });
    copyFileSync(join(consumer, "node_modules/hessia/dist/core.wasm"), join(folder, "core.wasm"));
    for (const name of entries) {
      writeFileSync(
        join(folder, name.replace(".js", ".html")),
        `<!doctype html><script type="module" src="${name}"></script>`,
      );
    }
    here = JSON.parse(execFileSync(process.execPath, [join(sources, "main.js")], { encoding: "utf8" }));
    browser = await launch(program as string);
  });
  afterAll(async () => {
    await browser?.close();
    for (const site of sites) await site.close();
  });

  async function print(page: string, policy: string): ReturnType<typeof printedBy> {
    const site = await serve(folder, policy);
    sites.push(site);
    return printedBy(browser, `${site.origin}/${page}`);
  }

  it.each([
    ["a page", "main.html"],
    ["a worker", "starts-worker.html"],
  ])("%s, under a policy of wasm-unsafe-eval and nothing more", async (_, page) => {
    const { printed, complaints } = await print(page, POLICY);
    expect(complaints).toEqual([]);
    const { best, ...strict } = JSON.parse(printed) as Record<string, string>;
    const { best: __, ...expected } = here;
    expect(strict).toEqual(expected);
    expect(best).toMatch(/^[0-9a-f ]+$/);
  });

  it("the core from an address of its own", async () => {
    const { printed, complaints } = await print("init-url.html", `${POLICY}; connect-src 'self'`);
    expect(complaints).toEqual([]);
    expect(printed).toBe(here.gradient);
  });

  it("a page that may not compile anything says so", async () => {
    const failed = print("main.html", "default-src 'none'; script-src 'self'");
    await expect(failed).rejects.toThrow(
      /hessia: the core could not be compiled synchronously here .*Content Security Policy/,
    );
  });
});
